"""Waiting for the disk in another thread, while the committing one goes on with what writes nothing.

statements (Python and SQLite)   the committing thread waits: both would only take the interpreter's lock
                                 from each other, row by row
commit (copying pages, fsync)    one call without the lock: the committing thread goes on
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Event, Thread

from ledger.chain import Batch
from ledger.store.port import Store

__all__ = ["append_beside"]


def append_beside(store: Store, batch: Batch, meanwhile: Iterable[Callable[[], None]]) -> None:
    """Append a batch, durably. While the disk is waited for, do in this thread one after another of `meanwhile`.

    Raises what appending raises, when it is known; or else what one of `meanwhile` raises.
    """
    handed_over, appended = Event(), Future[None]()
    # A thread for each batch costs 50 µs, and leaves none behind when the engine is not needed any more.
    Thread(target=_append, args=(store, batch, handed_over, appended), name="lading-disk", daemon=True).start()
    handed_over.wait()
    try:
        for work in meanwhile:
            if appended.done():
                break
            work()
    finally:
        appended.result()


def _append(store: Store, batch: Batch, handed_over: Event, appended: Future[None]) -> None:
    try:
        store.append(batch, handed_over.set)
    except BaseException as exc:  # noqa: BLE001 - the committing thread raises it
        appended.set_exception(exc)
    else:
        appended.set_result(None)
    finally:
        handed_over.set()
