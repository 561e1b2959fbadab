"""Writes `docs/rules/<kind>.md` and `.svg`: every shipped rule table as a lawyer reads it. Called by `make_docs.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from contracts.diagram import draw
from contracts.lawyer import describe
from contracts.table_yaml import parse_table

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "contracts" / "tables"


def document(path: Path) -> str:
    """The page of the table at `path`."""
    source = path.relative_to(ROOT).as_posix()
    text = describe(parse_table(path.read_bytes()), diagram=True)
    picture = f"![States and actions as a picture]({path.stem}.svg)\n\n"
    text = text.replace("```mermaid\n", f"{picture}```mermaid\n", 1)
    return f"<!-- Written by `make docs` from {source}; do not edit. -->\n\n{text}"


def picture(path: Path) -> str:
    """The picture of the table at `path`."""
    return draw(parse_table(path.read_bytes()))


def documents() -> Mapping[str, Callable[[], str]]:
    """Each page and picture by its path, as `make_docs.DOCUMENTS` has them."""
    found: dict[str, Callable[[], str]] = {}
    for path in sorted(TABLES.glob("*.yaml")):
        found[f"docs/rules/{path.stem}.md"] = lambda path=path: document(path)
        found[f"docs/rules/{path.stem}.svg"] = lambda path=path: picture(path)
    return found
