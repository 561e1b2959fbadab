"""What a table that is voted in would do to records of older versions, and to guards that were voted in beside it."""

from __future__ import annotations

import copy

import pytest
from support.game import refused
from support.voting import Council

from contracts.table import RuleTable
from ledger.hashing import ledger_record
from ledger.transaction import Target, sign


@pytest.fixture
def council():
    council = Council()
    council.adopted(council.said_table(council.table(), from_height=council.first(later=8)))
    council.reach(council.own.fields["tables"][-1][3])
    return council


def newer(council, migrates, **changes):
    return council.table(version=2, migrates=migrates, **changes)


@pytest.mark.parametrize(
    ("migrates", "says"),
    [
        ({"1": {"exchanged": "received"}}, "live again"),
        ({"1": {"received": "exchanged"}}, "would end"),
        ({"1": {"received": "offered"}}, "lack what offered stands for: offer"),
        ({"1": {"lost": "received"}}, "have no state lost"),
    ],
)
def test_p18_a_vote_brings_no_dead_record_back(council, migrates, says):
    table = newer(council, migrates)
    said = council.said_table(table)
    assert says in refused(council.act("carrier", "proposal.propose", **said), "rule.proposal_is_sound").message


def test_a_vote_takes_over_no_records_of_a_version_that_there_was_not(council):
    table = council.table(version=3, migrates={"2": {"received": "received"}})
    said = council.said_table(table)
    assert "no dock_receipt@2" in refused(council.act("carrier", "proposal.propose", **said),
                                          "rule.proposal_is_sound").message  # fmt: skip


def test_a_vote_takes_over_no_records_that_lack_a_field(council):
    plain = copy.deepcopy(dict(council.table().plain))
    berth = {"type": "code", "about": "the berth"}
    plain["fields"]["berth"] = plain["actions"]["issue"]["arguments"]["berth"] = berth
    table = RuleTable.from_plain({**plain, "version": 2, "migrates": {"1": {"received": "received"}}})
    said = council.said_table(table)
    refused(council.act("carrier", "proposal.propose", **said), "rule.proposal_is_sound")
    plain["fields"]["dock"] = plain["actions"]["issue"]["arguments"]["dock"] = {"type": "text", "about": "the dock"}
    del plain["fields"]["berth"], plain["actions"]["issue"]["arguments"]["berth"]
    table = RuleTable.from_plain({**plain, "version": 2, "migrates": {"1": {"received": "received"}}})
    said = council.said_table(table)
    assert "of another type" in refused(council.act("carrier", "proposal.propose", **said),
                                        "rule.proposal_is_sound").message  # fmt: skip


def test_a_guard_that_was_voted_in_is_not_lost_in_the_same_batch(council):
    """Both were proposed when there was the first version alone; the later one is judged against the other one."""
    plain = council.rules.table("text").plain
    narrow = copy.deepcopy(dict(plain))
    narrow["actions"]["publish"]["guards"].append({"role@1": {"role": "carrier"}})
    proposals = [
        council.propose(council.said_table(RuleTable.from_plain({**table, "version": version})))
        for version, table in ((2, narrow), (3, plain))
    ]
    for proposal in proposals:
        council.vote(proposal, "carrier", "shipper", "bank")
    first = council.signed("carrier", "enact", proposals[0])
    second = council.transaction("carrier", "enact", proposals[1])
    own = Target(ledger_record(council.ledger), council.own.sequence + 1, first.leaf)
    second = sign(second._replace(targets=(second.targets[0], own)), council.members["carrier"].sign)
    outcomes = council.submit(first, second)
    assert [one.code for one in outcomes] == ["", "rule.proposal_is_still_sound"]
    refused(council.act("carrier", "enact", proposals[1]), "rule.proposal_is_still_sound")
