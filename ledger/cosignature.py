"""Cosignatures: a witness says that at a time it has seen no larger and no other tree of a log.

The witness's Ed25519 key (type 0x04) signs two lines and the body of the checkpoint:

    cosignature/v1
    time 1679315147
    example.com/log
    5
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

and the line below the checkpoint carries base64(key ID, 4 bytes || time, uint64 big-endian ||
signature, 64 bytes). Times are POSIX seconds, at most 2^63 - 1. The signed bytes do not hold the
witness's name, so every name needs a key of its own.

Source: C2SP tlog-cosignature v1.0.1.
"""

from __future__ import annotations

from typing import Final

from . import signature as ed25519
from ._text import MAX_DECIMAL
from .checkpoint import Checkpoint
from .errors import InputError
from .note import COSIGNATURE_KEY, BadKey, KnownKeyFails, NoteSignature, VerifierKey, key_id

__all__ = ["BadTime", "cosign", "signed_message", "stated_time", "verify_cosignature"]

_TIME_SIZE: Final = 8


class BadTime(InputError):
    """A time outside 0 … 2^63 - 1 seconds."""

    code = "cosignature.bad_time"
    hint = "give the time in POSIX seconds, not in milliseconds or as text"


def signed_message(time: int, body: bytes) -> bytes:
    """What a cosignature at `time` (POSIX seconds) over the body of a checkpoint signs.

    Raises `BadTime`, or what `Checkpoint.parse` raises for another body.
    """
    if not 0 <= time <= MAX_DECIMAL:
        raise BadTime("a time that no cosignature can state", value=time)
    Checkpoint.parse(body)
    return b"cosignature/v1\ntime %d\n%b" % (time, body)


def cosign(seed: bytes, name: str, time: int, body: bytes) -> NoteSignature:
    """The cosignature over a checkpoint's body at `time`, in POSIX seconds, with a 32-byte seed."""
    made = ed25519.sign_ed25519(seed, signed_message(time, body))
    identity = key_id(name, COSIGNATURE_KEY, ed25519.public_key_of(seed))
    return NoteSignature(name, identity, time.to_bytes(_TIME_SIZE, "big") + made)


def stated_time(signature: NoteSignature) -> int:
    """The time that a cosignature states, unchecked, in POSIX seconds.

    Raises `KnownKeyFails` if the line is not that of a cosignature.
    """
    if len(signature.signature) != _TIME_SIZE + ed25519.SIGNATURE_SIZE:
        raise KnownKeyFails("a cosignature is a time of 8 bytes and 64 more", value=str(signature))
    time = int.from_bytes(signature.signature[:_TIME_SIZE], "big")
    if time > MAX_DECIMAL:
        raise KnownKeyFails("a cosignature states a time above 2^63 - 1", value=str(signature))
    return time


def verify_cosignature(key: VerifierKey, body: bytes, signature: NoteSignature) -> int:
    """Check a cosignature over a checkpoint's body; the time that it states, in POSIX seconds.

    Raises `KnownKeyFails`, or what `Checkpoint.parse` raises for another body.
    """
    if key.type != COSIGNATURE_KEY:
        raise BadKey(f"a key of type 0x{key.type:02x} does not cosign", value=key.name)
    if signature.key != (key.name, key.id):
        raise KnownKeyFails(f"the cosignature is not under the name and ID of {key.name}", value=str(key))
    time = stated_time(signature)
    message = signed_message(time, body)
    try:
        ed25519.verify(ed25519.ED25519, key.public_key, message, signature.signature[_TIME_SIZE:])
    except ed25519.BadSignature:
        raise KnownKeyFails(f"the cosignature of {key.name} does not verify", value=str(key)) from None
    return time
