"""Whatever stands in the header fields or in the body of a request, it is refused with an error of ours."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.game import START, Game
from support.members import Key

from api.caller import Gate
from api.client_signing import RequestSigner
from api.errors import BodyTooLarge, NotAuthenticated
from api.message_signature import KeyId, Message
from api.upload import BUNDLE, Upload, read_upload
from ledger.errors import InputError
from ledger.store.memory import MemoryStore
from nodes.reader import LedgerReader

GAME = Game()
KEY: Key = GAME.members["shipper"].key
URL = "http://node.example/v1/records/00ff?checkpoint=5"


def gate() -> Gate:
    store = MemoryStore()
    for batch in GAME.batches:
        store.append(batch)
    return Gate(LedgerReader(store), lambda: START)


GATE = gate()
GOOD = RequestSigner(
    KeyId("shipper", KEY.public), lambda m: KEY.sign(m)[2], clock=lambda: START, random_bytes=bytes
).headers("GET", URL)
LATIN = st.text(st.characters(max_codepoint=255), max_size=200)
FIELDS = st.sampled_from(sorted(GOOD))


@given(LATIN, LATIN)
@example("lading=()", "lading=:AA==:")
@example("lading=(1 2);created=1", "lading=:AA==:")
@example('lading=("@method" "@method");created=1;tag="lading"', "lading=1")
@example("lading", "lading")
def test_any_header_fields(signature_input, signature):
    with pytest.raises(NotAuthenticated):
        GATE.admit(Message("GET", URL, {"Signature-Input": signature_input, "Signature": signature}), with_body=False)


@given(FIELDS, st.data())
def test_no_character_of_the_header_fields_can_be_changed(field, data):
    text = GOOD[field]
    at = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.characters(max_codepoint=255).filter(lambda char: char != text[at]))
    changed = {**GOOD, field: text[:at] + new + text[at + 1 :]}
    with pytest.raises(NotAuthenticated):
        GATE.admit(Message("GET", URL, changed), with_body=False)


@given(LATIN)
def test_any_url(text):
    with pytest.raises(NotAuthenticated):
        GATE.admit(Message("GET", "http://" + text, GOOD), with_body=False)


@given(st.sampled_from(["application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain"]),
       st.binary(max_size=300))  # fmt: skip
@example("application/json", b"[" * 100_000)
@example("application/json", b'{"bundle": "AA==", "bundle": "AA=="}')
@example("application/json", b'{"bundle": "A"}')
@example("application/json", b'{"bundle": 1}')
@example("multipart/form-data; boundary=x", b"--x--\r\n")
def test_any_upload(content_type, body):
    with pytest.raises(InputError):
        read_upload(content_type, body)


def form(boundary: str, parts: list[tuple[str, bytes]]) -> bytes:
    head = 'Content-Disposition: form-data; name="{}"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\n'
    made = b"".join(f"--{boundary}\r\n{head.format(name)}".encode() + data + b"\r\n" for name, data in parts)
    return made + f"--{boundary}--\r\n".encode()


@given(st.binary(max_size=500), st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_every_form_carries_the_same(bundle, policy):
    wanted = Upload(bundle, None if policy is None else policy.encode())
    value = {"bundle": base64.b64encode(bundle).decode(), **({} if policy is None else {"policy": policy})}
    assert read_upload("application/json", json.dumps(value).encode()) == wanted
    parts = [("bundle", bundle), *([] if policy is None else [("policy", policy.encode())])]
    boundary = "a-boundary-that-no-example-has"
    assert read_upload(f"multipart/form-data; boundary={boundary}", form(boundary, parts)) == wanted
    assert read_upload(f"{BUNDLE}; charset=utf-8", bundle) == Upload(bundle)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([], "api.bad_request"),
        ([("policy", b"")], "api.bad_request"),
        ([("bundle", b""), ("bundle", b"")], "api.bad_request"),
        ([("bundle", b""), ("polciy", b"")], "api.unknown_field"),
        ([("bundle", b""), ("policy", b""), ("policy", b"")], "api.bad_request"),
    ],
)
def test_a_form_has_these_parts_and_no_others(parts, code):
    with pytest.raises(InputError) as caught:
        read_upload("multipart/form-data; boundary=x", form("x", parts))
    assert caught.value.code == code


def test_a_form_that_is_cut_short_is_refused():
    whole = form("x", [("bundle", b"content")])
    for size in range(len(whole) - 4):  # the last boundary is whole without the line break behind it
        with pytest.raises(InputError):
            read_upload("multipart/form-data; boundary=x", whole[:size])


def test_a_bundle_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr("api.upload.MAX_BUNDLE", 10)
    assert read_upload(BUNDLE, bytes(10)).bundle == bytes(10)
    with pytest.raises(BodyTooLarge):
        read_upload(BUNDLE, bytes(11))
