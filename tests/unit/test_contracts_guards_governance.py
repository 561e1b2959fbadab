"""Every guard of governance by its name: what it lets through, and what it refuses."""

from __future__ import annotations

import pytest
from support.game import HOUR, refused
from support.voting import CHECK, Council


@pytest.fixture
def council():
    return Council()


@pytest.fixture
def proposal(council):
    return council.propose(council.said_parameter("law", "CN"))


def test_a_governor_acts(council):
    council.done("bank", "text.publish", record=council.fresh(), content=b"x")
    error = refused(
        council.act("stranger", "text.publish", record=council.fresh(), content=b"x"), "rule.a_governor_acts"
    )
    assert error.value == "stranger"


def test_proposal_is_sound(council):
    said = council.said_parameter("max_lock", "60000")
    wrong = council.said_parameter("max_lock", "59999")
    error = refused(council.act("bank", "proposal.propose", **wrong), "rule.proposal_is_sound")
    assert error.message.startswith("max_lock is a whole number (milliseconds) from 60,000 to 31,536,000,000")
    council.done("bank", "proposal.propose", **said)


def test_proposal_is_still_sound(council):
    first, second = (council.propose(council.said_table(council.table(title=title))) for title in ("A", "B"))
    for one in (first, second):
        council.vote(one, "carrier", "shipper", "bank")
    council.done("carrier", "enact", first)
    refused(council.act("carrier", "enact", second), "rule.proposal_is_still_sound")


def test_argument_is_late_enough(council):
    early = council.said_parameter("law", "CN", from_height=council.first() - 1)
    refused(council.act("bank", "proposal.propose", **early), "rule.argument_is_late_enough")
    council.done("bank", "proposal.propose", **{**early, "from_height": council.first()})


def test_adoption_delay_is_kept(council):
    said = council.said_parameter("law", "CN", from_height=council.height + 6)
    proposal = council.propose(said)
    council.vote(proposal, "carrier", "shipper", "bank")
    assert council.first() == said["from_height"]
    early = council.signed("carrier", "enact", proposal)
    council.done("carrier", "text.publish", record=council.fresh(), content=b"x")
    refused(council.submit(early)[0], "rule.adoption_delay_is_kept")


def test_adoption_delay_is_kept_to_the_height(council):
    said = council.said_parameter("law", "CN", from_height=council.height + 6)
    proposal = council.propose(said)
    council.vote(proposal, "carrier", "shipper", "bank")
    council.done("carrier", "enact", proposal)


def test_voting_is_open(council, proposal):
    until = council.record(proposal).fields["until"]
    council.tick(until - council.time)
    council.vote(proposal, "bank")
    council.tick(1)
    refused(council.act("buyer", "vote", proposal, choice="for"), "rule.voting_is_open")


def test_votes_once(council, proposal):
    council.vote(proposal, "bank", choice="against")
    error = refused(council.act("bank", "vote", proposal, choice="for"), "rule.votes_once")
    assert error.value == "against"
    council.vote(proposal, "buyer")


def test_check_is_named(council, proposal):
    council.done("bank", "vote", proposal, choice="for")
    table = council.propose(council.said_table(council.table()))
    refused(council.act("bank", "vote", table, choice="for", checker="lading/checker@1"), "rule.check_is_named")
    council.done("bank", "vote", table, choice="for", **CHECK)
    council.done("buyer", "vote", table, choice="against")


def test_quorum_has_voted(council, proposal):
    council.vote(proposal, "carrier", "shipper")
    error = refused(council.act("bank", "enact", proposal), "rule.quorum_has_voted")
    assert error.value == ["carrier", "shipper"]
    council.tick(HOUR)
    council.vote(proposal, "bank")
    council.done("bank", "enact", proposal)
