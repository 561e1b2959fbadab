"""The effects: what an action changes. Guards have held before; an effect refuses nothing."""

from __future__ import annotations

from typing import Any

from ledger.hashing import ZERO, claim_key
from ledger.member import key_claim, member_claims
from ledger.record import Pending, Record

from .act import Act
from .vocabulary import effect

__all__: list[str] = []


@effect("create@1", text="a new record comes into being, issued by the actor and in the actor's control",
        arguments={"record": "id", "document": "hash*"}, needs=("new", "unused"), gives=("record", "control"),
        ends=("new", "unused"))  # fmt: skip
def create(act: Act) -> None:
    declared = act.table.fields
    fields = {name: value for name, value in act.args.items() if name in declared}
    act.record = Record(
        act.args["record"], act.table.kind, act.table.version, "", 0, ZERO, 0, act.time,
        act.party, act.party, document=act.args.get("document"), fields=fields,
    )  # fmt: skip


@effect("create_member@1", text="the member's record comes into being, in the member's own control, with its first key",
        arguments={"record": "id", "public_key": "public_key", "key_until": "time*"}, fields={"keys": "keys"},
        needs=("new", "unused"), gives=("record", "control"), ends=("new", "unused"),
        kinds=("member",))  # fmt: skip
def create_member(act: Act) -> None:
    args, declared = act.args, act.table.fields
    fields: dict[str, Any] = {name: value for name, value in args.items() if name in declared}
    fields["keys"] = [[1, args["public_key"], act.time, args.get("key_until")]]
    act.record = Record(
        args["record"], act.table.kind, act.table.version, "", 0, ZERO, 0, act.time,
        args["record"], args["record"], fields=fields,
    )  # fmt: skip


@effect("claim_number@1", text="the document's number is taken for ever",
        arguments={"number": "number"}, needs=("record", "number_free"), gives=("claimed",),
        ends=("draft",))  # fmt: skip
def claim_number(act: Act) -> None:
    act.numbers[claim_key(act.party, act.args["number"]["key"])] = act.record.id


@effect("claim_alias@1", text="the member's alias, LEI, codes and keys are taken for ever",
        arguments={"alias": "code", "lei": "text", "codes": "texts", "cosigners": "names", "public_key": "public_key"},
        needs=("record", "alias_free"),
        kinds=("member",))  # fmt: skip
def claim_alias(act: Act) -> None:
    for claim in member_claims(act.transaction.ledger, act.args, act.args["public_key"]):
        act.numbers[claim] = act.record.id


@effect("set_order_party@1", text="the document stands to the order of the named order party, if one is named",
        arguments={"order_party": "party?"}, needs=("record",))  # fmt: skip
def set_order_party(act: Act) -> None:
    act.record.order_party = act.args.get("order_party")


@effect("offer_to@1", text="control is offered to {argument}, for {purpose}",
        arguments={"{argument}": "party", "mode": "code*", "until": "time*"},
        needs=("record", "control"), gives=("offer",))  # fmt: skip
def offer_to(act: Act, argument: str, purpose: str) -> None:
    act.record.pending = Pending(act.args[argument], act.args.get("mode", "possession"), act.args.get("until"), purpose)


@effect("offer_to_issuer@1", text="the record is presented to its issuer, for {purpose}",
        needs=("record", "control"), gives=("offer",))  # fmt: skip
def offer_to_issuer(act: Act, purpose: str) -> None:
    act.record.pending = Pending(act.record.issuer, "possession", None, purpose)


@effect("clear_offer@1", text="the offer ends; control stays where it was", needs=("record",), ends=("offer",))
def clear_offer(act: Act) -> None:
    act.record.pending = None


@effect("endorse@1", text="the endorsement of the offer takes effect; a nomination ends with it",
        fields={"form": "code"}, needs=("record", "offer"), ends=("nominee",))  # fmt: skip
def endorse(act: Act) -> None:
    record, pending = act.record, act.record.pending
    if pending.mode == "endorse":
        record.order_party = pending.party
        record.fields["form"] = "order"
        record.nominee = None
    elif pending.mode == "blank":
        record.order_party = record.nominee = None
        record.fields["form"] = "blank"


@effect("move_control@1", text="control passes to the party to whom it was offered",
        needs=("record", "offer"), gives=("control",), ends=("offer", "nobody"))  # fmt: skip
def move_control(act: Act) -> None:
    record = act.record
    if record.controller != record.pending.party:
        record.controller = record.pending.party
        record.since = act.time
    record.pending = None


@effect("end_control@1", text="control ends: nobody can act on the record any more",
        needs=("record",), gives=("nobody",), ends=("control", "offer"))  # fmt: skip
def end_control(act: Act) -> None:
    act.record.controller = None
    act.record.since = act.time
    act.record.pending = None


@effect("set_field@1", text="{field} is set to {argument}",
        arguments={"{argument}": "any?"}, fields={"{field}": "as {argument}"}, needs=("record",))  # fmt: skip
def set_field(act: Act, field: str, argument: str) -> None:
    value = act.args.get(argument)
    if value is not None:
        act.record.fields[field] = value


@effect("set_field_to_time@1", text="{field} is set to the ledger's time",
        fields={"{field}": "time?"}, needs=("record",))  # fmt: skip
def set_field_to_time(act: Act, field: str) -> None:
    act.record.fields[field] = act.time


@effect("replace_key@1",
        text="the new key takes the place of the old ones, which end at the ledger's time, or, where it is given, at "
             "`overlap_until`",
        arguments={"public_key": "public_key", "overlap_until": "time*", "key_until": "time*"},
        fields={"keys": "keys"}, needs=("record",),
        kinds=("member",))  # fmt: skip
def replace_key(act: Act) -> None:
    args, end = act.args, act.args.get("overlap_until", act.time)
    keys = [[*entry[:3], end if entry[3] is None else min(entry[3], end)] for entry in act.record.fields["keys"]]
    act.record.fields["keys"] = [*keys, [1, args["public_key"], act.time, args.get("key_until")]]
    act.numbers[key_claim(act.transaction.ledger, args["public_key"])] = act.record.id
