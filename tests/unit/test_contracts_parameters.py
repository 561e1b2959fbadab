"""The governance parameters: each has a meaning, a default and a range, and no value outside it is read."""

from __future__ import annotations

import pytest

from contracts.parameters import PARAMETERS, count_of, quorum_of, reaches_quorum, wrong_value


@pytest.mark.parametrize("known", PARAMETERS.values(), ids=PARAMETERS)
def test_a_parameter_says_what_it_means_and_has_a_good_default(known):
    assert known.meaning
    assert known.default == "" or wrong_value(known.name, known.default) == ""
    assert wrong_value(known.name, "?") == f"{known.name} is {known.check('?')}"


def test_an_unknown_parameter_is_named_with_those_that_there_are():
    assert wrong_value("gravity", "9").startswith("there is no parameter gravity; there are rulebook, law, quorum")


@pytest.mark.parametrize(
    ("name", "value"),
    [("quorum", "2/3"), ("quorum", "3/4"), ("quorum", "8/9"), ("law", "SG"), ("law", "US-NY"), ("rulebook", "0f" * 32),
     ("adoption_delay", "0"), ("adoption_delay", "1000000"), ("algorithms", "ed25519"), ("vocabulary", "1")],
)  # fmt: skip
def test_values_within_the_range(name, value):
    assert wrong_value(name, value) == ""


def test_a_number_is_as_it_was_set_or_its_default():
    assert count_of({}, "adoption_delay") == 1
    assert count_of({"adoption_delay": "7"}, "adoption_delay") == 7
    assert count_of({"adoption_delay": "seven"}, "adoption_delay") == 1
    assert count_of({"adoption_delay": "1000001"}, "adoption_delay") == 1


@pytest.mark.parametrize(
    ("parameters", "agreed", "active", "enough"),
    [({}, 2, 3, False), ({}, 3, 4, True), ({}, 1, 1, True), ({}, 0, 0, False), ({}, 5, 7, True), ({}, 4, 6, False),
     ({"quorum": "3/4"}, 3, 4, False), ({"quorum": "3/4"}, 4, 4, True), ({"quorum": "1/9"}, 2, 3, False)],
)  # fmt: skip
def test_more_than_the_quorum_is_enough(parameters, agreed, active, enough):
    assert reaches_quorum(parameters, agreed, active) is enough
    assert quorum_of({}) == (2, 3)
