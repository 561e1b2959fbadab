"""The other two kinds of entry: commits and texts, every element wrong, every byte cut."""

from __future__ import annotations

from hashlib import sha256

import pytest
from support.members import Key, digest

from ledger import codec
from ledger.entry import (
    COMMIT,
    TEXT,
    BadEntry,
    Commit,
    Text,
    TextMismatch,
    join_texts,
    read_entry,
    split_text,
)
from ledger.errors import LadingError
from ledger.transaction import Transaction, sign

ROOT, PREVIOUS = digest("root"), digest("previous")
COMMITTED = Commit(3, 1_764_000_000_000, 10, 14, ROOT, PREVIOUS)
PLAIN_COMMIT = [COMMIT, 3, 1_764_000_000_000, 10, 14, ROOT, PREVIOUS]
PART = 24_576
PLAIN_TEXT = [TEXT, "genesis", digest("text"), 0, 1, b"content"]


def replaced(plain, position, value):
    return [*plain[:position], value, *plain[position + 1 :]]


def test_each_kind_of_entry_is_read_as_what_it_is():
    transaction = Transaction(ROOT, (), "a", {}, ROOT, None, "a@1", 0, ROOT)
    signed = sign(transaction, Key(digest("k")).sign)
    assert read_entry(signed.entry) == signed
    assert read_entry(COMMITTED.encode()) == COMMITTED
    text = split_text("genesis", b"content")[0]
    assert read_entry(text.encode()) == text


def test_the_bytes_are_the_arrays_of_the_docstring():
    assert codec.decode(COMMITTED.encode()) == PLAIN_COMMIT
    text = Text("genesis", digest("text"), 0, 1, b"content")
    assert codec.decode(text.encode()) == PLAIN_TEXT


@pytest.mark.parametrize(
    "value",
    [None, [], {}, 7, "lading/commit@1", ["lading/commit@2", 1], [b"lading/commit@1"], [None], [[]], [1.0], [{}]],
    ids=repr,
)
def test_what_is_no_entry_is_refused(value):
    raw = b"\x91\xcb" + bytes(8) if value == [1.0] else codec.encode(value)
    with pytest.raises((BadEntry, codec.NotCanonical)):
        read_entry(raw)


WRONG_COMMITS = [
    PLAIN_COMMIT[:6],
    [*PLAIN_COMMIT, None],
    *(replaced(PLAIN_COMMIT, at, value) for at in range(1, 5) for value in (None, -1, 2**63, True, "1", b"")),
    *(replaced(PLAIN_COMMIT, at, value) for at in (5, 6) for value in (None, bytes(31), bytes(33), "a" * 32, 1)),
    replaced(PLAIN_COMMIT, 4, 9),
]


@pytest.mark.parametrize("plain", WRONG_COMMITS, ids=range(len(WRONG_COMMITS)))
def test_every_element_of_a_commit_has_its_type_and_range(plain):
    with pytest.raises(BadEntry):
        read_entry(codec.encode(plain))


def test_the_edges_of_a_text():
    for text in (Text("k" * 64, ROOT, 511, 512, b"x"), Text("", ROOT, 0, 1, b""), Text("k", ROOT, 0, 2, bytes(PART))):
        assert read_entry(text.encode()) == text


def test_the_edges_of_a_commit():
    for commit in (Commit(0, 0, 0, 0, ROOT, bytes(32)), Commit(*[2**63 - 1] * 4, ROOT, PREVIOUS)):
        assert read_entry(commit.encode()) == commit


WRONG_TEXTS = [
    PLAIN_TEXT[:5],
    [*PLAIN_TEXT, None],
    *(replaced(PLAIN_TEXT, 1, value) for value in (None, b"genesis", 1, "x" * 65)),
    *(replaced(PLAIN_TEXT, 2, value) for value in (None, bytes(31), "a" * 32)),
    *(replaced(PLAIN_TEXT, 3, value) for value in (None, -1, 1, True, "0")),
    *(replaced(PLAIN_TEXT, 4, value) for value in (None, 0, -1, 513, True)),
    *(replaced(PLAIN_TEXT, 5, value) for value in (None, "content", bytes(PART + 1))),
    [TEXT, "genesis", digest("text"), 0, 2, bytes(PART - 1)],
    [TEXT, "genesis", digest("text"), 1, 2, b""],
]


@pytest.mark.parametrize("plain", WRONG_TEXTS, ids=range(len(WRONG_TEXTS)))
def test_every_element_of_a_text_has_its_type_and_range(plain):
    with pytest.raises(BadEntry):
        read_entry(codec.encode(plain))


@pytest.mark.parametrize(
    "entry", [COMMITTED.encode(), split_text("genesis", b"content")[0].encode()], ids=["commit", "text"]
)
def test_an_entry_cut_anywhere_is_refused(entry):
    for cut in range(len(entry)):
        with pytest.raises(LadingError):
            read_entry(entry[:cut])
    with pytest.raises(LadingError):
        read_entry(entry + b"\x00")


@pytest.mark.parametrize(
    ("size", "parts"), [(0, 1), (1, 1), (PART, 1), (PART + 1, 2), (2 * PART, 2), (2 * PART + 1, 3), (512 * PART, 512)]
)
def test_a_text_is_cut_and_joined(size, parts):
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    pieces = split_text("rule_table", content)
    assert len(pieces) == parts
    assert all(len(piece.encode()) <= codec.MAX_ENTRY for piece in pieces)
    again = [read_entry(piece.encode()) for piece in pieces]
    assert again == pieces
    assert join_texts(again) == ("rule_table", sha256(content).digest(), content)


def test_a_text_that_does_not_fit_is_refused():
    with pytest.raises(codec.TooLarge):
        split_text("genesis", bytes(512 * PART + 1))


def test_parts_that_do_not_make_the_text_are_refused():
    one, two, three = split_text("genesis", bytes(2 * PART) + b"x")
    other = split_text("genesis", bytes(2 * PART) + b"y")
    kind = split_text("rule_table", bytes(2 * PART) + b"x")
    wrong = [
        [],
        [one],
        [one, two],
        [two, three],
        [one, three, two],
        [one, two, three, three],
        [one, two, other[2]],
        [one, kind[1], three],
        [one, two, Text("genesis", one.hash, 2, 3, b"y")],
        [one, two, Text("genesis", one.hash, 2, 4, b"x")],
    ]
    for parts in wrong:
        with pytest.raises(TextMismatch):
            join_texts(parts)
    assert join_texts(iter([one, two, three]))[2] == bytes(2 * PART) + b"x"
