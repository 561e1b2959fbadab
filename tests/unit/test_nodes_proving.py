"""Which checkpoint a proof is made under, and how much of the document goes with it."""

from __future__ import annotations

import pytest
from support.game import base_tables
from support.proven import Trade
from support.town import Town, bill, invoice

from ledger.bundle import Redacted, WholeDocument
from ledger.commitment import commit
from ledger.disclosure import NothingToDisclose, verify_disclosed
from ledger.store.port import StoreDamaged
from nodes.access import open_for_reading
from nodes.cosigning import cosign_newest
from nodes.parcel import DocumentPackage
from nodes.proofs import NoCheckpoint
from nodes.proving import choose_checkpoint, document_part, prove

SECONDS = 1_764_000_100


@pytest.fixture
def trade() -> Trade:
    return Trade()


def text(trade: Trade) -> str:
    return trade.policy.format().decode()


def test_the_newest_checkpoint_with_the_quorum_serves(trade):
    trade.bill()
    trade.cosign("carrier", "shipper", "bank")
    trade.issue()
    agreed = trade.cosign("carrier", "shipper", "bank")
    trade.issue()
    trade.cosign("carrier")
    trade.issue()
    trade.checkpoint()
    stored, quorum = choose_checkpoint(trade.store, text(trade))
    assert (stored.size, quorum.holds) == (agreed.size, True)


def test_without_a_quorum_anywhere_the_newest_serves(trade):
    trade.checkpoint()
    trade.issue()
    newest = trade.cosign("carrier")
    stored, quorum = choose_checkpoint(trade.store, text(trade))
    assert (stored, quorum.holds) == (newest, False)


def test_a_quorum_from_before_the_record_does_not_serve(trade):
    old = trade.cosign("carrier", "shipper", "bank")
    trade.issue()
    newest = trade.checkpoint()
    assert choose_checkpoint(trade.store, text(trade), after=old.size)[0] == newest
    assert choose_checkpoint(trade.store, text(trade), after=old.size - 1)[0] == old


def test_a_checkpoint_can_be_named(trade):
    old = trade.checkpoint()
    trade.issue()
    trade.cosign("carrier", "shipper", "bank")
    assert choose_checkpoint(trade.store, text(trade), size=old.size)[0] == old
    with pytest.raises(NoCheckpoint, match="there is no checkpoint of 8 entries"):
        choose_checkpoint(trade.store, text(trade), size=8)


def test_nothing_signed_is_nothing_to_prove_under(trade):
    with pytest.raises(NoCheckpoint, match="no checkpoint is signed yet"):
        choose_checkpoint(trade.store, text(trade))


def test_a_proof_says_whether_the_record_has_moved_on(trade):
    record = trade.bill()
    trade.cosign("carrier", "shipper", "bank")
    reader = trade.engine.reader
    assert prove(reader, reader.record(record), text(trade)).newer is None
    trade.act("bank", "surrender", record)
    proof = prove(reader, reader.record(record), text(trade), document=trade.whole(record))
    assert proof.newer == reader.record(record).entry == 15
    assert proof.quorum.checkpoint.size == 15
    assert proof.bundle == trade.bundle(record, checkpoint=trade.store.checkpoint(15))


def test_a_state_that_was_changed_is_not_proven(trade):
    record = trade.bill()
    trade.checkpoint()
    path = next(iter(trade.store._state))
    leaf, item = trade.store._state[path]
    trade.store._state[path] = (bytes(32), item)
    with pytest.raises(StoreDamaged):
        prove(trade.engine.reader, trade.engine.reader.record(record), text(trade))
    trade.store._state[path] = (leaf, item)


# Documents


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path, tables=base_tables())


def package_of(town: Town, who: str, record: bytes) -> DocumentPackage:
    return town.desk(who).vault.get(record)


def test_a_whole_json_document_is_its_bytes_and_its_hashes(town):
    record = town.held()
    part = document_part(package_of(town, "shipper", record), town_table(town, "bill_of_lading"))
    assert isinstance(part, WholeDocument)
    assert (part.original, part.value) == (bill().original, None)
    assert commit(bill().leaves(part.secret)) == town.record(record).document


def test_a_document_that_is_no_json_brings_what_was_read_from_it(town):
    record = town.issue(invoice(), "shipper").record
    part = document_part(package_of(town, "shipper", record.id), town_table(town, "invoice"))
    assert isinstance(part, WholeDocument)
    assert part.media_type == "application/xml"
    assert part.value == invoice().value


def test_a_redacted_document_shows_what_ties_it_to_its_record(town):
    record = town.held()
    package = package_of(town, "shipper", record)
    part = document_part(package, town_table(town, "bill_of_lading"), ["/consignmentItems/0/descriptionOfGoods"])
    assert isinstance(part, Redacted)
    shown = verify_disclosed(town.record(record).document, part.leaves)
    assert {pointer.partition("/0")[0] for pointer in shown} == {
        "/transportDocumentReference", "/carrierCode", "/carrierCodeListProvider", "/consignmentItems",
    }  # fmt: skip
    with pytest.raises(NothingToDisclose):
        document_part(package, town_table(town, "bill_of_lading"), ["/nothing"])


def town_table(town: Town, kind: str):
    with open_for_reading(town.homes["carrier"]) as reader:
        return reader.rules.table(kind)


def test_a_proof_from_a_ledger_on_disk(town):
    record = town.held(holder="bank")
    for at, who in enumerate(("carrier", "shipper", "bank")):
        cosign_newest(town.desk(who), SECONDS + at)
    with open_for_reading(town.homes["bank"]) as reader:
        proof = prove(reader, reader.record(record), town.homes["bank"].read_policy())
    assert proof.quorum.holds
    assert proof.newer is None
