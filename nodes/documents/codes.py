"""Check digits of the codes that trade documents carry.

CSQU3054383             a container      ISO 6346: owner, category, serial number, check digit
529900T8BM49AURSDO55    a legal entity   ISO 17442: 18 characters and two check digits
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_container_number", "is_lei"]

_CONTAINER: Final = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}")
_LEI: Final = re.compile(r"[A-Z0-9]{18}[0-9]{2}")


def is_container_number(text: str) -> bool:
    """Whether `text` is a container number whose check digit is right (ISO 6346, annex A).

    Letters count 10 to 38 without the multiples of 11, the character at position i (from 0) counts
    2^i times, and the sum modulo 11, modulo 10, is the last digit.
    """
    if not _CONTAINER.fullmatch(text):
        return False
    total = sum(_letter(char) << index for index, char in enumerate(text[:10]))
    return total % 11 % 10 == int(text[10])


def is_lei(text: str) -> bool:
    """Whether `text` is an LEI whose check digits are right (ISO 17442; ISO/IEC 7064 MOD 97-10)."""
    if not _LEI.fullmatch(text):
        return False
    return int("".join(str(int(char, 36)) for char in text)) % 97 == 1


def _letter(char: str) -> int:
    value = int(char, 36)
    return value + (value - 1) // 10 if value >= 10 else value
