"""Memberships for tests: acts on members, mandates and groups, and who may do what with them.

    rotation(game, "bank", Key(digest("new")))                 the bank replaces its key
    recovery(game, "bank", key)                                arguments of `member.propose_recovery`
    mandate = grant(game, "shipper", "bank")                   the bank may act for the shipper
    joint = group(game, "shipper", "bank", threshold=2)        both must sign

`MAY` is read from the tables by a person: for each state and action the members who may act, and the guard that
refuses all others. The member that is acted on is the stranger, the operator governs alone; the shipper gives the
buyer a mandate, and shares control with the buyer.
"""

from __future__ import annotations

from typing import Any

from nacl import bindings
from support.game import Game, Outcome
from support.members import Key, digest, member

from contracts.guards import key_proof_message
from contracts.member_words import recovery_message
from ledger.member import ROLES

__all__ = ["DAY", "MAY", "WEEK", "arguments", "encryption_of", "grant", "group", "into", "recovery", "rotation"]

DAY = 86_400_000
WEEK = 7 * DAY
CAST = {**{role: (role,) for role in sorted(ROLES)}, "rival": ("carrier",), "stranger": ()}
ALL = set(CAST)

_GOVERNED = ({"operator"}, "governors_sign")
_BY_SHIPPER = ({"shipper"}, "controller_signs")
MAY: dict[str, Any] = {
    "member": {
        "new": {"enrol": _GOVERNED},
        "active": {
            "amend": _GOVERNED,
            "rotate_key": ({"stranger"}, "controller_signs"),
            "suspend": _GOVERNED,
            "propose_recovery": _GOVERNED,
        },
        "suspended": {
            "amend": _GOVERNED,
            "suspend": _GOVERNED,
            "reinstate": _GOVERNED,
            "propose_recovery": _GOVERNED,
        },
        "recovering": {
            "object_recovery": ({"stranger"}, "controller_signs"),
            "complete_recovery": _GOVERNED,
            "cancel_recovery": _GOVERNED,
        },
        "disputed": {
            "cancel_recovery": _GOVERNED,
            "decide_recovery": ({"authority"}, "role"),
        },
    },
    "mandate": {
        "new": {"grant": (ALL - {"warehouse"}, "argument_is_another")},
        "granted": {
            "change": _BY_SHIPPER,
            "revoke": _BY_SHIPPER,
            "renounce": ({"buyer"}, "field_party_signs"),
        },
        "revoked": {"renew": _BY_SHIPPER},
    },
    "joint_control": {
        "new": {"create": ({"shipper", "buyer"}, "every_new_member_signs")},
        "live": {"change": ({"shipper", "buyer"}, "every_member_signs")},
    },
}


def encryption_of(*words: object) -> bytes:
    """An X25519 public key."""
    return bindings.crypto_scalarmult_base(digest("encryption", *words))


def rotation(game: Game, who: str, new: Key, key: Key | None = None, **more: Any) -> Outcome:
    """A member replaces its key; it signs with `key`, or with the one of its card."""
    proof = new.sign(key_proof_message(game.id(who), new.public))[2]
    return game.act(who, "member.rotate_key", game.id(who), key=key, public_key=new.public, proof=proof, **more)


def recovery(game: Game, who: str, new: Key, **changes: Any) -> dict[str, Any]:
    """Arguments of `member.propose_recovery`."""
    encryption = encryption_of("recovered", who)
    args = {
        "public_key": new.public,
        "encryption": encryption,
        "proof": new.sign(recovery_message(game.id(who), new.public, encryption))[2],
        "objections_until": game.time + WEEK,
        "notice": digest("notice"),
    }
    return {**args, **changes}


def grant(game: Game, who: str, to: str, **changes: Any) -> bytes:
    """A mandate that `who` gives to `to`, for everything unless `changes` say otherwise. Gives its id."""
    record = game.fresh("mandate")
    game.done(who, "mandate.grant", **{"record": record, "to": to, "kinds": [], "actions": [], **changes})
    return record


def group(game: Game, *members: str, threshold: int) -> bytes:
    """A group in joint control, with the signatures of all its members. Gives its id."""
    record = game.fresh("group")
    args = {"record": record, "members": [game.id(one) for one in members], "threshold": threshold}
    game.done(members[0], "joint_control.create", also=members[1:], **args)
    return record


def into(game: Game, kind: str, state: str) -> bytes:
    """A record of `kind` in `state`."""
    if kind == "member":
        return _member_into(game, state)
    if kind == "joint_control":
        return group(game, "shipper", "buyer", threshold=2)
    known = [one for one in game.records.values() if one.kind == "mandate"]
    record = known[0].id if known else grant(game, "shipper", "buyer")
    if game.record(record).status != state:
        args = {} if state == "revoked" else {"kinds": [], "actions": []}
        game.done("shipper", "revoke" if state == "revoked" else "renew", record, **args)
    return record


def _member_into(game: Game, state: str) -> bytes:
    member_id = game.id("stranger")
    back = {"suspended": "reinstate", "recovering": "cancel_recovery", "disputed": "cancel_recovery"}
    now = game.record(member_id).status
    if now in back:
        game.done("operator", back[now], member_id)
    if state == "suspended":
        game.done("operator", "suspend", member_id)
    if state in ("recovering", "disputed"):
        args = recovery(game, "stranger", Key(game.fresh()))
        game.done("operator", "propose_recovery", member_id, **args)
        game.tick(WEEK + 1)
    if state == "disputed":
        game.done("stranger", "object_recovery", member_id, key=game.members["stranger"].key)
    return member_id


def arguments(game: Game, kind: str, action: str, who: str, record: bytes | None) -> dict[str, Any]:
    """Good arguments of an action by `who`, and in `also` who signs with it."""
    stranger = "stranger"
    match kind, action:
        case _, "enrol":
            new = member(f"new-{game.fresh().hex()[:8]}", "buyer")
            return {"record": new.id, **new.card.fields()}
        case _, "amend":
            return {"address": "https://node.example"}
        case _, "rotate_key":
            key = Key(game.fresh())
            return {"public_key": key.public, "proof": key.sign(key_proof_message(game.id(stranger), key.public))[2]}
        case _, "propose_recovery":
            return recovery(game, stranger, Key(game.fresh()))
        case _, "decide_recovery":
            return {"outcome": "dismiss", "judgment": digest("judgment")}
        case "mandate", "grant":
            return {"record": game.fresh(), "to": "warehouse", "kinds": [], "actions": []}
        case "mandate", "change" | "renew":
            return {"kinds": ["bill_of_lading"], "actions": ["offer"]}
        case "joint_control", _:
            both = [game.id("shipper"), game.id("buyer")]
            also = {"also": [one for one in ("shipper", "buyer") if one != who]} if who in ("shipper", "buyer") else {}
            new = {"record": game.fresh()} if action == "create" else {}
            return {**new, "members": both, "threshold": 1, **also}
    return {}
