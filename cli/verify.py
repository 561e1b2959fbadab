"""`lading-verify FILE --policy POLICY`, also `lading verify`: checks a proof bundle with nothing but a policy.

It needs the base dependencies alone, opens the two files that it is given and nothing else, and connects to
nobody. Exit status: 0 both verdicts VALID, 1 one of them INVALID, 3 one of them UNKNOWN and none INVALID,
2 a wrong option or a file that cannot be read.

    VALID    history   every step holds
    VALID    control   bank is in control since 2025-11-24T16:00:06Z, as of 2025-11-24T16:00:06Z

    Steps
      1  VALID    the file is a bundle: 25,282 bytes
      …
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from ledger.bundle import MAX_BUNDLE
from ledger.errors import LadingError, UsageError
from ledger.policy import MAX_POLICY, BadPolicy, Policy
from ledger.quorum import weaknesses
from ledger.report import Report, TitleEvent, Verdict
from ledger.times import iso, parse_iso
from ledger.verify import verify

from . import exits
from .output import plain_table, print_error, printable, short, styled, to_json

__all__ = ["BadDuration", "FileUnreadable", "main", "parser", "run"]

NOTICE: Final = (
    "This file is a copy. It shows who was in control then; holding it gives no right to the goods or the record."
)
_STATUS: Final = {Verdict.VALID: exits.DONE, Verdict.INVALID: exits.REFUSED, Verdict.UNKNOWN: exits.UNKNOWN}
_STYLES: Final = {Verdict.VALID: "green", Verdict.INVALID: "red", Verdict.UNKNOWN: "yellow"}
_UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhd])")
_MODES: Final = {"endorse": "endorsed", "blank": "endorsed in blank", "possession": "possession only"}
_NOT_REACHED: Final = "verify.not_reached"
_MIB: Final = 1024 * 1024


class FileUnreadable(UsageError):
    """A file named on the command line cannot be read."""

    code = "usage.file_unreadable"
    hint = "check the path and its rights"


class BadDuration(UsageError):
    """Not a length of time."""

    code = "usage.bad_duration"
    hint = "write a number and s, m, h or d: 90s, 10m, 2h, 30d"


def parser(name: str = "lading-verify") -> argparse.ArgumentParser:
    """The command line; `name` is what it was called by."""
    made = argparse.ArgumentParser(
        prog=name,
        description="Check a proof bundle offline: who had control of a record, and who has it now.",
        epilog="Exit status: 0 both verdicts VALID, 1 INVALID, 3 UNKNOWN, 2 wrong usage or a file that cannot be read.",
        allow_abbrev=False,
    )
    made.add_argument("file", metavar="FILE", help="the bundle, or - for standard input")
    made.add_argument(
        "--policy", required=True, metavar="POLICY", help="the policy that says whose signatures you rely on"
    )
    made.add_argument(
        "--max-age",
        default="10m",
        metavar="AGE",
        help="how old the cosignatures may be for a verdict on control now: 90s, 10m, 2h, 30d (10m)",
    )
    made.add_argument("--at", metavar="TIME", help="the time of checking, in ISO 8601 (now)")
    made.add_argument("--json", action="store_true", help="print JSON for programs")
    made.add_argument(
        "--limit",
        type=int,
        default=MAX_BUNDLE // _MIB,
        metavar="MIB",
        help=f"the largest file that is read, in MiB ({MAX_BUNDLE // _MIB})",
    )
    return made


def main(arguments: Sequence[str] | None = None, *, name: str = "lading verify") -> int:
    """Check one bundle, print the report, and give the exit status. Raises a `LadingError` for wrong usage."""
    options = parser(name).parse_args(arguments)
    policy = _read_policy(options.policy)
    at = time.time_ns() // 1_000_000 if options.at is None else parse_iso(options.at)
    limit = max(0, options.limit) * _MIB
    data, size = _read(options.file, limit)
    report = verify(data, policy, at=at, max_age=_duration(options.max_age), limit=limit, size=size)
    warnings = _warnings(report, policy)
    if options.json:
        print(to_json({**report.as_dict(), "at": iso(at), "warnings": warnings, "notice": NOTICE}))
    else:
        print("\n".join(_lines(report, warnings)))
    sys.stdout.flush()
    return _STATUS[report.verdict]


def run(argv: Sequence[str] | None = None) -> int:
    """The console script: `main` with every error as a message and an exit status."""
    try:
        return main(argv, name="lading-verify")
    except LadingError as error:
        print_error(error, as_json="--json" in (sys.argv[1:] if argv is None else argv))
        return exits.exit_status(error)
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.BROKEN_PIPE
    except Exception as fault:  # noqa: BLE001 - a traceback would end with the status that means INVALID
        print(f"error[internal]: {type(fault).__name__}: {fault}", file=sys.stderr)
        return exits.INTERNAL


def _read_policy(name: str) -> Policy:
    data, size = _read(name, MAX_POLICY)
    wrong = "" if data else "the policy is empty"
    if len(data) > MAX_POLICY:
        many = f"more than {MAX_POLICY:,}" if size is None else f"{size:,}"
        wrong = f"the policy has {many} bytes, and at most {MAX_POLICY:,} are read"
    if wrong:
        raise BadPolicy(wrong, value=name, hint="take the policy from a member of the ledger whom you trust")
    return Policy.parse(data)


def _read(name: str, limit: int) -> tuple[bytes, int | None]:
    """The bytes of a file, one more than `limit` at most, and its size where it can be known."""
    try:
        if name == "-":
            return _bounded(sys.stdin.buffer, limit), None
        with Path(name).open("rb") as file:
            return _bounded(file, limit), os.fstat(file.fileno()).st_size or None
    except (OSError, ValueError) as exc:  # ValueError: a zero byte in the name
        why = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise FileUnreadable(f"cannot read {name}: {why}", value=name) from None


def _bounded(file: BinaryIO, limit: int) -> bytes:
    return file.read(limit + 1)


def _duration(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise BadDuration(f"{text!r} is no length of time", value=text)
    return int(match[1]) * _UNITS[match[2]]


def _warnings(report: Report, policy: Policy) -> list[str]:
    """What a reader must know beside the verdicts."""
    found = [str(warning) for warning in report.facts.get("warnings", [])]
    return found + [f"your policy is weak: {weakness}" for weakness in weaknesses(policy)]


def _lines(report: Report, warnings: list[str]) -> list[str]:
    lines = [
        f"{_word(report.history)}  history   {printable(report.history_reason)}",
        f"{_word(report.control)}  control   {printable(report.control_reason)}",
    ]
    lines += [f"{styled('warning', 'yellow', sys.stdout)}  {printable(warning)}" for warning in warnings]
    lines += ["", "Steps"]
    for step in report.steps:
        code = f" [{step.code}]" if step.code not in ("", _NOT_REACHED) else ""
        lines.append(f"  {step.number:2}  {_word(step.verdict)}  {printable(f'{step.title}: {step.detail}')}{code}")
        if step.hint and step.verdict is not Verdict.VALID:
            lines.append(f"               hint: {printable(step.hint)}")
    lines += _about(report.facts)
    lines += _title(report)
    return [*lines, "", *_control(report), "", NOTICE]


def _word(verdict: Verdict) -> str:
    """The result word, in a column of seven."""
    return styled(f"{verdict.name:7}", _STYLES[verdict], sys.stdout)


def _about(facts: dict[str, Any]) -> list[str]:
    named = {
        "Record": facts.get("record"),
        "Kind": str(facts["kind"]).replace("_", " ") if "kind" in facts else None,
        "Number": facts.get("number"),
        "Issuer": _party(facts, "issuer"),
        "Ledger": facts.get("origin"),
        "Replaces": _records(facts, "replaces"),
        "Replaced by": _records(facts, "replaced_by"),
    }
    named = {name: value for name, value in named.items() if value is not None}
    width = max(7, *map(len, named)) + 1 if named else 0
    lines = [f"  {name:{width}}{printable(str(value))}" for name, value in named.items()]
    return ["", "What it is about", *lines] if lines else []


def _title(report: Report) -> list[str]:
    """The chain of title; what is not proven is called a claim."""
    if not report.events:
        return []
    proven = report.history is Verdict.VALID
    heading = (
        "Chain of title" if proven else f"Chain of title as the file claims it; the history is {report.history.name}"
    )
    rows = [[iso(event.time), str(event.index), _who(event), _deed(event), short(event.key)] for event in report.events]
    table = plain_table(["WHEN", "ENTRY", "WHO", "WHAT", "SIGNED BY KEY"], rows)
    parties = [f"  {printable(_full(party))}" for party in report.facts.get("parties", [])]
    return ["", heading, *(f"  {line}" for line in table.split("\n")), "", "Who they are", *parties]


def _party(facts: dict[str, Any], name: str) -> str | None:
    """The party of a fact in full."""
    party = facts.get(f"{name}_party")
    return facts.get(name) if party is None else _full(party)


def _full(party: dict[str, Any]) -> str:
    """A party by its legal name, alias and LEI."""
    names: dict[str, str] = party["names"]
    legal = names.get("en") or next(iter(names.values()), "")
    name = f"{legal} ({party['alias']})" if legal else str(party["alias"])
    return f"{name}, LEI {party['lei']}" if party["lei"] else name


def _who(event: TitleEvent) -> str:
    """Who acted, for whom, and who signed beside."""
    acting = f"{event.actor} for {event.represented}" if event.represented else event.actor
    return f"{acting}, with {', '.join(event.also)}" if event.also else acting


def _records(facts: dict[str, Any], name: str) -> str | None:
    linked = facts.get(name)
    return ", ".join(one[:12] for one in linked) + " (ask for a bundle of it too)" if linked else None


def _deed(event: TitleEvent) -> str:
    deed = event.action.replace("_", " ")
    to = f" to {event.to}" if event.to else ""
    return f"{deed}{to}, {_MODES.get(event.mode, event.mode)}" if event.mode else deed + to


def _control(report: Report) -> list[str]:
    """Who is in control, or was at the time of the cosignatures; nothing where the history does not hold."""
    facts = report.facts
    if report.history is not Verdict.VALID:
        return [f"In control: not shown, since the history is {report.history.name}."]
    if "status" not in facts:
        return [f"In control: not shown, since control is {report.control.name}."]
    who = printable(_party(facts, "controller") or "nobody")
    state = f"the record is {printable(str(facts['status']).replace('_', ' '))}"
    as_of = f", as of {iso(facts['as_of'])}" if "as_of" in facts else ""
    if report.control is Verdict.VALID:
        return [f"In control: {who}, since {iso(facts['since'])}{as_of}; {state}."]
    return [f"In control then: {who}, since {iso(facts['since'])}{as_of}; {state}. Now: {report.control.name}."]
