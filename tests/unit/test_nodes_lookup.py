"""Members and records are found by the words that people use, and never by a word that means two."""

from __future__ import annotations

import pytest
from support.town import Town, bill, certificate, invoice

from nodes.access import open_for_reading
from nodes.desk import Prepared
from nodes.enrolment import rotate_key
from nodes.lookup import (
    Ambiguous,
    NoSuchSequence,
    alias_of,
    as_of,
    find_member,
    find_party,
    find_record,
    members_among,
)
from nodes.possible import possible_actions
from nodes.proposals import finish, propose, sign_proposal
from nodes.reader import NoSuchMember, NoSuchRecord


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("town"))
    town.bill = town.held("B-1")
    town.invoice = town.issue(invoice(), "shipper", bound_to=[town.bill]).record.id
    town.issue(certificate(), "certifier")
    for at in range(3):
        town.issue(bill(f"B-{at + 2}"))
    town.act("shipper", "offer", town.bill, to="bank", mode="endorse")
    return town


@pytest.fixture
def reader(town):
    with open_for_reading(town.homes["carrier"]) as reader:
        yield reader


def test_a_member_is_found_by_alias_lei_and_id(town, reader):
    whole = town.id("buyer").hex()
    for word in ("buyer", "FICT00WAALHAVENHOM71", "fict00waalhavenhom71", whole, whole[:6], whole[:13], whole.upper()):
        assert find_member(reader, word).id == town.id("buyer"), word


@pytest.mark.parametrize("word", ["", "Buyer ", "nobody", "abcde", "FICT00", "0" * 64, "0" * 65, "é"])
def test_a_word_that_means_no_member(reader, word):
    with pytest.raises(NoSuchMember):
        find_member(reader, word)


def test_a_record_is_found_by_id_and_number(town, reader):
    whole = town.bill.hex()
    for word in (whole, whole[:6], whole[:7], whole.upper()[:12], "B-1"):
        assert find_record(reader, word).id == town.bill, word
    assert find_record(reader, "TMH-INV-26-1107").id == town.invoice
    assert find_record(reader, town.id("buyer").hex()[:10]).kind == "member"


def test_who_has_the_document_finds_its_number_in_the_vault(town, reader, monkeypatch):
    monkeypatch.setattr("nodes.lookup._by_number", lambda reader, number: [])
    with pytest.raises(NoSuchRecord):
        find_record(reader, "B-1")
    assert find_record(reader, "B-1", town.desk("shipper").vault).id == town.bill


@pytest.mark.parametrize("word", ["", "B-9", "b-1", "B-1 ", "ffffff", "f" * 64, "12345", "\udcff"])
def test_a_word_that_means_no_record(reader, word):
    with pytest.raises(NoSuchRecord):
        find_record(reader, word)


def test_a_beginning_that_two_records_share_is_refused(reader, monkeypatch):
    ids = [record.id for record in reader.records()]
    monkeypatch.setattr("nodes.lookup._by_id", lambda reader, digits: ids[:2])
    with pytest.raises(Ambiguous, match=r"^2 records have it: " + ids[0].hex()[:12]):
        find_record(reader, "abcdef")


def test_one_number_of_two_issuers_is_refused(tmp_path):
    cast = {"carrier": ("carrier",), "line": ("carrier",), "shipper": ("shipper",), "bank": (), "buyer": ()}
    town = Town(tmp_path, cast=cast, codes={"line": ["NMFTA:LINE"]})
    mine = town.issue(bill("B-1")).record.id
    other = town.issue(bill("B-1", carrierCode="LINE"), "line").record.id
    with open_for_reading(town.homes["carrier"]) as reader:
        for vault in (None, town.desk("line").vault, town.desk("carrier").vault):
            with pytest.raises(Ambiguous) as caught:
                find_record(reader, "B-1", vault)
            assert {mine.hex()[:12], other.hex()[:12]} == set(caught.value.message.split(": ")[1].split(", "))


def test_a_record_as_it_stood_at_each_sequence(town, reader):
    record = reader.record(town.bill)
    acts = reader.history(record)
    stood = [as_of(reader, record, sequence) for sequence in (1, 2, 3)]
    assert [(one.sequence, one.status) for one in stood] == [(1, "issued"), (2, "held"), (3, "offered")]
    assert [one.head for one in stood] == [act.signed.leaf for act in acts]
    assert stood[-1] == record


@pytest.mark.parametrize("sequence", [-1, 0, 4, 10**9])
def test_a_sequence_that_a_record_never_had(town, reader, sequence):
    with pytest.raises(NoSuchSequence, match="the sequences 1 to 3"):
        as_of(reader, reader.record(town.bill), sequence)


def test_a_founding_member_as_it_stood(town, reader):
    before = reader.record(town.id("buyer"))
    rotate_key(town.desk("buyer"))
    after = reader.record(town.id("buyer"))
    assert as_of(reader, after, 1) == before
    assert as_of(reader, after, 2) == after
    with pytest.raises(NoSuchSequence):
        as_of(reader, after, 0)


def test_parties_have_names(town, reader):
    members = members_among(reader, [town.id("bank"), town.bill, bytes(32), None, town.id("bank")])
    assert list(members) == [town.id("bank")]
    assert [alias_of(party, members) for party in (town.id("bank"), bytes(32), None)] == ["bank", "0" * 12, "-"]


def test_a_party_is_a_member_or_a_group(town):
    desk, record = town.desk("carrier"), bytes([0xAB]) * 32
    arguments = {"record": record, "members": [town.id("carrier"), town.id("shipper")], "threshold": 2}
    with desk.reading() as reader:
        proposal = propose(desk, reader, Prepared((), "joint_control.create", arguments))
    other = town.desk("shipper")
    with other.reading() as reader:
        finish(other, sign_proposal(other, reader, proposal)[0])
    with open_for_reading(town.homes["carrier"]) as reader:
        assert find_party(reader, "shipper").id == town.id("shipper")
        for word in (record.hex(), "abababab", "ABABAB"):
            assert find_party(reader, word).id == record
        for word in ("ababa", "acacac", town.bill.hex()[:16], "nobody"):
            with pytest.raises(NoSuchMember):
                find_party(reader, word)
        held = reader.record(town.bill)
        held.controller = record
        parties = {one.action: one.parties for one in possible_actions(reader.rules, held, town.now, reader.find)}
        assert parties["recall"] == (record,)
