"""The encoder of the standard library writes what RFC 8785's library writes, wherever it is used."""

from __future__ import annotations

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.strict_json import canonicalise, parse

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_canonical_json_is_that_of_the_rfc_8785_library(value: object) -> None:
    assert canonicalise(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(VALUES)
def test_canonical_json_reads_back_and_writes_the_same_bytes(value: object) -> None:
    data = canonicalise(value)  # type: ignore[arg-type]
    assert canonicalise(parse(data)) == data


def test_names_beyond_the_basic_plane_sort_by_utf_16_units() -> None:
    value = {"\U00010000": 1, "\ufb33": 2}
    assert canonicalise(value) == '{"\U00010000":1,"\ufb33":2}'.encode()
