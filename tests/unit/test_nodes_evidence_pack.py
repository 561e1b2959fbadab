"""The pack of evidence: made again it is the same, changed it is refused, and it answers for nobody."""

from __future__ import annotations

import json
from copy import deepcopy
from hashlib import sha256

import pytest
from support.reading import Commands
from support.town import Town

from cli import exits
from ledger.errors import LadingError
from ledger.strict_json import canonicalise
from nodes import audit_home as auditing
from nodes import evidence_pack
from nodes.access import open_for_reading
from nodes.audit_home import audit_home
from nodes.evidence_controls import CONTROLS
from nodes.evidence_pack import (
    EvidenceFalse,
    NotEvidence,
    StatesMixed,
    TimeOfAnotherState,
    make_pack,
    read_pack,
    sign_pack,
)
from nodes.evidence_page import page
from nodes.evidence_state import one_state
from nodes.keystore import MemoryKeyStore

SHIPPED = evidence_pack.reliability()


@pytest.fixture(scope="module", autouse=True)
def _no_model_is_explored():
    """The checker's own tests explore; here its result is the same for every table."""
    one = next(iter(SHIPPED["checks"].values()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence_pack, "checked", lambda table: {**one, "table": table.hash.hex()})
        yield


@pytest.fixture
def town(tmp_path):
    town = Town(tmp_path / "town")
    town.held(holder="bank")
    return town


def made(town, who="carrier", **options):
    home = town.homes[who]
    with one_state(home, town.keys[who]) as (reader, found):
        return make_pack(home, reader, found, **options)


def test_the_same_ledger_gives_the_same_bytes(town):
    one, other = made(town), made(town)
    assert canonicalise(one) == canonicalise(other)
    signed = [sign_pack(pack, town.id("carrier"), town.keys["carrier"]) for pack in (one, other)]
    assert signed[0] == signed[1]
    town.tick(60_000)
    assert sign_pack(made(town), town.id("carrier"), town.keys["carrier"]) == signed[0], "a clock is no input"
    assert made(town, at=town.now)["at"] != one["at"]
    town.held("B-2")
    assert canonicalise(made(town)) != canonicalise(one)


def test_all_controls_are_there_and_none_is_called_fine(town):
    pack = made(town)
    assert [control["number"] for control in pack["controls"]] == list(range(1, 22)) == [one.number for one in CONTROLS]
    assert {control["system"] for control in pack["controls"]} <= {
        "shown", "shown in part", "not shown yet", "contradicted",
    }  # fmt: skip
    assert {number for number in range(1, 22) if not pack["controls"][number - 1]["organisation"]} == {
        12, 14, 16, 18, 19,
    }  # fmt: skip
    results = {entry["id"]: entry["shown"] for entry in pack["properties"]}
    for control in pack["controls"]:
        shown = {results[one["id"]] for one in control["properties"]}
        if control["system"] == "shown":
            assert shown == {"whole"}
        if "part" in shown:
            assert control["system"] != "shown"


def test_what_the_pack_holds_is_the_ledgers(town):
    pack = made(town, "bank")
    assert pack["ledger"]["id"] == town.genesis.id.hex()
    origin, size, _ = pack["ledger"]["checkpoint"]["body"].splitlines()
    assert (origin, int(size) <= town.size()) == (town.genesis.origin, True)
    assert pack["ledger"]["checkpoint"]["signatures"][0].startswith(f"— {origin} ")
    assert pack["policy"]["sha256"] == sha256(pack["policy"]["text"].encode()).hexdigest()
    assert pack["rulebook"] == {"sha256": town.genesis.parameters["rulebook"], "shipped": True}
    assert [(table["kind"], table["sha256"]) for table in pack["tables"]] == [
        (table.kind, table.hash.hex()) for table in sorted(town.genesis.tables, key=lambda table: table.kind)
    ]
    assert (pack["audit"]["clean"], pack["audit"]["ledger"]["entries"]) == (True, town.size())
    installed = {row["name"]: row["version"] for row in pack["dependencies"]}
    assert {"Python", "SQLite", "lading", "pynacl", "msgpack", "sqlalchemy"} <= set(installed)
    assert "pytest" not in installed
    assert pack["figures"][0]["head"][0] == "records"


def test_all_of_a_pack_is_of_one_state_though_others_commit_meanwhile(town, monkeypatch):
    before, audit_store, parts = made(town), auditing.audit_store, []

    def audited(*args, **options):
        parts.append(audit_store(*args, **options))
        town.tick(60_000)
        town.held(f"C-{len(parts)}")
        return parts[-1]

    monkeypatch.setattr(auditing, "audit_store", audited)
    size = town.size()
    pack = made(town)
    assert parts
    assert town.size() > size
    assert canonicalise(pack) == canonicalise(before)
    assert (pack["audit"]["ledger"]["entries"], pack["at"]) == (size, pack["ledger"]["time"])
    assert int(pack["ledger"]["checkpoint"]["body"].splitlines()[1]) <= size
    assert [path.name for path in town.homes["carrier"].folder.iterdir() if "evidence" in path.name] == []


def test_an_audit_of_another_state_is_refused(town):
    home = town.homes["carrier"]
    found = audit_home(home)
    town.held("C-1")
    with open_for_reading(home) as reader, pytest.raises(StatesMixed):
        make_pack(home, reader, found)


def test_a_time_before_the_last_commit_is_refused(town):
    with open_for_reading(town.homes["carrier"]) as reader:
        newest = reader.head.time
    assert made(town, at=newest) == made(town)
    with pytest.raises(TimeOfAnotherState):
        made(town, at=newest - 1)


def test_an_audit_that_finds_something_contradicts(town):
    home = town.homes["carrier"]
    with open_for_reading(home) as reader:
        found = audit_home(home)
        found.ledger.count = 1
        pack = make_pack(home, reader, found)
    assert {control["number"] for control in pack["controls"] if control["system"] == "contradicted"} >= {2, 4, 8, 9}


def test_tests_under_other_tables_than_the_ledgers_show_a_part(town, monkeypatch):
    tested = {**SHIPPED["tables"], "bill_of_lading": "00" * 32}
    monkeypatch.setattr(evidence_pack, "reliability", lambda: {**SHIPPED, "tables": tested})
    pack = made(town)
    of_bills = [table["tested"] for table in pack["tables"] if table["kind"] == "bill_of_lading"]
    assert of_bills == [False]
    words = {control["system"] for control in pack["controls"] if "tables" in control["parts"]}
    assert "shown" not in words


def test_a_signed_pack_is_read_and_a_changed_one_refused(town):
    data = sign_pack(made(town), town.id("carrier"), town.keys["carrier"])
    pack, attestation = read_pack(data)
    assert (attestation["member"], pack["ledger"]["id"]) == (town.id("carrier").hex(), town.genesis.id.hex())
    value = json.loads(data)
    for change in (
        lambda one: one["pack"].update(at="2020-01-01T00:00:00Z"),
        lambda one: one["pack"]["controls"][3].update(system="shown"),
        lambda one: one["pack"]["audit"].update(clean=False),
        lambda one: one["attestation"].update(member=town.id("bank").hex()),
        lambda one: one["attestation"].update(key=town.keys["bank"].public_keys()["signing"].hex()),
    ):
        changed = deepcopy(value)
        change(changed)
        if changed == value:
            continue
        with pytest.raises(LadingError) as caught:
            read_pack(canonicalise(changed))
        assert caught.value.code in ("signature.bad_signature", "evidence.false")


def test_what_a_signer_makes_of_the_results_is_made_again(town):
    """A member that calls a control shown signs a pack that contradicts itself."""
    pack = made(town)
    pack["controls"][12]["system"] = "fine"
    with pytest.raises(EvidenceFalse):
        read_pack(sign_pack(pack, town.id("carrier"), town.keys["carrier"]))
    with pytest.raises(EvidenceFalse):
        read_pack(sign_pack(made(town), town.id("carrier"), MemoryKeyStore()))


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff", b'{"attestation":{},"format":"lading/evidence@1","pack":{}}',
     b'{"attestation":1,"format":"lading/evidence@1","pack":{"members":[]}}',
     b'{ "attestation":{},"format":"lading/evidence@1","pack":{}}'],
)  # fmt: skip
def test_what_is_no_pack_is_refused(data):
    with pytest.raises(LadingError) as caught:
        read_pack(data)
    assert isinstance(caught.value, NotEvidence) or caught.value.code.startswith("json.")


@pytest.mark.parametrize("part", ["at", "audit", "checks", "controls", "figures", "ledger", "members", "tested"])
def test_a_signed_pack_that_lacks_a_part_is_none(town, part):
    pack = made(town)
    for changed in ({name: one for name, one in pack.items() if name != part}, {**pack, part: 7}):
        with pytest.raises(NotEvidence):
            read_pack(sign_pack(changed, town.id("carrier"), town.keys["carrier"]))


def test_the_page_shows_every_control_and_what_is_asked_of_the_organisation(town):
    pack = made(town)
    text = page(pack, {"member": town.id("carrier").hex()})
    assert text == page(deepcopy(pack), {"member": town.id("carrier").hex()})
    assert text.startswith(f"# Evidence for the reliability of {town.genesis.origin}\n")
    for control in CONTROLS:
        assert f"### Control {control.number}\n" in text
        assert all(question in text for question in control.organisation)
    assert sha256(canonicalise(pack)).hexdigest() in text


def test_the_command_makes_and_checks_a_pack(town, tmp_path, monkeypatch, capsys):
    run = Commands(town, monkeypatch, capsys)
    value = run.json("bank", "evidence", "--out", str(tmp_path / "pack"))
    assert sorted(path.name for path in (tmp_path / "pack").iterdir()) == ["evidence.json", "evidence.md"]
    file = tmp_path / "pack" / "evidence.json"
    again = run.json("bank", "evidence", "--out", str(tmp_path / "again.json"))
    assert (tmp_path / "again.json").read_bytes() == file.read_bytes()
    assert value["sha256"] == again["sha256"]
    checked = run.json("shipper", "evidence", "--check", str(file))
    assert (checked["sha256"], checked["member_known"]) == (value["sha256"], True)
    assert run("nobody", "evidence", "--check", str(file))[0] == exits.UNKNOWN
    assert run("shipper", "evidence")[0] == exits.USAGE
    for time in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"):
        status, _, err = run("bank", "evidence", "--out", str(tmp_path / "none"), "--at", time)
        assert (status, err.partition(":")[0]) == (exits.USAGE, "error[evidence.time_of_another_state]")
    assert not (tmp_path / "none").exists()
    file.write_bytes(file.read_bytes().replace(b'"clean":true', b'"clean":false', 1))
    assert run("shipper", "evidence", "--check", str(file))[0] == exits.REFUSED
