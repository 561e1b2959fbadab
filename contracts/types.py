"""The types that a table may give to arguments and fields. None of them holds free text about a deal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .table import Declared

__all__ = ["MAX_PART", "TYPES", "Shape", "fits", "mismatch", "shape_of"]

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}")
_MAX_TIME: Final = 2**53
_MAX_LIST: Final = 64
MAX_PART: Final = 30_000
"""Most bytes of a text in one transaction, so that the entry stays below its 32 kB."""


def _is_id(value: Any) -> bool:
    return type(value) is bytes and len(value) == 32


def _is_ids(value: Any) -> bool:
    good = type(value) is list and len(value) <= _MAX_LIST and all(_is_id(item) for item in value)
    return good and len(set(value)) == len(value)


def _is_time(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_TIME


def _is_code(value: Any) -> bool:
    return type(value) is str and _CODE.fullmatch(value) is not None


def _is_number(value: Any) -> bool:
    return (
        type(value) is dict
        and list(value) == ["at", "class", "key"]
        and type(value["at"]) is str
        and type(value["class"]) is str
        and _is_id(value["key"])
    )


def _is_text(value: Any) -> bool:
    return type(value) is str and len(value) <= 256


def _is_texts(value: Any) -> bool:
    return type(value) is list and len(value) <= _MAX_LIST and all(_is_text(item) for item in value)


def _is_names(value: Any) -> bool:
    return type(value) is dict and len(value) <= 16 and all(len(k) <= 64 and _is_name(v) for k, v in value.items())


def _is_name(value: Any) -> bool:
    return type(value) is str and len(value) <= 512


def _is_signature(value: Any) -> bool:
    return type(value) is bytes and len(value) <= 8192


def _is_keys(value: Any) -> bool:
    return type(value) is list and len(value) <= 256


def _is_bytes(value: Any) -> bool:
    return type(value) is bytes and len(value) <= MAX_PART


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_TIME


def _is_codes(value: Any) -> bool:
    return type(value) is list and len(value) <= _MAX_LIST and all(map(_is_code, value))


def _is_parts(value: Any) -> bool:
    return (
        type(value) is list
        and 1 <= len(value) <= _MAX_LIST
        and all(type(one) is dict and list(one) == ["document", "number", "record"] for one in value)
        and all(_is_id(one["document"]) and _is_number(one["number"]) and _is_id(one["record"]) for one in value)
        and len({one["record"] for one in value}) == len(value)
    )


TYPES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "id": (_is_id, "32 bytes that name a record"),
    "ids": (_is_ids, "a list of distinct ids"),
    "parties": (_is_ids, "a list of distinct parties"),
    "party": (_is_id, "32 bytes that name a party"),
    "hash": (_is_id, "32 bytes of SHA-256"),
    "time": (_is_time, "ledger time in Unix milliseconds"),
    "code": (_is_code, "a code of at most 64 letters, digits and . _ : / @ -"),
    "number": (
        _is_number,
        "the class of a document's number, its place in the document, and its number key",
    ),
    "codes": (_is_codes, "a list of codes"),
    "count": (_is_count, "a whole number that is not negative"),
    "bytes": (_is_bytes, f"at most {MAX_PART:,} bytes of one of the consortium's own texts"),
    "parts": (_is_parts, "for each new record its document, its number and its id"),
    "text": (_is_text, "a registered name or address of at most 256 characters"),
    "texts": (_is_texts, "a list of texts"),
    "names": (_is_names, "texts by language or purpose"),
    "public_key": (_is_id, "an Ed25519 public key, 32 bytes"),
    "encryption_key": (_is_id, "an X25519 public key, 32 bytes"),
    "signature": (_is_signature, "a signature"),
    "keys": (_is_keys, "[algorithm, public key, from, until | nil] each"),
}
"""Type by name: its test, and its meaning for a reader."""


Shape = tuple[tuple[str, Callable[[Any], bool], bool], ...]
"""For each argument its name, the test of its value, and whether it may be absent."""


def shape_of(declared: Mapping[str, Declared]) -> Shape:
    """What `fits` compares with."""
    return tuple([(name, _test_of(declaration), declaration.optional) for name, declaration in declared.items()])


def _test_of(declared: Declared) -> Callable[[Any], bool]:
    test, choices = TYPES[declared.type][0], declared.one_of
    if not choices:
        return test
    return tuple([choice for choice in choices if test(choice)]).__contains__


def fits(shape: Shape, values: Mapping[str, Any]) -> bool:
    """Whether `mismatch` would find nothing; the short way for what is nearly always so."""
    found = 0
    for name, test, optional in shape:
        value = values.get(name)
        if value is not None:
            if not test(value):
                return False
            found += 1
        elif not optional or name in values:
            return False
    return found == len(values)


def mismatch(declared: Mapping[str, Declared], values: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The first name whose value is missing, unknown or of another type, with a reason; nothing if all fit."""
    for name, declaration in declared.items():
        value = values.get(name)
        if value is None:
            if not declaration.optional or name in values:
                return f"the argument {name} is missing", None
        elif not TYPES[declaration.type][0](value):
            return f"the argument {name} is not {TYPES[declaration.type][1]}", value
        elif declaration.one_of and value not in declaration.one_of:
            return f"the argument {name} is none of {', '.join(declaration.one_of)}", value
    if not values.keys() <= declared.keys():
        unknown = next(name for name in values if name not in declared)
        return f"the action has no argument {unknown}", values[unknown]
    return None
