"""What every test may use, and the rules that hold for all of them.

Fixtures: `shared` (the folder of reference data beside the clone) and `need_program` (finds a
program, or skips). With `LADING_REQUIRE_ALL=1` a skip is a failure, so that no test is left out by
accident where everything should be installed. Nothing connects but to loopback, and no `LADING_*`
setting of the person who runs the tests reaches them.
"""

from __future__ import annotations

import ipaddress
import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
# Where packages of Debian and the archives of upstream put programs that are not on the PATH.
PROGRAM_DIRS = ("/usr/local/go/bin", "/usr/lib/go/bin", "/usr/lib/postgresql/*/bin")
# The oldest version that serves, and the argument that makes the program tell its own.
OLDEST = {"go": ("version", (1, 21))}
TEST_SETTINGS = ("LADING_REQUIRE_ALL", "LADING_SHARED")

os.environ.setdefault("HOME", pwd.getpwuid(os.getuid()).pw_dir)  # programs keep their caches there

settings.register_profile(
    "lading",
    derandomize=True,
    deadline=None,
    max_examples=60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("soak", parent=settings.get_profile("lading"), derandomize=False, max_examples=5_000)
settings.load_profile("lading")


def all_required() -> bool:
    """Whether everything that a test may need is said to be installed."""
    return os.environ.get("LADING_REQUIRE_ALL", "") not in ("", "0")


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or hasattr(report, "wasxfail") or not all_required():
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: LADING_REQUIRE_ALL is set, so this is a failure: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):  # a path of a Unix socket
        return True
    host = str(address[0]).partition("%")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost")


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Generator[None, None, None]:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any, /) -> None:
        if not _is_loopback(address):
            raise RuntimeError(f"a test tried to connect to {address!r}; only loopback is allowed")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("LADING_") and name not in TEST_SETTINGS:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data: `../shared`, or `LADING_SHARED`. Skips where it is absent."""
    folder = Path(os.environ.get("LADING_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("the reference data is absent: no folder ../shared, and LADING_SHARED is unset")
    return folder


def _candidates(name: str) -> Iterator[str]:
    places = [os.environ.get("PATH", os.defpath)]
    for pattern in PROGRAM_DIRS:
        places += map(str, sorted(Path("/").glob(pattern.lstrip("/")), reverse=True))
    for place in places:
        if found := shutil.which(name, path=place):
            yield found


def _is_new_enough(program: str, name: str) -> bool:
    if name not in OLDEST:
        return True
    argument, oldest = OLDEST[name]
    told = subprocess.run([program, argument], capture_output=True, text=True, check=False).stdout
    version = re.search(r"(\d+)\.(\d+)", told)
    return version is not None and tuple(map(int, version.groups())) >= oldest


@pytest.fixture(scope="session")
def need_program() -> Callable[[str], str]:
    """`need_program("go")` is the path of the program; skips where it is absent or too old."""

    @cache
    def find(name: str) -> str | None:
        return next((found for found in _candidates(name) if _is_new_enough(found, name)), None)

    def need(name: str) -> str:
        found = find(name)
        if found is None:
            pytest.skip(f"the program {name} is absent or too old (`make tools` installs what the tests need)")
        return found

    return need
