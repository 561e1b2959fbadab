"""What everybody may do: status, checkpoint, verification of an upload."""

from __future__ import annotations

import base64

import pytest
from support.served import ORIGIN, make_place

from api.routes_open import MAX_UPLOAD
from ledger.merkle import leaf_hash
from ledger.note import SIGNING_KEY, Note, VerifierKey, verify_note
from ledger.tiles import decode_bundle
from nodes.keystore import KeyName

OCTETS = {"content-type": "application/octet-stream"}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A node whose ledger stays as it is, and the proof of a bill."""
    place = make_place(tmp_path_factory.mktemp("quiet"))
    with place.client() as client:
        bill = place.issue_bill(client)
        place.send(client, "shipper", "accept", bill)
    with place.client() as client:  # which signed when it closed
        proof = client.get(f"/v1/records/{bill.hex()}/proof", auth=place.signed_by("shipper")).content
        yield place, client, proof


def test_the_status(quiet):
    place, client, _ = quiet
    answer = client.get("/v1/status")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json() == {
        "ledger": place.game.ledger.hex(),
        "origin": ORIGIN,
        "height": 2,
        "size": 11,
        "time": "2025-11-24T16:00:00Z",
        "checkpoint": 11,
        "signs": True,
    }


def test_the_checkpoint_is_served_as_tlog_tiles_asks(quiet):
    place, client, _ = quiet
    answer = client.get("/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    key = VerifierKey(ORIGIN, SIGNING_KEY, place.keys.public_key(KeyName.LOG))
    note = Note.parse(answer.content)
    assert verify_note(note, [key]) == (key,)
    assert note.text.startswith(ORIGIN.encode() + b"\n11\n")


def test_there_is_no_checkpoint_before_the_first(tmp_path):
    place = make_place(tmp_path)
    with place.client(signs=False) as client:
        answer = client.get("/checkpoint")
        assert (answer.status_code, answer.json()["code"]) == (404, "api.no_checkpoint")
        assert client.get("/v1/status").json()["checkpoint"] is None


@pytest.mark.parametrize("path", ["/v1/status?x=1", "/checkpoint?x=1"])
def test_a_parameter_that_is_not_known_is_refused(quiet, path):
    answer = quiet[1].get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "api.unknown_field")


def test_the_report_of_an_upload(quiet):
    _, client, proof = quiet
    report = client.post("/v1/verifications", content=proof, headers=OCTETS).json()
    assert report["verdict"] == "UNKNOWN"
    assert report["history"] == {"verdict": "UNKNOWN", "reason": "step 10: the bundle holds no document"}
    assert [step["number"] for step in report["steps"] if step["verdict"] != "VALID"] == [10]
    assert [event["action"] for event in report["events"]] == ["issue", "accept"]
    assert report["facts"]["controller"] == "shipper"


def test_an_upload_that_contradicts_itself(quiet):
    _, client, proof = quiet
    at = proof.index(b'"checkpoint"') + 60
    changed = proof[:at] + (b"A" if proof[at : at + 1] != b"A" else b"B") + proof[at + 1 :]
    answer = client.post("/v1/verifications", content=changed, headers=OCTETS)
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "INVALID"


def test_a_policy_of_ones_own(quiet):
    _, client, proof = quiet
    other = VerifierKey(ORIGIN, SIGNING_KEY, bytes([88]) + bytes([102]) * 31)  # the base point
    policy = f"log {other}\nquorum none\n"
    as_json = {"bundle": base64.b64encode(proof).decode(), "policy": policy}
    answers = [
        client.post("/v1/verifications", json=as_json),
        client.post("/v1/verifications", files={"bundle": proof, "policy": policy.encode()}),
    ]
    for answer in answers:
        steps = answer.json()["steps"]
        assert (steps[2]["number"], steps[2]["verdict"], steps[2]["code"]) == (3, "UNKNOWN", "note.no_known_signature")


def test_the_policy_of_the_node_without_one(quiet):
    _, client, proof = quiet
    answers = [
        client.post("/v1/verifications", json={"bundle": base64.b64encode(proof).decode()}),
        client.post("/v1/verifications", files={"bundle": proof}),
    ]
    for answer in answers:
        assert answer.json()["steps"][2]["verdict"] == "VALID"


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{}", {"content-type": "text/html"}, 415, "api.wrong_media_type"),
        (b"{}", {}, 415, "api.wrong_media_type"),
        (b"{}", {**OCTETS, "content-encoding": "gzip"}, 415, "api.wrong_media_type"),
        (b"{}", {"content-type": "application/json"}, 400, "api.bad_request"),
        (b'{"bundle": "AA==", "polciy": ""}', {"content-type": "application/json"}, 400, "api.unknown_field"),
        (b'{"bundle": "AA==", "policy": ""}', {"content-type": "application/json"}, 400, "policy.malformed"),
        (b"--x\r\n", {"content-type": "multipart/form-data; boundary=x"}, 400, "api.bad_request"),
        (b"", {**OCTETS, "content-length": str(MAX_UPLOAD + 1)}, 413, "api.body_too_large"),
    ],
)
def test_what_is_no_upload(quiet, content, headers, status, code):
    answer = quiet[1].post("/v1/verifications", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("content", [b"", b"\x00", b"{}", b"[" * 100_000, b'{"format":"lading/bundle@1"}'])
def test_what_is_no_bundle_is_unknown(quiet, content):
    answer = quiet[1].post("/v1/verifications", content=content, headers=OCTETS)
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "UNKNOWN"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "api.no_such_path"),
        ("GET", "/docs", 404, "api.no_such_path"),
        ("GET", "/v1/status/", 404, "api.no_such_path"),
        ("GET", "/v1/records/", 404, "api.no_such_path"),
        ("GET", "/v1/../checkpoint%2f", 404, "api.no_such_path"),
        ("PUT", "/v1/status", 405, "api.method_not_allowed"),
        ("GET", "/v1/transactions", 405, "api.method_not_allowed"),
    ],
)
def test_what_is_not_there(quiet, method, path, status, code):
    answer = quiet[1].request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if status == 405:
        assert answer.headers["allow"] == ("GET" if method == "PUT" else "POST")


def test_hash_tiles_are_for_everybody_and_never_change(quiet):
    _, client, _ = quiet
    size = client.get("/v1/status").json()["size"]
    answer = client.get(f"/tile/0/000.p/{size}")
    assert (answer.status_code, len(answer.content)) == (200, 32 * size)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert client.get("/tile/0/000.p/3").content == answer.content[:96]
    assert (client.get("/tile/0/000").status_code, client.get("/tile/1/000.p/1").status_code) == (404, 404)
    assert client.get("/tile/0/000.p/0").json()["code"] == "tiles.malformed"
    assert client.get("/tile/0/00").status_code == 400


def test_bundles_of_entries_are_for_members(quiet):
    place, client, _ = quiet
    size = client.get("/v1/status").json()["size"]
    path = f"/tile/entries/000.p/{size}"
    assert client.get(path).status_code == 401
    answer = client.get(path, auth=place.signed_by("shipper"))
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    hashes = b"".join(leaf_hash(entry) for entry in decode_bundle(answer.content, size))
    assert hashes == client.get(f"/tile/0/000.p/{size}").content


def test_a_node_without_a_witness_key_knows_no_log(quiet):
    _, client, _ = quiet
    answer = client.post("/add-checkpoint", content=b"old 0\n\n")
    assert (answer.status_code, answer.text) == (404, "this node has no witness key, and watches no log\n")
    assert client.post("/add-checkpoint", content=b"x" * 70_000).status_code == 413
