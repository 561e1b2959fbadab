"""New keys for a member that has lost its own: the file for the governors, the new home, and what follows."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from support.town import Town, bill

from ledger.errors import InputError
from ledger.member import MemberCard
from ledger.strict_json import canonicalise
from nodes.desk import Desk
from nodes.home import Home
from nodes.keystore import KeyName, MemoryKeyStore
from nodes.recovery import BadRecovery, Recovery, equip, new_keys

DAY = 86_400_000


@pytest.fixture
def recovery():
    return new_keys(MemoryKeyStore(), bytes(range(32)))


def test_the_file_is_read_as_it_was_written(recovery):
    value = json.loads(recovery.encode())
    assert Recovery.decode(recovery.encode()) == recovery
    assert (value["format"], value["member"], value["key"]["algorithm"]) == ("lading/recovery@1", "".join(
        f"{byte:02x}" for byte in range(32)), 1)  # fmt: skip
    assert recovery.arguments() == {
        "public_key": recovery.key, "encryption": recovery.encryption, "proof": recovery.proof
    }  # fmt: skip


def changed(**changes):
    return lambda data: canonicalise({**json.loads(data), **changes})


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: b"[]",
        lambda data: data + b"\n",
        lambda data: json.dumps(json.loads(data)).encode(),
        changed(format="lading/recovery@2"),
        changed(more=1),
        changed(member="00" * 32),
        changed(member="00"),
        changed(member=None),
        changed(encryption="00" * 32),
        changed(proof="00" * 64),
        changed(key=None),
        changed(key={"algorithm": 2, "public": "00" * 32}),
        changed(key={"algorithm": 1, "public": "01" + "00" * 31}),
    ],
)
def test_a_file_that_is_none_is_refused(recovery, change):
    with pytest.raises(InputError):
        Recovery.decode(change(recovery.encode()))


def test_the_proof_is_for_one_member_and_these_keys(recovery):
    other = new_keys(MemoryKeyStore(), recovery.member)
    for wrong in (replace(recovery, member=bytes(32)), replace(recovery, encryption=other.encryption),
                  replace(recovery, proof=other.proof)):  # fmt: skip
        with pytest.raises(BadRecovery):
            Recovery.decode(wrong.encode())


def test_a_new_home_controls_what_the_member_controls_and_reads_what_comes_then(tmp_path):
    town = Town(tmp_path)
    record_id = town.held()
    home, keys = Home.create(tmp_path / "again", name="shipper", member=town.id("shipper")), MemoryKeyStore()
    recovery = equip(home, keys, town.record(town.id("shipper")))
    home.join(town.genesis.encode(), town.genesis.policy, location=town.homes["carrier"].folder)
    assert Recovery.decode((home.folder / "recovery.json").read_bytes()) == recovery
    card = MemberCard.decode(home.read_card())
    assert (card.id, card.alias, card.key[1]) == (town.id("shipper"), "shipper", keys.public_key(KeyName.SIGNING))
    assert card.cosigners["replay"].startswith("shipper.example/replay+")

    given = {**recovery.arguments(), "objections_until": town.now + 8 * DAY, "notice": bytes(32)}
    town.act("carrier", "propose_recovery", town.id("shipper"), **given)
    town.tick(9 * DAY)
    town.act("carrier", "complete_recovery", town.id("shipper"))
    town.homes["shipper"], town.keys["shipper"] = home, keys
    desk = Desk(home, keys, clock=town.clock, random_bytes=os.urandom)
    assert desk.act(town.record(record_id), "offer", {"to": town.id("bank"), "mode": "endorse"}).record.status == (
        "offered"
    )
    town.issue(bill("B-2"))
    assert [one.outcome for one in desk.fetch()] == ["taken"]
