"""Making a ledger: the first policy, the genesis, and the operator's home in which both are kept.

    plan = Plan(origin="ledger.example/main", members=cards, cosigners=("carrier", "bank"), …)
    genesis = found_ledger(home, keys, plan, clock=now_ms)

The log's key is the operator's, under the origin's name. A member's `…/replay` key is a witness of the policy,
named by the member's alias; a group of all of them, `cosigners`, is the quorum. One or two cosigners make no
quorum that anybody should rely on: the policy then says `quorum none`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from contracts.table import RuleTable
from ledger.errors import LadingError, UsageError
from ledger.genesis import Genesis, TableRef
from ledger.member import MemberCard
from ledger.note import SIGNING_KEY, VerifierKey
from ledger.policy import NO_QUORUM, Group, Log, Policy, Witness
from ledger.quorum import check_adoptable, tolerated
from nodes.checkpoints import sign_current
from nodes.engines.solo import AlreadyFounded, SoloEngine
from nodes.home import Home
from nodes.keystore import KeyName, KeyStore
from nodes.tables import shipped_rulebook, shipped_tables

__all__ = ["NoSuchFounder", "Plan", "found_ledger", "make_genesis", "make_policy", "usual_quorum"]

_GROUP: Final = "cosigners"
_FEWEST: Final = 3
"""Fewer cosigners than this make no quorum."""


class NoSuchFounder(UsageError):
    """A cosigner or a governor is named that is no founding member, or that has no cosigner key."""

    code = "founding.no_such_founder"
    hint = "name it as its card does (`alias`), and give its card with --member; a cosigner needs --cosigner-name"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided about a new ledger. Members are named by alias; `members[0]` is the operator's card.

    `quorum` is how many cosigners must sign, 0 for none, None for the fewest that can be relied on. `rulebook` is
    the SHA-256 of the rulebook in hex, "" for the shipped one. `law` is what bills are issued under unless they say.
    """

    origin: str
    members: tuple[MemberCard, ...]
    cosigners: tuple[str, ...] = ()
    governors: tuple[str, ...] = ()
    quorum: int | None = None
    rulebook: str = ""
    law: str = ""


def usual_quorum(count: int) -> int:
    """The fewest of `count` cosigners of whom any two sets share more than may lie; 0 for one or two."""
    return 0 if count < _FEWEST else (count + tolerated(count)) // 2 + 1


def make_policy(plan: Plan, log_key: bytes) -> Policy:
    """The first policy. Raises `NoSuchFounder`, `BadPolicy`, or `WeakQuorum` for one nobody should rely on."""
    witnesses = tuple(Witness(alias, _replay_key(plan, alias)) for alias in plan.cosigners)
    log = (Log(VerifierKey(plan.origin, SIGNING_KEY, log_key)),)
    threshold = usual_quorum(len(witnesses)) if plan.quorum is None else plan.quorum
    if threshold:
        groups = (Group(_GROUP, threshold, tuple(one.name for one in witnesses)),)
        policy = Policy(log, witnesses, groups, _GROUP)
    else:
        policy = Policy(log, witnesses, (), NO_QUORUM)
    check_adoptable(policy)
    return policy


def make_genesis(plan: Plan, policy: Policy, tables: Sequence[RuleTable], created: int) -> Genesis:
    """The genesis, checked. Governors are those of the plan, else the cosigners, else all members."""
    everybody = tuple(card.alias for card in plan.members)
    governors = plan.governors or plan.cosigners or everybody
    parameters = {"rulebook": plan.rulebook or shipped_rulebook()[1]}
    genesis = Genesis(
        origin=plan.origin,
        created=created,
        members=plan.members,
        governors=tuple(_founder(plan, alias).id for alias in governors),
        policy=policy.format().decode("utf-8"),
        tables=tuple(TableRef(table.kind, table.version, sha256(table.encode()).digest()) for table in tables),
        parameters=parameters | ({"law": plan.law} if plan.law else {}),
    )
    return Genesis.decode(genesis.encode())


def found_ledger(
    home: Home,
    keys: KeyStore,
    plan: Plan,
    *,
    clock: Callable[[], int],
    tables: Sequence[RuleTable] | None = None,
) -> Genesis:
    """Found the ledger in the operator's home: database, pinned genesis and policy, first checkpoint.

    It begins with the shipped rule tables, unless others are given.
    Until all is written, the home belongs to no ledger, and the same can be done again. Raises `AlreadyFounded`.
    """
    with home.lock(purpose="lading init"):
        _check_empty(home)
        policy = make_policy(plan, keys.public_key(KeyName.LOG))
        tables = shipped_tables() if tables is None else tables
        genesis = make_genesis(plan, policy, tables, clock())
        draft = home.ledger_path.with_suffix(".founding")
        _remove_draft(draft)
        try:
            _write(draft, genesis, tables, keys, clock)
            home.operate()
            draft.rename(home.ledger_path)
        except LadingError:
            _remove_draft(draft)
            raise
        home.join(genesis.encode(), genesis.policy)
    return genesis


def _check_empty(home: Home) -> None:
    if home.settings.ledger_id is not None:
        raise AlreadyFounded(f"the home {home.folder} belongs to a ledger", value=home.settings.ledger_id)
    if home.ledger_path.exists():
        raise AlreadyFounded(
            f"{home.ledger_path} is there, and the home knows nothing of it",
            value=str(home.ledger_path),
            hint="a founding was interrupted at its end; move the file away, and found the ledger again",
        )


def _write(path: Path, genesis: Genesis, tables: Sequence[RuleTable], keys: KeyStore, clock: Callable[[], int]) -> None:
    from ledger.store.sqlite import open_sqlite

    store = open_sqlite(path, create=True)
    try:
        SoloEngine.found(store, genesis, tables, clock)
        sign_current(store, genesis.origin, keys)
    finally:
        store.close()


def _remove_draft(path: Path) -> None:
    """What an interrupted founding has left; nobody has joined it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _founder(plan: Plan, alias: str) -> MemberCard:
    for card in plan.members:
        if card.alias == alias:
            return card
    raise NoSuchFounder(f"no founding member has the alias {alias}", value=alias)


def _replay_key(plan: Plan, alias: str) -> VerifierKey:
    card = _founder(plan, alias)
    if "replay" not in card.cosigners:
        raise NoSuchFounder(f"the card of {alias} has no cosigner key", value=alias)
    return VerifierKey.parse(card.cosigners["replay"])
