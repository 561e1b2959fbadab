"""`ledger` and `lading-verify` run with the base dependencies alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = ["_cffi_backend", "cffi", "msgpack", "nacl", "rfc8785"]

# Imports the modules named where only the standard library and the allowed names are to be had.
PROGRAM = """
import importlib, sys
root, allowed, modules = sys.argv[1], set(sys.argv[2].split()), sys.argv[3:]

class Absent:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.path.insert(0, root)
sys.meta_path.insert(0, Absent())
for name in modules:
    importlib.import_module(name)
"""


def fault(packages: list[str], *modules: str) -> str:
    """What goes wrong when the modules are imported with the base and these packages alone."""
    result = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(ROOT), " ".join([*BASE, *packages]), *modules],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stderr.strip().rpartition("\n")[2]


def core_modules() -> list[str]:
    folder = ROOT / "ledger"
    paths = [path.relative_to(ROOT).with_suffix("") for path in folder.rglob("*.py")]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return sorted(name for name in names if not name.startswith("ledger.store"))


def test_the_core_of_the_ledger_needs_the_base_alone():
    assert fault(["ledger"], *core_modules()) == ""


def test_the_offline_verifier_needs_the_base_alone():
    assert fault(["cli", "ledger"], "cli.verify") == ""


@pytest.mark.parametrize("absent", ["sqlalchemy", "yaml", "contracts"])
def test_anything_else_is_absent_there(absent):
    assert fault(["ledger"], absent) == f"ModuleNotFoundError: No module named {absent!r}"
