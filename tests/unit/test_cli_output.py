"""What commands print: tables, JSON, errors, colours only where a person looks."""

from __future__ import annotations

import io
import json
import sys

import pytest

from cli.exits import exit_status
from cli.output import Screen, colours, moment, plain_table, print_error, printable, short, styled, to_json
from ledger import errors
from nodes.passphrase import NoPassphrase


class Terminal(io.StringIO):
    def isatty(self):
        return True


def open_terminal(monkeypatch):
    """A terminal on stdout and stderr, in which colours are welcome."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())


def test_ids_are_shortened_and_times_in_utc():
    assert short(bytes.fromhex("0123456789abcdef") * 4) == "0123456789ab"
    assert short(None) == "-"
    assert moment(1_764_000_000_000) == "2025-11-24T16:00:00Z"
    assert moment(None) == "-"


def test_columns_stand_below_each_other_in_every_script():
    assert plain_table(("name", "id"), [("翠风集装箱", "1"), ("Ame\u0301lie", "22"), ("b", "")]) == (
        "name        id\n翠风集装箱  1\nAme\u0301lie      22\nb"
    )


def test_a_cell_cannot_move_the_cursor():
    assert printable("a\x1b[31mb\u202ec\n") == "a\\x1b[31mb\\u202ec\\n"
    assert "\x1b" not in plain_table(("a",), [("\x1b[2J",)])


def test_facts_are_text_or_one_json_value(capsys):
    for as_json in (False, True):
        screen = Screen(as_json)
        screen.result({"id": b"\x01\x02", "name": "翠"}, "text")
        screen.line("line")
        screen.table(("a",), [("b",)])
        screen.say("message")
        out, err = capsys.readouterr()
        assert err == "message\n"
        if as_json:
            assert json.loads(out) == {"id": "0102", "name": "翠"}
            assert "翠" in out
        else:
            assert out == "text\nline\na\nb\n"


def test_what_is_no_json_is_a_fault():
    with pytest.raises(TypeError):
        to_json({"set": {1}})


def test_an_error_shows_what_it_has(capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    print_error(NoPassphrase("no passphrase was given"))
    assert capsys.readouterr().err.splitlines() == [
        "error[key.no_passphrase]: no passphrase was given",
        "  hint: give --passphrase-file FILE, set LADING_PASSPHRASE, or run the command in a terminal",
    ]
    print_error(NoPassphrase("x", value="a\x1b", hint=""))
    assert capsys.readouterr().err.splitlines() == ["error[key.no_passphrase]: x", "  value: a\\x1b"]


def test_under_json_an_error_is_the_last_line(capsys):
    Screen(True).warn("careful")
    print_error(NoPassphrase("no passphrase was given", value="翠"), as_json=True)
    *before, last = capsys.readouterr().err.splitlines()
    assert len(before) == 1
    assert json.loads(last)["error"]["code"] == "key.no_passphrase"
    assert "翠" in last


def test_colours_are_for_terminals(monkeypatch):
    open_terminal(monkeypatch)
    assert colours(sys.stdout)
    assert styled("a", "red", sys.stdout) == "\x1b[31ma\x1b[0m"
    Screen().warn("careful")
    assert sys.stderr.getvalue() == "\x1b[33mwarning\x1b[0m: careful\n"
    Screen().table(("name",), [("翠风",), ("\x1b[2J",)])
    assert "翠风" in sys.stdout.getvalue()
    assert "\x1b[2J" not in sys.stdout.getvalue()
    assert not colours(io.StringIO())
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert not colours(sys.stdout)
            assert Screen().style("a", "bold") == "a"


def test_the_table_of_exit_statuses():
    bases = {
        errors.RefusedError: 1,
        errors.ContradictionError: 1,
        errors.InputError: 2,
        errors.UsageError: 2,
        errors.NotFoundError: 2,
        errors.UnverifiedError: 3,
        errors.UnavailableError: 3,
        errors.DamagedError: 4,
        errors.LadingError: 70,
    }
    assert set(bases) == {errors.LadingError, *errors.LadingError.__subclasses__()} & set(bases)
    for base, status in bases.items():
        made = type("Made", (base,), {"code": "test.made", "hint": "none"})
        assert exit_status(made("x")) == status, base
