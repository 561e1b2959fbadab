"""`nodes.proposals`: the file that travels from one signer to the next."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from support.town import Town, bill

from ledger.errors import LadingError
from ledger.strict_json import canonicalise
from nodes import proposals
from nodes.proposals import BadProposal, Proposal


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def offered(town: Town) -> Proposal:
    """The shipper has signed an offer that needs nobody else."""
    record_id = town.held()
    desk = town.desk("shipper")
    with desk.reading() as reader:
        act = desk.prepare([reader.record(record_id)], "offer", {"to": town.id("bank"), "mode": "endorse"})
        return proposals.propose(desk, reader, act)


def test_the_file_has_the_transaction_and_what_is_sealed(town):
    proposal = Proposal(offered(town).signed, (b"one", b"two"))
    data = proposals.write_proposal(proposal)
    assert json.loads(data) == {
        "entry": b64encode(proposal.signed.entry).decode(),
        "format": "lading/proposal@1",
        "sealed": [b64encode(b"one").decode(), b64encode(b"two").decode()],
    }
    assert proposals.read_proposal(data, town.genesis.id) == proposal
    assert "sealed" not in json.loads(proposals.write_proposal(Proposal(proposal.signed)))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "lading/proposal@9"},
        {"entry": 1},
        {"entry": "***"},
        {"entry": "A" * 44_000},
        {"sealed": "none"},
        {"sealed": ["***"]},
        {"sealed": ["AA=="] * 257},
        {"sealed": []},
        {"more": 1},
    ],
)
def test_what_is_no_proposal(town, changes):
    good = json.loads(proposals.write_proposal(offered(town)))
    with pytest.raises(BadProposal):
        proposals.read_proposal(canonicalise({**good, **changes}), town.genesis.id)


@pytest.mark.parametrize("data", [b"", b"no", b"[]", b"{}"])
def test_what_is_no_file_of_ours(town, data):
    with pytest.raises(LadingError):
        proposals.read_proposal(data, town.genesis.id)


def test_an_act_that_needs_nobody_else_is_complete_at_once(town):
    proposal = offered(town)
    desk = town.desk("shipper")
    with desk.reading() as reader:
        assert proposals.waits_for(desk, reader, proposal.signed) == ""
        assert [one.fields["alias"] for one in proposals.signers(reader, proposal.signed)] == ["shipper"]
    report = proposals.finish(desk, proposal)
    assert report.record.pending.party == town.id("bank")
    assert report.handed_on == (town.id("bank"),)
    assert proposals.finish(desk, proposal).done.repeated is True


def test_who_may_sign_are_the_parties_of_the_record_those_named_and_the_governors(town):
    proposal = offered(town)
    with town.desk("shipper").reading() as reader:
        found = {reader.record(one).fields["alias"] for one in proposals.may_sign(reader, proposal.signed.transaction)}
    assert found == {"shipper", "carrier", "bank"}


def test_texts_travel_sealed_to_those_whom_the_record_concerns(town):
    record_id = town.issue(bill()).record.id
    desk = town.desk("shipper")
    with desk.reading() as reader:
        act = desk.prepare([reader.record(record_id)], "reject", {}, texts={"reason": "seal broken"})
        proposal = proposals.propose(desk, reader, act)
    assert len(proposal.sealed) == 1
    proposals.finish(desk, proposal)
    town.desk("carrier").fetch()
    assert [note.text for note in town.desk("carrier").vault.notes(record_id)] == ["seal broken"]
