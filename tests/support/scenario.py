"""Scenarios: texts of real commands with what they print and their exit status, run as tests.

    # A word of explanation.
    @ six-members                                  begin with the homes that scenario `six-members` has made
    $ lading accept B-1 --home shipper             a command of lading, run in this process
    accepted *, which is in my control now         what it prints, stdout and stderr as they come
      record: bill_of_lading *, held, sequence 2
    …                                              any lines, or none
    [exit 1]                                       its exit status, unless that is 0
    $ head -c 5000 /dev/urandom > noise            anything else goes to the shell
    > +8d                                          so much time passes: seconds, minutes, hours or days

In a line `*` stands for any text. A command without lines below it may print what it likes. `NAME=value lading …`
sets a variable for one command. Each scenario runs in a folder of its own, with LADING_PASSPHRASE set; with
`@ processes` every command is a process of its own, as a user's is.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from cli.main import main

__all__ = ["PASSPHRASE", "Command", "ScenarioFailed", "matches", "parse", "play", "shown"]

PASSPHRASE = "five dull words make it"
ANY_LINES = "…"
_EXIT = re.compile(r"\[exit (\d+)\]")
_SETTING = re.compile(r"[A-Z_]+=")


class ScenarioFailed(AssertionError):
    """A command did not do what the scenario says."""


@dataclass
class Command:
    """A command of a scenario, what it must print, and its exit status."""

    number: int
    line: str
    expected: list[str] = field(default_factory=list)
    status: int = 0


def parse(text: str) -> tuple[list[str], list[Command]]:
    """The directives and the commands of a scenario."""
    directives: list[str] = []
    commands: list[Command] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("$ "):
            commands.append(Command(number, line[2:]))
        elif line.startswith("> "):
            commands.append(Command(number, line.rstrip()))
        elif line.startswith("@ "):
            directives.append(line[2:].strip())
        elif found := _EXIT.fullmatch(line):
            commands[-1].status = int(found[1])
        elif line.strip() and not line.startswith("#"):
            commands[-1].expected.append(line.rstrip())
    return directives, commands


def play(commands: Iterable[Command], folder: Path, *, processes: bool = False) -> None:
    """Run the commands in `folder`. Raises `ScenarioFailed` with the first that does something else."""
    clock = _Clock()
    with patch("cli.context.time", clock):
        _play(commands, folder, processes, clock)


class _Clock:
    """The clock of the commands, which scenarios put forward."""

    def __init__(self) -> None:
        self.ahead = 0

    def time_ns(self) -> int:
        return time.time_ns() + self.ahead

    def pass_by(self, span: str) -> None:
        """Let time pass, such as +8d."""
        self.ahead += int(span[1:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[span[-1]] * 10**9


def _play(commands: Iterable[Command], folder: Path, processes: bool, clock: _Clock) -> None:
    for command in commands:
        if command.line.startswith("> "):
            clock.pass_by(command.line[2:])
            continue
        status, output = _run(command.line, folder, processes)
        lines = [line.rstrip() for line in output.splitlines()]
        if status != command.status or (command.expected and not matches(command.expected, lines)):
            raise ScenarioFailed(shown(command, status, lines))


def matches(expected: list[str], lines: list[str]) -> bool:
    """Whether what was printed is what was expected."""
    if not expected:
        return not lines
    if expected[0] == ANY_LINES:
        return any(matches(expected[1:], lines[at:]) for at in range(len(lines) + 1))
    if not lines:
        return False
    pattern = ".*".join(re.escape(part) for part in expected[0].split("*"))
    return re.fullmatch(pattern, lines[0]) is not None and matches(expected[1:], lines[1:])


def shown(command: Command, status: int, lines: list[str]) -> str:
    """What went wrong, for the report of the test."""
    wanted = "\n".join(["", *command.expected, f"[exit {command.status}]"]).replace("\n", "\n    ")
    got = "\n".join(["", *lines, f"[exit {status}]"]).replace("\n", "\n    ")
    return f"line {command.number}: $ {command.line}\n  expected:{wanted}\n  got:{got}"


def _run(line: str, folder: Path, processes: bool) -> tuple[int, str]:
    words = shlex.split(line)
    settings = {}
    while words and _SETTING.match(words[0]):
        name, _, settings[name] = words.pop(0).partition("=")
    if words[:1] == ["lading"] and not processes and not {"|", ">", "<", "&&"} & set(words):
        return _in_process(lambda: main(words[1:]), folder, settings)
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def _in_process(run: Callable[[], int], folder: Path, settings: dict[str, str]) -> tuple[int, str]:
    """Run a command here as it would run there: its folder, its variables, no terminal."""
    screen, before = io.StringIO(), dict(os.environ)
    with contextlib.chdir(folder), contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        os.environ.update(settings)
        stdin, sys.stdin = sys.stdin, io.StringIO()
        try:
            status = run()
        finally:
            sys.stdin = stdin
            os.environ.clear()
            os.environ.update(before)
    return status, screen.getvalue()
