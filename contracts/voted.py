"""What has been voted, by the height from which each thing is in force: the fields of the ledger's own record.

    governors    [[height, [member id, …]], …]          who votes
    parameters   {name: [[height, text], …]}            what rules compare with
    policies     [[height, SHA-256 of the policy, how many organisations any two of its quorums share], …]
    tables       [[kind, version, SHA-256, height], …]
    origin       the ledger's name, which every policy's log has

In force at a height is what names the greatest height up to it, the later one of two that name the same. Nothing is
taken out, so the record says for every height what was in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.errors import UnavailableError
from ledger.record import Record

from .parameters import count_of

__all__ = ["VOCABULARY", "NodeTooOld", "Voted", "in_force"]

VOCABULARY: Final = 1
"""The newest set of guards and effects that this version of lading knows; the parameter `vocabulary` names one."""

Since = Sequence[tuple[int, Any]]


class NodeTooOld(UnavailableError):
    """The members voted for guards and effects that this version of lading does not have."""

    code = "governance.node_too_old"
    hint = "install a newer version of lading; nothing was written"


def in_force(values: Since, height: int) -> Any:
    """The value in force at a height, or nothing."""
    found, since = None, -1
    for start, value in values:
        if since <= start <= height:
            found, since = value, start
    return found


@dataclass(frozen=True, slots=True)
class Voted:
    """The ledger's own record as rules read it."""

    governors: tuple[tuple[int, tuple[bytes, ...]], ...]
    parameters: Mapping[str, tuple[tuple[int, str], ...]]
    policies: tuple[tuple[int, bytes, int], ...]
    tables: tuple[tuple[str, int, bytes, int], ...]
    origin: str

    @classmethod
    def read(cls, own: Record) -> Voted:
        """What the ledger's own record says."""
        fields = own.fields
        return cls(
            tuple((since, tuple(governors)) for since, governors in fields["governors"]),
            {name: tuple((since, value) for since, value in values) for name, values in fields["parameters"].items()},
            tuple((since, digest, shared) for since, digest, shared in fields["policies"]),
            tuple((kind, version, digest, since) for kind, version, digest, since in fields["tables"]),
            fields["origin"],
        )

    def governors_at(self, height: int) -> tuple[bytes, ...]:
        """Who votes at a height."""
        found: tuple[bytes, ...] = in_force(self.governors, height) or ()
        return found

    def parameters_at(self, height: int) -> dict[str, str]:
        """The parameters at a height. Raises `NodeTooOld` where they ask for more than this version has."""
        found = {name: in_force(values, height) for name, values in self.parameters.items()}
        known = {name: value for name, value in found.items() if value is not None}
        wanted = count_of(known, "vocabulary")
        if wanted > VOCABULARY:
            raise NodeTooOld(
                f"the ledger runs vocabulary {wanted} from height {height}, this version knows {VOCABULARY}",
                value=wanted,
            )
        return known

    def policy_at(self, height: int) -> bytes:
        """The SHA-256 of the policy at a height."""
        found: bytes = in_force([(since, digest) for since, digest, _ in self.policies], height)
        return found

    def changes(self) -> Iterator[int]:
        """The heights at which something changes."""
        yield from (since for since, _ in self.governors)
        yield from (since for values in self.parameters.values() for since, _ in values)
        yield from (since for _, _, _, since in self.tables)
