"""Conservation: what bills are split into, merged into or switched to is neither more nor less than what they were.

    {"after":[{"containers":{"JWCU3048268":{"packages":"1180","volume":"64.9","weight":"11210"}},
     "document":"<commitment, hex>","packages":"1180","volume":"64.9","weight":"11210"},…],
     "before":[…],"format":"lading/conservation@1"}

Canonical JSON (RFC 8785). Each document is named by its commitment, with its packages, gross weight in kilograms and
gross volume in cubic metres, container by container and together. A container stands in one document on each
side, and what is in it is the same on both. Numbers are exact decimals: a pound is 0.45359237 kg and a cubic foot
0.028316846592 m³ by definition, so a conversion never rounds. The text travels with the documents; carrier and holder
each compute it from the documents that they have, and sign an act that holds its commitment.

Source: DCSA EBL 3.0.4, cargoItems and utilizedTransportEquipments; NIST Special Publication 811, appendix B.8 (units).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation
from typing import Any, Final

from ledger.errors import LadingError
from ledger.strict_json import JsonValue, canonicalise, parse

from .errors import DocumentError
from .stored import is_stored, stored_statement

__all__ = [
    "Cargo",
    "ContainerAdded",
    "ContainerMissing",
    "ContainerTwice",
    "NotCountable",
    "PackagesDiffer",
    "VolumeDiffers",
    "WeightDiffers",
    "cargo_of",
    "check_conserved",
    "conservation_statement",
    "conserved_in_words",
]

_FORMAT: Final = "lading/conservation@1"
_LIMIT: Final = 16 * 1024 * 1024
_DIGITS: Final = 60
"""No cargo has more: what is told in words is not computed again here."""
_EXACT: Final = Context(prec=2000, traps=[Inexact, InvalidOperation])
_UNITS: Final[Mapping[str, Mapping[str, Decimal]]] = {
    "cargoGrossWeight": {"KGM": Decimal(1), "LBR": Decimal("0.45359237")},
    "cargoGrossVolume": {"MTQ": Decimal(1), "FTQ": Decimal("0.028316846592")},
}
"""How many kilograms and cubic metres there are in a unit, exactly."""


class _NotConserved(DocumentError):
    """What all that can be wrong with a conservation has in common."""


class ContainerMissing(_NotConserved):
    """A container that stood before stands nowhere after."""

    code = "conservation.container_missing"
    hint = "put the container into one of the new documents; nothing may be left behind"


class ContainerAdded(_NotConserved):
    """A container stands after that did not stand before."""

    code = "conservation.container_added"
    hint = "the new documents may name the containers of the old ones, and no others"


class ContainerTwice(_NotConserved):
    """One container stands in two documents of the same side."""

    code = "conservation.container_twice"
    hint = "each container belongs to one document; the goods in it cannot be claimed twice"


class PackagesDiffer(_NotConserved):
    """The packages do not add up."""

    code = "conservation.packages"
    hint = "mend the number of packages in the new documents, so that it is that of the old ones"


class WeightDiffers(_NotConserved):
    """The gross weights do not add up."""

    code = "conservation.weight"
    hint = "mend the gross weight in the new documents, so that it is that of the old ones"


class VolumeDiffers(_NotConserved):
    """The gross volumes do not add up."""

    code = "conservation.volume"
    hint = "mend the gross volume in the new documents, so that it is that of the old ones"


class NotCountable(_NotConserved):
    """A quantity is not a number in a unit that converts exactly."""

    code = "conservation.not_countable"
    hint = "write weights in KGM or LBR and volumes in MTQ or FTQ, each with its value"


@dataclass(frozen=True, slots=True)
class Cargo:
    """Packages, gross weight in kilograms, gross volume in cubic metres."""

    packages: Decimal = Decimal(0)
    weight: Decimal = Decimal(0)
    volume: Decimal = Decimal(0)

    def __add__(self, other: Cargo) -> Cargo:
        return Cargo(
            _EXACT.add(self.packages, other.packages),
            _EXACT.add(self.weight, other.weight),
            _EXACT.add(self.volume, other.volume),
        )

    def as_dict(self) -> dict[str, JsonValue]:
        """The three as decimals in plain notation."""
        return {"packages": _plain(self.packages), "volume": _plain(self.volume), "weight": _plain(self.weight)}


_QUANTITIES: Final = (
    ("packages", PackagesDiffer, "packages"),
    ("weight", WeightDiffers, "kg"),
    ("volume", VolumeDiffers, "m³"),
)


def cargo_of(document: JsonValue) -> dict[str, Cargo]:
    """What a transport document has in each container. Raises `NotCountable` with the place."""
    found: dict[str, Cargo] = {}
    for number in _equipments(document):
        found[number] = Cargo()
    for place, item in _items(document):
        named = item.get("equipmentReference")
        if not isinstance(named, str) or not named:
            raise NotCountable(f"{place} names no container", place=f"{place}/equipmentReference")
        found[named] = found.get(named, Cargo()) + _cargo(item, place)
    return found


def check_conserved(before: Sequence[JsonValue], after: Sequence[JsonValue]) -> None:
    """Raises a `DocumentError` naming the container and the values, unless both sides hold the same cargo."""
    old, new = _side(before, "before"), _side(after, "after")
    for number in sorted({*old, *new}):
        if number not in new:
            raise ContainerMissing(f"the container {number} is in none of the new documents", value=number)
        if number not in old:
            raise ContainerAdded(f"the container {number} is in none of the old documents", value=number)
        for name, error, unit in _QUANTITIES:
            was, is_now = getattr(old[number], name), getattr(new[number], name)
            if was != is_now:
                values = f"{_plain(was)} {unit} before, {_plain(is_now)} {unit} after"
                raise error(f"the {name} of container {number}: {values}", place=number, value=_plain(is_now))


def conservation_statement(before: Sequence[tuple[bytes, JsonValue]], after: Sequence[tuple[bytes, JsonValue]]) -> str:
    """The canonical text over documents by their commitments, in the order in which the act names them.

    Raises as `check_conserved` does: there is no statement of what is not so. That of warehouse receipts is in
    `nodes.documents.stored`.
    """
    if is_stored([value for _, value in (*before, *after)]):
        return stored_statement(before, after)
    check_conserved([value for _, value in before], [value for _, value in after])
    sides = {"before": [_stated(*one) for one in before], "after": [_stated(*one) for one in after]}
    return canonicalise({"format": _FORMAT, **sides}).decode("utf-8")


def conserved_in_words(text: str) -> str:
    """What a statement of conservation comes to, on one line; empty for any other text."""
    try:
        value: Any = parse(text.encode("utf-8"), limit=_LIMIT)
        sides = value["before"] if value["format"] == _FORMAT else []
        containers = sum(len(side["containers"]) for side in sides)
        total = {name: sum((Decimal(side[name]) for side in sides), Decimal()) for name, _, _ in _QUANTITIES}
    except (LadingError, ArithmeticError, KeyError, TypeError, ValueError):
        return ""
    if not sides or any(not one.is_finite() or abs(one.adjusted()) > _DIGITS for one in total.values()):
        return ""
    said = ", ".join(f"{_plain(total[name])} {unit}" for name, _, unit in _QUANTITIES)
    return f"{containers} container{'s' if containers != 1 else ''}, {said}, before and after"


def _stated(commitment: bytes, document: JsonValue) -> JsonValue:
    containers = cargo_of(document)
    total = sum(containers.values(), Cargo())
    listed: dict[str, JsonValue] = {number: cargo.as_dict() for number, cargo in containers.items()}
    return {"containers": listed, "document": commitment.hex(), **total.as_dict()}


def _side(documents: Sequence[JsonValue], side: str) -> dict[str, Cargo]:
    found: dict[str, Cargo] = {}
    for at, document in enumerate(documents, 1):
        for number, cargo in cargo_of(document).items():
            if number in found:
                raise ContainerTwice(
                    f"the container {number} is in more than one of the documents {side}, again in number {at}",
                    value=number,
                )
            found[number] = cargo
    return found


def _equipments(document: JsonValue) -> Iterator[str]:
    for item in _list(document, "utilizedTransportEquipments"):
        equipment = item.get("equipment") if isinstance(item, dict) else None
        number = equipment.get("equipmentReference") if isinstance(equipment, dict) else None
        if isinstance(number, str) and number:
            yield number


def _items(document: JsonValue) -> Iterator[tuple[str, dict[str, Any]]]:
    for outer, consignment in enumerate(_list(document, "consignmentItems")):
        for inner, item in enumerate(_list(consignment, "cargoItems")):
            if isinstance(item, dict):
                yield f"/consignmentItems/{outer}/cargoItems/{inner}", item


def _list(value: JsonValue, name: str) -> list[JsonValue]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _cargo(item: dict[str, Any], place: str) -> Cargo:
    packaging = item.get("outerPackaging")
    packages = packaging.get("numberOfPackages") if isinstance(packaging, dict) else None
    return Cargo(
        _number(packages, f"{place}/outerPackaging/numberOfPackages"),
        _measured(item, "cargoGrossWeight", place),
        _measured(item, "cargoGrossVolume", place),
    )


def _measured(item: dict[str, Any], name: str, place: str) -> Decimal:
    """A quantity in its base unit; one that the document does not state is none."""
    here, quantity = f"{place}/{name}", item.get(name)
    if quantity is None:
        return Decimal(0)
    unit = quantity.get("unit") if isinstance(quantity, dict) else None
    factor = _UNITS[name].get(unit) if isinstance(unit, str) else None
    if factor is None:
        raise NotCountable(f"{here}/unit is {unit}, which does not convert exactly", place=f"{here}/unit", value=unit)
    return _EXACT.multiply(_number(quantity.get("value"), f"{here}/value"), factor)


def _number(value: Any, place: str) -> Decimal:
    """A number of JSON as the decimal that the document has: `ledger.strict_json` keeps only what is exact."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotCountable(f"{place} is no number", place=place, value=value)
    try:
        return _EXACT.create_decimal(repr(value))
    except DecimalException:
        raise NotCountable(f"{place} is no number", place=place, value=value) from None


def _plain(number: Decimal) -> str:
    """A decimal without exponent and without zeros that say nothing."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
