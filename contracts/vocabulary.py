"""The register of the vocabulary: every guard and effect as `name@version`, frozen for ever.

A mended guard or effect is a new version beside the old one; a node that lacks a version that a table
names says so and stops, and replaying an old log gives the old roots. A primitive carries the sentence
that a lawyer reads in `lading rules show`, and a guard the hint that goes with its refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final

from .act import Act
from .table import BadTable, Primitive

__all__ = ["EFFECTS", "GUARDS", "Word", "bind", "effect", "guard"]

Step = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Word:
    """One guard or effect: its function, its parameters, its sentence, and for a guard the hint."""

    name: str
    function: Step
    parameters: tuple[str, ...]
    text: str
    hint: str


GUARDS: Final[dict[str, Word]] = {}
EFFECTS: Final[dict[str, Word]] = {}


def _register(words: dict[str, Word], name: str, text: str, hint: str) -> Callable[[Step], Step]:
    def decorate(function: Step) -> Step:
        bare, version = name.split("@")
        if function.__name__ != (bare if version == "1" else f"{bare}_{version}"):
            raise ValueError(f"{name} is written by a function of another name")
        words[name] = Word(name, function, tuple(signature(function).parameters)[1:], text, hint)
        return function

    return decorate


def guard(name: str, *, text: str, hint: str) -> Callable[[Step], Step]:
    """Register a guard: a function of the act that raises `GuardFailed` where the rule does not hold."""
    return _register(GUARDS, name, text, hint)


def effect(name: str, *, text: str) -> Callable[[Step], Step]:
    """Register an effect: a function that changes the act's record or numbers."""
    return _register(EFFECTS, name, text, "")


def bind(words: dict[str, Word], primitive: Primitive) -> tuple[Word, Callable[[Act], None]]:
    """The word of a table's primitive, with its parameters filled in. Raises `BadTable`."""
    word = words.get(primitive.name)
    if word is None:
        raise BadTable("this version of lading has no such guard or effect", value=primitive.name)
    if set(primitive.parameters) != set(word.parameters):
        need = ", ".join(word.parameters) or "none"
        raise BadTable(f"{primitive.name} takes the parameters: {need}", value=sorted(primitive.parameters))
    if not word.parameters:
        return word, word.function
    function, parameters = word.function, dict(primitive.parameters)

    def bound(act: Act, _function: Step = function, _parameters: dict[str, Any] = parameters) -> None:
        _function(act, **_parameters)

    return word, bound
