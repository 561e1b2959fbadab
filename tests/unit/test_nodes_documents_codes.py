"""`nodes.documents.codes`: check digits of containers and legal entities."""

from __future__ import annotations

import pytest

from nodes.documents.codes import is_container_number, is_lei


@pytest.mark.parametrize(
    "text", ["CSQU3054383", "APZU4812090", "NARU3472484", "JWCU3048268", "JWCU3048000", "JWCU3048289"]
)
def test_container_numbers(text: str) -> None:
    assert is_container_number(text)
    for digit in "0123456789":
        assert is_container_number(text[:10] + digit) == (digit == text[10])


@pytest.mark.parametrize("text", ["", "CSQU305438", "CSQ93054383", "csqu3054383", "CSQU3054383 ", "CSQA3054383"])
def test_what_is_no_container_number(text: str) -> None:
    assert not is_container_number(text)


@pytest.mark.parametrize("text", ["5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55"])
def test_leis(text: str) -> None:
    assert is_lei(text)
    assert not is_lei(text[:-1] + str((int(text[-1]) + 1) % 10))


@pytest.mark.parametrize("text", ["", "5493001KJTIIGC8Y1R1", "5493001kjtiigc8y1r12", "5493001KJTIIGC8Y1R1X"])
def test_what_is_no_lei(text: str) -> None:
    assert not is_lei(text)
