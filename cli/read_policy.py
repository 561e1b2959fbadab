"""`lading policy show` and `lading policy diff`: whose signatures a policy asks for, in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .context import READING, Session, command

if TYPE_CHECKING:
    from ledger.policy import Group, Policy, Witness

__all__ = ["diff", "register", "show"]

_File = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A policy; that of the home if not given.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, show, panel=READING, keys=False)
    command(app, diff, panel=READING, keys=False)


def show(session: Session, file: _File = None) -> None:
    """Show a policy: the log's keys, the witnesses, the quorum in words, and what is weak about it."""
    from ledger.quorum import overlap, tolerated, weaknesses

    policy, adopted = (_read(session, file), []) if file is not None else _in_use(session)
    weak = weaknesses(policy)
    count = len({one.organisation for one in policy.counting()})
    value = {
        **_facts(policy),
        "quorum_in_words": _quorum(policy),
        "overlap": overlap(policy),
        "tolerated": tolerated(count) if count else 0,
        "weaknesses": weak,
        "adopted": adopted,
    }
    lines = [f"log: {log.key.name}{_at(log.url)}\n     {log.key}" for log in policy.logs]
    for one in policy.witnesses:
        role = "replays the ledger" if one.replays else "watches the log"
        lines.append(f"witness: {one.name}, {one.organisation}, {role}{_at(one.url)}\n     {one.key}")
    lines.append(f"quorum: {value['quorum_in_words']}")
    lines += [f"weak: {weakness}" for weakness in weak]
    lines += [_adopted_line(one) for one in adopted]
    session.screen.result(value, "\n".join(lines))


def _in_use(session: Session) -> tuple[Policy, list[dict[str, Any]]]:
    """The policy by which the home judges its ledger, and those that the members have adopted."""
    from ledger.errors import LadingError
    from ledger.policy import Policy
    from nodes.policies import adopted_policies, policy_of

    try:
        with session.reading() as reader:
            text = policy_of(session.home, reader)
            found = [
                {"from_height": one.from_height, "hash": one.digest.hex(), "in_use": one.text == text,
                 "cosigned_by_the_one_before": one.trusted}
                for one in adopted_policies(reader)[1:]
            ]  # fmt: skip
    except LadingError:  # the ledger is away: the pinned policy can be read without it
        return _read(session, None), []
    return Policy.parse(text.encode("utf-8")), found


def _adopted_line(one: dict[str, Any]) -> str:
    waits = "" if one["cosigned_by_the_one_before"] else ": waits until the quorum of the one before has cosigned it"
    used = ", in use" if one["in_use"] else ""
    return f"adopted: {one['hash'][:16]}… from height {one['from_height']:,}{used}{waits}"


def diff(
    session: Session,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A policy.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Another policy.")],
) -> None:
    """Show what differs between two policies: keys that come, go or change, and the quorum."""
    before, after = _named(_read(session, old)), _named(_read(session, new))
    changes = [
        {"what": name, "old": before.get(name), "new": after.get(name)}
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]
    lines = []
    for change in changes:
        lines += [f"- {change['what']}: {change['old']}"] if change["old"] else []
        lines += [f"+ {change['what']}: {change['new']}"] if change["new"] else []
    session.screen.result(
        {"same": not changes, "changes": changes}, "\n".join(lines) or "the two policies say the same"
    )


def _read(session: Session, file: Path | None) -> Policy:
    from ledger.policy import MAX_POLICY, Policy
    from nodes.files import read_bounded

    if file is None:
        return Policy.parse(session.home.read_policy().encode("utf-8"))
    return Policy.parse(read_bounded(file, MAX_POLICY))


def _at(url: str) -> str:
    return f", at {url}" if url else ""


def _facts(policy: Policy) -> dict[str, Any]:
    return {
        "logs": [{"name": log.key.name, "key": str(log.key), "url": log.url or None} for log in policy.logs],
        "witnesses": [
            {
                "name": one.name,
                "organisation": one.organisation,
                "replays": one.replays,
                "key": str(one.key),
                "url": one.url or None,
            }
            for one in policy.witnesses
        ],
        "groups": [
            {"name": one.name, "threshold": one.threshold, "members": list(one.members)} for one in policy.groups
        ],
        "quorum": policy.quorum,
    }


def _quorum(policy: Policy) -> str:
    """The quorum as a sentence."""
    from ledger.policy import NO_QUORUM

    if policy.quorum == NO_QUORUM:
        return "no independent witness: the log's own signature is enough"
    members = policy.members()
    return f"cosigned by {_member(members[policy.quorum], members)}"


def _member(member: Witness | Group, members: dict[str, Witness | Group]) -> str:
    from ledger.policy import Witness

    if isinstance(member, Witness):
        return member.name
    parts = [_member(members[name], members) for name in member.members]
    listed = ", ".join(f"({part})" if " of " in part else part for part in parts)
    if member.threshold == len(parts):
        return f"all of {listed}"
    return f"{member.threshold} of {listed}" if member.threshold > 1 else f"any of {listed}"


def _named(policy: Policy) -> dict[str, str]:
    """What a policy says, by name."""
    found = {f"log {log.key.name} key {log.key.id.hex()}": f"{log.key}{_at(log.url)}" for log in policy.logs}
    found |= {f"witness {one.name}": f"{one.key}{_at(one.url)}" for one in policy.witnesses}
    found |= {f"group {one.name}": f"{one.threshold} of {', '.join(one.members)}" for one in policy.groups}
    return {**found, "quorum": _quorum(policy)}
