"""The states of the small model, and when two of them are the same.

A state is the record under test as the rules see it, in a normal form: its times as `times.py` says, without
what no rule reads (place, law, a reason), sequence, head and entry always the same. Beside it stands what the
rules themselves do not remember and the invariants ask for: who signed the offer that is pending, and whether a
surrender was accepted. Two states are the same if one becomes the other when traders change their names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from ledger.record import Pending, Record

from .cast import Cast
from .times import NOW, normal_times, ticks

__all__ = ["HEAD", "NEXT_HEAD", "Readable", "State", "Unforeseen", "mentioned", "passing", "projection"]

HEAD: Final = b"\x01" * 32
NEXT_HEAD: Final = b"\x02" * 32


class Unforeseen(Exception):
    """A rule reads a field that was thought to be read by none; the exploration begins again with it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Fields(dict[str, Any]):
    """The fields of a record that some rule reads; asking for another is `Unforeseen`."""

    __slots__ = ("dropped",)
    dropped: frozenset[str]

    def get(self, key: str, default: Any = None) -> Any:
        if key in self.dropped:
            raise Unforeseen(key)
        return dict.get(self, key, default)

    def __missing__(self, key: str) -> Any:
        if key in self.dropped:
            raise Unforeseen(key)
        raise KeyError(key)


class _ModelRecord(Record):
    """A record whose copies keep watching what is read."""

    __slots__ = ()

    def copy(self) -> Record:
        copied = super().copy()
        fields = _Fields(self.fields)
        fields.dropped = self.fields.dropped  # type: ignore[attr-defined]
        copied.fields = fields
        return copied


class Readable:
    """Which declared fields some rule reads, which of them are times, and whether the ledger has delays."""

    def __init__(self, declared: Mapping[str, str], read: Iterable[str], delays: bool) -> None:
        read = frozenset(read)
        self.kept = tuple(sorted(read & declared.keys()))
        self.dropped = frozenset(declared) - read
        self.times = tuple(name for name in self.kept if declared[name] == "time")
        self.sets = tuple(name for name in self.kept if declared[name] == "parties")
        self.delays = delays


class State:
    """One state, which is not changed once it is made. `key` is equal for the same states.

    `traders` are those that it names, in the order in which the key does: the i-th of one state plays the part of
    the i-th of every state with the same key. Numbers that were claimed are no part of the key: what they forbid
    (a second split of a part) the record that came first was allowed.
    """

    __slots__ = ("claimed", "consent", "key", "record", "surrendered", "traders")

    def __init__(
        self,
        record: Record,
        consent: frozenset[bytes],
        surrendered: bool,
        claimed: Mapping[bytes, bytes],
        cast: Cast,
        readable: Readable,
    ) -> None:
        self.record = _normal(record, readable)
        self.consent = consent & {record.controller, record.pledgee}
        self.surrendered = surrendered
        self.claimed = claimed
        names: dict[Any, Any] = {}

        def renamed(value: bytes) -> Any:
            if value in cast.traders:
                return names.setdefault(value, len(names))
            return (value, renamed(cast.owners[value])) if value in cast.owners else value

        record = self.record
        self.key = (
            _frozen(projection(record, readable, readable.sets), renamed),
            _frozen_sets(record, readable, renamed),
            record.controller in consent,
            record.pledgee in consent,
            surrendered,
        )
        self.traders: tuple[bytes, ...] = tuple(names)


def projection(record: Record, readable: Readable, without: Collection[str] = ()) -> list[Any]:
    """What a rule can read of a record, but for sequence, head, entry and links, and for the fields `without`."""
    fields = record.fields
    return [
        record.status, record.issuer, record.controller, record.beneficiary, record.order_party, record.nominee,
        record.pending, record.pledgee, record.hold, record.locked_until, record.version,
        [dict.get(fields, name) for name in readable.kept if name not in without],
    ]  # fmt: skip


def mentioned(record: Record | None) -> set[Any]:
    """The parties that a record names, for `domains.alike`."""
    if record is None:
        return set()
    known = {record.issuer, record.controller, record.beneficiary, record.order_party, record.nominee}
    known |= {record.pledgee, record.hold}
    if record.pending is not None:
        known.add(record.pending.party)
    for value in record.fields.values():
        if type(value) is bytes:
            known.add(value)
        elif type(value) is list:
            known.update(one for one in value if type(one) is bytes)
    return known


def _frozen(value: Any, renamed: Any) -> Any:
    kind = type(value)
    if kind is bytes:
        return renamed(value)
    if kind is list or kind is tuple or kind is Pending:
        return tuple([_frozen(item, renamed) for item in value])
    if kind is dict:
        return tuple([(name, _frozen(item, renamed)) for name, item in value.items()])
    return value


def _frozen_sets(record: Record, readable: Readable, renamed: Any) -> Any:
    """The fields that are sets of parties; traders that stand only here are alike, so the key says how many."""
    found = []
    for name in readable.sets:
        parties = dict.get(record.fields, name)
        found.append(None if parties is None else frozenset([renamed(one) for one in sorted(parties)]))
    return tuple(found)


def _normal(record: Record, readable: Readable) -> Record:
    fields = _Fields((name, record.fields[name]) for name in readable.kept if name in record.fields)
    fields.dropped = readable.dropped
    normal = _ModelRecord(
        record.id, record.kind, record.version, record.status, 1, HEAD, 0, NOW, record.issuer, record.controller,
        record.beneficiary, record.order_party, record.nominee, record.pending, record.pledgee, record.hold,
        record.locked_until, record.document,
    )  # fmt: skip
    normal.fields = fields
    _set_times(normal, normal_times(_times(normal, readable), readable.delays), readable)
    return normal


def _times(record: Record, readable: Readable) -> list[int]:
    found = [record.locked_until, record.pending.until if record.pending else None]
    found += [record.fields.get(name) for name in readable.times]
    return [time for time in found if time is not None]


def _set_times(record: Record, form: Mapping[int, int], readable: Readable) -> None:
    if not form:
        return
    if record.locked_until is not None:
        record.locked_until = form[record.locked_until]
    if record.pending is not None and record.pending.until is not None:
        record.pending = record.pending._replace(until=form[record.pending.until])
    for name in readable.times:
        if record.fields.get(name) is not None:
            record.fields[name] = form[record.fields[name]]


def passing(state: State, cast: Cast, readable: Readable) -> list[tuple[str, State]]:
    """The states behind the passing of time, each with its words."""
    found = []
    for words, form in ticks(_times(state.record, readable), readable.delays):
        record = state.record.copy()
        _set_times(record, form, readable)
        found.append((words, State(record, state.consent, state.surrendered, state.claimed, cast, readable)))
    return found
