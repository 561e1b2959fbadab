"""Long and knotted successions: what carrier and holder make of one bill keeps no node busy, and stays provable."""

from __future__ import annotations

from support.members import digest
from support.proven import Trade

from ledger.errors import LadingError
from ledger.hashing import number_key
from ledger.record import Record
from ledger.transaction import Target, sign
from nodes.past import record_after
from nodes.reader import LedgerReader


def by_both(trade, action, olds, **arguments):
    """An act of the carrier on the shipper's bills, which the shipper signs too."""
    transaction = trade.signed("carrier", action, olds[0], **arguments).transaction
    found = [trade.engine.reader.record(old) for old in olds]
    targets = tuple(Target(one.id, one.sequence, one.head) for one in found)
    signers = [trade.members[alias].sign for alias in ("carrier", "shipper")]
    signed = sign(transaction._replace(targets=targets), *signers)
    (result,) = trade.engine.submit([signed.entry])
    assert not isinstance(result, LadingError), result


def part(trade):
    record = trade.fresh("part")
    key = number_key(trade.genesis.id, "transport_document", trade.id("carrier"), record.hex())
    number = {"at": "/transportDocumentReference", "class": "transport_document", "key": key}
    return {"document": digest("document", record.hex()), "number": number, "record": record}


def held_bill(trade):
    bill = trade.issue()
    trade.act("shipper", "accept", bill)
    return bill


def replayed(trade, record) -> Record | None:
    reader = LedgerReader(trade.store, trade.engine.chain.tree.leaf)
    return record_after(reader, record, reader.history(reader.record(record)))


def test_a_bill_that_is_split_and_merged_again_and_again_is_replayed_once():
    """Each round has eight parts: to replay what is behind it for each part anew would take 8**6 replays."""
    trade = Trade()
    bill = held_bill(trade)
    for _ in range(6):
        parts = [part(trade) for _ in range(8)]
        by_both(trade, "split", [bill], parts=parts, conservation=digest("conservation"))
        merged = part(trade)
        by_both(trade, "merge", [one["record"] for one in parts], **merged, conservation=digest("conservation"))
        bill = merged["record"]
    assert replayed(trade, bill) == trade.engine.reader.record(bill)


def test_a_succession_of_hundreds_is_replayed():
    trade = Trade()
    bill = held_bill(trade)
    for _ in range(400):
        new = part(trade)
        stated = {"difference": digest("difference"), "conservation": digest("conservation")}
        by_both(trade, "switch_bill", [bill], **new, form="order", order_party="shipper", **stated)
        bill = new["record"]
    assert replayed(trade, bill) == trade.engine.reader.record(bill)
