"""The guards of title: endorsement, presentation, pledge, amendment, split and merge, hold of a bill of lading."""

from __future__ import annotations

from typing import Any, Final

from ledger.hashing import claim_key
from ledger.times import iso

from .act import Act
from .parameters import PARAMETERS, count_of, wrong_value
from .parties import GROUP, acts_as, consents, member_of, named
from .refusals import GuardFailed
from .vocabulary import guard

__all__: list[str] = []

_TERMS: Final = ("form", "consignee", "rulebook", "law", "clause")
"""Fields that records must share to be merged into one."""


def _shown(act: Act, party: bytes | None) -> object:
    """A party as the value of a refusal: its alias where it is a member, else its whole reference."""
    member = member_of(act.world, party)
    return party if member is None else member.fields["alias"]


def _span(act: Act, parameter: str) -> int:
    """A parameter of the ledger that is a span of time, in milliseconds."""
    if parameter not in PARAMETERS:
        raise GuardFailed("a ledger has no such parameter", parameter)
    return count_of(act.world.parameters, parameter)


# Endorsement


@guard("may_endorse@1", text="the actor is the party to whose order the bill stands, or holds a bill endorsed in blank",
       hint="a straight bill is not endorsed; a bill to order is endorsed by its order party alone",
       fields={"form": "code"}, needs=("record",))  # fmt: skip
def may_endorse(act: Act) -> None:
    record, form = act.record, act.record.fields["form"]
    if form == "straight":
        raise GuardFailed("a straight bill is not endorsed", form)
    if form == "order" and not acts_as(act, record.order_party):
        raise GuardFailed(
            f"the bill is to the order of {named(act, record.order_party)}, which alone can endorse it",
            _shown(act, record.order_party),
        )


@guard("order_party_signs@1", text="the party to whose order the bill stands acts",
       hint="`lading show` says to whose order the bill stands; only that party can do this",
       who="the party to whose order the bill stands", needs=("record",))  # fmt: skip
def order_party_signs(act: Act) -> None:
    order_party = act.record.order_party
    if not acts_as(act, order_party):
        raise GuardFailed(f"the bill stands to the order of {named(act, order_party)}", _shown(act, order_party))


@guard("not_in_control@1", text="the actor is not in control of the record",
       hint="who is in control endorses the bill itself", needs=("record",))  # fmt: skip
def not_in_control(act: Act) -> None:
    if acts_as(act, act.record.controller):
        raise GuardFailed(f"{named(act, act.record.controller)} is in control", _shown(act, act.record.controller))


@guard("nomination_stands@1", text="the order party has nominated somebody, and has not withdrawn it",
       hint="ask the order party to nominate", needs=("record",), gives=("nominee",))  # fmt: skip
def nomination_stands(act: Act) -> None:
    if act.record.nominee is None:
        raise GuardFailed("the order party has nominated nobody")


# Presentation


@guard("lock_lets_through@1",
       text="no presentation lock is running, or {argument} is the party to whom the record is presented",
       hint="while the lock runs, control goes to the presentee and to nobody else",
       arguments={"{argument}": "party"}, fields={"presentee": "party?"}, needs=("record",))  # fmt: skip
def lock_lets_through(act: Act, argument: str) -> None:
    locked = act.record.locked_until
    if locked is None or act.time >= locked:
        return
    if act.args[argument] != act.record.fields.get("presentee"):
        raise GuardFailed(f"the record is locked for a presentation until {iso(locked)}", iso(locked))


@guard("argument_is_within@1",
       text="{argument} lies no further ahead than the ledger's {parameter}",
       hint="name an earlier time; `lading doctor` shows the ledger's parameters",
       arguments={"{argument}": "time"})  # fmt: skip
def argument_is_within(act: Act, argument: str, parameter: str) -> None:
    latest = act.time + _span(act, parameter)
    if act.args[argument] > latest:
        raise GuardFailed(f"{argument} is later than {iso(latest)}", iso(act.args[argument]))


# Pledge


@guard("pledgee_signs@1", text="the pledgee acts", hint="only the pledgee can do this", who="the pledgee",
       needs=("record",))  # fmt: skip
def pledgee_signs(act: Act) -> None:
    if not acts_as(act, act.record.pledgee):
        raise GuardFailed(f"the pledgee is {named(act, act.record.pledgee)}", _shown(act, act.record.pledgee))


@guard("negotiable@1", text="the bill is not straight",
       hint="a straight bill is no security: have the bank named as its consignee instead",
       fields={"form": "code"}, needs=("record",))  # fmt: skip
def negotiable(act: Act) -> None:
    if act.record.fields["form"] == "straight":
        raise GuardFailed("a straight bill goes to its consignee alone and cannot be pledged", "straight")


@guard("group_is_of_both@1",
       text="{group}, where given, is the joint control of the actor and of {argument}, both of whom must sign",
       hint="register a joint control of the two, with a threshold of 2",
       arguments={"{group}": "party?", "{argument}": "party"})  # fmt: skip
def group_is_of_both(act: Act, group: str, argument: str) -> None:
    party = act.args.get(group)
    if party is None:
        return
    joint = act.world.record(party)
    if joint is None or joint.kind != GROUP:
        raise GuardFailed(f"{group} is no joint control of members", party)
    if set(joint.fields["members"]) != {act.party, act.args[argument]} or joint.fields["threshold"] != 2:
        raise GuardFailed(f"{group} is not the joint control of these two, who both sign", party)


@guard("argument_is_no_shorter@1",
       text="{argument}, in milliseconds, is no shorter than the ledger's {parameter}, and within its range",
       hint="give a longer one; `lading govern show` shows the ledger's parameters",
       arguments={"{argument}": "count"})  # fmt: skip
def argument_is_no_shorter(act: Act, argument: str, parameter: str) -> None:
    span, least = act.args[argument], _span(act, parameter)
    if span < least or wrong_value(parameter, str(span)):
        raise GuardFailed(f"{argument} is at least {least:,} milliseconds here, and at most a year", span)


@guard("delay_has_run@1",
       text="the time that {delay} says, as it was agreed, has run since {field}: no later vote shortens it",
       hint="wait until then", fields={"{field}": "time?", "{delay}": "count?"}, needs=("record",))  # fmt: skip
def delay_has_run(act: Act, field: str, delay: str) -> None:
    start, span = act.record.fields.get(field), act.record.fields.get(delay)
    if start is None or span is None:
        raise GuardFailed(f"there was no {field if start is None else delay} yet")
    end = start + span
    if act.time < end:
        raise GuardFailed(f"it can be done from {iso(end)}", iso(end))


# Successors: amended, split, merged, switched


@guard("title_stays_or_is_consented@1",
       text="the new bill has the form, the order party and the consignee of this one, or who is entitled by this one "
            "signs too: its order party, its consignee, or the party in control of a bill endorsed in blank",
       hint="leave form, order party and consignee as they are, or have the party entitled sign the same act",
       arguments={"form": "code", "order_party": "party?", "consignee": "party?"},
       fields={"form": "code", "consignee": "party?"}, needs=("record",))  # fmt: skip
def title_stays_or_is_consented(act: Act) -> None:
    record, args = act.record, act.args
    form, consignee = record.fields["form"], record.fields.get("consignee")
    if (args["form"], args.get("order_party"), args.get("consignee")) == (form, record.order_party, consignee):
        return
    entitled: Any = {"straight": consignee, "order": record.order_party}.get(form, record.controller)
    if not consents(act, entitled):
        raise GuardFailed(f"the title changes, and {named(act, entitled)} has not signed", _shown(act, entitled))


def _check_number(act: Act, number: Any, own: frozenset[bytes] = frozenset()) -> None:
    declared = act.table.number
    if declared is None or (number["class"], number["at"]) != (declared.cls, declared.at):
        raise GuardFailed("the number is not of the class or the place that the table declares", number["class"])
    existing = act.world.number(claim_key(act.party, number["key"]))
    if existing is not None and existing not in own:
        raise GuardFailed("a document of this number was issued before", existing)


@guard("number_is_new_or_taken_over@1",
       text="the issuer never issued a document of this number, but for the one that the new record replaces",
       hint="keep the number of the replaced document, or use one that was never issued",
       arguments={"number": "number"}, gives=("number_free",))  # fmt: skip
def number_is_new_or_taken_over(act: Act) -> None:
    _check_number(act, act.args["number"], frozenset(record.id for record in act.targets))


@guard("parts_are_new@1",
       text="there are two parts or more, and their ids and their numbers were never used",
       hint="draw a random id for each part, and give each a number of its own",
       arguments={"parts": "parts"}, gives=("unused", "number_free"))  # fmt: skip
def parts_are_new(act: Act) -> None:
    parts = act.args["parts"]
    if len(parts) < 2 or len({part["number"]["key"] for part in parts}) < len(parts):
        raise GuardFailed("there are two parts or more, each of a number of its own", len(parts))
    for part in parts:
        if act.world.record(part["record"]) is not None:
            raise GuardFailed("the id of a part was used before", part["record"])
        _check_number(act, part["number"])


@guard("targets_are_alike@1",
       text="there are two records or more, with the same issuer, party in control, order party, form, consignee, "
            "rulebook, law and clause",
       hint="records are merged once they are in one hand and stand to one order",
       fields=dict.fromkeys(_TERMS, "any*"), needs=("record",))  # fmt: skip
def targets_are_alike(act: Act) -> None:
    record, first = act.record, act.targets[0]
    if len(act.targets) < 2:
        raise GuardFailed("one record alone cannot be merged", record.id)
    for name in ("issuer", "controller", "order_party"):
        if getattr(record, name) != getattr(first, name):
            raise GuardFailed(f"the records differ in their {name.replace('_', ' ')}", record.id)
    for name in _TERMS:
        if record.fields.get(name) != first.fields.get(name):
            raise GuardFailed(f"the records differ in their {name}", record.id)


@guard("field_equals_parameter@1", text="the field {field} is the ledger's {parameter}",
       hint="the ledger's text was changed since; draft it again: `lading doctor` shows the parameters",
       fields={"{field}": "any?"}, needs=("record",))  # fmt: skip
def field_equals_parameter(act: Act, field: str, parameter: str) -> None:
    value, expected = act.record.fields.get(field), act.world.parameters.get(parameter)
    if expected is None:
        raise GuardFailed(f"the ledger has no parameter {parameter}", parameter)
    if (value.hex() if isinstance(value, bytes) else value) != expected:
        raise GuardFailed(f"{field} is not the ledger's {parameter} {expected}", value)


# Hold


@guard("holding_authority_signs@1", text="the authority acts that holds the record",
       hint="only the authority that put the record on hold can do this", who="the authority that holds the record",
       needs=("record",), gives=("hold",))  # fmt: skip
def holding_authority_signs(act: Act) -> None:
    if not acts_as(act, act.record.hold):
        what = "on hold by nobody" if act.record.hold is None else f"on hold by {named(act, act.record.hold)}"
        raise GuardFailed(f"the record is {what}", _shown(act, act.record.hold))


@guard("hold_is_for@1", text="the record is on hold for a {reason}",
       hint="a hold is lifted, a dispute is settled", fields={"hold_kind": "code?"}, needs=("record",))  # fmt: skip
def hold_is_for(act: Act, reason: str) -> None:
    if act.record.fields.get("hold_kind") != reason:
        raise GuardFailed(f"the record is not on hold for a {reason}", act.record.fields.get("hold_kind"))
