"""What a command prints: data on stdout, messages and errors on stderr.

    error[rule.controller_signs]: shipper is not in control of the record; bank is (rule …)
      value: 41b6e6c1f0a3…
      hint: `lading show` says who is in control now; only that party can do this

With `--json` stdout holds one JSON value and nothing else, ids and hashes whole, times in ISO 8601 UTC, and
an error is one JSON object, on one line, which is the last of stderr: what comes before it are messages for
people, in plain text (`lading … --json 2>&1 >/dev/null | tail -n 1`). Without it ids are shortened to 12
hexadecimal digits. Colours only where a person looks at a terminal, and not under `NO_COLOR`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TextIO
from unicodedata import combining, east_asian_width

from ledger.errors import LadingError
from ledger.times import iso

__all__ = ["Screen", "colours", "moment", "plain_table", "print_error", "printable", "short", "styled", "to_json"]

_STYLES: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_WIDE: Final = frozenset("WF")


def short(value: bytes | None) -> str:
    """An id or a hash as it is shown: its first 12 hexadecimal digits, or a dash."""
    return "-" if value is None else value.hex()[:12]


def moment(milliseconds: int | None) -> str:
    """A ledger time in ISO 8601 UTC, or a dash."""
    return "-" if milliseconds is None else iso(milliseconds)


class Screen:
    """Where a command prints. `json` says that stdout is for a program."""

    def __init__(self, as_json: bool = False) -> None:
        self.json = as_json

    def result(self, value: Mapping[str, Any] | Sequence[Any], text: str | None = None) -> None:
        """What a command found or did: as JSON under `--json`, else `text` (nothing if None)."""
        if self.json:
            print(to_json(value), file=sys.stdout)
        elif text is not None:
            print(text, file=sys.stdout)

    def line(self, text: str = "") -> None:
        """A line of data, left out under `--json`."""
        if not self.json:
            print(text, file=sys.stdout)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Rows of data under headings, left out under `--json`."""
        if self.json:
            return
        if colours(sys.stdout):
            _rich_table(headings, rows)
        else:
            print(plain_table(headings, rows), file=sys.stdout)

    def say(self, text: str) -> None:
        """A message for the person, on stderr."""
        print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """A warning, on stderr."""
        print(f"{styled('warning', 'yellow', sys.stderr)}: {text}", file=sys.stderr)

    def style(self, text: str, style: str) -> str:
        """`text` for stdout in a colour, or bold or dim, where colours are shown."""
        return styled(text, style, sys.stdout)


def print_error(error: LadingError, *, as_json: bool = False) -> None:
    """An error on stderr: code and message, the offending value, and what to do."""
    if as_json:
        print(json.dumps({"error": error.as_dict()}, ensure_ascii=False), file=sys.stderr)
        return
    print(f"{styled(f'error[{error.code}]', 'red', sys.stderr)}: {error.message}", file=sys.stderr)
    for name, text in (("value", error.shown_value()), ("hint", error.hint)):
        if text:
            print(f"  {styled(name, 'cyan', sys.stderr)}: {printable(text)}", file=sys.stderr)


def printable(text: str) -> str:
    """`text` with whatever could move the cursor or hide a character written as an escape."""
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)


def to_json(value: Any) -> str:
    """A value as JSON for people's eyes and programs: bytes in hex, names in the order given."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_json_default)


def _json_default(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def colours(stream: TextIO) -> bool:
    """Whether a person looks at `stream` and wants colours (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def styled(text: str, style: str, stream: TextIO) -> str:
    """`text` in a style, where `stream` shows colours."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colours(stream) else text


def plain_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows in columns that two spaces part, wide characters counted as two."""
    lines = [[printable(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(_width(line[at]) for line in lines) for at in range(len(headings))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _width(text: str) -> int:
    return sum(0 if combining(mark) else 1 + (east_asian_width(mark) in _WIDE) for mark in text)


def _rich_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(file=sys.stdout).print(table)
