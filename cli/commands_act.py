"""`lading act`: any action of any table, so that a new kind of record needs no new command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ledger.errors import UsageError

from .acting import Work, acting
from .arguments import read_arguments
from .commands_offer import AtSequence
from .context import ACTING, Session, command
from .output import short
from .parties import RecordWord

if TYPE_CHECKING:
    from contracts.table import Action
    from ledger.record import Record

__all__ = ["NoSuchAction", "NotByAct", "act", "register"]


class NoSuchAction(UsageError):
    """The table of this record has no such action."""

    code = "usage.no_such_action"
    hint = "`lading rules show KIND` lists the actions of a kind"


class NotByAct(UsageError):
    """An action that makes a record has a command of its own."""

    code = "usage.not_by_act"
    hint = "a document is issued with `lading issue FILE`, a member enrolled with `lading member enrol CARD`"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, act, panel=ACTING)


def act(
    session: Session,
    record: RecordWord,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="An action of the record's table, such as revoke.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE…", help="Its arguments; times in ISO 8601, files as @FILE."),
    ] = None,
    *,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; its text goes to the parties, not to the log.")
    ] = "",
    at_sequence: AtSequence = None,
) -> None:
    """Do any action of any table on a record; `lading rules show KIND` lists them."""
    with acting(session) as work:
        found = work.record(record, at_sequence)
        declared = _action(work, found, action.replace("-", "_"))
        arguments = read_arguments(words or (), declared, work)
        report = work.desk.act(found, declared.name, arguments, reason=reason)
        work.done(report, f"{declared.name} of {short(found.id)} is done", action=f"{found.kind}.{declared.name}")


def _action(work: Work, record: Record, name: str) -> Action:
    table = work.reader.rules.table(record.kind, record.version)
    action = table.actions.get(name)
    if action is None:
        raise NoSuchAction(f"a {table.title.lower()} knows {', '.join(table.actions)}", value=name)
    if "new" in action.moves:
        raise NotByAct(f"{name} makes a new record", value=name)
    return action
