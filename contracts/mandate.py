"""Acting for another: the mandate by which an act of one member is another's.

The record of kind `mandate` under `mandate_key(ledger, principal, agent)` says for which kinds and actions, and
until when. One that was given before the principal's keys were recovered is none: a thief may have given it. What
concerns the principal's own membership, its mandates and its votes is not acted on for it.
"""

from __future__ import annotations

from typing import Final

from ledger.member import mandate_key
from ledger.times import iso
from ledger.transaction import Transaction

from .act import World
from .parties import is_active, member_of
from .refusals import NoMandate

__all__ = ["PERSONAL", "check_mandate"]

PERSONAL: Final = frozenset({"joint_control", "mandate", "member", "proposal", "text"})
"""Kinds on which nobody acts for another."""


def check_mandate(world: World, transaction: Transaction, time: int) -> None:
    """Raises `NoMandate` where no mandate lets the actor represent whom it says."""
    principal = transaction.represented
    kind, _, action = transaction.action.partition(".")
    if principal is None:
        return
    member = member_of(world, principal)
    if member is None or principal == transaction.actor or not is_active(member, world.height):
        raise NoMandate("the party represented is not another active member", value=principal)
    held = world.number(mandate_key(transaction.ledger, principal, transaction.actor))
    mandate = None if held is None else world.record(held)
    if mandate is None or mandate.status != "granted":
        raise NoMandate(f"no mandate lets the actor represent {member.fields['alias']}", value=principal)
    if mandate.fields.get("given", 0) < member.fields.get("recovered", 0):
        raise NoMandate(
            f"the mandate of {member.fields['alias']} is older than the recovery of its keys",
            value=principal,
            hint="ask for it anew: what the lost keys gave ends with them (`lading mandate grant`)",
        )
    until = mandate.fields.get("until")
    if until is not None and time > until:
        raise NoMandate(f"the mandate of {member.fields['alias']} ended at {iso(until)}", value=iso(until))
    kinds, actions = mandate.fields["kinds"], mandate.fields["actions"]
    if kind in PERSONAL or (kinds and kind not in kinds) or (actions and action not in actions):
        raise NoMandate(f"the mandate of {member.fields['alias']} is not for {kind}.{action}", value=transaction.action)
