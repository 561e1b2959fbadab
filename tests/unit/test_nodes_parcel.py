"""Parcels: read back as written, and nothing hostile comes through."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import codec
from ledger.codec import NotCanonical
from ledger.errors import InputError
from nodes.parcel import (
    MAX_DOCUMENT,
    MAX_NOTE,
    Attachment,
    AttachmentRef,
    DocumentPackage,
    MalformedParcel,
    Note,
    Parcel,
    TooLargeToKeep,
)

SECRET, SALT, COMMITMENT = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32
TERMS = Attachment("terms.pdf", "application/pdf", b"%PDF-1.7")
BILL = DocumentPackage(
    "bill_of_lading",
    "application/json",
    b'{"transportDocumentReference":"OCLU2512345"}',
    SECRET,
    {"number": "OCLU2512345", "shipper": "上海　示例进出口有限公司"},
    (TERMS.ref,),
)
PARCEL = Parcel(BILL, (TERMS,), (Note(COMMITMENT, "seal broken\nat gate 3", SALT),))

words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=20)
hashes = st.binary(min_size=32, max_size=32)
notes = st.builds(Note, hashes, st.text(st.characters(codec="utf-8"), max_size=50), hashes)
documents = st.builds(
    DocumentPackage, words, words, st.binary(max_size=50), hashes, st.dictionaries(words, words, max_size=4)
)
parcels = st.builds(Parcel, st.none() | documents, st.just(()), st.lists(notes, max_size=3).map(tuple))


@given(parcels)
def test_a_parcel_is_read_as_it_was_written(parcel: Parcel) -> None:
    data = parcel.encode()
    assert Parcel.decode(data) == parcel
    assert Parcel.decode(data).encode() == data


def test_the_parcel_has_the_documented_form() -> None:
    assert codec.decode(PARCEL.encode()) == {
        "attachments": [{"content": b"%PDF-1.7", "media_type": "application/pdf", "name": "terms.pdf"}],
        "document": {
            "attachments": [
                {
                    "media_type": "application/pdf",
                    "name": "terms.pdf",
                    "sha256": hashlib.sha256(b"%PDF-1.7").digest(),
                    "size": 8,
                }
            ],
            "kind": "bill_of_lading",
            "labels": BILL.labels,
            "media_type": "application/json",
            "original": BILL.original,
            "secret": SECRET,
        },
        "format": "lading/parcel@1",
        "notes": [{"commitment": COMMITMENT, "salt": SALT, "text": "seal broken\nat gate 3"}],
    }
    assert Parcel.decode(PARCEL.encode()) == PARCEL
    assert DocumentPackage.decode(BILL.encode()) == BILL


@given(st.binary(max_size=200))
def test_any_bytes_give_an_input_error_or_a_parcel(data: bytes) -> None:
    try:
        parcel = Parcel.decode(data)
    except InputError:
        return
    assert parcel.encode() == data


def test_every_truncation_is_refused() -> None:
    data = PARCEL.encode()
    for size in range(len(data)):
        with pytest.raises(InputError):
            Parcel.decode(data[:size])


def changed(path: list[Any], value: object) -> bytes:
    """The parcel with another value at `path`."""
    whole = codec.decode(PARCEL.encode())
    place = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return codec.encode(whole)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], "lading/parcel@2"),
        (["more"], 1),
        (["document"], []),
        (["document", "more"], 1),
        (["document", "secret"], b"short"),
        (["document", "secret"], "text"),
        (["document", "original"], "text"),
        (["document", "original"], None),
        (["document", "kind"], ""),
        (["document", "kind"], 1),
        (["document", "media_type"], "a\nb"),
        (["document", "labels"], []),
        (["document", "labels"], {"number": 1}),
        (["document", "labels"], {"number": "\x1b[31mpaid"}),
        (["document", "labels"], {"number": "\u202e54321"}),
        (["document", "labels"], {"": "x"}),
        (["document", "labels"], {"number": "x" * 256}),
        (["document", "labels"], {str(n): "" for n in range(65)}),
        (["document", "attachments"], {}),
        (["document", "attachments"], [1]),
        (["document", "attachments", 0, "size"], -1),
        (["document", "attachments", 0, "size"], True),
        (["document", "attachments", 0, "sha256"], bytes(32)),
        (["document", "attachments", 0, "name"], "../keys.lading"),
        (["attachments"], []),
        (["attachments"], None),
        (["attachments", 0, "content"], b"other"),
        (["attachments", 0, "content"], 5),
        (["attachments", 0, "name"], "/etc/passwd"),
        (["attachments", 0, "name"], "..\\up"),
        (["attachments", 0, "name"], ".bashrc"),
        (["attachments", 0, "name"], "c:x"),
        (["attachments", 0, "name"], "a\x00b"),
        (["attachments", 0, "name"], "x" * 256),
        (["notes"], {}),
        (["notes", 0, "text"], b"bytes"),
        (["notes", 0, "salt"], b""),
        (["notes", 0, "commitment"], bytes(31)),
        (["notes", 0, "more"], 1),
    ],
)
def test_a_parcel_with_anything_else_in_it_is_refused(path: list[Any], value: object) -> None:
    with pytest.raises(MalformedParcel):
        Parcel.decode(changed(path, value))


def test_not_canonical_is_refused() -> None:
    with pytest.raises(NotCanonical):
        Parcel.decode(b"\xde\x00\x00")


def test_sizes_are_bounded() -> None:
    with pytest.raises(TooLargeToKeep, match="where at most 100"):
        Parcel.decode(PARCEL.encode(), limit=100)
    with pytest.raises(TooLargeToKeep):
        PARCEL.encode(limit=100)
    with pytest.raises(TooLargeToKeep):
        Note(COMMITMENT, "é" * (MAX_NOTE // 2 + 1), SALT).check()
    with pytest.raises(TooLargeToKeep):
        DocumentPackage("k", "m", bytes(MAX_DOCUMENT + 1), SECRET).encode()
    with pytest.raises(MalformedParcel):
        Parcel(None, (), (Note(COMMITMENT, "x", SALT),) * 1001).encode()
    with pytest.raises(MalformedParcel):
        Note(COMMITMENT, "\ud800", SALT).check()


def test_a_parcel_holds_what_its_document_names() -> None:
    with pytest.raises(MalformedParcel, match=r"terms\.pdf is missing"):
        Parcel(BILL, (), ()).encode()
    AttachmentRef("a", "b", 0, bytes(32)).check()
