"""A member that has lost its keys: new keys, notice by the governors, objection, completion or an authority's decision.

lading member recover carrier --member shipper --home new     the member makes new keys, and gives new/recovery.json
lading member propose-recovery recovery.json --notice TEXT    governors give notice
lading member object                                          the member, by an old key, if it is wrong
lading member complete-recovery shipper                       governors, when the time of objections is over
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.errors import UsageError

from .acting import acting, time_of
from .commands_govern import Out, govern
from .context import MEMBERS, Session, command, now_ms
from .output import moment
from .parties import MemberWord

__all__ = ["NoSuchOutcome", "cancel", "complete", "decide", "object_to_it", "propose", "recover", "register"]

_SLACK = 86_400_000
"""How long governors have to sign the notice together, beside the time of objections: a day, in milliseconds."""
_MAX_RECOVERY = 65_536
_Text = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; its text goes to the parties, not to the log.")
]


class NoSuchOutcome(UsageError):
    """A disputed recovery is decided one way or the other."""

    code = "usage.no_such_outcome"
    hint = "give recover, and the new keys begin, or dismiss, and the old ones stay"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, recover, panel=MEMBERS)
    command(app, propose, name="propose-recovery", panel=MEMBERS)
    command(app, object_to_it, name="object", panel=MEMBERS)
    command(app, complete, name="complete-recovery", panel=MEMBERS)
    command(app, cancel, name="cancel-recovery", panel=MEMBERS)
    command(app, decide, name="decide-recovery", panel=MEMBERS)


def recover(
    session: Session,
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="The operator's home.")],
    *,
    member: Annotated[str, typer.Option(metavar="MEMBER", help="The member that has lost its keys.")],
) -> None:
    """Make a new home with new keys for a member that has lost its own, and the file for the governors."""
    from nodes.access import open_for_reading
    from nodes.home import Home
    from nodes.keyfile import FileKeyStore
    from nodes.lookup import find_member
    from nodes.recovery import equip

    operator = Home.open(ledger)
    genesis = operator.read_genesis()
    with open_for_reading(operator) as reader:
        record, policy = find_member(reader, member), reader.genesis.policy
    passphrase = session.passphrase(new=True)
    home = Home.create(session.folder, name=record.fields["alias"], member=record.id)
    with FileKeyStore.create(home.keys_path, passphrase) as keys:
        recovery = equip(home, keys, record)
    with home.lock(purpose="lading member recover"):
        home.join(genesis, policy, location=operator.operator_folder())
    file, alias = home.folder / "recovery.json", record.fields["alias"]
    value = {"alias": alias, "id": record.id.hex(), "home": str(home.folder), "file": str(file),
             "key": recovery.key.hex()}  # fmt: skip
    text = f"new keys for {alias} are made\n  home: {home.folder}\n  file: {file}"
    session.screen.result(value, text)
    session.screen.say("Bring the file to the governors yourself: they look at who you are before they give notice.")


def propose(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The recovery.json of the member's new home.")],
    *,
    notice: Annotated[str, typer.Option(metavar="TEXT", help="Why, and how the member was told.")],
    objections_until: Annotated[
        str | None,
        typer.Option("--objections-until", metavar="TIME", help="Without it the ledger's delay and a day from now."),
    ] = None,
    key_until: Annotated[
        str | None, typer.Option("--key-until", metavar="TIME", help="When the new signing key ends, such as +365d.")
    ] = None,
    out: Out = None,
) -> None:
    """Give notice, as a governor, that new keys take the place of a member's unless it objects in time."""
    from contracts.parameters import count_of
    from nodes.files import read_bounded
    from nodes.recovery import Recovery

    recovery = Recovery.decode(read_bounded(file, _MAX_RECOVERY))
    with acting(session) as work:
        record = work.reader.record(recovery.member)
        usual = now_ms() + count_of(work.reader.rules.parameters, "recovery_delay") + _SLACK
        until = time_of(objections_until) or usual
        arguments = {**recovery.arguments(), "objections_until": until, "key_until": time_of(key_until)}
        session.screen.say(f"{record.fields['alias']} can object until {moment(until)}")
        govern(work, record, "propose_recovery", arguments, out, texts={"notice": notice})


def object_to_it(session: Session, *, reason: _Text = "") -> None:
    """Object to the recovery of my keys that the governors have proposed; an authority decides then."""
    with acting(session) as work:
        record = work.reader.record(work.desk.member)
        text = "objected to the recovery of the keys; nobody acts for the member until an authority decides"
        work.act(record, "object_recovery", {}, text, texts={"reason": reason})


def complete(session: Session, member: MemberWord, *, out: Out = None) -> None:
    """Let the new keys of a member begin, as a governor, when nobody has objected in time."""
    with acting(session) as work:
        govern(work, work.member(member), "complete_recovery", {}, out)


def cancel(session: Session, member: MemberWord, *, out: Out = None) -> None:
    """Take back the recovery of a member, as a governor; its old keys are as they were."""
    with acting(session) as work:
        govern(work, work.member(member), "cancel_recovery", {}, out)


def decide(
    session: Session,
    member: MemberWord,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="recover or dismiss.")],
    *,
    judgment: Annotated[str, typer.Option(metavar="TEXT", help="The judgment; its text goes to the parties.")],
) -> None:
    """Decide a disputed recovery, as an authority."""
    if outcome not in ("recover", "dismiss"):
        raise NoSuchOutcome("a recovery is decided by recover or dismiss", value=outcome)
    with acting(session) as work:
        record = work.member(member)
        text = f"decided the recovery of {record.fields['alias']}: {outcome}"
        work.act(record, "decide_recovery", {"outcome": outcome}, text, texts={"judgment": judgment})
