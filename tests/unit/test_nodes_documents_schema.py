"""`nodes.documents.schema`: the subset, and our schema of a transport document against DCSA's."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nodes.documents.errors import SchemaViolation
from nodes.documents.schema import BadSchema, Schema, check_schema, load_schema

SAMPLES = Path(__file__).resolve().parents[2] / "nodes/demo/samples"
SHIPPED = ["transport_document", "ubl_invoice", "certificate_of_origin"]
STRUCTURE = {"$ref", "type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum"} | {
    "minItems", "maxItems", "items", "required", "properties", "oneOf", "anyOf", "exclusiveMinimum"
}  # fmt: skip


def broken(schema: Any, value: Any) -> list[tuple[str, str]]:
    return [(item.place, item.keyword) for item in Schema(schema).check(value).violations]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string"}, ["", "x"], [1, None, True, [], {}]),
        ({"type": "integer"}, [0, -3, 2.0**60], [1.5, True, "1"]),
        ({"type": "number"}, [0, 1.5], [False, "1"]),
        ({"type": "boolean"}, [True, False], [0, 1, "true"]),
        ({"type": "array"}, [[]], [{}, "x"]),
        ({"type": "object"}, [{}], [[], None]),
        ({"enum": ["A", "B"]}, ["A"], ["C", "a"]),
        ({"minLength": 2, "maxLength": 3}, ["ab", "\U0001f602bc"], ["a", "abcd"]),
        ({"minItems": 1, "maxItems": 2}, [[1]], [[], [1, 2, 3]]),
        ({"minimum": 1, "maximum": 3}, [1, 3], [0, 4]),
        ({"exclusiveMinimum": 0}, [0.001], [0, -1]),
        ({"pattern": r"^\d{4}$"}, ["1234"], ["123", "1234\n", "٣٤٥٦", "x1234"]),
        ({"pattern": r"^\S(?:.*\S)?$"}, ["a", "a b"], ["", " a", "a ", "a\n"]),
        ({"format": "date"}, ["2024-02-29"], ["2023-02-29", "2024-2-9", "20240229", "2024-02-29T"]),
        (
            {"format": "date-time"},
            ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00.5+08:00"],
            ["2024-02-30T12:00:00Z", "2024-02-29 12:00:00Z", "2024-02-29T12:00:00"],
        ),
        (
            {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            [{"a": 1}, {"b": 1}],
            [{}, {"a": 1, "b": 1}],
        ),
        (
            {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            [{"a": 1}, {"a": 1, "b": 1}],
            [{}, {"c": 1}],
        ),
    ],
)
def test_keywords(schema: Any, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert broken(schema, value) == []
    for value in bad:
        assert len(broken(schema, value)) == 1, value


def test_every_violation_is_named_with_its_place() -> None:
    schema = {
        "type": "object",
        "required": ["a", "m/n"],
        "properties": {"a": {"$ref": "#/$defs/List"}, "b": {"properties": {"c": {}}}},
        "$defs": {"List": {"type": "array", "items": {"type": "string"}}},
    }
    assert broken(schema, {"a": ["x", 1, None]}) == [("/m~1n", "required"), ("/a/1", "type"), ("/a/2", "type")]
    report = Schema(schema).check({"a": [], "m/n": 1, "b": {"c": 1, "d": {"e": 1}}})
    assert (report.violations, report.unknown) == ([], ["/m~1n", "/b/d"])


def test_a_closed_object_has_no_other_members() -> None:
    schema = {"type": "object", "properties": {"a": {}}, "additionalProperties": False}
    assert broken(schema, {"a": 1, "b": 2}) == [("/b", "additionalProperties")]


@pytest.mark.parametrize(
    "schema",
    [
        [],
        {"$defs": []},
        {"allOf": []},
        {"type": ["string", "null"]},
        {"type": "float"},
        {"additionalProperties": True},
        {"additionalProperties": {"type": "string"}},
        {"format": "uri"},
        {"pattern": "("},
        {"pattern": 5},
        {"$ref": "#/$defs/Nothing"},
        {"$ref": "other.json"},
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}},
        {"properties": {"a": 5}},
        {"items": {"const": 1}},
        {"oneOf": [{"not": {}}]},
        {"$defs": {"A": {"type": "nothing"}}},
    ],
)
def test_what_the_subset_does_not_have_is_refused(schema: Any) -> None:
    with pytest.raises(BadSchema):
        Schema(schema)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_schemas_are_schemas_of_the_standard_too(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(dict(load_schema(name).value))


def test_the_first_violation_is_raised_with_the_number_of_the_others() -> None:
    with pytest.raises(SchemaViolation) as caught:
        check_schema("certificate_of_origin", {"format": "lading/certificate-of-origin@1"})
    assert caught.value.place == "/number"
    assert caught.value.message == "/number is absent (and 12 more)"


# Our schema of a transport document against the standard's.


def _theirs(node: Any, named: set[str]) -> Any:
    """A node of DCSA's schema as ours writes it: structure only, keywords of 2020-12."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/components/schemas/")
        named.add(name)
        return {"$ref": f"#/$defs/{name}"}
    kept = {key: node[key] for key in node.keys() & STRUCTURE}
    if node.get("format") in ("date", "date-time"):
        kept["format"] = node["format"]
    if kept.get("exclusiveMinimum") is True:
        kept["exclusiveMinimum"] = kept.pop("minimum")
    if "items" in kept:
        kept["items"] = _theirs(kept["items"], named)
    if "properties" in kept:
        kept["properties"] = {key: _theirs(part, named) for key, part in kept["properties"].items()}
    for keyword in ("oneOf", "anyOf"):
        if keyword in kept:
            kept[keyword] = [_theirs(part, named) for part in kept[keyword]]
    return kept


def test_our_transport_document_is_that_of_dcsa(shared: Path) -> None:
    """The same objects with the same required sets, types, lengths, patterns and codes."""
    text = (shared / "specs/dcsa/EBL_v3.0.4.yaml").read_text(encoding="utf-8")
    schemas = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["components"]["schemas"]
    ours = copy.deepcopy(dict(load_schema("transport_document").value["$defs"]))
    assert ours["DocumentParties"]["properties"].pop("issueTo") == {"$ref": "#/$defs/IssueToParty"}
    named = {"TransportDocument", "IssueToParty"}
    expected: dict[str, Any] = {}
    while todo := named - expected.keys():
        for name in todo:
            expected[name] = _theirs(schemas[name], named)
    assert ours.keys() == expected.keys()
    for name in ours:
        assert ours[name] == expected[name], name


# Our validator against the jsonschema library, on documents changed at random.

DOCUMENTS = {
    "transport_document": json.loads((SAMPLES / "transport-document.json").read_bytes()),
    "certificate_of_origin": json.loads((SAMPLES / "certificate-of-origin.json").read_bytes()),
}
REPLACEMENTS = st.sampled_from(
    [None, True, 0, 1, -1, 1.5, 3.0, "", "x", " x", "ABCDEF", "NLRTM", "12345678901", "y" * 300, [], {}, ["x"]]
)


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(found for key, part in parts for found in _places(part, (*place, key)))]


def _plain(schema: Any) -> Any:
    """The schema as the library reads it the same way: it does not check formats."""
    return {key: value for key, value in schema.items() if key not in ("$id", "$schema")}


LIBRARY = {name: jsonschema.Draft202012Validator(_plain(load_schema(name).value)) for name in DOCUMENTS}


@given(st.sampled_from(sorted(DOCUMENTS)), st.data())
def test_our_validator_agrees_with_the_library(name: str, choose: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    for _ in range(choose.draw(st.integers(1, 3))):
        place = choose.draw(st.sampled_from(_places(document)[1:]))
        parent = document
        for key in place[:-1]:
            parent = parent[key]
        if isinstance(parent, dict) and choose.draw(st.booleans()):
            del parent[place[-1]]
        else:
            parent[place[-1]] = choose.draw(REPLACEMENTS)
    ours = load_schema(name).check(document).violations
    theirs = list(LIBRARY[name].iter_errors(document))
    parents = ("required", "additionalProperties")  # the library names the object, we the member
    found = {
        item.place.rpartition("/")[0] if item.keyword in parents else item.place
        for item in ours
        if item.keyword != "format"
    }
    assert found == {"".join(f"/{key}" for key in error.absolute_path) for error in theirs}
