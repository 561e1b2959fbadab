"""What a rule table must be before a ledger runs it: no action can fail, lose control, or end nowhere.

`check_sound` refuses a table
  (1) whose words ask for arguments, fields, roles or types that it does not declare;
  (2) whose issue leaves a field, the document or the number out;
  (3) whose states nothing leads to, or from which no end can be reached where it has ends;
  (4) whose effects need what may not be there: an offer, a free number, a new record, a pledge;
  (5) that leaves nobody in control of a live record, or somebody in control of a dead one, or a record without the
      number that the table declares, unless it is a draft, which cannot be offered.

(4) and (5) follow the facts of `contracts.vocabulary` along the moves: a fact holds in a state if it holds
behind every action that leads there, and of every record that an effect brings into being there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ledger.member import ROLES

from .table import NEW, Action, BadTable, Declared, Primitive, RuleTable
from .types import TYPES
from .vocabulary import EFFECTS, GUARDS, Word, bind

__all__ = ["check_sound", "facts_of"]

_Facts = frozenset[str]
_BEGINNING: _Facts = frozenset({"new"})
_MOMENTARY: _Facts = frozenset(
    {"alias_free", "claim_free", "codes_free", "key_free", "later", "mandate_free", "number_free", "still_sound",
     "unused", "voted"}
)  # fmt: skip
"""What a guard has made sure of for its own act alone."""
_VOTED = "proposal"
"""The kind that changes the ledger's own record; whatever else named it would hold up what is voted."""
_LIVE: _Facts = frozenset({"record", "control"})
_NUMBER: _Facts = frozenset({"claimed", "draft"})


def check_sound(table: RuleTable) -> None:
    """Raises `BadTable` with the action and the reason."""
    for declared in (table.fields, *(action.arguments for action in table.actions.values())):
        for name, declaration in declared.items():
            if declaration.type not in TYPES:
                raise BadTable(f"{table.kind}: {name} has an unknown type", value=declaration.type)
    for action in table.actions.values():
        for word, parameters in _words(action):
            _check_word(table, action, word, parameters)  # (1)
        _check_effects(table, action)
        if NEW in action.moves:
            _check_creation(table, action)  # (2)
    _check_paths(table)  # (3)
    _check_facts(table)


def _words(action: Action) -> Iterator[tuple[Word, Mapping[str, str]]]:
    for known, primitives in ((GUARDS, action.guards), (EFFECTS, action.effects)):
        for primitive in primitives:
            yield bind(known, primitive)[0], primitive.parameters


def _check_word(table: RuleTable, action: Action, word: Word, parameters: Mapping[str, str]) -> None:
    place = f"{table.kind}.{action.name}: {word.name}"
    if word.relies.kinds and table.kind not in word.relies.kinds:
        raise BadTable(f"{place} is for tables of the kind {', '.join(word.relies.kinds)} alone", value=word.name)
    role = parameters.get("role")
    if role is not None and role not in ROLES:
        raise BadTable(f"{place} names a role that no member has", value=role)
    for name, wanted in word.relies.arguments.items():
        _check_declared(f"{place} needs the argument", name.format(**parameters), wanted, action.arguments)
    for name, wanted in word.relies.fields.items():
        wanted = wanted.format(**parameters)
        if wanted.startswith("as "):
            wanted = action.arguments[wanted[3:]].type + "?"
        _check_declared(f"{place} needs the field", name.format(**parameters), wanted, table.fields)


def _check_effects(table: RuleTable, action: Action) -> None:
    """Effects of one record alone stand in no action of several; what takes a record's place lives, and it ends."""
    if action.targets == "ledger" and table.kind != _VOTED:
        raise BadTable(
            f"{table.kind}.{action.name} names the ledger's own record, as a {_VOTED} alone may", value=_VOTED
        )
    for primitive in action.effects:
        relies = bind(EFFECTS, primitive)[0].relies
        place = f"{table.kind}.{action.name}: {primitive.name}"
        if action.targets == "several" and not relies.every:
            raise BadTable(f"{place} changes the first of several records alone", value=primitive.name)
        if relies.makes:
            status = primitive.parameters["status"]
            if status not in table.states or table.states[status].terminal:
                raise BadTable(f"{place} makes a record in what is no live state", value=status)
            living = [end for end in action.moves.values() if not table.states[end].terminal]
            if living:
                raise BadTable(f"{place} makes a record in the place of one that lives on", value=living[0])


def _made(action: Action) -> Iterator[tuple[str, _Facts]]:
    """The states of the further records that an action brings into being, with what holds of them."""
    for word, parameters in _words(action):
        if word.relies.makes:
            yield parameters["status"], frozenset(word.relies.makes)


def _check_declared(place: str, name: str, wanted: str, declared: Mapping[str, Declared]) -> None:
    found = declared.get(name)
    if found is None:
        if not wanted.endswith("*"):
            raise BadTable(f"{place} {name}, which is not declared", value=name)
        return
    if wanted.rstrip("?*") not in ("any", found.type):
        raise BadTable(f"{place} {name} to be of the type {wanted.rstrip('?*')}", value=found.type)
    if found.optional and wanted[-1] not in "?*":
        raise BadTable(f"{place} {name}, which is optional", value=name)


def _check_creation(table: RuleTable, action: Action) -> None:
    place = f"{table.kind}.{action.name}"
    given = {name: (of.type, of.one_of) for name, of in action.arguments.items()}
    certain = {name for name, of in action.arguments.items() if not of.optional}
    if Primitive("create_member@1", {}) in action.effects:
        given["keys"] = ("keys", ())
        certain.add("keys")
    for name, declared in table.fields.items():
        if name in given and given[name] != (declared.type, declared.one_of):
            raise BadTable(f"{place}: the argument {name} is declared unlike the field", value=name)
        if name not in certain and not declared.optional:
            raise BadTable(f"{place} leaves out the field {name}", value=name)
    if table.has_document != (given.get("document") == ("hash", ()) and "document" in certain):
        raise BadTable(f"{place} has an argument document, a hash, where the table requires a document", value=place)


def _check_paths(table: RuleTable) -> None:
    moves = [move for action in table.actions.values() for move in action.moves.items()]
    made = [(start, state) for one in table.actions.values() for start in one.moves for state, _ in _made(one)]
    reached = _closure({NEW}, moves + made)
    for state in table.states:
        if state not in reached:
            raise BadTable(f"{table.kind}: no action leads to the state {state}", value=state)
    ends = {name for name, state in table.states.items() if state.terminal}
    ending = _closure(ends, [(end, start) for start, end in moves])
    for state in table.states:
        if ends and state not in ending:
            raise BadTable(f"{table.kind}: from the state {state} no end can be reached", value=state)


def _closure(found: set[str], moves: list[tuple[str, str]]) -> set[str]:
    found = set(found)
    while more := {end for start, end in moves if start in found} - found:
        found |= more
    return found


def facts_of(table: RuleTable) -> dict[str, frozenset[str]]:
    """What holds of every record in each state that actions lead to."""
    holds: dict[str, _Facts] = {NEW: _BEGINNING}
    changed = True
    while changed:
        changed = False
        for action in table.actions.values():
            for start, end in action.moves.items():
                if start in holds:
                    for state, after in ((end, _after(action, holds[start])), *_made(action)):
                        known = holds.get(state, after) & after
                        changed |= holds.get(state) != known
                        holds[state] = known
    return holds


def _check_facts(table: RuleTable) -> None:
    """Whether what holds in each state is enough."""
    holds = facts_of(table)
    moves = [(action, start, end) for action in table.actions.values() for start, end in action.moves.items()]
    for action, start, end in moves:
        before = _BEGINNING if start == NEW else _LIVE | (holds[start] & _NUMBER)
        _check_control(table, action, before, end)  # (5)
    for action, start, _ in moves:
        _check_needs(table, action, holds[start], start)  # (4)


def _after(action: Action, facts: _Facts) -> _Facts:
    for word, _ in _words(action):
        facts = (facts - frozenset(word.relies.ends)) | frozenset(word.relies.gives)
    return facts - _MOMENTARY


def _check_needs(table: RuleTable, action: Action, facts: _Facts, start: str) -> None:
    facts |= frozenset({"ledger"}) if action.targets == "ledger" else frozenset()
    for word, _ in _words(action):
        missing = sorted(set(word.relies.needs) - facts)
        place = f"{table.kind}.{action.name} from {start}"
        if missing:
            raise BadTable(f"{place}: {word.name} needs {missing[0]}, which may not hold there", value=word.name)
        if "draft" in facts and "offer" in word.relies.gives and word.name in EFFECTS:
            raise BadTable(f"{place}: {word.name} offers a draft, which has no number yet", value=word.name)
        facts = (facts - frozenset(word.relies.ends)) | frozenset(word.relies.gives)


def _check_control(table: RuleTable, action: Action, before: _Facts, end: str) -> None:
    """An action of a live record keeps what holds of every live record; one that creates it brings it about."""
    facts = _after(action, before)
    place = f"{table.kind}.{action.name}"
    if "record" not in facts:
        raise BadTable(f"{place} makes no record", value=end)
    if table.states[end].terminal and "nobody" not in facts:
        raise BadTable(f"{place} ends the record in {end} and leaves somebody in control", value=end)
    if not table.states[end].terminal and "control" not in facts:
        raise BadTable(f"{place} leaves nobody in control in the live state {end}", value=end)
    if table.number is not None and not facts & _NUMBER:
        raise BadTable(f"{place} does not claim the number that the table declares", value=place)
