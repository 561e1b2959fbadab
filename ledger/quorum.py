"""Whether a checkpoint has the quorum of a policy, and whether a quorum can be relied on.

A quorum protects against two histories of one log only if any two sets of organisations that
satisfy it share one that does not lie: they must share more than f, where f is how many may lie,
max(1, ⌊(n-1)/3⌋) of n unless stated. For q of n the two sets share at least 2q - n:

    3 of 4 share 2, f = 1: holds        2 of 3 share 1, f = 1: too weak
    5 of 7 share 3, f = 2: holds        3 of 5 share 1, f = 1: too weak

A log of one or two organisations cannot have such a quorum; its policy says `quorum none`, and
everything that reports on it says "no independent witness".
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from .checkpoint import Checkpoint, verify_checkpoint
from .cosignature import verify_cosignature
from .errors import UnverifiedError, UsageError
from .note import Note, VerifierKey
from .policy import NO_QUORUM, Group, Policy, Witness

__all__ = [
    "NoQuorum",
    "Quorum",
    "WeakQuorum",
    "check_adoptable",
    "evaluate",
    "overlap",
    "tolerated",
    "weaknesses",
]


class NoQuorum(UnverifiedError):
    """Fewer witnesses have cosigned than the policy asks for."""

    code = "quorum.missing"
    hint = "wait for the cosignatures of the missing witnesses, or ask the log for a newer checkpoint"


class WeakQuorum(UsageError):
    """A policy whose quorum two different histories could both reach."""

    code = "quorum.weak"
    hint = "ask for more of the witnesses: 3 of 4, 5 of 7, or all of 3; one or two: `quorum none`"


@dataclass(frozen=True, slots=True)
class Quorum:
    """What a policy makes of one signed checkpoint.

    `times` has, by name in the policy, the POSIX seconds that each valid cosignature states, of
    every witness of the policy, counting or not. `logs` are the log keys that signed.
    """

    policy: Policy
    checkpoint: Checkpoint
    logs: tuple[VerifierKey, ...]
    times: dict[str, int]

    @property
    def independent(self) -> bool:
        """Whether the policy asks for any witness at all."""
        return self.policy.quorum != NO_QUORUM

    @property
    def holds(self) -> bool:
        """Whether the quorum is met; always so under `quorum none`."""
        return _satisfied(self.policy, self.times.keys())

    @property
    def replayed(self) -> bool:
        """Whether the quorum is met by `…/replay` keys alone; always so under `quorum none`."""
        return _satisfied(self.policy, self._names(replay_only=True))

    @property
    def cosigned(self) -> tuple[Witness, ...]:
        """The witnesses that count and have cosigned."""
        return tuple(one for one in self.policy.counting() if one.name in self.times)

    @property
    def missing(self) -> tuple[Witness, ...]:
        """The witnesses that count and have not cosigned."""
        return tuple(one for one in self.policy.counting() if one.name not in self.times)

    def as_of(self, *, replay_only: bool = False) -> int | None:
        """The latest time at or after which a whole quorum has cosigned, in POSIX seconds.

        None if the quorum does not hold, or asks for nobody.
        """
        names = self._names(replay_only=replay_only)
        if not self.independent:
            return None
        for time in sorted({self.times[name] for name in names}, reverse=True):
            if _satisfied(self.policy, {name for name in names if self.times[name] >= time}):
                return time
        return None

    def require(self) -> None:
        """Raises `NoQuorum`, naming the missing witnesses, unless the quorum holds."""
        if not self.holds:
            missing = ", ".join(one.key.name for one in self.missing)
            raise NoQuorum(f"{self}, too few for the policy; missing: {missing}", value=missing)

    def __str__(self) -> str:
        if not self.independent:
            return "no independent witness"
        given = len({one.organisation for one in self.cosigned})
        total = len({one.organisation for one in self.policy.counting()})
        return f"{given} of {total} organisations have cosigned"

    def _names(self, *, replay_only: bool) -> set[str]:
        return {
            one.name for one in self.policy.witnesses if one.name in self.times and (one.replays or not replay_only)
        }


def evaluate(policy: Policy, signed: Note) -> Quorum:
    """Check every signature of a checkpoint whose key is in `policy`.

    Raises as `checkpoint.verify_checkpoint` unless a log key of the policy has signed; raises
    `note.KnownKeyFails` if the signature of any key of the policy fails. That a quorum holds is
    left to `Quorum.require`.
    """
    checkpoint = verify_checkpoint(signed, [log.key for log in policy.logs])
    logs = tuple(log.key for log in policy.logs if log.key.name == checkpoint.origin and signed.signature_of(log.key))
    times = {}
    for witness in policy.witnesses:
        signature = signed.signature_of(witness.key)
        if signature is not None:
            times[witness.name] = verify_cosignature(witness.key, signed.text, signature)
    return Quorum(policy, checkpoint, logs, times)


def tolerated(count: int) -> int:
    """How many of `count` organisations may lie, unless it is stated: max(1, ⌊(count-1)/3⌋)."""
    return max(1, (count - 1) // 3)


def overlap(policy: Policy) -> int | None:
    """The fewest organisations that any two sets which satisfy the quorum have in common.

    Exact for every policy, since its quorum is a tree in which an organisation stands once: two
    sets that satisfy `k` of `n` branches share at least 2k - n branches, and may share nothing
    else. 0 for `quorum none`; None if no set of witnesses can satisfy the quorum.
    """
    if policy.quorum == NO_QUORUM:
        return 0
    members = policy.members()
    return _shared(members, members[policy.quorum])


def weaknesses(policy: Policy, faults: int | None = None) -> list[str]:
    """Why the quorum of `policy` should not be relied on, a sentence each; empty if it can be.

    `faults` is how many organisations may lie; `tolerated` of their number if it is not given.
    """
    count = len({one.organisation for one in policy.counting()})
    if policy.quorum == NO_QUORUM:
        named = len({one.organisation for one in policy.witnesses})
        return [] if named <= 2 else [f"the policy names {named} witnesses and asks for none"]
    if count <= 2:
        return [f"a quorum of {count} has no independent witness; it must say `quorum none`"]
    allowed = tolerated(count) if faults is None else faults
    shared = overlap(policy)
    members = policy.members()
    found = [
        f"group {group.name} names {name} more than once, and other programs count it each time"
        for group in policy.groups
        for name in _twice(members, group)
    ]
    if shared is None:
        found.append("no set of witnesses can satisfy the quorum, since an organisation counts once")
    elif shared <= allowed:
        found.append(
            f"two sets of witnesses can satisfy the quorum and share only {shared} of {count}; "
            f"with {allowed} that may lie they must share {allowed + 1}"
        )
    return found


def check_adoptable(policy: Policy, faults: int | None = None) -> None:
    """Raises `WeakQuorum` for a policy that a network must not adopt; a reader may, warned."""
    found = weaknesses(policy, faults)
    if found:
        raise WeakQuorum("; ".join(found), value=policy.quorum)


def _satisfied(policy: Policy, names: Set[str]) -> bool:
    """Whether these witnesses, by name, satisfy the quorum, an organisation counting once."""
    members = policy.members()
    done = set(names)
    for group in policy.groups:
        votes = {_voter(members[name]) for name in group.members if name in done}
        if len(votes) >= group.threshold:
            done.add(group.name)
    return policy.quorum == NO_QUORUM or policy.quorum in done


def _voter(member: Witness | Group) -> tuple[str, str]:
    """What counts once in a group: an organisation, or a group."""
    if isinstance(member, Witness):
        return "organisation", member.organisation
    return "group", member.name


def _shared(members: dict[str, Witness | Group], member: Witness | Group) -> int | None:
    """`overlap` of one branch: None if it cannot be satisfied."""
    if isinstance(member, Witness):
        return 1
    voters = {_voter(members[name]): members[name] for name in member.members}
    branches = [_shared(members, one) for one in voters.values()]
    possible = sorted(one for one in branches if one is not None)
    if len(possible) < member.threshold:
        return None
    return sum(possible[: max(0, 2 * member.threshold - len(possible))])


def _twice(members: dict[str, Witness | Group], group: Group) -> list[str]:
    """Organisations with several keys in a group where that would count for others."""
    if group.threshold == 1:
        return []
    kinds = (members[name] for name in group.members)
    names = [one.organisation for one in kinds if isinstance(one, Witness)]
    return sorted({name for name in names if names.count(name) > 1})
