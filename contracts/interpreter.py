"""One interpreter for all tables: it judges one transaction, and changes a copy of its record.

Judged in this order, the first that fails is the refusal:
  (1) signature   every signature is by a key of the actor, or of a governor
  (2) time        the transaction may still be included
  (3) sequence    every record that it names stands where the signer saw it
  (4) table       the action, its statement, the state, the arguments, the guards
Form, signatures' validity and the ledger were judged before (`ledger.transaction.admit`).
"""

from __future__ import annotations

from ledger.record import Record
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

__all__ = ["judge"]


def judge(rules: Rules, world: World, signed: SignedTransaction, time: int, index: int) -> Act:
    """Judge a transaction as entry `index` of the log at ledger time `time` (Unix milliseconds).

    Gives the act with the changed record and the claimed numbers; the state itself is not changed.
    Raises one of `contracts.refusals`.
    """
    transaction = signed.transaction
    actor = _actor(world, signed, time)  # (1)
    if time > transaction.valid_until:  # (2)
        raise Expired(
            f"it could be included until {iso(transaction.valid_until)}, the ledger's time is {iso(time)}",
            value=transaction.valid_until,
        )
    record = _target(world, transaction)  # (3)
    compiled = _compiled(rules, transaction, record)  # (4)
    act = Act(
        transaction,
        compiled.table,
        compiled.action,
        actor,
        record,
        time,
        world,
        tuple(key for _, key, _ in signed.signatures),
    )
    status = _next_status(compiled, record, world)
    _check_arguments(compiled, transaction)
    _check_guards(compiled, act)
    if record is not None:
        act.record = record.copy()
    for effect in compiled.effects:
        effect(act)
    changed = act.record
    changed.status = status
    changed.sequence += 1
    changed.head = signed.leaf
    changed.entry = index
    return act


def _actor(world: World, signed: SignedTransaction, time: int) -> Record:
    transaction = signed.transaction
    actor = world.record(transaction.actor)
    if actor is None or actor.kind != "member":
        raise ActorUnknown("the actor is not a member of this ledger", value=transaction.actor)
    if transaction.represented is not None:
        raise BadArguments("no mandate lets the actor represent another member", value=transaction.represented)
    keys = {key for _, key, _ in signed.signatures}
    valid = {entry[1] for entry in actor.fields["keys"] if key_is_valid(entry, time)}
    if not keys & valid:
        raise NotTheActorsKey(
            f"no signature is by a current key of {actor.fields['alias']}",
            value=next(iter(sorted(keys))),
        )
    if len(keys) > 1:
        _check_cosigners(world, keys - valid, time)
    return actor


def _check_cosigners(world: World, keys: set[bytes], time: int) -> None:
    """Further signatures are by governors: nobody can put a stranger's signature on an act."""
    known: set[bytes] = set()
    for governor in world.governors:
        member = world.record(governor)
        if member is not None:
            known |= {entry[1] for entry in member.fields["keys"] if key_is_valid(entry, time)}
    if not keys <= known:
        raise NotTheActorsKey("a further signature is by nobody who may sign it", value=sorted(keys - known)[0])


def _target(world: World, transaction: Transaction) -> Record | None:
    """The record that the action changes, where the signer saw it."""
    targets = transaction.targets
    if not targets:
        return None
    if len(targets) > 1:
        raise BadArguments("no action of this ledger's tables changes several records", value=len(targets))
    target = targets[0]
    record = world.record(target.record)
    if record is None:
        raise UnknownRecord("the record is not on this ledger", value=target.record)
    if record.sequence != target.sequence or record.head != target.head:
        raise Stale(
            f"signed on sequence {target.sequence}, the record is at {record.sequence}: "
            f"entry {record.entry} is its newest",
            record=target.record,
            sequence=target.sequence,
        )
    return record


def _compiled(rules: Rules, transaction: Transaction, record: Record | None) -> CompiledAction:
    kind, _, name = transaction.action.partition(".")
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


def _next_status(compiled: CompiledAction, record: Record | None, world: World) -> str:
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
    wrong = mismatch(compiled.action.arguments, transaction.arguments)
    if wrong is not None:
        raise BadArguments(f"{compiled.rule}: {wrong[0]}", value=wrong[1])


def _check_guards(compiled: CompiledAction, act: Act) -> None:
    name = hint = ""
    try:
        if act.actor.status != "active":
            raise GuardFailed(f"{act.actor.fields['alias']} is suspended", act.actor.id)
        for name, hint, check in compiled.guards:  # noqa: B007
            check(act)
    except GuardFailed as failed:
        raise RuleRefused(
            failed.message,
            rule=compiled.rule,
            guard=name or "actor_is_active@1",
            hint=hint or "a suspended member acts again after the governors reinstate it",
            value=failed.value,
        ) from None
