"""The tree of errors: what every error carries, and how its value is shown."""

from __future__ import annotations

import pytest

from ledger import errors
from ledger.errors import InputError, LadingError, all_error_classes


class Sample(InputError):
    """A sample."""

    code = "sample.wrong"
    hint = "mend it"


def test_an_error_carries_message_value_and_hint():
    error = Sample("it is wrong", value=b"\x01\xff")
    assert str(error) == error.message == "it is wrong"
    assert error.as_dict() == {"code": "sample.wrong", "message": "it is wrong", "value": "01ff", "hint": "mend it"}


def test_a_hint_of_its_own_takes_the_place_of_the_class_s():
    assert Sample("wrong", hint="do this").hint == "do this"
    assert Sample("wrong").hint == "mend it"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ("", ""),
        ("a", "a"),
        (0, "0"),
        (b"", ""),
        (b"\x00" * 80, "00" * 80),
        (b"\x00" * 81, "00" * 79 + "0" + "…"),
        ("x" * 160, "x" * 160),
        ("x" * 161, "x" * 159 + "…"),
        ([1, 2], "[1, 2]"),
    ],
)
def test_a_value_is_shown_in_at_most_160_characters(value, shown):
    assert Sample("wrong", value=value).shown_value() == shown


def test_the_tree_has_eight_branches():
    branches = {cls.__name__ for cls in LadingError.__subclasses__() if cls.__module__ == errors.__name__}
    assert branches == {name for name in errors.__all__ if name.endswith("Error")} - {"LadingError"}
    assert len(branches) == 8
    drawn = errors.__doc__ or ""
    assert all(f"── {name} " in drawn for name in branches)


def test_every_class_with_a_code_is_found_once():
    classes = list(all_error_classes())
    assert Sample in classes
    assert len(classes) == len(set(classes))
    assert all(cls.code for cls in classes)
    assert LadingError not in classes
