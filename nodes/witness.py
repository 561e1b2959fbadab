"""A witness of other people's logs: it cosigns a checkpoint that goes on from the one that it cosigned before.

    old 20852163                                       the size that the log believes this witness to know
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=       the consistency proof, 0 to 63 hashes
                                                       an empty line
    example.com/behind-the-sofa                        the checkpoint, a signed note
    20852164
    DwP1e…

The answers are those of C2SP tlog-witness, **v1.0.0**:

    404  the origin is of no log that this witness knows        403  no signature by a key of that log
    400  it cannot be read, or `old` is above the checkpoint    409  `old` is not what is known, or another root of
    422  the proof does not hold                                     the same size; the body says what is known
    200  the cosignature's line

It has not replayed the log, so the key is `…/witness`. What it signed last is on the disk before the signature
leaves, and the comparison with it and the writing are one step (`nodes.cosigned`); a log begins with size 0 and
the root of nothing. Two checkpoints by the log's key of one size and two roots are kept as a file that proves it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger._text import from_base64
from ledger.checkpoint import Checkpoint
from ledger.cosignature import signed_message
from ledger.errors import InputError, LadingError
from ledger.merkle import EMPTY_ROOT, HASH_SIZE, BadHash, BadPosition, NotConsistent, verify_consistency
from ledger.note import COSIGNATURE_KEY, Note, NoteSignature, VerifierKey, verify_note
from ledger.policy import Policy
from nodes.cosigned import Cosigned, Signed, WouldFork
from nodes.files import PUBLIC, FileMissing, make_folder, read_bounded, write_atomic
from nodes.keystore import KeyName, KeyStore

__all__ = ["EQUIVOCATIONS", "MAX_REQUEST", "NOT_A_WITNESS", "Answer", "BadWitnessRequest", "Witness", "read_request"]

MAX_REQUEST: Final = 65_536
"""Largest request, in bytes."""
EQUIVOCATIONS: Final = "equivocations"
"""The folder in the witness's home of files that prove a log's fork."""
_MAX_PATH: Final = 63
_OLD: Final = re.compile(rb"old (0|[1-9][0-9]{0,18})((?:\n[A-Za-z0-9+/=]+)*)")
_ROLE: Final = "witness"
_SIZE_TYPE: Final = "text/x.tlog.size"
_TEXT: Final = "text/plain; charset=utf-8"
_MAX_POLICY: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a status of HTTP, a media type and a body."""

    status: int
    media_type: str
    body: bytes


class BadWitnessRequest(InputError):
    """Not a request to cosign a checkpoint."""

    code = "witness.bad_request"
    hint = "C2SP tlog-witness, add-checkpoint, has the form of a request"


class _Answered(Exception):
    """There is an answer before the end."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def read_request(data: bytes) -> tuple[int, tuple[bytes, ...], Note]:
    """The old size, the consistency proof and the checkpoint of a request. Raises `InputError`."""
    if len(data) > MAX_REQUEST:
        raise BadWitnessRequest(f"a request has at most {MAX_REQUEST:,} bytes", value=len(data))
    head, empty, note = data.partition(b"\n\n")
    match = _OLD.fullmatch(head)
    if not empty or match is None:
        raise BadWitnessRequest(
            "a request begins with `old SIZE` and hashes, and an empty line is before the checkpoint"
        )
    lines = match[2].decode("ascii").split()
    if len(lines) > _MAX_PATH:
        raise BadWitnessRequest(f"a consistency proof has at most {_MAX_PATH} hashes", value=len(lines))
    path = [from_base64(line, "a hash of the proof", BadWitnessRequest, size=HASH_SIZE) for line in lines]
    return int(match[1]), tuple(path), Note.parse(note)


class Witness:
    """One `…/witness` key, the logs that it watches, and what it signed last.

    `name` is the key's; `logs` the keys of each log by its origin; `clock` gives Unix milliseconds.
    """

    def __init__(
        self,
        name: str,
        keys: KeyStore,
        logs: Mapping[str, tuple[VerifierKey, ...]],
        memory: Cosigned,
        folder: Path,
        clock: Callable[[], int],
    ) -> None:
        self.key = VerifierKey(name, COSIGNATURE_KEY, keys.public_key(KeyName.WITNESS))
        self._keys = keys
        self._logs = dict(logs)
        self._memory = memory
        self._folder = folder
        self._clock = clock

    @staticmethod
    def watched(policy_file: Path) -> dict[str, tuple[VerifierKey, ...]]:
        """The logs of a file of `log` lines, as in a policy; none where there is no such file."""
        try:
            text = read_bounded(policy_file, _MAX_POLICY)
        except FileMissing:
            return {}
        found: dict[str, tuple[VerifierKey, ...]] = {}
        for log in Policy.parse(text).logs:
            found[log.key.name] = (*found.get(log.key.name, ()), log.key)
        return found

    def add_checkpoint(self, data: bytes) -> Answer:
        """Answer a request. Raises only what its own disk or its own state raise."""
        try:
            old, path, note = read_request(data)
            checkpoint = Checkpoint.parse(note.text)
        except LadingError as exc:
            return _told(400, f"the request cannot be read: {exc.message}")
        try:
            self._check_log(checkpoint, note)
            known = self._known(old, checkpoint, note)
            verify_consistency(known.size, known.root, checkpoint.size, checkpoint.root, path)
            line = self._cosigned(known, checkpoint, note)
        except _Answered as answered:
            return answered.answer
        except (NotConsistent, BadHash, BadPosition) as exc:
            return _told(422, exc.message)
        return Answer(200, _TEXT, f"{line}\n".encode())

    def _check_log(self, checkpoint: Checkpoint, note: Note) -> None:
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            raise _Answered(_told(404, "this witness does not know the log"))
        try:
            verify_note(note, keys)
        except LadingError as exc:
            raise _Answered(_told(403, exc.message)) from None

    def _known(self, old: int, checkpoint: Checkpoint, note: Note) -> Signed:
        """What was cosigned last, which the log must know too."""
        if old > checkpoint.size:
            raise _Answered(_told(400, f"the old size {old} is above the checkpoint's {checkpoint.size}"))
        known = self._memory.newest(_ROLE, checkpoint.origin) or Signed(0, EMPTY_ROOT, 0)
        if checkpoint.size == known.size and checkpoint.root != known.root:
            self._keep_fork(checkpoint, note)
            raise _Answered(_conflict(known.size))
        if old != known.size:
            raise _Answered(_conflict(known.size))
        return known

    def _cosigned(self, known: Signed, checkpoint: Checkpoint, note: Note) -> NoteSignature:
        """Keep what is about to be signed, unless somebody was faster, then sign it."""
        time = max(self._clock() // 1000, known.time)
        signed = Signed(checkpoint.size, checkpoint.root, time)
        try:
            self._memory.advance(_ROLE, checkpoint.origin, signed, expected=known)
        except WouldFork:
            newest = self._memory.newest(_ROLE, checkpoint.origin) or known
            raise _Answered(_conflict(newest.size)) from None
        self._keep_note(checkpoint, note)
        signature = self._keys.sign(KeyName.WITNESS, signed_message(time, checkpoint.body()))
        return NoteSignature(self.key.name, self.key.id, time.to_bytes(8, "big") + signature)

    def _keep_note(self, checkpoint: Checkpoint, note: Note) -> None:
        """The newest note of each log, so that a fork can be proved later."""
        make_folder(self._folder)
        write_atomic(self._folder / f"{_name(checkpoint.origin)}.checkpoint", note.format(), mode=PUBLIC)

    def _keep_fork(self, checkpoint: Checkpoint, note: Note) -> None:
        """Two notes by the log's key, of one size and two roots: the first is the one that was cosigned."""
        try:
            first = read_bounded(self._folder / f"{_name(checkpoint.origin)}.checkpoint", MAX_REQUEST)
        except FileMissing:
            return
        folder = self._folder / EQUIVOCATIONS
        make_folder(folder)
        name = f"{_name(checkpoint.origin)}-{checkpoint.size}-{checkpoint.root.hex()[:16]}.fork"
        write_atomic(folder / name, first + b"\n" + note.format(), mode=PUBLIC)


def _told(status: int, reason: str) -> Answer:
    return Answer(status, _TEXT, f"{reason}\n".encode())


def _conflict(size: int) -> Answer:
    return Answer(409, _SIZE_TYPE, f"{size}\n".encode())


def _name(origin: str) -> str:
    """An origin as a file name: what is readable of it, and its hash."""
    readable = "".join(mark if mark.isalnum() and mark.isascii() else "-" for mark in origin)[:40]
    return f"{readable}-{sha256(origin.encode()).hexdigest()[:12]}"


NOT_A_WITNESS: Final = _told(404, "this node has no witness key, and watches no log")
"""The answer of a node that is no witness."""
