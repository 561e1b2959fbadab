"""Proving a record to somebody who has only a policy: which checkpoint, and how much of the document.

The newest checkpoint that has the policy's quorum serves, or the newest of all where none has. Of the document
everything is shown, or chosen places with those that tie it to the record: its number, and a carrier's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.table import RuleTable
from ledger.bundle import Bundle, Redacted, WholeDocument
from ledger.commitment import is_json
from ledger.disclosure import disclose
from ledger.quorum import Quorum
from ledger.record import Record
from ledger.smt import StateTree
from ledger.store.port import Store, StoreDamaged, StoredCheckpoint
from nodes.cosigning import quorum_of
from nodes.documents.read import read_as
from nodes.parcel import DocumentPackage
from nodes.proofs import NoCheckpoint, Prover
from nodes.reader import LedgerReader

__all__ = ["ALWAYS_SHOWN", "Proof", "choose_checkpoint", "document_part", "prove"]

ALWAYS_SHOWN = ("/carrierCode", "/carrierCodeListProvider")
"""What a redacted transport document shows beside its number: that the issuer is the carrier that it names."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A bundle, the checkpoint under which it was made, and whether the record has moved on since."""

    bundle: Bundle
    quorum: Quorum
    newer: int | None
    """The record's newest entry, where the checkpoint does not cover it."""


def choose_checkpoint(
    store: Store, policy: str, *, size: int | None = None, after: int = 0
) -> tuple[StoredCheckpoint, Quorum]:
    """The checkpoint of `size`, or the newest with the quorum that has more than `after` entries, or the newest.

    Raises `NoCheckpoint`, or what is wrong with a checkpoint's signatures.
    """
    newest = store.checkpoint(size)
    if newest is None:
        what = "no checkpoint is signed yet" if size is None else f"there is no checkpoint of {size} entries"
        raise NoCheckpoint(what, value=size)
    first = quorum_of(newest, policy)
    if size is not None or first.holds:
        return newest, first
    for stored in store.checkpoints():
        if stored.size <= after:
            break
        quorum = quorum_of(stored, policy)
        if quorum.holds:
            return stored, quorum
    return newest, first


def prove(
    reader: LedgerReader,
    record: Record,
    policy: str,
    *,
    size: int | None = None,
    document: WholeDocument | Redacted | None = None,
) -> Proof:
    """The bundle of a record. Raises `NoCheckpoint`, `NotProvable` or `StoreDamaged`."""
    acts = reader.history(record)
    stored, quorum = choose_checkpoint(reader.store, policy, size=size, after=acts[0].index if acts else 0)
    tree = StateTree.build(reader.store.leaves())
    if tree.root != reader.head.state_root:
        raise StoreDamaged("the state's leaves do not give the root of the last commit", value=tree.root)
    bundle = Prover(reader.store, tree).bundle(record.id, stored, document)
    return Proof(bundle, quorum, record.entry if record.entry >= stored.size else None)


def document_part(package: DocumentPackage, table: RuleTable, pointers: Sequence[str] = ()) -> WholeDocument | Redacted:
    """A document for a bundle: whole, or with `pointers` only these places of it and what ties it to the record.

    Raises `NothingToDisclose` for a place that the document does not have, or what is wrong with the document.
    """
    document = read_as(table.kind, package.original)
    leaves = document.leaves(package.secret)
    if not pointers:
        value = None if is_json(document.media_type) else document.value
        hashes = tuple(leaf.hash for leaf in leaves)
        return WholeDocument(package.original, document.media_type, package.secret, hashes, value)
    there = {leaf.pointer for leaf in leaves}
    tied = [table.number.at] if table.number is not None else []
    tied += [pointer for pointer in ALWAYS_SHOWN if pointer in there]
    return Redacted(tuple(disclose(leaves, [*tied, *pointers])))
