"""Signatures of members, with the algorithm as a field so that others can join Ed25519.

A key is a pair `(algorithm, public key)`; a signature on a transaction is the triple
`(algorithm, public key, signature)`. Algorithm 1 is Ed25519 (RFC 8032, pure, no context): public key
32 bytes, signature 64 bytes, seed 32 bytes. One pinned library checks all of them on every node
(libsodium through PyNaCl), because libraries differ on malformed signatures, and a difference would
split the ledger.
"""

from __future__ import annotations

from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from .errors import ContradictionError, InputError

__all__ = [
    "ED25519",
    "PUBLIC_KEY_SIZE",
    "SIGNATURE_SIZE",
    "BadPublicKey",
    "BadSignature",
    "UnknownAlgorithm",
    "check_encryption_key",
    "check_public_key",
    "public_key_of",
    "sign_ed25519",
    "verify",
]

ED25519: Final = 1
PUBLIC_KEY_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64

_X25519_PRIME: Final = 2**255 - 19

_open = bindings.crypto_sign_open


class UnknownAlgorithm(InputError):
    """A signature or key of an algorithm that this version does not know."""

    code = "signature.unknown_algorithm"
    hint = "this version knows algorithm 1 (Ed25519) alone; a newer one may know it"


class BadPublicKey(InputError):
    """A public key of low order, not canonical, or not on the curve."""

    code = "signature.bad_public_key"
    hint = "make a new key pair with `lading member create`; a key like this verifies forged signatures"


class BadSignature(ContradictionError):
    """The signature is not one of this key over these bytes."""

    code = "signature.bad_signature"
    hint = "the bytes were changed after signing, or another key signed them"


def verify(algorithm: int, public_key: bytes, message: bytes, signature: bytes) -> None:
    """Check one signature. Raises `BadSignature` or `UnknownAlgorithm`."""
    if algorithm != ED25519:
        raise UnknownAlgorithm(f"signature algorithm {algorithm} is not known", value=algorithm)
    if len(signature) != SIGNATURE_SIZE or len(public_key) != PUBLIC_KEY_SIZE:
        raise BadSignature("the signature or the key has a wrong size", value=signature)
    try:
        _open(signature + message, public_key)
    except CryptoError:
        raise BadSignature(f"no valid signature by key {public_key.hex()}", value=public_key) from None


def check_public_key(algorithm: int, public_key: bytes) -> None:
    """Refuse at enrolment what `verify` must never meet: low order, not canonical, not on the curve.

    Raises `BadPublicKey` or `UnknownAlgorithm`.
    """
    if algorithm != ED25519:
        raise UnknownAlgorithm(f"key algorithm {algorithm} is not known", value=algorithm)
    if len(public_key) != PUBLIC_KEY_SIZE or not bindings.crypto_core_ed25519_is_valid_point(public_key):
        raise BadPublicKey("not an Ed25519 public key that can be trusted", value=public_key)


def check_encryption_key(public_key: bytes) -> None:
    """Refuse an X25519 public key (RFC 7748) of low order, with which everybody shares one secret.

    Also one that is not canonical: not below 2^255 - 19, so that one key is not written in two ways.
    """
    if len(public_key) != PUBLIC_KEY_SIZE or int.from_bytes(public_key, "little") >= _X25519_PRIME:
        raise BadPublicKey("not an X25519 public key of 32 bytes in its one form", value=public_key)
    try:
        bindings.crypto_scalarmult(b"\x09" * 32, public_key)
    except CryptoError:
        raise BadPublicKey("an X25519 public key of low order", value=public_key) from None


def public_key_of(seed: bytes) -> bytes:
    """The Ed25519 public key of a 32-byte seed."""
    return bindings.crypto_sign_seed_keypair(seed)[0]


def sign_ed25519(seed: bytes, message: bytes) -> bytes:
    """The 64-byte Ed25519 signature of `message` under a 32-byte seed."""
    _, secret = bindings.crypto_sign_seed_keypair(seed)
    return bindings.crypto_sign(message, secret)[:SIGNATURE_SIZE]
