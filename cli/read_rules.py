"""`lading rules show`: the rules of a kind of record as a lawyer reads them, or as a state diagram."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import UsageError

from .context import READING, Session, command
from .output import short

if TYPE_CHECKING:
    from contracts.rules import Rules
    from contracts.table import RuleTable

__all__ = ["NoSuchDiagram", "register", "show"]

_Kind = Annotated[
    str | None,
    typer.Argument(metavar="[KIND]", help="The kind of record, such as bill_of_lading; all kinds are listed without."),
]
_Version = Annotated[int | None, typer.Option("--version", metavar="NUMBER", help="An older version of the table.")]
_Diagram = Annotated[
    str, typer.Option("--diagram", metavar="FORM", help="Print the state diagram alone: mermaid or svg.")
]


class NoSuchDiagram(UsageError):
    """A diagram is drawn as Mermaid or as SVG."""

    code = "usage.no_such_diagram"
    hint = "give --diagram mermaid or --diagram svg"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, show, panel=READING, keys=False)


def show(session: Session, kind: _Kind = None, *, version: _Version = None, diagram: _Diagram = "") -> None:
    """Show the rules by which a ledger moves records; without a home those that lading ships."""
    rules: Rules = _rules(session)
    if kind is None:
        _list(session, rules)
        return
    table = rules.table(kind.replace("-", "_"), version)
    value = {**_facts(table, rules), "table": dict(table.plain), "diagram": _drawn(table, "mermaid")}
    if diagram:
        value["diagram"] = _drawn(table, diagram)
        session.screen.result(value, value["diagram"].rstrip())
        return
    session.screen.result(value, f"{_described(table, rules)}{_since(table, rules)}")


def _list(session: Session, rules: Rules) -> None:
    tables = sorted(rules.tables.values(), key=lambda table: (table.kind, table.version))
    listed = [_facts(table, rules) for table in tables]
    session.screen.result(listed)
    session.screen.table(
        ("kind", "version", "from height", "in force", "title", "states", "actions", "hash"),
        [_row(one) for one in listed],
    )


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    counts = (str(len(one["states"])), str(len(one["actions"])), short(bytes.fromhex(one["hash"])))
    since, now = f"{one['from_height']:,}", "yes" if one["in_force"] else "no"
    return (one["kind"], str(one["version"]), since, now, one["title"], *counts)


def _described(table: RuleTable, rules: Rules) -> str:
    from contracts.lawyer import describe

    return describe(table, rules.parameters or None).rstrip()


def _drawn(table: RuleTable, form: str) -> str:
    from contracts.diagram import draw
    from contracts.lawyer import state_diagram

    if form not in ("mermaid", "svg"):
        raise NoSuchDiagram("no diagram of this form", value=form)
    return state_diagram(table) if form == "mermaid" else draw(table)


def _since(table: RuleTable, rules: Rules) -> str:
    since = rules.effective.get((table.kind, table.version))
    return "" if since is None else f"\n\nVoted in; new records follow it from height {since:,} on."


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


def _facts(table: RuleTable, rules: Rules) -> dict[str, Any]:
    return {
        "kind": table.kind,
        "version": table.version,
        "title": table.title,
        "hash": _hash(table).hex(),
        "from_height": rules.effective.get((table.kind, table.version), 0),
        "in_force": rules.current.get(table.kind) == table.version,
        "states": list(table.states),
        "actions": list(table.actions),
    }


def _hash(table: RuleTable) -> bytes:
    return sha256(table.encode()).digest()
