"""Requests are signed as RFC 9421 says: another verifier agrees, and we agree with the RFC's own example."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from support.members import Key, digest

from api.client_signing import RequestSigner
from api.errors import BadRequest, SignatureIncomplete
from api.message_signature import Ed25519, KeyId, Message, missing_components
from ledger.errors import LadingError
from ledger.signature import BadSignature

KEY = Key(digest("signing", "shipper"))
URL = "http://node.example:8720/v1/records/00ff?checkpoint=7"


def signer(*, now: int = 1_764_000_000_999) -> RequestSigner:
    return RequestSigner(
        KeyId("shipper", KEY.public),
        lambda message: KEY.sign(message)[2],
        clock=lambda: now,
        random_bytes=lambda size: bytes(range(size)),
    )


class _Stranger(HTTPMessageVerifier):
    """The stock verifier, with the stock Ed25519 of `cryptography`, at the time of the test's signatures."""

    max_clock_skew = timedelta(days=36_500)


class _Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id):
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key_id.partition(":")[2]))


def test_the_fields_are_these():
    headers = signer().headers("GET", URL)
    assert headers["Signature-Input"] == (
        'lading=("@method" "@authority" "@path" "@query");created=1764000000;'
        f'keyid="shipper:{KEY.public.hex()}";alg="ed25519";nonce="AAECAwQFBgcICQoLDA0ODxAR";tag="lading"'
    )
    base = (
        '"@method": GET\n"@authority": node.example:8720\n"@path": /v1/records/00ff\n"@query": ?checkpoint=7\n'
        f'"@signature-params": {headers["Signature-Input"].removeprefix("lading=")}'
    )
    signature = base64.b64encode(KEY.sign(base.encode())[2]).decode()
    assert headers["Signature"] == f"lading=:{signature}:"
    assert set(headers) == {"Signature-Input", "Signature"}


def test_a_body_is_bound_by_its_digest():
    headers = signer().headers("POST", URL, b"body")
    digest_of_body = base64.b64encode(hashlib.sha256(b"body").digest()).decode()
    assert headers["Content-Digest"] == f"sha-256=:{digest_of_body}:"
    assert '"@query" "content-digest");created' in headers["Signature-Input"]


@pytest.mark.parametrize("body", [None, b"", b"body"])
def test_a_stock_verifier_agrees(body):
    headers = signer().headers("POST", URL, body)
    verifier = _Stranger(signature_algorithm=algorithms.ED25519, key_resolver=_Keys())
    (result,) = verifier.verify(Message("POST", URL, headers), max_age=None, expect_tag="lading", body=body)
    assert result.nonce == "AAECAwQFBgcICQoLDA0ODxAR"
    assert result.body == body


def test_a_malformed_url_is_not_signed():
    with pytest.raises(BadRequest):
        signer().headers("GET", "http://node.example/with a space")


# RFC 9421, appendix B.2.6: a request signed with ed25519.
RFC_KEY = base64.b64decode("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")
RFC_BASE = b"""\
"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")\
;created=1618884473;keyid="test-key-ed25519\""""
RFC_SIGNATURE = base64.b64decode(
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
)


def test_the_example_of_the_rfc_verifies():
    Ed25519(public_key=RFC_KEY).verify(RFC_SIGNATURE, RFC_BASE)
    with pytest.raises(BadSignature):
        Ed25519(public_key=RFC_KEY).verify(RFC_SIGNATURE, RFC_BASE + b" ")


@pytest.mark.parametrize("key", [None, b"", bytes(31), "text"])
def test_without_a_key_nothing_verifies(key):
    with pytest.raises(LadingError):
        Ed25519(public_key=key).verify(RFC_SIGNATURE, RFC_BASE)


@pytest.mark.parametrize(
    "text",
    ["", "shipper", "shipper:", f":{'0' * 64}", f"Shipper:{'0' * 64}", f"shipper:{'0' * 63}", f"shipper:{'0' * 65}",
     f"shipper:{'G' * 64}", f"shipper:{'A' * 64}", f"shipper\n:{'0' * 64}", f"shipper:{'0' * 64}\n"],
)  # fmt: skip
def test_a_malformed_keyid_is_refused(text):
    with pytest.raises(SignatureIncomplete):
        KeyId.parse(text)


@pytest.mark.parametrize("member", ["shipper", "a", "3m-company", "0f" * 32])
def test_a_keyid_is_read_as_it_is_written(member):
    key = KeyId(member, KEY.public)
    assert KeyId.parse(str(key)) == key


def test_what_a_signature_lacks_is_named():
    whole = {"@method", "@authority", "@path", "@query"}
    assert missing_components(whole, with_body=False) == []
    assert missing_components(whole, with_body=True) == ["content-digest"]
    assert missing_components({"@method", "@target-uri"}, with_body=False) == []
    assert missing_components({"@path", "@query"}, with_body=False) == ["@method", "@authority"]
    assert missing_components(set(), with_body=True) == ["@method", "@authority", "@path", "@query", "content-digest"]
