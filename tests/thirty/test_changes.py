"""Changes of a record: amended, pledged, in joint hands, agreed to; and the evidence of it all."""

from __future__ import annotations

import json
from random import Random

import pytest
from support.game import HOUR, Game, refused
from support.members import digest
from support.reading import Commands
from support.titles import DAY, arguments, into
from support.town import Town, bill

from contracts.refusals import WrongState
from ledger.policy import Policy
from ledger.report import Verdict
from ledger.strict_json import canonicalise
from ledger.verify import verify
from nodes.cosigning import cosign_newest
from nodes.desk import Prepared
from nodes.documents.difference import Difference
from nodes.evidence_pack import read_pack
from nodes.successors import prepare_successors

SECONDS = 1_764_000_100


def group_of(game: Game, threshold: int, *aliases: str) -> bytes:
    """Members in joint control."""
    record = game.fresh("group")
    members = sorted(game.id(alias) for alias in aliases)
    game.done(aliases[0], "joint_control.create", also=aliases[1:], record=record, members=members, threshold=threshold)
    return record


@pytest.mark.parametrize(("threshold", "count"), [(2, 2), (2, 3), (3, 3), (3, 4)])
def test_p11_joint_control_one_signature_less_moves_nothing(threshold, count):
    """P11, joint control counts as one person.

    Law: ETDA 2(3)(b); note 111
    Shows: of m parties who are in control together, n signatures move the bill and n-1 never do, whatever the act and
    whoever signs: each act of the controller is tried with one signature less, by members and with a stranger's.
    """
    game = Game()
    circle = ["shipper", "bank", "buyer", "certifier"][:count]
    group = group_of(game, threshold, *circle)
    held = game.issue_bill(to=group, order_party=group)
    first, *others = circle
    few, enough = others[: threshold - 2], others[: threshold - 1]
    refused(game.act(first, "accept", held, also=few), "rule.pending_recipient_signs")
    game.done(first, "accept", held, also=enough)
    assert (game.record(held).controller, game.record(held).status) == (group, "held")
    acts = {
        "offer": {"to": "carrier", "mode": "endorse"},
        "surrender": {},
        "request_paper": {},
        "surrender_for_amendment": {"wanted": digest("wanted")},
        "present": {"presentee": "carrier", "until": game.time + HOUR},
    }
    before = game.record(held).encode()
    for action, args in acts.items():
        for who in circle:
            rest = [one for one in circle if one != who][: threshold - 2]
            refused(game.act(who, action, held, also=rest, **args), "rule.controller_signs")
        assert game.act("stranger", action, held, also=circle[:1], **args).error is not None
    assert game.record(held).encode() == before
    game.done(first, "offer", held, also=enough, to="carrier", mode="endorse")
    game.done("carrier", "accept", held)
    assert game.record(held).controller == game.id("carrier")


def amended(town: Town) -> tuple[bytes, bytes, Prepared]:
    """A bill that the carrier has amended for the shipper: the old and the new record, and the act."""
    old = town.held()
    town.act("shipper", "surrender_for_amendment", old, wanted=bytes(32))
    desk = town.desk("carrier")
    with desk.reading() as reader:
        documents = [bill("B-1", carrierClauses=["none"])]
        act = prepare_successors(desk, reader, [reader.record(old)], "reissue", documents, why="clauses struck out")
    desk.perform(act)
    town.desk("shipper").fetch()
    return old, act.arguments["record"], act


def test_p14_amendment_is_identifiable_field_by_field(tmp_path):
    """P14, an amendment is identifiable as such.

    Law: 16
    Shows: the amended bill names the void one and the void one the amended; the difference says each field, what it
    was and what it is, and why, is what the two documents make of it, and stands as a commitment in the carrier's
    signed act, which says who and when; a proof of the void bill says that it is superseded, and by which.
    """
    town = Town(tmp_path / "town")
    old, new, act = amended(town)
    void, live = town.record(old), town.record(new)
    assert (void.status, void.controller, void.replaced_by) == ("replaced", None, [new])
    assert (live.status, live.controller, live.replaces) == ("held", town.id("shipper"), [old])
    (note,) = town.desk("shipper").vault.notes(new)
    stated = Difference.decode(note.text)
    assert (stated.old, stated.new, stated.why) == (void.document, live.document, "clauses struck out")
    assert [change.pointer for change in stated.changes] == [f"/carrierClauses/{at}" for at in range(3)]
    assert stated.changes[0].new == "none"
    assert stated.changes[0].old.startswith("Shipper's load")
    with town.desk("carrier").reading() as reader:
        last = reader.history(void)[-1]
    assert last.signed.transaction.arguments["difference"] == note.commitment == act.arguments["difference"]
    assert (last.signed.transaction.actor, last.index) == (town.id("carrier"), void.entry)
    with pytest.raises(WrongState, match=rf"replaced since .*, by entry {void.entry}"):
        town.act("shipper", "offer", old, to="bank", mode="endorse")


def test_p14_amendment_an_old_proof_says_superseded(tmp_path, monkeypatch, capsys):
    """P14, an amendment is identifiable as such.

    Law: 16
    Shows: a bundle of the void bill verifies as one that is in nobody's control any more, since when, and names the
    record that took its place.
    """
    town = Town(tmp_path / "town")
    old, new, _ = amended(town)
    for who in ("carrier", "shipper", "bank"):
        cosign_newest(town.desk(who), SECONDS)
    run = Commands(town, monkeypatch, capsys)
    file = tmp_path / "void.lading"
    run.text("carrier", "prove", old.hex(), "--out", str(file))
    policy = Policy.parse(town.homes["bank"].read_policy().encode())
    report = verify(file.read_bytes(), policy, at=SECONDS * 1000)
    assert report.verdict is Verdict.VALID
    assert report.facts["status"] == "replaced"
    assert "nobody" in report.control_reason
    assert new.hex() in json.dumps(report.as_dict())


@pytest.mark.parametrize("seed", range(6))
def test_p24_consent_nothing_moves_to_a_party_that_never_acted(seed):
    """P24, consent to the electronic form; it may be inferred from conduct.

    Law: MLETR 7(2)-(3); RR 8 (carrier and shipper)
    Shows: the carrier's issue and the shipper's approval of the draft say in the signed statement that the bill is
    electronic; a holder's first signed act is its acceptance, which says so too; over random histories nobody comes
    into control without having signed such an act on this very bill.
    """
    game, random = Game(), Random(seed)
    table = game.rules.table("bill_of_lading")
    assert "agrees that the bill is electronic" in table.actions["approve"].statement
    assert "clause" in table.actions["issue"].statement
    for name in ("accept", "accept_pledge"):
        assert "agrees to its electronic form" in table.actions[name].statement
    held = into(game, "approved")
    game.done("carrier", "issue_draft", held, **arguments(game, "issue_draft", "carrier", held))
    game.done("shipper", "accept", held)
    names = [alias for alias in game.members if alias != "carrier"]
    agreed = {game.id("shipper")}
    for _ in range(80):
        record = game.record(held)
        asked = [record.controller, record.pending.party if record.pending else record.controller]
        likely = [alias for alias in game.members if game.id(alias) in asked]
        who, to = random.choice([*likely, *likely, random.choice(names)]), random.choice(names)
        action = random.choice(["accept", "accept", "offer", "offer", "reject", "recall", "endorse"])
        args = {"offer": {"to": to, "mode": random.choice(["endorse", "possession"])}, "endorse": {"to": to}}
        outcome = game.act(who, action, held, **args.get(action, {}))
        if outcome.error is None and action == "accept":
            agreed.add(game.id(who))
        assert game.record(held).controller in agreed
    assert len(agreed) > 1


def test_p26_security_a_pledge_cannot_be_walked_around():
    """P26, security interests and title can be of different persons.

    Law: note 108, 114, 193
    Shows: a pledge puts the pledgee in control and leaves the pledgor the beneficiary; while it lasts the pledgor can
    neither transfer nor surrender, and the pledgee only after the due date, notice and delay; release puts the bill
    back as it was, and enforcement needs no pledgor.
    """
    game = Game()
    held = game.held_bill("shipper")
    before = game.record(held)
    game.done("shipper", "pledge", held, to="bank", due=game.time + HOUR)
    assert game.record(held).controller == game.id("shipper"), "until the pledgee accepts"
    game.done("bank", "accept_pledge", held)
    record = game.record(held)
    assert (record.controller, record.beneficiary, record.pledgee) == (
        game.id("bank"), game.id("shipper"), game.id("bank"),
    )  # fmt: skip
    for who in ("shipper", "bank", "carrier"):
        for action, args in (("offer", {"to": "buyer", "mode": "endorse"}), ("surrender", {}), ("request_paper", {})):
            refused(game.act(who, action, held, **args), "rule.wrong_state")
    refused(game.act("shipper", "release_pledge", held), "rule.pledgee_signs")
    refused(game.act("bank", "notify_default", held, notice_given=digest("notice")), "rule.field_time_has_passed")
    game.done("bank", "release_pledge", held)
    after = game.record(held)
    assert (after.controller, after.order_party, after.pledgee) == (before.controller, before.order_party, None)
    assert after.fields == before.fields
    game.done("shipper", "pledge", held, to="bank", due=game.time + HOUR)
    game.done("bank", "accept_pledge", held)
    game.tick(HOUR + 1)
    game.done("bank", "notify_default", held, notice_given=digest("notice"))
    refused(game.act("bank", "enforce", held), "rule.delay_has_run")
    game.tick(7 * DAY)
    game.done("bank", "enforce", held)
    game.done("bank", "surrender", held)


def test_p26_security_with_both_in_control_each_needs_the_other():
    """P26, security interests and title can be of different persons.

    Law: note 108, 114, 193
    Shows: pledgor and pledgee can be in control together; the pledgee alone can give its security up, and control
    then goes to the pledgor.
    """
    game = Game()
    held = game.held_bill("shipper")
    group = group_of(game, 2, "shipper", "bank")
    game.done("shipper", "pledge", held, to="bank", group=group, due=game.time + HOUR)
    game.done("bank", "accept_pledge", held, also=["shipper"])
    assert (game.record(held).controller, game.record(held).pledgee) == (group, game.id("bank"))
    refused(game.act("shipper", "release_pledge", held), "rule.pledgee_signs")
    game.done("bank", "release_pledge", held)
    assert game.record(held).controller == game.id("shipper")


def test_p29_evidence_pack_of_the_21_controls_is_the_same_twice(tmp_path, monkeypatch, capsys):
    """P29, audit, and evidence for reliability.

    Law: 12(a)(v)-(vii), 12(b); IG deemed approval
    Shows: one command writes the 21 controls, each with the tests, figures, hashes and audit results that speak for it
    and with the questions that only the organisation can answer; two members make the same pack, byte for byte but
    for who signs it, and anybody checks it.
    """
    town = Town(tmp_path / "town")
    town.held(holder="bank")
    run = Commands(town, monkeypatch, capsys)
    packs = {}
    for at, (who, name) in enumerate((("bank", "one"), ("bank", "two"), ("carrier", "three"))):
        file = tmp_path / f"{name}.json"
        run.text(who, "evidence", "--out", str(file))
        packs[at] = file.read_bytes()
        town.tick()
    assert packs[0] == packs[1], "made again it is the same"
    read = [read_pack(data) for data in packs.values()]
    assert [len(pack["controls"]) for pack, _ in read] == [21, 21, 21]
    same = [{key: one for key, one in pack.items() if key != "audit"} for pack, _ in read]
    assert canonicalise(same[0]) == canonicalise(same[2]), "whoever makes it"
    for control in read[0][0]["controls"]:
        assert control["system"] in ("shown", "shown in part", "not shown yet", "contradicted")
        assert control["properties"] or control["parts"]
    text = run.text("shipper", "evidence", "--check", str(tmp_path / "one.json"))
    assert "signed by bank, whose key this home's ledger knows" in text
