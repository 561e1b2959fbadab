"""From what was voted to the rules in force.

The ledger's own record (`contracts.voted`) is of the kind `ledger`, under the id `ledger_record(ledger id)`; an action
with `targets: ledger` changes it. A table or a policy that was voted in has a record under its SHA-256, whose `parts`
name the records of kind `text` that hold it, in order. Those of the genesis stand in the first entries of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final

from ledger.errors import ContradictionError
from ledger.hashing import ledger_record
from ledger.record import Record

from .apply import BatchOutcome, StateView
from .rules import Rules
from .table import RuleTable
from .texts import joined_text
from .voted import VOCABULARY, NodeTooOld, Voted

__all__ = ["VOCABULARY", "NodeTooOld", "TextMissing", "adopted_text", "follow", "rules_in_force"]

MAX_ADOPTED: Final = 1_048_576
"""Largest text that is read from the state, in bytes."""

Find = Callable[[bytes], Record | None]


class TextMissing(ContradictionError):
    """A part of a text that was voted in is not in the state, or gives another text."""

    code = "governance.text_missing"
    hint = "the state was changed; run `lading audit`"


def rules_in_force(founding: Rules, own: Record, find: Find, height: int) -> Rules:
    """The rules at a height: those of the genesis, and what the ledger's own record says since.

    Raises `NodeTooOld` or `TextMissing`.
    """
    voted = Voted.read(own)
    return founding.adopting(_new_tables(founding, voted, find), voted, height)


def _new_tables(known: Rules, voted: Voted, find: Find) -> Iterable[RuleTable]:
    for kind, version, digest, _ in voted.tables:
        if (kind, version) not in known.tables:
            yield RuleTable.decode(adopted_text(digest, find))


def adopted_text(digest: bytes, find: Find) -> bytes:
    """A rule table or a policy that was voted in. Raises `TextMissing`."""
    record = find(digest)
    text = None if record is None else joined_text(record.fields.get("parts", []), find, MAX_ADOPTED)
    if text is None or sha256(text).digest() != digest:
        raise TextMissing("a text that was voted in is not in the state", value=digest)
    return text


def follow(rules: Rules, outcome: BatchOutcome, view: StateView, ledger: bytes) -> Rules:
    """The rules after a batch: the same, unless it changed the ledger's own record.

    They are those of the height of the batch; a caller asks `at` for a later one.
    """
    changed = outcome.records.get(ledger_record(ledger))
    if changed is None:
        return rules

    def find(record_id: bytes) -> Record | None:
        new = outcome.records.get(record_id)
        return view.record(record_id) if new is None else new[1]

    return rules_in_force(rules, changed[1], find, rules.height)
