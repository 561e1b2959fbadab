"""What is wrong with a table is said with its line."""

from __future__ import annotations

import pytest

from contracts.checker.reading import line_of_action, line_of_state, read_table
from contracts.table import MAX_TABLE, BadTable
from contracts.table_yaml import lines_of

GOOD = """\
kind: note
version: 1
title: Note
states:
  open: {about: a}
  offered: {about: a}
  shut: {about: a, terminal: true}
actions:
  write:
    about: a
    moves: {new: open}
    arguments:
      record: {type: id, about: a}
    guards: [role@1: {role: carrier}, record_is_new@1]
    effects: [create@1]
    statement: a
  offer:
    about: a
    moves: {open: offered}
    arguments:
      to: {type: party, about: a}
    guards:
      - controller_signs@1
      - argument_is_active_member@1: {argument: to}
    effects:
      - offer_to@1: {argument: to, purpose: sale}
    statement: a
  accept:
    {about: a, moves: {offered: open}, guards: [pending_recipient_signs@1], effects: [move_control@1], statement: a}
  shut: {about: a, moves: {open: shut}, guards: [controller_signs@1], effects: [end_control@1], statement: a}
"""
REFUSED = {
    "an unknown guard": ("controller_signs@1\n", "moon_is_full@1\n", "line 23: this version of lading has no such"),
    "an unknown role": ("role: carrier", "role: king", "line 14: note.write: role@1 names a role that no member has"),
    "an unreachable state": (
        "  offered: {about: a}", "  lost: {about: a}\n  offered: {about: a}", "line 6: note: no action leads to the"),
    "a state that is not there": (
        "moves: {open: offered}", "moves: {open: gone}", "line 19: actions/offer/moves names a state"),
    "two moves from one state": (
        "moves: {open: offered}", "moves: {open: offered, open: shut}", "line 19: the key open stands twice"),
    "nobody in control": (
        "effects: [move_control@1]", "effects: [end_control@1]", "line 28: note.accept leaves nobody in control"),
    "somebody in control of a dead record": (
        "effects: [end_control@1]", "effects: [clear_offer@1]", "line 30: note.shut ends the record in shut and"),
    "an offer that may not be there": (
        "[end_control@1]", "[move_control@1, end_control@1]", "line 30: note.shut from open: move_control@1"),
    "a parameter that is missing": (
        "offer_to@1: {argument: to, purpose: sale}", "offer_to@1: {argument: to}", "line 26: offer_to@1 takes the"),
    "an argument that is not declared": (
        "active_member@1: {argument: to}", "active_member@1: {argument: who}", "line 24: note.offer: argument_is_"),
    "an alias": ("{offered: open}", "*x", "line 29: anchors and aliases are not allowed"),
    "a bomb": ("kind: note", "a: &a [x, x]\nb: &b [*a, *a]\nkind: note", "line 1: anchors and aliases are not"),
    "no text": ("title: Note", "title: [Note]", "line 3: title is a line of text"),
    "a guard without a version": ("controller_signs@1\n", "controller_signs\n", "line 23: actions/offer/guards/0: a"),
}  # fmt: skip


def test_a_good_table_is_read():
    assert read_table(GOOD.encode()).kind == "note"


@pytest.mark.parametrize("case", REFUSED)
def test_a_fault_has_its_line(case):
    old, new, message = REFUSED[case]
    assert GOOD.count(old) == 1
    with pytest.raises(BadTable) as caught:
        read_table(GOOD.replace(old, new).encode())
    assert caught.value.message.startswith(message), caught.value.message


@pytest.mark.parametrize("text", [b"#" * (10 * MAX_TABLE), b"", b"- a"])
def test_what_is_no_table_has_none(text):
    with pytest.raises(BadTable) as caught:
        read_table(text)
    assert "line" not in caught.value.message
    assert lines_of(text[: MAX_TABLE + 1]) in ([], [("0", "a", 1)])


@pytest.mark.parametrize("text", [b"[" * 3000, b"\xff"])
def test_what_is_no_text_or_too_deep_has_its_line_all_the_same(text):
    with pytest.raises(BadTable, match=r"^line 1: "):
        read_table(text)
    assert lines_of(text) == []


def test_lines_of_actions_and_states():
    text = GOOD.encode()
    assert (line_of_action(text, "accept"), line_of_action(text, "burn")) == (28, None)
    assert (line_of_state(text, "shut"), line_of_state(text, "burnt")) == (7, None)
    assert lines_of(b"a:\n  - b\n  - c: d\n") == [("a", "a", 1), ("a/0", "b", 2), ("a/1", "", 3), ("a/1/c", "c", 3)]
