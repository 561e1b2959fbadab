"""The solo engine: one process orders, judges, and commits to one store; an acknowledged act is on disk.

    engine = SoloEngine.open(store, clock=now_ms)
    results = engine.submit([entry, ...])        # one batch, one commit

`submit` judges the entries in the order given, and commits those that the rules accept in one durable
transaction. A batch of which nothing is accepted writes nothing. It is two steps, of which the first needs
no state and can run beside the commit of the batch before:

    admission = engine.admit([entry, ...], verifier)       # form; signatures begin to be checked
    results = engine.commit(admission.finish())            # signatures, ledger; then rules, tree, log, disk

The caller sees to it that one thread at a time does this (`nodes.engines.committer` does so for many).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from contracts.apply import Accepted, BatchOutcome, apply_batch
from contracts.founding import founding_outcome, founding_texts
from contracts.governance import follow
from contracts.refusals import Stale
from contracts.table import RuleTable
from ledger.chain import Chain, ClockWentBack, Head, LogEntry
from ledger.checkpoint import Checkpoint
from ledger.errors import DamagedError, LadingError, RefusedError, UnavailableError, UsageError
from ledger.genesis import Genesis
from ledger.hashing import ledger_record
from ledger.merkle import Frontier, leaf_hash
from ledger.record import Item, Record
from ledger.smt import StateTree
from ledger.store.port import Store, StoreDamaged
from ledger.times import iso
from ledger.transaction import SignedTransaction
from nodes.reader import Act, LedgerReader
from nodes.state_view import CachedState
from nodes.verifier import InlineVerifier, Verifier

from .admission import Admission, Admitted
from .disk import append_beside

__all__ = [
    "AlreadyFounded",
    "Done",
    "EngineStopped",
    "Result",
    "SoloEngine",
    "collector_paused",
    "log_entries",
]

MAX_BACKWARD = 5_000
"""How far a clock may step back before the node stops, in milliseconds."""
MAX_BATCH = 1_000


class AlreadyFounded(UsageError):
    """The store holds a ledger already."""

    code = "engine.already_founded"
    hint = "choose another folder; a ledger is never made anew over another"


class EngineStopped(UnavailableError):
    """A commit failed, so that memory and disk may differ: the node reads everything again before it goes on."""

    code = "engine.stopped"
    hint = "start the command or the node again; what was acknowledged is on disk, the rest was not done"


@dataclass(slots=True)
class Done:
    """An entry is in the log. `repeated` says that it was there before."""

    index: int
    height: int
    time: int
    transaction: bytes
    record: bytes
    repeated: bool = False


Result = Done | LadingError
"""What became of one submitted entry: it is in the log, or the error that refused it."""

_LOOK_BACK: Final = 256
"""How many acts the engine goes back to name the winner to a loser, or to find the same transaction again."""
_LOOK_BACK_IN_ALL: Final = 4_096
"""How many in one batch: nobody can make the others wait by asking for what is long past."""
_NOT_REACHED: Final = EngineStopped("not reached")
_INLINE: Final = InlineVerifier()


@dataclass(slots=True)
class _Judged:
    """What a batch does, judged on the ledger as it is after `after`; and the new contents of the state."""

    admitted: Sequence[Admitted]
    after: Head | None
    time: int
    outcome: BatchOutcome
    items: Mapping[bytes, Item]


class SoloEngine:
    """One ledger, open for writing."""

    def __init__(self, store: Store, chain: Chain, clock: Callable[[], int]) -> None:
        self.store = store
        self.chain = chain
        self.clock = clock
        self.reader = LedgerReader(store, chain.tree.leaf)
        self.rules = self.reader.rules
        self.ledger_id = self.reader.genesis.id
        self._state = CachedState(store, chain.tree)
        self.meanwhile: Sequence[Callable[[], None]] = ()
        """What a commit does, as far as there is time, in the same thread while it waits for the disk.

        That may be `admit`, `fetch_ahead` and `judge_ahead` for the batches that follow. It does nothing then that
        changes the ledger's rules.
        """
        self._ahead: _Judged | None = None
        self._stopped = False
        self._look_back = 0

    @classmethod
    def found(cls, store: Store, genesis: Genesis, tables: Sequence[RuleTable], clock: Callable[[], int]) -> SoloEngine:
        """Begin a ledger: write its height 0, which follows from the genesis alone."""
        if store.head() is not None:
            raise AlreadyFounded("there is a ledger in this store")
        chain = Chain.empty()
        texts = [text.encode() for text in founding_texts(genesis, tables)]
        entries = [LogEntry(text, leaf_hash(text), ()) for text in texts]
        store.append(chain.extend(entries, founding_outcome(genesis, tables).items(), genesis.created))
        return cls(store, chain, clock)

    @classmethod
    def open(cls, store: Store, clock: Callable[[], int]) -> SoloEngine:
        """Open a ledger: read its state's leaves, and compare their root with the last commit's."""
        head = LedgerReader(store).head
        tree = StateTree.build(store.leaves())
        if tree.root != head.state_root:
            raise StoreDamaged("the state's leaves do not give the root of the last commit", value=tree.root)
        _check_signed(store)
        return cls(store, Chain(store.frontier(), tree, head), clock)

    @property
    def stopped(self) -> bool:
        """Whether nothing can be committed any more."""
        return self._stopped

    def submit(self, entries: Iterable[bytes]) -> list[Result]:
        """Admit, judge and commit one batch. A result for each entry, in order."""
        return self.commit(self.admit(entries, _INLINE).finish())

    def admit(self, entries: Iterable[bytes], verifier: Verifier) -> Admission:
        """Begin with what needs no state."""
        with collector_paused():
            return Admission(entries, verifier, self.ledger_id)

    def fetch_ahead(self, admitted: Sequence[Admitted]) -> None:
        """Read records that the next batch will ask for; what cannot be read, `commit` will say."""
        with collector_paused(), suppress(LadingError):
            self._state.look_ahead(_transactions(admitted))

    def judge_ahead(self, admitted: Sequence[Admitted]) -> None:
        """Judge the next batch, of which nothing is written yet; what cannot be judged, `commit` will say."""
        with collector_paused(), suppress(Exception):
            self._ahead = None
            judged = self._judged(admitted)
            if not any(isinstance(one.error, DamagedError | UnavailableError) for one in judged.outcome.refused):
                self._ahead = judged

    def commit(self, admitted: Sequence[Admitted]) -> list[Result]:
        """Judge and commit what was admitted; errors among it come back as they are.

        Raises `ClockWentBack`, or what the store raises. When writing failed, or the store is found
        damaged, the engine has stopped: from then on it raises `EngineStopped`.
        """
        if self._stopped:
            raise EngineStopped("an earlier commit failed")
        with collector_paused():
            return self._commit(admitted)

    def _commit(self, admitted: Sequence[Admitted]) -> list[Result]:
        self._look_back = _LOOK_BACK_IN_ALL
        positions = [at for at, one in enumerate(admitted) if isinstance(one, SignedTransaction)]
        results: list[Result] = [one if isinstance(one, LadingError) else _NOT_REACHED for one in admitted]
        if not positions:
            return results
        try:
            outcome, height, time = self._extend(admitted)
        except DamagedError:
            self._stopped = True
            raise
        for accepted in outcome.accepted:
            results[positions[accepted.position]] = Done(
                accepted.index, height, time, accepted.signed.id, accepted.record
            )
        for refused in outcome.refused:
            results[positions[refused.position]] = self._answer(refused.signed, refused.error)
        return results

    def _extend(self, admitted: Sequence[Admitted]) -> tuple[BatchOutcome, int, int]:
        """Judge a batch, and write what is accepted: its outcome, height and time."""
        judged, self._ahead = self._ahead, None
        self._state.let_go()
        if judged is None or judged.admitted is not admitted or judged.after is not self.chain.head:
            judged = self._judged(admitted)
        if judged.outcome.accepted:
            self._write(judged)
        return judged.outcome, 0 if self.chain.head is None else self.chain.head.height, judged.time

    def _judged(self, admitted: Sequence[Admitted]) -> _Judged:
        """Judge a batch on the ledger as it is in memory, which stays as it is."""
        time, signed = self._time(), _transactions(admitted)
        self._state.look_ahead(signed)
        self.rules = self.rules.at(self._next_height)
        outcome = apply_batch(self.rules, self._state, signed, time, self.chain.size, self._next_height)
        return _Judged(admitted, self.chain.head, time, outcome, outcome.items())

    def _time(self) -> int:
        """The batch's ledger time: the clock's, never below the last commit's. Raises `ClockWentBack`."""
        now, last = self.clock(), 0 if self.chain.head is None else self.chain.head.time
        if now < last - MAX_BACKWARD:
            raise ClockWentBack(f"the clock says {iso(now)}, the last commit is of {iso(last)}", value=now)
        return max(now, last)

    def _write(self, judged: _Judged) -> None:
        outcome = judged.outcome
        try:
            batch = self.chain.extend(log_entries(outcome.accepted), judged.items, judged.time)
            # Before it is on the disk, so that nobody who looks ahead reads there what is changed by it.
            self._state.keep(outcome)
            if self.meanwhile and ledger_record(self.ledger_id) not in outcome.records:
                append_beside(self.store, batch, self.meanwhile)
            else:
                self.store.append(batch)
        except BaseException:
            self._stopped = True
            raise
        self.rules = follow(self.rules, outcome, self._state, self.ledger_id)

    @property
    def _next_height(self) -> int:
        return 0 if self.chain.head is None else self.chain.head.height + 1

    def _answer(self, signed: SignedTransaction, error: LadingError) -> Result:
        """The answer to a refused transaction. What was accepted with it is on disk, so nothing is raised here."""
        try:
            return self._repeated(signed, error)
        except (DamagedError, UnavailableError) as failed:
            self._stopped = self._stopped or isinstance(failed, DamagedError)
            return failed

    def _repeated(self, signed: SignedTransaction, error: LadingError) -> Result:
        """The same transaction twice is answered "already done"; a loser is told which entry won."""
        if not isinstance(error, RefusedError):
            return error
        targets = signed.transaction.targets
        named = targets[0].record if targets else signed.transaction.arguments.get("record")
        record_id: bytes = named if type(named) is bytes else b""
        sequence = targets[0].sequence if targets else 0
        record = self._state.record(record_id)
        if record is None:
            return error
        winner = self._winner(record, sequence)
        if winner is None:
            return error
        if winner.signed.id == signed.id:
            height = self._height_of(winner.commit)
            return Done(winner.index, height, winner.time, signed.id, record_id, repeated=True)
        if isinstance(error, Stale):
            who = self._state.record(winner.signed.transaction.actor)
            name = winner.signed.transaction.actor.hex()[:12] if who is None else who.fields["alias"]
            won = Stale(
                f"entry {winner.index} won: {winner.signed.transaction.action} by {name} at {iso(winner.time)}; "
                f"this one was signed on sequence {sequence}, the record is at {record.sequence}",
                record=record_id,
                sequence=sequence,
            )
            won.winner = winner.index
            return won
        return error

    def _winner(self, record: Record, sequence: int) -> Act | None:
        """The act that set the sequence after `sequence`, if it is not too far back to look for."""
        steps = record.sequence - sequence - 1
        if not 0 <= steps <= _LOOK_BACK or self._look_back <= steps:
            return None
        self._look_back -= steps + 1
        winner = self.reader.back(record, steps)
        found = winner is not None and _sequence_after(winner.signed, record.id) == sequence + 1
        return winner if found else None

    def _height_of(self, commit_index: int) -> int:
        return self.reader.commit_of(commit_index - 1).height


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles: a batch makes thousands of objects and no cycle.

    The search would find nothing, and take a tenth of the time. Between batches it goes on.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _transactions(admitted: Iterable[Admitted]) -> list[SignedTransaction]:
    return [one for one in admitted if isinstance(one, SignedTransaction)]


def _check_signed(store: Store) -> None:
    """Refuse to go on from a log that does not lead to the newest checkpoint that was signed over it."""
    kept = store.checkpoint()
    if kept is None:
        return
    signed = Checkpoint.parse(kept.body.encode("utf-8"))
    if Frontier.read(store.hash_at, signed.size).root() != signed.root:
        raise StoreDamaged(f"the log does not have the root of its signed checkpoint of {signed.size} entries")


def log_entries(accepted: Sequence[Accepted]) -> list[LogEntry]:
    """What the log takes over of accepted transactions."""
    return [LogEntry(one.signed.entry, one.signed.leaf, one.previous) for one in accepted]


def _sequence_after(signed: SignedTransaction, record_id: bytes) -> int:
    """The sequence that a transaction gave to a record."""
    for target in signed.transaction.targets:
        if target.record == record_id:
            return target.sequence + 1
    return 1
