"""The page of the thirty properties says what is so: every test is there, was run as it is, and passed."""

from __future__ import annotations

import json

import docs_reliability
import pytest
from docs_reliability import PROPERTIES, BadDocstring, shown, stale, verdict

KEPT = json.loads(docs_reliability.RESULTS.read_text(encoding="utf-8"))


def test_the_results_are_of_these_tests_tables_and_figures():
    assert list(stale(KEPT, shown())) == [], "run `make docs`"


def test_all_thirty_are_shown_and_at_least_twenty_whole():
    assert [entry["id"] for entry in KEPT["properties"]] == [f"P{number}" for number in range(1, 31)] == [*PROPERTIES]
    verdicts = [verdict(entry) for entry in KEPT["properties"]]
    assert verdicts == [entry["shown"] for entry in KEPT["properties"]]
    assert set(verdicts) == {"whole", "part"}
    assert verdicts.count("whole") >= 20


def test_what_needs_more_than_one_node_says_what_is_missing():
    waiting = ("P4", "P8", "P9", "P10", "P12", "P13", "P16", "P18", "P20", "P28", "P30")
    entries = {entry["id"]: entry for entry in KEPT["properties"]}
    assert all(entries[name]["missing"] or entries[name]["later"] for name in waiting)


def test_every_shipped_table_was_checked():
    assert set(KEPT["checks"]) == set(docs_reliability.tables().values())


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("P7, control.\n\nLaw: 10(2)\nShows: something.", "names another source"),
        ("P7, control.\n\nLaw: 11(1)(a); ETDA 2(2)(c)", "does not say which property"),
        ("P8, control.\n\nLaw: 11(1)(a); ETDA 2(2)(c)\nShows: something.", "does not say which property"),
    ],
)
def test_a_test_that_says_something_else_is_found(tmp_path, said, fault):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(f'def test_p07_x():\n    """{said}"""\n')
    with pytest.raises(BadDocstring, match=fault):
        shown(tmp_path)


def test_a_changed_test_is_stale(tmp_path):
    (tmp_path / "tests").mkdir()
    said = "P7, x.\n\n    Law: 11(1)(a); ETDA 2(2)(c)\n    Shows: one thing.\n    Missing: b.\n    "
    text = f'def test_p07_x():\n    """{said}"""\n'
    (tmp_path / "tests" / "test_x.py").write_text(text)
    (one,) = shown(tmp_path)
    assert (one.property, one.shows, one.missing) == ("P7", "one thing.", "b.")
    kept = docs_reliability.collect([one], {"tests/test_x.py test_p07_x": (2, 2)})
    assert list(stale(kept, [one])) == []
    assert kept["properties"][6]["shown"] == "part"
    (tmp_path / "tests" / "test_x.py").write_text(text + "    assert True\n")
    assert list(stale(kept, shown(tmp_path))) == ["test_p07_x has changed"]
    failed = docs_reliability.collect([one], {"tests/test_x.py test_p07_x": (2, 1)})
    assert failed["properties"][6]["shown"] == "failed"
