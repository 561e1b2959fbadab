"""Ledger time as text, both ways."""

from __future__ import annotations

import pytest

from ledger.times import BadTime, iso, parse_iso

LAST = 253402300799999


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (1_764_000_000_123, "2025-11-24T16:00:00.123Z"),
        (1_764_000_000_000, "2025-11-24T16:00:00Z"),
        (951_782_400_000, "2000-02-29T00:00:00Z"),
        (LAST, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_and_its_text(milliseconds, text):
    assert iso(milliseconds) == text
    assert parse_iso(text) == milliseconds


def test_a_time_beyond_the_calendar_is_shown_as_a_number():
    assert iso(LAST + 1) == "253402300800000 ms"
    assert iso(2**63 - 1) == "9223372036854775807 ms"
    assert iso(-1) == "-1 ms"


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2026-03-01", 1_772_323_200_000),
        ("2026-03-01T12:00Z", 1_772_366_400_000),
        ("2026-03-01T20:00+08:00", 1_772_366_400_000),
        ("2026-03-01T12:00", 1_772_366_400_000),
        ("2026-03-01 12:00:00.5", 1_772_366_400_500),
    ],
)
def test_other_ways_to_write_a_time(text, milliseconds):
    assert parse_iso(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-13-01", "2026-02-29", "2026-03-01T25:00", "1764000000000", "2026-03-01T12:00ZZ",
     "1969-12-31T23:59:59.999Z", "1970-01-01T00:00+00:01", "9999-12-31T23:59-00:01", "0001-01-01", "\x00",
     "٢٠٢٦-03-01x"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadTime) as caught:
        parse_iso(text)
    assert caught.value.value == text
    assert caught.value.hint
