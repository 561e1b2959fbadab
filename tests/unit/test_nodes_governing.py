"""Governing from the members' homes: propose, vote, enact, and what every part of a node makes of it."""

from __future__ import annotations

import json
import os
from hashlib import sha256

import pytest
from support.members import Key, digest
from support.town import Town, bill
from support.voting import DOCK

from contracts import voted
from contracts.governance import NodeTooOld
from contracts.refusals import RuleRefused
from contracts.table_yaml import parse_table
from ledger.errors import LadingError
from ledger.note import SIGNING_KEY, VerifierKey
from ledger.policy import Policy
from ledger.quorum import overlap
from ledger.smt import StateTree
from ledger.store.memory import MemoryStore
from ledger.verify import verify
from nodes import governing
from nodes.access import open_for_reading, open_for_writing
from nodes.audit_home import audit_home
from nodes.backup import back_up
from nodes.cosigning import cosign_newest
from nodes.doctor import examine
from nodes.documents.generic import read_generic
from nodes.lookup import Ambiguous
from nodes.past import record_after
from nodes.policies import adopted_policies, policy_of
from nodes.possible import possible_actions
from nodes.proofs import NotProvable, Prover
from nodes.proving import prove
from nodes.reader import NoSuchRecord
from nodes.replayer import Replayer

GOVERNORS = ("carrier", "shipper", "bank", "buyer")
CHECK = {"checker": "lading/checker@1", "result": digest("a result")}
DAY = 24 * 3_600_000


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path, governors=GOVERNORS)


def reading(town, who="carrier"):
    return open_for_reading(town.homes[who])


def adopt(town, motion, after=10, voters=GOVERNORS[1:]):
    """Propose, vote and enact; gives the height from which it is in force."""
    report = governing.propose(town.desk("shipper"), motion, until=town.now + DAY, after=after)
    for who in voters:
        governing.act_on(town.desk(who), report.record.id, "vote", {"choice": "for", **CHECK})
    governing.act_on(town.desk("bank"), report.record.id, "enact")
    return report.record.fields["from_height"]


def reach(town, height):
    """Acts, so that the next batch has this height."""
    with reading(town) as reader:
        count = height - 1 - reader.head.height
    for _ in range(count):
        town.issue(bill(f"F-{os.urandom(4).hex()}"))


def with_receipts(town):
    """A ledger on which a dock receipt was issued and offered; gives its id."""
    reach(town, adopt(town, governing.motion_of_table(parse_table(DOCK))))
    content = json.dumps({"receiptNumber": "DR-1", "goods": "glassware"}).encode()
    document = read_generic(content, "dock_receipt", "/receiptNumber")
    record = town.issue(document, given={"dock": "YS4"}).record.id
    town.act("carrier", "offer", record, to="shipper")
    town.act("shipper", "accept", record)
    return record


def replayed(town):
    """A store of one's own into which the whole log was replayed."""
    store = MemoryStore()
    with reading(town) as reader:
        replayer = Replayer(store)
        replayer.feed(entry.data for entry in reader.store.entries(0, reader.head.size))
        assert replayer.root() == replayer.root_at(reader.head.size)
        assert (replayer.size, replayer.chain.tree.root) == (reader.head.size, reader.head.state_root)
    return store


def test_a_voted_kind_is_replayed_audited_backed_up_and_proved(town, tmp_path):
    record = with_receipts(town)
    replayed(town)
    for who in GOVERNORS:
        cosign_newest(town.desk(who), town.now // 1000)
    for who in ("carrier", "bank"):
        found = audit_home(town.homes[who])
        assert found.clean, found.as_dict()
    back_up(town.homes["carrier"], tmp_path / "copy")
    with reading(town) as reader:
        assert reader.rules.current["dock_receipt"] == 1
        proof = prove(reader, reader.record(record), policy_of(town.homes["carrier"], reader))
        assert (proof.quorum.holds, proof.newer) == (True, None)
        labels = [one.action for one in possible_actions(reader.rules, reader.record(record), town.now, reader.find)]
        assert labels == ["offer", "exchange"]
    town.desk("shipper").fetch()
    assert town.desk("shipper").vault.get(record).labels["number"] == "DR-1"


def test_an_engine_that_opens_the_ledger_anew_has_the_same_rules(town):
    with_receipts(town)
    with open_for_writing(town.homes["carrier"], town.clock, purpose="test") as engine:
        assert engine.rules.current["dock_receipt"] == 1
        assert engine.rules.governors == engine.reader.rules.governors


def test_the_record_of_an_adopted_table_has_its_history_and_its_proposal_a_proof(town):
    with_receipts(town)
    table = parse_table(DOCK)
    cosign_newest(town.desk("carrier"), town.now // 1000)
    with reading(town) as reader:
        record = reader.record(table.hash)
        (act,) = reader.history(record)
        assert act.signed.transaction.action == "proposal.enact"
        assert record_after(reader, table.hash, [act]) == record
        stored = reader.store.checkpoint()
        tree = StateTree.build(reader.store.leaves())
        with pytest.raises(NotProvable) as refused:
            Prover(reader.store, tree).bundle(table.hash, stored)
        assert "prove the proposal" in refused.value.hint
        own = governing.own_record(reader)
        assert own.tables[-1][:3] == ("dock_receipt", 1, table.hash)
    for who in GOVERNORS[1:]:
        cosign_newest(town.desk(who), town.now // 1000)
    with reading(town) as reader:
        proof = prove(reader, governing.find_proposal(reader, "dock_receipt@1"), town.genesis.policy)
        report = verify(proof.bundle.encode(), Policy.parse(town.genesis.policy.encode()), at=town.now)
        assert (report.history.name, report.control.name) == ("VALID", "VALID")
        assert proof.bundle.entries[0].index < act.index


def test_a_proposal_is_found_by_what_it_proposes_and_says_how_it_stands(town):
    motion = governing.motion_of_table(parse_table(DOCK))
    first = governing.propose(town.desk("shipper"), motion, until=town.now + DAY)
    governing.act_on(town.desk("bank"), first.record.id, "vote", {"choice": "for", **CHECK})
    governing.act_on(town.desk("buyer"), first.record.id, "vote", {"choice": "against"})
    with reading(town) as reader:
        record = governing.find_proposal(reader, "dock_receipt@1")
        assert record.id == first.record.id
        assert governing.find_proposal(reader, record.id.hex()[:10]) == record
        assert governing.proposed_table(reader, record) == parse_table(DOCK)
        standing = governing.standing(reader, record)
        assert [one.fields["alias"] for one in (*standing.agreed, *standing.opposed)] == ["bank", "buyer"]
        assert (len(standing.active), standing.enough) == (4, False)
        assert standing.checks == {town.id("bank"): (CHECK["checker"], CHECK["result"])}
        assert record.fields["from_height"] == 1 + governing.AFTER - 1
        with pytest.raises(NoSuchRecord):
            governing.find_proposal(reader, "nothing@1")
        with pytest.raises(governing.NotAProposal):
            governing.find_proposal(reader, town.id("bank").hex())
        with pytest.raises(governing.NotAProposal):
            governing.proposed_text(reader, reader.record(town.id("bank")))
    governing.propose(town.desk("carrier"), motion, until=town.now + DAY)
    with reading(town) as reader:
        with pytest.raises(Ambiguous) as caught:
            governing.find_proposal(reader, "dock_receipt@1")
        assert "lading rules proposals" in caught.value.hint
        with pytest.raises(NoSuchRecord) as missed:
            governing.find_proposal(reader, "nothing@1")
        assert "lading rules proposals" in missed.value.hint


def test_what_cannot_be_enacted_in_time_is_not_proposed(town):
    motion, desk = governing.motion_of_parameter("law", "GB"), town.desk("shipper")
    town.issue(bill("B-1"))
    with reading(town) as reader:
        height, least = reader.head.height, governing.least_after(reader)
    assert least == 7  # the proposal, three of four votes, the enactment, the adoption delay, and what is after it
    for soon in ({"after": least - 1}, {"from_height": height + least - 1}, {"after": 1}, {"from_height": 0}):
        with pytest.raises(governing.TooSoon, match=f"from height {height + least} on, {least} after the newest"):
            governing.propose(desk, motion, until=town.now + DAY, **soon)
    with reading(town) as reader:
        assert (reader.head.height, governing.proposals(reader)) == (height, [])
    since = adopt(town, motion, after=least)
    assert since == height + least
    with pytest.raises(RuleRefused, match="no governor"):
        governing.propose(town.desk("certifier"), motion, until=town.now + DAY, after=1)


def test_a_proposal_that_can_be_enacted_no_more_is_said_to_be_late(town):
    motion = governing.motion_of_parameter("law", "GB")
    record = governing.propose(town.desk("shipper"), motion, until=town.now + DAY, after=7).record

    def late(time=0):
        with reading(town) as reader:
            (one,) = governing.proposals(reader, time)
            return one.late

    since = record.fields["from_height"]
    assert (late(), late(record.fields["until"])) == ("", "")
    assert late(record.fields["until"] + 1) == "the time of voting is over"
    reach(town, since - 2)
    assert late() == ""
    reach(town, since - 1)
    assert late() == f"what is enacted next is in force from height {since + 1} on"
    governing.act_on(town.desk("shipper"), record.id, "withdraw")
    assert late() == ""


def test_nobody_proposes_what_would_stop_its_own_node(town):
    with pytest.raises(governing.TooNew, match="knows vocabulary 1"):
        governing.propose(town.desk("shipper"), governing.motion_of_parameter("vocabulary", "2"), until=town.now + DAY)
    with pytest.raises(RuleRefused, match="vocabulary is"):
        governing.propose(town.desk("shipper"), governing.motion_of_parameter("vocabulary", "x"), until=town.now + DAY)


def test_nothing_of_a_refused_proposal_stays_but_its_texts(town):
    motion = governing.motion_of_table(parse_table(DOCK))
    with pytest.raises(RuleRefused, match="not later than"):
        governing.propose(town.desk("shipper"), motion, until=town.now - 1)
    with reading(town) as reader:
        assert governing.proposals(reader) == []


def test_a_rulebook_is_adopted_with_its_text_or_by_its_hash(town):
    short = governing.motion_of_rulebook(b"# Rulebook\n")
    assert short.text == b"# Rulebook\n"
    assert governing.motion_of_rulebook(bytes(2_000_000)).text is None
    adopt(town, short)
    with reading(town) as reader:
        record = governing.find_proposal(reader, "rulebook")
        assert governing.proposed_text(reader, record) == b"# Rulebook\n"


def test_the_doctor_tells_parameters_and_what_is_coming(town, monkeypatch):
    since = adopt(town, governing.motion_of_parameter("law", "GB"), after=12)
    found = {check.name: check for check in examine(town.homes["bank"], town.now)}
    assert "law = SG" in found["parameters"].found
    assert "adoption_delay = 1" in found["parameters"].found
    assert found["governance"].found == f"something that was voted takes effect from height {since} on"
    assert "vocabulary" not in found
    reach(town, since + 1)
    found = {check.name: check for check in examine(town.homes["bank"], town.now)}
    assert "law = GB" in found["parameters"].found
    assert "governance" not in found
    monkeypatch.setattr("nodes.governing.VOCABULARY", 2)
    since = adopt(town, governing.motion_of_parameter("vocabulary", "2"), after=12)
    found = {check.name: check for check in examine(town.homes["bank"], town.now)}
    assert (found["vocabulary"].status, str(since) in found["vocabulary"].found) == ("unknown", True)


# Policies


OTHER = VerifierKey("ledger.example/other", SIGNING_KEY, Key(digest("another log")).public)


def policy_without(town, alias, threshold="all"):
    """The town's policy without one of its cosigners."""
    lines = [line for line in town.genesis.policy.splitlines() if not line.startswith(f"witness {alias} ")]
    text = "\n".join(lines).replace(f" {alias}", "")
    return text.replace("cosigners 3 ", f"cosigners {threshold} ").encode() + b"\n"


def test_an_adopted_policy_is_used_once_the_one_before_has_cosigned_it(town):
    text = policy_without(town, "buyer")
    since = adopt(town, governing.motion_of_policy(text))
    reach(town, since + 1)
    home = town.homes["shipper"]
    with reading(town) as reader:
        assert [one.trusted for one in adopted_policies(reader)] == [True, False]
        assert policy_of(home, reader) == town.genesis.policy
    for who in ("carrier", "shipper", "bank"):
        cosign_newest(town.desk(who), town.now // 1000)
    with reading(town) as reader:
        assert [(one.from_height, one.trusted) for one in adopted_policies(reader)] == [(0, True), (since, True)]
        assert policy_of(home, reader) == text.decode()
    done = cosign_newest(town.desk("carrier"), town.now // 1000)
    assert len(done.quorum.policy.witnesses) == 3
    assert done.quorum.holds


def test_an_adopted_policy_is_not_used_before_its_height(town):
    since = adopt(town, governing.motion_of_policy(policy_without(town, "buyer")), after=12)
    for who in ("carrier", "shipper", "bank"):
        cosign_newest(town.desk(who), town.now // 1000)
    with reading(town) as reader:
        assert adopted_policies(reader)[1].trusted
        assert reader.head.height < since
        assert policy_of(town.homes["shipper"], reader) == town.genesis.policy


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("cosigners 3 ", "cosigners 2 "), "share only"),
        (lambda text: "".join(text.splitlines(keepends=True)[:1]) + "quorum none\n", "has had a quorum"),
        (lambda text: "\n".join([f"log {OTHER}", *text.splitlines()[1:], ""]), "names no key of the ledger's log"),
        (lambda text: text + "quorum none\n", "second quorum"),
        (lambda text: text[:-4], "newline"),
    ],
)
def test_a_network_adopts_no_weaker_policy(town, change, said):
    text = change(town.genesis.policy).encode()
    content = governing.motion_of_policy(town.genesis.policy.encode()).arguments
    try:
        shared = overlap(Policy.parse(text)) or 0
    except LadingError:
        shared = 0
    said_all = {**content, "content": sha256(text).digest(), "overlap": shared}
    with pytest.raises(RuleRefused, match=said):
        governing.propose(town.desk("bank"), governing.Motion(said_all, text), until=town.now + DAY)


def test_a_node_that_is_too_old_stops_at_the_height_and_a_newer_one_goes_on(town, monkeypatch):
    monkeypatch.setattr("nodes.governing.VOCABULARY", 2)
    since = adopt(town, governing.motion_of_parameter("vocabulary", "2"), after=9)
    reach(town, since)
    size = town.size()
    with pytest.raises(NodeTooOld, match=f"runs vocabulary 2 from height {since}"):
        town.issue(bill("LATE-1"))
    assert town.size() == size, "nothing was written"
    with reading(town) as reader:
        assert reader.rules.height == reader.head.height == since - 1, "what there is can be read"
    replayed(town)
    monkeypatch.setattr(voted, "VOCABULARY", 2)
    town.issue(bill("LATE-1"))
    replayed(town)
    monkeypatch.setattr(voted, "VOCABULARY", 1)
    with pytest.raises(NodeTooOld):
        replayed(town)
    with reading(town) as reader, pytest.raises(NodeTooOld):
        _ = reader.rules
    with pytest.raises(NodeTooOld):
        audit_home(town.homes["carrier"])
