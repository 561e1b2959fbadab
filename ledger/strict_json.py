"""JSON read strictly and written canonically, with a JSON Pointer in every complaint.

    parse(b'{"quantity": 1.10, "unit": "KGM"}')       ->  {"quantity": 1.1, "unit": "KGM"}
    canonicalise({"unit": "KGM", "quantity": 1.1})    ->  b'{"quantity":1.1,"unit":"KGM"}'

What `parse` accepts is the I-JSON (RFC 7493) that has one canonical form and loses nothing in it:
UTF-8 without a byte order mark, no two members of one name, no lone surrogate, nesting to 64, and
only numbers that survive binary64. A number survives if RFC 8785 would write its nearest binary64
as the same decimal value: 1.10, 1e2 and 0.1 do; 9007199254740993 and 0.10000000000000000001 do not,
and neither does 295147905179352825856, which is 2^68 but is written 295147905179352830000.
The scale of a number (1.10 or 1.1) and the sign of zero are not part of its value.

A number comes back as an int where it is whole and within ±(2^53-1), as a float otherwise, so
that `parse(canonicalise(value)) == value`, types included, for every value that `parse` returns.

Source: RFC 8259 (JSON), RFC 8785 §3 (canonical form), RFC 6901 (pointers; `ledger/pointer.py`).
"""

from __future__ import annotations

import json
import json.encoder
import re
from typing import Final, TypeAlias, cast

import rfc8785

from .errors import InputError
from .pointer import join, shown

__all__ = [
    "MAX_DEPTH",
    "MAX_DOCUMENT",
    "DuplicateKey",
    "JsonError",
    "JsonScalar",
    "JsonTooDeep",
    "JsonTooLarge",
    "JsonValue",
    "LoneSurrogate",
    "MalformedJson",
    "NoCanonicalForm",
    "NotUtf8",
    "NumberNotExact",
    "canonicalise",
    "parse",
]

JsonScalar: TypeAlias = bool | int | float | str | None
JsonValue: TypeAlias = JsonScalar | list["JsonValue"] | dict[str, "JsonValue"]

MAX_DOCUMENT: Final = 8 * 1024 * 1024
"""Largest document that `parse` reads unless told otherwise, in bytes."""
MAX_DEPTH: Final = 64
"""Deepest nesting of arrays and objects; a scalar alone has depth 0."""
_MAX_SAFE: Final = 2**53 - 1
_MAX_DIGITS: Final = 17
"""Most significant digits that RFC 8785 writes: more cannot be the shortest form."""


class JsonError(InputError):
    """The bytes are not JSON that lading reads; the subclasses say why."""


class JsonTooLarge(JsonError):
    """More bytes than the place allows."""

    code = "json.too_large"
    hint = "check that it is the file that is meant; what is not part of its text belongs into files of its own"


class NotUtf8(JsonError):
    """Not UTF-8, or UTF-8 behind a byte order mark."""

    code = "json.not_utf8"
    hint = "save it as UTF-8 without a byte order mark; if it is no text at all, it is another file"


class MalformedJson(JsonError):
    """Not JSON. `offset` is the byte, `line` and `column` (from 1) where reading stopped."""

    code = "json.malformed"
    hint = "look at the place named; the file may be cut short or of another format"

    def __init__(self, message: str, *, offset: int, line: int, column: int) -> None:
        super().__init__(message, value=offset)
        self.offset, self.line, self.column = offset, line, column


class JsonTooDeep(JsonError):
    """Arrays and objects nested deeper than `MAX_DEPTH`."""

    code = "json.too_deep"
    hint = "no trade document nests so deep; the file was damaged or made to do harm"


class DuplicateKey(JsonError):
    """One object names the same member twice, so that readers would disagree about it."""

    code = "json.duplicate_key"
    hint = "keep the one that is meant and remove the other"


class LoneSurrogate(JsonError):
    """A string with half of a surrogate pair, which is no character and has no UTF-8 form."""

    code = "json.lone_surrogate"
    hint = "the text was cut in the middle of a character; write the whole character"


class NumberNotExact(JsonError):
    """A number that binary64, and so the canonical form, would change; or NaN or Infinity."""

    code = "json.number_not_exact"
    hint = "write it with at most 15 significant digits, or as a string where the format allows it"


class NoCanonicalForm(InputError):
    """A value made in Python that RFC 8785 cannot write."""

    code = "json.no_canonical_form"
    hint = "use strings, booleans, whole numbers within ±(2^53-1), finite floats, lists and dicts"


class _Literal(str):
    """A number as it was written."""

    __slots__ = ()


class _Members(list[tuple[str, object]]):
    """The members of an object in the order in which they were written, repeats included."""

    __slots__ = ()


_TOKENS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_NUMBER: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?")
_EXACT_DIGITS: Final = 15
"""Whole numbers of so many digits are exact in binary64."""
_ENDLESS: Final = 18
"""Digits of an exponent that no mantissa of a document's size makes up for."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BEYOND: Final = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
_quoted = json.encoder.encode_basestring
_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_Members, parse_int=_Literal, parse_float=_Literal, parse_constant=_Literal
)


def parse(data: bytes, *, limit: int = MAX_DOCUMENT) -> JsonValue:
    """The value that `data` writes; its size, encoding and depth are checked before it is read.

    Raises a `JsonError`: `JsonTooLarge`, `NotUtf8`, `JsonTooDeep`, `MalformedJson`, `DuplicateKey`,
    `LoneSurrogate` or `NumberNotExact`.
    """
    if len(data) > limit:
        raise JsonTooLarge(f"{len(data):,} bytes where at most {limit:,} are allowed", value=len(data))
    text = _decode(data)
    _check_depth(text)
    try:
        raw = _DECODER.decode(text)
    except json.JSONDecodeError as exc:
        raise _malformed(exc, text) from None
    return _finish(raw, "")


def canonicalise(value: JsonValue) -> bytes:
    """The one way to write `value` (RFC 8785): sorted members, shortest numbers, no white space.

    Raises `NoCanonicalForm` for a value that JSON does not have.
    """
    flat = _flat(value)
    if flat is not None:
        return flat.encode("utf-8")
    if _is_plain(value, MAX_DEPTH):
        return _PLAIN.encode(value).encode("utf-8")
    try:
        return rfc8785.dumps(value)
    except (ValueError, RecursionError) as exc:
        raise NoCanonicalForm(f"the value has no canonical form: {exc}") from None


def _flat(value: object) -> str | None:
    """The text of a list of plain scalars, such as the leaves of a document are made of; None for anything else."""
    if type(value) is not list:
        return None
    parts = []
    for item in cast("list[object]", value):
        kind = type(item)
        if kind is str and (cast("str", item).isascii() or _SURROGATE.search(cast("str", item)) is None):
            parts.append(_quoted(cast("str", item)))
        elif item is None or kind is bool:
            parts.append("null" if item is None else "true" if item else "false")
        elif kind is int and -_MAX_SAFE <= cast("int", item) <= _MAX_SAFE:
            parts.append(str(item))
        else:
            return None
    return f"[{','.join(parts)}]"


def _is_plain(value: object, depth: int) -> bool:
    """Whether the standard library's encoder, written in C, writes `value` as RFC 8785 does.

    It does where there are no floats, whole numbers are within \u00b1(2^53-1), text has no surrogates, and names are
    within the Basic Multilingual Plane, where code points and UTF-16 code units sort alike.
    """
    kind = type(value)
    if kind is str:
        return cast("str", value).isascii() or _SURROGATE.search(cast("str", value)) is None
    if value is None or kind is bool:
        return True
    if kind is int:
        return -_MAX_SAFE <= cast("int", value) <= _MAX_SAFE
    if depth == 0:
        return False
    if kind is list:
        return all(_is_plain(item, depth - 1) for item in cast("list[object]", value))
    if kind is dict:
        return all(
            type(name) is str and (name.isascii() or _BEYOND.search(name) is None) and _is_plain(item, depth - 1)
            for name, item in cast("dict[object, object]", value).items()
        )
    return False


def _decode(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise NotUtf8("a byte order mark stands before the text", value=data[:3])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise NotUtf8(f"byte {exc.start} is not UTF-8", value=data[exc.start : exc.start + 4]) from None


def _check_depth(text: str) -> None:
    """Count brackets outside strings; a string without an end reaches to the end of the text."""
    depth = 0
    for match in _TOKENS.finditer(text):
        mark = text[match.start()]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise JsonTooDeep(f"nested deeper than {MAX_DEPTH} levels at character {match.start()}")
        elif mark != '"':
            depth -= 1


def _malformed(exc: json.JSONDecodeError, text: str) -> MalformedJson:
    if not text.strip():
        return MalformedJson(f"no JSON value in {len(text)} bytes", offset=0, line=1, column=1)
    offset = len(text[: exc.pos].encode())
    return MalformedJson(
        f"not JSON at line {exc.lineno}, column {exc.colno} (byte {offset}): {exc.msg}",
        offset=offset,
        line=exc.lineno,
        column=exc.colno,
    )


def _finish(raw: object, pointer: str) -> JsonValue:
    """The value of `raw` at `pointer`: members checked and put into a dict, numbers read."""
    if type(raw) is _Literal:
        return _number(raw, pointer)
    if type(raw) is str:
        _check_text(raw, pointer)
        return raw
    if type(raw) is _Members:
        return _members(raw, pointer)
    if type(raw) is list:
        return [_finish(item, f"{pointer}/{index}") for index, item in enumerate(raw)]
    return cast("bool | None", raw)


def _members(raw: _Members, pointer: str) -> dict[str, JsonValue]:
    value: dict[str, JsonValue] = {}
    for name, item in raw:
        _check_text(name, pointer)
        place = join(pointer, name)
        if name in value:
            raise DuplicateKey(f"{place} stands there twice", value=place)
        value[name] = _finish(item, place)
    return value


def _check_text(text: str, pointer: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        message = f"half a surrogate pair in the text at {shown(pointer)}"
        raise LoneSurrogate(message, value=f"\\u{ord(text[exc.start]):04x}") from None


def _number(literal: _Literal, pointer: str) -> int | float:
    """The number that `literal` writes, if binary64 keeps it."""
    if literal.isdecimal() and len(literal) <= _EXACT_DIGITS:
        return int(literal)
    match = _NUMBER.fullmatch(literal)
    if match is None:
        raise NumberNotExact(f"{shown(pointer)} is {literal}, which is no number of JSON", value=pointer)
    wanted = _decimal(match)
    if wanted is not None and len(wanted[1]) <= _MAX_DIGITS:
        nearest = float(literal)
        if nearest == 0:
            nearest = 0.0
        if nearest.is_integer() and abs(nearest) <= _MAX_SAFE:
            kept: int | float = int(nearest)
        else:
            kept = nearest
        again = _NUMBER.fullmatch(repr(kept))
        if again is not None and _decimal(again) == wanted:
            return kept
    number = literal if len(literal) <= 40 else f"{literal[:39]}…"
    raise NumberNotExact(f"{shown(pointer)} is {number}, which binary64 does not keep", value=pointer)


def _decimal(match: re.Match[str]) -> tuple[str, str, int] | None:
    """Sign, significant digits and power of ten, the same for all ways to write one value.

    None if the exponent is beyond anything that digits before it could make up for.
    """
    sign, whole, fraction, exponent_sign, exponent = match.groups(default="")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "", "0", 0
    exponent = exponent.lstrip("0") or "0"
    if len(exponent) > _ENDLESS:
        return None
    significant = digits.rstrip("0")
    power = int(exponent_sign + exponent) - len(fraction) + len(digits) - len(significant)
    return sign, significant, power
