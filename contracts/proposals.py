"""What is proposed, and whether it could be adopted as it is.

    subject      content: SHA-256 of                what else the proposal says
    rule_table   the table's encoding               parts, kind, version
    policy       the policy's text                  parts, overlap
    parameter    the encoding of [name, value]      name, value; parts of the rulebook's text, where it is that
    governors    the encoding of the list of ids    governors

Everything is compared with the content: what the voters read is what is adopted. Raises `GuardFailed` for whatever is
wrong, whoever's fault it is: no text that members propose can stop a node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, Protocol, runtime_checkable

from ledger.codec import encode
from ledger.errors import LadingError
from ledger.hashing import ledger_record
from ledger.policy import MAX_POLICY, Policy
from ledger.quorum import check_adoptable, overlap

from .act import Act
from .amendment import CONSTITUTIONAL, check_amends, check_migrates
from .parameters import count_of, wrong_value
from .parties import is_active, member_of, named
from .refusals import GuardFailed
from .soundness import check_sound
from .table import BadTable, RuleTable
from .texts import joined_text
from .vocabulary import INTRODUCED
from .voted import Voted

__all__ = [
    "MAX_RULEBOOK",
    "MAX_STATES",
    "MAX_VOTED_TABLE",
    "MAX_WORK",
    "SUBJECTS",
    "Lawbook",
    "check_proposal",
    "governors_content",
    "parameter_content",
]

MAX_VOTED_TABLE: Final = 131_072
"""Largest rule table that can be voted in, in bytes of its encoding."""
MAX_STATES: Final = 128
"""Most states of such a table."""
MAX_WORK: Final = 8_192
"""Most guards and effects of its actions, each as often as its action has moves: looking at it takes no node long."""
MAX_RULEBOOK: Final = 1_048_576
"""Largest rulebook whose text can stand in the log; a longer one is adopted by its hash alone."""
_OWN: Final[Mapping[str, frozenset[str]]] = {
    "rule_table": frozenset({"parts", "kind", "version"}),
    "policy": frozenset({"parts", "overlap"}),
    "parameter": frozenset({"name", "value"}),
    "governors": frozenset({"governors"}),
}
_ALL: Final = frozenset().union(*_OWN.values())
SUBJECTS: Final = tuple(sorted(_OWN))


@runtime_checkable
class Lawbook(Protocol):
    """A world that knows the rule tables too."""

    def table(self, kind: str, version: int | None = None) -> RuleTable | None:
        """A table, in force or adopted for later; without a version the newest of its kind."""
        ...


def parameter_content(name: str, value: str) -> bytes:
    """The content of a proposal of a parameter: SHA-256 of the encoding of [name, value]."""
    return sha256(encode([name, value])).digest()


def governors_content(governors: list[bytes]) -> bytes:
    """The content of a proposal of governors: SHA-256 of the encoding of the list of their ids."""
    return sha256(encode(governors)).digest()


def check_proposal(act: Act, said: Mapping[str, Any]) -> None:
    """Whether what is proposed could be adopted; `said` are the proposal's fields. Raises `GuardFailed`."""
    try:
        subject = said["subject"]
        _check_fields(subject, said)
        own = act.world.record(ledger_record(act.transaction.ledger))
        if own is None:
            raise GuardFailed("the ledger has no record of its own")
        _CHECKS[subject](act, said, Voted.read(own))
    except GuardFailed:
        raise
    except LadingError as exc:
        raise GuardFailed(exc.message, exc.value) from None
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001 - whatever a text makes a reader do, the node goes on
        raise GuardFailed(f"it cannot be read: {type(exc).__name__}") from None


def _check_fields(subject: str, said: Mapping[str, Any]) -> None:
    given = {name for name in _ALL if said.get(name) is not None}
    wanted = _OWN[subject]
    if subject == "parameter" and said.get("name") == "rulebook":
        given.discard("parts")
    if given != wanted:
        raise GuardFailed(f"a proposal of the subject {subject} says {', '.join(sorted(wanted))}", sorted(given))


def _text(act: Act, said: Mapping[str, Any], limit: int) -> bytes:
    """The text that the parts are, which must be the content."""
    text = joined_text(said["parts"], act.world.record, limit)
    if text is None:
        raise GuardFailed(f"a part is no text of this ledger, or together they have more than {limit:,} bytes")
    if sha256(text).digest() != said["content"]:
        raise GuardFailed("the parts do not join to the content", said["content"])
    if act.world.record(said["content"]) is not None:
        raise GuardFailed("the ledger has a record of this content already", said["content"])
    return text


def _rule_table(act: Act, said: Mapping[str, Any], voted: Voted) -> None:
    table = RuleTable.decode(_text(act, said, MAX_VOTED_TABLE))
    if (table.kind, table.version) != (said["kind"], said["version"]):
        raise GuardFailed(f"the table is {table.kind}@{table.version}", f"{said['kind']}@{said['version']}")
    newest = max((version for kind, version, _, _ in voted.tables if kind == table.kind), default=0)
    if table.version <= newest:
        raise GuardFailed(f"the ledger has {table.kind}@{newest} already; a new one has a later version", table.version)
    _check_words(act, table)
    _check_size(table)
    check_sound(table)
    for version in table.migrates:
        check_migrates(_known_table(act, table.kind, version), table)
    if table.kind in CONSTITUTIONAL:
        check_amends(_known_table(act, table.kind, newest), table)


def _known_table(act: Act, kind: str, version: int) -> RuleTable:
    """A table that the ledger has since before this batch; one that was adopted in it is not at hand yet."""
    found = act.world.table(kind, version) if isinstance(act.world, Lawbook) else None
    if found is None:
        raise GuardFailed(f"the ledger has no {kind}@{version}, or adopts it in this very batch", kind)
    return found


def _check_size(table: RuleTable) -> None:
    actions = table.actions.values()
    work = sum(len(action.moves) * (1 + len(action.guards) + len(action.effects)) for action in actions)
    if len(table.states) > MAX_STATES or work > MAX_WORK:
        raise GuardFailed(
            f"the table has more than {MAX_STATES} states, or more than {MAX_WORK:,} guards, effects and moves", work
        )


def _check_words(act: Act, table: RuleTable) -> None:
    """No word of a later vocabulary: a node that has it must refuse what a node without it refuses."""
    vocabulary = count_of(act.world.parameters, "vocabulary")
    for action in table.actions.values():
        for word in (*action.guards, *action.effects):
            if INTRODUCED.get(word.name, 1) > vocabulary:
                raise BadTable(f"the ledger runs vocabulary {vocabulary}, which has no such word", value=word.name)


def _policy(act: Act, said: Mapping[str, Any], voted: Voted) -> None:
    policy = Policy.parse(_text(act, said, MAX_POLICY))
    check_adoptable(policy)
    shared = overlap(policy) or 0
    if shared != said["overlap"]:
        raise GuardFailed(f"any two quorums of the policy share {shared}", said["overlap"])
    if not shared and any(had for _, _, had in voted.policies):
        raise GuardFailed("the ledger has had a quorum; a policy without one is weaker, and a network adopts none")
    if not any(log.key.name == voted.origin for log in policy.logs):
        raise GuardFailed("the policy names no key of the ledger's log", voted.origin)


def _parameter(act: Act, said: Mapping[str, Any], _: Voted) -> None:
    name, value = said["name"], said["value"]
    if parameter_content(name, value) != said["content"]:
        raise GuardFailed("the content is not that of the parameter's name and value", said["content"])
    wrong = wrong_value(name, value)
    if wrong:
        raise GuardFailed(wrong, value)
    if name == "vocabulary":
        now = count_of(act.world.parameters, name)
        if not now <= int(value) <= now + 1:
            raise GuardFailed(f"the ledger runs vocabulary {now}; it goes one step up, and never down", value)
    if said.get("parts") is not None:
        text = joined_text(said["parts"], act.world.record, MAX_RULEBOOK)
        if text is None or sha256(text).hexdigest() != value:
            raise GuardFailed("the parts do not join to the rulebook of this hash", value)


def _governors(act: Act, said: Mapping[str, Any], _: Voted) -> None:
    governors = said["governors"]
    if governors_content(governors) != said["content"]:
        raise GuardFailed("the content is not that of the governors", said["content"])
    if not governors:
        raise GuardFailed("a ledger has at least one governor")
    for governor in governors:
        member = member_of(act.world, governor)
        if member is None or not is_active(member, act.world.height):
            raise GuardFailed(f"{named(act, governor)} is not an active member", governor)


_CHECKS: Final[Mapping[str, Callable[[Act, Mapping[str, Any], Voted], None]]] = {
    "rule_table": _rule_table,
    "policy": _policy,
    "parameter": _parameter,
    "governors": _governors,
}
