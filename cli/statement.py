"""What a person is about to sign, in words, on stderr.

sign as shipper: shipper offers bill of lading 3f0c41b6e6c1… to shipper-bank (endorse), and gives up control …
  bill_of_lading.offer@1 on 3f0c41b6e6c1 at sequence 2, until 2026-03-01T13:00:00Z
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import Screen, moment, printable, short

if TYPE_CHECKING:
    from ledger.transaction import Transaction
    from nodes.reader import LedgerReader

__all__ = ["show_statement"]


def show_statement(screen: Screen, transaction: Transaction, reader: LedgerReader) -> None:
    """Print what `transaction` says, before it is signed. Raises `UnknownAction` for one that no table has."""
    from contracts.lawyer import render_statement
    from nodes.lookup import alias_of, members_among

    targets = transaction.targets
    record = reader.find(targets[0].record) if targets else None
    table = reader.rules.table(transaction.action.partition(".")[0], None if record is None else record.version)
    parties = [value for value in transaction.arguments.values() if type(value) is bytes]
    members = members_among(reader, [transaction.actor, *parties])
    names = {member_id: alias_of(member_id, members) for member_id in members}
    on = "".join(f" on {short(target.record)} at sequence {target.sequence}" for target in targets)
    actor = alias_of(transaction.actor, members)
    screen.say(f"sign as {actor}: {printable(render_statement(table, transaction, names))}")
    screen.say(f"  {transaction.statement}{on}, until {moment(transaction.valid_until)}")
