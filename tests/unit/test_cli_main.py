"""The command `lading`: which command runs, how errors look, what a start costs, what a call leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from cli import exits
from cli import main as cli_main
from cli.main import main
from contracts.refusals import Expired
from ledger.store.port import StoreBusy, StoreDamaged

COMMANDS = ("init", "member", "issue", "offer", "accept", "reject", "recall", "endorse", "surrender", "release")
ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("sqlalchemy", "pydantic", "rich", "yaml", "lxml", "typer", "fastapi", "nodes.desk")


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def fails(monkeypatch):
    """Make `lading member list` end with an exception."""

    def fails(error):
        def reading(self):
            raise error

        monkeypatch.setattr("cli.context.Session.reading", reading)

    return fails


def test_help_lists_the_commands_and_goes_to_stdout(capsys):
    for arguments in (["--help"], []):
        assert main(arguments) == 0
        out, err = capsys.readouterr()
        assert err == ""
        for name in (*COMMANDS, "act", "send", "inbox", "cosign"):
            assert f" {name} " in out, name


def test_a_group_alone_shows_its_help(capsys):
    assert main(["member"]) == 0
    out = capsys.readouterr().out
    for name in ("create", "join", "list", "show", "enrol", "approve", "suspend", "reinstate", "rotate-key"):
        assert f" {name} " in out, name


def test_every_command_has_help_and_the_options_that_all_share(capsys):
    from typer.main import get_command

    def walk(command, path):
        for name, sub in getattr(command, "commands", {}).items():
            yield from walk(sub, [*path, name])
        if not hasattr(command, "commands"):
            yield path, command

    for path, command in walk(get_command(cli_main.app), []):
        assert command.help, path
        options = {option for parameter in command.params for option in parameter.opts}
        if path[0] not in ("verify", "demo", "bench"):
            assert {"--home", "--json"} <= options, path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wave"], "no such command 'wave'"),
        (["accept"], "missing argument 'RECORD'"),
        (["accept", "B-1", "more"], "got unexpected extra argument(s) (more)"),
        (["accept", "B-1", "--colour"], "no such option: --colour"),
        (["offer", "B-1"], "missing option '--to'"),
        (["accept", "B-1", "--at-sequence", "x"], "invalid value for '--at-sequence': Input should be a valid integer"),
    ],
)
def test_a_wrong_command_line_is_an_error_like_any_other(arguments, message, capsys):
    assert main(arguments) == exits.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith(f"error[usage.command_line]: {message}")
    assert lines[1].startswith("  hint: `lading")
    assert len(lines) == 2


def test_a_word_that_is_no_text_is_refused(capsys):
    assert main(["accept", "\udcff\udc00"]) == exits.USAGE
    assert "error[usage.not_text]" in capsys.readouterr().err


def test_an_error_has_code_value_and_hint(capsys, tmp_path):
    assert main(["member", "list", "--home", str(tmp_path / "none")]) == exits.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"error[home.not_found]: there is no home in {tmp_path / 'none'}\n"
        f"  value: {tmp_path / 'none'}\n"
        "  hint: give the folder with --home, or make a home with `lading init` or `lading member create`\n"
    )


def test_under_json_an_error_is_an_object_on_stderr(capsys, tmp_path):
    assert main(["member", "list", "--json", "--home", str(tmp_path)]) == exits.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert list(json.loads(err)["error"]) == ["code", "message", "value", "hint"]
    assert json.loads(err)["error"]["code"] == "home.not_found"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Expired("late"), 1, "transaction.expired"),
        (StoreBusy("busy"), 3, "store.busy"),
        (StoreDamaged("damaged"), 4, "store.damaged"),
        (ZeroDivisionError("division"), 70, "internal.fault"),
        (KeyError(), 70, "internal.fault"),
    ],
)
def test_an_exception_becomes_an_exit_status(fails, capsys, error, status, code):
    fails(error)
    assert main(["member", "list"]) == status
    err = capsys.readouterr().err
    assert err.startswith(f"error[{code}]: ")
    assert "Traceback" not in err


def test_the_traceback_of_a_fault_is_shown_on_demand(fails, capsys, monkeypatch):
    monkeypatch.setenv("LADING_DEBUG", "1")
    fails(ZeroDivisionError("division"))
    assert main(["member", "list"]) == exits.INTERNAL
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.splitlines()[-2] == "error[internal.fault]: ZeroDivisionError: division"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_ctrl_c_ends_with_130(fails, error):
    fails(error)
    assert main(["member", "list"]) == 130


def test_a_closed_pipe_is_no_fault(fails, capsys, monkeypatch):
    monkeypatch.setattr("cli.main._forget_stdout", lambda: None)
    fails(BrokenPipeError())
    assert main(["member", "list"]) in (exits.BROKEN_PIPE, 1)
    assert capsys.readouterr().err == ""


def test_a_call_leaves_nothing_behind(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("LADING_HOME", str(tmp_path / "first"))
    before = dict(os.environ), Path.cwd(), sys.argv[:]
    for _ in range(2):
        assert main(["inbox", "--json"]) == exits.USAGE
        assert json.loads(capsys.readouterr().err)["error"]["value"] == str(tmp_path / "first")
        assert main(["inbox", "--home", str(tmp_path / "second")]) == exits.USAGE
        assert str(tmp_path / "second") in capsys.readouterr().err
    assert (dict(os.environ), Path.cwd(), sys.argv[:]) == before


def python(code, **environ):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


LOADED = f"print(sorted(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"


def test_verify_starts_without_the_rest(tmp_path):
    done = python(
        f"import sys; from cli.main import main; status = main(['verify', {str(tmp_path / 'x')!r}, '--policy', 'y']); "
        f"{LOADED}; sys.exit(status)"
    )
    assert done.returncode == exits.USAGE, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_command_that_reads_nothing_loads_no_database():
    done = python(f"import sys; from cli.main import main; main(['inbox', '--home', 'nowhere']); {LOADED}")
    assert done.stderr.splitlines()[-1] in ("['typer']", "['pydantic', 'typer']"), "typer may read options by pydantic"


def test_help_loads_no_database():
    done = python(f"import sys; from cli.main import main; main(['--help']); {LOADED}")
    assert done.stderr.splitlines()[-1] == "['rich', 'typer']"


def test_without_the_extra_a_command_says_what_to_install():
    blocked = "import sys; sys.modules['typer'] = None; from cli.main import main; sys.exit(main(['inbox']))"
    done = python(blocked)
    assert done.returncode == exits.USAGE
    assert done.stderr.startswith("error[usage.not_installed]: the library typer is not installed\n")


def test_the_console_script_exits_with_the_status():
    done = subprocess.run([Path(sys.executable).parent / "lading", "wave"], capture_output=True, text=True, check=False)
    assert done.returncode == exits.USAGE
    assert done.stderr.startswith("error[usage.command_line]")


def test_the_shell_completes_commands_and_options():
    def complete(words):
        environ = {"_LADING_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        return python("import sys; from cli.main import run; sys.argv = ['lading']; run()", **environ).stdout.split()

    assert complete("lading off") == ["offer"]
    assert complete("lading offer --bl") == ["--blank"]
