"""The core's sources are read: no input or output, no clock, no randomness, no `assert`.

The core is `contracts`, and `ledger` without `ledger/store`. The same log must give the same roots
on every machine and in every year, so the core takes bytes, time and randomness as arguments.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THIRD_PARTY = {"ledger": {"msgpack", "nacl", "rfc8785"}, "contracts": {"yaml"}}
OURS = {"ledger": {"ledger"}, "contracts": {"contracts", "ledger"}}
# The standard library's modules that reach outside, look at the clock, or draw at random. Of
# `urllib` only `urllib.parse` is pure.
IMPURE = {
    "_thread", "asyncio", "atexit", "builtins", "code", "codeop", "concurrent", "ctypes",
    "curses", "dbm", "faulthandler", "fcntl", "fileinput", "ftplib", "gc", "getpass", "getopt",
    "glob", "http", "imaplib", "imp", "importlib", "io", "linecache", "locale", "logging",
    "mmap", "multiprocessing", "optparse", "os", "pathlib", "pickle", "pkgutil", "platform",
    "poplib", "posix", "pprint", "pty", "pwd", "queue", "random", "readline", "resource",
    "runpy", "sched", "secrets", "select", "selectors", "shelve", "shutil", "signal", "site",
    "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "sys", "syslog",
    "tempfile", "termios", "threading", "time", "timeit", "tkinter", "tracemalloc", "tty",
    "urllib.error", "urllib.request", "urllib.robotparser", "uuid", "venv", "warnings",
    "webbrowser", "xmlrpc", "zipimport", "zoneinfo",
}  # fmt: skip
IMPURE_CALLS = {"__import__", "breakpoint", "compile", "eval", "exec", "input", "open", "print"}
IMPURE_METHODS = {
    "generate": "draws a key at random",
    "now": "reads the clock",
    "read_bytes": "reads a file",
    "read_text": "reads a file",
    "randombytes": "draws at random",
    "today": "reads the clock",
    "utcnow": "reads the clock",
    "write_bytes": "writes a file",
    "write_text": "writes a file",
}


def _refused_import(module: str, package: str) -> str | None:
    top = module.partition(".")[0]
    if module in IMPURE or top in IMPURE:
        return f"imports {module}"
    if module == "ledger.store" or module.startswith("ledger.store."):
        return "imports the store"
    if top in sys.stdlib_module_names | THIRD_PARTY[package] | OURS[package]:
        return None
    return f"imports {module}, which {package} may not use"


def _imported(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = ".".join(filter(None, [package if node.level else "", node.module]))
    if base in ("ledger", "urllib"):
        return [f"{base}.{alias.name}" for alias in node.names]
    return [base]


def impurities(source: str, package: str) -> list[str]:
    """What makes this source of `package` unfit for the core, as `line: reason`."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import() | ast.ImportFrom():
                reasons = (_refused_import(name, package) for name in _imported(node, package))
                found += [(node.lineno, reason) for reason in reasons if reason]
            case ast.Assert():
                found.append((node.lineno, "assert vanishes under -O; raise an error with a code"))
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                found.append((node.lineno, f"calls {name}()"))
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS:
                found.append((node.lineno, f"calls .{name}(), which {IMPURE_METHODS[name]}"))
            case ast.AsyncFunctionDef() | ast.Await():
                found.append((node.lineno, "waits for something outside"))
    return [f"{line}: {reason}" for line, reason in sorted(found)]


def core_files() -> list[Path]:
    files = [*(ROOT / "ledger").rglob("*.py"), *(ROOT / "contracts").rglob("*.py")]
    store = ROOT / "ledger" / "store"
    return sorted(path for path in files if not path.is_relative_to(store))


def test_the_core_is_pure():
    found = [
        f"{path.relative_to(ROOT)}:{fault}"
        for path in core_files()
        for fault in impurities(path.read_text(encoding="utf-8"), path.relative_to(ROOT).parts[0])
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os", "imports os"),
        ("import os.path", "imports os.path"),
        ("from pathlib import Path", "imports pathlib"),
        ("from urllib.request import urlopen", "imports urllib.request"),
        ("from urllib import request", "imports urllib.request"),
        ("def f():\n    import time", "imports time"),
        ("import sqlalchemy", "imports sqlalchemy, which ledger may not use"),
        ("import yaml", "imports yaml, which ledger may not use"),
        ("import contracts.table", "imports contracts.table, which ledger may not use"),
        ("from ledger import store", "imports the store"),
        ("from . import store", "imports the store"),
        ("from .store import port", "imports the store"),
        ("from .store.port import Store", "imports the store"),
        ("assert x", "assert vanishes under -O; raise an error with a code"),
        ("open('x')", "calls open()"),
        ("print(1)", "calls print()"),
        ("input()", "calls input()"),
        ("eval('1')", "calls eval()"),
        ("datetime.now(UTC)", "calls .now(), which reads the clock"),
        ("date.today()", "calls .today(), which reads the clock"),
        ("SigningKey.generate()", "calls .generate(), which draws a key at random"),
        ("async def f(): ...", "waits for something outside"),
    ],
)
def test_what_is_impure_is_found(source, reason):
    (found,) = impurities(source, "ledger")
    assert found.partition(": ")[2] == reason


@pytest.mark.parametrize(
    "source",
    [
        "import hashlib, json, re, struct, datetime",
        "import msgpack, rfc8785, nacl.bindings",
        "from urllib.parse import quote",
        "from .errors import InputError\nfrom . import codec\nfrom ledger.codec import encode",
        "class Store:\n    def open(self): ...\nStore().open()",
    ],
)
def test_what_is_pure_is_let_be(source):
    assert impurities(source, "ledger") == []
