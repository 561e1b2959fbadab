"""`nodes.documents.read`: which kind a file is, and files that are no document."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ledger.commitment import DocumentChanged, commit, verify_whole
from ledger.errors import LadingError
from ledger.strict_json import JsonError, JsonTooDeep, NotUtf8
from nodes.documents import Kind, errors, read_document

SAMPLES = Path(__file__).resolve().parents[2] / "nodes/demo/samples"
FILES = {
    "transport-document.json": Kind.BILL_OF_LADING,
    "commercial-invoice.xml": Kind.INVOICE,
    "certificate-of-origin.json": Kind.CERTIFICATE,
}


@pytest.mark.parametrize(("name", "kind"), FILES.items())
def test_the_kind_is_in_the_content(name: str, kind: Kind) -> None:
    data = (SAMPLES / name).read_bytes()
    assert read_document(data).kind == kind
    assert read_document(b"\n \t" + data.removeprefix(b'<?xml version="1.0" encoding="UTF-8"?>'), expected=kind)
    for other in set(Kind) - {kind}:
        with pytest.raises(errors.DocumentError):
            read_document(data, expected=other)


def test_another_kind_than_asked_for() -> None:
    data = (SAMPLES / "transport-document.json").read_bytes()
    with pytest.raises(errors.WrongKind) as caught:
        read_document(data, expected=Kind.SEA_WAYBILL)
    assert (caught.value.code, caught.value.value) == ("document.wrong_kind", "bill_of_lading")


def test_0_bytes() -> None:
    with pytest.raises(errors.EmptyDocument) as caught:
        read_document(b"")
    assert caught.value.code == "document.empty"


def test_100_mb() -> None:
    data = b"{" + bytes(100 * 1024 * 1024)
    with pytest.raises(errors.DocumentTooLarge) as caught:
        read_document(data)
    assert (caught.value.code, caught.value.value) == ("document.too_large", len(data))
    with pytest.raises(errors.DocumentTooLarge):
        read_document(b"{}", limit=1)


def test_random_bytes() -> None:
    source = random.Random(20261116)
    codes = set()
    for size in range(1, 400):
        with pytest.raises(LadingError) as caught:
            read_document(source.randbytes(size))
        codes.add(caught.value.code)
        with pytest.raises(LadingError):
            read_document(b"{" + source.randbytes(size))
        with pytest.raises(LadingError):
            read_document(b"<" + source.randbytes(size))
    assert codes == {"document.unreadable", "json.not_utf8"}  # some begin with a bracket


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"PK\x03\x04", b"\x00{}", b"  ", b"5", b'"x"'])
def test_neither_json_nor_xml(data: bytes) -> None:
    with pytest.raises(errors.Unreadable):
        read_document(data)


@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"format":"other"}', b"<html/>"])
def test_no_kind_that_is_known(data: bytes) -> None:
    with pytest.raises(errors.UnknownKind):
        read_document(data)


def test_json_is_read_strictly() -> None:
    with pytest.raises(NotUtf8):
        read_document(b"\xef\xbb\xbf{}")
    with pytest.raises(JsonTooDeep):
        read_document(b'{"a":' * 10_000)


@pytest.mark.parametrize("name", FILES)
def test_a_document_cut_short_anywhere_is_refused(name: str) -> None:
    data = (SAMPLES / name).read_bytes().rstrip()
    for size in range(0, len(data), 97):
        with pytest.raises((errors.DocumentError, JsonError)):
            read_document(data[:size])


@pytest.mark.parametrize("name", FILES)
def test_the_commitment_of_a_document_verifies_and_a_changed_byte_does_not(name: str) -> None:
    document = read_document((SAMPLES / name).read_bytes())
    secret = bytes(range(32))
    leaves = document.leaves(secret)
    hashes = [leaf.hash for leaf in leaves]

    def check(original: bytes) -> None:
        verify_whole(
            commit(leaves),
            hashes,
            original=original,
            media_type=document.media_type,
            secret=secret,
            value=document.value,
        )

    check(document.original)
    with pytest.raises(DocumentChanged):
        check(document.original.replace(b"JWCLSHA26110437", b"JWCLSHA26110438"))
