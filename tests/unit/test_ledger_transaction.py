"""Transactions: form, sizes, signatures, ledger; every element wrong, every byte cut, every field swapped."""

from __future__ import annotations

import pytest
from support.members import Key, digest

from ledger import codec
from ledger.errors import LadingError
from ledger.hashing import SIGN_TRANSACTION, transaction_id
from ledger.merkle import leaf_hash
from ledger.signature import BadSignature, UnknownAlgorithm
from ledger.transaction import (
    MAX_INTEGER,
    MAX_SIGNATURES,
    MAX_TARGETS,
    TRANSACTION,
    AnotherLedger,
    BadTransaction,
    SignedTransaction,
    Target,
    Transaction,
    admit,
    check_ledger,
    sign,
)

LEDGER, KEY, OTHER = digest("ledger"), Key(digest("key")), Key(digest("other key"))
PLAIN = Transaction(
    ledger=LEDGER,
    targets=(Target(digest("record"), 7, digest("head")),),
    action="bill_of_lading.offer",
    arguments={"mode": "endorse", "to": digest("bank")},
    actor=digest("shipper"),
    represented=None,
    statement="bill_of_lading.offer@1",
    valid_until=1_764_000_000_000,
    salt=digest("salt"),
)
BODY = codec.decode(PLAIN.encode())


def bits(text: str) -> bytes:
    return bytes.fromhex(text)


def entry_of(body, *keys):
    """An entry around any bytes, well signed."""
    raw = body if isinstance(body, bytes) else codec.encode(body)
    signatures = sorted([list(key.sign(SIGN_TRANSACTION + raw)) for key in keys or (KEY,)], key=lambda one: one[1])
    return codec.encode([TRANSACTION, raw, signatures])


def body_with(position, value):
    return [*BODY[:position], value, *BODY[position + 1 :]]


def test_a_signed_transaction_is_admitted_and_reads_as_it_was_made():
    signed = sign(PLAIN, KEY.sign)
    again = admit(signed.entry, LEDGER)
    assert again == signed
    assert again.transaction == PLAIN
    assert again.body == PLAIN.encode()
    assert again.id == transaction_id(PLAIN.encode())
    assert again.leaf == leaf_hash(signed.entry)
    assert again.signatures == ((1, KEY.public, KEY.sign(SIGN_TRANSACTION + PLAIN.encode())[2]),)
    assert again.messages() == [(1, KEY.public, SIGN_TRANSACTION + again.body, again.signatures[0][2])]


def test_the_body_is_the_array_that_the_docstring_shows():
    assert [
        LEDGER,
        [[digest("record"), 7, digest("head")]],
        "bill_of_lading.offer",
        {"mode": "endorse", "to": digest("bank")},
        digest("shipper"),
        None,
        "bill_of_lading.offer@1",
        1_764_000_000_000,
        digest("salt"),
    ] == BODY


@pytest.mark.parametrize(
    "changes",
    [
        {"targets": ()},
        {"targets": tuple(Target(digest(n), 2**63 - 1, digest("h", n)) for n in range(MAX_TARGETS))},
        {"targets": (Target(digest("record"), 0, digest("head")),)},
        {"represented": digest("principal")},
        {"arguments": {}},
        {"arguments": {"deep": [[{"a": {"b": [None, True, -1, b""]}}]]}},
        {"valid_until": 0},
        {"valid_until": MAX_INTEGER},
        {"action": "", "statement": ""},
        {"action": "é" * 128, "statement": "x" * 128},
        {"arguments": {f"a{n:02}": n for n in range(64)}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_a_body_may_hold(changes):
    transaction = PLAIN._replace(**changes)
    assert admit(sign(transaction, KEY.sign).entry, LEDGER).transaction == transaction


WRONG_BODIES = {
    "no array": {},
    "eight elements": BODY[:8],
    "ten elements": [*BODY, None],
    **{f"ledger is {value!r}": body_with(0, value) for value in (None, "a" * 32, b"short", bytes(33), 7, [])},
    **{f"targets are {value!r}": body_with(1, value) for value in (None, {}, b"", "a", [1], [[]], [None])},
    "a target of two elements": body_with(1, [[digest("r"), 1]]),
    "a target of four elements": body_with(1, [[digest("r"), 1, digest("h"), None]]),
    "a target's id is short": body_with(1, [[bytes(31), 1, digest("h")]]),
    "a target's id is a text": body_with(1, [["a" * 32, 1, digest("h")]]),
    "a target's sequence is negative": body_with(1, [[digest("r"), -1, digest("h")]]),
    "a target's sequence is above 2^63 - 1": body_with(1, [[digest("r"), 2**63, digest("h")]]),
    "a target's sequence is true": body_with(1, [[digest("r"), True, digest("h")]]),
    "a target's head is long": body_with(1, [[digest("r"), 1, bytes(33)]]),
    "a target's head is nil": body_with(1, [[digest("r"), 1, None]]),
    "a target twice": body_with(1, [[digest("r"), 1, digest("h")], [digest("r"), 2, digest("g")]]),
    "65 targets": body_with(1, [[digest(n), 1, digest("h")] for n in range(65)]),
    **{f"action is {value!r}": body_with(2, value) for value in (None, b"a", 1, "x" * 129)},
    **{f"arguments are {value!r}": body_with(3, value) for value in (None, [], "a", b"", 1)},
    "65 arguments": body_with(3, {f"a{n:02}": n for n in range(65)}),
    **{f"actor is {value!r}": body_with(4, value) for value in (None, "a" * 32, b"", bytes(31))},
    **{f"represented is {value!r}": body_with(5, value) for value in (b"", bytes(31), "a" * 32, False, 0, [])},
    **{f"statement is {value!r}": body_with(6, value) for value in (None, b"a", 1, "x" * 129)},
    **{f"valid until is {value!r}": body_with(7, value) for value in (None, -1, 2**63, True, "0", b"")},
    **{f"salt is {value!r}": body_with(8, value) for value in (None, bytes(31), bytes(33), "a" * 32)},
}


@pytest.mark.parametrize("case", WRONG_BODIES)
def test_every_element_of_a_body_has_its_type_and_size(case):
    with pytest.raises(BadTransaction) as caught:
        admit(entry_of(WRONG_BODIES[case]), LEDGER)
    assert caught.value.hint


def body_around(arguments):
    """A body whose arguments are these bytes."""
    parts = [codec.encode(one) for one in BODY]
    return b"\x99" + b"".join([*parts[:3], arguments, *parts[4:]])


@pytest.mark.parametrize(
    "arguments", ["82a16200a16100", "81a161cc00", "810102", "81a161cb0000000000000000", "81a161d40500"]
)
def test_arguments_are_canonical(arguments):
    assert admit(entry_of(body_around(bits("82a16100a16200"))), LEDGER).transaction.arguments == {"a": 0, "b": 0}
    with pytest.raises(codec.NotCanonical):
        admit(entry_of(body_around(bits(arguments))), LEDGER)


def test_arguments_nest_as_deep_as_the_body_may():
    """The body is the first level and the map of arguments the second, which leaves 30 for what is in it."""
    admit(entry_of(body_around(bits("81a161" + "91" * 29 + "90"))), LEDGER)
    with pytest.raises(codec.TooDeep):
        admit(entry_of(body_around(bits("81a161" + "91" * 30 + "90"))), LEDGER)
    deep = []
    for _ in range(30):
        deep = [deep]
    with pytest.raises(codec.TooDeep):
        sign(PLAIN._replace(arguments={"a": deep}), KEY.sign)


@pytest.mark.parametrize("position", range(9))
@pytest.mark.parametrize("value", [1.5, b"\xc7\x00\x05"])
def test_no_element_is_a_float_or_an_extension(position, value):
    parts = [codec.encode(one) for one in BODY]
    parts[position] = b"\xcb" + bytes(8) if value == 1.5 else value
    with pytest.raises((BadTransaction, codec.NotCanonical)):
        admit(entry_of(b"\x99" + b"".join(parts)), LEDGER)


SIGNATURE = list(KEY.sign(SIGN_TRANSACTION + PLAIN.encode()))
WRONG_ENTRIES = {
    "nil": None,
    "a map": {},
    "empty": [],
    "no signatures": [TRANSACTION, PLAIN.encode()],
    "a fourth element": [TRANSACTION, PLAIN.encode(), [SIGNATURE], None],
    "another name": ["lading/transaction@2", PLAIN.encode(), [SIGNATURE]],
    "a name of bytes": [TRANSACTION.encode(), PLAIN.encode(), [SIGNATURE]],
    "the body in place": [TRANSACTION, BODY, [SIGNATURE]],
    "the body is a text": [TRANSACTION, "body", [SIGNATURE]],
    "signatures are nil": [TRANSACTION, PLAIN.encode(), None],
    "signatures are a map": [TRANSACTION, PLAIN.encode(), {}],
    "0 signatures": [TRANSACTION, PLAIN.encode(), []],
    "65 signatures": [TRANSACTION, PLAIN.encode(), [[1, bytes([n]) * 32, bytes(64)] for n in range(65)]],
    "a signature is bytes": [TRANSACTION, PLAIN.encode(), [SIGNATURE[2]]],
    "a signature of two elements": [TRANSACTION, PLAIN.encode(), [SIGNATURE[1:]]],
    "an algorithm by name": [TRANSACTION, PLAIN.encode(), [["ed25519", *SIGNATURE[1:]]]],
    "an algorithm that is true": [TRANSACTION, PLAIN.encode(), [[True, *SIGNATURE[1:]]]],
    "a key that is a text": [TRANSACTION, PLAIN.encode(), [[1, "key", SIGNATURE[2]]]],
    "an empty key": [TRANSACTION, PLAIN.encode(), [[1, b"", SIGNATURE[2]]]],
    "a key of 4,097 bytes": [TRANSACTION, PLAIN.encode(), [[1, bytes(4097), SIGNATURE[2]]]],
    "a signature of 8,193 bytes": [TRANSACTION, PLAIN.encode(), [[*SIGNATURE[:2], bytes(8193)]]],
    "a key twice": [TRANSACTION, PLAIN.encode(), [SIGNATURE, SIGNATURE]],
    "a key under two algorithms": [TRANSACTION, PLAIN.encode(), [SIGNATURE, [2, *SIGNATURE[1:]]]],
}


@pytest.mark.parametrize("case", WRONG_ENTRIES)
def test_every_element_of_an_entry_has_its_type_and_size(case):
    with pytest.raises(BadTransaction):
        admit(codec.encode(WRONG_ENTRIES[case]), LEDGER)


def test_signatures_stand_in_the_order_of_their_keys():
    signed = sign(PLAIN, KEY.sign, OTHER.sign)
    keys = [key for _, key, _ in signed.signatures]
    assert keys == sorted([KEY.public, OTHER.public])
    assert sign(PLAIN, OTHER.sign, KEY.sign).entry == signed.entry
    turned = codec.encode([TRANSACTION, signed.body, [list(one) for one in signed.signatures[::-1]]])
    with pytest.raises(BadTransaction):
        admit(turned, LEDGER)


def test_further_signatures_leave_the_transaction_the_same():
    first = sign(PLAIN, KEY.sign)
    message = first.messages()[0][2]
    both = first.with_signatures([OTHER.sign(message)])
    assert (both.body, both.id) == (first.body, first.id)
    assert both.leaf != first.leaf
    assert both == sign(PLAIN, KEY.sign, OTHER.sign)
    assert both.with_signatures([KEY.sign(message)]) == both
    assert admit(both.entry, LEDGER) == both


@pytest.mark.parametrize("keys", [1, 2])
def test_an_entry_cut_anywhere_is_refused(keys):
    entry = sign(PLAIN, *[key.sign for key in (KEY, OTHER)[:keys]]).entry
    for cut in range(len(entry)):
        with pytest.raises(LadingError):
            admit(entry[:cut], LEDGER)
    with pytest.raises(LadingError):
        admit(entry + b"\x00", LEDGER)


def test_an_entry_with_any_bit_turned_is_refused():
    entry = sign(PLAIN, KEY.sign).entry
    for place in range(len(entry)):
        for bit in range(8):
            changed = bytearray(entry)
            changed[place] ^= 1 << bit
            with pytest.raises(LadingError):
                admit(bytes(changed), LEDGER)


SWAPS = {
    "ledger": digest("another ledger"),
    "targets": (Target(digest("another record"), 7, digest("head")),),
    "action": "bill_of_lading.surrender",
    "arguments": {"mode": "endorse", "to": digest("thief")},
    "actor": digest("thief"),
    "represented": digest("thief"),
    "statement": "bill_of_lading.surrender@1",
    "valid_until": 1_764_000_000_001,
    "salt": digest("another salt"),
}
OTHER_SWAPS = {
    "no record": {"targets": ()},
    "another sequence": {"targets": (Target(digest("record"), 8, digest("head")),)},
    "another head": {"targets": (Target(digest("record"), 7, digest("another head")),)},
    "one record more": {"targets": (*PLAIN.targets, Target(digest("second"), 1, digest("head")))},
    "another mode": {"arguments": {**PLAIN.arguments, "mode": "blank"}},
    "one argument more": {"arguments": {**PLAIN.arguments, "until": 1}},
    "one argument less": {"arguments": {"mode": "endorse"}},
}


def test_every_field_is_swapped_here():
    assert set(SWAPS) == set(Transaction._fields)


@pytest.mark.parametrize("case", [*SWAPS, *OTHER_SWAPS])
def test_p02_a_signature_covers_every_field_of_the_act(case):
    """Swap any field, and the signature of the whole is one of nothing."""
    signed = sign(PLAIN, KEY.sign)
    swapped = PLAIN._replace(**OTHER_SWAPS.get(case, {case: SWAPS.get(case)}))
    entry = codec.encode([TRANSACTION, swapped.encode(), [list(one) for one in signed.signatures]])
    with pytest.raises(BadSignature) as caught:
        admit(entry, swapped.ledger)
    assert caught.value.value == KEY.public


def test_p02_a_signature_by_another_key_is_refused():
    algorithm, _, signature = OTHER.sign(SIGN_TRANSACTION + PLAIN.encode())
    with pytest.raises(BadSignature):
        admit(codec.encode([TRANSACTION, PLAIN.encode(), [[algorithm, KEY.public, signature]]]), LEDGER)


def test_p02_one_bad_signature_among_good_ones_is_refused():
    signed = sign(PLAIN, KEY.sign)
    with pytest.raises(BadSignature):
        admit(signed.with_signatures([(1, OTHER.public, bytes(64))]).entry, LEDGER)


@pytest.mark.parametrize(
    "prefix", [b"", b"lading/v1/sign-attestation\x00", SIGN_TRANSACTION[:-1], SIGN_TRANSACTION * 2]
)
def test_p02_a_signature_for_another_purpose_is_none_on_a_transaction(prefix):
    signature = KEY.sign(prefix + PLAIN.encode())
    with pytest.raises(BadSignature):
        admit(codec.encode([TRANSACTION, PLAIN.encode(), [list(signature)]]), LEDGER)


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_size_is_refused(size):
    with pytest.raises(BadSignature):
        admit(codec.encode([TRANSACTION, PLAIN.encode(), [[1, KEY.public, bytes(size)]]]), LEDGER)


def test_keys_and_signatures_of_later_algorithms_have_room():
    entry = codec.encode([TRANSACTION, PLAIN.encode(), [[3, bytes(4096), bytes(8192)]]])
    assert SignedTransaction.decode(entry).signatures == ((3, bytes(4096), bytes(8192)),)
    with pytest.raises(UnknownAlgorithm):
        admit(entry, LEDGER)


@pytest.mark.parametrize("algorithm", [0, 2, -1, 2**63])
def test_an_algorithm_that_this_version_lacks_is_refused(algorithm):
    with pytest.raises(UnknownAlgorithm) as caught:
        admit(codec.encode([TRANSACTION, PLAIN.encode(), [[algorithm, *SIGNATURE[1:]]]]), LEDGER)
    assert caught.value.value == algorithm


def test_a_transaction_of_another_ledger_is_refused_after_its_signature():
    elsewhere = sign(PLAIN._replace(ledger=digest("elsewhere")), KEY.sign)
    with pytest.raises(AnotherLedger) as caught:
        admit(elsewhere.entry, LEDGER)
    assert caught.value.value == digest("elsewhere")
    forged = elsewhere.with_signatures([(1, OTHER.public, bytes(64))])
    with pytest.raises(BadSignature):
        admit(forged.entry, LEDGER)
    check_ledger(elsewhere, digest("elsewhere"))


def test_an_entry_has_at_most_32768_bytes():
    room = 32_768 - len(sign(PLAIN._replace(arguments={"a": bytes(256)}), KEY.sign).entry) + 256
    entry = sign(PLAIN._replace(arguments={"a": bytes(room)}), KEY.sign).entry
    assert len(entry) == 32_768
    admit(entry, LEDGER)
    with pytest.raises(codec.TooLarge):
        sign(PLAIN._replace(arguments={"a": bytes(room + 1)}), KEY.sign)
    with pytest.raises(codec.TooLarge):
        SignedTransaction.decode(entry + b"\x00")


def test_what_is_signed_is_checked_before_it_is_signed():
    for changes in ({"salt": b"short"}, {"valid_until": -1}, {"ledger": bytes(31)}):
        with pytest.raises(BadTransaction):
            sign(PLAIN._replace(**changes), KEY.sign)
    with pytest.raises(codec.NotCanonical):
        sign(PLAIN._replace(arguments={"a": 1.5}), KEY.sign)


def test_as_many_signatures_as_there_may_be():
    keys = [Key(digest("many", n)) for n in range(MAX_SIGNATURES)]
    entry = sign(PLAIN, *[key.sign for key in keys]).entry
    assert len(admit(entry, LEDGER).signatures) == 64
