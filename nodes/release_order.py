"""A delivery order and the bill of lading against which it is issued: what the rules cannot see, the documents say."""

from __future__ import annotations

from ledger.errors import UsageError
from nodes.documents.conservation import cargo_of
from nodes.documents.model import Document

__all__ = ["NotOfThisBill", "check_release_order"]

_BILL_OF_LADING = "705"
"""The type of a bill of lading in UNCL 1001."""


class NotOfThisBill(UsageError):
    """The delivery order names another bill than the one that is given, or a container that is not in it."""

    code = "issue.not_of_this_bill"
    hint = "give the bill that the order names (`--arg bill=RECORD`), or mend the order's number or container"


def check_release_order(order: Document, bill: Document) -> None:
    """That an order is against a bill, for one of its containers. Raises `NotOfThisBill`, or `NotCountable`."""
    numbers = [number for kind, number in order.facts.references if kind == _BILL_OF_LADING]
    if bill.facts.number not in numbers:
        raise NotOfThisBill(
            f"the order is against bill {', '.join(numbers) or 'none'}, not {bill.facts.number}", value=numbers
        )
    container = order.facts.container
    if container not in cargo_of(bill.value):
        raise NotOfThisBill(f"bill {bill.facts.number} has no container {container}", value=container)
