"""JSON Pointers: the place of a value in a JSON document.

    /consignmentItems/0/HSCodes/1     the second HS code of the first consignment item
    /a~1b/m~0n                        member "m~n" of member "a/b"
    (the empty text)                  the whole document

Source: RFC 6901 §3 (syntax), §4 (evaluation).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .errors import InputError, NotFoundError

__all__ = ["BadPointer", "NothingThere", "escape", "join", "pointer_tokens", "resolve", "shown"]

_ESCAPES: Final = re.compile(r"~(?![01])")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")


class BadPointer(InputError):
    """Not a JSON Pointer."""

    code = "json.bad_pointer"
    hint = "a pointer is empty or begins with /; in a name, ~ is written ~0 and / is written ~1"


class NothingThere(NotFoundError):
    """The document has no value at that place."""

    code = "json.nothing_there"
    hint = "look up the names in the document; upper and lower case differ, lists count from 0"


def escape(token: str) -> str:
    """One name or index as it stands in a pointer: ~ as ~0, / as ~1 (§3)."""
    return token.replace("~", "~0").replace("/", "~1")


def join(pointer: str, token: str | int) -> str:
    """The pointer of member or item `token` of the value at `pointer`."""
    return f"{pointer}/{escape(str(token))}"


def pointer_tokens(pointer: str) -> tuple[str, ...]:
    """The names and indexes that `pointer` goes through; none for the whole document.

    Raises `BadPointer` for a text that is not a pointer (§3).
    """
    if pointer == "":
        return ()
    if not pointer.startswith("/") or _ESCAPES.search(pointer):
        raise BadPointer("not a JSON Pointer", value=pointer)
    tokens = pointer[1:].split("/")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in tokens)


def resolve(value: Any, pointer: str) -> Any:
    """The value at `pointer` inside `value` (§4). Raises `BadPointer` or `NothingThere`."""
    for token in pointer_tokens(pointer):
        if isinstance(value, Mapping) and token in value:
            value = value[token]
        elif _is_list(value) and _INDEX.fullmatch(token) and int(token) < len(value):
            value = value[int(token)]
        else:
            raise NothingThere(f"nothing at {pointer}", value=pointer)
    return value


def shown(pointer: str) -> str:
    """The pointer as a sentence names it: the empty one as "the document"."""
    return pointer or "the document"


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
