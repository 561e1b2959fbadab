"""Read a rule table for a check: what is wrong with it is said with its line.

line 57: note.accept from open: move_control@1 needs offer, which may not hold there
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from contracts.rules import compile_table
from contracts.table import BadTable, RuleTable
from contracts.table_yaml import lines_of, parse_table
from contracts.vocabulary import EFFECTS, GUARDS, bind

__all__ = ["line_of_action", "line_of_state", "read_table"]

_PATH: Final = re.compile(r"(?:actions|fields|migrates|states)(?:/[a-z0-9_]+)+|^[a-z]+(?:/at)?(?= )")
_ACTION: Final = re.compile(r"[a-z0-9_]+\.([a-z0-9_]+)(?:[^:]*: ([a-z0-9_]+@\d+))?")

_Places = list[tuple[str, str, int]]


def read_table(text: bytes) -> RuleTable:
    """Read a table that a ledger would run. Raises `BadTable` with the line, where the fault has one."""
    table = None
    try:
        table = parse_table(text)
        compile_table(table)
    except BadTable as error:
        known = error.message.startswith(("line ", "not YAML"))
        line = None if known else _line(error, table, lines_of(text))
        if line is None:
            raise
        raise BadTable(f"line {line}: {error.message}", value=error.value) from None
    return table


def line_of_action(text: bytes, action: str) -> int | None:
    """The line of an action of a table."""
    return _first(lines_of(text), (f"actions/{action}",))


def line_of_state(text: bytes, state: str) -> int | None:
    """The line of a state of a table."""
    return _first(lines_of(text), (f"states/{state}",))


def _line(error: BadTable, table: RuleTable | None, places: _Places) -> int | None:
    """The line of the place that an error names: by its path, by an action and a word of it, or by its value."""
    unbound = None if table is None else _unbound(table)
    found = [unbound] if unbound else _PATH.findall(error.message)
    if found:
        parts = found[0].split("/")
        line = _first(places, ("/".join(parts[:length]) for length in range(len(parts), 0, -1)))
        if line is not None:
            return line
    action = _ACTION.search(error.message)
    if action and _first(places, (f"actions/{action[1]}",)):
        below = f"actions/{action[1]}/"
        inside = [line for path, word, line in places if path.startswith(below) and word in (action[2], error.value)]
        return inside[0] if inside else _first(places, (below[:-1],))
    named = [line for _, word, line in places if word == error.value]
    return named[0] if named else None


def _unbound(table: RuleTable) -> str | None:
    """The path of the first word that the vocabulary does not have, or not with these parameters."""
    for action in table.actions.values():
        for known, part, primitives in ((GUARDS, "guards", action.guards), (EFFECTS, "effects", action.effects)):
            for at, primitive in enumerate(primitives):
                try:
                    bind(known, primitive)
                except BadTable:
                    return f"actions/{action.name}/{part}/{at}"
    return None


def _first(places: _Places, paths: Iterable[str]) -> int | None:
    lines = {path: line for path, _, line in places}
    return next((lines[path] for path in paths if path in lines), None)
