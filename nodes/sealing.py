"""A parcel sealed to one recipient and signed by the sender: the file that is handed over.

The canonical MessagePack of

    ["lading/sealed@1", <crypto_box_seal of the header>, <24-byte nonce || SecretBox of the parcel>]

and the header that of

    {"body": <SHA-256 of the third element>, "key": <32, of the SecretBox>, "ledger": <id, 32>,
     "public": <the sender's signing key, 32>, "recipient": <id, 32>, "record": <id, 32>,
     "sender": <id, 32>, "signature": <64>}

The signature, Ed25519, covers `SIGN_ATTESTATION || "lading/sealed@1" || 0x00 ||` the header without
it. Whoever keeps the file on its way sees how large it is, but neither what is in it nor from whom.
A recipient cannot pass it on to another as if the sender had: ledger, record and recipient are
signed. What a recipient checks:

 (1) size, form and format                  (5) the sender signed it with a key of its own
 (2) one of my keys opens the header        (6) the body is the one that was signed
 (3) the header has just these members      (7) it is a parcel
 (4) this ledger, and to me                 (8) what the log says of it: the caller, `inbox.fetch`

Source: libsodium `crypto_box_seal`, `crypto_secretbox`; docs/adr/0006-sealing.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from nacl import bindings
from nacl.utils import random as system_random

from ledger import codec
from ledger.errors import ContradictionError, InputError
from ledger.hashing import SIGN_ATTESTATION
from ledger.signature import ED25519, check_encryption_key, verify

from .keystore import NONCE_SIZE, SECRET_SIZE, KeyName, KeyStore, RandomBytes, open_box
from .parcel import MAX_PARCEL, Parcel

__all__ = [
    "SEALED_OVERHEAD",
    "Address",
    "MalformedSealed",
    "Opened",
    "SigningKeys",
    "UnknownSender",
    "WrongAddress",
    "open_sealed",
    "seal",
]

SEALED_FORMAT: Final = "lading/sealed@1"
SEALED_OVERHEAD: Final = 4096
"""How much larger than its parcel a sealed file may be, in bytes."""
_MAX_HEADER: Final = 2048
_ID_SIZE: Final = 32
_SIZES: Final = {
    "body": 32,
    "key": SECRET_SIZE,
    "ledger": _ID_SIZE,
    "public": 32,
    "recipient": _ID_SIZE,
    "record": _ID_SIZE,
    "sender": _ID_SIZE,
    "signature": 64,
}

SigningKeys = Callable[[bytes], Collection[bytes]]
"""From a member's id to its signing keys; none for who is no member."""


class MalformedSealed(InputError):
    """Not a sealed file, or cut short, or too large."""

    code = "inbox.malformed"
    hint = "ask the sender to hand the documents over again"


class WrongAddress(ContradictionError):
    """Sealed for another ledger, recipient or record than where it lay."""

    code = "inbox.wrong_address"
    hint = "somebody moved or copied the file; ask the sender to hand the documents over again"


class UnknownSender(ContradictionError):
    """The sender is no member, or the key that signed is none of the sender's."""

    code = "inbox.unknown_sender"
    hint = "do not use these documents; ask the sender, by other means, whether it sent them"


@dataclass(frozen=True, slots=True)
class Address:
    """Ledger, record, sender and recipient of a handing over; each an id of 32 bytes."""

    ledger_id: bytes
    record_id: bytes
    sender: bytes
    recipient: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What was handed over, by whom, and the signing key that vouches for it."""

    address: Address
    parcel: Parcel
    public_key: bytes


def seal(
    parcel: Parcel,
    address: Address,
    recipient_key: bytes,
    keys: KeyStore,
    *,
    limit: int = MAX_PARCEL,
    random_bytes: RandomBytes = system_random,
) -> bytes:
    """The sealed file of a parcel; `recipient_key` is the recipient's X25519 public key.

    The sender's key store signs. Raises `TooLargeToKeep`, `MalformedParcel` or `BadPublicKey`.
    """
    check_encryption_key(recipient_key)
    key, nonce = random_bytes(SECRET_SIZE), random_bytes(NONCE_SIZE)
    body = nonce + bindings.crypto_secretbox(parcel.encode(limit=limit), nonce, key)
    header = {
        "body": hashlib.sha256(body).digest(),
        "key": key,
        "ledger": address.ledger_id,
        "public": keys.public_key(KeyName.SIGNING),
        "recipient": address.recipient,
        "record": address.record_id,
        "sender": address.sender,
    }
    header["signature"] = keys.sign(KeyName.SIGNING, _signed_bytes(header))
    _check_header(header)
    closed = bindings.crypto_box_seal(codec.encode(header), recipient_key)
    return codec.encode([SEALED_FORMAT, closed, body])


def open_sealed(
    data: bytes,
    keys: KeyStore,
    *,
    ledger_id: bytes,
    recipient: bytes,
    signing_keys: SigningKeys,
    limit: int = MAX_PARCEL,
) -> Opened:
    """Check steps (1) to (7) and return what is inside.

    Raises `MalformedSealed`, `CannotOpen`, `WrongAddress`, `UnknownSender`, `BadSignature`, or what
    `Parcel.decode` raises.
    """
    closed, body = _parts(data, limit + SEALED_OVERHEAD)  # (1)
    header = _read_header(keys.unseal(closed))  # (2) (3)
    address = Address(header["ledger"], header["record"], header["sender"], header["recipient"])
    if address.ledger_id != ledger_id:  # (4)
        raise WrongAddress("it was sealed for another ledger", value=address.ledger_id)
    if address.recipient != recipient:
        raise WrongAddress("it was sealed for another member", value=address.recipient)
    if header["public"] not in signing_keys(address.sender):  # (5)
        raise UnknownSender(f"{header['public'].hex()} is no signing key of the sender", value=address.sender)
    verify(ED25519, header["public"], _signed_bytes(header), header["signature"])
    if hashlib.sha256(body).digest() != header["body"]:  # (6)
        raise MalformedSealed("the body is not the one that the sender signed")
    parcel = Parcel.decode(open_box(body, header["key"]), limit=limit)  # (7)
    return Opened(address, parcel, header["public"])


def _parts(data: bytes, limit: int) -> tuple[bytes, bytes]:
    try:
        value = codec.decode(data, limit=limit)
    except InputError as exc:
        raise MalformedSealed(f"not a sealed file: {exc.message}", value=exc.value) from None
    if type(value) is not list or len(value) != 3 or value[0] != SEALED_FORMAT:
        raise MalformedSealed(f"not of the format {SEALED_FORMAT}")
    if type(value[1]) is not bytes or type(value[2]) is not bytes:
        raise MalformedSealed("a sealed file has two byte strings")
    return value[1], value[2]


def _read_header(data: bytes) -> dict[str, bytes]:
    try:
        header = codec.decode(data, limit=_MAX_HEADER)
    except InputError as exc:
        raise MalformedSealed(f"the header cannot be read: {exc.message}") from None
    _check_header(header)
    result: dict[str, bytes] = header
    return result


def _check_header(header: Any) -> None:
    good = type(header) is dict and set(header) == set(_SIZES)
    if not good or any(type(header[name]) is not bytes or len(header[name]) != size for name, size in _SIZES.items()):
        raise MalformedSealed("the header has not the members of a sealed file")


def _signed_bytes(header: dict[str, bytes]) -> bytes:
    content = codec.encode({name: value for name, value in header.items() if name != "signature"})
    return SIGN_ATTESTATION + SEALED_FORMAT.encode() + b"\x00" + content
