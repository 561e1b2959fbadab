"""`lading act` and `lading sign`: any action of any table, alone or together with others.

Arguments are written NAME=VALUE, behind the action or with `--arg`. One that is a commitment takes the text itself,
whose commitment goes to the ledger and which goes to the parties; 64 hexadecimal digits and @FILE give a hash as it is.
Documents of records that the action makes, or the new one of a draft, are given with `--document`; their commitments,
ids and number keys are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import UsageError

from .acting import Work, acting
from .arguments import is_text, read_arguments
from .commands_offer import AtSequence
from .context import ACTING, Session, command
from .output import short
from .parties import RecordWord

if TYPE_CHECKING:
    from contracts.table import Action
    from ledger.record import Record
    from nodes.desk import Prepared
    from nodes.documents.model import Document
    from nodes.parcel import Attachment

__all__ = ["Attach", "NoSuchAction", "NotByAct", "act", "action_of", "attached", "documents_of", "register", "sign"]

Attach = Annotated[
    list[Path] | None, typer.Option("--attach", metavar="FILE", help="A file that belongs to the new document.")
]


class NoSuchAction(UsageError):
    """The table of this record has no such action."""

    code = "usage.no_such_action"
    hint = "`lading rules show KIND` lists the actions of a kind"


class NotByAct(UsageError):
    """An action that makes a record has a command of its own."""

    code = "usage.not_by_act"
    hint = "a document is issued with `lading issue FILE`, a member enrolled with `lading member enrol CARD`"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, act, panel=ACTING, acts=True)
    command(app, sign, panel=ACTING)


def act(
    session: Session,
    record: RecordWord,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="An action of the record's table, such as revoke.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE…", help="Its arguments; times in ISO 8601, files as @FILE, texts as they are."
        ),
    ] = None,
    *,
    more: Annotated[
        list[str] | None, typer.Option("--arg", metavar="NAME=VALUE", help="An argument; again for each.")
    ] = None,
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="RECORD", help="A further record that it acts on.")
    ] = None,
    document: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A document of a record that it makes; again for each.")
    ] = None,
    attach: Attach = None,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; its text goes to the parties, not to the log.")
    ] = "",
    at_sequence: AtSequence = None,
) -> None:
    """Do any action of any table on a record; `lading rules show KIND` lists them."""
    with acting(session) as work:
        found = [work.record(record, at_sequence), *(work.record(word) for word in also or ())]
        declared = action_of(work, found[0], action.replace("-", "_"))
        given, texts = _read([*(words or ()), *(more or ())], declared, work)
        documents = documents_of(document or ())
        if reason:
            texts["reason"] = reason
        prepared = _prepare(work, found, declared, given, texts, documents, attached(attach))
        text = f"{declared.name} of {', '.join(short(one.id) for one in found)} is done"
        work.do(prepared, text, action=f"{found[0].kind}.{declared.name}")


def sign(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An act that others began with --out.")],
) -> None:
    """Sign an act together with others: what it says of documents is recomputed first, then it is shown in words.

    It is submitted once enough have signed; until then the file goes on to the next.
    """
    from nodes.files import read_bounded
    from nodes.proposals import MAX_PROPOSAL, read_proposal, sign_proposal

    with acting(session) as work:
        proposal = read_proposal(read_bounded(file, MAX_PROPOSAL), work.reader.genesis.id)
        merged, _ = sign_proposal(work.desk, work.reader, proposal, session.screen.say)
        work.go_on(merged, file, f"{merged.signed.transaction.action} is done")


def action_of(work: Work, record: Record, name: str) -> Action:
    """An action of a record's table that changes a record. Raises `NoSuchAction` or `NotByAct`."""
    rules = work.reader.rules
    table = rules.table(record.kind, rules.standing(record)[0])
    action = table.actions.get(name)
    if action is None:
        raise NoSuchAction(f"a {table.title.lower()} knows {', '.join(table.actions)}", value=name)
    if "new" in action.moves:
        raise NotByAct(f"{name} makes a new record", value=name)
    return action


def documents_of(files: Sequence[Path]) -> list[Document]:
    """The documents in files. Raises what is wrong with one."""
    from nodes.documents.read import MAX_DOCUMENT, read_document
    from nodes.files import read_bounded

    return [read_document(read_bounded(file, MAX_DOCUMENT)) for file in files]


def attached(files: Sequence[Path] | None) -> list[Attachment]:
    """Files as attachments of a document."""
    from .commands_issue import attachment

    return [attachment(path) for path in files or ()]


def _read(words: Sequence[str], action: Action, work: Work) -> tuple[dict[str, Any], dict[str, str]]:
    """The arguments, and the texts of those that are commitments."""
    texts, others = {}, []
    for word in words:
        name, _, text = word.partition("=")
        declared = action.arguments.get(name)
        if declared is not None and declared.type == "hash" and is_text(text):
            texts[name] = text
        else:
            others.append(word)
    return read_arguments(others, action, work), texts


def _prepare(
    work: Work,
    records: list[Record],
    action: Action,
    given: dict[str, Any],
    texts: dict[str, str],
    documents: list[Document],
    attachments: list[Attachment],
) -> Prepared:
    from nodes.successors import number_argument, prepare_restatement, prepare_successors

    desk, reader, declared = work.desk, work.reader, action.arguments
    if documents and ({"record", "parts"} & set(declared)):
        return prepare_successors(
            desk, reader, records, action.name, documents, given=given, texts=texts, attachments=attachments
        )
    if documents:
        return prepare_restatement(desk, reader, records[0], action.name, documents[0], attachments)
    if "number" in declared and "number" not in given and "document" not in declared:
        table = reader.rules.table(records[0].kind, reader.rules.standing(records[0])[0])
        number = desk.vault.get(records[0].id).labels.get("number", "")
        given["number"] = number_argument(table, reader, records[0].issuer, number)
    return desk.prepare(records, action.name, given, texts=texts)
