"""The words of other kinds: negotiable receipts, release against a code, records that belong together, lists."""

from __future__ import annotations

from typing import Final

from ledger.hashing import number_key, release_code_hash
from ledger.times import iso

from .act import Act
from .parties import acts_as, consents, member_of, named
from .refusals import GuardFailed
from .vocabulary import effect, guard

__all__ = ["MAX_LIST"]

MAX_LIST: Final = 64
"""Most parties in a list of a record, so that the record stays small."""


def _shown(act: Act, party: bytes | None) -> object:
    """A party as the value of a refusal: its alias where it is a member, else its whole reference."""
    member = member_of(act.world, party)
    return party if member is None else member.fields["alias"]


# Who acts


@guard("issuer_or_field_party_signs@1", text="the issuer of the record or the party in the field {field} acts",
       hint="only the issuer, or the party that the record names for it, can do this",
       who="the issuer of the record, or the party in the field {field}",
       fields={"{field}": "party?"}, needs=("record",))  # fmt: skip
def issuer_or_field_party_signs(act: Act, field: str) -> None:
    if not acts_as(act, act.record.issuer) and not acts_as(act, act.record.fields.get(field)):
        raise GuardFailed(
            f"{act.actor.fields['alias']} is neither the issuer nor the {field} of the record",
            act.actor.fields["alias"],
        )


@guard("controller_signs_too@1", text="the party in control of the record signs, whoever acts",
       hint="have the party in control sign the same act too; `lading show` says who that is",
       needs=("record",))  # fmt: skip
def controller_signs_too(act: Act) -> None:
    if not consents(act, act.record.controller):
        raise GuardFailed(
            f"{named(act, act.record.controller)}, who is in control, has not signed",
            _shown(act, act.record.controller),
        )


@guard("argument_is_actor@1", text="{argument} is the party that acts", hint="name yourself",
       who="the party named as {argument}", arguments={"{argument}": "party"})  # fmt: skip
def argument_is_actor(act: Act, argument: str) -> None:
    if not acts_as(act, act.args[argument]):
        raise GuardFailed(f"{argument} is not the party that acts", _shown(act, act.args[argument]))


# Negotiable documents other than a bill: to order, or to bearer


@guard("order_fits_form@1", text="a document to order names its order party, and one to bearer names nobody",
       hint="name the order party of a document to order; leave it out of one to bearer (the form `blank`)",
       arguments={"form": "code", "order_party": "party?"})  # fmt: skip
def order_fits_form(act: Act) -> None:
    form = act.args["form"]
    if (form == "order") != (act.args.get("order_party") is not None):
        raise GuardFailed(f"the order party does not fit the form {form}", form)


@guard("endorser_signs@1",
       text="an endorsement is made by the party to whose order the document stands, or on a document to bearer; "
            "anybody in control passes possession on",
       hint="a document to order is endorsed by its order party, and anybody else in control passes possession on",
       arguments={"mode": "code"}, fields={"form": "code"}, needs=("record",))  # fmt: skip
def endorser_signs(act: Act) -> None:
    form, mode = act.record.fields["form"], act.args["mode"]
    if mode == "possession":
        return
    if form == "order" and not acts_as(act, act.record.order_party):
        raise GuardFailed(
            f"the document is to the order of {named(act, act.record.order_party)}, which alone can endorse it",
            _shown(act, act.record.order_party),
        )
    if form == "blank" and mode == "blank":
        raise GuardFailed("the document is to bearer already", mode)


@guard("holder_is_entitled@1",
       text="the party in control is the one to whose order the document stands, or holds a document to bearer",
       hint="a document to order is performed to its order party, or to whom that party endorses it",
       fields={"form": "code"}, needs=("record",))  # fmt: skip
def holder_is_entitled(act: Act) -> None:
    record = act.record
    if record.fields["form"] == "order" and record.order_party != record.controller:
        raise GuardFailed(
            f"{named(act, record.controller)} holds the document, and it stands to the order of "
            f"{named(act, record.order_party)}",
            _shown(act, record.order_party),
        )


# Records that belong together


def _check_record(act: Act, where: str, record_id: bytes, kind: str, state: str) -> None:
    record = act.world.record(record_id)
    if record is None or record.kind != kind:
        raise GuardFailed(f"the record in {where} is no {kind} of this ledger", record_id)
    if record.status not in state.split(" or "):
        raise GuardFailed(f"the record in {where} is {record.status}, and must be {state}", record.id)
    if record.hold is not None:
        raise GuardFailed(f"the record in {where} is on hold by {named(act, record.hold)}", record.id)


@guard("argument_record_is@1", text="the record in {argument} is a {kind} that is {state}, and it is not on hold",
       hint="look at that record: `lading show`", arguments={"{argument}": "id"})  # fmt: skip
def argument_record_is(act: Act, argument: str, kind: str, state: str) -> None:
    _check_record(act, argument, act.args[argument], kind, state)


@guard("field_record_is@1", text="the record in the field {field} is a {kind} that is {state}, and it is not on hold",
       hint="look at that record: `lading show`; what holds it, or has ended it, holds this one too",
       fields={"{field}": "id"}, needs=("record",))  # fmt: skip
def field_record_is(act: Act, field: str, kind: str, state: str) -> None:
    _check_record(act, field, act.record.fields[field], kind, state)


@guard("argument_record_is_own@1", text="the actor issued the record in {argument}, and is in control of it",
       hint="name a record that you issued, and that nobody else is in control of",
       arguments={"{argument}": "id"})  # fmt: skip
def argument_record_is_own(act: Act, argument: str) -> None:
    record = act.world.record(act.args[argument])
    if record is None or not acts_as(act, record.issuer) or not acts_as(act, record.controller):
        raise GuardFailed(f"the record in {argument} is not the actor's own", act.args[argument])


@guard("argument_is_another_record@1", text="{argument} is another record than this one", hint="name the other record",
       arguments={"{argument}": "id"}, needs=("record",))  # fmt: skip
def argument_is_another_record(act: Act, argument: str) -> None:
    if act.args[argument] == act.record.id:
        raise GuardFailed(f"{argument} is the record itself", act.record.id)


@effect("link_successor@1", text="the record in {argument} is named as the one that takes this one's place",
        arguments={"{argument}": "id"}, needs=("record",))  # fmt: skip
def link_successor(act: Act, argument: str) -> None:
    act.record.replaced_by = [*act.record.replaced_by, act.args[argument]]


@guard("claim_is_free@1",
       text="no other record holds the {key} under the {under}: none that lives, and none that ended as {spent}",
       hint="one record at a time; cancel the other one first, unless it is used up",
       arguments={"{key}": "hash", "{under}": "id"}, gives=("claim_free",))  # fmt: skip
def claim_is_free(act: Act, key: str, under: str, spent: str) -> None:
    held = act.world.number(_claim(act, key, under))
    holder = None if held is None else act.world.record(held)
    if holder is not None and (holder.controller is not None or holder.status == spent):
        raise GuardFailed(f"another record holds the {key} under the {under}; it is {holder.status}", holder.id)


@effect("claim_under@1", text="the {key} under the {under} is this record's, until it ends",
        arguments={"{key}": "hash", "{under}": "id"}, needs=("record", "claim_free"),
        ends=("claim_free",))  # fmt: skip
def claim_under(act: Act, key: str, under: str) -> None:
    act.numbers[_claim(act, key, under)] = act.record.id


def _claim(act: Act, key: str, under: str) -> bytes:
    """A state key of a class of its own: what is claimed under a record takes no issuer's number."""
    return number_key(act.transaction.ledger, "claim", act.args[under], act.args[key].hex())


# Release against a code


@guard("field_time_has_not_passed@1", text="the time in the field {field}, where one is set, has not passed",
       hint="it is too late; ask the issuer for a new record",
       fields={"{field}": "time?"}, needs=("record",))  # fmt: skip
def field_time_has_not_passed(act: Act, field: str) -> None:
    until = act.record.fields.get(field)
    if until is not None and act.time > until:
        raise GuardFailed(f"the time {field} has passed", iso(until))


@guard("code_opens@1", text="{argument} is the release code whose hash is in {field}",
       hint="type the code again; if it was renewed, ask for the newest one",
       arguments={"{argument}": "code"}, fields={"{field}": "hash?"}, needs=("record",))  # fmt: skip
def code_opens(act: Act, argument: str, field: str) -> None:
    if release_code_hash(act.record.id, act.args[argument]) != act.record.fields.get(field):
        raise GuardFailed("the release code is not that of this record")


# Lists of parties


@guard("party_can_be_listed@1", text=f"{{argument}} is not among {{field}} yet, which has room (at most {MAX_LIST})",
       hint="`lading show` lists the parties; take one out before another is added to a full list",
       arguments={"{argument}": "party"}, fields={"{field}": "parties?"}, needs=("record",))  # fmt: skip
def party_can_be_listed(act: Act, argument: str, field: str) -> None:
    listed = act.record.fields.get(field) or []
    if act.args[argument] in listed:
        raise GuardFailed(f"{argument} is among {field} already", _shown(act, act.args[argument]))
    if len(listed) >= MAX_LIST:
        raise GuardFailed(f"{field} has {MAX_LIST} parties, the most that it holds", len(listed))


@guard("party_is_listed@1", text="{argument} is among {field}", hint="`lading show` lists the parties",
       arguments={"{argument}": "party"}, fields={"{field}": "parties?"}, needs=("record",))  # fmt: skip
def party_is_listed(act: Act, argument: str, field: str) -> None:
    if act.args[argument] not in (act.record.fields.get(field) or []):
        raise GuardFailed(f"{argument} is not among {field}", _shown(act, act.args[argument]))


@effect("add_to_list@1", text="{argument} is added to {field}",
        arguments={"{argument}": "party"}, fields={"{field}": "parties?"}, needs=("record",))  # fmt: skip
def add_to_list(act: Act, field: str, argument: str) -> None:
    act.record.fields[field] = [*(act.record.fields.get(field) or []), act.args[argument]]


@effect("remove_from_list@1", text="{argument} is taken out of {field}",
        arguments={"{argument}": "party"}, fields={"{field}": "parties?"}, needs=("record",))  # fmt: skip
def remove_from_list(act: Act, field: str, argument: str) -> None:
    listed = act.record.fields.get(field) or []
    act.record.fields[field] = [party for party in listed if party != act.args[argument]]
