"""What a verification has established so far, and the errors that its steps share.

A `ContradictionError` makes a step INVALID; any other error of ours makes it UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from .bundle import Bundle
from .checkpoint import Checkpoint
from .entry import Commit
from .errors import ContradictionError, UnverifiedError
from .genesis import Genesis
from .policy import Policy
from .quorum import Quorum
from .record import Record
from .report import TitleEvent
from .succession import said_of
from .transaction import SignedTransaction, Transaction

__all__ = ["ChainBroken", "CommitFalse", "Evidence", "OtherLedger", "ProvenAct", "TimeMissing", "Unreadable"]

ProvenAct = tuple[int, int, SignedTransaction]
"""An entry that is a transaction: its index, its ledger time, the transaction."""
_Found = TypeVar("_Found")


class Unreadable(UnverifiedError):
    """A part of the bundle cannot be read."""

    code = "verify.unreadable"
    hint = "ask for the file again; a newer version of lading may read it"


class OtherLedger(UnverifiedError):
    """The bundle is of a ledger that the policy does not know."""

    code = "verify.other_ledger"
    hint = "use the policy of that ledger, from a source that you trust, not from the bundle"


class TimeMissing(UnverifiedError):
    """No commit of the bundle closes an entry."""

    code = "verify.no_commit"
    hint = "the bundle is incomplete or was put together wrongly; ask for it again"


class CommitFalse(ContradictionError):
    """The commits of the bundle contradict each other or their places in the log."""

    code = "verify.commit_false"
    hint = "the log was not written by these rules; do not rely on this file"


class ChainBroken(ContradictionError):
    """The entries are not one unbroken history of the record."""

    code = "verify.chain_broken"
    hint = "an entry is missing, changed, or of another record; do not rely on this file"


@dataclass(slots=True)
class Evidence:
    """A bundle, what it is checked against, and what the steps have found in it."""

    bundle: Bundle
    policy: Policy
    at: int
    max_age: int
    ledger: bytes = b""
    """The ledger's id."""
    genesis: Genesis | None = None
    checkpoint: Checkpoint | None = None
    quorum: Quorum | None = None
    commits: list[Commit] = field(default_factory=list)
    acts: list[ProvenAct] = field(default_factory=list)
    """Every entry that is a transaction, in order."""
    chain: list[ProvenAct] = field(default_factory=list)
    """Those of the record."""
    signers: dict[int, tuple[tuple[bytes, bytes], ...]] = field(default_factory=dict)
    """Who signed each entry, by which key, the actor first; after step 7."""
    state: Record | None = None
    events: list[TitleEvent] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    aliases: dict[bytes, str] = field(default_factory=dict)
    """Members by what the genesis and the entries call them."""
    codes: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    """The codes of members, as LIST:CODE."""
    legal: dict[bytes, tuple[dict[str, str], str]] = field(default_factory=dict)
    """The legal names of members, by language, and their LEI, which may be empty."""

    def the_genesis(self) -> Genesis:
        """The genesis, after step 2."""
        return _known(self.genesis)

    def the_checkpoint(self) -> Checkpoint:
        """The checkpoint, after step 3."""
        return _known(self.checkpoint)

    def the_quorum(self) -> Quorum:
        """What the policy makes of the checkpoint, after step 3."""
        return _known(self.quorum)

    def the_state(self) -> Record:
        """The record as it is in the state, after step 11."""
        return _known(self.state)

    @property
    def first(self) -> Transaction:
        """The act that brought the record into being, after step 9."""
        return self.chain[0][2].transaction

    def said(self, name: str, kind: type[_Found]) -> _Found | None:
        """An argument about the record as the newest act that has one gives it, or nothing; after step 9."""
        for _, _, signed in reversed(self.chain):
            value = said_of(signed.transaction, self.bundle.record).get(name)
            if isinstance(value, kind):
                return value
        return None

    def warn(self, warning: str) -> None:
        """Note what a reader must know beside the verdicts."""
        self.facts.setdefault("warnings", []).append(warning)

    def name(self, party: bytes | None) -> str:
        """A party by its alias, or the beginning of its reference."""
        if party is None:
            return "nobody"
        return self.aliases.get(party) or party.hex()[:16]

    def party(self, party: bytes | None) -> dict[str, Any] | None:
        """A party as its card or its enrolment has it: alias, legal names by language, LEI; None for nobody."""
        if party is None:
            return None
        names, lei = self.legal.get(party, ({}, ""))
        return {"alias": self.name(party), "names": names, "lei": lei}


def _known(value: _Found | None) -> _Found:
    if value is None:
        raise Unreadable("an earlier step has not established it")
    return value
