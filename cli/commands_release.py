"""`lading release-code new`, `check` and `reveal`: a container is handed out against a code, without paper.

The code is drawn in the home of who is in control of a delivery order, and the order holds its hash. Nobody else has
the code until it is given to who picks the container up; at the gate it is revealed, and the order is used up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ledger.errors import UsageError

from .acting import acting
from .context import ACTING, Session, command
from .exits import DONE, REFUSED
from .output import short
from .parties import RecordWord

if TYPE_CHECKING:
    from ledger.record import Record

__all__ = ["NoCodeHere", "check", "new", "register", "reveal"]

_FIELD = "code_hash"
_Code = Annotated[
    str, typer.Argument(metavar="CODE", help="The release code as it was given, such as 7Q4M-H2XK-9DTR-WAB3-C5EB.")
]


class NoCodeHere(UsageError):
    """Records of this kind are not released against a code, or this one has no code yet."""

    code = "usage.no_code_here"
    hint = "release codes are those of delivery orders; the party to whom one is offered sets its code"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, new, panel=ACTING, acts=True)
    command(app, check, panel=ACTING, keys=False)
    command(app, reveal, panel=ACTING, acts=True)


def new(session: Session, record: RecordWord) -> None:
    """Accept a delivery order that is offered to me, with a new release code; or renew the code of one I hold."""
    import os

    from ledger.hashing import release_code_hash
    from nodes.release_code import new_code, shown_code

    code = new_code(os.urandom)
    shown = shown_code(code)
    with acting(session) as work:
        found = work.record(record)
        if _FIELD not in work.reader.rules.table(found.kind, found.version).fields:
            raise NoCodeHere(f"a {found.kind.replace('_', ' ')} has no release code", value=found.id)
        action = "renew_code" if found.pending is None else "accept"
        digest = release_code_hash(found.id, code)
        if work.out is not None:
            session.screen.say(f"the release code will be {shown}")
        text = f"the release code of {short(found.id)} is {shown}; give it only to who picks the container up"
        work.act(found, action, {_FIELD: digest}, text, code=shown, code_hash=digest.hex())


def check(session: Session, record: RecordWord, code: _Code) -> int:
    """Say whether a code is that of a delivery order, as it stands now; nothing is revealed and nothing is signed."""
    from ledger.hashing import release_code_hash
    from nodes.lookup import find_record
    from nodes.release_code import read_code

    plain = read_code(code)
    with session.reading() as reader:
        found = find_record(reader, record)
        opens = _hash_of(found) == release_code_hash(found.id, plain) and found.controller is not None
    value = {"record": found.id.hex(), "status": found.status, "opens": opens}
    state = f"the order is {found.status}" + (", and on hold" if found.hold is not None else "")
    session.screen.result(value, f"{'the code is right' if opens else 'the code is wrong'}; {state}")
    return DONE if opens else REFUSED


def reveal(
    session: Session,
    record: RecordWord,
    code: _Code,
    *,
    receipt: Annotated[
        str, typer.Option(metavar="TEXT", help="The gate's receipt; its text goes to the parties, not to the log.")
    ] = "",
) -> None:
    """Release the container, as the carrier or its depot, against the code that was given at the gate."""
    from nodes.release_code import read_code

    plain = read_code(code)
    with acting(session) as work:
        found = work.record(record)
        _hash_of(found)
        text = f"the container of {short(found.id)} is released; the order is used up"
        work.act(found, "pick_up", {"code": plain}, text, texts={"receipt": receipt})


def _hash_of(record: Record) -> bytes:
    held = record.fields.get(_FIELD)
    if held is None:
        raise NoCodeHere(f"this {record.kind.replace('_', ' ')} has no release code", value=record.id)
    return bytes(held)
