"""Hashes of our own: their formulas word for word, and that no two can be mixed up."""

from __future__ import annotations

from hashlib import sha256

import pytest
from support.members import digest

from ledger import hashing
from ledger.hashing import claim_key, number_key, record_key, state_value, transaction_id

A, B, C = digest("a"), digest("b"), digest("c")


def test_the_formulas():
    assert hashing.release_code_hash(A, "7Q4M") == sha256(b"lading/v1/release-code\x00" + A + b"7Q4M").digest()
    assert transaction_id(b"body") == sha256(b"lading/v1/transaction-id\x00body").digest()
    assert record_key(A) == sha256(b"lading/v1/record-key\x00" + A).digest()
    assert claim_key(A, B) == sha256(b"lading/v1/claim-key\x00" + A + B).digest()
    assert state_value(A, B, b"content") == sha256(b"lading/v1/state-value\x00" + A + B + b"content").digest()
    assert number_key(A, "invoice", B, "№ 1", "s") == sha256(
        b"lading/v1/number-key\x00" + A + B
        + b"\x00\x00\x00\x07invoice" + b"\x00\x00\x00\x05\xe2\x84\x96 1" + b"\x00\x00\x00\x01s"
    ).digest()  # fmt: skip


def test_signatures_cover_these_domains():
    assert hashing.SIGN_TRANSACTION == b"lading/v1/sign-transaction\x00"
    assert hashing.SIGN_ATTESTATION == b"lading/v1/sign-attestation\x00"


def test_no_domain_is_the_beginning_of_another():
    domains = [value for name, value in vars(hashing).items() if isinstance(value, bytes) and name != "ZERO"]
    assert len(domains) == len(set(domains)) >= 7
    for one in domains:
        assert one.startswith(b"lading/v1/")
        assert one.endswith(b"\x00")
        assert one.count(b"\x00") == 1
        assert [other for other in domains if other.startswith(one)] == [one]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c", ""), ("a", "bc", "")),
        (("a", "bc", ""), ("a", "b", "c")),
        (("a", "", "b"), ("a", "b", "")),
        (("", "a", ""), ("a", "", "")),
        (("a", "b\x00", ""), ("a", "b", "\x00")),
    ],
)
def test_the_parts_of_a_number_do_not_run_into_each_other(one, other):
    def key(parts):
        return number_key(A, parts[0], B, parts[1], parts[2])

    assert key(one) != key(other)


def test_every_part_of_a_number_counts():
    keys = {
        number_key(A, "invoice", B, "1"),
        number_key(C, "invoice", B, "1"),
        number_key(A, "bill", B, "1"),
        number_key(A, "invoice", C, "1"),
        number_key(A, "invoice", B, "2"),
        number_key(A, "invoice", B, "1", "x"),
    }
    assert len(keys) == 6
    assert number_key(A, "invoice", B, "1", "") == number_key(A, "invoice", B, "1")


def test_keys_of_the_state_are_apart():
    """One 32-byte string is a record's id, a number key and a claim in three different places."""
    assert len({A, record_key(A), claim_key(A, A), claim_key(A, B), claim_key(B, A), transaction_id(A)}) == 6
