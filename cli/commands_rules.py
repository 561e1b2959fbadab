"""`lading rules propose`, `vote`, `enact`, `withdraw`, `lapse` and `proposals`: how members change the rules.

A governor proposes a rule table with the height from which it is to be in force; the table's text goes into the log.
The governors vote, each in its own home; a vote for a table first explores it on the small model, and carries the hash
of the result. Once more than two thirds have voted for it, a governor enacts it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import UsageError

from .acting import Work, acting, chosen, time_of
from .context import ACTING, READING, Session, command, now_ms
from .output import moment, short

if TYPE_CHECKING:
    from ledger.record import Record
    from nodes.governing import Motion, Standing
    from nodes.reader import LedgerReader

__all__ = [
    "After",
    "CheckRefuted",
    "ForOrAgainst",
    "FromHeight",
    "ProposalWord",
    "Until",
    "enact",
    "lapse",
    "proposals",
    "propose",
    "propose_motion",
    "register",
    "vote",
    "withdraw",
]

FromHeight = Annotated[
    int | None, typer.Option("--from-height", metavar="HEIGHT", min=1, help="The height from which it is in force.")
]
After = Annotated[
    int | None,
    typer.Option("--after", metavar="NUMBER", min=1, help="In force so many heights after the newest; usually 100."),
]
Until = Annotated[
    str, typer.Option("--until", metavar="TIME", help="Until when it can be voted on and enacted; +14d is two weeks.")
]
ProposalWord = Annotated[
    str, typer.Argument(metavar="PROPOSAL", help="Its id or the beginning of it, or what is proposed: KIND@VERSION.")
]


class ForOrAgainst(UsageError):
    """A vote is for or against."""

    code = "usage.for_or_against"
    hint = "give --for or --against"


class CheckRefuted(UsageError):
    """The model checker refutes the table, or cannot finish with it."""

    code = "governance.check_refuted"
    hint = "`lading rules check FILE` shows why; vote --against, or --for with --although-refuted"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, propose, panel=ACTING)
    for function in (vote, enact, withdraw, lapse):
        command(app, function, panel=ACTING)
    command(app, proposals, panel=READING, keys=False)


def propose(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The rule table, a YAML file.")],
    *,
    from_height: FromHeight = None,
    after: After = None,
    until: Until = "+14d",
) -> None:
    """Propose a rule table, as a governor: a new kind of record, or a later version of a kind."""
    from contracts.checker.reading import read_table
    from contracts.table import MAX_TABLE
    from nodes.files import read_bounded
    from nodes.governing import motion_of_table

    table = read_table(read_bounded(file, MAX_TABLE))
    with acting(session) as work:
        motion = motion_of_table(table)
        propose_motion(work, motion, f"rule table {table.kind}, version {table.version},", from_height, after, until)


def propose_motion(
    work: Work, motion: Motion, what: str, from_height: int | None, after: int | None, until: str
) -> None:
    """Propose anything, and print it; `what` says it in words."""
    from nodes.governing import propose as propose_it

    chosen(from_height=from_height, after=after)
    ends = time_of(until)
    report = propose_it(work.desk, motion, until=0 if ends is None else ends, from_height=from_height, after=after)
    since = report.record.fields["from_height"]
    facts = {"proposal": report.record.id.hex(), "content": report.record.fields["content"].hex(), "from_height": since}
    work.done(report, f"proposed {what} in force from height {since:,}", **facts)


def vote(
    session: Session,
    proposal: ProposalWord,
    *,
    agree: Annotated[bool, typer.Option("--for", help="Vote for it.", show_default=False)] = False,
    against: Annotated[bool, typer.Option("--against", help="Vote against it.", show_default=False)] = False,
    anyway: Annotated[
        bool,
        typer.Option("--although-refuted", help="Vote for a table that the checker refutes.", show_default=False),
    ] = False,
) -> None:
    """Vote on a proposal, as a governor, once; a rule table is checked on the small model before."""
    from nodes.governing import act_on, find_proposal

    if agree == against:
        raise ForOrAgainst("both --for and --against are given" if agree else "neither --for nor --against is given")
    with acting(session) as work:
        record = find_proposal(work.reader, proposal)
        arguments: dict[str, Any] = {"choice": "for" if agree else "against"}
        arguments |= _checked(work, record, anyway) if agree else {}
        report = act_on(work.desk, record.id, "vote", arguments)
        counted = _standing_now(work, report.record)
        work.done(report, f"voted {arguments['choice']} it; {_count(counted)}", **arguments, enough=counted.enough)


def _standing_now(work: Work, record: Record) -> Standing:
    from nodes.governing import standing

    with work.desk.reading() as reader:
        return standing(reader, record)


def _checked(work: Work, record: Record, anyway: bool) -> dict[str, Any]:
    """The check that a vote for a rule table carries; nothing for other subjects. Raises `CheckRefuted`."""
    from contracts.checker.check import check_table
    from contracts.checker.result import CHECKER
    from ledger.errors import LadingError
    from ledger.hashing import ZERO
    from nodes.governing import proposed_table

    if record.fields.get("subject") != "rule_table":
        return {}
    table = proposed_table(work.reader, record)
    try:
        result = check_table(table)
    except LadingError as error:
        if not anyway:
            raise CheckRefuted(f"{table.kind}@{table.version} cannot be checked: {error.message}") from None
        return {"checker": CHECKER, "result": ZERO}
    refuted = [verdict.about for verdict in result.invariants if not verdict.proved]
    if (refuted or not result.proved) and not anyway:
        why = "; ".join(refuted) or "it has states, actions or pairs of actions that make no sense"
        raise CheckRefuted(f"{table.kind}@{table.version} is refuted: {why}", value=result.result_hash)
    said = "refuted" if not result.proved else "proved"
    work.screen.say(f"{result.checker}: {table.kind}@{table.version} is {said} in {result.states:,} states")
    return {"checker": result.checker, "result": result.result_hash}


def enact(session: Session, proposal: ProposalWord) -> None:
    """Enact what enough governors have voted for, as a governor: it is in force from its height on."""
    from nodes.governing import act_on, find_proposal

    with acting(session) as work:
        report = act_on(work.desk, find_proposal(work.reader, proposal).id, "enact")
        since = report.record.fields["from_height"]
        work.done(report, f"enacted: in force from height {since:,}", from_height=since)


def withdraw(session: Session, proposal: ProposalWord) -> None:
    """Take a proposal of mine back."""
    _end(session, proposal, "withdraw", "withdrawn")


def lapse(session: Session, proposal: ProposalWord) -> None:
    """Put a proposal away whose time is over; any member can."""
    _end(session, proposal, "lapse", "put away")


def _end(session: Session, proposal: str, action: str, said: str) -> None:
    from nodes.governing import act_on, find_proposal

    with acting(session) as work:
        report = act_on(work.desk, find_proposal(work.reader, proposal).id, action)
        work.done(report, f"the proposal is {said}")


def proposals(
    session: Session,
    proposal: Annotated[str, typer.Argument(metavar="[PROPOSAL]", help="One proposal, to read all of it.")] = "",
) -> None:
    """Show what is proposed, and what the votes come to; of one proposal also its text."""
    from nodes.governing import find_proposal, standing
    from nodes.governing import proposals as every

    with session.reading() as reader:
        if proposal:
            found = standing(reader, find_proposal(reader, proposal), now_ms())
            value = {**_facts(found), **_content(reader, found.record)}
            session.screen.result(value, _details(value, str(value["text"])))
            return
        listed = [_facts(one) for one in every(reader, now_ms())]
        session.screen.result(listed)
        rows = [_row(one) for one in listed]
        session.screen.table(("proposal", "what", "status", "height", "for", "against", "enough", "until"), rows)


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    votes = (str(len(one["for"])), str(len(one["against"])), "yes" if one["enough"] else "no")
    status = "too late" if one["too_late"] else one["status"]
    return (one["proposal"][:12], one["what"], status, f"{one['from_height']:,}", *votes, one["until"])


def _facts(one: Standing) -> dict[str, Any]:
    record = one.record
    fields = record.fields
    return {
        "proposal": record.id.hex(),
        "what": _what(record),
        "subject": fields["subject"],
        "status": record.status,
        "from_height": fields["from_height"],
        "until": moment(fields["until"]),
        "content": fields["content"].hex(),
        "proposed_by": record.issuer.hex(),
        "for": [str(voter.fields["alias"]) for voter in one.agreed],
        "against": [str(voter.fields["alias"]) for voter in one.opposed],
        "governors": len(one.active),
        "enough": one.enough,
        "too_late": one.late or None,
        "checks": [
            {"voter": voter.hex(), "checker": checker, "result": result.hex()}
            for voter, (checker, result) in one.checks.items()
        ],
    }


def _what(record: Record) -> str:
    """What a proposal proposes, in a few words."""
    from nodes.governing import name_of

    fields = record.fields
    if fields["subject"] == "parameter":
        value = str(fields["value"])
        return f"{fields['name']} = {value if len(value) < 33 else value[:12] + '…'}"
    if fields["subject"] == "governors":
        return f"{len(fields['governors'])} governors"
    return f"policy {short(fields['content'])}" if fields["subject"] == "policy" else f"table {name_of(record)}"


def _content(reader: LedgerReader, record: Record) -> dict[str, Any]:
    """All that a proposal says: a table as a lawyer reads it, a policy as it is, governors by their aliases."""
    from contracts.lawyer import describe
    from nodes.governing import proposed_table, proposed_text
    from nodes.lookup import alias_of, members_among

    fields = record.fields
    if fields["subject"] == "rule_table":
        table = proposed_table(reader, record)
        return {"table": dict(table.plain), "text": describe(table, reader.rules.parameters)}
    if fields["subject"] == "governors":
        members = members_among(reader, fields["governors"])
        aliases = [alias_of(governor, members) for governor in fields["governors"]]
        return {"governors_to_be": aliases, "text": "\n".join(aliases)}
    if fields["subject"] == "parameter":
        return {"name": fields["name"], "value": fields["value"], "text": f"{fields['name']} = {fields['value']}"}
    text = proposed_text(reader, record) or b""
    return {"text": text.decode("utf-8", "replace")}


def _count(one: Standing) -> str:
    enough = "enough to enact it" if one.enough else "not enough yet"
    return f"{len(one.agreed)} of {len(one.active)} governors have voted for it, {enough}"


def _details(value: dict[str, Any], text: str) -> str:
    lines = [
        f"{value['what']}: {value['status']}{', and too late' if value['too_late'] else ''}",
        f"  proposal: {value['proposal']}",
        f"  content: {value['content']}",
        f"  from height: {value['from_height']:,}",
        f"  until: {value['until']}",
        f"  for: {', '.join(value['for']) or '-'}",
        f"  against: {', '.join(value['against']) or '-'}",
        f"  enough of {value['governors']} governors: {'yes' if value['enough'] else 'no'}",
    ]
    if value["too_late"]:
        lines.append(f"  can be enacted no more: {value['too_late']}; propose it anew")
    lines += [f"  check: {one['checker']}, result {one['result'][:16]}…" for one in value["checks"]]
    return "\n".join([*lines, "", text.rstrip()])
