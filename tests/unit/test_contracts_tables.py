"""The shipped tables: who may do what from which state, written down by hand and tried out one by one.

`MAY` is read from the tables by a person: for each state and action the members who may act, and the guard
that refuses all others. Whatever is not in it must be refused too, by `rule.wrong_state`.
"""

from __future__ import annotations

import re
from functools import cache

import pytest
from support import goods, governing_may, memberships, titles
from support.game import HOUR, Game, refused, shipped_tables
from support.members import digest

from ledger.member import ROLES
from ledger.times import iso

# One member of every role; a second carrier who has issued nothing, and a member without a role.
CAST = {**{role: (role,) for role in sorted(ROLES)}, "rival": ("carrier",), "stranger": ()}
ALL = set(CAST)

WAYBILL = {
    "new": {"issue": ({"carrier", "rival"}, "role")},
    "issued": {"void": ({"carrier"}, "issuer_signs")},
    "void": {},
}
INVOICE = {
    "new": {"issue": ({"shipper"}, "role")},
    "issued": {
        "acknowledge": ({"buyer"}, "field_party_signs"),
        "request_finance": ({"shipper"}, "controller_signs"),
        "settle": ({"shipper"}, "controller_signs"),
        "cancel": ({"shipper"}, "issuer_signs"),
    },
    "finance_requested": {
        "acknowledge": ({"buyer"}, "field_party_signs"),
        "withdraw_request": ({"shipper"}, "controller_signs"),
        "decline": ({"bank"}, "pending_recipient_signs"),
        "finance": ({"bank"}, "pending_recipient_signs"),
    },
    "financed": {"acknowledge": ({"buyer"}, "field_party_signs"), "settle": ({"bank"}, "controller_signs")},
    "settled": {},
    "cancelled": {},
}
CERTIFICATE = {
    "new": {"issue": ({"certifier"}, "role")},
    "valid": {
        "suspend": ({"certifier"}, "issuer_signs"),
        "revoke": ({"certifier"}, "issuer_signs"),
        "expire": (ALL, ""),
    },
    "suspended": {
        "reinstate": ({"certifier"}, "issuer_signs"),
        "revoke": ({"certifier"}, "issuer_signs"),
        "expire": (ALL, ""),
    },
    "revoked": {},
    "expired": {},
}
MAY = {
    "bill_of_lading": titles.MAY,
    "certificate": CERTIFICATE,
    "invoice": INVOICE,
    "sea_waybill": WAYBILL,
    **goods.MAY,
    **governing_may.MAY,
    **memberships.MAY,
}

# How a record comes into each state: the acts after the issue.
ASK = ("shipper", "request_finance", {"to": "bank"})
WAYS = {
    "sea_waybill": {"issued": [], "void": [("carrier", "void", {})]},
    "invoice": {
        "issued": [],
        "finance_requested": [ASK],
        "financed": [ASK, ("bank", "finance", {})],
        "settled": [("shipper", "settle", {})],
        "cancelled": [("shipper", "cancel", {})],
    },
    "certificate": {
        "valid": [],
        "suspended": [("certifier", "suspend", {})],
        "revoked": [("certifier", "revoke", {})],
        "expired": [],
    },
}


def into(game, kind, state, lapsing):
    """A record of `kind` in `state`; `lapsing` gives offers and certificates a time, and lets it pass."""
    if kind in goods.MAY:
        return goods.into(game, kind, state, lapsing)
    if kind in memberships.MAY:
        return memberships.into(game, kind, state)
    if kind in governing_may.MAY:
        return governing_may.into(game, kind, state, lapsing)
    if kind == "bill_of_lading":
        return titles.into(game, state, lapsing)
    if kind == "invoice":
        record = game.issue("shipper", kind, buyer="buyer")
    elif kind == "certificate":
        record = game.issue("certifier", kind, expires=game.time + HOUR if lapsing or state == "expired" else None)
    else:
        record = game.issue("carrier", kind)
    for who, action, args in WAYS[kind][state]:
        game.done(who, action, record, **args)
    if lapsing or state == "expired":
        game.tick(HOUR + 1)
    if state == "expired":
        game.done("stranger", "expire", record)
    assert game.record(record).status == state
    return record


def arguments(game, kind, action, who, record):
    """Good arguments of an action by `who`."""
    if kind in goods.MAY:
        return goods.arguments(game, kind, action, who, record)
    if kind in memberships.MAY:
        return memberships.arguments(game, kind, action, who, record)
    if kind in governing_may.MAY:
        return governing_may.arguments(game, kind, action, record)
    if kind == "bill_of_lading":
        return titles.arguments(game, action, who, record)
    if action == "issue":
        args = {"record": game.fresh(), "document": digest("document")}
        args["number"] = game.number_argument(who, args["record"].hex(), kind)
        return {**args, **({"law": "SG", "place": "CNSHA"} if kind == "sea_waybill" else {})}
    if action == "request_finance":
        return {"to": "insurer" if who == "bank" else "bank"}
    return {}


@pytest.fixture
def game():
    return Game(CAST, governors=["operator"])


CELLS = [
    (table.kind, state, action)
    for table in shipped_tables()
    for state in ["new", *table.states]
    for action in table.actions
]


@cache
def standing(kind, state):
    """A game with a record in a state, on which nothing but what is refused is tried."""
    game = Game(CAST, governors=["operator"])
    return game, None if state == "new" else into(game, kind, state, "")


@pytest.mark.parametrize(("kind", "state", "action"), CELLS)
def test_p25_who_may_do_what_from_which_state(request, kind, state, action):
    """P25, access control to the system and to each act.

    Law: 12(a)(iii)
    Shows: for every shipped table, each state, each action and a member of each role: who may is accepted, and
    everybody else is refused by the guard that forbids it, which the refusal names with the rule; what a state does
    not allow is refused to all.
    """
    if action not in MAY[kind][state]:  # nobody, whatever the arguments
        game, record = standing(kind, state)
        expected = "transaction.unknown_record" if state == "new" else "rule.wrong_state"
        voted = game.rules.table(kind).actions[action].targets == "ledger"  # what it names first is the ledger's own
        for who in sorted(ALL):
            attempt = game.act(who, f"{kind}.{action}", record)
            refused(attempt, "rule.unknown_action" if voted and state == "new" else expected)
        return
    game = request.getfixturevalue("game")
    may, guard = MAY[kind][state][action]
    ready = action == "expire" or kind in (*goods.MAY, *governing_may.MAY, "bill_of_lading")
    lapsing = action if ready else ""
    record = None if state == "new" else into(game, kind, state, lapsing)
    for who in sorted(ALL, key=lambda name: name in may):  # those who may not come first
        attempt = game.act(who, f"{kind}.{action}", record, **arguments(game, kind, action, who, record))
        if who in may:
            assert attempt.error is None, (who, attempt.error)
            if record is not None:
                record = into(game, kind, state, lapsing)
            continue
        expected = f"rule.{guard}"
        if kind == "member" and state not in ("new", "active") and who == "stranger":
            expected = "rule.actor_is_active"
        error = refused(attempt, expected)
        assert error.rule == f"{kind}.{action}"
        assert error.guard == f"{expected[5:]}@1"


ENDS = [(table.kind, name) for table in shipped_tables() for name, state in table.states.items() if state.terminal]


@pytest.mark.parametrize(("kind", "state"), ENDS)
def test_p25_what_has_ended_says_since_when_and_by_which_entry(game, kind, state):
    """P25, access control to the system and to each act.

    Law: 12(a)(iii)
    Shows: on a record of each kind in each of its ends, every action by anybody is refused with the end's name, the
    ledger time since which, and the entry by which it is dead.
    """
    record = into(game, kind, state, "")
    ended, entry = game.time, game.record(record).entry
    game.tick(HOUR)
    for action in game.rules.table(kind).actions.values():
        if "new" in action.moves:
            continue
        whole = arguments(game, kind, action.name, "operator", record) if action.targets == "ledger" else {}
        error = refused(game.act("operator", f"{kind}.{action.name}", record, **whole), "rule.wrong_state")
        assert f"is {state} since {iso(ended)}, by entry {entry}" in error.message


@pytest.mark.parametrize("table", shipped_tables(), ids=lambda table: table.kind)
class TestShippedTable:
    def test_the_matrix_names_its_moves_and_no_others(self, table):
        named = {(state, action) for state, actions in MAY[table.kind].items() for action in actions}
        assert named == {(state, action.name) for action in table.actions.values() for state in action.moves}
        assert set(MAY[table.kind]) == {"new", *table.states}

    def test_an_end_has_no_moves(self, table):
        ends = {name for name, state in table.states.items() if state.terminal}
        assert not [action.name for action in table.actions.values() if ends & set(action.moves)]

    def test_every_live_state_reaches_an_end(self, table):
        ends = {name for name, state in table.states.items() if state.terminal}
        if table.kind in (*memberships.MAY, "text"):  # organisations, mandates and groups change, and never end
            assert ends == set()
            return
        assert ends
        for state in set(table.states) - ends:
            reached = {state}
            for _ in table.states:
                moves = [move for one in table.actions.values() for move in one.moves.items()]
                reached |= {end for start, end in moves if start in reached}
            assert reached & ends, state

    def test_every_place_of_a_statement_is_filled(self, table):
        for action in table.actions.values():
            places = set(re.findall(r"\{([^}]*)\}", action.statement))
            assert places <= {"actor", "record", *action.arguments}
            assert "actor" in places
            assert action.statement.endswith(".")
            if "new" in action.moves:
                assert "record" in action.arguments

    def test_every_guard_of_a_role_names_a_role(self, table):
        guards = [one for action in table.actions.values() for one in action.guards]
        named = [one.parameters["role"] for one in guards if "role" in one.parameters]
        assert set(named) <= ROLES
