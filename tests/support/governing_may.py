"""Texts and proposals for tests: who may publish, propose, vote and enact, where the operator governs alone.

    proposal = into(game, "proposal", "open", "enact")     proposed, and voted for
    arguments(game, "proposal", "vote", proposal)          good arguments of the action

`MAY` is read from the tables by a person: for each state and action the members who may act, and the guard that
refuses all others.
"""

from __future__ import annotations

from typing import Any

from support.game import HOUR, Game
from support.members import digest

from contracts.parameters import count_of
from contracts.proposals import parameter_content
from ledger.hashing import ledger_record
from ledger.member import ROLES
from ledger.transaction import Target

__all__ = ["MAY", "arguments", "into"]

ALL = {*ROLES, "rival", "stranger"}
_GOVERNOR = ({"operator"}, "a_governor_acts")
MAY: dict[str, Any] = {
    "text": {"new": {"publish": _GOVERNOR}, "published": {}},
    "proposal": {
        "new": {"propose": _GOVERNOR},
        "open": {"vote": _GOVERNOR, "enact": _GOVERNOR, "withdraw": ({"operator"}, "issuer_signs"), "lapse": (ALL, "")},
        "enacted": {},
        "withdrawn": {},
        "lapsed": {},
    },
}
_ENDS = {"enacted": "enact", "withdrawn": "withdraw", "lapsed": "lapse"}


def into(game: Game, kind: str, state: str, action: str = "") -> bytes:
    """A text or a proposal in `state`, and such that the action can be done with it."""
    made = arguments(game, kind, "publish" if kind == "text" else "propose", None)
    record = bytes(made["record"])
    game.done("operator", "text.publish" if kind == "text" else "proposal.propose", **made)
    action = action or _ENDS.get(state, "")
    if action == "enact":
        game.done("operator", "vote", record, choice="for")
    if action == "lapse":
        game.tick(24 * HOUR + 1)
    if state in _ENDS:
        game.done("operator", action, record, **arguments(game, kind, action, record))
    assert game.record(record).status == state
    return record


def arguments(game: Game, kind: str, action: str, record: bytes | None) -> dict[str, Any]:
    """Good arguments of an action."""
    match action:
        case "publish":
            return {"record": game.fresh("text"), "content": b"a rulebook"}
        case "propose":
            value = {"name": "pledge_delay", "value": "86400000"}
            first = len(game.batches) + 1 + count_of(game.rules.parameters, "adoption_delay")
            return {
                "record": game.fresh("proposal"),
                "subject": "parameter",
                "content": parameter_content(value["name"], value["value"]),
                "from_height": first + 20,
                "until": game.time + 24 * HOUR,
                **value,
            }
        case "vote":
            return {"choice": "for", "checker": "lading/checker@1", "result": digest("result")}
        case "enact":
            named = [game.record(one) for one in (record or digest("nothing"), ledger_record(game.ledger))]
            return {"changes": {"targets": tuple(Target(one.id, one.sequence, one.head) for one in named if one)}}
    return {}
