"""The bundle's file: one way to write it, bounds on reading it, and no error but ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.forging import Proven

from ledger.bundle import BUNDLE_FORMAT, MAX_VALUES, Bundle, NotABundle, Redacted, WholeDocument
from ledger.disclosure import disclose
from ledger.errors import InputError, LadingError
from ledger.strict_json import JsonTooLarge, canonicalise


@pytest.fixture(scope="module")
def proven() -> Proven:
    return Proven()


@pytest.fixture
def plain(proven: Proven) -> dict[str, Any]:
    """The bundle as plain JSON, to be changed."""
    value: dict[str, Any] = json.loads(proven.bundle.encode())
    return value


def test_it_reads_what_it_writes(proven):
    data = proven.bundle.encode()
    assert Bundle.decode(data) == proven.bundle
    assert Bundle.decode(data).encode() == data


def test_a_redacted_document_reads_back(proven):
    copy = Redacted(tuple(disclose(proven.trade.leaves(proven.bill), ["/cargo", "/remarks"], original=True)))
    bundle = replace(proven.bundle, document=copy)
    assert Bundle.decode(bundle.encode()) == bundle


def test_a_document_that_is_no_json_reads_back(proven):
    document = WholeDocument(b"<Invoice/>", "application/xml", bytes(32), (bytes(32),), {"ID": "1", "Note": ["a"]})
    bundle = replace(proven.bundle, document=document)
    assert Bundle.decode(bundle.encode()) == bundle


def test_neither_number_nor_document_is_needed_to_read_it(proven):
    bundle = replace(proven.bundle, number=None, document=None)
    assert Bundle.decode(bundle.encode()) == bundle


def test_every_hash_of_a_path_stands_there_once(plain, proven):
    assert len(plain["hashes"]) == len(set(plain["hashes"]))
    paths = [entry["path"] for entry in plain["entries"]] + plain["genesis"]["paths"]
    assert {place for path in paths for place in path} == set(range(len(plain["hashes"])))
    assert plain["format"] == BUNDLE_FORMAT


Change = Callable[[dict[str, Any]], object]
CHANGES: dict[str, Change] = {
    "another format": lambda value: value.update(format="lading/bundle@2"),
    "a part missing": lambda value: value.pop("entries"),
    "a part too many": lambda value: value.update(more=1),
    "a part too many in the record": lambda value: value["record"].update(more=1),
    "a part too many in an entry": lambda value: value["entries"][0].update(more=1),
    "a part too many in the document": lambda value: value["document"].update(leaves=None),
    "entries out of order": lambda value: value["entries"].reverse(),
    "an entry twice": lambda value: value["entries"].insert(0, value["entries"][0]),
    "an entry that is a list": lambda value: value["entries"].__setitem__(0, []),
    "entries that are none": lambda value: value.update(entries=None),
    "an index below zero": lambda value: value["entries"][0].update(index=-1),
    "an index that is text": lambda value: value["entries"][0].update(index="7"),
    "an index that is true": lambda value: value["entries"][0].update(index=True),
    "a path to a hash that is not there": lambda value: value["entries"][0].update(path=[10_000]),
    "a path that is text": lambda value: value["entries"][0].update(path="0"),
    "a path with a negative place": lambda value: value["entries"][0].update(path=[-1]),
    "a hash that no path names": lambda value: value["hashes"].append(base64.b64encode(bytes(32)).decode()),
    "a hash of 31 bytes": lambda value: value["hashes"].__setitem__(0, base64.b64encode(bytes(31)).decode()),
    "base64 with a stray bit": lambda value: value["hashes"].__setitem__(0, "A" * 42 + "B="),
    "base64 with a line break": lambda value: value["genesis"].update(document=value["genesis"]["document"] + "\n"),
    "base64 that is no text": lambda value: value["genesis"].update(document=7),
    "base64 that is not ASCII": lambda value: value["genesis"].update(document="é"),
    "an id in capitals": lambda value: value["record"].update(id=value["record"]["id"].upper()),
    "an id of 31 bytes": lambda value: value["record"].update(id=value["record"]["id"][2:]),
    "an id that is a number": lambda value: value["record"].update(id=7),
    "a salt of 31 bytes": lambda value: value["record"].update(salt=base64.b64encode(bytes(31)).decode()),
    "a checkpoint that is a list": lambda value: value.update(checkpoint=[]),
    "a document that is text": lambda value: value.update(document="text"),
    "a leaf that is a number": lambda value: value.update(document={"leaves": [7]}),
    "a leaf without a salt": lambda value: value.update(document={"leaves": [{"pointer": "/a", "value": 1}]}),
    "a leaf with a pointer that is none": lambda value: value.update(
        document={"leaves": [{"pointer": 7, "salt": base64.b64encode(bytes(32)).decode(), "value": 1}]}
    ),
    "a number that is text": lambda value: value.update(number="text"),
    "a genesis that is a list": lambda value: value.update(genesis=[]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_not_of_this_form_is_refused(plain, name):
    CHANGES[name](plain)
    with pytest.raises((NotABundle, InputError)):
        Bundle.decode(canonicalise(plain))


@pytest.mark.parametrize("data", [b"null", b"7", b'"text"', b"[]", b"{}", b'{"format":7}'])
def test_json_that_is_no_bundle_is_refused(data):
    with pytest.raises(NotABundle, match="not a file of the format lading/bundle@1"):
        Bundle.decode(data)


def test_only_the_canonical_form_is_read(proven, plain):
    data = proven.bundle.encode()
    for other in (json.dumps(plain).encode(), data + b"\n", b" " + data, data.replace(b'"index":7', b'"index":7.0')):
        assert other != data
        with pytest.raises(NotABundle, match="not the canonical form"):
            Bundle.decode(other)


def test_hashes_stand_in_the_order_in_which_paths_name_them(plain):
    first, second, *rest = plain["hashes"]
    places = {0: 1, 1: 0}
    for holder in (*plain["entries"], *({"path": path} for path in plain["genesis"]["paths"])):
        holder["path"][:] = [places.get(place, place) for place in holder["path"]]
    with pytest.raises(NotABundle, match="not the canonical form"):
        Bundle.decode(canonicalise({**plain, "hashes": [second, first, *rest]}))


def test_the_size_is_bounded_before_anything_is_read(proven):
    data = proven.bundle.encode()
    with pytest.raises(JsonTooLarge):
        Bundle.decode(data, limit=len(data) - 1)
    assert Bundle.decode(data, limit=len(data)) == proven.bundle


def test_the_number_of_values_is_bounded_before_anything_is_read():
    with pytest.raises(NotABundle, match="more than 1,000,000 values"):
        Bundle.decode(b"," * (MAX_VALUES + 1))
    with pytest.raises(LadingError) as caught:
        Bundle.decode(b"," * MAX_VALUES)
    assert not isinstance(caught.value, NotABundle)


@pytest.mark.parametrize("size", range(0, 400, 13))
def test_a_file_that_was_cut_is_refused(proven, size):
    with pytest.raises(LadingError):
        Bundle.decode(proven.bundle.encode()[:size])
