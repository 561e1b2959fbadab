"""The effects of title: endorsement, presentation, pledge, successors, hold and order of a bill of lading.

A successor is a record that takes the place of others in one act: it has their issuer, party in control, order party
and fields, but for what the arguments say; each names the other (`replaces`, `replaced_by`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ledger.hashing import ZERO, claim_key
from ledger.record import Pending, Record

from .act import Act
from .effects import create
from .vocabulary import effect

__all__: list[str] = []

_NOT_CARRIED: Final = ("attachments", "presentee")
"""Fields that end with a record: its document's attachments, and whom it was presented to."""


@effect("unset_field@1", text="{field} is cleared", fields={"{field}": "any?"}, needs=("record",))
def unset_field(act: Act, field: str) -> None:
    act.record.fields.pop(field, None)


# Drafts


@effect("create_draft@1", text="a draft comes into being, in the actor's control; it has no number yet, and is no bill",
        arguments={"record": "id", "document": "hash*", "order_party": "party?"}, needs=("new", "unused"),
        gives=("record", "control", "draft"), ends=("new", "unused"))  # fmt: skip
def create_draft(act: Act) -> None:
    create(act)
    act.record.order_party = act.args.get("order_party")


@effect("restate_draft@1", text="the draft has the new document, form, order party and consignee",
        arguments={"document": "hash", "form": "code", "order_party": "party?", "consignee": "party?"},
        fields={"form": "code", "consignee": "party?"}, needs=("record", "draft"))  # fmt: skip
def restate_draft(act: Act) -> None:
    record, args = act.record, act.args
    record.document = args["document"]
    _set_title(record, args)


def _set_title(record: Record, args: Mapping[str, Any]) -> None:
    record.order_party = args.get("order_party")
    record.fields["form"] = args["form"]
    record.fields.pop("consignee", None)
    if args.get("consignee") is not None:
        record.fields["consignee"] = args["consignee"]


# Endorsement


def _to_order(record: Record, party: bytes | None) -> None:
    record.order_party = party
    record.fields["form"] = "order"
    record.nominee = None


@effect("endorse_to@1", text="the bill stands to the order of {argument}; control stays where it was",
        arguments={"{argument}": "party"}, fields={"form": "code"}, needs=("record",))  # fmt: skip
def endorse_to(act: Act, argument: str) -> None:
    _to_order(act.record, act.args[argument])


@effect("endorse_in_blank@1", text="the bill is endorsed in blank; control stays where it was",
        fields={"form": "code"}, needs=("record",))  # fmt: skip
def endorse_in_blank(act: Act) -> None:
    record = act.record
    record.order_party = record.nominee = None
    record.fields["form"] = "blank"


@effect("set_nominee@1", text="{argument} is nominated, to be endorsed to by whoever is in control",
        arguments={"{argument}": "party"}, needs=("record",))  # fmt: skip
def set_nominee(act: Act, argument: str) -> None:
    act.record.nominee = act.args[argument]


@effect("clear_nominee@1", text="the nomination ends", needs=("record",), ends=("nominee",))
def clear_nominee(act: Act) -> None:
    act.record.nominee = None


@effect("endorse_to_nominee@1", text="the bill stands to the order of the nominee; control stays where it was",
        fields={"form": "code"}, needs=("record", "nominee"), ends=("nominee",))  # fmt: skip
def endorse_to_nominee(act: Act) -> None:
    _to_order(act.record, act.record.nominee)


# Presentation


@effect("lock_until@1", text="the record is locked until {argument}: until then control goes to the presentee alone",
        arguments={"{argument}": "time", "presentee": "party"}, fields={"presentee": "party?"},
        needs=("record",))  # fmt: skip
def lock_until(act: Act, argument: str) -> None:
    act.record.locked_until = act.args[argument]
    act.record.fields["presentee"] = act.args["presentee"]


@effect("clear_lock@1", text="a presentation, if there is one, ends", fields={"presentee": "party?"},
        needs=("record",))  # fmt: skip
def clear_lock(act: Act) -> None:
    act.record.locked_until = None
    act.record.fields.pop("presentee", None)


# Pledge


@effect("offer_pledge@1",
        text="a pledge is offered to {argument}; when it accepts, control passes to it, or to {group} where given",
        arguments={"{argument}": "party", "{group}": "party?", "due": "time"},
        fields={"pledge_to": "party?", "due": "time?"},
        needs=("record", "control"), gives=("offer", "pledge_offer"))  # fmt: skip
def offer_pledge(act: Act, argument: str, group: str) -> None:
    record, args = act.record, act.args
    record.pending = Pending(args.get(group) or args[argument], "possession", None, "pledge")
    record.fields["pledge_to"] = args[argument]
    record.fields["due"] = args["due"]


@effect("begin_pledge@1", text="the pledge stands: control passes to whom it was offered; the pledgor is beneficiary",
        fields={"pledge_to": "party?"}, needs=("record", "control", "offer", "pledge_offer"),
        gives=("control", "pledge"), ends=("offer", "pledge_offer"))  # fmt: skip
def begin_pledge(act: Act) -> None:
    record = act.record
    record.beneficiary = record.controller
    record.pledgee = record.fields.pop("pledge_to")
    record.controller = record.pending.party
    record.since = act.time
    record.pending = None


def _end_pledge(act: Act, controller: bytes | None) -> None:
    record = act.record
    if record.controller != controller:
        record.controller = controller
        record.since = act.time
    record.beneficiary = record.pledgee = None
    for name in ("due", "notice", "delay"):
        record.fields.pop(name, None)


@effect("release_pledge@1", text="the pledge ends, and control goes back to the pledgor",
        fields={"due": "time?", "notice": "time?", "delay": "count*"}, needs=("record", "pledge"), gives=("control",),
        ends=("pledge",))  # fmt: skip
def release_pledge(act: Act) -> None:
    _end_pledge(act, act.record.beneficiary)


@effect("enforce_pledge@1",
        text="the pledgee is in control, and the document stands to its order: it can transfer or surrender it; the "
             "pledgor is beneficiary no more, and what is left over for it is settled outside the ledger",
        fields={"due": "time?", "notice": "time?", "delay": "count*", "form": "code"}, needs=("record", "pledge"),
        gives=("control",), ends=("pledge", "nominee"))  # fmt: skip
def enforce_pledge(act: Act) -> None:
    _to_order(act.record, act.record.pledgee)
    _end_pledge(act, act.record.pledgee)


# Successors


def _successor(act: Act, given: Mapping[str, Any]) -> Record:
    """The record that takes the place of `act.record`, with the id, document and number that are given."""
    old, args = act.record, act.args
    fields = {name: value for name, value in old.fields.items() if name not in _NOT_CARRIED}
    fields |= {name: value for name, value in args.items() if name in act.table.fields}
    new = Record(
        given["record"], old.kind, act.table.version, "", 0, ZERO, 0, act.time, old.issuer, old.controller,
        order_party=old.order_party, document=given["document"], replaces=[old.id], fields=fields,
    )  # fmt: skip
    if "form" in args:
        _set_title(new, args)
    act.numbers[claim_key(act.party, given["number"]["key"])] = new.id
    return new


_NUMBERED: Final[dict[str, str]] = {"record": "id", "document": "hash", "number": "number"}
_MADE: Final = ("record", "control", "claimed")
_SPENT: Final = ("number_free", "unused")
"""What no further effect of the same act can rely on: two records of one id or one number would come into being."""


@effect("succeed@1",
        text="a new record takes this one's place, in the same control, and each names the other; its number is taken "
             "for ever",
        arguments={**_NUMBERED, "form": "code*", "order_party": "party*", "consignee": "party*"},
        fields={"form": "code*", "consignee": "party*"},
        needs=("record", "control", "unused", "number_free"), ends=_SPENT, makes=_MADE)  # fmt: skip
def succeed(act: Act, status: str) -> None:
    new = _successor(act, act.args)
    act.record.replaced_by = [new.id]
    act.made.append((new, status))


@effect("split@1",
        text="for each part a new record takes this one's place, in the same control and to the same order, and each "
             "names the other; their numbers are taken for ever",
        arguments={"parts": "parts"}, needs=("record", "control", "unused", "number_free"), ends=_SPENT,
        makes=_MADE)  # fmt: skip
def split(act: Act, status: str) -> None:
    new = [_successor(act, part) for part in act.args["parts"]]
    act.record.replaced_by = [record.id for record in new]
    act.made += [(record, status) for record in new]


@effect("merge@1",
        text="one new record takes the place of all of these, in the same control and to the same order, and each "
             "names the other; its number is taken for ever; control of these ends",
        arguments=_NUMBERED, needs=("record", "control", "unused", "number_free"), gives=("nobody",),
        ends=("control", "offer", *_SPENT), makes=_MADE, every=True)  # fmt: skip
def merge(act: Act, status: str) -> None:
    new = _successor(act, act.args)
    new.replaces = [record.id for record in act.targets]
    for record in act.targets:
        record.replaced_by = [new.id]
        record.controller = record.pending = None
        record.since = act.time
    act.made.append((new, status))


# Hold and order


@effect("set_hold@1", text="the record is on hold by the authority, for a {reason}",
        fields={"hold_kind": "code?"}, needs=("record",))  # fmt: skip
def set_hold(act: Act, reason: str) -> None:
    act.record.hold = act.party
    act.record.fields["hold_kind"] = reason


@effect("lift_hold@1", text="the record is on hold no more", fields={"hold_kind": "code?"},
        needs=("record", "hold"), ends=("hold",))  # fmt: skip
def lift_hold(act: Act) -> None:
    act.record.hold = None
    act.record.fields.pop("hold_kind", None)


@effect("transfer_by_order@1",
        text="control passes to {argument}, to whose order the document stands from then on, or is the consignee of "
             "a straight one; offer, nomination, presentation and pledge end",
        arguments={"{argument}": "party"},
        fields={"form": "code", "consignee": "party*", "presentee": "party*", "pledge_to": "party*", "due": "time*",
                "notice": "time*", "delay": "count*"},
        needs=("record", "hold"), gives=("control",),
        ends=("nobody", "nominee", "offer", "pledge", "pledge_offer"))  # fmt: skip
def transfer_by_order(act: Act, argument: str) -> None:
    record, to = act.record, act.args[argument]
    record.pending = None
    record.fields.pop("pledge_to", None)
    _end_pledge(act, to)
    clear_lock(act)
    if record.fields["form"] == "straight":
        record.fields["consignee"] = to
    else:
        _to_order(record, to)
