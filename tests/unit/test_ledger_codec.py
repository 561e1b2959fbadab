"""Canonical MessagePack: literal bytes for every kind of value, and every other way to write it refused."""

from __future__ import annotations

import tracemalloc
from enum import IntEnum

import pytest

from ledger import codec
from ledger.codec import NotCanonical, TooDeep, TooLarge, Undecodable
from ledger.errors import LadingError


def bits(text: str) -> bytes:
    return bytes.fromhex(text)


# The format table of the MessagePack specification, at the edges of every length.
LITERALS = [
    (None, "c0"),
    (False, "c2"),
    (True, "c3"),
    (0, "00"),
    (127, "7f"),
    (128, "cc80"),
    (255, "ccff"),
    (256, "cd0100"),
    (65535, "cdffff"),
    (65536, "ce00010000"),
    (2**32 - 1, "ceffffffff"),
    (2**32, "cf0000000100000000"),
    (2**63, "cf8000000000000000"),
    (2**64 - 1, "cfffffffffffffffff"),
    (-1, "ff"),
    (-32, "e0"),
    (-33, "d0df"),
    (-128, "d080"),
    (-129, "d1ff7f"),
    (-32768, "d18000"),
    (-32769, "d2ffff7fff"),
    (-(2**31), "d280000000"),
    (-(2**31) - 1, "d3ffffffff7fffffff"),
    (-(2**63), "d38000000000000000"),
    ("", "a0"),
    ("a", "a161"),
    ("é", "a2c3a9"),
    ("a" * 31, "bf" + "61" * 31),
    ("a" * 32, "d920" + "61" * 32),
    ("a" * 256, "da0100" + "61" * 256),
    (b"", "c400"),
    (b"\x00", "c40100"),
    (b"a" * 255, "c4ff" + "61" * 255),
    (b"a" * 256, "c50100" + "61" * 256),
    ([], "90"),
    ([1, [2], None], "93019102c0"),
    ([0] * 15, "9f" + "00" * 15),
    ([0] * 16, "dc0010" + "00" * 16),
    ({}, "80"),
    ({"b": 1, "a": b"\x00"}, "82a161c40100a16201"),
    ({"a": {"z": [], "y": {}}}, "81a16182a17980a17a90"),
    ({"": 1, "a": 2, "aa": 3, "b": 4, "é": 5, "\ud7ff": 6, "\ue000": 7, "𝄞": 8},
     "88a001a16102a2616103a16204a2c3a905a3ed9fbf06a3ee808007a4f09d849e08"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "encoding"), LITERALS, ids=[encoding[:24] for _, encoding in LITERALS])
def test_a_value_has_these_bytes(value, encoding):
    assert codec.encode(value) == bits(encoding)
    again = codec.decode(bits(encoding))
    assert again == value
    assert type(again) is type(value)


NOT_CANONICAL = {
    "0 in two bytes": "cc00",
    "127 in two bytes": "cc7f",
    "255 in three bytes": "cd00ff",
    "65,535 in five bytes": "ce0000ffff",
    "2^32 - 1 in nine bytes": "cf00000000ffffffff",
    "1 as a signed byte": "d001",
    "-1 in two bytes": "d0ff",
    "-32 in two bytes": "d0e0",
    "-128 in three bytes": "d1ff80",
    "-32,768 in five bytes": "d2ffff8000",
    "2^31 as a signed integer": "d30000000080000000",
    "a short string with a length byte": "d90161",
    "a string with two length bytes": "da000161",
    "a string with four length bytes": "db0000000161",
    "bytes with two length bytes": "c5000161",
    "bytes with four length bytes": "c60000000161",
    "an array of one with two length bytes": "dc000100",
    "an array of one with four length bytes": "dd0000000100",
    "a map of one with two length bytes": "de0001a16100",
    "a map of one with four length bytes": "df00000001a16100",
    "keys in the wrong order": "82a16201a16100",
    "a key twice": "82a16101a16102",
    "a key that is a number": "810102",
    "a key that is nil": "81c002",
    "a key that is a byte string": "81c4016102",
    "a 32-bit float": "ca00000000",
    "a 64-bit float": "cb0000000000000000",
    "infinity": "cb7ff0000000000000",
    "a float in an array": "91cb3ff0000000000000",
    "a float in a map": "81a161cb3ff0000000000000",
    "a timestamp of 4 bytes": "d6ff00000000",
    "a timestamp of 8 bytes": "d7ff0000000000000000",
    "a timestamp of 12 bytes": "c70cff000000000000000000000000",
    "an extension of 1 byte": "d40500",
    "an extension of no bytes": "c70005",
    "an extension in a map": "81a161d40500",
    "a short inner length": "91cc00",
}


@pytest.mark.parametrize("case", NOT_CANONICAL)
def test_another_way_to_write_it_is_refused(case):
    with pytest.raises(NotCanonical):
        codec.decode(bits(NOT_CANONICAL[case]))


UNDECODABLE = {
    "0 bytes": "",
    "the byte that is never used": "c1",
    "more behind it": "c0c0",
    "no UTF-8": "a1ff",
    "a surrogate": "a3eda080",
    "UTF-8 longer than it must be": "a2c080",
    "a key that is an array": "819000",
    "a key that is a map": "818000",
    "an array longer than the bytes": "dcffff",
    "an array of 2^32 - 1": "ddffffffff",
    "a map of 2^32 - 1": "dfffffffff",
    "a string of 2^32 - 1": "dbffffffff",
    "bytes of 2^32 - 1": "c6ffffffff",
    "a timestamp of no bytes": "c700ff",
}


@pytest.mark.parametrize("case", UNDECODABLE)
def test_what_is_no_messagepack_is_refused(case):
    with pytest.raises(Undecodable) as caught:
        codec.decode(bits(UNDECODABLE[case]))
    assert caught.value.message.startswith("not MessagePack: ")
    assert caught.value.hint


@pytest.mark.parametrize("value", [value for value, _ in LITERALS], ids=[encoding[:24] for _, encoding in LITERALS])
def test_bytes_cut_anywhere_are_refused(value):
    data = codec.encode(["x", value, "y"])
    for cut in range(len(data)):
        with pytest.raises(LadingError):
            codec.decode(data[:cut])


@pytest.mark.parametrize("opening", [b"\x91", b"\x81\xa1a", b"\xdc\x00\x01", b"\x91\x81\xa1a"])
@pytest.mark.parametrize("depth", [33, 511, 512, 1023, 1024, 10_000])
def test_what_is_nested_too_deep_is_refused(opening, depth):
    with pytest.raises((TooDeep, TooLarge, NotCanonical)):
        codec.decode(opening * depth + b"\xc0")
    with pytest.raises(TooDeep):
        codec.decode(b"\x91" * depth + b"\xc0")


def nested(depth):
    value = None
    for level in range(depth):
        value = {"a": value} if level % 2 else [value]
    return value


def test_the_depth_that_is_allowed_is_32():
    assert codec.decode(codec.encode(nested(32))) == nested(32)
    with pytest.raises(TooDeep):
        codec.encode(nested(33))
    with pytest.raises(TooDeep):
        codec.encode(nested(5000))
    data = codec.encode(nested(32))
    with pytest.raises(TooDeep):
        codec.decode(b"\x91" + data)


def test_an_array_that_holds_itself_is_too_deep():
    value = []
    value.append(value)
    with pytest.raises(TooDeep):
        codec.encode(value)


def test_the_elements_that_are_allowed_are_1024():
    most, names = [0] * 1024, {f"{n:04}": n for n in range(1024)}
    assert codec.decode(codec.encode(most)) == most
    assert codec.decode(codec.encode(names)) == names
    for value in ([0] * 1025, {f"{n:04}": n for n in range(1025)}, [[0] * 1025]):
        with pytest.raises(NotCanonical):
            codec.encode(value)
    with pytest.raises(Undecodable):
        codec.decode(b"\xdc\x04\x01" + bytes(1025))
    with pytest.raises(Undecodable):
        codec.decode(b"\xde\x04\x01" + codec.encode(names)[3:] + b"\xa5zzzzz\x00")


def test_lengths_that_are_only_claimed_take_no_memory():
    """A thousand arrays in each other, of which each claims 32,767 elements, are refused cheaply."""
    bomb = (b"\xdc\x7f\xff" * 1000).ljust(32_768, b"\xc0")
    worst = (b"\xdc\x04\x00" * 1000).ljust(32_768, b"\xc0")
    for data in (bomb, worst):
        tracemalloc.start()
        with pytest.raises(LadingError):
            codec.decode(data)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 20_000_000


def test_the_size_is_looked_at_first():
    with pytest.raises(TooLarge) as caught:
        codec.decode(b"\xc1" * 32_769)
    assert caught.value.value == 32_769
    with pytest.raises(TooLarge):
        codec.decode(b"\xc0", limit=0)
    data = codec.encode(bytes(40_000))
    assert codec.decode(data, limit=len(data)) == bytes(40_000)


class Number(IntEnum):
    ONE = 1


class Text(str):
    __slots__ = ()


class Table(dict):
    pass


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), {1}, object(), bytearray(b"a"), memoryview(b"a"), Number.ONE, Text("a"), Table(), 2**64,
     -(2**63) - 1, "\ud800", ["\udfff"], {"\ud800": 1}, {1: 2}, {None: 1}, {b"a": 1}, {"a": 1.5}, [{"a": {1}}],
     {"a": 1, 2: 3}],
)  # fmt: skip
def test_what_is_no_value_of_the_format_is_refused(value):
    with pytest.raises(NotCanonical):
        codec.encode(value)
    assert codec.encode([1]) == b"\x91\x01", "the packer is as before"


def test_a_tuple_is_written_as_an_array():
    assert codec.encode((1, ("a",))) == codec.encode([1, ["a"]])


@pytest.mark.parametrize("around", [lambda one: [one], lambda one: (one,), lambda one: {"x": [(one,)]}])
def test_maps_are_put_in_order_wherever_they_stand(around):
    assert codec.encode(around({"b": 1, "a": 2})) == codec.encode(around({"a": 2, "b": 1}))
    codec.decode(codec.encode(around({"b": 1, "a": 2})))


def test_encoding_changes_nothing_in_its_argument():
    value = {"b": {"d": 1, "c": 2}, "a": [{"z": 1, "y": 2}]}
    codec.encode(value)
    assert list(value) == ["b", "a"]
    assert list(value["b"]) == ["d", "c"]


# For readers that know the shape


def test_a_shaped_reading_checks_bytes_and_leaves_types_to_the_caller():
    assert codec.decode_shaped(bits("91cb3ff0000000000000")) == [1.0]
    assert codec.decode_shaped(bits("82a16201a16100")) == {"b": 1, "a": 0}
    for encoding in ("cc00", "91cc00", "d90161", "82a16101a16102", "ca00000000"):
        with pytest.raises(NotCanonical):
            codec.decode_shaped(bits(encoding))
    with pytest.raises(TooLarge):
        codec.decode_shaped(bytes(32_769))
    with pytest.raises(Undecodable):
        codec.decode_shaped(b"")


def test_check_says_whether_keys_are_in_order():
    assert codec.check({"a": [{"b": 1, "c": 2}]}) is True
    assert codec.check({"a": [{"c": 1, "b": 2}]}) is False
    assert codec.check({"b": 1, "a": 2}) is False
    assert codec.check(1) is True
    assert codec.check(nested(31), 1) is True
    with pytest.raises(TooDeep):
        codec.check(nested(32), 1)
    with pytest.raises(NotCanonical):
        codec.check({"a": 1.0})
