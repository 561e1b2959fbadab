"""The node: who may open it, what it does when it cannot write, and proofs while it commits."""

from __future__ import annotations

import threading
from itertools import islice

import pytest
from support.game import Game
from support.served import make_place
from support.stories import ACTS, tell

from api.node import NotTheOperator
from ledger.errors import LadingError
from ledger.policy import Policy
from ledger.report import Verdict
from ledger.store.port import StoreFailed
from ledger.verify import verify
from nodes.engines.committer import CommitterClosed
from nodes.engines.solo import Done, EngineStopped
from nodes.home import Home, OtherLedger
from nodes.lock import LockHeld
from nodes.settings import Settings

PATIENCE = 30


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def issue(place):
    return place.game.signed("carrier", "bill_of_lading.issue", **place.game.bill_arguments()).entry


def test_only_the_operators_home_is_served(place, tmp_path):
    place.home = Home.create(tmp_path / "shipper", name="shipper", location=place.home.folder)
    with pytest.raises(NotTheOperator), place.node():
        pass


def test_a_home_that_is_pinned_to_another_ledger_is_not_served(place):
    settings = place.home.settings
    place.home.settings = Settings(settings.name, settings.member, True, ".", bytes(32))
    with pytest.raises(OtherLedger), place.node():
        pass
    place.home.settings = settings
    with place.node():  # and nothing is left locked
        pass


def test_the_lock_is_held_from_beginning_to_end(place):
    with place.node(), pytest.raises(LockHeld), place.home.ledger_lock(timeout=0):
        pass
    with place.home.ledger_lock(timeout=0):
        pass


def test_what_was_submitted_is_committed_before_the_node_is_closed(place):
    with place.node() as node:
        futures = [node.submit(issue(place)) for _ in range(50)]
    results = [future.result(0) for future in futures]
    assert all(isinstance(result, Done) for result in results)
    with pytest.raises(CommitterClosed):
        node.submit(issue(place))
    engine = place.engine()
    try:
        assert engine.chain.size == 1 + max(result.index for result in results) + 1
        newest = engine.store.checkpoint()
        assert newest is not None
        assert newest.size == engine.chain.size
    finally:
        engine.store.close()


def test_a_node_that_cannot_write_says_so_and_acknowledges_nothing(place, monkeypatch):
    with place.client(signs=False) as client:

        def full(*_: object) -> None:
            raise StoreFailed("the disk is full")

        monkeypatch.setattr("ledger.store.sql.SqlStore.append", full)
        first = place.post(client, "carrier", issue(place))
        monkeypatch.undo()
        second = place.post(client, "carrier", issue(place))
        assert (first.status_code, second.status_code) == (503, 503)
        assert second.json()["code"] == EngineStopped.code
        assert second.headers["retry-after"] == "1"
        assert client.get("/v1/status").json()["height"] == 0
    with place.client(signs=False) as client:
        assert place.post(client, "carrier", issue(place)).status_code == 201


def test_proofs_are_right_while_commits_go_on(place):
    """Each is verified; a tree that changed while one was made would give a wrong path."""
    game: Game = place.game
    entries = [signed.entry for signed in islice(tell(game, "many"), 12 * len(ACTS))]
    policy = Policy.parse(place.home.read_policy().encode())
    wrong: list[object] = []
    done = threading.Event()

    def prove(node, record: bytes) -> None:
        while not done.is_set():
            try:
                report = verify(node.prove(record), policy, at=place.now())
            except LadingError as error:
                wrong.append(error)
                return
            wrong.extend(step for step in report.steps if step.verdict is not Verdict.VALID and step.number != 10)

    with place.client() as client:
        record = place.issue_bill(client)
    with place.node() as node:
        provers = [threading.Thread(target=prove, args=(node, record)) for _ in range(2)]
        for prover in provers:
            prover.start()
        for entry in entries:
            assert isinstance(node.submit(entry).result(PATIENCE), Done)
        done.set()
        for prover in provers:
            prover.join(PATIENCE)
    assert wrong == []
