"""Signing checkpoints: the log's own signature, and the cosignatures of members who have replayed it.

Before it signs, a node reads the log's end from the store again: it never signs over a hash that it cannot
read back. Before a cosignature is given out, its size and root are written durably to the cosigner's home
(`nodes.cosigned`), so that no cosigner ever signs a smaller size, another root, or an earlier time.
"""

from __future__ import annotations

from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.merkle import Frontier
from ledger.note import NoteSignature
from ledger.store.port import Store, StoreDamaged, StoredCheckpoint

__all__ = ["current_checkpoint", "sign_current"]


def current_checkpoint(store: Store, origin: str) -> Checkpoint:
    """The checkpoint of the newest commit, its root computed from the stored hashes."""
    head = store.head()
    if head is None:
        raise StoreDamaged("the store holds no commit")
    entry = next(store.entries(head.size - 1, head.size), None)
    if entry is None or entry.leaf != head.commit_leaf:
        raise StoreDamaged("the last entry of the log is not the last commit", value=head.size - 1)
    return Checkpoint(origin, head.size, Frontier.read(store.hash_at, head.size).root())


def sign_current(store: Store, origin: str, log_seed: bytes) -> StoredCheckpoint:
    """Sign the checkpoint of the newest commit with the log's key, and keep it. Does nothing if it is there."""
    checkpoint = current_checkpoint(store, origin)
    line: NoteSignature = sign_checkpoint(log_seed, checkpoint)
    store.put_checkpoint(checkpoint.size, checkpoint.body().decode("utf-8"), [str(line)])
    kept = store.checkpoint(checkpoint.size)
    if kept is None:
        raise StoreDamaged("a checkpoint that was just kept is not there", value=checkpoint.size)
    return kept
