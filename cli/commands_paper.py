"""`lading to-paper` and `lading from-paper`: a bill changes its medium, once, and the other one is dead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .acting import OneWay, Work, acting, chosen, time_of
from .commands_act import documents_of
from .context import ACTING, Session, command
from .output import short
from .parties import RecordWord, called, name_of

if TYPE_CHECKING:
    from ledger.record import Record
    from nodes.documents.model import Document

__all__ = ["from_paper", "register", "to_paper"]

_Serial = Annotated[str, typer.Option(metavar="TEXT", help="The serial number of the paper bill.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, to_paper, panel=ACTING, acts=True)
    command(app, from_paper, panel=ACTING, acts=True, together=False)


def to_paper(
    session: Session,
    record: RecordWord,
    *,
    serial: _Serial = "",
    form: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the printable form is written, as HTML.")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take my request back.", show_default=False)] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it, as the carrier.", show_default=False)] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is refused.")] = "",
) -> None:
    """Ask, as the holder, for a paper bill; or issue it, as the carrier, with its serial number and a form to print.

    With the carrier's act the electronic bill is dead for ever; --form alone prints the form of such a one again.
    """
    way = chosen(serial=serial, withdraw=withdraw, refuse=refuse)
    if (way == "serial" and form is None) or (form and way not in ("", "serial")) or (reason and way != "refuse"):
        raise OneWay("a paper bill is issued with its --serial and a --form to print")
    with acting(session) as work:
        found = work.record(record)
        if form is not None:
            _check_free(form)
            _issue_paper(work, record, serial, form) if serial else _print_again(work, record, form)
            return
        action, said = {
            "": ("request_paper", "asked for a paper bill in the place of"),
            "withdraw": ("withdraw_paper", "took back the request for a paper bill in the place of"),
            "refuse": ("refuse_paper", "refused a paper bill in the place of"),
        }[way]
        work.act(found, action, {}, f"{said} {short(found.id)}", texts={"reason": reason})


def _check_free(form: Path) -> None:
    """Raises `AlreadyThere` before anything is done that cannot be undone."""
    from nodes.files import AlreadyThere

    if form.exists():
        raise AlreadyThere(f"{form} exists already", value=str(form))


def _print_again(work: Work, word: str, form: Path) -> None:
    """The form of a bill that is on paper, from the texts to which the ledger commits. Raises `OneWay` for another."""
    from nodes.documents.read import read_as
    from nodes.files import write_atomic
    from nodes.paper import printable_form

    found = work.record(word)
    texts = {note.commitment: note.text for note in work.desk.vault.notes(found.id)}
    serial, statement = (texts.get(found.fields.get(name, b"")) for name in ("serial", "statement"))
    if found.status != "on_paper" or serial is None or statement is None:
        raise OneWay("the bill is not on paper, or this vault has not the texts of its form", value=found.status)
    package = work.desk.vault.get(found.id)
    document = read_as(package.kind, package.original)
    write_atomic(form, printable_form(found, document, serial, statement, found.since), exclusive=True)
    work.screen.result({"form": str(form), "verification": found.head.hex()}, f"wrote {form}")


def _issue_paper(work: Work, word: str, serial: str, form: Path) -> None:
    from nodes.documents.read import read_as
    from nodes.files import write_atomic
    from nodes.paper import printable_form, statement_to_paper

    found = work.record(word)
    package = work.desk.vault.get(found.id)
    document = read_as(package.kind, package.original)
    carrier = name_of(work.reader.record(found.issuer))
    statement = statement_to_paper(document.facts.number, carrier, serial)
    prepared = work.desk.prepare([found], "to_paper", {}, texts={"serial": serial, "statement": statement})
    report = work.desk.perform(prepared)
    lines = _endorsements(work, found)
    page = printable_form(report.record, document, serial, statement, report.done.time, lines)
    write_atomic(form, page, exclusive=True)
    code = report.record.head.hex()
    text = f"{short(found.id)} is on paper now, serial {serial}; print {form}\n  verification code: {code}"
    work.done(report, text, serial=serial, statement=statement, verification=code, form=str(form))


def _endorsements(work: Work, record: Record) -> list[str]:
    """What the back of the paper says: the endorsements of the paper bill before, if there was one, and those since."""
    from nodes.paper import endorsement_lines
    from nodes.titles import read_title

    def name(party: bytes) -> str:
        known = work.reader.find(party)
        return short(party) if known is None else name_of(known) if known.kind == "member" else called(known)

    earlier = record.fields.get("endorsements")
    texts = [note.text for note in work.desk.vault.notes(record.id) if note.commitment == earlier]
    lines = [line for text in texts for line in text.splitlines()]
    return lines + endorsement_lines(read_title(work.reader, record).endorsements, name)


def from_paper(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the paper bill says, as a transport document.")],
    *,
    serial: _Serial = "",
    endorsements: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The endorsements that the paper bears, as text.")
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="MEMBER", help="Who held the paper, and gets the bill.")] = "",
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Until when it can be accepted.")] = None,
    law: Annotated[str, typer.Option(metavar="CODE", help="The governing law; without it the ledger's.")] = "",
    place: Annotated[str, typer.Option(metavar="CODE", help="The place of issue; else the document's.")] = "",
) -> None:
    """Change a paper bill for an electronic one, as the carrier, in two steps.

    First with --serial: the paper is taken back, and what it says is recorded. Then with --to: the document, read from
    the paper again, must be the same in every field, and the bill is issued to who held the paper.
    """
    way, ends = chosen(serial=serial, to=to), time_of(until)
    if not way or (endorsements and way != "serial") or (ends is not None and way != "to"):
        raise OneWay("give --serial when the paper is taken back, and --to when the bill is issued")
    (document,) = documents_of([file])
    with acting(session) as work:
        if way == "to":
            _issue_electronic(work, document, to, ends)
            return
        _receive(work, document, serial, endorsements, law, place)


def _receive(work: Work, document: Document, serial: str, endorsements: Path | None, law: str, place: str) -> None:
    from nodes.files import read_bounded
    from nodes.paper import statement_from_paper
    from nodes.parcel import MAX_NOTE

    carrier = name_of(work.reader.record(work.desk.party))
    statement = statement_from_paper(document.facts.number, carrier, serial)
    texts = {"serial": serial, "statement": statement}
    if endorsements is not None:
        texts["endorsements"] = _as_text(read_bounded(endorsements, MAX_NOTE))
    report = work.desk.issue(document, action="receive_paper", texts=texts, law=law, place=place)
    text = f"took back paper bill {serial}, and recorded what it says as {short(report.record.id)}"
    work.done(report, text, number=document.facts.number, serial=serial, statement=statement)


def _as_text(data: bytes) -> str:
    from nodes.parcel import MalformedParcel

    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedParcel("the endorsements are no text in UTF-8", hint="save the file as UTF-8 text") from None


def _issue_electronic(work: Work, document: Document, to: str, until: int | None) -> None:
    from nodes.documents.read import read_as
    from nodes.paper import check_same

    found = work.record(document.facts.number)
    package = work.desk.vault.get(found.id)
    fields = check_same(read_as(package.kind, package.original), document)
    work.screen.say(f"all {fields} fields are the same as when the paper was taken back")
    text = f"issued {document.facts.number} in the place of the paper bill, to {to}"
    work.act(found, "issue_from_paper", {"to": work.party(to).id, "until": until}, text, fields_equal=fields)
