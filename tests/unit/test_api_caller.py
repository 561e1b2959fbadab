"""Who may call: the present key of an active member, over exactly this request, once, and now."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from http_message_signatures import HTTPMessageSigner
from support.game import START, Game
from support.members import Key, digest

from api.caller import Gate
from api.client_signing import RequestSigner
from api.errors import (
    NotPermitted,
    SignatureIncomplete,
    SignatureInvalid,
    SignatureMissing,
    SignatureReplayed,
    SignatureUntimely,
)
from api.message_signature import Ed25519, KeyId, Message
from contracts.guards import key_proof_message
from ledger.store.memory import MemoryStore
from nodes.reader import LedgerReader

URL = "http://node.example/v1/records/00ff"


class World:
    """A ledger in memory, its gate, and callers."""

    def __init__(self) -> None:
        self.game = Game()
        self.now = START
        self._drawn = 0
        self.gate = self.new_gate()

    def new_gate(self) -> Gate:
        store = MemoryStore()
        for batch in self.game.batches:
            store.append(batch)
        return Gate(LedgerReader(store), lambda: self.now)

    def headers(self, who, method="GET", url=URL, body=None, *, key=None, name=None, at=None):
        signing = key or self.game.members[who].key
        signer = RequestSigner(
            KeyId(name or who, signing.public),
            lambda message: signing.sign(message)[2],
            clock=lambda: self.now if at is None else at,
            random_bytes=self._random,
        )
        return signer.headers(method, url, body)

    def admit(self, headers, method="GET", url=URL, *, with_body=False):
        return self.gate.admit(Message(method, url, headers), with_body=with_body)

    def _random(self, size: int) -> bytes:
        self._drawn += 1
        return digest("nonce", self._drawn)[:size]


@pytest.fixture
def world():
    return World()


def test_a_member_is_known_by_its_alias_and_by_its_id(world):
    by_alias = world.admit(world.headers("shipper"))
    by_id = world.admit(world.headers("shipper", name=world.game.id("shipper").hex()))
    assert by_alias.member == by_id.member == world.game.id("shipper")
    assert by_id.alias == "shipper"


def test_target_uri_is_as_good_as_its_parts(world):
    headers = signed_over(world, ("@method", "@target-uri"))
    assert world.admit(headers).alias == "shipper"


@pytest.mark.parametrize("field", ["Signature", "Signature-Input"])
def test_a_request_without_a_signature_is_refused(world, field):
    headers = world.headers("shipper")
    del headers[field]
    with pytest.raises(SignatureMissing, match=f"no header {field}$"):
        world.admit(headers)
    with pytest.raises(SignatureMissing, match=r"no header Signature-Input and no header Signature$"):
        world.admit({})


def signed_over(world, components, **params):
    """A signature by the shipper over other components than ours, or with other parameters."""
    message = Message("GET", URL, {})
    settings = {"key_id": str(KeyId("shipper", world.game.members["shipper"].key.public)), "nonce": "abcdefgh"}
    settings |= {"label": "lading", "tag": "lading", "covered_component_ids": components, **params}
    library = HTTPMessageSigner(signature_algorithm=Ed25519)
    prepared = library.prepare(message, created=datetime.fromtimestamp(world.now // 1000, UTC), **settings)
    library.apply(message, prepared, world.game.members["shipper"].key.sign(prepared.signature_base)[2])
    return message.headers


@pytest.mark.parametrize(
    ("components", "missing"),
    [
        (("@authority", "@path", "@query"), "@method"),
        (("@method", "@path", "@query"), "@authority"),
        (("@method", "@authority", "@query"), "@path"),
        (("@method", "@authority", "@path"), "@query"),
        (("@method",), "@authority, @path, @query"),
    ],
)
def test_a_signature_that_leaves_something_open_is_refused(world, components, missing):
    with pytest.raises(SignatureIncomplete, match=f"does not cover {missing}$"):
        world.admit(signed_over(world, components))


def test_a_signature_without_the_digest_of_a_body_is_refused(world):
    with pytest.raises(SignatureIncomplete, match=r"does not cover content-digest$"):
        world.admit(world.headers("shipper"), with_body=True)


WHOLE = ("@method", "@target-uri")


@pytest.mark.parametrize("nonce", [None, "", "short", "x" * 65, "with a space"])
def test_a_signature_without_a_proper_nonce_is_refused(world, nonce):
    with pytest.raises(SignatureIncomplete, match="nonce"):
        world.admit(signed_over(world, WHOLE, nonce=nonce))


def test_another_tag_is_not_for_us(world):
    with pytest.raises(SignatureInvalid, match="No signatures found"):
        world.admit(signed_over(world, WHOLE, tag="other"))


def test_two_signatures_of_ours_are_refused(world):
    first, second = signed_over(world, WHOLE), signed_over(world, WHOLE, label="again", nonce="ijklmnop")
    both = {name: f"{first[name]}, {second[name]}" for name in first}
    with pytest.raises(SignatureIncomplete, match="2 signatures"):
        world.admit(both)


def test_a_signature_of_a_proxy_beside_ours_is_let_be(world):
    first, second = signed_over(world, WHOLE), signed_over(world, ("@method",), label="proxy", tag="proxy")
    both = {name: f"{first[name]}, {second[name]}" for name in first}
    assert world.admit(both).alias == "shipper"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("DELETE", URL),
        ("GET", URL + "0"),
        ("GET", URL + "/history"),
        ("GET", URL + "?checkpoint=5"),
        ("GET", "http://other.example/v1/records/00ff"),
        ("GET", "http://node.example:81/v1/records/00ff"),
    ],
)
def test_a_signature_does_not_carry_over_to_another_request(world, method, url):
    with pytest.raises(SignatureInvalid):
        world.admit(world.headers("shipper"), method, url)


def test_a_changed_body_is_detected(world):
    caller = world.admit(world.headers("shipper", "POST", body=b"body"), "POST", with_body=True)
    caller.check_body(b"body")
    with pytest.raises(SignatureInvalid, match="not the one that was signed"):
        caller.check_body(b"bodY")


def test_a_changed_digest_is_detected(world):
    headers = world.headers("shipper", "POST", body=b"body")
    headers["Content-Digest"] = world.headers("shipper", "POST", body=b"bodY")["Content-Digest"]
    with pytest.raises(SignatureInvalid):
        world.admit(headers, "POST", with_body=True)


@pytest.mark.parametrize("seconds", [-301, 301, -10_000_000, 10_000_000])
def test_a_signature_of_another_time_is_refused(world, seconds):
    world.now += 1_000_000
    headers = world.headers("shipper", at=world.now + 1000 * seconds)
    with pytest.raises(SignatureUntimely):
        world.admit(headers)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_clocks_may_differ_by_five_minutes(world, seconds):
    world.now += 1_000_000
    assert world.admit(world.headers("shipper", at=world.now + 1000 * seconds)).alias == "shipper"


def test_a_request_is_not_answered_twice(world):
    headers = world.headers("shipper")
    world.admit(headers)
    world.now += 299_000
    with pytest.raises(SignatureReplayed):
        world.admit(headers)


def test_a_request_is_not_answered_again_after_the_node_has_started_anew(world):
    headers = world.headers("shipper")
    world.admit(headers)
    world.now += 1_000
    world.gate = world.new_gate()
    with pytest.raises(SignatureUntimely, match="before this node started"):
        world.admit(headers)


def test_a_bad_signature_does_not_use_up_the_nonce(world):
    headers = world.headers("shipper")
    with pytest.raises(SignatureInvalid):
        world.admit(headers, url=URL + "0")
    assert world.admit(headers).alias == "shipper"


def test_who_is_no_member_is_refused(world):
    stranger = Key(digest("nobody"))
    for name in ("nobody", digest("nobody").hex(), world.game.issue_bill().hex()):
        with pytest.raises(SignatureInvalid, match="not the present key"):
            world.admit(world.headers("nobody", key=stranger, name=name))


def test_one_member_does_not_pass_for_another(world):
    shipper = world.game.members["shipper"].key
    with pytest.raises(SignatureInvalid, match="not the present key"):
        world.admit(world.headers("carrier", key=shipper))
    headers = world.headers("carrier", key=shipper)
    carrier = world.game.members["carrier"].key.public
    headers["Signature-Input"] = headers["Signature-Input"].replace(shipper.public.hex(), carrier.hex())
    with pytest.raises(SignatureInvalid, match="no valid signature"):
        world.admit(headers)


def test_a_key_that_was_replaced_opens_nothing_any_more(world):
    game, new = world.game, Key(digest("new key"))
    message = key_proof_message(game.id("shipper"), new.public)
    game.done("shipper", "rotate_key", game.id("shipper"), public_key=new.public, proof=new.sign(message)[2])
    world.gate = world.new_gate()
    assert world.admit(world.headers("shipper", key=new)).alias == "shipper"
    with pytest.raises(SignatureInvalid, match="not the present key"):
        world.admit(world.headers("shipper"))


def test_a_suspended_member_is_told_so(world):
    world.game.done("carrier", "suspend", world.game.id("shipper"))
    world.gate = world.new_gate()
    with pytest.raises(NotPermitted, match="shipper is suspended"):
        world.admit(world.headers("shipper"))
