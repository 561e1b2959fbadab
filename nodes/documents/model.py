"""What every kind of document gives the ledger, whatever its format.

A `Document` is the bytes as they came, the value that they say (what is committed to), and the
facts that an act needs: who issued it under which number, in which form, to whom.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from ledger.commitment import Leaf, leaves
from ledger.strict_json import JsonValue

__all__ = ["Document", "DocumentFacts", "Finding", "Form", "Kind", "PartyFacts", "Role"]


class Kind(StrEnum):
    """The kinds of documents, named as the rule tables of their records are."""

    BILL_OF_LADING = "bill_of_lading"
    SEA_WAYBILL = "sea_waybill"
    INVOICE = "invoice"
    CERTIFICATE = "certificate"
    AIR_WAYBILL = "air_waybill"
    WAREHOUSE_RECEIPT = "warehouse_receipt"
    DELIVERY_ORDER = "delivery_order"


class Form(StrEnum):
    """How a bill of lading passes: to a named consignee, by endorsement, or by control alone."""

    STRAIGHT = "straight"
    ORDER = "order"
    BLANK = "blank"


class Role(StrEnum):
    """What a party is in a document."""

    FIRST_HOLDER = "first_holder"
    ORDER_PARTY = "order_party"
    CONSIGNEE = "consignee"
    SHIPPER = "shipper"
    SELLER = "seller"
    BUYER = "buyer"
    EXPORTER = "exporter"
    DEPOT = "depot"


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """A party as a document names it.

    `lei` is its ISO 17442 code or empty; `codes` are its other codes as LIST:CODE, such as
    "SMDG:MSC", in the form in which a member's card has them.
    """

    name: str
    lei: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at that does not stop the document, such as a property not known here."""

    code: str
    place: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """Code, place and message as strings, for JSON output."""
        return {"code": self.code, "place": self.place, "message": self.message}


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What an act takes from a document.

    `kind` is a `Kind`, or that of a rule table without a reader of its own. `issuer` is who issued it, by
    the code or LEI that a member's record has; `place` of issue is a UN/LOCODE, or a country's two letters
    where no more is known, or empty; `form` is None for what is not negotiable; `references` are (type,
    number) of other documents that it names; `container` is the one that it is for, and `valid_until` its end
    in Unix milliseconds, where it says so.
    """

    kind: str
    number: str
    issuer: PartyFacts
    issue_date: datetime.date | None = None
    place: str = ""
    form: Form | None = None
    parties: Mapping[Role, PartyFacts] = field(default_factory=lambda: MappingProxyType({}))
    references: tuple[tuple[str, str], ...] = ()
    container: str = ""
    valid_until: int | None = None
    findings: tuple[Finding, ...] = ()

    def party_codes(self) -> Iterator[tuple[Role, str]]:
        """Every code by which a party can be found among the members: its LEI first."""
        for role, party in self.parties.items():
            if party.lei:
                yield role, f"LEI:{party.lei}"
            for code in party.codes:
                yield role, code


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read and found good; `kind` is that of its facts."""

    kind: str
    media_type: str
    original: bytes = field(repr=False)
    value: JsonValue = field(repr=False)
    facts: DocumentFacts

    def leaves(self, secret: bytes) -> list[Leaf]:
        """The leaves of its commitment (`ledger.commitment`), under a secret of 32 bytes."""
        return leaves(self.value, self.original, self.media_type, secret)
