"""What a member would put into another's vault, or make another take a record for, by way of the inbox."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.town import CAST, Town, bill, certificate

from ledger.commitment import commit
from nodes.delivery import hand_on
from nodes.documents.model import Kind
from nodes.enrolment import rotate_key
from nodes.lookup import Ambiguous, find_record
from nodes.parcel import Attachment, DocumentPackage, Parcel

TAKEN, PUT_ASIDE = ("taken", None), ("rejected", "delivery.not_of_record")
RIDER = Attachment("rider.pdf", "application/pdf", b"%PDF rider")
ANNEX = Attachment("annex.pdf", "application/pdf", b"%PDF annex")
PLANTED = Attachment("letter-of-credit-waiver.pdf", "application/pdf", b"%PDF forged")


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def send(town, parcel, record_id, sender="shipper", to="bank"):
    """Hand on whatever a member likes."""
    inbox = town.homes["carrier"].inbox_path
    hand_on(inbox, parcel, record_id, town.id(sender), town.record(town.id(to)), town.keys[sender], town.genesis.id)


def fetched(town, who="bank"):
    return [(one.outcome, one.error.code if one.error else None) for one in town.desk(who).fetch()]


def found(town, who, word):
    desk = town.desk(who)
    with desk.reading() as reader:
        return find_record(reader, word, desk.vault).id


def with_files(town):
    """A bill with two files, which the bank holds."""
    record_id = town.issue(bill("B-7"), attachments=[RIDER, ANNEX]).record.id
    town.act("shipper", "accept", record_id)
    assert fetched(town, "shipper") == [TAKEN]
    town.act("shipper", "offer", record_id, to="bank", mode="endorse")
    town.act("bank", "accept", record_id)
    assert fetched(town) == [TAKEN]
    return record_id


def files(town, record_id, who="bank"):
    return sorted(file.name for file in town.desk(who).vault.parcel(record_id).attachments)


def test_labels_of_the_sender_are_not_kept(town):
    """A former holder says that its document has the number of another record."""
    record_id = town.held("B-1")
    parcel = town.desk("shipper").vault.parcel(record_id)
    labels = {"number": "OTHER-999", "issuer": "Some Other Line"}
    package = replace(parcel.document, labels=labels, kind="certificate", media_type="text/plain")
    send(town, replace(parcel, document=package), record_id)
    assert fetched(town) == [TAKEN]
    assert town.desk("bank").vault.get(record_id) == parcel.document
    assert parcel.document.labels["number"] == "B-1"


def test_a_former_holder_swaps_the_numbers_of_two_bills(town):
    cheap, dear = town.held("CHEAP-1"), town.held("DEAR-2")
    for record_id, number in ((cheap, "DEAR-2"), (dear, "CHEAP-1")):
        parcel = town.desk("shipper").vault.parcel(record_id)
        labels = {**parcel.document.labels, "number": number}
        send(town, replace(parcel, document=replace(parcel.document, labels=labels)), record_id)
    assert fetched(town) == [TAKEN, TAKEN]
    assert found(town, "bank", "CHEAP-1") == cheap
    assert found(town, "bank", "DEAR-2") == dear


def issued_as_if(town, monkeypatch, shown, pretended, who="carrier"):
    """A record whose act tells of one document, and commits to another: the parcel of that other."""
    from nodes import desk

    true = desk.issue_arguments

    def forged(document, choice, *rest):
        return true(document, choice, *rest) | {"document": commit(shown.leaves(choice.secret))}

    monkeypatch.setattr(desk, "issue_arguments", forged)
    record_id = town.issue(pretended, who).record.id
    town.desk("shipper").fetch()
    secret = town.desk(who).vault.get(record_id).secret
    return record_id, Parcel(DocumentPackage(str(pretended.kind), shown.media_type, shown.original, secret))


def test_a_record_issued_under_another_number_than_its_document_has(town, monkeypatch):
    town.held("B-1")
    record_id, parcel = issued_as_if(town, monkeypatch, bill("B-1"), bill("X-9"))
    send(town, parcel, record_id, "carrier")
    assert fetched(town) == [PUT_ASIDE]
    assert town.desk("bank").vault.entries() == []


def test_a_document_of_another_kind_than_its_record(town, monkeypatch):
    record_id, parcel = issued_as_if(town, monkeypatch, bill("B-1"), certificate(), "certifier")
    assert town.record(record_id).kind == Kind.CERTIFICATE
    send(town, parcel, record_id, "certifier")
    (one,) = town.desk("bank").fetch()
    assert (one.outcome, one.error.code) == PUT_ASIDE
    assert one.error.message == "the document of a certificate is of kind bill_of_lading"


def test_a_stranger_plants_a_file(town):
    record_id = town.held("B-1", "bank")
    send(town, Parcel(None, (PLANTED,)), record_id, "certifier")
    send(town, Parcel(None, (PLANTED,)), record_id, "certifier", "buyer")  # who has nothing of this record
    assert fetched(town) == fetched(town, "buyer") == [PUT_ASIDE]
    assert town.desk("bank").vault.attachments(record_id) == []
    assert town.desk("buyer").vault.attachments(record_id) == []


def test_a_file_beside_the_documents_own_is_put_aside(town):
    record_id = with_files(town)
    send(town, Parcel(None, (RIDER, ANNEX, PLANTED)), record_id)
    parcel = town.desk("shipper").vault.parcel(record_id)
    send(town, replace(parcel, attachments=(*parcel.attachments, PLANTED)), record_id)
    assert fetched(town) == [PUT_ASIDE, PUT_ASIDE]
    assert files(town, record_id) == ["annex.pdf", "rider.pdf"]


def test_the_documents_own_files_come_again_without_it(town):
    record_id = with_files(town)
    send(town, Parcel(None, (ANNEX, RIDER)), record_id)
    assert fetched(town) == [TAKEN]
    assert files(town, record_id) == ["annex.pdf", "rider.pdf"]


@pytest.mark.parametrize("left", [(), (RIDER,), (RIDER, RIDER)])
def test_files_that_belong_to_a_bill_are_left_out(town, left):
    record_id = with_files(town)
    parcel = town.desk("shipper").vault.parcel(record_id)
    for to in ("bank", "buyer"):
        package = replace(parcel.document, attachments=tuple(file.ref for file in left))
        send(town, replace(parcel, attachments=left, document=package), record_id, to=to)
        assert fetched(town, to) == [PUT_ASIDE]
    assert files(town, record_id) == ["annex.pdf", "rider.pdf"]
    assert town.desk("buyer").vault.versions(record_id) == []


def test_files_that_the_document_does_not_list_are_listed(town):
    """The files are all there, and the list of the sender is empty or lies about their names and sizes."""
    record_id = with_files(town)
    parcel = town.desk("shipper").vault.parcel(record_id)
    lie = tuple(replace(ref, name="invoice.pdf", size=1) for ref in parcel.document.attachments)
    for refs in ((), lie):
        send(town, replace(parcel, document=replace(parcel.document, attachments=refs)), record_id, to="buyer")
    assert fetched(town, "buyer") == [TAKEN, TAKEN]
    assert town.desk("buyer").vault.get(record_id).attachments == parcel.document.attachments
    assert town.desk("buyer").vault.versions(record_id) == [1]


def test_other_labels_make_no_new_versions(town):
    record_id = town.held("B-1", "bank")
    parcel = town.desk("shipper").vault.parcel(record_id)
    for at in range(5):
        send(town, replace(parcel, document=replace(parcel.document, labels={"n": str(at)})), record_id)
    assert fetched(town) == [TAKEN] * 5
    vault = town.desk("bank").vault
    assert vault.versions(record_id) == [1]
    assert vault.put(record_id, replace(parcel.document, labels={"n": "6"})) == 1


def test_an_id_that_begins_like_the_number_of_another_bill(tmp_path):
    """Another carrier draws the id of its record so that it begins with the digits of a bill's number."""
    town = Town(tmp_path, cast={**CAST, "mallory": ("carrier",)}, codes={"mallory": ["NMFTA:MALL"]})
    good = town.issue(bill("2400123456")).record.id
    town.desk("shipper").fetch()
    assert found(town, "shipper", "2400123456") == good
    mallory = town.desk("mallory")
    drawn = bytes.fromhex("2400123456") + bytes(27)
    draws = iter([drawn])
    true = mallory._random
    mallory._random = lambda size: next(draws, None) or true(size)
    assert mallory.issue(bill("EVIL", carrierCode="MALL")).record.id == drawn
    for who in ("bank", "shipper"):  # without the document, and with it
        with pytest.raises(Ambiguous, match=r"^2 records have it: ") as caught:
            found(town, who, "2400123456")
        assert good.hex()[:12] in caught.value.message
        assert drawn.hex()[:12] in caught.value.message
    assert found(town, "bank", drawn.hex()) == drawn
    assert found(town, "bank", good.hex()) == good


def test_a_number_that_is_the_whole_id_of_another_record(town):
    """Whoever gives its bill the id of another's as its number catches nobody who gives that id."""
    good = town.held("B-1")
    town.issue(bill(good.hex()[:20]))
    with pytest.raises(Ambiguous):
        found(town, "bank", good.hex()[:20])
    assert found(town, "bank", good.hex()) == good


def test_documents_under_way_outlive_a_change_of_the_senders_key(town):
    record_id = town.held("B-1")
    town.act("shipper", "offer", record_id, to="bank", mode="endorse")
    town.tick()
    rotate_key(town.desk("shipper"))
    town.tick()
    town.issue(bill("B-2"))
    assert fetched(town) == [TAKEN]
    assert town.desk("bank").vault.get(record_id) == town.desk("shipper").vault.get(record_id)
