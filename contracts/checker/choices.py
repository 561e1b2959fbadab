"""Arguments and signatures that are decided only when a rule looks at them.

A guard that asks for an argument which is not decided yet stops with `Undecided`; the explorer tries each value in
turn and goes on from that guard. So what refuses early is tried once, and what no rule looks at is never tried.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from contracts.table import Declared

__all__ = ["ABSENT", "Arguments", "Choices", "Signers", "Undecided"]

Choices = Mapping[object, Any]
"""What was decided: an argument's value by its name, and by a member's id whether it signs too."""

ABSENT: Final = object()
"""The value of an argument that is left out."""


class Undecided(BaseException):
    """A rule looks at what is not decided yet. Not an error: a rule that catches all errors must let it through."""

    def __init__(self, what: object) -> None:
        super().__init__(what)
        self.what = what


class Arguments(Mapping[str, Any]):
    """The arguments of an action, as far as they are decided; `usual` gives those that make no difference."""

    __slots__ = ("_declared", "_relevant", "_usual", "chosen")

    def __init__(
        self,
        declared: Mapping[str, Declared],
        chosen: Choices,
        relevant: Collection[str],
        usual: Callable[[str], Any],
    ) -> None:
        self._declared = declared
        self.chosen = chosen
        self._relevant = relevant
        self._usual = usual

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` where the argument is left out or unknown."""
        if key not in self.chosen:
            if key not in self._declared:
                return default
            raise Undecided(key)
        value = self.chosen[key]
        return default if value is ABSENT else value

    def __getitem__(self, key: str) -> Any:
        value = self.get(key, ABSENT)
        if value is ABSENT:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return type(key) is str and self.get(key, ABSENT) is not ABSENT

    def __iter__(self) -> Iterator[str]:
        for name in self._declared:
            if name not in self.chosen and name in self._relevant:
                raise Undecided(name)
            if self._value(name) is not ABSENT:
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def items(self) -> Any:
        """Names and values; what no rule ever looks at has its usual value."""
        return [(name, self._value(name)) for name in self]

    def _value(self, name: str) -> Any:
        return self.chosen[name] if name in self.chosen else self._usual(name)


class Signers:
    """The members who sign, as a set: some for certain, others once they are decided to sign too."""

    __slots__ = ("_certain", "_members", "chosen")

    def __init__(self, certain: frozenset[bytes], members: tuple[bytes, ...], chosen: Choices) -> None:
        self._certain = certain
        self._members = members
        self.chosen = chosen

    def __contains__(self, member: object) -> bool:
        if member in self._certain:
            return True
        if member not in self._members:
            return False
        if member not in self.chosen:
            raise Undecided(member)
        return bool(self.chosen[member])

    def __or__(self, more: Iterable[bytes]) -> Signers:
        return Signers(self._certain.union(more), self._members, self.chosen)

    def __iter__(self) -> Iterator[bytes]:
        return iter([*self._certain, *(one for one in self._members if one not in self._certain and one in self)])

    def __len__(self) -> int:
        return len(list(iter(self)))
