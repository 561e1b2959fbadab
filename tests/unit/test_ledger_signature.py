"""Ed25519 as every node must judge it: the vectors of RFC 8032 and Wycheproof, and keys that are refused."""

from __future__ import annotations

import json

import pytest
from nacl import bindings
from support.members import Key, digest

from ledger.signature import (
    BadPublicKey,
    BadSignature,
    UnknownAlgorithm,
    check_encryption_key,
    check_public_key,
    public_key_of,
    sign_ed25519,
    verify,
)

P = 2**255 - 19

# RFC 8032 §7.1: seed, public key, message, signature.
RFC_8032 = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
     "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
     "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
]  # fmt: skip

# The eight points of low order (their y, and the sign of their x), in the one encoding of each.
LOW_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
# The same points, and y = 2^255 - 1 and others above p, in encodings that are not canonical.
NOT_CANONICAL = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    *((P + y).to_bytes(32, "little").hex() for y in range(2, 19)),
    *((2**255 + P + y).to_bytes(32, "little").hex() for y in range(2, 19)),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_the_vectors_of_the_rfc(seed, public, message, signature):
    seed, public, message, signature = (bytes.fromhex(text) for text in (seed, public, message, signature))
    assert public_key_of(seed) == public
    assert sign_ed25519(seed, message) == signature
    verify(1, public, message, signature)
    check_public_key(1, public)


def test_wycheproof_agrees_in_every_case(shared):
    groups = json.loads((shared / "vectors/wycheproof/ed25519_test.json").read_bytes())["testGroups"]
    judged = {"valid": 0, "invalid": 0}
    for group in groups:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for test in group["tests"]:
            message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
            try:
                verify(1, public, message, signature)
                found = "valid"
            except BadSignature:
                found = "invalid"
            assert found == test["result"], test
            judged[found] += 1
    assert judged == {"valid": 88, "invalid": 63}


@pytest.mark.parametrize("encoding", [*LOW_ORDER, *NOT_CANONICAL])
def test_a_key_of_low_order_or_not_canonical_is_refused(encoding):
    key = bytes.fromhex(encoding)
    with pytest.raises(BadPublicKey) as caught:
        check_public_key(1, key)
    assert caught.value.value == key


@pytest.mark.parametrize("encoding", [*LOW_ORDER, *NOT_CANONICAL])
def test_such_a_key_verifies_no_forgery(encoding):
    """R and the key of low order and S = 0: what a library without this check takes for a signature."""
    key = bytes.fromhex(encoding)
    for r in LOW_ORDER:
        with pytest.raises(BadSignature):
            verify(1, key, b"anything", bytes.fromhex(r) + bytes(32))


def test_a_key_outside_the_prime_order_subgroup_is_refused():
    """A good point and one of order 8 added: signatures under the sum differ between libraries."""
    good = Key(digest("good")).public
    mixed = bindings.crypto_core_ed25519_add(good, bytes.fromhex(LOW_ORDER[3]))
    with pytest.raises(BadPublicKey):
        check_public_key(1, mixed)


def test_a_key_off_the_curve_is_refused():
    with pytest.raises(BadPublicKey):
        check_public_key(1, bytes([2]) + bytes(31))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_of_another_size_is_refused(size):
    with pytest.raises(BadPublicKey):
        check_public_key(1, bytes(size))
    with pytest.raises(BadSignature):
        verify(1, bytes(size), b"", bytes(64))
    with pytest.raises(BadPublicKey):
        check_encryption_key(bytes(size))


@pytest.mark.parametrize("algorithm", [0, 2, 255, -1])
def test_another_algorithm_is_unknown(algorithm):
    key = Key(digest("key"))
    with pytest.raises(UnknownAlgorithm):
        check_public_key(algorithm, key.public)
    with pytest.raises(UnknownAlgorithm):
        verify(algorithm, key.public, b"", key.sign(b"")[2])


def test_every_part_of_what_is_verified_counts():
    key, other = Key(digest("key")), Key(digest("other"))
    signature = key.sign(b"message")[2]
    verify(1, key.public, b"message", signature)
    for public, message, sig in (
        (other.public, b"message", signature),
        (key.public, b"massage", signature),
        (key.public, b"", signature),
        (key.public, b"message\x00", signature),
        (key.public, b"message", signature[:-1]),
        (key.public, b"message", signature + b"\x00"),
        (key.public, b"message", bytes(64)),
        (key.public, b"message", signature[:32] + bytes(32)),
    ):
        with pytest.raises(BadSignature):
            verify(1, public, message, sig)


def test_the_border_between_signature_and_message_cannot_be_moved():
    """The library reads them as one string: a byte given to the other side would verify as well."""
    key = Key(digest("key"))
    signature = key.sign(b"message")[2]
    for size in (0, 1, 32, 63, 65, 70):
        whole = signature + b"message"
        with pytest.raises(BadSignature):
            verify(1, key.public, whole[size:], whole[:size])


def test_a_signature_with_s_above_the_order_is_refused():
    """S + L verifies in libraries that do not look: one signature would have two forms."""
    order = 2**252 + 27742317777372353535851937790883648493
    key = Key(digest("key"))
    signature = key.sign(b"message")[2]
    s = int.from_bytes(signature[32:], "little") + order
    with pytest.raises(BadSignature):
        verify(1, key.public, b"message", signature[:32] + s.to_bytes(32, "little"))


# X25519 (RFC 7748): the points of low order on the curve and its twist, in every encoding below 2^255.
X25519_LOW_ORDER = [
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    P - 1,
    P,
    P + 1,
]


@pytest.mark.parametrize("u", [*X25519_LOW_ORDER, P + 2, P + 18, 2**255, 2**255 + 9, 2**256 - 1])
def test_an_encryption_key_of_low_order_or_not_canonical_is_refused(u):
    with pytest.raises(BadPublicKey):
        check_encryption_key(u.to_bytes(32, "little"))


def test_an_encryption_key_is_accepted():
    check_encryption_key(bindings.crypto_scalarmult_base(digest("secret")))
    check_encryption_key((9).to_bytes(32, "little"))
