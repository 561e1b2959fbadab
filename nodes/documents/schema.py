"""A closed subset of JSON Schema 2020-12, and the validator that runs it.

    {"type": "object", "required": ["unit"],
     "properties": {"unit": {"type": "string", "enum": ["KGM", "LBR"]},
                    "value": {"type": "number", "exclusiveMinimum": 0}}}

The keywords are $defs and $ref (of "#/$defs/…"), type (one name), enum, pattern, format (date,
date-time), minLength, maxLength, minimum, exclusiveMinimum, maximum, minItems, maxItems, items,
required, properties, additionalProperties (false), oneOf and anyOf; $schema, $id and $comment are
for people. A schema with any other keyword is refused, so that none is ever passed over. Unlike the
standard, format is checked, and $ in a pattern is the end of the text, as in ECMAScript.

Properties that a schema does not name are allowed unless it says additionalProperties: false; the
report lists them. Why this is ours and not a library's is in docs/adr/0005.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from ledger.errors import InputError
from ledger.pointer import join, shown
from ledger.strict_json import JsonValue, parse

from .errors import SchemaViolation

__all__ = ["BadSchema", "Report", "Schema", "Violation", "check_schema", "load_schema"]

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int, float),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}
_FOR_PEOPLE: Final = frozenset({"$schema", "$id", "$comment", "$defs"})
_KEYWORDS: Final = frozenset(
    {"$ref", "additionalProperties", "anyOf", "enum", "exclusiveMinimum", "format", "items"}
    | {"maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum", "oneOf"}
    | {"pattern", "properties", "required", "type"}
)
_DEFS: Final = "#/$defs/"
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")


class BadSchema(InputError):
    """A schema that uses what the subset does not have."""

    code = "schema.bad"
    hint = "keep to the keywords that docs/documents.md lists"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken keyword: where, which, and what it wants."""

    place: str
    keyword: str
    message: str


@dataclass(slots=True)
class Report:
    """What a check found: what is broken, and the properties that the schema does not name."""

    violations: list[Violation] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


class Schema:
    """A schema that was read and is known to keep to the subset."""

    def __init__(self, value: JsonValue) -> None:
        """Check that `value` is a schema of the subset. Raises `BadSchema`."""
        if not isinstance(value, dict):
            raise BadSchema("a schema is a JSON object")
        self._root: Mapping[str, Any] = value
        defs = value.get("$defs", {})
        if not isinstance(defs, dict):
            raise BadSchema("$defs is an object", value=defs)
        self._defs: Mapping[str, Any] = defs
        for place, node in [("", value), *((f"/$defs/{name}", node) for name, node in defs.items())]:
            self._check(node, place)

    @property
    def value(self) -> Mapping[str, Any]:
        """The schema as the JSON value that it was read from."""
        return self._root

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """The part of the schema that `node` is, or refers to."""
        while "$ref" in node:
            node = self._defs[node["$ref"].removeprefix(_DEFS)]
        return node

    def check(self, value: JsonValue) -> Report:
        """Every violation in `value`, and every property that is not named, in its order."""
        report = Report()
        self._run(self._root, value, "", report)
        return report

    def _check(self, node: object, place: str) -> None:
        if not isinstance(node, dict):
            raise BadSchema(f"no schema at {place}", value=node)
        if strange := set(node) - _KEYWORDS - _FOR_PEOPLE:
            raise BadSchema(f"a keyword at {place} is not of the subset", value=min(strange))
        if str(node.get("type", "object")) not in _TYPES:
            raise BadSchema(f"an unknown type at {place}", value=node["type"])
        if node.get("additionalProperties", False) is not False:
            raise BadSchema(f"additionalProperties at {place} can only be false")
        if node.get("format", "date") not in ("date", "date-time"):
            raise BadSchema(f"an unknown format at {place}", value=node["format"])
        self._check_reference(node, place)
        if "pattern" in node:
            _pattern(node["pattern"])
        for child, part in _children(node):
            self._check(part, f"{place}/{child}")

    def _check_reference(self, node: Mapping[str, Any], place: str) -> None:
        """Check that `$ref` leads, in the end, to a definition that is no reference."""
        passed = set()
        while "$ref" in node:
            name = str(node["$ref"]).removeprefix(_DEFS)
            if name not in self._defs or node["$ref"] != _DEFS + name or name in passed:
                raise BadSchema(f"a reference at {place} leads nowhere", value=node["$ref"])
            passed.add(name)
            node = self._defs[name]
            if not isinstance(node, dict):
                raise BadSchema(f"no schema at /$defs/{name}", value=node)

    def _run(self, node: Mapping[str, Any], value: JsonValue, place: str, report: Report) -> None:
        node = self.resolve(node)
        wanted = node.get("type")
        if wanted is not None and not _is(value, wanted):
            report.violations.append(Violation(place, "type", f"must be of type {wanted}"))
            return
        if "enum" in node and value not in node["enum"]:
            choice = ", ".join(map(str, node["enum"]))
            report.violations.append(Violation(place, "enum", f"must be one of {choice}"))
        for keyword, message in _scalar(node, value):
            report.violations.append(Violation(place, keyword, message))
        if isinstance(value, list) and "items" in node:
            for index, item in enumerate(value):
                self._run(node["items"], item, f"{place}/{index}", report)
        if isinstance(value, dict):
            self._object(node, value, place, report)

    def _object(self, node: Mapping[str, Any], value: dict[str, JsonValue], place: str, report: Report) -> None:
        for name in node.get("required", ()):
            if name not in value:
                report.violations.append(Violation(join(place, name), "required", "is absent"))
        named = node.get("properties", {})
        elsewhere: set[str] = set()
        for keyword in ("oneOf", "anyOf"):
            if keyword in node:
                elsewhere |= self._choice(keyword, node[keyword], value, place, report)
        for name, part in value.items():
            if name in named:
                self._run(named[name], part, join(place, name), report)
            elif name not in elsewhere and node.get("additionalProperties") is False:
                message = "is not a member of this object"
                report.violations.append(Violation(join(place, name), "additionalProperties", message))
            elif name not in elsewhere and "properties" in node:
                report.unknown.append(join(place, name))

    def _choice(
        self,
        keyword: str,
        branches: list[Mapping[str, Any]],
        value: dict[str, JsonValue],
        place: str,
        report: Report,
    ) -> set[str]:
        """Check `oneOf` or `anyOf`; the properties that its branches name."""
        reports = []
        for branch in branches:
            trial = Report()
            self._run(branch, value, place, trial)
            reports.append(trial)
        matching = sum(not trial.violations for trial in reports)
        needs = " or ".join("+".join(branch.get("required", ())) for branch in branches)
        if matching == 0:
            report.violations.append(Violation(place, keyword, f"must have {needs}, as they must be"))
        elif matching > 1 and keyword == "oneOf":
            report.violations.append(Violation(place, keyword, f"must have only one of {needs}"))
        return {name for branch in branches for name in branch.get("properties", ())}


def check_schema(name: str, value: JsonValue) -> list[str]:
    """The places in `value` that the schema `name` does not know.

    Raises `SchemaViolation` with the first violation, and the number of the others.
    """
    report = load_schema(name).check(value)
    if report.violations:
        first, more = report.violations[0], len(report.violations) - 1
        others = f" (and {more} more)" if more else ""
        raise SchemaViolation(f"{shown(first.place)} {first.message}{others}", place=first.place)
    return report.unknown


def load_schema(name: str) -> Schema:
    """The schema `name` that is shipped beside this module, such as "transport_document"."""
    return _load(name)


@lru_cache
def _load(name: str) -> Schema:
    file = resources.files(__package__) / "schemas" / f"{name}.json"
    return Schema(parse(file.read_bytes()))


def _children(node: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, part in node.get("properties", {}).items():
        yield f"properties/{name}", part
    if "items" in node:
        yield "items", node["items"]
    for keyword in ("oneOf", "anyOf"):
        for index, part in enumerate(node.get(keyword, ())):
            yield f"{keyword}/{index}", part


def _is(value: JsonValue, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    if wanted == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[wanted])


def _scalar(node: Mapping[str, Any], value: JsonValue) -> Iterator[tuple[str, str]]:
    """The keywords about one text, number or list that `value` breaks."""
    if isinstance(value, str):
        yield from _size(node, len(value), "Length", "characters")
        if "pattern" in node and not _pattern(node["pattern"]).search(value):
            yield "pattern", f"must match {node['pattern']}"
        if "format" in node and not _is_format(value, node["format"]):
            yield "format", f"must be a {node['format']}"
    elif isinstance(value, list):
        yield from _size(node, len(value), "Items", "items")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in node and value < node["minimum"]:
            yield "minimum", f"must be at least {node['minimum']}"
        if "exclusiveMinimum" in node and value <= node["exclusiveMinimum"]:
            yield "exclusiveMinimum", f"must be more than {node['exclusiveMinimum']}"
        if "maximum" in node and value > node["maximum"]:
            yield "maximum", f"must be at most {node['maximum']}"


def _size(node: Mapping[str, Any], size: int, what: str, unit: str) -> Iterator[tuple[str, str]]:
    if (least := node.get(f"min{what}", 0)) > size:
        yield f"min{what}", f"has {size} {unit}, and must have at least {least}"
    if (most := node.get(f"max{what}", size)) < size:
        yield f"max{what}", f"has {size} {unit}, and must have at most {most}"


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    """`text` with the meaning that it has in ECMAScript: \\d is 0 to 9, $ is the end of the text."""
    try:
        ending = text.removesuffix("$") + r"\Z" if text.endswith("$") else text
        return re.compile(ending.replace(r"\d", "[0-9]"))
    except (re.error, AttributeError) as exc:
        raise BadSchema(f"a pattern cannot be read: {exc}", value=text) from None


def _is_format(text: str, name: str) -> bool:
    shape = _DATE if name == "date" else _TIME
    if not shape.fullmatch(text):
        return False
    try:
        datetime.date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True
