"""Policies: whose signatures make a checkpoint one that a reader relies on.

    # log VKEY [URL]; the key's name is the origin of the log
    log example.com/ledger+a1b2c3d4+AWlu…
    # witness NAME VKEY [URL]; NAME is used in this file only
    witness carrier carrier.example/replay+0badc0de+BGlu…
    witness bank bank.example/replay+12345678+BGlu…
    witness buyer buyer.example/replay+9abcdef0+BGlu…
    # group NAME any|all|K MEMBERS…; members are witnesses and groups defined above
    group members 2 carrier bank buyer
    # quorum NAME, or none; exactly one such line
    quorum members

A name stands in at most one group, so the quorum is a tree. An *organisation* is a witness key's
name up to its last "/", so that `bank.example/replay` (cosigns what it has replayed) and
`bank.example/witness` (cosigns what it has only watched) are one; it counts once, and therefore all
its keys that count stand in one group. Stricter than the specification asks where programs differ:
UTF-8, no "#" but at the beginning of a line, and a newline at the end, since a file that is cut in
the middle of a name could mean another thing.

Source: C2SP tlog-policy (untagged draft).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from .errors import InputError
from .note import COSIGNATURE_KEY, SIGNING_KEY, BadKey, VerifierKey
from .signature import BadPublicKey

__all__ = [
    "MAX_MEMBERS",
    "MAX_POLICY",
    "NO_QUORUM",
    "BadPolicy",
    "Group",
    "Log",
    "Policy",
    "Witness",
    "organisation_of",
]

MAX_POLICY: Final = 32_768
"""Largest policy, in bytes."""
MAX_MEMBERS: Final = 64
"""Most logs, most witnesses and most groups; the specification asks for 32 of each."""
NO_QUORUM: Final = "none"
"""What the quorum line says if no cosignature is asked for."""

_SPACES: Final = re.compile(r"[ \t]+")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,2}")


class BadPolicy(InputError):
    """Not a policy; the message names the line."""

    code = "policy.malformed"
    hint = "mend the line that the message names; `lading policy show` prints a policy that reads"


def organisation_of(key_name: str) -> str:
    """The organisation of a witness key: its name up to the last "/", or all of it."""
    return key_name.rpartition("/")[0] or key_name


@dataclass(frozen=True, slots=True)
class Log:
    """A key of the log (type 0x01, its name is the origin), and where the log is served."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A cosigner (key of type 0x04): its name in the policy, and where it is asked to cosign."""

    name: str
    key: VerifierKey
    url: str = ""

    @property
    def organisation(self) -> str:
        """Who runs it: the key's name up to its last "/"."""
        return organisation_of(self.key.name)

    @property
    def replays(self) -> bool:
        """Whether its cosignature says that it has replayed the ledger (`…/replay`)."""
        return self.key.name.endswith("/replay")


@dataclass(frozen=True, slots=True)
class Group:
    """Has cosigned if at least `threshold` of its members have, an organisation counting once."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Keys of one or more logs, witnesses, groups in order of definition, and the quorum's name.

    Raises `BadPolicy` on making one that the text form cannot say.
    """

    logs: tuple[Log, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NO_QUORUM

    def __post_init__(self) -> None:
        draft = _Draft()
        for log in self.logs:
            draft.add_log(log)
        for witness in self.witnesses:
            draft.add_witness(witness)
        for group in self.groups:
            draft.add_group(group)
        draft.set_quorum(self.quorum)

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """The policy in `data`. Raises `BadPolicy`, naming the line."""
        draft = _Draft()
        for number, line in enumerate(_lines(data), 1):
            words = [word for word in _SPACES.split(line) if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                _read_line(draft, words, line)
            except (BadPolicy, BadKey, BadPublicKey) as exc:
                raise BadPolicy(f"line {number}: {exc.message}", value=exc.value) from None
        if draft.quorum is None:
            raise BadPolicy("no quorum line; `quorum none` asks for no witness")
        return cls(tuple(draft.logs), tuple(draft.witnesses), tuple(draft.groups), draft.quorum)

    def format(self) -> bytes:
        """The canonical text: logs, witnesses, groups, quorum; no comments, single spaces."""
        lines = [_join("log", str(log.key), log.url) for log in self.logs]
        lines += [_join("witness", one.name, str(one.key), one.url) for one in self.witnesses]
        lines += [_join("group", one.name, _threshold(one), *one.members) for one in self.groups]
        return "".join(f"{line}\n" for line in [*lines, f"quorum {self.quorum}"]).encode()

    def members(self) -> dict[str, Witness | Group]:
        """The witnesses and groups by their names in the policy."""
        found: dict[str, Witness | Group] = {one.name: one for one in self.witnesses}
        return found | {one.name: one for one in self.groups}

    def counting(self) -> tuple[Witness, ...]:
        """The witnesses that the quorum can count, those that it does not reach left out."""
        reached = {self.quorum}
        for group in reversed(self.groups):
            if group.name in reached:
                reached.update(group.members)
        return tuple(one for one in self.witnesses if one.name in reached)


@dataclass(slots=True)
class _Draft:
    """A policy while it is put together: every rule that holds between its lines."""

    logs: list[Log] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    organisations: dict[str, str | None] = field(default_factory=dict)
    group_of: dict[str, str] = field(default_factory=dict)

    def add_log(self, log: Log) -> None:
        if log.key.type != SIGNING_KEY:
            raise BadPolicy("the key of a log has type 1", value=log.key)
        _check_word(log.key.name, "a key's name")
        _check_word(log.url, "an address", empty=True)
        _check_new(log.key, [one.key for one in self.logs], "log")
        self.logs.append(log)

    def add_witness(self, witness: Witness) -> None:
        if witness.key.type != COSIGNATURE_KEY:
            raise BadPolicy("the key of a witness has type 4", value=witness.key)
        _check_word(witness.key.name, "a key's name")
        _check_word(witness.url, "an address", empty=True)
        _check_new(witness.key, [one.key for one in self.witnesses], "witness")
        self._define(witness.name, witness.organisation)
        self.witnesses.append(witness)

    def add_group(self, group: Group) -> None:
        if len(self.groups) >= MAX_MEMBERS:
            raise BadPolicy(f"more than {MAX_MEMBERS} groups", value=group.name)
        for member in group.members:
            self._place(member, group.name)
        if not 1 <= group.threshold <= len(group.members):
            raise BadPolicy(f"{group.threshold} of {len(group.members)} is no threshold")
        self._define(group.name, None)
        self.groups.append(group)

    def set_quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise BadPolicy("a second quorum line", value=name)
        if name != NO_QUORUM and name not in self.organisations:
            raise BadPolicy(f"{name!r} is not defined above the quorum", value=name)
        self.quorum = name

    def _define(self, name: str, organisation: str | None) -> None:
        _check_word(name, "a name")
        if name == NO_QUORUM or name in self.organisations:
            raise BadPolicy(f"the name {name!r} is taken", value=name)
        self.organisations[name] = organisation

    def _place(self, member: str, group: str) -> None:
        """A name stands in one group; so do the keys of one organisation, which counts once."""
        if member not in self.organisations:
            raise BadPolicy(f"{member!r} is not defined above this group", value=member)
        if member in self.group_of:
            raise BadPolicy(f"{member!r} is in group {self.group_of[member]!r}", value=member)
        organisation = self.organisations[member]
        for other, place in self.group_of.items():
            if organisation and place != group and self.organisations[other] == organisation:
                raise BadPolicy(f"keys of {organisation} in groups {place!r} and {group!r}", value=organisation)
        self.group_of[member] = group


def _read_line(draft: _Draft, words: list[str], line: str) -> None:
    keyword, *rest = words
    if "#" in line:
        raise BadPolicy("a comment stands on a line of its own", value=line)
    if keyword not in _READERS:
        raise BadPolicy(f"{keyword!r} is not log, witness, group or quorum", value=keyword)
    least, most, read = _READERS[keyword]
    if not least <= len(rest) <= most:
        raise BadPolicy(f"{len(rest)} words after {keyword!r}", value=line)
    read(draft, rest)


def _read_log(draft: _Draft, words: list[str]) -> None:
    draft.add_log(Log(VerifierKey.parse(words[0]), *words[1:]))


def _read_witness(draft: _Draft, words: list[str]) -> None:
    draft.add_witness(Witness(words[0], VerifierKey.parse(words[1]), *words[2:]))


def _read_group(draft: _Draft, words: list[str]) -> None:
    name, threshold, *members = words
    named = {"any": 1, "all": len(members)}
    if threshold not in named and not _NUMBER.fullmatch(threshold):
        raise BadPolicy(f"{threshold!r} is not any, all or a number", value=threshold)
    draft.add_group(Group(name, named.get(threshold) or int(threshold), tuple(members)))


def _read_quorum(draft: _Draft, words: list[str]) -> None:
    draft.set_quorum(words[0])


_READERS: Final[dict[str, tuple[int, int, Callable[[_Draft, list[str]], None]]]] = {
    "log": (1, 2, _read_log),
    "witness": (2, 3, _read_witness),
    "group": (3, 2 + 2 * MAX_MEMBERS, _read_group),
    "quorum": (1, 1, _read_quorum),
}


def _lines(data: bytes) -> list[str]:
    if len(data) > MAX_POLICY:
        raise BadPolicy(f"a policy of more than {MAX_POLICY:,} bytes", value=len(data))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        number = data.count(b"\n", 0, exc.start) + 1
        raise BadPolicy(f"line {number}: not UTF-8", value=data[exc.start : exc.end]) from None
    for place, mark in enumerate(text):
        if (mark < " " and mark not in "\t\n") or mark == "\x7f":
            number = text.count("\n", 0, place) + 1
            raise BadPolicy(f"line {number}: a control character", value=ascii(mark))
    if not text.endswith("\n"):
        raise BadPolicy("no newline at the end: the policy may be cut", value=text[-32:])
    return text[:-1].split("\n")


def _check_word(word: str, what: str, *, empty: bool = False) -> None:
    if not word and not empty:
        raise BadPolicy(f"{what} is not empty")
    if any(mark.isspace() or mark < " " or mark in "#\x7f" for mark in word):
        raise BadPolicy(f"{what} has no spaces, '#' or control characters", value=word)
    if any("\ud800" <= mark <= "\udfff" for mark in word):
        raise BadPolicy(f"{what} is not Unicode text", value=ascii(word))


def _check_new(key: VerifierKey, others: list[VerifierKey], what: str) -> None:
    if len(others) >= MAX_MEMBERS:
        raise BadPolicy(f"more than {MAX_MEMBERS} keys of a {what}", value=key)
    if any(one.public_key == key.public_key for one in others):
        raise BadPolicy(f"a second {what} with the same public key", value=key)


def _threshold(group: Group) -> str:
    if group.threshold == len(group.members):
        return "all"
    return "any" if group.threshold == 1 else str(group.threshold)


def _join(*words: str) -> str:
    return " ".join(word for word in words if word)
