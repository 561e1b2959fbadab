"""Round trips of everything that is written as MessagePack, and arbitrary bytes against every reader of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.game import Game
from support.members import Key, digest

from ledger import codec
from ledger.entry import Commit, join_texts, read_entry, split_text
from ledger.errors import LadingError
from ledger.record import Pending, Record, content_key
from ledger.transaction import SignedTransaction, Target, Transaction, admit, sign

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=300) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(texts, inner, max_size=20),
    max_leaves=40,
)
ids = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**63 - 1)
words = st.text("abcdefghijklmnopqrstuvwxyz_@.0123456789é新", max_size=64)
fields = st.dictionaries(words, scalars, max_size=8)
KEYS = [Key(digest("property", n)) for n in range(3)]


@given(values)
def test_what_is_written_is_read_again(value):
    data = codec.encode(value)
    again = codec.decode(data, limit=len(data))
    assert again == value
    assert codec.encode(again) == data


@given(values)
def test_the_types_come_back_too(value):
    def types(one):
        if isinstance(one, list):
            return [types(item) for item in one]
        if isinstance(one, dict):
            return {key: types(item) for key, item in one.items()}
        return type(one)

    data = codec.encode(value)
    assert types(codec.decode(data, limit=len(data))) == types(value)


@given(st.binary(max_size=200))
def test_what_is_read_is_written_again(data):
    try:
        value = codec.decode(data)
    except LadingError:
        return
    assert codec.encode(value) == data


@given(values, st.data())
def test_bytes_that_were_changed_are_another_value_or_none(value, data):
    """No second encoding of a value: what differs in its bytes is refused, or is something else."""
    encoded = codec.encode(value)
    place = data.draw(st.integers(0, len(encoded) - 1))
    changed = bytearray(encoded)
    changed[place] = data.draw(st.integers(0, 255))
    assume(bytes(changed) != encoded)
    try:
        other = codec.decode(bytes(changed), limit=len(changed))
    except LadingError:
        return
    assert codec.encode(other) == bytes(changed) != encoded


@given(st.dictionaries(texts, scalars, max_size=12), st.randoms(use_true_random=False))
def test_the_order_in_which_a_map_was_made_does_not_matter(value, random):
    names = list(value)
    random.shuffle(names)
    assert codec.encode({name: value[name] for name in names}) == codec.encode(value)


@given(texts, texts)
def test_keys_are_in_the_order_of_their_bytes(one, other):
    assume(one != other)
    first, second = sorted([one, other], key=str.encode)
    assert list(codec.decode(codec.encode({second: 1, first: 2}))) == [first, second]


transactions = st.builds(
    Transaction,
    ledger=ids,
    targets=st.lists(st.builds(Target, ids, numbers, ids), max_size=3, unique_by=lambda one: one.record).map(tuple),
    action=words,
    arguments=st.dictionaries(words, values, max_size=5),
    actor=ids,
    represented=st.none() | ids,
    statement=words,
    valid_until=numbers,
    salt=ids,
)


@given(transactions, st.sets(st.integers(0, 2), min_size=1))
def test_a_transaction_is_admitted_as_it_was_signed(transaction, signers):
    try:
        signed = sign(transaction, *(KEYS[n].sign for n in signers))
    except codec.TooLarge:
        return
    again = admit(signed.entry, transaction.ledger)
    assert again == signed
    assert again.transaction == transaction
    assert again.transaction.encode() == again.body
    assert read_entry(signed.entry) == signed


records = st.builds(
    Record,
    ids, words, numbers, words, numbers, ids, numbers, numbers, ids,
    controller=st.none() | ids,
    beneficiary=st.none() | ids,
    order_party=st.none() | ids,
    nominee=st.none() | ids,
    pending=st.none() | st.builds(Pending, ids, words, st.none() | numbers, words),
    pledgee=st.none() | ids,
    hold=st.none() | ids,
    locked_until=st.none() | numbers,
    document=st.none() | ids,
    replaces=st.lists(ids, max_size=3),
    replaced_by=st.lists(ids, max_size=3),
    fields=fields,
)  # fmt: skip


@given(records)
def test_a_record_is_read_as_it_was_written(record):
    data = record.encode()
    again = Record.decode(data)
    assert again == record
    assert again.encode() == data
    assert again.copy() == record


@given(st.builds(Commit, numbers, numbers, numbers, numbers, ids, ids))
def test_a_commit_is_read_as_it_was_written(commit):
    assume(commit.size_before <= commit.index)
    assert read_entry(commit.encode()) == commit


@given(words, st.binary(max_size=60_000))
def test_a_text_is_joined_as_it_was_cut(kind, content):
    pieces = [read_entry(piece.encode()) for piece in split_text(kind, content)]
    assert join_texts(pieces)[::2] == (kind, content)


READERS = [codec.decode, codec.decode_shaped, SignedTransaction.decode, read_entry, Record.decode, content_key]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__qualname__)
@given(data=st.binary(max_size=400) | values.map(codec.encode))
def test_no_bytes_make_a_reader_fail_otherwise_than_it_says(reader, data):
    with suppress(LadingError):
        reader(data)


GAME = Game()
BILL = GAME.held_bill("shipper")
ENTRY = GAME.signed("shipper", "offer", BILL, to="bank", mode="endorse").entry


@given(st.integers(0, len(ENTRY)), st.integers(0, len(ENTRY)), st.binary(max_size=8))
def test_no_entry_with_other_bytes_in_it_is_admitted(start, end, instead):
    start, end = sorted((start, end))
    entry = ENTRY[:start] + instead + ENTRY[end:]
    assume(entry != ENTRY)
    with pytest.raises(LadingError):
        admit(entry, GAME.ledger)
