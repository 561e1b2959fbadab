"""What somebody would hide in a rule table that members vote on, and what no table can do to a node."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from support.game import refused, shipped_tables
from support.members import digest
from support.voting import DOCK, Council

from contracts import proposals, vocabulary
from contracts.proposals import MAX_VOTED_TABLE
from contracts.rules import compile_table
from contracts.table import BadTable, RuleTable
from ledger import codec

SOUND = "rule.proposal_is_sound"


@pytest.fixture
def council():
    return Council()


def proposed(council, said, who="carrier"):
    return council.act(who, "proposal.propose", **said)


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
