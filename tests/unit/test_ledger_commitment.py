"""`ledger.commitment` and `ledger.disclosure`: formulas, places of a change, redacted copies."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from ledger import merkle
from ledger.commitment import (
    BadSecret,
    DocumentChanged,
    HashesChanged,
    Leaf,
    ValueMissing,
    commit,
    commitment_of,
    is_json,
    leaves,
    verify_whole,
)
from ledger.disclosure import DisclosureFalse, NothingToDisclose, disclose, verify_disclosed
from ledger.merkle import BadHash
from ledger.strict_json import JsonTooDeep, parse

SECRET = bytes(range(32))
DOCUMENT = b'{"b": {"z": 1.10, "a": []}, "a": ["x", {}], "a!": null, "": "\xc3\xa9"}'
JSON = "application/json"


def _hashes(data: bytes = DOCUMENT, media_type: str = JSON) -> list[bytes]:
    return [leaf.hash for leaf in leaves(parse(data), data, media_type, SECRET)]


def _check(data: bytes, **changed: Any) -> None:
    hashes = _hashes()
    arguments: dict[str, Any] = {"media_type": JSON, "secret": SECRET, **changed}
    verify_whole(commitment_of(hashes), hashes, original=data, **arguments)


def test_the_formulas_byte_by_byte() -> None:
    """Computed here with nothing but hashlib, hmac and literal bytes."""

    def leaf(domain: bytes, salt_label: bytes, canonical: bytes) -> bytes:
        salt = hmac.new(SECRET, salt_label, hashlib.sha256).digest()
        return hashlib.sha256(b"\x00" + domain + salt + canonical).digest()

    data = b'{"b":2.50,"a":""}'
    digest = hashlib.sha256(data).hexdigest().encode()
    original = leaf(
        b"lading/v1/original\0",
        b"lading/v1/original-salt\0",
        b'["application/json","' + digest + b'"]',
    )
    first = leaf(b"lading/v1/leaf\0", b"lading/v1/leaf-salt\0/a", b'["/a",""]')
    second = leaf(b"lading/v1/leaf\0", b"lading/v1/leaf-salt\0/b", b'["/b",2.5]')
    pair = hashlib.sha256(b"\x01" + original + first).digest()
    root = hashlib.sha256(b"\x01" + pair + second).digest()
    expected = hashlib.sha256(b"lading/v1/document\0" + b"\0\0\0\x03" + root).digest()

    document = leaves({"b": 2.5, "a": ""}, data, JSON, SECRET)
    assert [item.hash for item in document] == [original, first, second]
    assert commit(document) == expected
    assert expected.hex() == "7963279ef191d2a83a1b0a5fe6a4e73f598ceb7b43206cd326ea3fb4a8bdc591"


def test_leaves_stand_in_the_order_of_their_pointers_bytes() -> None:
    pointers = [leaf.pointer for leaf in leaves(parse(DOCUMENT), DOCUMENT, JSON, SECRET)]
    assert pointers == [None, "/", "/a!", "/a/0", "/a/1", "/b/a", "/b/z"]
    document = leaves({"\uffff": 1, "\U00010000": 2}, b"", JSON, SECRET)
    assert [leaf.pointer for leaf in document] == [None, "/\uffff", "/\U00010000"]


@pytest.mark.parametrize("value", [None, 5, "x", [], {}])
def test_a_document_of_one_value_has_two_leaves_with_two_salts(value: Any) -> None:
    document = leaves(value, b"x", JSON, SECRET)
    assert [leaf.pointer for leaf in document] == [None, ""]
    assert document[0].salt != document[1].salt


def test_empty_list_and_empty_object_and_nothing_differ() -> None:
    commitments = {commit(leaves(value, b"", JSON, SECRET)) for value in ({"a": []}, {"a": {}}, {"a": None}, {}, [])}
    assert len(commitments) == 5


def test_the_secret_has_32_bytes() -> None:
    for size in (0, 31, 33):
        with pytest.raises(BadSecret):
            leaves({}, b"", JSON, bytes(size))
    with pytest.raises(BadSecret):
        Leaf("/a", 1, b"short")


def test_nesting_made_in_python_is_bounded() -> None:
    value: Any = []
    for _ in range(3000):
        value = [value]
    with pytest.raises(JsonTooDeep):
        leaves(value, b"", JSON, SECRET)


def test_the_whole_document_verifies() -> None:
    hashes = _hashes()
    document = verify_whole(commitment_of(hashes), hashes, original=DOCUMENT, media_type=JSON, secret=SECRET)
    assert [leaf.hash for leaf in document] == hashes


@pytest.mark.parametrize(
    ("data", "changes", "message"),
    [
        (
            DOCUMENT.replace(b"1.10", b"1.20"),
            [("changed", "/b/z")],
            "the document was changed: /b/z is not what was committed",
        ),
        (
            DOCUMENT.replace(b'"x"', b'"y"').replace(b"null", b"true"),
            [("changed", "/a!"), ("changed", "/a/0")],
            "the document was changed: /a! is not what was committed (and 1 more places)",
        ),
        (
            DOCUMENT.replace(b"1.10", b"1.1"),
            [("original", "")],
            "the document was changed: only the original bytes differ (white space, number form or media type)",
        ),
        (
            DOCUMENT.replace(b'"a!"', b'"new":1,"a!"'),
            [("added", "/new")],
            "the document was changed: /new is not in what was committed",
        ),
        (
            DOCUMENT.replace(b', "a!": null', b""),
            [("removed", "/")],
            "the document was changed: what was committed after / is missing",
        ),
        (
            DOCUMENT.replace(b'"z"', b'"q"'),
            [("changed", "/b/q")],
            "the document was changed: /b/q is not what was committed",
        ),
    ],
)
def test_a_change_is_named_with_its_place(data: bytes, changes: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(DocumentChanged) as caught:
        _check(data)
    assert [tuple(change) for change in caught.value.changes] == changes
    assert caught.value.message == message
    assert caught.value.value == changes[0][1]


def test_bytes_that_no_longer_parse_are_named_by_line_and_byte() -> None:
    with pytest.raises(DocumentChanged, match=r"line 1, column 13 \(byte 12\)") as caught:
        _check(DOCUMENT.replace(b"1.10", b"x.10"))
    assert caught.value.value == 12
    with pytest.raises(DocumentChanged, match="byte 61 is not UTF-8"):
        _check(DOCUMENT.replace(b"\xc3", b"\xff"))


def test_every_changed_byte_is_found() -> None:
    """Each byte in turn, to each of three others; no change passes and none leaks another error."""
    for index in range(len(DOCUMENT)):
        for flip in (0x01, 0x20, 0x80):
            data = bytearray(DOCUMENT)
            data[index] ^= flip
            with pytest.raises(DocumentChanged):
                _check(bytes(data))


def test_another_media_type_is_another_original() -> None:
    with pytest.raises(DocumentChanged, match="only the original bytes differ"):
        _check(DOCUMENT, media_type="application/ld+json")


def test_another_secret_or_document_agrees_nowhere() -> None:
    with pytest.raises(DocumentChanged, match="nothing agrees"):
        _check(DOCUMENT, secret=bytes(32))


def test_leaf_hashes_that_are_not_those_of_the_commitment() -> None:
    hashes = _hashes()
    commitment = commitment_of(hashes)
    swapped = [hashes[1], hashes[0], *hashes[2:]]
    changed = [*hashes[:-1], bytes(32)]
    for wrong in ([], hashes[:-1], swapped, changed, [*hashes, hashes[-1]]):
        with pytest.raises(HashesChanged):
            verify_whole(commitment, wrong, original=DOCUMENT, media_type=JSON, secret=SECRET)
    with pytest.raises(BadHash):
        verify_whole(commitment, [b"short"], original=DOCUMENT, media_type=JSON, secret=SECRET)


def test_the_number_of_leaves_is_committed() -> None:
    """A node of the tree cannot be passed off as a leaf of a smaller one."""
    hashes = _hashes()[:4]
    folded = [merkle.node_hash(*hashes[:2]), merkle.node_hash(*hashes[2:])]
    assert merkle.root(folded) == merkle.root(hashes)
    assert commitment_of(folded) != commitment_of(hashes)


def test_a_document_that_is_not_json_brings_its_value() -> None:
    value = {"ID": "INV-1"}
    document = leaves(value, b"<Invoice/>", "application/xml", SECRET)
    hashes = [leaf.hash for leaf in document]
    given: dict[str, Any] = {"media_type": "application/xml", "secret": SECRET}
    commitment = commit(document)
    verify_whole(commitment, hashes, original=b"<Invoice/>", value=value, **given)
    with pytest.raises(ValueMissing):
        verify_whole(commitment, hashes, original=b"<Invoice/>", **given)
    with pytest.raises(DocumentChanged, match="only the original bytes differ"):
        verify_whole(commitment, hashes, original=b"<Invoice />", value=value, **given)
    with pytest.raises(DocumentChanged, match="/ID is not what was committed"):
        verify_whole(commitment, hashes, original=b"<Invoice/>", value={"ID": "INV-2"}, **given)


@pytest.mark.parametrize("committed", ["1", "2"])
def test_a_value_beside_a_json_document_that_says_something_else_is_refused(committed: str) -> None:
    """Else one could show one text to people, and another to the program that reads the value."""
    original = b'{"price":"1"}'
    document = leaves({"price": committed}, original, JSON, SECRET)
    arguments: dict[str, Any] = {"original": original, "media_type": JSON, "secret": SECRET}
    hashes = [leaf.hash for leaf in document]
    with pytest.raises(DocumentChanged, match="the value that was given is not what the bytes say"):
        verify_whole(commit(document), hashes, value={"price": "2"}, **arguments)
    if committed == "2":
        with pytest.raises(DocumentChanged, match="/price"):
            verify_whole(commit(document), hashes, **arguments)
    else:
        verify_whole(commit(document), hashes, value={"price": "1"}, **arguments)


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        (JSON, True),
        ("application/json; charset=utf-8", True),
        ("application/vc+json", True),
        ("Application/JSON", True),
        ("application/xml", False),
        ("application/jsonx", False),
    ],
)
def test_media_types_of_json(media_type: str, expected: bool) -> None:
    assert is_json(media_type) is expected


def test_a_redacted_copy_shows_what_was_chosen_and_nothing_else() -> None:
    document = leaves(parse(DOCUMENT), DOCUMENT, JSON, SECRET)
    copy = disclose(document, ["/b", "/a/0"])
    assert verify_disclosed(commit(document), copy) == {"/a/0": "x", "/b/a": [], "/b/z": 1.1}
    assert [isinstance(item, Leaf) for item in copy] == [
        False,
        False,
        False,
        True,
        False,
        True,
        True,
    ]
    assert isinstance(disclose(document, [], original=True)[0], Leaf)


def test_a_pointer_without_a_value_is_not_disclosed() -> None:
    document = leaves(parse(DOCUMENT), DOCUMENT, JSON, SECRET)
    for pointer in ("/nothing", "/a/2", "/b/zz", "b"):
        with pytest.raises(NothingToDisclose):
            disclose(document, [pointer])


def test_a_redacted_copy_cannot_be_changed() -> None:
    document = leaves(parse(DOCUMENT), DOCUMENT, JSON, SECRET)
    commitment = commit(document)
    copy = disclose(document, ["/b"])
    last = document[-1]
    others = [
        Leaf("/b/z", 1.2, last.salt),
        Leaf("/b/y", 1.1, last.salt),
        Leaf("/b/z", 1.1, bytes(32)),
    ]
    for other in others:
        with pytest.raises(DisclosureFalse):
            verify_disclosed(commitment, [*copy[:-1], other])
    for wrong in ([], copy[:-1], [*copy, copy[-1]], [copy[0], *reversed(copy[1:])]):
        with pytest.raises(DisclosureFalse):
            verify_disclosed(commitment, wrong)


def _leaf(pointer: str | None, value: Any = 1) -> Leaf:
    return Leaf(pointer, value, bytes(32))


@pytest.mark.parametrize(
    "copy",
    [
        [_leaf("/a"), _leaf("/b")],
        [_leaf(None), _leaf(None)],
        [_leaf(None), _leaf("/b"), _leaf("/a")],
        [_leaf(None), _leaf("/a"), _leaf("/a", 2)],
        [_leaf(None), _leaf("/a"), _leaf("/a!"), _leaf("/a/b")],
        [_leaf(None), _leaf(""), _leaf("/a")],
        [_leaf(None), _leaf("/a", {"b": 1})],
        [_leaf(None), _leaf("/a" * 65)],
    ],
)
def test_a_committed_heap_of_leaves_that_is_no_document_is_refused(copy: list[Leaf]) -> None:
    """An issuer who commits to two values at one place is found out, whatever the hashes say."""
    with pytest.raises(DisclosureFalse):
        verify_disclosed(commit(copy), copy)


def test_salts_do_not_show() -> None:
    assert "salt" not in repr(_leaf("/a"))
    assert json.dumps(str(_leaf("/a")))
