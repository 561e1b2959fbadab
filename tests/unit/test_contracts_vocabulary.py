"""The register of guards and effects: names, versions, sentences, and what each relies on."""

from __future__ import annotations

import inspect
import re
from functools import partial

import pytest
from support.game import shipped_tables

from contracts import vocabulary
from contracts.table import BadTable, Primitive
from contracts.types import TYPES
from contracts.vocabulary import EFFECTS, GUARDS, Relies, bind, effect, guard

WORDS = [*GUARDS.values(), *EFFECTS.values()]
FACTS = set(re.findall(r"`(\w+)`", str(vocabulary.__doc__)))
"""The facts, and a few other words that the module's text has between marks."""


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_a_word_says_what_it_does_and_relies_on(word):
    assert re.fullmatch(r"[a-z_]+@[1-9][0-9]*", word.name)
    assert word.text
    assert set(re.findall(r"\{(\w+)\}", word.text + word.who)) <= set(word.parameters)
    assert bool(word.hint) == (word.name in GUARDS)
    assert not word.who or word.name in GUARDS
    assert {*word.relies.needs, *word.relies.gives, *word.relies.ends} <= FACTS
    for name, wanted in {**word.relies.arguments, **word.relies.fields}.items():
        assert set(re.findall(r"\{(\w+)\}", name)) <= set(word.parameters)
        assert wanted.startswith("as {") or wanted.rstrip("?*") in {*TYPES, "any"}


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_a_word_names_what_its_source_reads(word):
    """So that `contracts.soundness` knows: the record, arguments and fields that the function asks for by name."""
    source = inspect.getsource(word.function).partition("def ")[2]
    if "act.record." in source or "= act.record" in source:
        assert "record" in word.relies.needs or "record" in word.relies.gives
    asked = re.findall(r"""args(?:\[|\.get\()"(\w+)\"""", source)
    assert set(asked) <= {name.strip("{}") for name in word.relies.arguments}
    fields = re.findall(r"""record\.fields(?:\[|\.get\()"(\w+)\"""", source)
    assert set(fields) <= {name.strip("{}") for name in word.relies.fields} | {"roles", "alias"}


def test_no_name_is_a_guard_and_an_effect():
    assert not set(GUARDS) & set(EFFECTS)


def test_a_word_is_bound_with_its_parameters():
    word, function = bind(GUARDS, Primitive("role@1", {"role": "bank"}))
    assert word is GUARDS["role@1"]
    assert isinstance(function, partial)
    assert function.keywords == {"role": "bank"}
    assert bind(GUARDS, Primitive("no_hold@1", {}))[1] is GUARDS["no_hold@1"].function


@pytest.mark.parametrize(
    ("words", "name", "parameters"),
    [
        (GUARDS, "no_hold@2", {}),
        (GUARDS, "create@1", {}),
        (EFFECTS, "no_hold@1", {}),
        (GUARDS, "no_hold@1", {"x": "y"}),
        (GUARDS, "role@1", {}),
        (GUARDS, "role@1", {"rolle": "bank"}),
    ],
)
def test_what_this_version_lacks_is_refused(words, name, parameters):
    with pytest.raises(BadTable):
        bind(words, Primitive(name, parameters))


@pytest.fixture
def registers(monkeypatch):
    monkeypatch.setattr(vocabulary, "GUARDS", dict(GUARDS))
    monkeypatch.setattr(vocabulary, "EFFECTS", dict(EFFECTS))
    return vocabulary


def test_a_mended_word_is_a_new_version_beside_the_old_one(registers):
    def no_hold_2(act):
        pass

    guard("no_hold@2", text="a", hint="b")(no_hold_2)
    assert registers.GUARDS["no_hold@2"].relies == Relies()
    assert registers.GUARDS["no_hold@1"] is GUARDS["no_hold@1"]
    assert "no_hold@2" not in GUARDS


def test_a_version_that_is_there_is_never_replaced(registers):
    def no_hold(act):
        pass

    with pytest.raises(ValueError, match="no_hold@1"):
        guard("no_hold@1", text="a", hint="b")(no_hold)


def test_a_word_is_written_by_the_function_of_its_name(registers):
    def other(act):
        pass

    with pytest.raises(ValueError, match="create@2"):
        effect("create@2", text="a")(other)


def test_every_word_is_used_or_kept_for_later():
    used = {one.name for table in shipped_tables() for action in table.actions.values()
            for one in (*action.guards, *action.effects)}  # fmt: skip
    assert {word.name for word in WORDS} - used == {"actor_is_active@1"}
