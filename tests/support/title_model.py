"""A model of a bill of lading, written by hand from the law, not from the table."""

from __future__ import annotations

from dataclasses import dataclass

from support.game import HOUR

__all__ = [
    "ACTIONS",
    "ANSWERS",
    "AUTHORITY",
    "BANK",
    "BUYER",
    "CARRIER",
    "DAY",
    "DELAY",
    "LIVE",
    "LONGEST_LOCK",
    "OF_CARRIER",
    "OF_HOLDER",
    "ORDERS",
    "PEOPLE",
    "SHIPPER",
    "STRANGER",
    "TO",
    "TRADERS",
    "Model",
]

CARRIER, SHIPPER, BANK, BUYER, AUTHORITY, STRANGER = "carrier", "shipper", "bank", "buyer", "authority", "stranger"
PEOPLE = (CARRIER, SHIPPER, BANK, BUYER, AUTHORITY, STRANGER)
TRADERS = (SHIPPER, BANK, BUYER, CARRIER)
DAY = 24 * HOUR
DELAY, LONGEST_LOCK = 7 * DAY, 30 * DAY
LIVE = {"issued", "returned", "held", "offered", "pledge_offered", "pledged", "surrendered", "surrender_accepted",
        "amendment_requested", "paper_requested"}  # fmt: skip
ANSWERS = {
    "accept": ("issued", "offered"), "reject": ("issued", "offered"), "recall": ("issued", "offered"),
    "expire": ("issued", "offered"), "void": ("issued", "returned"),
    "accept_pledge": ("pledge_offered",), "reject_pledge": ("pledge_offered",), "recall_pledge": ("pledge_offered",),
    "release_pledge": ("pledged",), "notify_default": ("pledged",), "enforce": ("pledged",),
    "withdraw_surrender": ("surrendered",), "accept_surrender": ("surrendered",), "refuse_surrender": ("surrendered",),
    "deliver_part": ("surrender_accepted",), "confirm_delivery": ("surrender_accepted",),
    "withdraw_amendment": ("amendment_requested",), "refuse_amendment": ("amendment_requested",),
    "reissue": ("amendment_requested",), "cancel": ("amendment_requested",),
    "withdraw_paper": ("paper_requested",), "refuse_paper": ("paper_requested",), "to_paper": ("paper_requested",),
    "end_presentation": ("held", "offered"),
}  # fmt: skip
OF_HOLDER = ("offer", "endorse", "endorse_in_blank", "endorse_nominee", "present", "pledge", "surrender",
             "surrender_for_amendment", "request_paper")  # fmt: skip
OF_CARRIER = ("split", "switch_bill", "change_destination")
ORDERS = ("hold", "dispute", "lift_hold", "settle_dispute", "order_transfer", "order_void", "order_close")
ACTIONS = (*ANSWERS, *OF_HOLDER, "nominate", "withdraw_nomination", *OF_CARRIER, *ORDERS)
TO = {"offer", "endorse", "nominate", "pledge", "order_transfer"}


@dataclass
class Model:
    """One bill: who holds it, to whose order it stands, what is offered, pledged, presented, held."""

    form: str
    order_party: str | None
    consignee: str | None
    status: str = "issued"
    holder: str | None = CARRIER
    offered_to: str | None = SHIPPER
    mode: str = "possession"
    until: int | None = None
    nominee: str | None = None
    presentee: str | None = None
    locked: int | None = None
    pledgee: str | None = None
    pledgor: str | None = None
    due: int | None = None
    notice: int | None = None
    held_by: str | None = None
    disputed: bool = False

    def entitled(self) -> str | None:
        """Who may claim the goods, if it holds the bill."""
        return {"straight": self.consignee, "order": self.order_party, "blank": self.holder}[self.form]

    def fits(self, action: str) -> bool:
        """Whether the action is one of the bill's state, whoever does it."""
        if action in ANSWERS:
            return self.status in ANSWERS[action]
        return self.status in LIVE if action in ORDERS else self.status == "held"

    def allows(self, who: str, action: str, now: int, args: dict, signs_too: bool) -> bool:
        if action in ORDERS:
            return who == AUTHORITY and self.orders(action, now)
        if action in ANSWERS:
            return self.status in ANSWERS[action] and self.answers(who, action, now, signs_too)
        if self.status != "held" or self.held_by:
            return action == "withdraw_nomination" and self.withdraws(who, now)
        locked = self.locked is not None and now < self.locked
        if action == "offer":
            return who == self.holder and (not locked or args["to"] == self.presentee) and self.offers(args, now)
        if action in OF_CARRIER:
            return who == CARRIER and not locked and (signs_too or self.holder == CARRIER)
        if action == "present" and not now < args["until"] <= now + LONGEST_LOCK:
            return False
        if action == "pledge" and args["due"] <= now:
            return False
        return not locked and self.does_alone(who, action, args)

    def withdraws(self, who: str, now: int) -> bool:
        running = self.locked is not None and now < self.locked
        is_order_party = self.form == "order" and who == self.order_party
        return self.status == "held" and is_order_party and self.nominee is not None and not running

    def does_alone(self, who: str, action: str, args: dict) -> bool:
        is_order_party = self.form == "order" and who == self.order_party
        if action == "nominate":
            return is_order_party and who != self.holder and args["to"] != who
        if action == "withdraw_nomination":
            return is_order_party and self.nominee is not None
        if who != self.holder:
            return False
        return {
            "endorse": args.get("to") != who and (is_order_party or self.form == "blank"),
            "endorse_in_blank": is_order_party,
            "endorse_nominee": self.nominee is not None,
            "present": args.get("presentee") != who,
            "pledge": args.get("to") != who and self.form != "straight" and who == self.entitled(),
            "surrender": who == self.entitled(),
            "surrender_for_amendment": True,
            "request_paper": True,
        }[action]

    def offers(self, args: dict, now: int) -> bool:
        to, mode = args["to"], args["mode"]
        if to == self.holder or args.get("until", now + 1) <= now:
            return False
        if self.form == "straight":
            return mode == "possession" and to == self.consignee
        if self.form == "order":
            return mode == "possession" or self.holder == self.order_party
        return mode != "blank"

    def orders(self, action: str, now: int) -> bool:
        if self.status not in LIVE or (action == "order_transfer" and self.status == "surrender_accepted"):
            return False
        if action in ("hold", "dispute"):
            return not self.held_by and (self.locked is None or now >= self.locked)
        if action in ("lift_hold", "settle_dispute"):
            return bool(self.held_by) and self.disputed == (action == "settle_dispute")
        return bool(self.held_by)

    def answers(self, who: str, action: str, now: int, signs_too: bool) -> bool:
        lapsed, free = self.until is not None and now > self.until, not self.held_by
        return {
            "accept": who == self.offered_to and not lapsed and free,
            "reject": who == self.offered_to,
            "recall": who == self.holder,
            "expire": lapsed,
            "void": who == CARRIER and free,
            "accept_pledge": who == self.offered_to and free,
            "reject_pledge": who == self.offered_to,
            "recall_pledge": who == self.holder,
            "release_pledge": who == self.pledgee and free,
            "notify_default": who == self.pledgee and (self.due or 0) < now and self.notice is None,
            "enforce": who == self.pledgee and free and self.notice is not None and now >= self.notice + DELAY,
            "withdraw_surrender": who == self.holder,
            "accept_surrender": who == CARRIER and free,
            "refuse_surrender": who == CARRIER,
            "deliver_part": who == CARRIER and free,
            "confirm_delivery": who == CARRIER and free,
            "withdraw_amendment": who == self.holder,
            "refuse_amendment": who == CARRIER,
            "reissue": who == CARRIER and free,
            "cancel": who == CARRIER and free and (signs_too or self.holder == CARRIER),
            "withdraw_paper": who == self.holder,
            "refuse_paper": who == CARRIER,
            "to_paper": who == CARRIER and free,
            "end_presentation": self.presentee is not None and who == self.presentee,
        }[action]

    def to_order(self, party: str | None) -> None:
        self.form, self.order_party, self.nominee = ("blank" if party is None else "order"), party, None

    def no_offer(self, status: str) -> None:
        self.status, self.offered_to, self.mode, self.until = status, None, "possession", None

    def no_lock(self) -> None:
        self.presentee = self.locked = None

    def no_pledge(self) -> None:
        self.pledgee = self.pledgor = self.due = self.notice = None

    def asks(self, status: str, to: str) -> None:
        self.status, self.offered_to = status, to

    def ends(self, status: str) -> None:
        self.no_offer(status)
        self.holder = None

    def does(self, action: str, now: int, args: dict) -> None:  # noqa: C901
        match action:
            case "accept":
                if self.mode != "possession":
                    self.to_order(self.offered_to if self.mode == "endorse" else None)
                self.holder = self.offered_to
                self.no_offer("held")
                self.no_lock()
            case "reject" | "recall" | "expire":
                self.no_offer("returned" if self.status == "issued" else "held")
            case "void" | "cancel":
                self.ends("void")
            case "offer":
                self.asks("offered", args["to"])
                self.mode, self.until = args["mode"], args.get("until")
            case "endorse":
                self.to_order(args["to"])
            case "endorse_in_blank":
                self.to_order(None)
            case "endorse_nominee":
                self.to_order(self.nominee)
            case "nominate":
                self.nominee = args["to"]
            case "withdraw_nomination":
                self.nominee = None
            case "present":
                self.presentee, self.locked = args["presentee"], args["until"]
            case "end_presentation":
                self.no_lock()
            case "pledge":
                self.asks("pledge_offered", args["to"])
                self.due = args["due"]
            case "accept_pledge":
                self.pledgor, self.pledgee, self.holder = self.holder, self.offered_to, self.offered_to
                self.no_offer("pledged")
            case "reject_pledge" | "recall_pledge":
                self.no_offer("held")
                self.no_pledge()
            case "notify_default":
                self.notice = now
            case "release_pledge":
                self.holder, self.status = self.pledgor, "held"
                self.no_pledge()
            case "enforce":
                self.to_order(self.pledgee)
                self.holder, self.status = self.pledgee, "held"
                self.no_pledge()
            case "surrender":
                self.asks("surrendered", CARRIER)
            case "surrender_for_amendment":
                self.asks("amendment_requested", CARRIER)
            case "request_paper":
                self.asks("paper_requested", CARRIER)
            case "accept_surrender":
                self.holder = CARRIER
                self.no_offer("surrender_accepted")
            case "confirm_delivery":
                self.ends("delivered")
            case "to_paper":
                self.ends("on_paper")
            case "reissue" | "split" | "switch_bill" | "change_destination":
                self.no_offer("held")
                self.nominee = None
                self.no_lock()
            case "hold" | "dispute":
                self.held_by, self.disputed = AUTHORITY, action == "dispute"
            case "lift_hold" | "settle_dispute":
                self.held_by = None
            case "order_void" | "order_close":
                self.held_by = None
                self.ends("void" if action == "order_void" else "closed")
            case "order_transfer":
                self.held_by = None
                self.no_offer("held")
                self.no_lock()
                self.no_pledge()
                self.holder = args["to"]
                if self.form == "straight":
                    self.consignee = args["to"]
                else:
                    self.to_order(args["to"])
            case _ if action != "deliver_part":
                self.no_offer("held")
