"""Arguments of an action as words `name=value`, read by the types that the action's table declares.

to=shipper-bank          party      a member by alias, LEI or id
until=2026-03-01T12:00Z  time       ISO 8601, or a span from now such as +3d
receipt=@receipt.pdf     hash       64 hexadecimal digits, or the SHA-256 of a file
bound_to=3f0c41,9a41bc   ids        records by id or number, commas between them
members=shipper,bank     parties    members, commas between them
threshold=2              count      a whole number
content=@terms.txt       bytes      hexadecimal digits, or the bytes of a file
mode=endorse             code, text as it stands
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.errors import UsageError

from .acting import Work, time_of

if TYPE_CHECKING:
    from contracts.table import Action, Declared

__all__ = ["BadArgument", "is_text", "read_arguments"]

_MAX_FILE = 1024 * 1024 * 1024
_DIGITS = 15


class BadArgument(UsageError):
    """A word is no `name=value`, or its value is not of the type that the table declares."""

    code = "usage.bad_argument"
    hint = "`lading rules show KIND` lists each action's arguments; write NAME=VALUE, a file as NAME=@FILE"


def read_arguments(words: Sequence[str], action: Action, work: Work) -> dict[str, Any]:
    """The arguments that `words` give. Raises `BadArgument`, or what the reader of a type raises."""
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name in values:
            raise BadArgument("an argument is written NAME=VALUE, once", value=word)
        if name not in action.arguments:
            known = ", ".join(action.arguments) or "none"
            raise BadArgument(f"{action.name} has no argument {name}; it has {known}", value=word)
        values[name] = _read(name, text, action.arguments[name], work)
    return values


def is_text(value: str) -> bool:
    """Whether what is given for a hash is the text to commit to, and neither the hash itself nor a file."""
    return bool(value) and not value.startswith("@") and not _is_id(value)


def _read(name: str, text: str, declared: Declared, work: Work) -> Any:
    readers: Mapping[str, Callable[[], Any]] = {
        "party": lambda: _party(text, work),
        "parties": lambda: [_party(one, work) for one in text.split(",") if one],
        "id": lambda: work.record(text).id,
        "ids": lambda: [work.record(one).id for one in text.split(",") if one],
        "hash": lambda: _hash(name, text),
        "time": lambda: time_of(text),
        "code": lambda: text,
        "text": lambda: text,
        "texts": lambda: [one for one in text.split(",") if one],
        "codes": lambda: [one for one in text.split(",") if one],
        "count": lambda: _count(name, text),
        "bytes": lambda: _bytes(name, text),
        "public_key": lambda: _hex(name, text),
        "encryption_key": lambda: _hex(name, text),
        "signature": lambda: _hex(name, text),
    }
    if declared.type not in readers:
        raise BadArgument(f"{name} is of the type {declared.type}, which no command line can give", value=text)
    return readers[declared.type]()


def _party(text: str, work: Work) -> bytes:
    """A member, a group, or any party by its whole reference."""
    return bytes.fromhex(text) if _is_id(text) else work.party(text).id


def _hash(name: str, text: str) -> bytes:
    from nodes.files import read_bounded

    if text.startswith("@"):
        return sha256(read_bounded(Path(text[1:]), _MAX_FILE)).digest()
    if not _is_id(text):
        raise BadArgument(f"{name} is 64 hexadecimal digits, or @FILE", value=text)
    return bytes.fromhex(text)


def _count(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        raise BadArgument(f"{name} is a whole number", value=text)
    return int(text)


def _bytes(name: str, text: str) -> bytes:
    from contracts.types import MAX_PART
    from nodes.files import read_bounded

    return read_bounded(Path(text[1:]), MAX_PART) if text.startswith("@") else _hex(name, text)


def _hex(name: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadArgument(f"{name} is written in hexadecimal digits", value=text) from None


def _is_id(text: str) -> bool:
    return len(text) == 64 and all(mark in "0123456789abcdef" for mark in text)
