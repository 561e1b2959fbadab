"""`lading rules show`: the rules of a kind of record as a lawyer reads them, or as a state diagram."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .context import READING, Session, command
from .output import short

if TYPE_CHECKING:
    from contracts.table import RuleTable

__all__ = ["register", "show"]

_Kind = Annotated[
    str | None,
    typer.Argument(metavar="[KIND]", help="The kind of record, such as bill_of_lading; all kinds are listed without."),
]
_Version = Annotated[int | None, typer.Option("--version", metavar="NUMBER", help="An older version of the table.")]
_Mermaid = Annotated[bool, typer.Option("--mermaid", help="Print the state diagram alone.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, show, panel=READING, keys=False)


def show(session: Session, kind: _Kind = None, *, version: _Version = None, mermaid: _Mermaid = False) -> None:
    """Show the rules by which a ledger moves records; without a home those that lading ships."""
    from contracts.lawyer import describe, state_diagram
    from contracts.rules import Rules

    rules: Rules = _rules(session)
    if kind is None:
        tables = sorted(rules.tables.values(), key=lambda table: (table.kind, table.version))
        session.screen.result([_facts(table) for table in tables])
        session.screen.table(
            ("kind", "version", "title", "states", "actions", "hash"),
            [
                (
                    table.kind,
                    str(table.version),
                    table.title,
                    str(len(table.states)),
                    str(len(table.actions)),
                    short(_hash(table)),
                )
                for table in tables
            ],
        )
        return
    table = rules.table(kind, version)
    text = state_diagram(table) if mermaid else describe(table)
    session.screen.result({**_facts(table), "table": dict(table.plain), "diagram": state_diagram(table)}, text.rstrip())


def _rules(session: Session) -> Any:
    """The rules of the home's ledger, or those that are shipped."""
    from contracts.rules import Rules
    from nodes.home import HomeNotFound
    from nodes.tables import shipped_tables

    try:
        with session.reading() as reader:
            return reader.rules
    except HomeNotFound:
        session.screen.say("there is no home here: these are the rules that lading ships")
        return Rules(shipped_tables(), (), {})


def _facts(table: RuleTable) -> dict[str, Any]:
    return {
        "kind": table.kind,
        "version": table.version,
        "title": table.title,
        "hash": _hash(table).hex(),
        "states": list(table.states),
        "actions": list(table.actions),
    }


def _hash(table: RuleTable) -> bytes:
    return sha256(table.encode()).digest()
