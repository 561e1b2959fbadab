"""Integrity: what was written stays, whoever wants it otherwise, and whatever becomes of the operator."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from attacks.test_changed_ledger import KEYS, Ledger, cells, damage, dump, other, query
from support.game import Game, refused
from support.members import Key
from support.proven import Trade
from support.town import Town

from contracts.guards import key_proof_message
from ledger.checkpoint import Checkpoint, verify_checkpoint
from ledger.errors import LadingError
from ledger.merkle import leaf_hash
from ledger.note import Note
from ledger.policy import Policy
from ledger.report import Verdict
from ledger.store.schema import TABLES
from ledger.store.sqlite import open_sqlite
from ledger.times import iso
from ledger.verify import verify
from nodes.audit_home import audit_home
from nodes.backup import back_up
from nodes.cosigning import cosign_newest
from nodes.home import Home
from nodes.proofs import signed_note

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1_764_000_100


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return Ledger(tmp_path_factory.mktemp("small") / "ledger.db")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Long enough for hashes of the upper levels of the tree to be stored."""
    return Ledger(tmp_path_factory.mktemp("large") / "ledger.db", filler=125)


@pytest.mark.parametrize("table", [table.name for table in TABLES.sorted_tables])
def test_p12_integrity_every_changed_value_is_named(small, large, tmp_path, table):
    """P12, integrity: the record is complete and unaltered apart from authorised change.

    Law: 10(2); ETDA 2(2)(b)
    Shows: every value of every row of every table of a node's store (entries, commits, state, the undo records
    behind it, hashes, checkpoints, signatures) is changed, one at a time; the audit, or already the opening, names
    the table and the row.
    Later: the same in the stores of several nodes.
    """
    ledger = large if table == "lading_hash" else small
    changed = list(cells(ledger, table))
    assert changed
    for column, row, value in changed:
        told = damage(ledger, tmp_path / "copy.db", table, column, row, other(value))
        assert table in told, (table, column, row)
        assert table == "lading_meta" or f"{table} {KEYS[table]}" in told, told


def test_p12_integrity_the_record_is_named_and_the_index_is_compared(small, tmp_path):
    """P12, integrity: the record is complete and unaltered apart from authorised change.

    Law: 10(2); ETDA 2(2)(b)
    Shows: a changed row of the state is told with the record that it is about and the entry that made it; an index
    that no longer leads to its rows is found.
    Later: the same in the stores of several nodes.
    """
    like = f"substr(content, 6, 32) = x'{small.bill.hex()}'"
    ((row,),) = query(small.path, f"SELECT rowid FROM lading_state WHERE {like}")
    copy = tmp_path / "ledger.db"
    damage(small, copy, "lading_state", "salt", row, bytes(32))
    (difference,) = small.audit(copy).differences
    assert (difference.table, difference.record) == ("lading_state", small.bill)
    assert difference.entry == max(entry for (entry,) in query(small.path, "SELECT idx FROM lading_commit")) - 1
    shutil.copy(small.path, copy)
    indexes = query(copy, "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'")
    assert indexes
    for name, table in indexes:
        shutil.copy(small.path, copy)
        with closing(sqlite3.connect(copy)) as database, database:
            (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
            (size,) = database.execute("PRAGMA page_size").fetchone()
        content = bytearray(copy.read_bytes())
        at = next(at for at in range(root * size - 8, (root - 1) * size, -1) if content[at])
        content[at] ^= 0x55
        copy.write_bytes(content)
        try:
            assert not small.audit(copy).clean, f"a changed index {name} of {table} is not found"
        except LadingError:
            continue


def test_p12_integrity_a_bit_of_the_file_is_found_or_says_nothing(small, tmp_path):
    """P12, integrity: the record is complete and unaltered apart from authorised change.

    Law: 10(2); ETDA 2(2)(b)
    Shows: flipped bits anywhere in the file, indexes and free space included, are found, or no stored value differs.
    Later: the same in the stores of several nodes.
    """
    content, random, sound = bytearray(small.path.read_bytes()), Random(12), dump(small.path)
    silent = 0
    for _ in range(60):
        at, bit = random.randrange(len(content)), 1 << random.randrange(8)
        copy = tmp_path / "bit.db"
        copy.write_bytes(bytes(content[:at]) + bytes([content[at] ^ bit]) + bytes(content[at + 1 :]))
        try:
            if small.audit(copy).clean:
                silent += 1
                assert dump(copy) == sound, f"byte {at} of the file carries a meaning that no audit reads"
        except LadingError:
            continue
    assert silent < 60, "some are found"


def test_p12_integrity_a_changed_backup_is_found(tmp_path):
    """P12, integrity: the record is complete and unaltered apart from authorised change.

    Law: 10(2); ETDA 2(2)(b)
    Shows: a backup is a ledger that is audited like any other; what is changed in it is named.
    Later: the same in the stores of several nodes.
    """
    town = Town(tmp_path / "town")
    held = town.held(holder="bank")
    back_up(town.homes["carrier"], tmp_path / "copy")
    copy = Home.open(tmp_path / "copy")
    assert audit_home(copy).clean
    entry = town.record(held).entry
    with closing(sqlite3.connect(copy.ledger_path)) as database, database:
        statement = "UPDATE lading_entry SET data = CAST(substr(data, 2) AS BLOB) WHERE idx = ?"
        database.execute(statement, (entry - 2,))
    said = "\n".join(map(str, audit_home(copy).ledger.differences))
    assert f"lading_entry idx {entry - 2}" in said


def test_p13_alteration_a_history_written_anew_is_found_by_who_remembers_the_old(tmp_path):
    """P13, an unauthorised alteration is detected without trusting the operator.

    Law: 12(a)(ii)-(iii); DGC 106, 117
    Shows: an operator with all of its keys writes another history and signs it; every member that remembers an older
    checkpoint finds it, and the two checkpoints under the one key, of one size and with two roots, convict the
    operator before anybody who has the policy.
    Missing: members who exchange checkpoints by themselves; a witness keeps two that contradict each other as a file.
    """
    town = Town(tmp_path / "town")
    operator = town.homes["carrier"]
    ledger = operator.ledger_path
    shutil.copy(ledger, tmp_path / "founded.db")
    town.held("B-1", holder="bank")
    cosign_newest(town.desk("bank"), SECONDS)
    old = newest(ledger, town)
    ledger.unlink()
    shutil.copy(tmp_path / "founded.db", ledger)
    operator.cosigner_path.unlink()  # the operator lets its own key forget what it signed
    town.held("B-2", holder="bank")
    new = newest(ledger, town)
    found = "\n".join(map(str, audit_home(town.homes["bank"]).ledger.differences))
    assert "has another root here than" in found
    assert audit_home(town.homes["certifier"]).clean, "who remembers nothing has to ask who does"
    assert (old.origin, old.size) == (new.origin, new.size)
    assert old.root != new.root


def newest(ledger: Path, town: Town) -> Checkpoint:
    """The newest checkpoint of a ledger's file, if it verifies with the log's key alone."""
    with closing(open_sqlite(ledger, read_only=True)) as store:
        stored = store.checkpoint()
    assert stored is not None
    policy = Policy.parse(town.homes["bank"].read_policy().encode())
    return verify_checkpoint(Note.parse(signed_note(stored)), [log.key for log in policy.logs])


def test_p13_alteration_no_single_entry_can_be_put_for_another(small, tmp_path):
    """P13, an unauthorised alteration is detected without trusting the operator.

    Law: 12(a)(ii)-(iii); DGC 106, 117
    Shows: who has the file makes an entry and its hash fit; the signature of the member whose act it was, and the
    root in every older checkpoint, do not.
    Missing: members who exchange checkpoints by themselves; a witness keeps two that contradict each other as a file.
    """
    copy = tmp_path / "ledger.db"
    shutil.copy(small.path, copy)
    entry = query(copy, "SELECT min(idx), data FROM lading_entry WHERE instr(data, x'2F7472616E73616374696F6E')")[0]
    forged = entry[1][:-1] + bytes([entry[1][-1] ^ 1])
    with closing(sqlite3.connect(copy)) as database, database:
        database.execute(
            "UPDATE lading_entry SET data = ?, leaf = ? WHERE idx = ?", (forged, leaf_hash(forged), entry[0])
        )
    said = "\n".join(map(str, small.audit(copy).differences))
    assert f"lading_entry idx {entry[0]}: entry {entry[0]} is not acceptable: no valid signature" in said
    assert "body does not have the root of the log at this size" in said


def test_p25_access_a_suspended_member_and_a_replaced_key_do_nothing():
    """P25, access control to the system and to each act.

    Law: 12(a)(iii)
    Shows: what a suspended member signs is refused from the height of its suspension on, and it can be given
    nothing; what a replaced key signs is refused from the height of its replacement on, in the same millisecond too;
    what both signed before stays valid. Each role against each act is tried in
    tests/unit/test_contracts_tables.py.
    """
    game = Game()
    held, offered = game.held_bill("bank"), game.held_bill("shipper")
    game.done("shipper", "offer", offered, to="bank", mode="endorse")
    old, new = game.members["bank"].key, Key(game.fresh("key"))
    kept = game.signed("bank", "surrender", held)
    proof = new.sign(key_proof_message(game.id("bank"), new.public))[2]
    game.done("bank", "rotate_key", game.id("bank"), public_key=new.public, proof=proof)
    refused(game.submit(kept)[0], "transaction.not_the_actors_key")
    refused(game.act("bank", "surrender", held, key=old), "transaction.not_the_actors_key")
    game.done("bank", "accept", offered, key=new)
    assert game.record(held).controller == game.id("bank"), "what the old key signed stays valid"
    game.done("carrier", "suspend", game.id("bank"))
    for _ in range(2):  # whatever the height from which it takes effect, the next one is later
        game.issue_bill()
    for record in (held, offered):
        refused(game.act("bank", "surrender", record, key=new), "rule.actor_is_active")
    other = game.held_bill("shipper")
    refused(game.act("shipper", "offer", other, to="bank", mode="endorse"), "rule.argument_is_active_member")


def test_p28_foreign_a_foreign_ledgers_bill_verifies_under_its_own_keys_and_law():
    """P28, a foreign record is not refused because it is foreign.

    Law: 19
    Shows: a bill of another ledger, with other members, other keys and another governing law, verifies from its own
    bundle under its own ledger's policy; under the policy of this ledger it is unknown, and never called false.
    Missing: a bill that another platform's system issued (PINT), with its chain of keys.
    """
    here, there = Trade(), Trade(origin="ledger.example/abroad", owner="abroad")
    record = there.issue(law="JP", place="JPTYO")
    there.act("shipper", "accept", record)
    there.pass_on(record, "shipper", "bank")
    there.cosign("carrier", "shipper", "bank")
    data = there.bundle(record).encode()
    report = verify(data, there.policy, at=there.time)
    assert (report.verdict, report.facts["controller"]) == (Verdict.VALID, "bank")
    assert there.engine.reader.record(record).fields["law"] == "JP"
    assert here.genesis.id != there.genesis.id
    at_home = verify(data, here.policy, at=there.time)
    assert (at_home.history, at_home.control) == (Verdict.UNKNOWN, Verdict.UNKNOWN)


def test_p30_continuity_a_holders_file_is_enough_when_every_server_is_gone(tmp_path):
    """P30, continuity: the operator is gone, and the records are still usable.

    Law: DGC 24-25 (dropped as out of scope), RR 9
    Shows: every home and server of the ledger is deleted; from the holder's file and the policy alone the program
    that needs no ledger gives the history of title, the party in control and the document.
    Missing: a request for conversion to paper printed from that file, and the same after a network is gone.
    """
    trade = Trade()
    record = trade.bill()
    trade.cosign("carrier", "shipper", "bank")
    (tmp_path / "bill.lading").write_bytes(trade.bundle(record).encode())
    (tmp_path / "policy.txt").write_bytes(trade.policy.format())
    now = trade.time
    del trade
    program = "import sys; from cli.verify import run; sys.argv[0] = 'lading-verify'; run()"
    command = [sys.executable, "-c", program, "bill.lading", "--policy", "policy.txt", "--json", "--at", iso(now)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    report = json.loads(run.stdout)
    assert report["verdict"] == "VALID", run.stderr
    assert [event["action"] for event in report["events"]] == ["issue", "accept", "offer", "accept"]
    assert report["facts"]["controller"] == "bank"
