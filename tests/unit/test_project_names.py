"""The names of our five packages are common words; nobody else may own one here."""

from __future__ import annotations

import importlib
import importlib.metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["ledger", "contracts", "nodes", "api", "cli"]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_owns_the_name(package):
    owners = set(importlib.metadata.packages_distributions().get(package, ())) - {"lading"}
    assert not owners, f"{sorted(owners)} also install a package named {package}; remove them"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_package_that_is_imported_is_ours(package):
    assert list(importlib.import_module(package).__path__) == [str(ROOT / package)]


def test_no_folder_of_tests_is_named_like_a_package():
    folders = {path.name for path in (ROOT / "tests").rglob("*") if path.is_dir()}
    assert not folders & set(PACKAGES)
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_commands_are_installed_under_our_name():
    points = importlib.metadata.distribution("lading").entry_points
    assert {(point.group, point.name, point.value) for point in points} == {
        ("console_scripts", "lading", "cli.main:run"),
        ("console_scripts", "lading-verify", "cli.verify:run"),
    }
