"""What is voted takes effect at its height, exactly, and is found again from the state alone."""

from __future__ import annotations

from hashlib import sha256

import pytest
from support.game import HOUR, refused
from support.members import digest
from support.voting import CHECK, DOCK, Council

from contracts import voted
from contracts.governance import NodeTooOld, TextMissing, adopted_text, rules_in_force
from contracts.voted import Voted, in_force
from ledger.hashing import ledger_record


@pytest.fixture
def council():
    return Council()


def receipt(council, **changes):
    record = council.fresh("receipt")
    args = {"record": record, "document": digest("receipt", record.hex()), "dock": "YS4",
            "number": council.number_argument("carrier", record.hex()[:8], "dock_receipt"), **changes}  # fmt: skip
    return record, args


def in_state(council, height):
    """The rules as somebody reads them who has the state and the genesis alone."""
    from contracts.founding import rules_of

    return rules_in_force(rules_of(council.genesis, council.tables), council.own, council.record, height)


# A new kind


def test_a_new_kind_is_issued_from_its_height_on_and_not_before(council):
    table = council.table()
    said = council.said_table(table, from_height=council.first(later=8))
    council.adopted(said)
    council.reach(said["from_height"] - 1)
    assert "dock_receipt" not in council.rules.current
    refused(council.act("carrier", "dock_receipt.issue", **receipt_before(council)), "rule.unknown_action")
    council.done("carrier", "text.publish", record=council.fresh("filler"), content=b"x")
    assert council.height == said["from_height"]
    record, args = receipt(council)
    council.done("carrier", "dock_receipt.issue", **args)
    council.done("carrier", "offer", record, to="shipper")
    council.done("shipper", "accept", record)
    council.done("shipper", "exchange", record)
    assert (council.record(record).status, council.record(record).version) == ("exchanged", 1)


def receipt_before(council):
    return {"record": council.fresh("early"), "document": digest("early"), "dock": "YS4",
            "number": {"at": "/receiptNumber", "class": "dock_receipt", "key": digest("key")}}  # fmt: skip


def test_an_adopted_table_has_a_record_and_stands_in_the_ledgers_own(council):
    table = council.table()
    said = council.said_table(table)
    outcome = council.adopted(said)
    content = sha256(table.encode()).digest()
    record = council.record(content)
    assert (record.kind, record.status, record.sequence, record.head) == (
        "rule_table",
        "adopted",
        1,
        outcome.signed.leaf,
    )
    assert record.fields == {"kind": "dock_receipt", "version": 1, "parts": said["parts"]}
    assert (record.issuer, record.controller) == (council.id("carrier"), None)
    assert council.own.fields["tables"][-1] == ["dock_receipt", 1, content, said["from_height"]]
    assert council.own.sequence == 2
    assert adopted_text(content, council.record) == table.encode()
    assert council.record(said["record"]).status == "enacted"


def test_a_large_table_is_put_together_from_its_parts(council):
    table = council.table(about="x" * 1900, title="A dock receipt")
    text = table.encode()
    parts = council.publish(text, size=1000)
    assert len(parts) > 3
    said = council.said("rule_table", parts=parts, content=sha256(text).digest(), kind=table.kind, version=1)
    council.adopted(said)
    assert council.rules.tables["dock_receipt", 1] == table


def test_two_versions_are_alive_at_once(council):
    council.adopted(council.said_table(council.table(), from_height=council.first(later=8)))
    council.reach(council.own.fields["tables"][-1][3])
    old, args = receipt(council)
    council.done("carrier", "dock_receipt.issue", **args)
    states = {**council.table().plain["states"], "lost": {"about": "lost", "terminal": True}}
    lose = {"about": "a", "moves": {"received": "lost"}, "guards": ["controller_signs@1"],
            "effects": ["end_control@1"], "statement": "{actor} declares {record} lost."}  # fmt: skip
    newer = council.table(version=2, states=states, actions={**council.table().plain["actions"], "lose": lose})
    council.adopted(council.said_table(newer, from_height=council.first(later=8)))
    council.reach(council.own.fields["tables"][-1][3])
    new, args = receipt(council)
    council.done("carrier", "dock_receipt.issue", **args)
    assert [council.record(one).version for one in (old, new)] == [1, 2]
    refused(council.act("carrier", "lose", old), "rule.unknown_action")
    council.done("carrier", "exchange", old)
    council.done("carrier", "lose", new)


def test_a_newer_table_that_migrates_takes_older_records_over(council):
    council.adopted(council.said_table(council.table(), from_height=council.first(later=8)))
    council.reach(council.own.fields["tables"][-1][3])
    record, args = receipt(council)
    council.done("carrier", "dock_receipt.issue", **args)
    states = {"stored": {"about": "stored"}, "offered": {"about": "a"}, "exchanged": {"about": "a", "terminal": True}}
    actions = {
        name: {**action, "moves": {{"received": "stored"}.get(start, start): {"received": "stored"}.get(end, end)
                                   for start, end in action["moves"].items()}}
        for name, action in council.table().plain["actions"].items()
    }  # fmt: skip
    newer = council.table(version=2, states=states, actions=actions, migrates={"1": {"received": "stored"}})
    council.adopted(council.said_table(newer, from_height=council.first(later=8)))
    assert council.rules.standing(council.record(record)) == (1, "received")
    council.reach(council.own.fields["tables"][-1][3])
    assert council.rules.standing(council.record(record)) == (2, "stored")
    council.done("carrier", "offer", record, to="bank")
    assert (council.record(record).version, council.record(record).status) == (2, "offered")


# Parameters, governors, policies


def test_a_parameter_is_in_force_from_its_height_exactly(council):
    said = council.said_parameter("law", "GB", from_height=council.first(later=6))
    council.adopted(said)
    council.reach(said["from_height"] - 1)
    assert "law" not in council.rules.at(council.height).parameters
    council.reach(said["from_height"])
    assert council.rules.parameters["law"] == "GB"
    assert in_state(council, said["from_height"] - 1).parameters == council.genesis.parameters
    assert in_state(council, said["from_height"]).parameters["law"] == "GB"


def test_a_new_rulebook_is_what_new_bills_name(council):
    text = b"# Rulebook, second edition\n"
    said = council.said_parameter("rulebook", sha256(text).hexdigest(), parts=council.publish(text),
                                  from_height=council.first(later=6))  # fmt: skip
    council.adopted(said)
    council.issue_bill()
    council.reach(said["from_height"])
    refused(
        council.act("carrier", "bill_of_lading.issue", **council.bill_arguments()), "rule.argument_equals_parameter"
    )
    council.issue_bill(rulebook=sha256(text).digest())


def test_other_governors_vote_from_their_height_on(council):
    said = council.said_governors("bank", "certifier", from_height=council.first(later=6))
    council.adopted(said)
    council.reach(said["from_height"])
    assert council.rules.governors == (council.id("bank"), council.id("certifier"))
    refused(council.act("carrier", "text.publish", record=council.fresh("t"), content=b"x"), "rule.a_governor_acts")
    proposal = bytes((again := council.said_parameter("law", "CN"))["record"])
    council.done("bank", "proposal.propose", **again)
    council.done("bank", "vote", proposal, choice="for")
    refused(council.act("bank", "enact", proposal), "rule.quorum_has_voted")
    council.done("certifier", "vote", proposal, choice="for")
    council.done("certifier", "enact", proposal)


def test_a_raised_quorum_asks_for_more_votes(council):
    council.adopted(council.said_parameter("quorum", "3/4", from_height=council.first(later=6)))
    council.reach(council.own.fields["parameters"]["quorum"][-1][0])
    proposal = council.propose(council.said_parameter("law", "CN"))
    council.vote(proposal, "carrier", "shipper", "bank")
    refused(council.act("carrier", "enact", proposal), "rule.quorum_has_voted")
    council.vote(proposal, "buyer")
    council.done("carrier", "enact", proposal)


def test_what_was_in_force_is_known_for_every_height():
    values = ((0, "a"), (20, "b"), (15, "c"), (20, "d"))
    assert [in_force(values, height) for height in (0, 14, 15, 19, 20, 99)] == ["a", "a", "c", "c", "d", "d"]
    assert in_force(((5, "a"),), 4) is None


def test_a_vote_for_a_newer_vocabulary_stops_this_version_at_its_height_and_not_before(council):
    said = council.said_parameter("vocabulary", "2", from_height=council.first(later=6))
    council.adopted(said)
    council.reach(said["from_height"] - 1)
    with pytest.raises(NodeTooOld, match="runs vocabulary 2 from height"):
        council.done("carrier", "text.publish", record=council.fresh("t"), content=b"x")
    with pytest.raises(NodeTooOld):
        in_state(council, said["from_height"])


def test_a_vote_for_a_newer_vocabulary_can_be_taken_back_before_its_height(council):
    said = council.said_parameter("vocabulary", "2", from_height=council.first(later=20))
    council.adopted(said)
    council.adopted(council.said_parameter("vocabulary", "1", from_height=said["from_height"]))
    council.reach(said["from_height"] + 1)
    assert council.rules.parameters["vocabulary"] == "1"


def test_the_newest_vocabulary_of_this_version_is_run(council, monkeypatch):
    monkeypatch.setattr(voted, "VOCABULARY", 2)
    said = council.said_parameter("vocabulary", "2", from_height=council.first(later=6))
    council.adopted(said)
    council.reach(said["from_height"] + 1)
    assert council.rules.parameters["vocabulary"] == "2"


# Votes


def test_who_proposed_takes_it_back_and_nobody_else(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    refused(council.act("bank", "withdraw", proposal), "rule.issuer_signs")
    council.done("carrier", "withdraw", proposal)
    assert council.record(proposal).status == "withdrawn"
    refused(council.act("bank", "vote", proposal, choice="for"), "rule.wrong_state")


def test_a_proposal_lapses_after_its_time_by_anybodys_act(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    council.vote(proposal, "carrier", "shipper", "bank")
    refused(council.act("stranger", "lapse", proposal), "rule.field_time_has_passed")
    council.tick(25 * HOUR)
    refused(council.act("carrier", "enact", proposal), "rule.voting_is_open")
    refused(council.act("buyer", "vote", proposal, choice="for"), "rule.voting_is_open")
    council.done("stranger", "lapse", proposal)
    assert council.record(proposal).controller is None


def test_votes_stand_in_the_record(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    council.vote(proposal, "shipper", "bank")
    council.vote(proposal, "buyer", choice="against")
    fields = council.record(proposal).fields
    assert fields["for"] == [council.id("shipper"), council.id("bank")]
    assert fields["against"] == [council.id("buyer")]
    refused(council.act("carrier", "vote", proposal, choice="perhaps"), "rule.bad_arguments")


def test_a_vote_for_a_table_names_the_check(council):
    proposal = council.propose(council.said_table(council.table()))
    refused(council.act("bank", "vote", proposal, choice="for"), "rule.check_is_named")
    refused(council.act("bank", "vote", proposal, choice="for", checker="x"), "rule.check_is_named")
    council.done("bank", "vote", proposal, choice="for", **CHECK)
    council.done("buyer", "vote", proposal, choice="against")


# The state


def test_a_text_that_is_missing_in_the_state_is_found(council):
    said = council.said_table(council.table())
    council.adopted(said)
    council.records[said["parts"][0]].fields["content"] += b"x"
    with pytest.raises(TextMissing):
        in_state(council, council.height)
    del council.records[said["parts"][0]]
    with pytest.raises(TextMissing):
        adopted_text(said["content"], council.record)


def test_the_state_gives_the_rules_that_the_batches_gave(council):
    council.adopted(council.said_table(council.table(), from_height=council.first(later=12)))
    council.adopted(council.said_parameter("adoption_delay", "3", from_height=council.first(later=12)))
    council.adopted(council.said_governors("carrier", "bank", from_height=council.first(later=12)))
    for height in range(council.height, council.height + 30):
        read, kept = in_state(council, height), council.rules.at(height)
        assert (read.governors, read.parameters, read.current) == (kept.governors, kept.parameters, kept.current)
    assert read.governors == (council.id("carrier"), council.id("bank"))


def test_the_ledgers_own_record_says_what_the_genesis_says(council):
    own = Voted.read(council.own)
    assert own.governors == ((0, council.genesis.governors),)
    assert own.parameters == {"rulebook": ((0, council.genesis.parameters["rulebook"]),)}
    assert (own.origin, own.policy_at(0)) == (council.genesis.origin, sha256(council.genesis.policy.encode()).digest())
    assert [ref[:2] for ref in own.tables] == [(table.kind, table.version) for table in council.genesis.tables]
    assert council.own.id == ledger_record(council.ledger)
    assert DOCK.startswith(b"kind: dock_receipt")


def test_a_raised_quorum_holds_for_what_governors_sign_together(council):
    council.adopted(council.said_parameter("quorum", "3/4", from_height=council.first(later=6)))
    three = {"also": ["shipper", "bank"]}
    council.reach(council.own.fields["parameters"]["quorum"][-1][0] - 1)
    council.done("carrier", "suspend", council.id("certifier"), **three)
    refused(council.act("carrier", "reinstate", council.id("certifier"), **three), "rule.governors_sign")
    council.done("carrier", "reinstate", council.id("certifier"), also=["shipper", "bank", "buyer"])
