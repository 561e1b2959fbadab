"""What a person is about to sign, in words, on stderr.

sign as shipper: Suzhou Taihu … offers bill of lading 3f0c41b6e6c1 to shipper-bank (endorse), and gives up …
  bill_of_lading.offer@1 on 3f0c41b6e6c1 at sequence 2, until 2026-03-01T13:00:00Z
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .output import Screen, moment, printable, short
from .parties import name_of

if TYPE_CHECKING:
    from ledger.record import Record
    from ledger.transaction import Transaction
    from nodes.reader import LedgerReader

__all__ = ["render", "show_statement"]

_NAME = re.compile(r"\{([a-z_]+)\}")


def show_statement(screen: Screen, transaction: Transaction, reader: LedgerReader) -> None:
    """Print what `transaction` says, before it is signed."""
    from nodes.lookup import alias_of, members_among

    actor = alias_of(transaction.actor, members_among(reader, [transaction.actor]))
    on = "".join(f" on {short(target.record)} at sequence {target.sequence}" for target in transaction.targets)
    screen.say(f"sign as {actor}: {printable(render(transaction, reader))}")
    screen.say(f"  {transaction.statement}{on}, until {moment(transaction.valid_until)}")


def render(transaction: Transaction, reader: LedgerReader) -> str:
    """The statement of a transaction, from the template of its table."""
    from nodes.lookup import members_among

    kind, _, name = transaction.action.partition(".")
    target = transaction.targets[0].record if transaction.targets else None
    record = None if target is None else reader.find(target)
    action = reader.rules.table(kind, None if record is None else record.version).actions.get(name)
    if action is None:
        return transaction.action
    values = {"record": target, **transaction.arguments, "actor": transaction.actor}
    members = members_among(reader, [value for value in values.values() if type(value) is bytes])
    types = {key: declared.type for key, declared in action.arguments.items()}

    def shown(found: re.Match[str]) -> str:
        key = found[1]
        return _shown(values.get(key), types.get(key, "id"), members)

    return _NAME.sub(shown, action.statement)


def _shown(value: Any, kind: str, members: Mapping[bytes, Record]) -> str:
    if isinstance(value, bytes):
        member = members.get(value)
        return short(value) if member is None else f"{name_of(member)} ({member.fields['alias']})"
    if kind == "time" and isinstance(value, int):
        return moment(value)
    return "-" if value is None else str(value)
