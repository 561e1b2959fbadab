"""The difference of two documents, field by field: what an amended document says that the void one did not.

    {"changes":[{"new":"Rotterdam","old":"Antwerp","pointer":"/transports/portOfDischarge/locationName"},…],
     "format":"lading/difference@1","new":"<commitment, hex>","old":"<commitment, hex>","why":"the port was changed"}

Canonical JSON (RFC 8785). A field is a scalar, or an empty object or list, at its JSON Pointer; a change without `old`
is a field that was added, one without `new` a field that was taken out. Changes stand in the order of their
pointers. The text travels with the documents, as a note; its commitment stands in the act that replaces the record,
which says who signed it and when.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ledger.errors import ContradictionError, InputError, LadingError
from ledger.pointer import join, shown
from ledger.strict_json import JsonValue, canonicalise, parse

__all__ = [
    "ABSENT",
    "BadDifference",
    "Difference",
    "DifferenceFalse",
    "FieldChange",
    "changed_fields",
    "check_difference",
]

_FORMAT: Final = "lading/difference@1"
_LIMIT: Final = 16 * 1024 * 1024


class _Absent:
    """No value at all, which is not the same as null."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = _Absent()
"""Stands where a document has no such field."""


class BadDifference(InputError):
    """Not the difference of two documents as lading writes it."""

    code = "difference.malformed"
    hint = "ask its sender for the text again; it was cut, changed, or is another note"


class DifferenceFalse(ContradictionError):
    """The difference that was stated is not the one of the two documents."""

    code = "difference.false"
    hint = "do not rely on what was stated; compare the two documents, and ask who signed it"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; `ABSENT` stands where a document does not have it."""

    pointer: str
    old: JsonValue | _Absent
    new: JsonValue | _Absent

    def as_dict(self) -> dict[str, JsonValue]:
        """The change as JSON."""
        sides: dict[str, Any] = {"old": self.old, "new": self.new}
        return {"pointer": self.pointer, **{name: value for name, value in sides.items() if value is not ABSENT}}

    def __str__(self) -> str:
        return f"{shown(self.pointer)}: {_said(self.old)} → {_said(self.new)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two documents, named by their commitments, and why."""

    old: bytes
    new: bytes
    changes: tuple[FieldChange, ...]
    why: str = ""

    def encode(self) -> str:
        """The canonical text, whose commitment an act holds."""
        changes: list[JsonValue] = [change.as_dict() for change in self.changes]
        value: dict[str, JsonValue] = {
            "changes": changes, "format": _FORMAT, "new": self.new.hex(), "old": self.old.hex(), "why": self.why,
        }  # fmt: skip
        return canonicalise(value).decode("utf-8")

    @classmethod
    def decode(cls, text: str) -> Difference:
        """Read the text. Raises `BadDifference` for anything but the canonical form."""
        try:
            value: Any = parse(text.encode("utf-8"), limit=_LIMIT)
            changes = tuple(_change(one) for one in value["changes"])
            read = cls(bytes.fromhex(value["old"]), bytes.fromhex(value["new"]), changes, value["why"] + "")
            same = read.encode() == text
        except (LadingError, KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise BadDifference(f"no difference of two documents: {type(wrong).__name__}") from None
        if not same:
            raise BadDifference("not the canonical form of a difference")
        return read


def changed_fields(old: JsonValue, new: JsonValue) -> tuple[FieldChange, ...]:
    """Every field that two documents do not have alike, in the order of their pointers."""
    before, after = dict(_fields(old, "")), dict(_fields(new, ""))
    found = []
    for pointer in sorted({*before, *after}, key=lambda one: one.encode("utf-8")):
        was, is_now = before.get(pointer, ABSENT), after.get(pointer, ABSENT)
        if not _same(was, is_now):
            found.append(FieldChange(pointer, was, is_now))
    return tuple(found)


def check_difference(stated: Difference, old: JsonValue, new: JsonValue) -> None:
    """Raises `DifferenceFalse` unless these two documents differ in just what is stated."""
    found = changed_fields(old, new)
    if found == stated.changes:
        return
    told, true = {one.pointer: one for one in stated.changes}, {one.pointer: one for one in found}
    for pointer in sorted({*told, *true}):
        if told.get(pointer) != true.get(pointer):
            says = f"the documents say {true[pointer]}" if pointer in true else f"they agree at {shown(pointer)}"
            raise DifferenceFalse(f"the stated difference is not that of the documents: {says}", value=pointer)


def _fields(value: JsonValue, pointer: str) -> Iterator[tuple[str, JsonValue]]:
    """Every scalar and every empty object or list, with its pointer, as `ledger.commitment` has them."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _fields(part, join(pointer, name))
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from _fields(part, f"{pointer}/{index}")
    else:
        yield pointer, value


def _same(one: Any, other: Any) -> bool:
    """Whether two fields are the same JSON: 1 is not true, and an empty list no empty object."""
    if one is ABSENT or other is ABSENT:
        return one is other
    return canonicalise(one) == canonicalise(other)


def _change(value: Any) -> FieldChange:
    return FieldChange(value["pointer"] + "", value.get("old", ABSENT), value.get("new", ABSENT))


def _said(value: JsonValue | _Absent) -> str:
    return "nothing" if isinstance(value, _Absent) else canonicalise(value).decode("utf-8")
