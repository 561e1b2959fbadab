"""Admission: what is judged of an entry without the state. Form, signatures, ledger, in this order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from ledger.errors import LadingError, UnavailableError
from ledger.transaction import SignedTransaction, check_ledger
from nodes.verifier import Verifier

__all__ = ["Admission", "Admitted", "EntryFailed"]


class EntryFailed(UnavailableError):
    """Reading or judging an entry failed in a way that nobody foresaw. The ledger is as it was."""

    code = "engine.entry_failed"
    hint = "this is an error of lading: report it, with the entry"


Admitted = SignedTransaction | LadingError
"""An entry whose form, signatures and ledger are right, or what is wrong with it."""


class Admission:
    """Entries on their way to a commit: their forms are judged, their signatures are being checked."""

    def __init__(self, entries: Iterable[bytes], verifier: Verifier, ledger: bytes) -> None:
        self._ledger = ledger
        self._read = [_read(entry) for entry in entries]
        signed = [one for one in self._read if isinstance(one, SignedTransaction)]
        self._ticket = verifier.start([message for one in signed for message in one.messages()])

    def finish(self) -> list[Admitted]:
        """The entries in order, waiting for their signatures. Judged in the order form, signatures, ledger."""
        errors = iter(self._ticket.results())
        return [one if isinstance(one, LadingError) else self._admitted(one, errors) for one in self._read]

    def _admitted(self, signed: SignedTransaction, errors: Iterator[LadingError | None]) -> Admitted:
        bad = [error for error in islice(errors, len(signed.signatures)) if error is not None]
        if bad:
            return bad[0]
        try:
            check_ledger(signed, self._ledger)
        except LadingError as error:
            return error
        return signed


def _read(entry: bytes) -> Admitted:
    try:
        return SignedTransaction.decode(entry)
    except LadingError as error:
        return error
    except Exception as exc:  # noqa: BLE001 - an entry never takes others with it
        return EntryFailed(f"reading it failed with {type(exc).__name__}")
