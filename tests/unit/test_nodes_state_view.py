"""The cache between the rules and the store."""

from __future__ import annotations

import pytest

from ledger.hashing import claim_key, number_key
from ledger.store.memory import MemoryStore
from ledger.store.port import StoreDamaged
from nodes.bench.trade import Trade
from nodes.engines.solo import Done, SoloEngine
from nodes.state_view import _SLACK, CachedState
from nodes.tables import shipped_tables

START = 1_764_000_000_000


class CountingStore(MemoryStore):
    """Notes how many rows each query asked for."""

    def __init__(self):
        super().__init__()
        self.queries = []

    def items(self, paths, leaf_of=None):
        paths = list(paths)
        self.queries.append(len(paths))
        return super().items(paths, leaf_of)


@pytest.fixture
def trade():
    return Trade(START)


@pytest.fixture
def engine(trade):
    made = SoloEngine.found(CountingStore(), trade.genesis, shipped_tables(), lambda: START + 1)
    assert all(isinstance(result, Done) for result in made.submit([trade.issue().entry for _ in range(20)]))
    made.store.queries.clear()
    return made


@pytest.fixture
def state(engine):
    return CachedState(engine.store, engine.chain.tree)


def test_a_batch_costs_one_query_and_later_none(trade, engine, state):
    moves = [trade.move(number) for number in range(20)]
    state.prefetch(moves)
    (asked,) = engine.store.queries
    members = {move.transaction.actor for move in moves}
    assert asked == 20 + len(members)
    for move in moves:
        (target,) = move.transaction.targets
        assert state.record(target.record).sequence == target.sequence
    state.prefetch(moves)
    assert engine.store.queries == [asked]


def test_what_is_not_there_costs_no_query(trade, engine, state):
    assert state.record(trade.record_id(99)) is None
    assert state.number(bytes(32)) is None
    assert engine.store.queries == []


def test_a_record_is_read_once(trade, engine, state):
    first = state.record(trade.record_id(3))
    assert (first.id, first.status) == (trade.record_id(3), "issued")
    assert state.record(trade.record_id(3)) is first
    assert engine.store.queries == [1]


def test_a_number_leads_to_its_record(trade, state):
    carrier = trade.traders[0].id
    key = number_key(trade.genesis.id, "transport_document", carrier, "BL000000007")
    assert state.number(claim_key(carrier, key)) == trade.record_id(7)


def test_a_stored_batch_is_taken_over(trade, engine):
    state = engine._state
    before = state.record(trade.record_id(0))
    assert isinstance(engine.submit([trade.move(0).entry])[0], Done)
    after = state.record(trade.record_id(0))
    assert (before.status, after.status, after.sequence) == ("issued", "held", 2)
    assert after == CachedState(engine.store, engine.chain.tree).record(trade.record_id(0))


def test_it_lets_go_of_the_oldest(trade, engine):
    state = CachedState(engine.store, engine.chain.tree, limit=10)
    ids = [trade.record_id(number) for number in range(20)]
    for id_ in ids:
        state.record(id_)
    state._records |= {bytes([number % 256, number // 256]): None for number in range(_SLACK - 9)}
    state.prefetch([])
    assert len(state._records) == 10
    assert not set(ids) & set(state._records)
    engine.store.queries.clear()
    assert state.record(ids[0]).id == ids[0]
    assert engine.store.queries == [1]


def test_refused_transactions_do_not_fill_the_memory(trade, engine):
    state = CachedState(engine.store, engine.chain.tree, limit=5)
    state._records |= {bytes([number % 256, number // 256]): None for number in range(_SLACK + 6)}
    state.prefetch([trade.move(0)])
    assert len(state._records) <= 5 + 2


def test_a_row_that_was_changed_is_refused(trade, engine, state):
    store = engine.store
    for path, (leaf, item) in list(store._state.items()):
        store._state[path] = (leaf, item._replace(salt=bytes(32)))
    with pytest.raises(StoreDamaged):
        state.record(trade.record_id(0))
    with pytest.raises(StoreDamaged):
        state.prefetch([trade.move(0)])
