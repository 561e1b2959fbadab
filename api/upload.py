"""What is uploaded to be verified: a bundle, and the policy by which it is judged.

    Content-Type: application/octet-stream                  the bundle; the policy is the node's
    Content-Type: application/vnd.lading.bundle+json        the same
    Content-Type: multipart/form-data; boundary=…           parts `bundle` and, if wanted, `policy`
    Content-Type: application/json                          {"bundle": "<base64>", "policy": "log …\\n…"}

`policy` is text (C2SP tlog-policy). A part or a member of another name is refused.

Source: RFC 7578 (multipart/form-data), RFC 4648 section 4 (base64).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.errors import LadingError
from ledger.policy import MAX_POLICY
from ledger.strict_json import parse

from .errors import BadRequest, BodyTooLarge, UnknownField, WrongMediaType

__all__ = ["BUNDLE", "MAX_BUNDLE", "MAX_UPLOAD", "MEDIA_TYPES", "Upload", "read_upload"]

BUNDLE: Final = "application/vnd.lading.bundle+json"
MAX_BUNDLE: Final = 32 * 1024 * 1024
"""Largest bundle that is verified for others, in bytes."""
MAX_UPLOAD: Final = MAX_BUNDLE // 3 * 4 + 2 * MAX_POLICY
"""Largest body: the bundle in base64, and a policy."""
_BYTES: Final = ("application/octet-stream", BUNDLE)
MEDIA_TYPES: Final = (*_BYTES, "application/json", "multipart/form-data")
_NAMES: Final = frozenset({"bundle", "policy"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A bundle, and a policy if one was sent."""

    bundle: bytes
    policy: bytes | None = None


def read_upload(content_type: str, body: bytes) -> Upload:
    """Read a body. Raises `WrongMediaType`, `BadRequest`, `UnknownField`, `BodyTooLarge` or errors of JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _BYTES:
        upload = Upload(body)
    elif kind == "application/json":
        upload = _from_json(body)
    elif kind == "multipart/form-data":
        upload = _from_parts(content_type, body)
    else:
        raise WrongMediaType(f"a bundle is uploaded as {', '.join(MEDIA_TYPES)}", value=kind)
    if len(upload.bundle) > MAX_BUNDLE:
        raise BodyTooLarge(f"the bundle has {len(upload.bundle):,} bytes", value=len(upload.bundle))
    return upload


def _from_json(body: bytes) -> Upload:
    value = parse(body, limit=MAX_UPLOAD)
    if not isinstance(value, dict):
        raise BadRequest("the body is not a JSON object")
    _check_names(value)
    bundle, policy = value.get("bundle"), value.get("policy")
    if not isinstance(bundle, str) or not isinstance(policy, str | None):
        raise BadRequest("`bundle` is base64 and `policy` text")
    try:
        data = b64decode(bundle.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise BadRequest("`bundle` is not base64") from None
    return Upload(data, None if policy is None else policy.encode("utf-8"))


def _check_names(given: dict[str, Any]) -> None:
    for name in given:
        if name not in _NAMES:
            raise UnknownField(f"{name!r} is not known here; what is: bundle, policy", value=name)
    if "bundle" not in given:
        raise BadRequest("there is no `bundle`", value="bundle")


@dataclass(slots=True)
class _Part:
    """A part of a form while it is read."""

    header: bytearray = field(default_factory=bytearray)
    disposition: bytes = b""
    content: bytearray = field(default_factory=bytearray)


class _Form:
    """Takes what the parser finds in multipart/form-data."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.complete = False
        self._value = bytearray()

    def begin(self) -> None:
        if len(self.parts) == len(_NAMES):
            raise BadRequest("the form has more than two parts")
        self.parts.append(_Part())

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        part = self.parts[-1]
        if part.header.lower() == b"content-disposition":
            part.disposition = bytes(self._value)
        part.header.clear()
        self._value.clear()

    def content(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].content += memoryview(data)[start:end]

    def end(self) -> None:
        self.complete = True


def _from_parts(content_type: str, body: bytes) -> Upload:
    from python_multipart.multipart import MultipartParser, parse_options_header

    form = _Form()
    callbacks: Any = {
        "on_part_begin": form.begin,
        "on_header_field": form.header_field,
        "on_header_value": form.header_value,
        "on_header_end": form.header_end,
        "on_part_data": form.content,
        "on_end": form.end,
    }
    found: dict[str, bytes] = {}
    try:
        boundary = parse_options_header(content_type)[1][b"boundary"]
        parser = MultipartParser(boundary, callbacks)
        parser.write(body)
        parser.finalize()
        for part in form.parts:
            name = parse_options_header(part.disposition)[1].get(b"name", b"").decode("utf-8")
            if name in found:
                raise BadRequest(f"the form has two parts {name!r}", value=name)
            found[name] = bytes(part.content)
    except LadingError:
        raise
    except (ValueError, KeyError) as exc:  # the parser's own errors are ValueErrors
        raise BadRequest(f"the body is not multipart/form-data: {type(exc).__name__}") from None
    if not form.complete:
        raise BadRequest("the form ends before its last boundary")
    _check_names(found)
    return Upload(found["bundle"], found.get("policy"))
