"""`lading difference`: what an amended or switched bill says that the one before it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from ledger.errors import ContradictionError, NotFoundError

from .context import READING, Session, command
from .output import moment, short
from .parties import RecordWord
from .reading import Papers, papers

if TYPE_CHECKING:
    from ledger.record import Record
    from nodes.differences import StatedDifference

__all__ = [
    "DifferenceNotBorneOut",
    "NoDifference",
    "difference",
    "difference_facts",
    "links",
    "records_named",
    "register",
]


class NoDifference(NotFoundError):
    """The record replaces none by an act that states a difference, or its text is not in this vault."""

    code = "difference.none"
    hint = "`lading show` says what a record replaces; the text comes with the documents, to the parties of the bill"


class DifferenceNotBorneOut(ContradictionError):
    """The documents do not differ in what was stated."""

    code = "difference.not_borne_out"
    hint = "compare the documents (`lading show RECORD --document FILE`), and ask the carrier who signed it"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, difference, panel=READING)


def difference(session: Session, record: RecordWord) -> None:
    """Show field by field what an amended bill says that the void one did not, and compare the documents.

    Of a bill that was replaced it shows what the one that took its place says otherwise.
    """
    from nodes.differences import nearest_difference
    from nodes.lookup import find_record

    with papers(session) as shown:
        asked = find_record(shown.reader, record, shown.vault)
        nearest = None if shown.vault is None else nearest_difference(shown.reader, shown.vault, asked)
        if nearest is None:
            raise NoDifference("no difference is stated that this vault has the text of", value=asked.id)
        found, stated = nearest
        if found is not asked:
            before, after = (records_named([one.id], shown.labels()) for one in (asked, found))
            session.screen.say(f"{before} is void; {after} took its place, and differs in this:")
        value = difference_facts(stated, shown)
        old, new = (short(one) for one in (found.replaces[0], found.id))
        session.screen.result({"record": found.id.hex(), "replaces": found.replaces[0].hex(), **value})
        session.screen.line(f"{old} → {new}, {value['action'].replace('_', ' ')} by {_who(value)}, {value['time']}")
        if value["why"]:
            session.screen.line(f"  why: {value['why']}")
        session.screen.table(
            ("field", "old", "new"),
            [(one["pointer"], _said(one, "old"), _said(one, "new")) for one in value["changes"]],
        )
        if stated.wrong:
            raise DifferenceNotBorneOut(stated.wrong, value=found.id)
        session.screen.say(
            "both documents bear it out" if stated.checked else "not compared: a document is not in this vault"
        )


def difference_facts(stated: StatedDifference, shown: Papers) -> dict[str, Any]:
    """Field, old, new, who, why and when, for `--json`."""
    body = stated.act.signed.transaction
    return {
        "changes": [change.as_dict() for change in stated.difference.changes],
        "why": stated.difference.why,
        "action": body.action.partition(".")[2],
        "actor": shown.facts(body.actor),
        "time": moment(stated.act.time),
        "entry": stated.act.index,
        "compared": stated.checked,
        "wrong": stated.wrong,
    }


def _who(value: dict[str, Any]) -> str:
    actor = value["actor"]
    return str(actor["alias"] or actor["id"][:12])


def _said(change: dict[str, Any], side: str) -> str:
    from ledger.strict_json import canonicalise

    return canonicalise(change[side]).decode("utf-8") if side in change else "-"


def records_named(records: list[bytes], labels: dict[bytes, dict[str, str]]) -> str:
    """Records by the beginning of their ids, with the numbers of their documents where they are known."""
    named = []
    for record in records:
        number = labels.get(record, {}).get("number", "")
        named.append(f"{short(record)} ({number})" if number else short(record))
    return ", ".join(named)


def links(record: Record) -> dict[str, list[str]]:
    """What a record replaces and is replaced by, for `--json`."""
    return {
        "replaces": [one.hex() for one in record.replaces],
        "replaced_by": [one.hex() for one in record.replaced_by],
    }
