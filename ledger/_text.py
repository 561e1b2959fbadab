"""The two encodings that the text formats of the log share, read in canonical form alone.

base64    RFC 4648 §4: standard alphabet, padded, no line breaks, unused bits zero
decimal   0, or digits that do not begin with 0; at most 2^63 - 1
"""

from __future__ import annotations

import base64
import re
from typing import Final

from .errors import InputError

MAX_DECIMAL: Final = 2**63 - 1

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def to_base64(data: bytes) -> str:
    """`data` in standard, padded base64."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, what: str, error: type[InputError], *, size: int | None = None) -> bytes:
    """The bytes that `text` stands for, `size` of them if given; raises `error` naming `what`."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise error(f"{what} is not base64", value=text) from None
    if to_base64(data) != text:
        raise error(f"{what} is not canonical base64", value=text)
    if size is not None and len(data) != size:
        raise error(f"{what} is {len(data)} bytes, not {size}", value=text)
    return data


def from_decimal(text: str, what: str, error: type[InputError]) -> int:
    """The number that `text` stands for; raises `error` naming `what`."""
    if not _DECIMAL.fullmatch(text):
        raise error(f"{what} is not a decimal number without leading zeros", value=text)
    number = int(text)
    if number > MAX_DECIMAL:
        raise error(f"{what} is above 2^63 - 1", value=text)
    return number
