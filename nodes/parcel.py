"""What a member keeps and hands on about one record: a document, its attachments, its notes.

A parcel is the canonical MessagePack of

    {"attachments": [{"content": <bytes>, "media_type": "application/pdf", "name": "terms.pdf"}, …],
     "document": {"attachments": [{"media_type": …, "name": …, "sha256": <32>, "size": 48213}, …],
                  "kind": "bill_of_lading", "labels": {"number": "OCLU2512345", …},
                  "media_type": "application/json", "original": <bytes>, "secret": <32>} | nil,
     "format": "lading/parcel@1",
     "notes": [{"commitment": <32>, "salt": <32>, "text": "seal broken"}, …]}

`original` is the document byte for byte, and `secret` opens its commitment. `labels` are for
finding it, and prove nothing. A note is the text of a reason or remark, of which the log holds a
commitment. Whether the document and the notes match the log is for the caller to check, who can
read the log. A parcel holds every attachment that its document names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger import codec
from ledger.errors import InputError

__all__ = [
    "MAX_ATTACHMENT",
    "MAX_DOCUMENT",
    "MAX_NOTE",
    "MAX_PARCEL",
    "Attachment",
    "AttachmentRef",
    "DocumentPackage",
    "MalformedParcel",
    "Note",
    "Parcel",
    "TooLargeToKeep",
]

MAX_DOCUMENT: Final = 16 * 1024 * 1024
"""Largest document, in bytes."""
MAX_ATTACHMENT: Final = 100 * 1024 * 1024
"""Largest attachment, in bytes, unless the vault is told otherwise."""
MAX_NOTE: Final = 1_048_576
"""Longest text of a note, in bytes of UTF-8."""
MAX_PARCEL: Final = 128 * 1024 * 1024
"""Largest parcel, in bytes, unless told otherwise."""
PARCEL_FORMAT: Final = "lading/parcel@1"
_HASH_SIZE: Final = 32
_MAX_ITEMS: Final = 1000
_MAX_LABELS: Final = 64
_MAX_WORD: Final = 255
# What is no character, ends a line, or makes a terminal or a reader see another text.
_TRICKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class MalformedParcel(InputError):
    """A document, an attachment or a note that lacks something, or has what it must not have."""

    code = "parcel.malformed"
    hint = "ask the sender to hand the documents over again, with the newest version of lading"


class TooLargeToKeep(InputError):
    """More bytes than a document, an attachment, a note or a parcel may have."""

    code = "parcel.too_large"
    hint = "hand large files over by other means, and bind them by their hash"


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """What is known of an attachment without its content."""

    name: str
    media_type: str
    size: int
    sha256: bytes

    def check(self) -> None:
        """Raises `MalformedParcel`."""
        _check_file_name(self.name)
        _check_word(self.media_type, "the media type of an attachment")
        _check_hash(self.sha256, "the hash of an attachment")
        if type(self.size) is not int or self.size < 0:
            raise MalformedParcel("the size of an attachment is not a number", value=self.size)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a document, bound by its SHA-256."""

    name: str
    media_type: str
    content: bytes

    @property
    def ref(self) -> AttachmentRef:
        """Its name, type, size and hash."""
        digest = hashlib.sha256(self.content).digest()
        return AttachmentRef(self.name, self.media_type, len(self.content), digest)

    def check(self, limit: int = MAX_ATTACHMENT) -> None:
        """Raises `MalformedParcel` or `TooLargeToKeep`."""
        _check_file_name(self.name)
        _check_word(self.media_type, "the media type of an attachment")
        _check_size(self.content, limit, f"the attachment {self.name}")


@dataclass(frozen=True, slots=True)
class Note:
    """The text of a reason or remark, and what opens its commitment."""

    commitment: bytes
    text: str
    salt: bytes

    def check(self) -> None:
        """Raises `MalformedParcel` or `TooLargeToKeep`."""
        _check_hash(self.commitment, "the commitment of a note")
        _check_hash(self.salt, "the salt of a note")
        if type(self.text) is not str:
            raise MalformedParcel("a note is not text")
        _check_size(_utf8(self.text, "a note"), MAX_NOTE, "a note")


@dataclass(frozen=True, slots=True)
class DocumentPackage:
    """A document as it came, with what opens its commitment and what helps to find it."""

    kind: str
    media_type: str
    original: bytes
    secret: bytes
    labels: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[AttachmentRef, ...] = ()

    def check(self) -> None:
        """Raises `MalformedParcel` or `TooLargeToKeep`."""
        _check_word(self.kind, "the kind of a document")
        _check_word(self.media_type, "the media type of a document")
        _check_hash(self.secret, "the secret of a document")
        _check_size(self.original, MAX_DOCUMENT, "a document")
        if len(self.labels) > _MAX_LABELS or len(self.attachments) > _MAX_ITEMS:
            raise MalformedParcel("a document has too many labels or attachments")
        for name, label in self.labels.items():
            _check_word(name, "the name of a label")
            _check_word(label, f"the label {name}", least=0)
        for ref in self.attachments:
            ref.check()

    def encode(self) -> bytes:
        """The package as canonical MessagePack, as the vault keeps it."""
        self.check()
        return codec.encode(self._value())

    @classmethod
    def decode(cls, data: bytes) -> DocumentPackage:
        """Read what `encode` wrote. Raises an `InputError`."""
        return cls._from(codec.decode(data, limit=len(data)))

    def _value(self) -> dict[str, Any]:
        return {
            "attachments": [_members(ref) for ref in self.attachments],
            "kind": self.kind,
            "labels": dict(self.labels),
            "media_type": self.media_type,
            "original": self.original,
            "secret": self.secret,
        }

    @classmethod
    def _from(cls, value: Any) -> DocumentPackage:
        members = _exactly(value, cls)
        if type(members["labels"]) is not dict:
            raise MalformedParcel("the labels of a document are no map")
        refs = tuple(_made(AttachmentRef, one) for one in _listed(members["attachments"]))
        package = cls(**{**members, "attachments": refs})
        package.check()
        return package


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything that is handed on about one record. Notes alone need no document."""

    document: DocumentPackage | None
    attachments: tuple[Attachment, ...] = ()
    notes: tuple[Note, ...] = ()

    def check(self, limit: int = MAX_PARCEL) -> None:
        """Raises `MalformedParcel` or `TooLargeToKeep`."""
        if len(self.attachments) > _MAX_ITEMS or len(self.notes) > _MAX_ITEMS:
            raise MalformedParcel(f"a parcel has more than {_MAX_ITEMS} attachments or notes")
        if self.document is not None:
            self.document.check()
        for attachment in self.attachments:
            attachment.check(limit)
        for note in self.notes:
            note.check()
        there = {attachment.ref.sha256 for attachment in self.attachments}
        for ref in () if self.document is None else self.document.attachments:
            if ref.sha256 not in there:
                raise MalformedParcel(f"the attachment {ref.name} is missing", value=ref.sha256)

    def encode(self, *, limit: int = MAX_PARCEL) -> bytes:
        """The parcel as canonical MessagePack. Raises `TooLargeToKeep` or `MalformedParcel`."""
        self.check(limit)
        data = codec.encode(
            {
                "attachments": [_members(one) for one in self.attachments],
                "document": None if self.document is None else self.document._value(),
                "format": PARCEL_FORMAT,
                "notes": [_members(one) for one in self.notes],
            }
        )
        _check_size(data, limit, "the parcel")
        return data

    @classmethod
    def decode(cls, data: bytes, *, limit: int = MAX_PARCEL) -> Parcel:
        """Read what `encode` wrote. Raises an `InputError`."""
        _check_size(data, limit, "the parcel")
        value = codec.decode(data, limit=limit)
        names = {"attachments", "document", "format", "notes"}
        if type(value) is not dict or set(value) != names or value["format"] != PARCEL_FORMAT:
            raise MalformedParcel(f"not a parcel of the format {PARCEL_FORMAT}")
        document = value["document"]
        parcel = cls(
            None if document is None else DocumentPackage._from(document),
            tuple(_made(Attachment, one) for one in _listed(value["attachments"])),
            tuple(_made(Note, one) for one in _listed(value["notes"])),
        )
        parcel.check(limit)
        return parcel


def _members(value: AttachmentRef | Attachment | Note) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__slots__}


def _exactly(value: Any, kind: type) -> dict[str, Any]:
    """`value`, if it is a map with just the members that `kind` has."""
    names = set(kind.__slots__)  # type: ignore[attr-defined]
    if type(value) is not dict or set(value) != names:
        raise MalformedParcel(f"{kind.__name__} has the members {', '.join(sorted(names))}")
    return value


def _made(kind: type[Any], value: Any) -> Any:
    return kind(**_exactly(value, kind))


def _listed(value: Any) -> list[Any]:
    if type(value) is not list:
        raise MalformedParcel("a list is expected", value=value)
    return value


def _utf8(text: str, what: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedParcel(f"{what} is not valid Unicode text") from None


def _check_word(value: Any, what: str, *, least: int = 1) -> None:
    """One line of text that shows what it is."""
    if type(value) is not str or not least <= len(value) <= _MAX_WORD or _TRICKS.search(value):
        raise MalformedParcel(f"{what} is not one line of {least} to {_MAX_WORD} characters")


def _check_file_name(value: Any) -> None:
    """A name that stays in the folder where somebody saves the attachment."""
    _check_word(value, "the name of an attachment")
    if value.startswith(".") or any(mark in value for mark in '/\\:*?"<>|'):
        raise MalformedParcel(f"{value!r} is no name of a file", value=value)


def _check_hash(value: Any, what: str) -> None:
    if type(value) is not bytes or len(value) != _HASH_SIZE:
        raise MalformedParcel(f"{what} has not {_HASH_SIZE} bytes")


def _check_size(value: Any, limit: int, what: str) -> None:
    if type(value) is not bytes:
        raise MalformedParcel(f"{what} is not bytes")
    if len(value) > limit:
        raise TooLargeToKeep(
            f"{what} has {len(value):,} bytes where at most {limit:,} are allowed",
            value=len(value),
        )
