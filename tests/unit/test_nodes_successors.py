"""Bills that take others' place: amended by the carrier, split and merged by carrier and holder, who both recompute."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.town import Town, bill, sample

from contracts.refusals import RuleRefused, Stale
from ledger.errors import LadingError
from ledger.hashing import note_commitment
from nodes import proposals
from nodes.desk import Prepared
from nodes.documents.conservation import ContainerMissing, ContainerTwice, VolumeDiffers, WeightDiffers
from nodes.documents.difference import Difference, DifferenceFalse
from nodes.documents.model import Document
from nodes.documents.read import read_document
from nodes.issuing import NotTheIssuer
from nodes.parcel import Note, Parcel
from nodes.proposals import NotConcerned, Proposal
from nodes.successors import DocumentsMissing, DocumentsSayOtherwise, NotForThisAction, prepare_successors

FIRST, SECOND = "JWCU3048268", "JWCU7183055"


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def part(number: str, *containers: str, **changes: Any) -> Document:
    """The demo's bill for some of its containers."""
    value = copy.deepcopy(json.loads(sample("transport-document.json")))
    value["transportDocumentReference"] = number
    value["utilizedTransportEquipments"] = [
        one for one in value["utilizedTransportEquipments"] if one["equipment"]["equipmentReference"] in containers
    ]
    value["consignmentItems"] = [
        item for item in value["consignmentItems"] if item["cargoItems"][0]["equipmentReference"] in containers
    ]
    return read_document(json.dumps(value | changes).encode())


def heavier(number: str, container: str) -> Document:
    value = json.loads(part(number, container).original)
    value["consignmentItems"][0]["cargoItems"][0]["cargoGrossWeight"]["value"] += 1
    return read_document(json.dumps(value).encode())


def prepared(town: Town, who: str, action: str, records: list[bytes], *documents: Document, **more: Any) -> Prepared:
    desk = town.desk(who)
    with desk.reading() as reader:
        return prepare_successors(desk, reader, [reader.record(one) for one in records], action, documents, **more)


def propose(town: Town, who: str, act: Prepared) -> Proposal:
    desk = town.desk(who)
    with desk.reading() as reader:
        made = proposals.propose(desk, reader, act)
        return proposals.read_proposal(proposals.write_proposal(made), reader.genesis.id)


def sign(town: Town, who: str, proposal: Proposal) -> tuple[Proposal, list[str]]:
    desk = town.desk(who)
    with desk.reading() as reader:
        return proposals.sign_proposal(desk, reader, proposal)


def waits(town: Town, who: str, proposal: Proposal) -> str:
    desk = town.desk(who)
    with desk.reading() as reader:
        return proposals.waits_for(desk, reader, proposal.signed)


def split(town: Town, parent: bytes) -> tuple[Proposal, list[bytes]]:
    act = prepared(town, "carrier", "split", [parent], part("B-1A", FIRST), part("B-1B", SECOND))
    return propose(town, "carrier", act), [one["record"] for one in act.arguments["parts"]]


def amended(town: Town, number: str = "B-1") -> tuple[bytes, bytes]:
    """A bill of the shipper's that the carrier has amended: the old and the new record."""
    old = town.held()
    town.act("shipper", "surrender_for_amendment", old, wanted=bytes(32))
    act = prepared(town, "carrier", "reissue", [old], bill(number, carrierClauses=["none"]), why="clause added")
    town.desk("carrier").perform(act)
    return old, act.arguments["record"]


def test_an_amended_bill_takes_the_place_of_the_void_one(town):
    old, new = amended(town)
    void, live = town.record(old), town.record(new)
    assert (void.status, void.controller, void.replaced_by) == ("replaced", None, [new])
    assert (live.status, live.controller, live.replaces) == ("held", town.id("shipper"), [old])
    assert (live.order_party, live.fields["form"]) == (town.id("shipper"), "order")
    with pytest.raises(LadingError, match=r"replaced since .*, by entry"):
        town.act("shipper", "offer", old, to="bank", mode="endorse")


def test_the_holder_gets_the_amended_document_and_what_changed(town):
    old, new = amended(town)
    (one,) = town.desk("shipper").fetch()
    assert (one.outcome, one.opened.address.record_id) == ("taken", new)
    vault = town.desk("shipper").vault
    assert vault.get(new).original == bill("B-1", carrierClauses=["none"]).original
    (note,) = vault.notes(new)
    stated = Difference.decode(note.text)
    assert str(stated.changes[0]).startswith('/carrierClauses/0: "Shipper')
    assert str(stated.changes[0]).endswith('→ "none"')
    assert [change.pointer for change in stated.changes] == [f"/carrierClauses/{at}" for at in range(3)]
    assert (stated.old, stated.new, stated.why) == (
        town.record(old).document,
        town.record(new).document,
        "clause added",
    )


def test_the_amended_bill_may_have_a_number_of_its_own(town):
    _, new = amended(town, "B-1-AMENDED")
    town.desk("shipper").fetch()
    assert town.desk("shipper").vault.get(new).labels["number"] == "B-1-AMENDED"


def test_an_old_document_can_still_be_handed_on_after_its_number_went_to_the_new_bill(town):
    old, _ = amended(town)
    town.desk("shipper").fetch()
    with town.desk("shipper").reading() as reader:
        town.desk("shipper").courier.hand_on(old, [town.id("bank")], reader)
    assert [one.outcome for one in town.desk("bank").fetch()] == ["taken"]


def test_a_split_is_signed_by_both_and_conserves(town):
    parent = town.held()
    proposal, children = split(town, parent)
    assert waits(town, "carrier", proposal).startswith("shipper, who is in control, has not signed")
    assert town.record(parent).status == "held"
    signed, said = sign(town, "shipper", proposal)
    assert said == [
        "B-1 becomes B-1A, B-1B: the documents are those to which the act commits",
        "recomputed: packages, weight and volume stay what they are, container by container",
    ]
    assert waits(town, "shipper", signed) == ""
    proposals.finish(town.desk("shipper"), signed)
    assert town.record(parent).replaced_by == children
    for child in children:
        record = town.record(child)
        assert (record.status, record.controller, record.issuer) == ("held", town.id("shipper"), town.id("carrier"))
        for who in ("shipper", "carrier"):
            assert town.desk(who).vault.get(child).labels["number"] in ("B-1A", "B-1B")
    assert len(town.desk("shipper").vault.notes(children[0])) == 1


def test_what_a_part_says_otherwise_beside_its_goods_is_said_before_it_is_signed(town):
    parent = town.held()
    documents = part("B-1A", FIRST), part("B-1B", SECOND, serviceContractReference="SC-2")
    _, said = sign(town, "shipper", propose(town, "carrier", prepared(town, "carrier", "split", [parent], *documents)))
    assert said[2:] == ['B-1B: /serviceContractReference: "JWCL-SC-26-0881" → "SC-2"']


def test_what_was_split_can_be_merged_again(town):
    parent = town.held()
    proposal, children = split(town, parent)
    proposals.finish(town.desk("shipper"), sign(town, "shipper", proposal)[0])
    act = prepared(town, "carrier", "merge", children, bill("B-2"))
    proposal, said = sign(town, "shipper", propose(town, "carrier", act))
    assert said[0] == "B-1A, B-1B become B-2: the documents are those to which the act commits"
    proposals.finish(town.desk("shipper"), proposal)
    merged = town.record(act.arguments["record"])
    assert (merged.status, merged.controller, merged.replaces) == ("held", town.id("shipper"), children)


def test_what_is_not_conserved_is_not_even_proposed(town):
    parent = town.held()
    with pytest.raises(WeightDiffers, match=f"the weight of container {FIRST}: 11210 kg before, 11211 kg after"):
        prepared(town, "carrier", "split", [parent], heavier("B-1A", FIRST), part("B-1B", SECOND))
    with pytest.raises(ContainerTwice):
        prepared(town, "carrier", "split", [parent], bill("B-1A"), part("B-1B", SECOND))


def forged(town: Town, act: Prepared, documents: list[Document]) -> Proposal:
    """The carrier seals other documents than those to which the act commits."""
    parcels = {}
    for (record_id, parcel), document in zip(act.parcels.items(), documents, strict=True):
        parcels[record_id] = replace(parcel, document=replace(parcel.document, original=document.original))
    return propose(town, "carrier", replace(act, parcels=parcels))


def test_the_holder_does_not_sign_for_other_documents(town):
    parent = town.held()
    act = prepared(town, "carrier", "split", [parent], part("B-1A", FIRST), part("B-1B", SECOND))
    proposal = forged(town, act, [part("B-1A", FIRST), heavier("B-1B", SECOND)])
    with pytest.raises(DocumentsSayOtherwise, match="a new document is not the one to which the act commits"):
        sign(town, "shipper", proposal)


def test_the_holder_recomputes_what_the_carrier_says_is_conserved(town, monkeypatch):
    """A carrier whose node lies about the weights: the holder's own node finds it."""
    parent = town.held()
    monkeypatch.setattr("nodes.successors.conservation_statement", lambda before, after: "all is well")
    act = prepared(town, "carrier", "split", [parent], heavier("B-1A", FIRST), part("B-1B", SECOND))
    proposal = propose(town, "carrier", act)
    monkeypatch.undo()
    with pytest.raises(WeightDiffers):
        sign(town, "shipper", proposal)


def test_a_statement_that_is_true_of_other_documents_is_refused(town):
    parent = town.held()
    act = prepared(town, "carrier", "split", [parent], part("B-1A", FIRST), part("B-1B", SECOND))
    (note,) = act.notes
    salt, text = bytes(32), note.text.replace("11210", "11211")
    false = Note(note_commitment(salt, text), text, salt)
    parcels = {one: Parcel(parcel.document, parcel.attachments, (false,)) for one, parcel in act.parcels.items()}
    arguments = {**act.arguments, "conservation": false.commitment}
    proposal = propose(town, "carrier", replace(act, arguments=arguments, notes=(false,), parcels=parcels))
    with pytest.raises(DocumentsSayOtherwise, match="not that of the documents"):
        sign(town, "shipper", proposal)


def test_a_switched_bill_shows_what_changed_before_it_is_signed(town):
    parent = town.held()
    act = prepared(town, "carrier", "switch_bill", [parent], bill("B-9", serviceContractReference="SC-9"))
    proposal, said = sign(town, "shipper", propose(town, "carrier", act))
    assert said == [
        "B-1 becomes B-9: the documents are those to which the act commits",
        "recomputed: packages, weight and volume stay what they are, container by container",
        'changed: /serviceContractReference: "JWCL-SC-26-0881" → "SC-9"',
        'changed: /transportDocumentReference: "B-1" → "B-9"',
    ]
    proposals.finish(town.desk("shipper"), proposal)
    assert town.record(act.arguments["record"]).replaces == [parent]


def changed(number: str, change: Callable[[dict[str, Any]], object]) -> Document:
    """The demo's bill with another number, and with something else in its first container."""
    value = json.loads(bill(number).original)
    change(value["consignmentItems"][0]["cargoItems"][0])
    return read_document(json.dumps(value).encode())


@pytest.mark.parametrize("action", ["switch_bill", "change_destination"])
def test_a_switched_bill_is_for_neither_more_nor_less(town, action, monkeypatch):
    parent, (weight, volume) = town.held(), ("cargoGrossWeight", "cargoGrossVolume")
    wrong = [
        (changed("B-9", lambda item: item[weight].update(value=11211)), WeightDiffers, "11210 kg before, 11211 kg"),
        (changed("B-9", lambda item: item.pop(volume)), VolumeDiffers, "64.9 m³ before, 0 m³ after"),
        (part("B-9", FIRST), ContainerMissing, f"the container {SECOND} is in none of the new documents"),
    ]
    for document, error, says in wrong:
        with pytest.raises(error, match=says):
            prepared(town, "carrier", action, [parent], document)
    for document, error, says in wrong:  # a carrier whose node does not look: the holder's own node does
        with monkeypatch.context() as blind:
            blind.setattr("nodes.successors.conservation_statement", lambda before, after: "all is well")
            act = prepared(town, "carrier", action, [parent], document)
        with pytest.raises(error, match=says):
            sign(town, "shipper", propose(town, "carrier", act))
    assert town.record(parent).status == "held"


def test_an_amended_bill_may_be_for_other_goods(town):
    old = town.held()
    town.act("shipper", "surrender_for_amendment", old, wanted=bytes(32))
    act = prepared(town, "carrier", "reissue", [old], part("B-1", FIRST))
    assert "conservation" not in act.arguments


def test_a_false_difference_is_not_signed(town):
    parent = town.held()
    act = prepared(town, "carrier", "switch_bill", [parent], bill("B-9"))
    kept, note = act.notes
    stated = Difference.decode(note.text)
    salt, text = bytes(32), replace(stated, changes=()).encode()
    false = Note(note_commitment(salt, text), text, salt)
    parcels = {one: replace(parcel, notes=(kept, false)) for one, parcel in act.parcels.items()}
    arguments = {**act.arguments, "difference": false.commitment}
    with pytest.raises(DifferenceFalse):
        sign(town, "shipper", propose(town, "carrier", replace(act, arguments=arguments, parcels=parcels)))


def test_who_is_no_party_to_the_record_does_not_sign(town):
    proposal, _ = split(town, town.held())
    with pytest.raises(NotConcerned):
        sign(town, "certifier", proposal)


def test_without_the_new_documents_nothing_is_signed(town):
    proposal, _ = split(town, town.held())
    with pytest.raises(DocumentsMissing, match="did not come with the act"):
        sign(town, "shipper", Proposal(proposal.signed))


def test_without_the_old_document_nothing_is_made(town):
    parent = town.held()
    town.desk("carrier").vault.forget(parent)
    with pytest.raises(DocumentsMissing, match="the vault does not hold"):
        split(town, parent)


def test_a_proposal_on_a_record_that_moved_on_is_stale(town):
    parent = town.held()
    proposal, _ = split(town, parent)
    signed, _ = sign(town, "shipper", proposal)
    town.act("shipper", "offer", parent, to="bank", mode="endorse")
    with pytest.raises(Stale):
        waits(town, "shipper", signed)


def test_an_act_that_no_further_signature_mends_is_refused_at_once(town):
    parent = town.held()
    act = prepared(town, "carrier", "reissue", [parent], bill("B-1"))
    with pytest.raises(LadingError, match="reissue is done from amendment_requested"):
        waits(town, "carrier", propose(town, "carrier", act))
    desk = town.desk("certifier")
    with desk.reading() as reader:
        offer = desk.prepare([reader.record(parent)], "offer", {"to": town.id("bank"), "mode": "endorse"})
    with pytest.raises(RuleRefused, match="certifier is not in control"):
        waits(town, "certifier", propose(town, "certifier", offer))


def test_one_new_document_for_a_reissue(town):
    with pytest.raises(NotForThisAction, match="reissue makes one new document, not 2"):
        prepared(town, "carrier", "reissue", [town.held()], bill("B-2"), bill("B-3"))


def test_the_new_document_names_the_same_carrier(town):
    with pytest.raises(NotTheIssuer):
        prepared(town, "carrier", "reissue", [town.held()], bill("B-2", carrierCode="XXXX"))
