"""The genesis: every field wrong, contradictions, and the id that comes of its bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from support.game import START, genesis_of, shipped_tables
from support.members import digest, member

from ledger.errors import LadingError
from ledger.genesis import MAX_GENESIS, BadGenesis, Genesis, TableRef
from ledger.policy import BadPolicy
from ledger.signature import BadPublicKey, BadSignature
from ledger.strict_json import JsonTooLarge, canonicalise

FOUNDERS = [member(name, name) for name in ("carrier", "bank", "buyer")]
GENESIS = genesis_of(FOUNDERS, ["carrier", "bank"])


def encoded(**changes):
    """The document with some members replaced."""
    return canonicalise({**json.loads(GENESIS.encode()), **changes})


def test_a_genesis_comes_back_as_it_was_made():
    again = Genesis.decode(GENESIS.encode())
    assert again == GENESIS
    assert again.encode() == GENESIS.encode()


def test_the_id_of_the_ledger_is_the_hash_of_the_document():
    assert GENESIS.id == sha256(GENESIS.encode()).digest()
    assert replace(GENESIS, created=START + 1).id != GENESIS.id
    assert replace(GENESIS, governors=GENESIS.governors[::-1]).id != GENESIS.id


def test_the_document_is_canonical_json_with_these_members():
    value = json.loads(GENESIS.encode())
    assert sorted(value) == ["created", "format", "governors", "members", "origin", "parameters", "policy", "tables"]
    assert value["format"] == "lading/genesis@1"
    assert value["tables"][0] == {
        "hash": shipped_tables()[0].hash.hex(), "kind": shipped_tables()[0].kind, "version": 1,
    }  # fmt: skip
    assert value["governors"] == [member.id.hex() for member in FOUNDERS[:2]]


def test_a_founder_is_found_by_id():
    assert GENESIS.member(FOUNDERS[1].id) == FOUNDERS[1].card
    assert GENESIS.member(digest("nobody")) is None


MISTYPED = [
    (name, value)
    for name, values in {
        "created": [None, -1, "0", True, 1.5, []],
        "format": [None, "lading/genesis@2"],
        "governors": [None, "x", [1], ["zz"], [None], [[]], ["ab"], [digest("nobody").hex()], []],
        "members": [None, {}, "x", [], [1], [None], [{}]],
        "origin": [None, 1, "", "a b", "a+b", "a\tb", "a\x00", []],
        "parameters": [None, [], "x", {"rulebook": 1}, {"rulebook": None}],
        "policy": [None, 1, []],
        "tables": [None, "x", [1], [{}], [{"kind": "a"}], [{"kind": "a", "version": 1, "hash": "zz"}],
                   [{"kind": "a", "version": 1, "hash": "ab"}], [{"kind": "a", "version": 0, "hash": "ab" * 32}],
                   [{"kind": 1, "version": 1, "hash": "ab" * 32}], [{"kind": "a", "version": "1", "hash": "ab" * 32}],
                   [{"kind": "a", "version": 1, "hash": "AB" * 32}],
                   [{"kind": "a", "version": 1, "hash": "ab" * 32, "more": 1}],
                   [{"kind": "a", "version": 1, "hash": "ab" * 32}] * 2],
    }.items()
    for value in values
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), MISTYPED, ids=[f"{name}={value!r}"[:60] for name, value in MISTYPED])
def test_every_member_of_the_document_has_its_type_and_range(name, value):
    with pytest.raises(LadingError) as caught:
        Genesis.decode(encoded(**{name: value}))
    assert caught.value.code in ("genesis.malformed", "member.bad_card", "json.number_not_exact")
    assert caught.value.hint


def test_a_time_that_json_does_not_carry_is_refused():
    data = GENESIS.encode()
    for time in (b"9007199254740992", b"1e300", b"9007199254740993"):
        with pytest.raises(LadingError):
            Genesis.decode(data.replace(b"1764000000000", time))


@pytest.mark.parametrize("name", sorted(json.loads(GENESIS.encode())))
def test_a_document_without_one_of_its_members_is_refused(name):
    value = json.loads(GENESIS.encode())
    del value[name]
    with pytest.raises(BadGenesis):
        Genesis.decode(canonicalise(value))


@pytest.mark.parametrize("time", [0, 2**53 - 1])
def test_the_edges_of_time(time):
    assert Genesis.decode(encoded(created=time)).created == time


def test_all_founders_may_govern():
    everybody = replace(GENESIS, governors=tuple(one.id for one in FOUNDERS))
    assert Genesis.decode(everybody.encode()) == everybody


@pytest.mark.parametrize("value", [None, [], "genesis", 1, {}])
def test_what_is_no_genesis_is_refused(value):
    with pytest.raises(BadGenesis, match="not a genesis of format"):
        Genesis.decode(canonicalise(value))


def test_another_way_to_write_it_is_refused():
    for data in (GENESIS.encode() + b"\n", json.dumps(json.loads(GENESIS.encode())).encode(), encoded(more=1)):
        with pytest.raises(BadGenesis):
            Genesis.decode(data)


def test_a_document_cut_anywhere_is_refused():
    data = GENESIS.encode()
    for cut in range(0, len(data), 7):
        with pytest.raises(LadingError):
            Genesis.decode(data[:cut])


def test_a_document_of_many_bytes_is_not_read():
    with pytest.raises(JsonTooLarge):
        Genesis.decode(b" " * (MAX_GENESIS + 1))


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("", "no newline at the end"),
        ("quorum none", "no newline at the end"),
        ("# nothing\n", "no quorum line"),
        ("quorum members\n", "line 1"),
        ("log x\nquorum none\n", "line 1"),
    ],
)
def test_a_policy_that_cannot_be_read_is_refused(policy, reason):
    with pytest.raises(BadPolicy, match=reason):
        Genesis.decode(encoded(policy=policy))


def founded(*founders, governors=("carrier",)):
    return genesis_of(founders, governors).encode()


def test_founders_are_distinct():
    carrier = FOUNDERS[0]
    same_id = member("second", id=carrier.id)
    same_alias = member("carrier", id=digest("second"), key=(1, carrier.key.public))
    same_key = replace(same_alias.card, alias="second").sign(carrier.sign)
    for card, what in ((same_id.card, "id"), (same_key, "key"), (same_alias.card, "alias")):
        data = replace(GENESIS, members=(*GENESIS.members, card)).encode()
        with pytest.raises(BadGenesis, match=f"share one {what}"):
            Genesis.decode(data)


def test_governors_are_founders_each_named_once():
    carrier, bank = (one.id for one in FOUNDERS[:2])
    for governors in ((), (digest("nobody"),), (carrier, digest("nobody"))):
        with pytest.raises(BadGenesis, match="governors are one or more"):
            Genesis.decode(replace(GENESIS, governors=governors).encode())
    with pytest.raises(BadGenesis, match="governor is named twice"):
        Genesis.decode(replace(GENESIS, governors=(carrier, bank, carrier)).encode())


def test_a_kind_has_one_table_of_a_version():
    tables = (TableRef("a", 1, digest("one")), TableRef("a", 1, digest("two")))
    with pytest.raises(BadGenesis, match="two tables are of one kind"):
        Genesis.decode(replace(GENESIS, tables=tables).encode())
    Genesis.decode(replace(GENESIS, tables=(tables[0], replace(tables[1], version=2))).encode())


def test_a_founders_card_is_checked_whole():
    cards = json.loads(GENESIS.encode())["members"]
    for change, error in (
        ({"alias": "thief"}, BadSignature),
        ({"key": {"algorithm": 1, "public": "00" * 32}}, BadPublicKey),
        ({"encryption": "00" * 32}, BadPublicKey),
    ):
        with pytest.raises(error):
            Genesis.decode(encoded(members=[{**cards[0], **change}, *cards[1:]]))
