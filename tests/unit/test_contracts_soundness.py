"""Tables that could fail, lose control or end nowhere are refused before a ledger runs them."""

from __future__ import annotations

from copy import deepcopy

import pytest
from support.game import shipped_tables

from contracts.rules import compile_table
from contracts.table import BadTable, RuleTable

PARTY = {"type": "party", "about": "a party"}
PLAIN = {
    "kind": "note",
    "version": 1,
    "title": "Note",
    "number": {"class": "note", "at": "/no"},
    "document": "required",
    "fields": {
        "form": {"type": "code", "about": "a"},
        "due": {"type": "time", "optional": True, "about": "a"},
        "maker": {"type": "party", "optional": True, "about": "a"},
    },
    "states": {
        "open": {"about": "a"},
        "offered": {"about": "a"},
        "shut": {"about": "a", "terminal": True},
    },
    "actions": {
        "write": {
            "about": "a",
            "moves": {"new": "open"},
            "arguments": {
                "record": {"type": "id", "about": "a"},
                "document": {"type": "hash", "about": "a"},
                "number": {"type": "number", "about": "a"},
                "form": {"type": "code", "about": "a"},
            },
            "guards": ["record_is_new@1", "number_is_new@1"],
            "effects": ["create@1", "claim_number@1"],
            "statement": "a",
        },
        "offer": {
            "about": "a",
            "moves": {"open": "offered"},
            "arguments": {"to": PARTY},
            "effects": [{"offer_to@1": {"argument": "to", "purpose": "sale"}}],
            "statement": "a",
        },
        "accept": {"about": "a", "moves": {"offered": "open"}, "effects": ["move_control@1"], "statement": "a"},
        "shut": {
            "about": "a",
            "moves": {"open": "shut", "offered": "shut"},
            "effects": ["end_control@1"],
            "statement": "a",
        },
    },
}


def changed(**changes):
    """`action__key=value` replaces a key of an action, `key=value` one of the table; values are merged in maps."""
    table = deepcopy(PLAIN)
    for name, value in changes.items():
        action, _, key = name.rpartition("__")
        place = table["actions"].setdefault(action, {"about": "a", "statement": "a"}) if action else table
        if isinstance(value, dict) and isinstance(place.get(key), dict) and key != "moves":
            value = {**place[key], **value}
        place[key] = value
    return {**table, "actions": {name: action for name, action in table["actions"].items() if action is not None}}


def without(place, name):
    table = deepcopy(PLAIN)
    here = table
    for step in place:
        here = here[step]
    del here[name]
    return table


OFFER = PLAIN["actions"]["offer"]
AGAIN = {
    "again__moves": {"open": "shut"},
    "again__guards": ["record_is_new@1", "number_is_new@1"],
    "again__arguments": PLAIN["actions"]["write"]["arguments"],
}
WRONG = {
    # (1) words
    "an unknown type of a field": (
        changed(fields={"x": {"type": "colour", "about": "a"}}), "note: x has an unknown type"),
    "an unknown type of an argument": (
        changed(offer__arguments={"x": {"type": "colour", "about": "a"}}), "note: x has an unknown type"),
    "an unknown guard": (changed(shut__guards=["moon_is_full@1"]), "this version of lading has no such guard"),
    "an unknown version": (changed(shut__guards=["no_hold@2"]), "this version of lading has no such guard"),
    "a guard as an effect": (changed(shut__effects=["no_hold@1"]), "this version of lading has no such guard"),
    "a parameter too many": (changed(shut__guards=[{"no_hold@1": {"x": "y"}}]), "no_hold@1 takes the parameters: none"),
    "a parameter too few": (changed(shut__guards=["role@1"]), "role@1 takes the parameters: role"),
    "an unknown role": (changed(shut__guards=[{"role@1": {"role": "king"}}]), "note.shut: role@1 names a role"),
    "an argument not declared": (
        changed(offer__guards=[{"argument_is_another@1": {"argument": "who"}}]),
        "note.offer: argument_is_another@1 needs the argument who, which is not declared"),
    "an argument of another type": (
        changed(offer__guards=[{"argument_is_in_future@1": {"argument": "to"}}]),
        "note.offer: argument_is_in_future@1 needs the argument to to be of the type time"),
    "an argument that may be absent": (
        changed(offer__arguments={"to": {**PARTY, "optional": True}}),
        "note.offer: offer_to@1 needs the argument to, which is optional"),
    "an argument that need not be there, of another type": (
        changed(offer__arguments={"until": {"type": "code", "about": "a"}}),
        "note.offer: offer_to@1 needs the argument until to be of the type time"),
    "a field not declared": (
        changed(shut__guards=[{"field_is_unset@1": {"field": "who"}}]),
        "note.shut: field_is_unset@1 needs the field who, which is not declared"),
    "a field of another type": (
        changed(shut__guards=[{"field_time_has_passed@1": {"field": "maker"}}]),
        "note.shut: field_time_has_passed@1 needs the field maker to be of the type time"),
    "a field set to an argument of another type": (
        changed(offer__effects=[*OFFER["effects"], {"set_field@1": {"field": "due", "argument": "to"}}]),
        "note.offer: set_field@1 needs the field due to be of the type party"),
    "a field set to no argument": (
        changed(shut__effects=["end_control@1", {"set_field@1": {"field": "due", "argument": "when"}}]),
        "note.shut: set_field@1 needs the argument when, which is not declared"),
    # (2) creation
    "no argument for a field": (
        without(("actions", "write", "arguments"), "form"), "note.write leaves out the field form"),
    "a field that may be left out": (
        changed(write__arguments={"form": {"type": "code", "optional": True, "about": "a"}}),
        "note.write leaves out the field form"),
    "an argument unlike its field": (
        changed(write__arguments={"due": {"type": "code", "about": "a"}}),
        "note.write: the argument due is declared unlike the field"),
    "other choices than the field's": (
        changed(write__arguments={"form": {"type": "code", "one_of": ["a"], "about": "a"}}),
        "note.write: the argument form is declared unlike the field"),
    "no document": (without(("actions", "write", "arguments"), "document"), "note.write has an argument document"),
    "a document where there is none": (changed(document="none"), "note.write has an argument document"),
    "a document that may be absent": (
        changed(write__arguments={"document": {"type": "hash", "optional": True, "about": "a"}}),
        "note.write has an argument document"),
    # (3) paths
    "a state that nothing leads to": (
        changed(states={"lost": {"about": "a"}}), "note: no action leads to the state lost"),
    "a state that leads nowhere": (
        changed(states={"stuck": {"about": "a"}}, get_stuck__moves={"open": "stuck"}),
        "note: from the state stuck no end can be reached"),
    # (4) facts
    "an offer that is not there": (
        changed(accept__moves={"open": "open", "offered": "open"}),
        "note.accept from open: move_control@1 needs offer"),
    "an offer that was taken back": (
        changed(withdraw__moves={"offered": "offered"}, withdraw__effects=["clear_offer@1"]),
        "note.accept from offered: move_control@1 needs offer"),
    "an offer that control has used up": (
        changed(accept__effects=["move_control@1", "move_control@1"]),
        "note.accept from offered: move_control@1 needs offer"),
    "a new record without a new id": (
        changed(write__guards=["number_is_new@1"]), "note.write from new: create@1 needs unused"),
    "a number that may be taken": (
        changed(write__guards=["record_is_new@1"]), "note.write from new: claim_number@1 needs number_free"),
    "a record made twice": (
        changed(write__effects=["create@1", "create@1", "claim_number@1"]), "note.write from new: create@1 needs new"),
    "a record made in a later act": (
        changed(offer__guards=["record_is_new@1"], offer__arguments={"record": {"type": "id", "about": "a"}},
                offer__effects=["create@1"]),
        "note.offer from open: create@1 needs new"),
    "an effect before the record": (
        changed(write__effects=["claim_number@1", "create@1"]), "note.write from new: claim_number@1 needs record"),
    "a guard on a record that is not there": (
        changed(write__guards=["controller_signs@1", "record_is_new@1", "number_is_new@1"]),
        "note.write from new: controller_signs@1 needs record"),
    "no record made": (changed(write__effects=[]), "note.write makes no record"),
    "an offer of a draft, which has no number": (
        changed(write__effects=["create_draft@1"], write__arguments={"order_party": {**PARTY, "optional": True}},
                number__moves={"open": "open"}, number__effects=["claim_number@1"],
                number__guards=["number_is_new@1"], number__arguments={"number": {"type": "number", "about": "a"}}),
        "note.offer does not claim the number"),
    "an offer straight from a draft": (
        changed(write__effects=["create_draft@1"], write__arguments={"order_party": {**PARTY, "optional": True}}),
        "note.offer from open: offer_to@1 offers a draft"),
    "a pledge that may not stand": (
        changed(release__moves={"open": "open"}, release__effects=["release_pledge@1"],
                fields={"due": {"type": "time", "optional": True, "about": "a"},
                        "notice": {"type": "time", "optional": True, "about": "a"}}),
        "note.release from open: release_pledge@1 needs pledge"),
    "a hold lifted by who did not put it": (
        changed(lift__moves={"open": "open"}, lift__effects=["lift_hold@1"],
                fields={"hold_kind": {"type": "code", "optional": True, "about": "a"}}),
        "note.lift from open: lift_hold@1 needs hold"),
    "an endorsement to nobody": (
        changed(complete__moves={"open": "open"}, complete__effects=["endorse_to_nominee@1"]),
        "note.complete from open: endorse_to_nominee@1 needs nominee"),
    "a successor of a number that may be taken": (
        changed(again__moves={"open": "shut"}, again__guards=["record_is_new@1"],
                again__arguments=PLAIN["actions"]["write"]["arguments"],
                again__effects=[{"succeed@1": {"status": "open"}}, "end_control@1"]),
        "note.again from open: succeed@1 needs number_free"),
    "a successor that is dead": (
        changed(**AGAIN, again__effects=[{"succeed@1": {"status": "shut"}}, "end_control@1"]),
        "note.again: succeed@1 makes a record in what is no live state"),
    "a successor in an unknown state": (
        changed(**AGAIN, again__effects=[{"succeed@1": {"status": "lost"}}, "end_control@1"]),
        "note.again: succeed@1 makes a record in what is no live state"),
    "a successor where an offer stands": (
        changed(**AGAIN, again__effects=[{"succeed@1": {"status": "offered"}}, "end_control@1"]),
        "note.accept from offered: move_control@1 needs offer"),
    "two records in control of the same goods": (
        changed(**{**AGAIN, "again__moves": {"open": "open"}}, again__effects=[{"succeed@1": {"status": "open"}}]),
        "note.again: succeed@1 makes a record in the place of one that lives on"),
    "several records, of which one is changed": (
        changed(shut__targets="several"), "note.shut: end_control@1 changes the first of several records alone"),
    # (5) control
    "an end with somebody in control": (changed(shut__effects=[]), "note.shut ends the record in shut and leaves"),
    "a life with nobody in control": (
        changed(accept__effects=["end_control@1"]), "note.accept leaves nobody in control in the live state open"),
    "a new record that nobody controls": (
        changed(write__effects=["create@1", "claim_number@1", "end_control@1"]),
        "note.write leaves nobody in control"),
    "a number that is not claimed": (
        changed(write__effects=["create@1"]), "note.write does not claim the number"),
}  # fmt: skip


def test_the_plain_table_is_sound():
    assert set(compile_table(RuleTable.from_plain(PLAIN))) == set(PLAIN["actions"])


@pytest.mark.parametrize("table", shipped_tables(), ids=lambda table: table.kind)
def test_the_shipped_tables_are_sound(table):
    compile_table(table)


@pytest.mark.parametrize("case", WRONG)
def test_an_unsound_table_is_refused(case):
    plain, reason = WRONG[case]
    with pytest.raises(BadTable) as caught:
        compile_table(RuleTable.from_plain(plain))
    assert caught.value.message.startswith(reason)


def test_control_may_come_back_to_life_only_with_an_offer():
    """After `end_control` in a live state nothing is in control, whatever the order of actions in the table."""
    plain = changed(accept__effects=["move_control@1", "end_control@1"])
    with pytest.raises(BadTable, match="leaves nobody in control"):
        compile_table(RuleTable.from_plain(plain))


def test_a_guard_that_makes_sure_of_the_offer_is_enough():
    plain = changed(accept__moves={"open": "open", "offered": "open"}, accept__guards=["pending_recipient_signs@1"])
    compile_table(RuleTable.from_plain(plain))


def test_a_table_without_ends_is_sound():
    plain = deepcopy(PLAIN)
    del plain["states"]["shut"], plain["actions"]["shut"]
    compile_table(RuleTable.from_plain(plain))


def test_a_state_may_be_reached_by_successors_alone():
    made = [{"succeed@1": {"status": "second"}}, "end_control@1"]
    second = {"states": {"second": {"about": "a"}}, "end__moves": {"second": "shut"}}
    plain = changed(**AGAIN, **second, again__effects=made, end__effects=["end_control@1"])
    compile_table(RuleTable.from_plain(plain))


def test_a_draft_that_claims_its_number_before_it_is_offered_is_sound():
    plain = changed(
        write__effects=["create_draft@1"],
        write__moves={"new": "draft"},
        write__arguments={"order_party": {**PARTY, "optional": True}},
        states={"draft": {"about": "a"}},
        publish__moves={"draft": "open"},
        publish__arguments={"number": {"type": "number", "about": "a"}},
        publish__guards=["number_is_new@1"],
        publish__effects=["claim_number@1"],
    )
    compile_table(RuleTable.from_plain(plain))
