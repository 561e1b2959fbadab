"""`lading policy show`, `lading policy diff`, `lading rules show` and `lading rules rulebook`."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from support.reading import Commands
from support.town import Town, bill

from cli import exits
from nodes import governing
from nodes.tables import shipped_rulebook, shipped_tables


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "town")


@pytest.fixture
def run(town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(town, monkeypatch, capsys)


def test_the_pinned_policy_in_words(town, run):
    lines = run.text("bank", "policy", "show").splitlines()
    assert lines[0] == "log: ledger.example/town"
    assert "witness: bank, bank.example, replays the ledger" in lines
    assert lines[-1] == "quorum: cosigned by 3 of carrier, shipper, bank, buyer"
    value = run.json("bank", "policy", "show")
    assert (value["overlap"], value["tolerated"], value["weaknesses"]) == (2, 1, [])
    assert [one["organisation"] for one in value["witnesses"]] == [
        f"{alias}.example" for alias in ("carrier", "shipper", "bank", "buyer")
    ]


def test_a_file_with_groups_in_groups_and_weaknesses(town, run, tmp_path):
    lines = town.genesis.policy.splitlines()
    keys = [line for line in lines if line.startswith(("log", "witness"))]
    path = tmp_path / "policy.txt"
    path.write_text("\n".join([*keys, "group banks all bank buyer", "group two any carrier banks", "quorum two", ""]))
    out = run.text("nowhere", "policy", "show", str(path))
    assert "quorum: cosigned by any of carrier, (all of bank, buyer)" in out
    assert "weak: two sets of witnesses can satisfy the quorum and share only 0 of 3" in out
    path.write_text(f"{keys[0]}\nquorum none\n")
    assert "quorum: no independent witness: the log's own signature is enough" in run.text(
        "nowhere", "policy", "show", str(path)
    )
    path.write_text("\n".join([*keys[:2], "quorum carrier", ""]))
    assert "quorum: cosigned by carrier" in run.text("nowhere", "policy", "show", str(path))


def test_a_policy_that_cannot_be_read(run, tmp_path):
    (tmp_path / "bad.txt").write_text("log\n")
    for name, code in (("bad.txt", "policy.malformed"), ("none.txt", "files.not_found")):
        status, _, err = run("nowhere", "policy", "show", str(tmp_path / name))
        assert (status, err.partition(":")[0]) == (exits.USAGE, f"error[{code}]")
    assert run("nowhere", "policy", "show")[0] == exits.USAGE


def test_what_differs_between_two_policies(town, run, tmp_path):
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text(town.genesis.policy)
    assert run.text("nowhere", "policy", "diff", str(old), str(old)) == "the two policies say the same\n"
    lines = [line for line in town.genesis.policy.splitlines() if not line.startswith("witness buyer")]
    text = "\n".join(lines).replace(" buyer", "") + "\n"
    new.write_text(text)
    out = run.text("nowhere", "policy", "diff", str(old), str(new)).splitlines()
    assert out[0].startswith("- witness buyer: buyer.example/replay+")
    assert out[-2:] == [
        "- quorum: cosigned by 3 of carrier, shipper, bank, buyer",
        "+ quorum: cosigned by all of carrier, shipper, bank",
    ]
    value = run.json("nowhere", "policy", "diff", str(old), str(new))
    assert (value["same"], [change["what"] for change in value["changes"]]) == (
        False,
        ["witness buyer", f"group {town_group(town)}", "quorum"],
    )


def town_group(town: Town) -> str:
    (line,) = [line for line in town.genesis.policy.splitlines() if line.startswith("group")]
    return line.split()[1]


def test_rules_are_listed(run):
    out = run.text("bank", "rules", "show").splitlines()
    assert [line.split()[0] for line in out] == ["kind", *(table.kind for table in shipped_tables())]
    kinds = run.json("bank", "rules", "show")
    assert [(one["version"], one["from_height"], one["in_force"]) for one in kinds] == [(1, 0, True)] * len(kinds)
    assert len(kinds[0]["hash"]) == 64


def test_rules_of_a_kind_as_a_lawyer_reads_them(run):
    out = run.text("bank", "rules", "show", "bill_of_lading")
    assert out.startswith("# Bill of lading\n")
    assert "mermaid" not in out
    assert "| `max_lock` | 30 days | " in out
    assert "- **Who**: the party in control of the record" in out


def test_rules_as_a_diagram(run):
    out = run.text("bank", "rules", "show", "sea_waybill", "--diagram", "mermaid")
    assert out == "stateDiagram-v2\n    [*] --> issued: issue\n    issued --> void: void\n    void --> [*]\n"
    value = run.json("bank", "rules", "show", "sea_waybill")
    assert value["diagram"] == out
    assert value["table"]["kind"] == "sea_waybill"


def test_rules_without_a_home_are_those_that_are_shipped(run):
    status, out, err = run("nowhere", "rules", "show", "certificate")
    assert (status, out.splitlines()[0]) == (exits.DONE, "# Certificate")
    assert err == "there is no home here: these are the rules that lading ships\n"


@pytest.mark.parametrize("arguments", [("cheque",), ("certificate", "--version", "9")])
def test_rules_of_an_unknown_kind_or_version(run, arguments):
    status, _, err = run("bank", "rules", "show", *arguments)
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[table.not_found]")


def test_rules_as_a_picture(run):
    out = run.text("bank", "rules", "show", "sea-waybill", "--diagram", "svg")
    assert out.startswith('<svg xmlns="http://www.w3.org/2000/svg" ')
    assert out.endswith("</svg>\n")
    status, _, err = run("bank", "rules", "show", "sea_waybill", "--diagram", "png")
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[usage.no_such_diagram]")


def test_the_rulebook_is_printed_as_it_is_hashed(run):
    text, digest = shipped_rulebook()
    status, out, err = run("bank", "rules", "rulebook")
    assert (status, out.encode()) == (exits.DONE, text)
    assert err == f"SHA-256 {digest}: the rulebook of this ledger\n"
    value = run.json("bank", "rules", "rulebook")
    assert (value["sha256"], value["ledger_rulebook"], value["is_the_ledgers"]) == (digest, digest, True)
    status, out, err = run("nowhere", "rules", "rulebook")
    assert (status, out.encode()) == (exits.DONE, text)
    assert err == f"SHA-256 {digest}: the rulebook that lading ships; there is no home here\n"


def test_another_rulebook_than_the_shipped_is_not_called_the_ledgers(run, monkeypatch):
    monkeypatch.setattr("nodes.tables.shipped_rulebook", lambda: (b"# Another\n", sha256(b"# Another\n").hexdigest()))
    _, out, err = run("bank", "rules", "rulebook")
    assert out == "# Another\n"
    assert f"NOT this ledger's: that has the SHA-256 {shipped_rulebook()[1]}" in err
    assert run.json("bank", "rules", "rulebook")["is_the_ledgers"] is False


def test_a_rulebook_that_was_voted_is_printed_out_of_the_log(tmp_path, monkeypatch, capsys):
    governors = ("carrier", "shipper", "bank", "buyer")
    town = Town(tmp_path / "governed", governors=governors)
    text = b"# The consortium's own rulebook\n"
    motion = governing.motion_of_rulebook(text)
    proposal = governing.propose(town.desk("carrier"), motion, until=town.now + 86_400_000, after=9).record.id
    for who in governors:
        governing.act_on(town.desk(who), proposal, "vote", {"choice": "for"})
    governing.act_on(town.desk("carrier"), proposal, "enact")
    run = Commands(town, monkeypatch, capsys)
    assert "the rulebook of this ledger" in run("bank", "rules", "rulebook")[2]
    for number in range(5):
        town.issue(bill(f"B-{number}"))
    _, out, err = run("bank", "rules", "rulebook")
    assert (out.encode(), err) == (text, f"SHA-256 {sha256(text).hexdigest()}: the rulebook of this ledger\n")
