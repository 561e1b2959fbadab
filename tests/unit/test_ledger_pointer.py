"""`ledger.pointer`: the examples of RFC 6901 §5, and what is no pointer."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.pointer import BadPointer, NothingThere, escape, join, pointer_tokens, resolve

RFC: dict[str, Any] = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_rfc6901_examples(pointer: str, value: Any) -> None:
    assert resolve(RFC, pointer) == value


@pytest.mark.parametrize("pointer", ["foo", "/a~", "/a~2b", "#/foo", "~0"])
def test_what_is_no_pointer(pointer: str) -> None:
    with pytest.raises(BadPointer):
        pointer_tokens(pointer)


@pytest.mark.parametrize("pointer", ["/x", "/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/0/0", "/foo/9999999999999"])
def test_places_without_a_value(pointer: str) -> None:
    with pytest.raises(NothingThere):
        resolve(RFC, pointer)


def test_escapes() -> None:
    assert escape("~/~1") == "~0~1~01"
    assert pointer_tokens("/~0~1~01/x") == ("~/~1", "x")
    assert join("/a", "b/c") == "/a/b~1c"
    assert join("", 0) == "/0"
