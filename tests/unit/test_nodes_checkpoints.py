"""A node signs what it has hashed itself, from the bytes of the entries."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.members import digest
from support.proven import ORIGIN, Trade, key_store

from ledger.checkpoint import Checkpoint
from ledger.merkle import leaf_hash, root
from ledger.note import SIGNING_KEY, Note, NoteSignature, VerifierKey, verify_note
from ledger.store.memory import MemoryStore
from ledger.store.port import StoreDamaged
from ledger.store.sqlite import open_sqlite
from nodes.checkpoints import LogWentBack, ReplayDiffers, cosign_replayed, current_checkpoint, sign_current
from nodes.cosigned import Cosigned, Signed, WouldFork
from nodes.files import CannotWrite
from nodes.keystore import KeyName
from nodes.proofs import signed_note
from nodes.replayer import Replayer


def log_key(trade: Trade) -> VerifierKey:
    return VerifierKey(ORIGIN, SIGNING_KEY, trade.keys.public_key(KeyName.LOG))


def entries(trade: Trade) -> list[bytes]:
    return [entry.data for entry in trade.store.entries(0, trade.engine.chain.size)]


def test_the_checkpoint_has_the_root_over_the_entries_bytes():
    trade = Trade()
    trade.bill()
    stored = trade.checkpoint()
    checkpoint = Checkpoint.parse(stored.body.encode())
    assert (checkpoint.origin, checkpoint.size) == (ORIGIN, trade.engine.chain.size)
    assert checkpoint.root == root([leaf_hash(data) for data in entries(trade)])
    assert checkpoint == current_checkpoint(trade.store, ORIGIN)
    assert verify_note(Note.parse(signed_note(stored)), [log_key(trade)]) == (log_key(trade),)


def test_each_checkpoint_continues_the_one_before():
    trade = Trade()
    first = trade.checkpoint()
    trade.bill()
    second = trade.checkpoint()
    assert first.size < second.size
    assert Checkpoint.parse(second.body.encode()).root == root([leaf_hash(data) for data in entries(trade)])


def test_what_is_signed_is_not_signed_again():
    trade = Trade()
    assert trade.checkpoint() == trade.checkpoint()
    assert len(trade.checkpoint().lines) == 1


def test_an_empty_store_is_not_signed():
    with pytest.raises(StoreDamaged, match="no commit"):
        sign_current(MemoryStore(), ORIGIN, key_store())
    with pytest.raises(StoreDamaged, match="no commit"):
        current_checkpoint(MemoryStore(), ORIGIN)


def test_the_log_key_remembers_what_it_signs_before_the_signature_is_kept(tmp_path, monkeypatch):
    trade, memory = Trade(), Cosigned(tmp_path / "cosigner.json")
    checkpoint = current_checkpoint(trade.store, ORIGIN)
    monkeypatch.setattr(trade.store, "put_checkpoint", lambda *given: pytest.fail("not yet"))
    monkeypatch.setattr("nodes.cosigned.write_atomic", fail_to_write)
    with pytest.raises(CannotWrite):
        sign_current(trade.store, ORIGIN, trade.keys, memory)
    monkeypatch.undo()
    sign_current(trade.store, ORIGIN, trade.keys, memory)
    head = trade.store.head()
    assert memory.newest("log", ORIGIN) == Signed(7, checkpoint.root, head.time // 1000)


def fail_to_write(path: Path, data: bytes) -> None:
    raise CannotWrite("the disk is full")


def test_a_checkpoint_that_was_signed_before_there_was_a_memory_is_remembered(tmp_path):
    trade, memory = Trade(), Cosigned(tmp_path / "cosigner.json")
    stored = trade.checkpoint()
    assert sign_current(trade.store, ORIGIN, trade.keys, memory) == stored
    assert memory.newest("log", ORIGIN).size == stored.size


@pytest.mark.parametrize(("bills", "message"), [(0, "has 7 entries, and its log has signed 15"), (5, "another root")])
def test_a_log_that_went_back_is_not_signed(tmp_path, bills, message):
    one, other, memory = Trade(), Trade(), Cosigned(tmp_path / "cosigner.json")
    one.bill()
    sign_current(one.store, ORIGIN, one.keys, memory)
    for _ in range(bills):
        other.issue()
    with pytest.raises(LogWentBack, match=message):
        sign_current(other.store, ORIGIN, other.keys, memory)
    assert other.store.checkpoint() is None


@pytest.fixture
def on_disk(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    trade = Trade(open_sqlite(path, create=True))
    trade.checkpoint()
    trade.bill()
    trade.store.close()
    return path


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


def sign(path: Path) -> None:
    with closing(open_sqlite(path)) as store:
        sign_current(store, ORIGIN, key_store())


def test_a_sound_store_is_signed(on_disk):
    sign(on_disk)


@pytest.mark.parametrize("index", [7, 9, 13])
def test_a_flipped_bit_in_a_stored_entry_is_not_signed_over(on_disk, index):
    with closing(sqlite3.connect(on_disk)) as connection:
        ((data,),) = connection.execute("SELECT data FROM lading_entry WHERE idx = ?", (index,))
    flipped = data[:-1] + bytes([data[-1] ^ 1])
    change(on_disk, "UPDATE lading_entry SET data = ? WHERE idx = ?", flipped, index)
    with pytest.raises(StoreDamaged, match=f"entry {index} does not have its leaf hash") as caught:
        sign(on_disk)
    assert caught.value.value == index
    with closing(open_sqlite(on_disk)) as store:
        assert [kept.size for kept in store.checkpoints()] == [7], "nothing was signed"


def test_an_entry_changed_with_its_leaf_hash_before_the_last_signature_is_found(on_disk):
    change(on_disk, "UPDATE lading_entry SET data = x'00', leaf = ? WHERE idx = 3", leaf_hash(b"\0"))
    with pytest.raises(StoreDamaged, match="the root that was signed at size 7"):
        sign(on_disk)


def test_a_damaged_signature_stops_the_next_one(on_disk):
    with closing(sqlite3.connect(on_disk)) as connection:
        ((line,),) = connection.execute("SELECT line FROM lading_signature")
    signature = NoteSignature.parse(line)
    bad = NoteSignature(signature.name, signature.key_id, bytes(64))
    change(on_disk, "UPDATE lading_signature SET line = ?", str(bad))
    with pytest.raises(StoreDamaged, match="a signature of the checkpoint of size 7 is damaged"):
        sign(on_disk)


def test_a_checkpoint_of_another_key_is_not_built_upon():
    trade = Trade()
    trade.checkpoint()
    trade.keys = key_store("another operator")
    assert len(trade.checkpoint().lines) == 2


def replayed(trade: Trade) -> Replayer:
    replayer = Replayer(MemoryStore())
    replayer.feed(entries(trade))
    return replayer


def test_a_cosignature_is_kept_in_mind_before_it_is_given(tmp_path):
    trade = Trade()
    trade.bill()
    stored, memory = trade.checkpoint(), Cosigned(tmp_path / "cosigner.json")
    line = cosign_replayed(
        stored, replayed(trade), key_store("shipper"), "shipper.example/replay", memory, 1_764_000_100
    )
    checkpoint = Checkpoint.parse(stored.body.encode())
    assert memory.newest("replay", ORIGIN) == Signed(checkpoint.size, checkpoint.root, 1_764_000_100)
    assert NoteSignature.parse(line).name == "shipper.example/replay"


def test_a_log_that_was_not_replayed_to_the_end_is_not_cosigned(tmp_path):
    trade = Trade()
    replayer = replayed(trade)
    trade.bill()
    memory = Cosigned(tmp_path / "cosigner.json")
    with pytest.raises(ReplayDiffers, match="the replay has 7 entries"):
        cosign_replayed(trade.checkpoint(), replayer, key_store(), "a.example/replay", memory, 1)
    assert memory.newest("replay", ORIGIN) is None


def test_a_second_history_of_the_same_log_is_not_cosigned(tmp_path):
    one, other = Trade(), Trade()
    one.bill()
    other.issue()
    other.issue()
    other.issue()
    other.act("carrier", "void", other.issue())
    memory = Cosigned(tmp_path / "cosigner.json")
    memory.advance("replay", ORIGIN, Signed(one.checkpoint().size + 10, digest("root"), 5))
    with pytest.raises(WouldFork, match="was signed before"):
        cosign_replayed(other.checkpoint(), replayed(other), key_store(), "a.example/replay", memory, 6)


def test_a_longer_second_history_of_the_same_log_is_not_cosigned(tmp_path):
    one, other, keys = Trade(), Trade(), key_store()
    one.bill()
    for _ in range(5):
        other.issue()
    memory = Cosigned(tmp_path / "cosigner.json")
    cosign_replayed(one.checkpoint(), replayed(one), keys, "a.example/replay", memory, 5)
    before = memory.newest("replay", ORIGIN)
    assert other.engine.chain.size > before.size
    with pytest.raises(WouldFork, match=f"another root at size {before.size} than the one that was signed"):
        cosign_replayed(other.checkpoint(), replayed(other), keys, "a.example/replay", memory, 6)
    assert memory.newest("replay", ORIGIN) == before
