"""`lading issue`, `lading send` and `lading inbox`: documents onto the ledger, and from member to member."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import UsageError

from .acting import Work, acting, fetch, time_of
from .arguments import read_arguments
from .context import ACTING, Session, command
from .output import short
from .parties import RecordWord

if TYPE_CHECKING:
    from nodes.documents.model import Document
    from nodes.parcel import Attachment

__all__ = ["FileOrKind", "attachment", "inbox", "issue", "register", "send"]


class FileOrKind(UsageError):
    """A document's file is missing, or one is given for a kind of record that has no document."""

    code = "usage.file_or_kind"
    hint = "`lading issue FILE`, or `lading issue --kind KIND` for a record without a document"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, issue, panel=ACTING, acts=True, together=False)
    command(app, send, panel=ACTING)
    command(app, inbox, panel=ACTING)


def issue(
    session: Session,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="A transport document, UBL invoice or certificate; else JSON with --kind."
        ),
    ] = None,
    *,
    to: Annotated[str, typer.Option(metavar="MEMBER", help="The first holder; without it as the document says.")] = "",
    bound: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="RECORD", help="A record of the same shipment; again for each."),
    ] = None,
    attach: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A file that belongs to the document; again for each.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Until when it can be accepted, or a certificate is valid.")
    ] = None,
    law: Annotated[str, typer.Option(metavar="CODE", help="The governing law; without it the ledger's.")] = "",
    place: Annotated[
        str, typer.Option(metavar="CODE", help="The place of issue (UN/LOCODE); else the document's.")
    ] = "",
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="Of which kind the file is; any kind of `lading rules show`.")
    ] = "",
    action: Annotated[
        str, typer.Option(metavar="ACTION", help="The action that makes the record, where that is not `issue`.")
    ] = "",
    words: Annotated[
        list[str] | None,
        typer.Option("--arg", metavar="NAME=VALUE", help="A further argument of that action; again for each."),
    ] = None,
) -> None:
    """Issue the record of a document, and hand the document to its first holder.

    With --kind a record of any kind that the ledger has rules for; of some kinds a record has no document.
    """
    name, data = kind.replace("-", "_"), _content(file)
    document = _with_reader(name, data)
    for finding in document.facts.findings if document is not None else ():
        session.screen.warn(f"{finding.place}: {finding.message}")
    attachments, ends = [attachment(path) for path in attach or ()], time_of(until)
    with acting(session) as work:
        name, document = (name, _as_json(work, name, data)) if document is None else (str(document.kind), document)
        if document is not None:
            _warn_of_outsiders(work, document)
        report = work.desk.issue(
            document,
            kind=name,
            action=action.replace("-", "_"),
            to=work.party(to).id if to else None,
            bound_to=[work.record(word).id for word in bound or ()],
            until=ends,
            law=law,
            place=place,
            attachments=attachments,
            given=_given(work, name, action.replace("-", "_"), words or ()),
        )
        number = short(report.record.id) if document is None else document.facts.number or short(report.record.id)
        work.done(report, f"issued {name.replace('_', ' ')} {number}", number=document and document.facts.number)


def _content(file: Path | None) -> bytes | None:
    from nodes.documents.read import MAX_DOCUMENT
    from nodes.files import read_bounded

    return None if file is None else read_bounded(file, MAX_DOCUMENT)


def _with_reader(kind: str, data: bytes | None) -> Document | None:
    """The document, where lading reads documents of its kind. Raises `FileOrKind` without a file and a kind."""
    from nodes.documents.read import has_reader, read_document
    from nodes.issuing import kind_named

    if data is None or (kind and not has_reader(kind)):
        if not kind or has_reader(kind):
            raise FileOrKind("no file is given", value=kind or None)
        return None
    return read_document(data, expected=kind_named(kind) if kind else None)


def _as_json(work: Work, kind: str, data: bytes | None) -> Document | None:
    """A document of a kind that has rules on the ledger and no reader; nothing for a kind without documents."""
    from nodes.documents.generic import read_generic
    from nodes.issuing import NoSuchKind

    rules = work.reader.rules
    if kind not in rules.current:
        known = ", ".join(sorted(rules.current))
        raise NoSuchKind("the ledger has no rules for this kind", value=kind, hint=f"the kinds are {known}")
    table = rules.table(kind)
    if table.has_document != (data is not None):
        what = "needs a document: give its FILE" if table.has_document else "has no document: leave FILE out"
        raise FileOrKind(f"a {table.title.lower()} {what}", value=kind)
    return None if data is None else read_generic(data, kind, table.number.at if table.number else "")


def _given(work: Work, kind: str, action: str, words: Sequence[str]) -> dict[str, Any]:
    from nodes.issuing import beginning

    return read_arguments(words, beginning(work.reader.rules.table(kind), action), work) if words else {}


def _warn_of_outsiders(work: Work, document: Document) -> None:
    """Say before it is signed that the bill will be stuck: an outsider cannot act, not even once it is enrolled."""
    from nodes.documents.model import Role
    from nodes.issuing import outsiders

    for role, party in outsiders(document, work.reader.members()):
        who = ", ".join(part for part in (party.name, party.lei, *party.codes) if part)
        if role is Role.ORDER_PARTY:
            stuck = f"the bill is to the order of {who}, which is no member of this ledger: nobody can endorse it here "
            stuck += "or claim the goods with it, and its holder can pass on possession only"
        else:
            stuck = f"the consignee, {who}, is no member of this ledger: the bill can go to nobody else, and nobody "
            stuck += "can claim the goods with it here"
        work.screen.warn(f"{stuck}; until its first holder accepts it, `lading act RECORD void` withdraws it")


def attachment(path: Path) -> Attachment:
    """A file that belongs to a document."""
    from mimetypes import guess_type

    from nodes.files import read_bounded
    from nodes.parcel import MAX_ATTACHMENT, Attachment

    return Attachment(
        path.name, guess_type(path.name)[0] or "application/octet-stream", read_bounded(path, MAX_ATTACHMENT)
    )


def send(
    session: Session,
    record: RecordWord,
    *,
    to: Annotated[str, typer.Option(metavar="MEMBER", help="Who is to have the documents.")],
) -> None:
    """Hand the documents of a record on again, and those of the records bound to it."""
    from nodes.vault import NoDocument

    with acting(session) as work:
        found, member = work.record(record), work.member(to)
        handed = work.desk.courier.hand_on(found.id, [member.id], work.reader)
        for error in handed.errors:
            raise error
        if not handed.records:
            raise NoDocument("the vault holds no document of this record", value=found.id)
        value = {
            "record": found.id.hex(),
            "to": member.fields["alias"],
            "records": handed.records,
            "arrived": work.arrived,
        }
        documents = f"{handed.records} document{'s' if handed.records > 1 else ''}"
        session.screen.result(value, f"handed {documents} of {short(found.id)} to {member.fields['alias']}")


def inbox(session: Session) -> None:
    """Fetch what other members have handed to me; in the operator's home, sign the checkpoint too."""
    with session.desk() as desk:
        if session.home.settings.operator:
            with desk.writing("inbox") as engine:
                arrived = fetch(desk, engine.reader, session.screen, waiting=True)
        else:
            with desk.reading() as reader:
                arrived = fetch(desk, reader, session.screen, waiting=True)
    taken = [one for one in arrived if one["outcome"] == "taken"]
    text = "nothing waits" if not arrived else f"{len(taken)} of {len(arrived)} taken into the vault"
    session.screen.result({"arrived": arrived}, text)
