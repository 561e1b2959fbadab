"""`lading serve`: answers other members' systems, and commits what they submit.

    {"event": "listening", "url": "http://127.0.0.1:8720", "pid": 48213, "ledger": "9f86…", "size": 31, "signs": true}

That line stands on stdout under `--json`, once requests are answered; a person gets a sentence. What happens then
goes to stderr.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from .context import KEEPING, Session, command, now_ms

if TYPE_CHECKING:
    from nodes.keystore import KeyStore

__all__ = ["DEFAULT_HOST", "DEFAULT_PORT", "register", "serve"]

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8720
_EXPOSED: Final = (
    "{url} can be reached from other machines. Everybody there can read the checkpoint and where the ledger stands, "
    "and have bundles verified; entries, records and proofs go only to requests that a member has signed. Nothing is "
    "encrypted on the way: let a proxy with TLS stand before it (docs/api.md)"
)
_UNSIGNED: Final = (
    "no passphrase was given: checkpoints are not signed, so nothing new can be proved until the operator signs "
    "(give --passphrase-file FILE or LADING_PASSPHRASE)"
)

_Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; other machines only if asked.")]
_Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")]
_Unsigned = Annotated[
    bool, typer.Option("--unsigned", help="Sign no checkpoints, and ask for no passphrase.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, serve, panel=KEEPING)


def serve(
    session: Session, host: _Host = DEFAULT_HOST, port: _Port = DEFAULT_PORT, unsigned: _Unsigned = False
) -> None:
    """Answer requests over HTTP, and commit what members submit, until Ctrl-C or SIGTERM.

    It runs in the operator's home and holds the ledger's lock: other commands on this machine that would write wait
    in vain meanwhile, and are told who holds it. With the passphrase it signs a checkpoint after commits.
    """
    from api.app import make_app
    from api.node import Node
    from api.server import address_of, bind, is_loopback, run

    _log_to_stderr()
    home = session.home
    with _keys(session, unsigned) as keys, closing(bind(host, port)) as listener:
        url = address_of(listener)
        with Node.open(home, keys, clock=now_ms, purpose=f"lading serve at {url}") as node:
            if not is_loopback(listener):
                session.screen.warn(_EXPOSED.format(url=url))
            if keys is None:
                session.screen.warn(_UNSIGNED)
            facts = {"event": "listening", "url": url, "pid": os.getpid(), **_shown(node.status())}
            run(make_app(node, now_ms), listener, ready=lambda: _announce(session, facts))
        session.screen.say("stopped; everything that was acknowledged is on disk")


@contextmanager
def _keys(session: Session, unsigned: bool) -> Iterator[KeyStore | None]:
    """The operator's keys, if a passphrase is given."""
    from nodes.passphrase import NoPassphrase

    with ExitStack() as stack:
        keys = None
        if session.home.has_keys and not unsigned:
            with suppress(NoPassphrase):
                keys = stack.enter_context(session.keys())
        yield keys


def _shown(status: dict[str, Any]) -> dict[str, Any]:
    return {name: status[name] for name in ("ledger", "height", "size", "signs")}


def _announce(session: Session, facts: dict[str, Any]) -> None:
    """Say on stdout, in one line, that requests are answered from now on."""
    if session.screen.json:
        print(json.dumps(facts), flush=True)
    else:
        print(f"listening on {facts['url']} (Ctrl-C ends it)", flush=True)


def _log_to_stderr() -> None:
    """What happens is told on stderr; requests by method, path and status, without headers and bodies."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name, level in (("lading", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.handlers[:] = [handler]
        logger.propagate = False
    logging.getLogger("uvicorn.access").setLevel(logging.INFO)
