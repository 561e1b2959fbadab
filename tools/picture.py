"""Draws what a command printed as an SVG picture of a terminal, with rich.

    NO_COLOR=1 .venv/bin/lading demo | python tools/picture.py TITLE FIRST_LINE > docs/images/demo.svg

The picture begins at the first line that starts with FIRST_LINE, and ends with the input. Longer lines are cut.
"""

from __future__ import annotations

import io
import re
import sys

from rich.console import Console
from rich.text import Text

WIDTH = 118
MARKS = (
    (r"\bVALID\b", "bold green"),
    (r"\bINVALID\b", "bold red"),
    (r"\bUNKNOWN\b", "bold yellow"),
    (r"^\$ .*", "cyan"),
)


def main() -> None:
    """Read standard input, write the picture to standard output."""
    title, first = sys.argv[1:3]
    lines = sys.stdin.read().splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(first))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines[start:]:
        text = Text(line if len(line) <= WIDTH else line[: WIDTH - 1] + "…", no_wrap=True)
        for pattern, style in MARKS:
            text.highlight_regex(pattern, style)
        if re.match(r"(\d+\. |What happened|To )", line):
            text.stylize("bold")
        console.print(text)
    picture = console.export_svg(title=title)
    # The picture names fonts of its own machine, and loads none from elsewhere.
    print(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL))


if __name__ == "__main__":
    main()
