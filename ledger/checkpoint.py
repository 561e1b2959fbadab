"""Checkpoints: what the log commits to at one size, as the text of a signed note.

    example.com/log                                  origin: which log; the name of its keys
    5                                                size: number of leaves, decimal
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     base64 of the root, 32 bytes

Every line ends in a newline. The specification lets extension lines follow; lading writes none
(what it commits to stands in the last leaf), and refuses them on reading, since nobody else checks
what they say. The origin is a key name too: not empty, no spaces, no plus.

Source: C2SP tlog-checkpoint v1.0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from . import merkle, note
from ._text import from_base64, from_decimal, to_base64
from .errors import InputError, UnverifiedError
from .note import Note, NoteSignature, VerifierKey

__all__ = [
    "MAX_BODY",
    "MAX_ORIGIN",
    "BadCheckpoint",
    "Checkpoint",
    "ExtensionLines",
    "UnknownOrigin",
    "sign_checkpoint",
    "verify_checkpoint",
]

MAX_ORIGIN: Final = 255
"""Longest origin, in bytes of UTF-8: what a cosignature of type 0x06 (ML-DSA-44) can name."""
MAX_BODY: Final = 1024
"""Largest body of a checkpoint, in bytes."""


class BadCheckpoint(InputError):
    """Not the body of a checkpoint, or not in its canonical form."""

    code = "checkpoint.malformed"
    hint = "a checkpoint has three lines: origin, size, base64 of the root"


class ExtensionLines(InputError):
    """A checkpoint with more than three lines."""

    code = "checkpoint.extension_lines"
    hint = "lading's checkpoints have no extension lines; this one is another program's"


class UnknownOrigin(UnverifiedError):
    """A checkpoint of a log for which no key is known."""

    code = "checkpoint.unknown_origin"
    hint = "use the policy of the log that this checkpoint names"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's origin, its size in leaves and its root of 32 bytes."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        note.check_key_name(self.origin, BadCheckpoint)
        if len(self.origin.encode()) > MAX_ORIGIN:
            raise BadCheckpoint(f"an origin of more than {MAX_ORIGIN} bytes", value=self.origin)
        if not 0 <= self.size <= merkle.MAX_SIZE:
            raise BadCheckpoint("a size that no log has", value=self.size)
        if len(self.root) != merkle.HASH_SIZE:
            raise BadCheckpoint(f"a root of {len(self.root)} bytes", value=self.root)

    def body(self) -> bytes:
        """The text that is signed: three lines, final newline included."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n".encode()

    @classmethod
    def parse(cls, body: bytes) -> Checkpoint:
        """The checkpoint whose body this is. Raises `BadCheckpoint` or `ExtensionLines`."""
        if len(body) > MAX_BODY:
            raise BadCheckpoint(f"a body of more than {MAX_BODY:,} bytes", value=len(body))
        try:
            lines = body.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            raise BadCheckpoint("a checkpoint is UTF-8", value=body[:32]) from None
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise BadCheckpoint("a checkpoint has three lines, each ended by a newline", value=body)
        if len(lines) > 3:
            raise ExtensionLines("a checkpoint with extension lines", value=lines[3])
        origin, size, root = lines
        return cls(
            origin,
            from_decimal(size, "the size", BadCheckpoint),
            from_base64(root, "the root", BadCheckpoint, size=merkle.HASH_SIZE),
        )


def sign_checkpoint(seed: bytes, checkpoint: Checkpoint) -> NoteSignature:
    """The log's signature, of type 0x01 and named like the origin, by the key of a 32-byte seed."""
    return note.sign(seed, checkpoint.origin, checkpoint.body())


def verify_checkpoint(signed: Note, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint of a note that at least one key of its own log has signed.

    Only keys named like the origin count. Raises `BadCheckpoint` or `ExtensionLines` for another
    body, `UnknownOrigin` if no key has that name, else as `note.verify_note`.
    """
    checkpoint = Checkpoint.parse(signed.text)
    own = [key for key in keys if key.name == checkpoint.origin]
    if not own:
        raise UnknownOrigin("no key of this log is known", value=checkpoint.origin)
    note.verify_note(signed, own)
    return checkpoint
