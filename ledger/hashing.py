"""Every domain of every hash and signature of our own, in one place.

A hash of ours is `SHA-256(domain || parts)`, where a domain is ASCII text that ends in a zero byte,
so that no domain is a prefix of another and no content can be read under two of them. The parts
have fixed sizes, or are preceded by their size where one could run into the next. Hashes that other
people's programs recompute (RFC 6962 tree, ICS23 tree, C2SP notes) keep their own formulas and are
not in this list.

Source: docs/spec.md, section "Hashes".
"""

from __future__ import annotations

import hashlib
from typing import Final

__all__ = [
    "HASH_SIZE",
    "SIGN_ATTESTATION",
    "SIGN_TRANSACTION",
    "ZERO",
    "attachment_commitment",
    "claim_key",
    "ledger_record",
    "note_commitment",
    "number_key",
    "outside_party",
    "record_key",
    "release_code_hash",
    "state_value",
    "transaction_id",
]

HASH_SIZE: Final = 32
ZERO: Final = bytes(HASH_SIZE)
"""Where a hash stands for "none": the head of a record that does not exist yet, the commit before the first."""

SIGN_TRANSACTION: Final = b"lading/v1/sign-transaction\x00"
"""What the signature of a transaction covers in front of the body."""
SIGN_ATTESTATION: Final = b"lading/v1/sign-attestation\x00"
"""What any other signature of a member's key covers in front, so that none of them can pass for a transaction."""

_TRANSACTION_ID: Final = b"lading/v1/transaction-id\x00"
_RECORD_KEY: Final = b"lading/v1/record-key\x00"
_NUMBER_KEY: Final = b"lading/v1/number-key\x00"
_CLAIM_KEY: Final = b"lading/v1/claim-key\x00"
_STATE_VALUE: Final = b"lading/v1/state-value\x00"
_NOTE: Final = b"lading/v1/note\x00"
_ATTACHMENT: Final = b"lading/v1/attachment\x00"
_OUTSIDE: Final = b"lading/v1/outside-party\x00"

_LEDGER_RECORD: Final = b"lading/v1/ledger-record\x00"
_RELEASE_CODE: Final = b"lading/v1/release-code\x00"

_sha256 = hashlib.sha256


def transaction_id(body: bytes) -> bytes:
    """The id of a transaction: SHA-256(domain || body). Other signatures on one body are the same transaction."""
    return _sha256(_TRANSACTION_ID + body).digest()


def record_key(record_id: bytes) -> bytes:
    """The state key of a record: SHA-256(domain || record id, 32 bytes)."""
    return _sha256(_RECORD_KEY + record_id).digest()


def number_key(ledger_id: bytes, number_class: str, issuer: bytes, number: str, scope: str = "") -> bytes:
    """What stands for a document's number in a transaction, so that the number itself need not.

    SHA-256(domain || ledger id, 32 bytes || issuer, 32 bytes || for class, number and scope each:
    its length in bytes as a 4-byte big-endian integer, then its UTF-8 bytes). It hides nothing from
    somebody who guesses the number.
    """
    parts = [_NUMBER_KEY, ledger_id, issuer]
    for text in (number_class, number, scope):
        raw = text.encode("utf-8")
        parts += [len(raw).to_bytes(4, "big"), raw]
    return _sha256(b"".join(parts)).digest()


def claim_key(claimant: bytes, number: bytes) -> bytes:
    """The state key that makes a number unique: SHA-256(domain || claimant, 32 bytes || number key, 32 bytes).

    The number key in a transaction is whatever its signer writes there. Hashed with who signs, it can take
    neither another member's number nor the place of a record.
    """
    return _sha256(_CLAIM_KEY + claimant + number).digest()


def state_value(salt: bytes, key: bytes, content: bytes) -> bytes:
    """What the state tree holds under `key`: SHA-256(domain || salt, 32 || key, 32 || content).

    `salt` is that of the transaction which last changed the content, so that an outsider who sees
    the value in a neighbour's proof learns nothing from it.
    """
    return _sha256(_STATE_VALUE + salt + key + content).digest()


def ledger_record(ledger_id: bytes) -> bytes:
    """The id of the ledger's own record, which holds what is voted: SHA-256(domain || ledger id, 32 bytes)."""
    return _sha256(_LEDGER_RECORD + ledger_id).digest()


def note_commitment(salt: bytes, text: str) -> bytes:
    """The commitment of a reason or remark, whose text stays outside the log: SHA-256(domain || salt, 32 || UTF-8)."""
    return _sha256(_NOTE + salt + text.encode("utf-8")).digest()


def attachment_commitment(secret: bytes, content_hash: bytes) -> bytes:
    """The commitment of a file that belongs to a document: SHA-256(domain || the document's secret, 32 || SHA-256)."""
    return _sha256(_ATTACHMENT + secret + content_hash).digest()


def outside_party(secret: bytes, description: bytes) -> bytes:
    """The reference of a party that is no member: SHA-256(domain || the document's secret, 32 || canonical JSON)."""
    return _sha256(_OUTSIDE + secret + description).digest()


def release_code_hash(record_id: bytes, code: str) -> bytes:
    """What a record holds of a release code, which opens one record alone: SHA-256(domain || record id, 32 || UTF-8).

    The hash is public to members, so a code is drawn at random, with 80 bits or more.
    """
    return _sha256(_RELEASE_CODE + record_id + code.encode("utf-8")).digest()
