"""The command `lading`: finds the command, runs it, and turns errors into messages and exit statuses.

    lading COMMAND …          `lading --help` lists them
    lading verify FILE …      goes to `cli.verify` at once, without importing the rest
    LADING_DEBUG=1            shows the traceback of a fault of lading itself

A module of commands stands in `MODULES`, and adds its commands as `context.py` says. `cli.verify` has a
`main(arguments) -> int` of its own, made with argparse; the app lists it for `--help` alone. `main(arguments)` can be
called in a process again and again: it returns the exit status, and keeps nothing between two calls.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ledger.errors import LadingError
from ledger.errors import UsageError as LadingUsageError

from . import exits
from .output import print_error

if TYPE_CHECKING:
    import typer

__all__ = ["MODULES", "BadCommandLine", "InternalFault", "NotInstalled", "NotText", "main", "make_app", "run"]

MODULES: Final[tuple[tuple[str, str], ...]] = (
    ("cli.commands_init", ""),
    ("cli.commands_join", "member"),
    ("cli.commands_member", "member"),
    ("cli.commands_govern", "member"),
    ("cli.commands_recover", "member"),
    ("cli.commands_keys", "member"),
    ("cli.commands_mandate", "mandate"),
    ("cli.commands_group", "group"),
    ("cli.commands_issue", ""),
    ("cli.commands_offer", ""),
    ("cli.commands_answer", ""),
    ("cli.commands_pledge", ""),
    ("cli.commands_replace", ""),
    ("cli.commands_paper", ""),
    ("cli.commands_hold", ""),
    ("cli.commands_act", ""),
    ("cli.commands_release", "release-code"),
    ("cli.read_show", ""),
    ("cli.read_list", ""),
    ("cli.read_trace", ""),
    ("cli.read_difference", ""),
    ("cli.read_prove", ""),
    ("cli.read_policy", "policy"),
    ("cli.read_rules", "rules"),
    ("cli.read_rulebook", "rules"),
    ("cli.commands_rules", "rules"),
    ("cli.rules_check", "rules"),
    ("cli.govern", "govern"),
    ("cli.commands_cosign", ""),
    ("cli.commands_log", "log"),
    ("cli.read_audit", ""),
    ("cli.commands_evidence", ""),
    ("cli.read_keep", ""),
    ("cli.serve", ""),
    ("cli.bench", ""),
    ("cli.demo", ""),
)
"""The modules of commands and the group of each ("" for none), in the order in which `--help` shows them."""

_GROUPS: Final = {
    "member": ("Make, join and change members of a ledger.", "Ledgers and members"),
    "mandate": ("Say who may act for whom.", "Ledgers and members"),
    "group": ("Make several members one party, in joint control.", "Ledgers and members"),
    "policy": ("Look at policies: whose signatures count.", "Reading and proving"),
    "log": ("Publish the log of a ledger.", "Keeping a node"),
    "release-code": ("Release containers against a code.", "Acting on records"),
    "rules": ("Read the rules by which a ledger moves records, and vote on them.", "Reading and proving"),
    "govern": ("Parameters, governors and policy of a ledger, and votes on them.", "Ledgers and members"),
}
"""Groups of commands: what `--help` says of each, and its panel."""

_ABOUT: Final = (
    "The ledger for electronic bills of lading: issue, transfer, trace, and verify offline.\n\n"
    "Data goes to stdout, messages to stderr. Exit status: 0 done or VALID, 1 INVALID or refused by the rules, "
    "2 wrong usage, 3 UNKNOWN, 4 the ledger is damaged."
)


class BadCommandLine(LadingUsageError):
    """The command line names a command or an option that there is not, or lacks one."""

    code = "usage.command_line"
    hint = "`lading --help` lists the commands, `lading COMMAND --help` the options of one"


class NotText(LadingUsageError):
    """A word of the command line is not UTF-8 text."""

    code = "usage.not_text"
    hint = "write it in UTF-8; a file whose name is not UTF-8 has to be renamed"


class NotInstalled(LadingUsageError):
    """A library that this command needs is not installed: the base alone verifies."""

    code = "usage.not_installed"
    hint = "from a checkout: `pip install '.[node]'`, which brings the libraries; `lading-verify` works without them"


class InternalFault(LadingError):
    """A fault of lading itself."""

    code = "internal.fault"
    hint = "set LADING_DEBUG=1 to see where it happened, and report it; what was acknowledged is on disk"


def make_app() -> typer.Typer:
    """The app with every command of `MODULES`."""
    import typer

    apps = {"": typer.Typer(name="lading", help=_ABOUT, rich_markup_mode="rich", pretty_exceptions_enable=False)}
    for module, group in MODULES:
        if group not in apps:
            about, panel = _GROUPS[group]
            apps[group] = typer.Typer(name=group, help=about, rich_markup_mode="rich", add_completion=False)
            apps[""].add_typer(apps[group], rich_help_panel=panel)
        import_module(module).register(apps[group])
    apps[""].command("verify", rich_help_panel="Reading and proving")(_listed_alone)
    return apps[""]


def _listed_alone() -> None:
    """Verify a bundle offline, under a policy: two verdicts, step by step. `lading verify --help` has its options."""
    raise NotImplementedError("`_dispatch` hands this command to `cli.verify`")


def __getattr__(name: str) -> typer.Typer:
    """`app`, made when it is asked for first: generators of documents read it."""
    if name == "app":
        return _app()
    raise AttributeError(name)


@cache
def _app() -> typer.Typer:
    return make_app()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, and return its exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in arguments
    if not arguments or arguments in ([group] for group in _GROUPS):
        arguments.append("--help")
    try:
        return _dispatch(arguments)
    except LadingError as error:
        print_error(error, as_json=as_json)
        return exits.exit_status(error)
    except SystemExit as end:  # argparse, and typer in a closed pipe
        return end.code if isinstance(end.code, int) else exits.USAGE if end.code else exits.DONE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return exits.BROKEN_PIPE
    except Exception as fault:  # noqa: BLE001 - whatever it is, a person gets a message
        return _internal(fault, as_json)


def _dispatch(arguments: list[str]) -> int:
    for word in arguments:
        if any("\ud800" <= mark <= "\udfff" for mark in word):
            raise NotText("a word of the command line is not UTF-8", value=ascii(word))
    if arguments[:1] == ["verify"]:
        from .verify import main as verify

        return verify(arguments[1:])
    try:
        import typer
    except ModuleNotFoundError as missing:
        raise NotInstalled(f"the library {missing.name} is not installed", value=missing.name) from None
    from typer.main import get_command

    try:
        status = get_command(_app()).main(args=arguments, prog_name="lading", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.TyperException as wrong:
        raise _usage(wrong) from None
    return status if isinstance(status, int) else exits.DONE


def _usage(wrong: typer.TyperException) -> LadingError:
    """A message of typer as an error of ours, with the command whose help is of use."""
    path = getattr(getattr(wrong, "ctx", None), "command_path", "lading")
    message = wrong.format_message().rstrip(".")
    return BadCommandLine(message[:1].lower() + message[1:], hint=f"`{path} --help` shows what the command takes")


def _internal(fault: Exception, as_json: bool) -> int:
    if os.environ.get("LADING_DEBUG"):
        import traceback

        traceback.print_exc()
    error = InternalFault(f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__)
    print_error(error, as_json=as_json)
    return exits.INTERNAL


def _forget_stdout() -> None:
    """Let what is still buffered go nowhere, so that Python does not complain at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def run() -> None:
    """The console script."""
    sys.exit(main())
