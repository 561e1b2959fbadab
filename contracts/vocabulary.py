"""The register of the vocabulary: every guard and effect as `name@version`, frozen for ever.

A mended guard or effect is a new version beside the old one; a node that lacks a version that a table
names says so and stops, and replaying an old log gives the old roots. A word carries the sentence that a
lawyer reads in `lading rules show`, a guard also the hint that goes with its refusal.

So that no table can make a word fail, each says what it relies on, and `contracts.soundness` compares:

    arguments, fields   name -> type; `type?` may be optional, `type*` may even be undeclared, `any` is any
                        type, `as NAME` that of the argument NAME; `{parameter}` stands for what a table gives
    needs, gives, ends  facts: `new` and `record` (there is none yet, there is one), `unused`, `number_free`,
                        `alias_free`, `claim_free`, `codes_free`, `key_free`, `mandate_free` (guards made sure),
                        `claimed` (the number), `draft` (it needs no number yet), `control` and `nobody` (somebody or
                        nobody is in control), `offer` (one is pending), `pledge_offer`, `pledge`, `nominee`, `hold`;
                        `voted`, `later` and `still_sound` (of a proposal), `ledger` (the act changes the ledger's own
                        record too)
    makes               facts that hold of the further records that an effect brings into being, in the state that
                        its parameter `status` names
    every               the effect changes every target of an action of several, not the first alone
    kinds               the only kinds whose tables may use it; any if it says none
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from typing import Any, Final

from .act import Act
from .table import BadTable, Primitive

__all__ = ["EFFECTS", "GUARDS", "INTRODUCED", "Relies", "Word", "bind", "effect", "guard"]

Step = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Relies:
    """What a word relies on, and what holds behind it."""

    arguments: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    every: bool = False
    kinds: tuple[str, ...] = ()
    """The only kinds whose tables may use the word; any if empty."""


@dataclass(frozen=True, slots=True)
class Word:
    """One guard or effect: its function, its parameters, its sentence, what it relies on.

    A guard has the hint of its refusal, and says in `who` whom it lets act, where that is what it is about.
    """

    name: str
    function: Step
    parameters: tuple[str, ...]
    text: str
    hint: str
    who: str
    relies: Relies


GUARDS: Final[dict[str, Word]] = {}
EFFECTS: Final[dict[str, Word]] = {}
INTRODUCED: Final[dict[str, int]] = {}
"""Words that came later than vocabulary 1, with the vocabulary that brought them: no older one may use them."""


def _register(
    words: dict[str, Word], name: str, text: str, relies: Relies, hint: str = "", who: str = ""
) -> Callable[[Step], Step]:
    def decorate(function: Step) -> Step:
        bare, version = name.split("@")
        if name in words or function.__name__ != (bare if version == "1" else f"{bare}_{version}"):
            raise ValueError(f"{name} is there already, or written by a function of another name")
        words[name] = Word(name, function, tuple(signature(function).parameters)[1:], text, hint, who, relies)
        return function

    return decorate


def guard(name: str, *, text: str, hint: str, who: str = "", **relies: Any) -> Callable[[Step], Step]:
    """Register a guard: a function of the act that raises `GuardFailed` where the rule does not hold."""
    return _register(GUARDS, name, text, Relies(**relies), hint, who)


def effect(name: str, *, text: str, **relies: Any) -> Callable[[Step], Step]:
    """Register an effect: a function that changes the act's record or numbers."""
    return _register(EFFECTS, name, text, Relies(**relies))


def bind(words: dict[str, Word], primitive: Primitive) -> tuple[Word, Callable[[Act], None]]:
    """The word of a table's primitive, with its parameters filled in. Raises `BadTable`."""
    word = words.get(primitive.name)
    if word is None:
        raise BadTable("this version of lading has no such guard or effect", value=primitive.name)
    if set(primitive.parameters) != set(word.parameters):
        need = ", ".join(word.parameters) or "none"
        raise BadTable(f"{primitive.name} takes the parameters: {need}", value=sorted(primitive.parameters))
    return word, partial(word.function, **primitive.parameters) if word.parameters else word.function
