"""One interpreter for all tables: it judges one transaction, and changes a copy of its record.

Judged in this order, the first that fails is the refusal:
  (1) signature   one signature is by a current key of the actor, any others by current keys of governors
  (2) time        the transaction may still be included
  (3) sequence    every record that it names stands where the signer saw it
  (4) table       the action, its statement, the state, the arguments, the guards
Form, signatures' validity and the ledger were judged before (`ledger.transaction.admit`).
"""

from __future__ import annotations

from ledger.record import MAX_CONTENT, Record
from ledger.times import iso
from ledger.transaction import SignedTransaction, Transaction

from .act import Act, World
from .guards import key_is_valid
from .refusals import (
    ActorUnknown,
    BadArguments,
    Expired,
    GuardFailed,
    NotTheActorsKey,
    RecordTooLarge,
    RuleRefused,
    Stale,
    StatementMismatch,
    UnknownAction,
    UnknownRecord,
    WrongState,
)
from .rules import CompiledAction, Rules
from .table import NEW
from .types import mismatch

__all__ = ["carry_out", "judge"]

_Keys = frozenset[tuple[int, bytes]]


def judge(rules: Rules, world: World, signed: SignedTransaction, time: int, index: int) -> Act:
    """Judge a transaction as entry `index` of the log at ledger time `time` (Unix milliseconds).

    Gives the act with the changed record and the claimed numbers; the state itself is not changed.
    Raises one of `contracts.refusals`.
    """
    transaction = signed.transaction
    keys = frozenset([(algorithm, key) for algorithm, key, _ in signed.signatures])
    actor = _actor(world, transaction, keys, time)  # (1)
    if time > transaction.valid_until:  # (2)
        raise Expired(
            f"it could be included until {iso(transaction.valid_until)}, the ledger's time is {iso(time)}",
            value=iso(transaction.valid_until),
        )
    record = _target(world, transaction)  # (3)
    compiled = _compiled(rules, transaction, record)  # (4)
    status = _next_status(compiled, record)
    _check_arguments(compiled, transaction)
    act = Act(transaction, compiled.table, compiled.action, actor, record, time, world, keys)
    _check_guards(compiled, act)
    carry_out(compiled, act, status, signed.leaf, index)
    return act


def carry_out(compiled: CompiledAction, act: Act, status: str, head: bytes, index: int) -> None:
    """Let an act that was judged change a copy of its record. Raises `RecordTooLarge`."""
    before: Record | None = act.record
    if before is not None:
        act.record = before.copy()
    for effect in compiled.effects:
        effect(act)
    changed: Record = act.record
    changed.status = status
    changed.sequence += 1
    changed.head = head
    changed.entry = index
    if compiled.grows and len(changed.encode()) > MAX_CONTENT:
        raise RecordTooLarge(f"the record would have more than {MAX_CONTENT:,} bytes", value=changed.id)


def _actor(world: World, transaction: Transaction, keys: _Keys, time: int) -> Record:
    actor = world.record(transaction.actor)
    if actor is None or actor.kind != "member":
        raise ActorUnknown("the actor is not a member of this ledger", value=transaction.actor)
    own = _current(actor, keys, time)
    if not own:
        raise NotTheActorsKey(
            f"no signature is by a current key of {actor.fields['alias']}", value=min(key for _, key in keys)
        )
    if len(keys) > 1:
        _check_cosigners(world, keys.difference(own), time)
    return actor


def _current(member: Record, keys: _Keys, time: int) -> list[tuple[int, bytes]]:
    """Those of `keys` that are the member's now."""
    found = []
    for entry in member.fields["keys"]:
        key = (entry[0], entry[1])
        if key in keys and key_is_valid(entry, time):
            found.append(key)
    return found


def _check_cosigners(world: World, keys: _Keys, time: int) -> None:
    """Further signatures are by governors: nobody can put a stranger's signature on an act."""
    for governor in world.governors:
        member = world.record(governor)
        if member is not None:
            keys = keys.difference(_current(member, keys, time))
    if keys:
        raise NotTheActorsKey("a further signature is by nobody who may sign it", value=min(key for _, key in keys))


def _target(world: World, transaction: Transaction) -> Record | None:
    """The record that the action changes, where the signer saw it."""
    record = None
    for target in transaction.targets:
        record = world.record(target.record)
        if record is None:
            raise UnknownRecord("the record is not on this ledger", value=target.record)
        if record.sequence != target.sequence or record.head != target.head:
            seen = f"sequence {target.sequence}"
            seen += " of another history" if record.sequence == target.sequence else ""
            raise Stale(
                f"signed on {seen}, the record is at {record.sequence}: entry {record.entry} is its newest",
                record=target.record,
                sequence=target.sequence,
            )
    return record


def _compiled(rules: Rules, transaction: Transaction, record: Record | None) -> CompiledAction:
    kind, _, name = transaction.action.partition(".")
    if len(transaction.targets) > 1:
        raise BadArguments("no action of this ledger's tables changes several records", value=len(transaction.targets))
    if record is not None and kind != record.kind:
        raise UnknownAction(f"{transaction.action} is no action of a {record.kind}", value=transaction.action)
    version = record.version if record is not None else rules.current.get(kind, 0)
    compiled = rules.action(kind, version, name)
    if compiled is None:
        raise UnknownAction(f"no table of this ledger has the action {transaction.action}", value=transaction.action)
    if transaction.statement != compiled.statement:
        raise StatementMismatch(
            f"the statement of this action is {compiled.statement}, not {transaction.statement}",
            value=transaction.statement,
        )
    return compiled


def _next_status(compiled: CompiledAction, record: Record | None) -> str:
    now = NEW if record is None else record.status
    after = compiled.action.moves.get(now)
    if after is not None:
        return after
    if record is None:
        raise UnknownRecord(f"{compiled.rule} acts on a record, and the transaction names none")
    if compiled.table.states[now].terminal:
        raise WrongState(
            f"the {compiled.table.title.lower()} is {now} since {iso(record.since)}, by entry {record.entry}; "
            "nothing can be done with it any more",
            value=record.id,
        )
    raise WrongState(
        f"{compiled.rule} is done from {', '.join(sorted(compiled.action.moves))}; the record is {now}",
        value=now,
    )


def _check_arguments(compiled: CompiledAction, transaction: Transaction) -> None:
    if transaction.represented is not None:
        raise BadArguments("no mandate lets the actor represent another member", value=transaction.represented)
    wrong = mismatch(compiled.action.arguments, transaction.arguments)
    if wrong is not None:
        raise BadArguments(f"{compiled.rule}: {wrong[0]}", value=wrong[1])


def _check_guards(compiled: CompiledAction, act: Act) -> None:
    name = hint = ""
    try:
        for name, hint, check in compiled.guards:  # noqa: B007
            check(act)
    except GuardFailed as failed:
        raise RuleRefused(failed.message, rule=compiled.rule, guard=name, hint=hint, value=failed.value) from None
