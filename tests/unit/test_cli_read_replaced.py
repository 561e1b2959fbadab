"""`lading show`, `trace` and `difference` of bills that took the place of others."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.reading import Commands
from support.town import Town, bill

from cli import exits
from nodes.successors import prepare_successors


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


@pytest.fixture
def run(town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(town, monkeypatch, capsys)


def amended(town: Town, number: str = "B-1") -> tuple[bytes, bytes]:
    """A bill of the shipper's and, a minute later, the one that the carrier issued in its place."""
    old = town.held()
    town.tick(60_000)
    town.act("shipper", "surrender_for_amendment", old, wanted=bytes(32))
    desk = town.desk("carrier")
    with desk.reading() as reader:
        document = bill(number, carrierClauses=["Freight collect."])
        act = prepare_successors(desk, reader, [reader.record(old)], "reissue", [document], why="freight is collect")
    desk.perform(act)
    return old, act.arguments["record"]


def test_trace_goes_on_into_the_bill_before_and_the_bill_after(town, run):
    old, new = amended(town)
    value = run.json("shipper", "trace", "B-1")
    assert (value["record"], value["replaces"]) == (new.hex(), [old.hex()])
    assert value["periods"][0]["why"] == f"reissue: in the place of {old.hex()[:12]}, in the control of shipper"
    (before,) = value["before"]
    assert [one["why"] for one in before["periods"]] == [
        "issued by carrier, in control until it is accepted",
        "issued to shipper",
        f"replaced: nobody is in control; {new.hex()[:12]} took its place",
    ]
    (after,) = run.json("shipper", "trace", old.hex())["after"]
    assert (after["record"], after["status"]) == (new.hex(), "held")
    lines = run.text("shipper", "trace", "B-1").splitlines()
    assert f"Before it: {old.hex()[:12]} (B-1), replaced" in lines
    then = run.json("shipper", "trace", "B-1", "--at", "2025-11-24T16:00:30Z")
    assert (then["record"], then["periods"][0]["party"]["alias"]) == (old.hex(), "shipper")


def test_a_number_means_the_bill_that_took_the_place_of_others(town, run):
    old, new = amended(town)
    assert run.json("shipper", "show", "B-1")["record"] == new.hex()
    assert run.json("shipper", "show", old.hex())["replaced_by"] == [new.hex()]
    lines = run.text("shipper", "show", "B-1").splitlines()
    assert f"  replaces: {old.hex()[:12]} (B-1)" in lines
    assert "  changed: 3 fields, because: freight is collect (`lading difference` shows them)" in lines
    assert f"  replaced by: {new.hex()[:12]} (B-1)" in run.text("shipper", "show", old.hex()).splitlines()


def test_difference_has_field_old_new_who_why_and_when(town, run):
    _, new = amended(town)
    status, out, err = run("shipper", "difference", "B-1")
    assert (status, err.splitlines()[-1]) == (exits.DONE, "both documents bear it out")
    lines = out.splitlines()
    assert lines[0].endswith(f"→ {new.hex()[:12]}, reissue by carrier, 2025-11-24T16:01:00Z")
    assert lines[1] == "  why: freight is collect"
    assert lines[3].startswith('/carrierClauses/0  "Shipper')
    assert lines[3].endswith('"Freight collect."')
    value = run.json("shipper", "difference", "B-1")
    assert [one["pointer"] for one in value["changes"]] == [f"/carrierClauses/{at}" for at in range(3)]
    assert (value["actor"]["alias"], value["compared"], value["wrong"]) == ("carrier", True, "")


def test_the_difference_of_a_void_bill_is_that_of_the_one_in_its_place(town, run):
    old, new = amended(town, "B-1-AMENDED")
    for word in (old.hex(), "B-1"):
        status, out, err = run("shipper", "difference", word)
        assert (status, out.splitlines()[0].split(",")[0]) == (exits.DONE, f"{old.hex()[:12]} → {new.hex()[:12]}")
        took = f"{old.hex()[:12]} (B-1) is void; {new.hex()[:12]} (B-1-AMENDED) took its place, and differs in this:"
        assert took in err.splitlines()
    status, out, err = run("shipper", "difference", "B-1-AMENDED")
    assert (status, out.splitlines()[0].split(",")[0]) == (exits.DONE, f"{old.hex()[:12]} → {new.hex()[:12]}")
    assert "took its place" not in err
    value = run.json("shipper", "difference", "B-1")
    assert (value["record"], value["replaces"]) == (new.hex(), old.hex())


def test_difference_where_there_is_none(town, run):
    old = town.held()
    status, _, err = run("shipper", "difference", old.hex())
    assert status == exits.USAGE
    assert "error[difference.none]: no difference is stated" in err


def test_a_difference_that_the_documents_do_not_bear_out_is_said_to_be_false(town, run, monkeypatch):
    monkeypatch.setattr("nodes.successors.changed_fields", lambda old, new: ())
    amended(town)
    status, _, err = run("shipper", "difference", "B-1")
    assert status == exits.REFUSED
    assert "error[difference.not_borne_out]: the stated difference is not that of the documents" in err
    assert any(line.startswith("  WARNING: ") for line in run.text("shipper", "show", "B-1").splitlines())
