"""Who a party is, whether it can act, and whether it stands behind an act.

A party is 32 bytes: a member's id, the id of a `joint_control` record (m of n members count as one), or a
reference of somebody who is no member of this ledger, who can be named and cannot act.
"""

from __future__ import annotations

from typing import Any, Final

from ledger.record import Record

from .act import Act, World

__all__ = ["GROUP", "acts_as", "can_act", "consents", "is_active", "key_is_valid", "member_of", "members_of", "named"]

GROUP: Final = "joint_control"
"""The kind of a record that stands for several members in joint control."""


def key_is_valid(entry: list[Any], time: int) -> bool:
    """Whether a key of a member's list, [algorithm, public key, from, until | nil], is valid at a ledger time."""
    return bool(entry[2] <= time and (entry[3] is None or time < entry[3]))


def is_active(member: Record, height: int) -> bool:
    """Whether a member may act at a height. A suspension takes effect at the height that it names."""
    if member.status == "active":
        return True
    start = member.fields.get("suspended_from")
    return member.status == "suspended" and start is not None and height < start


def member_of(world: World, party: bytes | None) -> Record | None:
    """The member that a party is, or nothing."""
    record = None if party is None else world.record(party)
    return record if record is not None and record.kind == "member" else None


def members_of(world: World, party: bytes) -> tuple[bytes, ...]:
    """The members that a party is made of: itself, those of a joint group, or nobody."""
    record = world.record(party)
    if record is None:
        return ()
    if record.kind == GROUP:
        return tuple(record.fields["members"])
    return (party,) if record.kind == "member" else ()


def can_act(world: World, party: bytes) -> bool:
    """Whether a party is an active member, or a live joint group of which enough members are active."""
    record = world.record(party)
    if record is None:
        return False
    if record.kind == "member":
        return is_active(record, world.height)
    return (
        record.kind == GROUP
        and record.controller is not None
        and _enough(world, record, frozenset(record.fields["members"]))
    )


def acts_as(act: Act, party: bytes | None) -> bool:
    """Whether the act is the party's own: its actor's, whom the actor represents, or that of enough of a group."""
    if party == act.party:
        return party is not None
    record = None if party is None else act.world.record(party)
    if record is None or record.kind != GROUP or act.party not in record.fields["members"]:
        return False
    return _stand_behind(act, record)


def consents(act: Act, party: bytes | None) -> bool:
    """Whether the party's signature is on the act, whoever the actor is."""
    if party is None:
        return False
    if party == act.party:
        return True
    record = act.world.record(party)
    if record is None:
        return False
    if record.kind == GROUP:
        return _stand_behind(act, record)
    return party in act.signers and record.kind == "member" and is_active(record, act.world.height)


def _stand_behind(act: Act, group: Record) -> bool:
    """Whether enough of a group sign. What an agent signs for one member is no signature of its own beside it."""
    spent = act.actor.id if act.party != act.actor.id and act.party in group.fields["members"] else None
    return _enough(act.world, group, act.signers | {act.party}, spent)


def _enough(world: World, group: Record, signers: frozenset[bytes], spent: bytes | None = None) -> bool:
    active = 0
    for member_id in group.fields["members"]:
        member = member_of(world, member_id) if member_id != spent and member_id in signers else None
        active += member is not None and is_active(member, world.height)
    return bool(active >= group.fields["threshold"])


def named(act: Act, party: bytes | None) -> str:
    """A party by its alias where it is a member, for messages."""
    if party is None:
        return "nobody"
    record = act.world.record(party)
    if record is not None and record.kind == GROUP:
        together = f"{record.fields['threshold']} of its {len(record.fields['members'])} members together"
        return f"group {party.hex()[:12]}, {together},"
    return str(record.fields["alias"]) if record is not None and record.kind == "member" else party.hex()[:12]
