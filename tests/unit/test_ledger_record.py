"""Records: the array of 21, its types and ranges, copies, and where contents stand in the state."""

from __future__ import annotations

import pytest
from support.members import digest

from ledger import codec
from ledger.errors import LadingError
from ledger.hashing import record_key, state_value
from ledger.record import MAX_CONTENT, BadRecord, Item, Pending, Record, content_key, number_content

NAMES = (
    "id", "kind", "version", "status", "sequence", "head", "entry", "since", "issuer", "controller", "beneficiary",
    "order_party", "nominee", "pending", "pledgee", "hold", "locked_until", "document", "replaces", "replaced_by",
    "fields",
)  # fmt: skip
VALUES = [
    digest("id"), "bill_of_lading", 1, "offered", 3, digest("head"), 17, 1_764_000_000_000, digest("issuer"),
    digest("controller"), digest("beneficiary"), digest("order"), digest("nominee"),
    [digest("to"), "endorse", 1_764_000_000_001, "transfer"], digest("pledgee"), digest("hold"), 5,
    digest("document"), [digest("old")], [digest("new")], {"form": "order", "law": "SG"},
]  # fmt: skip
ID, TEXT, NUMBER, LIST = "id", "text", "number", "list"


def record(**changes):
    values = dict(zip(NAMES, VALUES, strict=True))
    values["pending"] = Pending(*values["pending"])
    return Record(**{**values, **changes})


def test_a_record_is_the_array_of_the_docstring():
    assert codec.decode(record().encode()) == VALUES
    assert Record.decode(record().encode()) == record()


def test_a_record_with_nothing_but_what_it_must_have():
    bare = Record(digest("id"), "member", 1, "active", 0, bytes(32), 0, 0, digest("issuer"))
    assert codec.decode(bare.encode()) == [*VALUES[:1], "member", 1, "active", 0, bytes(32), 0, 0, digest("issuer"),
                                           *[None] * 9, [], [], {}]  # fmt: skip
    assert Record.decode(bare.encode()) == bare


WRONG = {
    "id": [None, "a" * 32, bytes(31), 1],
    "kind": [None, b"k", 1],
    "version": [None, -1, 2**63, True, "1"],
    "status": [None, b"s", 1],
    "sequence": [None, -1, 2**63, True],
    "head": [None, bytes(33), "a"],
    "entry": [None, -1, 2**63, True],
    "since": [None, -1, 2**63, True],
    "issuer": [None, b"", bytes(31)],
    "controller": [b"", bytes(31), "a" * 32, 0, False],
    "beneficiary": [b"", "a" * 32],
    "order_party": [b"", "a" * 32],
    "nominee": [b"", "a" * 32],
    "pending": [
        [], {}, b"", [digest("to"), "endorse", None], [digest("to"), "endorse", None, "sale", None],
        [None, "endorse", None, "sale"], [bytes(31), "endorse", None, "sale"], [digest("to"), b"e", None, "sale"],
        [digest("to"), "endorse", "now", "sale"], [digest("to"), "endorse", -1, "sale"],
        [digest("to"), "endorse", 2**63, "sale"], [digest("to"), "endorse", True, "sale"],
        [digest("to"), "endorse", None, None],
    ],
    "pledgee": [b"", "a" * 32],
    "hold": [b"", "a" * 32],
    "locked_until": [-1, 2**63, True, "now"],
    "document": [b"", bytes(31), "a" * 32],
    "replaces": [None, {}, b"", [b""], ["a"], [None], [[digest("x")]]],
    "replaced_by": [None, {}, b"", [bytes(31)]],
    "fields": [None, [], "a"],
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_element_has_its_type_and_range(name):
    place = NAMES.index(name)
    assert WRONG[name]
    for value in WRONG[name]:
        plain = [*VALUES[:place], value, *VALUES[place + 1 :]]
        with pytest.raises(BadRecord):
            Record.decode(codec.encode(plain))


def test_the_edges_of_numbers():
    most = 2**63 - 1
    largest = record(version=most, sequence=most, entry=most, since=most, locked_until=most)
    assert Record.decode(largest.encode()) == largest


def test_the_fields_stand_in_order():
    data = record(fields={"a": 1, "b": 2}).encode()
    with pytest.raises(codec.NotCanonical):
        Record.decode(data.replace(b"\x82\xa1a\x01\xa1b\x02", b"\x82\xa1b\x02\xa1a\x01"))
    with pytest.raises(codec.NotCanonical):
        Record.decode(data.replace(b"\x82\xa1a\x01\xa1b\x02", b"\x81\xa1a\xcb" + bytes(8)))


@pytest.mark.parametrize("value", [None, {}, [], VALUES[:20], [*VALUES, None], "record"])
def test_what_is_no_record_is_refused(value):
    with pytest.raises(BadRecord):
        Record.decode(codec.encode(value))


def test_a_record_cut_anywhere_is_refused():
    data = record().encode()
    for cut in range(len(data)):
        with pytest.raises(LadingError):
            Record.decode(data[:cut])


def test_a_record_has_at_most_65536_bytes():
    room = MAX_CONTENT - len(record(fields={"a": bytes(256)}).encode()) + 256
    largest = record(fields={"a": bytes(room)})
    assert Record.decode(largest.encode()) == largest
    with pytest.raises(codec.TooLarge):
        Record.decode(record(fields={"a": bytes(room + 1)}).encode())


def test_a_copy_can_be_changed_alone():
    first = record()
    before = first.encode()
    copy = first.copy()
    assert copy == first
    copy.fields["form"] = "blank"
    copy.replaces.append(digest("x"))
    copy.replaced_by.clear()
    copy.pending = None
    copy.sequence += 1
    assert first.encode() == before
    assert copy != first


@pytest.mark.parametrize("name", NAMES)
def test_records_differ_by_every_element(name):
    other = {"fields": {}, "pending": None, "replaces": [], "replaced_by": [], "locked_until": None}.get(name, 0)
    assert record() == record()
    assert record(**{name: other}) != record()
    assert record() != VALUES
    with pytest.raises(TypeError):
        hash(record())


def test_the_fields_order_does_not_matter():
    assert record(fields={"law": "SG", "form": "order"}).encode() == record().encode()


def test_what_it_shows_is_short():
    assert repr(record()) == f"Record(bill_of_lading {digest('id').hex()[:12]} offered sequence 3)"


# Where contents stand


def test_a_content_tells_its_key():
    assert content_key(record().encode()) == record_key(digest("id"))
    assert content_key(number_content(digest("key"), digest("id"))) == digest("key")


def test_a_numbers_content_is_the_array_of_the_docstring():
    assert codec.decode(number_content(digest("key"), digest("id"))) == ["number", digest("key"), digest("id")]


@pytest.mark.parametrize(
    "value",
    [None, [], ["number", digest("k")], ["number", b"", digest("i")], ["number", digest("k"), b""],
     ["number", "k" * 32, digest("i")], ["Number", digest("k"), digest("i")], [b"", *VALUES[1:]],
     ["a" * 32, *VALUES[1:]], VALUES[:20]],
    ids=range(10),
)  # fmt: skip
def test_what_is_neither_record_nor_number_has_no_key(value):
    with pytest.raises(BadRecord):
        content_key(codec.encode(value))


def test_the_value_of_the_tree_covers_salt_key_and_content():
    item = Item(digest("salt"), b"content")
    assert item.value(digest("key")) == state_value(digest("salt"), digest("key"), b"content")
    others = {item.value(digest("k2")), Item(digest("s2"), b"content").value(digest("key")),
              Item(digest("salt"), b"content2").value(digest("key")), item.value(digest("key"))}  # fmt: skip
    assert len(others) == 4


UNORDERED = [
    {"law": "SG", "form": "order"},
    {"form": "order", "parties": {"b": [], "a": [{"d": 1, "c": [None]}]}},
    {"form": ("order",), "": b""},
]


@pytest.mark.parametrize("fields", [{}, VALUES[20], *UNORDERED])
@pytest.mark.parametrize("pending", [None, Pending(*VALUES[13]), Pending(digest("to"), "endorse", None, "sale")])
@pytest.mark.parametrize("linked", [[], [digest("old")]])
def test_a_record_is_encoded_like_any_other_array(fields, pending, linked):
    made = record(fields=fields, pending=pending, replaces=linked, replaced_by=[])
    assert made.encode() == codec.encode([
        *VALUES[:13], pending and list(pending), *VALUES[14:18], linked, [], fields
    ])  # fmt: skip


@pytest.mark.parametrize("changes", [
    {"since": 1.5}, {"hold": bytearray(32)}, {"fields": {"a": 1.5}}, {"fields": {"a": {1: 2}}}, {"fields": {1: "a"}},
    {"pending": Pending(digest("to"), "endorse", 1.5, "sale")}, {"replaces": [1.5]}, {"sequence": 2**64},
    {"replaced_by": [bytes(32)] * 1025},
])  # fmt: skip
def test_what_has_no_encoding_is_refused_in_a_record_as_well(changes):
    with pytest.raises(codec.NotCanonical):
        record(**changes).encode()


def test_a_stored_record_is_restored_as_it_was():
    for one in (record(), record(pending=None, fields={}), record(replaces=[], locked_until=None)):
        assert Record.restore(one.encode()) == one == Record.decode(one.encode())
        assert type(Record.restore(one.encode()).pending) is type(one.pending)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xc0", codec.encode([]), codec.encode(VALUES[:20]), codec.encode([*VALUES, None]),
     codec.encode([*VALUES[:13], [], *VALUES[14:]]), codec.encode([*VALUES[:7], None, *VALUES[8:]]),
     record().encode()[:-1], record().encode() + b"\x00", b"\x91" * 600, bytes(MAX_CONTENT + 1)],
)  # fmt: skip
def test_what_has_not_the_shape_of_a_record_is_not_restored(content):
    with pytest.raises(LadingError) as restored:
        Record.restore(content)
    with pytest.raises(LadingError) as decoded:
        Record.decode(content)
    assert restored.value.code == decoded.value.code
