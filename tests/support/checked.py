"""What the model checker finds in a shipped table: as it was found last, where neither table nor rules have changed.

verdicts = invariants_of("bill_of_lading")
assert verdicts["control"]

Exploring the largest table takes most of a minute, and tests/tables explores every one; `make docs` keeps what was
found with the SHA-256 of the table and of all code that judges (`tools/docs_reliability.py`).
"""

from __future__ import annotations

import json
from functools import cache

from docs_reliability import RESULTS, code_hash
from support.game import shipped_tables

from nodes.evidence_pack import checked

__all__ = ["invariants_of"]


@cache
def invariants_of(kind: str) -> dict[str, bool]:
    """Whether each invariant was proved for the table of a kind."""
    (table,) = [table for table in shipped_tables() if table.kind == kind]
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    found = kept.get("checks", {}).get(table.hash.hex()) if kept.get("code") == code_hash() else None
    return dict((found or checked(table))["invariants"])
