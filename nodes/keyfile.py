"""A member's key store in a file, locked with a passphrase.

`keys.lading` is the canonical MessagePack of a map, followed by its SHA-256 (32 bytes):

    {"format": "lading/keys@1", "kdf": "argon2id13", "memory": 67108864, "operations": 2,
     "salt": <16 bytes>, "sealed": <24-byte nonce || SecretBox>} || <32 bytes>

The hash tells a damaged file from a wrong passphrase. The box's key is argon2id(passphrase as UTF-8
of its NFC form, salt, operations = passes, memory in bytes), 32 bytes; nothing else comes from the
passphrase. In the box is the canonical MessagePack of
{"keys": {name: [newest, older …]}, "staged": {name: secret}}, each secret 32 bytes.

Source: RFC 9106 (argon2id), libsodium `crypto_pwhash` and `crypto_secretbox`.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.utils import random as system_random

from ledger import codec
from ledger.errors import DamagedError, InputError, UnavailableError, UsageError

from .files import SECRET, read_bounded, write_atomic
from .keystore import (
    NONCE_SIZE,
    SECRET_SIZE,
    CannotOpen,
    KeyName,
    MemoryKeyStore,
    RandomBytes,
    open_box,
)

__all__ = [
    "EVERYDAY",
    "STRONG",
    "STRONGEST",
    "CannotStretch",
    "Cost",
    "FileKeyStore",
    "KeysDamaged",
    "KeysNewer",
    "WrongPassphrase",
]

_FORMAT: Final = "lading/keys@1"
_KDF: Final = "argon2id13"
_SALT_SIZE: Final = 16
_CHECK_SIZE: Final = 32
_MAX_FILE: Final = 65_536
_MAX_OPERATIONS: Final = 8
_MIN_MEMORY: Final = 8 * 1024
_MAX_MEMORY: Final = 1024 * 1024 * 1024
_FIELDS: Final = {
    "format": str,
    "kdf": str,
    "memory": int,
    "operations": int,
    "salt": bytes,
    "sealed": bytes,
}


class WrongPassphrase(UsageError):
    """The passphrase does not open this key store."""

    code = "key.wrong_passphrase"
    hint = "try again; docs/keys.md says what to do when a passphrase is lost"


class KeysDamaged(DamagedError):
    """The file is not what was written: a byte changed, or it is cut short."""

    code = "key.damaged"
    hint = "put back a copy of keys.lading from a backup; the passphrase of that time opens it"


class KeysNewer(UsageError):
    """A newer lading wrote this key store."""

    code = "key.newer_version"
    hint = "install the newer version of lading"


class CannotStretch(UnavailableError):
    """There is not enough memory to make the key from the passphrase."""

    code = "key.no_memory"
    hint = "end other programs: making the key takes 64 MiB, or 256 MiB with --strong"


@dataclass(frozen=True, slots=True)
class Cost:
    """How dear a guess at the passphrase is: passes over the memory, and its size in bytes.

    1 to 8 passes over 8 KiB to 1 GiB: a hostile file cannot ask for more than that.
    """

    operations: int
    memory: int

    def check(self, place: str) -> None:
        """Refuse what is out of bounds, before any memory is taken. Raises `KeysDamaged`."""
        bounded = _MIN_MEMORY <= self.memory <= _MAX_MEMORY
        if not bounded or not 1 <= self.operations <= _MAX_OPERATIONS:
            raise KeysDamaged(
                f"{place} asks for {self.operations} passes over {self.memory:,} bytes of memory",
                value=self.memory,
            )


EVERYDAY: Final = Cost(2, 64 * 1024 * 1024)
"""libsodium's INTERACTIVE, about 0.06 s: for a key store that every command opens."""
STRONG: Final = Cost(3, 256 * 1024 * 1024)
"""libsodium's MODERATE, about 0.4 s: `--strong`."""
STRONGEST: Final = Cost(4, 1024 * 1024 * 1024)
"""libsodium's SENSITIVE, some seconds: for a copy that lies in a safe."""


class FileKeyStore(MemoryKeyStore):
    """The open key store of a file; what `stage` and `adopt` change is durable when they return.

    Use it as a context manager: at the end of the block the secrets are overwritten. Two processes
    must not change one file at the same time: hold the lock of the home.
    """

    _path: Path
    _cost: Cost
    _salt: bytes
    _box_key: bytes

    @classmethod
    def create(
        cls,
        path: Path,
        passphrase: str,
        *,
        cost: Cost = EVERYDAY,
        random_bytes: RandomBytes = system_random,
    ) -> FileKeyStore:
        """New keys in a new file; raises `files.AlreadyThere` rather than overwrite one."""
        store = cls(random_bytes=random_bytes)
        store._path = path
        store._lock_with(passphrase, cost)
        store._save(exclusive=True)
        return store

    @classmethod
    def open(cls, path: Path, passphrase: str, *, random_bytes: RandomBytes = system_random) -> FileKeyStore:
        """The keys of a file.

        Raises `WrongPassphrase`, `KeysDamaged`, `KeysNewer`, or what `read_bounded` raises.
        """
        header = _read_header(path)
        cost = Cost(header["operations"], header["memory"])
        cost.check(str(path))
        box_key = _stretch(passphrase, header["salt"], cost)
        try:
            content = open_box(header["sealed"], box_key)
        except CannotOpen:
            raise WrongPassphrase(f"the passphrase does not open {path}", value=str(path)) from None
        keys, staged = _read_secrets(content, path)
        store = cls(keys=keys, staged=staged, random_bytes=random_bytes)
        store._path, store._cost, store._salt, store._box_key = path, cost, header["salt"], box_key
        return store

    def change_passphrase(self, passphrase: str, *, cost: Cost | None = None) -> None:
        """Lock the same keys with another passphrase; `cost` stays unless given.

        Copies of the file made before still open with the old one.
        """
        self._all(KeyName.SIGNING)
        self._lock_with(passphrase, cost or self._cost)
        self._save()

    def stage(self, name: KeyName) -> bytes:
        """Make and keep the key that is to follow `name`; see `MemoryKeyStore.stage`."""
        public = super().stage(name)
        self._save()
        return public

    def adopt(self, name: KeyName) -> bytes:
        """Use the staged key from now on; see `MemoryKeyStore.adopt`."""
        public = super().adopt(name)
        self._save()
        return public

    def close(self) -> None:
        """Overwrite the secrets and forget them. Copies that Python made in passing may remain."""
        super().close()
        self._box_key = b""

    @property
    def cost(self) -> Cost:
        """How dear a guess at this file's passphrase is."""
        return self._cost

    def _lock_with(self, passphrase: str, cost: Cost) -> None:
        cost.check(str(self._path))
        salt = self._random(_SALT_SIZE)
        self._box_key = _stretch(passphrase, salt, cost)
        self._salt, self._cost = salt, cost

    def _save(self, *, exclusive: bool = False) -> None:
        keys = {name.value: [bytes(secret) for secret in many] for name, many in self._keys.items()}
        staged = {name.value: bytes(secret) for name, secret in self._staged.items()}
        nonce = self._random(NONCE_SIZE)
        content = codec.encode({"keys": keys, "staged": staged})
        header = {
            "format": _FORMAT,
            "kdf": _KDF,
            "memory": self._cost.memory,
            "operations": self._cost.operations,
            "salt": self._salt,
            "sealed": nonce + bindings.crypto_secretbox(content, nonce, self._box_key),
        }
        body = codec.encode(header)
        data = body + hashlib.sha256(body).digest()
        write_atomic(self._path, data, mode=SECRET, exclusive=exclusive)


def _stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    text = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    try:
        return bindings.crypto_pwhash_alg(
            SECRET_SIZE,
            text,
            salt,
            cost.operations,
            cost.memory,
            bindings.crypto_pwhash_ALG_ARGON2ID13,
        )
    except (CryptoError, RuntimeError, MemoryError):
        raise CannotStretch(f"no {cost.memory:,} bytes of memory", value=cost.memory) from None


def _read_header(path: Path) -> dict[str, Any]:
    data = read_bounded(path, _MAX_FILE)
    body, check = data[:-_CHECK_SIZE], data[-_CHECK_SIZE:]
    if hashlib.sha256(body).digest() != check:
        raise KeysDamaged(f"{path} is damaged or cut short", value=str(path))
    try:
        header = codec.decode(body, limit=_MAX_FILE)
    except InputError as exc:
        raise KeysDamaged(f"{path} is no key store: {exc.message}", value=str(path)) from None
    if type(header) is not dict or {name: type(value) for name, value in header.items()} != _FIELDS:
        raise KeysDamaged(f"{path} has not the fields of a key store", value=str(path))
    if (header["format"], header["kdf"], len(header["salt"])) != (_FORMAT, _KDF, _SALT_SIZE):
        raise KeysNewer(f"{path} is of the format {header['format']}", value=header["format"])
    return header


def _read_secrets(content: bytes, path: Path) -> tuple[dict[KeyName, list[bytearray]], dict[KeyName, bytearray]]:
    try:
        value = codec.decode(content, limit=_MAX_FILE)
        keys = {KeyName(name): list(map(_secret, many)) for name, many in value["keys"].items()}
        staged = {KeyName(name): _secret(one) for name, one in value["staged"].items()}
    except (InputError, KeyError, TypeError, ValueError, AttributeError):
        raise KeysDamaged(f"{path} holds something else than keys", value=str(path)) from None
    if set(keys) != set(KeyName) or not all(keys.values()):
        raise KeysDamaged(f"{path} lacks a key", value=str(path))
    return keys, staged


def _secret(value: Any) -> bytearray:
    if type(value) is not bytes or len(value) != SECRET_SIZE:
        raise ValueError("not a secret of 32 bytes")
    return bytearray(value)
