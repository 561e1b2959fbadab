"""The demo for programs: one JSON value at its end, and nothing else."""

from __future__ import annotations

import json

import pytest

from cli import demo as module
from cli.demo_story import Chapter, Step
from cli.main import main
from nodes.keyfile import Cost


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setenv("LADING_PASSPHRASE", "five dull words make it")
    monkeypatch.setattr("nodes.keyfile.EVERYDAY", Cost(1, 8 * 1024))
    steps = (Step("members"), Step("member list --home {d}/carrier", 2), Step("rules list --home {d}/nobody", 2))
    monkeypatch.setattr(module, "CHAPTERS", (Chapter("A short story", steps),))
    monkeypatch.setattr(module._Player, "periods", lambda player: [("12:00:00", "Line (carrier)", "issued")])


def test_under_json_there_is_one_value_and_no_story(tmp_path, capsys):
    folder = tmp_path / "demo"
    assert main(["demo", "--folder", str(folder), "--json"]) == 0
    out, err = capsys.readouterr()
    value = json.loads(out)
    assert err == ""
    assert list(value) == ["folder", "steps", "verdicts", "periods", "seconds"]
    assert [step["status"] for step in value["steps"]] == [0, 0, 0, 0, 0, 0, 2, 2]
    assert value["steps"][-1]["command"] == f"lading rules list --home {folder}/nobody"
    assert value["periods"] == [{"from": "12:00:00", "party": "Line (carrier)", "why": "issued"}]


def test_a_person_reads_the_story(tmp_path, capsys):
    assert main(["demo", "--folder", str(tmp_path / "demo")]) == 0
    out = capsys.readouterr().out
    assert "1. A short story" in out
    assert "   8 commands in " in out
    assert "exit status 2, as it must be" in out
