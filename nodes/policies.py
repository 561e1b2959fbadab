"""Which policy a home judges by: the one that it has pinned, or the newest adopted where that is the genesis's.

    adopted   [genesis's] → [voted in, from height 40] → …      each link: the act that adopted it, under a checkpoint
                                                                which the policy before had cosigned

A policy that members voted in takes the place of the one before from its height on, once a checkpoint that covers its
adoption has the quorum of the one before: nobody but that quorum can hand its trust on. A home that has pinned another
policy than the genesis's has made its own choice, and keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from contracts.governance import adopted_text
from contracts.voted import Voted
from ledger.errors import UnverifiedError
from ledger.hashing import ledger_record
from ledger.note import Note
from ledger.policy import Policy
from ledger.quorum import evaluate
from nodes.home import Home
from nodes.proofs import signed_note
from nodes.reader import LedgerReader

__all__ = ["Adopted", "adopted_policies", "policy_of"]


@dataclass(frozen=True, slots=True)
class Adopted:
    """One policy of a ledger: its text, from which height it is in force, and by which entry it was adopted.

    `trusted` says that the quorum of the policy before, by keys that replay, has cosigned a checkpoint over that entry.
    """

    text: str
    from_height: int
    entry: int
    trusted: bool

    @property
    def digest(self) -> bytes:
        """Its SHA-256."""
        return sha256(self.text.encode("utf-8")).digest()


def adopted_policies(reader: LedgerReader) -> list[Adopted]:
    """The policies of a ledger in the order of their heights, that of the genesis first."""
    genesis = reader.genesis
    found = [Adopted(genesis.policy, 0, 0, True)]
    own = Voted.read(reader.record(ledger_record(genesis.id)))
    for since, digest, _ in sorted(own.policies[1:], key=lambda one: one[0]):
        text = adopted_text(digest, reader.find).decode("utf-8")
        entry = reader.record(digest).entry
        before = next(one for one in reversed(found) if one.trusted)
        found.append(Adopted(text, since, entry, _handed_on(reader, before.text, entry)))
    return found


def policy_of(home: Home, reader: LedgerReader) -> str:
    """The text of the policy by which this home judges the ledger now. Raises errors of a damaged home."""
    pinned = home.read_policy()
    if pinned != reader.genesis.policy:
        return pinned
    height = reader.head.height
    return next(one.text for one in reversed(adopted_policies(reader)) if one.trusted and one.from_height <= height)


def _handed_on(reader: LedgerReader, policy: str, entry: int) -> bool:
    """Whether a checkpoint that covers an entry has the quorum of a policy."""
    judge = Policy.parse(policy.encode("utf-8"))
    for stored in reader.store.checkpoints():
        if stored.size <= entry:
            return False
        try:
            if evaluate(judge, Note.parse(signed_note(stored))).replayed:
                return True
        except UnverifiedError:  # no key of that policy's log has signed it
            continue
    return False
