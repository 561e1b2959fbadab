"""Documents: JSON read and written again, and commitments of whole and redacted copies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.commitment import DocumentChanged, Leaf, commit, leaves, verify_whole
from ledger.disclosure import DisclosureFalse, disclose, verify_disclosed
from ledger.errors import LadingError
from ledger.pointer import escape, pointer_tokens, resolve
from ledger.strict_json import JsonError, NumberNotExact, canonicalise, parse

SECRET = bytes(range(32))
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def _committed(value: Any) -> tuple[bytes, list[Leaf], bytes]:
    data = canonicalise(value)
    document = leaves(parse(data), data, "application/json", SECRET)
    return commit(document), document, data


@given(VALUES)
def test_reading_what_was_written_gives_the_value(value: Any) -> None:
    read = parse(canonicalise(value))
    assert read == value
    assert canonicalise(read) == canonicalise(value)


@given(VALUES)
def test_other_ways_to_write_a_value_are_read_as_the_same(value: Any) -> None:
    """What `json` writes, with white space, other number forms and escapes."""
    data = json.dumps(value, indent=1, ensure_ascii=True).encode()
    assert canonicalise(parse(data)) == canonicalise(value)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_if_and_only_if_its_value_is_kept(number: Any) -> None:
    literal = str(number).replace("E", "e")
    shortest = repr(float(number))
    try:
        value = parse(literal.encode())
    except NumberNotExact:
        assert shortest in ("inf", "-inf") or type(number)(shortest) != number
    else:
        assert type(number)(repr(value)) == number


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:0123456789.eE+-\\u truefalsn').map(str.encode))
def test_no_bytes_leak_another_error(data: bytes) -> None:
    try:
        value = parse(data)
    except JsonError:
        return
    assert parse(canonicalise(value)) == value


@given(st.lists(TEXT, max_size=5))
def test_pointers_round_trip(tokens: list[str]) -> None:
    pointer = "".join(f"/{escape(token)}" for token in tokens)
    assert list(pointer_tokens(pointer)) == tokens


@given(VALUES)
def test_every_leaf_is_the_value_at_its_pointer(value: Any) -> None:
    _, document, data = _committed(value)
    read = parse(data)
    pointers = [leaf.pointer.encode() for leaf in document if leaf.pointer is not None]
    assert pointers == sorted(set(pointers))
    for leaf in document[1:]:
        assert leaf.pointer is not None
        assert resolve(read, leaf.pointer) == leaf.value


@given(VALUES, VALUES)
def test_two_values_have_one_commitment_only_if_they_are_one(one: Any, other: Any) -> None:
    first = commit(leaves(one, b"", "application/json", SECRET))
    second = commit(leaves(other, b"", "application/json", SECRET))
    assert (first == second) == (canonicalise(one) == canonicalise(other))


@given(VALUES, st.data())
def test_any_changed_byte_is_found(value: Any, choose: st.DataObject) -> None:
    commitment, document, data = _committed(value)
    index = choose.draw(st.integers(0, len(data) - 1))
    changed = bytearray(data)
    changed[index] ^= choose.draw(st.integers(1, 255))
    hashes = [leaf.hash for leaf in document]
    with pytest.raises(DocumentChanged):
        verify_whole(
            commitment,
            hashes,
            original=bytes(changed),
            media_type="application/json",
            secret=SECRET,
        )


@given(VALUES, st.data())
def test_a_redacted_copy_agrees_with_the_whole_one(value: Any, choose: st.DataObject) -> None:
    commitment, document, data = _committed(value)
    pointers = [leaf.pointer for leaf in document if leaf.pointer is not None]
    chosen = choose.draw(st.sets(st.sampled_from(pointers)))
    copy = disclose(document, chosen)
    read = parse(data)
    shown = verify_disclosed(commitment, copy)
    assert chosen <= set(shown)
    assert all(resolve(read, pointer) == part for pointer, part in shown.items())


@given(VALUES, SCALARS, st.data())
def test_a_redacted_copy_that_disagrees_is_refused(value: Any, other: Any, choose: st.DataObject) -> None:
    commitment, document, _ = _committed(value)
    index = choose.draw(st.integers(1, len(document) - 1))
    leaf = document[index]
    assume(canonicalise(other) != canonicalise(leaf.value))
    copy: list[Leaf | bytes] = [item.hash for item in document]
    copy[index] = Leaf(leaf.pointer, other, leaf.salt)
    with pytest.raises(DisclosureFalse):
        verify_disclosed(commitment, copy)


@given(st.lists(st.binary(max_size=33) | st.builds(Leaf, st.none() | TEXT, SCALARS, st.just(SECRET))))
def test_no_redacted_copy_leaks_another_error(copy: list[Leaf | bytes]) -> None:
    with pytest.raises(LadingError):
        verify_disclosed(bytes(32), copy)
