"""The states of the small model, and when two of them are the same.

A state is the record under test as the rules see it, in a normal form: its times as `times.py` says, without
what no rule reads (place, law, a reason), sequence, head and entry always the same. Beside it stands what the
rules themselves do not remember and the invariants ask for: who signed the offer that is pending, and whether a
surrender was accepted. Two states are the same if one becomes the other when traders change their names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any, Final

from ledger.record import Pending, Record

from .cast import ROOT, Cast
from .readable import Readable
from .times import NOW, OLD, RECENT, normal_times, ticks
from .watched import Fields, ModelRecord

__all__ = ["HEAD", "NEXT_HEAD", "State", "mentioned", "passing", "projection"]

HEAD: Final = b"\x01" * 32
NEXT_HEAD: Final = b"\x02" * 32


class State:
    """One state, which is not changed once it is made. `key` is equal for the same states.

    `traders` are those that it names, in the order in which the key does: the i-th of one state plays the part of
    the i-th of every state with the same key. Numbers that were claimed are no part of the key: what they forbid
    (a second split of a part) the record that came first was allowed.
    """

    __slots__ = ("_standing", "claimed", "consent", "key", "record", "surrendered", "traders")

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
        self._standing: list[Any] | None = None
        if record.status in readable.terminal:
            self.key: Any = record.status
            self.traders: tuple[bytes, ...] = ()
            return
        names: dict[Any, Any] = {}
        special = cast.special

        def renamed(value: bytes) -> Any:
            if value not in special:
                return value
            owners = special[value]
            if not owners:
                return names.setdefault(value, len(names))
            here = sorted(owners, key=lambda owner: (owner not in names, owner))
            return cast.sorts[value], frozenset([renamed(owner) for owner in here])

        record = self.record
        self.key = (
            _frozen(projection(record, readable, readable.sets), renamed),
            _frozen_sets(record, readable, renamed),
            record.controller in consent,
            record.pledgee in consent,
            surrendered,
        )
        self.traders = tuple(names)

    def stand(self, readable: Readable) -> None:
        """Remember what a rule can read of the record, before any rule gets it into its hands."""
        self._standing = deepcopy(projection(self.record, readable))

    @property
    def standing(self) -> list[Any]:
        """What a rule could read of the record at first."""
        return self._standing or []


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
    for value in dict.values(record.fields):
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
    old = record.fields
    fields = Fields([(name, old[name]) for name in readable.kept_in[record.status] if dict.__contains__(old, name)])
    fields.dropped, fields.stands = readable.dropped_in[record.status], True
    normal = ModelRecord(
        ROOT, record.kind, record.version, record.status, 1, HEAD, 0, NOW, record.issuer, record.controller,
        record.beneficiary, record.order_party, record.nominee, record.pending, record.pledgee, record.hold,
        record.locked_until, record.document,
    )  # fmt: skip
    normal.fields = fields
    _set_times(normal, normal_times(_times(normal, readable)), readable)
    return normal


def _times(record: Record, readable: Readable) -> list[int]:
    found = [record.locked_until, record.pending.until if record.pending else None]
    found += [dict.get(record.fields, name) for name in readable.times]
    for name in readable.keys:
        found += [time for key in dict.get(record.fields, name, ()) for time in key[2:]]
    return [time for time in found if time is not None]


def _set_times(record: Record, form: Mapping[int, int], readable: Readable) -> None:
    def placed(time: int | None, passed: int = OLD) -> int | None:
        if time is None or time in form:
            return None if time is None else form[time]
        return time if time > NOW else passed if time > OLD else OLD

    record.locked_until = placed(record.locked_until)
    if record.pending is not None and record.pending.until is not None:
        record.pending = record.pending._replace(until=placed(record.pending.until))
    for name in readable.times:
        if dict.get(record.fields, name) is not None:
            record.fields[name] = placed(record.fields[name], RECENT if name in readable.delayed else OLD)
    for name in readable.keys:
        if dict.get(record.fields, name) is not None:
            record.fields[name] = [[*key[:2], *map(placed, key[2:])] for key in record.fields[name]]


def passing(state: State, cast: Cast, readable: Readable) -> list[tuple[str, State]]:
    """The states behind the passing of time, each with its words."""
    found = []
    for words, form in ticks(_times(state.record, readable)):
        record = state.record.copy()
        _set_times(record, form, readable)
        found.append((words, State(record, state.consent, state.surrendered, state.claimed, cast, readable)))
    return found
