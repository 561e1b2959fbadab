"""`lading rules rulebook`: the text under which bills are issued, which binds the members beside the rule tables."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import typer

from ledger.errors import LadingError

from .context import READING, Session, command

if TYPE_CHECKING:
    from nodes.reader import LedgerReader

__all__ = ["register", "rulebook"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, rulebook, panel=READING, keys=False)


def rulebook(session: Session) -> None:
    """Print the rulebook that bills name by its SHA-256: the ledger's where its text is known, else lading's own."""
    from nodes.home import HomeNotFound
    from nodes.tables import shipped_rulebook

    text, shipped = shipped_rulebook()
    wanted: str | None = None
    try:
        with session.reading() as reader:
            wanted = reader.rules.parameters.get("rulebook", "")
            voted = None if wanted in ("", shipped) else _voted(reader, wanted)
            text = text if voted is None else voted
    except HomeNotFound:
        pass
    found = sha256(text).hexdigest()
    value = {
        "sha256": found,
        "shipped": found == shipped,
        "ledger_rulebook": wanted,
        "is_the_ledgers": None if wanted is None else found == wanted,
        "text": (words := text.decode("utf-8", "replace")),
    }
    session.screen.result(value, words.removesuffix("\n"))
    session.screen.say(f"SHA-256 {found}: {_said(found, wanted)}")


def _voted(reader: LedgerReader, wanted: str) -> bytes | None:
    """The text of a rulebook that was proposed in the log, by its hash."""
    from nodes.governing import proposed_text

    for record in reader.records():
        if record.kind == "proposal" and record.fields.get("value") == wanted:
            try:
                text = proposed_text(reader, record)
            except LadingError:
                continue
            if text is not None and sha256(text).hexdigest() == wanted:
                return text
    return None


def _said(found: str, wanted: str | None) -> str:
    if wanted is None:
        return "the rulebook that lading ships; there is no home here"
    if found == wanted:
        return "the rulebook of this ledger"
    if not wanted:
        return "the rulebook that lading ships; this ledger names none"
    return f"the rulebook that lading ships, NOT this ledger's: that has the SHA-256 {wanted}; ask a governor for it"
