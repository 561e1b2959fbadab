"""The home: one folder with everything that a member keeps, and where each thing lies in it.

    home.json       whose home this is, and where its ledger is
    home.lock       one command at a time changes this home
    keys.lading     the member's keys, locked with a passphrase      not in an auditor's home
    member.json     its public card
    genesis.json    the ledger's genesis, pinned                     SHA-256 = ledger id
    policy.txt      the policy by which this member judges, pinned
    cosigner.json   what its cosigner keys have signed last
    vault/          its documents, encrypted
    ledger.db       the ledger                                       in the operator's home only
    inbox/          sealed documents that wait for other members     in the operator's home only

`home.json` is described in `settings.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ledger.errors import DamagedError, InputError, NotFoundError, UsageError

from .files import (
    PUBLIC,
    AlreadyThere,
    FileMissing,
    NotAFile,
    make_folder,
    read_bounded,
    remove_temporaries,
    write_atomic,
)
from .lock import FileLock
from .settings import MAX_SETTINGS, Settings, is_url, location_from, real_path

__all__ = [
    "Home",
    "HomeDamaged",
    "HomeExists",
    "HomeNotFound",
    "LedgerIsRemote",
    "NoLedger",
    "OtherLedger",
]

_MAX_GENESIS: Final = 4 * 1024 * 1024
_MAX_POLICY: Final = 65_536
_MAX_CARD: Final = 65_536


class HomeNotFound(NotFoundError):
    """There is no home in this folder."""

    code = "home.not_found"
    hint = "give the folder with --home, or make a home with `lading init` or `lading member create`"


class HomeExists(UsageError):
    """There is a home in this folder already; nothing of it was changed."""

    code = "home.exists"
    hint = "choose another folder; a home holds keys and is never overwritten"


class HomeDamaged(DamagedError):
    """A file of the home is missing, or not what it must be."""

    code = "home.damaged"
    hint = "put the file back from a backup; docs/keys.md says what each file is"


class NoLedger(UsageError):
    """The home belongs to no ledger yet."""

    code = "home.no_ledger"
    hint = "join a ledger first: it takes the ledger's genesis, its policy and where it is"


class LedgerIsRemote(UsageError):
    """The ledger of this home is at a URL, and the command needs its folder."""

    code = "home.ledger_is_remote"
    hint = "run the command on the operator's machine, with --home of the operator"


class OtherLedger(UsageError):
    """The home is pinned to one ledger or member, and another was given."""

    code = "home.other_ledger"
    hint = "one home belongs to one member of one ledger; make another home for another"


class Home:
    """A member's folder, open. `folder` is absolute, without symbolic links in it."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.on_wait: Callable[[str], None] | None = None
        """Is told for whom a command waits."""

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        name: str,
        member: bytes | None = None,
        operator: bool = False,
        location: Path | str | None = None,
        ledger_id: bytes | None = None,
    ) -> Home:
        """Make a home in `path`, which may be there, but must not hold any file of a home.

        `location` is the operator's home or a URL; an operator's own home needs none. `home.json`
        is written last, so that a half-made home is none. Raises `HomeExists`,
        `settings.BadHome` or `files.CannotWrite`.
        """
        folder = real_path(path)
        where = "." if operator else location_from(folder, location)
        settings = Settings(name, member, operator, where, ledger_id)
        settings.check()
        home = cls(folder, settings)
        for taken in (home.settings_path, home.keys_path, home.ledger_path, home.genesis_path):
            if taken.exists():
                raise HomeExists(f"{taken} is there already", value=str(taken))
        make_folder(home.vault_path)
        if operator:
            make_folder(home.inbox_path)
        try:
            write_atomic(home.settings_path, settings.encode(), exclusive=True)
        except AlreadyThere:
            raise HomeExists(f"{folder} is a home already", value=str(folder)) from None
        return home

    @classmethod
    def open(cls, path: Path) -> Home:
        """The home in `path`. Raises `HomeNotFound`, `HomeDamaged` or `settings.HomeNewer`."""
        folder = real_path(path)
        place = folder / "home.json"
        try:
            settings = Settings.decode(read_bounded(place, MAX_SETTINGS))
        except FileMissing:
            raise HomeNotFound(f"there is no home in {path}", value=str(path)) from None
        except InputError as exc:
            raise HomeDamaged(f"{place} is damaged: {exc.message}", value=str(place)) from None
        return cls(folder, settings)

    @property
    def settings_path(self) -> Path:
        """`home.json`."""
        return self.folder / "home.json"

    @property
    def keys_path(self) -> Path:
        """The key store (`keyfile.FileKeyStore`)."""
        return self.folder / "keys.lading"

    @property
    def card_path(self) -> Path:
        """The member's public card (`ledger.member.MemberCard`)."""
        return self.folder / "member.json"

    @property
    def genesis_path(self) -> Path:
        """The pinned genesis."""
        return self.folder / "genesis.json"

    @property
    def policy_path(self) -> Path:
        """The pinned policy."""
        return self.folder / "policy.txt"

    @property
    def cosigner_path(self) -> Path:
        """What the cosigner keys have signed last (`cosigned.Cosigned`)."""
        return self.folder / "cosigner.json"

    @property
    def witnessed_path(self) -> Path:
        """The logs that this node's witness watches: `log` lines as in a policy."""
        return self.folder / "witnessed.txt"

    @property
    def vault_path(self) -> Path:
        """The folder of the vault (`vault.Vault`)."""
        return self.folder / "vault"

    @property
    def inbox_path(self) -> Path:
        """The folder of the inboxes, one folder for each recipient; in the operator's home."""
        return self.folder / "inbox"

    @property
    def ledger_path(self) -> Path:
        """The ledger's database; in the operator's home."""
        return self.folder / "ledger.db"

    @property
    def has_keys(self) -> bool:
        """Whether there is a key store; an auditor's home has none."""
        return self.keys_path.exists()

    @property
    def ledger_url(self) -> str | None:
        """The URL of the ledger, or None if it is a folder or not known."""
        location = self.settings.location
        return location if location and is_url(location) else None

    def operator_folder(self) -> Path:
        """The operator's home, of a ledger on this machine.

        Raises `NoLedger` or `LedgerIsRemote`.
        """
        location = self.settings.location
        if location is None:
            raise NoLedger(f"the home {self.folder} belongs to no ledger yet")
        if is_url(location):
            raise LedgerIsRemote(f"the ledger is at {location}", value=location)
        return real_path(self.folder / location)

    def lock(self, *, timeout: float = 10.0, purpose: str = "") -> FileLock:
        """The lock of whoever changes this home (key store, settings, pins)."""
        return FileLock(self.folder / "home.lock", timeout=timeout, purpose=purpose, on_wait=self.on_wait)

    def ledger_lock(self, *, timeout: float = 10.0, purpose: str = "") -> FileLock:
        """The lock of whoever commits to the ledger; it lies in the operator's home."""
        path = self.operator_folder() / "ledger.lock"
        return FileLock(path, timeout=timeout, purpose=purpose, on_wait=self.on_wait)

    def tidy(self) -> int:
        """Remove what crashes left half-written; how many files. Call it under `lock()`."""
        return remove_temporaries(self.folder)

    def operate(self) -> None:
        """Make this the operator's home: the ledger and the inboxes lie in it. Raises `OtherLedger`."""
        if self.settings.ledger_id is not None and not self.settings.operator:
            raise OtherLedger("this home belongs to another member's ledger", value=self.settings.ledger_id)
        make_folder(self.inbox_path)
        self._save(replace(self.settings, operator=True, location="."))

    def set_member(self, member: bytes) -> None:
        """Say whose home this is, once. Raises `OtherLedger` if it is another member's."""
        if self.settings.member not in (None, member):
            raise OtherLedger("this home belongs to another member", value=self.settings.member)
        self._save(replace(self.settings, member=member))

    def join(self, genesis: bytes, policy: str, *, location: Path | str | None = None) -> None:
        """Pin a ledger: its genesis (the id is its SHA-256), its policy, and where it is.

        Again with the same genesis it replaces policy and location. Raises `OtherLedger`.
        """
        ledger_id = hashlib.sha256(genesis).digest()
        if self.settings.ledger_id not in (None, ledger_id):
            raise OtherLedger("this home belongs to another ledger", value=self.settings.ledger_id)
        where = self.settings.location
        if location is not None and not self.settings.operator:
            where = location_from(self.folder, location)
        write_atomic(self.genesis_path, genesis)
        self.write_policy(policy)
        self._save(replace(self.settings, location=where, ledger_id=ledger_id))

    def read_genesis(self) -> bytes:
        """The pinned genesis, checked against the ledger's id. Raises `NoLedger`, `HomeDamaged`."""
        if self.settings.ledger_id is None:
            raise NoLedger(f"the home {self.folder} belongs to no ledger yet")
        genesis = self._read(self.genesis_path, _MAX_GENESIS)
        if hashlib.sha256(genesis).digest() != self.settings.ledger_id:
            raise HomeDamaged(f"{self.genesis_path} is not the genesis of this ledger")
        return genesis

    def read_policy(self) -> str:
        """The pinned policy. Raises `NoLedger`, `HomeDamaged`."""
        if self.settings.ledger_id is None:
            raise NoLedger(f"the home {self.folder} belongs to no ledger yet")
        try:
            return self._read(self.policy_path, _MAX_POLICY).decode("utf-8")
        except UnicodeDecodeError:
            raise HomeDamaged(f"{self.policy_path} is not UTF-8 text") from None

    def write_policy(self, policy: str) -> None:
        """Pin another policy."""
        write_atomic(self.policy_path, policy.encode("utf-8"))

    def read_card(self) -> bytes:
        """The member's card, as bytes. Raises `HomeDamaged`."""
        return self._read(self.card_path, _MAX_CARD)

    def write_card(self, card: bytes) -> None:
        """Keep the member's card."""
        write_atomic(self.card_path, card)

    def _read(self, path: Path, limit: int) -> bytes:
        try:
            return read_bounded(path, limit)
        except (FileMissing, NotAFile) as exc:
            raise HomeDamaged(exc.message, value=str(path)) from None

    def _save(self, settings: Settings) -> None:
        settings.check()
        write_atomic(self.settings_path, settings.encode(), mode=PUBLIC)
        self.settings = settings
