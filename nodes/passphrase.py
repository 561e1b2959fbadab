"""Where a passphrase comes from: a file, the environment, or the person at the terminal.

The first of these that is there is taken:

1. the file named on the command line (`--passphrase-file FILE`); one newline at its end is not part
   of the passphrase;
2. the environment variable `LADING_PASSPHRASE`;
3. a question, if standard input is a terminal.

It is never an argument of a command, which every user of the machine could read in the list of
processes. What a passphrase protects, and what to do when it is lost: docs/keys.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ledger.errors import UsageError

from .files import read_bounded

__all__ = [
    "ENVIRONMENT",
    "SHORT",
    "BadPassphrase",
    "NoPassphrase",
    "PassphraseMismatch",
    "obtain",
]

ENVIRONMENT: Final = "LADING_PASSPHRASE"
"""The environment variable that may hold the passphrase."""
SHORT: Final = 12
"""A new passphrase of fewer characters than this is accepted with a warning."""
_LIMIT: Final = 4096


class NoPassphrase(UsageError):
    """A passphrase is needed, and there is none, and nobody to ask."""

    code = "key.no_passphrase"
    hint = f"give --passphrase-file FILE, set {ENVIRONMENT}, or run the command in a terminal"


class BadPassphrase(UsageError):
    """The passphrase is empty, or not text."""

    code = "key.bad_passphrase"
    hint = "a passphrase is UTF-8 text of at least one character; take five random words or more"


class PassphraseMismatch(UsageError):
    """The new passphrase was not typed the same twice."""

    code = "key.passphrase_mismatch"
    hint = "run the command again, and type the same passphrase twice"


def obtain(
    *,
    file: Path | None,
    environ: Mapping[str, str],
    interactive: bool,
    ask: Callable[[str], str],
    warn: Callable[[str], None],
    new: bool = False,
    hint: str | None = None,
) -> str:
    """The passphrase, from the first place that has one.

    `interactive` says whether standard input is a terminal; `ask` shows its argument and returns
    what is typed, without echo (`getpass.getpass`). With `new` a typed one is asked for twice, and
    a short one gives a warning; `hint` says where else it can come from. Raises `NoPassphrase`,
    `BadPassphrase`, `PassphraseMismatch`, or what `read_bounded` raises.
    """
    if file is not None:
        passphrase = _from_file(file, warn)
    elif ENVIRONMENT in environ:
        passphrase = environ[ENVIRONMENT]
    elif interactive:
        passphrase = _asked(ask, new)
    else:
        what = "new passphrase" if new else "passphrase"
        raise NoPassphrase(f"no {what} was given, and there is no terminal to ask at", hint=hint)
    _check(passphrase)
    if new and len(passphrase) < SHORT:
        warn(f"the passphrase has fewer than {SHORT} characters; a thief of the file may guess it")
    return passphrase


def _from_file(path: Path, warn: Callable[[str], None]) -> str:
    data = read_bounded(path, _LIMIT)
    if os.name != "nt" and path.stat().st_mode & 0o077:
        warn(f"other users of this machine can read {path}; `chmod 600` mends it")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadPassphrase(f"{path} is not UTF-8 text", value=str(path)) from None
    return text.removesuffix("\n").removesuffix("\r")


def _asked(ask: Callable[[str], str], new: bool) -> str:
    if not new:
        return ask("Passphrase: ")
    first = ask("New passphrase: ")
    if ask("The same again: ") != first:
        raise PassphraseMismatch("the two passphrases differ")
    return first


def _check(passphrase: str) -> None:
    if not passphrase:
        raise BadPassphrase("the passphrase is empty")
    try:
        passphrase.encode("utf-8")
    except UnicodeEncodeError:
        raise BadPassphrase("the passphrase is not valid UTF-8 text") from None
