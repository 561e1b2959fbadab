"""`ledger.strict_json`: what is read, what is refused and where, and the canonical form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger import strict_json
from ledger.strict_json import (
    DuplicateKey,
    JsonTooDeep,
    JsonTooLarge,
    LoneSurrogate,
    MalformedJson,
    NoCanonicalForm,
    NotUtf8,
    NumberNotExact,
    canonicalise,
    parse,
)

VECTORS = ["arrays", "french", "structures", "unicode", "values", "weird"]


@pytest.mark.parametrize("name", VECTORS)
def test_rfc8785_vectors(shared: Path, name: str) -> None:
    assets = shared / "vectors/rfc8785/test/assets"
    value = json.loads((assets / f"input/{name}.json").read_bytes())
    expected = bytes.fromhex((assets / f"outhex/{name}.txt").read_text().replace("\n", " "))
    assert canonicalise(value) == expected
    assert canonicalise(parse(expected)) == expected


@pytest.mark.parametrize("name", [name for name in VECTORS if name != "values"])
def test_rfc8785_inputs_are_read(shared: Path, name: str) -> None:
    data = (shared / f"vectors/rfc8785/test/assets/input/{name}.json").read_bytes()
    assert parse(data) == json.loads(data)


def test_a_number_that_the_canonical_form_would_change_is_refused(shared: Path) -> None:
    data = (shared / "vectors/rfc8785/test/assets/input/values.json").read_bytes()
    with pytest.raises(NumberNotExact) as caught:
        parse(data)
    assert caught.value.value == "/numbers/0"
    assert "333333333.33333329" in caught.value.message


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("-0.0", 0),
        ("0e999999999999999999999", 0),
        ("1.10", 1.1),
        ("0.1", 0.1),
        ("1.0", 1),
        ("1E2", 100),
        ("12000.000", 12000),
        ("9007199254740991", 9007199254740991),
        ("9007199254740992", 9007199254740992.0),
        ("-9007199254740994", -9007199254740994.0),
        ("1e22", 1e22),
        ("10000000000000000000000", 1e22),
        ("295147905179352830000", 295147905179352830000.0),
        ("5e-324", 5e-324),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("0." + "0" * 400 + "1e401", 1),
    ],
)
def test_numbers_that_binary64_keeps(literal: str, value: float) -> None:
    read = parse(f'{{"n":{literal}}}'.encode())
    assert isinstance(read, dict)
    assert (read["n"], type(read["n"])) == (value, type(value))
    assert str(read["n"]) != "-0.0"


@pytest.mark.parametrize(
    "literal",
    [
        "9007199254740993",
        "12345678901234567890",
        "295147905179352825856",
        "0.10000000000000000001",
        "0.1000000000000000055511151231257827",
        "4.9e-324",
        "1e400",
        "-1e400",
        "1e-400",
        "1e9999999999999999999999",
        "1e-9999999999999999999999",
        "9" * 5000,
        "NaN",
        "Infinity",
        "-Infinity",
    ],
)
def test_numbers_that_binary64_changes_are_refused_with_their_place(literal: str) -> None:
    with pytest.raises(NumberNotExact) as caught:
        parse(f'{{"a/b":[1,{{"m~n":{literal}}}]}}'.encode())
    assert caught.value.value == "/a~1b/1/m~0n"
    assert caught.value.code == "json.number_not_exact"


def test_a_number_alone_is_a_document() -> None:
    assert parse(b" 5\n") == 5
    with pytest.raises(NumberNotExact, match="the document is 1e400"):
        parse(b"1e400")


def test_two_members_of_one_name() -> None:
    with pytest.raises(DuplicateKey) as caught:
        parse(b'{"a":[{"b":1,"c":{},"b":1}]}')
    assert (caught.value.code, caught.value.value) == ("json.duplicate_key", "/a/0/b")
    with pytest.raises(DuplicateKey):
        parse(b'{"\\u0061":1,"a":1}')


@pytest.mark.parametrize("data", [b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b'{"a":{"\\udfff":1}}'])
def test_half_of_a_surrogate_pair(data: bytes) -> None:
    with pytest.raises(LoneSurrogate) as caught:
        parse(data)
    assert "/a" in caught.value.message


def test_whole_surrogate_pair() -> None:
    assert parse(b'"\\ud83d\\ude02"') == "\U0001f602"


@pytest.mark.parametrize(
    ("data", "offset", "line", "column"),
    [
        (b"", 0, 1, 1),
        (b" \n ", 0, 1, 1),
        (b'{"a":1,2}', 7, 1, 8),
        ('{"é":\n 1 2}'.encode(), 10, 2, 4),
        (b'{"a":01}', 6, 1, 7),
        (b'["a\nb"]', 3, 1, 4),
        (b"[1] [2]", 4, 1, 5),
        (b"[.5]", 1, 1, 2),
        (b"[1.]", 2, 1, 3),
        (b"]", 0, 1, 1),
    ],
)
def test_what_is_not_json(data: bytes, offset: int, line: int, column: int) -> None:
    with pytest.raises(MalformedJson) as caught:
        parse(data)
    assert (caught.value.offset, caught.value.line, caught.value.column) == (offset, line, column)


@pytest.mark.parametrize(
    "data",
    [
        b'\xef\xbb\xbf{"a":1}',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_what_is_not_utf8(data: bytes) -> None:
    with pytest.raises(NotUtf8):
        parse(data)


def test_size_is_checked_first() -> None:
    data = b"\xff" * 101
    with pytest.raises(JsonTooLarge) as caught:
        parse(data, limit=100)
    assert caught.value.value == 101
    with pytest.raises(JsonTooLarge, match="104,857,600 bytes where at most 8,388,608"):
        parse(bytes(100 * 1024 * 1024))


def test_depth() -> None:
    assert parse(b"[" * 64 + b"]" * 64) is not None
    for data in (b"[" * 65 + b"]" * 65, b"[" * 100_000, b'{"a":' * 100_000, b'[{"a":' * 40):
        with pytest.raises(JsonTooDeep):
            parse(data)


def test_brackets_inside_strings_are_no_depth() -> None:
    text = "[" * 100 + '\\"{"\\'
    assert parse(json.dumps([text]).encode()) == [text]


@pytest.mark.parametrize("unit", ['\\"', "\\\\", "\\["])
def test_a_string_without_end_is_scanned_once(unit: str) -> None:
    """Were each of its quotes tried as a beginning, a file of 8 MiB would take days."""
    text = '"' + unit * 1000
    assert [match.span() for match in strict_json._TOKENS.finditer(text)] == [(0, len(text))]
    with pytest.raises(MalformedJson):
        parse(('"' + unit * 1_000_000).encode())


def _cycle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), float("nan"), float("inf"), {1: 2}, b"x", {"\ud800": 1}, "\ud800", _cycle()],
)
def test_values_without_canonical_form(value: Any) -> None:
    with pytest.raises(NoCanonicalForm):
        canonicalise(value)


def test_every_error_has_a_code_and_a_hint() -> None:
    errors = [
        value
        for value in vars(strict_json).values()
        if isinstance(value, type) and value.__module__ == "ledger.strict_json" and issubclass(value, Exception)
    ]
    for error in errors:
        if error is not strict_json.JsonError:
            assert error.code.startswith("json.")  # type: ignore[attr-defined]
            assert error.hint  # type: ignore[attr-defined]
