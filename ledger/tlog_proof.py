"""Proofs that an entry is in the log, as a text that other programs verify offline.

    c2sp.org/tlog-proof@v1
    extra AAEC                                       optional; nothing vouches for it
    index 1                                          of the leaf, from 0
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     the path, the leaf's sibling first

    example.com/log                                  the checkpoint with its signatures, verbatim
    2
    …

A proof does not hold the entry: who verifies brings the entry, or its leaf hash, and a policy.

Source: C2SP tlog-proof (untagged draft, @v1 of 2026-05-22).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from . import merkle
from ._text import MAX_DECIMAL, from_base64, from_decimal, to_base64
from .errors import InputError
from .note import MAX_NOTE, Note
from .policy import Policy
from .quorum import Quorum, evaluate

__all__ = ["MAX_PATH", "MAX_PROOF", "BadProof", "TlogProof", "verify_proof"]

MAX_PROOF: Final = 2 * MAX_NOTE
"""Largest proof in bytes, half of it for the checkpoint."""
MAX_PATH: Final = 63
"""Most hashes of a path."""

_HEADER: Final = "c2sp.org/tlog-proof@v1"


class BadProof(InputError):
    """Not a tlog-proof, or not in its canonical form."""

    code = "tlog_proof.malformed"
    hint = "the proof was cut or edited, or is of another version than @v1; get it anew"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """The index of a leaf, its path, the signed checkpoint, and bytes that nothing vouches for."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index <= MAX_DECIMAL:
            raise BadProof("an index that no leaf has", value=self.index)
        if len(self.path) > MAX_PATH:
            raise BadProof(f"a path of more than {MAX_PATH} hashes", value=len(self.path))
        if any(len(one) != merkle.HASH_SIZE for one in self.path):
            raise BadProof("a hash of a path that is not 32 bytes")

    @classmethod
    def parse(cls, data: bytes) -> TlogProof:
        """The proof in `data`; nothing is verified. Raises `BadProof` or `note.BadNote`."""
        if len(data) > MAX_PROOF:
            raise BadProof(f"a proof of more than {MAX_PROOF:,} bytes", value=len(data))
        head, blank, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise BadProof("the part above the checkpoint is not ASCII", value=head[:32]) from None
        if lines.pop(0) != _HEADER or not blank:
            raise BadProof(f"a proof begins with {_HEADER} and has an empty line", value=head[:32])
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = from_base64(lines.pop(0)[len("extra ") :], "the extra data", BadProof)
        if not lines or not lines[0].startswith("index "):
            raise BadProof("a proof has a line that begins with 'index'", value=head[:64])
        index = from_decimal(lines.pop(0)[len("index ") :], "the index", BadProof)
        if len(lines) > MAX_PATH:
            raise BadProof(f"a path of more than {MAX_PATH} hashes", value=len(lines))
        path = [from_base64(one, "a hash of the path", BadProof, size=merkle.HASH_SIZE) for one in lines]
        return cls(index, tuple(path), Note.parse(checkpoint), extra)

    def format(self) -> bytes:
        """The text of the proof. Raises `BadProof` if it is larger than `MAX_PROOF`."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(f"extra {to_base64(self.extra)}")
        lines += [f"index {self.index}", *map(to_base64, self.path)]
        data = "\n".join(lines).encode() + b"\n\n" + self.checkpoint.format()
        if len(data) > MAX_PROOF:
            raise BadProof(f"a proof of more than {MAX_PROOF:,} bytes", value=len(data))
        return data


def verify_proof(proof: TlogProof, leaf: bytes, policy: Policy) -> Quorum:
    """Check that the entry of leaf hash `leaf` is in the log that `policy` is about.

    (1) A log key of the policy has signed the checkpoint, and no known signature fails.
    (2) The policy's quorum has cosigned it.
    (3) The path leads from the leaf at the proof's index to the checkpoint's root.

    Returns who has signed, and when. Raises as `quorum.evaluate` (1), `Quorum.require` (2) and
    `merkle.verify_inclusion` (3).
    """
    quorum = evaluate(policy, proof.checkpoint)  # (1)
    quorum.require()  # (2)
    checkpoint = quorum.checkpoint
    merkle.verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root)  # (3)
    return quorum
