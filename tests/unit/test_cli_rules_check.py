"""`lading rules check`: proved, refuted with an example, unreadable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.game import TABLES

from cli import exits
from cli.main import main

BROKEN = Path(__file__).resolve().parents[1] / "tables" / "broken"


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments):
        status = main(["rules", "check", *map(str, arguments)])
        return (status, *capsys.readouterr())

    return run


def test_a_proved_table(run):
    status, out, err = run(TABLES / "sea_waybill.yaml")
    lines = out.splitlines()
    assert (status, err) == (exits.DONE, "")
    assert lines[0].startswith("sea_waybill@")
    assert [line.split()[0] for line in lines[1:9]] == ["proved"] * 8
    assert [line.split()[0] for line in lines[-3:]] == ["checker", "table", "result"]


def test_a_refuted_table(run):
    status, out, err = run(BROKEN / "control-by-anybody.yaml")
    assert (status, err) == (exits.REFUSED, "")
    lines = out.splitlines()
    at = lines.index("refuted  only the party in control, or an exception that the table names, moves control")
    assert lines[at + 1 : at + 5] == [
        "         control passes from carrier to trader-a without the signature of carrier, and by no offer of it "
        "that is open and accepted (line 31)",
        "           1. carrier: issue()",
        "           2. carrier: offer(to=trader-a)",
        "           3. trader-b: accept()",
    ]


def test_a_refuted_table_as_json(run):
    status, out, err = run(BROKEN / "control-by-anybody.yaml", "--json")
    value = json.loads(out)
    assert (status, err, value["proved"], value["checker"]) == (exits.REFUSED, "", False, "lading/checker@1")
    (wrong,) = [one for one in value["invariants"] if not one["proved"]]
    assert (wrong["name"], wrong["line"]) == ("moving", 31)
    assert wrong["counterexample"][1] == {
        "actor": "carrier", "represented": None, "action": "offer", "arguments": {"to": "trader-a"}, "signers": [],
    }  # fmt: skip
    assert len(value["result"]) == len(value["table"]) == 64


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("never", "refuted  nobody can ever offer (line 22)"),
        ("never", "refuted  the state offered is never reached (line 9)"),
        ("ambiguous", "refuted  end and finish read the same to who signs, from the same state (line 52)"),
    ],
)
def test_words_that_are_of_no_use(run, name, line):
    status, out, _ = run(BROKEN / f"{name}.yaml")
    assert status == exits.REFUSED
    assert line in out.splitlines()


@pytest.mark.parametrize(
    ("text", "code"),
    [(b"kind: [", "table.malformed"), (b"#" * 10_000_000, "files.too_large"), (None, "files.not_found")],
)
def test_a_file_that_is_no_table(run, tmp_path, text, code):
    path = tmp_path / "table.yaml"
    if text is not None:
        path.write_bytes(text)
    status, out, err = run(path)
    assert (status, out) == (exits.USAGE, "")
    assert err.startswith(f"error[{code}]")
