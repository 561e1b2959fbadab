"""Canonical, strict MessagePack: one encoding for one value.

The values are nil, booleans, integers of -2^63 … 2^64-1, byte strings, UTF-8 strings, arrays, and
maps whose keys are strings in ascending order of their UTF-8 bytes. Every length and integer takes
the shortest form that the MessagePack specification has for it. Floats, extension types and
timestamps are not values. Reading accepts nothing but what writing produces, so
`encode(decode(b)) == b` for every `b` that `decode` accepts.

    {"b": 1, "a": b"\\x00"}  ->  82 a1 61 c4 01 00 a1 62 01

Source: https://github.com/msgpack/msgpack/blob/master/spec.md (format table).
"""

from __future__ import annotations

from typing import Any, Final

import msgpack

from .errors import InputError

__all__ = [
    "MAX_DEPTH",
    "MAX_ENTRY",
    "NotCanonical",
    "TooDeep",
    "TooLarge",
    "Undecodable",
    "decode",
    "encode",
]

MAX_ENTRY: Final = 32_768
"""Largest entry of the log, in bytes."""
MAX_DEPTH: Final = 32
"""Deepest nesting of arrays and maps."""


class TooLarge(InputError):
    """More bytes than the place allows."""

    code = "codec.too_large"
    hint = "split the content; a log entry holds at most 32,768 bytes, documents stay outside it"


class TooDeep(InputError):
    """Nested deeper than any value that lading writes."""

    code = "codec.too_deep"
    hint = "the bytes were not written by lading"


class Undecodable(InputError):
    """Not MessagePack, or cut short, or followed by more bytes."""

    code = "codec.undecodable"
    hint = "the bytes are cut short, damaged, or of another format"


class NotCanonical(InputError):
    """MessagePack, but not the one encoding that this value has here."""

    code = "codec.not_canonical"
    hint = "write it with the canonical form of docs/spec.md: shortest lengths, sorted keys, no floats"


_packer = msgpack.Packer(use_bin_type=True, autoreset=True, strict_types=True)
_SCALARS = frozenset({int, bytes, str, bool, type(None)})


def _key_order(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _canonical(value: Any, depth: int) -> Any:
    """`value` with every map's keys in order; refuses what is not a value of the format."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if depth >= MAX_DEPTH:
        raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
    if kind is list or kind is tuple:
        return [_canonical(item, depth + 1) for item in value]
    if kind is dict:
        for key in value:
            if type(key) is not str:
                raise NotCanonical("a map key is not a string", value=key)
        return {key: _canonical(value[key], depth + 1) for key in sorted(value, key=_key_order)}
    raise NotCanonical(f"{kind.__name__} is not a value of this format", value=value)


def _check(value: list[Any] | dict[Any, Any], depth: int) -> None:
    """What packing the value again does not show: order of keys, floats, extensions, depth."""
    if depth > MAX_DEPTH:
        raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
    if type(value) is dict:
        last: bytes | None = None
        for key in value:
            if type(key) is not str:
                raise NotCanonical("a map key is not a string", value=key)
            raw = key.encode()
            if last is not None and raw <= last:
                raise NotCanonical("the keys of a map are not in ascending order", value=key)
            last = raw
        items: Any = value.values()
    else:
        items = value
    for item in items:
        kind = type(item)
        if kind is list or kind is dict:
            _check(item, depth + 1)
        elif kind not in _SCALARS:
            raise NotCanonical(f"{kind.__name__} is not a value of this format", value=item)


def encode(value: Any) -> bytes:
    """The one encoding of `value`. Raises `NotCanonical` or `TooDeep` for what has none."""
    try:
        packed: bytes = _packer.pack(_canonical(value, 0))
    except (OverflowError, UnicodeEncodeError, ValueError) as exc:
        _packer.reset()
        raise NotCanonical(f"the value has no encoding: {exc}") from None
    return packed


def decode(data: bytes, *, limit: int = MAX_ENTRY) -> Any:
    """The value that `data` encodes: arrays as lists, maps as dicts.

    The size is checked before anything is parsed. Raises `TooLarge`, `TooDeep`, `Undecodable` or
    `NotCanonical`.
    """
    if len(data) > limit:
        raise TooLarge(f"{len(data):,} bytes where at most {limit:,} are allowed", value=len(data))
    try:
        value = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=False,
            use_list=True,
            max_str_len=limit,
            max_bin_len=limit,
            max_array_len=limit,
            max_map_len=limit,
            max_ext_len=0,
        )
    except msgpack.StackError:
        raise TooDeep(f"nested deeper than {MAX_DEPTH} levels") from None
    except (msgpack.UnpackException, ValueError, TypeError, OverflowError) as exc:
        raise Undecodable(f"not MessagePack: {str(exc) or type(exc).__name__}") from None
    _check([value], 0)
    if _packer.pack(value) != data:
        raise NotCanonical("the bytes are not the canonical encoding of their value", value=data[:32])
    return value
