"""One state of a ledger, for what takes a while: the audit and the reading of a pack of evidence, while others commit.

The ledger is copied as it is after one commit, whole batches only, and the copy is audited and read. It lies in the
home, in a folder that is its owner's alone, and is gone when the work is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ledger.store.sqlite import SqliteStore, open_sqlite
from nodes.audit_home import HomeAudit, audit_home, opened_ledger
from nodes.home import Home
from nodes.keystore import KeyStore
from nodes.reader import LedgerReader

__all__ = ["one_state"]


@contextmanager
def one_state(
    home: Home, keys: KeyStore | None = None, *, progress: Callable[[str, int], None] = lambda part, entries: None
) -> Iterator[tuple[LedgerReader, HomeAudit]]:
    """A ledger as it is at one moment: for reading, and its audit. Raises what `audit_home` raises."""
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="evidence-", dir=home.folder)))

        @contextmanager
        def copied(of: Home) -> Iterator[SqliteStore]:
            # Taken when the audit comes to the ledger: what the home remembers of it is older, and must be in it.
            with opened_ledger(of) as store:
                store.backup(folder / "ledger.db")
            yield held.enter_context(closing(open_sqlite(folder / "ledger.db", read_only=True)))

        found = audit_home(home, keys, ledger=copied, progress=progress)
        yield LedgerReader(held.enter_context(closing(open_sqlite(folder / "ledger.db", read_only=True)))), found
