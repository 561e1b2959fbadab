"""Records, acts and members as JSON.

    {"id": "5f0c…", "kind": "bill_of_lading", "status": "offered", "sequence": 3, "since": "2025-11-24T16:00:00Z",
     "controller": {"id": "41b6…", "alias": "shipper"}, "pending": {"party": {…}, "mode": "endorse", …}, …}

Byte strings are in hexadecimal, whole; times in ISO 8601, UTC; a party is its id with its alias where it is a member.
What an argument or a field means is said by the rule table: its types `party` and `time` decide how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contracts.rules import Rules
from contracts.table import Declared
from ledger.record import Record
from ledger.times import iso
from ledger.transaction import SignedTransaction
from nodes.reader import Act, LedgerReader

__all__ = ["Views"]


class Views:
    """Shows what a reader finds. For one request: it keeps the names that it has looked up."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self._aliases: dict[bytes, str | None] = {}

    @property
    def _rules(self) -> Rules:
        return self._reader.rules

    def party(self, party: bytes | None) -> dict[str, Any] | None:
        """A party: its id, and its alias where it is a member."""
        if party is None:
            return None
        if party not in self._aliases:
            found = self._reader.find(party)
            member = found is not None and found.kind == "member"
            self._aliases[party] = found.fields["alias"] if found is not None and member else None
        return {"id": party.hex(), "alias": self._aliases[party]}

    def record(self, record: Record) -> dict[str, Any]:
        """A record with every field."""
        pending = record.pending
        table = self._rules.tables.get((record.kind, record.version))
        return {
            "id": record.id.hex(),
            "kind": record.kind,
            "version": record.version,
            "status": record.status,
            "sequence": record.sequence,
            "head": record.head.hex(),
            "entry": record.entry,
            "since": iso(record.since),
            "issuer": self.party(record.issuer),
            "controller": self.party(record.controller),
            "beneficiary": self.party(record.beneficiary),
            "order_party": self.party(record.order_party),
            "nominee": self.party(record.nominee),
            "pending": None
            if pending is None
            else {
                "party": self.party(pending.party),
                "mode": pending.mode,
                "until": _moment(pending.until),
                "purpose": pending.purpose,
            },
            "pledgee": self.party(record.pledgee),
            "hold": self.party(record.hold),
            "locked_until": _moment(record.locked_until),
            "document": _plain(record.document),
            "replaces": _plain(record.replaces),
            "replaced_by": _plain(record.replaced_by),
            "fields": self._values(record.fields, {} if table is None else table.fields),
        }

    def act(self, act: Act) -> dict[str, Any]:
        """One act of a record's history."""
        return {"entry": act.index, "time": iso(act.time), **self._transaction(act.signed)}

    def entry(self, index: int) -> dict[str, Any]:
        """The act at an index of the log."""
        commit = self._reader.commit_of(index)
        signed = SignedTransaction.decode(self._reader.entry(index))
        return self.act(Act(index, commit.time, signed, commit.index))

    def _transaction(self, signed: SignedTransaction) -> dict[str, Any]:
        transaction = signed.transaction
        kind, _, name = transaction.action.partition(".")
        version = int(transaction.statement.rpartition("@")[2])
        action = self._rules.action(kind, version, name)
        declared = {} if action is None else action.action.arguments
        return {
            "transaction": signed.id.hex(),
            "action": transaction.action,
            "version": version,
            "actor": self.party(transaction.actor),
            "represented": self.party(transaction.represented),
            "keys": [key.hex() for _, key, _ in signed.signatures],
            "arguments": self._values(transaction.arguments, declared),
        }

    def _values(self, values: Mapping[str, Any], declared: Mapping[str, Declared]) -> dict[str, Any]:
        ways: dict[str, Callable[[Any], Any]] = {"party": self.party, "time": _moment, "keys": _keys}
        kinds = {name: declaration.type for name, declaration in declared.items()}
        return {name: ways.get(kinds.get(name, ""), _plain)(value) for name, value in values.items()}


def _moment(time: int | None) -> str | None:
    return None if time is None else iso(time)


def _keys(keys: list[list[Any]]) -> list[dict[str, Any]]:
    """The signing keys of a member."""
    return [
        {"algorithm": algorithm, "public": key.hex(), "from": iso(since), "until": _moment(until)}
        for algorithm, key, since, until in keys
    ]


def _plain(value: Any) -> Any:
    """A value without a type that is shown in a particular way."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
