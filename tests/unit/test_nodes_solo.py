"""The engine of one node: what is acknowledged is stored, what is refused leaves nothing."""

from __future__ import annotations

import gc
import threading
from copy import deepcopy

import pytest

from ledger.chain import ClockWentBack
from ledger.errors import LadingError
from ledger.hashing import ledger_record
from ledger.store.memory import MemoryStore
from ledger.store.port import StoreDamaged, StoreFailed
from ledger.transaction import SignedTransaction
from nodes.bench.trade import Trade
from nodes.engines.solo import AlreadyFounded, Done, EngineStopped, SoloEngine, collector_paused
from nodes.tables import shipped_tables
from nodes.verifier import InlineVerifier

START = 1_764_000_000_000


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        self.now += 1
        return self.now


@pytest.fixture
def trade():
    return Trade(START)


@pytest.fixture
def engine(trade):
    return SoloEngine.found(MemoryStore(), trade.genesis, shipped_tables(), Clock())


def codes(results):
    return [result.code if isinstance(result, LadingError) else "done" for result in results]


def told(results):
    return ["again" if isinstance(one, Done) and one.repeated else codes([one])[0] for one in results]


def forged(entry):
    return entry[:-1] + bytes([entry[-1] ^ 1])


def test_a_batch_is_one_commit(trade, engine):
    results = engine.submit([trade.issue().entry, trade.move(0).entry, trade.issue().entry])
    first = engine.store.commit_index(0) + 1
    assert [(done.index, done.height, done.time) for done in results] == [(first + at, 1, START + 1) for at in range(3)]
    assert [done.record for done in results] == [trade.record_id(number) for number in (0, 0, 1)]
    assert engine.store.commit_index(1) == first + 3
    assert engine.store.head() == engine.chain.head


def test_a_batch_of_which_nothing_is_accepted_writes_nothing(trade, engine):
    before = engine.store.head()
    unknown = Trade(START)
    unknown.issue()
    assert codes(engine.submit([b"\x00", unknown.move(0).entry])) == [
        "transaction.malformed",
        "transaction.unknown_record",
    ]
    assert engine.submit([]) == []
    assert engine.store.head() == before == engine.chain.head


def test_form_comes_before_signature_and_signature_before_ledger(trade, engine):
    foreign = Trade(START, seed=2).issue().entry
    batch = [forged(foreign)[:-1], forged(foreign), foreign]
    expected = ["codec.undecodable", "signature.bad_signature", "transaction.another_ledger"]
    assert codes(engine.submit(batch)) == expected


def test_the_first_bad_signature_of_several_is_named(trade, engine):
    signed = trade.issue()
    others = [trader.sign(b"something else") for trader in trade.traders[1:4]]
    entry = signed.with_signatures(others).entry
    bad = min(public for _, public, _ in others)
    (error,) = engine.submit([entry])
    assert (error.code, error.value) == ("signature.bad_signature", bad)


def test_admission_and_commit_are_two_steps(trade, engine):
    class Late(InlineVerifier):
        asked = 0

        def start(self, messages):
            Late.asked += len(messages)
            return super().start(messages)

    batch = [trade.issue().entry, b"", forged(trade.issue().entry), trade.issue().entry]
    admission = engine.admit(batch, Late())
    assert Late.asked == 3
    assert engine.chain.head.height == 0
    admitted = admission.finish()
    assert [type(one) is SignedTransaction for one in admitted] == [True, False, False, True]
    expected = ["done", "codec.undecodable", "signature.bad_signature", "done"]
    assert codes(engine.commit(admitted)) == expected


def test_the_same_transaction_again_is_answered_with_where_it_is(trade, engine):
    entry = trade.issue().entry
    (first,) = engine.submit([entry])
    move = trade.move(0).entry
    engine.submit([move])
    (again,) = engine.submit([entry])
    assert (again.index, again.height, again.time, again.transaction) == (
        first.index,
        first.height,
        first.time,
        first.transaction,
    )
    assert (first.repeated, again.repeated) == (False, True)
    twice = trade.move(0).entry
    one, two = engine.submit([twice, twice])
    assert (one.repeated, two.repeated, one.index) == (False, True, two.index)


def test_a_loser_is_told_who_won(trade, engine):
    engine.submit([trade.issue().entry, trade.move(0).entry])
    rival = deepcopy(trade)
    rival._random.seed(9)  # the same offer of the same bill, to somebody else
    (won,) = engine.submit([trade.move(0).entry])
    (lost,) = engine.submit([rival.move(0).entry])
    assert lost.code == "transaction.stale_sequence"
    assert lost.winner == won.index
    assert f"entry {won.index} won: bill_of_lading.offer by trader" in lost.message


def test_founding_is_done_once(trade, engine):
    with pytest.raises(AlreadyFounded):
        SoloEngine.found(engine.store, trade.genesis, shipped_tables(), Clock())


def test_opened_again_it_goes_on_where_it_was(trade, engine):
    engine.submit([trade.issue().entry for _ in range(5)])
    again = SoloEngine.open(engine.store, Clock())
    assert (again.chain.head, again.chain.size) == (engine.chain.head, engine.chain.size)
    assert again.ledger_id == trade.genesis.id
    clock = again.clock
    clock.now = engine.chain.head.time
    assert codes(again.submit([trade.move(number).entry for number in range(5)])) == ["done"] * 5


def test_a_state_that_does_not_fit_its_root_is_not_opened(trade, engine):
    engine.submit([trade.issue().entry])
    path = next(iter(engine.store._state))
    _, item = engine.store._state[path]
    engine.store._state[path] = (bytes(32), item)
    with pytest.raises(StoreDamaged):
        SoloEngine.open(engine.store, Clock())


def test_time_does_not_go_back(trade, engine):
    engine.submit([trade.issue().entry])
    last = engine.chain.head.time
    engine.clock.now = last - 5_000
    (done,) = engine.submit([trade.issue().entry])
    assert done.time == last
    engine.clock.now = last - 5_002
    refused = trade.issue().entry
    with pytest.raises(ClockWentBack):
        engine.submit([refused])
    engine.clock.now = last
    assert codes(engine.submit([refused])) == ["done"]


@pytest.mark.parametrize("error", [StoreFailed("the disk is full"), KeyboardInterrupt()])
def test_after_a_failed_write_the_engine_stops(trade, engine, monkeypatch, error):
    def failing(batch):
        raise error

    before = engine.store.head()
    entry = trade.issue().entry
    with monkeypatch.context() as patch:
        patch.setattr(engine.store, "append", failing)
        with pytest.raises(type(error)):
            engine.submit([entry])
    assert engine.stopped
    with pytest.raises(EngineStopped):
        engine.submit([entry])
    assert engine.store.head() == before
    assert codes(SoloEngine.open(engine.store, Clock()).submit([entry])) == ["done"]


def test_what_is_to_be_done_meanwhile_is_done_before_the_disk_has_answered(trade, engine, monkeypatch):
    done, append = [], engine.store.append

    def slow(batch, handed_over):
        handed_over()
        assert gone_on.wait(30)
        append(batch)
        done.append("stored")

    def meanwhile():
        done.append("meanwhile")
        gone_on.set()
        for thread in threading.enumerate():
            if thread.name == "lading-disk":
                thread.join(30)

    gone_on = threading.Event()
    monkeypatch.setattr(engine.store, "append", slow)
    engine.meanwhile = (meanwhile, lambda: done.append("too late"))
    assert codes(engine.submit([trade.issue().entry])) == ["done"]
    assert done == ["meanwhile", "stored"]
    assert engine.store.head() == engine.chain.head


@pytest.mark.parametrize("fails", ["before", "after", "meanwhile"])
def test_a_write_that_fails_meanwhile_stops_the_engine_as_well(trade, engine, monkeypatch, fails):
    append, gone_on = engine.store.append, threading.Event()

    def failing(batch, handed_over):
        if fails == "meanwhile":
            append(batch, handed_over)
            assert gone_on.wait(30)
            return
        if fails == "after":
            handed_over()
        raise StoreFailed("the disk is full")

    def meanwhile():
        gone_on.set()
        raise MemoryError if fails == "meanwhile" else StoreFailed("what the store raises comes first")

    monkeypatch.setattr(engine.store, "append", failing)
    engine.meanwhile = (meanwhile,)
    with pytest.raises(MemoryError if fails == "meanwhile" else StoreFailed):
        engine.submit([trade.issue().entry])
    assert engine.stopped


def test_a_batch_that_was_judged_ahead_gives_what_it_would_have_given(trade):
    tables, stores = shipped_tables(), (MemoryStore(), MemoryStore())
    engine, twin = (SoloEngine.found(store, trade.genesis, tables, lambda: START + 1) for store in stores)
    first = [trade.issue().entry for _ in range(3)]
    second = [trade.move(0).entry, trade.move(1).entry, first[0], trade.issue().entry, b""]
    admitted = engine.admit(second, InlineVerifier()).finish()
    judged = []
    engine.meanwhile = (
        lambda: engine.fetch_ahead(admitted),
        lambda: engine.judge_ahead(admitted),
        lambda: judged.append(engine._ahead),
    )
    ahead = [*engine.submit(first)]
    if not judged:  # the store in memory was faster
        engine.judge_ahead(admitted)
    assert engine._ahead.admitted is admitted
    engine.meanwhile = ()
    ahead += engine.commit(admitted)
    assert told(ahead) == ["done"] * 5 + ["again", "done", "codec.undecodable"]
    assert ahead[:-1] == [*twin.submit(first), *twin.submit(second)][:-1]
    assert engine._ahead is None
    assert engine.chain.head == twin.chain.head == engine.store.head()


def test_who_judges_ahead_knows_what_is_not_on_the_disk_yet(trade, engine, monkeypatch):
    carrier, append, gone_on = trade.traders[0], engine.store.append, threading.Event()
    first = trade.issue(reference="BL1")
    second = [trade.move(0).entry, trade.issue(reference="BL1").entry, trade.issue().entry]
    admitted = engine.admit(second, InlineVerifier()).finish()
    claim = next(iter(engine._judged(engine.admit([first.entry], InlineVerifier()).finish()).outcome.numbers))
    seen = []

    def slow(batch, handed_over=None):
        if handed_over is not None:
            handed_over()
            assert gone_on.wait(30)
        append(batch)

    def look():
        seen.append(engine._state.number(claim))
        seen.append(engine._state.record(trade.record_id(0)).issuer)

    monkeypatch.setattr(engine.store, "append", slow)
    engine.meanwhile = (
        look,
        lambda: engine.fetch_ahead(admitted),
        lambda: engine.judge_ahead(admitted),
        lambda: seen.append(engine._ahead.admitted is admitted),
        gone_on.set,
    )
    assert codes(engine.submit([first.entry])) == ["done"]
    assert seen == [trade.record_id(0), carrier.id, True]
    engine.meanwhile = ()
    assert codes(engine.commit(admitted)) == ["done", "rule.number_is_new", "done"]


def test_what_the_store_failed_to_read_is_judged_again(trade, engine, monkeypatch):
    admitted = engine.admit([trade.issue().entry], InlineVerifier()).finish()

    def failing(*_args):
        raise StoreFailed("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(engine._state, "number", failing)
        engine.judge_ahead(admitted)
    assert engine._ahead is None
    assert codes(engine.commit(admitted)) == ["done"]


@pytest.mark.parametrize("between", ["another batch", "another list"])
def test_what_was_judged_ahead_counts_for_that_batch_and_moment_alone(trade, engine, between):
    issued = trade.issue()
    moved, again = trade.move(0), issued
    engine.submit([issued.entry])
    admitted = engine.admit([moved.entry], InlineVerifier()).finish()
    engine.judge_ahead(admitted)
    if between == "another batch":
        assert told(engine.submit([moved.entry, again.entry])) == ["done", "again"]
        assert told(engine.commit(admitted)) == ["again"]
    else:
        assert told(engine.commit([*admitted])) == ["done"]


def test_what_cannot_be_judged_ahead_says_so_when_it_is_committed(trade, engine, monkeypatch):
    admitted = engine.admit([trade.issue().entry], InlineVerifier()).finish()

    def failing(*_args):
        raise StoreFailed("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(engine._state, "look_ahead", failing)
        engine.fetch_ahead(admitted)
        engine.judge_ahead(admitted)
        with pytest.raises(StoreFailed):
            engine.commit(admitted)
    assert codes(engine.commit(admitted)) == ["done"]


def test_rules_that_a_batch_changes_hold_for_the_next_so_nothing_is_judged_ahead_of_it(trade, engine, monkeypatch):
    own = ledger_record(trade.genesis.id)
    made = engine._judged(engine.admit([trade.issue().entry], InlineVerifier()).finish())
    made.outcome.records[own] = (bytes(32), engine._state.record(own))
    engine.meanwhile = (lambda: pytest.fail("judged by the rules before"),)
    engine._write(made)
    assert engine.store.head() == engine.chain.head


def test_a_read_that_fails_after_the_commit_hides_nothing_that_was_done(trade, engine, monkeypatch):
    first = trade.issue().entry
    engine.submit([first])

    def failing(record, steps):
        raise StoreFailed("the disk cannot be read")

    monkeypatch.setattr(engine.reader, "back", failing)
    assert codes(engine.submit([first, trade.issue().entry])) == ["store.failed", "done"]
    assert not engine.stopped


def test_damage_found_after_the_commit_stops_the_engine(trade, engine, monkeypatch):
    first = trade.issue().entry
    engine.submit([first])

    def damaged(record, steps):
        raise StoreDamaged("an entry was changed")

    monkeypatch.setattr(engine.reader, "back", damaged)
    assert codes(engine.submit([first, trade.issue().entry])) == ["store.damaged", "done"]
    assert engine.stopped


def test_the_collector_is_as_it_was_afterwards():
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_asking_for_what_is_long_past_makes_nobody_wait(trade, engine, monkeypatch):
    first = trade.issue().entry
    engine.submit([first])
    monkeypatch.setattr("nodes.engines.solo._LOOK_BACK_IN_ALL", 2)
    answers = engine.submit([first, first, first])
    assert [isinstance(one, Done) and one.repeated for one in answers] == [True, True, False]
    assert engine.submit([first])[0].repeated
