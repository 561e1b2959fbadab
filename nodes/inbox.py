"""The inbox: sealed parcels that wait, in the operator's home, for the member that they are for.

    <operator's home>/inbox/<recipient's id>/<record's id>-<12 digits of the SHA-256>.sealed
    <operator's home>/inbox/<recipient's id>/rejected/<the same>.sealed
    <operator's home>/inbox/<recipient's id>/rejected/<the same>.sealed.reason.json

Ids and hash are in lower-case hexadecimal. Whoever keeps the inbox sees for whom a file is, for
which record, and how large. The reason of a rejection is its code alone, since a message might tell more.
What a sealed file is, and how it is checked: `sealing.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ledger.errors import (
    ContradictionError,
    InputError,
    LadingError,
    RefusedError,
    UnavailableError,
)

from .files import (
    SECRET,
    AlreadyThere,
    CannotWrite,
    FileMissing,
    make_folder,
    read_bounded,
    write_atomic,
)
from .keystore import KeyStore
from .parcel import MAX_PARCEL, Parcel
from .sealing import SEALED_OVERHEAD, Opened, SigningKeys, WrongAddress, open_sealed
from .vault import Vault

__all__ = ["Fetched", "InboxFull", "deliver", "fetch", "waiting"]

_MAX_WAITING: Final = 1000
_REJECTED: Final = "rejected"
_NAME: Final = re.compile(r"[0-9a-f]{64}-[0-9a-f]{12}\.sealed")


class InboxFull(UnavailableError):
    """Too many sealed files wait for this recipient."""

    code = "inbox.full"
    hint = "ask the recipient to fetch its inbox, then hand the documents over again"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one sealed file.

    `outcome` is "taken" (in the vault, the file is gone), "rejected" (moved away, with the reason
    beside it), or "waiting" (it cannot be judged or kept now; it stays for the next time).
    """

    name: str
    outcome: str
    opened: Opened | None
    error: LadingError | None


def deliver(
    inbox: Path,
    data: bytes,
    *,
    recipient: bytes,
    record_id: bytes,
    max_waiting: int = _MAX_WAITING,
) -> Path:
    """Put a sealed file into the recipient's inbox, whole; the same again changes nothing.

    Raises `InboxFull` or `files.CannotWrite`.
    """
    folder = inbox / recipient.hex()
    path = folder / f"{record_id.hex()}-{hashlib.sha256(data).hexdigest()[:12]}.sealed"
    if path.exists():
        return path
    if sum(1 for _ in waiting(inbox, recipient)) >= max_waiting:
        raise InboxFull(f"{max_waiting} files wait for this recipient", value=recipient)
    make_folder(folder)
    try:
        write_atomic(path, data, mode=SECRET, exclusive=True)
    except AlreadyThere:
        return path
    return path


def waiting(inbox: Path, recipient: bytes) -> Iterator[Path]:
    """The sealed files that wait for a member, in the order in which they came."""
    folder = inbox / recipient.hex()
    if not folder.is_dir():
        return
    found = []
    for path in folder.iterdir():
        if _NAME.fullmatch(path.name):
            try:
                found.append((path.lstat().st_mtime_ns, path))
            except FileNotFoundError:  # fetched by another process just now
                continue
    for _, path in sorted(found):
        yield path


def fetch(
    inbox: Path,
    vault: Vault,
    keys: KeyStore,
    *,
    ledger_id: bytes,
    recipient: bytes,
    signing_keys: SigningKeys,
    check: Callable[[Opened], Parcel],
    limit: int = MAX_PARCEL,
) -> list[Fetched]:
    """Take everything that waits for `recipient` into its vault; one bad file blocks no other.

    `check` is step (8): it raises for a document, a file or a note that is not the one the log speaks of
    (any member may send anything for any record), and returns the parcel that is kept. An `InputError`,
    `ContradictionError` or `RefusedError`, from it or from the steps before, rejects the file; any other error of
    lading leaves it waiting. What is in the vault is durable before the file is removed.
    """
    outcomes = []
    for path in waiting(inbox, recipient):
        opened = None
        try:
            data = _read(path, limit + SEALED_OVERHEAD)
            if data is None:
                continue
            opened = open_sealed(
                data,
                keys,
                ledger_id=ledger_id,
                recipient=recipient,
                signing_keys=signing_keys,
                limit=limit,
            )
            _check_place(path, opened)
            opened = replace(opened, parcel=check(opened))  # (8)
            vault.take(opened.address.record_id, opened.parcel)
            _remove(path)
        except (InputError, ContradictionError, RefusedError) as exc:
            outcomes.append(_reject(path, opened, exc))
        except LadingError as exc:
            outcomes.append(Fetched(path.name, "waiting", opened, exc))
        else:
            outcomes.append(Fetched(path.name, "taken", opened, None))
    return outcomes


def _read(path: Path, limit: int) -> bytes | None:
    try:
        return read_bounded(path, limit, follow=False)
    except FileMissing:  # fetched by another process just now
        return None


def _check_place(path: Path, opened: Opened) -> None:
    if not path.name.startswith(opened.address.record_id.hex()):  # (4)
        raise WrongAddress("it was sealed for another record", value=opened.address.record_id)


def _reject(path: Path, opened: Opened | None, error: LadingError) -> Fetched:
    """Move a bad file away; if even that fails, it stays and says why."""
    folder = path.parent / _REJECTED
    reason = json.dumps({"code": error.code, "hint": type(error).hint}, indent=2) + "\n"
    try:
        make_folder(folder)
        write_atomic(folder / f"{path.name}.reason.json", reason.encode())
        path.replace(folder / path.name)
    except (OSError, CannotWrite):
        return Fetched(path.name, "waiting", opened, error)
    return Fetched(path.name, "rejected", opened, error)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as exc:
        raise CannotWrite(f"cannot remove {path}: {exc.strerror}", value=str(path)) from None
