"""The secret keys of a member: what signs, what opens, and what wraps.

Six keys, each made from 32 random bytes: `signing` (Ed25519: transactions and attestations),
`encryption` (X25519: opens what is sealed to the member), `log` (Ed25519: checkpoints),
`cosigner-replay` and `cosigner-witness` (Ed25519: cosignatures), `vault` (symmetric: the member's
own documents). Callers see the port `KeyStore`, which signs, opens and wraps and never gives a
secret away, so that hardware can take its place. `MemoryKeyStore` is the port in memory;
`keyfile.py` keeps one in a file.

    wrapped  = nonce, 24 bytes || crypto_secretbox(msgpack [context, content], key "wrap")
    key of a use = BLAKE2b-256(key = vault secret, person = "lading/wrap@1" or "lading/name@1")

A key rotates in two steps, because the ledger has to learn of it in between: `stage` makes the new
one and keeps it, `adopt` puts it to use. An old encryption key stays, to open what was sealed
before.

Source: libsodium `crypto_sign`, `crypto_box_seal` and `crypto_secretbox`; RFC 7693 (BLAKE2b).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Final, Protocol, Self

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.utils import random as system_random

from ledger import codec
from ledger.errors import InputError, UsageError
from ledger.signature import ED25519, public_key_of, sign_ed25519

__all__ = [
    "NONCE_SIZE",
    "SECRET_SIZE",
    "CannotOpen",
    "KeyName",
    "KeyStore",
    "KeysClosed",
    "MemoryKeyStore",
    "NothingStaged",
    "RandomBytes",
    "WrongUse",
    "open_box",
]

SECRET_SIZE: Final = 32
"""Size of every secret of a key store, in bytes."""
NONCE_SIZE: Final = 24
"""Size of the random nonce in front of every SecretBox, in bytes."""

RandomBytes = Callable[[int], bytes]
"""What returns so many unpredictable bytes; the operating system's, except in tests."""


class KeyName(StrEnum):
    """The names of a member's keys."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"
    LOG = "log"
    REPLAY = "cosigner-replay"
    WITNESS = "cosigner-witness"
    VAULT = "vault"


_SIGNS: Final = frozenset({KeyName.SIGNING, KeyName.LOG, KeyName.REPLAY, KeyName.WITNESS})


class CannotOpen(InputError):
    """Bytes that none of this member's keys opens."""

    code = "key.cannot_open"
    hint = "it was sealed for another recipient, or changed on the way; ask the sender for it again"


class WrongUse(UsageError):
    """A key was asked for what it is not for."""

    code = "key.wrong_use"
    hint = "this is a mistake in the program that uses the key store"


class NothingStaged(UsageError):
    """There is no new key that waits to take the old one's place."""

    code = "key.nothing_staged"
    hint = "begin the rotation first"


class KeysClosed(UsageError):
    """The key store was closed, and its secrets are gone from memory."""

    code = "key.closed"
    hint = "open the key store again"


class KeyStore(Protocol):
    """What a member's keys can do; no method gives a secret away."""

    def public_key(self, name: KeyName) -> bytes:
        """The 32-byte public key (Ed25519, or X25519 for `ENCRYPTION`). `VAULT` has none."""
        ...

    def sign(self, name: KeyName, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of exactly `message`, which begins with its domain."""
        ...

    def unseal(self, blob: bytes) -> bytes:
        """Open what was sealed (`crypto_box_seal`) to this member. Raises `CannotOpen`."""
        ...

    def wrap(self, content: bytes, context: bytes) -> bytes:
        """Encrypt `content` for this member alone, bound to `context`."""
        ...

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        """Open what `wrap` made for the same `context`. Raises `CannotOpen`."""
        ...

    def pseudonym(self, content: bytes) -> bytes:
        """32 bytes that always stand for `content`, and tell nothing without the vault key."""
        ...


class MemoryKeyStore:
    """The keys in memory: new ones in a test, those of the file once it is open."""

    def __init__(
        self,
        *,
        keys: dict[KeyName, list[bytearray]] | None = None,
        staged: dict[KeyName, bytearray] | None = None,
        random_bytes: RandomBytes = system_random,
    ) -> None:
        self._random = random_bytes
        fresh = keys is None
        self._keys = {name: [self._fresh()] for name in KeyName} if fresh else keys or {}
        self._staged = staged or {}

    def public_key(self, name: KeyName) -> bytes:
        """The 32-byte public key (Ed25519, or X25519 for `ENCRYPTION`). Raises `WrongUse`."""
        return _public(name, self._secret(name))

    def public_keys(self) -> dict[KeyName, bytes]:
        """All public keys of now, for the member's card."""
        return {name: self.public_key(name) for name in KeyName if name is not KeyName.VAULT}

    def sign(self, name: KeyName, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of exactly `message`. Raises `WrongUse`."""
        if name not in _SIGNS:
            raise WrongUse(f"the key {name.value} does not sign", value=name.value)
        return sign_ed25519(self._secret(name), message)

    def signer(self, name: KeyName) -> Callable[[bytes], tuple[int, bytes, bytes]]:
        """A function from a message to (algorithm, public key, signature)."""
        return lambda message: (ED25519, self.public_key(name), self.sign(name, message))

    def unseal(self, blob: bytes) -> bytes:
        """Open what was sealed to this member, by the newest encryption key or an older one."""
        for secret in self._all(KeyName.ENCRYPTION):
            try:
                public = bindings.crypto_scalarmult_base(secret)
                return bindings.crypto_box_seal_open(blob, public, secret)
            except (CryptoError, ValueError, TypeError):
                continue
        raise CannotOpen(f"no key of this member opens these {len(blob):,} bytes")

    def wrap(self, content: bytes, context: bytes) -> bytes:
        """Encrypt `content` for this member alone; the formula is at the top of this file."""
        nonce = self._random(NONCE_SIZE)
        key = _derived(self._secret(KeyName.VAULT), b"lading/wrap@1")
        return nonce + bindings.crypto_secretbox(codec.encode([context, content]), nonce, key)

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        """Open what `wrap` made for the same `context`. Raises `CannotOpen`."""
        key = _derived(self._secret(KeyName.VAULT), b"lading/wrap@1")
        pair = codec.decode(open_box(blob, key), limit=len(blob))
        if type(pair) is not list or len(pair) != 2 or pair[0] != context:
            raise CannotOpen("this was wrapped for another place")
        content: bytes = pair[1]
        return content

    def pseudonym(self, content: bytes) -> bytes:
        """32 bytes that always stand for `content`: keyed BLAKE2b under the vault key."""
        key = _derived(self._secret(KeyName.VAULT), b"lading/name@1")
        return hashlib.blake2b(content, digest_size=32, key=key).digest()

    def stage(self, name: KeyName) -> bytes:
        """Make the key that is to follow `name`, and return its public key; nothing uses it yet.

        Staged again, the same one is returned, so that an interrupted rotation can go on. The vault
        key does not rotate: everything in the vault would have to be written anew.
        """
        if name is KeyName.VAULT:
            raise WrongUse("the vault key does not rotate", value=name.value)
        self._secret(name)
        if name not in self._staged:
            self._staged[name] = self._fresh()
        return _public(name, bytes(self._staged[name]))

    def sign_staged(self, name: KeyName, message: bytes) -> bytes:
        """The signature of the staged key, which proves that its owner has it. Raises `NothingStaged`."""
        if name not in _SIGNS:
            raise WrongUse(f"the key {name.value} does not sign", value=name.value)
        if name not in self._staged:
            raise NothingStaged(f"no new key {name.value} was made", value=name.value)
        return sign_ed25519(bytes(self._staged[name]), message)

    def staged_key(self, name: KeyName) -> bytes | None:
        """The public key that is to follow `name`, or None if no rotation has begun."""
        return _public(name, bytes(self._staged[name])) if name in self._staged else None

    def adopt(self, name: KeyName) -> bytes:
        """Use the staged key from now on; to be called once the ledger knows it.

        An older encryption key goes on opening; any other old key is gone. Raises `NothingStaged`.
        """
        self._secret(name)
        if name not in self._staged:
            raise NothingStaged(f"no new key {name.value} was made", value=name.value)
        self._keys[name].insert(0, self._staged.pop(name))
        if name is not KeyName.ENCRYPTION:
            del self._keys[name][1:]
        return self.public_key(name)

    def close(self) -> None:
        """Overwrite the secrets and forget them. Copies that Python made in passing may remain."""
        for many in [*self._keys.values(), list(self._staged.values())]:
            for secret in many:
                secret[:] = bytes(len(secret))
        self._keys, self._staged = {}, {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _all(self, name: KeyName) -> list[bytes]:
        if not self._keys:
            raise KeysClosed("the key store is closed")
        return [bytes(secret) for secret in self._keys[name]]

    def _secret(self, name: KeyName) -> bytes:
        return self._all(name)[0]

    def _fresh(self) -> bytearray:
        return bytearray(self._random(SECRET_SIZE))


def open_box(blob: bytes, key: bytes) -> bytes:
    """The content of 24-byte nonce || SecretBox. Raises `CannotOpen` if a bit of it changed."""
    nonce, box = blob[:NONCE_SIZE], blob[NONCE_SIZE:]
    try:
        return bindings.crypto_secretbox_open(box, nonce, key)
    except (CryptoError, ValueError, TypeError):
        raise CannotOpen(f"the key does not open these {len(blob):,} bytes") from None


def _derived(vault: bytes, use: bytes) -> bytes:
    return hashlib.blake2b(digest_size=SECRET_SIZE, key=vault, person=use).digest()


def _public(name: KeyName, secret: bytes) -> bytes:
    if name is KeyName.ENCRYPTION:
        return bindings.crypto_scalarmult_base(secret)
    if name in _SIGNS:
        return public_key_of(secret)
    raise WrongUse(f"the key {name.value} has no public part", value=name.value)
