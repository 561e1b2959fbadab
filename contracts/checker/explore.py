"""Explores a rule table: every order of actions on the small model, breadth first.

Breadth first makes the first sequence that breaks an invariant a shortest one. Same states are taken once, under
whatever names of traders (`states.py`). Actions belong to features (a pledge's, a hold's), and so do acting under a
mandate, joint control and parties that are no members; a sequence uses at most two of them, so features are tried
alone and in pairs. Whether an end can be reached is asked of every state found, with all features.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final, NamedTuple

from contracts.table import NEW, BadTable, RuleTable

from .cast import Cast
from .invariants import ENDING, Invariants, Reason
from .readable import Readable, delayed_fields, fields_read
from .states import State, passing
from .steps import Machine, Step
from .watched import Unforeseen

__all__ = ["Edge", "Found", "Node", "TooManyStates", "explore"]

MAX_STATES: Final = 200_000
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


def explore(table: RuleTable, cast: Cast, together: int = 2) -> Found:
    """Explore the table, with at most so many features `together`.

    Raises `BadTable` where it cannot be run, `TooManyStates` where it does not end.
    """
    machine = Machine(table, cast)
    read = fields_read(table)
    while True:
        try:
            return _Exploration(machine, cast, Readable(table, read, delayed_fields(table)), together).run()
        except Unforeseen as unforeseen:
            read[unforeseen.name] = frozenset(table.states)


class _Exploration:
    def __init__(self, machine: Machine, cast: Cast, readable: Readable, together: int) -> None:
        self._together = together
        self._machine = machine
        self._table = machine.table
        self._cast = cast
        self._readable = readable
        self._invariants = Invariants(machine.table, cast)
        self._leading_from: dict[str, list[str]] = {status: [] for status in (NEW, *self._table.states)}
        for action in self._table.actions.values():
            for start in action.moves:
                self._leading_from[start].append(action.name)
        self._edges: dict[Any, dict[frozenset[str] | None, list[Edge]]] = {}
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
            if len(features) <= self._together:
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
        """The edges of a state, each different outcome once; invariants are looked at when a node comes first.

        Behind a node that uses as many features as go together there are no others.
        """
        key = None if state is None else state.key
        known = self._edges.setdefault(key, {})
        allowed = None if node is None or len(node.features) < self._together else node.features
        if None in known:
            return known[None]
        if allowed not in known:
            known[allowed] = list(self._edges_of(state, node, allowed))
            if state is not None:
                passed = passing(state, self._cast, self._readable)
                known[allowed] += [Edge(words, after, _NONE) for words, after in passed]
        return known[allowed]

    def _edges_of(self, state: State | None, node: Node | None, allowed: frozenset[str] | None) -> Iterator[Edge]:
        if state is not None:
            state.stand(self._readable)
        for name in self._leading_from[NEW if state is None else state.record.status]:
            seen: dict[Any, list[frozenset[str]]] = {}
            for step in self._machine.steps(state, name, self._readable, allowed):
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
            before = state.claimed if state else {}
            yield State(record, step.signed, False, before, self._cast, self._readable)

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
        for key, known in self._edges.items():
            for edge in chain.from_iterable(known.values()):
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
