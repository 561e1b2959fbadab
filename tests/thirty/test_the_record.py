"""The record: its writing, its signatures, its content, its copies, its endorsements, its time and its terms."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgpack
import pytest
from support.game import HOUR, START, Game, refused
from support.members import digest
from support.proven import Trade
from support.town import Town, bill, sample

from contracts.lawyer import render_statement
from ledger import codec
from ledger.bundle import Bundle
from ledger.errors import LadingError
from ledger.report import Verdict
from ledger.transaction import TRANSACTION, Target, sign
from ledger.verify import verify
from nodes.engines.solo import SoloEngine

OLD = Path(__file__).resolve().parents[1] / "vectors" / "core_formats.json"


def read(data: bytes) -> list:
    """Bytes read with a reader of MessagePack that knows nothing of lading."""
    return msgpack.unpackb(data, raw=False)


def write(value: object) -> bytes:
    return msgpack.packb(value, use_bin_type=True)


def test_p01_writing_old_bytes_are_read_by_the_published_form_alone():
    """P1, writing: every record and every act is readable later in human and machine form.

    Law: MLETR 8; DGC(III)
    Shows: stored entries and records are read with a plain reader of MessagePack as docs/spec.md describes them,
    without any code of lading; written again they are the same bytes, and their hashes come out the same.
    """
    kept = json.loads(OLD.read_text())
    for name in ("transaction", "commit", "text"):
        entry = bytes.fromhex(kept[name]["entry"])
        assert write(read(entry)) == entry
        assert sha256(b"\x00" + entry).hexdigest() == kept[name]["leaf"]
    form, body, signatures = read(bytes.fromhex(kept["transaction"]["entry"]))
    ledger, targets, action, arguments, actor, represented, statement, until, salt = read(body)
    assert (form, [len(one) for one in (ledger, actor, salt)]) == ("lading/transaction@1", [32, 32, 32])
    assert (len(targets[0]), targets[0][1], represented) == (3, 2, None)
    assert (action, statement) == ("bill_of_lading.offer", "bill_of_lading.offer@1")
    assert (arguments["mode"], until) == ("endorse", 1764086400000)
    assert [type(part) for part in signatures[0]] == [int, bytes, bytes]
    form, height, time, before, index, root, previous = read(bytes.fromhex(kept["commit"]["entry"]))
    assert (form, height, time, before, index) == ("lading/commit@1", 3, 1764000000000, 12, 15)
    assert (len(root), len(previous)) == (32, 32)
    content = bytes.fromhex(kept["record"]["content"])
    record = read(content)
    assert (write(record), len(record), record[1]) == (content, 21, "bill_of_lading")


def test_p01_writing_every_act_of_a_record_has_a_sentence():
    """P1, writing: every record and every act is readable later in human and machine form.

    Law: MLETR 8; DGC(III)
    Shows: each act of a bill's life, read from the log, is a sentence in natural language with the parties in it.
    """
    game = Game()
    held = game.held_bill("shipper")
    game.pass_on(held, "shipper", "bank")
    game.done("bank", "surrender", held)
    game.done("carrier", "accept_surrender", held)
    game.done("carrier", "confirm_delivery", held)
    names = {member.id: alias for alias, member in game.members.items()}
    sentences = []
    for batch in game.batches[1:]:
        _, body, _ = read(batch.entries[0].data)
        transaction = codec.decode(body)
        action, arguments, actor = transaction[2], transaction[3], transaction[4]
        table = game.rules.table(action.partition(".")[0])
        record = transaction[1][0][0] if transaction[1] else arguments["record"]
        signed = game.transaction(names[actor], action, record if transaction[1] else None)
        sentences.append(render_statement(table, signed._replace(arguments=arguments), names))
    assert [sentence.split()[0] for sentence in sentences] == [
        "carrier", "shipper", "shipper", "bank", "bank", "carrier", "carrier",
    ]  # fmt: skip
    assert all(sentence.endswith(".") and held.hex() in sentence for sentence in sentences)
    assert "shipper offers bill of lading" in sentences[2]
    assert "to bank (endorse)" in sentences[2]


def test_p02_signature_covers_everything_of_the_act():
    """P2, signature: it identifies the signatory and shows the intention for that act.

    Law: 9, 15; DGC 97-109
    Shows: the signature covers ledger, records with sequence and head, action, arguments with the recipient and the
    document's hash, actor, whom it represents, the statement, the time and the salt; any of them swapped, or a
    signature put under another act, record or ledger, and it is refused.
    """
    game, other = Game(), Game(parameters={"rulebook": digest("rulebook").hex(), "name": "other"})
    issue = game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments())
    game.submit(issue)
    held, second = game.held_bill("shipper"), game.held_bill("shipper")
    offer = game.signed("shipper", "offer", held, to="bank", mode="endorse")
    there = game.record(second)
    args = dict(offer.transaction.arguments)
    swaps = {
        "ledger": other.ledger,
        "targets": (Target(second, there.sequence, there.head),),
        "action": "bill_of_lading.surrender",
        "arguments": {**args, "to": game.id("buyer")},
        "actor": game.id("bank"),
        "represented": game.id("buyer"),
        "statement": "bill_of_lading.offer@2",
        "valid_until": offer.transaction.valid_until + 1,
        "salt": bytes(32),
    }
    assert set(swaps) == set(offer.transaction._fields), "every element of a transaction is tried"
    changed = [offer.transaction._replace(**{name: value}) for name, value in swaps.items()]
    target = offer.transaction.targets[0]
    changed += [offer.transaction._replace(targets=(swap,)) for swap in (
        target._replace(sequence=target.sequence + 1), target._replace(head=bytes(32)))]  # fmt: skip
    changed += [offer.transaction._replace(arguments={**args, "mode": mode}) for mode in ("blank", "possession")]
    for one in changed:
        forged = codec.encode([TRANSACTION, one.encode(), [list(signature) for signature in offer.signatures]])
        refused(game.submit(forged)[0], "signature.bad_signature")
    document = issue.transaction._replace(arguments={**issue.transaction.arguments, "document": digest("other")})
    forged = codec.encode([TRANSACTION, document.encode(), [list(signature) for signature in issue.signatures]])
    refused(game.submit(forged)[0], "signature.bad_signature")
    refused(other.submit(offer)[0], "transaction.another_ledger")
    assert game.submit(offer)[0].error is None
    refused(game.submit(offer)[0], "transaction.stale_sequence")


NEEDED = {
    "transportDocumentReference": "NoNumber", "carrierCode": "NoCarrier", "transports": "NoPort",
    "issueDate": "NoDate", "shippedOnBoardDate": "NoDate", "termsAndConditions": "NoTerms",
    "consignmentItems": "NoGoods", "placeOfIssue": "ChoiceMissing", "documentParties": "SchemaViolation",
}  # fmt: skip


def test_p03_content_a_bill_that_lacks_what_paper_must_have_is_not_issued(tmp_path):
    """P3, content: the information of the record is that which the paper document would need.

    Law: 10(1)(a)
    Shows: without its number, carrier, ports, dates, terms, goods, place of issue or parties a document of carriage
    is not issued; each argument of the issue that stands for one of them is required by the rule itself; and what
    was taken from the document is the document's, since the record bears the commitment of all of it.
    """
    town = Town(tmp_path)
    for name, error in NEEDED.items():
        with pytest.raises(LadingError) as caught:
            town.issue(bill(**{"number": "N-1", name: None} if name != "transportDocumentReference" else {name: None}))
        assert type(caught.value).__name__ == error, name
    for port in ("portOfLoading", "portOfDischarge"):
        transports = json.loads(sample("transport-document.json"))["transports"]
        del transports[port]
        with pytest.raises(LadingError) as caught:
            town.issue(bill("N-1", transports=transports))
        assert type(caught.value).__name__ == "NoPort"
    record = town.issue(bill("N-1")).record
    assert record.document is not None
    assert (record.fields["law"], record.fields["place"]) == ("SG", "CNSHA")
    game = Game()
    declared = game.rules.table("bill_of_lading").actions["issue"].arguments
    required = [name for name, argument in declared.items() if not argument.optional]
    assert {"document", "number", "to", "form", "rulebook", "law", "place"} <= set(required)
    for name in required:
        args = game.bill_arguments()
        del args[name]
        error = refused(game.act("carrier", "bill_of_lading.issue", **args), "rule.bad_arguments")
        assert name in f"{error.message} {error.value}"


def test_p05_copy_an_export_shows_who_was_in_control_and_grants_nothing():
    """P5, copy: a copy is distinguishable from the original.

    Law: ETDA 2(2)(a); DGC 129
    Shows: a bundle verifies as who was in control at its checkpoint and from which commit on; the entries in it move
    nothing when they are sent to the ledger again, and who has it can sign no act of the controller's.
    """
    trade = Trade()
    record = trade.bill()
    trade.cosign("carrier", "shipper", "bank")
    data = trade.bundle(record).encode()
    report = verify(data, trade.policy, at=trade.time)
    assert (report.verdict, report.facts["controller"]) == (Verdict.VALID, "bank")
    before = trade.engine.reader.record(record).encode()
    size = trade.engine.chain.size
    for entry in Bundle.decode(data).entries:
        (result,) = trade.engine.submit([entry.data])
        assert isinstance(result, LadingError) or result.repeated, "what is in a copy is in the log already"
    stolen = trade.signed("bank", "surrender", record, key=trade.members["buyer"].key)
    (result,) = trade.engine.submit([stolen.entry])
    assert result.code == "transaction.not_the_actors_key"
    assert (trade.engine.reader.record(record).encode(), trade.engine.chain.size) == (before, size)
    later = verify(data, trade.policy, at=trade.time + HOUR)
    assert (later.history, later.control) == (Verdict.VALID, Verdict.UNKNOWN)
    assert "bank" in later.control_reason


FORMS = [
    # form, to whose order, consignee; who offers to whom how; the guard that refuses it, or nothing
    ("order", "shipper", None, "shipper", "bank", "endorse", ""),
    ("order", "shipper", None, "shipper", "bank", "blank", ""),
    ("order", "shipper", None, "shipper", "bank", "possession", ""),
    ("order", "buyer", None, "shipper", "bank", "endorse", "transfer_fits_form"),
    ("order", "buyer", None, "shipper", "bank", "blank", "transfer_fits_form"),
    ("order", "buyer", None, "shipper", "bank", "possession", ""),
    ("blank", None, None, "shipper", "bank", "endorse", ""),
    ("blank", None, None, "shipper", "bank", "blank", "transfer_fits_form"),
    ("blank", None, None, "shipper", "bank", "possession", ""),
    ("straight", None, "buyer", "shipper", "buyer", "possession", ""),
    ("straight", None, "buyer", "shipper", "bank", "possession", "transfer_fits_form"),
    ("straight", None, "buyer", "shipper", "buyer", "endorse", "transfer_fits_form"),
    ("straight", None, "buyer", "shipper", "buyer", "blank", "transfer_fits_form"),
]


@pytest.mark.parametrize(("form", "order", "consignee", "who", "to", "mode", "guard"), FORMS)
def test_p15_endorsement_by_the_form_of_the_bill(form, order, consignee, who, to, mode, guard):
    """P15, endorsement: it carries the required information and signature.

    Law: 15
    Shows: straight, to order and endorsed in blank, each with its own rule on who endorses to whom, case by case.
    """
    game = Game()
    held = game.held_bill(who, form=form, order_party=order, consignee=consignee)
    outcome = game.act(who, "offer", held, to=to, mode=mode)
    if guard:
        refused(outcome, f"rule.{guard}")
        return
    assert outcome.error is None
    game.done(to, "accept", held)
    record = game.record(held)
    expected = {"endorse": ("order", game.id(to)), "blank": ("blank", None)}
    unchanged = (form, None if order is None else game.id(order))
    assert (record.fields["form"], record.order_party) == expected.get(mode, unchanged)
    assert record.controller == game.id(to)


def test_p15_endorsement_a_broken_link_of_the_chain_is_named():
    """P15, endorsement: it carries the required information and signature.

    Law: 15
    Shows: any act left out of a bill's chain is refused with the number of the entry where it breaks; who holds
    without an endorsement to it can neither endorse nor claim the goods.
    """
    trade = Trade()
    record = trade.bill()
    trade.cosign("carrier", "shipper", "bank")
    bundle = trade.bundle(record)
    chain = [entry for entry in bundle.entries if b"lading/transaction@1" in entry.data[:24]]
    assert len(chain) == 4
    for left_out in chain[1:]:
        rest = tuple(entry for entry in bundle.entries if entry.index != left_out.index)
        report = verify(replace(bundle, entries=rest).encode(), trade.policy, at=trade.time)
        broken = next(step for step in report.steps if step.verdict is not Verdict.VALID)
        assert (report.verdict, broken.verdict) == (Verdict.INVALID, Verdict.INVALID)
        follows = [entry.index for entry in chain if entry.index > left_out.index][:1]
        assert f"entry {(follows or [left_out.index])[0]}" in broken.detail, broken
    game = Game()
    held = game.held_bill("shipper")
    game.pass_on(held, "shipper", "bank", "possession")
    for mode in ("endorse", "blank"):
        refused(game.act("bank", "offer", held, to="buyer", mode=mode), "rule.transfer_fits_form")
    refused(game.act("bank", "surrender", held), "rule.entitled_to_delivery")


def test_p16_time_and_place_are_the_ledgers_and_the_documents():
    """P16, time and place: they are reliable.

    Law: 13, 14
    Shows: the time of an act is that of the commit that closes it, of the node's clock and never of the client; it
    never goes back, and a clock that does stops the node; the place of issue is the document's, signed by the
    carrier, and no place of a server.
    Missing: a time on which a quorum of validators, or an authority for time stamps, agrees.
    """
    trade = Trade()
    record = trade.bill()
    assert trade.engine.reader.record(record).fields["place"] == "CNSHA"
    times = [act.time for act in trade.engine.reader.history(trade.engine.reader.record(record))]
    assert times == sorted(times)
    assert "time" not in trade.signed("bank", "surrender", record).transaction._fields
    signed = trade.signed("bank", "surrender", record)
    early = signed.transaction._replace(valid_until=START)
    (result,) = trade.engine.submit([sign(early, trade.members["bank"].sign).entry])
    assert result.code == "transaction.expired", "an act cannot be put into the past"
    last = trade.engine.chain.head.time
    back = SoloEngine.open(trade.store, lambda: last - 5_001)
    with pytest.raises(LadingError) as caught:
        back.submit([signed.entry])
    assert type(caught.value).__name__ == "ClockWentBack"
    (done,) = SoloEngine.open(trade.store, lambda: last - 4_000).submit([signed.entry])
    assert done.time == last, "a little back is the last commit's time, never less"
    declared = trade.engine.rules.table("bill_of_lading").actions["issue"].arguments
    assert not declared["place"].optional


def test_p23_rules_a_bill_without_its_terms_is_not_issued():
    """P23, operating rules: they are readily ascertainable and referenced in the record.

    Law: RR 9(2); 12(a)(i)
    Shows: no bill is issued without the hash of the rulebook in force, a governing law and a clause that makes it an
    electronic bill; the record bears them, and the rule table under which it stands by kind and version, whose text
    is in the log under its hash.
    """
    game = Game()
    declared = game.rules.table("bill_of_lading").actions["issue"].arguments
    for name in ("rulebook", "law", "clause"):
        assert not declared[name].optional, name
        args = game.bill_arguments()
        del args[name]
        refused(game.act("carrier", "bill_of_lading.issue", **args), "rule.bad_arguments")
    other = game.bill_arguments(rulebook=digest("another rulebook"))
    refused(game.act("carrier", "bill_of_lading.issue", **other), "rule.argument_equals_parameter")
    record = game.record(game.issue_bill())
    assert record.fields["rulebook"].hex() == game.rules.parameters["rulebook"]
    assert record.fields["law"] == "SG"
    assert record.fields["clause"]
    table = game.rules.table(record.kind, record.version)
    text = b"".join(read(entry.data)[5] for entry in game.batches[0].entries if read(entry.data)[2] == table.hash)
    assert sha256(text).digest() == table.hash
    assert game.record(table.hash).kind == "rule_table"
