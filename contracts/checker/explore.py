"""Explores a rule table: every order of actions on the small model, breadth first.

Breadth first makes the first sequence that breaks an invariant a shortest one. Same states are taken once, under
whatever names of traders (`states.py`). Actions belong to features (a pledge's, a hold's), and so do acting under a
mandate, joint control and parties that are no members; a sequence uses at most two of them, so features are tried
alone and in pairs. Whether an end can be reached is asked of every state found, with all features.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from contracts.table import BadTable, RuleTable
from contracts.vocabulary import GUARDS, bind

from .cast import Cast
from .invariants import ENDING, Invariants, Reason
from .states import Readable, State, Unforeseen, passing
from .steps import Machine, Step

__all__ = ["Found", "Node", "TooManyStates", "explore"]

MAX_STATES: Final = 200_000
_TOGETHER: Final = 2
_NONE: Final[frozenset[Any]] = frozenset()


class TooManyStates(BadTable):
    """The table has more states on the small model than can be explored."""

    code = "table.too_many_states"
    hint = "give the actions of each feature a `feature`, and keep counts that guards read small"


class Edge(NamedTuple):
    """A step between two states, or time that passes (`step` is its words)."""

    step: Step | str
    end: State
    features: frozenset[str]


class Node(NamedTuple):
    """A state as it was reached: with which features, from which node and by which edge.

    `state` stands for all with its key, so its traders may have other names than those of the edge's end.
    """

    state: State | None
    features: frozenset[str]
    parent: Node | None
    edge: Edge | None


class Found(NamedTuple):
    """What the exploration found: each state as it was reached first, and which states and actions there were.

    `broken` has, for each invariant that is broken, the reason, a node, and the step from there that breaks it, if it
    is not the node that does.
    """

    nodes: tuple[Node, ...]
    transitions: int
    broken: dict[str, tuple[Reason, Node, Step | None]]
    reached: frozenset[str]
    fired: frozenset[str]


def explore(table: RuleTable, cast: Cast) -> Found:
    """Explore the table whole. Raises `BadTable` where it cannot be run, `TooManyStates` where it does not end."""
    machine = Machine(table, cast)
    declared = {name: of.type for name, of in table.fields.items()}
    read = set(_read_by_guards(table))
    while True:
        try:
            return _Exploration(machine, cast, Readable(declared, read, _has_delays(table))).run()
        except Unforeseen as unforeseen:
            read.add(unforeseen.name)


def _read_by_guards(table: RuleTable) -> Iterator[str]:
    for action in table.actions.values():
        for primitive in action.guards:
            word, _ = bind(GUARDS, primitive)
            yield from (name.format(**primitive.parameters) for name in word.relies.fields)


def _has_delays(table: RuleTable) -> bool:
    words = [word for action in table.actions.values() for word in action.guards + action.effects]
    return any("delay" in text for word in words for text in (word.name, *word.parameters.values()))


class _Exploration:
    def __init__(self, machine: Machine, cast: Cast, readable: Readable) -> None:
        self._machine = machine
        self._table = machine.table
        self._cast = cast
        self._readable = readable
        self._invariants = Invariants(machine.table, cast)
        self._edges: dict[Any, list[Edge]] = {}
        self._nodes: dict[Any, list[Node]] = {}
        self._queue: deque[Node] = deque()
        self._broken: dict[str, tuple[Reason, Node, Step | None]] = {}
        self._beyond: set[Any] = set()
        """States from which a step breaks an invariant: it is not followed, and may have led to an end."""
        self._fired: set[str] = set()
        self._transitions = 0

    def run(self) -> Found:
        """Explore from the beginning until nothing new is found."""
        self._expand(Node(None, _NONE, None, None))
        while self._queue:
            self._expand(self._queue.popleft())
        nodes = tuple(nodes[0] for nodes in self._nodes.values())
        if any(state.terminal for state in self._table.states.values()):
            self._look_for_ends()
        reached = frozenset(node.state.record.status for node in nodes if node.state is not None)
        return Found(nodes, self._transitions, self._broken, reached, frozenset(self._fired))

    def _expand(self, node: Node) -> None:
        for edge in self._leaving(node.state, node):
            features = node.features | edge.features
            if len(features) <= _TOGETHER:
                self._arrive(node, edge, features)

    def _arrive(self, parent: Node, edge: Edge, features: frozenset[str]) -> None:
        nodes = self._nodes.setdefault(edge.end.key, [])
        if any(known.features <= features for known in nodes):
            return
        state = nodes[0].state if nodes else edge.end
        nodes.append(Node(state, features, parent, edge))
        if len(self._nodes) > MAX_STATES:
            raise TooManyStates(f"{self._table.kind} has more than {MAX_STATES:,} states", value=len(self._nodes))
        self._queue.append(nodes[-1])

    def _leaving(self, state: State | None, node: Node | None) -> list[Edge]:
        """The edges of a state, each different outcome once; invariants are looked at when a node comes first."""
        key = None if state is None else state.key
        if key not in self._edges:
            self._edges[key] = [edge for name in self._table.actions for edge in self._edges_of(state, name, node)]
            if state is not None:
                passed = passing(state, self._cast, self._readable)
                self._edges[key] += [Edge(words, after, _NONE) for words, after in passed]
        return self._edges[key]

    def _edges_of(self, state: State | None, name: str, node: Node | None) -> Iterator[Edge]:
        seen: dict[Any, list[frozenset[str]]] = {}
        for step in self._machine.steps(state, name, self._readable):
            self._fired.add(name)
            self._transitions += 1
            if node is not None and self._breaks(state, step, node):
                self._beyond.add(None if state is None else state.key)
                continue
            for end in self._ends(state, step):
                before = seen.setdefault(end.key, [])
                if not any(features <= step.features for features in before):
                    before.append(step.features)
                    yield Edge(step, end, step.features)

    def _breaks(self, state: State | None, step: Step, node: Node) -> bool:
        broken = False
        for name, reason in self._invariants.broken(state, step, self._readable):
            broken = True
            self._broken.setdefault(name, (reason, node, step))
        return broken

    def _ends(self, state: State | None, step: Step) -> Iterator[State]:
        """The state of the record behind a step, then that of each record that the step made."""
        claimed = {**(state.claimed if state else {}), **step.numbers}
        surrendered = state is not None and (state.surrendered or self._invariants.accepts_surrender(step))
        live = self._invariants.live(step.after)
        consent = _consent(state, step) if live else _NONE
        yield State(step.after, consent, surrendered and live, claimed, self._cast, self._readable)
        for record in step.made:
            yield State(record, step.signed, False, claimed, self._cast, self._readable)

    def _look_for_ends(self) -> None:
        """Invariant 5: backwards from the ends; what is left is looked at again with all features together."""
        ending = self._leading_to_ends()
        left = [nodes[0] for key, nodes in self._nodes.items() if key not in ending]
        waiting = [node.state for node in left]
        seen = {state.key for state in waiting if state is not None}
        while waiting and len(seen) < MAX_STATES:
            for edge in self._leaving(waiting.pop(), None):
                if edge.end.key not in seen and edge.end.key not in ending:
                    seen.add(edge.end.key)
                    waiting.append(edge.end)
        ending = self._leading_to_ends()
        for node in left:
            if node.state is not None and node.state.key not in ending:
                reason = Reason(f"from here, in {node.state.record.status}, no end can be reached")
                self._broken.setdefault(ENDING, (reason, node, None))
                return

    def _leading_to_ends(self) -> set[Any]:
        """The keys of the states from which an end is reached by the edges that are known."""
        back: dict[Any, list[Any]] = {}
        found = set(self._beyond)
        for key, edges in self._edges.items():
            for edge in edges:
                back.setdefault(edge.end.key, []).append(key)
                if not self._invariants.live(edge.end.record):
                    found.add(edge.end.key)
        waiting = list(found)
        while waiting:
            for key in back.get(waiting.pop(), ()):
                if key not in found:
                    found.add(key)
                    waiting.append(key)
        return found


def _consent(state: State | None, step: Step) -> frozenset[bytes]:
    """Whose signatures the pending offer bears."""
    pending = step.after.pending
    if pending is None:
        return _NONE
    return step.signed if state is None or pending != state.record.pending else state.consent
