"""Verdicts and reports."""

from __future__ import annotations

import itertools

import pytest

from ledger.report import Report, Step, TitleEvent, Verdict, worst

VALID, UNKNOWN, INVALID = Verdict.VALID, Verdict.UNKNOWN, Verdict.INVALID


def test_invalid_is_worse_than_unknown_which_is_worse_than_valid():
    for few in itertools.product(Verdict, repeat=3):
        expected = INVALID if INVALID in few else UNKNOWN if UNKNOWN in few else VALID
        assert worst(*few) is expected


def test_nothing_checked_is_unknown():
    assert worst() is UNKNOWN
    assert Report().verdict is UNKNOWN


@pytest.mark.parametrize(
    ("history", "control", "expected"),
    [(VALID, VALID, VALID), (VALID, UNKNOWN, UNKNOWN), (INVALID, UNKNOWN, INVALID), (VALID, INVALID, INVALID)],
)
def test_the_verdict_is_the_worse_of_the_two(history, control, expected):
    assert Report(history=history, control=control).verdict is expected


def test_a_report_as_plain_values():
    report = Report(
        steps=[Step(1, "the file is a bundle", UNKNOWN, "no JSON", "json.malformed", "ask again")],
        history=UNKNOWN,
        control=UNKNOWN,
        history_reason="step 1: no JSON",
        control_reason="it rests on the history",
        events=[TitleEvent(7, 1_764_000_001_000, "offer", "bank", bytes(32), "buyer", "endorse")],
        facts={"since": 1_764_000_000_000, "as_of": 1_764_000_000_500, "controller": "bank", "log_size": 12},
    )
    assert report.as_dict() == {
        "verdict": "UNKNOWN",
        "history": {"verdict": "UNKNOWN", "reason": "step 1: no JSON"},
        "control": {"verdict": "UNKNOWN", "reason": "it rests on the history"},
        "steps": [
            {
                "number": 1,
                "title": "the file is a bundle",
                "verdict": "UNKNOWN",
                "detail": "no JSON",
                "code": "json.malformed",
                "hint": "ask again",
            }
        ],
        "events": [
            {
                "entry": 7,
                "time": "2025-11-24T16:00:01Z",
                "action": "offer",
                "actor": "bank",
                "key": "00" * 32,
                "to": "buyer",
                "mode": "endorse",
                "represented": "",
                "also": [],
            }
        ],
        "facts": {
            "since": "2025-11-24T16:00:00Z",
            "as_of": "2025-11-24T16:00:00.500Z",
            "controller": "bank",
            "log_size": 12,
        },
    }
