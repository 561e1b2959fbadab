"""Handing documents on and taking them in: what comes is compared with what the ledger commits to."""

from __future__ import annotations

import os

import pytest
from support.town import Town, bill, certificate, invoice

from ledger.commitment import commit
from ledger.hashing import note_commitment
from nodes.courier import receivers
from nodes.delivery import hand_on, package_commitment
from nodes.parcel import Attachment, DocumentPackage, Note, Parcel

FILE = Attachment("terms.txt", "text/plain", b"terms of carriage\n")


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def send(town, parcel, record_id, sender="shipper", to="bank"):
    """Hand on whatever a member likes."""
    inbox = town.homes["carrier"].inbox_path
    return hand_on(
        inbox, parcel, record_id, town.id(sender), town.record(town.id(to)), town.keys[sender], town.genesis.id
    )


def outcomes(town, who="bank"):
    return [(one.outcome, one.error.code if one.error else None) for one in town.desk(who).fetch()]


def package(town, record_id, **changes):
    kept = town.desk("shipper").vault.get(record_id)
    names = ("kind", "media_type", "original", "secret", "labels", "attachments")
    return DocumentPackage(**{**{name: getattr(kept, name) for name in names}, **changes})


def test_the_commitment_of_a_package_is_that_of_its_record(town):
    record_id = town.held()
    kept = town.desk("shipper").vault.get(record_id)
    assert package_commitment(kept) == town.record(record_id).document == commit(bill().leaves(kept.secret))


def test_a_document_of_this_record_is_taken_again_and_kept_once(town):
    record_id = town.held()
    send(town, Parcel(package(town, record_id)), record_id)
    send(town, Parcel(package(town, record_id)), record_id)
    assert outcomes(town) == [("taken", None), ("taken", None)]
    assert town.desk("bank").vault.versions(record_id) == [1]


def test_another_document_is_put_aside(town):
    record_id = town.held()
    forged = bill("B-1", displayedNameForPortOfDischarge=["Hamburg, Germany"]).original
    send(town, Parcel(package(town, record_id, original=forged)), record_id)
    send(town, Parcel(package(town, record_id, secret=bytes(32))), record_id)
    send(town, Parcel(package(town, record_id, original=b"not a document")), record_id)
    reasons = sorted(outcomes(town))
    assert reasons == [
        ("rejected", "delivery.not_of_record"),
        ("rejected", "delivery.not_of_record"),
        ("rejected", "document.unreadable"),
    ]
    assert town.desk("bank").vault.entries() == []


def test_a_file_that_the_record_does_not_bind_is_put_aside(town):
    record_id = town.held()
    send(town, Parcel(package(town, record_id, attachments=(FILE.ref,)), (FILE,)), record_id)
    assert outcomes(town) == [("rejected", "delivery.not_of_record")]


def test_a_note_that_no_act_commits_to_is_put_aside(town):
    record_id = town.held()
    salt = os.urandom(32)
    send(town, Parcel(None, (), (Note(note_commitment(salt, "invented"), "invented", salt),)), record_id)
    send(town, Parcel(None, (), (Note(bytes(32), "invented", salt),)), town.id("carrier"))
    assert outcomes(town) == [("rejected", "delivery.not_of_record")] * 2


def test_another_text_under_a_right_commitment_is_put_aside(town):
    record_id = town.issue(bill()).record.id
    town.act("shipper", "reject", record_id, reason="late")
    (note,) = town.desk("shipper").vault.notes(record_id)
    send(town, Parcel(None, (), (Note(note.commitment, "early", note.salt),)), record_id)
    send(town, Parcel(None, (), (note,)), record_id)
    assert sorted(outcomes(town)) == [("rejected", "delivery.not_of_record"), ("taken", None)]


def test_a_document_waits_until_its_record_is_on_the_ledger(town):
    record_id = town.held()
    parcel = Parcel(package(town, record_id))
    path = send(town, parcel, bytes([7]) * 32)
    assert outcomes(town) == [("waiting", "delivery.not_on_ledger_yet")]
    assert path.exists()


def test_who_is_no_member_is_not_believed(town):
    record_id = town.held()
    town.make_home("stranger")
    inbox = town.homes["carrier"].inbox_path
    hand_on(
        inbox, Parcel(package(town, record_id)), record_id, town.id("stranger"), town.record(town.id("bank")),
        town.keys["stranger"], town.genesis.id,
    )  # fmt: skip
    assert outcomes(town) == [("rejected", "inbox.unknown_sender")]


def test_documents_go_with_those_that_are_bound_to_them(town):
    record_id = town.held()
    paper = town.issue(invoice(), "shipper", bound_to=[record_id]).record.id
    other = town.issue(certificate(), "certifier").record.id
    town.desk("shipper").fetch()
    desk = town.desk("shipper")
    with desk.reading() as reader:
        assert desk.courier.bound(record_id, reader) == [paper]
        assert desk.courier.hand_on(record_id, [town.id("bank")], reader).records == 2
        assert desk.courier.hand_on(record_id, [town.id("bank")], reader, bound=False).records == 1
        nothing = desk.courier.hand_on(other, [town.id("bank")], reader)
    assert (nothing.records, nothing.to, nothing.errors) == (0, [], [])


def test_the_receivers_of_a_new_record_are_members_and_others_than_its_issuer(town):
    record_id = town.held()
    paper = town.issue(invoice(), "shipper", bound_to=[record_id]).record
    with town.desk("carrier").reading() as reader:
        assert receivers(paper, [record_id], reader) == [town.id("buyer")]
        paper.fields["buyer"] = bytes(32)
        assert receivers(paper, [record_id, bytes(32)], reader) == []
        paper.issuer = town.id("bank")
        assert receivers(paper, [record_id], reader) == [town.id("shipper")]


def test_a_damaged_document_is_reported_and_the_others_go(town):
    record_id = town.held()
    paper = town.issue(invoice(), "shipper", bound_to=[record_id]).record.id
    vault = town.homes["shipper"].vault_path
    folder = vault / town.keys["shipper"].pseudonym(b"record" + paper)[:16].hex()
    (file,) = folder.iterdir()
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    desk = town.desk("shipper")
    with desk.reading() as reader:
        handed = desk.courier.hand_on(record_id, [town.id("bank")], reader)
    assert handed.records == 1
    assert [error.code for error in handed.errors] == ["vault.damaged"]
