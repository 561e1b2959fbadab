"""Opening a ledger on this machine: for reading, or for writing under its lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ledger.errors import DamagedError, UnavailableError
from ledger.store.port import NoStore, Store
from nodes.engines.solo import SoloEngine
from nodes.home import Home, OtherLedger
from nodes.lock import LockHeld
from nodes.reader import LedgerReader

__all__ = ["LedgerAway", "LedgerLost", "open_for_reading", "open_for_writing", "open_replica", "open_store"]


class LedgerLost(DamagedError):
    """The home is pinned to a ledger, and where it was there is no file, an empty one, or one without its tables."""

    code = "home.ledger_lost"
    hint = "put ledger.db back from the newest backup, with its ledger.db-wal; nothing else can stand in for it"


class LedgerAway(UnavailableError):
    """The operator's folder is not there."""

    code = "home.ledger_away"
    hint = "the folder of the operator, or the disk it is on, is not there; `lading member join` says where it is now"


_CACHE_MIB = 16
"""A command's own cache; a node that serves takes more."""
_PATIENCE = 2.0
"""How long to wait for another command, in seconds, before it is taken for a node."""


def _store(path: Path, *, read_only: bool, create: bool = False, housekeeping: bool = True) -> Store:
    # SQLAlchemy takes a fifth of a second to import, which commands without a ledger need not wait for.
    from ledger.store.sqlite import open_sqlite

    return open_sqlite(path, read_only=read_only, create=create, cache_mib=_CACHE_MIB, housekeeping=housekeeping)


def _ledger(home: Home, *, read_only: bool, housekeeping: bool = True) -> Store:
    """The operator's store. Raises `LedgerAway`, `LedgerLost`, or `NoStore` where no ledger was ever pinned."""
    path = _operator_folder(home) / "ledger.db"
    try:
        return _store(path, read_only=read_only, housekeeping=housekeeping)
    except NoStore as absent:
        if home.settings.ledger_id is None:
            raise
        raise LedgerLost(f"the ledger of this home is lost: {absent.message}", value=str(path)) from None


def _operator_folder(home: Home) -> Path:
    folder = home.operator_folder()
    if not folder.is_dir():
        raise LedgerAway(f"there is no folder {folder}", value=str(folder))
    return folder


@contextmanager
def open_for_reading(home: Home) -> Iterator[LedgerReader]:
    """The ledger to which a home belongs, for reading beside whoever writes."""
    store = _ledger(home, read_only=True)
    try:
        reader = LedgerReader(store)
        _check_pin(home, reader)
        yield reader
    finally:
        store.close()


@contextmanager
def open_for_writing(home: Home, clock: Callable[[], int], *, purpose: str) -> Iterator[SoloEngine]:
    """The ledger for writing: one process at a time, by the lock in the operator's home."""
    _operator_folder(home)
    with home.ledger_lock(purpose=purpose):
        store = _ledger(home, read_only=False)
        try:
            engine = SoloEngine.open(store, clock)
            _check_pin(home, engine.reader)
            yield engine
        finally:
            store.close()


@contextmanager
def open_store(home: Home, *, purpose: str) -> Iterator[Store]:
    """The ledger's store for what needs no rules and no order, such as keeping a cosignature.

    It takes the ledger's lock where it is free. Where a node holds it for its life, the database's own
    transactions keep the two apart, and this process leaves the database's housekeeping to the node.
    """
    _operator_folder(home)
    with ExitStack() as held:
        try:
            held.enter_context(home.ledger_lock(purpose=purpose, timeout=_PATIENCE))
            alone = True
        except LockHeld:
            alone = False
        store = _ledger(home, read_only=False, housekeeping=alone)
        try:
            _check_pin(home, LedgerReader(store))
            yield store
        finally:
            store.close()


def open_replica(home: Home) -> Store:
    """The log as this member has replayed it, in its own home; the caller closes it."""
    return _store(home.folder / "replica.db", read_only=False, create=True)


def _check_pin(home: Home, reader: LedgerReader) -> None:
    """A home belongs to one ledger: another one under the same path is refused."""
    pinned = home.settings.ledger_id
    if pinned is not None and pinned != reader.genesis.id:
        raise OtherLedger(
            "the ledger at that place is not the one that this home is pinned to", value=reader.genesis.id
        )
