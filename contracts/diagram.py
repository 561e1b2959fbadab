"""A rule table as a picture: the states are rails in the order of a record's life, the actions arrows between them.

    held     ───●───▲───●──      each action has a column of its own: a dot on every state from which it can be done,
    offered  ───▼───●───┼──      an arrow head on the state to which it leads; a ring where the record stays in its
    void     ───────────▼──      state. The first rail is that of no record yet; ends are dark.

SVG 1.1 as text, the same for the same table on every machine. Names of states stand at both ends of the rails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from .lawyer import ordered_actions, ordered_states
from .table import NEW, Action, RuleTable

__all__ = ["draw"]

_ROW: Final = 34
_COLUMN: Final = 30
_LETTER: Final = 7.4
_NARROWEST: Final = 960
_SLOPE: Final = 0.82
"""Height of a label that is turned by 55 degrees, of its length."""
_NOTE: Final = (
    "A dot is a state from which it can be done, the arrow head the state it leads to; a ring: the state stays; "
    "brown: a named exception."
)
_STYLE: Final = (
    "text{font:13px 'DejaVu Sans',Verdana,sans-serif;fill:#1b2733}"
    ".title{font-size:17px;font-weight:bold}.note{font-size:12px;fill:#5a6b7b}"
    ".rail{stroke:#c3ced8;stroke-width:1.5}.first{stroke-dasharray:3 4}"
    ".box{fill:#eef4f9;stroke:#5b7f9f}.end{fill:#33475b;stroke:#33475b}.endtext{fill:#fff}"
    ".arrow{stroke:#0b63a5;stroke-width:1.8}.thin{stroke:#0b63a5;stroke-width:1;opacity:.5}.head,.dot{fill:#0b63a5}"
    ".except{stroke:#b3541e}.head.except,.dot.except{fill:#b3541e}.ring{fill:#fff;stroke:#0b63a5;stroke-width:1.8}"
    ".band{fill:#f7f9fb}"
)


@dataclass(frozen=True, slots=True)
class _Column:
    """One arrow: an action, the rows on which it starts, and the row on which it ends; none where records stay."""

    action: Action
    starts: tuple[int, ...]
    end: int | None


def draw(table: RuleTable) -> str:
    """The picture of a table."""
    states = [NEW, *ordered_states(table)]
    columns = list(_columns(table, states))
    left = round(max(len(_name(state)) for state in states) * _LETTER) + 52
    top = round(max(len(column.action.name) for column in columns) * _LETTER * _SLOPE) + 84
    right = left + len(columns) * _COLUMN + 12
    width, height = max(right + left, _NARROWEST), top + len(states) * _ROW + 14
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{escape(table.title)}, version {table.version}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="16" y="28">{escape(table.title)}</text>',
        f'<text class="note" x="16" y="48">{_NOTE}</text>',
    ]
    for number in range(1, len(columns), 2):
        x = left + number * _COLUMN
        lines.append(f'<rect class="band" x="{x}" y="{top - 18}" width="{_COLUMN}" height="{len(states) * _ROW}"/>')
    for row, state in enumerate(states):
        lines += _rail(table, state, top + row * _ROW, left, right)
    for number, column in enumerate(columns):
        lines += _arrow(column, left + number * _COLUMN + _COLUMN // 2, top)
    return "\n".join([*lines, "</svg>", ""])


def _columns(table: RuleTable, states: list[str]) -> Iterator[_Column]:
    for action in ordered_actions(table):
        moves = sorted((states.index(start), states.index(end)) for start, end in action.moves.items())
        stays = tuple(start for start, end in moves if start == end)
        if stays:
            yield _Column(action, stays, None)
        for end in sorted({end for start, end in moves if start != end}):
            yield _Column(action, tuple(start for start, to in moves if to == end and start != end), end)


def _name(state: str) -> str:
    return "no record" if state == NEW else state.replace("_", " ")


def _rail(table: RuleTable, state: str, y: int, left: int, right: int) -> Iterator[str]:
    end = state != NEW and table.states[state].terminal
    about = "there is no record yet" if state == NEW else table.states[state].about
    yield f'<line class="rail{" first" if state == NEW else ""}" x1="{left}" y1="{y}" x2="{right}" y2="{y}"/>'
    size = left - 26
    for x in (14, right + 12):
        box = f'<rect class="box{" end" if end else ""}" x="{x}" y="{y - 12}" width="{size}" height="24" '
        text = f'<text class="{"endtext" if end else ""}" x="{x + size / 2:g}" y="{y + 4.5:g}" text-anchor="middle">'
        yield f'<g><title>{escape(about)}</title>{box}rx="{3 if end else 12}"/>{text}{escape(_name(state))}</text></g>'


def _arrow(column: _Column, x: int, top: int) -> Iterator[str]:
    action, end = column.action, column.end
    kind = " except" if action.exception else ""
    rows = column.starts if end is None else (*column.starts, end)
    high, low = top + min(rows) * _ROW, top + max(rows) * _ROW
    told = f"{action.about} (exception: {action.exception})" if action.exception else action.about
    label = f'<text x="{x}" y="{top - 26}" transform="rotate(-55 {x} {top - 26})">'
    yield f"<g><title>{escape(told)}</title>{label}{escape(action.name.replace('_', ' '))}</text>"
    yield f'<line class="rail" x1="{x}" y1="{top - 22}" x2="{x}" y2="{high}" opacity=".55"/>'
    yield f'<line class="{"thin" if end is None else "arrow"}{kind}" x1="{x}" y1="{high}" x2="{x}" y2="{low}"/>'
    for row in column.starts:
        if end is None:
            yield f'<circle class="ring{kind}" cx="{x}" cy="{top + row * _ROW}" r="6"/>'
        yield f'<circle class="dot{kind}" cx="{x}" cy="{top + row * _ROW}" r="{2.6 if end is None else 4.5}"/>'
    if end is not None:
        yield from (_head(kind, x, top + end * _ROW, down) for down in _ways(column.starts, end))
    yield "</g>"


def _ways(starts: tuple[int, ...], end: int) -> list[bool]:
    """Whether the arrow comes to its end downwards, upwards, or both."""
    return sorted({row < end for row in starts})


def _head(kind: str, x: int, y: int, down: bool) -> str:
    return f'<path class="head{kind}" d="M{x} {y} l-6 {-10 if down else 10} h12 z"/>'
