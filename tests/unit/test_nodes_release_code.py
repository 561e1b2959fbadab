"""Release codes: drawn, typed by people, and found out where they are mistyped."""

from __future__ import annotations

import pytest

from ledger.hashing import release_code_hash
from nodes.release_code import BadReleaseCode, MistypedReleaseCode, new_code, read_code, shown_code

CODE = "7Q4MH2XK9DTRWAB3C5EB"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_a_code_is_made_of_95_random_bits():
    assert new_code(bytes) == "0" * 20
    assert new_code(lambda size: b"\xff" * size) == "Z" * 19 + "K"
    asked = []
    new_code(lambda size: asked.append(size) or bytes(size))
    assert asked == [12]
    drawn = {new_code(lambda size, bit=bit: (1 << bit).to_bytes(size, "big")) for bit in range(95)}
    assert len(drawn) == 95


def test_every_code_that_is_made_can_be_read():
    for seed in range(200):
        code = new_code(lambda size, seed=seed: bytes((seed * 7 + at * 31) % 256 for at in range(size)))
        assert read_code(code) == read_code(shown_code(code)) == code


@pytest.mark.parametrize(
    "typed",
    ["7Q4M-H2XK-9DTR-WAB3-C5EB", "7q4mh2xk9dtrwab3c5eb", " 7q4m h2xk 9dtr wab3 c5eb ", "7Q4MH2XK-9DTRWAB3C5EB"],
)
def test_a_code_is_read_as_people_write_it(typed):
    assert read_code(typed) == CODE


def test_letters_that_look_like_digits_are_those_digits():
    code = new_code(lambda size: (1 | 1 << 5).to_bytes(size, "big"))
    assert code.startswith("1100000")
    assert read_code("iLOoO" + code[5:]) == code


def test_every_wrong_character_is_found():
    for at, mark in enumerate(CODE):
        for other in ALPHABET.replace(mark, ""):
            with pytest.raises(MistypedReleaseCode) as caught:
                read_code(CODE[:at] + other + CODE[at + 1 :])
            assert caught.value.value is None


def test_neighbours_that_changed_places_are_found():
    for at in range(len(CODE) - 1):
        swapped = CODE[:at] + CODE[at + 1] + CODE[at] + CODE[at + 2 :]
        assert swapped != CODE
        with pytest.raises(MistypedReleaseCode):
            read_code(swapped)


@pytest.mark.parametrize(
    "typed", ["", CODE[:-1], CODE + "0", "U" + CODE[1:], "é" + CODE[1:], CODE + " " * 100, "-" * 20]
)
def test_what_is_no_code_is_refused_without_repeating_it(typed):
    with pytest.raises(BadReleaseCode) as caught:
        read_code(typed)
    assert caught.value.value is None
    assert not typed or typed not in caught.value.message


def test_a_code_is_hashed_under_its_record():
    one, other = bytes(32), b"\x01" * 32
    assert release_code_hash(one, CODE) != release_code_hash(other, CODE)
