"""`lading trace`: who had title to a record, from when to when, by which entry, signed by which key, and why."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import UsageError

from .context import READING, Session, command
from .output import moment, short
from .parties import RecordWord
from .read_difference import links, records_named
from .reading import Papers, kind_text, papers, state_text

if TYPE_CHECKING:
    from nodes.titles import Period, Title

__all__ = ["CsvOrJson", "register", "trace"]

_At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="Only who was in control at this time.")]
_Csv = Annotated[bool, typer.Option("--csv", help="Print the periods as CSV.", show_default=False)]
_COLUMNS = ("from", "until", "party", "party_id", "why", "entry", "action", "actor", "key")


class CsvOrJson(UsageError):
    """One output cannot be in two formats."""

    code = "usage.csv_or_json"
    hint = "give --json or --csv, not both"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, trace, panel=READING)


def trace(session: Session, record: RecordWord, *, at: _At = None, as_csv: _Csv = False) -> None:
    """Trace the title of a record: from when to when each party was in control, by which signed act, and why."""
    from ledger.times import parse_iso
    from nodes.lookup import find_record
    from nodes.titles import check_known, in_control, issued_by, read_lineage

    if as_csv and session.screen.json:
        raise CsvOrJson("both --json and --csv are given")
    time = None if at is None else parse_iso(at)
    with papers(session, ask=False) as shown:
        found = find_record(shown.reader, record, shown.vault)
        if time is not None:
            check_known(shown.reader, time)
        before, title, after = read_lineage(shown.reader, found)
        if time is not None:
            title = issued_by(time, title, before)
        periods = title.periods if time is None else (in_control(title, time),)
        if as_csv:
            _print_csv(periods, shown)
            return
        others = {"before": [_other(one, shown) for one in before], "after": [_other(one, shown) for one in after]}
        session.screen.result({**_facts(title, periods, time, shown), **links(title.record), **others})
        if not session.screen.json:
            _print(session, title, periods, time, shown)
            for heading, titles in (("Before it", before), ("After it", after)) if time is None else ():
                _print_others(session, heading, titles, shown)


def _print(session: Session, title: Title, periods: tuple[Period, ...], time: int | None, shown: Papers) -> None:
    screen, record = session.screen, title.record
    state = state_text(record.status)
    screen.line(f"{kind_text(record.kind)} {record.id.hex()}, {state}, issued by {shown.full(record.issuer)}\n")
    if time is not None:
        (period,) = periods
        screen.line(f"At {moment(time)} {shown.full(period.party) if period.party else 'nobody'} was in control.\n")
    rows = [_row(period, shown) for period in periods]
    screen.table(
        ("from", "until", "in control", "why", "entry", "signed by key"),
        [(row["from"], row["until"], row["party"], row["why"], row["entry"], row["key"][:12] or "-") for row in rows],
    )
    if time is not None:
        return
    if title.endorsements:
        chain = "; ".join(
            f"{shown.name(one.by)} to {shown.name(one.to) if one.to else 'blank'} (entry {one.entry})"
            for one in title.endorsements
        )
        screen.line(f"\nEndorsements: {chain}")
    screen.line("\nEvery act")
    screen.table(
        ("entry", "when", "who", "act", "state after", "signed by key"),
        [
            (
                str(deed.act.index),
                moment(deed.act.time),
                shown.name(deed.actor),
                deed.action.replace("_", " "),
                state_text(deed.after.status),
                short(deed.key),
            )
            for deed in title.deeds
        ],
    )
    screen.line("\nWho they are")
    for party in _parties(title):
        screen.line(f"  {shown.full(party)}")


def _print_others(session: Session, heading: str, titles: tuple[Title, ...], shown: Papers) -> None:
    """The periods of the records whose place it took, or that took its place."""
    labels = shown.labels() if titles else {}
    for title in titles:
        session.screen.line(
            f"\n{heading}: {records_named([title.record.id], labels)}, {state_text(title.record.status)}"
        )
        rows = [_row(period, shown) for period in title.periods]
        session.screen.table(
            ("from", "until", "in control", "why", "entry"),
            [(row["from"], row["until"], row["party"], row["why"], row["entry"]) for row in rows],
        )


def _other(title: Title, shown: Papers) -> dict[str, Any]:
    """A record of the same goods, for `--json`."""
    facts = _facts(title, title.periods, None, shown)
    return {name: facts[name] for name in ("record", "status", "periods", "endorsements")} | links(title.record)


def _parties(title: Title) -> list[bytes]:
    """Everybody who acted or was in control, in the order in which they appear."""
    named = [party for deed in title.deeds for party in (deed.actor, deed.after.controller)]
    return list(dict.fromkeys(party for party in named if party is not None))


def _row(period: Period, shown: Papers) -> dict[str, str]:
    """A period in words; also a row of the CSV."""
    deed = period.deed
    name = shown.name(period.party) if period.party else "nobody"
    return {
        "from": moment(period.since),
        "until": moment(period.until) if period.until is not None else "",
        "party": name,
        "party_id": period.party.hex() if period.party else "",
        "why": period.why.replace("{party}", name),
        "entry": str(deed.act.index) if deed else "0",
        "action": deed.action if deed else "",
        "actor": shown.name(deed.actor) if deed else "",
        "key": deed.key.hex() if deed else "",
    }


def _print_csv(periods: tuple[Period, ...], shown: Papers) -> None:
    writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(period, shown) for period in periods)


def _facts(title: Title, periods: tuple[Period, ...], time: int | None, shown: Papers) -> dict[str, Any]:
    record = title.record
    return {
        "record": record.id.hex(),
        "kind": record.kind,
        "status": record.status,
        "issuer": shown.full_facts(record.issuer),
        "parties": [shown.full_facts(party) for party in _parties(title)],
        "at": None if time is None else moment(time),
        "periods": [
            {
                "from": moment(period.since),
                "until": None if period.until is None else moment(period.until),
                "party": shown.facts(period.party),
                "why": period.why.replace("{party}", shown.name(period.party)),
                "entry": period.deed.act.index if period.deed else 0,
                "action": period.deed.action if period.deed else None,
                "actor": shown.facts(period.deed.actor) if period.deed else None,
                "key": period.deed.key.hex() if period.deed else None,
            }
            for period in periods
        ],
        "endorsements": [
            {"time": moment(one.time), "entry": one.entry, "by": shown.facts(one.by), "to": shown.facts(one.to)}
            for one in title.endorsements
        ],
        "acts": [
            {
                "entry": deed.act.index,
                "time": moment(deed.act.time),
                "action": deed.action,
                "actor": shown.facts(deed.actor),
                "key": deed.key.hex(),
                "status": deed.after.status,
                "sequence": deed.after.sequence,
                "controller": shown.facts(deed.after.controller),
                "transaction": deed.act.signed.id.hex(),
            }
            for deed in title.deeds
        ],
    }
