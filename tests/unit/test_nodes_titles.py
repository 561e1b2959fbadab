"""The chain of title: who was in control from when to when, by which act, and why; and what was so at a time."""

from __future__ import annotations

import pytest
from support.game import RULEBOOK, START
from support.members import Key, digest, member
from support.proven import DOCUMENT, Trade

from contracts.guards import key_proof_message
from nodes.titles import NotKnownYet, NotYetIssued, Title, in_control, read_title, record_as_of, size_at


@pytest.fixture
def trade() -> Trade:
    return Trade()


def title_of(trade: Trade, record: bytes) -> Title:
    reader = trade.engine.reader
    return read_title(reader, reader.record(record))


def told(trade: Trade, title: Title) -> list[tuple[str, int, int | None, str]]:
    """Who, from when, until when (seconds after the genesis), why."""
    names = {one.id: alias for alias, one in trade.members.items()} | {None: "nobody"}
    return [
        (
            names[period.party],
            (period.since - START) // 1000,
            None if period.until is None else (period.until - START) // 1000,
            period.why.replace("{party}", names[period.party]),
        )
        for period in title.periods
    ]


def test_a_bill_from_its_issue_to_delivery(trade):
    bill = trade.issue()
    trade.act("shipper", "accept", bill)
    trade.act("shipper", "offer", bill, to="bank", mode="endorse")
    trade.act("shipper", "recall", bill)
    trade.pass_on(bill, "shipper", "bank")
    trade.pass_on(bill, "bank", "buyer")
    trade.act("buyer", "surrender", bill)
    trade.act("carrier", "refuse_surrender", bill)
    trade.act("buyer", "surrender", bill)
    trade.act("carrier", "accept_surrender", bill)
    trade.act("carrier", "confirm_delivery", bill)
    title = title_of(trade, bill)
    assert told(trade, title) == [
        ("carrier", 1, 2, "issued by carrier, in control until it is accepted"),
        ("shipper", 2, 6, "issued to shipper"),
        ("bank", 6, 8, "endorsed to the order of bank"),
        ("buyer", 8, 12, "endorsed to the order of buyer"),
        ("carrier", 12, 13, "surrendered to carrier for delivery"),
        ("nobody", 13, None, "delivered: nobody is in control"),
    ]
    assert [deed.action for deed in title.deeds] == [
        "issue", "accept", "offer", "recall", "offer", "accept", "offer", "accept", "surrender", "refuse_surrender",
        "surrender", "accept_surrender", "confirm_delivery",
    ]  # fmt: skip
    assert [deed.after.sequence for deed in title.deeds] == list(range(1, 14))
    for deed in title.deeds:
        assert deed.key == next(one for one in trade.members.values() if one.id == deed.actor).key.public
    assert title.deeds[-1].after == trade.engine.reader.record(bill)
    ids = {alias: one.id for alias, one in trade.members.items()}
    assert [(one.by, one.to) for one in title.endorsements] == [
        (ids["shipper"], ids["bank"]),
        (ids["bank"], ids["buyer"]),
    ]
    assert [one.entry for one in title.endorsements] == [title.deeds[5].act.index, title.deeds[7].act.index]


@pytest.mark.parametrize(
    ("mode", "why", "endorsed"),
    [
        ("possession", "handed over to bank, possession only", False),
        ("blank", "endorsed in blank, and handed over to bank", True),
    ],
)
def test_other_ways_of_passing_on(trade, mode, why, endorsed):
    bill = trade.issue()
    trade.act("shipper", "accept", bill)
    trade.pass_on(bill, "shipper", "bank", mode)
    title = title_of(trade, bill)
    assert told(trade, title)[-1] == ("bank", 4, None, why)
    assert [one.to for one in title.endorsements] == ([None] if endorsed else [])


def test_an_offer_that_is_not_accepted_begins_no_period(trade):
    bill = trade.issue()
    trade.act("shipper", "reject", bill)
    trade.act("carrier", "void", bill)
    assert told(trade, title_of(trade, bill)) == [
        ("carrier", 1, 3, "issued by carrier, in control until it is accepted"),
        ("nobody", 3, None, "void: nobody is in control"),
    ]


def test_a_founder_was_there_from_the_genesis_on(trade):
    new = Key(digest("new key"))
    proof = new.sign(key_proof_message(trade.id("bank"), new.public))[2]
    trade.act("bank", "rotate_key", trade.id("bank"), public_key=new.public, proof=proof)
    (period,) = title_of(trade, trade.id("bank")).periods
    assert (period.party, period.since, period.until, period.deed) == (trade.id("bank"), START, None, None)
    assert title_of(trade, trade.id("buyer")).deeds == ()


def test_an_act_after_a_change_of_keys_is_shown_with_the_key_of_its_time(trade):
    bill = trade.bill()
    new = Key(digest("new key"))
    proof = new.sign(key_proof_message(trade.id("bank"), new.public))[2]
    trade.act("bank", "rotate_key", trade.id("bank"), public_key=new.public, proof=proof)
    trade.act("bank", "offer", bill, to="buyer", mode="endorse", key=new)
    deeds = title_of(trade, bill).deeds
    assert deeds[3].key == trade.members["bank"].key.public
    assert deeds[4].key == new.public


def test_of_several_signatures_that_of_the_actor_is_shown():
    trade = Trade(governors=("carrier", "bank", "buyer"))
    new = member("newcomer", "bank")
    trade.enrol(new, "bank", "buyer")
    (deed,) = title_of(trade, new.id).deeds
    assert len(deed.act.signed.signatures) == 3
    assert deed.key == trade.members["carrier"].key.public != deed.act.signed.signatures[0][1]


def test_who_was_in_control_at_a_time(trade):
    bill = trade.bill()
    title = title_of(trade, bill)
    names = {one.id: alias for alias, one in trade.members.items()}
    for seconds, who in (
        (1, "carrier"),
        (1.999, "carrier"),
        (2, "shipper"),
        (3.5, "shipper"),
        (4, "bank"),
        (900, "bank"),
    ):
        assert names[in_control(title, START + round(seconds * 1000)).party] == who, seconds
    with pytest.raises(NotYetIssued):
        in_control(title, START + 999)


def test_the_log_as_of_a_time(trade):
    reader = trade.engine.reader
    sizes = {START - 1: 0, START: trade.engine.chain.size}
    for _ in range(5):
        done = trade.act("carrier", "void", trade.issue())
        sizes[done.time - 1] = done.index
        sizes[done.time] = done.index + 2
    assert {time: size_at(reader, time) for time in sizes} == sizes
    with pytest.raises(NotKnownYet):
        size_at(reader, done.time + 1)


def test_a_record_as_of_a_size_of_the_log(trade):
    reader, bill = trade.engine.reader, trade.bill()
    now = reader.record(bill)
    assert record_as_of(reader, now, trade.engine.chain.size) == now
    assert record_as_of(reader, now, now.entry + 1) == now
    before = record_as_of(reader, now, now.entry)
    assert before is not None
    assert (before.status, before.sequence, before.controller) == ("offered", 3, trade.id("shipper"))
    assert record_as_of(reader, now, 7) is None
    assert record_as_of(reader, now, 0) is None


def test_a_founders_record_as_of_the_genesis(trade):
    reader = trade.engine.reader
    new = Key(digest("new key"))
    proof = new.sign(key_proof_message(trade.id("bank"), new.public))[2]
    trade.act("bank", "rotate_key", trade.id("bank"), public_key=new.public, proof=proof)
    now = reader.record(trade.id("bank"))
    then = record_as_of(reader, now, 7)
    assert then is not None
    assert [entry[1] for entry in then.fields["keys"]] == [trade.members["bank"].key.public]
    assert record_as_of(reader, now, 0) is None


# Title that passes without an offer that is accepted, and records that are no bills yet


def whys(trade: Trade, record: bytes) -> list[str]:
    return [why for *_, why in told(trade, title_of(trade, record))]


def endorsements(trade: Trade, record: bytes) -> list[tuple[str, str]]:
    names = {one.id: alias for alias, one in trade.members.items()}
    return [(names[one.by], names.get(one.to, "blank")) for one in title_of(trade, record).endorsements]


def test_a_draft_is_drafted_and_not_issued(trade):
    made = trade.document(DOCUMENT)
    more = {"shipper": "shipper", "form": "blank", "rulebook": RULEBOOK, "law": "SG", "clause": "C", "place": "CNSHA"}
    arguments = {name: value for name, value in made.items() if name != "number"}
    trade.act("carrier", "bill_of_lading.draft", **arguments, **more)
    assert whys(trade, made["record"]) == ["drafted by carrier"]


def test_a_pledge_and_its_release_are_said_to_be_what_they_are(trade):
    bill = trade.bill()
    trade.act("bank", "pledge", bill, to="buyer", due=trade.time + 60_000, delay=604_800_000)
    trade.act("buyer", "accept_pledge", bill)
    trade.act("buyer", "release_pledge", bill)
    assert whys(trade, bill)[-2:] == ["pledged to buyer", "released from the pledge to bank"]
    assert endorsements(trade, bill) == [("shipper", "bank")]


def test_an_endorsement_that_keeps_possession_is_in_the_chain(trade):
    bill = trade.bill()
    trade.act("bank", "endorse", bill, to="buyer")
    trade.act("buyer", "nominate", bill, to="shipper")
    trade.act("bank", "endorse_nominee", bill)
    assert len(whys(trade, bill)) == 3, "control stayed where it was"
    assert endorsements(trade, bill) == [("shipper", "bank"), ("bank", "buyer"), ("bank", "shipper")]


def test_an_endorsement_in_blank_that_keeps_possession_is_in_the_chain(trade):
    bill = trade.bill()
    trade.act("bank", "endorse_in_blank", bill)
    assert endorsements(trade, bill) == [("shipper", "bank"), ("bank", "blank")]
