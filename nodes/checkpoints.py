"""Signing checkpoints: the log's own signature, and the cosignatures of members who have replayed it.

Before it signs, a node reads the log's end from the store again: it never signs over a hash that it cannot
read back. Before a cosignature is given out, its size and root are written durably to the cosigner's home
(`nodes.cosigned`), so that no cosigner ever signs a smaller size, another root, or an earlier time.
"""

from __future__ import annotations

from ledger.checkpoint import Checkpoint
from ledger.cosignature import signed_message
from ledger.errors import ContradictionError
from ledger.merkle import Frontier
from ledger.note import COSIGNATURE_KEY, SIGNING_KEY, NoteSignature, key_id
from ledger.store.port import Store, StoreDamaged, StoredCheckpoint
from nodes.cosigned import Cosigned, Signed
from nodes.keystore import KeyName, KeyStore
from nodes.replayer import Replayer

__all__ = ["ReplayDiffers", "cosign_replayed", "current_checkpoint", "sign_current"]


class ReplayDiffers(ContradictionError):
    """The log that was replayed does not have the root of the checkpoint that it is asked to cosign."""

    code = "cosign.replay_differs"
    hint = "do not cosign; keep the checkpoint as evidence, and ask the operator and the other cosigners"


def current_checkpoint(store: Store, origin: str) -> Checkpoint:
    """The checkpoint of the newest commit, its root computed from the stored hashes."""
    head = store.head()
    if head is None:
        raise StoreDamaged("the store holds no commit")
    entry = next(iter(store.entries(head.size - 1, head.size)), None)
    if entry is None or entry.leaf != head.commit_leaf:
        raise StoreDamaged("the last entry of the log is not the last commit", value=head.size - 1)
    return Checkpoint(origin, head.size, Frontier.read(store.hash_at, head.size).root())


def sign_current(store: Store, origin: str, keys: KeyStore) -> StoredCheckpoint:
    """Sign the checkpoint of the newest commit with the log's key, and keep it; nothing if it is there."""
    checkpoint = current_checkpoint(store, origin)
    body = checkpoint.body()
    identity = key_id(origin, SIGNING_KEY, keys.public_key(KeyName.LOG))
    kept = store.checkpoint(checkpoint.size)
    if kept is None or not any(NoteSignature.parse(line).key_id == identity for line in kept.lines):
        line = NoteSignature(origin, identity, keys.sign(KeyName.LOG, body))
        store.put_checkpoint(checkpoint.size, body.decode("utf-8"), [str(line)])
    kept = store.checkpoint(checkpoint.size)
    if kept is None:
        raise StoreDamaged("a checkpoint that was just kept is not there", value=checkpoint.size)
    return kept


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
    memory.advance("replay", checkpoint.origin, Signed(checkpoint.size, checkpoint.root, time))
    signature = keys.sign(KeyName.REPLAY, signed_message(time, checkpoint.body()))
    identity = key_id(name, COSIGNATURE_KEY, keys.public_key(KeyName.REPLAY))
    return str(NoteSignature(name, identity, time.to_bytes(8, "big") + signature))
