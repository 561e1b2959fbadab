"""The words of mandates and of joint control: who acts for whom, and which members act as one party."""

from __future__ import annotations

from typing import Final

from ledger.hashing import ZERO
from ledger.member import mandate_key
from ledger.record import Record

from .act import Act
from .parties import consents, is_active, member_of, named
from .refusals import GuardFailed
from .vocabulary import effect, guard

__all__ = ["LARGEST_GROUP", "SMALLEST_GROUP"]

SMALLEST_GROUP: Final = 2
LARGEST_GROUP: Final = 16
"""Most members of a group in joint control: all of them sign one transaction, which has its largest size."""


# Mandates


@guard("argument_is_member@1", text="{argument} is an active member itself, and no group of members",
       hint="`lading member list` shows the members", arguments={"{argument}": "party"})  # fmt: skip
def argument_is_member(act: Act, argument: str) -> None:
    member = member_of(act.world, act.args[argument])
    if member is None:
        raise GuardFailed(f"{argument} is not a member of this ledger", act.args[argument])
    if not is_active(member, act.world.height):
        raise GuardFailed(f"{argument} is {member.status}", member.fields["alias"])


@guard("mandate_is_new@1", text="the actor has never given a mandate to {argument}",
       hint="there is one mandate from a member to another, for ever: change it, or renew the one that was revoked",
       arguments={"{argument}": "party"}, gives=("mandate_free",))  # fmt: skip
def mandate_is_new(act: Act, argument: str) -> None:
    held = act.world.number(mandate_key(act.transaction.ledger, act.party, act.args[argument]))
    if held is not None:
        raise GuardFailed(f"there is a mandate to {named(act, act.args[argument])} already", held)


@effect("claim_mandate@1", text="the mandate is the one from the actor to {argument}, for ever",
        arguments={"{argument}": "party"}, needs=("record", "mandate_free"),
        kinds=("mandate",))  # fmt: skip
def claim_mandate(act: Act, argument: str) -> None:
    act.numbers[mandate_key(act.transaction.ledger, act.party, act.args[argument])] = act.record.id


# Joint control


@guard("group_is_well_formed@1",
       text=f"the group has {SMALLEST_GROUP} to {LARGEST_GROUP} members, each an active member of the ledger, of whom "
            "at least one and at most all must sign",
       hint="name each member once; a group is no member of a group",
       arguments={"members": "parties", "threshold": "count"})  # fmt: skip
def group_is_well_formed(act: Act) -> None:
    members, threshold = act.args["members"], act.args["threshold"]
    if not SMALLEST_GROUP <= len(members) <= LARGEST_GROUP:
        raise GuardFailed(f"a group has {SMALLEST_GROUP} to {LARGEST_GROUP} members", len(members))
    if not 1 <= threshold <= len(members):
        raise GuardFailed(f"of {len(members)} members, 1 to {len(members)} can be asked to sign", threshold)
    for party in members:
        member = member_of(act.world, party)
        if member is None or not is_active(member, act.world.height):
            raise GuardFailed(f"{named(act, party)} is no active member", party)


@guard("every_new_member_signs@1", text="every member of the group that is to be signs",
       hint="collect the signatures of all of them: `lading sign FILE`",
       who="a member, with the signatures of all members of the group",
       arguments={"members": "parties"})  # fmt: skip
def every_new_member_signs(act: Act) -> None:
    _all_sign(act, act.args["members"])


@guard("every_member_signs@1", text="every member of the group as it is signs, and not only as many as act for it",
       hint="collect the signatures of all: `lading sign FILE`; a member that has lost its key recovers it first",
       who="a member of the group, with all its members", fields={"members": "parties"}, needs=("record",))  # fmt: skip
def every_member_signs(act: Act) -> None:
    _all_sign(act, act.record.fields["members"])


def _all_sign(act: Act, members: list[bytes]) -> None:
    missing = [party for party in members if not consents(act, party)]
    if missing:
        names = [named(act, party) for party in missing]
        raise GuardFailed(f"{len(missing)} of {len(members)} members have not signed: {', '.join(names)}", names)


@effect("create_group@1", text="the group's record comes into being, in the group's own control",
        arguments={"record": "id", "members": "parties", "threshold": "count"},
        fields={"members": "parties", "threshold": "count"},
        needs=("new", "unused"), gives=("record", "control"), ends=("new", "unused"),
        kinds=("joint_control",))  # fmt: skip
def create_group(act: Act) -> None:
    args, table = act.args, act.table
    act.record = Record(
        args["record"], table.kind, table.version, "", 0, ZERO, 0, act.time, act.party, args["record"],
        fields={"members": args["members"], "threshold": args["threshold"]},
    )  # fmt: skip
