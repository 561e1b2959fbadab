"""YAML is read as a small, strict part of itself; the shipped tables are in it."""

from __future__ import annotations

import pytest
from support.game import TABLES, shipped_tables

from contracts.table import BadTable
from contracts.table_yaml import parse_table

GOOD = b"""
kind: note
version: 1
title: Note
states: {open: {about: "no"}}
actions:
  write: {about: a, moves: {new: open}, guards: [record_is_new@1], effects: [create@1], statement: "{actor} writes."}
"""


def test_a_table_is_read():
    table = parse_table(GOOD)
    assert (table.kind, table.states["open"].about) == ("note", "no")
    assert parse_table(b"\xef\xbb\xbf" + GOOD) == table


def test_the_shipped_tables_are_read_by_their_names():
    assert [table.kind for table in shipped_tables()] == [path.stem for path in sorted(TABLES.glob("*.yaml"))]
    assert [table.kind for table in shipped_tables()] == [
        "air_waybill", "bill_of_lading", "carbon_footprint", "cargo_insurance", "certificate", "data_catalogue_entry",
        "delivery_order", "invoice", "joint_control", "mandate", "member", "proposal", "sea_waybill", "text",
        "traceability_event", "warehouse_receipt",
    ]  # fmt: skip


REFUSED = {
    "an alias": (b"a: *x", "line 1: anchors and aliases are not allowed"),
    "an anchor": (b"a: b\nc: &x d", "line 2: anchors and aliases are not allowed"),
    "a bomb of aliases": (b"a: &a [x]\nb: &b [*a, *a]", "line 1: anchors and aliases are not allowed"),
    "a tag": (b"a: !!str b", "line 1: tags are not allowed"),
    "a tag of Python": (b"a: !!python/object/apply:os.getcwd []", "line 1: tags are not allowed"),
    "a tag that the library trips over": (b"a: !!timestamp x", "line 1: tags are not allowed"),
    "the tag of no type": (b"a: ! b", "line 1: tags are not allowed"),
    "a set": (b"!!set {a}", "line 1: tags are not allowed"),
    "a float": (b"a: 1.5", "line 1: float is no value of a table"),
    "infinity": (b"a: .inf", "line 1: float is no value of a table"),
    "a date": (b"a: 2026-01-01", "line 1: timestamp is no value of a table"),
    "nothing": (b"kind: a\ntitle:\n", "line 2: null is no value of a table"),
    "a tilde": (b"a: ~", "line 1: null is no value of a table"),
    "a merge key": (b"<<: {a: b}", "line 1: merge is no value of a table"),
    "the value key": (b"=: a", "line 1: value is no value of a table"),
    "a key twice": (b"a: b\nc: d\na: e", "line 3: the key a stands twice"),
    "a key twice, deeper": (b"a: {b: c, b: d}", "line 1: the key b stands twice"),
    "a list as a key": (b"? [a, b]\n: c", "line 1: a key is a text"),
    "a map as a key": (b"? {a: b}\n: c", "line 1: a key is a text"),
    "a number as a key": (b"1: b", "the table is a map of names"),
    "yes as a key": (b"yes: b", "the table is a map of names"),
    "two documents": (b"a: b\n---\na: c", "line 2: but found another document"),
    "a newer YAML": (b"%YAML 2.0\n---\na: b", "line 1: found incompatible YAML document"),
    "no end": (b"a: [b", "line 1: expected ',' or ']'"),
    "a tab": (b"a:\n\t- b", "line 2: found character '\\t' that cannot start any token"),
    "a zero byte": (b"a: \x00", "not YAML: unacceptable character #x0000"),
    "no UTF-8": (b"a: b\nc: \xff", "line 2: the byte 0xff is not UTF-8"),
    "depth": (b"a:\n " + b"[" * 3000, "line 2: maps and lists stand in one another more than 16 levels deep"),
    "an endless number": (b"a: " + b"9" * 5000, "not YAML: Exceeds the limit"),
    "0 bytes": (b"", "there is no table in it: it is empty, or has comments alone"),
    "a comment": (b"# a", "there is no table in it: it is empty, or has comments alone"),
    "a list": (b"- a", "the table is a map of names"),
    "a word": (b"a", "the table is a map of names"),
    "too many bytes": (b"#" * (1_048_576 + 1), "a table has at most 1,048,576 bytes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_yaml_is_refused(case):
    text, reason = REFUSED[case]
    with pytest.raises(BadTable) as caught:
        parse_table(text)
    assert caught.value.message.startswith(reason)
    assert "\n" not in caught.value.message


def test_a_table_cut_anywhere_is_refused_or_whole():
    whole = parse_table(GOOD)
    for cut in range(len(GOOD)):
        try:
            table = parse_table(GOOD[:cut])
        except BadTable:
            continue
        assert table == whole, cut
