"""What a governor, or somebody who is none, would try to get adopted without the votes or against the rules."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from support.game import HOUR, refused, shipped_tables
from support.members import digest
from support.voting import DOCK, Council

from contracts import proposals, vocabulary
from contracts.proposals import MAX_VOTED_TABLE, governors_content, parameter_content
from contracts.rules import compile_table
from contracts.table import BadTable, RuleTable
from ledger import codec
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


# Rule tables


def test_parts_that_join_to_another_table_are_refused(council):
    said = council.said_table(council.table())
    other = council.table(title="Another receipt").encode()
    parts = council.publish(other)
    refused(proposed(council, {**said, "parts": parts}), SOUND)
    refused(proposed(council, {**said, "parts": [*said["parts"], *parts]}), SOUND)
    refused(proposed(council, {**said, "parts": [council.id("bank")]}), SOUND)
    refused(proposed(council, {**said, "parts": [digest("nothing")]}), SOUND)
    refused(proposed(council, {**said, "parts": []}), SOUND)
    refused(proposed(council, {**said, "version": 2}), SOUND)
    refused(proposed(council, {**said, "kind": "invoice"}), SOUND)
    council.propose(said)


def test_a_table_with_an_unknown_guard_is_refused_and_stops_nobody(council):
    actions = dict(council.table().plain["actions"])
    actions["exchange"] = {**actions["exchange"], "guards": ["controller_signs@1", "the_moon_is_full@1"]}
    error = refused(proposed(council, council.said_table(council.table(actions=actions))), SOUND)
    assert "no such guard or effect" in error.message
    council.propose(council.said_parameter("law", "CN"))


def test_a_word_of_a_later_vocabulary_is_refused_by_nodes_that_have_it_too(council, monkeypatch):
    said = council.said_table(council.table())
    monkeypatch.setitem(vocabulary.INTRODUCED, "clear_offer@1", 2)
    assert "vocabulary 1, which has no such word" in refused(proposed(council, said), SOUND).message


@pytest.mark.parametrize("kind", ["ledger", "number", "policy", "rule_table"])
def test_a_table_of_a_kind_that_is_the_ledgers_own_is_refused(council, kind):
    plain = {**council.table().plain, "kind": kind}
    text = codec.encode(plain)
    said = council.said("rule_table", parts=council.publish(text), content=sha256(text).digest(), kind=kind, version=9)
    refused(proposed(council, said), SOUND)


def test_a_table_of_a_megabyte_is_refused(council):
    many = {f"field_{number:03}": {"type": "code", "optional": True, "about": "x" * 1900} for number in range(500)}
    text = codec.encode({**council.table().plain, "fields": {**council.table().plain["fields"], **many}})
    assert 900_000 < len(text) < 1_048_576
    RuleTable.decode(text)
    said = council.said("rule_table", parts=council.publish(text), content=sha256(text).digest(), kind="dock_receipt",
                        version=1)  # fmt: skip
    assert f"more than {MAX_VOTED_TABLE:,} bytes" in refused(proposed(council, said), SOUND).message


def test_a_table_that_takes_long_to_look_at_is_refused(council):
    states = {f"s{number}": {"about": "a"} for number in range(100)}
    every = dict.fromkeys(states, "s0")
    stay = {"about": "a", "statement": "a"}
    plain = council.table().plain
    actions = {f"a{number}": {**stay, "moves": every} for number in range(90)}
    table = council.table(states={**plain["states"], **states}, actions={**plain["actions"], **actions})
    assert "more than 8,192 guards" in refused(proposed(council, council.said_table(table)), SOUND).message


@pytest.mark.parametrize(
    "text", [b"\x00", b"\x93\x01\x02\x03", b"", codec.encode({"kind": 7}), DOCK, b"\x81\xa4kind\xa1x" * 3]
)
def test_a_text_that_is_no_table_is_refused_and_stops_nobody(council, text):
    said = council.said("rule_table", parts=council.publish(text or b"x"), content=sha256(text or b"x").digest(),
                        kind="dock_receipt", version=1)  # fmt: skip
    refused(proposed(council, said), SOUND)


def test_whatever_goes_wrong_in_looking_is_a_refusal(council, monkeypatch):
    def broken(*_):
        raise RecursionError

    monkeypatch.setattr(proposals, "check_sound", broken)
    assert "RecursionError" in refused(proposed(council, council.said_table(council.table())), SOUND).message


def test_two_proposals_of_one_kind_and_version_race_and_one_is_adopted(council):
    found = []
    for title in ("A receipt", "Another receipt"):
        found.append(council.propose(council.said_table(council.table(title=title), from_height=99)))
        council.vote(found[-1], "carrier", "shipper", "bank")
    council.done("carrier", "enact", found[1])
    error = refused(council.act("carrier", "enact", found[0]), "rule.proposal_is_still_sound")
    assert "the ledger has dock_receipt@1 already" in error.message
    assert council.rules.tables["dock_receipt", 1].title == "Another receipt"


def test_an_older_version_is_not_adopted_after_a_newer_one(council):
    council.adopted(council.said_table(council.table(version=5)))
    refused(proposed(council, council.said_table(council.table(version=4))), SOUND)
    council.propose(council.said_table(council.table(version=6)))


def test_a_record_under_the_hash_of_a_table_is_not_overwritten(council):
    """Somebody who reads the proposal takes the id that the adopted table would have."""
    said = council.said_table(council.table())
    proposal = council.propose(said)
    council.vote(proposal, "carrier", "shipper", "bank")
    taken = council.issue_bill(record=said["content"])
    refused(council.act("carrier", "enact", proposal), "rule.proposal_is_still_sound")
    assert council.record(taken).kind == "bill_of_lading"
    council.adopted(council.said_table(council.table(about="the same, said otherwise")))


# Tables on which the ledger rests


def amend(council, kind, **changes):
    """Propose a second version of a shipped table."""
    plain = next(table for table in shipped_tables() if table.kind == kind).plain
    return proposed(council, council.said_table(RuleTable.from_plain({**plain, "version": 2, **changes})))


def test_a_vote_cannot_loosen_the_rules_of_voting(council):
    table = next(one for one in shipped_tables() if one.kind == "proposal")
    plain = table.plain["actions"]
    for name, guard in (("vote", "votes_once@1"), ("vote", "a_governor_acts@1"), ("enact", "voting_is_open@1")):
        action = {**plain[name], "guards": [one for one in plain[name]["guards"] if one != guard]}
        error = refused(amend(council, "proposal", actions={**plain, name: action}), SOUND)
        assert f"loses the guard {guard}" in error.message
    coup = {"about": "a", "moves": {"open": "enacted"}, "targets": "ledger", "effects": ["end_control@1"],
            "statement": "a"}  # fmt: skip
    stuff = {"about": "a", "moves": {"open": "open"}, "arguments": {"for": table.plain["fields"]["for"]},
             "effects": [{"set_field@1": {"field": "for", "argument": "for"}}], "statement": "a"}  # fmt: skip
    for action in (coup, stuff):
        error = refused(amend(council, "proposal", actions={**plain, "x": action}), SOUND)
        assert "is new, and" in error.message
    fields = {name: field for name, field in table.plain["fields"].items() if name != "against"}
    refused(amend(council, "proposal", fields=fields), SOUND)
    without = {name: action for name, action in plain.items() if name != "withdraw"}
    refused(amend(council, "proposal", actions=without), SOUND)


def test_a_vote_cannot_loosen_the_rules_of_membership(council):
    plain = next(table for table in shipped_tables() if table.kind == "member").plain["actions"]
    action = {**plain["enrol"], "guards": [one for one in plain["enrol"]["guards"] if one != "governors_sign@1"]}
    refused(amend(council, "member", actions={**plain, "enrol": action}), SOUND)
    back = {"about": "a", "moves": {"suspended": "active"}, "statement": "a"}
    refused(amend(council, "member", actions={**plain, "back": back}), SOUND)


def test_a_vote_can_narrow_a_table_on_which_the_ledger_rests(council):
    text = next(table for table in shipped_tables() if table.kind == "text").plain
    publish = text["actions"]["publish"]
    action = {**publish, "guards": [*publish["guards"], {"role@1": {"role": "carrier"}}]}
    table = RuleTable.from_plain({**text, "version": 2, "actions": {"publish": action}})
    council.adopted(council.said_table(table, from_height=council.first(later=8)))
    council.reach(council.own.fields["tables"][-1][3])
    refused(council.act("bank", "text.publish", record=council.fresh(), content=b"x"), "rule.role")
    council.done("carrier", "text.publish", record=council.fresh(), content=b"x")


def test_a_proposal_table_that_adopts_without_its_guards_is_not_sound():
    plain = next(table for table in shipped_tables() if table.kind == "proposal").plain
    for guard in ("quorum_has_voted@1", "adoption_delay_is_kept@1", "proposal_is_still_sound@1"):
        enact = {**plain["actions"]["enact"]}
        enact["guards"] = [one for one in enact["guards"] if one != guard]
        with pytest.raises(BadTable, match="adopt@1 needs"):
            compile_table(RuleTable.from_plain({**plain, "actions": {**plain["actions"], "enact": enact}}))
    one = {key: value for key, value in plain["actions"]["enact"].items() if key != "targets"}
    with pytest.raises(BadTable, match="adopt@1 needs ledger"):
        compile_table(RuleTable.from_plain({**plain, "actions": {**plain["actions"], "enact": one}}))


# Parameters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gravity", "9"), ("law", "Singapore"), ("law", ""), ("rulebook", "ab"), ("rulebook", "G" * 64),
        ("quorum", "1/2"), ("quorum", "1/1"), ("quorum", "2/0"), ("quorum", "two thirds"), ("adoption_delay", "-1"),
        ("adoption_delay", "01"), ("adoption_delay", "1000001"), ("recovery_delay", "0"), ("max_lock", "1e9"),
        ("max_overlap", "99999999999999999"), ("pledge_delay", "three days"), ("algorithms", "rot13"),
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


def broken(act):
    raise KeyError("nothing")


@pytest.mark.parametrize(("words", "name"), [("EFFECTS", "clear_offer@1"), ("GUARDS", "offer_is_open@1")])
def test_a_word_that_fails_on_odd_content_refuses_the_act_and_stops_nobody(monkeypatch, words, name):
    register = getattr(vocabulary, words)
    monkeypatch.setitem(register, name, replace(register[name], function=broken))
    council = Council()
    bill = council.issue_bill()
    action = "recall" if words == "EFFECTS" else "accept"
    error = refused(council.act("carrier" if action == "recall" else "shipper", action, bill), "rule.fault")
    assert "fails with KeyError" in error.message
    council.issue_bill()


@pytest.mark.parametrize(
    "name", ["adopt@1", "amend_member@1", "claim_alias@1", "claim_mandate@1", "count_vote@1", "create_group@1",
             "create_member@1", "decide_keys@1", "propose_keys@1", "recover_keys@1", "replace_key@1"],
)  # fmt: skip
def test_what_changes_members_mandates_and_votes_is_for_their_tables_alone(name):
    (kind,) = vocabulary.EFFECTS[name].relies.kinds
    plain = next(table for table in shipped_tables() if table.kind == kind).plain
    used = {one.name for action in RuleTable.from_plain(dict(plain)).actions.values() for one in action.effects}
    assert name in used, kind
    with pytest.raises(BadTable, match="alone"):
        compile_table(RuleTable.from_plain({**plain, "kind": "coup"}))


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
