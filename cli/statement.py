"""What a person is about to sign, in words, on stderr.

sign as shipper: shipper offers bill of lading 3f0c41b6e6c1… to shipper-bank (endorse), and gives up control …
  bill_of_lading.offer@1 on 3f0c41b6e6c1 at sequence 2, until 2026-03-01T13:00:00Z
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .output import Screen, moment, printable, short

if TYPE_CHECKING:
    from ledger.transaction import Transaction
    from nodes.reader import LedgerReader

__all__ = ["show_statement"]


def show_statement(screen: Screen, transaction: Transaction, reader: LedgerReader) -> None:
    """Print what `transaction` says, before it is signed. Raises `UnknownAction` for one that no table has."""
    from contracts.lawyer import render_statement
    from nodes.lookup import alias_of, members_among

    targets, (kind, _, name) = transaction.targets, transaction.action.partition(".")
    record = reader.find(targets[0].record) if targets else None
    table = reader.rules.table(kind, None if record is None else record.version)
    parties = [value for value in transaction.arguments.values() if type(value) is bytes]
    members = members_among(reader, [transaction.actor, *parties, *(target.record for target in targets)])
    names = {member_id: alias_of(member_id, members) for member_id in members}
    on = "".join(f" on {names.get(one.record, short(one.record))} at sequence {one.sequence}" for one in targets)
    actor = alias_of(transaction.actor, members)
    screen.say(f"sign as {actor}: {printable(render_statement(table, transaction, names))}")
    screen.say(f"  {transaction.statement}{on}, until {moment(transaction.valid_until)}")
    declared = table.actions[name]
    rest = [
        f"{key}={printable(_shown(value, declared.arguments[key].type, names))}"
        for key, value in transaction.arguments.items()
        if "{" + key + "}" not in declared.statement and key in declared.arguments
    ]
    if rest:
        screen.say(f"  with {', '.join(rest)}")


def _shown(value: Any, kind: str, names: Mapping[bytes, str]) -> str:
    """An argument in a few characters."""
    if isinstance(value, bytes):
        return names.get(value, short(value))
    if kind == "time" and isinstance(value, int):
        return moment(value)
    if kind == "number" and isinstance(value, dict):
        return f"{value.get('at')} {_shown(value.get('key'), 'hash', names)}"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {one}" for key, one in value.items()) or "-"
    if isinstance(value, list):
        return "; ".join(_shown(one, kind, names) for one in value) or "-"
    return "-" if value in (None, "") else str(value)
