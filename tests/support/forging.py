"""A proven bill that tests forge bundles from, and what must become of a forgery.

assert_fails(proven.check(forged), 5, INVALID, "merkle.not_included")     # the first step that does not hold
"""

from __future__ import annotations

from typing import Any

from support.proven import Trade

from ledger.bundle import Bundle
from ledger.report import Report, Step, Verdict
from ledger.verify import verify

__all__ = ["INVALID", "UNKNOWN", "VALID", "Proven", "assert_fails", "failed"]

VALID, INVALID, UNKNOWN = Verdict.VALID, Verdict.INVALID, Verdict.UNKNOWN


class Proven:
    """A ledger with one bill that three of four have cosigned, and its bundle."""

    def __init__(self) -> None:
        self.trade = Trade()
        self.bill = self.trade.bill()
        self.other = self.trade.issue()
        self.trade.cosign("carrier", "shipper", "bank")
        self.bundle = self.trade.bundle(self.bill)

    def check(self, bundle: Bundle | bytes, **options: Any) -> Report:
        data = bundle if isinstance(bundle, bytes) else bundle.encode()
        return verify(data, options.pop("policy", self.trade.policy), at=options.pop("at", self.trade.time), **options)


def failed(report: Report) -> Step:
    """The first step that does not hold."""
    return next(step for step in report.steps if step.verdict is not VALID)


def assert_fails(report: Report, number: int, verdict: Verdict, code: str) -> None:
    step = failed(report)
    assert (step.number, step.verdict, step.code) == (number, verdict, code), step
    if number <= 10:
        assert report.history is verdict
        assert report.control is UNKNOWN
    else:
        assert report.history is VALID
        assert report.control is verdict
