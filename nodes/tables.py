"""The rule tables that lading ships, and its rulebook: what a new ledger begins with."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

from contracts.table import RuleTable
from contracts.table_yaml import parse_table

__all__ = ["shipped_rulebook", "shipped_tables"]


@cache
def shipped_tables() -> tuple[RuleTable, ...]:
    """The shipped rule tables in the order of their kinds."""
    folder = files("contracts") / "tables"
    found = [parse_table(item.read_bytes()) for item in folder.iterdir() if item.name.endswith(".yaml")]
    return tuple(sorted(found, key=lambda table: table.kind))


def shipped_rulebook() -> tuple[bytes, str]:
    """The shipped rulebook's text, and its SHA-256 in hex, which bills name."""
    text = (files("nodes") / "texts" / "rulebook.md").read_bytes()
    return text, sha256(text).hexdigest()
