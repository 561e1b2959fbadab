"""Changes of medium: from paper, to paper, and what becomes of the rights."""

from __future__ import annotations

import shutil

import pytest
from support.game import Game, refused
from support.reading import Commands
from support.titles import DAY, arguments, into
from support.town import Town, bill

from contracts.refusals import WrongState
from ledger.errors import LadingError
from nodes.backup import back_up
from nodes.cosigning import cosign_newest
from nodes.documents.read import read_as
from nodes.home import Home
from nodes.paper import PaperDiffers, check_same, printable_form, statement_from_paper, statement_to_paper

SECONDS = 1_764_000_100
SERIAL = "JWCL-PAPER-000117"


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
