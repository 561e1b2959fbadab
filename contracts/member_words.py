"""The words of membership: amended facts, keys with an end, suspension from a height, recovery of a lost key.

A key that is lost is recovered by the governors with delay and notice:

    active -> recovering     the governors name the new key; from then on the old ones may only object
    recovering -> disputed   the member objects by an old key; an authority decides
    recovering -> active     nobody objected in time: the old keys end, the new one begins

Control follows the legal entity, because records name members and not keys. docs/adr/0013-recovery.md has the reasons.
"""

from __future__ import annotations

from typing import Final

from ledger.errors import LadingError
from ledger.hashing import SIGN_ATTESTATION
from ledger.member import amended_claims, check_member_fields, key_claim
from ledger.signature import check_encryption_key, check_public_key, verify
from ledger.times import iso
from ledger.transaction import MAX_INTEGER

from .act import Act
from .parameters import count_of
from .refusals import GuardFailed
from .vocabulary import effect, guard

__all__ = ["recovery_message", "span"]

_AMENDED: Final = ("address", "codes", "cosigners", "lei", "names", "registration", "roles")
_RECOVERY: Final = ("objections_until", "recovery_encryption", "recovery_key", "recovery_key_until")


def span(text: str | None, usual: int) -> int:
    """A parameter that is a span of time in milliseconds; `usual` where there is none, or no number."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else usual


def recovery_message(member: bytes, key: bytes, encryption: bytes) -> bytes:
    """What the new key of a recovery signs: attestation domain, member's id, the key, the new encryption key."""
    return SIGN_ATTESTATION + b"recover-key\x00" + member + key + encryption


# Facts of a member


@guard("amendment_is_well_formed@1",
       text="what is given takes the place of what was there, and names, codes, roles and addresses are well-formed",
       hint="give at least one of names, LEI, registration, roles, codes, address and cosigner keys",
       arguments={"names": "names?", "lei": "text?", "registration": "text?", "roles": "texts?", "codes": "texts?",
                  "address": "text?", "cosigners": "names?"},
       fields={"alias": "code", "encryption": "encryption_key"}, needs=("record",))  # fmt: skip
def amendment_is_well_formed(act: Act) -> None:
    given = {name: act.args.get(name) for name in _AMENDED if act.args.get(name) is not None}
    if not given:
        raise GuardFailed("nothing is amended")
    try:
        check_member_fields({**act.record.fields, **given})
    except LadingError as exc:
        raise GuardFailed(exc.message, exc.value) from None


@guard("amended_codes_are_new@1", text="no other member has, or had, the LEI, a code or a cosigner key that is given",
       hint="a code that was a member's once is nobody else's, ever; `lading member list` shows the codes",
       arguments={"lei": "text?", "codes": "texts?", "cosigners": "names?"}, needs=("record",),
       gives=("codes_free",))  # fmt: skip
def amended_codes_are_new(act: Act) -> None:
    for claim, what in amended_claims(act.transaction.ledger, act.args).items():
        if act.world.number(claim) not in (None, act.record.id):
            raise GuardFailed(f"another member has, or had, this {what}", what)


@effect("amend_member@1", text="what is given takes the place of what was there; LEI and codes are taken for ever",
        arguments={"names": "names?", "lei": "text?", "registration": "text?", "roles": "texts?", "codes": "texts?",
                   "address": "text?", "cosigners": "names?"}, needs=("record", "codes_free"),
        kinds=("member",))  # fmt: skip
def amend_member(act: Act) -> None:
    for name in _AMENDED:
        if act.args.get(name) is not None:
            act.record.fields[name] = act.args[name]
    for claim in amended_claims(act.transaction.ledger, act.args):
        act.numbers[claim] = act.record.id


# Keys


@guard("newest_key_signs@1", text="the newest of the member's keys signs, not one that goes on for a while beside it",
       hint="sign with the newest key; where it is lost, ask the governors for a recovery",
       fields={"keys": "keys"}, needs=("record",))  # fmt: skip
def newest_key_signs(act: Act) -> None:
    newest = act.record.fields["keys"][-1]
    if (newest[0], newest[1]) not in act.keys:
        raise GuardFailed("a key whose successor is there cannot name another", newest[1])


@guard("overlap_is_short@1",
       text="the old key goes on, where it does, no longer than the ledger's `max_overlap` (30 days unless voted) and "
            "than the new key",
       hint="give an earlier time until which the old key goes on",
       arguments={"overlap_until": "time?", "key_until": "time*"})  # fmt: skip
def overlap_is_short(act: Act) -> None:
    until = act.args.get("overlap_until")
    longest = min(act.time + count_of(act.world.parameters, "max_overlap"), act.args.get("key_until") or MAX_INTEGER)
    if until is not None and not act.time < until <= longest:
        raise GuardFailed(f"the old key can go on until {iso(longest)} at most, from now", iso(until))


# Suspension


@guard("height_is_ahead@1", text="{argument}, where it is given, is a height that is still to come",
       hint="`lading doctor` shows the ledger's height; leave it out for at once", arguments={"{argument}": "count?"},
       )  # fmt: skip
def height_is_ahead(act: Act, argument: str) -> None:
    height = act.args.get(argument)
    if height is not None and height < act.world.height:
        raise GuardFailed(f"height {height} is past, the next is {act.world.height}", height)


@effect("replace_field@1", text="{field} is set to {argument}, and emptied where none is given",
        arguments={"{argument}": "any?"}, fields={"{field}": "as {argument}"}, needs=("record",))  # fmt: skip
def replace_field(act: Act, field: str, argument: str) -> None:
    act.record.fields.pop(field, None)
    if act.args.get(argument) is not None:
        act.record.fields[field] = act.args[argument]


@effect("clear_field@1", text="{field} is emptied", fields={"{field}": "any?"}, needs=("record",))
def clear_field(act: Act, field: str) -> None:
    act.record.fields.pop(field, None)


# Recovery


@guard("recovery_key_is_good@1",
       text="the new key is strong, no member ever signed by it, and it proves that it is meant for this member",
       hint="the member makes its new keys with `lading member recover`, and sends the file as it is",
       arguments={"public_key": "public_key", "encryption": "encryption_key", "proof": "signature"},
       fields={"keys": "keys"}, needs=("record",), gives=("key_free",))  # fmt: skip
def recovery_key_is_good(act: Act) -> None:
    key, member = act.args["public_key"], act.record
    claimed = act.world.number(key_claim(act.transaction.ledger, key))
    if claimed not in (None, member.id) or any(entry[1] == key for entry in member.fields["keys"]):
        raise GuardFailed("a member has, or had, this key", key)
    try:
        check_public_key(1, key)
        check_encryption_key(act.args["encryption"])
        verify(1, key, recovery_message(member.id, key, act.args["encryption"]), act.args["proof"])
    except LadingError as exc:
        raise GuardFailed(f"the new key does not prove that it is meant for this member: {exc.message}", key) from None


@guard("notice_is_long@1",
       text="the member has at least the ledger's `recovery_delay` (7 days unless voted) to object, and the new key "
            "does not end before",
       hint="give a later time; nobody's key is replaced without notice",
       arguments={"objections_until": "time", "key_until": "time*"})  # fmt: skip
def notice_is_long(act: Act) -> None:
    earliest = act.time + count_of(act.world.parameters, "recovery_delay")
    if act.args["objections_until"] < earliest:
        raise GuardFailed(f"objections must be heard until {iso(earliest)} at least", iso(act.args["objections_until"]))
    end = act.args.get("key_until")
    if end is not None and end <= act.args["objections_until"]:
        raise GuardFailed("the new key would end before it begins", iso(end))


@guard("another_decides@1", text="who decides is another than the member concerned", hint="another authority decides",
       needs=("record",))  # fmt: skip
def another_decides(act: Act) -> None:
    if act.record.id in (act.party, act.actor.id):
        raise GuardFailed("nobody decides its own case", act.actor.fields["alias"])


@effect("propose_keys@1", text="the new keys wait until the time of objections is over; nobody else can have the key",
        arguments={"public_key": "public_key", "encryption": "encryption_key", "objections_until": "time",
                   "key_until": "time*"},
        fields={"recovery_key": "public_key?", "recovery_encryption": "encryption_key?", "objections_until": "time?",
                "recovery_key_until": "time?"}, needs=("record", "key_free"),
        kinds=("member",))  # fmt: skip
def propose_keys(act: Act) -> None:
    args, fields = act.args, act.record.fields
    fields["recovery_key"] = args["public_key"]
    fields["recovery_encryption"] = args["encryption"]
    fields["objections_until"] = args["objections_until"]
    if args.get("key_until") is not None:
        fields["recovery_key_until"] = args["key_until"]
    act.numbers[key_claim(act.transaction.ledger, args["public_key"])] = act.record.id


@effect("recover_keys@1",
        text="every old key ends at the ledger's time, the new keys begin, and no mandate that was given before holds",
        fields={"keys": "keys", "encryption": "encryption_key", "recovery_key": "public_key?",
                "recovery_encryption": "encryption_key?", "objections_until": "time?", "recovery_key_until": "time?",
                "recovered": "time?"}, needs=("record",),
        kinds=("member",))  # fmt: skip
def recover_keys(act: Act) -> None:
    fields = act.record.fields
    key, encryption = fields.get("recovery_key"), fields.get("recovery_encryption")
    if key is not None and encryption is not None:
        keys = [[*old[:3], act.time if old[3] is None else min(old[3], act.time)] for old in fields["keys"]]
        fields["keys"] = [*keys, [1, key, act.time, fields.get("recovery_key_until")]]
        fields["encryption"] = encryption
        fields["recovered"] = act.time
    end_recovery(act)


@effect("end_recovery@1", text="the new keys that were proposed are forgotten",
        fields={"recovery_key": "public_key?", "recovery_encryption": "encryption_key?", "objections_until": "time?",
                "recovery_key_until": "time?"}, needs=("record",),
        kinds=("member",))  # fmt: skip
def end_recovery(act: Act) -> None:
    for name in _RECOVERY:
        act.record.fields.pop(name, None)


@effect("decide_keys@1",
        text="if the outcome is `recover`, every old key ends and the new keys begin; if it is `dismiss`, the new keys "
             "are forgotten",
        arguments={"outcome": "code"},
        fields={"keys": "keys", "encryption": "encryption_key", "recovery_key": "public_key?",
                "recovery_encryption": "encryption_key?", "objections_until": "time?", "recovery_key_until": "time?",
                "recovered": "time?"}, needs=("record",),
        kinds=("member",))  # fmt: skip
def decide_keys(act: Act) -> None:
    if act.args["outcome"] == "recover":
        recover_keys(act)
    else:
        end_recovery(act)
