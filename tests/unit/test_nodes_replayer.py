"""Replaying: what the rules make of a log is what the log says, or the first entry that differs is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.members import Key, digest
from support.proven import Trade

from ledger.codec import encode
from ledger.entry import Commit, read_entry, split_text
from ledger.store.memory import MemoryStore
from ledger.transaction import SignedTransaction, sign
from nodes.reader import LedgerReader
from nodes.replayer import LogDiffers, Replayer

FIRST = 7
"""The first entry after the founding of a ledger of four."""


@pytest.fixture(scope="module")
def trade() -> Trade:
    trade = Trade()
    bill = trade.bill()
    trade.pass_on(bill, "bank", "buyer")
    return trade


@pytest.fixture
def entries(trade: Trade) -> list[bytes]:
    return [entry.data for entry in trade.store.entries(0, trade.engine.chain.size)]


def replay(entries: list[bytes]) -> Replayer:
    replayer = Replayer(MemoryStore())
    replayer.feed(entries)
    return replayer


def test_a_replay_arrives_at_the_same_head_state_and_log(trade, entries):
    replayer = replay(entries)
    assert replayer.chain.head == trade.engine.chain.head
    assert (replayer.size, replayer.root()) == (trade.engine.chain.size, trade.engine.chain.frontier.root())
    assert list(replayer._store.all_items()) == list(trade.store.all_items())


def test_entry_by_entry_is_the_same_as_all_at_once(entries):
    replayer = Replayer(MemoryStore())
    for entry in entries:
        replayer.feed([entry])
    assert replayer.root() == replay(entries).root()


def test_a_batch_counts_once_its_commit_has_come(entries):
    replayer = Replayer(MemoryStore())
    replayer.feed(entries[:FIRST])
    assert replayer.size == FIRST
    replayer.feed(entries[FIRST : FIRST + 1])
    assert replayer.size == FIRST
    replayer.feed(entries[FIRST + 1 : FIRST + 2])
    assert replayer.size == FIRST + 2


def test_a_replay_goes_on_where_an_earlier_one_stopped(entries):
    store = MemoryStore()
    Replayer(store).feed(entries[: FIRST + 2])
    later = Replayer(store)
    assert later.size == FIRST + 2
    later.feed(entries[later.size :])
    assert later.root() == replay(entries).root()


def test_what_was_replayed_can_be_read_as_a_ledger(trade, entries):
    reader = LedgerReader(replay(entries)._store)
    assert reader.genesis.id == trade.genesis.id
    assert {record.id for record in reader.records()} == {record.id for record in trade.engine.reader.records()}


Forge = Callable[[Trade, bytes], bytes]


def changed_body(**changes: object) -> Forge:
    """The same act with another body, signed again by the same member."""

    def forge(trade: Trade, entry: bytes) -> bytes:
        transaction = SignedTransaction.decode(entry).transaction
        who = next(one for one in trade.members.values() if one.id == transaction.actor)
        return sign(transaction._replace(**changes), who.sign).entry

    return forge


def by_stranger(trade: Trade, entry: bytes) -> bytes:
    return sign(SignedTransaction.decode(entry).transaction, Key(digest("stranger")).sign).entry


def with_false_signature(trade: Trade, entry: bytes) -> bytes:
    return entry[:-1] + bytes([entry[-1] ^ 1])


@pytest.mark.parametrize(
    ("forge", "message"),
    [
        (by_stranger, "entry 9 is refused by the rules: no signature is by a current key of shipper"),
        (with_false_signature, "entry 9 is not acceptable: no valid signature by key"),
        (changed_body(ledger=digest("x")), "entry 9 is not acceptable: signed for ledger"),
        (changed_body(valid_until=5), "entry 9 is refused by the rules: it could be included until 1970"),
        (
            changed_body(action="bill_of_lading.void"),
            "entry 9 is refused by the rules: the statement of this action is",
        ),
        (changed_body(salt=digest("another salt")), r"the commit at entry 10 \(height 2\) is not the one"),
        (lambda trade, entry: b"nothing", "entry 9 is not acceptable: "),
        (lambda trade, entry: encode(["lading/other@1"]), "entry 9 is not acceptable: "),
    ],
)
def test_a_forged_act_is_named(trade, entries, forge, message):
    entries[9] = forge(trade, entries[9])
    with pytest.raises(LogDiffers, match=f"^{message}") as caught:
        replay(entries)
    assert caught.value.value in (9, 10)


def commit_with(**changes: object) -> Callable[[bytes], bytes]:
    def forge(entry: bytes) -> bytes:
        commit = read_entry(entry)
        assert isinstance(commit, Commit)
        elements = {name: getattr(commit, name) for name in Commit.__slots__} | changes
        return Commit(**elements).encode()

    return forge


@pytest.mark.parametrize(
    ("forge", "message"),
    [
        (commit_with(state_root=digest("root")), r"the commit at entry 10 \(height 2\) is not the one that the rules"),
        (commit_with(previous=digest("leaf")), "the commit at entry 10"),
        (commit_with(height=9), "the commit at entry 10"),
        (commit_with(index=9), "the commit at entry 10"),
        (commit_with(size_before=0), "the commit at entry 10"),
        (commit_with(time=0), "the time of the commit at entry 10 goes back"),
        (lambda entry: entry + b"\0", "entry 10 is no commit: "),
        (lambda entry: entry[:20], "entry 10 is no commit: "),
    ],
)
def test_a_forged_commit_is_named(entries, forge, message):
    entries[10] = forge(entries[10])
    with pytest.raises(LogDiffers, match=f"^{message}"):
        replay(entries)


@pytest.mark.parametrize(
    ("forge", "message"),
    [
        (lambda e: e[1:], "the log does not begin as a ledger does: "),
        (lambda e: [e[1], e[0], *e[2:]], "the log does not begin as a ledger does: "),
        (lambda e: [*e[:5], *e[6:]], "the log does not begin as a ledger does: "),
        (lambda e: e[6:], "the log does not begin as a ledger does: "),
        (lambda e: [e[7], *e], "entry 0 is not part of a founding text"),
        (lambda e: [*e[:6], commit_with(time=5)(e[6]), *e[7:]], "height 0 is not of the time that the genesis says"),
        (lambda e: [*e[:6], commit_with(state_root=bytes(32))(e[6])], r"the commit at entry 6 \(height 0\) is not"),
        (lambda e: [*e[:7], e[8], *e[9:]], "the commit at entry 8 closes nothing"),
        (lambda e: [*e[:7], *e[9:]], "entry 7 is refused by the rules: the record is not on this ledger"),
    ],
)
def test_a_log_that_was_put_together_wrongly_is_named(entries, forge, message):
    with pytest.raises(LogDiffers, match=f"^{message}"):
        replay(forge(entries))


def test_another_ledgers_text_in_the_beginning_is_named(trade, entries):
    other = Trade(origin="ledger.example/other")
    entries[0] = split_text("genesis", other.genesis.encode())[0].encode()
    with pytest.raises(LogDiffers):
        replay(entries)


@pytest.mark.parametrize("at", [6, 10])
def test_nothing_is_stored_of_a_batch_that_differs_and_nothing_follows_it(entries, at):
    store = MemoryStore()
    replayer = Replayer(store)
    replayer.feed(entries[:at])
    with pytest.raises(LogDiffers, match=f"the commit at entry {at} "):
        replayer.feed([commit_with(state_root=digest("root"))(entries[at])])
    with pytest.raises(LogDiffers, match="this replay has ended at a batch that differs"):
        replayer.feed(entries[at:])
    again = Replayer(store)
    assert again.size == {6: 0, 10: FIRST + 2}[at]
    again.feed(entries[again.size :])
    assert again.root() == replay(entries).root()
