"""`lading rules check`: explores a rule table on a small model before members vote on it.

    bill_of_lading@2: 8,412 states, 190,331 transitions
    proved   every live state has exactly one party in control: a member, or members in joint control
    refuted  a pledge cannot be walked around
             control moves without the signature of the pledgee, trader-b (line 57)
               1. carrier: issue(to=trader-a)
               …

Exit status 0 if all is proved, 1 if something is refuted, 2 if the file is no rule table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .context import READING, Session, command
from .exits import DONE, REFUSED

if TYPE_CHECKING:
    from contracts.checker.result import CheckResult, Verdict

__all__ = ["check", "register"]

_File = Annotated[Path, typer.Argument(metavar="FILE", help="The rule table, a YAML file.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, check, panel=READING, keys=False)


def check(session: Session, file: _File) -> int:
    """Explore a rule table on a small model, and prove its eight invariants or refute them by an example."""
    from contracts.checker.check import check_table
    from contracts.checker.reading import read_table
    from contracts.table import MAX_TABLE
    from nodes.files import read_bounded

    text = read_bounded(file, MAX_TABLE)
    result = check_table(read_table(text))
    session.screen.result(_plain(result, text), "\n".join(_lines(result, text)))
    return DONE if result.proved else REFUSED


def _line(verdict: Verdict, text: bytes) -> int | None:
    """The line of the action that breaks an invariant."""
    from contracts.checker.reading import line_of_action

    done = [move.action for move in verdict.moves if move.actor]
    return line_of_action(text, done[-1]) if done else None


def _plain(result: CheckResult, text: bytes) -> dict[str, Any]:
    return {
        "checker": result.checker,
        "kind": result.kind,
        "version": result.version,
        "table": result.table,
        "result": result.result_hash,
        "proved": result.proved,
        "states": result.states,
        "transitions": result.transitions,
        "invariants": [
            {
                "name": verdict.name,
                "about": verdict.about,
                "proved": verdict.proved,
                **({} if verdict.proved else {"reason": verdict.reason, "line": _line(verdict, text)}),
                **({} if verdict.proved else {"counterexample": [_move(move) for move in verdict.moves]}),
            }
            for verdict in result.invariants
        ],
        "exceptions": dict(result.exceptions),
        "unreachable_states": list(result.unreachable),
        "actions_that_never_happen": list(result.never),
        "ambiguous_actions": list(result.ambiguous),
    }


def _move(move: Any) -> dict[str, Any]:
    return {
        "actor": move.actor or None,
        "represented": move.represented or None,
        "action": move.action,
        "arguments": dict(move.arguments),
        "signers": list(move.signers),
    }


def _lines(result: CheckResult, text: bytes) -> list[str]:
    from contracts.checker.reading import line_of_action, line_of_state

    lines = [f"{result.kind}@{result.version}: {result.states:,} states, {result.transitions:,} transitions"]
    for verdict in result.invariants:
        lines.append(f"{'proved ' if verdict.proved else 'refuted'}  {verdict.about}")
        if not verdict.proved:
            at = _line(verdict, text)
            lines.append(f"         {verdict.reason}{'' if at is None else f' (line {at})'}")
            lines += [f"           {number}. {move}" for number, move in enumerate(verdict.moves, 1)]
    lines += [f"refuted  the state {state} is never reached (line {line_of_state(text, state)})"
              for state in result.unreachable]  # fmt: skip
    lines += [f"refuted  nobody can ever {action} (line {line_of_action(text, action)})" for action in result.never]
    for pair in result.ambiguous:
        line = line_of_action(text, pair.rpartition(" ")[2])
        lines.append(f"refuted  {pair} read the same to who signs, from the same state (line {line})")
    lines += [f"exception of {name}: {why}" for name, why in result.exceptions.items()]
    return [*lines, f"checker {result.checker}", f"table   {result.table.hex()}", f"result  {result.result_hash.hex()}"]
