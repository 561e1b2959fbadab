"""One action by one actor in one state, as guards and effects see it while arguments and signatures are decided."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from contracts.act import Act
from contracts.interpreter import carry_out
from contracts.rules import CompiledAction
from contracts.table import BadTable
from ledger.hashing import ledger_record
from ledger.record import Record
from ledger.transaction import Transaction

from .cast import LEDGER, Cast, ModelWorld
from .choices import Arguments, Choices, Signers
from .domains import Domains
from .readable import Readable
from .states import NEXT_HEAD
from .times import LATER, NOW

__all__ = ["Trial"]


class Trial:
    """One action by one actor in one state, to be tried with many arguments and signatures."""

    def __init__(
        self, cast: Cast, compiled: CompiledAction, world: ModelWorld, records: list[Record], actor: bytes,
        party: bytes, known: set[Any], readable: Readable, allowed: Collection[str] | None,
    ) -> None:  # fmt: skip
        self.compiled = compiled
        self.records = records
        self.party = party
        self.known = known
        self.allowed = allowed
        self.rounds = max(1, len(records)) if compiled.action.targets == "several" else 1
        self._cast = cast
        self._world = world
        self._readable = readable
        self._actor = world.record(actor)
        self._act: Act | None = None
        self._signers = Signers(frozenset((actor,)), cast.members, {})
        self._targets = list(records)
        if compiled.action.targets == "ledger":
            self._targets.append(cast.records[ledger_record(LEDGER)])

    def by(self, actor: bytes) -> Trial:
        """The same, done by another for the party."""
        return Trial(self._cast, self.compiled, self._world, self.records, actor, self.party, self.known,
                      self._readable, self.allowed)  # fmt: skip

    def act(self, chosen: Choices, domains: Domains) -> Act:
        """The act with these arguments and signatures. Guards leave it as it is, so it is made once for many."""
        if self._act is None:
            self._act = self._made(domains)
        self._arguments.chosen = chosen
        self._signers.chosen = chosen
        return self._act

    def carry_out(self, act: Act) -> list[Record]:
        """Let the effects happen; the act is changed by it, so the next one is made anew."""
        self._act = None
        return carry_out(self.compiled, act, NEXT_HEAD, 1)

    def _made(self, domains: Domains) -> Act:
        compiled, actor = self.compiled, self._actor
        if actor is None:  # the cast is whole
            raise BadTable("the actor is not in the model", value=self.party)
        action = compiled.action
        self._arguments = Arguments(action.arguments, {}, self._readable.kept, lambda name: domains.usual(name, action))
        transaction = Transaction(
            LEDGER, (), compiled.rule, self._arguments, actor.id, None if actor.id == self.party else self.party,
            compiled.statement, LATER, NEXT_HEAD,
        )  # fmt: skip
        keys = frozenset((key[0], key[1]) for key in actor.fields["keys"] if key[3] is None or key[3] > NOW)
        first = self.records[0] if self.records else None
        signers: Any = self._signers
        return Act(transaction, compiled.table, action, actor, first, NOW, self._world, keys,
                   targets=list(self._targets), signers=signers)  # fmt: skip
