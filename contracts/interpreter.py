"""One interpreter for all tables: it judges one transaction, and changes copies of its records.

Judged in this order, the first that fails is the refusal:
  (1) signature   one signature is by a current key of the actor, any others by current keys of members
  (2) time        the transaction may still be included
  (3) sequence    every record that it names stands where the signer saw it
  (4) table       the action, its statement, the state, the arguments, the mandate, who may sign, the guards
Form, signatures' validity and the ledger were judged before (`ledger.transaction.admit`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import LadingError
from ledger.hashing import ledger_record
from ledger.member import key_claim
from ledger.record import MAX_CONTENT, Record
from ledger.times import iso
from ledger.transaction import SignedTransaction, Transaction

from .act import Act, World
from .mandate import check_mandate
from .parties import key_is_valid, members_of
from .refusals import (
    ActorUnknown,
    BadArguments,
    Expired,
    GuardFailed,
    NotTheActorsKey,
    RecordTooLarge,
    RuleFault,
    RuleRefused,
    Stale,
    StatementMismatch,
    UnknownAction,
    UnknownRecord,
    WrongState,
)
from .rules import CompiledAction, Rules
from .table import NEW
from .types import fits, mismatch

__all__ = ["carry_out", "judge"]

_Keys = frozenset[tuple[int, bytes]]


def judge(rules: Rules, world: World, signed: SignedTransaction, time: int, index: int) -> tuple[Act, list[Record]]:
    """Judge a transaction as entry `index` of the log at ledger time `time` (Unix milliseconds).

    Gives the act, with the numbers that it claims, and the changed and new records, the one that the act is
    about first; the state itself is not changed. Raises one of `contracts.refusals`.
    """
    transaction = signed.transaction
    keys = frozenset([(algorithm, key) for algorithm, key, _ in signed.signatures])
    actor = world.record(transaction.actor)  # (1)
    if actor is None or actor.kind != "member":
        raise ActorUnknown("the actor is not a member of this ledger", value=transaction.actor)
    signers = _signers(world, transaction, actor, keys, time)
    if time > transaction.valid_until:  # (2)
        raise Expired(
            f"it could be included until {iso(transaction.valid_until)}, the ledger's time is {iso(time)}",
            value=iso(transaction.valid_until),
        )
    targets = _targets(world, transaction)  # (3)
    record = targets[0] if targets else None
    compiled = _compiled(rules, transaction, record)  # (4)
    if len(targets) > 1 or compiled.action.targets != "one":
        _check_targets(rules, compiled, transaction, targets)
    _next_status(compiled, record)
    if not fits(compiled.shape, transaction.arguments):
        wrong = mismatch(compiled.action.arguments, transaction.arguments) or ("an argument does not fit", None)
        raise BadArguments(f"{compiled.rule}: {wrong[0]}", value=wrong[1])
    if transaction.represented is not None:
        check_mandate(world, transaction, time)
    act = Act(
        transaction, compiled.table, compiled.action, actor, record, time, world, keys,
        targets=targets, signers=signers,
    )  # fmt: skip
    if len(signers) > 1:
        _check_signers(act)
    _check_guards(compiled, act)
    act.previous = tuple([one.entry for one in targets])
    return act, _carry_out(compiled, act, signed.leaf, index)


def _carry_out(compiled: CompiledAction, act: Act, head: bytes, index: int) -> list[Record]:
    """`carry_out`; an effect that fails on what a table lets happen is a refusal too."""
    try:
        return carry_out(compiled, act, head, index)
    except (LadingError, MemoryError, RecursionError):
        raise
    except Exception as exc:  # noqa: BLE001 - a table that members voted in stops no node
        raise RuleFault(f"{compiled.rule}: an effect fails with {type(exc).__name__}", value=compiled.rule) from None


def carry_out(compiled: CompiledAction, act: Act, head: bytes, index: int) -> list[Record]:
    """Let an act that was judged change copies of its records. Raises `RecordTooLarge`."""
    before = act.targets
    act.targets = [record.copy() for record in before]
    if act.targets:
        act.record = act.targets[0]
    for effect in compiled.effects:
        effect(act)
    first: Record = act.record
    if not before:
        first.status = compiled.action.moves[NEW]
    for old, record in zip(before, act.targets, strict=True):
        if record.kind == compiled.table.kind:
            record.status = _next_status(compiled, old)
            record.version = compiled.table.version
    changed = list(act.targets) if before else [first]
    for record, status in act.made:
        record.status = status
        changed.append(record)
    for record in changed:
        record.sequence += 1
        record.head = head
        record.entry = index
        if compiled.grows and len(record.encode()) > MAX_CONTENT:
            raise RecordTooLarge(f"the record would have more than {MAX_CONTENT:,} bytes", value=record.id)
    return changed


def _signers(world: World, transaction: Transaction, actor: Record, keys: _Keys, time: int) -> frozenset[bytes]:
    """The members whose keys the signatures are by; one of them is the actor."""
    if len(keys) == 1:
        ((algorithm, key),) = keys
        for entry in actor.fields["keys"]:
            if entry[1] == key and entry[0] == algorithm and key_is_valid(entry, time):
                return frozenset((actor.id,))
    own = _current(actor, keys, time)
    if not own:
        raise NotTheActorsKey(
            f"no signature is by a current key of {actor.fields['alias']}", value=min(key for _, key in keys)
        )
    signers = {actor.id}
    for algorithm, key in sorted(keys.difference(own)):
        owner = world.number(key_claim(transaction.ledger, key))
        member = None if owner is None else world.record(owner)
        if member is None or not _current(member, frozenset([(algorithm, key)]), time):
            raise NotTheActorsKey("a further signature is by nobody who may sign it", value=key)
        signers.add(member.id)
    return frozenset(signers)


def _current(member: Record, keys: _Keys, time: int) -> list[tuple[int, bytes]]:
    """Those of `keys` that are the member's now."""
    found = []
    for entry in member.fields["keys"]:
        key = (entry[0], entry[1])
        if key in keys and key_is_valid(entry, time):
            found.append(key)
    return found


def _check_signers(act: Act) -> None:
    """Further signatures are by those whom the act concerns: nobody can put a stranger's signature on it."""
    concerned = set(act.world.governors)
    named: set[bytes] = {act.party}
    for record in act.targets:
        pending = () if record.pending is None else (record.pending.party,)
        parties = (record.issuer, record.controller, record.beneficiary, record.order_party, record.nominee,
                   record.pledgee, record.hold, *pending)  # fmt: skip
        named.update(party for party in parties if party is not None)
    for name, declared in act.action.arguments.items():
        value = act.args.get(name)
        if value is not None and declared.type in ("party", "parties"):
            named.update((value,) if declared.type == "party" else value)
    for party in named:
        concerned.update(members_of(act.world, party))
    strangers = act.signers - concerned - {act.actor.id}
    if strangers:
        raise NotTheActorsKey("a further signature is by a member whom the act does not concern", value=min(strangers))


def _targets(world: World, transaction: Transaction) -> list[Record]:
    """The records that the action changes, where the signer saw them."""
    found = []
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
        found.append(record)
    return found


def _compiled(rules: Rules, transaction: Transaction, record: Record | None) -> CompiledAction:
    stated = rules.stated.get(transaction.statement)  # the short way, for what is nearly always so
    if stated is not None and stated.rule == transaction.action:
        table = stated.table
        if record is None:
            if rules.current.get(table.kind) == table.version:
                return stated
        elif record.kind == table.kind and rules.standing(record)[0] == table.version:
            return stated
    kind, _, name = transaction.action.partition(".")
    if record is not None and kind != record.kind:
        raise UnknownAction(f"{transaction.action} is no action of a {record.kind}", value=transaction.action)
    version = rules.standing(record)[0] if record is not None else rules.current.get(kind, 0)
    compiled = rules.action(kind, version, name)
    if compiled is None:
        raise UnknownAction(f"no table of this ledger has the action {transaction.action}", value=transaction.action)
    if transaction.statement != compiled.statement:
        raise StatementMismatch(
            f"the statement of this action is {compiled.statement}, not {transaction.statement}",
            value=transaction.statement,
        )
    return compiled


def _check_targets(rules: Rules, compiled: CompiledAction, transaction: Transaction, targets: Sequence[Record]) -> None:
    """Several records are named only for an action of several, or one that changes the ledger's own record."""
    how, further = compiled.action.targets, targets[1:]
    if how == "ledger":
        if [record.id for record in further] != [ledger_record(transaction.ledger)]:
            raise BadArguments(f"{compiled.rule} names its record and, second, the ledger's own", value=len(targets))
        return
    if further and how != "several":
        raise BadArguments(f"{compiled.rule} changes one record, not several", value=len(targets))
    for record in further:
        if (record.kind, rules.standing(record)[0]) != (compiled.table.kind, compiled.table.version):
            raise BadArguments(f"{compiled.rule} changes records of one kind and version", value=record.id)
        _next_status(compiled, record)


def _next_status(compiled: CompiledAction, record: Record | None) -> str:
    if record is None:
        now = NEW
    else:
        now, table = record.status, compiled.table
        if record.version != table.version:
            now = table.standing(record.version, now)
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


def _check_guards(compiled: CompiledAction, act: Act) -> None:
    name = hint = ""
    try:
        for name, hint, check in compiled.guards:  # noqa: B007
            check(act)
        if compiled.action.targets == "several":
            for record in act.targets[1:]:
                act.record = record
                for name, hint, check in compiled.guards:  # noqa: B007
                    check(act)
            act.record = act.targets[0]
    except GuardFailed as failed:
        raise RuleRefused(failed.message, rule=compiled.rule, guard=name, hint=hint, value=failed.value) from None
    except (LadingError, MemoryError, RecursionError):
        raise
    except Exception as exc:  # noqa: BLE001 - a table that members voted in stops no node
        raise RuleFault(f"{compiled.rule}: {name} fails with {type(exc).__name__}", value=name) from None
