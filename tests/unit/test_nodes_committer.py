"""Group commit: every entry is answered once, in order, and not before it is on disk."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, wait
from itertools import pairwise

import pytest

from ledger.errors import LadingError
from ledger.store.memory import MemoryStore
from ledger.store.port import StoreDamaged, StoreFailed
from nodes.bench.trade import Trade
from nodes.engines import solo
from nodes.engines.committer import Busy, CommitterClosed, GroupCommitter
from nodes.engines.solo import Done, EngineStopped, SoloEngine
from nodes.tables import shipped_tables
from nodes.verifier import InlineVerifier, WorkerVerifier

START = 1_764_000_000_000
SOON = 30
"""Seconds after which a test gives up."""


class HeldStore(MemoryStore):
    """A store whose writes wait until they are let go, or fail."""

    def __init__(self):
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.error = None
        self.events = []

    def append(self, batch, handed_over=None):
        self.reached.set()
        if handed_over is not None:
            handed_over()
        assert self.go_on.wait(SOON)
        if self.error is not None:
            raise self.error
        super().append(batch)
        self.events.append(("stored", len(batch.entries) - 1))

    def hold(self):
        self.reached.clear()
        self.go_on.clear()


@pytest.fixture
def trade():
    return Trade(START)


@pytest.fixture
def store():
    return HeldStore()


@pytest.fixture
def engine(trade, store):
    now = [START]

    def clock():
        now[0] += 1
        return now[0]

    made = SoloEngine.found(store, trade.genesis, shipped_tables(), clock)
    made.now = now
    store.events.clear()
    return made


@pytest.fixture
def committer(engine, store):
    with GroupCommitter(engine) as made:
        yield made
        store.go_on.set()


def issues(trade, count):
    return [trade.issue().entry for _ in range(count)]


def answer(future):
    return future.result(SOON)


def code(result):
    return result.code if isinstance(result, LadingError) else "done"


def test_an_entry_is_acknowledged_with_its_place_in_the_log(trade, store, engine, committer):
    result = answer(committer.submit(trade.issue().entry))
    assert isinstance(result, Done)
    assert (result.height, result.index, result.record) == (1, store.commit_index(0) + 1, trade.record_id(0))
    assert engine.reader.record(trade.record_id(0)).status == "issued"


def test_nothing_is_acknowledged_before_it_is_stored(trade, store, committer):
    store.hold()
    future = committer.submit(trade.issue().entry)
    assert store.reached.wait(SOON)
    assert not future.done()
    store.go_on.set()
    assert code(answer(future)) == "done"


def test_what_waits_during_a_commit_goes_into_the_next_together(trade, store, committer):
    store.hold()
    first = committer.submit(trade.issue().entry)
    assert store.reached.wait(SOON)
    rest = [committer.submit(entry) for entry in issues(trade, 20)]
    store.go_on.set()
    assert answer(first).height == 1
    assert {answer(future).height for future in rest} == {2}


def test_many_threads_each_get_their_own_answers_in_order(engine, store):
    """Each thread plays one bill on without waiting: out of order, an act would be stale."""
    trade = Trade(START)
    plays = [[trade.issue().entry, *(trade.move(bill).entry for _ in range(30))] for bill in range(8)]
    answers = {}

    def play(bill):
        futures = [committer.submit(entry) for entry in plays[bill]]
        answers[bill] = [answer(future) for future in futures]

    with WorkerVerifier() as verifier, GroupCommitter(engine, verifier, max_batch=16) as committer:
        threads = [threading.Thread(target=play, args=(bill,)) for bill in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
    results = [result for bill in range(8) for result in answers[bill]]
    assert {code(result) for result in results} == {"done"}
    assert len({result.index for result in results}) == 8 * 31
    for bill in range(8):
        assert all(before.index < after.index for before, after in pairwise(answers[bill]))
        assert {result.record for result in answers[bill]} == {trade.record_id(bill)}
        assert [store._entries[result.index][2] for result in answers[bill]] == plays[bill]


def test_a_future_is_resolved_exactly_once(trade, committer):
    called = []
    futures = [committer.submit(entry) for entry in issues(trade, 50)]
    for future in futures:
        future.add_done_callback(called.append)
    wait(futures, SOON)
    committer.close()
    assert len(called) == 50
    assert set(called) == set(futures)


def test_bad_entries_answer_for_themselves_alone(trade, engine, committer):
    good = issues(trade, 3)
    forged = bytearray(trade.issue().entry)
    forged[-1] ^= 1
    strange = Trade(START, seed=2)
    old = trade.move(0).entry
    again = trade.move(0).entry  # rests on `old`, which comes after it
    batch = [b"", good[0], bytes(forged), good[1], strange.issue().entry, again, b"\xc1" * 100, good[2], old]
    results = answer(committer.submit_many(batch))
    assert [code(result) for result in results] == [
        "codec.undecodable",
        "done",
        "signature.bad_signature",
        "done",
        "transaction.another_ledger",
        "transaction.stale_sequence",
        "codec.undecodable",
        "done",
        "done",
    ]
    assert engine.chain.head.height == 1


def test_an_entry_that_cannot_be_judged_takes_nobody_with_it(trade, engine, committer, monkeypatch):
    batch = issues(trade, 5)
    judge = solo.apply_batch

    def stumbling(rules, state, transactions, *rest):
        if any(signed.entry == batch[2] for signed in transactions):
            raise KeyError("a fault")
        return judge(rules, state, transactions, *rest)

    monkeypatch.setattr(solo, "apply_batch", stumbling)
    results = answer(committer.submit_many(batch))
    assert [code(result) for result in results] == ["done", "done", "engine.entry_failed", "done", "done"]
    assert code(answer(committer.submit(trade.issue().entry))) == "done"


def test_an_entry_that_cannot_be_read_takes_nobody_with_it(trade, committer, monkeypatch):
    batch = issues(trade, 3)
    decode = solo.SignedTransaction.decode

    def stumbling(entry):
        if entry == batch[1]:
            raise RecursionError("a fault")
        return decode(entry)

    monkeypatch.setattr(solo.SignedTransaction, "decode", stumbling)
    assert [code(result) for result in answer(committer.submit_many(batch))] == ["done", "engine.entry_failed", "done"]


def test_a_clock_that_went_back_refuses_until_it_is_right(trade, engine, committer):
    now = engine.now[0]
    assert code(answer(committer.submit(trade.issue().entry))) == "done"
    engine.now[0] = now - 60_000
    results = answer(committer.submit_many(issues(trade, 2)))
    assert [code(result) for result in results] == ["chain.clock_went_back"] * 2
    engine.now[0] = now + 1_000
    trade = Trade(START, seed=3)  # the bills that were refused are not there to go on from
    assert code(answer(committer.submit(trade.issue().entry))) == "transaction.another_ledger"
    assert not engine.stopped


@pytest.mark.parametrize("error", [StoreFailed("the disk is full"), OSError("no such device"), MemoryError()])
def test_when_the_disk_fails_everything_that_waits_is_told(trade, store, engine, error):
    first, second, third = issues(trade, 1), issues(trade, 3), issues(trade, 2)
    with GroupCommitter(engine, max_batch=2) as committer:
        assert code(answer(committer.submit(trade.issue().entry))) == "done"
        height, size = engine.chain.head.height, len(store._entries)
        store.hold()
        store.error = error
        futures = [committer.submit_many(batch) for batch in (first, second, third)]
        assert store.reached.wait(SOON)
        store.go_on.set()
        codes = [[code(result) for result in answer(future)] for future in futures]
        failed = error.code if isinstance(error, LadingError) else "engine.entry_failed"
        assert codes[0] == [failed]
        assert set(codes[1]) <= {failed, "engine.stopped"}
        assert codes[2] == ["engine.stopped"] * 2
        with pytest.raises(EngineStopped):
            committer.submit(first[0])
    assert (store.head().height, len(store._entries)) == (height, size)


def test_when_the_store_is_damaged_nothing_more_is_committed(trade, store, engine, committer, monkeypatch):
    entry = trade.issue().entry
    assert code(answer(committer.submit(entry))) == "done"
    engine._state._records.clear()

    def damaged(paths, leaf_of=None):
        raise StoreDamaged("a row was changed")

    monkeypatch.setattr(store, "items", damaged)
    assert code(answer(committer.submit(trade.move(0).entry))) == "store.damaged"
    committer._thread.join(SOON)
    with pytest.raises(EngineStopped):
        committer.submit(entry)


def test_while_one_batch_waits_for_the_disk_those_after_it_are_being_checked(trade, store, engine):
    class Noting(InlineVerifier):
        def start(self, messages):
            store.events.append(("checking", len(messages)))
            if len(store.events) == 3:
                store.go_on.set()  # only now the first is let go
            return super().start(messages)

    store.hold()
    with GroupCommitter(engine, Noting(), max_batch=4) as committer:
        answer(committer.submit_many(issues(trade, 14)))
    checking, stored = "checking", "stored"
    assert store.events[:4] == [(checking, 4), (checking, 4), (checking, 4), (stored, 4)]
    assert sorted(store.events[4:]) == [(checking, 2), (stored, 2), (stored, 4), (stored, 4)]


def test_a_job_larger_than_a_batch_is_answered_whole_and_in_order(trade, engine):
    with GroupCommitter(engine, max_batch=7) as committer:
        results = answer(committer.submit_many(issues(trade, 20)))
    assert [result.record for result in results] == [trade.record_id(number) for number in range(20)]
    assert {result.height for result in results} == {1, 2, 3}


def test_nothing_submitted_is_answered_at_once(committer):
    assert answer(committer.submit_many([])) == []


def test_too_much_at_once_is_refused_and_later_taken(trade, store, engine):
    with GroupCommitter(engine, max_waiting=5) as committer:
        store.hold()
        first = committer.submit(trade.issue().entry)
        assert store.reached.wait(SOON)
        second = committer.submit_many(issues(trade, 5))
        refused = trade.issue().entry
        with pytest.raises(Busy) as busy:
            committer.submit(refused)
        assert (busy.value.code, busy.value.value) == ("node.busy", 5)
        store.go_on.set()
        assert [code(result) for result in (answer(first), *answer(second))] == ["done"] * 6
        assert code(answer(committer.submit(refused))) == "done"


def test_many_bytes_are_too_much_as_well(engine, store, trade):
    with GroupCommitter(engine) as committer:
        store.hold()
        committer.submit(trade.issue().entry)
        assert store.reached.wait(SOON)
        large = committer.submit_many([bytes(2**20)] * 40)
        with pytest.raises(Busy):
            committer.submit_many([bytes(2**20)] * 40)
        store.go_on.set()
        assert [code(result) for result in answer(large)] == ["codec.too_large"] * 40


def test_one_job_alone_may_be_larger_than_what_may_wait(trade, engine):
    with GroupCommitter(engine, max_waiting=5) as committer:
        assert [code(result) for result in answer(committer.submit_many(issues(trade, 9)))] == ["done"] * 9


def test_one_that_is_cancelled_in_time_is_left_out(trade, store, committer):
    store.hold()
    first = committer.submit(trade.issue().entry)
    assert store.reached.wait(SOON)
    waiting = [committer.submit(entry) for entry in issues(trade, 4)]
    assert waiting[1].cancel()
    assert waiting[2].cancel()
    store.go_on.set()
    assert [code(answer(future)) for future in (first, waiting[0], waiting[3])] == ["done"] * 3
    with pytest.raises(CancelledError):
        waiting[1].result(SOON)
    assert store.events == [("stored", 1), ("stored", 2)]
    assert not first.cancel()


def test_closing_commits_what_waits(trade, store, engine):
    committer = GroupCommitter(engine, max_batch=2)
    store.hold()
    futures = [committer.submit(entry) for entry in issues(trade, 9)]
    store.go_on.set()
    committer.close()
    assert [code(future.result(0)) for future in futures] == ["done"] * 9
    with pytest.raises(CommitterClosed):
        committer.submit(b"")


def test_closing_without_draining_cancels_what_was_not_begun(trade, store, engine):
    committer = GroupCommitter(engine, max_batch=2)
    store.hold()
    begun = committer.submit_many(issues(trade, 7))  # two batches of it are taken when the first is written
    assert store.reached.wait(SOON)
    waiting = [committer.submit(entry) for entry in issues(trade, 3)]
    closing = threading.Thread(target=committer.close, kwargs={"drain": False})
    closing.start()
    wait(waiting, SOON)
    assert [future.cancelled() for future in waiting] == [True] * 3
    store.go_on.set()
    closing.join(SOON)
    assert [code(result) for result in begun.result(0)] == ["done"] * 7
    assert sum(count for _, count in store.events) == 7
    assert (committer._waiting, committer._waiting_bytes) == (0, 0)


def test_a_fault_of_the_committer_itself_is_told_to_all(trade, engine):
    class Faulty(InlineVerifier):
        def start(self, messages):
            raise ZeroDivisionError

    threading.excepthook, hook = lambda _: None, threading.excepthook
    try:
        committer = GroupCommitter(engine, Faulty())
        assert code(answer(committer.submit(trade.issue().entry))) == "engine.stopped"
        committer._thread.join(SOON)
    finally:
        threading.excepthook = hook
    with pytest.raises(EngineStopped):
        committer.submit(trade.issue().entry)


def test_it_closes_twice_and_without_work(engine):
    committer = GroupCommitter(engine)
    committer.close()
    committer.close(drain=False)
