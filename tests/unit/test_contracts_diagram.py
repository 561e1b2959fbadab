"""The picture of a rule table: every state and action is in it, and it is well-formed, and always the same."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from support.game import shipped_tables

from contracts.diagram import draw
from contracts.table import RuleTable

SVG = "{http://www.w3.org/2000/svg}"


def tree(table):
    return ElementTree.fromstring(draw(table))


@pytest.mark.parametrize("table", shipped_tables(), ids=lambda table: table.kind)
def test_every_state_and_action_is_in_the_picture(table):
    texts = [element.text for element in tree(table).iter(f"{SVG}text")]
    for state in table.states:
        assert texts.count(state.replace("_", " ")) >= 2, state
    for action in table.actions:
        assert action.replace("_", " ") in texts, action
    assert texts[0] == table.title


@pytest.mark.parametrize("table", shipped_tables(), ids=lambda table: table.kind)
def test_nothing_stands_outside_the_picture(table):
    top = tree(table)
    width, height = float(top.attrib["width"]), float(top.attrib["height"])
    for element in top.iter():
        for name, most in (("x", width), ("x1", width), ("cx", width), ("y", height), ("y1", height), ("cy", height)):
            assert 0 <= float(element.attrib.get(name, 0)) <= most, element.attrib


def test_dots_heads_and_rings_are_as_many_as_the_moves():
    table = next(one for one in shipped_tables() if one.kind == "proposal")
    found = draw(table)
    assert (found.count('class="ring'), found.count('class="head'), found.count('class="dot')) == (1, 4, 5)
    assert found.count('class="head except"') == 2


def test_names_are_escaped_and_the_picture_is_the_same_every_time():
    plain = shipped_tables()[0].plain
    table = RuleTable.from_plain({**plain, "title": 'A <b> & "c"'})
    assert "<title>A &lt;b&gt; &amp; &quot;c&quot;, version 1</title>" in draw(table)
    assert draw(table) == draw(RuleTable.decode(table.encode()))
