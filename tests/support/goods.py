"""The other kinds for tests: how a record of each comes into each state, and who may do what there.

record = issue(game, "cargo_insurance", to="buyer")
order = into(game, "delivery_order", "held")
CODE                                             the release code of every order
"""

from __future__ import annotations

from typing import Any

from support.game import HOUR, RULEBOOK, Game
from support.goods_may import CAST, MAY
from support.members import digest

from ledger.hashing import number_key, release_code_hash

__all__ = ["CAST", "CODE", "MAY", "STATES", "arguments", "container", "into", "issue", "issue_arguments", "surrendered"]

CODE = "7Q4MH2XK9DTRWAB3C5EB"

ISSUERS = {
    "air_waybill": "carrier",
    "cargo_insurance": "insurer",
    "carbon_footprint": "shipper",
    "data_catalogue_entry": "shipper",
    "delivery_order": "carrier",
    "traceability_event": "warehouse",
    "warehouse_receipt": "warehouse",
}
ENDS = {"cargo_insurance": "claim_until", "delivery_order": "release_until"}
"""The field with the time after which a record expires, where it is not `expires`."""

_ACCEPT = ("buyer", "accept")
_OFFERED = [_ACCEPT, ("buyer", "offer")]
_CLAIMED = [_ACCEPT, ("buyer", "claim")]
_PLEDGED = [_ACCEPT, ("buyer", "pledge"), ("bank", "accept_pledge")]
_SURRENDERED = [_ACCEPT, ("buyer", "surrender"), ("warehouse", "accept_surrender")]
_ASKED = [("shipper", "request_verification")]
STATES: dict[str, dict[str, list[tuple[str, str]]]] = {
    "air_waybill": {"issued": [], "delivered": [("carrier", "deliver")], "void": [("carrier", "void")]},
    "cargo_insurance": {
        "issued": [],
        "returned": [("insurer", "recall")],
        "in_force": [_ACCEPT],
        "offered": _OFFERED,
        "claimed": _CLAIMED,
        "settled": [*_CLAIMED, ("buyer", "settle")],
        "cancelled": [("insurer", "cancel")],
        "expired": [_ACCEPT],
    },
    "carbon_footprint": {
        "stated": [],
        "in_verification": _ASKED,
        "verified": [*_ASKED, ("certifier", "verify")],
        "withdrawn": [("shipper", "withdraw")],
        "superseded": [("shipper", "supersede")],
        "expired": [],
    },
    "data_catalogue_entry": {
        "listed": [("shipper", "grant")],
        "paused": [("shipper", "grant"), ("shipper", "pause")],
        "withdrawn": [("shipper", "withdraw")],
        "expired": [],
    },
    "delivery_order": {
        "issued": [],
        "returned": [("carrier", "recall")],
        "held": [_ACCEPT],
        "offered": _OFFERED,
        "picked_up": [_ACCEPT, ("warehouse", "pick_up")],
        "cancelled": [("carrier", "cancel")],
        "expired": [_ACCEPT],
    },
    "traceability_event": {
        "recorded": [],
        "corrected": [("warehouse", "correct")],
        "void": [("warehouse", "void")],
    },
    "warehouse_receipt": {
        "issued": [],
        "returned": [("warehouse", "recall")],
        "held": [_ACCEPT],
        "offered": _OFFERED,
        "pledge_offered": _PLEDGED[:2],
        "pledged": _PLEDGED,
        "surrendered": _SURRENDERED[:2],
        "surrender_accepted": _SURRENDERED,
        "delivered": [*_SURRENDERED, ("warehouse", "confirm_delivery")],
        "replaced": [_ACCEPT, ("warehouse", "reissue")],
        "void": [("warehouse", "void")],
    },
}
"""How a record comes into each state: the acts after its issue."""
_MORE: dict[str, dict[str, Any]] = {
    "air_waybill": {"law": "SG", "place": "CNSHA"},
    "cargo_insurance": {"law": "SG", "to": "buyer"},
    "delivery_order": {"place": "NLRTM", "to": "buyer", "depot": "warehouse"},
    "warehouse_receipt": {
        "form": "order", "order_party": "buyer", "law": "SG", "place": "NLRTM", "rulebook": RULEBOOK, "to": "buyer",
    },
}  # fmt: skip
"""What an issue takes beside record, document and number."""

_OVERDUE = {"enforce", "expire", "lapse", "notify_default"}
_HELD = {"lift_hold", "order_transfer", "order_void"}
_USUAL: dict[str, dict[str, Any]] = {
    "claim": {"claim": digest("claim")},
    "give_up": {"party": "buyer"},
    "pick_up": {"code": CODE},
    "hold": {"reason": digest("reason")},
    "notify_default": {"notice_given": digest("notice")},
    "order_transfer": {"to": "forwarder", "judgment": digest("judgment"), "notice_given": digest("notice")},
    "order_void": {"judgment": digest("judgment"), "notice_given": digest("notice")},
    "report": {"event": "DEP"},
    "request_verification": {"to": "certifier"},
    "revoke": {"party": "buyer"},
    "verify": {"attestation": digest("report")},
}
_CHANGING = {
    "accept", "cancel", "correct", "grant", "offer", "pledge", "reissue", "release_part", "renew_code", "reoffer",
    "split", "supersede",
}  # fmt: skip
"""Actions whose arguments depend on the record or on who acts."""


def surrendered(game: Game, carrier: str = "carrier") -> bytes:
    """A bill of lading whose surrender the carrier has accepted."""
    bill = game.held_bill("shipper", issuer=carrier)
    game.done("shipper", "surrender", bill)
    game.done(carrier, "accept_surrender", bill)
    return bill


def container(game: Game, bill: bytes, number: str = "JWCU3048268") -> bytes:
    """The key of a container's number under a bill."""
    return number_key(game.ledger, "container", bill, number)


def issue_arguments(game: Game, who: str, kind: str, **changes: Any) -> dict[str, Any]:
    """Good arguments of an issue; `changes` replace them, and None takes one out."""
    record = game.fresh(kind)
    args: dict[str, Any] = {
        "record": record,
        "document": digest("document", record.hex()),
        "number": game.number_argument(who, record.hex()[:12], kind),
        **_MORE.get(kind, {}),
    }
    if args.get("to") == who:
        args["to"] = "forwarder"
    if kind == "delivery_order":
        args["bill"] = changes["bill"] if "bill" in changes else surrendered(game, who if who == "rival" else "carrier")
        args["container"] = container(game, args["bill"])
    return {**args, **changes}


def issue(game: Game, kind: str, who: str = "", **changes: Any) -> bytes:
    """A record of `kind` by its usual issuer. Gives its id."""
    who = who or ISSUERS[kind]
    args = issue_arguments(game, who, kind, **changes)
    game.done(who, f"{kind}.issue", **args)
    return bytes(args["record"])


def into(game: Game, kind: str, state: str, lapsing: str = "") -> bytes:
    """A record of `kind` in `state`, ready for the action `lapsing` where that needs more: a time, a hold."""
    lapsing = "expire" if state == "expired" else lapsing if lapsing in MAY[kind][state] else ""
    changes: dict[str, Any] = {ENDS.get(kind, "expires"): game.time + HOUR} if lapsing == "expire" else {}
    if lapsing == "lapse" and state == "issued":
        changes["until"] = game.time + HOUR
    record = issue(game, kind, **changes)
    for who, action in STATES[kind][state]:
        more = {"until": game.time + HOUR} if (lapsing, action) == ("lapse", "offer") else {}
        game.done(who, action, record, **{**arguments(game, kind, action, who, record), **more})
    if lapsing in _OVERDUE:
        game.tick(HOUR + 1)
        if lapsing == "enforce":
            game.done("bank", "notify_default", record, notice_given=digest("notice"))
            game.tick(8 * 24 * HOUR)
    elif lapsing in _HELD:
        game.done("authority", "hold", record, reason=digest("reason"))
    if state == "expired":
        game.done("stranger", "expire", record)
    assert game.record(record).status == state
    return record


def arguments(game: Game, kind: str, action: str, who: str, record: bytes | None) -> dict[str, Any]:
    """Good arguments, and further signatures, of an action by `who`."""
    found = game.record(record) if record is not None else None
    if action == "issue":
        return issue_arguments(game, who, kind)
    if found is None or action not in _CHANGING:
        return dict(_USUAL.get(action, {}))
    if action == "grant":
        return {"to": "bank" if found.fields.get("readers") else "buyer"}
    if action in ("cancel", "reissue", "release_part", "split"):
        return {**_successors(game, kind, action, who), **_holder_too(game, who, found)}
    if action in ("correct", "supersede"):
        return {"by": issue(game, kind)}
    if action in ("offer", "reoffer"):
        mode = {"mode": "endorse"} if kind == "warehouse_receipt" else {}
        return {"to": "bank" if who == "forwarder" else "forwarder", **mode}
    if action == "pledge":
        return {"to": "shipper" if who == "bank" else "bank", "due": game.time + HOUR}
    return {"code_hash": release_code_hash(found.id, CODE)} if kind == "delivery_order" else {}


def _holder_too(game: Game, who: str, found: Any) -> dict[str, Any]:
    """The signature of who is in control, unless that is `who` acts."""
    holder = {member.id: alias for alias, member in game.members.items()}.get(found.controller, who)
    return {} if holder == who else {"also": [holder]}


def _successors(game: Game, kind: str, action: str, who: str) -> dict[str, Any]:
    """What an action takes that puts other records in the place of one."""
    if action == "cancel":
        return {}
    made = [game.fresh(kind) for _ in range(2)]
    parts = [
        {
            "document": digest("document", one.hex()),
            "number": game.number_argument(who, one.hex()[:12], kind),
            "record": one,
        }
        for one in made
    ]
    more = {"difference": digest("difference")} if action == "reissue" else {"conservation": digest("conservation")}
    return {"parts": parts, **more} if action == "split" else {**parts[0], **more}
