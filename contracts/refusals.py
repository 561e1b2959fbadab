"""Why a transaction is refused, in the order in which it is judged.

    form, signature, ledger     ledger.transaction (no state is needed)
    signature                   NotTheActorsKey, ActorUnknown
    time                        Expired
    sequence                    UnknownRecord, Stale
    table                       UnknownAction, StatementMismatch, WrongState, BadArguments, NoMandate,
                                RuleRefused, RuleFault, RecordTooLarge

`RuleRefused` has the code `rule.<guard>`; its `rule` names table, version, action and guard.
"""

from __future__ import annotations

from ledger.errors import RefusedError

__all__ = [
    "ActorUnknown",
    "BadArguments",
    "Expired",
    "GuardFailed",
    "NoMandate",
    "NotTheActorsKey",
    "RecordTooLarge",
    "RuleFault",
    "RuleRefused",
    "Stale",
    "StatementMismatch",
    "UnknownAction",
    "UnknownRecord",
    "WrongState",
]


class NotTheActorsKey(RefusedError):
    """A signature is by a key that is not, or no longer, the actor's."""

    code = "transaction.not_the_actors_key"
    hint = "sign with the current key of the member that acts; `lading member show` lists its keys"


class ActorUnknown(RefusedError):
    """The actor is not a member of this ledger."""

    code = "transaction.actor_unknown"
    hint = "enrol the member first: `lading member enrol`"


class Expired(RefusedError):
    """The ledger's time is past the time until which the transaction may be included."""

    code = "transaction.expired"
    hint = "sign again; nothing of it was done"


class UnknownRecord(RefusedError):
    """A record that the transaction names is not on this ledger."""

    code = "transaction.unknown_record"
    hint = "check the record's id: `lading list`"


class Stale(RefusedError):
    """Signed on a state of the record that is no longer its newest: another action won."""

    code = "transaction.stale_sequence"
    hint = "look at the record again (`lading show`), and sign on its new head if you still want to"

    def __init__(self, message: str, *, record: bytes, sequence: int) -> None:
        super().__init__(message, value=record)
        self.record = record
        self.sequence = sequence
        """The sequence that the signer saw; the entry that set the next one won."""
        self.winner: int | None = None
        """The index of that entry, once an engine has looked it up."""


class UnknownAction(RefusedError):
    """No table of this ledger has this action."""

    code = "rule.unknown_action"
    hint = "`lading rules show` lists the kinds and their actions"


class StatementMismatch(RefusedError):
    """What the signer read is not the statement of this action in this version of the table."""

    code = "rule.statement_mismatch"
    hint = "sign again with the statement of the record's own version of the table"


class BadArguments(RefusedError):
    """An argument is missing, unknown, or not of the type that the table declares."""

    code = "rule.bad_arguments"
    hint = "`lading rules show KIND` lists each action's arguments and their types"


class WrongState(RefusedError):
    """The action is not one of the record's present state."""

    code = "rule.wrong_state"
    hint = "`lading show` says which actions the record's state allows"


class NoMandate(RefusedError):
    """No mandate lets the actor act for whom it says that it represents."""

    code = "transaction.no_mandate"
    hint = "ask for a mandate (`lading mandate grant`, in the other's home), or act in your own name"


class RecordTooLarge(RefusedError):
    """The record would not fit the state any more."""

    code = "rule.record_too_large"
    hint = "give less: what a record holds is at most 65,536 bytes, documents stay outside it"


class RuleFault(RefusedError):
    """A guard or an effect of the table cannot deal with this record or these arguments."""

    code = "rule.fault"
    hint = "the fault is in the rule table or in lading itself: report it, with the act; nothing was done"


class GuardFailed(Exception):
    """Raised by a guard; the interpreter turns it into `RuleRefused` with the rule's name."""

    def __init__(self, message: str, value: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.value = value


class RuleRefused(RefusedError):
    """A guard of the table does not hold."""

    code = "rule.refused"
    hint = "`lading rules show KIND` prints the rule"

    def __init__(self, message: str, *, rule: str, guard: str, hint: str, value: object = None) -> None:
        super().__init__(f"{message} (rule {rule}: {guard})", value=value, hint=hint)
        self.code = "rule." + guard.split("@", 1)[0]  # type: ignore[misc]
        self.rule = rule
        self.guard = guard
