"""Group commit: many threads submit, one commits, and each learns what became of its entries.

    with GroupCommitter(engine, verifier) as committer:
        result = committer.submit(entry).result()         # in the log and on disk, or refused

One thread takes what waits, up to `max_batch` entries, without delay when there is nothing to do. While a
batch is written, the signatures of the next are being checked. While the disk is waited for, there is time
to read the batch after that, to fetch the records that the next asks for, and to judge it; what there was no
time for is done when its turn comes. A future has its result only after the commit is durable.

Entries keep the order in which they were submitted. One that is bad, or that cannot be judged, answers for
itself alone. When the engine stops, everything that waits gets its error. Errors are results like any other,
so that who submitted many learns of each what became of it; a future raises only when it was cancelled.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Self

from ledger.errors import LadingError, UnavailableError
from nodes.verifier import InlineVerifier, Verifier

from .admission import Admission, Admitted, EntryFailed
from .solo import MAX_BATCH, EngineStopped, Result, SoloEngine, collector_paused

__all__ = ["Busy", "CommitterClosed", "GroupCommitter"]

MAX_WAITING: Final = 10_000
"""Entries that may wait."""
MAX_WAITING_BYTES: Final = 64 * 2**20
_BEGUN: Final = 3
"""Batches at most in work: one that is written, one that is judged, one whose signatures are being checked."""
_UNCOLLECTED: Final = 64
"""Batches between two walks of Python's collector."""


class Busy(UnavailableError):
    """More waits already than the node takes on."""

    code = "node.busy"
    hint = "try again in a moment; nothing was done"


class CommitterClosed(UnavailableError):
    """The node is closing, or has closed."""

    code = "node.closed"
    hint = "try again when the node is up; nothing was done"


@dataclass(slots=True)
class _Job:
    """Entries submitted together. `future` is given one result, or the list of them if `many`."""

    entries: Sequence[bytes]
    many: bool
    future: Future[Any] = field(default_factory=Future)
    taken: int = 0
    results: list[Result] = field(default_factory=list)

    def answer(self, results: Sequence[Result]) -> None:
        """Results for the next entries; the last complete the future."""
        self.results.extend(results)
        if len(self.results) == len(self.entries):
            self.future.set_result(self.results if self.many else self.results[0])

    def give_up(self, error: UnavailableError) -> None:
        """The error for all entries that have no result yet."""
        left = len(self.entries) - len(self.results)
        if left and (self.taken or self.future.set_running_or_notify_cancel()):
            self.answer([error] * left)


_Part = tuple[_Job, int, int]
"""What a batch takes of a job: its entries from the first up to, and without, the last number."""

_Begun = tuple[list[_Part], Admission]
"""A batch whose signatures are being checked."""


class GroupCommitter:
    """Takes entries from any thread, and commits them through one engine in a thread of its own."""

    def __init__(
        self,
        engine: SoloEngine,
        verifier: Verifier | None = None,
        *,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._engine = engine
        self._verifier = InlineVerifier() if verifier is None else verifier
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._jobs: deque[_Job] = deque()
        self._waiting = self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._refusal: type[UnavailableError] | None = None
        self._begun: deque[_Begun] = deque()
        self._taken: list[_Part] = []
        self._ahead = (self._begin, self._finish_next, self._fetch_next, self._judge_next)
        self._thread = threading.Thread(target=self._run, name="lading-committer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close(drain=exc[0] is None)

    def submit(self, entry: bytes) -> Future[Result]:
        """Submit one entry. Raises `Busy`, `CommitterClosed` or `EngineStopped` if it is not taken on.

        The future's result is `Done`, or the error that refuses the entry or kept it from being judged.
        """
        return self._put(_Job((entry,), many=False))

    def submit_many(self, entries: Sequence[bytes]) -> Future[list[Result]]:
        """Submit entries in order, all or none, for one future with a result for each. Raises as `submit`."""
        job = _Job(tuple(entries), many=True)
        if not job.entries:
            job.answer(())
            return job.future
        return self._put(job)

    def close(self, *, drain: bool = True) -> None:
        """Take on nothing more. Commit what waits, or cancel it; what was begun is completed."""
        with self._changed:
            self._refusal = self._refusal or CommitterClosed
            for job in [] if drain else list(self._jobs):
                if job.future.cancel() and not job.future.set_running_or_notify_cancel():
                    self._leave(job, len(job.entries))
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _put(self, job: _Job) -> Future[Any]:
        size = sum(map(len, job.entries))
        with self._changed:
            if self._refusal is not None:
                raise self._refusal("nothing more is taken on")
            full = self._waiting + len(job.entries) > self._max_waiting
            if self._waiting and (full or self._waiting_bytes + size > MAX_WAITING_BYTES):
                raise Busy(f"{self._waiting:,} entries are waiting", value=self._waiting)
            self._jobs.append(job)
            self._waiting += len(job.entries)
            self._waiting_bytes += size
            self._changed.notify()
        return job.future

    def _leave(self, job: _Job, stop: int) -> None:
        """A job's entries up to `stop` wait no more."""
        left = job.entries[job.taken : stop]
        self._waiting -= len(left)
        self._waiting_bytes -= sum(map(len, left))
        job.taken = stop
        if stop == len(job.entries):
            self._jobs.remove(job)

    # The committer's own thread

    def _run(self) -> None:
        try:
            while self._wait():
                # A batch leaves thousands of objects behind for the collector to walk over, and no cycle among
                # them: with work to do it is let in after some batches, else after each.
                with collector_paused():
                    for _ in range(_UNCOLLECTED):
                        if not self._step():
                            break
        except BaseException as exc:
            self._stop(EngineStopped(f"the committer failed: {type(exc).__name__}"))
            raise

    def _wait(self) -> bool:
        """Wait for something to do; whether there will be anything."""
        with self._changed:
            while not self._begun and not self._jobs and self._refusal is None:
                self._changed.wait()
            return bool(self._begun or self._jobs)

    def _step(self) -> bool:
        """Commit a batch, when the one after it is begun too, if there is one; whether there is more to do."""
        while len(self._begun) < 2 and self._jobs:
            self._begin()
        if self._begun:
            self._commit(*self._begun[0])
            self._begun.popleft()
            if self._engine.stopped:
                self._stop(EngineStopped("an earlier commit failed"))
        return bool(self._begun or self._jobs)

    def _begin(self) -> None:
        """Take a batch, if there is one and there are not enough; its signatures begin to be checked."""
        self._taken = parts = self._take() if len(self._begun) < _BEGUN else []
        if parts:
            entries = chain.from_iterable(job.entries[first:stop] for job, first, stop in parts)
            self._begun.append((parts, self._engine.admit(entries, self._verifier)))

    def _finish_next(self) -> None:
        """See the signatures of the next batch through."""
        if len(self._begun) > 1:
            self._begun[1][1].finish()

    def _fetch_next(self) -> None:
        if len(self._begun) > 1:
            self._engine.fetch_ahead(self._begun[1][1].finish())

    def _judge_next(self) -> None:
        if len(self._begun) > 1:
            self._engine.judge_ahead(self._begun[1][1].finish())

    def _take(self) -> list[_Part]:
        """The next entries in order, no more than a batch holds."""
        parts: list[_Part] = []
        room = self._max_batch
        with self._changed:
            while self._jobs and room:
                job = self._jobs[0]
                first, stop = job.taken, min(job.taken + room, len(job.entries))
                if first or job.future.set_running_or_notify_cancel():
                    parts.append((job, first, stop))
                    room -= stop - first
                else:
                    stop = len(job.entries)
                self._leave(job, stop)
        return parts

    def _commit(self, parts: list[_Part], admission: Admission) -> None:
        admitted = admission.finish()
        self._engine.meanwhile = self._ahead if len(self._begun) > 1 or self._jobs else ()
        results: Sequence[Result]
        try:
            results = self._engine.commit(admitted)
        except Exception as exc:  # noqa: BLE001 - every entry gets an answer
            if self._engine.stopped:
                results = [_answer(exc)] * len(admitted)
            else:
                self._engine.meanwhile = ()
                results = [self._commit_alone(one) for one in admitted]
        at = 0
        for job, first, stop in parts:
            job.answer(results[at : at + stop - first])
            at += stop - first

    def _commit_alone(self, admitted: Admitted) -> Result:
        """Commit an entry of a batch that could not be judged as a whole."""
        try:
            return self._engine.commit([admitted])[0]
        except Exception as exc:  # noqa: BLE001 - every entry gets an answer
            return _answer(exc)

    def _stop(self, error: UnavailableError) -> None:
        """Answer everything that was begun or waits with the error, and take on nothing more."""
        with self._changed:
            self._refusal = type(error)
            begun = chain(*(parts for parts, _ in self._begun), self._taken)
            jobs = [*(job for job, _, _ in begun), *self._jobs]
            self._begun.clear()
            self._jobs.clear()
        for job in jobs:
            job.give_up(error)


def _answer(exc: Exception) -> LadingError:
    return exc if isinstance(exc, LadingError) else EntryFailed(f"judging it failed with {type(exc).__name__}")
