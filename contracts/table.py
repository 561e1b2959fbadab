"""A rule table: the rules for one kind of record, as data.

    kind: sea_waybill            the records it moves; also the first word of its actions
    version: 1                   records keep the version that they were issued under
    title: Sea waybill
    number: {class: transport_document, at: /transportDocumentReference}
    document: required           or none
    fields:                      what a record of this kind holds beside what every record has
      consignee: {type: party, optional: true, about: the party to whom the goods are to be delivered}
    states:
      issued: {about: the goods are carried under it}
      void: {about: withdrawn by the carrier, terminal: true}
    actions:
      void:
        about: the carrier withdraws the waybill
        moves: {issued: void}
        arguments: {}
        guards: [issuer_signs@1]
        effects: [end_control@1]
        statement: "{actor} withdraws sea waybill {record}."

An action `moves` from each state that it names to one other; `new` is the state of a record that does not
exist yet. It acts on one record; with `targets: several` on one or more of its kind, which all move, and on each of
which every guard must hold; with `targets: ledger` on one and, second, on the ledger's own record, which voted acts
change. `exception` names why it may move control, or end a record, without the signature of the party in control;
`feature` groups actions that belong together (a pledge's, a hold's); `inactive: true` lets a member act that is
suspended or whose key is being recovered. A table that `migrates` says, for an older version of its kind, in which
of its states a record of that version stands from then on, state by state; without it records keep their version.
Guards and effects are names of the vocabulary with their version, alone or with parameters
(`role@1: {role: carrier}`). In a statement `{actor}`, `{record}` and the names of arguments are places to fill.
What is hashed, voted and logged is the canonical MessagePack of the table. This module reads the form alone;
`contracts.soundness` looks at the meaning.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from ledger import codec
from ledger.errors import InputError
from ledger.one_line import is_one_line
from ledger.pointer import BadPointer, pointer_tokens

__all__ = [
    "MAX_TABLE",
    "NEW",
    "PLACE",
    "RESERVED",
    "Action",
    "BadTable",
    "Declared",
    "Number",
    "Primitive",
    "RuleTable",
    "State",
]

NEW: Final = "new"
RESERVED: Final = frozenset({"ledger", "number", "policy", "rule_table"})
"""Kinds of records that the ledger itself keeps, without a table of their own."""
MAX_TABLE: Final = 1_048_576
"""Largest table, in bytes."""
PLACE: Final = re.compile(r"\{([a-z0-9_]+)\}")
"""A place to fill in a statement."""
_MAX_TEXT: Final = 2000
_MAX_VERSION: Final = 2**31 - 1
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}@[1-9][0-9]{0,3}")


class BadTable(InputError):
    """A rule table lacks something, or says something that no table can say."""

    code = "table.malformed"
    hint = "mend it, and look again with `lading rules check FILE`; `lading rules show KIND` shows a table in force"


@dataclass(frozen=True, slots=True)
class Declared:
    """An argument or a field: its type, whether it may be absent, and what it means."""

    type: str
    optional: bool
    one_of: tuple[str, ...]
    about: str


@dataclass(frozen=True, slots=True)
class Number:
    """Which class of numbers a document's number belongs to, and where the document has it."""

    cls: str
    at: str


@dataclass(frozen=True, slots=True)
class State:
    """A state: what it means, and whether it is an end."""

    about: str
    terminal: bool


@dataclass(frozen=True, slots=True)
class Primitive:
    """A guard or an effect by name and version, with its parameters."""

    name: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Action:
    """What may be done: from which states to which, with which arguments, if which guards hold, to what effect."""

    name: str
    about: str
    moves: Mapping[str, str]
    arguments: Mapping[str, Declared]
    guards: tuple[Primitive, ...]
    effects: tuple[Primitive, ...]
    statement: str
    targets: str = "one"
    exception: str = ""
    feature: str = ""
    inactive: bool = False


@dataclass(frozen=True, slots=True)
class RuleTable:
    """The rules for one kind of record; `plain` is what was read, `hash` names it."""

    kind: str
    version: int
    title: str
    about: str
    number: Number | None
    has_document: bool
    fields: Mapping[str, Declared]
    states: Mapping[str, State]
    actions: Mapping[str, Action]
    plain: Mapping[str, Any]
    migrates: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The canonical MessagePack of the table, which is hashed, voted and logged."""
        return codec.encode(dict(self.plain))

    @property
    def hash(self) -> bytes:
        """SHA-256 of the encoding, which names the table."""
        return sha256(self.encode()).digest()

    def standing(self, version: int, status: str) -> str:
        """The state in which a record of a version of this kind stands under this table."""
        return status if version == self.version else self.migrates.get(version, {}).get(status, status)

    @classmethod
    def decode(cls, data: bytes) -> RuleTable:
        """Read a table from the log. Raises errors of `ledger.codec` or `BadTable`."""
        return cls.from_plain(codec.decode(data, limit=MAX_TABLE))

    @classmethod
    def from_plain(cls, value: Any) -> RuleTable:
        """Read a table from maps, lists and scalars. Raises `BadTable` with the place."""
        top = _map(value, "the table")
        _only(top, _TOP, "the table")
        states = {
            _name(name, "states"): _state(raw, f"states/{name}")
            for name, raw in _map(top.get("states"), "states").items()
        }
        actions = {name: _action(name, raw, states) for name, raw in _map(top.get("actions"), "actions").items()}
        version = top.get("version")
        if type(version) is not int or not 1 <= version <= _MAX_VERSION:
            raise BadTable("version is a whole number from 1", value=version)
        if top.get("kind") in RESERVED:
            raise BadTable("a kind of this name is the ledger's own, and has no table", value=top.get("kind"))
        if NEW in states:
            raise BadTable(f"the state {NEW} is that of no record yet, and is not declared", value=NEW)
        return cls(
            kind=_name(top.get("kind"), "kind"),
            version=version,
            title=_text(top.get("title"), "title"),
            about=_text(top.get("about", ""), "about"),
            number=_number(top.get("number")),
            has_document=_one_of(top.get("document", "none"), ("required", "none"), "document") == "required",
            fields=_declarations(top.get("fields", {}), "fields"),
            states=states,
            actions=actions,
            plain=top,
            migrates=_migrations(top.get("migrates", {}), version, states),
        )


_TOP: Final = frozenset(
    {"kind", "version", "title", "about", "number", "document", "fields", "states", "actions", "migrates"}
)  # fmt: skip
_ACTION: Final = frozenset(
    {"about", "moves", "arguments", "guards", "effects", "statement", "targets", "exception", "feature", "inactive"}
)  # fmt: skip
_TARGETS: Final = ("one", "several", "ledger")


def _migrations(raw: Any, version: int, states: Mapping[str, State]) -> dict[int, dict[str, str]]:
    read = {}
    for name, moves in _map(raw, "migrates").items():
        if not name.isascii() or not name.isdigit() or name[0] == "0" or not int(name) < version:
            raise BadTable("migrates names an older version of the table", value=name)
        for state in _map(moves, f"migrates/{name}").values():
            if type(state) is not str or state not in states:
                raise BadTable(f"migrates/{name} names a state that the table does not have", value=state)
        read[int(name)] = {_name(state, f"migrates/{name}"): str(to) for state, to in moves.items()}
    return read


def _state(raw: Any, place: str) -> State:
    value = _map(raw, place)
    _only(value, {"about", "terminal"}, place)
    return State(_text(value.get("about"), f"{place}/about"), _flag(value.get("terminal", False), place))


def _number(raw: Any) -> Number | None:
    if raw is None:
        return None
    value = _map(raw, "number")
    _only(value, {"class", "at"}, "number")
    at = _text(value.get("at"), "number/at")
    try:
        pointer_tokens(at)
    except BadPointer:
        raise BadTable("number/at is no JSON Pointer", value=at) from None
    return Number(_name(value.get("class"), "number/class"), at)


def _action(name: str, raw: Any, states: Mapping[str, State]) -> Action:
    place = f"actions/{_name(name, 'actions')}"
    value = _map(raw, place)
    _only(value, _ACTION, place)
    moves = _map(value.get("moves"), f"{place}/moves")
    for start, end in moves.items():
        if (start != NEW and start not in states) or type(end) is not str or end not in states:
            raise BadTable(f"{place}/moves names a state that the table does not have", value=f"{start}: {end}")
        if start != NEW and states[start].terminal:
            raise BadTable(f"{place}/moves leaves the terminal state {start}", value=start)
    if not moves or (NEW in moves and len(moves) > 1):
        raise BadTable(f"{place}/moves has one or more states, or the state {NEW} alone", value=sorted(moves))
    arguments = _declarations(value.get("arguments", {}), f"{place}/arguments")
    return Action(
        name=name,
        about=_text(value.get("about"), f"{place}/about"),
        moves=moves,
        arguments=arguments,
        guards=_primitives(value.get("guards", []), f"{place}/guards"),
        effects=_primitives(value.get("effects", []), f"{place}/effects"),
        statement=_statement(value.get("statement"), f"{place}/statement", arguments),
        targets=_one_of(value.get("targets", "one"), _TARGETS, f"{place}/targets"),
        exception=_text(value.get("exception", ""), f"{place}/exception"),
        feature=_name(value["feature"], f"{place}/feature") if "feature" in value else "",
        inactive=_flag(value.get("inactive", False), f"{place}/inactive"),
    )


def _statement(raw: Any, place: str, arguments: Mapping[str, Declared]) -> str:
    text = _text(raw, place)
    unknown = [name for name in PLACE.findall(text) if name not in ("actor", "record") and name not in arguments]
    if unknown:
        raise BadTable(f"{place} has a place that no argument fills", value=unknown[0])
    if any(brace in PLACE.sub("", text) for brace in "{}"):
        raise BadTable(f"{place} has a brace that is no place", value=text)
    return text


def _declarations(raw: Any, place: str) -> dict[str, Declared]:
    declared = {}
    for name, item in _map(raw, place).items():
        here = f"{place}/{_name(name, place)}"
        value = _map(item, here)
        _only(value, {"type", "optional", "one_of", "about"}, here)
        choices = value.get("one_of", [])
        if not _is_list(choices) or not all(type(choice) is str and choice for choice in choices):
            raise BadTable(f"{here}/one_of is a list of words", value=choices)
        declared[name] = Declared(
            _name(value.get("type"), f"{here}/type"),
            _flag(value.get("optional", False), here),
            tuple(choices),
            _text(value.get("about"), f"{here}/about"),
        )
    return declared


def _primitives(raw: Any, place: str) -> tuple[Primitive, ...]:
    if not _is_list(raw):
        raise BadTable(f"{place} is a list", value=raw)
    read = []
    for at, item in enumerate(raw):
        value = {item: {}} if type(item) is str else _map(item, f"{place}/{at}")
        if len(value) != 1:
            raise BadTable(f"{place}/{at} is one name with its parameters", value=sorted(value))
        ((name, parameters),) = value.items()
        if not _WORD.fullmatch(name):
            raise BadTable(f"{place}/{at}: a guard or an effect is written name@version", value=name)
        for parameter, given in _map(parameters, f"{place}/{at}").items():
            _text(given, f"{place}/{at}/{parameter}")
        read.append(Primitive(name, parameters))
    return tuple(read)


def _is_list(value: Any) -> bool:
    return type(value) is list and len(value) <= codec.MAX_ITEMS


def _map(value: Any, place: str) -> dict[str, Any]:
    if type(value) is not dict or not all(type(key) is str for key in value):
        raise BadTable(f"{place} is a map of names", value=value)
    if len(value) > codec.MAX_ITEMS:
        raise BadTable(f"{place} has more than {codec.MAX_ITEMS:,} names", value=len(value))
    return value


def _only(value: Mapping[str, Any], known: Collection[str], place: str) -> None:
    unknown = sorted(name for name in value if name not in known)
    if unknown:
        raise BadTable(f"{place} has an unknown key", value=unknown[0])


def _text(value: Any, place: str) -> str:
    if not is_one_line(value, _MAX_TEXT):
        raise BadTable(f"{place} is a line of text of at most {_MAX_TEXT:,} characters", value=value)
    return str(value)


def _name(value: Any, place: str) -> str:
    text = _text(value, place)
    if not _NAME.fullmatch(text):
        raise BadTable(f"{place}: a name has small letters, digits and underscores, a letter first", value=text)
    return text


def _one_of(value: Any, choices: tuple[str, ...], place: str) -> str:
    if value not in choices:
        raise BadTable(f"{place} is one of {', '.join(choices)}", value=value)
    return str(value)


def _flag(value: Any, place: str) -> bool:
    if type(value) is not bool:
        raise BadTable(f"{place}: a flag is true or false", value=value)
    return value
