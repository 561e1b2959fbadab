"""Members come, change their keys, are suspended and reinstated; governors sign together."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from support.town import Town, bill

from contracts.refusals import NotTheActorsKey, RuleRefused, Stale
from ledger.errors import InputError, UnavailableError
from ledger.member import BadCard, MemberCard
from ledger.note import BadKey, VerifierKey
from ledger.store.port import StoreFailed
from ledger.strict_json import canonicalise
from ledger.transaction import AnotherLedger
from nodes import enrolment
from nodes.desk import Desk
from nodes.enrolment import BadProposal, NotAGovernor, make_card, rotate_key
from nodes.keyfile import FileKeyStore
from nodes.keystore import KeyName, MemoryKeyStore

GOVERNORS = ("carrier", "shipper", "bank", "buyer")


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path, governors=GOVERNORS)


def propose(town, who, action, target=None, **arguments):
    desk = town.desk(who)
    with desk.reading() as reader:
        return desk.build(reader, target, action, arguments, valid_for=enrolment.APPROVAL_TIME)


def approve(town, who, signed):
    desk = town.desk(who)
    with desk.reading() as reader:
        return enrolment.approve(desk, signed, reader)


def submit(town, signed, who="bank"):
    desk = town.desk(who)
    with desk.writing("approve") as engine:
        return desk.submit(engine, signed)


def enough(town, signed):
    with town.desk("carrier").reading() as reader:
        names = [member.fields["alias"] for member in enrolment.signers(signed, reader)]
        return names, enrolment.enough(signed, reader)


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
    signed = propose(town, "carrier", "member.enrol", **enrol_arguments(town, "insurer"))
    for count, who in enumerate(("bank", "buyer"), 1):
        assert enough(town, signed)[1] is False
        assert len(enough(town, signed)[0]) == count
        with pytest.raises(RuleRefused, match=f"{count} of 4 governors have signed"):
            submit(town, signed)
        signed = approve(town, who, signed)
    assert enough(town, signed) == (["carrier", "bank", "buyer"], True)
    done = submit(town, signed).done
    assert town.record(town.id("insurer")).status == "active"
    again = submit(town, approve(town, "shipper", signed)).done
    assert (again.repeated, again.index) == (True, done.index)

    town.join("insurer")
    record_id = town.issue(bill(), to=town.id("insurer")).record.id
    assert [one.outcome for one in town.desk("insurer").fetch()] == ["taken"]
    assert town.act("insurer", "accept", record_id).record.controller == town.id("insurer")


def test_only_a_governor_approves(town):
    signed = propose(town, "carrier", "member.suspend", town.record(town.id("buyer")))
    with pytest.raises(NotAGovernor):
        approve(town, "certifier", signed)


def test_the_same_governor_counts_once(town):
    signed = propose(town, "carrier", "member.suspend", town.record(town.id("buyer")))
    assert approve(town, "carrier", signed) == signed
    assert enough(town, signed) == (["carrier"], False)


def test_a_suspended_member_can_do_nothing_until_it_is_reinstated(town):
    def governed(action):
        signed = propose(town, "carrier", action, town.record(town.id("certifier")))
        for who in ("bank", "shipper"):
            signed = approve(town, who, signed)
        return submit(town, signed)

    governed("member.suspend")
    with pytest.raises(RuleRefused, match="suspended") as refused:
        town.issue(bill(), to=town.id("certifier"))
    assert refused.value.guard == "argument_is_active_member@1"
    governed("member.reinstate")
    town.issue(bill(), to=town.id("certifier"))


def test_a_proposal_goes_through_a_file(town):
    signed = propose(town, "carrier", "member.suspend", town.record(town.id("buyer")))
    data = enrolment.write_proposal(signed)
    assert enrolment.read_proposal(data, town.genesis.id) == signed
    assert json.loads(data) == {"entry": b64encode(signed.entry).decode(), "format": "lading/proposal@1"}


def file_with(**changes):
    return lambda data: canonicalise({**json.loads(data), **changes})


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: b"{}",
        lambda data: b"[1]",
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        file_with(format="lading/proposal@2"),
        file_with(more=1),
        file_with(entry="!!!"),
        file_with(entry=""),
        file_with(entry=7),
    ],
)
def test_a_file_that_is_no_proposal_is_refused(town, change):
    data = enrolment.write_proposal(propose(town, "carrier", "member.suspend", town.record(town.id("buyer"))))
    with pytest.raises(InputError):
        enrolment.read_proposal(change(data), town.genesis.id)


def test_a_proposal_of_another_ledger_is_refused(town):
    data = enrolment.write_proposal(propose(town, "carrier", "member.suspend", town.record(town.id("buyer"))))
    with pytest.raises(AnotherLedger):
        enrolment.read_proposal(data, bytes(32))


def test_a_proposal_on_an_older_state_is_refused(town):
    signed = propose(town, "carrier", "member.suspend", town.record(town.id("buyer")))
    rotate_key(town.desk("buyer"))
    for who in ("bank", "shipper"):
        signed = approve(town, who, signed)
    with pytest.raises(Stale):
        submit(town, signed)


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


def test_a_proposal_has_one_form(town):
    signed = propose(town, "carrier", "member.suspend", town.record(town.id("buyer")))
    value = json.loads(enrolment.write_proposal(signed))
    with pytest.raises(BadProposal):
        enrolment.read_proposal(json.dumps(value).encode(), town.genesis.id)
