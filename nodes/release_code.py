"""Release codes: what somebody says at the gate so that a container is handed out.

    7Q4M-H2XK-9DTR-WAB3-C5EB     as it is shown, and may be typed: small letters, O for 0, I or L for 1
    7Q4MH2XK9DTRWAB3C5EB         as it is hashed and revealed

Nineteen characters of Crockford's base 32 are drawn at random, which is 95 bits, since the hash of the code is
public to members; the twentieth finds slips of the pen before anything is revealed (Luhn's algorithm modulo 32: every
single wrong character, and neighbours that changed places but for 0 and Z). The record holds the hash under its own
id (`ledger.hashing.release_code_hash`), so a code opens one record alone.

Source: D. Crockford, Base 32; ISO/IEC 7812-1, annex B (Luhn), in the base 32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ledger.errors import InputError

__all__ = ["BadReleaseCode", "MistypedReleaseCode", "new_code", "read_code", "shown_code"]

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES: Final = {mark: value for value, mark in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_DRAWN: Final = 19
_GROUP: Final = 4
_MAX_TYPED: Final = 64


class BadReleaseCode(InputError):
    """Not the form of a release code."""

    code = "release_code.malformed"
    hint = "a release code has 20 letters and digits, as 7Q4M-H2XK-9DTR-WAB3-C5EB"


class MistypedReleaseCode(InputError):
    """A release code with a wrong character."""

    code = "release_code.mistyped"
    hint = "compare it character by character and type it again; nothing was revealed"


def new_code(random_bytes: Callable[[int], bytes]) -> str:
    """A new code in the form that is hashed; `random_bytes` gives so many fresh random bytes."""
    drawn = int.from_bytes(random_bytes(12), "big")
    values = [(drawn >> (5 * at)) & 31 for at in range(_DRAWN)]
    return "".join(_ALPHABET[value] for value in [*values, _check(values)])


def read_code(typed: str) -> str:
    """A code as a person typed it, in the form that is hashed.

    Raises `BadReleaseCode` or `MistypedReleaseCode`, neither of which repeats what was typed.
    """
    marks = [mark for mark in typed[: _MAX_TYPED + 1].upper() if mark not in "- "]
    if len(typed) > _MAX_TYPED or len(marks) != _DRAWN + 1:
        raise BadReleaseCode(f"a release code has {_DRAWN + 1} characters")
    values = [_VALUES.get(mark, -1) for mark in marks]
    if -1 in values:
        raise BadReleaseCode(f"character {values.index(-1) + 1} is in no release code")
    if _check(values[:_DRAWN]) != values[_DRAWN]:
        raise MistypedReleaseCode("the release code has a wrong character")
    return "".join(_ALPHABET[value] for value in values)


def shown_code(code: str) -> str:
    """A code in groups of four, for people."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def _check(values: list[int]) -> int:
    total = 0
    for at, value in enumerate(reversed(values)):
        product = value * 2 if at % 2 == 0 else value
        total += product // 32 + product % 32
    return -total % 32
