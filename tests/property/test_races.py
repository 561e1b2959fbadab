"""Pairs that race on one head: two threads submit to one engine, and of each pair exactly one wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from support.game import HOUR, START, Game
from support.stories import FOR_EVER

from ledger.errors import LadingError
from ledger.store.sqlite import open_sqlite
from ledger.transaction import SignedTransaction, Target
from nodes.engines.committer import GroupCommitter
from nodes.engines.solo import Done, SoloEngine
from nodes.verifier import InlineVerifier

BILLS = 10
STALE = "transaction.stale_sequence"
RIVALS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("offer", {"to": "bank", "mode": "endorse"}),
    ("offer", {"to": "buyer", "mode": "possession"}),
    ("surrender", {}),
    ("request_paper", {}),
    ("present", {"presentee": "bank", "until": START + HOUR}),
)


class Race:
    """A ledger on disk with bills that the shipper holds; every pair of its acts leaves them held again."""

    def __init__(self, path) -> None:
        self.game = game = Game()
        self.bills = [game.held_bill("shipper", form="blank", order_party=None) for _ in range(BILLS)]
        self.engine = SoloEngine.found(open_sqlite(path, create=True), game.genesis, game.tables, lambda: START)
        entries = [entry.data for batch in game.batches[1:] for entry in batch.entries[:-1]]
        assert all(isinstance(one, Done) for one in self.engine.submit(entries))

    def signed(self, who: str, action: str, bill: bytes, **args: Any) -> SignedTransaction:
        """An act on a bill as the engine has it now."""
        record = self.engine.reader.record(bill)
        target = Target(bill, record.sequence, record.head)
        return self.game.signed(who, action, bill, changes={"targets": (target,), "valid_until": FOR_EVER}, **args)

    def run(self, rounds: int, seed: int) -> int:
        """So many rounds with a pair for each bill; gives how many pairs were raced."""
        random, pairs = Random(seed), 0
        with GroupCommitter(self.engine, InlineVerifier()) as committer:
            for _ in range(rounds):
                both = [self.pair(random, bill) for bill in self.bills]
                results = self.submit(committer, both)
                for (one, other), (first, second) in zip(both, results, strict=True):
                    self.judge(one, other, first, second)
                pairs += len(both)
                back = [self.back(bill).entry for bill in self.bills]
                assert all(isinstance(one, Done) for one in committer.submit_many(back).result())
        return pairs

    def pair(self, random: Random, bill: bytes) -> tuple[SignedTransaction, SignedTransaction]:
        one, other = random.sample(RIVALS, 2)
        return self.signed("shipper", one[0], bill, **one[1]), self.signed("shipper", other[0], bill, **other[1])

    def submit(self, committer: GroupCommitter, both: list) -> list:
        """Each thread submits one of every pair, one after another."""
        answers: list[list] = [[], []]
        start = threading.Barrier(2)

        def submitter(which: int) -> Callable[[], None]:
            def go() -> None:
                start.wait()
                futures = [committer.submit(pair[which].entry) for pair in both]
                answers[which] += [future.result() for future in futures]

            return go

        threads = [threading.Thread(target=submitter(which)) for which in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return list(zip(*answers, strict=True))

    def judge(self, one: SignedTransaction, other: SignedTransaction, first: object, second: object) -> None:
        won = [answer for answer in (first, second) if isinstance(answer, Done)]
        lost = [answer for answer in (first, second) if isinstance(answer, LadingError)]
        assert (len(won), len(lost)) == (1, 1), (first, second)
        assert (lost[0].code, lost[0].winner) == (STALE, won[0].index)  # type: ignore[attr-defined]
        record = self.engine.reader.record(won[0].record)
        winner = one if won[0] is first else other
        assert (record.entry, record.head) == (won[0].index, winner.leaf)
        assert record.controller == self.game.id("shipper")

    def back(self, bill: bytes) -> SignedTransaction:
        """What brings a bill back to where the next pair can race."""
        undo = {
            "offered": "recall", "surrendered": "withdraw_surrender", "paper_requested": "withdraw_paper",
            "held": "end_presentation",
        }[self.engine.reader.record(bill).status]  # fmt: skip
        return self.signed("bank" if undo == "end_presentation" else "shipper", undo, bill)


def test_p07_of_a_thousand_pairs_on_one_head_exactly_one_wins(tmp_path):
    """P7, exclusive control.

    Law: 11(1)(a); ETDA 2(2)(c)
    Shows: two threads submit a thousand pairs of acts to one engine, each pair on one head of a bill: of every pair
    exactly one is in the log, and the other is answered with its entry (ten thousand in `make soak`).
    """
    assert Race(tmp_path / "ledger.db").run(100, seed=1) == 1_000


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_of_ten_thousand_pairs_exactly_one_wins(tmp_path, seed):
    assert Race(tmp_path / "ledger.db").run(100, seed=seed) == 1_000
