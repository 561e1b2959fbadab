"""Writes the generated documents: the references of errors, commands and rules.

    python tools/make_docs.py           writes them
    python tools/make_docs.py --check   writes nothing; fails if one is not what it should be

A document is a line in `DOCUMENTS`: its path, and the function that gives its text (or None while
there is nothing to write about).
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import docs_reliability
import docs_rules

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ledger", "contracts", "nodes", "api", "cli")
NOTE = "<!-- Written by `make docs`; do not edit. -->\n\n"


def import_all() -> None:
    """Imports every module of the five packages, so that every error class is known."""
    for package in PACKAGES:
        folder = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(folder, package + "."):
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)


def first_line(cls: type) -> str:
    """The first line of the docstring of `cls`."""
    return (inspect.getdoc(cls) or "").partition("\n")[0].strip()


def cell(text: str) -> str:
    """`text` as one cell of a Markdown table, where only what stands in backquotes is markup."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()).replace("|", "\\|"))
    return "".join(part if part[:1] == "`" else re.sub(r"([<*])", r"\\\1", part) for part in parts)


# --- Errors ---------------------------------------------------------------------------------------


def ours_with_code() -> list[type]:
    """Every error class of the five packages that has a code of its own, in the order of codes."""
    import_all()
    classes = [
        cls
        for cls in importlib.import_module("ledger.errors").all_error_classes()
        if "code" in vars(cls) and cls.__module__.partition(".")[0] in PACKAGES
    ]
    return sorted(classes, key=lambda cls: (cls.code, cls.__module__))


def errors_document() -> str:
    """`docs/errors.md`."""
    errors = importlib.import_module("ledger.errors")
    lines = [
        "# Errors",
        "",
        "Every error has a code that never changes; programs compare the code, never the message.",
        "With it come the offending value and a hint. The errors are grouped by who is at fault.",
        "",
    ]
    classes = ours_with_code()
    for base in errors.LadingError.__subclasses__():
        group = [cls for cls in classes if issubclass(cls, base)]
        if base.__module__ != errors.__name__ or not group:
            continue
        lines += [f"## {base.__name__}", "", first_line(base), ""]
        lines += ["| code | what is wrong | what to do | module |", "|---|---|---|---|"]
        lines += [
            f"| `{cls.code}` | {cell(first_line(cls))} | {cell(str(cls.hint))} | `{cls.__module__}` |" for cls in group
        ]
        lines.append("")
    lines += guard_sections(classes, errors)
    return NOTE + "\n".join(lines)


def guard_sections(classes: list[type], errors: Any) -> list[str]:
    """The refusals by a guard of a rule table, whose codes are the guards' names, and faults of lading itself."""
    importlib.import_module("contracts.rules")
    guards = importlib.import_module("contracts.vocabulary").GUARDS
    lines = ["## Refusals by a rule", ""]
    lines += ["A guard of a rule table does not hold (`RuleRefused`); the message names the table, the action and the"]
    lines += ["guard. The function of that name is in `contracts/guards.py`, its test in"]
    lines += ["`tests/unit/test_contracts_guards.py`.", ""]
    lines += ["| code | what must hold | what to do |", "|---|---|---|"]
    lines += [
        f"| `rule.{name.partition('@')[0]}` | {cell(word.text)} | {cell(word.hint)} |"
        for name, word in sorted(guards.items())
    ]
    own = [cls for cls in classes if cls.__bases__ == (errors.LadingError,)]
    lines += [
        "",
        "## Faults of lading itself",
        "",
        "| code | what is wrong | what to do | module |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{c.code}` | {cell(first_line(c))} | {cell(str(c.hint))} | `{c.__module__}` |" for c in own]
    return [*lines, ""]


# --- Commands -------------------------------------------------------------------------------------


def load(module: str, name: str) -> Any:
    """What `name` is in `module`, or None where either is absent."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as exc:
        if exc.name != module:
            raise
        return None
    return getattr(found, name, None)


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Every visible command of `lading`: its full name, the command, and its context."""
    app = load("cli.main", "app")
    if app is None:
        return
    from typer.main import get_command

    def walk(name: str, command: Any, parent: Any) -> Iterator[tuple[str, Any, Any]]:
        context = command.context_class(command, info_name=name, parent=parent)
        yield context.command_path, command, context
        for sub in getattr(command, "commands", {}).values():
            if not sub.hidden:
                yield from walk(sub.name, sub, context)

    yield from walk("lading", get_command(app), None)


def command_section(path: str, command: Any, context: Any) -> list[str]:
    """The part of `docs/cli.md` about one command."""
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    text = inspect.cleandoc(command.help or "").replace("\b\n", "").replace("\f", "")
    lines = [f"{'#' * min(2 + path.count(' '), 4)} {path}", "", text, "", "```", usage, "```", ""]
    for title, kind in (("Arguments", "argument"), ("Options", "option")):
        records = [
            param.get_help_record(context)
            for param in command.get_params(context)
            if param.param_type_name == kind and "--help" not in param.opts
        ]
        rows = [f"| `{name}` | {cell(about)} |" for name, about in filter(None, records)]
        if rows:
            lines += [f"| {title} | |", "|---|---|", *rows, ""]
    subs = [sub for sub in getattr(command, "commands", {}).values() if not sub.hidden]
    if subs:
        lines += ["| Commands | |", "|---|---|"]
        lines += [
            f"| [`{path} {sub.name}`](#{anchor(f'{path} {sub.name}')}) | {cell(sub.get_short_help_str(limit=120))} |"
            for sub in subs
        ]
        lines.append("")
    return lines


def anchor(heading: str) -> str:
    """The name under which a page of Markdown links to `heading`."""
    kept = (char for char in heading.lower() if char.isalnum() or char in " -_")
    return "".join(kept).replace(" ", "-")


def verify_section() -> list[str]:
    """The part of `docs/cli.md` about `lading-verify`, whose parser is argparse's."""
    parser = load("cli.verify", "parser")
    if parser is None:
        return []
    made = parser()
    made.prog = "lading-verify"
    usage = " ".join(made.format_usage().split()).removeprefix("usage: ")
    lines = ["## lading-verify", "", cell(made.description or ""), "", "```", usage, "```", ""]
    lines += ["| Arguments and options | |", "|---|---|"]
    for action in made._actions:
        if "--help" not in action.option_strings:
            name = ", ".join(action.option_strings) or action.metavar or action.dest
            lines.append(f"| `{name}` | {cell(action.help or '')} |")
    return [*lines, ""]


def cli_document() -> str | None:
    """`docs/cli.md`, or None while there is no command line."""
    lines = [line for found in commands() for line in command_section(*found)]
    if not lines:
        return None
    lines += verify_section()
    return NOTE + "# Commands\n\n" + "\n".join(lines)


# --- Writing and checking -------------------------------------------------------------------------

DOCUMENTS: dict[str, Callable[[], str | None]] = {
    "docs/cli.md": cli_document,
    "docs/errors.md": errors_document,
    "docs/reliability.md": docs_reliability.document,
    **docs_rules.documents(),
}


def stale(path: str, text: str, root: Path = ROOT) -> list[str]:
    """The lines in which the file at `path` differs from `text`; none if it is up to date."""
    file = root / path
    old = file.read_text(encoding="utf-8") if file.exists() else ""
    return list(difflib.unified_diff(old.splitlines(), text.splitlines(), path, "make docs", n=0, lineterm=""))


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the documents, or with `--check` says which are out of date."""
    parser = argparse.ArgumentParser(description="Write the generated documents.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if one is stale")
    check = parser.parse_args(arguments).check
    status = 0
    for path, make in DOCUMENTS.items():
        text = make()
        if text is None:
            continue
        text = text.rstrip("\n") + "\n"
        differences = stale(path, text)
        if not check and differences:
            (ROOT / path).write_text(text, encoding="utf-8")
            print(f"wrote {path}")
        elif differences:
            status = 1
            print("\n".join(differences[:20]))
            print(f"error: {path} is out of date\nhint: run `make docs` and commit what it writes")
    return status


if __name__ == "__main__":
    sys.exit(main())
