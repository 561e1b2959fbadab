"""The OpenAPI document (3.1): what FastAPI reads from the routes, with forms and examples.

Examples stand in `examples.json`, each a request and its answer; a test plays every one of them.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from . import models
from .message_signature import ACCEPT_SIGNATURE
from .problems import MEDIA_TYPE
from .upload import BUNDLE, MAX_BUNDLE

__all__ = ["OPENAPI_URL", "VERSION", "document", "examples"]

OPENAPI_URL: Final = "/v1/openapi.json"
VERSION: Final = "1.0.0"
"""Of the interface, not of the program: the first number changes with `/v1`."""

_ABOUT: Final = (
    "Every time is ISO 8601 in UTC, every id and hash is written in hexadecimal. Errors are problem documents "
    "(RFC 9457) with a stable `code`. Members, parameters and parts of a request that are not known are refused."
)
_SIGNED: Final = (
    "HTTP Message Signatures (RFC 9421) with the present Ed25519 key of a member. A request without is told 401, with "
    f"what it must cover: {ACCEPT_SIGNATURE}. `docs/api.md` shows how to sign."
)
_NAME: Final = re.compile(r"\{([a-z_0-9]+)\}")
_MODELS: Final = tuple(getattr(models, name) for name in models.__all__)


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(name: str, about: str) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": _ref(name)}}}


def _body(kinds: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"required": True, "content": {kind: {"schema": schema} for kind, schema in kinds.items()}}


_BINARY: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_RECORD: Final[dict[str, Any]] = {
    "name": "record",
    "in": "path",
    "required": True,
    "description": "the record's id",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}
_CHECKPOINT: Final[dict[str, Any]] = {
    "name": "checkpoint",
    "in": "query",
    "required": False,
    "description": "the size of the checkpoint to prove under; without it the newest with the quorum of the policy",
    "schema": {"type": "integer", "minimum": 1},
}
_ENTRY: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["entry"],
    "properties": {
        "entry": {
            "type": "string",
            "contentEncoding": "base64",
            "description": "a signed transaction as the log takes it",
        }
    },
}
_UPLOAD: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["bundle"],
    "properties": {
        "bundle": {"type": "string", "contentEncoding": "base64", "description": f"at most {MAX_BUNDLE:,} bytes"},
        "policy": {"type": "string", "description": "C2SP tlog-policy; without it the policy of the node"},
    },
}
_FORM: Final[dict[str, Any]] = {
    **_UPLOAD,
    "properties": {"bundle": _BINARY, "policy": {"type": "string"}},
}

_OPERATIONS: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("/v1/transactions", "post"): {
        "requestBody": _body({"application/json": _ENTRY, "application/msgpack": _BINARY}),
        "responses": {
            "201": _json("Accepted", "it is in the log"),
            "200": _json("Accepted", "it was in the log before"),
        },
        "problems": ("400", "403", "409", "413", "422"),
    },
    ("/v1/records/{record}", "get"): {
        "parameters": [_RECORD],
        "responses": {"200": _json("Record", "the record")},
        "problems": ("400", "403", "404"),
    },
    ("/v1/records/{record}/history", "get"): {
        "parameters": [_RECORD],
        "responses": {"200": _json("History", "its acts")},
        "problems": ("400", "403", "404"),
    },
    ("/v1/records/{record}/proof", "get"): {
        "parameters": [_RECORD, _CHECKPOINT],
        "responses": {
            "200": {"description": "the bundle", "content": {BUNDLE: {"schema": {"type": "object"}}}},
        },
        "problems": ("400", "403", "404", "410"),
    },
    ("/v1/status", "get"): {"responses": {"200": _json("Status", "where it stands")}, "problems": ("400",)},
    ("/checkpoint", "get"): {
        "responses": {
            "200": {
                "description": "the note",
                "content": {"text/plain; charset=utf-8": {"schema": {"type": "string"}}},
            },
        },
        "problems": ("400", "404"),
    },
    ("/v1/verifications", "post"): {
        "requestBody": _body(
            {"application/octet-stream": _BINARY, "application/json": _UPLOAD, "multipart/form-data": _FORM}
        ),
        "responses": {"200": _json("Report", "what was found")},
        "problems": ("400", "408", "413", "415"),
    },
}
_OPEN: Final = frozenset({"/v1/status", "/checkpoint", "/v1/verifications"})


@cache
def examples() -> list[dict[str, Any]]:
    """The examples: name, summary, operation, request, answer; each `{name}` in the file is replaced by its sample."""
    found = json.loads((files(__package__) / "examples.json").read_bytes())
    shown: list[dict[str, Any]] = _filled(found["examples"], found["samples"])
    return shown


def _filled(value: Any, samples: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _NAME.sub(lambda match: samples.get(match[1], match[0]), value)
    if isinstance(value, list):
        return [_filled(item, samples) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, samples) for name, item in value.items()}
    return value


def document(api: FastAPI) -> dict[str, Any]:
    """The document."""
    made: dict[str, Any] = get_openapi(
        title=api.title, version=api.version, openapi_version="3.1.0", description=_ABOUT, routes=api.routes
    )
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            operation.update(_operation(path, method))
    _, schemas = models_json_schema(
        [(model, "serialization") for model in _MODELS], ref_template="#/components/schemas/{model}"
    )
    made["components"] = {
        "schemas": schemas["$defs"],
        "securitySchemes": {"member": {"type": "apiKey", "in": "header", "name": "Signature", "description": _SIGNED}},
    }
    return made


def _operation(path: str, method: str) -> dict[str, Any]:
    described = dict(_OPERATIONS[path, method])
    problems = described.pop("problems")
    if path not in _OPEN:
        described["security"] = [{"member": []}]
        problems = ("401", *problems)
    refusal = {"description": "a problem document", "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}
    described["responses"] = described["responses"] | dict.fromkeys((*problems, "500", "503"), refusal)
    made: dict[str, Any] = json.loads(json.dumps(described))
    for example in examples():
        if example["operation"] == f"{method} {path}":
            _attach(made, example)
    return made


def _attach(operation: dict[str, Any], example: dict[str, Any]) -> None:
    """Show an example at its answer, and at the body of its request unless that was malformed."""
    request, answer = example["request"], example["answer"]
    places = [(operation["responses"][str(answer["status"])], answer)]
    if "body" in request and answer["status"] != 400:
        places.append((operation["requestBody"], request))
    for place, side in places:
        shown = place["content"][side["content_type"]].setdefault("examples", {})
        shown[example["name"]] = {"summary": example["summary"], "value": side["body"]}
