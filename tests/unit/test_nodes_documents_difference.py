"""`nodes.documents.difference`: what an amended document says that the void one did not."""

from __future__ import annotations

import pytest
from support.members import digest

from nodes.documents.difference import (
    ABSENT,
    BadDifference,
    Difference,
    DifferenceFalse,
    FieldChange,
    changed_fields,
    check_difference,
)

OLD = {"port": "Antwerp", "weight": 8400.5, "seals": ["A1", "B2"], "marks": [], "note/s": None}
NEW = {"port": "Rotterdam", "weight": 8400.5, "seals": ["A1"], "marks": {}, "place": "CNSHA", "note/s": False}
CHANGES = (
    FieldChange("/marks", [], {}),
    FieldChange("/note~1s", None, False),
    FieldChange("/place", ABSENT, "CNSHA"),
    FieldChange("/port", "Antwerp", "Rotterdam"),
    FieldChange("/seals/1", "B2", ABSENT),
)


def stated(**changes) -> Difference:
    return Difference(
        **{"old": digest("old"), "new": digest("new"), "changes": CHANGES, "why": "port mended", **changes}
    )


def test_every_field_that_differs_with_what_it_was_and_what_it_is():
    assert changed_fields(OLD, NEW) == CHANGES
    assert changed_fields(OLD, OLD) == ()
    assert [str(change) for change in CHANGES] == [
        "/marks: [] → {}",
        "/note~1s: null → false",
        '/place: nothing → "CNSHA"',
        '/port: "Antwerp" → "Rotterdam"',
        '/seals/1: "B2" → nothing',
    ]


def test_one_and_true_are_not_the_same():
    assert changed_fields({"a": 1}, {"a": True}) == (FieldChange("/a", 1, True),)


def test_the_text_is_canonical_and_reads_back():
    text = stated().encode()
    assert text.startswith('{"changes":[{"new":{},"old":[],"pointer":"/marks"},')
    assert text.endswith(f'"format":"lading/difference@1","new":"{digest("new").hex()}","old":"{digest("old").hex()}",'
                         '"why":"port mended"}')  # fmt: skip
    assert '{"new":"CNSHA","pointer":"/place"}' in text, "an added field was nothing before"
    assert Difference.decode(text) == stated()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "no", stated().encode() + " ", stated().encode().replace("@1", "@2"), '{"changes":[1]}']
)
def test_what_is_no_difference(text):
    with pytest.raises(BadDifference):
        Difference.decode(text)


def test_a_difference_is_checked_against_the_documents():
    check_difference(stated(), OLD, NEW)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (CHANGES[1:], "the documents say /marks: \\[\\] → {}"),
        ((*CHANGES, FieldChange("/weight", 8400.5, 1)), "they agree at /weight"),
        ((*CHANGES[:3], FieldChange("/port", "Genoa", "Rotterdam"), CHANGES[4]), 'the documents say /port: "Antwerp"'),
    ],
)
def test_a_false_difference_is_found_out(changes, says):
    with pytest.raises(DifferenceFalse, match=says):
        check_difference(stated(changes=changes), OLD, NEW)
