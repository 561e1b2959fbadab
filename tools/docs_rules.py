"""Writes `docs/rules/<kind>.md`: every shipped rule table as a lawyer reads it. Called by `make_docs.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from contracts.lawyer import describe
from contracts.table_yaml import parse_table

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "contracts" / "tables"


def document(path: Path) -> str:
    """The page of the table at `path`."""
    source = path.relative_to(ROOT).as_posix()
    return f"<!-- Written by `make docs` from {source}; do not edit. -->\n\n{describe(parse_table(path.read_bytes()))}"


def documents() -> Mapping[str, Callable[[], str]]:
    """Each page by its path, as `make_docs.DOCUMENTS` has them."""
    return {f"docs/rules/{path.stem}.md": lambda path=path: document(path) for path in sorted(TABLES.glob("*.yaml"))}
