"""How a command is added, and what it works with.

A module of commands, named in `main.MODULES`, adds them to the app that it is given:

    def register(app: typer.Typer) -> None:
        command(app, accept, panel=ACTING)

    def accept(session: Session, record: Annotated[str, typer.Argument(help="…")]) -> None:
        \"\"\"Take control of what is offered to me.\"\"\"
        with session.desk() as desk:
            …
            session.screen.result({"record": …}, "…")

`command` gives it the options that all commands share (`--home`, `--json`, and `--passphrase-file` unless it
needs no keys; `--as` and `--out` for one that acts on records) and the `Session` made of them.
A command returns nothing, or an exit status of `exits.py`; it raises a `LadingError` for what is wrong, and
`main.py` prints it. It prints through `session.screen` alone: exactly one `result` under `--json`. What is heavy
(SQLAlchemy, pydantic, rich, yaml, lxml, and `nodes` modules that need them) is imported inside the command.
"""

from __future__ import annotations

import inspect
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_type_hints

import typer

from .output import Screen

if TYPE_CHECKING:
    from nodes.desk import Desk
    from nodes.home import Home
    from nodes.keyfile import FileKeyStore
    from nodes.reader import LedgerReader

__all__ = ["ACTING", "KEEPING", "MEMBERS", "READING", "Session", "command", "now_ms"]

ACTING: Final = "Acting on records"
READING: Final = "Reading and proving"
MEMBERS: Final = "Ledgers and members"
KEEPING: Final = "Keeping a node"

DEFAULT_HOME: Final = "lading-home"

_Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="LADING_HOME",
        metavar="FOLDER",
        help=f"The member's home; without it {DEFAULT_HOME} in this folder.",
        show_default=False,
    ),
]
_PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="A file with the passphrase; else LADING_PASSPHRASE, else a question at the terminal.",
        show_default=False,
    ),
]
_As = Annotated[
    str,
    typer.Option("--as", metavar="MEMBER", help="Act for this member, by a mandate of its own.", show_default=False),
]
_Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Where the act waits, if others have to sign it too: `lading sign FILE`.",
        show_default=False,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.", show_default=False)]


def now_ms() -> int:
    """The clock, in Unix milliseconds."""
    return time.time_ns() // 1_000_000


class Session:
    """One run of one command: its home, its keys when they are needed, and where it prints."""

    def __init__(self, home: Path | None, passphrase_file: Path | None = None, as_json: bool = False) -> None:
        self.folder = home or Path(DEFAULT_HOME)
        self.screen = Screen(as_json)
        self.represented = ""
        """The member for whom is acted, as it was named; empty for the home's own."""
        self.out: Path | None = None
        """Where an act waits for others' signatures."""
        self._passphrase_file = passphrase_file

    @cached_property
    def home(self) -> Home:
        """The home. Raises `HomeNotFound`."""
        from nodes.home import Home

        home = Home.open(self.folder)
        home.on_wait = self.screen.say
        return home

    def passphrase(self, *, new: bool = False) -> str:
        """The passphrase, from a file, the environment or the person. `new` asks twice."""
        from getpass import getpass

        from nodes.passphrase import obtain

        return obtain(
            file=self._passphrase_file,
            environ=os.environ,
            interactive=sys.stdin.isatty(),
            ask=lambda text: getpass(text, stream=sys.stderr),
            warn=self.screen.warn,
            new=new,
        )

    @property
    def passphrase_at_hand(self) -> bool:
        """Whether the passphrase can be had without asking a person."""
        from nodes.passphrase import ENVIRONMENT

        return self._passphrase_file is not None or ENVIRONMENT in os.environ

    @contextmanager
    def keys(self) -> Iterator[FileKeyStore]:
        """The home's keys, open; their secrets are overwritten at the end."""
        home = self.home  # what is wrong with it is said before more is imported
        from nodes.desk import NoKeys
        from nodes.keyfile import FileKeyStore

        if not home.has_keys:
            raise NoKeys(f"the home {self.folder} has no keys", value=str(self.folder))
        with FileKeyStore.open(home.keys_path, self.passphrase()) as keys:
            yield keys

    @contextmanager
    def desk(self, *, keys: bool = True) -> Iterator[Desk]:
        """The member's desk; without `keys` one that can only read what is not encrypted."""
        home = self.home
        from nodes.desk import Desk

        if not keys:
            yield Desk(home, None, clock=now_ms, random_bytes=os.urandom)
            return
        with self.keys() as opened:
            yield Desk(home, opened, clock=now_ms, random_bytes=os.urandom)

    @contextmanager
    def reading(self) -> Iterator[LedgerReader]:
        """The ledger of the home, for reading."""
        home = self.home
        from nodes.access import open_for_reading

        with open_for_reading(home) as reader:
            yield reader


def command(
    app: typer.Typer,
    function: Callable[..., int | None],
    *,
    name: str | None = None,
    panel: str,
    keys: bool = True,
    locked: bool = False,
    acts: bool = False,
    together: bool = True,
) -> None:
    """Add `function(session, …)` to `app` as a command; its docstring is the help, its parameters are the options.

    Its name is the function's with dashes, unless `name` is given. Without `keys` it takes no passphrase. One that
    is `locked` holds the lock of the home from before it opens the keys, since it changes them. One that `acts` may
    do so for another member, and, unless it is not done `together`, with others who sign in a file.
    """
    hints = get_type_hints(function, include_extras=True)
    own = list(inspect.signature(function).parameters.values())[1:]
    waits = acts and together
    shared: dict[str, tuple[Any, Any]] = {"represented": (_As, "")} if acts else {}
    shared |= {"out": (_Out, None)} if waits else {}
    shared |= {"home": (_Home, None), "passphrase_file": (_PassphraseFile, None), "as_json": (_Json, False)}
    if not keys:
        del shared["passphrase_file"]
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [parameter.replace(kind=kind, annotation=hints[parameter.name]) for parameter in own]
    parameters += [
        inspect.Parameter(key, kind, default=default, annotation=hint) for key, (hint, default) in shared.items()
    ]

    @wraps(function)
    def run(**values: Any) -> int | None:
        session = Session(values.pop("home"), values.pop("passphrase_file", None), values.pop("as_json"))
        session.represented, session.out = values.pop("represented", ""), values.pop("out", None) if waits else None
        if not locked:
            return function(session, **values)
        with session.home.lock(purpose=f"lading {function.__name__}"):
            return function(session, **values)

    del run.__wrapped__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app.command(name or function.__name__.replace("_", "-").strip("-"), rich_help_panel=panel)(run)
