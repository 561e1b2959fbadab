"""What can be wrong with a document, before any rule of the ledger is asked.

DocumentError                     the giver's fault; `place` is a JSON Pointer into the document
├── EmptyDocument … WrongKind     it is not a document that lading reads
├── SchemaViolation               a name, type or limit of its standard is broken
├── NoCarrier … NoConsignee       something that the document must say is absent
├── SeveralOriginals … NotIssued  it says something that an electronic record cannot be
└── DoctypeRefused … SumsDiffer   an invoice that cannot be read, or does not add up
"""

from __future__ import annotations

from ledger.errors import InputError

__all__ = [
    "CurrencyDiffers",
    "DatesContradict",
    "DoctypeRefused",
    "DocumentError",
    "DocumentTooLarge",
    "EmptyDocument",
    "FormContradicts",
    "NoAmount",
    "NoCarrier",
    "NoConsignee",
    "NoDate",
    "NoGoods",
    "NoNumber",
    "NoPort",
    "NoTerms",
    "NotElectronic",
    "NotIssued",
    "RepeatedElement",
    "SchemaViolation",
    "SeveralOriginals",
    "SumsDiffer",
    "UnknownKind",
    "Unreadable",
    "WrongKind",
    "XmlEncoding",
    "XmlMalformed",
]


class DocumentError(InputError):
    """A document that cannot become a record; `place` is where, as a JSON Pointer."""

    def __init__(self, message: str, *, place: str = "", value: object = None) -> None:
        super().__init__(message, value=place if value is None else value)
        self.place = place


class EmptyDocument(DocumentError):
    """A file of 0 bytes."""

    code = "document.empty"
    hint = "the file was not written to its end; export or download it again"


class DocumentTooLarge(DocumentError):
    """More bytes than a document may have."""

    code = "document.too_large"
    hint = "a document holds at most 8 MiB; give pictures and appendices as attachments"


class Unreadable(DocumentError):
    """Neither JSON nor XML."""

    code = "document.unreadable"
    hint = "give the JSON or XML file itself, not a PDF, a picture or an archive of it"


class UnknownKind(DocumentError):
    """JSON or XML, but of no document that lading knows."""

    code = "document.unknown_kind"
    hint = "known are DCSA transport documents, UBL invoices and lading's own formats; `--kind KIND` reads other JSON"


class WrongKind(DocumentError):
    """A document of another kind than was asked for."""

    code = "document.wrong_kind"
    hint = "give the document that the command is about, or use the command for this kind"


class SchemaViolation(DocumentError):
    """A required part is absent, or a type, length, pattern or code is not the standard's."""

    code = "document.schema"
    hint = "mend the place named; its standard's schema says what may stand there"


class NoCarrier(DocumentError):
    """A transport document that does not say whose it is."""

    code = "document.no_carrier"
    hint = "give carrierCode and carrierCodeListProvider, the code under which the carrier enrolled"


class NoNumber(DocumentError):
    """A document without its number."""

    code = "document.no_number"
    hint = "give the document's number; it is what makes it one of a kind"


class NoPort(DocumentError):
    """A transport document without its port of loading or of discharge."""

    code = "document.no_port"
    hint = "give portOfLoading and portOfDischarge under transports, each with UNLocationCode or city"


class NoTerms(DocumentError):
    """A transport document without the terms of carriage."""

    code = "document.no_terms"
    hint = "give the carrier's terms, or a reference to them, in termsAndConditions"


class NoDate(DocumentError):
    """A document without the date that it must bear."""

    code = "document.no_date"
    hint = "give the date of issue, and on a bill when the goods were received or on board"


class NoGoods(DocumentError):
    """A document that names no goods."""

    code = "document.no_goods"
    hint = "give at least one item with its description"


class NoConsignee(DocumentError):
    """A straight bill or a waybill that does not say to whom the goods go."""

    code = "document.no_consignee"
    hint = "give documentParties.consignee, or set isToOrder to true"


class SeveralOriginals(DocumentError):
    """More than one original: each could claim the goods."""

    code = "document.several_originals"
    hint = "an electronic bill has one original; the two numbers of originals add up to 0 or 1"


class NotElectronic(DocumentError):
    """A transport document that is issued on paper."""

    code = "document.not_electronic"
    hint = "set isElectronic to true, if no paper original is or will be issued"


class NotIssued(DocumentError):
    """A draft, or a document whose life is already over."""

    code = "document.not_issued"
    hint = "issue it: the carrier sets transportDocumentStatus to ISSUED when all is agreed"


class FormContradicts(DocumentError):
    """The parties named do not fit the form: straight, to order, or blank."""

    code = "document.form_contradicts"
    hint = "straight: isToOrder false and a consignee; to order: true and an endorsee; blank: neither"


class DatesContradict(DocumentError):
    """Received for shipment and shipped on board at once."""

    code = "document.dates_contradict"
    hint = "give one of shippedOnBoardDate and receivedForShipmentDate, fitting isShippedOnBoardType"


class XmlMalformed(DocumentError):
    """Not well-formed XML."""

    code = "document.xml_malformed"
    hint = "look at the line named; the file may be cut short"


class XmlEncoding(DocumentError):
    """XML in another encoding than UTF-8."""

    code = "document.xml_encoding"
    hint = "save it as UTF-8, and say so in its first line or say nothing"


class DoctypeRefused(DocumentError):
    """XML with a document type declaration, which can pull in files and grow without end."""

    code = "document.doctype"
    hint = "remove the line that begins with <!DOCTYPE; UBL has no use for it"


class RepeatedElement(DocumentError):
    """An element that can stand once stands there again."""

    code = "document.repeated_element"
    hint = "keep the one that is meant"


class NoAmount(DocumentError):
    """An invoice that does not say what is to be paid."""

    code = "document.no_amount"
    hint = "give PayableAmount in LegalMonetaryTotal"


class CurrencyDiffers(DocumentError):
    """An amount in another currency than the document's."""

    code = "document.currency_differs"
    hint = "give every amount in the DocumentCurrencyCode"


class SumsDiffer(DocumentError):
    """The parts of a document do not add up to the total that it states."""

    code = "document.sums_differ"
    hint = "correct the part or the total that is named"
