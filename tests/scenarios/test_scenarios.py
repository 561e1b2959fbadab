"""Plays every text of this folder; `support/scenario.py` says how one is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.scenario import PASSPHRASE, Command, ScenarioFailed, matches, parse, play

from nodes.keyfile import Cost

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
SCENARIOS = sorted(path.stem for path in FOLDER.glob("*.txt"))


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("LADING_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    cheap = Cost(1, 8 * 1024)  # what a passphrase costs is tested elsewhere, and would be half of the time here
    monkeypatch.setattr("nodes.keyfile.EVERYDAY", cheap)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The folder that another scenario leaves behind, played once and copied."""
    folders: dict[str, Path] = {}

    def copy(name, folder):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp(name)
            run(name, folders[name], copy)
        shutil.copytree(folders[name], folder, dirs_exist_ok=True)

    return copy


def run(name, folder, made):
    directives, commands = parse((FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
    shutil.copytree(ROOT / "nodes" / "demo" / "samples", folder / "documents", dirs_exist_ok=True)
    shutil.copytree(ROOT / "tests" / "tables", folder / "tables", dirs_exist_ok=True)
    for directive in directives:
        if directive != "processes":
            made(directive, folder)
    play(commands, folder, processes="processes" in directives)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name, tmp_path, made):
    run(name, tmp_path, made)


def test_every_scenario_says_what_it_shows():
    assert SCENARIOS
    silent = [name for name in SCENARIOS if not (FOLDER / f"{name}.txt").read_text(encoding="utf-8").startswith("# ")]
    assert silent == []


def test_a_scenario_is_directives_and_commands():
    text = "# Title\n@ six-members\n\n$ lading a\nout *\n\n[exit 2]\n# between\n$ ls | wc\n"
    directives, commands = parse(text)
    assert directives == ["six-members"]
    assert commands == [Command(4, "lading a", ["out *"], 2), Command(9, "ls | wc")]


@pytest.mark.parametrize(
    ("expected", "lines", "same"),
    [
        (["a"], ["a"], True),
        (["a"], ["a", "b"], False),
        (["a", "b"], ["a"], False),
        (["a * c"], ["a b c"], True),
        (["a.c"], ["abc"], False),
        (["…"], [], True),
        (["…", "b"], ["a", "a", "b"], True),
        (["…", "b"], ["a", "c"], False),
        (["a", "…"], ["a", "b"], True),
    ],
)
def test_what_is_printed_is_compared_line_by_line(expected, lines, same):
    assert matches(expected, lines) is same


@pytest.mark.parametrize("text", ["$ true\n[exit 1]", "$ echo a\nb", "$ lading nothing", "$ lading --help\nb"])
def test_a_command_that_does_something_else_fails(text, tmp_path):
    with pytest.raises(ScenarioFailed, match=r"line 1: \$ "):
        play(parse(text)[1], tmp_path)
