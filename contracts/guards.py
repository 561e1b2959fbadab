"""The guards: what must hold before an action. Each raises `GuardFailed`, and changes nothing."""

from __future__ import annotations

from typing import Any, Final

from ledger.errors import LadingError
from ledger.hashing import SIGN_ATTESTATION, claim_key, ledger_record
from ledger.member import MemberCard, alias_key, check_member_fields, key_claim, member_claims
from ledger.record import Record
from ledger.signature import check_public_key, verify
from ledger.times import iso

from .act import Act
from .parameters import reaches_quorum
from .parties import acts_as, can_act, is_active, member_of, named
from .refusals import GuardFailed
from .vocabulary import guard

__all__ = ["MAX_KEYS", "key_proof_message"]

MAX_KEYS: Final = 256
"""Most signing keys of a member, past ones included; the record of a member stays small."""


def _member(act: Act, party: bytes | None) -> Record | None:
    return member_of(act.world, party)


def _shown(act: Act, party: bytes | None) -> object:
    """A party as the value of a refusal: its alias where it is a member, else its whole reference."""
    member = None if party is None else _member(act, party)
    return party if member is None else member.fields["alias"]


def _moment(time: int | None) -> str | None:
    """A time as the value of a refusal."""
    return None if time is None else iso(time)


@guard("actor_is_active@1", text="the actor is an active member",
       hint="a suspended member acts again after the governors reinstate it")  # fmt: skip
def actor_is_active(act: Act) -> None:
    if act.actor.status != "active" and not is_active(act.actor, act.world.height):
        raise GuardFailed(f"{act.actor.fields['alias']} is {act.actor.status}", act.actor.fields["alias"])


@guard("role@1", text="the actor has the role {role}", hint="only a member enrolled with this role may do it",
       who="a member with the role {role}")  # fmt: skip
def role(act: Act, role: str) -> None:
    acting = act.actor if act.party == act.actor.id else _member(act, act.party)
    if acting is None or role not in acting.fields["roles"]:
        raise GuardFailed(f"the actor does not have the role {role}", act.actor.fields["alias"])


@guard("controller_signs@1", text="the party in control of the record acts",
       hint="`lading show` says who is in control now; only that party can do this",
       who="the party in control of the record", needs=("record",))  # fmt: skip
def controller_signs(act: Act) -> None:
    if act.record.controller != act.party and not acts_as(act, act.record.controller):
        raise GuardFailed(
            f"{act.actor.fields['alias']} is not in control of the record; {named(act, act.record.controller)} is",
            act.actor.fields["alias"],
        )


@guard("issuer_signs@1", text="the issuer of the record acts", hint="only who issued the record can do this",
       who="the issuer of the record", needs=("record",))  # fmt: skip
def issuer_signs(act: Act) -> None:
    if not acts_as(act, act.record.issuer):
        raise GuardFailed(f"{act.actor.fields['alias']} did not issue the record", act.actor.fields["alias"])


@guard("pending_recipient_signs@1", text="the party to whom it was offered acts",
       hint="only the party named in the offer can answer it", who="the party to whom it was offered",
       needs=("record",), gives=("offer",))  # fmt: skip
def pending_recipient_signs(act: Act) -> None:
    pending = act.record.pending
    if pending is None or not acts_as(act, pending.party):
        raise GuardFailed(
            f"the record is not offered to {act.actor.fields['alias']}",
            None if pending is None else _shown(act, pending.party),
        )


@guard("field_party_signs@1", text="the party in the field {field} acts", hint="only the named party can do this",
       who="the party in the field {field}", fields={"{field}": "party?"}, needs=("record",))  # fmt: skip
def field_party_signs(act: Act, field: str) -> None:
    if not acts_as(act, act.record.fields.get(field)):
        raise GuardFailed(f"{act.actor.fields['alias']} is not the {field} of the record", act.actor.fields["alias"])


@guard("field_is_unset@1", text="the field {field} is not set yet", hint="it was done before; it is done once",
       fields={"{field}": "any?"}, needs=("record",))  # fmt: skip
def field_is_unset(act: Act, field: str) -> None:
    if act.record.fields.get(field) is not None:
        value = act.record.fields[field]
        raise GuardFailed(f"{field} is set already", iso(value) if type(value) is int else value)


@guard("field_time_has_passed@1", text="the time in the field {field} has passed", hint="wait until that time",
       fields={"{field}": "time?"}, needs=("record",))  # fmt: skip
def field_time_has_passed(act: Act, field: str) -> None:
    until = act.record.fields.get(field)
    if until is None or act.time <= until:
        raise GuardFailed(f"the time {field} has not passed", _moment(until))


@guard("argument_is_active_member@1", text="{argument} is an active member",
       hint="nothing moves to a party that cannot act; `lading member list` shows the members",
       arguments={"{argument}": "party?"})  # fmt: skip
def argument_is_active_member(act: Act, argument: str) -> None:
    party = act.args.get(argument)
    if party is None:
        return
    if can_act(act.world, party):
        return
    member = _member(act, party)
    if member is None:
        raise GuardFailed(f"{argument} is not a member of this ledger, nor a group of members", party)
    raise GuardFailed(f"{argument} is {member.status}", member.fields["alias"])


@guard("argument_has_role@1", text="{argument} has the role {role}", hint="name a member with this role",
       arguments={"{argument}": "party?"})  # fmt: skip
def argument_has_role(act: Act, argument: str, role: str) -> None:
    party = act.args.get(argument)
    if party is None:
        return
    member = _member(act, party)
    if member is None or role not in member.fields["roles"]:
        raise GuardFailed(f"{argument} does not have the role {role}", _shown(act, party))


@guard("argument_is_another@1", text="{argument} is another party than the actor", hint="name another party",
       arguments={"{argument}": "party?"})  # fmt: skip
def argument_is_another(act: Act, argument: str) -> None:
    if act.args.get(argument) == act.party:
        raise GuardFailed(f"{argument} is the actor itself", _shown(act, act.party))


@guard("argument_is_in_future@1", text="{argument}, where given, lies in the future",
       hint="times are compared with the ledger's time, in UTC", arguments={"{argument}": "time?"})  # fmt: skip
def argument_is_in_future(act: Act, argument: str) -> None:
    until = act.args.get(argument)
    if until is not None and until <= act.time:
        raise GuardFailed(f"{argument} is not later than the ledger's time {iso(act.time)}", iso(until))


@guard("argument_equals_parameter@1", text="{argument} is the ledger's {parameter}",
       hint="`lading doctor` shows the ledger's parameters", arguments={"{argument}": "any?"})  # fmt: skip
def argument_equals_parameter(act: Act, argument: str, parameter: str) -> None:
    value, expected = act.args.get(argument), act.world.parameters.get(parameter)
    if expected is None:
        raise GuardFailed(f"the ledger has no parameter {parameter}", parameter)
    if (value.hex() if isinstance(value, bytes) else value) != expected:
        raise GuardFailed(f"{argument} is not the ledger's {parameter} {expected}", value)


@guard("records_exist@1", text="every record in {argument} is on this ledger", hint="check the ids: `lading list`",
       arguments={"{argument}": "ids?"})  # fmt: skip
def records_exist(act: Act, argument: str) -> None:
    for record_id in act.args.get(argument) or []:
        if act.world.record(record_id) is None:
            raise GuardFailed(f"a record in {argument} is not on this ledger", record_id)


@guard("record_is_new@1", text="the id of the new record was never used", hint="draw another random id",
       arguments={"record": "id"}, gives=("unused",))  # fmt: skip
def record_is_new(act: Act) -> None:
    existing = act.world.record(act.args["record"])
    if existing is not None:
        raise GuardFailed(f"the id is that of a {existing.kind}", existing.id)


@guard("number_is_new@1", text="the issuer never issued a document of this number",
       hint="this number was issued before; a document has one record for ever",
       arguments={"number": "number"}, gives=("number_free",))  # fmt: skip
def number_is_new(act: Act) -> None:
    number, declared = act.args["number"], act.table.number
    if declared is None or (number["class"], number["at"]) != (declared.cls, declared.at):
        raise GuardFailed("the number is not of the class or the place that the table declares", number["class"])
    existing = act.world.number(claim_key(act.party, number["key"]))
    if existing is not None:
        raise GuardFailed("a document of this number was issued before", existing)


@guard("no_hold@1", text="the record is not on hold", hint="wait until the authority lifts its hold",
       needs=("record",))  # fmt: skip
def no_hold(act: Act) -> None:
    if act.record.hold is not None:
        raise GuardFailed("the record is on hold", act.record.hold)


@guard("not_locked@1", text="no presentation lock is running", hint="wait until the lock ends", needs=("record",))
def not_locked(act: Act) -> None:
    locked = act.record.locked_until
    if locked is not None and act.time < locked:
        raise GuardFailed(f"the record is locked for a presentation until {iso(locked)}", iso(locked))


@guard("offer_is_open@1", text="the offer has not lapsed", hint="ask for a new offer; the old one ended at its time",
       needs=("record",))  # fmt: skip
def offer_is_open(act: Act) -> None:
    until = act.record.pending.until if act.record.pending else None
    if until is not None and act.time > until:
        raise GuardFailed(f"the offer lapsed at {iso(until)}", iso(until))


@guard("offer_has_lapsed@1", text="the offer has lapsed", hint="an open offer is accepted, rejected or recalled",
       needs=("record",), gives=("offer",))  # fmt: skip
def offer_has_lapsed(act: Act) -> None:
    until = act.record.pending.until if act.record.pending else None
    if until is None or act.time <= until:
        raise GuardFailed("the offer has not lapsed", _moment(until))


@guard("form_fits_parties@1",
       text="a straight bill names its consignee and no order party, a bill to order its order party and no "
            "consignee, and a bill endorsed in blank neither",
       hint="check isToOrder, endorsee and consignee in the transport document",
       arguments={"form": "code", "consignee": "party?", "order_party": "party?"})  # fmt: skip
def form_fits_parties(act: Act) -> None:
    form = act.args["form"]
    named = (act.args.get("consignee") is not None, act.args.get("order_party") is not None)
    if named != (form == "straight", form == "order"):
        raise GuardFailed(f"the named parties do not fit a bill of the form {form}", form)


@guard("transfer_fits_form@1",
       text="an endorsement is made by the order party or on a bill endorsed in blank; a straight bill goes to "
            "its consignee without endorsement",
       hint="a straight bill is offered to its consignee alone, and not endorsed; a bill to order is endorsed by "
            "its order party, and anybody else in control passes possession on (`--possession`)",
       arguments={"mode": "code", "to": "party"}, fields={"form": "code", "consignee": "party?"},
       needs=("record",))  # fmt: skip
def transfer_fits_form(act: Act) -> None:
    record, mode, to = act.record, act.args["mode"], act.args["to"]
    form = record.fields["form"]
    if form == "straight":
        if mode != "possession":
            raise GuardFailed("a straight bill is not endorsed", mode)
        if to != record.fields.get("consignee"):
            raise GuardFailed("a straight bill goes to its consignee and to nobody else", _shown(act, to))
    elif mode == "possession":
        return
    elif form == "order" and not acts_as(act, record.order_party):
        raise GuardFailed(
            f"the bill is to the order of {named(act, record.order_party)}, which alone can endorse it",
            _shown(act, record.order_party),
        )
    elif form == "blank" and mode == "blank":
        raise GuardFailed("the bill is endorsed in blank already", mode)


@guard("entitled_to_delivery@1",
       text="the actor may claim the goods: it is the consignee of a straight bill, the party to whose order a bill "
            "stands, or the holder of a bill endorsed in blank",
       hint="offer a straight bill to its consignee, who claims the goods; a bill to order is claimed by its order "
            "party, or by whom that party endorses it to",
       fields={"form": "code", "consignee": "party?"}, needs=("record",))  # fmt: skip
def entitled_to_delivery(act: Act) -> None:
    record = act.record
    form = record.fields["form"]
    entitled: Any = record.fields.get("consignee") if form == "straight" else record.order_party
    if form != "blank" and not acts_as(act, entitled):
        raise GuardFailed(
            f"{named(act, act.party)} holds the bill, and {named(act, entitled)} may claim the goods",
            _shown(act, entitled),
        )


@guard("governors_sign@1",
       text="of the governors who are not suspended more than the ledger's quorum sign: two thirds, unless it was "
            "raised",
       hint="collect further signatures: give `--out FILE`, and let others sign it: `lading sign FILE`",
       who="a member, with the signatures of more than two thirds of the governors")  # fmt: skip
def governors_sign(act: Act) -> None:
    active = _active_governors(act)
    signed = [governor for governor in active if governor.id in act.signers]
    if not reaches_quorum(act.world.parameters, len(signed), len(active)):
        raise GuardFailed(
            f"{len(signed)} of {len(active)} governors have signed",
            [str(governor.fields["alias"]) for governor in signed],
        )


@guard("a_governor_remains@1",
       text="a governor who is not suspended remains, now and when governors who were voted in begin",
       hint="a ledger without a governor could admit and reinstate nobody; suspend another member",
       needs=("record",))  # fmt: skip
def a_governor_remains(act: Act) -> None:
    for governors in (act.world.governors, *_coming_governors(act)):
        members = (_member(act, governor) for governor in governors)
        remaining = {one.id for one in members if one is not None and one.status == "active"}
        if act.record.id in governors and not remaining - {act.record.id}:
            raise GuardFailed("the last governor who is not suspended cannot be suspended", act.record.fields["alias"])


def _coming_governors(act: Act) -> list[list[bytes]]:
    """The governors who were voted in for a later height."""
    own = act.world.record(ledger_record(act.transaction.ledger))
    return [] if own is None else [ids for since, ids in own.fields["governors"] if since > act.world.height]


def _active_governors(act: Act) -> list[Record]:
    """The governors who are not suspended, in the order of the genesis."""
    found = (_member(act, governor) for governor in act.world.governors)
    return [member for member in found if member is not None and is_active(member, act.world.height)]


@guard("member_is_well_formed@1",
       text="the new member's names, codes, roles and keys are well-formed, its keys strong, and it proves that "
            "it holds the signing key",
       hint="make the card with `lading member create`, and enrol the file as it is",
       arguments={"record": "id", "alias": "code", "names": "names", "lei": "text", "registration": "text",
                  "roles": "texts", "codes": "texts", "public_key": "public_key", "proof": "signature",
                  "encryption": "encryption_key", "cosigners": "names", "address": "text"})  # fmt: skip
def member_is_well_formed(act: Act) -> None:
    args = act.args
    try:
        check_member_fields(args)
        check_public_key(1, args["public_key"])
        card = MemberCard(
            args["record"], args["alias"], args["names"], args["lei"], args["registration"], tuple(args["roles"]),
            tuple(args["codes"]), (1, args["public_key"]), args["encryption"], args["cosigners"], args["address"],
        )  # fmt: skip
        verify(1, args["public_key"], card.signed_bytes(), args["proof"])
    except LadingError as exc:
        raise GuardFailed(exc.message, exc.value) from None


@guard("alias_is_new@1", text="no member has the alias, the LEI, a code, a cosigner key or the signing key yet",
       hint="choose another alias, or look whether the organisation is a member already: `lading member list`",
       arguments={"alias": "code", "lei": "text", "codes": "texts", "cosigners": "names", "public_key": "public_key"},
       gives=("alias_free",))  # fmt: skip
def alias_is_new(act: Act) -> None:
    if act.world.number(alias_key(act.transaction.ledger, act.args["alias"])) is not None:
        raise GuardFailed("another member has this alias", act.args["alias"])
    for claim, what in member_claims(act.transaction.ledger, act.args, act.args["public_key"]).items():
        if act.world.number(claim) is not None:
            raise GuardFailed(f"another member has, or had, this {what}", what)


@guard("new_key_is_good@1",
       text="the new key is strong, no member ever had it, and the member proves that it holds it",
       hint="make a new key pair", arguments={"public_key": "public_key", "proof": "signature"},
       fields={"keys": "keys"}, needs=("record",))  # fmt: skip
def new_key_is_good(act: Act) -> None:
    key = act.args["public_key"]
    try:
        check_public_key(1, key)
    except LadingError as exc:
        raise GuardFailed(exc.message, key) from None
    if act.world.number(key_claim(act.transaction.ledger, key)) is not None:
        raise GuardFailed("a member has, or had, this key", key)
    if len(act.record.fields["keys"]) >= MAX_KEYS:
        raise GuardFailed(f"the member has had {MAX_KEYS} keys, the most that its record holds")
    try:
        verify(1, key, key_proof_message(act.record.id, key), act.args["proof"])
    except LadingError as exc:
        raise GuardFailed("the new key does not prove that the member holds it", exc.value) from None


def key_proof_message(member: bytes, key: bytes) -> bytes:
    """What a new key signs to show that the member holds it: attestation domain, member's id, key."""
    return SIGN_ATTESTATION + b"rotate-key\x00" + member + key
