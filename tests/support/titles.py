"""Bills of lading for tests: how a bill comes into each state, and who may do what there.

    bill = into(game, "pledged")                     by the shipper to the bank
    bill = into(game, "held", "lift_hold")           ready for the action: on hold by the authority
    arguments(game, "reissue", "carrier", bill)      good arguments of the action, and in `also` who signs with it

`MAY` is read from the table by a person: for each state and action the members who may act, and the guard that
refuses all others. The carrier issues to the shipper, who offers, pledges and presents to the bank.
"""

from __future__ import annotations

from typing import Any

from support.game import HOUR, RULEBOOK, Game
from support.members import digest

from ledger.member import ROLES
from ledger.transaction import Target

__all__ = ["CAST", "DAY", "MAY", "arguments", "draft_arguments", "into", "new_bill", "parts", "title_of"]

DAY = 86_400_000
CAST = {**{role: (role,) for role in sorted(ROLES)}, "rival": ("carrier",), "stranger": ()}
ALL = set(CAST)

_BY_CARRIER = ({"carrier"}, "issuer_signs")
_BY_SHIPPER = ({"shipper"}, "controller_signs")
_BY_BANK = ({"bank"}, "pending_recipient_signs")
_BY_PLEDGEE = ({"bank"}, "pledgee_signs")
_FROM_NOTHING = ({"carrier", "rival"}, "role")
_HOLDING = ({"authority"}, "holding_authority_signs")
_HOLD: dict[str, Any] = {
    "hold": ({"authority"}, "role"),
    "dispute": ({"authority"}, "role"),
    "lift_hold": _HOLDING,
    "settle_dispute": _HOLDING,
    "order_void": ({"authority"}, "role"),
    "order_close": ({"authority"}, "role"),
}
_ORDER: dict[str, Any] = {**_HOLD, "order_transfer": ({"authority"}, "role")}
MAY: dict[str, dict[str, Any]] = {
    "new": {"draft": _FROM_NOTHING, "issue": _FROM_NOTHING, "receive_paper": _FROM_NOTHING},
    "draft": {
        "comment": ({"carrier", "shipper"}, "issuer_or_field_party_signs"),
        "approve": ({"shipper"}, "field_party_signs"),
        "redraft": _BY_CARRIER,
        "withdraw_draft": _BY_CARRIER,
    },
    "approved": {
        "comment": ({"carrier", "shipper"}, "issuer_or_field_party_signs"),
        "redraft": _BY_CARRIER,
        "issue_draft": _BY_CARRIER,
        "withdraw_draft": _BY_CARRIER,
    },
    "paper_received": {"issue_from_paper": _BY_CARRIER, "return_paper": _BY_CARRIER, **_ORDER},
    "issued": {
        "accept": ({"shipper"}, "pending_recipient_signs"),
        "reject": ({"shipper"}, "pending_recipient_signs"),
        "recall": ({"carrier"}, "controller_signs"),
        "expire": (ALL, ""),
        "void": _BY_CARRIER,
        **_ORDER,
    },
    "returned": {"void": _BY_CARRIER, **_ORDER},
    "held": {
        "offer": _BY_SHIPPER,
        "endorse": _BY_SHIPPER,
        "endorse_in_blank": _BY_SHIPPER,
        "nominate": ({"shipper"}, "order_party_signs"),
        "withdraw_nomination": ({"shipper"}, "order_party_signs"),
        "endorse_nominee": ({"bank"}, "controller_signs"),
        "present": _BY_SHIPPER,
        "end_presentation": ({"bank"}, "field_party_signs"),
        "pledge": _BY_SHIPPER,
        "surrender": _BY_SHIPPER,
        "surrender_for_amendment": _BY_SHIPPER,
        "split": _BY_CARRIER,
        "merge": _BY_CARRIER,
        "switch_bill": _BY_CARRIER,
        "change_destination": _BY_CARRIER,
        "request_paper": _BY_SHIPPER,
        **_ORDER,
    },
    "offered": {
        "accept": _BY_BANK,
        "reject": _BY_BANK,
        "recall": _BY_SHIPPER,
        "expire": (ALL, ""),
        "end_presentation": ({"bank"}, "field_party_signs"),
        **_ORDER,
    },
    "pledge_offered": {
        "accept_pledge": _BY_BANK,
        "reject_pledge": ({"bank"}, "field_party_signs"),
        "recall_pledge": _BY_SHIPPER,
        **_ORDER,
    },
    "pledged": {"release_pledge": _BY_PLEDGEE, "notify_default": _BY_PLEDGEE, "enforce": _BY_PLEDGEE, **_ORDER},
    "surrendered": {
        "withdraw_surrender": _BY_SHIPPER,
        "accept_surrender": _BY_CARRIER,
        "refuse_surrender": _BY_CARRIER,
        **_ORDER,
    },
    "amendment_requested": {
        "withdraw_amendment": _BY_SHIPPER,
        "refuse_amendment": _BY_CARRIER,
        "reissue": _BY_CARRIER,
        "cancel": _BY_CARRIER,
        **_ORDER,
    },
    "paper_requested": {
        "withdraw_paper": _BY_SHIPPER,
        "refuse_paper": _BY_CARRIER,
        "to_paper": _BY_CARRIER,
        **_ORDER,
    },
    "surrender_accepted": {"deliver_part": _BY_CARRIER, "confirm_delivery": _BY_CARRIER, **_HOLD},
    "delivered": {},
    "void": {},
    "replaced": {},
    "on_paper": {},
    "closed": {},
}

_TERMS: dict[str, Any] = {"rulebook": RULEBOOK, "law": "SG", "clause": "BIMCO-EBILL-2025", "place": "CNSHA"}
_ACCEPT: tuple[str, str] = ("shipper", "accept")
_ASK: tuple[str, str] = ("shipper", "surrender_for_amendment")
_PAPER: tuple[str, str] = ("shipper", "request_paper")
_WAYS: dict[str, list[tuple[str, str]]] = {
    "draft": [],
    "approved": [("shipper", "approve")],
    "paper_received": [],
    "issued": [],
    "returned": [("carrier", "recall")],
    "held": [_ACCEPT],
    "offered": [_ACCEPT, ("shipper", "offer")],
    "pledge_offered": [_ACCEPT, ("shipper", "pledge")],
    "pledged": [_ACCEPT, ("shipper", "pledge"), ("bank", "accept_pledge")],
    "surrendered": [_ACCEPT, ("shipper", "surrender")],
    "surrender_accepted": [_ACCEPT, ("shipper", "surrender"), ("carrier", "accept_surrender")],
    "delivered": [_ACCEPT, ("shipper", "surrender"), ("carrier", "accept_surrender"), ("carrier", "confirm_delivery")],
    "amendment_requested": [_ACCEPT, _ASK],
    "replaced": [_ACCEPT, _ASK, ("carrier", "reissue")],
    "paper_requested": [_ACCEPT, _PAPER],
    "on_paper": [_ACCEPT, _PAPER, ("carrier", "to_paper")],
    "void": [("carrier", "void")],
    "closed": [("authority", "hold"), ("authority", "order_close")],
}
_BEFORE: dict[str, list[tuple[str, str]]] = {
    "endorse_nominee": [("shipper", "nominate")],
    "withdraw_nomination": [("shipper", "nominate")],
    "notify_default": [],
    "enforce": [("bank", "notify_default")],
    "settle_dispute": [("authority", "dispute")],
    **{action: [("authority", "hold")] for action in ("lift_hold", "order_transfer", "order_void", "order_close")},
}
"""What is done first, so that the action can be done."""


def into(game: Game, state: str, action: str = "") -> bytes:
    """A bill in `state`, and such that the action can be done with it."""
    until = game.time + HOUR if action == "expire" else None
    if state in ("draft", "approved"):
        bill = game.fresh("draft")
        game.done("carrier", "bill_of_lading.draft", **draft_arguments(game, record=bill))
    elif state == "paper_received":
        bill = game.fresh("paper")
        args = arguments(game, "receive_paper", "carrier", None)
        game.done("carrier", "bill_of_lading.receive_paper", **{**args, "record": bill})
    else:
        bill = game.issue_bill(until=until if state == "issued" else None)
    for who, step in _WAYS[state]:
        if (step, action) == ("offer", "end_presentation"):
            game.done("shipper", "present", bill, **arguments(game, "present", "shipper", bill))
        more = {"until": until} if step == "offer" else {}
        game.done(who, step, bill, **{**arguments(game, step, who, bill), **more})
    if action in ("nominate", "withdraw_nomination", "endorse_nominee"):
        game.pass_on(bill, "shipper", "bank", "possession")
    if action == "end_presentation" and state == "held":
        game.done("shipper", "present", bill, **arguments(game, "present", "shipper", bill))
    if action in ("notify_default", "enforce", "expire"):
        game.tick(HOUR + 1)
    for who, step in _BEFORE.get(action, []):
        game.done(who, step, bill, **arguments(game, step, who, bill))
    if action == "enforce":
        game.tick(7 * DAY)
    assert game.record(bill).status == state
    return bill


def draft_arguments(game: Game, **changes: Any) -> dict[str, Any]:
    """Arguments of `draft` by the carrier: for the shipper, to its order. None takes one out."""
    record = changes.get("record") or game.fresh("draft")
    args = {"record": record, "document": digest("draft", record.hex()), "shipper": "shipper", **_TERMS}
    return {**args, "form": "order", "order_party": "shipper", **changes}


def new_bill(game: Game, issuer: str = "carrier", **changes: Any) -> dict[str, Any]:
    """Id, document and number of a bill that takes the place of another."""
    record = game.fresh("bill")
    number = game.number_argument(issuer, changes.pop("number_text", record.hex()[:12]))
    return {"record": record, "document": digest("document", record.hex()), "number": number, **changes}


def parts(game: Game, count: int, issuer: str = "carrier") -> list[dict[str, Any]]:
    """The argument `parts` of a split."""
    return [dict(sorted(new_bill(game, issuer).items())) for _ in range(count)]


def title_of(game: Game, bill: bytes) -> dict[str, Any]:
    """Form, order party and consignee of a bill, as arguments."""
    record = game.record(bill)
    named = {"order_party": record.order_party, "consignee": record.fields.get("consignee")}
    return {"form": record.fields["form"], **{name: party for name, party in named.items() if party is not None}}


_ORDERED = {"judgment": digest("judgment"), "notice_given": digest("notice")}
_FIXED: dict[str, dict[str, Any]] = {
    "comment": {"comment": digest("comment")},
    "redraft": {"document": digest("second draft"), "form": "blank"},
    "issue_from_paper": {"to": "shipper"},
    "notify_default": {"notice_given": digest("notice")},
    "surrender_for_amendment": {"wanted": digest("wanted")},
    "deliver_part": {"receipt": digest("receipt")},
    "to_paper": {"serial": digest("serial"), "statement": digest("statement")},
    "hold": {"reason": digest("reason")},
    "dispute": {"reason": digest("reason")},
    "settle_dispute": {"settlement": digest("settlement")},
    "order_transfer": {**_ORDERED, "to": "insurer"},
    "order_void": _ORDERED,
    "order_close": _ORDERED,
}


def arguments(game: Game, action: str, who: str, bill: bytes | None) -> dict[str, Any]:
    """Good arguments of an action by `who`, and in `also` who signs with it."""
    to = "insurer" if who == "bank" else "bank"
    match action:
        case "offer":
            return {"to": to, "mode": "endorse"}
        case "endorse" | "nominate":
            return {"to": to}
        case "present":
            return {"presentee": to, "until": game.time + DAY}
        case "pledge":
            return {"to": to, "due": game.time + HOUR}
        case "issue" | "draft" | "issue_draft" | "receive_paper":
            return _beginning(game, action, who)
        case "reissue" | "switch_bill" | "change_destination" | "split" | "merge" | "cancel":
            also = {} if who == "shipper" or action == "reissue" else {"also": ["shipper"]}
            return {**_succession(game, action, bill or b""), **also}
    return dict(_FIXED.get(action, {}))


def _beginning(game: Game, action: str, who: str) -> dict[str, Any]:
    """What makes a bill, or makes a draft one."""
    if action == "issue":
        first = "bank" if who == "shipper" else "shipper"
        return game.bill_arguments(issuer=who, to=first, order_party=first)
    if action == "draft":
        return draft_arguments(game)
    if action == "issue_draft":
        return {"number": game.number_argument(who, game.fresh().hex()[:12]), "to": "shipper"}
    paper = {"serial": digest("serial"), "statement": digest("statement"), "endorsements": digest("endorsed")}
    return {**new_bill(game, who), **_TERMS, "form": "order", "order_party": "shipper", **paper}


def _succession(game: Game, action: str, bill: bytes) -> dict[str, Any]:
    """What takes the place of a bill."""
    if action == "cancel":
        return {}
    if action == "split":
        return {"parts": parts(game, 2), "conservation": digest("conservation")}
    if action == "merge":
        both = [game.record(one) for one in (bill, game.held_bill("shipper"))]
        targets = tuple(Target(one.id, one.sequence, one.head) for one in both)
        return {**new_bill(game), "conservation": digest("conservation"), "changes": {"targets": targets}}
    stated = {"difference": digest("difference")}
    if action != "reissue":
        stated["conservation"] = digest("conservation")
    return {**new_bill(game), **title_of(game, bill), **stated}
