"""Goods in store: what receipts for parts say together is what the receipt said that they replace.

    {"after":[{"document":"<commitment, hex>","goods":[{"item":"PO 26-3391/1","packages":"680","weight":"6460"}]}],
     "before":[…],"delivered":[{"item":"PO 26-3391/1","packages":"500","weight":"4750"}],
     "format":"lading/stored-goods@1"}

Canonical JSON (RFC 8785). An item of goods is named by its lot, else by its commodity code and description; goods of
one item are alike, so that they can be divided. Where one new receipt takes the place of one for more, the rest was
delivered, and the statement says what it was: of no item more comes out than was in store, and something does. Where
there are several new receipts, nothing was delivered. Weights are kilograms, exact decimals. Warehouse and holder
each compute it from the receipts that they have, and sign an act that holds its commitment.

Source: UNCITRAL-UNIDROIT Model Law on Warehouse Receipts (2024), on partial delivery and on splitting a receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

from ledger.strict_json import JsonValue, canonicalise

from .errors import DocumentError
from .model import Kind
from .own import format_of

__all__ = ["GoodsAdded", "GoodsDiffer", "NothingDelivered", "is_stored", "stored_statement"]

_FORMAT: Final = "lading/stored-goods@1"
_Stock: TypeAlias = dict[str, tuple[Decimal, Decimal]]
"""Packages and weight by item."""


class GoodsAdded(DocumentError):
    """A new receipt is for goods that were not in store, or for more of them."""

    code = "stored.goods_added"
    hint = "a receipt for a part names no more than the receipt that it replaces; new goods get a receipt of their own"


class GoodsDiffer(DocumentError):
    """The parts are less than the whole."""

    code = "stored.goods_differ"
    hint = "put what is missing into one of the new receipts; to deliver a part, use `release-part`"


class NothingDelivered(DocumentError):
    """The new receipt is for all that the old one was for."""

    code = "stored.nothing_delivered"
    hint = "take what is delivered out of the new receipt; without a delivery, use `reissue`"


def is_stored(values: Sequence[JsonValue]) -> bool:
    """Whether documents are warehouse receipts, all of them."""
    return bool(values) and all(format_of(value) is Kind.WAREHOUSE_RECEIPT for value in values)


def stored_statement(before: Sequence[tuple[bytes, JsonValue]], after: Sequence[tuple[bytes, JsonValue]]) -> str:
    """The canonical text over receipts by their commitments.

    Raises `GoodsAdded`, `GoodsDiffer` or `NothingDelivered`: there is no statement of what is not so.
    """
    old, new = (_together([_stock(value) for _, value in side]) for side in (before, after))
    delivered: _Stock = {}
    for item in sorted({*old, *new}):
        packages, weight = (was - left for was, left in zip(old.get(item, _NONE), new.get(item, _NONE), strict=True))
        if packages < 0 or weight < 0:
            raise GoodsAdded(f"of {item} the new receipts have more than the old", value=item)
        if packages or weight:
            delivered[item] = (packages, weight)
    if delivered and len(after) > 1:
        raise GoodsDiffer(f"of {next(iter(delivered))} the new receipts have less than the old", value=list(delivered))
    if not delivered and len(after) == 1 and len(before) == 1:
        raise NothingDelivered("the new receipt is for the same goods as the old")
    sides: dict[str, JsonValue] = {
        name: [{"document": commitment.hex(), "goods": _listed(_stock(value))} for commitment, value in side]
        for name, side in (("before", before), ("after", after))
    }
    return canonicalise({"format": _FORMAT, **sides, "delivered": _listed(delivered)}).decode("utf-8")


_NONE: Final = (Decimal(0), Decimal(0))


def _stock(receipt: Any) -> _Stock:
    """What a receipt is for, as its schema has it."""
    found: _Stock = {}
    for goods in receipt["goods"]:
        packages, weight = found.get(_item(goods), _NONE)
        made = Decimal(goods["packages"]["count"]), Decimal(goods["grossWeight"]["value"])
        found[_item(goods)] = (packages + made[0], weight + made[1])
    return found


def _item(goods: Mapping[str, Any]) -> str:
    return str(goods["lot"] if "lot" in goods else f"{goods.get('hsCode', '')} {goods['description']}".strip())


def _together(stocks: Sequence[_Stock]) -> _Stock:
    found: _Stock = {}
    for stock in stocks:
        for item, (packages, weight) in stock.items():
            before = found.get(item, _NONE)
            found[item] = (before[0] + packages, before[1] + weight)
    return found


def _listed(stock: _Stock) -> list[JsonValue]:
    return [
        {"item": item, "packages": _plain(packages), "weight": _plain(weight)}
        for item, (packages, weight) in sorted(stock.items())
    ]


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
