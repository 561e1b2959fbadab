"""Making a ledger: the policy that follows from who cosigns, the genesis, and a home that has all or nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from support.game import base_tables
from support.town import CAST, START, Town

from ledger.checkpoint import Checkpoint
from ledger.genesis import BadGenesis, Genesis
from ledger.note import BadKey
from ledger.policy import BadPolicy, Policy
from ledger.quorum import WeakQuorum, check_adoptable
from nodes.access import open_for_reading
from nodes.cosigning import quorum_of
from nodes.engines.solo import AlreadyFounded
from nodes.files import CannotWrite
from nodes.founding import NoSuchFounder, Plan, found_ledger, make_genesis, make_policy, usual_quorum
from nodes.home import OtherLedger
from nodes.keystore import KeyName
from nodes.tables import shipped_rulebook, shipped_tables


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return Town(tmp_path_factory.mktemp("town"), tables=base_tables())


@pytest.fixture
def plan(town):
    return town.plan


def log_key(town):
    return town.keys["carrier"].public_key(KeyName.LOG)


@pytest.mark.parametrize("count", range(1, 30))
def test_the_usual_quorum_is_the_smallest_that_can_be_relied_on(count):
    def weak(threshold):
        found = 2 * threshold - count  # the fewest that two sets of `threshold` share
        return found <= max(1, (count - 1) // 3)

    threshold = usual_quorum(count)
    if count < 3:
        assert threshold == 0
    else:
        assert not weak(threshold)
        assert weak(threshold - 1)


def test_the_usual_quorums_by_name():
    assert [usual_quorum(count) for count in (0, 1, 2, 3, 4, 5, 7)] == [0, 0, 0, 3, 3, 4, 5]


def test_the_policy_names_the_log_and_the_replay_keys(town, plan):
    made = make_policy(plan, log_key(town))
    lines = made.format().decode().splitlines()
    assert lines[0].startswith("log ledger.example/town+")
    assert [line.split()[1] for line in lines[1:5]] == ["carrier", "shipper", "bank", "buyer"]
    assert all(f"{line.split()[1]}.example/replay+" in line for line in lines[1:5])
    assert lines[5:] == ["group cosigners 3 carrier shipper bank buyer", "quorum cosigners"]
    assert Policy.parse(made.format()) == made


@pytest.mark.parametrize(("cosigners", "quorum"), [(("carrier",), None), (("carrier", "bank"), 0), ((), None)])
def test_few_cosigners_make_no_quorum(town, plan, cosigners, quorum):
    made = make_policy(replace(plan, cosigners=cosigners, quorum=quorum), log_key(town))
    assert made.quorum == "none"
    assert [witness.name for witness in made.witnesses] == list(cosigners)
    check_adoptable(made)


@pytest.mark.parametrize(
    ("cosigners", "quorum", "error"),
    [
        (("carrier", "shipper", "bank", "buyer"), 2, WeakQuorum),
        (("carrier", "shipper", "bank"), 2, WeakQuorum),
        (("carrier", "shipper", "bank"), 0, WeakQuorum),
        (("carrier", "bank"), 2, WeakQuorum),
        (("carrier", "bank"), 5, BadPolicy),
        (("carrier", "carrier", "bank"), 3, BadPolicy),
        (("carrier", "nobody", "bank"), 3, NoSuchFounder),
    ],
)
def test_a_policy_that_cannot_hold_is_refused(town, plan, cosigners, quorum, error):
    with pytest.raises(error):
        make_policy(replace(plan, cosigners=cosigners, quorum=quorum), log_key(town))


def test_a_cosigner_without_a_key_is_refused(town, plan):
    cards = (*plan.members[:-1], replace(plan.members[-1], cosigners={}))
    with pytest.raises(NoSuchFounder, match="certifier has no cosigner key"):
        make_policy(replace(plan, members=cards, cosigners=("certifier",)), log_key(town))


def test_an_origin_with_a_space_is_refused(town, plan):
    with pytest.raises(BadKey):
        make_policy(replace(plan, origin="a b"), log_key(town))


def genesis(town, plan):
    return make_genesis(plan, make_policy(plan, log_key(town)), shipped_tables(), START)


@pytest.mark.parametrize(
    ("changes", "governors"),
    [
        ({"governors": ("bank",)}, ["bank"]),
        ({"governors": ()}, ["carrier", "shipper", "bank", "buyer"]),
        ({"governors": (), "cosigners": ()}, list(CAST)),
    ],
)
def test_the_governors_are_those_named_else_the_cosigners_else_all(town, plan, changes, governors):
    made = genesis(town, replace(plan, **changes))
    aliases = {card.id: card.alias for card in made.members}
    assert [aliases[one] for one in made.governors] == governors


def test_parameters_are_the_rulebook_and_the_law(town, plan):
    assert genesis(town, plan).parameters == {"rulebook": shipped_rulebook()[1], "law": "SG"}
    assert genesis(town, replace(plan, law="", rulebook="ab" * 32)).parameters == {"rulebook": "ab" * 32}


def test_two_members_of_one_alias_are_refused(town, plan):
    twin = replace(town.card("certifier"), alias="buyer").sign(town.keys["certifier"].signer(KeyName.SIGNING))
    with pytest.raises(BadGenesis, match="alias"):
        genesis(town, replace(plan, members=(*plan.members[:-1], twin)))


def test_an_unknown_governor_is_refused(town, plan):
    with pytest.raises(NoSuchFounder):
        genesis(town, replace(plan, governors=("nobody",)))


def test_a_founded_home_has_ledger_pins_and_a_signed_checkpoint(town):
    home = town.homes["carrier"]
    assert (home.settings.operator, home.settings.location) == (True, ".")
    assert home.settings.ledger_id == town.genesis.id
    assert Genesis.decode(home.read_genesis()) == town.genesis
    assert home.read_policy() == town.genesis.policy
    with open_for_reading(home) as reader:
        stored = reader.store.checkpoint()
        assert (reader.head.height, reader.head.time, reader.head.size) == (0, START, stored.size)
        assert {record.fields["alias"] for record in reader.members().values()} == set(CAST)
    found = quorum_of(stored, home.read_policy())
    assert (found.holds, found.times) == (False, {})
    assert Checkpoint.parse(stored.body.encode()).origin == "ledger.example/town"


def test_a_ledger_is_never_made_over_another(town, plan):
    home, keys = town.homes["carrier"], town.keys["carrier"]
    before = home.ledger_path.read_bytes()
    with pytest.raises(AlreadyFounded):
        found_ledger(home, keys, plan, clock=town.clock)
    with pytest.raises(AlreadyFounded):  # a member of a ledger founds no other
        found_ledger(town.homes["bank"], town.keys["bank"], plan, clock=town.clock)
    with pytest.raises(OtherLedger):
        town.homes["bank"].operate()
    assert home.ledger_path.read_bytes() == before


def test_a_founding_that_fails_leaves_no_ledger_and_can_be_done_again(tmp_path, town, plan, monkeypatch):
    town = Town(tmp_path, tables=base_tables())
    town.make_home("other", ["carrier"])
    home, keys = town.homes["other"], town.keys["other"]
    mine = Plan("ledger.example/other", (town.card("other"),))

    def fail(*args):
        raise CannotWrite("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("nodes.founding.sign_current", fail)
        with pytest.raises(CannotWrite):
            found_ledger(home, keys, mine, clock=town.clock)
    assert sorted(path.name for path in home.folder.iterdir()) == ["home.json", "home.lock", "member.json", "vault"]
    home.folder.joinpath("ledger.founding").write_bytes(b"what a crash has left")
    made = found_ledger(home, keys, mine, clock=town.clock)
    assert home.settings.ledger_id == made.id
    assert not home.folder.joinpath("ledger.founding").exists()


def test_a_database_that_the_home_does_not_know_is_not_touched(tmp_path, plan):
    town = Town(tmp_path, tables=base_tables())
    town.make_home("other")
    home = town.homes["other"]
    sqlite3.connect(home.ledger_path).close()
    with pytest.raises(AlreadyFounded, match="knows nothing of it"):
        found_ledger(home, town.keys["other"], Plan("a/b", (town.card("other"),)), clock=town.clock)
    assert home.settings.ledger_id is None
