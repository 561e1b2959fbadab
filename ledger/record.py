"""A record: what the rules move, as the state holds it.

    [id, kind, version, status, sequence, head, entry, since, issuer, controller, beneficiary,
     order party, nominee, pending, pledgee, hold, locked until, document, replaces, replaced by, fields]

- `id` 32 random bytes; `kind` and `version` name the rule table under which it was issued.
- `sequence` counts the actions on it, from 1; `head` is the leaf hash of the entry that set it, `entry`
  that entry's index in the log.
- Parties are opaque references of 32 bytes; in this version a member's id. `controller` is who
  exercises the record, nil once it is dead; `since` the ledger time (Unix milliseconds) at which the
  controller last changed. `beneficiary` is nil unless split from the controller.
- `order party` is to whose order a bill stands; nil for a straight bill and after a blank endorsement.
- `pending` is an offer that waits for its recipient: [recipient, mode, until | nil, purpose].
- `document` is the commitment of the document (`ledger.commitment`), nil for kinds without one.
- `replaces` and `replaced by` are lists of record ids; `fields` what the table declares.

In the state tree a record stands under `record_key(id)`; the value is `state_value(salt, key, encoding)`.
A number stands under the `claim_key` of its issuer, a member's alias under its `alias_key`, with the encoding of
[`"number"`, state key, record id] as content.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from . import codec
from .errors import InputError
from .hashing import HASH_SIZE, number_key, record_key, state_value
from .transaction import MAX_INTEGER

__all__ = [
    "BadRecord",
    "Item",
    "Pending",
    "Record",
    "content_key",
    "number_content",
    "number_key",
    "record_key",
]

MAX_CONTENT: Final = 65_536


class BadRecord(InputError):
    """Canonical MessagePack, but no record."""

    code = "record.malformed"
    hint = "docs/spec.md, section Records, has every element"


class Pending(NamedTuple):
    """An offer that waits for its recipient."""

    party: bytes
    mode: str
    until: int | None
    purpose: str


class Record:
    """One record; the module's docstring has the meaning of every field."""

    __slots__ = (
        "beneficiary",
        "controller",
        "document",
        "entry",
        "fields",
        "head",
        "hold",
        "id",
        "issuer",
        "kind",
        "locked_until",
        "nominee",
        "order_party",
        "pending",
        "pledgee",
        "replaced_by",
        "replaces",
        "sequence",
        "since",
        "status",
        "version",
    )

    def __init__(
        self,
        id: bytes,
        kind: str,
        version: int,
        status: str,
        sequence: int,
        head: bytes,
        entry: int,
        since: int,
        issuer: bytes,
        controller: bytes | None = None,
        beneficiary: bytes | None = None,
        order_party: bytes | None = None,
        nominee: bytes | None = None,
        pending: Pending | None = None,
        pledgee: bytes | None = None,
        hold: bytes | None = None,
        locked_until: int | None = None,
        document: bytes | None = None,
        replaces: Iterable[bytes] = (),
        replaced_by: Iterable[bytes] = (),
        fields: dict[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.kind = kind
        self.version = version
        self.status = status
        self.sequence = sequence
        self.head = head
        self.entry = entry
        self.since = since
        self.issuer = issuer
        self.controller = controller
        self.beneficiary = beneficiary
        self.order_party = order_party
        self.nominee = nominee
        self.pending = pending
        self.pledgee = pledgee
        self.hold = hold
        self.locked_until = locked_until
        self.document = document
        self.replaces = list(replaces)
        self.replaced_by = list(replaced_by)
        self.fields = fields or {}

    def _elements(self) -> list[Any]:
        return [
            self.id, self.kind, self.version, self.status, self.sequence, self.head, self.entry,
            self.since, self.issuer, self.controller, self.beneficiary, self.order_party, self.nominee,
            self.pending, self.pledgee, self.hold, self.locked_until, self.document, self.replaces,
            self.replaced_by, self.fields,
        ]  # fmt: skip

    def copy(self) -> Record:
        """A copy whose elements and fields can be set without changing this one; the values of fields are shared."""
        elements = self._elements()
        elements[-1] = dict(self.fields)
        return Record(*elements)

    def encode(self) -> bytes:
        """The canonical content."""
        elements = self._elements()
        if self.pending is not None:
            elements[13] = list(self.pending)
            if list(map(type, self.pending)) not in _PENDING_TYPES:
                return codec.encode(elements)
        if self.replaces or self.replaced_by or not _fits(tuple(map(type, elements))):
            return codec.encode(elements)
        return codec.encode_shaped(elements) if codec.check(self.fields, 1) else codec.encode(elements)

    @classmethod
    def decode(cls, content: bytes) -> Record:
        """Read a record. Raises errors of `ledger.codec` or `BadRecord`."""
        value = codec.decode_shaped(content, limit=MAX_CONTENT)
        if type(value) is not list or len(value) != 21:
            raise BadRecord("a record has 21 elements")
        if not _fits(tuple(map(type, value))):
            raise BadRecord("an element of a record has a wrong type", value=_misfit(value))
        pending, fields = value[13], value[20]
        if not codec.check(fields, 1):
            raise codec.NotCanonical("the fields are not in ascending order of their names")
        if pending is not None:
            if list(map(type, pending)) not in _PENDING_TYPES:
                raise BadRecord("pending is [recipient, mode, until, purpose]")
            value[13] = Pending(*pending)
        record = cls(*value)
        _check_ranges(record)
        return record

    @classmethod
    def restore(cls, content: bytes) -> Record:
        """Read a record whose content has just been compared with the leaf of the state tree.

        The tree says that these bytes are what `encode` gave, so their form is not judged again; `decode` reads
        bytes from anywhere else. Raises as `decode` does for what has not even the shape of a record.
        """
        value = codec.unpack(content, limit=MAX_CONTENT)
        if type(value) is not list or len(value) != 21 or not _fits(tuple(map(type, value))):
            return cls.decode(content)
        pending = value[13]
        if pending is not None:
            if len(pending) != 4:
                return cls.decode(content)
            value[13] = Pending(*pending)
        return cls(*value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self._elements() == other._elements()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Record({self.kind} {self.id.hex()[:12]} {self.status} sequence {self.sequence})"


def _check_ranges(record: Record) -> None:
    parties = [record.controller, record.beneficiary, record.order_party, record.nominee, record.pledgee, record.hold]
    ids = [record.id, record.head, record.issuer]
    ids += [identifier for identifier in (*parties, record.document) if identifier is not None]
    numbers = [record.version, record.sequence, record.entry, record.since, record.locked_until or 0]
    if record.pending is not None:
        ids.append(record.pending.party)
        numbers.append(record.pending.until or 0)
    linked = record.replaces + record.replaced_by
    if set(map(len, ids)) != {HASH_SIZE} or not all(map(_is_hash, linked)):
        raise BadRecord("an id, a hash or a party of a record has 32 bytes", value=record.id)
    if min(numbers) < 0 or max(numbers) > MAX_INTEGER:
        raise BadRecord("a number of a record is out of its range", value=numbers)


_BYTES: Final = frozenset({bytes})
_INT: Final = frozenset({int})
_STR: Final = frozenset({str})
_OPTIONAL_BYTES: Final = frozenset({bytes, type(None)})
_TYPES: Final = (
    _BYTES, _STR, _INT, _STR, _INT, _BYTES, _INT, _INT, _BYTES,
    _OPTIONAL_BYTES, _OPTIONAL_BYTES, _OPTIONAL_BYTES, _OPTIONAL_BYTES,
    frozenset({list, type(None)}), _OPTIONAL_BYTES, _OPTIONAL_BYTES, frozenset({int, type(None)}),
    _OPTIONAL_BYTES, frozenset({list}), frozenset({list}), frozenset({dict}),
)  # fmt: skip


@lru_cache(maxsize=4096)
def _fits(kinds: tuple[type, ...]) -> bool:
    """Whether elements of these types, 21 of them, can be a record's: there are few such rows, seen again and again."""
    return all(kind in allowed for kind, allowed in zip(kinds, _TYPES, strict=True))


def _misfit(elements: Iterable[Any]) -> Any:
    """The first element of a wrong type."""
    return next(element for element, allowed in zip(elements, _TYPES, strict=True) if type(element) not in allowed)


_PENDING_TYPES: Final = ([bytes, str, int, str], [bytes, str, type(None), str])


class Item(NamedTuple):
    """What the store holds under a state key: the salt of the last change, and the content."""

    salt: bytes
    content: bytes

    def value(self, key: bytes) -> bytes:
        """The value of the state tree."""
        return state_value(self.salt, key, self.content)


def number_content(key: bytes, record_id: bytes) -> bytes:
    """What stands under a number's key: [`"number"`, key, the id of the record of that number]."""
    return codec.encode_shaped(["number", key, record_id])


def content_key(content: bytes) -> bytes:
    """The state key under which a content stands, read from the content itself.

    Raises errors of `ledger.codec` or `BadRecord`.
    """
    value = codec.decode(content, limit=MAX_CONTENT)
    if type(value) is list and len(value) == 3 and value[0] == "number" and _is_hash(value[1]) and _is_hash(value[2]):
        key: bytes = value[1]
        return key
    if type(value) is list and len(value) == 21 and _is_hash(value[0]):
        return record_key(value[0])
    raise BadRecord("neither a record nor a number", value=content[:32])


def _is_hash(value: Any) -> bool:
    return type(value) is bytes and len(value) == HASH_SIZE
