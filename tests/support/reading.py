"""Commands run in the homes of a `Town`, whose keys are in memory.

run = Commands(town, monkeypatch, capsys)
status, out, err = run("bank", "show", "B-1")
value = run.json("bank", "list", "--mine")
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.town import Town

from cli import exits
from cli.context import Session
from cli.main import main
from nodes.home import Home
from nodes.keystore import MemoryKeyStore

__all__ = ["Commands"]


class Commands:
    """Runs `lading` in a member's home; `locked` homes are those whose passphrase is not at hand."""

    def __init__(self, town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.town = town
        self.locked: set[str] = set()
        self._capsys = capsys

        @contextmanager
        def keys(session: Session) -> Iterator[MemoryKeyStore]:
            yield town.keys[session.home.folder.name]

        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setattr(Session, "keys", keys)
        monkeypatch.setattr(Session, "passphrase_at_hand", property(lambda s: s.home.folder.name not in self.locked))
        monkeypatch.setattr(Home, "has_keys", property(lambda home: home.folder.name in town.keys))
        monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)

    def __call__(self, who: str, *arguments: str) -> tuple[int, str, str]:
        """Exit status, stdout, stderr."""
        status = main([*arguments, "--home", str(self.town.folder / who)])
        out, err = self._capsys.readouterr()
        return status, out, err

    def text(self, who: str, *arguments: str) -> str:
        """What a command prints that must be done."""
        status, out, err = self(who, *arguments)
        assert status == exits.DONE, err
        return out

    def json(self, who: str, *arguments: str, status: int = exits.DONE) -> Any:
        """What a command prints under `--json`."""
        found, out, err = self(who, *arguments, "--json")
        assert found == status, err
        return json.loads(out)
