"""What the law of title lets happen to one bill of lading, written by hand from the law: it knows no table.

    bill = Bill(form="order", order_to="shipper", asked="shipper")      issued, and offered to the shipper
    bill.may("shipper", "accept", now)                                  True
    bill.does("shipper", "accept", now)

Parties are names. `WAYS` has, for each thing that can be done, from which states, who may do it if what holds, and
what it changes. Nothing here is read from `contracts`; where this and the ledger differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ALIVE", "DAY", "WAYS", "Bill"]

DAY = 86_400_000
CARRIER, AUTHORITY = "carrier", "authority"
LONGEST_LOCK, DELAY = 30 * DAY, 7 * DAY
ALIVE = {
    "issued", "returned", "held", "offered", "pledge_offered", "pledged", "surrendered", "surrender_accepted",
    "amendment_requested", "paper_requested", "paper_received",
}  # fmt: skip


@dataclass
class Bill:
    """One bill, and which members are suspended."""

    form: str
    order_to: str | None = None
    consignee: str | None = None
    asked: str | None = None
    until: int | None = None
    status: str = "issued"
    holder: str | None = CARRIER
    mode: str = "possession"
    nominee: str | None = None
    presentee: str | None = None
    locked: int | None = None
    owner: str | None = None
    pledgee: str | None = None
    pledge_to: str | None = None
    due: int | None = None
    notice: int | None = None
    delay: int | None = None
    held_by: str | None = None
    held_for: str | None = None
    acts: int = 1
    suspended: set[str] = field(default_factory=set)

    def may(self, who: str, action: str, now: int, **args: Any) -> bool:
        """Whether `who` may do it at a ledger time; `args` are those of the act, `also` who signs with it."""
        states, allowed, _ = WAYS[action]
        return who not in self.suspended and self.status in states and bool(allowed(self, who, now, args))

    def does(self, who: str, action: str, now: int, **args: Any) -> None:
        """What becomes of the bill."""
        self.acts += 1
        self.status = str(WAYS[action][2](self, who, now, args))

    # What the law speaks of

    def free(self, now: int) -> bool:
        """No authority holds it, and no presentation binds it."""
        return self.held_by is None and (self.locked is None or now >= self.locked)

    def active(self, party: str) -> bool:
        return party not in self.suspended

    def entitled(self, who: str) -> bool:
        """Whether the goods may be claimed by `who`, who holds it."""
        return {"straight": who == self.consignee, "order": who == self.order_to, "blank": True}[self.form]

    def passes(self, who: str, to: str, mode: str) -> bool:
        """Whether title can pass so, by the form of the bill."""
        if self.form == "straight":
            return mode == "possession" and to == self.consignee
        if mode == "possession":
            return True
        return who == self.order_to if self.form == "order" else mode == "endorse"

    def both(self, who: str, also: Any) -> bool:
        """Whether the carrier acts, and the holder's signature is there too."""
        holder = self.holder
        return who == CARRIER and (holder == who or (holder in (also or ()) and holder not in self.suspended))

    # What happens

    def to_order(self, party: str | None) -> None:
        self.form, self.order_to, self.nominee = "order" if party else "blank", party, None

    def no_offer(self) -> None:
        self.asked, self.until, self.mode = None, None, "possession"

    def no_lock(self) -> None:
        self.locked = self.presentee = None

    def no_pledge(self) -> None:
        self.owner = self.pledgee = self.due = self.notice = self.delay = self.pledge_to = None

    def no_hold(self) -> None:
        self.held_by = self.held_for = None


Allowed = Callable[[Bill, str, int, dict[str, Any]], Any]
Does = Callable[[Bill, str, int, dict[str, Any]], str]


def _returned(bill: Bill, _who: str, _now: int, _args: Any) -> str:
    """Where a bill stands again when an offer of it comes to nothing."""
    bill.no_offer()
    return "returned" if bill.status == "issued" else "held"


def _holder(bill: Bill, who: str, now: int, _args: Any) -> bool:
    return who == bill.holder and bill.free(now)


def _to_another(bill: Bill, who: str, to: str) -> bool:
    return to != who and bill.active(to)


def _accept(bill: Bill, _who: str, _now: int, _args: Any) -> str:
    if bill.mode != "possession":
        bill.to_order(bill.asked if bill.mode == "endorse" else None)
    bill.holder = bill.asked
    bill.no_offer()
    bill.no_lock()
    return "held"


def _offer(bill: Bill, _who: str, _now: int, args: dict[str, Any]) -> str:
    bill.asked, bill.mode, bill.until = args["to"], args["mode"], args["until"]
    return "offered"


def _ask_carrier(state: str) -> Does:
    def does(bill: Bill, _who: str, _now: int, _args: Any) -> str:
        bill.asked, bill.mode, bill.until = CARRIER, "possession", None
        return state

    return does


def _endorse(to: Callable[[Bill, dict[str, Any]], str | None]) -> Does:
    def does(bill: Bill, _who: str, _now: int, args: dict[str, Any]) -> str:
        bill.to_order(to(bill, args))
        return "held"

    return does


def _sets(**values: Any) -> Does:
    """Sets what is named, to a value or to what a function of the act gives; `status` is the state after it."""

    def does(bill: Bill, who: str, now: int, args: dict[str, Any]) -> str:
        for name, value in values.items():
            if name != "status":
                setattr(bill, name, value(bill, who, now, args) if callable(value) else value)
        return str(values.get("status", bill.status))

    return does


def _pledge(bill: Bill, _who: str, _now: int, args: dict[str, Any]) -> str:
    bill.asked = bill.pledge_to = args["to"]
    bill.due, bill.delay = args["due"], args.get("delay", DELAY)
    return "pledge_offered"


def _pledged(bill: Bill, _who: str, _now: int, _args: Any) -> str:
    bill.owner, bill.pledgee, bill.holder = bill.holder, bill.pledge_to, bill.asked
    bill.pledge_to = None
    bill.no_offer()
    return "pledged"


def _no_pledge_offered(bill: Bill, _who: str, _now: int, _args: Any) -> str:
    bill.no_offer()
    bill.pledge_to = bill.due = bill.delay = None
    return "held"


def _released(bill: Bill, _who: str, _now: int, _args: Any) -> str:
    bill.holder = bill.owner
    bill.no_pledge()
    return "held"


def _enforced(bill: Bill, _who: str, _now: int, _args: Any) -> str:
    bill.to_order(bill.pledgee)
    bill.holder = bill.pledgee
    bill.no_pledge()
    return "held"


def _succeeded(bill: Bill, _who: str, _now: int, _args: Any) -> str:
    """The bill in its place: a new record, in the same hands and to the same order, on which nothing was done yet."""
    bill.no_offer()
    bill.no_lock()
    bill.nominee = None
    bill.acts = 1
    return "held"


def _ends(state: str) -> Does:
    def does(bill: Bill, _who: str, _now: int, _args: Any) -> str:
        bill.no_offer()
        bill.holder = None
        if state in ("void", "closed"):
            bill.no_hold()
        return state

    return does


def _ordered(bill: Bill, _who: str, _now: int, args: dict[str, Any]) -> str:
    bill.no_offer()
    bill.no_pledge()
    bill.no_lock()
    bill.no_hold()
    bill.holder = args["to"]
    if bill.form == "straight":
        bill.consignee = args["to"]
    else:
        bill.to_order(args["to"])
    return "held"


def _surrendered(bill: Bill, _who: str, _now: int, _args: Any) -> str:
    bill.no_offer()
    bill.holder = CARRIER
    return "surrender_accepted"


def _carrier(bill: Bill, who: str, _now: int, _args: Any) -> bool:
    return who == CARRIER and bill.held_by is None


def _judge(bill: Bill, who: str, _now: int, _args: Any) -> bool:
    return who == AUTHORITY and bill.held_by == who


_OFFERED, _HELD = ("issued", "offered"), ("held",)
_ORDERABLE = tuple(ALIVE - {"surrender_accepted"})
WAYS: dict[str, tuple[tuple[str, ...], Allowed, Does]] = {
    "accept": (
        _OFFERED,
        lambda b, who, now, a: who == b.asked and (b.until is None or now <= b.until) and b.held_by is None,
        _accept,
    ),
    "reject": (_OFFERED, lambda b, who, now, a: who == b.asked, _returned),
    "recall": (_OFFERED, lambda b, who, now, a: who == b.holder, _returned),
    "expire": (_OFFERED, lambda b, who, now, a: b.until is not None and now > b.until, _returned),
    "void": (("issued", "returned"), _carrier, _ends("void")),
    "offer": (
        _HELD,
        lambda b, who, now, a: (
            who == b.holder
            and b.held_by is None
            and (b.free(now) or a["to"] == b.presentee)
            and _to_another(b, who, a["to"])
            and (a["until"] is None or a["until"] > now)
            and b.passes(who, a["to"], a["mode"])
        ),
        _offer,
    ),
    "endorse": (
        _HELD,
        lambda b, who, now, a: (
            _holder(b, who, now, a)
            and b.form != "straight"
            and (b.form == "blank" or who == b.order_to)
            and _to_another(b, who, a["to"])
        ),
        _endorse(lambda b, a: a["to"]),
    ),
    "endorse_in_blank": (
        _HELD,
        lambda b, who, now, a: _holder(b, who, now, a) and who == b.order_to,
        _endorse(lambda b, a: None),
    ),
    "nominate": (
        _HELD,
        lambda b, who, now, a: who == b.order_to and who != b.holder and b.free(now) and _to_another(b, who, a["to"]),
        _sets(nominee=lambda b, who, now, a: a["to"]),
    ),
    "withdraw_nomination": (
        _HELD,
        lambda b, who, now, a: who == b.order_to and b.nominee and (b.locked is None or now >= b.locked),
        _sets(nominee=None),
    ),
    "endorse_nominee": (
        _HELD,
        lambda b, who, now, a: _holder(b, who, now, a) and b.nominee,
        _endorse(lambda b, a: b.nominee),
    ),
    "present": (
        _HELD,
        lambda b, who, now, a: (
            _holder(b, who, now, a) and _to_another(b, who, a["presentee"]) and now < a["until"] <= now + LONGEST_LOCK
        ),
        _sets(locked=lambda b, who, now, a: a["until"], presentee=lambda b, who, now, a: a["presentee"]),
    ),
    "end_presentation": (
        ("held", "offered"),
        lambda b, who, now, a: who == b.presentee,
        _sets(locked=None, presentee=None),
    ),
    "pledge": (
        _HELD,
        lambda b, who, now, a: (
            _holder(b, who, now, a)
            and b.form != "straight"
            and b.entitled(who)
            and _to_another(b, who, a["to"])
            and a["due"] > now
            and a.get("delay", DELAY) >= DELAY
        ),
        _pledge,
    ),
    "accept_pledge": (
        ("pledge_offered",),
        lambda b, who, now, a: who == b.asked and b.held_by is None,
        _pledged,
    ),
    "reject_pledge": (("pledge_offered",), lambda b, who, now, a: who == b.pledge_to, _no_pledge_offered),
    "recall_pledge": (("pledge_offered",), lambda b, who, now, a: who == b.holder, _no_pledge_offered),
    "release_pledge": (("pledged",), lambda b, who, now, a: who == b.pledgee and b.held_by is None, _released),
    "notify_default": (
        ("pledged",),
        lambda b, who, now, a: who == b.pledgee and now > (b.due or 0) and b.notice is None,
        _sets(notice=lambda b, who, now, a: now),
    ),
    "enforce": (
        ("pledged",),
        lambda b, who, now, a: (
            who == b.pledgee and b.held_by is None and b.notice is not None and now >= b.notice + (b.delay or 0)
        ),
        _enforced,
    ),
    "surrender": (
        _HELD,
        lambda b, who, now, a: _holder(b, who, now, a) and b.entitled(who),
        _ask_carrier("surrendered"),
    ),
    "withdraw_surrender": (("surrendered",), lambda b, who, now, a: who == b.holder, _returned),
    "accept_surrender": (("surrendered",), _carrier, _surrendered),
    "refuse_surrender": (("surrendered",), lambda b, who, now, a: who == CARRIER, _returned),
    "deliver_part": (("surrender_accepted",), _carrier, _sets()),
    "confirm_delivery": (("surrender_accepted",), _carrier, _ends("delivered")),
    "surrender_for_amendment": (_HELD, _holder, _ask_carrier("amendment_requested")),
    "withdraw_amendment": (("amendment_requested",), lambda b, who, now, a: who == b.holder, _returned),
    "refuse_amendment": (("amendment_requested",), lambda b, who, now, a: who == CARRIER, _returned),
    "reissue": (("amendment_requested",), _carrier, _succeeded),
    "cancel": (
        ("amendment_requested",),
        lambda b, who, now, a: b.both(who, a.get("also")) and b.held_by is None,
        _ends("void"),
    ),
    "split": (_HELD, lambda b, who, now, a: b.both(who, a.get("also")) and b.free(now), _succeeded),
    "switch_bill": (_HELD, lambda b, who, now, a: b.both(who, a.get("also")) and b.free(now), _succeeded),
    "request_paper": (_HELD, _holder, _ask_carrier("paper_requested")),
    "withdraw_paper": (("paper_requested",), lambda b, who, now, a: who == b.holder, _returned),
    "refuse_paper": (("paper_requested",), lambda b, who, now, a: who == CARRIER, _returned),
    "to_paper": (("paper_requested",), _carrier, _ends("on_paper")),
    "issue_from_paper": (
        ("paper_received",),
        lambda b, who, now, a: _carrier(b, who, now, a) and _to_another(b, who, a["to"]),
        lambda b, who, now, a: _sets(asked=a["to"], status="issued")(b, who, now, a),
    ),
    "return_paper": (("paper_received",), _carrier, _ends("void")),
    "hold": (
        tuple(ALIVE),
        lambda b, who, now, a: who == AUTHORITY and b.free(now),
        _sets(held_by=AUTHORITY, held_for="hold"),
    ),
    "dispute": (
        tuple(ALIVE),
        lambda b, who, now, a: who == AUTHORITY and b.free(now),
        _sets(held_by=AUTHORITY, held_for="dispute"),
    ),
    "lift_hold": (
        tuple(ALIVE),
        lambda b, who, now, a: _judge(b, who, now, a) and b.held_for == "hold",
        _sets(held_by=None, held_for=None),
    ),
    "settle_dispute": (
        tuple(ALIVE),
        lambda b, who, now, a: _judge(b, who, now, a) and b.held_for == "dispute",
        _sets(held_by=None, held_for=None),
    ),
    "order_transfer": (_ORDERABLE, lambda b, who, now, a: _judge(b, who, now, a) and b.active(a["to"]), _ordered),
    "order_void": (tuple(ALIVE), _judge, _ends("void")),
    "order_close": (tuple(ALIVE), _judge, _ends("closed")),
}
