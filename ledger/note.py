"""Signed notes: a text, and below it one line for each key that signed it.

    example.com/log
    5
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo=

The text ends in a newline and is parted from the signatures by the last empty line. A signature
line holds the key's name and base64(key ID, 4 bytes || signature). A key is written as a *vkey*,
`name+hex(key ID)+base64(type || public key)`, where

    key ID = SHA-256(name || 0x0A || type || public key)[:4]

Type 0x01 is Ed25519 over the text, 0x04 a cosignature (`ledger.cosignature`). Stricter than the
specification asks: canonical base64 alone, lower-case hex, and no second line of the same key.

Source: C2SP signed-note v1.0.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from . import signature as ed25519
from ._text import from_base64, to_base64
from .errors import ContradictionError, InputError, UnverifiedError

__all__ = [
    "COSIGNATURE_KEY",
    "MAX_NOTE",
    "MAX_SIGNATURES",
    "SIGNING_KEY",
    "BadKey",
    "BadNote",
    "KnownKeyFails",
    "NoKnownSignature",
    "Note",
    "NoteSignature",
    "VerifierKey",
    "check_key_name",
    "key_id",
    "sign",
    "verify_note",
    "verify_signature",
]

MAX_NOTE: Final = 131_072
"""Largest note in bytes: room for 16 signatures of 5 kB each."""
MAX_SIGNATURES: Final = 100
"""Most signature lines of a note; the specification asks for 16 at least."""
SIGNING_KEY: Final = 0x01
"""Type of an Ed25519 key that signs the text itself."""
COSIGNATURE_KEY: Final = 0x04
"""Type of an Ed25519 key that cosigns checkpoints with a time."""

_DASH: Final = "— "
_KEY_ID_SIZE: Final = 4
_SHORT: Final = 400
"""Characters of a vkey that is worth keeping in memory."""


class BadNote(InputError):
    """Not a signed note, or not in its canonical form."""

    code = "note.malformed"
    hint = "the note was cut, re-wrapped or edited; get it anew, as bytes"


class BadKey(InputError):
    """Not a verifier key (vkey), or of a type that this version does not know."""

    code = "note.bad_key"
    hint = "a key reads NAME+8 HEX DIGITS+BASE64, of type 1 (log) or 4 (witness); copy it whole"


class KnownKeyFails(ContradictionError):
    """A signature of a known key does not verify: the whole note is refused."""

    code = "note.signature_fails"
    hint = "the text was changed after signing, or the signature was; trust nothing in this note"


class NoKnownSignature(UnverifiedError):
    """No known key has signed the note."""

    code = "note.no_known_signature"
    hint = "check that the keys you trust belong to the maker of this note"


def check_key_name(name: str, error: type[InputError] = BadKey) -> str:
    """`name`, if a key can have it: not empty, no spaces, no plus, no control characters."""
    if not name or any(mark.isspace() or mark < " " or mark == "+" for mark in name):
        raise error("a key's name is not empty and has no spaces, plus or control characters", value=name)
    try:
        name.encode()
    except UnicodeEncodeError:
        raise error("a key's name is not Unicode text", value=ascii(name)) from None
    return name


def key_id(name: str, key_type: int, public_key: bytes) -> bytes:
    """SHA-256(name || 0x0A || type, 1 byte || public key)[:4]."""
    return sha256(name.encode() + b"\n" + bytes([key_type]) + public_key).digest()[:_KEY_ID_SIZE]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key of 32 bytes with its name and type; its text form is the vkey."""

    name: str
    type: int
    public_key: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.type not in (SIGNING_KEY, COSIGNATURE_KEY):
            raise BadKey(f"keys of type 0x{self.type:02x} are not known", value=self.name)
        if len(self.public_key) != ed25519.PUBLIC_KEY_SIZE:
            raise BadKey(f"a public key of {len(self.public_key)} bytes", value=self.name)

    @property
    def id(self) -> bytes:
        """The key ID, 4 bytes."""
        return key_id(self.name, self.type, self.public_key)

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """The key that `vkey` writes.

        Raises `BadKey`, or `signature.BadPublicKey` for a key under which signatures can be forged.
        """
        return _known_key(vkey) if len(vkey) <= _SHORT else _read_key(vkey)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.type]) + self.public_key)}"


def _read_key(vkey: str) -> VerifierKey:
    parts = vkey.split("+", 2)
    if len(parts) != 3:
        raise BadKey("a vkey has three parts", value=vkey)
    name, hex_id, encoded = parts
    typed = from_base64(encoded, "the key in a vkey", BadKey)
    if not typed:
        raise BadKey("a vkey without a key", value=vkey)
    key = VerifierKey(name, typed[0], typed[1:])
    if key.id.hex() != hex_id:
        raise BadKey(f"the key ID is {key.id.hex()}, not {hex_id}", value=vkey)
    ed25519.check_public_key(ed25519.ED25519, key.public_key)
    return key


_known_key = lru_cache(maxsize=256)(_read_key)
"""Policies and members' cards name the same keys again and again, and to check a point of the curve takes time."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: the key's name, its ID (4 bytes) and the bytes of the signature."""

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name, BadNote)
        if len(self.key_id) != _KEY_ID_SIZE or not self.signature:
            raise BadNote("a signature is a key ID of 4 bytes and at least one more", value=self.name)

    @classmethod
    def parse(cls, line: str) -> NoteSignature:
        """The signature that `line` (without its newline) writes. Raises `BadNote`."""
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space:
            raise BadNote("a signature line reads '— NAME BASE64'", value=line)
        raw = from_base64(encoded, "a signature", BadNote)
        return cls(name, raw[:_KEY_ID_SIZE], raw[_KEY_ID_SIZE:])

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.signature)}"

    @property
    def key(self) -> tuple[str, bytes]:
        """What tells this key from others: name and ID."""
        return self.name, self.key_id


@dataclass(frozen=True, slots=True)
class Note:
    """A text (its bytes, final newline included) and at least one signature on it."""

    text: bytes
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        _check_text(self.text)
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise BadNote(f"a note has 1 to {MAX_SIGNATURES} signatures", value=len(self.signatures))
        if len({signature.key for signature in self.signatures}) != len(self.signatures):
            raise BadNote("two signatures under the same name and key ID")

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """The note in `data`; no signature is checked. Raises `BadNote`."""
        if len(data) > MAX_NOTE:
            raise BadNote(f"a note of more than {MAX_NOTE:,} bytes", value=len(data))
        body, blank, tail = data.rpartition(b"\n\n")
        if not blank or not tail.endswith(b"\n"):
            raise BadNote("no signature block below an empty line, or no newline at the end")
        lines = tail[:-1].split(b"\n")
        if len(lines) > MAX_SIGNATURES:
            raise BadNote(f"more than {MAX_SIGNATURES} signatures", value=len(lines))
        return cls(body + b"\n", tuple(NoteSignature.parse(_decode(line)) for line in lines))

    def format(self) -> bytes:
        """The bytes of the note. Raises `BadNote` if they are more than `MAX_NOTE`."""
        lines = "".join(f"{signature}\n" for signature in self.signatures)
        data = self.text + b"\n" + lines.encode()
        if len(data) > MAX_NOTE:
            raise BadNote(f"a note of more than {MAX_NOTE:,} bytes", value=len(data))
        return data

    def signature_of(self, key: VerifierKey) -> NoteSignature | None:
        """The signature under the name and ID of `key`, if there is one."""
        wanted = (key.name, key.id)
        return next((one for one in self.signatures if one.key == wanted), None)

    def with_signatures(self, more: Iterable[NoteSignature]) -> Note:
        """The note with `more` too; a signature of the same name and ID replaces the old one."""
        merged = {one.key: one for one in self.signatures}
        merged.update((one.key, one) for one in more)
        return Note(self.text, tuple(merged.values()))


def sign(seed: bytes, name: str, text: bytes) -> NoteSignature:
    """The signature of type 0x01 over `text`, a note's text, by the key of a 32-byte seed."""
    _check_text(text)
    public_key = ed25519.public_key_of(seed)
    made = ed25519.sign_ed25519(seed, text)
    return NoteSignature(name, key_id(name, SIGNING_KEY, public_key), made)


def verify_signature(key: VerifierKey, text: bytes, signature: NoteSignature) -> None:
    """Check a signature of type 0x01 over `text`. Raises `KnownKeyFails`."""
    if key.type != SIGNING_KEY:
        raise BadKey(f"a key of type 0x{key.type:02x} does not sign the text itself", value=key.name)
    if signature.key != (key.name, key.id):
        raise KnownKeyFails(f"the signature is not under the name and ID of {key.name}", value=str(key))
    try:
        ed25519.verify(ed25519.ED25519, key.public_key, text, signature.signature)
    except ed25519.BadSignature:
        raise KnownKeyFails(f"the signature of {key.name} does not verify", value=str(key)) from None


def verify_note(note: Note, keys: Sequence[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Those of `keys` (type 0x01) that signed `note`; lines of other keys are ignored.

    Raises `KnownKeyFails` if one of them fails, `NoKnownSignature` if none has signed.
    """
    signers = []
    for key in keys:
        signature = note.signature_of(key)
        if signature is not None:
            verify_signature(key, note.text, signature)
            signers.append(key)
    if not signers:
        raise NoKnownSignature("no known key has signed this note", value=", ".join(k.name for k in keys))
    return tuple(signers)


def _check_text(text: bytes) -> None:
    if len(text) > MAX_NOTE:
        raise BadNote(f"a text of more than {MAX_NOTE:,} bytes", value=len(text))
    if not text.endswith(b"\n"):
        raise BadNote("a note's text ends with a newline")
    _decode(text)


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadNote("a note is UTF-8", value=raw[exc.start : exc.start + 8]) from None
    if any(mark < " " and mark != "\n" for mark in text):
        raise BadNote("a control character in a note", value=text)
    return text
