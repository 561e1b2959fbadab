"""The form of a rule table: every way to break it is refused with the place, and nothing else gets through."""

from __future__ import annotations

from copy import deepcopy

import pytest
from support.game import shipped_tables

from contracts.table import BadTable, Declared, Number, Primitive, RuleTable
from ledger import codec

PLAIN = {
    "kind": "note",
    "version": 1,
    "title": "Note",
    "about": "A note.",
    "number": {"class": "note", "at": "/no"},
    "document": "required",
    "fields": {"tone": {"type": "code", "one_of": ["dry", "warm"], "about": "the tone"}},
    "states": {"open": {"about": "open"}, "shut": {"about": "shut", "terminal": True}},
    "actions": {
        "write": {
            "about": "somebody writes it",
            "moves": {"new": "open"},
            "arguments": {"tone": {"type": "code", "optional": True, "about": "the tone"}},
            "guards": ["record_is_new@1", {"role@1": {"role": "carrier"}}],
            "effects": ["create@1"],
            "statement": "{actor} writes {record}, {tone}.",
        },
        "shut": {"about": "it ends", "moves": {"open": "shut"}, "statement": "{actor} shuts it."},
    },
}
DELETE = object()


def changed(*path, to):
    """The table with what stands at `path` replaced, or taken out."""
    table = deepcopy(PLAIN)
    place = table
    for step in path[:-1]:
        place = place[step]
    if to is DELETE:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return table


def test_a_table_is_read_whole():
    table = RuleTable.from_plain(PLAIN)
    assert (table.kind, table.version, table.title, table.about) == ("note", 1, "Note", "A note.")
    assert table.number == Number("note", "/no")
    assert table.has_document is True
    assert table.fields == {"tone": Declared("code", False, ("dry", "warm"), "the tone")}
    assert {name: state.terminal for name, state in table.states.items()} == {"open": False, "shut": True}
    write = table.actions["write"]
    assert write.moves == {"new": "open"}
    assert write.arguments == {"tone": Declared("code", True, (), "the tone")}
    assert write.guards == (Primitive("record_is_new@1", {}), Primitive("role@1", {"role": "carrier"}))
    assert write.effects == (Primitive("create@1", {}),)
    assert table.actions["shut"].guards == ()


def test_what_may_be_left_out():
    plain = {name: PLAIN[name] for name in ("kind", "version", "title", "states", "actions")}
    table = RuleTable.from_plain(plain)
    assert (table.about, table.number, table.has_document, table.fields) == ("", None, False, {})


WRONG = [
    ("the table is a map of names", []),
    ("the table is a map of names", None),
    ("the table is a map of names", {1: 2}),
    ("the table has an unknown key", changed("extra", to=1)),
    ("kind is a line of text", changed("kind", to=DELETE)),
    ("kind: a name has small letters", changed("kind", to="Note")),
    ("kind: a name has small letters", changed("kind", to="")),
    ("kind: a name has small letters", changed("kind", to="1st")),
    ("kind: a name has small letters", changed("kind", to="no.te")),
    ("kind: a name has small letters", changed("kind", to="x" * 65)),
    ("version is a whole number", changed("version", to=DELETE)),
    ("version is a whole number", changed("version", to=0)),
    ("version is a whole number", changed("version", to=True)),
    ("version is a whole number", changed("version", to="1")),
    ("version is a whole number", changed("version", to=2**31)),
    ("title is a line of text", changed("title", to=7)),
    ("title is a line of text", changed("title", to="x" * 2001)),
    ("title is a line of text", changed("title", to="two\nlines")),
    ("about is a line of text", changed("about", to="\ud800")),
    ("number is a map", changed("number", to="note")),
    ("number has an unknown key", changed("number", to={"class": "a", "at": "/a", "of": "b"})),
    ("number/class is a line", changed("number", to={"at": "/a"})),
    ("number/at is a line", changed("number", to={"class": "a"})),
    ("number/at is no JSON Pointer", changed("number", "at", to="no")),
    ("number/at is no JSON Pointer", changed("number", "at", to="/~2")),
    ("document is one of required, none", changed("document", to="maybe")),
    ("document is one of required, none", changed("document", to=["required"])),
    ("fields is a map", changed("fields", to=[])),
    ("fields: a name has small", changed("fields", to={"A": {"type": "code", "about": "a"}})),
    ("fields/tone is a map", changed("fields", "tone", to="code")),
    ("fields/tone has an unknown key", changed("fields", "tone", "kind", to="code")),
    ("fields/tone/type is a line", changed("fields", "tone", "type", to=DELETE)),
    ("fields/tone: a flag is true or false", changed("fields", "tone", "optional", to="yes")),
    ("fields/tone/one_of is a list of words", changed("fields", "tone", "one_of", to="dry")),
    ("fields/tone/one_of is a list of words", changed("fields", "tone", "one_of", to=[1])),
    ("fields/tone/one_of is a list of words", changed("fields", "tone", "one_of", to=[""])),
    ("fields/tone/about is a line", changed("fields", "tone", "about", to=DELETE)),
    ("states is a map", changed("states", to=DELETE)),
    ("states/open is a map", changed("states", "open", to=None)),
    ("states/open has an unknown key", changed("states", "open", "final", to=True)),
    ("states/open/about is a line", changed("states", "open", to={})),
    ("states/open: a flag", changed("states", "open", "terminal", to=1)),
    ("states: a name has small", changed("states", "Half shut", to={"about": "a"})),
    ("the state new is that of no record yet", changed("states", "new", to={"about": "a"})),
    ("actions is a map", changed("actions", to=DELETE)),
    ("actions: a name has small", changed("actions", "Shut it", to={})),
    ("actions/shut is a map", changed("actions", "shut", to=[])),
    ("actions/shut has an unknown key", changed("actions", "shut", "who", to="me")),
    ("actions/shut/about is a line", changed("actions", "shut", "about", to=DELETE)),
    ("actions/shut/moves is a map", changed("actions", "shut", "moves", to=DELETE)),
    ("actions/shut/moves has one or more states", changed("actions", "shut", "moves", to={})),
    ("actions/shut/moves has one or more", changed("actions", "shut", "moves", to={"new": "open", "open": "shut"})),
    ("actions/shut/moves names a state", changed("actions", "shut", "moves", to={"ajar": "shut"})),
    ("actions/shut/moves names a state", changed("actions", "shut", "moves", to={"open": "ajar"})),
    ("actions/shut/moves names a state", changed("actions", "shut", "moves", to={"open": "new"})),
    ("actions/shut/moves names a state", changed("actions", "shut", "moves", to={"open": ["shut"]})),
    ("actions/shut/moves leaves the terminal state", changed("actions", "shut", "moves", to={"shut": "open"})),
    ("actions/shut/guards is a list", changed("actions", "shut", "guards", to="no_hold@1")),
    ("actions/shut/guards/0 is a map", changed("actions", "shut", "guards", to=[1])),
    ("actions/shut/guards/0 is one name", changed("actions", "shut", "guards", to=[{"a@1": {}, "b@1": {}}])),
    ("actions/shut/guards/0 is one name", changed("actions", "shut", "guards", to=[{}])),
    ("actions/shut/guards/0: a guard or an effect", changed("actions", "shut", "guards", to=["no_hold"])),
    ("actions/shut/guards/0: a guard or an effect", changed("actions", "shut", "guards", to=["no_hold@0"])),
    ("actions/shut/guards/0: a guard or an effect", changed("actions", "shut", "guards", to=["no_hold@01"])),
    ("actions/shut/guards/0 is a map", changed("actions", "shut", "guards", to=[{"role@1": "carrier"}])),
    ("actions/shut/effects/0/role is a line", changed("actions", "shut", "effects", to=[{"role@1": {"role": 1}}])),
    ("actions/shut/effects is a list", changed("actions", "shut", "effects", to={})),
    ("actions/shut/statement is a line", changed("actions", "shut", "statement", to=DELETE)),
    ("actions/shut/statement has a place", changed("actions", "shut", "statement", to="{actor} and {other}.")),
    ("actions/shut/statement has a place", changed("actions", "shut", "statement", to="{0}")),
    ("actions/shut/statement has a brace", changed("actions", "shut", "statement", to="{actor!r}")),
    ("actions/shut/statement has a brace", changed("actions", "shut", "statement", to="{actor.id}")),
    ("actions/shut/statement has a brace", changed("actions", "shut", "statement", to="a {} b")),
    ("actions/shut/statement has a brace", changed("actions", "shut", "statement", to="a } b")),
    ("fields has more than 1,024", changed("fields", to={f"f{n}": {} for n in range(1025)})),
    ("actions/shut/guards is a list", changed("actions", "shut", "guards", to=["no_hold@1"] * 1025)),
]


@pytest.mark.parametrize(("reason", "plain"), WRONG, ids=[f"{n}: {reason}" for n, (reason, _) in enumerate(WRONG)])
def test_a_broken_table_is_refused_with_the_place(reason, plain):
    with pytest.raises(BadTable) as caught:
        RuleTable.from_plain(plain)
    assert caught.value.message.startswith(reason)


@pytest.mark.parametrize("table", shipped_tables(), ids=lambda table: table.kind)
def test_a_table_comes_back_from_the_log_as_it_went_in(table):
    data = table.encode()
    again = RuleTable.decode(data)
    assert again == table
    assert again.encode() == data
    assert again.hash == table.hash


def test_the_hash_does_not_depend_on_the_order_of_names():
    turned = {name: PLAIN[name] for name in sorted(PLAIN, reverse=True)}
    assert RuleTable.from_plain(turned).hash == RuleTable.from_plain(PLAIN).hash


def test_a_table_from_the_log_is_canonical_or_refused():
    with pytest.raises(codec.NotCanonical):
        RuleTable.decode(b"\x82\xa1b\x01\xa1a\x01")
    with pytest.raises(BadTable):
        RuleTable.decode(b"\xc0")
