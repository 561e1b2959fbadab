"""The locks hold what `pyproject.toml` asks for: exact versions, hashes, and no address."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = CONFIG["project"]["optional-dependencies"]
BASE = CONFIG["project"]["dependencies"]
BUILD = CONFIG["dependency-groups"]["build"]
ASKED = {
    "base": BASE,
    "node": [*BASE, *BUILD, *EXTRAS["node"]],
    "dev": [*BASE, *BUILD, *EXTRAS["node"], *EXTRAS["dev"]],
}
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def locked(name: str) -> dict[str, set[tuple[str, str]]]:
    """The lock's packages: each with its versions and the markers under which they are taken."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    lines = [re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines()]
    packages: dict[str, set[tuple[str, str]]] = {}
    for line in filter(None, map(str.strip, "\n".join(lines).replace("\\\n", " ").splitlines())):
        head, *hashes = line.split(" --hash=")
        assert hashes, f"{name}: {head} has no hash"
        assert all(HASH.fullmatch(f"--hash={one.strip()}") for one in hashes)
        requirement = Requirement(head)
        (version,) = requirement.specifier
        assert version.operator == "=="
        packages.setdefault(canonicalize_name(requirement.name), set()).add(
            (version.version, str(requirement.marker or ""))
        )
    return packages


@pytest.mark.parametrize("name", ASKED)
def test_a_lock_has_what_is_asked_for(name):
    packages = locked(name)
    for line in ASKED[name]:
        asked = Requirement(line)
        versions = packages.get(canonicalize_name(asked.name), set())
        assert versions, f"requirements/{name}.txt lacks {asked.name}: run `make lock`"
        assert all(asked.specifier.contains(version) for version, _ in versions), line


@pytest.mark.parametrize("name", ASKED)
def test_a_lock_names_no_address(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert not re.search(r"https?:|--(extra-)?index|--find-links|@ ", text)


@pytest.mark.parametrize(("narrow", "wide"), [("base", "node"), ("node", "dev")])
def test_a_wider_lock_has_the_same_versions(narrow, wide):
    wider = locked(wide)
    assert {name: wider.get(name) for name in locked(narrow)} == locked(narrow)


def test_what_is_installed_is_what_the_lock_says():
    for name, versions in locked("node").items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # for another system or Python
            assert all(marker for _, marker in versions), f"{name} is not installed: run `make test`"
        else:
            assert installed in {version for version, _ in versions}, f"{name}: run `make test`"


def test_the_base_is_three_libraries():
    assert {Requirement(line).name for line in BASE} == {"PyNaCl", "msgpack", "rfc8785"}
