"""`lading rules` and `lading govern`, their votes and their JSON; `lading issue --kind` of a kind that was voted in."""

from __future__ import annotations

import json

import pytest
from support.reading import Commands
from support.town import Town, bill
from support.voting import DOCK

from cli import exits
from cli.context import now_ms
from contracts.table_yaml import parse_table


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path / "town", governors=("carrier", "bank"))


@pytest.fixture
def run(town, monkeypatch, capsys):
    return Commands(town, monkeypatch, capsys)


@pytest.fixture
def dock(tmp_path):
    path = tmp_path / "dock.yaml"
    path.write_bytes(DOCK)
    return str(path)


def error(run, who, *arguments):
    status, _, err = run(who, *arguments)
    line = next(line for line in err.splitlines() if line.startswith("error["))
    return status, line.partition("]")[0][6:]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DOCK.replace(b"record_is_new@1", b"record_is_nice@1"), "line "),
        (b"kind: a\ntitle: [b", "line 2: "),
        (b"kind: \xff", "line 1: the byte 0xff is not UTF-8"),
        (b"a:\n " + b"[" * 3000, "line 2: maps and lists stand in one another"),
        (b"", "there is no table in it"),
    ],
)
def test_what_is_no_table_is_refused_as_a_check_refuses_it(run, tmp_path, text, said):
    path = tmp_path / "table.yaml"
    path.write_bytes(text)
    _, _, proposed = run("bank", "rules", "propose", str(path))
    _, _, checked = run("bank", "rules", "check", str(path))
    assert proposed == checked
    assert proposed.startswith(f"error[table.malformed]: {said}")
    assert "lading rules check FILE" in proposed


def test_a_table_is_proposed_voted_and_enacted_with_json(town, run, dock):
    proposed = run.json("bank", "rules", "propose", dock, "--after", "8")
    assert (proposed["from_height"], proposed["kind"], proposed["status"]) == (8, "proposal", "open")
    assert proposed["content"] == parse_table(DOCK).hash.hex()
    assert run.json("nowhere", "rules", "show") != []
    (listed,) = run.json("buyer", "rules", "proposals")
    assert (listed["what"], listed["for"], listed["governors"], listed["enough"]) == (
        "table dock_receipt@1",
        [],
        2,
        False,
    )
    assert error(run, "bank", "rules", "vote", "dock_receipt@1", "--for", "--against") == (2, "usage.for_or_against")
    voted = run.json("bank", "rules", "vote", proposed["proposal"][:12], "--for")
    assert (voted["checker"], voted["enough"]) == ("lading/checker@1", False)
    assert error(run, "bank", "rules", "enact", "dock_receipt@1") == (1, "rule.quorum_has_voted")
    run.json("carrier", "rules", "vote", "dock_receipt@1", "--for")
    one = run.json("buyer", "rules", "proposals", "dock_receipt@1")
    assert (one["for"], one["enough"], one["table"]["kind"]) == (["carrier", "bank"], True, "dock_receipt")
    assert {check["result"] for check in one["checks"]} == {voted["result"]}
    assert run.json("carrier", "rules", "enact", "dock_receipt@1")["from_height"] == 8
    kinds = {one["kind"]: one for one in run.json("buyer", "rules", "show")}
    assert (kinds["dock_receipt"]["from_height"], kinds["dock_receipt"]["in_force"]) == (8, False)
    assert run.json("buyer", "govern", "show")["coming"] == [{"from_height": 8, "what": "table dock_receipt@1"}]


def test_a_table_that_the_checker_refutes_is_voted_for_only_on_purpose(run, tmp_path):
    end = "    effects: [end_control@1]"
    text = DOCK.decode().replace(f"    guards: [controller_signs@1]\n{end}", end)
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    run.json("bank", "rules", "propose", str(path), "--after", "9")
    assert error(run, "bank", "rules", "vote", "dock_receipt@1", "--for") == (2, "governance.check_refuted")
    assert run.json("bank", "rules", "vote", "dock_receipt@1", "--for", "--although-refuted")["choice"] == "for"
    assert run.json("carrier", "rules", "vote", "dock_receipt@1", "--against")["choice"] == "against"


def test_what_is_no_sound_table_is_not_proposed(run, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(DOCK.decode().replace("clear_offer@1", "burn@1"))
    assert error(run, "bank", "rules", "propose", str(path))[1] == "table.malformed"
    assert error(run, "bank", "rules", "vote", "nothing@1", "--for")[1] == "record.not_found"


def test_parameters_governors_and_their_words(town, run, tmp_path):
    run.json("bank", "govern", "propose", "governors", "bank", "buyer", "--after", "7")
    one = run.json("bank", "govern", "proposals", "governors")
    assert (one["what"], one["governors_to_be"]) == ("2 governors", ["bank", "buyer"])
    run.json("bank", "govern", "propose", "parameter", "max_lock", "60000", "--from-height", "9")
    assert run.json("bank", "govern", "proposals", "max_lock")["text"] == "max_lock = 60000"
    rulebook = tmp_path / "rulebook.md"
    rulebook.write_text("# Rulebook\n")
    run.json("bank", "govern", "propose", "rulebook", str(rulebook))
    assert run.json("bank", "govern", "proposals", "rulebook")["what"].startswith("rulebook = ")
    assert run.json("bank", "govern", "withdraw", "max_lock")["status"] == "withdrawn"
    assert error(run, "buyer", "govern", "lapse", "governors") == (1, "rule.field_time_has_passed")
    assert error(run, "bank", "govern", "propose", "weather", "fine") == (2, "usage.no_such_subject")
    parameters = {one["name"]: one for one in run.json("bank", "govern", "show")["parameters"]}
    assert (parameters["law"]["value"], parameters["law"]["set"]) == ("SG", True)
    assert (parameters["quorum"]["value"], parameters["quorum"]["set"]) == ("2/3", False)


def test_a_kind_without_documents_and_one_that_needs_its_file(town, run, dock, tmp_path):
    assert error(run, "carrier", "issue") == (2, "usage.file_or_kind")
    assert error(run, "carrier", "issue", "--kind", "invoice") == (2, "usage.file_or_kind")
    assert error(run, "carrier", "issue", "--kind", "dock_receipt", dock) == (2, "issue.no_such_kind")
    assert error(run, "carrier", "issue", "--kind", "mandate", dock) == (2, "usage.file_or_kind")
    run.json("bank", "rules", "propose", dock, "--after", "6")
    for who in ("bank", "carrier"):
        run.json(who, "rules", "vote", "dock_receipt@1", "--for")
    run.json("bank", "rules", "enact", "dock_receipt@1")
    town.now = now_ms()
    town.issue(bill())
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps({"goods": "glass"}))
    issue = ("carrier", "issue", "--kind", "dock_receipt")
    assert error(run, *issue) == (2, "usage.file_or_kind")
    assert error(run, *issue, str(path), "--arg", "dock=YS4") == (exits.USAGE, "document.no_number")
    path.write_text(json.dumps({"receiptNumber": "DR-1"}))
    assert error(run, *issue, str(path), "--to", "bank", "--arg", "dock=YS4") == (2, "issue.not_for_this_kind")
    assert error(run, *issue, str(path), "--arg", "quay=YS4") == (2, "usage.bad_argument")
    assert error(run, *issue, str(path), "--action", "offer") == (2, "issue.no_such_action")
    issued = run.json(*issue, str(path), "--arg", "dock=YS4")
    assert (issued["kind"], issued["number"]) == ("dock_receipt", "DR-1")
