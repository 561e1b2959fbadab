"""What a verification found: numbered steps with their results, and two verdicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from .times import iso

__all__ = ["Report", "Step", "TitleEvent", "Verdict", "worst"]

_TIMES: Final = frozenset({"as_of", "since"})
"""Facts that are ledger times."""


class Verdict(IntEnum):
    """The three answers, the better ones first: shown to be so, cannot be checked, shown to be false."""

    VALID = 0
    UNKNOWN = 1
    INVALID = 2


def worst(*verdicts: Verdict) -> Verdict:
    """INVALID is worse than UNKNOWN, which is worse than VALID."""
    return max(verdicts, default=Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step: what was asked, the answer, why, and the code of the error if there was one."""

    number: int
    title: str
    verdict: Verdict
    detail: str
    code: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TitleEvent:
    """One entry of the record's history, as the bundle proves it.

    `mode` is how an offer transfers; `represented` for whom the actor acted by a mandate; `also` who else signed.
    """

    index: int
    time: int
    action: str
    actor: str
    key: bytes
    to: str
    mode: str = ""
    represented: str = ""
    also: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """The result of one verification. `facts` holds what was established, by name."""

    steps: list[Step] = field(default_factory=list)
    history: Verdict = Verdict.UNKNOWN
    control: Verdict = Verdict.UNKNOWN
    history_reason: str = ""
    control_reason: str = ""
    events: list[TitleEvent] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worse of the two verdicts."""
        return worst(self.history, self.control)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values for JSON output; times in ISO 8601, hashes in hex."""
        return {
            "verdict": self.verdict.name,
            "history": {"verdict": self.history.name, "reason": self.history_reason},
            "control": {"verdict": self.control.name, "reason": self.control_reason},
            "steps": [
                {
                    "number": step.number,
                    "title": step.title,
                    "verdict": step.verdict.name,
                    "detail": step.detail,
                    "code": step.code,
                    "hint": step.hint,
                }
                for step in self.steps
            ],
            "events": [
                {
                    "entry": event.index,
                    "time": iso(event.time),
                    "action": event.action,
                    "actor": event.actor,
                    "key": event.key.hex(),
                    "to": event.to,
                    "mode": event.mode,
                    "represented": event.represented,
                    "also": list(event.also),
                }
                for event in self.events
            ],
            "facts": {name: iso(value) if name in _TIMES else value for name, value in self.facts.items()},
        }
