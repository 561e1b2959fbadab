"""The contracts of `[tool.importlinter]` hold, and each of them can be broken."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = ["ledger", "contracts", "nodes", "api", "cli"]
NOT_PACKAGES = {"docs", "requirements", "tests", "tools"}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = f"""
import os, sys
sys.path[:] = [{str(folder)!r}] + [p for p in sys.path if os.path.realpath(p) != {str(ROOT)!r}]
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename={str(ROOT / "pyproject.toml")!r}, no_cache=True))
"""
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "NO_COLOR": "1"},
        check=False,
    )


def test_dependencies_point_one_way():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def skeleton(tmp_path):
    """The five packages with nothing in them but what the contracts name."""
    for name in [*PACKAGES, "ledger/store"]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    for name in ("ledger/codec", "ledger/store/sql", "cli/main", "cli/verify"):
        (tmp_path / f"{name}.py").touch()
    return tmp_path


def test_a_project_without_imports_keeps_every_contract(skeleton):
    result = lint(skeleton)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "source", "broken"),
    [
        ("ledger/codec", "import contracts", "dependencies point one way"),
        ("nodes/__init__", "import api", "dependencies point one way"),
        ("ledger/codec", "import os", "the core does no input or output"),
        ("contracts/__init__", "import sqlalchemy", "the core does no input or output"),
        ("ledger/codec", "from .store import sql", "the core knows no store"),
        ("contracts/__init__", "import ledger.store.sql", "the core knows no store"),
        ("ledger/codec", "from . import store", "the core knows no store"),
    ],
)
def test_an_import_against_the_layers_is_found(skeleton, module, source, broken):
    (skeleton / f"{module}.py").write_text(source)
    result = lint(skeleton)
    assert result.returncode == 1, result.stdout + result.stderr
    lines = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(broken) for line in lines), result.stdout


def test_imports_in_a_circle_are_found(skeleton):
    (skeleton / "ledger" / "codec.py").write_text("from . import other")
    (skeleton / "ledger" / "other.py").write_text("from . import codec")
    result = lint(skeleton)
    assert result.returncode == 1
    assert "in a circle BROKEN" in result.stdout


def test_every_package_has_its_place():
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and any(path.rglob("*.py")) and not path.name.startswith(".")
    }
    assert folders - NOT_PACKAGES == set(PACKAGES)
    (layers,) = [c for c in CONFIG["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    assert layers["layers"] == PACKAGES[::-1]
    assert CONFIG["tool"]["importlinter"]["root_packages"] == PACKAGES
    assert CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == PACKAGES
    assert CONFIG["tool"]["mypy"]["packages"] == PACKAGES
