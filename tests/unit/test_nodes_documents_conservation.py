"""`nodes.documents.conservation`: what is split, merged or switched is neither more nor less than it was."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.members import digest

from nodes.documents import conservation
from nodes.documents.conservation import Cargo, cargo_of, check_conserved, conservation_statement

BILL = json.loads((Path(__file__).resolve().parents[2] / "nodes/demo/samples/transport-document.json").read_bytes())
FIRST, SECOND = "JWCU3048268", "JWCU7183055"


def part(*containers: str) -> dict[str, Any]:
    """The sample's bill for some of its containers."""
    document = copy.deepcopy(BILL)
    document["utilizedTransportEquipments"] = [
        one for one in document["utilizedTransportEquipments"] if one["equipment"]["equipmentReference"] in containers
    ]
    for item in document["consignmentItems"]:
        item["cargoItems"] = [one for one in item["cargoItems"] if one["equipmentReference"] in containers]
    document["consignmentItems"] = [item for item in document["consignmentItems"] if item["cargoItems"]]
    return document


def changed(change: Callable[[dict[str, Any]], object], *containers: str) -> dict[str, Any]:
    document = part(*containers)
    change(document["consignmentItems"][0]["cargoItems"][0])
    return document


def test_the_cargo_of_a_document_container_by_container():
    assert cargo_of(BILL) == {
        FIRST: Cargo(Decimal(1180), Decimal(11210), Decimal("64.9")),
        SECOND: Cargo(Decimal(960), Decimal(19684), Decimal("58.56")),
    }


def test_a_split_and_the_merge_of_its_parts_conserve():
    parts = [part(FIRST), part(SECOND)]
    check_conserved([BILL], parts)
    check_conserved(parts, [BILL])
    check_conserved([BILL], [BILL])


def test_units_that_convert_exactly_are_the_same_weight_and_volume():
    pounds = changed(
        lambda item: item.update(
            cargoGrossWeight={"value": 1000, "unit": "LBR"}, cargoGrossVolume={"value": 2000, "unit": "FTQ"}
        ),
        FIRST,
    )
    metric = changed(
        lambda item: item.update(
            cargoGrossWeight={"value": 453.59237, "unit": "KGM"},
            cargoGrossVolume={"value": 56.633693184, "unit": "MTQ"},
        ),
        FIRST,
    )
    check_conserved([pounds], [metric])


def test_tenths_add_up_as_a_person_adds_them():
    """0.1 + 0.2 is 0.3, although binary64 has it otherwise."""
    three = changed(lambda item: item.update(cargoGrossWeight={"value": 0.3, "unit": "KGM"}), FIRST)
    parts = changed(lambda item: item.update(cargoGrossWeight={"value": 0.1, "unit": "KGM"}), FIRST)
    items = parts["consignmentItems"][0]["cargoItems"]
    items.append({**copy.deepcopy(items[0]), "cargoGrossWeight": {"value": 0.2, "unit": "KGM"}})
    items[0]["outerPackaging"]["numberOfPackages"] = 1000
    items[1]["outerPackaging"]["numberOfPackages"] = 180
    items[0]["cargoGrossVolume"]["value"] = 64
    items[1]["cargoGrossVolume"]["value"] = 0.9
    check_conserved([three], [parts])


@pytest.mark.parametrize(
    ("after", "error", "says"),
    [
        ([part(FIRST)], "ContainerMissing", f"the container {SECOND} is in none of the new documents"),
        ([part(FIRST), BILL], "ContainerTwice",
         f"the container {FIRST} is in more than one of the documents after, again in number 2"),
        ([changed(lambda item: item["outerPackaging"].update(numberOfPackages=1181), FIRST), part(SECOND)],
         "PackagesDiffer", f"the packages of container {FIRST}: 1180 packages before, 1181 packages after"),
        ([changed(lambda item: item["cargoGrossWeight"].update(value=11210.5), FIRST), part(SECOND)],
         "WeightDiffers", f"the weight of container {FIRST}: 11210 kg before, 11210.5 kg after"),
        ([changed(lambda item: item["cargoGrossWeight"].update(unit="LBR"), FIRST), part(SECOND)],
         "WeightDiffers", f"the weight of container {FIRST}: 11210 kg before, 5084.7704677 kg after"),
        ([changed(lambda item: item.pop("cargoGrossVolume"), FIRST), part(SECOND)],
         "VolumeDiffers", f"the volume of container {FIRST}: 64.9 m³ before, 0 m³ after"),
        ([changed(lambda item: item["cargoGrossWeight"].update(unit="STN"), FIRST), part(SECOND)],
         "NotCountable",
         "/consignmentItems/0/cargoItems/0/cargoGrossWeight/unit is STN, which does not convert exactly"),
        ([changed(lambda item: item.pop("outerPackaging"), FIRST), part(SECOND)],
         "NotCountable", "/consignmentItems/0/cargoItems/0/outerPackaging/numberOfPackages is no number"),
        ([changed(lambda item: item.pop("equipmentReference"), FIRST), part(SECOND)],
         "NotCountable", "/consignmentItems/0/cargoItems/0 names no container"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_named_with_place_and_values(after, error, says):
    with pytest.raises(getattr(conservation, error)) as caught:
        check_conserved([BILL], after)
    assert caught.value.message == says
    assert caught.value.code.startswith("conservation.")
    assert caught.value.hint


def test_a_container_that_was_not_there_before_is_refused():
    with pytest.raises(conservation.ContainerAdded, match=f"the container {SECOND} is in none of the old documents"):
        check_conserved([part(FIRST)], [BILL])


def test_the_statement_names_every_document_and_what_is_in_it():
    text = conservation_statement([(digest("old"), BILL)], [(digest("a"), part(FIRST)), (digest("b"), part(SECOND))])
    value = json.loads(text)
    assert value["format"] == "lading/conservation@1"
    assert value["before"] == [
        {
            "containers": {
                FIRST: {"packages": "1180", "volume": "64.9", "weight": "11210"},
                SECOND: {"packages": "960", "volume": "58.56", "weight": "19684"},
            },
            "document": digest("old").hex(),
            "packages": "2140",
            "volume": "123.46",
            "weight": "30894",
        }
    ]
    assert [one["document"] for one in value["after"]] == [digest("a").hex(), digest("b").hex()]
    assert [one["weight"] for one in value["after"]] == ["11210", "19684"]


def test_a_statement_in_words():
    text = conservation.conservation_statement(
        [(bytes(32), BILL)], [(bytes(32), part(FIRST)), (bytes(32), part(SECOND))]
    )
    said = "2 containers, 2140 packages, 30894 kg, 123.46 m³, before and after"
    assert conservation.conserved_in_words(text) == said
    for other in ("", "{", "[]", '{"format":"lading/conservation@1"}', text.replace("@1", "@2"), "\ud800"):
        assert conservation.conserved_in_words(other) == ""
    for wrong in ("NaN", "x", "1e999999999", "-1e-99999"):
        assert conservation.conserved_in_words(text.replace('"packages":"2140"', f'"packages":"{wrong}"')) == ""


def test_there_is_no_statement_of_what_is_not_conserved():
    with pytest.raises(conservation.ContainerMissing):
        conservation_statement([(digest("old"), BILL)], [(digest("a"), part(FIRST))])


def test_what_is_no_transport_document_has_no_cargo():
    assert cargo_of(None) == cargo_of([]) == cargo_of({"consignmentItems": 1}) == {}
