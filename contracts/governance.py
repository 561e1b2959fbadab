"""What is voted: the ledger's own record, and the rules that follow from it.

    governors    [member id, …]                          who votes
    parameters   {name: text}                            what rules compare with
    policies     [[height, SHA-256 of the policy], …]    the newest last
    tables       [[kind, version, SHA-256, height], …]   with the height from which each is in force

The record is of the kind `ledger`, under the id `ledger_record(ledger id)`; an action with `targets: ledger` changes
it. A table or a policy that was voted in has a record under its SHA-256, whose `parts` name the records of kind
`text` that hold it, in order. Those of the genesis stand in the first entries of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Final

from ledger.errors import ContradictionError, UnavailableError
from ledger.hashing import ledger_record
from ledger.record import Record

from .apply import BatchOutcome, StateView
from .rules import Rules
from .table import RuleTable

__all__ = [
    "MAX_VOTED_TEXT",
    "VOCABULARY",
    "NodeTooOld",
    "TextMissing",
    "checked_parameters",
    "follow",
    "joined_text",
    "rules_in_force",
]

VOCABULARY: Final = 1
"""The newest set of guards and effects that this version of lading knows; the parameter `vocabulary` names one."""
MAX_VOTED_TEXT: Final = 1_048_576

Find = Callable[[bytes], Record | None]


class NodeTooOld(UnavailableError):
    """The members voted for guards and effects that this version of lading does not have."""

    code = "governance.node_too_old"
    hint = "install a newer version of lading; nothing was written"


class TextMissing(ContradictionError):
    """A part of a text that was voted in is not in the state, or gives another text."""

    code = "governance.text_missing"
    hint = "the state was changed; run `lading audit`"


def joined_text(parts: Iterable[bytes], find: Find) -> bytes | None:
    """The text that records of kind `text` hold together, or nothing where one is missing or it is too long."""
    read: list[bytes] = []
    for part in parts:
        record = find(part)
        if record is None or record.kind != "text":
            return None
        read.append(record.fields["content"])
        if sum(map(len, read)) > MAX_VOTED_TEXT:
            return None
    return b"".join(read)


def rules_in_force(founding: Rules, own: Record, find: Find, height: int) -> Rules:
    """The rules at a height: those of the genesis, and what the ledger's own record says since.

    Raises `NodeTooOld` or `TextMissing`.
    """
    named = own.fields["tables"]
    rules = founding.adopting(
        (_table(digest, find) for kind, version, digest, _ in named if (kind, version) not in founding.tables),
        own.fields["governors"],
        checked_parameters(own.fields["parameters"]),
        {(kind, version): since for kind, version, _, since in named if since},
    )
    return rules.at(height)


def checked_parameters(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """The parameters of a ledger that this version can run. Raises `NodeTooOld`."""
    wanted = parameters.get("vocabulary", "1")
    if wanted.isascii() and wanted.isdigit() and int(wanted) > VOCABULARY:
        raise NodeTooOld(f"the ledger runs vocabulary {wanted}, this version knows {VOCABULARY}", value=wanted)
    return parameters


def follow(rules: Rules, outcome: BatchOutcome, view: StateView, ledger: bytes) -> Rules:
    """The rules after a batch: the same, unless it changed the ledger's own record."""
    changed = outcome.records.get(ledger_record(ledger))
    if changed is None:
        return rules

    def find(record_id: bytes) -> Record | None:
        new = outcome.records.get(record_id)
        return view.record(record_id) if new is None else new[1]

    return rules_in_force(rules, changed[1], find, rules.height)


def _table(digest: bytes, find: Find) -> RuleTable:
    record = find(digest)
    text = None if record is None else joined_text(record.fields["parts"], find)
    if text is None or sha256(text).digest() != digest:
        raise TextMissing("a rule table that was voted in is not in the state", value=digest)
    return RuleTable.decode(text)
