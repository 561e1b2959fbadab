"""Somebody leaves a part of a proof bundle out, lets it say nothing, or fills it, so that a check does not see it.

Leaving out never makes a better verdict: what is not shown is UNKNOWN, what is shown to be false is INVALID.
"""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from support.forging import INVALID, Proven, assert_fails, failed

from ledger.commitment import Change, DocumentChanged, commit, leaves, verify_whole
from ledger.strict_json import canonicalise


@pytest.fixture(scope="module")
def proven() -> Proven:
    return Proven()


# Costs


def test_a_document_swapped_for_one_of_millions_of_values_is_not_read(proven):
    """A holder puts 8 MB of zeros in the place of a bill."""
    original = b"[" + b"0," * 3_999_999 + b"0]"
    data = replace(proven.bundle, document=replace(proven.bundle.document, original=original)).encode()
    begun = time.process_time()
    report = proven.check(data)
    assert time.process_time() - begun < 10
    assert_fails(report, 10, INVALID, "document.changed")
    assert failed(report).detail == "the document was changed: it has far more values than were committed"


def test_values_beside_a_document_that_is_no_json_are_counted_too():
    document = leaves({"ID": "1"}, b"<I/>", "application/xml", bytes(32))
    hashes = [leaf.hash for leaf in document]
    value = [[0] * 500, {"a": [0] * 503}]
    with pytest.raises(DocumentChanged, match="far more values than were committed") as caught:
        verify_whole(
            commit(document), hashes, original=b"<I/>", media_type="application/xml", secret=bytes(32), value=value
        )
    assert caught.value.value == 1_003


def test_commas_and_brackets_in_text_are_no_values():
    value = {"a": ',\\"[{,' * 2_000, "b": ["\\", ',"' * 1_000]}
    original = canonicalise(value)
    document = leaves(value, original, "application/json", bytes(32))
    hashes = [leaf.hash for leaf in document]
    arguments = {"media_type": "application/json", "secret": bytes(32)}
    assert verify_whole(commit(document), hashes, original=original, **arguments) == document
    with pytest.raises(DocumentChanged, match="/b/0 is not what was committed"):
        verify_whole(commit(document), hashes, original=original.replace(b'["\\\\"', b'["x"'), **arguments)


def test_every_second_value_of_a_long_document_changed_is_named_in_one_pass():
    value = list(range(20_000))
    document = leaves(value, b"", "text/plain", bytes(32))
    changed = [item if item % 2 else item + 1 for item in value]
    begun = time.process_time()
    with pytest.raises(DocumentChanged) as caught:
        verify_whole(
            commit(document),
            [leaf.hash for leaf in document],
            original=b"",
            media_type="text/plain",
            secret=bytes(32),
            value=changed,
        )
    assert time.process_time() - begun < 10
    assert len(caught.value.changes) == 10_000
    assert caught.value.changes[0] == Change("changed", "/0")
