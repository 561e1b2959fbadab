"""A loaded node is killed at random points: nothing acknowledged is lost, nothing appears twice.

What was killed was writing: after each kill the ledger is opened anew, what is new in its log is replayed by the
rules, and compared with what was acknowledged. The next process submits again what it cannot know to be done.
"""

from __future__ import annotations

import json
import random
import select
import signal
import threading
import time
from itertools import chain, islice
from pathlib import Path
from queue import Queue
from typing import Any

import httpx2
import pytest
from support import loader
from support.game import Game, base_tables
from support.served import Place, make_place, running, served
from support.stories import tell

from ledger.policy import Policy
from ledger.store.memory import MemoryStore
from ledger.store.sqlite import open_sqlite
from ledger.transaction import TRANSACTION, SignedTransaction
from nodes.audit import audit_store
from nodes.engines.solo import SoloEngine
from nodes.replayer import Replayer

PATIENCE = 30
Answer = tuple[bytes, Any] | None
"""A transaction and the answer to it; nothing where the node was gone."""


def now() -> int:
    return time.time_ns() // 1_000_000


class Watch:
    """What the log must hold, and what it holds; `look` compares them after every kill."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.acknowledged: dict[bytes, int] = {}
        self.log: list[bytes] = []
        self.found: dict[bytes, int] = {}
        self.replayer = Replayer(MemoryStore())

    def acknowledge(self, transaction: bytes, index: int) -> None:
        """A caller was told that a transaction is at an index; always the same one."""
        assert self.acknowledged.setdefault(transaction, index) == index

    def look(self) -> None:
        """Open the ledger as a node does, and read what is new."""
        store = open_sqlite(self.path)
        try:
            engine = SoloEngine.open(store, now)
            new = [entry.data for entry in store.entries(len(self.log), engine.chain.size)]
            self.replayer.feed(new)
            assert self.replayer.chain.head == engine.chain.head
            assert self.replayer.root() == engine.chain.frontier.root()
        finally:
            store.close()
        for index, entry in enumerate(new, len(self.log)):
            if entry[1:].startswith(b"\xb4" + TRANSACTION.encode()):
                transaction = SignedTransaction.decode(entry).id
                assert transaction not in self.found, f"entries {self.found[transaction]} and {index} are the same"
                self.found[transaction] = index
        self.log += new
        lost = {one: index for one, index in self.acknowledged.items() if self.found.get(one) != index}
        assert lost == {}, "acknowledged, and not in the log at that place"

    def look_at_all(self, policy: Policy | None = None) -> None:
        """Replay the whole log once more, from its first byte, and audit everything that is stored."""
        again = Replayer(MemoryStore())
        store = open_sqlite(self.path)
        try:
            entries = [entry.data for entry in store.entries(0, len(self.log) + 1)]
            again.feed(entries)
            assert entries == self.log
            assert again.chain.head == store.head()
            report = audit_store(store, policy)
            assert report.clean, report.as_dict()
            assert (report.entries, report.replayed) == (len(self.log), True)
        finally:
            store.close()


def kill_one(watch: Watch, number: int, draw: random.Random, told: dict[int, int], log: Path, game: Game) -> None:
    """Start a process, kill it, and note what it had acknowledged."""
    again = json.dumps([[thread, max(0, step - loader.AT_ONCE)] for thread, step in told.items()])
    script = [str(Path(loader.__file__)), str(watch.path), str(number), again]
    with running(script, log) as process:
        assert process.stdout is not None
        if draw.random() < 0.1:  # while it opens the ledger
            select.select([process.stdout], [], [], draw.uniform(0, 0.4))
            lines = []
        else:
            lines = [process.stdout.readline() for _ in range(1 + draw.randrange(120))]
            until = time.perf_counter() + draw.uniform(0, 0.005)
            while time.perf_counter() < until:  # to die in the middle of a commit, not only after an answer
                pass
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL, log.read_text()
    told.clear()
    told.update(dict.fromkeys(range(loader.THREADS), 0))
    stories = {}
    for line in lines:
        if line == "ready\n" or not line.endswith("\n"):
            continue
        words = line.split()
        assert words[-1] in ("new", "again"), line
        first, thread, step, index = map(int, words[:4])
        if (first, thread) not in stories:
            stories[first, thread] = enumerate(tell(game, first, thread))
        transaction = next(signed.id for at, signed in stories[first, thread] if at == step)
        watch.acknowledge(transaction, index)
        if first == number:
            told[thread] = step


def kill_many(folder: Path, times: int, seed: int) -> Watch:
    game, draw = Game(tables=base_tables()), random.Random(seed)
    watch = Watch(folder / "ledger.db")
    store = open_sqlite(watch.path, create=True)
    SoloEngine.found(store, game.genesis, game.tables, now)
    store.close()
    told: dict[int, int] = {}
    for number in range(1, times + 1):
        kill_one(watch, number, draw, told, folder / "stderr", game)
        watch.look()
    watch.look_at_all()
    return watch


def post_until_killed(place: Place, url: str, number: int, thread: int, answers: Queue[Answer]) -> None:
    """Submit a story over HTTP, and what the round before may have left; every answer goes to the queue."""
    end = islice(tell(place.game, number - 1, thread), 3) if number > 1 else iter(())
    try:
        with httpx2.Client(base_url=url) as client:
            for signed in chain(end, tell(place.game, number, thread)):
                answers.put((signed.id, place.post(client, "carrier", signed)))
    except httpx2.HTTPError:
        answers.put(None)


def test_a_node_that_is_killed_while_it_serves_loses_nothing(tmp_path):
    place = make_place(tmp_path, clock=now)
    draw, watch = random.Random(9), Watch(place.home.ledger_path)
    for number in range(1, 4):
        answers: Queue[Answer] = Queue()
        with served(place) as (process, facts):
            clients = [
                threading.Thread(target=post_until_killed, args=(place, facts["url"], number, thread, answers))
                for thread in range(4)
            ]
            for client in clients:
                client.start()
            got = [answers.get(timeout=PATIENCE) for _ in range(draw.randrange(20, 60))]
            process.send_signal(signal.SIGKILL)
            for client in clients:
                client.join(PATIENCE)
        while not answers.empty():
            got.append(answers.get())
        assert got.count(None) == len(clients)
        for transaction, answer in filter(None, got):
            assert answer.status_code in (200, 201), answer.text
            assert answer.json()["transaction"] == transaction.hex()
            watch.acknowledge(transaction, answer.json()["index"])
        watch.look()
    watch.look_at_all(Policy.parse(place.home.read_policy().encode()))
    assert len(watch.acknowledged) >= 60


def test_nothing_acknowledged_is_lost_and_nothing_appears_twice(tmp_path):
    watch = kill_many(tmp_path, 20, seed=20)
    assert len(watch.acknowledged) > 400, len(watch.acknowledged)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_lost_or_doubled_in_200_kills(tmp_path, seed):
    kill_many(tmp_path, 20, seed=1000 + seed)
