"""Cosigning a ledger on this machine: replay it into a replica of one's own, then vouch for its newest checkpoint.

    replica.db    in the cosigner's home: the log as this member has replayed it, entry by entry

The replica grows with the ledger: what was replayed before is not replayed again, and a log that was rewritten
underneath does not fit it any more. What is new is hashed before it is replayed: unless it leads from the replica
to the root of the checkpoint, nothing of it gets into the replica. A cosignature is given only over a checkpoint
whose size and root the replica has, by a key that the member's card names.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ledger.checkpoint import Checkpoint
from ledger.errors import ContradictionError, LadingError, UsageError
from ledger.merkle import Frontier, leaf_hash
from ledger.note import Note, VerifierKey
from ledger.policy import Policy
from ledger.quorum import Quorum, evaluate
from ledger.record import Record
from ledger.store.port import Store, StoredCheckpoint
from nodes.access import open_replica, open_store
from nodes.checkpoints import cosign_replayed
from nodes.cosigned import Cosigned
from nodes.desk import Desk
from nodes.keystore import KeyName
from nodes.lock import LockHeld
from nodes.policies import policy_of
from nodes.proofs import NoCheckpoint, signed_note
from nodes.replayer import LogDiffers, Replayer
from nodes.witness_client import ask_witnesses

__all__ = ["Cosigning", "NoCosignerKey", "cosign_newest", "quorum_of"]

_PORTION: Final = 20_000
"""How many entries are replayed between two signs of progress."""
_HINT: Final = (
    "ask the operator and the other cosigners which log they have; if it is the replica that is bad, delete replica.db "
    "and cosign again: cosigner.json still holds you to what you have signed"
)


class NoCosignerKey(UsageError):
    """This member's record on the ledger names no cosigner key, or not the one of this home."""

    code = "cosign.no_key"
    hint = "a cosigner's card is made with `lading member create --cosigner-name NAME`"


@dataclass(frozen=True, slots=True)
class Cosigning:
    """A checkpoint after this member has done its part: how many entries it replayed, and who has cosigned.

    `name` is that of the cosigner's key, None for an operator who signs as the log alone.
    """

    name: str | None
    height: int
    replayed: int
    quorum: Quorum
    silent: tuple[LadingError, ...] = ()
    """Why witnesses that were asked have not cosigned."""


def cosign_newest(
    desk: Desk, time: int, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> Cosigning:
    """Replay the ledger up to its newest checkpoint, and cosign that at `time` (POSIX seconds).

    In the operator's home the log signs the checkpoint of the newest commit first; an operator without a cosigner
    key does no more. `progress` is told how many entries of how many are replayed. Raises `LogDiffers`,
    `ReplayDiffers`, `WouldFork`, `NoCosignerKey` or `NoCheckpoint`.
    """
    if desk.home.settings.operator:
        with suppress(LockHeld), desk.writing("cosign"):
            pass  # at its end the checkpoint is signed; a node that holds the ledger signs by itself
    with desk.reading() as reader:
        policy = policy_of(desk.home, reader)
        stored = _newest(reader.store)
        stored, silent = _ask(desk, reader.store, stored, policy)
        quorum = quorum_of(stored, policy)
        height, name = reader.commit_of(stored.size - 1).height, _key_name(reader.record(desk.member), desk)
        if name is None:
            return Cosigning(None, height, 0, quorum, silent)
        replica = open_replica(desk.home)
        try:
            replayer = Replayer(replica)
            before = replayer.size
            _follow(replayer, reader.store, Checkpoint.parse(stored.body.encode("utf-8")), progress)
            line = cosign_replayed(stored, replayer, desk.keys, name, Cosigned(desk.home.cosigner_path), time)
        finally:
            replica.close()
    with open_store(desk.home, purpose="lading cosign") as store:
        store.put_checkpoint(stored.size, stored.body, [line])
        kept = store.checkpoint(stored.size) or stored
    return Cosigning(name, height, stored.size - before, quorum_of(kept, policy), silent)


def _ask(
    desk: Desk, reading: Store, stored: StoredCheckpoint, policy: str
) -> tuple[StoredCheckpoint, tuple[LadingError, ...]]:
    """In the operator's home, ask the policy's witnesses that have an address, and keep their lines.

    Raises `WitnessAhead` or `WitnessDisagrees`, after the lines of the others are kept.
    """
    if not desk.home.settings.operator:
        return stored, ()
    answers = ask_witnesses(reading, stored, Policy.parse(policy.encode("utf-8")))
    lines = [answer for answer in answers.values() if isinstance(answer, str)]
    errors = [answer for answer in answers.values() if isinstance(answer, LadingError)]
    if lines:
        with open_store(desk.home, purpose="lading cosign") as store:
            store.put_checkpoint(stored.size, stored.body, lines)
            stored = store.checkpoint(stored.size) or stored
    for error in errors:
        if isinstance(error, ContradictionError):
            raise error
    return stored, tuple(errors)


def quorum_of(stored: StoredCheckpoint, policy: str) -> Quorum:
    """What a policy makes of a stored checkpoint. Raises as `ledger.quorum.evaluate`."""
    return evaluate(Policy.parse(policy.encode("utf-8")), Note.parse(signed_note(stored)))


def _newest(store: Store) -> StoredCheckpoint:
    stored = store.checkpoint()
    if stored is None:
        raise NoCheckpoint("the operator has signed no checkpoint yet")
    return stored


def _key_name(member: Record, desk: Desk) -> str | None:
    """The name of the `…/replay` key with which the member cosigns; None for an operator that has none."""
    vkey = member.fields["cosigners"].get("replay")
    if vkey is None:
        if desk.home.settings.operator:
            return None
        raise NoCosignerKey(f"the card of {member.fields['alias']} names no cosigner key", value=member.id)
    key = VerifierKey.parse(vkey)
    if key.public_key != desk.keys.public_key(KeyName.REPLAY):
        raise NoCosignerKey(f"the key {key.name} of the ledger is not the one of this home", value=vkey)
    return key.name


def _follow(replayer: Replayer, log: Store, checkpoint: Checkpoint, progress: Callable[[int, int], None]) -> None:
    """Replay the entries that the replica lacks, if they lead to the checkpoint."""
    try:
        edges = _extension(replayer.chain.frontier, log, checkpoint)
        for before, after in pairwise(edges):
            portion = [entry.data for entry in log.entries(before.size, after.size)]
            if before.extend([leaf_hash(data) for data in portion])[0] != after:
                raise LogDiffers(f"the log changed while it was read, before entry {after.size}", value=after.size)
            replayer.feed(portion)
            progress(after.size, checkpoint.size)
    except LogDiffers as differs:
        differs.hint = _HINT
        raise


def _extension(start: Frontier, log: Store, checkpoint: Checkpoint) -> list[Frontier]:
    """The right edges, a portion apart, on the way from `start` to a checkpoint. Raises `LogDiffers`."""
    edges = [start]
    for first in range(start.size, checkpoint.size, _PORTION):
        portion = log.entries(first, min(first + _PORTION, checkpoint.size))
        edges.append(edges[-1].extend([leaf_hash(entry.data) for entry in portion])[0])
    if start.size < checkpoint.size and (edges[-1].size, edges[-1].root()) != (checkpoint.size, checkpoint.root):
        raise LogDiffers(
            f"the entries from {start.size} on do not lead from the replica to the checkpoint of {checkpoint.size}",
            value=start.size,
        )
    return edges
