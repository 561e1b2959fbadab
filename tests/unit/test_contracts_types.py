"""Every type of an argument or field: what is of it, and what is not."""

from __future__ import annotations

import pytest

from contracts.table import Declared
from contracts.types import TYPES, mismatch

ID, OTHER = bytes(32), bytes([1]) * 32
NUMBER = {"at": "/no", "class": "note", "key": ID}
PART = {"document": ID, "number": NUMBER, "record": ID}
SHORT = [b"", bytes(31), bytes(33), bytearray(32), "0" * 32, 1, True]

GOOD_AND_BAD = {
    "id": ([ID], SHORT),
    "party": ([ID], SHORT),
    "hash": ([ID], SHORT),
    "public_key": ([ID], SHORT),
    "encryption_key": ([ID], SHORT),
    "ids": ([[], [ID], [ID, OTHER], [bytes([n]) * 32 for n in range(64)]],
            [ID, [ID, ID], [b""], ["a"], {}, (ID,), [bytes([n]) * 32 for n in range(65)], [[ID]]]),
    "parties": ([[], [ID], [ID, OTHER]], [ID, [ID, ID], [b""], ["a"], {}, (ID,)]),
    "codes": ([[], ["SMDG:OCLU"], ["a", "a"], ["a" * 64] * 64],
              ["a", ("a",), {}, [""], ["a b"], [1], ["a" * 65], ["a"] * 65]),
    "count": ([0, 1, 2**53], [-1, 2**53 + 1, True, "0", 1.0]),
    "bytes": ([b"", bytes(30_000)], [bytes(30_001), bytearray(1), "a", 1, []]),
    "parts": ([[PART], [PART, {**PART, "record": OTHER}]],
              [[], PART, (PART,), [PART, PART], [{**PART, "more": 1}], [{"document": ID, "number": NUMBER}],
               [{**PART, "document": b"short"}], [{**PART, "record": 1}], [{**PART, "number": ID}], [ID],
               [{**PART, "record": bytes([n]) * 32} for n in range(65)]]),
    "time": ([0, 1, 2**53], [-1, 2**53 + 1, True, "0", 1.0, b"0"]),
    "code": (["a", "SG", "CNSHA", "SMDG:OCLU", "a" * 64, "0._:/@-"],
             ["", "a" * 65, "a b", "é", "-a", "a\n", "\n", b"a", 1, "a\x00", "\u0661"]),
    "number": ([NUMBER], [{}, {**NUMBER, "more": 1}, {"at": "/no", "class": "note"}, {**NUMBER, "at": 1},
                          {**NUMBER, "class": b"a"}, {**NUMBER, "key": b"short"}, [ID], ID, "A1"]),
    "text": (["", "a", "新", "x" * 256], ["x" * 257, b"a", 1, ["a"]]),
    "texts": ([[], ["a", "a"], ["x"] * 64], ["a", ["x"] * 65, [1], ["x" * 257], ("a",)]),
    "names": ([{}, {"en": "A"}, {"k" * 64: "v" * 512}, {f"k{n}": "v" for n in range(16)}],
              [[], {"k" * 65: "v"}, {"k": "v" * 513}, {"k": 1}, {f"k{n}": "v" for n in range(17)}]),
    "signature": ([b"", bytes(64), bytes(8192)], [bytes(8193), "a", 64]),
    "keys": ([[], [1], [None] * 256], [{}, [None] * 257, b"", "a"]),
}  # fmt: skip


def test_every_type_is_tried_here():
    assert set(GOOD_AND_BAD) == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_what_is_of_a_type(name):
    test, meaning = TYPES[name]
    good, bad = GOOD_AND_BAD[name]
    assert [value for value in good if not test(value)] == []
    assert [value for value in bad if test(value)] == []
    assert not test(None)
    assert meaning


DECLARED = {
    "a": Declared("time", False, (), "a"),
    "b": Declared("code", True, ("x", "y"), "b"),
}


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"a": 1}, None),
        ({"a": 1, "b": "x"}, None),
        ({}, ("the argument a is missing", None)),
        ({"a": None}, ("the argument a is missing", None)),
        ({"a": 1, "b": None}, ("the argument b is missing", None)),
        ({"a": "1"}, ("the argument a is not ledger time in Unix milliseconds", "1")),
        ({"a": 1, "b": "z"}, ("the argument b is none of x, y", "z")),
        ({"a": 1, "b": 7}, ("the argument b is not a code of at most 64 letters, digits and . _ : / @ -", 7)),
        ({"a": 1, "c": 2}, ("the action has no argument c", 2)),
    ],
)
def test_the_first_mismatch_is_told(values, wrong):
    assert mismatch(DECLARED, values) == wrong
