"""Canonical, strict MessagePack: one encoding for one value.

The values are nil, booleans, integers of -2^63 … 2^64-1, byte strings, UTF-8 strings, arrays, and
maps whose keys are strings in ascending order of their UTF-8 bytes. Every length and integer takes
the shortest form that the MessagePack specification has for it. Arrays and maps have at most 1,024
elements each and nest to 32 levels. Floats, extension types and timestamps are not values. Reading
accepts nothing but what writing produces, so `encode(decode(b)) == b` for every `b` that `decode` accepts.

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
    "MAX_ITEMS",
    "NotCanonical",
    "TooDeep",
    "TooLarge",
    "Undecodable",
    "check",
    "decode",
    "decode_shaped",
    "encode",
    "encode_shaped",
    "unpack",
]

MAX_ENTRY: Final = 32_768
"""Largest entry of the log, in bytes."""
MAX_DEPTH: Final = 32
"""Deepest nesting of arrays and maps; a scalar alone has depth 0."""
MAX_ITEMS: Final = 1024
"""Most elements of an array or a map. A length is written in front of them, and memory is set aside for it."""


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


# The library's own checks of types (`strict_types`) would refuse tuples; `check` knows all types.
_packer = msgpack.Packer(use_bin_type=True, autoreset=True)
_SCALARS: Final = frozenset({int, bytes, str, bool, type(None)})


def check(value: Any, depth: int = 0) -> bool:
    """Refuse what is not a value of the format; whether the keys of every map are in order.

    `depth` is that at which the value stands. Raises `NotCanonical` or `TooDeep`.
    """
    return type(value) in _SCALARS or _check_below(value, depth)


def _check_below(value: Any, depth: int) -> bool:
    """`check` for what is no scalar. Written out for speed: every action and every record goes through it."""
    kind = type(value)
    if kind is not dict and kind is not list and kind is not tuple:
        raise NotCanonical(f"{kind.__name__} is not a value of this format", value=value)
    if depth >= MAX_DEPTH:
        raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
    if len(value) > MAX_ITEMS:
        raise NotCanonical(f"an array or a map has at most {MAX_ITEMS:,} elements", value=len(value))
    if kind is dict:
        return _check_map(value, depth + 1)
    ordered = True
    for item in value:
        if type(item) not in _SCALARS and not _check_below(item, depth + 1):
            ordered = False
    return ordered


def _check_map(value: dict[Any, Any], depth: int) -> bool:
    ordered, last = True, ""
    for key, item in value.items():
        if type(key) is not str:
            raise NotCanonical("a map key is not a string", value=key)
        # Python orders strings by code points, which is the order of their UTF-8 bytes.
        if key < last:
            ordered = False
        last = key
        if type(item) not in _SCALARS and not _check_below(item, depth):
            ordered = False
    return ordered


def _in_order(value: Any) -> Any:
    if type(value) is dict:
        return {key: _in_order(value[key]) for key in sorted(value)}
    if type(value) is list or type(value) is tuple:
        return [_in_order(item) for item in value]
    return value


def encode(value: Any) -> bytes:
    """The one encoding of `value`. Raises `NotCanonical` or `TooDeep` for what has none."""
    if not check(value):
        value = _in_order(value)
    return encode_shaped(value)


def encode_shaped(value: Any) -> bytes:
    """`encode` for a caller who knows the shape: who has looked at the type of every element himself.

    What may hold maps, floats or any depth he gives to `check`, and to `encode` if it says False.
    """
    try:
        packed: bytes = _packer.pack(value)
    except (OverflowError, ValueError) as exc:
        _packer.reset()
        raise NotCanonical(f"the value has no encoding: {exc}") from None
    return packed


def decode(data: bytes, *, limit: int = MAX_ENTRY) -> Any:
    """The value that `data` encodes: arrays as lists, maps as dicts.

    The size is checked before anything is parsed. Raises `TooLarge`, `TooDeep`, `Undecodable` or
    `NotCanonical`.
    """
    value = decode_shaped(data, limit=limit)
    if not check(value):
        raise NotCanonical("the keys of a map are not in ascending order", value=data[:32])
    return value


def decode_shaped(data: bytes, *, limit: int = MAX_ENTRY) -> Any:
    """`decode` for a caller who knows the shape: who looks at the type of every element himself.

    What may hold maps, floats or any depth he gives to `check`, and refuses if it says False.
    """
    value = unpack(data, limit=limit)
    try:
        again = _packer.pack(value)
    except (ValueError, TypeError, OverflowError) as exc:
        _packer.reset()
        raise _undecodable(exc) from None
    if again != data:
        raise NotCanonical("the bytes are not the canonical encoding of their value", value=data[:32])
    return value


def unpack(data: bytes, *, limit: int = MAX_ENTRY) -> Any:
    """The value of bytes of which a hash has just shown that they are what `encode` once gave.

    Of any other bytes it may give what is no value of the format, where `decode` refuses.
    """
    if len(data) > limit:
        raise TooLarge(f"{len(data):,} bytes where at most {limit:,} are allowed", value=len(data))
    try:
        return msgpack.unpackb(data, strict_map_key=False, max_array_len=MAX_ITEMS, max_map_len=MAX_ITEMS)
    except msgpack.StackError:
        raise TooDeep(f"nested deeper than {MAX_DEPTH} levels") from None
    except (msgpack.UnpackException, ValueError, TypeError, OverflowError) as exc:
        raise _undecodable(exc) from None


def _undecodable(exc: Exception) -> Undecodable:
    return Undecodable(f"not MessagePack: {str(exc) or type(exc).__name__}")
