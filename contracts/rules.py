"""The rules of one ledger: its tables, compiled once, with governors and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import NotFoundError

# The vocabulary registers itself when these two are imported.
from . import effects, guards
from .act import Act
from .soundness import check_sound
from .table import NEW, Action, Primitive, RuleTable
from .vocabulary import EFFECTS, GUARDS, bind

__all__ = ["ALWAYS", "CompiledAction", "NoSuchTable", "Rules", "compile_table"]

_ = (effects, guards)
ALWAYS: Final = (Primitive("actor_is_active@1", {}),)
"""Guards that hold for every action of every table, judged before its own."""
_GROWING: Final = frozenset({"replace_key@1", "set_field@1"})


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


def compile_table(table: RuleTable) -> dict[str, CompiledAction]:
    """Bind every action to the vocabulary. Raises `BadTable` where a word is unknown or the table not sound."""
    check_sound(table)
    compiled = {}
    for name, action in table.actions.items():
        words = [bind(GUARDS, primitive) for primitive in (*ALWAYS, *action.guards)]
        compiled[name] = CompiledAction(
            table=table,
            action=action,
            rule=f"{table.kind}.{name}",
            statement=f"{table.kind}.{name}@{table.version}",
            guards=tuple((word.name, word.hint, function) for word, function in words),
            effects=tuple(bind(EFFECTS, primitive)[1] for primitive in action.effects),
            grows=any(primitive.name in _GROWING for primitive in action.effects),
        )
    return compiled


class Rules:
    """Tables by kind and version. `current` is the version under which new records are issued."""

    def __init__(self, tables: Iterable[RuleTable], governors: Iterable[bytes], parameters: Mapping[str, str]) -> None:
        self.tables = {(table.kind, table.version): table for table in tables}
        self.current: dict[str, int] = {}
        for kind, version in self.tables:
            self.current[kind] = max(version, self.current.get(kind, 0))
        self.governors = tuple(governors)
        self.parameters = dict(parameters)
        self._actions = {
            (kind, version, name): compiled
            for (kind, version), table in self.tables.items()
            for name, compiled in compile_table(table).items()
        }

    def action(self, kind: str, version: int, name: str) -> CompiledAction | None:
        """The compiled action, or nothing."""
        return self._actions.get((kind, version, name))

    def table(self, kind: str, version: int | None = None) -> RuleTable:
        """A table; without a version the current one. Raises `NoSuchTable`."""
        table = self.tables.get((kind, version or self.current.get(kind, 0)))
        if table is None:
            raise NoSuchTable(f"no rule table of the kind {kind}", value=kind)
        return table

    def allowed(self, kind: str, version: int, status: str | None) -> list[Action]:
        """The actions that a state allows, whoever may do them; `None` for those that create a record."""
        actions = self.table(kind, version).actions.values()
        return [action for action in actions if (NEW if status is None else status) in action.moves]
