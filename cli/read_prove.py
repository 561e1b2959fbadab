"""`lading prove`: makes the file that shows a record's history and state to somebody who has only a policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.errors import UsageError

from .context import READING, Session, command, now_ms
from .output import moment, short
from .parties import RecordWord
from .reading import Papers, papers

if TYPE_CHECKING:
    from ledger.bundle import Redacted, WholeDocument
    from ledger.record import Record
    from ledger.report import Report
    from nodes.proving import Proof

__all__ = ["NoDocumentAtHand", "TwoDocuments", "prove", "register"]

_Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Where to write the bundle; RECORD.lading in this folder if not given."),
]
_Checkpoint = Annotated[
    int | None, typer.Option("--checkpoint", metavar="SIZE", help="Prove under the checkpoint of this size.")
]
_Without = Annotated[bool, typer.Option("--without-document", help="Leave the document out.", show_default=False)]
_Disclose = Annotated[
    list[str] | None,
    typer.Option("--disclose", metavar="POINTER", help="Show only this place of the document (JSON Pointer); repeat."),
]
_Force = Annotated[bool, typer.Option("--force", help="Write over an older file.", show_default=False)]


class TwoDocuments(UsageError):
    """A document cannot be left out and be shown in part."""

    code = "usage.document_or_not"
    hint = "give --without-document or --disclose, not both"


class NoDocumentAtHand(UsageError):
    """The document is not in the vault, or the vault is not open."""

    code = "prove.no_document"
    hint = "give the passphrase of a home that has the document, or --without-document"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, prove, panel=READING)


def prove(
    session: Session,
    record: RecordWord,
    *,
    out: _Out = None,
    checkpoint: _Checkpoint = None,
    without_document: _Without = False,
    disclose: _Disclose = None,
    force: _Force = False,
) -> None:
    """Make the proof bundle of a record, under the newest checkpoint that has the policy's quorum."""
    from nodes.files import write_atomic
    from nodes.lookup import find_record
    from nodes.policies import policy_of
    from nodes.proving import prove as make_proof

    if without_document and disclose:
        raise TwoDocuments("both --without-document and --disclose are given")
    with papers(session, ask=not without_document) as shown:
        policy = policy_of(session.home, shown.reader)
        found = find_record(shown.reader, record, shown.vault)
        part = None if without_document or found.document is None else _document(shown, found, disclose or [])
        proof = make_proof(shown.reader, found, policy, size=checkpoint, document=part)
    data = proof.bundle.encode()
    path = out or Path(f"{short(found.id)}.lading")
    write_atomic(path, data, exclusive=not force)
    _tell(session, found, proof, path, data, policy)


def _document(shown: Papers, record: Record, pointers: list[str]) -> WholeDocument | Redacted:
    from nodes.proving import document_part
    from nodes.vault import NoDocument

    if shown.vault is None:
        raise NoDocumentAtHand("the vault is not open, and the bundle needs the document")
    try:
        package = shown.vault.get(record.id)
    except NoDocument:
        raise NoDocumentAtHand("the document of this record is not in the vault", value=record.id) from None
    return document_part(package, shown.reader.rules.table(record.kind, record.version), pointers)


def _tell(session: Session, record: Record, proof: Proof, path: Path, data: bytes, policy: str) -> None:
    """What was written, and what a reader with this home's policy would find now."""
    from ledger.policy import Policy
    from ledger.verify import verify

    at = now_ms()
    report = verify(data, Policy.parse(policy.encode("utf-8")), at=at)
    quorum, size = proof.quorum, proof.quorum.checkpoint.size
    session.screen.result(
        {
            "file": str(path),
            "bytes": len(data),
            "record": record.id.hex(),
            "checkpoint": size,
            "quorum": quorum.holds,
            "cosigned": [witness.name for witness in quorum.cosigned],
            "missing": [witness.name for witness in quorum.missing],
            "newer_entry": proof.newer,
            "at": moment(at),
            "history": {"verdict": report.history.name, "reason": report.history_reason},
            "control": {"verdict": report.control.name, "reason": report.control_reason},
        },
        _text(path, data, proof, report),
    )
    if not quorum.holds:
        session.screen.warn(f"no checkpoint with the record has the policy's quorum yet: {quorum}")
    if proof.newer is not None:
        session.screen.warn(
            f"the checkpoint of {size} entries does not cover the record's newest act, entry {proof.newer}: "
            "let the operator sign and the cosigners cosign (`lading cosign`)"
        )


def _text(path: Path, data: bytes, proof: Proof, report: Report) -> str:
    quorum = proof.quorum
    return "\n".join(
        [
            f"wrote {path}, {len(data):,} bytes",
            f"  checkpoint: {quorum.checkpoint.size:,} entries; {quorum}",
            f"  a reader with this home's policy finds now: history {report.history.name}, "
            f"control {report.control.name}",
            f"    {report.history_reason}",
            f"    {report.control_reason}",
        ]
    )
