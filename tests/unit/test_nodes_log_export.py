"""The log as tiles, from the store: what is exported is the ledger's, and goes on from what was exported before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.proven import Trade

from ledger.checkpoint import Checkpoint
from ledger.merkle import Frontier, leaf_hash, root
from ledger.note import Note
from ledger.store.port import StoreDamaged
from ledger.tiles import ENTRIES, Tile, decode_bundle, decode_tile, hash_reader, new_tiles
from nodes.files import FileMissing
from nodes.log_export import ExportDiffers, export_log
from nodes.log_tiles import LogTiles, NoSuchTile
from nodes.proofs import signed_note


@pytest.fixture
def trade() -> Trade:
    return Trade()


def grow(trade, count):
    """Batches until the log has at least `count` entries."""
    while trade.engine.chain.size < count:
        trade.issue()
    return trade.checkpoint()


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_export_has_every_entry_and_gives_the_checkpoints_root(trade, tmp_path):
    stored = grow(trade, 40)
    done = export_log(trade.store, stored, tmp_path / "log")
    assert (done.before, done.size) == (0, stored.size)
    there = files(tmp_path / "log")
    assert there.pop("checkpoint") == signed_note(stored)
    assert sorted(there) == [f"tile/0/000.p/{stored.size}", f"tile/entries/000.p/{stored.size}"]
    entries = decode_bundle(there[f"tile/entries/000.p/{stored.size}"], stored.size)
    assert entries == [entry.data for entry in trade.store.entries(0, stored.size)]
    leaves = decode_tile(there[f"tile/0/000.p/{stored.size}"], stored.size)
    assert leaves == [leaf_hash(entry) for entry in entries]
    assert root(leaves) == Checkpoint.parse(Note.parse(signed_note(stored)).text).root


def test_past_256_entries_there_are_full_tiles_and_a_second_level(trade, tmp_path):
    stored = grow(trade, 270)
    export_log(trade.store, stored, tmp_path)
    wanted = {tile.path() for tile in new_tiles(0, stored.size)}
    wanted |= {tile.path() for tile in new_tiles(0, stored.size, level=ENTRIES)}
    assert {"tile/0/000", "tile/1/000.p/1", "tile/entries/000"} < wanted
    assert set(files(tmp_path)) == {"checkpoint", *wanted}
    reader = hash_reader(lambda tile: (tmp_path / tile.path()).read_bytes(), stored.size)
    assert Frontier.read(reader, stored.size).root() == Checkpoint.parse(stored.body.encode()).root


def test_a_second_export_adds_and_changes_nothing(trade, tmp_path):
    export_log(trade.store, grow(trade, 250), tmp_path)
    before = files(tmp_path)
    done = export_log(trade.store, grow(trade, 270), tmp_path)
    after = files(tmp_path)
    assert done.files < len(after)
    assert {name: after[name] for name in before if name != "checkpoint"} == {
        name: data for name, data in before.items() if name != "checkpoint"
    }
    assert export_log(trade.store, trade.store.checkpoint(), tmp_path).files == 1  # the checkpoint alone


def test_another_history_in_the_folder_is_not_written_over(trade, tmp_path):
    export_log(trade.store, grow(trade, 30), tmp_path)
    other = Trade()
    other.time += 1000
    there = files(tmp_path)
    with pytest.raises(ExportDiffers, match="are not those of the folder's checkpoint"):
        export_log(other.store, grow(other, 60), tmp_path)
    small = Trade()
    stored = small.checkpoint()
    with pytest.raises(ExportDiffers, match="the newest checkpoint here has"):
        export_log(small.store, stored, tmp_path)
    assert files(tmp_path) == there


def test_a_tile_that_somebody_changed_is_found_before_it_is_gone_on_from(trade, tmp_path):
    stored = grow(trade, 30)
    export_log(trade.store, stored, tmp_path)
    tile = tmp_path / f"tile/entries/000.p/{stored.size}"
    data = bytearray(tile.read_bytes())
    data[100] ^= 1
    tile.write_bytes(bytes(data))
    with pytest.raises(ExportDiffers, match="is not what the ledger has"):
        export_log(trade.store, grow(trade, 60), tmp_path)
    tile.unlink()
    with pytest.raises(FileMissing):
        export_log(trade.store, grow(trade, 60), tmp_path)


def test_an_entry_that_is_not_the_trees_is_never_published(trade, tmp_path, monkeypatch):
    stored = grow(trade, 30)
    real = trade.store.entries

    def flipped(first, stop):
        for entry in real(first, stop):
            yield replace(entry, data=entry.data[:-1] + b"\0") if entry.index == 12 else entry

    monkeypatch.setattr(trade.store, "entries", flipped)
    with pytest.raises(StoreDamaged, match="entry 12 is not the one"):
        export_log(trade.store, stored, tmp_path)
    assert not (tmp_path / "checkpoint").exists()


@pytest.mark.parametrize(
    "path", ["tile/0/001", "tile/0/000", "tile/1/000.p/1", "tile/entries/000.p/31", "tile/7/000.p/1"]
)
def test_what_the_log_does_not_have_yet_is_not_there(trade, path):
    grow(trade, 40)
    with pytest.raises(NoSuchTile):
        LogTiles(trade.store, 30).read(Tile.parse(path))


def test_a_log_of_no_entries_has_no_tiles(trade):
    with pytest.raises(NoSuchTile):
        LogTiles(trade.store, 0).read(Tile(0, 0, 1))
