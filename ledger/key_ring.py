"""Whose each signing key is and from when until when it is valid, as the entries of a bundle say.

    enrol                                  the member's first key, until `key_until` where it is given
    rotate_key                             the older keys end now, or at `overlap_until`; the new one begins
    propose_recovery, complete_recovery    the older keys end when the recovery is completed; the new one begins
    decide_recovery                        the same, where the outcome is `recover`

What was signed while its key was valid stays valid after the key's end. Entries that no rule would have let in are
read as they stand: whether the rules were kept is the replay's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .member import MemberCard
from .transaction import Transaction

__all__ = ["KeyRing"]


class KeyRing:
    """The keys of the members. It begins with the founders', and learns from one entry after another."""

    def __init__(self, founders: Iterable[MemberCard]) -> None:
        self._owners = {card.key[1]: card.id for card in founders}
        self._ends: dict[bytes, int] = {}
        self._proposed: dict[bytes, tuple[bytes, int | None]] = {}

    def owner(self, key: bytes) -> bytes | None:
        """Whose a key is, or was; nothing where no entry has said so yet."""
        return self._owners.get(key)

    def is_valid(self, key: bytes, time: int) -> bool:
        """Whether a key is somebody's at a ledger time, in Unix milliseconds."""
        return key in self._owners and time < self._ends.get(key, time + 1)

    def learn(self, body: Transaction, time: int) -> None:
        """Take in an act on a member, of a ledger time."""
        kind, _, name = body.action.partition(".")
        args = body.arguments
        member = body.targets[0].record if body.targets else args.get("record")
        if kind != "member" or type(member) is not bytes:
            return
        new = _bytes(args, "public_key"), _time(args, "key_until")
        if name == "enrol" and new[0] is not None:
            self._begin(member, new[0], new[1])
        elif name == "rotate_key" and new[0] is not None:
            overlap = _time(args, "overlap_until")
            self._end(member, time if overlap is None else overlap)
            self._begin(member, new[0], new[1])
        elif name == "propose_recovery" and new[0] is not None:
            self._proposed[member] = (new[0], new[1])
        elif name == "complete_recovery" or (name == "decide_recovery" and args.get("outcome") == "recover"):
            proposed = self._proposed.pop(member, None)
            if proposed is not None:
                self._end(member, time)
                self._begin(member, *proposed)

    def _begin(self, member: bytes, key: bytes, until: int | None) -> None:
        if self._owners.setdefault(key, member) == member and until is not None:
            self._ends[key] = until

    def _end(self, member: bytes, time: int) -> None:
        for key, owner in self._owners.items():
            if owner == member:
                self._ends[key] = min(time, self._ends.get(key, time))


def _bytes(arguments: Mapping[str, Any], name: str) -> bytes | None:
    value = arguments.get(name)
    return value if type(value) is bytes else None


def _time(arguments: Mapping[str, Any], name: str) -> int | None:
    value = arguments.get(name)
    return value if type(value) is int else None
