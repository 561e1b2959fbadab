"""The bytes of a store's rows: what is packed comes back, and nothing else is taken."""

from __future__ import annotations

import pytest

from ledger.entry import Commit
from ledger.hashing import ZERO, record_key, state_value
from ledger.merkle import leaf_hash
from ledger.record import Item, Record, content_key, number_content
from ledger.smt_hash import leaf_hash as state_leaf
from ledger.smt_hash import path_of
from ledger.store import rows
from ledger.store.port import StoreDamaged

A, B, C = b"a" * 32, b"b" * 32, b"c" * 32
SALT = b"s" * 32


def record(record_id: bytes = A) -> Record:
    return Record(record_id, "bill_of_lading", 1, "live", 1, B, 4, 5, C)


def test_links_are_eight_bytes_each():
    assert rows.pack_previous(()) == b""
    assert rows.pack_previous((0, 258)) == bytes(8) + b"\0\0\0\0\0\0\1\2"
    assert rows.checked_entry(9, leaf_hash(b""), rows.pack_previous((0, 8)), b"").previous == (0, 8)


def test_an_undo_record_has_65_bytes_for_each_path_in_order():
    undo = {B: None, A: C}
    packed = A + b"\1" + C + B + b"\0" + ZERO
    assert rows.pack_undo(undo) == packed
    assert rows.unpack_undo(3, packed) == undo
    assert rows.pack_undo({}) == b""
    assert rows.unpack_undo(3, b"") == {}


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        "text",
        b"\0",
        A + b"\1" + C[:-1],
        A + b"\2" + C,
        A + b"\0" + C,
        (A + b"\1" + C) * 2,
        B + b"\1" + C + A + b"\1" + C,
    ],
)
def test_what_is_no_undo_record_is_damage(data):
    with pytest.raises(StoreDamaged, match="undo record of height 3"):
        rows.unpack_undo(3, data)


@pytest.mark.parametrize(
    ("leaf", "previous", "data", "message"),
    [
        (A, b"", b"entry", "does not have its leaf hash"),
        (None, b"", b"entry", "malformed"),
        (A, None, b"entry", "malformed"),
        (A, b"", None, "malformed"),
        (A, "", b"entry", "malformed"),
        (A, b"", "entry", "malformed"),
        (A, b"", 7, "malformed"),
        (leaf_hash(b"entry"), b"\0", b"entry", "cut short"),
        (leaf_hash(b"entry"), bytes(7) + b"\5", b"entry", "links to a later one"),
        (leaf_hash(b"entry"), b"\xff" * 8, b"entry", "links to"),
    ],
)
def test_what_is_no_entry_is_damage(leaf, previous, data, message):
    with pytest.raises(StoreDamaged, match=message) as caught:
        rows.checked_entry(5, leaf, previous, data)
    assert caught.value.value == 5


@pytest.mark.parametrize("content", [record().encode(), number_content(A, B)], ids=["record", "number"])
def test_an_item_is_compared_with_path_and_leaf(content):
    key, item = content_key(content), Item(SALT, content)
    path, leaf = path_of(key), state_leaf(key, item.value(key))
    assert rows.checked_item(path, leaf, *item) == item
    for at in range(len(content)):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        with pytest.raises(StoreDamaged):
            rows.checked_item(path, leaf, SALT, changed)
    for wrong in [(B, leaf, SALT), (path, B, SALT), (path, leaf, B), (None, leaf, SALT), (path, 7, SALT)]:
        with pytest.raises(StoreDamaged, match="does not have its leaf hash"):
            rows.checked_item(*wrong, content)
    for salt, other in [(None, content), (SALT[:-1], content), ("x" * 32, content), (SALT, None), (SALT, "")]:
        with pytest.raises(StoreDamaged, match="malformed"):
            rows.checked_item(path, leaf, salt, other)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc0",
        b"\xdc\x00\x15\xc4\x20" + A,
        b"\x93\xa6number\xc4\x20" + A,
        number_content(b"", B),
        number_content(A + B, B),
        record(b"short").encode(),
        record(A + B).encode(),
    ],
)
def test_a_content_without_a_key_is_damage(content):
    with pytest.raises(StoreDamaged, match=f"what stands at {A.hex()} cannot be read"):
        rows.checked_item(A, B, SALT, content)


def test_the_key_of_a_record_is_read_without_decoding_it():
    """The quick way takes the same bytes for the key as `content_key` does."""
    content = record().encode()
    key = record_key(A)
    assert content_key(content) == key
    leaf = state_leaf(key, state_value(SALT, key, content + b"rest"))
    assert rows.checked_item(path_of(key), leaf, SALT, content + b"rest") == (SALT, content + b"rest")


@pytest.mark.parametrize("row", [(None, A), (A, None), (A[1:], B), (A, B[1:]), (7, B), ("a" * 32, B)])
def test_a_malformed_state_row_is_damage(row):
    with pytest.raises(StoreDamaged, match="a state row is malformed"):
        rows.checked_leaf(*row)
    with pytest.raises(StoreDamaged):
        rows.checked_row(*row, SALT, b"content")
    for rest in [(None, b""), (SALT[1:], b""), (SALT, None), (SALT, "")]:
        with pytest.raises(StoreDamaged, match=f"the state row at {A.hex()} is malformed"):
            rows.checked_row(A, B, *rest)


def entry_of(commit: Commit):
    data = commit.encode()
    return rows.checked_entry(commit.index, leaf_hash(data), b"", data)


def test_a_commit_must_be_of_its_height_and_at_its_place():
    commit = Commit(height=3, time=7, size_before=4, index=5, state_root=A, previous=B)
    assert rows.checked_commit(3, entry_of(commit)) == commit
    with pytest.raises(StoreDamaged, match="entry 5 is not the commit of height 4"):
        rows.checked_commit(4, entry_of(commit))
    with pytest.raises(StoreDamaged, match="is not the commit of height 3"):
        rows.checked_commit(3, rows.StoredEntry(6, commit.encode(), leaf_hash(commit.encode()), ()))
    with pytest.raises(StoreDamaged, match="the commit of height 3, cannot be read"):
        rows.checked_commit(3, rows.checked_entry(5, leaf_hash(b"x"), b"", b"x"))


def test_a_head_is_the_end_of_the_log():
    commit = Commit(height=3, time=7, size_before=4, index=5, state_root=A, previous=B)
    entry = entry_of(commit)
    assert rows.checked_head(3, entry, 5, None) == rows.Head(3, 7, 6, entry.leaf, A)
    assert rows.checked_head(3, entry, 5, 6) == rows.Head(3, 7, 6, entry.leaf, A)
    with pytest.raises(StoreDamaged, match="ends at entry 6"):
        rows.checked_head(3, entry, 6, None)
    with pytest.raises(StoreDamaged, match="size 6 has a checkpoint of size 7"):
        rows.checked_head(3, entry, 5, 7)


@pytest.mark.parametrize("given", [[(4, A), (6, B)], [(5, A)], [(4, None)], [(4, "a" * 32)], [(4, A[1:])]])
def test_hashes_must_be_numbered_without_a_gap(given):
    assert rows.checked_hashes("level 8", [(4, A), (5, B)], 4) == [A, B]
    with pytest.raises(StoreDamaged, match="of level 8 is missing or malformed"):
        rows.checked_hashes("level 8", given, 4)
