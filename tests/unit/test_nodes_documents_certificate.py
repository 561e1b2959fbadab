"""`nodes.documents.certificate`: lading's own certificate of origin, closed and exact."""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nodes.documents import Kind, Role, errors, read_document
from nodes.documents.certificate import read_certificate

SAMPLE = Path(__file__).resolve().parents[2] / "nodes/demo/samples/certificate-of-origin.json"
CERTIFICATE = json.loads(SAMPLE.read_bytes())


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    value = copy.deepcopy(CERTIFICATE)
    change(value)
    return value


def test_the_facts_of_the_sample() -> None:
    document = read_document(SAMPLE.read_bytes())
    facts = document.facts
    assert (document.kind, facts.number, facts.place) == (Kind.CERTIFICATE, "SOCC-2026-018842", "CNSHA")
    assert facts.issue_date == datetime.date(2026, 11, 17)
    assert (facts.issuer.name, facts.issuer.lei) == ("Shanghai Origin Certification Centre", "FICT00SHORIGINCERT72")
    assert facts.parties[Role.EXPORTER].lei == "FICT00TAIHUMERIDIA24"
    assert facts.references == (("705", "JWCLSHA26110437"), ("380", "TMH-INV-26-1107"))
    assert (facts.form, facts.findings) == (None, ())


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda value: value.pop("number"), "/number"),
        (lambda value: value.update(format="lading/certificate-of-origin@2"), "/format"),
        (lambda value: value.update(number=18842), "/number"),
        (lambda value: value["goods"][0]["grossWeight"].update(value=11210.0), "/goods/0/grossWeight/value"),
        (lambda value: value["goods"][0]["packages"].update(count=1180), "/goods/0/packages/count"),
        (lambda value: value["goods"][0]["grossWeight"].update(value="1e4"), "/goods/0/grossWeight/value"),
        (lambda value: value["goods"][0]["grossWeight"].update(value="011210"), "/goods/0/grossWeight/value"),
        (lambda value: value["goods"][0]["grossWeight"].update(value="-1"), "/goods/0/grossWeight/value"),
        (lambda value: value["goods"][1].update(hsCode="69.11"), "/goods/1/hsCode"),
        (lambda value: value.update(goods=[]), "/goods"),
        (lambda value: value.update(originCountry="China"), "/originCountry"),
        (lambda value: value.update(issueDate="17.11.2026"), "/issueDate"),
        (lambda value: value["issuer"].update(phone="+86"), "/issuer/phone"),
        (lambda value: value.update(weather="fine"), "/weather"),
    ],
)
def test_the_format_is_closed(change: Callable[[dict[str, Any]], object], place: str) -> None:
    with pytest.raises(errors.SchemaViolation) as caught:
        read_certificate(changed(change))
    assert caught.value.place == place


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda value: value["totals"].update(packages="2141"), "/totals/packages"),
        (lambda value: value["totals"]["grossWeight"].update(value="30894.000001"), "/totals/grossWeight/value"),
        (lambda value: value["goods"].pop(), "/totals/packages"),
    ],
)
def test_totals_that_differ(change: Callable[[dict[str, Any]], object], place: str) -> None:
    with pytest.raises(errors.SumsDiffer) as caught:
        read_certificate(changed(change))
    assert caught.value.place == place


def test_the_scale_of_a_weight_is_not_its_value() -> None:
    read_certificate(changed(lambda value: value["totals"]["grossWeight"].update(value="30894")))


def test_codes_with_wrong_check_digits_are_findings() -> None:
    def change(value: dict[str, Any]) -> None:
        value["exporter"]["lei"] = "FICT00TAIHUMERIDIA25"
        value["goods"][0]["containers"] = ["JWCU3048269"]

    facts = read_certificate(changed(change))
    assert [(finding.code, finding.place) for finding in facts.findings] == [
        ("document.lei", "/exporter/lei"),
        ("document.container_number", "/goods/0/containers/0"),
    ]


@pytest.mark.parametrize("value", [[], None, "x", {}])
def test_not_a_certificate(value: Any) -> None:
    with pytest.raises(errors.SchemaViolation):
        read_certificate(value)
