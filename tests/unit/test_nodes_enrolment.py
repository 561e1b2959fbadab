"""Members come, change their keys, are suspended and recovered; governors sign together."""

from __future__ import annotations

import os

import pytest
from support.town import Town, bill

from contracts.refusals import NotTheActorsKey, RuleRefused, Stale
from ledger.errors import UnavailableError
from ledger.member import BadCard, MemberCard
from ledger.note import BadKey, VerifierKey
from ledger.store.port import StoreFailed
from ledger.times import iso
from nodes import proposals
from nodes.desk import Desk, Prepared
from nodes.enrolment import NotAGovernor, announcements, check_governor, make_card, rotate_key
from nodes.keyfile import FileKeyStore
from nodes.keystore import KeyName, MemoryKeyStore
from nodes.recovery import new_keys

DAY = 86_400_000
GOVERNORS = ("carrier", "shipper", "bank", "buyer")


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path, governors=GOVERNORS)


def propose(town, who, action, target=None, **arguments):
    desk = town.desk(who)
    with desk.reading() as reader:
        return proposals.propose(desk, reader, Prepared(() if target is None else (target,), action, arguments))


def approve(town, who, proposal):
    desk = town.desk(who)
    with desk.reading() as reader:
        return proposals.sign_proposal(desk, reader, proposal)[0]


def submit(town, proposal, who="bank"):
    return proposals.finish(town.desk(who), proposal)


def governed(town, action, alias, **arguments):
    """What three of the four governors do to a member."""
    proposal = propose(town, "carrier", f"member.{action}", town.record(town.id(alias)), **arguments)
    for who in ("bank", "shipper"):
        proposal = approve(town, who, proposal)
    return submit(town, proposal)


def enough(town, proposal):
    desk = town.desk("carrier")
    with desk.reading() as reader:
        names = {member.fields["alias"] for member in proposals.signers(reader, proposal.signed)}
        return names, not proposals.waits_for(desk, reader, proposal.signed)


def enrol_arguments(town, alias):
    card = town.card(alias)
    return {"record": card.id, **card.fields()}


def test_a_card_has_the_keys_of_its_member():
    keys = MemoryKeyStore()
    card = make_card(
        keys, bytes(32), alias="bank", names={"en": "Bank", "zh": "银行"}, registration="1", roles=["bank"],
        cosigner="bank.example",
    )  # fmt: skip
    assert MemberCard.decode(card.encode()) == card
    assert (card.key, card.encryption) == ((1, keys.public_key(KeyName.SIGNING)), keys.public_key(KeyName.ENCRYPTION))
    witness = VerifierKey.parse(card.cosigners["witness"])
    assert (witness.name, witness.public_key) == ("bank.example/witness", keys.public_key(KeyName.WITNESS))
    assert make_card(keys, bytes(32), alias="bank", names={"en": "Bank"}, registration="1").cosigners == {}


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"alias": "Bank"}, BadCard),
        ({"names": {}}, BadCard),
        ({"names": {"en": "a\nb"}}, BadCard),
        ({"registration": ""}, BadCard),
        ({"lei": "XYZ"}, BadCard),
        ({"roles": ["king"]}, BadCard),
        ({"codes": ["no colon"]}, BadCard),
        ({"cosigner": "a b"}, BadKey),
    ],
)
def test_a_card_that_says_what_it_must_not_is_not_made(facts, error):
    with pytest.raises(error):
        make_card(MemoryKeyStore(), bytes(32), **{"alias": "bank", "names": {"en": "B"}, "registration": "1", **facts})


def test_a_new_member_is_admitted_by_more_than_two_thirds_and_acts(town):
    town.make_home("insurer", ["shipper"])
    proposal = propose(town, "carrier", "member.enrol", **enrol_arguments(town, "insurer"))
    for count, who in enumerate(("bank", "buyer"), 1):
        names, complete = enough(town, proposal)
        assert (len(names), complete) == (count, False)
        with pytest.raises(RuleRefused, match=f"{count} of 4 governors have signed"):
            submit(town, proposal)
        proposal = approve(town, who, proposal)
    assert enough(town, proposal) == ({"carrier", "bank", "buyer"}, True)
    done = submit(town, proposal).done
    assert town.record(town.id("insurer")).status == "active"
    again = submit(town, proposal).done
    assert (again.repeated, again.index) == (True, done.index)

    town.join("insurer")
    record_id = town.issue(bill(), to=town.id("insurer")).record.id
    assert [one.outcome for one in town.desk("insurer").fetch()] == ["taken"]
    assert town.act("insurer", "accept", record_id).record.controller == town.id("insurer")


def test_only_a_governor_governs(town):
    for who in ("certifier", "carrier"):
        desk = town.desk(who)
        with desk.reading() as reader:
            if who == "carrier":
                check_governor(desk, reader)
                continue
            with pytest.raises(NotAGovernor):
                check_governor(desk, reader)


def test_a_suspended_member_can_do_nothing_until_it_is_reinstated(town):
    governed(town, "suspend", "certifier")
    with pytest.raises(RuleRefused, match="suspended") as refused:
        town.issue(bill(), to=town.id("certifier"))
    assert refused.value.guard == "argument_is_active_member@1"
    governed(town, "reinstate", "certifier")
    town.issue(bill(), to=town.id("certifier"))


def test_a_proposal_on_an_older_state_is_refused(town):
    proposal = propose(town, "carrier", "member.suspend", town.record(town.id("buyer")))
    for who in ("bank", "shipper"):
        proposal = approve(town, who, proposal)
    rotate_key(town.desk("buyer"))
    with pytest.raises(Stale):
        submit(town, proposal)


def test_a_new_signing_key_takes_the_old_ones_place(town):
    old = town.keys["shipper"].public_key(KeyName.SIGNING)
    thief = MemoryKeyStore(keys={name: list(many) for name, many in town.keys["shipper"]._keys.items()})
    record_id = town.issue(bill()).record.id
    town.tick()
    report = rotate_key(town.desk("shipper"))
    new = town.keys["shipper"].public_key(KeyName.SIGNING)
    assert new != old
    assert [entry[1] for entry in report.record.fields["keys"]] == [old, new]
    assert report.record.fields["keys"][0][3] == town.now
    with pytest.raises(NotTheActorsKey):
        Desk(town.homes["shipper"], thief, clock=town.clock, random_bytes=bytes).act(
            town.record(record_id), "accept", {}
        )
    assert town.act("shipper", "accept", record_id).record.status == "held"


def test_a_key_is_on_the_disk_before_the_ledger_hears_of_it(town, tmp_path, monkeypatch):
    path, seen = tmp_path / "keys.lading", []

    def look(self, engine, signed):
        with FileKeyStore.open(path, "correct horse") as keys:
            seen.append(keys.staged_key(KeyName.SIGNING) == signed.transaction.arguments["public_key"])
        raise StoreFailed("the power fails")

    monkeypatch.setattr(Desk, "submit", look)
    with FileKeyStore.create(path, "correct horse") as keys:
        town.keys["shipper"] = keys
        with pytest.raises(StoreFailed):
            rotate_key(town.desk("shipper"))
    assert seen == [True]


def test_a_rotation_that_was_interrupted_goes_on_where_it_stopped(town, monkeypatch):
    keys = town.keys["shipper"]

    def fail(self, engine, signed):
        raise StoreFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Desk, "submit", fail)
        with pytest.raises(UnavailableError):
            rotate_key(town.desk("shipper"))
    staged = keys.staged_key(KeyName.SIGNING)
    assert staged is not None
    assert rotate_key(town.desk("shipper")) is not None
    assert (keys.public_key(KeyName.SIGNING), keys.staged_key(KeyName.SIGNING)) == (staged, None)


def test_a_rotation_that_the_ledger_knows_is_only_finished(town, monkeypatch):
    keys = town.keys["shipper"]

    def crash(name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keys, "adopt", crash)
        with pytest.raises(KeyboardInterrupt):
            rotate_key(town.desk("shipper"))
    size = town.size()
    record_id = town.issue(bill()).record.id
    with pytest.raises(NotTheActorsKey):
        town.act("shipper", "accept", record_id)
    assert rotate_key(town.desk("shipper")) is None
    assert town.size() == size + 2, "the bill and its commit"
    assert keys.staged_key(KeyName.SIGNING) is None
    assert town.act("shipper", "accept", record_id).record.status == "held"


def test_an_old_key_goes_on_for_its_overlap(town):
    old = MemoryKeyStore(keys={name: list(many) for name, many in town.keys["shipper"]._keys.items()})
    first, second = (town.issue(bill(number)).record.id for number in ("B-1", "B-2"))
    rotate_key(town.desk("shipper"), overlap_until=town.now + DAY, key_until=town.now + 60 * DAY)
    with_old = Desk(town.homes["shipper"], old, clock=town.clock, random_bytes=os.urandom)
    assert with_old.act(town.record(first), "accept", {}).record.status == "held"
    town.tick(DAY)
    with pytest.raises(NotTheActorsKey):
        with_old.act(town.record(second), "accept", {})
    assert town.act("shipper", "accept", second).record.status == "held"


def test_a_key_that_ends_soon_is_announced(town):
    rotate_key(town.desk("shipper"), key_until=town.now + 60 * DAY)
    record, end = town.record(town.id("shipper")), town.now + 60 * DAY
    assert announcements(record, end - 30 * DAY - 1) == []
    assert announcements(record, end - 30 * DAY) == [f"the signing key ends at {iso(end)}: replace it"]
    assert announcements(record, end) == [f"the signing key ended at {iso(end)}: the governors can recover it"]
    rotate_key(town.desk("shipper"))
    assert announcements(town.record(town.id("shipper")), end) == []


def test_a_recovery_is_announced_to_its_member(town):
    recovery, until = new_keys(MemoryKeyStore(), town.id("buyer")), town.now + 8 * DAY
    given = {**recovery.arguments(), "objections_until": until, "notice": bytes(32)}
    governed(town, "propose_recovery", "buyer", **given)
    said = announcements(town.record(town.id("buyer")), town.now)
    assert said == [f"the governors have proposed new keys: `lading member object` until {iso(until)} if that is wrong"]
    town.act("buyer", "object_recovery", town.id("buyer"))
    assert announcements(town.record(town.id("buyer")), town.now) == [
        "the recovery of its keys is disputed: an authority decides"
    ]
