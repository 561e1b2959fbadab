"""The result of a check, which a vote carries by its hash.

    ["lading/checker@1", SHA-256 of the table, states, transitions,
     [[invariant, "proved" | "refuted", reason, [step, …]], …],
     [[exception's action, why], …], unreachable states, actions that never happen, ambiguous pairs]

in canonical MessagePack; the steps are texts as a person reads them. The same version of the checker gives the same
bytes for the same table on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ledger import codec

__all__ = ["CHECKER", "CheckResult", "Move", "Verdict"]

CHECKER: Final = "lading/checker@1"


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a counterexample; `actor` is empty where time passes, and `action` says so in words."""

    actor: str
    action: str
    represented: str = ""
    signers: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        if not self.actor:
            return self.action
        acting = f"{self.actor} for {self.represented}" if self.represented else self.actor
        arguments = ", ".join(f"{name}={value}" for name, value in self.arguments)
        also = f", signed by {', '.join(self.signers)} too" if self.signers else ""
        return f"{acting}: {self.action}({arguments}){also}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an invariant holds; if not, why, and the shortest sequence of actions that breaks it."""

    name: str
    about: str
    proved: bool
    reason: str = ""
    moves: tuple[Move, ...] = ()

    def plain(self) -> list[Any]:
        """The verdict as it is hashed."""
        return [self.name, "proved" if self.proved else "refuted", self.reason, [str(move) for move in self.moves]]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found. `proved` says whether the table may be put to the vote with good conscience."""

    kind: str
    version: int
    table: bytes
    states: int
    transitions: int
    invariants: tuple[Verdict, ...]
    exceptions: Mapping[str, str]
    unreachable: tuple[str, ...]
    never: tuple[str, ...]
    ambiguous: tuple[str, ...]
    checker: str = CHECKER

    @property
    def proved(self) -> bool:
        """All eight invariants hold, every state is reached, every action happens, and no two read the same."""
        return all(verdict.proved for verdict in self.invariants) and not (
            self.unreachable or self.never or self.ambiguous
        )

    def verdict(self, name: str) -> Verdict:
        """The verdict on one invariant."""
        return next(verdict for verdict in self.invariants if verdict.name == name)

    def encode(self) -> bytes:
        """The canonical encoding."""
        return codec.encode(
            [
                self.checker, self.table, self.states, self.transitions,
                [verdict.plain() for verdict in self.invariants],
                [[name, why] for name, why in sorted(self.exceptions.items())],
                list(self.unreachable), list(self.never), list(self.ambiguous),
            ]
        )  # fmt: skip

    @property
    def result_hash(self) -> bytes:
        """SHA-256 of the encoding."""
        return sha256(self.encode()).digest()
