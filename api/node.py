"""A node at work: one ledger, open for writing in one thread and for reading in others.

    with Node.open(home, keys, clock=now_ms, purpose="lading serve at http://127.0.0.1:8720") as node:
        result = node.submit(entry).result()

The ledger's lock is held from beginning to end, so that no command on this machine writes meanwhile. Entries go to
the group committer; reads go through a second store that only reads, and never wait for a commit. A state proof
is read from the tree in memory, which is for one thread at a time: it is made between two commits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from itertools import islice
from threading import RLock
from typing import Any, Final, cast

from ledger.chain import Chain
from ledger.errors import UnverifiedError, UsageError
from ledger.note import Note, VerifierKey
from ledger.policy import NO_QUORUM, Policy
from ledger.quorum import evaluate
from ledger.store.port import Store, StoredCheckpoint
from ledger.store.sqlite import open_sqlite
from ledger.tiles import Tile
from ledger.times import iso
from nodes.checkpoints import check_not_behind, sign_current
from nodes.cosigned import Cosigned
from nodes.engines.admission import Admitted
from nodes.engines.committer import GroupCommitter
from nodes.engines.solo import Done, Result, SoloEngine
from nodes.home import Home, OtherLedger
from nodes.keystore import KeyStore
from nodes.log_tiles import LogTiles
from nodes.policies import policy_of
from nodes.proofs import NoCheckpoint, Prover, signed_note
from nodes.reader import LedgerReader
from nodes.verifier import InlineVerifier, Verifier, WorkerVerifier
from nodes.witness import NOT_A_WITNESS, Answer, Witness

from .checkpoint_signer import CheckpointSigner
from .errors import NoCheckpointYet

__all__ = ["Node", "NotTheOperator"]

CACHE_MIB: Final = 64
SEARCHED: Final = 2_000
"""How many of the newest checkpoints are searched for one with a quorum."""


class NotTheOperator(UsageError):
    """The ledger does not lie in this home."""

    code = "node.not_the_operator"
    hint = "serve from the operator's home, the one with ledger.db: `lading serve --home FOLDER`"


class Node:
    """One open ledger. Every method may be called from any thread."""

    def __init__(self, home: Home, engine: _SharedEngine, reading: Store, signs: bool, verifier: Verifier) -> None:
        self.home = home
        self.reader = LedgerReader(reading)
        self.signs = signs
        """Whether checkpoints are signed after commits."""
        self.signer: CheckpointSigner | None = None
        self.witness: Witness | None = None
        """What cosigns other logs, those of `witnessed.txt`."""
        self._engine = engine
        self._committer = GroupCommitter(engine, verifier)
        self._prover = Prover(reading, engine.chain.tree)

    @classmethod
    @contextmanager
    def open(
        cls, home: Home, keys: KeyStore | None, *, clock: Callable[[], int], purpose: str, workers: int | None = None
    ) -> Iterator[Node]:
        """The node of an operator's home. Without `keys` it signs no checkpoints.

        `workers` are processes that check signatures; one if there is a second core. Raises `NotTheOperator`,
        `nodes.lock.LockHeld`, `nodes.checkpoints.LogWentBack`, or what opening the store and the ledger raises.
        """
        if not home.settings.operator:
            raise NotTheOperator(f"{home.folder} is no operator's home", value=str(home.folder))
        with ExitStack() as stack:
            stack.enter_context(home.ledger_lock(purpose=purpose))
            writing = open_sqlite(home.ledger_path, cache_mib=CACHE_MIB)
            stack.callback(writing.close)
            engine = cast(_SharedEngine, _SharedEngine.open(writing, clock))
            _check_pin(home, engine)
            origin, memory = engine.reader.genesis.origin, Cosigned(home.cosigner_path)
            check_not_behind(writing, origin, memory)
            reading = open_sqlite(home.ledger_path, read_only=True)
            stack.callback(reading.close)
            verifier = _verifier(workers)
            stack.callback(verifier.close)
            node = cls(home, engine, reading, keys is not None, verifier)
            if keys is not None:
                node.witness = _witness(home, node.reader, keys, memory, clock)
                node.signer = CheckpointSigner(lambda: sign_current(writing, origin, keys, memory))
                stack.callback(node.signer.close)
                node.signer.wake()
            stack.callback(node._committer.close)
            yield node

    @property
    def policy(self) -> Policy:
        """The policy by which this member judges now: the one that it pinned, or what was voted in its place."""
        return Policy.parse(policy_of(self.home, self.reader).encode("utf-8"))

    def submit(self, entry: bytes) -> Future[Result]:
        """Submit one entry, for a future that holds `Done` or an error.

        Raises `Busy`, `CommitterClosed` or `EngineStopped`.
        """
        future = self._committer.submit(entry)
        future.add_done_callback(self._committed)
        return future

    def _committed(self, future: Future[Result]) -> None:
        if self.signer is not None and not future.cancelled() and isinstance(future.result(), Done):
            self.signer.wake()

    def status(self) -> dict[str, Any]:
        """Where the ledger stands; open to everybody, as the checkpoint is."""
        head = self.reader.head
        genesis = self.reader.genesis
        newest = self.reader.store.checkpoint()
        return {
            "ledger": genesis.id.hex(),
            "origin": genesis.origin,
            "height": head.height,
            "size": head.size,
            "time": iso(head.time),
            "checkpoint": None if newest is None else newest.size,
            "signs": self.signs,
        }

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint with all its signature lines. Raises `NoCheckpointYet`."""
        newest = self.reader.store.checkpoint()
        if newest is None or not newest.lines:
            raise NoCheckpointYet("no checkpoint has been signed yet")
        return signed_note(newest)

    def tile(self, tile: Tile) -> bytes:
        """A tile of the log under the newest signed checkpoint. Raises `NoSuchTile` or `StoreDamaged`."""
        newest = self.reader.store.checkpoint()
        size = newest.size if newest is not None and newest.lines else 0
        return LogTiles(self.reader.store, size).read(tile)

    def add_checkpoint(self, data: bytes) -> Answer:
        """What this node answers as a witness of other logs; that it knows none, where it has no witness key."""
        return NOT_A_WITNESS if self.witness is None else self.witness.add_checkpoint(data)

    def prove(self, record_id: bytes, size: int | None = None) -> bytes:
        """The bundle of a record without its document, under the checkpoint of `size`, or the newest with a quorum.

        Raises `NoCheckpoint`, `NotProvable` or `NoSuchRecord`.
        """
        self.reader.record(record_id)
        checkpoint = self._quorum_checkpoint() if size is None else self._checkpoint_of(size)
        with self._engine.lock:
            bundle = self._prover.bundle(record_id, checkpoint)
        return bundle.encode()

    def _checkpoint_of(self, size: int) -> StoredCheckpoint:
        found = self.reader.store.checkpoint(size)
        if found is None or not found.lines:
            raise NoCheckpoint(f"no checkpoint of {size} entries has been signed", value=size)
        return found

    def _quorum_checkpoint(self) -> StoredCheckpoint:
        policy = self.policy
        for stored in islice(self.reader.store.checkpoints(), SEARCHED):
            if _has_quorum(stored, policy):
                return stored
        raise NoCheckpoint("no checkpoint has the quorum of the node's policy yet")


class _SharedEngine(SoloEngine):
    """An engine between whose commits another thread may read the tree, under `lock`."""

    def __init__(self, store: Store, chain: Chain, clock: Callable[[], int]) -> None:
        super().__init__(store, chain, clock)
        self.lock = RLock()

    def commit(self, admitted: Sequence[Admitted]) -> list[Result]:
        """Judge and commit while nobody reads the tree."""
        with self.lock:
            return super().commit(admitted)


def _has_quorum(stored: StoredCheckpoint, policy: Policy) -> bool:
    """Whether enough have cosigned who have replayed the ledger."""
    fewest = 1 if policy.quorum == NO_QUORUM else 2
    if len(stored.lines) < fewest:
        return False
    try:
        return evaluate(policy, Note.parse(signed_note(stored))).replayed
    except UnverifiedError:  # signed by a log key that the policy does not have
        return False


def _witness(
    home: Home, reader: LedgerReader, keys: KeyStore, memory: Cosigned, clock: Callable[[], int]
) -> Witness | None:
    """The witness that this member's card names, over the logs of its home."""
    member = None if home.settings.member is None else reader.find(home.settings.member)
    text = None if member is None else member.fields["cosigners"].get("witness")
    if text is None:
        return None
    logs = Witness.watched(home.witnessed_path)
    return Witness(VerifierKey.parse(text).name, keys, logs, memory, home.folder / "witnessed", clock)


def _verifier(workers: int | None) -> Verifier:
    count = int((os.cpu_count() or 1) > 1) if workers is None else workers
    return WorkerVerifier(count) if count else InlineVerifier()


def _check_pin(home: Home, engine: SoloEngine) -> None:
    """A home belongs to one ledger."""
    if home.settings.ledger_id not in (None, engine.ledger_id):
        raise OtherLedger("the ledger in this home is not the one that it is pinned to", value=engine.ledger_id)
