"""The eight invariants of a rule table, as far as one step shows whether it keeps them.

    1 control     every live state has exactly one party in control: a member or a joint group
    2 moving      control moves by the signature of the party in control, or by acceptance of its open offer
    3 final       nothing happens to a record in a terminal state
    4 surrender   a surrender for delivery is accepted once
    5 ending      from every live state an end can be reached, if the table has ends    (`explore.py`)
    6 pledge      under a pledge, control moves, the record is surrendered or ends, and the pledge is lifted by the
                  pledgee's signature alone
    7 lock        before `locked_until` control moves to the presentee alone, and the lock stays unless it signs
    8 head        what changes anything that a guard reads advances sequence and head

An action with an `exception` need not keep 2, and where an authority signs it not 6; the result names it. A lock has no
exception. The presentee is the party in the record's field `presentee`, or where the table declares none its nominee.
A surrender is an offer to the issuer whose purpose begins with `surrender`; one for amendment may be accepted again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.parties import GROUP
from contracts.table import RuleTable
from contracts.vocabulary import EFFECTS
from ledger.record import Record

from .cast import Cast
from .readable import Readable
from .states import NEXT_HEAD, State, projection
from .steps import Step
from .times import NOW

__all__ = ["ENDING", "INVARIANTS", "Invariants", "Reason"]

INVARIANTS: Final = {
    "control": "every live state has exactly one party in control: a member, or members in joint control",
    "moving": "only the party in control, or an exception that the table names, moves control",
    "final": "every terminal state is final",
    "surrender": "a surrender is accepted once",
    "ending": "every live state can reach an end",
    "pledge": "a pledge cannot be walked around",
    "lock": "before a presentation lock ends nothing moves control but to the presentee",
    "head": "every action that changes what a guard reads advances the head",
}
ENDING: Final = "ending"
_PARTIES: Final = frozenset({"member", GROUP})
_PRESENTEE: Final = "presentee"


class Reason:
    """How an invariant is broken: a text with a place for each of the parties."""

    __slots__ = ("parties", "text")

    def __init__(self, text: str, *parties: bytes | None) -> None:
        self.text = text
        self.parties = parties


class Invariants:
    """Looks at the steps of one table."""

    def __init__(self, table: RuleTable, cast: Cast) -> None:
        self._table = table
        self._cast = cast
        self._authority = cast.ids["authority"]
        self._accepting = {
            action.name
            for action in table.actions.values()
            if any("control" in EFFECTS[word.name].relies.gives for word in action.effects)
        }

    def live(self, record: Record) -> bool:
        """Whether the record's state is no end."""
        return not self._table.states[record.status].terminal

    def accepts_surrender(self, step: Step) -> bool:
        """Whether a surrender for delivery is accepted by this step."""
        pending = step.before.pending if step.before is not None else None
        return (
            pending is not None
            and pending.purpose.startswith("surrender")
            and "amendment" not in pending.purpose
            and step.action in self._accepting
            and step.after.pending is None
            and step.after.controller == pending.party
            and pending.party in step.signed
        )

    def broken(self, state: State | None, step: Step, readable: Readable) -> Iterator[tuple[str, Reason]]:
        """Each invariant that the step breaks, and how."""
        for record in (step.after, *step.made):
            if self.live(record) and not self._in_control(record):
                yield "control", Reason(f"in {record.status} {{}} is in control", record.controller)
        if state is None or step.before is None:
            return
        if not self.live(step.before):
            yield "final", Reason(f"{step.before.status} is terminal, and {step.action} acts on it")
        exception = bool(self._table.actions[step.action].exception)
        if not exception:
            yield from self._moving(state, step)
        if not exception or self._authority not in step.signed:
            yield from self._pledge(state, step)
        if state.surrendered and self.accepts_surrender(step):
            yield "surrender", Reason("a surrender was accepted before")
        yield from self._lock(step)
        if projection(step.before, readable) != state.standing:
            yield "head", Reason("the record is changed where it stands, and its head does not advance")
        yield from self._head(step.before, step, readable)

    def _in_control(self, record: Record) -> bool:
        """Whether somebody who can sign is in control; members and groups are in control of themselves."""
        party = record.controller
        if party is None:
            return False
        held = self._cast.records.get(party)
        return (held is not None and held.kind in _PARTIES) or (record.kind in _PARTIES and party == record.id)

    def _accepted(self, state: State, step: Step, whose: bytes | None) -> bool:
        """Whether the step accepts, in time and by its recipient, an offer that bears `whose` signature."""
        pending = state.record.pending
        return (
            pending is not None
            and whose in state.consent
            and step.after.controller == pending.party
            and pending.party in step.signed
            and (pending.until is None or pending.until > NOW)
        )

    def _moving(self, state: State, step: Step) -> Iterator[tuple[str, Reason]]:
        old = state.record.controller
        if step.after.controller == old or old in step.signed or self._accepted(state, step, old):
            return
        yield "moving", Reason(
            "control passes from {} to {} without the signature of {}, and by no offer of it that is open and accepted",
            old, step.after.controller, old,
        )  # fmt: skip

    def _pledge(self, state: State, step: Step) -> Iterator[tuple[str, Reason]]:
        before, after = state.record, step.after
        pledgee = before.pledgee
        if pledgee is None or pledgee in step.signed:
            return
        moved = after.controller != before.controller and not self._accepted(state, step, pledgee)
        surrenders = (
            after.pending is not None
            and after.pending != before.pending
            and after.pending.purpose.startswith("surrender")
        )
        for happens, what in (
            (moved, "control moves" if self.live(after) else "the record ends"),
            (surrenders, "the record is surrendered"),
            (self.live(after) and not moved and after.pledgee != pledgee, "the pledge is lifted"),
        ):
            if happens:
                yield "pledge", Reason(f"{what} without the signature of the pledgee, {{}}", pledgee)
                return

    def _lock(self, step: Step) -> Iterator[tuple[str, Reason]]:
        before, after = step.before, step.after
        if before is None or before.locked_until is None or before.locked_until <= NOW:
            return
        named = _PRESENTEE in self._table.fields
        presentees = {before.fields.get(_PRESENTEE) if named else before.nominee} - {None}
        if after.controller != before.controller and after.controller not in presentees:
            yield "lock", Reason("control passes to {}, not to the presentee, before the lock ends", after.controller)
        elif after.controller == before.controller and _shorter(before, after) and not presentees & step.signed:
            yield "lock", Reason("the lock is lifted before its end without the presentee's signature")

    def _head(self, before: Record, step: Step, readable: Readable) -> Iterator[tuple[str, Reason]]:
        after = step.after
        advanced = after.sequence > before.sequence and after.head == NEXT_HEAD
        if not advanced and projection(before, readable) != projection(after, readable):
            yield "head", Reason("the record changes, and its head does not advance")


def _shorter(before: Record, after: Record) -> bool:
    """Whether a lock ends earlier than it did."""
    return before.locked_until is not None and (after.locked_until or 0) < before.locked_until
