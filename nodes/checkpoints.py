"""Signing checkpoints: the log's own signature, and the cosignatures of members who have replayed it.

Before it signs, a node hashes every entry since the newest checkpoint that it has signed again, from its bytes,
and continues the tree of that checkpoint: it never signs over a stored hash alone. Before a cosignature is given
out, its size and root are written durably to the cosigner's home (`nodes.cosigned`), so that no cosigner ever
signs a smaller size, another root, or an earlier time. The log's own key is held to the same, as "log" in the
operator's home: an older ledger.db that was put back is found before anything is signed over it.
"""

from __future__ import annotations

from typing import Final

from ledger.chain import Head
from ledger.checkpoint import Checkpoint
from ledger.cosignature import signed_message
from ledger.errors import ContradictionError, DamagedError, LadingError
from ledger.merkle import Frontier, leaf_hash
from ledger.note import COSIGNATURE_KEY, SIGNING_KEY, NoteSignature, VerifierKey, key_id, verify_signature
from ledger.store.port import Store, StoreDamaged, StoredCheckpoint
from nodes.cosigned import Cosigned, Signed
from nodes.keystore import KeyName, KeyStore
from nodes.replayer import Replayer

__all__ = [
    "LogWentBack",
    "ReplayDiffers",
    "check_not_behind",
    "cosign_replayed",
    "current_checkpoint",
    "sign_current",
]

_PORTION: Final = 4096
"""Leaf hashes that are held in memory at once."""


class ReplayDiffers(ContradictionError):
    """The log that was replayed does not have the root of the checkpoint that it is asked to cosign."""

    code = "cosign.replay_differs"
    hint = "do not cosign; keep the checkpoint as evidence, and ask the operator and the other cosigners"


class LogWentBack(DamagedError):
    """The ledger is smaller than, or contradicts, a checkpoint that its log's key has signed."""

    code = "cosign.log_went_back"
    hint = (
        "an older ledger.db was put back: put the newest one back; if there is none, ask the cosigners, "
        "whose replica.db holds the log that they have cosigned"
    )


def current_checkpoint(store: Store, origin: str) -> Checkpoint:
    """The checkpoint of the newest commit, its root computed from the stored hashes."""
    head = _head(store)
    entry = next(iter(store.entries(head.size - 1, head.size)), None)
    if entry is None or entry.leaf != head.commit_leaf:
        raise StoreDamaged("the last entry of the log is not the last commit", value=head.size - 1)
    return Checkpoint(origin, head.size, Frontier.read(store.hash_at, head.size).root())


def check_not_behind(store: Store, origin: str, memory: Cosigned) -> int:
    """Refuse a log that does not contain what its key has signed last, and give the size of that; 0 for nothing.

    Raises `LogWentBack`, or `nodes.cosigned.CosignedDamaged`.
    """
    signed = memory.newest("log", origin)
    if signed is None:
        return 0
    size = _head(store).size
    if size < signed.size:
        raise LogWentBack(f"the ledger has {size} entries, and its log has signed {signed.size}", value=size)
    if Frontier.read(store.hash_at, signed.size).root() != signed.root:
        raise LogWentBack(f"the ledger has another root than its log has signed at size {signed.size}", value=size)
    return signed.size


def sign_current(store: Store, origin: str, keys: KeyStore, memory: Cosigned | None = None) -> StoredCheckpoint:
    """Sign the checkpoint of the newest commit with the log's key, and keep it; nothing if it is there.

    `memory` is that of the operator's home; only a founding does without, whose checkpoint follows from the genesis.
    Raises `StoreDamaged`, naming the entry, where what is stored is not what it was, or `LogWentBack`.
    """
    head = _head(store)
    remembered = 0 if memory is None else check_not_behind(store, origin, memory)
    key = VerifierKey(origin, SIGNING_KEY, keys.public_key(KeyName.LOG))
    kept = store.checkpoint(head.size)
    if kept is not None and _is_signed(kept, key) and (memory is None or remembered == head.size):
        return kept
    checkpoint = _rehashed(store, key, head)
    if memory is not None:
        memory.advance("log", origin, Signed(checkpoint.size, checkpoint.root, head.time // 1000))
    body = checkpoint.body()
    line = NoteSignature(origin, key.id, keys.sign(KeyName.LOG, body))
    store.put_checkpoint(checkpoint.size, body.decode("utf-8"), [str(line)])
    kept = store.checkpoint(checkpoint.size)
    if kept is None:
        raise StoreDamaged("a checkpoint that was just kept is not there", value=checkpoint.size)
    return kept


def _head(store: Store) -> Head:
    head = store.head()
    if head is None:
        raise StoreDamaged("the store holds no commit")
    return head


def _rehashed(store: Store, key: VerifierKey, head: Head) -> Checkpoint:
    """The checkpoint at `head`, its root computed from the bytes of the entries since the newest signed one."""
    frontier = _signed_frontier(store, key)
    leaves = []
    for entry in store.entries(frontier.size, head.size):
        leaves.append(leaf_hash(entry.data))
        if len(leaves) == _PORTION:
            frontier, leaves = frontier.extend(leaves)[0], []
    frontier = frontier.extend(leaves)[0]
    if frontier.size != head.size or frontier.root() != Frontier.read(store.hash_at, head.size).root():
        raise StoreDamaged(f"the stored hashes of the log's tree are not those of its {head.size} entries")
    return Checkpoint(key.name, head.size, frontier.root())


def _signed_frontier(store: Store, key: VerifierKey) -> Frontier:
    """The right edge of the tree at the newest checkpoint that the log's key has signed; else the empty one."""
    newest = store.checkpoint()
    for stored in [newest] if newest and _is_signed(newest, key) else store.checkpoints():
        if _is_signed(stored, key):
            frontier = Frontier.read(store.hash_at, stored.size)
            if frontier.root() != Checkpoint.parse(stored.body.encode("utf-8")).root:
                raise StoreDamaged(f"the log does not have the root that was signed at size {stored.size}")
            return frontier
    return Frontier()


def _is_signed(stored: StoredCheckpoint, key: VerifierKey) -> bool:
    """Whether the log's key has signed a stored checkpoint. Raises `StoreDamaged` for a signature that fails."""
    for line in stored.lines:
        try:
            signature = NoteSignature.parse(line)
            if signature.key == (key.name, key.id):
                verify_signature(key, stored.body.encode("utf-8"), signature)
                return True
        except LadingError as exc:
            raise StoreDamaged(
                f"a signature of the checkpoint of size {stored.size} is damaged: {exc.message}", value=stored.size
            ) from None
    return False


def cosign_replayed(
    stored: StoredCheckpoint, replayer: Replayer, keys: KeyStore, name: str, memory: Cosigned, time: int
) -> str:
    """The cosignature line of a `…/replay` key over a checkpoint whose log was replayed to its size.

    `time` is in POSIX seconds. Raises `ReplayDiffers`, or `nodes.cosigned.WouldFork`.
    """
    checkpoint = Checkpoint.parse(stored.body.encode("utf-8"))
    if replayer.size != checkpoint.size or replayer.root() != checkpoint.root:
        raise ReplayDiffers(
            f"the replay has {replayer.size} entries and root {replayer.root().hex()[:16]}…, the checkpoint "
            f"{checkpoint.size} and {checkpoint.root.hex()[:16]}…",
            value=checkpoint.root,
        )
    signed = Signed(checkpoint.size, checkpoint.root, time)
    memory.advance("replay", checkpoint.origin, signed, root_at=replayer.root_at)
    signature = keys.sign(KeyName.REPLAY, signed_message(time, checkpoint.body()))
    identity = key_id(name, COSIGNATURE_KEY, keys.public_key(KeyName.REPLAY))
    return str(NoteSignature(name, identity, time.to_bytes(8, "big") + signature))
