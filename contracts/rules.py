"""The rules of one ledger: its tables, compiled once, with governors and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import NotFoundError
from ledger.record import Record

# The vocabulary registers itself when these are imported.
from . import effects, goods_words, governance_words, guards, member_words, party_words, title_words
from .act import Act
from .soundness import check_sound
from .table import NEW, Action, Primitive, RuleTable
from .types import Shape, shape_of
from .vocabulary import EFFECTS, GUARDS, bind
from .voted import Voted

__all__ = ["ALWAYS", "CompiledAction", "NoSuchTable", "Rules", "compile_table"]

_ = (effects, goods_words, governance_words, guards, member_words, party_words, title_words)
ALWAYS: Final = (Primitive("actor_is_active@1", {}),)
"""Guards that hold for every action of every table, judged before its own."""
_GROWING: Final = frozenset(
    {"adopt@1", "amend_member@1", "count_vote@1", "decide_keys@1", "propose_keys@1", "recover_keys@1",
     "replace_field@1", "replace_key@1", "set_field@1"}
)  # fmt: skip


class NoSuchTable(NotFoundError):
    """This ledger has no rule table of that kind."""

    code = "table.not_found"
    hint = "`lading rules show` lists the kinds"


@dataclass(frozen=True, slots=True)
class CompiledAction:
    """An action with its guards and effects as functions; `guards` carry their name and hint for a refusal.

    `grows` says that a record can grow by it without bound.
    """

    table: RuleTable
    action: Action
    rule: str
    statement: str
    guards: tuple[tuple[str, str, Callable[[Act], None]], ...]
    effects: tuple[Callable[[Act], None], ...]
    grows: bool
    shape: Shape


def compile_table(table: RuleTable) -> dict[str, CompiledAction]:
    """Bind every action to the vocabulary. Raises `BadTable` where a word is unknown or the table not sound."""
    check_sound(table)
    compiled = {}
    for name, action in table.actions.items():
        words = [bind(GUARDS, primitive) for primitive in (*(() if action.inactive else ALWAYS), *action.guards)]
        compiled[name] = CompiledAction(
            table=table,
            action=action,
            rule=f"{table.kind}.{name}",
            statement=f"{table.kind}.{name}@{table.version}",
            guards=tuple((word.name, word.hint, function) for word, function in words),
            effects=tuple(bind(EFFECTS, primitive)[1] for primitive in action.effects),
            shape=shape_of(action.arguments),
            grows=any(primitive.name in _GROWING for primitive in action.effects),
        )
    return compiled


class Rules:
    """Tables by kind and version, with the heights from which they are in force.

    `current` is the version under which new records are issued at `height`; `effective` has the height of each
    table that was voted in, those of the genesis have none. Records keep their version, unless the current table
    says how they migrate. With `voted`, what the ledger's own record says by height, governors and parameters are
    those in force at `height`.
    """

    def __init__(
        self,
        tables: Iterable[RuleTable],
        governors: Iterable[bytes],
        parameters: Mapping[str, str],
        *,
        effective: Mapping[tuple[str, int], int] | None = None,
        height: int = 0,
        compiled: Mapping[tuple[str, int, str], CompiledAction] | None = None,
        voted: Voted | None = None,
    ) -> None:
        self.tables = {(table.kind, table.version): table for table in tables}
        self.effective = dict(effective or {})
        self.height = height
        self.current: dict[str, int] = {}
        for kind, version in self.tables:
            if self.effective.get((kind, version), 0) <= height:
                self.current[kind] = max(version, self.current.get(kind, 0))
        self.governors = tuple(governors)
        self.parameters = dict(parameters)
        self._actions = dict(compiled or {})
        known = {(kind, version) for kind, version, _ in self._actions}
        for kind, version in self.tables.keys() - known:
            for name, action in compile_table(self.tables[kind, version]).items():
                self._actions[kind, version, name] = action
        self.stated = {compiled.statement: compiled for compiled in self._actions.values()}
        """The actions by the id of their statement."""
        self._migrating = {
            (kind, old): version
            for kind, version in self.current.items()
            for old in self.tables[kind, version].migrates
        }
        self.voted = voted
        changes = self.effective.values() if voted is None else voted.changes()
        self._waiting = min((since for since in changes if since > height), default=None)

    def at(self, height: int) -> Rules:
        """The rules in force at a later height. Raises `NodeTooOld`."""
        if self._waiting is None or height < self._waiting:
            return self
        voted = self.voted
        return Rules(
            self.tables.values(),
            self.governors if voted is None else voted.governors_at(height),
            self.parameters if voted is None else voted.parameters_at(height),
            effective=self.effective, height=height, compiled=self._actions, voted=voted,
        )  # fmt: skip

    def adopting(self, tables: Iterable[RuleTable], voted: Voted, height: int) -> Rules:
        """These rules after a vote, at a height: with further tables, and what is in force. Raises `NodeTooOld`."""
        effective = {(kind, version): since for kind, version, _, since in voted.tables if since}
        return Rules(
            [*self.tables.values(), *tables], voted.governors_at(height), voted.parameters_at(height),
            effective=effective, height=height, compiled=self._actions, voted=voted,
        )  # fmt: skip

    def standing(self, record: Record) -> tuple[int, str]:
        """The version of its table under which a record stands, and the state in which it stands there."""
        if not self._migrating:
            return record.version, record.status
        newer = self._migrating.get((record.kind, record.version))
        if newer is None or record.status not in self.tables[record.kind, newer].migrates[record.version]:
            return record.version, record.status
        return newer, self.tables[record.kind, newer].standing(record.version, record.status)

    def newest(self, kind: str) -> RuleTable | None:
        """The newest table of a kind, in force or adopted for later; nothing for a kind without one."""
        versions = [version for known, version in self.tables if known == kind]
        return self.tables[kind, max(versions)] if versions else None

    def action(self, kind: str, version: int, name: str) -> CompiledAction | None:
        """The compiled action, or nothing."""
        return self._actions.get((kind, version, name))

    def table(self, kind: str, version: int | None = None) -> RuleTable:
        """A table; without a version the current one. Raises `NoSuchTable`."""
        table = self.tables.get((kind, version or self.current.get(kind, 0)))
        if table is not None:
            return table
        coming = min(((since, of) for (known, of), since in self.effective.items() if known == kind), default=None)
        if coming is None or version is not None:
            raise NoSuchTable(f"no rule table of the kind {kind}", value=kind)
        raise NoSuchTable(
            f"no rule table of the kind {kind} is in force yet: version {coming[1]} is from height {coming[0]:,} on",
            value=kind,
        )

    def allowed(self, kind: str, version: int, status: str | None) -> list[Action]:
        """The actions that a state allows, whoever may do them; `None` for those that create a record."""
        actions = self.table(kind, version).actions.values()
        return [action for action in actions if (NEW if status is None else status) in action.moves]
