"""An old bundle of a bill that was locked: its presentee has ended the lock since, and the bill has moved on."""

from __future__ import annotations

from support.proven import Trade

from ledger.report import Verdict
from ledger.times import iso
from ledger.verify import verify

DAY = 86_400_000


def test_p05_an_old_bundle_under_a_lock_does_not_say_who_is_in_control_now():
    trade = Trade()
    bill = trade.issue()
    trade.act("shipper", "accept", bill)
    ends = trade.time + 20 * DAY
    trade.act("shipper", "present", bill, presentee="bank", until=ends)
    trade.cosign("carrier", "shipper", "bank")
    kept, then = trade.bundle(bill).encode(), trade.time // 1000 * 1000
    fresh = verify(kept, trade.policy, at=trade.time)
    assert fresh.control_reason == f"shipper is in control, locked until {iso(ends)}"
    trade.act("bank", "end_presentation", bill)
    trade.pass_on(bill, "shipper", "buyer")
    report = verify(kept, trade.policy, at=trade.time + DAY)
    assert report.control is Verdict.VALID
    assert report.control_reason == f"shipper was in control at {iso(then)}, locked until {iso(ends)} but for bank"
    assert "bank can have taken control since" in report.facts["warnings"][-1]
