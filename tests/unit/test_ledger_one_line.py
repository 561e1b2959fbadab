"""One line of text, judged alike by every version of Python."""

from __future__ import annotations

import pytest

from ledger.one_line import is_one_line


@pytest.mark.parametrize(
    "text", ["", "Jadewind Container Line", "翠风集装箱航运有限公司", "\U00031350", "\U000e0fff", "é"]
)
def test_every_script_is_text(text):
    assert is_one_line(text, 40)


@pytest.mark.parametrize(
    "code", [0, 9, 10, 0x1F, 0x7F, 0x9F, 0x61C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069, 0xFEFF,
             0xFFF9, 0xFFFB, 0xD800, 0xDFFF]
)  # fmt: skip
def test_what_ends_a_line_or_turns_it_is_refused(code):
    assert not is_one_line(f"a{chr(code)}b", 40)
    assert is_one_line("a b", 40)


@pytest.mark.parametrize("value", [None, b"a", 1, ["a"], "a" * 41])
def test_what_is_no_text_or_too_long_is_refused(value):
    assert not is_one_line(value, 40)
