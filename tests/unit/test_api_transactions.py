"""Submitting transactions: accepted, repeated, refused, and what never gets as far."""

from __future__ import annotations

import base64

import pytest
from support.members import Key, digest
from support.served import make_place

from ledger.codec import MAX_ENTRY
from ledger.transaction import sign


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


@pytest.fixture
def client(place):
    with place.client() as client:
        yield client


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A node whose ledger stays as it is, for what is refused."""
    place = make_place(tmp_path_factory.mktemp("quiet"))
    with place.client() as client:
        bill = place.issue_bill(client)
        place.send(client, "shipper", "accept", bill)
        yield place, client, bill


def test_an_accepted_transaction_is_in_the_log(place, client):
    arguments = place.game.bill_arguments()
    signed = place.game.signed("carrier", "bill_of_lading.issue", **arguments)
    answer = place.post(client, "carrier", signed)
    assert answer.status_code == 201
    assert answer.json() == {
        "index": 7,
        "height": 1,
        "time": "2025-11-24T16:00:00Z",
        "transaction": signed.id.hex(),
        "record": arguments["record"].hex(),
        "repeated": False,
    }
    assert answer.headers["location"] == f"/v1/records/{arguments['record'].hex()}"


def test_the_same_again_is_already_done(place, client):
    signed = place.game.signed("carrier", "bill_of_lading.issue", **place.game.bill_arguments())
    first = place.post(client, "carrier", signed)
    again = place.post(client, "shipper", signed)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "repeated": True}
    assert client.get("/v1/status").json()["height"] == 1


def test_a_transaction_is_taken_as_json_too(place, client):
    signed = place.game.signed("carrier", "bill_of_lading.issue", **place.game.bill_arguments())
    value = {"entry": base64.b64encode(signed.entry).decode()}
    answer = client.post("/v1/transactions", json=value, auth=place.signed_by("carrier"))
    assert answer.status_code == 201
    assert answer.json()["transaction"] == signed.id.hex()


def test_who_comes_too_late_is_told_which_entry_won(place, client):
    bill = place.issue_bill(client)
    place.send(client, "shipper", "accept", bill)
    late = place.game.signed("shipper", "offer", bill, to="bank", mode="endorse")
    won = place.send(client, "shipper", "offer", bill, to="buyer", mode="endorse")
    answer = place.post(client, "shipper", late)
    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == "transaction.stale_sequence"
    assert problem["value"] == bill.hex()
    assert problem["detail"].startswith(f"entry {won.json()['index']} won: bill_of_lading.offer by shipper at ")
    winner = problem["winner"]
    assert winner["entry"] == won.json()["index"]
    assert winner["transaction"] == won.json()["transaction"]
    assert winner["actor"]["alias"] == "shipper"
    assert winner["arguments"]["to"] == {"id": place.game.id("buyer").hex(), "alias": "buyer"}


@pytest.mark.parametrize(
    ("who", "action", "args", "status", "code"),
    [
        ("bank", "offer", {"to": "buyer", "mode": "endorse"}, 403, "rule.controller_signs"),
        ("carrier", "void", {}, 409, "rule.wrong_state"),
        ("shipper", "offer", {"to": "buyer", "mode": "telepathy"}, 409, "rule.bad_arguments"),
        ("shipper", "offer", {"to": "shipper", "mode": "endorse"}, 409, "rule.argument_is_another"),
        ("shipper", "melt", {}, 409, "rule.unknown_action"),
    ],
)
def test_what_the_rules_refuse(quiet, who, action, args, status, code):
    place, client, bill = quiet
    before = client.get("/v1/status").json()
    if action == "melt":
        transaction = place.game.transaction("shipper", "offer", bill, to="buyer", mode="endorse")
        transaction = transaction._replace(action="bill_of_lading.melt", statement="bill_of_lading.melt@1")
        answer = place.post(client, who, sign(transaction, place.game.members["shipper"].sign))
    else:
        answer = place.send(client, who, action, bill, **args)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["hint"]
    assert client.get("/v1/status").json() == before


def test_what_cannot_be_relied_on(quiet):
    place, client, _ = quiet
    game = place.game
    issue = game.bill_arguments()
    by_another_key = game.signed("carrier", "bill_of_lading.issue", key=Key(digest("other")), **issue)
    expired = game.signed("carrier", "bill_of_lading.issue", changes={"valid_until": game.time - 1}, **issue)
    elsewhere = game.signed("carrier", "bill_of_lading.issue", changes={"ledger": bytes(32)}, **issue)
    good = game.signed("carrier", "bill_of_lading.issue", **issue).entry
    forged = good[:-1] + bytes([good[-1] ^ 1])
    cases = [
        (by_another_key, 403, "transaction.not_the_actors_key"),
        (expired, 409, "transaction.expired"),
        (elsewhere, 422, "transaction.another_ledger"),
        (forged, 422, "signature.bad_signature"),
        (good[:-1], 400, "codec.undecodable"),
        (good + b"\x00", 400, "codec.undecodable"),
        (b"", 400, "codec.undecodable"),
        (b"\x93\x01\x02\x03", 400, "transaction.malformed"),
        (bytes(MAX_ENTRY + 1), 413, "codec.too_large"),
        (bytes(70_000), 413, "api.body_too_large"),
    ]
    for entry, status, code in cases:
        answer = place.post(client, "carrier", entry)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.get("/v1/status").json()["height"] == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "json.malformed"),
        (b"[]", 400, "api.bad_request"),
        (b"{}", 400, "api.bad_request"),
        (b'{"entry": 1}', 400, "api.bad_request"),
        (b'{"entry": "%%"}', 400, "api.bad_request"),
        ('{"entry": "é"}'.encode(), 400, "api.bad_request"),
        (b'{"entry": "AA==", "dry_run": true}', 400, "api.unknown_field"),
        (b'{"entry": "AA==", "entry": "AA=="}', 400, "json.duplicate_key"),
        (b'{"entry": "AA=="', 400, "json.malformed"),
        (b"[" * 60_000, 400, "json.too_deep"),
        (b'{"entry": "AA=="}', 400, "transaction.malformed"),
    ],
)
def test_json_that_is_no_transaction(quiet, body, status, code):
    place, client, _ = quiet
    headers = {"content-type": "application/json"}
    answer = client.post("/v1/transactions", content=body, headers=headers, auth=place.signed_by("carrier"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content-type": "text/plain"}, 415, "api.wrong_media_type"),
        ({}, 415, "api.wrong_media_type"),
        ({"content-type": "application/msgpack", "content-encoding": "gzip"}, 415, "api.wrong_media_type"),
    ],
)
def test_bodies_of_another_kind(quiet, headers, status, code):
    place, client, _ = quiet
    answer = client.post("/v1/transactions", content=b"x", headers=headers, auth=place.signed_by("carrier"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_body_changed_on_its_way_is_not_submitted(quiet):
    place, client, _ = quiet
    signed = place.game.signed("carrier", "bill_of_lading.issue", **place.game.bill_arguments())
    other = place.game.signed("carrier", "bill_of_lading.issue", **place.game.bill_arguments())
    url = "http://node.example/v1/transactions"
    headers = place.signer("carrier").headers("POST", url, signed.entry) | {"content-type": "application/msgpack"}
    answer = client.post("/v1/transactions", content=other.entry, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.signature_invalid")
    assert client.get("/v1/status").json()["height"] == 2


def test_a_parameter_that_is_not_known_is_refused(quiet):
    place, client, _ = quiet
    signed = place.game.signed("carrier", "bill_of_lading.issue", **place.game.bill_arguments())
    headers = {"content-type": "application/msgpack"}
    auth = place.signed_by("carrier")
    answer = client.post("/v1/transactions?dry_run=1", content=signed.entry, headers=headers, auth=auth)
    assert (answer.status_code, answer.json()["code"]) == (400, "api.unknown_field")
    assert client.get("/v1/status").json()["height"] == 2


def test_a_fault_of_the_node_tells_nothing(quiet, monkeypatch):
    place, client, _ = quiet

    def broken(*_: object) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("api.routes_members._entry", broken)
    answer = place.post(client, "carrier", b"x")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "secret" not in answer.text


def test_the_log_has_what_was_acknowledged(place):
    with place.client() as client:
        bill = place.issue_bill(client)
        accepted = place.send(client, "shipper", "accept", bill).json()
    engine = place.engine()
    try:
        assert engine.reader.record(bill).status == "held"
        assert engine.chain.size == accepted["index"] + 2
    finally:
        engine.store.close()


def test_who_does_not_sign_is_told_what_to_sign(quiet):
    _, client, _ = quiet
    answer = client.post("/v1/transactions", content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.signature_missing")
    assert answer.headers["accept-signature"].startswith('lading=("@method" "@authority" "@path" "@query"')
    assert answer.headers["www-authenticate"] == 'Signature realm="lading"'
