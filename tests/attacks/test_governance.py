"""What a governor, or somebody who is none, would try to get adopted without the votes or against the rules."""

from __future__ import annotations

import pytest
from support.game import HOUR, refused
from support.members import digest
from support.voting import Council

from contracts.proposals import governors_content, parameter_content
from ledger.hashing import ledger_record
from ledger.transaction import Target

SOUND = "rule.proposal_is_sound"


@pytest.fixture
def council():
    return Council()


def proposed(council, said, who="carrier"):
    return council.act(who, "proposal.propose", **said)


def suspend(council, alias):
    council.done(
        "carrier", "suspend", council.id(alias), also=[one for one in ("shipper", "bank", "buyer") if one != alias]
    )


# Votes


def test_a_governor_does_not_vote_twice(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    council.vote(proposal, "carrier")
    for choice in ("for", "against"):
        refused(council.act("carrier", "vote", proposal, choice=choice), "rule.votes_once")
    council.vote(proposal, "shipper", choice="against")
    refused(council.act("shipper", "vote", proposal, choice="for"), "rule.votes_once")
    assert council.record(proposal).fields["for"] == [council.id("carrier")]


def test_nobody_but_a_governor_publishes_proposes_votes_or_enacts(council):
    refused(council.act("certifier", "text.publish", record=council.fresh(), content=b"x"), "rule.a_governor_acts")
    refused(proposed(council, council.said_parameter("law", "CN"), "certifier"), "rule.a_governor_acts")
    proposal = council.propose(council.said_parameter("law", "CN"))
    refused(council.act("certifier", "vote", proposal, choice="for"), "rule.a_governor_acts")
    council.vote(proposal, "carrier", "shipper", "bank")
    refused(council.act("certifier", "enact", proposal), "rule.a_governor_acts")


def test_a_governor_does_not_vote_after_its_suspension(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    suspend(council, "buyer")
    refused(council.act("buyer", "vote", proposal, choice="for"), "rule.actor_is_active")


def test_a_vote_does_not_count_once_its_governor_is_suspended(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    council.vote(proposal, "shipper", "bank", "buyer")
    suspend(council, "buyer")
    error = refused(council.act("carrier", "enact", proposal), "rule.quorum_has_voted")
    assert error.message.startswith("2 of 3 governors have voted for it")
    council.vote(proposal, "carrier")
    council.done("carrier", "enact", proposal)


def test_votes_of_members_who_are_governors_no_more_do_not_count(council):
    proposal = council.propose(council.said_parameter("law", "CN", from_height=99))
    council.vote(proposal, "shipper", "bank", "buyer")
    council.adopted(council.said_governors("carrier", "shipper", "certifier", from_height=council.first(later=8)))
    council.reach(council.own.fields["governors"][-1][0])
    error = refused(council.act("carrier", "enact", proposal), "rule.quorum_has_voted")
    assert error.message.startswith("1 of 3 governors have voted for it")
    refused(council.act("bank", "enact", proposal), "rule.a_governor_acts")


@pytest.mark.parametrize("voters", [(), ("carrier",), ("carrier", "bank")])
def test_two_thirds_or_less_adopt_nothing(council, voters):
    proposal = council.propose(council.said_parameter("law", "CN"))
    council.vote(proposal, *voters)
    council.vote(proposal, "buyer", choice="against")
    refused(council.act("carrier", "enact", proposal), "rule.quorum_has_voted")
    assert "law" not in council.own.fields["parameters"]


def test_exactly_two_thirds_are_not_enough():
    council = Council(governors=("carrier", "shipper", "bank"))
    proposal = council.propose(council.said_parameter("law", "CN"))
    council.vote(proposal, "carrier", "shipper")
    refused(council.act("carrier", "enact", proposal), "rule.quorum_has_voted")


def test_votes_cannot_be_brought_along(council):
    said = council.said_parameter("law", "CN")
    forged = {**said, "for": [council.id(one) for one in ("carrier", "shipper", "bank")]}
    refused(proposed(council, forged), "rule.bad_arguments")


def test_signatures_are_no_votes(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    refused(council.act("carrier", "enact", proposal, also=["shipper", "bank", "buyer"]), "rule.quorum_has_voted")


# Heights


def test_nothing_takes_effect_before_the_delay(council):
    early = council.said_parameter("law", "CN", from_height=council.first() - 1)
    refused(proposed(council, early), "rule.argument_is_late_enough")
    said = council.said_parameter("law", "CN", from_height=council.height + 5)
    proposal = council.propose(said)
    council.vote(proposal, "carrier", "shipper", "bank")
    refused(council.act("carrier", "enact", proposal), "rule.adoption_delay_is_kept")


def test_a_longer_delay_holds_for_what_was_proposed_before(council):
    proposal = council.propose(council.said_parameter("law", "CN", from_height=council.first(later=25)))
    council.vote(proposal, "carrier", "shipper", "bank")
    council.adopted(council.said_parameter("adoption_delay", "40", from_height=council.first(later=8)))
    council.reach(council.own.fields["parameters"]["adoption_delay"][-1][0])
    refused(council.act("carrier", "enact", proposal), "rule.adoption_delay_is_kept")


# The ledger's own record


def test_only_an_enactment_names_the_ledgers_own_record(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    own, found = council.own, council.record(proposal)
    targets = tuple(Target(one.id, one.sequence, one.head) for one in (found, own))
    for action, args in (("vote", {"choice": "for"}), ("withdraw", {})):
        refused(council.act("carrier", action, proposal, changes={"targets": targets}, **args), "rule.bad_arguments")
    council.vote(proposal, "carrier", "shipper", "bank")
    found = council.record(proposal)
    for wrong in (
        (found,),
        (found, council.record(council.id("bank"))),
        (found, own, council.record(council.id("bank"))),
    ):
        targets = tuple(Target(one.id, one.sequence, one.head) for one in wrong)
        refused(council.act("carrier", "enact", proposal, changes={"targets": targets}), "rule.bad_arguments")
    refused(council.act("carrier", "ledger.change", own.id), "rule.unknown_action")
    assert council.own.encode() == own.encode()


def test_the_same_proposal_is_not_enacted_twice(council):
    said = council.said_parameter("law", "CN")
    council.adopted(said)
    refused(council.act("carrier", "enact", said["record"]), "rule.wrong_state")


def test_of_two_enactments_on_one_state_of_the_ledger_one_wins(council):
    found = [council.propose(council.said_parameter("law", law)) for law in ("CN", "GB")]
    for proposal in found:
        council.vote(proposal, "carrier", "shipper", "bank")
    acts = [council.signed("carrier", "enact", proposal) for proposal in found]
    first, second = council.submit(*acts)
    assert first.error is None
    refused(second, "transaction.stale_sequence")
    council.done("carrier", "enact", found[1])
    assert [value for _, value in council.own.fields["parameters"]["law"]] == ["CN", "GB"]


# Parameters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gravity", "9"), ("law", "Singapore"), ("law", ""), ("rulebook", "ab"), ("rulebook", "G" * 64),
        ("quorum", "1/2"), ("quorum", "1/1"), ("quorum", "2/0"), ("quorum", "two thirds"), ("adoption_delay", "-1"),
        ("adoption_delay", "01"), ("adoption_delay", "1000001"), ("recovery_delay", "0"), ("max_lock", "1e9"),
        ("max_overlap", "99999999999999999"), ("pledge_delay", "three days"), ("pledge_delay", "3599999"),
        ("recovery_delay", "3599999"), ("algorithms", "rot13"),
        ("algorithms", ""), ("vocabulary", "0"), ("vocabulary", "3"), ("vocabulary", "one"),
    ],
)  # fmt: skip
def test_a_parameter_out_of_its_range_is_refused(council, name, value):
    refused(proposed(council, council.said_parameter(name, value)), SOUND)


def test_what_voters_read_is_what_is_adopted(council):
    said = council.said_parameter("law", "CN")
    refused(proposed(council, {**said, "value": "GB"}), SOUND)
    refused(proposed(council, {**said, "name": "rulebook"}), SOUND)
    refused(proposed(council, {**said, "content": parameter_content("law", "GB")}), SOUND)
    refused(proposed(council, {**said, "kind": "invoice"}), SOUND)
    refused(proposed(council, council.said("parameter", content=digest("x"))), SOUND)


def test_no_vote_shortens_the_delay_of_a_pledge_that_was_given_before(council):
    bill = council.held_bill("shipper")
    council.done("shipper", "pledge", bill, to="bank", due=council.time + HOUR)
    council.done("bank", "accept_pledge", bill)
    council.adopted(council.said_parameter("pledge_delay", str(HOUR)))
    council.reach(council.own.fields["parameters"]["pledge_delay"][-1][0])
    assert council.rules.parameters["pledge_delay"] == str(HOUR)
    council.tick(2 * HOUR)
    council.done("bank", "notify_default", bill, notice_given=digest("notice"))
    council.tick(7 * 24 * HOUR - 1)
    refused(council.act("bank", "enforce", bill), "rule.delay_has_run")
    council.tick(1)
    council.done("bank", "enforce", bill)


# Governors


def test_a_ledger_keeps_a_governor(council):
    refused(proposed(council, council.said_governors()), SOUND)
    nobody = [digest("nobody")]
    refused(proposed(council, council.said("governors", governors=nobody, content=governors_content(nobody))), SOUND)
    refused(proposed(council, council.said("governors", governors=nobody, content=digest("x"))), SOUND)
    group = [ledger_record(council.ledger)]
    refused(proposed(council, council.said("governors", governors=group, content=governors_content(group))), SOUND)


def test_a_governor_who_was_suspended_since_is_not_adopted(council):
    proposal = council.propose(council.said_governors("buyer"))
    council.vote(proposal, "carrier", "shipper", "bank")
    suspend(council, "buyer")
    refused(council.act("carrier", "enact", proposal), "rule.proposal_is_still_sound")


def test_the_only_governor_to_be_is_not_suspended_before_its_height(council):
    council.adopted(council.said_governors("buyer", from_height=council.first(later=20)))
    outcome = council.act("carrier", "suspend", council.id("buyer"), also=["shipper", "bank"])
    refused(outcome, "rule.a_governor_remains")


def test_time_alone_adopts_nothing(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    council.tick(23 * HOUR)
    refused(council.act("carrier", "enact", proposal), "rule.quorum_has_voted")


def test_the_ledgers_own_record_never_outgrows_the_state(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    council.vote(proposal, "carrier", "shipper", "bank")
    own = council.own
    own.fields["parameters"] = {**own.fields["parameters"], "rulebook": [[0, "0" * 64]] * 900}
    room = 65_536 - len(own.encode())
    own.fields["origin"] = "o" * (len(own.fields["origin"]) + room - 12)
    council.done("carrier", "enact", proposal)
    assert 65_500 < len(council.own.encode()) <= 65_536
    proposal = council.propose(council.said_parameter("law", "GB"))
    council.vote(proposal, "carrier", "shipper", "bank")
    refused(council.act("carrier", "enact", proposal), "rule.record_too_large")
