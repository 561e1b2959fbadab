"""`lading amend`, `reissue`, `split`, `merge`, `switch` and `redraft`: bills with other documents.

The carrier reads the new documents from files, and states what changed. What takes the place of a bill that is split,
merged, switched or sent elsewhere is for the same goods: packages, weight and volume of each container are computed
from the documents, and nothing is proposed where they differ. What the holder signs too travels in a file (`--out
FILE`) with the new documents sealed to it; `lading sign FILE` computes the statements again before it signs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.errors import UsageError

from .acting import OneWay, Work, acting, chosen
from .commands_act import Attach, attached, documents_of
from .context import ACTING, Session, command
from .output import short
from .parties import RecordWord

__all__ = ["TooFew", "amend", "merge", "redraft", "register", "reissue", "split", "switch"]

_New = Annotated[Path, typer.Argument(metavar="FILE", help="The new document.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for function in (amend, reissue, split, merge, switch, redraft):
        command(app, function, panel=ACTING, acts=True)


def amend(
    session: Session,
    record: RecordWord,
    *,
    changes: Annotated[
        str, typer.Option(metavar="TEXT", help="What is to be changed; the text goes to the carrier.")
    ] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take my request back.", show_default=False)] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it, as the carrier.", show_default=False)] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is refused.")] = "",
) -> None:
    """Surrender a bill to the carrier to have it amended; the carrier answers with `lading reissue`, or refuses."""
    way = chosen(changes=changes, withdraw=withdraw, refuse=refuse)
    if not way or (reason and way != "refuse"):
        raise OneWay("say what is to be changed, or take the request back, or refuse it")
    action = {"changes": "surrender_for_amendment", "withdraw": "withdraw_amendment", "refuse": "refuse_amendment"}[way]
    said = {"changes": "surrendered for amendment:", "withdraw": "took back", "refuse": "refused to amend"}[way]
    with acting(session) as work:
        found = work.record(record)
        work.act(found, action, {}, f"{said} {short(found.id)}", texts={"wanted": changes, "reason": reason})


def reissue(
    session: Session,
    record: RecordWord,
    file: _New,
    *,
    why: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it is amended; part of the difference.")
    ] = "",
    attach: Attach = None,
) -> None:
    """Void a bill that was surrendered for amendment, and issue the amended one to its holder, in one act."""
    with acting(session) as work:
        _replace(work, [record], "reissue", [file], why=why, attach=attach)


def split(
    session: Session,
    record: RecordWord,
    files: Annotated[list[Path], typer.Argument(metavar="FILE FILE…", help="The document of each part.")],
) -> None:
    """Split a bill into several that together are for the same goods; carrier and holder sign (`--out FILE`)."""
    with acting(session) as work:
        _replace(work, [record], "split", files)


def merge(
    session: Session,
    words: Annotated[
        list[str], typer.Argument(metavar="RECORD RECORD… FILE", help="The bills, then the new document.")
    ],
) -> None:
    """Merge several bills in one hand into one for the same goods; carrier and holder sign (`--out FILE`)."""
    if len(words) < 3:
        raise TooFew("two bills or more, and a document, are merged", value=len(words))
    with acting(session) as work:
        _replace(work, words[:-1], "merge", [Path(words[-1])])


def switch(
    session: Session,
    record: RecordWord,
    file: _New,
    *,
    destination: Annotated[
        bool, typer.Option("--destination", help="It is for another destination.", show_default=False)
    ] = False,
    why: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; part of the difference.")] = "",
    attach: Attach = None,
) -> None:
    """Issue another bill for the same goods in its place; carrier and holder sign (`--out FILE`)."""
    with acting(session) as work:
        action = "change_destination" if destination else "switch_bill"
        _replace(work, [record], action, [file], why=why, attach=attach)


def redraft(session: Session, record: RecordWord, file: _New, *, attach: Attach = None) -> None:
    """Change a draft, which the shipper has to approve again; `lading issue FILE --action draft` makes one."""
    from nodes.successors import prepare_restatement

    (document,) = documents_of([file])
    with acting(session) as work:
        found = work.record(record)
        prepared = prepare_restatement(work.desk, work.reader, found, "redraft", document, attached(attach))
        work.do(prepared, f"drafted {short(found.id)} again")


class TooFew(UsageError):
    """Fewer bills than it takes."""

    code = "usage.too_few"
    hint = "`lading merge RECORD RECORD FILE`"


def _replace(
    work: Work, words: list[str], action: str, files: list[Path], *, why: str = "", attach: list[Path] | None = None
) -> None:
    """The act by which new documents take the place of those of records, and what is said of it."""
    from nodes.successors import prepare_successors

    documents, records = documents_of(files), [work.record(word) for word in words]
    prepared = prepare_successors(
        work.desk, work.reader, records, action, documents, why=why, attachments=attached(attach)
    )
    old = ", ".join(short(record.id) for record in records)
    new = [(made.hex(), document.facts.number) for made, document in zip(prepared.parcels, documents, strict=True)]
    text = f"{old} is replaced by {', '.join(f'{made[:12]} ({number})' for made, number in new)}"
    work.do(prepared, text, made=[{"record": made, "number": number} for made, number in new])
