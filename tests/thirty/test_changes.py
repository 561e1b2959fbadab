"""Changes of a record: amended, on paper and off it, pledged, in joint hands, agreed to; and the evidence of it all."""

from __future__ import annotations

import json
import shutil
from random import Random

import pytest
from support.game import HOUR, Game, refused
from support.members import digest
from support.reading import Commands
from support.titles import DAY, arguments, into
from support.town import Town, bill

from contracts.refusals import WrongState
from ledger.errors import LadingError
from ledger.policy import Policy
from ledger.report import Verdict
from ledger.strict_json import canonicalise
from ledger.verify import verify
from nodes.backup import back_up
from nodes.cosigning import cosign_newest
from nodes.desk import Prepared
from nodes.documents.difference import Difference
from nodes.documents.read import read_as
from nodes.evidence_pack import read_pack
from nodes.home import Home
from nodes.paper import PaperDiffers, check_same, printable_form, statement_from_paper, statement_to_paper
from nodes.successors import prepare_successors

SECONDS = 1_764_000_100
SERIAL = "JWCL-PAPER-000117"


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


def taken_back(town: Town, paper=None) -> bytes:
    """A paper bill that the carrier has taken back. Gives its record."""
    document = paper or bill("B-1")
    texts = {
        "serial": SERIAL,
        "statement": statement_from_paper("B-1", "Carrier Ltd", SERIAL),
        "endorsements": "1. Shipper Ltd to the order of Bank Ltd, Shanghai, 2026-11-20\n",
    }
    return town.desk("carrier").issue(document, action="receive_paper", texts=texts).record.id


def test_p17_from_paper_the_paper_is_inoperative_before_the_record_lives(tmp_path):
    """P17, from paper to electronic: a statement, the exact content, and the paper made inoperative.

    Law: 17; ETDA 4; SG 16M
    Shows: two phases: first the carrier records that the paper of that serial is taken back, with the statement,
    which nothing is recorded without, and the number, which no other bill can take; then the document is read from
    the paper again and must be equal in every field, and only after that a holder can get the record.
    """
    game = Game()
    args = arguments(game, "receive_paper", "carrier", None)
    for name in ("serial", "statement"):
        refused(
            game.act("carrier", "bill_of_lading.receive_paper", **{key: args[key] for key in args if key != name}),
            "rule.bad_arguments",
        )
    town = Town(tmp_path / "town")
    record = taken_back(town)
    found = town.record(record)
    assert (found.status, found.controller) == ("paper_received", town.id("carrier"))
    assert {"serial", "statement", "endorsements"} <= set(found.fields)
    for who in ("shipper", "bank"):
        with pytest.raises(LadingError):
            town.act(who, "accept", record)
    with pytest.raises(LadingError, match="issued before"):
        town.issue(bill("B-1"))
    package = town.desk("carrier").vault.get(record)
    first = read_as(package.kind, package.original)
    assert check_same(first, bill("B-1")) > 50
    with pytest.raises(PaperDiffers):
        check_same(first, bill("B-1", carrierClauses=["none"]))
    town.act("carrier", "issue_from_paper", record, to="shipper")
    town.act("shipper", "accept", record)
    assert town.record(record).controller == town.id("shipper")


def test_p18_to_paper_the_electronic_bill_is_dead_for_ever(tmp_path):
    """P18, from electronic to paper: a statement in the paper, and the electronic record dead.

    Law: 18; SG 16N
    Shows: with the carrier's act the record is in nobody's control, and every act of every member fails, now and
    later; the printed form bears the statement, the record's id and the hash of the entry that ended it; what was
    signed before and is sent again, and a ledger restored from a backup, do not revive it.
    Later: a restored node among others, which its cosigners refuse.
    """
    town = Town(tmp_path / "town")
    record = town.held(holder="bank")
    back_up(town.homes["carrier"], tmp_path / "copy")
    town.act("bank", "request_paper", record)
    cosign_newest(town.desk("shipper"), SECONDS)
    desk = town.desk("carrier")
    package = desk.vault.get(record)
    document = read_as(package.kind, package.original)
    statement = statement_to_paper("B-1", "Carrier Ltd", SERIAL)
    with desk.reading() as reader:
        before = reader.history(reader.record(record))
        act = desk.prepare([reader.record(record)], "to_paper", {}, texts={"serial": SERIAL, "statement": statement})
    report = desk.perform(act)
    form = printable_form(report.record, document, SERIAL, statement, report.done.time).decode()
    for text in (statement, record.hex(), report.record.head.hex(), SERIAL):
        assert text in form
    assert (report.record.status, report.record.controller) == ("on_paper", None)
    with town.desk("carrier").writing("test") as engine:
        for old in before:  # everything that was signed before, sent again
            (result,) = engine.submit([old.signed.entry])
            assert isinstance(result, LadingError) or result.repeated
    size = town.size()
    for who, name in (("bank", "withdraw_paper"), ("bank", "surrender"), ("carrier", "refuse_paper")):
        with pytest.raises(WrongState):
            town.act(who, name, record)
    assert town.size() == size
    cosign_newest(town.desk("shipper"), SECONDS + 1)
    restored = Home.open(tmp_path / "copy")
    shutil.copy(restored.ledger_path, town.homes["carrier"].ledger_path)
    for name in ("ledger.db-wal", "ledger.db-shm"):
        town.homes["carrier"].folder.joinpath(name).unlink(missing_ok=True)
    with pytest.raises(LadingError) as caught:
        town.act("carrier", "refuse_paper", record)
    assert caught.value.code == "cosign.log_went_back"


def test_p18_to_paper_nothing_moves_a_dead_bill_whatever_is_tried():
    """P18, from electronic to paper: a statement in the paper, and the electronic record dead.

    Law: 18; SG 16N
    Shows: every action of the table by every member, with good arguments, is refused with the time and the entry
    since which the bill is dead, a year later too.
    Later: a restored node among others, which its cosigners refuse.
    """
    game = Game({**{role: (role,) for role in ("carrier", "shipper", "bank", "buyer", "authority", "insurer")}})
    dead = into(game, "on_paper")
    entry = game.record(dead).entry
    for _ in range(2):
        for name, action in game.rules.table("bill_of_lading").actions.items():
            if "new" in action.moves:
                continue
            for who in game.members:
                if name == "merge":
                    continue
                outcome = game.act(who, name, dead, **arguments(game, name, who, dead))
                error = refused(outcome, "rule.wrong_state")
                assert f"by entry {entry}" in error.message
        game.tick(365 * DAY)


def test_p19_rights_endorsements_are_carried_over_byte_for_byte(tmp_path):
    """P19, rights are unaffected by a change of medium.

    Law: 17(4), 18(4)
    Shows: the endorsements that a paper bill bears are recorded with it, byte for byte, before it is electronic, and
    whoever gets the bill later has them; the party to whose order the paper stands is the order party of the record,
    which alone can endorse it on.
    """
    town = Town(tmp_path / "town")
    record = taken_back(town)
    town.act("carrier", "issue_from_paper", record, to="shipper")
    town.act("shipper", "accept", record)
    town.desk("shipper").fetch()
    borne = "1. Shipper Ltd to the order of Bank Ltd, Shanghai, 2026-11-20\n"
    commitment = town.record(record).fields["endorsements"]
    for who in ("carrier", "shipper"):
        notes = {note.commitment: note.text for note in town.desk(who).vault.notes(record)}
        assert notes[commitment] == borne
    assert town.record(record).order_party == town.id("shipper")
    town.act("shipper", "offer", record, to="bank", mode="endorse")
    town.act("bank", "accept", record)
    assert town.record(record).order_party == town.id("bank")


def test_p19_rights_the_paper_bears_every_endorsement(tmp_path, monkeypatch, capsys):
    """P19, rights are unaffected by a change of medium.

    Law: 17(4), 18(4)
    Shows: the form that the carrier prints bears every endorsement: those of the paper before, byte for byte, and
    those since, each with who endorsed to whom, when, and the entry of the log.
    """
    town = Town(tmp_path / "town")
    record = taken_back(town)
    town.act("carrier", "issue_from_paper", record, to="shipper")
    town.act("shipper", "accept", record)
    town.act("shipper", "offer", record, to="bank", mode="endorse")
    town.act("bank", "accept", record)
    entry = town.record(record).entry
    town.act("bank", "endorse_in_blank", record)
    run, form = Commands(town, monkeypatch, capsys), tmp_path / "bill.html"
    run.text("bank", "to-paper", record.hex())
    run.text("carrier", "to-paper", record.hex(), "--serial", SERIAL, "--form", str(form))
    page = form.read_text()
    assert "<p>1. Shipper Ltd to the order of Bank Ltd, Shanghai, 2026-11-20</p>" in page
    assert f"<p>1. Shipper Ltd to the order of Bank Ltd, 2025-11-24T16:00:00Z, entry {entry}</p>" in page
    assert f"<p>2. Bank Ltd in blank, 2025-11-24T16:00:00Z, entry {entry + 2}</p>" in page


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
