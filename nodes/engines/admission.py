"""Admission: what is judged of an entry without the state. Form, signatures, ledger, in this order."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.errors import LadingError, UnavailableError
from ledger.transaction import SignedTransaction, check_ledger
from nodes.verifier import Message, Verifier

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
        self._read = [_read(entry) for entry in entries]
        self._ledger = ledger
        self._owners: list[int] = []
        messages: list[Message] = []
        for position, one in enumerate(self._read):
            if isinstance(one, SignedTransaction):
                messages += one.messages()
                self._owners += [position] * len(one.signatures)
        self._ticket = verifier.start(messages)
        self._finished = False

    def finish(self) -> list[Admitted]:
        """The entries in order, waiting for their signatures. Judged in the order form, signatures, ledger."""
        if not self._finished:
            self._read, self._finished = self._judged(), True
        return self._read

    def _judged(self) -> list[Admitted]:
        bad: dict[int, LadingError] = {}
        for position, error in zip(self._owners, self._ticket.results(), strict=True):
            if error is not None:
                bad.setdefault(position, error)
        ledger = self._ledger
        for position, one in enumerate(self._read):
            if isinstance(one, SignedTransaction) and one.transaction.ledger != ledger and position not in bad:
                bad[position] = _of_another_ledger(one, ledger)
        if not bad:
            return self._read
        return [bad.get(position, one) for position, one in enumerate(self._read)]


def _of_another_ledger(one: SignedTransaction, ledger: bytes) -> LadingError:
    try:
        check_ledger(one, ledger)
    except LadingError as error:
        return error
    return EntryFailed("its ledger could not be judged")


def _read(entry: bytes) -> Admitted:
    try:
        return SignedTransaction.decode(entry)
    except LadingError as error:
        return error
    except Exception as exc:  # noqa: BLE001 - an entry never takes others with it
        return EntryFailed(f"reading it failed with {type(exc).__name__}")
