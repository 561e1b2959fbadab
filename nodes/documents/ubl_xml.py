"""XML read into a JSON value by a schema, with a list of everything that the schema does not have.

    <cbc:PayableAmount currencyID="EUR">151640.00</cbc:PayableAmount>
    ->  "PayableAmount": {"currencyID": "EUR", "value": "151640.00"}

A child element becomes a member of its name: a text; an object with `value` and its attributes; an
object of its children; or an array, if the schema lets it repeat. Texts lose the white space around
them, an element with neither text nor attributes is left out, comments and processing instructions
are nothing. Everything else that the schema does not name is listed as a pointer, attributes as
`/ID/@schemeID`: it is not in the value, and only the hash of the original bytes binds it.

A document type declaration is refused before the parser sees it, and the encoding is UTF-8.

Source: OASIS UBL 2.1 (namespaces, naming rules), Namespaces in XML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lxml import etree

from ledger.pointer import join
from ledger.strict_json import JsonValue

from .errors import DoctypeRefused, RepeatedElement, XmlEncoding, XmlMalformed
from .schema import Schema

__all__ = ["parse_xml", "root_name", "xml_to_value"]

_CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_DECLARED: Final = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_BOM: Final = b"\xef\xbb\xbf"


def parse_xml(data: bytes) -> etree._Element:
    """The root element of `data`; no entity is expanded and nothing is fetched.

    Raises `XmlEncoding`, `DoctypeRefused` or `XmlMalformed`.
    """
    text = data.removeprefix(_BOM)
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise XmlEncoding(f"the encoding is {declared[1].decode()}", value=declared[1].decode())
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise XmlEncoding(f"byte {exc.start} is not UTF-8", value=exc.start) from None
    if b"<!DOCTYPE" in text:
        raise DoctypeRefused("a document type declaration", value=text.index(b"<!DOCTYPE"))
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        return etree.fromstring(text, parser)
    except etree.XMLSyntaxError as exc:
        line = exc.lineno or 1
        raise XmlMalformed(f"not XML at line {line}: {exc.msg}", value=line) from None


def root_name(root: etree._Element) -> tuple[str, str]:
    """The namespace and the name of the root element."""
    name = etree.QName(root)
    return name.namespace or "", name.localname


def xml_to_value(root: etree._Element, schema: Schema) -> tuple[dict[str, JsonValue], list[str]]:
    """The value of `root` by `schema`, and the pointers of what the schema does not name.

    Whether the value keeps to the schema (what is required, how a date looks) is for
    `Schema.check`. Raises `RepeatedElement` for an element that stands twice and may stand once.
    """
    reader = _Reader(schema)
    value = reader.children(root, schema.resolve(schema.value), "")
    return value, list(dict.fromkeys(reader.unknown))


class _Reader:
    """One pass over a document; `unknown` grows as it goes."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.unknown: list[str] = []

    def children(self, element: etree._Element, node: Mapping[str, Any], place: str) -> dict[str, JsonValue]:
        """The members of an element that has child elements, and their values."""
        self._attributes(element, {}, place)
        if any(text.strip() for text in _own_text(element)):
            self.unknown.append(join(place, "text()"))
        value: dict[str, JsonValue] = {}
        for child in element:
            name = etree.QName(child).localname
            here = join(place, name)
            part = self._schema.resolve(node.get("properties", {}).get(name, {}))
            before = value.get(name)
            if part.get("type") == "array":
                part = self._schema.resolve(part["items"])
                before = value.setdefault(name, [])
            elif before is not None:
                raise RepeatedElement(f"{here} stands there twice", place=here)
            if not part or etree.QName(child).namespace != _namespace(part):
                self.unknown.append(here)
            elif isinstance(before, list):
                item = self._read(child, part, f"{here}/{len(before)}")
                before += [] if item is None else [item]
            else:
                value[name] = self._read(child, part, here)
        return {name: part for name, part in value.items() if part not in (None, [])}

    def _read(self, element: etree._Element, node: Mapping[str, Any], place: str) -> JsonValue:
        if not _is_basic(node):
            return self.children(element, node, place)
        for child in element:
            self.unknown.append(join(place, etree.QName(child).localname))
        text = "".join(_own_text(element)).strip()
        if node["type"] == "string":
            self._attributes(element, {}, place)
            return text or None
        value: dict[str, JsonValue] = {"value": text} if text else {}
        value |= self._attributes(element, node["properties"], place)
        return value or None

    def _attributes(self, element: etree._Element, named: Mapping[str, Any], place: str) -> dict[str, JsonValue]:
        """The attributes that the schema names; where a schema may be found is no content."""
        value: dict[str, JsonValue] = {}
        for name, text in element.attrib.items():
            if name in named and name != "value":
                value[str(name)] = str(text).strip()
            elif etree.QName(name).namespace != _XSI:
                self.unknown.append(join(place, f"@{etree.QName(name).localname}"))
        return value


def _is_basic(node: Mapping[str, Any]) -> bool:
    """Whether the schema means an element with a text (cbc), not one with children (cac)."""
    return node.get("type") == "string" or "value" in node.get("properties", {})


def _namespace(node: Mapping[str, Any]) -> str:
    return _CBC if _is_basic(node) else _CAC


def _own_text(element: etree._Element) -> Iterator[str]:
    """The text directly inside `element`, in pieces where other nodes stand between."""
    yield element.text or ""
    for child in element:
        yield child.tail or ""
