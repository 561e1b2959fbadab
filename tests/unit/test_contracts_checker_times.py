"""Time on the small model: normal forms, and what passes when time passes."""

from __future__ import annotations

from contracts.checker.times import DELAY, LATER, NOW, OLD, RECENT, SOON, STEP, normal_times, ticks

FIRST, SECOND = NOW + 2 * STEP, NOW + 3 * STEP


def test_times_to_come_keep_their_order_and_nothing_else():
    assert normal_times([SOON, LATER]) == {SOON: FIRST, LATER: SECOND}
    assert normal_times([FIRST, SOON]) == {SOON: FIRST, FIRST: SECOND}
    assert normal_times([FIRST, NOW, RECENT, OLD]) == {FIRST: FIRST}


def test_a_delay_runs_from_what_is_recent_and_has_run_from_what_is_old():
    assert RECENT + DELAY > NOW > OLD + DELAY
    assert SOON < NOW + DELAY < FIRST < LATER


def test_time_passes_one_time_to_come_at_a_time():
    ((words, form),) = ticks([FIRST, SECOND, OLD])
    assert words.startswith("time passes")
    assert form == {FIRST: RECENT}
    assert ticks([OLD]) == []


def test_a_delay_may_run_out_before_or_after_a_time_to_come():
    assert [form for _, form in ticks([FIRST, RECENT])] == [{FIRST: RECENT}, {RECENT: OLD}]
