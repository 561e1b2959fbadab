"""What the API shows of governance: proposals, the ledger's own record, adopted tables, and kinds voted in."""

from __future__ import annotations

import json

import pytest
from support.town import START, Town, bill
from support.voting import DOCK

from api.views import Views
from contracts.table_yaml import parse_table
from ledger.hashing import ledger_record
from nodes import governing
from nodes.access import open_for_reading
from nodes.documents.generic import read_generic


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def test_a_voted_kind_and_what_led_to_it_are_shown(town):
    table = parse_table(DOCK)
    motion = governing.motion_of_table(table)
    proposal = governing.propose(town.desk("carrier"), motion, until=START + 1000, after=5).record.id
    check = {"checker": "lading/checker@1", "result": bytes(32)}
    governing.act_on(town.desk("carrier"), proposal, "vote", {"choice": "for", **check})
    governing.act_on(town.desk("carrier"), proposal, "enact")
    town.issue(bill())
    document = read_generic(json.dumps({"receiptNumber": "DR-1"}).encode(), "dock_receipt", "/receiptNumber")
    receipt = town.issue(document, given={"dock": "YS4"}).record.id
    with open_for_reading(town.homes["carrier"]) as reader:
        views = Views(reader)
        shown = views.record(reader.record(receipt))
        assert (shown["kind"], shown["fields"]) == ("dock_receipt", {"dock": "YS4"})
        adopted = views.record(reader.record(table.hash))
        assert adopted["fields"]["version"] == 1
        assert adopted["issuer"]["alias"] == "carrier"
        own = views.record(reader.record(ledger_record(reader.genesis.id)))
        assert own["fields"]["tables"][-1] == ["dock_receipt", 1, table.hash.hex(), 5]
        voted = views.record(reader.record(proposal))
        assert (voted["status"], voted["fields"]["for"]) == ("enacted", [town.id("carrier").hex()])
        acts = [views.act(act)["action"] for act in reader.history(reader.record(proposal))]
        assert acts == ["proposal.propose", "proposal.vote", "proposal.enact"]
        json.dumps([shown, adopted, own, voted])
