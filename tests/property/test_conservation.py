"""Whatever a bill is split into conserves its cargo, and no quantity can be changed without being refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.documents.conservation import check_conserved, conservation_statement
from nodes.documents.errors import DocumentError

WEIGHTS = st.decimals(min_value="0.001", max_value="99999.999", places=3).map(float)
UNITS = {"cargoGrossWeight": ("KGM", "LBR"), "cargoGrossVolume": ("MTQ", "FTQ")}


def _quantity(name: str) -> Any:
    return st.fixed_dictionaries({"value": WEIGHTS, "unit": st.sampled_from(UNITS[name])})


def _item(container: str) -> Any:
    return st.fixed_dictionaries(
        {
            "equipmentReference": st.just(container),
            "cargoGrossWeight": _quantity("cargoGrossWeight"),
            "outerPackaging": st.fixed_dictionaries({"numberOfPackages": st.integers(1, 99_999_999)}),
        },
        optional={"cargoGrossVolume": _quantity("cargoGrossVolume")},
    )


@st.composite
def bills(draw: Any) -> dict[str, Any]:
    """A document with 2 to 6 containers, each with cargo of its own."""
    numbers = [f"TEST{at:07}" for at in range(draw(st.integers(2, 6)))]
    items = [item for number in numbers for item in draw(st.lists(_item(number), min_size=1, max_size=3))]
    return _document(numbers, draw(st.permutations(items)))


def _document(numbers: Any, items: Any) -> dict[str, Any]:
    return {
        "consignmentItems": [{"cargoItems": copy.deepcopy(list(items))}],
        "utilizedTransportEquipments": [{"equipment": {"equipmentReference": number}} for number in numbers],
    }


@st.composite
def splits(draw: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A document, and its containers given to 1 to 4 new ones."""
    bill = draw(bills())
    numbers = [one["equipment"]["equipmentReference"] for one in bill["utilizedTransportEquipments"]]
    owner = {number: draw(st.integers(0, 3)) for number in numbers}
    items = bill["consignmentItems"][0]["cargoItems"]
    children = []
    for child in sorted(set(owner.values())):
        own = [number for number in numbers if owner[number] == child]
        children.append(_document(own, [item for item in items if item["equipmentReference"] in own]))
    return bill, children


@given(splits())
@settings(derandomize=True, deadline=None, max_examples=150)
def test_every_split_conserves_and_so_does_its_merge(split):
    bill, children = split
    named = [(bytes([at]) * 32, child) for at, child in enumerate(children)]
    assert conservation_statement([(bytes(32), bill)], named)
    check_conserved(children, [bill])


@given(splits(), st.data())
@settings(derandomize=True, deadline=None, max_examples=150)
def test_a_changed_quantity_is_refused(split, data):
    bill, children = split
    child = data.draw(st.sampled_from(children))
    item = data.draw(st.sampled_from(child["consignmentItems"][0]["cargoItems"]))
    which = data.draw(st.sampled_from([name for name in (*UNITS, "outerPackaging") if name in item]))
    if which == "outerPackaging":
        item[which]["numberOfPackages"] += data.draw(st.sampled_from([-1, 1]))
    else:
        item[which]["value"] = data.draw(WEIGHTS.filter(lambda value: value != item[which]["value"]))
    with pytest.raises(DocumentError):
        check_conserved([bill], children)


@given(splits(), st.data())
@settings(derandomize=True, deadline=None, max_examples=100)
def test_a_container_that_is_left_out_is_refused(split, data):
    bill, children = split
    child = data.draw(st.sampled_from(children))
    lost = data.draw(st.sampled_from(child["utilizedTransportEquipments"]))["equipment"]["equipmentReference"]
    kept = [one for one in child["utilizedTransportEquipments"] if one["equipment"]["equipmentReference"] != lost]
    items = [one for one in child["consignmentItems"][0]["cargoItems"] if one["equipmentReference"] != lost]
    children[children.index(child)] = _document([one["equipment"]["equipmentReference"] for one in kept], items)
    with pytest.raises(DocumentError):
        check_conserved([bill], children)
