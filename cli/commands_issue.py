"""`lading issue`, `lading send` and `lading inbox`: documents onto the ledger, and from member to member."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .acting import Work, acting, fetch, time_of
from .context import ACTING, Session, command
from .output import short
from .parties import RecordWord

if TYPE_CHECKING:
    from nodes.documents.model import Document
    from nodes.parcel import Attachment

__all__ = ["inbox", "issue", "register", "send"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, issue, panel=ACTING)
    command(app, send, panel=ACTING)
    command(app, inbox, panel=ACTING)


def issue(
    session: Session,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A DCSA transport document, UBL invoice or certificate.")
    ],
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
    kind: Annotated[str, typer.Option(metavar="KIND", help="Refuse the file unless it is of this kind.")] = "",
) -> None:
    """Issue the record of a document, and hand the document to its first holder."""
    from nodes.documents.read import MAX_DOCUMENT, read_document
    from nodes.files import read_bounded
    from nodes.issuing import kind_named

    expected = kind_named(kind) if kind else None
    document = read_document(read_bounded(file, MAX_DOCUMENT), expected=expected)
    for finding in document.facts.findings:
        session.screen.warn(f"{finding.place}: {finding.message}")
    attachments, ends = [_attachment(path) for path in attach or ()], time_of(until)
    with acting(session) as work:
        _warn_of_outsiders(work, document)
        report = work.desk.issue(
            document,
            to=work.member(to).id if to else None,
            bound_to=[work.record(word).id for word in bound or ()],
            until=ends,
            law=law,
            place=place,
            attachments=attachments,
        )
        number = document.facts.number
        title = document.kind.value.replace("_", " ")
        work.done(report, f"issued {title} {number}", number=number)


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


def _attachment(path: Path) -> Attachment:
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
