"""`lading show`, `lading list` and `lading trace`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from support.reading import Commands
from support.town import Town, bill, certificate, invoice

from cli import exits
from ledger.times import iso
from nodes.home import Home
from nodes.parcel import Attachment

FULL = {
    "bank": "Bank Ltd (bank), LEI FICT00YANGTZEHARBR03",
    "carrier": "Carrier Ltd (carrier), LEI FICT00JADEWINDLINE34",
}
TERMS = Attachment("terms.txt", "text/plain", b"terms of carriage\n")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


@pytest.fixture
def run(town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(town, monkeypatch, capsys)


# show


def test_show_says_what_a_record_is_and_what_can_be_done(town, run):
    record = town.held(holder="bank")
    lines = run.text("bank", "show", "B-1").splitlines()
    assert lines[:2] == ["Bill of lading B-1  held", "  in the control of its holder"]
    assert f"  record: {record.hex()}" in lines
    assert f"  in control: {FULL['bank']}, since 2025-11-24T16:00:00Z" in lines
    assert f"  issued by: {FULL['carrier']}" in lines
    assert "  to the order of: bank" in lines
    assert f"  document: application/json, {len(bill().original):,} bytes, in this vault" in lines
    table = lines[lines.index("What can be done now") + 1 :]
    assert table[0].split()[:2] == ["action", "by"]
    by = {line.split("  ")[0]: line for line in table}
    assert by["offer"].split()[:2] == ["offer", "bank"]
    assert by["surrender"].split()[:2] == ["surrender", "bank"]
    assert by["split"].split()[:2] == ["split", "carrier"]
    assert "a member with the role authority" in by["hold"]
    assert "  endorse nominee, withdraw nomination: the order party has nominated nobody" in lines


def test_show_as_json(town, run):
    record = town.held(holder="bank")
    paper = town.issue(invoice(), "shipper", bound_to=[record]).record
    value = run.json("bank", "show", record.hex()[:10])
    assert (value["record"], value["kind"], value["number"], value["status"]) == (
        record.hex(), "bill_of_lading", "B-1", "held",
    )  # fmt: skip
    bank = {"id": town.id("bank").hex(), "alias": "bank"}
    assert value["controller"] == {**bank, "names": {"en": "Bank Ltd"}, "lei": "FICT00YANGTZEHARBR03"}
    assert value["issuer"]["lei"] == "FICT00JADEWINDLINE34"
    assert value["fields"]["form"] == "order"
    assert value["bound_by"] == [{"record": paper.id.hex(), "kind": "invoice"}]
    (offer,) = [one for one in value["possible"] if one["action"] == "offer"]
    assert offer["parties"] == [{"id": town.id("bank").hex(), "alias": "bank"}]
    assert "the offer" not in offer["conditions"]
    assert (value["pledgee"], value["hold"], value["replaces"], value["replaced_by"]) == (None, None, [], [])
    assert value["vault"]["document"]["size"] == len(bill().original)
    assert (value["vault"]["attachments"], value["vault"]["notes"]) == ([], [])
    assert run.json("bank", "show", paper.id.hex())["fields"]["bound_to"] == [record.hex()]


def test_show_has_the_offer_the_notes_and_the_attachments(town, run, monkeypatch):
    monkeypatch.setattr("cli.read_show.now_ms", lambda: town.now)
    record = town.issue(bill(), attachments=[TERMS]).record.id
    town.desk("shipper").fetch()
    town.act("shipper", "accept", record)
    town.act("shipper", "offer", record, to="bank", mode="endorse", until=town.now + 60_000)
    lines = run.text("bank", "show", record.hex()).splitlines()
    assert "  offered to: bank, for transfer, endorsed, until 2025-11-24T16:01:00Z" in lines
    assert "  attachment: terms.txt, 18 bytes" in lines
    entry = town.act("bank", "reject", record, reason="seal broken").done.index
    lines = run.text("shipper", "show", record.hex()).splitlines()
    assert f"  note: seal broken (reject by bank, 2025-11-24T16:00:00Z, entry {entry})" in lines
    (note,) = run.json("shipper", "show", record.hex())["vault"]["notes"]
    assert (note["text"], note["action"], note["actor"]["alias"], note["entry"]) == (
        "seal broken",
        "reject",
        "bank",
        entry,
    )


def test_show_says_that_an_offer_has_lapsed_and_what_cannot_be_done_now(town, run, monkeypatch):
    record = town.issue(bill(), until=town.now + 60_000).record.id
    monkeypatch.setattr("cli.read_show.now_ms", lambda: town.now)
    value = run.json("carrier", "show", record.hex())
    assert {"action": "expire", "why": "the offer has not lapsed"} in value["not_now"]
    assert value["pending"]["lapsed"] is False
    assert "accept" in [one["action"] for one in value["possible"]]
    monkeypatch.setattr("cli.read_show.now_ms", lambda: town.now + 60_001)
    lines = run.text("carrier", "show", record.hex()).splitlines()
    assert "  offered to: shipper, for issue; the offer has lapsed since 2025-11-24T16:01:00Z" in lines
    at = lines.index("Not now")
    assert "  accept: the offer lapsed at 2025-11-24T16:01:00Z" in lines[at + 1 :]
    assert sorted(line.split()[0] for line in lines[lines.index("What can be done now") + 2 : at - 1]) == [
        "dispute", "expire", "hold", "recall", "reject", "void",
    ]  # fmt: skip
    assert run.json("carrier", "show", record.hex())["pending"]["lapsed"] is True


def test_show_without_the_passphrase_shows_the_ledger(town, run):
    town.held(holder="bank")
    run.locked.add("bank")
    out = run.text("bank", "show", "B-1")
    assert "Bill of lading " in out
    assert "  document: in the vault, if anywhere; give the passphrase to look" in out.splitlines()
    assert run.json("bank", "show", "B-1")["vault"] is None


def test_show_in_a_home_that_has_not_the_document(town, run):
    town.held(holder="bank")
    assert "  document: not in this vault" in run.text("certifier", "show", "B-1").splitlines()


def test_show_takes_the_document_out_of_the_vault(town, run, tmp_path):
    town.held(holder="bank")
    out = tmp_path / "original.json"
    status, _, err = run("bank", "show", "B-1", "--document", str(out))
    assert (status, out.read_bytes()) == (exits.DONE, bill().original)
    assert f"wrote {out}" in err
    assert run("bank", "show", "B-1", "--document", str(out))[0] == exits.USAGE, "nothing is overwritten"
    assert run("certifier", "show", "B-1", "--document", str(tmp_path / "none"))[0] == exits.USAGE
    run.locked.add("bank")
    status, _, err = run("bank", "show", "B-1", "--document", str(tmp_path / "none"))
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[key.no_passphrase]")
    assert not (tmp_path / "none").exists()


def test_show_of_a_dead_record_has_nothing_to_do(town, run):
    record = town.issue(bill()).record.id
    town.act("shipper", "reject", record)
    town.act("carrier", "void", record)
    out = run.text("carrier", "show", "B-1")
    assert "  in control: nobody, since 2025-11-24T16:00:00Z" in out
    assert "What can be done now" not in out
    assert run.json("carrier", "show", "B-1")["is_end"] is True


def test_show_of_a_member_and_of_nothing(run):
    assert run.json("bank", "show", run.town.id("buyer").hex())["kind"] == "member"
    status, _, err = run("bank", "show", "nothing")
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[record.not_found]")


# list


def held(rows: list[dict]) -> list[tuple[str | None, str, str | None]]:
    return [(row["number"], row["status"], row["controller"] and row["controller"]["alias"]) for row in rows]


def test_list_shows_records_and_who_is_in_control(town, run):
    town.held("B-1", holder="bank")
    town.issue(bill("B-2"))
    town.issue(certificate(), "certifier")
    lines = run.text("carrier", "list").splitlines()
    assert lines[0].split() == ["kind", "number", "state", "in", "control", "since", "offered", "to", "id"]
    assert [line.split("  ")[0] for line in lines[1:]] == ["bill of lading", "bill of lading", "certificate"]
    assert held(run.json("carrier", "list")) == [
        ("B-1", "held", "bank"),
        ("B-2", "issued", "carrier"),
        (None, "valid", "certifier"),
    ]
    assert held(run.json("carrier", "list", "--kind", "certificate")) == [(None, "valid", "certifier")]
    assert held(run.json("carrier", "list", "--status", "issued")) == [("B-2", "issued", "carrier")]
    assert held(run.json("carrier", "list", "--held-by", "bank")) == [("B-1", "held", "bank")]
    assert held(run.json("bank", "list", "--mine")) == [("B-1", "held", "bank")]
    assert run.json("shipper", "list", "--offered")[0]["offered_to"]["alias"] == "shipper"
    assert len(run.json("carrier", "list", "--kind", "member")) == 5


def test_list_counts_on_stderr(town, run):
    town.issue(bill())
    assert run("carrier", "list")[2] == "1 record\n"
    assert run("carrier", "list", "--mine", "--kind", "invoice")[2] == "0 records\n"


def test_list_without_the_passphrase_knows_no_numbers(town, run):
    town.held("B-1", holder="bank")
    run.locked.add("bank")
    assert held(run.json("bank", "list", "--mine")) == [(None, "held", "bank")]


def test_list_as_of_a_time_is_what_was_held_then(town, run):
    record = town.issue(bill()).record.id
    times = [town.now]
    for who, action, more in (
        ("shipper", "accept", {}),
        ("shipper", "offer", {"to": "bank", "mode": "endorse"}),
        ("bank", "accept", {}),
    ):
        town.tick()
        town.act(who, action, record, **more)
        times.append(town.now)

    def holdings(who: str, time: int) -> list[str]:
        return [row["status"] for row in run.json(who, "list", "--mine", "--as-of", iso(time))]

    assert [holdings("shipper", time) for time in times] == [[], ["held"], ["offered"], []]
    assert [holdings("bank", time) for time in times] == [[], [], [], ["held"]]
    assert holdings("bank", times[3] - 1) == []
    assert [holdings("carrier", time) for time in times] == [["issued"], [], [], []]
    assert run.json("carrier", "list", "--as-of", iso(times[0] - 1)) == []


def test_list_of_what_an_auditor_holds_is_wrong_usage(town, run):
    home = Home.create(town.folder / "auditor", name="auditor")
    home.join(town.genesis.encode(), town.genesis.policy, location=town.homes["carrier"].folder)
    assert run("auditor", "list")[0] == exits.DONE
    status, _, err = run("auditor", "list", "--mine")
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[usage.not_a_member]")


def test_list_refuses_what_is_no_time_and_no_member(run):
    assert run("bank", "list", "--as-of", "yesterday")[0] == exits.USAGE
    assert run("bank", "list", "--held-by", "nobody")[0] == exits.USAGE


def test_list_refuses_an_unknown_kind_and_an_unknown_state_with_those_that_there_are(town, run):
    town.held("B-1", holder="bank")
    status, out, err = run("bank", "list", "--kind", "foo")
    assert (status, out) == (exits.USAGE, "")
    first = err.splitlines()[0]
    assert first.startswith("error[usage.unknown_kind]: no kind foo; there are ")
    kinds = first.partition("there are ")[2].split(", ")
    assert kinds == sorted(kinds)
    assert {"bill_of_lading", "certificate", "invoice", "member", "policy", "rule_table"} <= set(kinds)
    status, out, err = run("bank", "list", "--kind", "certificate", "--status", "held")
    assert (status, out) == (exits.USAGE, "")
    assert err.startswith("error[usage.unknown_state]: no state held; there are ")
    assert "offered" not in err
    assert run("bank", "list", "--status", "foo")[0] == exits.USAGE
    assert held(run.json("bank", "list", "--kind", "bill of lading", "--status", "Held")) == [("B-1", "held", "bank")]
    assert run.json("bank", "list", "--status", "surrender-accepted") == []
    assert len(run.json("bank", "list", "--kind", "policy", "--status", "Adopted")) == 1


def test_list_says_once_why_it_knows_no_numbers(town, run):
    town.held("B-1", holder="bank")
    assert "numbers" not in run("bank", "list")[2]
    run.locked.add("bank")
    assert run("bank", "list")[2] == (
        "numbers are not shown: they stand in the documents, and no passphrase was given\n1 record\n"
    )
    assert run("bank", "list", "--kind", "member")[2] == "5 records\n"


def test_states_are_words(town, run):
    record = town.held(holder="bank")
    town.act("bank", "surrender", record)
    town.act("carrier", "accept_surrender", record)
    assert run.text("bank", "show", "B-1").splitlines()[0] == "Bill of lading B-1  surrender accepted"
    for command in ("list", "trace B-1"):
        out = run.text("bank", *command.split())
        assert "surrender accepted" in out
        assert "surrender_accepted" not in out


# trace


def test_trace_shows_who_had_title_by_which_entry_and_key_and_why(town, run):
    record = town.held(holder="bank")
    last = town.record(record).entry
    lines = run.text("certifier", "trace", "B-1").splitlines()
    assert lines[0] == f"bill of lading {record.hex()}, held, issued by {FULL['carrier']}"
    assert lines[lines.index("Who they are") + 1 :] == [
        f"  {FULL['carrier']}", "  Shipper Ltd (shipper), LEI FICT00TAIHUMERIDIA24", f"  {FULL['bank']}",
    ]  # fmt: skip
    key = town.card("bank").key[1].hex()[:12]
    (row,) = [line for line in lines if "endorsed to the order of bank" in line]
    assert row.split() == [
        "2025-11-24T16:00:00Z", "bank", "endorsed", "to", "the", "order", "of", "bank", str(last), key,
    ]  # fmt: skip
    assert f"Endorsements: shipper to bank (entry {last})" in lines
    assert [line.split()[3] for line in lines[lines.index("Every act") + 2 : -5]] == [
        "issue",
        "accept",
        "offer",
        "accept",
    ]


def test_trace_as_json(town, run):
    record = town.held(holder="bank")
    value = run.json("bank", "trace", record.hex())
    assert [period["party"]["alias"] for period in value["periods"]] == ["carrier", "shipper", "bank"]
    last = town.record(record).entry
    assert [period["entry"] for period in value["periods"]] == [last - 6, last - 4, last]
    assert (value["before"], value["after"], value["replaced_by"]) == ([], [], [])
    assert value["periods"][2]["why"] == "endorsed to the order of bank"
    assert value["periods"][2]["until"] is None
    assert value["periods"][2]["key"] == town.card("bank").key[1].hex()
    assert [act["action"] for act in value["acts"]] == ["issue", "accept", "offer", "accept"]
    assert [act["sequence"] for act in value["acts"]] == [1, 2, 3, 4]
    assert [(one["by"]["alias"], one["to"]["alias"]) for one in value["endorsements"]] == [("shipper", "bank")]


def test_trace_as_csv(town, run):
    town.held(holder="bank")
    rows = list(csv.DictReader(io.StringIO(run.text("bank", "trace", "B-1", "--csv"))))
    assert [row["party"] for row in rows] == ["carrier", "shipper", "bank"]
    assert [row["until"] for row in rows][-1] == ""
    assert rows[2]["party_id"] == town.id("bank").hex()
    assert rows[0]["why"] == "issued by carrier, in control until it is accepted"


def test_trace_as_json_and_as_csv_is_wrong_usage(town, run):
    town.held(holder="bank")
    status, out, err = run("bank", "trace", "B-1", "--csv", "--json")
    assert (status, out) == (exits.USAGE, "")
    assert '"usage.csv_or_json"' in err


def test_trace_at_a_time(town, run):
    record = town.issue(bill()).record.id
    town.tick(60_000)
    town.act("shipper", "accept", record)
    out = run.text("bank", "trace", record.hex(), "--at", "2025-11-24T16:00:59Z")
    assert f"At 2025-11-24T16:00:59Z {FULL['carrier']} was in control." in out
    assert "Every act" not in out
    value = run.json("bank", "trace", record.hex(), "--at", "2025-11-24T16:01Z")
    assert [period["party"]["alias"] for period in value["periods"]] == ["shipper"]
    status, _, err = run("bank", "trace", record.hex(), "--at", "2025-11-24T15:59Z")
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[title.not_yet_issued]")


def test_trace_of_a_founder(town, run):
    value = run.json("bank", "trace", town.id("bank").hex())
    assert value["periods"][0]["why"] == "bank founded the ledger with others"
    assert value["acts"] == []


@pytest.mark.parametrize("words", [("trace", "B-1", "--at"), ("list", "--as-of")])
def test_a_time_after_the_last_commit_is_not_known_yet(town, run, words):
    town.held(holder="bank")
    assert run("bank", *words, iso(town.now))[0] == exits.DONE
    for time in (iso(town.now + 1), "2030-01-01"):
        status, out, err = run("bank", *words, time)
        assert (status, out) == (exits.UNKNOWN, "")
        assert err.startswith("error[title.not_known_yet]: ")
        assert "the ledger's last commit is of 2025-11-24T16:00:00Z" in err
