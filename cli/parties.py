"""Members and records as people name them on a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ledger.record import Record

__all__ = ["MemberWord", "RecordWord", "called", "member_facts", "name_of", "party_facts"]

RecordWord = Annotated[
    str, typer.Argument(metavar="RECORD", help="Its id or the beginning of it, or its document's number.")
]
MemberWord = Annotated[str, typer.Argument(metavar="MEMBER", help="Its alias, its LEI, or the beginning of its id.")]


def name_of(member: Record) -> str:
    """The name of a member for people: in English, else in the first language that it has."""
    names: dict[str, str] = member.fields["names"]
    return names.get("en") or next(iter(names.values()))


def called(party: Record) -> str:
    """A member by its alias, a group in joint control by the beginning of its id."""
    return str(party.fields["alias"]) if party.kind == "member" else f"group {party.id.hex()[:12]}"


def party_facts(party: bytes | None, members: dict[bytes, Record]) -> dict[str, Any] | None:
    """A party for `--json`: its id, and its alias where it is a member."""
    if party is None:
        return None
    member = members.get(party)
    return {"id": party.hex(), "alias": None if member is None else member.fields["alias"]}


def member_facts(member: Record) -> dict[str, Any]:
    """A member's record for `--json`."""
    from .output import moment

    fields = member.fields
    keys = [
        {"algorithm": alg, "public": key.hex(), "from": moment(since), "until": None if end is None else moment(end)}
        for alg, key, since, end in fields["keys"]
    ]
    return {
        "id": member.id.hex(),
        "alias": fields["alias"],
        "status": member.status,
        "names": fields["names"],
        "lei": fields["lei"],
        "registration": fields["registration"],
        "roles": fields["roles"],
        "codes": fields["codes"],
        "keys": keys,
        "encryption": fields["encryption"].hex(),
        "cosigners": fields["cosigners"],
        "address": fields["address"],
        "sequence": member.sequence,
    }
