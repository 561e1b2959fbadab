"""Where the time of the write path goes: CPU time by stage, while batches are committed in one thread.

A stage's time is that of its own functions without those of the stages that they call. Time spent
waiting, for the disk or for a busy machine, is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final

import ledger.chain
import nodes.engines.solo
from contracts.apply import BatchOutcome
from ledger.chain import Chain
from ledger.merkle import Frontier
from nodes.engines.admission import Admission
from nodes.engines.solo import Done, SoloEngine
from nodes.state_view import CachedState
from nodes.verifier import InlineVerifier, Message

__all__ = ["BUDGET", "profile"]

BUDGET: Final = {
    "decode": 6.0,
    "verify": 47.0,
    "fetch": 9.0,
    "judge": 15.0,
    "encode and hash": 6.0,
    "tree": 15.0,
    "log": 2.0,
    "store": 28.0,
    "rest": 3.0,
}
"""Stage → µs an action that it may take, on a core that verifies a signature in 47 µs."""


class _Stopwatch:
    """CPU time by stage, each without what it calls."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(BUDGET, 0.0)
        self._inner = [0.0]

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its time noted."""

        def measured(*args: Any, **named: Any) -> Any:
            self._inner.append(0.0)
            start = time.thread_time()
            try:
                return function(*args, **named)
            finally:
                passed = time.thread_time() - start
                self.spent[stage] += passed - self._inner.pop()
                self._inner[-1] += passed

        return measured


class _TimedVerifier(InlineVerifier):
    """Checks where it is, and notes its time."""

    def __init__(self, watch: _Stopwatch) -> None:
        self._watch = watch

    def start(self, messages: Sequence[Message]) -> Any:
        ticket: Any = super().start(messages)
        ticket.results = self._watch.timed("verify", ticket.results)
        return ticket


@contextmanager
def _replaced(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    owner = next(cls for cls in getattr(owner, "__mro__", (owner,)) if name in vars(cls))
    original = vars(owner)[name]
    setattr(owner, name, wrap(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def profile(engine: SoloEngine, batches: Sequence[Sequence[bytes]]) -> dict[str, float]:
    """Commit these batches one after another; µs an action by stage."""
    watch = _Stopwatch()
    verifier = _TimedVerifier(watch)
    stages: list[tuple[Any, str, str]] = [
        (Admission, "__init__", "decode"),
        (Admission, "finish", "decode"),
        (CachedState, "look_ahead", "fetch"),
        (CachedState, "keep", "fetch"),
        (nodes.engines.solo, "apply_batch", "judge"),
        (BatchOutcome, "items", "encode and hash"),
        (ledger.chain, "_rows", "encode and hash"),
        (type(engine.chain.tree), "update", "tree"),
        (Frontier, "extend", "log"),
        (Chain, "extend", "log"),
        (type(engine.store), "append", "store"),
        (SoloEngine, "commit", "rest"),
    ]
    actions = 0
    with ExitStack() as stack:
        for owner, name, stage in stages:
            stack.enter_context(_replaced(owner, name, partial(watch.timed, stage)))
        for batch in batches:
            results = engine.commit(engine.admit(batch, verifier).finish())
            actions += sum(isinstance(result, Done) for result in results)
    return {stage: spent / actions * 1e6 for stage, spent in watch.spent.items()}
