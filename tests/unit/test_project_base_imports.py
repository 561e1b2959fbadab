"""`ledger` and `lading-verify` run with the base dependencies alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASE = {"_cffi_backend", "cffi", "msgpack", "nacl", "rfc8785"}

# Imports the modules named, and prints the top-level names that came with them from outside the
# standard library. `-I` keeps the environment of the caller out.
PROGRAM = """
import importlib, json, sys
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(loaded - sys.stdlib_module_names)))
"""


def loaded_with(*modules: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(ROOT), *modules],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout))


def core_modules() -> list[str]:
    folder = ROOT / "ledger"
    paths = [path.relative_to(ROOT).with_suffix("") for path in folder.rglob("*.py")]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return sorted(name for name in names if not name.startswith("ledger.store"))


def test_the_core_of_the_ledger_needs_the_base_alone():
    assert loaded_with(*core_modules()) - BASE == {"ledger"}


def test_the_check_can_fail():
    assert "yaml" in loaded_with("ledger", "yaml")


def test_the_offline_verifier_needs_the_base_alone():
    assert loaded_with("cli.verify") - BASE == {"cli", "ledger"}
