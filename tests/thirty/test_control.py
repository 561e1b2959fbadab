"""Control: one bill, one party in control of it, known and provable, from the issue to the end."""

from __future__ import annotations

from random import Random

import pytest
from support.checked import invariants_of
from support.game import Game, refused
from support.members import Key
from support.proven import Trade
from support.town import Town, bill

from contracts.guards import key_proof_message
from ledger.bundle import Bundle
from ledger.errors import LadingError
from ledger.hashing import SIGN_ATTESTATION
from ledger.member import MemberCard
from ledger.record import Record
from ledger.report import Verdict
from ledger.signature import ED25519
from ledger.signature import verify as verify_signature
from ledger.store.memory import MemoryStore
from ledger.verify import verify
from nodes.engines.solo import Done, SoloEngine
from nodes.reader import LedgerReader
from nodes.replayer import Replayer

STALE = "transaction.stale_sequence"


def everything(game, who, record):
    """Every act on a record that `who` can sign, with arguments of the right types."""
    values = {
        "party": game.id("buyer"), "code": "SG", "time": game.time + 3_600_000, "hash": bytes(32), "id": bytes(32),
        "count": 1, "text": "x", "bytes": b"x", "parties": [game.id("buyer")], "ids": [bytes(32)],
        "codes": ["CNSHA"], "texts": ["x"], "names": {"en": "x"},
    }  # fmt: skip
    for action in game.rules.table(record.kind, record.version).actions.values():
        if "new" in action.moves:
            continue
        args = {
            name: of.one_of[0] if of.one_of else values.get(of.type)
            for name, of in action.arguments.items()
            if not of.optional
        }
        yield action, game.act(who, f"{record.kind}.{action.name}", record.id, **args)


def test_p04_singularity_one_number_has_one_bill():
    """P4, singularity: one authoritative record for one obligation.

    Law: 10(1)(b)(i); ETDA 2(2)(a); 16H
    Shows: of a thousand issues of one carrier under one number, in batches and one by one, in any order, exactly one
    is done, and the number stays taken when that bill is void; the carrier's other numbers are free.
    Missing: the same between several nodes that race, and with the network parted.
    """
    game, random = Game(), Random(4)
    issues = [
        game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments(number_text="A1")) for _ in range(1_000)
    ]
    random.shuffle(issues)
    outcomes = []
    while issues:
        count = random.choice((1, 7, 60))
        outcomes += game.submit(*issues[:count])
        del issues[:count]
    assert [outcome.code for outcome in outcomes] == ["", *["rule.number_is_new"] * 999]
    assert sum(record.kind == "bill_of_lading" for record in game.records.values()) == 1
    game.done("carrier", "void", outcomes[0].accepted.record)
    again = game.act("carrier", "bill_of_lading.issue", **game.bill_arguments(number_text="A1"))
    refused(again, "rule.number_is_new")
    game.issue_bill(number_text="A2")


def test_p06_no_gap_every_live_state_has_one_party_in_control():
    """P6, control from creation to end, without a gap.

    Law: 10(1)(b)(ii)
    Shows: the model checker explores every order of actions of the bill's table on a small model: in every live
    state exactly one party, a member or a joint group, is in control; every end is final, and can be reached.
    """
    found = invariants_of("bill_of_lading")
    assert [name for name in ("control", "moving", "final", "ending") if not found[name]] == []


def test_p06_no_gap_whatever_has_ended_is_in_nobodys_control():
    """P6, control from creation to end, without a gap.

    Law: 10(1)(b)(ii)
    Shows: on the real engine, at each step of a bill's life, one party is in control while it lives and none after.
    """
    game = Game()
    record = game.issue_bill()
    steps = [
        ("shipper", "accept", {}, "shipper"), ("shipper", "offer", {"to": "bank", "mode": "endorse"}, "shipper"),
        ("bank", "accept", {}, "bank"), ("bank", "surrender", {}, "bank"),
        ("carrier", "refuse_surrender", {}, "bank"), ("bank", "surrender", {}, "bank"),
        ("carrier", "accept_surrender", {}, "carrier"), ("carrier", "confirm_delivery", {}, None),
    ]  # fmt: skip
    assert game.record(record).controller == game.id("carrier")
    for who, action, args, controller in steps:
        game.done(who, action, record, **args)
        assert game.record(record).controller == (None if controller is None else game.id(controller))
    withdrawn = game.issue_bill()
    game.done("carrier", "void", withdrawn)
    assert game.record(withdrawn).controller is None


def test_p07_exclusive_control_of_two_acts_on_one_head_one_wins():
    """P7, exclusive control.

    Law: 11(1)(a); ETDA 2(2)(c)
    Shows: a holder who promises one bill to two has one promise accepted; the other is answered with the entry that
    won, which is in the log and which anybody can verify. A thousand races of two threads, and random histories
    against a model that knows nothing of the tables, are tried in tests/property/.
    """
    trade = Trade()
    record = trade.bill()
    promises = [trade.signed("bank", "offer", record, to=to, mode="endorse") for to in ("buyer", "shipper")]
    first, second = trade.engine.submit([one.entry for one in promises])
    assert isinstance(first, Done)
    assert (second.code, second.winner) == (STALE, first.index)
    assert trade.engine.reader.entry(second.winner) == promises[0].entry
    assert trade.engine.reader.record(record).pending.party == trade.id("buyer")
    trade.act("buyer", "accept", record)
    (late,) = trade.engine.submit([promises[1].entry])
    assert late.code == STALE
    assert trade.engine.reader.record(record).controller == trade.id("buyer")


def test_p08_identifiable_the_party_in_control_by_key_and_registration(tmp_path):
    """P8, the party in control is identifiable, a pseudonym can be linked.

    Law: 11(1)(b), note 116-117
    Shows: from the bill to the party in control, its key, its names and registration, and the card that the key
    signed when it was enrolled; whoever is no member sees hashes alone: neither the state that is proved beside a
    record nor what a checkpoint says names anybody.
    Missing: references that are used once, whose opening goes only to those entitled; until then every member sees
    every other member's acts.
    """
    town = Town(tmp_path)
    held = town.held(holder="bank")
    member = town.record(town.record(held).controller)
    card = MemberCard.decode(town.homes["bank"].read_card())
    card.check()
    assert (member.fields["alias"], member.fields["registration"]) == ("bank", "REG-bank")
    assert (member.fields["lei"], member.fields["names"]) == (card.lei, dict(card.names))
    assert [entry[:2] for entry in member.fields["keys"]] == [list(card.key)]
    trade = Trade()
    record = trade.bill()
    stored = trade.cosign("carrier", "shipper", "bank")
    bundle = trade.bundle(record)
    others = [one for one in trade.engine.reader.records() if one.id != record]
    for told in (stored.body.encode(), bundle.state.proof):
        assert not any(one.id in told or one.id.hex().encode() in told for one in others)
        assert not any(name.encode() in told for name in trade.members)


def test_p09_demonstrable_control_is_proved_to_who_is_no_member():
    """P9, the controller can demonstrate control to somebody who is no member.

    Law: ETDA 2(2)(d); RR 9(1)(c); DGC 130, 134
    Shows: a verifier with nothing but the ledger's policy chooses a nonce; the controller hands over a bundle and
    the nonce signed with the key that the bundle proves to be the controller's; another key's signature, another
    nonce and a bundle from before a transfer are refused.
    Missing: a command that asks and answers the challenge.
    """
    trade = Trade()
    record = trade.bill()
    trade.cosign("carrier", "shipper", "bank")
    old = trade.bundle(record).encode()
    nonce = b"\x07" * 32

    def answer(alias: str) -> tuple[int, bytes, bytes]:
        return trade.members[alias].sign(SIGN_ATTESTATION + b"control\x00" + record + nonce)

    def convinced(data: bytes, signature: tuple[int, bytes, bytes], asked: bytes = nonce) -> bool:
        report = verify(data, trade.policy, at=trade.time)
        if report.verdict is not Verdict.VALID:
            return False
        algorithm, key, made = signature
        last = [event for event in report.events if event.actor == report.facts["controller"]][-1]
        if (algorithm, key) != (ED25519, last.key):
            return False
        try:
            verify_signature(algorithm, key, SIGN_ATTESTATION + b"control\x00" + record + asked, made)
        except LadingError:
            return False
        return True

    assert convinced(old, answer("bank"))
    assert not convinced(old, answer("shipper")), "a former holder's key"
    assert not convinced(old, answer("bank"), bytes(32)), "an answer to another challenge"
    trade.pass_on(record, "bank", "buyer")
    trade.time += 3_600_000
    trade.cosign("carrier", "shipper", "bank")
    assert not convinced(old, answer("bank")), "a proof from before the transfer"
    assert convinced(trade.bundle(record).encode(), answer("buyer"))


def test_p10_divesting_a_transfer_leaves_the_former_holder_nothing():
    """P10, a transfer divests the transferor.

    Law: ETDA 2(2)(e); 11(2)
    Shows: after the transfer every act of the former holder is refused, whatever it is, with old and with new
    signatures, and with an older key too; on a copy that replays the log later, as a node that was away does, the
    bill has left it as well.
    Missing: the same on several nodes that are online.
    """
    game = Game()
    held = game.held_bill("shipper")
    kept = [game.signed("shipper", "surrender", held)]
    game.done("shipper", "offer", held, to="bank", mode="endorse")
    kept.append(game.signed("shipper", "recall", held))
    game.done("bank", "accept", held)
    before = game.record(held).encode()
    for action, outcome in everything(game, "shipper", game.record(held)):
        assert outcome.error is not None, action.name
    for outcome in game.submit(*kept):
        refused(outcome, STALE)
    assert game.record(held).encode() == before
    old, new = game.members["shipper"].key, Key(game.fresh("key"))
    proof = new.sign(key_proof_message(game.id("shipper"), new.public))[2]
    game.done("shipper", "rotate_key", game.id("shipper"), public_key=new.public, proof=proof)
    for key in (old, new):
        assert game.act("shipper", "surrender", held, key=key).error is not None
    assert game.record(held).encode() == before


def test_p10_divesting_a_node_that_was_away_follows():
    """P10, a transfer divests the transferor.

    Law: ETDA 2(2)(e); 11(2)
    Shows: a copy that was away while the bill moved replays the log, and refuses the former holder from then on.
    Missing: the same on several nodes that are online.
    """
    trade = Trade()
    record = trade.issue()
    trade.act("shipper", "accept", record)
    store = MemoryStore()
    replica = Replayer(store)
    replica.feed([entry.data for entry in trade.store.entries(0, trade.engine.chain.size)])
    late = trade.signed("shipper", "surrender", record)
    assert LedgerReader(store).record(record).controller == trade.id("shipper")
    trade.pass_on(record, "shipper", "bank")
    replica.feed([entry.data for entry in trade.store.entries(replica.size, trade.engine.chain.size)])
    assert replica.root() == trade.engine.chain.frontier.root()
    away = SoloEngine.open(store, lambda: trade.time)
    assert away.reader.record(record).controller == trade.id("bank")
    (result,) = away.submit([late.entry])
    assert result.code == STALE


def test_p20_one_claim_of_two_surrenders_one_is_accepted_and_delivery_is_confirmed_once():
    """P20, several requests for performance are prevented.

    Law: 10, note 112; DGC 128
    Shows: of two surrenders, of two acceptances and of two confirmations of delivery, each pair signed on one head
    and sent at once, one takes effect; after the acceptance nothing moves the bill, and after delivery nothing
    is done with it at all.
    Missing: two agents at two nodes.
    """
    game = Game()
    held = game.held_bill("shipper")
    for who, action in (("shipper", "surrender"), ("carrier", "accept_surrender"), ("carrier", "confirm_delivery")):
        pair = [game.signed(who, action, held) for _ in range(2)]
        assert [outcome.code for outcome in game.submit(*pair)] == ["", STALE]
        assert game.act(who, action, held).error is not None, "nor a third time"
        if action == "accept_surrender":
            refused(game.act("shipper", "offer", held, to="bank", mode="endorse"), "rule.wrong_state")
            refused(game.act("carrier", "offer", held, to="bank", mode="endorse"), "rule.wrong_state")
    for who in game.members:
        for action, outcome in everything(game, who, game.record(held)):
            assert outcome.error is not None, action.name


def test_p21_presentation_a_refused_surrender_returns_to_who_surrendered():
    """P21, surrender is a transfer of control; a refusal returns control to the surrenderer only.

    Law: note 118, 121; Open-Attestation/token-registry PR #40
    Shows: a surrender offers control to the carrier alone; the carrier's refusal names nobody and cannot, and the
    bill stands as it stood before, with the same holder, order party and endorsements; acceptance moves control to
    the carrier.
    """
    game = Game()
    held = game.held_bill("shipper")
    game.pass_on(held, "shipper", "buyer")
    before = game.record(held)
    game.done("buyer", "surrender", held)
    pending = game.record(held).pending
    assert (game.record(held).controller, pending.party) == (game.id("buyer"), game.id("carrier"))
    assert "party" not in {
        of.type for of in game.rules.table("bill_of_lading").actions["refuse_surrender"].arguments.values()
    }
    for args in ({"to": "bank"}, {"to": "shipper", "mode": "endorse"}, {"controller": game.id("bank")}):
        refused(game.act("carrier", "refuse_surrender", held, **args), "rule.bad_arguments")
    game.done("carrier", "refuse_surrender", held)
    after = game.record(held)
    moved = {"sequence", "head", "entry"}
    same = [name for name in Record.__slots__ if getattr(before, name) == getattr(after, name)]
    assert set(same) == set(Record.__slots__) - moved
    game.done("buyer", "surrender", held)
    game.done("carrier", "accept_surrender", held)
    assert (game.record(held).controller, game.record(held).pending) == (game.id("carrier"), None)


def test_p22_delivery_is_confirmed_to_the_holder():
    """P22, delivery or loss of effect is confirmed to the holder.

    Law: RR 9(1)(d)
    Shows: the carrier's signed act confirms the delivery, with the commitment of the receipt; from then on anybody
    who has a bundle sees at any time that the bill is accomplished, that nobody is in control, and since when.
    """
    trade = Trade()
    record = trade.bill()
    trade.act("bank", "surrender", record)
    trade.act("carrier", "accept_surrender", record)
    receipt = b"\x11" * 32
    arguments = trade.engine.rules.table("bill_of_lading").actions["confirm_delivery"].arguments
    done = trade.act(
        "carrier", "confirm_delivery", record, **{name: receipt for name in ("receipt",) if name in arguments}
    )
    trade.cosign("carrier", "shipper", "bank")
    data = trade.bundle(record).encode()
    for later in (0, 365 * 86_400_000):
        report = verify(data, trade.policy, at=trade.time + later)
        assert (report.history, report.control) == (Verdict.VALID, Verdict.VALID)
    last = report.events[-1]
    assert (last.action, last.actor, last.index) == ("confirm_delivery", "carrier", done.index)
    assert "nobody" in report.control_reason
    entry = next(entry for entry in Bundle.decode(data).entries if entry.index == done.index)
    assert receipt in entry.data


def test_p27_one_original_a_document_of_several_is_refused(tmp_path):
    """P27, no hazard of several originals.

    Law: note 191-195; DCSA at most 1
    Shows: a document that says it has several originals is not issued, whatever mixture of kinds of original makes
    them; one has one, under a number that no second record can take.
    """
    town = Town(tmp_path)
    for count, charged in ((2, 0), (1, 1), (0, 3)):
        with pytest.raises(LadingError) as caught:
            bill("N-1", numberOfOriginalsWithoutCharges=count, numberOfOriginalsWithCharges=charged)
        assert caught.value.code == "document.several_originals"
    town.issue(bill("N-1", numberOfOriginalsWithoutCharges=1))
    with pytest.raises(LadingError) as caught:
        town.issue(bill("N-1"))
    assert caught.value.code == "rule.number_is_new"
