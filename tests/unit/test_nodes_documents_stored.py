"""Goods in store: receipts for parts say together what the receipt said that they replace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nodes.documents.conservation import conservation_statement
from nodes.documents.stored import GoodsAdded, GoodsDiffer, NothingDelivered, is_stored, stored_statement

SAMPLES = Path(__file__).resolve().parents[2] / "nodes/demo/samples"
RECEIPT = json.loads((SAMPLES / "warehouse-receipt.json").read_bytes())
OLD, NEW = b"\x01" * 32, b"\x02" * 32


def receipt(**lots):
    """A receipt for so many packages and kilograms of each lot, such as a=(10, "95.5")."""
    goods = [
        {"description": "tea", "lot": lot, "packages": {"count": str(count), "description": "chests"},
         "grossWeight": {"value": weight, "unit": "KGM"}}
        for lot, (count, weight) in lots.items()
    ]  # fmt: skip
    return {**RECEIPT, "goods": goods}


def test_what_is_not_in_the_new_receipt_was_delivered():
    before, after = receipt(a=(10, "95.50"), b=(4, "12")), receipt(a=(7, "66.85"), b=(4, "12"))
    assert stored_statement([(OLD, before)], [(NEW, after)]) == (
        '{"after":[{"document":"' + NEW.hex() + '","goods":[{"item":"a","packages":"7","weight":"66.85"},'
        '{"item":"b","packages":"4","weight":"12"}]}],"before":[{"document":"' + OLD.hex() + '","goods":'
        '[{"item":"a","packages":"10","weight":"95.5"},{"item":"b","packages":"4","weight":"12"}]}],'
        '"delivered":[{"item":"a","packages":"3","weight":"28.65"}],"format":"lading/stored-goods@1"}'
    )


def test_a_lot_can_be_divided_between_receipts():
    parts = [(NEW, receipt(a=(6, "57.3"))), (OLD, receipt(a=(4, "38.2"), b=(4, "12")))]
    said = json.loads(stored_statement([(OLD, receipt(a=(10, "95.5"), b=(4, "12")))], parts))
    assert said["delivered"] == []


@pytest.mark.parametrize(
    ("after", "error", "value"),
    [
        ([receipt(a=(11, "95.5"))], GoodsAdded, "a"),
        ([receipt(a=(9, "95.51"))], GoodsAdded, "a"),
        ([receipt(a=(9, "90"), c=(1, "5.5"))], GoodsAdded, "c"),
        ([receipt(a=(5, "50")), receipt(a=(6, "45.5"))], GoodsAdded, "a"),
        ([receipt(a=(5, "50")), receipt(a=(4, "45.5"))], GoodsDiffer, ["a"]),
        ([receipt(a=(5, "50")), receipt(a=(5, "45.4"))], GoodsDiffer, ["a"]),
        ([receipt(a=(10, "95.50"))], NothingDelivered, None),
    ],
)
def test_there_is_no_statement_of_what_is_not_so(after, error, value):
    with pytest.raises(error) as caught:
        stored_statement([(OLD, receipt(a=(10, "95.5")))], [(NEW, one) for one in after])
    assert caught.value.value == value or value is None


def test_goods_without_a_lot_are_told_apart_by_code_and_description():
    plain = json.loads(json.dumps(RECEIPT))
    for goods in plain["goods"]:
        del goods["lot"]
    rest = {**plain, "goods": plain["goods"][:1]}
    said = json.loads(stored_statement([(OLD, plain)], [(NEW, rest)]))
    assert [one["item"] for one in said["delivered"]] == ["691110 Porcelain tableware, dinner sets of 16 pieces"]


def test_it_is_the_statement_of_warehouse_receipts_alone():
    bill = json.loads((SAMPLES / "transport-document.json").read_bytes())
    assert is_stored([RECEIPT, RECEIPT])
    assert not is_stored([RECEIPT, bill])
    assert not is_stored([])
    part = {**RECEIPT, "goods": RECEIPT["goods"][:1]}
    pair = ([(OLD, RECEIPT)], [(NEW, part)])
    assert conservation_statement(*pair) == stored_statement(*pair)
    assert '"format":"lading/conservation@1"' in conservation_statement([(OLD, bill)], [(NEW, bill)])
