"""A process that loads a ledger until it is killed: engine, group commit, and threads that submit.

    python loader.py ledger.db ROUND '[[thread, first], …]'

It says `ready` once the ledger is open, and a line for every answer: `round thread step index new|again`. A story
that an earlier process had told up to a step is told again from there first (`[thread, first]` of the round before).
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import islice

from support.game import Game, base_tables
from support.stories import tell

from ledger.store.sqlite import open_sqlite
from ledger.transaction import SignedTransaction
from nodes.engines.committer import GroupCommitter
from nodes.engines.solo import Done, Result, SoloEngine
from nodes.verifier import InlineVerifier, WorkerVerifier

THREADS = 4
AT_ONCE = 5
"""Transactions that a thread has under way."""


def say(line: str) -> None:
    """Whole lines, whichever thread writes them."""
    os.write(1, line.encode() + b"\n")


def steps(game: Game, number: int, thread: int, again: int | None) -> Iterator[tuple[int, int, SignedTransaction]]:
    """Round, step and transaction: the end of the story before, then the one of this round."""
    if again is not None:
        told = enumerate(tell(game, number - 1, thread))
        yield from ((number - 1, step, signed) for step, signed in islice(told, again, again + 2 * AT_ONCE))
    yield from ((number, step, signed) for step, signed in enumerate(tell(game, number, thread)))


def load(committer: GroupCommitter, game: Game, number: int, thread: int, again: int | None) -> None:
    """Submit without end; say what is acknowledged, in order."""
    under_way: deque[tuple[int, int, Future[Result]]] = deque()
    for told, step, signed in steps(game, number, thread, again):
        under_way.append((told, step, committer.submit(signed.entry)))
        if len(under_way) == AT_ONCE:
            first, place, future = under_way.popleft()
            done = future.result()
            if not isinstance(done, Done):
                say(f"error {first} {thread} {place} {done.code} {done.message}")
                os._exit(1)
            say(f"{first} {thread} {place} {done.index} {'again' if done.repeated else 'new'}")


def main() -> None:
    """Load."""
    path, number = sys.argv[1], int(sys.argv[2])
    again = dict(json.loads(sys.argv[3]))
    game = Game(tables=base_tables())
    engine = SoloEngine.open(open_sqlite(path), lambda: time.time_ns() // 1_000_000)
    committer = GroupCommitter(engine, WorkerVerifier(1) if number % 2 else InlineVerifier())
    say("ready")
    for thread in range(THREADS):
        arguments = (committer, game, number, thread, again.get(thread))
        threading.Thread(target=load, args=arguments).start()


if __name__ == "__main__":
    main()
