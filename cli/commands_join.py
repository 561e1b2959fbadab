"""`lading member create` and `lading member join`: a home with keys and a card, and the ledger to which it belongs."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.errors import UsageError
from ledger.member import ROLES

from .context import MEMBERS, Session, command

if TYPE_CHECKING:
    from nodes.home import Home
    from nodes.reader import LedgerReader

__all__ = ["BadName", "BadRole", "NotAMember", "create", "join", "names_of", "register"]


class BadName(UsageError):
    """A name without its language, or two in one language."""

    code = "usage.bad_name"
    hint = 'give each name with its language: --name en="Example Line Ltd" --name zh="…"'


class BadRole(UsageError):
    """No member has such a role."""

    code = "usage.bad_role"
    hint = f"the roles are {', '.join(sorted(ROLES))}"


class NotAMember(UsageError):
    """The ledger knows neither this member's card nor its record."""

    code = "member.not_enrolled"
    hint = "send member.json to a governor, who enrols it: `lading member enrol member.json --out FILE`"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, create, panel=MEMBERS)
    command(app, join, panel=MEMBERS, keys=False)


def create(
    session: Session,
    *,
    alias: Annotated[str, typer.Option(help="A short name for commands: small letters, digits, dashes.")],
    name: Annotated[list[str], typer.Option(metavar="LANG=NAME", help="The legal name; again for each language.")],
    lei: Annotated[str, typer.Option(metavar="LEI", help="The Legal Entity Identifier (ISO 17442).")] = "",
    registration: Annotated[str, typer.Option(metavar="NUMBER", help="The number in a register of companies.")] = "",
    role: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE", help="carrier, shipper, bank, buyer, certifier …; again for each."),
    ] = None,
    code: Annotated[
        list[str] | None, typer.Option(metavar="LIST:CODE", help="A code such as SMDG:MSC; again for each.")
    ] = None,
    cosigner_name: Annotated[
        str, typer.Option(metavar="NAME", help="The name under which it cosigns, such as carrier.example.")
    ] = "",
    address: Annotated[str, typer.Option(metavar="URL", help="The address of the member's node.")] = "",
    strong: Annotated[
        bool, typer.Option("--strong", help="Make a guess at the passphrase seven times as dear.", show_default=False)
    ] = False,
) -> None:
    """Make a home with new keys, and the card by which others know the member."""
    from nodes.enrolment import make_card
    from nodes.home import Home
    from nodes.keyfile import EVERYDAY, STRONG, FileKeyStore
    from nodes.keystore import MemoryKeyStore

    for one in role or ():
        if one not in ROLES:
            raise BadRole("no member has this role", value=one)
    member = os.urandom(32)
    card_of = partial(
        make_card,
        member=member,
        alias=alias,
        names=names_of(name),
        lei=lei,
        registration=registration,
        roles=role or (),
        codes=code or (),
        cosigner=cosigner_name,
        address=address,
    )
    card_of(MemoryKeyStore())  # what is wrong with the facts is said before anything is made
    passphrase = session.passphrase(new=True)
    home = Home.create(session.folder, name=alias, member=member)
    with FileKeyStore.create(home.keys_path, passphrase, cost=STRONG if strong else EVERYDAY) as keys:
        card = card_of(keys)
    home.write_card(card.encode())
    value = {"alias": alias, "id": member.hex(), "home": str(home.folder), "card": str(home.card_path)}
    text = f"member {alias} is made\n  id: {member.hex()}\n  home: {home.folder}\n  card: {home.card_path}"
    session.screen.result(value, text)
    session.screen.say("Copy keys.lading to a safe place: nobody can open the home without it and its passphrase.")


def names_of(words: list[str]) -> dict[str, str]:
    """Legal names by language, from words LANG=NAME. Raises `BadName`."""
    names: dict[str, str] = {}
    for word in words:
        language, equals, name = word.partition("=")
        if not equals or not language or not name or language in names:
            raise BadName("a name is given as LANG=NAME, once for each language", value=word)
        names[language] = name
    return names


def join(
    session: Session,
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="The operator's home.")],
    *,
    auditor: Annotated[
        bool, typer.Option("--auditor", help="Make a home without keys, which only reads.", show_default=False)
    ] = False,
    name: Annotated[str, typer.Option(help="What to call an auditor's home; without it as its folder.")] = "",
) -> None:
    """Join a ledger on this machine: pin its genesis and its first policy."""
    from ledger.genesis import Genesis
    from nodes.access import open_for_reading
    from nodes.home import Home

    operator = Home.open(ledger)
    data = operator.read_genesis()
    genesis = Genesis.decode(data)
    with open_for_reading(operator) as reader:
        home = session.home if not auditor else None
        if home is not None:
            _check_member(home, reader)
    if home is None:
        home = Home.create(
            session.folder, name=name or session.folder.resolve().name, location=operator.operator_folder()
        )
    with home.lock(purpose="lading member join"):
        home.join(data, genesis.policy, location=operator.operator_folder())
    value = {"ledger": genesis.id.hex(), "origin": genesis.origin, "home": str(home.folder), "auditor": auditor}
    session.screen.result(value, f"joined ledger {genesis.origin}\n  id: {genesis.id.hex()}")
    session.screen.say("Compare the id with what the operator told you by another channel: it pins the whole ledger.")


def _check_member(home: Home, reader: LedgerReader) -> None:
    from ledger.member import MemberCard

    card = MemberCard.decode(home.read_card())
    record = reader.find(card.id)
    if record is None or record.kind != "member":
        raise NotAMember(f"{card.alias} is not a member of {reader.genesis.origin}", value=card.alias)
    if record.fields["alias"] != card.alias or all(entry[1] != card.key[1] for entry in record.fields["keys"]):
        raise NotAMember(f"the member {record.fields['alias']} of this id has other keys", value=card.alias)
