"""Making bundles: what a holder gives to somebody who has only a policy.

A bundle is made under one checkpoint. The state may have moved on since: the tree is put back by the undo
records of the later heights, and the record's content is replayed from its own acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.founding import founding_outcome
from contracts.table import RESERVED
from ledger.bundle import Bundle, BundleEntry, Redacted, StateProof, WholeDocument
from ledger.checkpoint import Checkpoint
from ledger.codec import decode
from ledger.entry import Commit, read_entry, split_text
from ledger.errors import NotFoundError, UnavailableError
from ledger.hashing import claim_key, record_key
from ledger.ics23 import prove_membership
from ledger.ics23_wire import encode as encode_proof
from ledger.member import key_claim
from ledger.merkle import inclusion_path
from ledger.note import Note, NoteSignature
from ledger.record import MAX_CONTENT, Item, Record, number_content
from ledger.smt import StateTree
from ledger.smt_view import StateView
from ledger.store.port import Store, StoredCheckpoint
from ledger.succession import said_of
from nodes.past import record_after
from nodes.reader import Act, LedgerReader

__all__ = ["NoCheckpoint", "NotProvable", "Prover", "signed_note"]


class NoCheckpoint(NotFoundError):
    """No checkpoint of this ledger covers the record."""

    code = "proof.no_checkpoint"
    hint = "let the operator sign one (`lading cosign` in the operator's home), and the cosigners cosign it"


class NotProvable(UnavailableError):
    """The state under that checkpoint is not kept any more."""

    code = "proof.not_provable"
    hint = "prove under a newer checkpoint: let the operator sign and the cosigners cosign again"


_ADOPTED_HINT = "prove the proposal by which it was adopted: it has the same SHA-256 as its content"
_FOUNDING_HINT = "prove a record that it acted on: the bundle shows its key as of the genesis"


def signed_note(stored: StoredCheckpoint) -> bytes:
    """A stored checkpoint with the newest signature of each key, as C2SP signed-note."""
    newest = {line.key: line for line in map(NoteSignature.parse, stored.lines)}
    return Note(stored.body.encode("utf-8"), tuple(newest.values())).format()


@dataclass(frozen=True, slots=True)
class _Moment:
    """The ledger as it stood under a checkpoint."""

    checkpoint: Checkpoint
    note: bytes
    commit: Commit
    view: StateView


class Prover:
    """Makes bundles from a store and its state tree."""

    def __init__(self, store: Store, tree: StateTree) -> None:
        self._store = store
        self._tree = tree
        self._reader = LedgerReader(store, tree.leaf)

    def bundle(
        self, record_id: bytes, checkpoint: StoredCheckpoint, document: WholeDocument | Redacted | None = None
    ) -> Bundle:
        """The bundle of a record under a checkpoint. Raises `NoCheckpoint`, `NotProvable` or `NoSuchRecord`."""
        moment = self._moment(checkpoint)
        size = moment.checkpoint.size
        now = self._reader.record(record_id)
        if record_id in founding_outcome(*self._reader.founding).records:
            raise NotProvable(
                "this record began with the genesis, which every bundle holds", value=record_id, hint=_FOUNDING_HINT
            )
        if now.kind in RESERVED:
            raise NotProvable("this record is the ledger's own", value=record_id, hint=_ADOPTED_HINT)
        acts = [act for act in self._reader.history(now) if act.index < size]
        if not acts:
            raise NoCheckpoint(f"the checkpoint of {size} entries is older than the record", value=record_id)
        record, salt = self._as_of(record_id, acts), acts[-1].signed.transaction.salt
        indices = {act.index for act in acts} | {act.commit for act in acts} | {size - 1}
        indices |= self._enrolments(acts, size)
        genesis = self._reader.genesis.encode()
        return Bundle(
            record=record_id,
            genesis=genesis,
            genesis_paths=tuple(self._path(part.part, size) for part in split_text("genesis", genesis)),
            checkpoint=moment.note,
            entries=tuple(BundleEntry(at, self._reader.entry(at), self._path(at, size)) for at in sorted(indices)),
            state=self._state(moment.view, record_key(record_id), Item(salt, record.encode())),
            number=self._number(moment.view, acts, record),
            document=document,
        )

    def _moment(self, stored: StoredCheckpoint) -> _Moment:
        size = stored.size
        last = read_entry(self._reader.entry(size - 1)) if size else None
        if not isinstance(last, Commit):
            raise NoCheckpoint("the checkpoint does not end with a commit", value=size)
        undos = []
        for height in range(last.height + 1, self._reader.head.height + 1):
            undo = self._store.undo(height)
            if undo is None:
                raise NotProvable(f"the state before height {height} is not kept any more", value=height)
            undos.append(undo)
        view = self._tree.at(undos)
        if view.root != last.state_root:
            raise NotProvable("the state put back does not have the root of that commit", value=last.height)
        checkpoint = Checkpoint.parse(stored.body.encode("utf-8"))
        return _Moment(checkpoint, signed_note(stored), last, view)

    def _path(self, index: int, size: int) -> tuple[bytes, ...]:
        return tuple(inclusion_path(self._store.hash_at, index, size))

    def _as_of(self, record_id: bytes, acts: list[Act]) -> Record:
        record = record_after(self._reader, record_id, acts)
        if record is None:
            raise NoCheckpoint("the record has no acts", value=record_id)
        return record

    def _enrolments(self, acts: Iterable[Act], size: int) -> set[int]:
        """The entries, with their commits, that gave their keys to those who signed, and to those who signed these."""
        found: set[int] = set()
        seen: set[bytes] = set()
        todo = list(acts)
        while todo:
            for member in self._signers(todo.pop()) - seen:
                seen.add(member)
                for act in self._reader.history(self._reader.record(member)):
                    if act.index < size:
                        found |= {act.index, act.commit}
                        todo.append(act)
        return found

    def _signers(self, act: Act) -> set[bytes]:
        """The actor, whom it represents, and whose keys the further signatures are by."""
        transaction = act.signed.transaction
        found = {transaction.actor}
        if transaction.represented is not None:
            found.add(transaction.represented)
        for _, key, _ in act.signed.signatures if len(act.signed.signatures) > 1 else ():
            owner = self._reader.item(key_claim(transaction.ledger, key))
            if owner is not None:
                found.add(decode(owner.content, limit=MAX_CONTENT)[2])
        return found

    def _state(self, view: StateView, key: bytes, item: Item) -> StateProof:
        proof = prove_membership(view, key, item.value(key))
        return StateProof(item.content, item.salt, encode_proof(proof))

    def _number(self, view: StateView, acts: Iterable[Act], record: Record) -> StateProof | None:
        """The proof that the record's number is its own; none for one that is dead, whose successor may have it."""
        if record.replaced_by and record.controller is None:
            return None
        for act in acts:
            transaction = act.signed.transaction
            number = said_of(transaction, record.id).get("number")
            if isinstance(number, dict):
                key = claim_key(record.issuer, number["key"])
                proof = self._state(view, key, Item(transaction.salt, number_content(key, record.id)))
                return StateProof(b"", proof.salt, proof.proof)
        return None
