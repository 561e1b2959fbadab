"""Time on the small model: normal forms, and what passes when time passes."""

from __future__ import annotations

from contracts.checker.times import DELAY, LATER, NOW, OLD, RECENT, SOON, STEP, normal_times, ticks

FIRST, SECOND = NOW + 2 * STEP, NOW + 3 * STEP


def test_times_to_come_keep_their_order_and_nothing_else():
    assert normal_times([SOON, LATER], False) == {SOON: FIRST, LATER: SECOND}
    assert normal_times([FIRST, SOON], False) == {SOON: FIRST, FIRST: SECOND}
    assert normal_times([FIRST], False) == {FIRST: FIRST}


def test_what_has_passed_is_old_unless_there_are_delays():
    assert normal_times([NOW, RECENT, OLD], False) == {NOW: OLD, RECENT: OLD, OLD: OLD}
    assert normal_times([NOW, RECENT, OLD], True) == {NOW: RECENT, RECENT: RECENT, OLD: OLD}


def test_a_delay_runs_from_what_is_recent_and_has_run_from_what_is_old():
    assert RECENT + DELAY > NOW > OLD + DELAY
    assert SOON < NOW + DELAY < FIRST < LATER


def test_time_passes_one_time_to_come_at_a_time():
    ((words, form),) = ticks([FIRST, SECOND, OLD], False)
    assert words.startswith("time passes")
    assert form == {FIRST: RECENT, SECOND: SECOND, OLD: OLD}
    assert ticks([OLD], False) == []


def test_a_delay_may_run_out_before_or_after_a_time_to_come():
    ways = [form for _, form in ticks([FIRST, RECENT], True)]
    assert ways == [{FIRST: RECENT, RECENT: RECENT}, {FIRST: FIRST, RECENT: OLD}]
