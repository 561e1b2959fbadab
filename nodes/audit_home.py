"""Auditing a home: its ledger, the copy that it has replayed itself, its documents, and what it remembers of others.

ledger    the operator's `ledger.db`, compared with the genesis and the policy that the home has pinned
replica   `replica.db`, the log as a cosigner has replayed it: the ledger must still have its root at that size
home      the pinned genesis, policy and card; `cosigner.json`, whose root the ledger must still have
vault     every document, if the keys are given
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.errors import DamagedError, InputError, LadingError
from ledger.genesis import Genesis
from ledger.member import MemberCard
from ledger.policy import Policy
from ledger.store.port import NoStore
from ledger.store.sqlite import SqliteStore, open_sqlite
from nodes.access import LedgerAway, LedgerLost
from nodes.audit import AuditReport, audit_store
from nodes.audit_findings import Findings
from nodes.cosigned import Cosigned
from nodes.home import Home
from nodes.keystore import KeyStore
from nodes.vault import Vault

__all__ = ["HomeAudit", "audit_home", "opened_ledger"]

_REPLICA = "replica.db"


@dataclass(slots=True)
class HomeAudit:
    """The audit of a home: that of its ledger, of its replica if it has one, and what else was found."""

    ledger: AuditReport
    replica: AuditReport | None
    home: Findings
    documents: int | None
    """How many folders of documents were read; None without the keys."""

    @property
    def clean(self) -> bool:
        """Whether nothing was found anywhere."""
        return self.ledger.clean and not self.home.count and (self.replica is None or self.replica.clean)

    def as_dict(self) -> dict[str, Any]:
        """The audit for JSON output."""
        return {
            "clean": self.clean,
            "ledger": self.ledger.as_dict(),
            "replica": None if self.replica is None else self.replica.as_dict(),
            "vault_checked": self.documents is not None,
            "home": [difference.as_dict() for difference in self.home.listed],
        }


@contextmanager
def opened_ledger(home: Home) -> Iterator[SqliteStore]:
    """The operator's store, whatever it holds: what is wrong with it is for the audit to name."""
    folder = home.operator_folder()
    if not folder.is_dir():
        raise LedgerAway(f"there is no folder {folder}", value=str(folder))
    try:
        with _opened(folder / "ledger.db") as store:
            yield store
    except NoStore as absent:
        raise LedgerLost(f"the ledger of this home is lost: {absent.message}", value=str(folder)) from None


def audit_home(
    home: Home,
    keys: KeyStore | None = None,
    *,
    ledger: Callable[[Home], AbstractContextManager[SqliteStore]] = opened_ledger,
    progress: Callable[[str, int], None] = lambda part, entries: None,
) -> HomeAudit:
    """Audit everything that a home keeps or relies on. `progress` is told the part, and how many entries were read.

    `ledger` opens the operator's store, or a copy of it; it is asked after all that the home remembers was read.
    Raises `LedgerAway`, `LedgerLost`, or errors of the store where a ledger cannot be opened at all.
    """
    found = Findings()
    policy, origin = _pins(home, found)
    watched: dict[int, tuple[bytes, str]] = {}
    replica = None
    if (home.folder / _REPLICA).exists():
        with _opened(home.folder / _REPLICA) as store:
            replica = audit_store(
                store, ledger=home.settings.ledger_id, progress=lambda entries: progress("replica", entries)
            )
        if replica.clean:
            watched[replica.entries] = (replica.root, _REPLICA)
    _remembered(home, origin, watched, found)
    with ledger(home) as store:
        report = audit_store(
            store,
            policy,
            ledger=home.settings.ledger_id,
            watched=watched,
            progress=lambda entries: progress("ledger", entries),
        )
    documents = None if keys is None else _vault(home, keys, found)
    return HomeAudit(report, replica, found, documents)


@contextmanager
def _opened(path: Path) -> Iterator[SqliteStore]:
    with closing(open_sqlite(path, read_only=True)) as store:
        yield store


def _pins(home: Home, found: Findings) -> tuple[Policy, str]:
    """The pinned policy and the ledger's origin; what is wrong with a pinned file is found."""
    policy, origin = Policy(), ""
    try:
        policy = Policy.parse(home.read_policy().encode("utf-8"))
    except (DamagedError, InputError) as exc:
        found.error("policy.txt", "-", exc)
    try:
        origin = Genesis.decode(home.read_genesis()).origin
    except LadingError as exc:
        found.error("genesis.json", "-", exc)
    if home.settings.member is not None:
        try:
            card = MemberCard.decode(home.read_card())
            if card.id != home.settings.member:
                found.add("member.json", "-", "the card is another member's")
        except LadingError as exc:
            found.error("member.json", "-", exc)
    return policy, origin


def _remembered(home: Home, origin: str, watched: dict[int, tuple[bytes, str]], found: Findings) -> None:
    """What this member's cosigner keys have signed last."""
    memory = Cosigned(home.cosigner_path)
    for role in ("replay", "witness", "log"):
        try:
            signed = memory.newest(role, origin)
        except DamagedError as exc:
            found.error("cosigner.json", role, exc)
            return
        if signed is None:
            continue
        if watched.get(signed.size, (signed.root, ""))[0] != signed.root:
            found.add("cosigner.json", role, f"another root of size {signed.size} than {watched[signed.size][1]} has")
        watched[signed.size] = (signed.root, "cosigner.json")


def _vault(home: Home, keys: KeyStore, found: Findings) -> int:
    for damaged in Vault(home.vault_path, keys).check():
        found.add("vault", str(damaged.value), damaged.message)
    return sum(1 for path in home.vault_path.iterdir() if path.is_dir()) if home.vault_path.is_dir() else 0
