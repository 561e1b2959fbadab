"""`lading prove`: the bundle that is written verifies, and what it cannot show is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.game import base_tables
from support.reading import Commands
from support.town import START, Town, bill, invoice

from cli import exits
from ledger.bundle import Bundle, Redacted, WholeDocument
from ledger.policy import Policy
from ledger.report import Verdict
from ledger.verify import verify
from nodes.cosigning import cosign_newest


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    town = Town(tmp_path, tables=base_tables())
    monkeypatch.setattr("cli.read_prove.now_ms", lambda: START + 60_000)
    monkeypatch.chdir(tmp_path)
    return town


@pytest.fixture
def run(town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(town, monkeypatch, capsys)


def cosign(town: Town, *who: str) -> None:
    for alias in who:
        cosign_newest(town.desk(alias), START // 1000)


def verdict(town: Town, path: Path) -> tuple[Verdict, Verdict]:
    policy = Policy.parse(town.genesis.policy.encode())
    report = verify(path.read_bytes(), policy, at=START + 60_000)
    return report.history, report.control


def test_a_bundle_is_written_and_verifies(town, run, tmp_path):
    record = town.held(holder="bank")
    cosign(town, "carrier", "shipper", "bank")
    out = run.text("bank", "prove", "B-1", "--out", "bill.lading")
    size = (tmp_path / "bill.lading").stat().st_size
    assert out.splitlines() == [
        f"wrote bill.lading, {size:,} bytes",
        "  checkpoint: 15 entries; 3 of 4 organisations have cosigned",
        "  a reader with this home's policy finds now: history VALID, control VALID",
        "    every step holds",
        "    bank is in control since 2025-11-24T16:00:00Z, as of 2025-11-24T16:00:00Z",
    ]
    assert verdict(town, tmp_path / "bill.lading") == (Verdict.VALID, Verdict.VALID)
    bundle = Bundle.decode((tmp_path / "bill.lading").read_bytes())
    assert bundle.record == record
    assert isinstance(bundle.document, WholeDocument)
    assert bundle.document.original == bill().original


def test_the_values_of_a_document_that_is_no_json_are_said_to_be_its_issuers(town, run, tmp_path):
    record = town.issue(invoice(), "shipper").record.id
    cosign(town, "carrier", "shipper", "bank")
    run.text("shipper", "prove", record.hex(), "--out", "invoice.lading")
    policy = Policy.parse(town.genesis.policy.encode())
    report = verify((tmp_path / "invoice.lading").read_bytes(), policy, at=START + 60_000)
    assert (report.steps[9].verdict, report.history) == (Verdict.VALID, Verdict.VALID)
    assert report.steps[9].detail.endswith(
        "; the values of its fields are those that its issuer read from the application/xml, and are bound with it as "
        "such; the application/xml is not read again here"
    )
    assert report.facts["warnings"] == [
        "what the document says was read by its issuer from the application/xml; read it in the original, and compare"
    ]


def test_what_was_made_as_json(town, run):
    record = town.held(holder="bank")
    cosign(town, "carrier", "shipper", "bank")
    value = run.json("bank", "prove", "B-1")
    assert value["file"] == f"{record.hex()[:12]}.lading"
    assert (value["record"], value["checkpoint"], value["quorum"]) == (record.hex(), 15, True)
    assert (value["cosigned"], value["missing"]) == (["carrier", "shipper", "bank"], ["buyer"])
    assert (value["history"]["verdict"], value["control"]["verdict"]) == ("VALID", "VALID")
    assert value["newer_entry"] is None
    assert value["bytes"] == Path(value["file"]).stat().st_size


def test_the_next_holder_proves_what_is_offered_to_it(town, run, tmp_path):
    """The inbox is fetched first, so that a bank can check before it accepts."""
    record = town.held()
    town.act("shipper", "offer", record, to="bank", mode="endorse")
    cosign(town, "carrier", "shipper", "bank")
    status, _, err = run("bank", "prove", "B-1", "--out", "bill.lading")
    assert status == exits.DONE
    assert "inbox: the document of bill_of_lading" in err
    assert verdict(town, tmp_path / "bill.lading") == (Verdict.VALID, Verdict.VALID)


def test_without_a_quorum_the_newest_checkpoint_serves_and_it_is_said(town, run, tmp_path):
    town.held(holder="bank")
    cosign(town, "carrier")
    status, out, err = run("bank", "prove", "B-1", "--out", "bill.lading")
    assert status == exits.DONE
    assert "history UNKNOWN, control UNKNOWN" in out
    assert "no checkpoint with the record has the policy's quorum yet: 1 of 4 organisations have cosigned" in err
    assert verdict(town, tmp_path / "bill.lading") == (Verdict.UNKNOWN, Verdict.UNKNOWN)


def test_a_record_that_has_moved_on_since_is_said_to_have(town, run):
    record = town.held(holder="bank")
    cosign(town, "carrier", "shipper", "bank")
    town.act("bank", "offer", record, to="buyer", mode="endorse")
    status, out, err = run("bank", "prove", "B-1", "--out", "bill.lading")
    assert (status, "control VALID" in out) == (exits.DONE, True)
    assert "the checkpoint of 15 entries does not cover the record's newest act, entry 15" in err


def test_an_older_checkpoint_can_be_named(town, run):
    record = town.issue(bill()).record.id
    cosign(town, "carrier", "shipper", "bank")
    town.act("shipper", "accept", record)
    cosign(town, "carrier", "shipper", "bank")
    assert run.json("carrier", "prove", "B-1", "--out", "a")["checkpoint"] == 11
    assert run.json("carrier", "prove", "B-1", "--out", "b", "--checkpoint", "9")["checkpoint"] == 9
    status, _, err = run("carrier", "prove", "B-1", "--out", "c", "--checkpoint", "8")
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[proof.no_checkpoint]")
    assert not Path("c").exists()


def test_a_part_of_the_document_can_be_shown(town, run, tmp_path):
    town.held(holder="bank")
    cosign(town, "carrier", "shipper", "bank")
    places = ("--disclose", "/consignmentItems/0/descriptionOfGoods", "--disclose", "/termsAndConditions")
    assert "history VALID" in run.text("bank", "prove", "B-1", *places, "--out", "part.lading")
    document = Bundle.decode((tmp_path / "part.lading").read_bytes()).document
    assert isinstance(document, Redacted)
    shown = [leaf.pointer for leaf in document.leaves if not isinstance(leaf, bytes)]
    assert "/transportDocumentReference" in shown
    assert "/termsAndConditions" in shown
    assert not any(pointer.startswith("/documentParties") for pointer in shown if pointer)
    status, _, err = run("bank", "prove", "B-1", "--disclose", "/nothing", "--out", "x")
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[document.nothing_to_disclose]")


def test_the_document_can_be_left_out(town, run, tmp_path):
    town.held(holder="bank")
    cosign(town, "carrier", "shipper", "bank")
    run.locked.add("bank")
    out = run.text("bank", "prove", "B-1", "--without-document", "--out", "bare.lading")
    assert "history UNKNOWN, control UNKNOWN" in out
    assert "step 10: the bundle holds no document" in out
    assert Bundle.decode((tmp_path / "bare.lading").read_bytes()).document is None


def test_an_invoice_brings_what_was_read_from_it(town, run, tmp_path):
    record = town.issue(invoice(), "shipper").record.id
    cosign(town, "carrier", "shipper", "bank")
    assert "history VALID, control VALID" in run.text("shipper", "prove", record.hex(), "--out", "invoice.lading")
    document = Bundle.decode((tmp_path / "invoice.lading").read_bytes()).document
    assert isinstance(document, WholeDocument)
    assert document.original == invoice().original


@pytest.mark.parametrize(
    ("who", "options", "code"),
    [
        ("certifier", (), "prove.no_document"),
        ("bank", ("--without-document", "--disclose", "/x"), "usage.document_or_not"),
    ],
)
def test_what_cannot_be_proven_is_refused_before_anything_is_written(town, run, who, options, code):
    town.held(holder="bank")
    cosign(town, "carrier", "shipper", "bank")
    status, _, err = run(who, "prove", "B-1", *options, "--out", "x.lading")
    assert (status, err.partition(":")[0]) == (exits.USAGE, f"error[{code}]")
    assert not Path("x.lading").exists()


def test_without_the_passphrase_the_document_is_missed(town, run):
    town.held(holder="bank")
    run.locked.add("bank")
    status, _, err = run("bank", "prove", "B-1", "--out", "x.lading")
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[prove.no_document]")


def test_a_file_is_overwritten_only_if_told(town, run):
    town.held(holder="bank")
    cosign(town, "carrier", "shipper", "bank")
    run.text("bank", "prove", "B-1", "--out", "bill.lading")
    Path("bill.lading").write_text("mine")
    status, _, err = run("bank", "prove", "B-1", "--out", "bill.lading")
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[files.exists]")
    assert Path("bill.lading").read_text() == "mine"
    run.text("bank", "prove", "B-1", "--out", "bill.lading", "--force")
    assert Path("bill.lading").read_text() != "mine"


def test_a_founder_has_no_bundle(town, run):
    cosign(town, "carrier", "shipper", "bank")
    status, _, err = run("bank", "prove", town.id("buyer").hex(), "--out", "x")
    assert (status, err.partition(":")[0]) == (exits.UNKNOWN, "error[proof.not_provable]")
    assert "prove a record that it acted on" in err
