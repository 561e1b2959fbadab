"""What the reading commands share: the ledger, the member's documents where they can be opened, names for parties."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .context import Session
from .output import moment
from .parties import name_of, party_facts

if TYPE_CHECKING:
    from ledger.record import Pending, Record
    from nodes.reader import LedgerReader
    from nodes.vault import Vault

__all__ = ["Papers", "kind_text", "papers", "pending_facts", "pending_text", "state_text"]

_MODES = {"endorse": "endorsed", "blank": "endorsed in blank", "possession": "possession only"}


@dataclass(slots=True)
class Papers:
    """The ledger for reading, the member's vault if it is open, and who is who."""

    reader: LedgerReader
    vault: Vault | None
    me: bytes | None
    known: dict[bytes, Record | None] = field(default_factory=dict)

    def member(self, party: bytes | None) -> Record | None:
        """The member that a party is."""
        if party is None:
            return None
        if party not in self.known:
            found = self.reader.find(party)
            self.known[party] = found if found is not None and found.kind == "member" else None
        return self.known[party]

    def name(self, party: bytes | None) -> str:
        """A party by its alias, else by the beginning of its reference; a dash for none."""
        from nodes.lookup import alias_of

        member = self.member(party)
        return alias_of(party, {} if member is None else {member.id: member})

    def full(self, party: bytes | None) -> str:
        """A party by its legal name, alias and LEI; a group with its members."""
        member = self.member(party)
        if member is None:
            group = self.group(party)
            if group is None:
                return self.name(party)
            names = ", ".join(self.name(one) for one in group.fields["members"])
            return f"group {self.name(party)} ({group.fields['threshold']} of {names})"
        lei = member.fields["lei"]
        return f"{name_of(member)} ({member.fields['alias']})" + (f", LEI {lei}" if lei else "")

    def group(self, party: bytes | None) -> Record | None:
        """The group in joint control that a party is."""
        from contracts.parties import GROUP

        found = None if party is None else self.reader.find(party)
        return found if found is not None and found.kind == GROUP else None

    def full_facts(self, party: bytes | None) -> dict[str, Any] | None:
        """A party for `--json` with its legal names and LEI."""
        member, facts = self.member(party), self.facts(party)
        group = None if facts is None else self.group(party)
        if facts is not None and group is not None:
            members = [self.facts(one) for one in group.fields["members"]]
            return {**facts, "members": members, "threshold": group.fields["threshold"]}
        if member is None or facts is None:
            return facts
        return {**facts, "names": dict(member.fields["names"]), "lei": member.fields["lei"]}

    def facts(self, party: bytes | None) -> dict[str, Any] | None:
        """A party for `--json`."""
        member = self.member(party)
        return party_facts(party, {} if member is None else {member.id: member})

    def labels(self) -> dict[bytes, dict[str, str]]:
        """What the vault's documents are labelled with, by record."""
        return {} if self.vault is None else {entry.record_id: entry.labels for entry in self.vault.entries()}


@contextmanager
def papers(session: Session, *, ask: bool = True) -> Iterator[Papers]:
    """The ledger, and the vault with the inbox fetched, if a passphrase is at hand.

    With `ask` a person at a terminal is asked for it. Without one, what lies in the vault is not shown.
    """
    from .acting import fetch

    home = session.home
    can_open = session.passphrase_at_hand or (ask and sys.stdin.isatty())
    if not (home.has_keys and can_open):
        with session.reading() as reader:
            yield Papers(reader, None, home.settings.member)
        return
    with session.desk() as desk, desk.reading() as reader:
        fetch(desk, reader, session.screen)
        yield Papers(reader, desk.vault, home.settings.member)


def kind_text(kind: str) -> str:
    """A kind as people say it."""
    return kind.replace("_", " ")


def state_text(status: str) -> str:
    """A state as people say it."""
    return status.replace("_", " ")


def pending_facts(pending: Pending | None, shown: Papers, time: int) -> dict[str, Any] | None:
    """An offer for `--json`."""
    if pending is None:
        return None
    return {
        "to": shown.facts(pending.party),
        "mode": pending.mode,
        "until": None if pending.until is None else moment(pending.until),
        "lapsed": pending.until is not None and time > pending.until,
        "purpose": pending.purpose,
    }


def pending_text(pending: Pending, shown: Papers, time: int) -> str:
    """An offer in words, as it stands at a ledger time."""
    until = "" if pending.until is None else f", until {moment(pending.until)}"
    if pending.until is not None and time > pending.until:
        until = f"; the offer has lapsed since {moment(pending.until)}"
    how = f", {_MODES.get(pending.mode, pending.mode)}" if pending.purpose == "transfer" else ""
    return f"{shown.name(pending.party)}, for {pending.purpose.replace('_', ' ')}{how}{until}"
