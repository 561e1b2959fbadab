"""`lading list`: the records of a ledger, or what somebody holds, now or as of a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import UsageError

from .context import READING, Session, command, now_ms
from .output import moment, short
from .read_difference import links
from .reading import Papers, kind_text, papers, state_text

if TYPE_CHECKING:
    from ledger.record import Record

__all__ = ["NoSuchKind", "NoSuchState", "NotAMember", "list_records", "register"]

_Mine = Annotated[bool, typer.Option("--mine", help="What this home's member is in control of.", show_default=False)]
_HeldBy = Annotated[str | None, typer.Option("--held-by", metavar="MEMBER", help="What this member is in control of.")]
_OfferedTo = Annotated[
    bool, typer.Option("--offered", help="What is offered to this home's member.", show_default=False)
]
_AsOf = Annotated[str | None, typer.Option("--as-of", metavar="TIME", help="As it was at this time (ISO 8601).")]
_Kind = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only records of this kind.")]
_Status = Annotated[str | None, typer.Option("--status", metavar="STATE", help="Only records in this state.")]

_NOT_DEALS = frozenset({"joint_control", "ledger", "mandate", "member", "policy", "proposal", "rule_table", "text"})
"""Kinds that are listed only when they are asked for."""


class NotAMember(UsageError):
    """This home is no member's, so nothing is its own."""

    code = "usage.not_a_member"
    hint = "name the member: `--held-by MEMBER`"


class NoSuchKind(UsageError):
    """This ledger has no records of that kind."""

    code = "usage.unknown_kind"
    hint = "`lading rules show` lists the kinds of deals"


class NoSuchState(UsageError):
    """No record can be in that state."""

    code = "usage.unknown_state"
    hint = "`lading rules show KIND` has the states of a kind"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, list_records, name="list", panel=READING)


def list_records(
    session: Session,
    *,
    mine: _Mine = False,
    held_by: _HeldBy = None,
    offered: _OfferedTo = False,
    as_of: _AsOf = None,
    kind: _Kind = None,
    status: _Status = None,
) -> None:
    """List records: all of them, or what I or another member is in control of, now or as of a time."""
    from ledger.times import parse_iso

    time = None if as_of is None else parse_iso(as_of)
    with papers(session, ask=False) as shown:
        kind = _known_kind(shown, kind)
        status = _known_state(shown, kind, status)
        holder, receiver = _holder(shown, mine, held_by), _me(shown) if offered else None
        labels = shown.labels()
        found = [
            record
            for record in _records(shown, time, kind)
            if (status is None or record.status == status)
            and (holder is None or record.controller == holder)
            and (receiver is None or (record.pending is not None and record.pending.party == receiver))
        ]
        found.sort(key=lambda record: (record.kind, record.entry))
        session.screen.result([_facts(record, labels, shown) for record in found])
        session.screen.table(
            ("kind", "number", "state", "in control", "since", "offered to", "id"),
            [_row(record, labels, shown) for record in found],
        )
        if shown.vault is None and any(record.document for record in found):
            session.screen.say(_no_numbers(session))
        if time is None and shown.me is not None:
            for said in _ending(shown, shown.me, found):
                session.screen.warn(said)
        many = "1 record" if len(found) == 1 else f"{len(found)} records"
        session.screen.say(many + (f" as of {moment(time)}" if time is not None else ""))


def _ending(shown: Papers, member: bytes, found: list[Record]) -> Iterator[str]:
    """Which of the listed documents that concern a member end soon."""
    from nodes.expiring import concerns, expiry_of

    now = max(now_ms(), shown.reader.head.time)
    for record in found:
        if "expires" in record.fields and concerns(shown.reader, record, member):
            yield from expiry_of(shown.reader, record, now)


def _known_kind(shown: Papers, kind: str | None) -> str | None:
    """The kind that a word means. Raises `NoSuchKind`."""
    known = sorted({*shown.reader.rules.current, *_NOT_DEALS})
    found = None if kind is None else _word(kind)
    if found is not None and found not in known:
        raise NoSuchKind(f"no kind {kind}; there are {', '.join(known)}", value=kind)
    return found


def _known_state(shown: Papers, kind: str | None, status: str | None) -> str | None:
    """The state that a word means. Raises `NoSuchState`."""
    if status is None:
        return None
    tables = shown.reader.rules.tables.items()
    known = {state for (of, _), table in tables if kind in (None, of) for state in table.states}
    known |= {record.status for record in shown.reader.records() if kind in (None, record.kind)}
    found = _word(status)
    if found not in known:
        raise NoSuchState(f"no state {status}; there are {', '.join(sorted(known))}", value=status)
    return found


def _word(text: str) -> str:
    """A word of a table: people write spaces or dashes where it has underscores."""
    return text.lower().replace("-", "_").replace(" ", "_")


def _no_numbers(session: Session) -> str:
    why = "no passphrase was given" if session.home.has_keys else "this home keeps none"
    return f"numbers are not shown: they stand in the documents, and {why}"


def _holder(shown: Papers, mine: bool, held_by: str | None) -> bytes | None:
    from nodes.lookup import find_member

    if held_by is not None:
        return find_member(shown.reader, held_by).id
    return _me(shown) if mine else None


def _me(shown: Papers) -> bytes:
    if shown.me is None:
        raise NotAMember("this home is no member's")
    return shown.me


def _records(shown: Papers, time: int | None, kind: str | None) -> Iterator[Record]:
    """The records of a kind, as they are or as they were."""
    from nodes.titles import record_as_of, size_at

    size = None if time is None else size_at(shown.reader, time)
    for record in shown.reader.records():
        if (record.kind in _NOT_DEALS) if kind is None else (record.kind != kind):
            continue
        then = record if size is None else record_as_of(shown.reader, record, size)
        if then is not None:
            yield then


def _facts(record: Record, labels: dict[bytes, dict[str, str]], shown: Papers) -> dict[str, Any]:
    return {
        "record": record.id.hex(),
        "kind": record.kind,
        "number": labels.get(record.id, {}).get("number"),
        "status": record.status,
        "controller": shown.facts(record.controller),
        "since": moment(record.since),
        "issuer": shown.facts(record.issuer),
        "offered_to": shown.facts(record.pending.party) if record.pending else None,
        **links(record),
        "sequence": record.sequence,
        "entry": record.entry,
    }


def _row(record: Record, labels: dict[bytes, dict[str, str]], shown: Papers) -> tuple[str, ...]:
    return (
        kind_text(record.kind),
        labels.get(record.id, {}).get("number", "-"),
        state_text(record.status),
        shown.name(record.controller) if record.controller else "nobody",
        moment(record.since),
        shown.name(record.pending.party) if record.pending else "-",
        short(record.id),
    )
