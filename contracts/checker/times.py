"""Time on the small model: what matters of a time is whether it has passed, and the order of those to come.

Ledger time is always `NOW`. Behind every step the times of a record are put into their normal form: those to come
stand `STEP` apart in their order; one that has passed is `OLD`, and where a delay runs from it, `RECENT` until that
has run. So there are few states, and every order of times is among them:

    OLD      RECENT NOW   SOON   NOW + 2 STEP   NOW + 3 STEP  …   LATER
                                 first to come  second to come

`tick` lets time pass: the first time to come passes, or every delay since what has passed recently runs out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["DELAY", "LATER", "NOW", "OLD", "RECENT", "SOON", "STEP", "normal_times", "ticks"]

NOW: Final = 2**41
STEP: Final = 2**31
DELAY: Final = STEP
"""The length of every delay and period of notice, in milliseconds."""
RECENT: Final = NOW - 1
OLD: Final = NOW - 16 * STEP
SOON: Final = NOW + STEP // 2
"""A time to come before all others, and before any delay from now has run."""
LATER: Final = NOW + 2**40
"""A time to come after all others."""


def normal_times(times: Iterable[int]) -> dict[int, int]:
    """The normal form of each time to come."""
    coming = sorted({time for time in times if time > NOW})
    return {time: NOW + (rank + 2) * STEP for rank, time in enumerate(coming)}


def ticks(times: Iterable[int]) -> list[tuple[str, dict[int, int]]]:
    """The ways in which time can pass, each in words and as what becomes of the times of a record."""
    times = set(times)
    ways = []
    coming = min((time for time in times if time > NOW), default=None)
    if coming is not None:
        ways.append(("time passes, until the first time to come has passed", {coming: RECENT}))
    if RECENT in times:
        ways.append(("time passes, until every delay has run", {RECENT: OLD}))
    return ways
