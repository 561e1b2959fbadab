"""The last pass of an audit: every signature of every checkpoint, and which checkpoints have the policy's quorum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ledger.cosignature import verify_cosignature
from ledger.errors import LadingError, UnverifiedError
from ledger.note import COSIGNATURE_KEY, SIGNING_KEY, Note, NoteSignature, VerifierKey, verify_signature
from ledger.policy import Policy
from ledger.quorum import Quorum, evaluate
from ledger.store.raw import RawRows
from ledger.store.schema import CHECKPOINT, SIGNATURE
from nodes.audit_findings import Findings, Lockstep, Row

__all__ = ["SignatureAudit", "UnknownSigner"]


class UnknownSigner(UnverifiedError):
    """A stored signature is by a key that nobody knows."""

    code = "audit.unknown_signer"
    hint = "the line was changed, or is another program's; restore a backup or remove the line"


@dataclass(slots=True)
class SignatureAudit:
    """The signatures. Afterwards `newest` is what the policy makes of the newest checkpoint, `agreed` of the newest
    one that has its quorum.
    """

    raw: RawRows
    found: Findings
    policy: Policy
    checkpoints: int = 0
    signatures: int = 0
    newest: Quorum | None = None
    agreed: Quorum | None = None

    def run(self, cosigners: Iterable[str]) -> None:
        """Check all of them; `cosigners` are the verifier keys of the ledger's members."""
        keys = _known(self.policy, cosigners)
        rows = self.found.reading("lading_signature", self.raw.of(SIGNATURE))
        lines = Lockstep(rows, self._extra)
        for size, body in self.found.reading("lading_checkpoint", self.raw.of(CHECKPOINT)):
            if type(size) is int and type(body) is str:
                self._checkpoint(size, body, lines.take(size), keys)
        lines.finish()

    def _extra(self, row: Row) -> None:
        self.found.add("lading_signature", f"size {row[0]} number {row[1]}", "there is no checkpoint of this size")

    def _checkpoint(self, size: int, body: str, rows: list[Row], keys: dict[Any, VerifierKey]) -> None:
        self.checkpoints += 1
        good: dict[Any, NoteSignature] = {}
        for expected, (_, number, line) in enumerate(rows):
            self.signatures += 1
            try:
                signature = _checked(line, body, keys)
            except LadingError as exc:
                self.found.error("lading_signature", f"size {size} number {number}", exc)
                continue
            if number != expected:
                self.found.add("lading_signature", f"size {size} number {number}", f"number {expected} is missing")
            good[signature.key] = signature
        if not any(keys[key].type == SIGNING_KEY for key in good):
            self.found.add("lading_signature", f"size {size}", "no log key of the policy has signed the checkpoint")
            return
        try:
            quorum = evaluate(self.policy, Note(body.encode("utf-8"), tuple(good.values())))
        except LadingError as exc:
            self.found.error("lading_checkpoint", f"size {size}", exc)
            return
        self.newest = quorum
        if quorum.holds:
            self.agreed = quorum


def _known(policy: Policy, cosigners: Iterable[str]) -> dict[Any, VerifierKey]:
    keys = [log.key for log in policy.logs] + [witness.key for witness in policy.witnesses]
    for vkey in cosigners:
        try:
            keys.append(VerifierKey.parse(vkey))
        except LadingError:
            continue
    return {(key.name, key.id): key for key in keys}


def _checked(line: Any, body: str, keys: dict[Any, VerifierKey]) -> NoteSignature:
    """The signature of a line. Raises what is wrong with it."""
    signature = NoteSignature.parse(str(line))
    key = keys.get(signature.key)
    if key is None:
        raise UnknownSigner(f"neither the policy nor a member's record names the key {signature.name}")
    if key.type == COSIGNATURE_KEY:
        verify_cosignature(key, body.encode("utf-8"), signature)
    else:
        verify_signature(key, body.encode("utf-8"), signature)
    return signature
