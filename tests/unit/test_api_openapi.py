"""The OpenAPI document describes what the node does: every example in it is played, every answer has its form."""

from __future__ import annotations

import base64
import json
import re
from contextlib import contextmanager
from importlib.resources import files

import jsonschema
import pytest
from support.served import make_place

from api import openapi
from api.openapi import examples

RAW = json.loads((files("api") / "examples.json").read_bytes())
NAME = re.compile(r"\{([a-z_0-9]+)\}")


CHANGES = {"accepted": (), "repeated": ("accepted",)}
"""Examples that change the ledger, and what was played before them; each is played on a ledger of its own."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The state that the examples begin with, for those that leave it as it is."""
    with begun(tmp_path_factory.mktemp("examples")) as world:
        yield world


@contextmanager
def begun(folder):
    """A node in the state that the examples begin with; gives its caller and what the names in them stand for."""
    place = make_place(folder)
    game = place.game
    with place.client() as client:
        fresh = place.issue_bill(client)
        accept = game.signed("shipper", "accept", fresh)
        bill = place.issue_bill(client)
        place.send(client, "shipper", "accept", bill)
        late = game.signed("shipper", "offer", bill, to="bank", mode="endorse")
        place.send(client, "shipper", "offer", bill, to="buyer", mode="endorse")
        foreign = game.signed("bank", "accept", bill)
    with place.client() as client:  # signed when it closed
        proof = client.get(f"/v1/records/{bill.hex()}/proof", auth=place.signed_by("buyer"))
        record = game.record(bill)
        live = {
            "fresh": fresh.hex(),
            "bill": bill.hex(),
            "head": record.head.hex(),
            "document": record.document.hex(),
            "rulebook": record.fields["rulebook"].hex(),
            "accept": accept.id.hex(),
            "accept_entry": base64.b64encode(accept.entry).decode(),
            "late_entry": base64.b64encode(late.entry).decode(),
            "foreign_entry": base64.b64encode(foreign.entry).decode(),
            "ledger": game.ledger.hex(),
            "bundle": base64.b64encode(proof.content).decode(),
            "policy": place.home.read_policy(),
            **{alias: member.id.hex() for alias, member in game.members.items()},
            **{f"{alias}_key": member.key.public.hex() for alias, member in game.members.items()},
        }
        yield place, client, live


@pytest.fixture(scope="module")
def document(world):
    return world[1].get("/v1/openapi.json").json()


def filled(value, names):
    """A value with every `{name}` in its strings replaced."""
    if isinstance(value, str):
        return NAME.sub(lambda match: names.get(match[1], match[0]), value)
    if isinstance(value, list):
        return [filled(item, names) for item in value]
    if isinstance(value, dict):
        return {key: filled(item, names) for key, item in value.items()}
    return value


def differences(expected, found, where=""):
    """Where an answer is not the example's; a name without a value stands for any text, "{elided}" for anything."""
    if expected == "{elided}":
        return []
    if isinstance(expected, str) and NAME.search(expected) and isinstance(found, str):
        pattern = ".*".join(map(re.escape, re.split(NAME.pattern.replace("(", "(?:"), expected)))
        return [] if re.fullmatch(pattern, found, re.DOTALL) else [f"{where}: {expected!r}, not {found!r}"]
    if isinstance(expected, dict) and isinstance(found, dict) and list(expected) == list(found):
        return [line for key in expected for line in differences(expected[key], found[key], f"{where}/{key}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for at, (one, other) in pairs for line in differences(one, other, f"{where}/{at}")]
    return [] if expected == found else [f"{where}: {expected!r}, not {found!r}"]


def play(place, client, live, example):
    example = filled(example, live)
    method, path = example["operation"].split(" ")
    request = example["request"]
    for name, value in request.get("path", {}).items():
        path = path.replace(f"{{{name}}}", value)
    body, headers = None, {}
    if "body" in request:
        headers = {"content-type": request["content_type"]}
        body = json.dumps(request["body"]).encode()
    auth = place.signed_by(request["signed_by"]) if "signed_by" in request else None
    return client.request(method.upper(), path, params=request.get("query"), content=body, headers=headers, auth=auth)


@pytest.mark.parametrize("example", RAW["examples"], ids=lambda example: example["name"])
def test_an_example_is_what_happens(world, document, example, tmp_path):
    if example["name"] not in CHANGES:
        check(world, document, example)
        return
    with begun(tmp_path) as own:
        for name in CHANGES[example["name"]]:
            play(*own, next(one for one in RAW["examples"] if one["name"] == name))
        check(own, document, example)


def check(world, document, example):
    """Play an example; the answer must be the one that it shows, and of the form that is described."""
    answer = play(*world, example)
    example = filled(example, world[2])
    expected = example["answer"]
    assert (answer.status_code, answer.headers["content-type"]) == (expected["status"], expected["content_type"])
    found = answer.json() if "json" in expected["content_type"] else answer.text
    assert differences(expected["body"], found) == []
    method, path = example["operation"].split(" ")
    described = document["paths"][path][method]["responses"][str(answer.status_code)]["content"]
    schema = {**described[expected["content_type"]]["schema"], "components": document["components"]}
    jsonschema.validate(found, schema, cls=jsonschema.Draft202012Validator)


def test_what_is_shown_has_no_place_left_to_fill():
    shown = json.dumps(examples())
    paths = {"{record}"}
    assert {match[0] for match in NAME.finditer(shown)} <= paths
    assert set(NAME.findall(json.dumps(RAW["examples"]))) - {"record"} == set(RAW["samples"])


def test_every_operation_has_an_example_and_every_example_an_operation(document):
    operations = {f"{method} {path}" for path, methods in document["paths"].items() for method in methods}
    assert operations == {example["operation"] for example in RAW["examples"]}
    names = [example["name"] for example in RAW["examples"]]
    assert len(names) == len(set(names))
    for example in examples():
        method, path = example["operation"].split(" ")
        answer = document["paths"][path][method]["responses"][str(example["answer"]["status"])]
        assert answer["content"][example["answer"]["content_type"]]["examples"][example["name"]]["value"]


def test_what_is_shown_has_the_form_that_is_described(document):
    for methods in document["paths"].values():
        for operation in methods.values():
            places = [answer["content"] for answer in operation["responses"].values()]
            places += [operation["requestBody"]["content"]] if "requestBody" in operation else []
            for shown in (one for content in places for one in content.values()):
                schema = {**shown["schema"], "components": document["components"]}
                for example in shown.get("examples", {}).values():
                    jsonschema.validate(example["value"], schema, cls=jsonschema.Draft202012Validator)


def test_the_document_is_of_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert set(document) == {"openapi", "info", "paths", "components"}
    references = set(re.findall(r'"#/components/schemas/([A-Za-z]+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_what_needs_a_signature_says_so(world, document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answer = world[1].request(method.upper(), path.replace("{record}", "00" * 32))
            assert ("security" in operation) is (answer.status_code == 401), (method, path)
            assert operation["summary"]
            assert operation["description"]


def test_every_route_is_described_and_nothing_else(document):
    routes = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert routes == set(openapi._OPERATIONS)
