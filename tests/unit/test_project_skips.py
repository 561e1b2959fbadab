"""`LADING_REQUIRE_ALL=1` turns every kind of skip into a failure, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"

SKIPS = """
    import unittest
    import pytest

    def test_inside():
        pytest.skip("reason one")

    @pytest.mark.skip(reason="reason two")
    def test_by_mark():
        pass

    @pytest.mark.skipif(True, reason="reason three")
    def test_by_condition():
        pass

    @pytest.fixture
    def absent():
        pytest.skip("reason four")

    def test_by_fixture(absent):
        pass

    class TestCase(unittest.TestCase):
        def test_of_unittest(self):
            self.skipTest("reason five")
"""

OTHERS = """
    import pytest

    @pytest.mark.xfail(strict=True, reason="known")
    def test_known_fault():
        assert False

    def test_passes():
        pass
"""

MODULE = """
    import pytest
    pytest.skip("reason six", allow_module_level=True)
"""

IMPORT = """
    import pytest
    pytest.importorskip("a_module_that_nobody_has", reason="reason seven")
"""

PROGRAM = """
    def test_program(need_program):
        need_program("a-program-that-nobody-has")

    def test_shared(shared):
        pass
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Runs the given source as a test file of its own, under our conftest."""

    def run(source: str, *, required: str | None, shared: str | None = None) -> pytest.RunResult:
        for name, value in {"LADING_REQUIRE_ALL": required, "LADING_SHARED": shared}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess("-ra", "-p", "no:cacheprovider")

    return run


@pytest.mark.parametrize("required", [None, "", "0"])
def test_skips_stay_skips_where_not_all_is_required(run, required):
    result = run(SKIPS, required=required)
    result.assert_outcomes(skipped=5)
    result.stdout.fnmatch_lines(["*reason one*"])


def test_every_skip_fails_with_its_reason_where_all_is_required(run):
    result = run(SKIPS, required="1")
    outcomes = result.parseoutcomes()
    assert "skipped" not in outcomes
    assert "passed" not in outcomes
    assert outcomes["failed"] + outcomes.get("errors", 0) == 5
    for word in ("one", "two", "three", "four", "five"):
        result.stdout.fnmatch_lines([f"*LADING_REQUIRE_ALL is set*reason {word}*"])


@pytest.mark.parametrize(("source", "reason"), [(MODULE, "six"), (IMPORT, "seven")], ids=["skip", "importorskip"])
def test_a_skipped_module_fails_where_all_is_required(run, source, reason):
    assert run(source, required=None).parseoutcomes() == {"skipped": 1}
    result = run(source, required="1")
    assert result.ret != pytest.ExitCode.OK
    assert result.parseoutcomes() == {"errors": 1}
    result.stdout.fnmatch_lines([f"*LADING_REQUIRE_ALL is set*reason {reason}*"])


def test_passes_and_expected_failures_stay_what_they_are(run):
    result = run(OTHERS, required="1")
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes() == {"passed": 1, "xfailed": 1}


def test_an_absent_program_or_folder_is_named(run):
    result = run(PROGRAM, required=None, shared="no-such-folder")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["*the program a-program-that-nobody-has is absent*", "*the reference data is absent*"])
    outcomes = run(PROGRAM, required="1", shared="no-such-folder").parseoutcomes()
    assert outcomes.get("skipped", 0) == 0
    assert outcomes.get("failed", 0) + outcomes.get("errors", 0) == 2


@pytest.mark.parametrize(
    ("version", "outcome"),
    [("go1.20.9", "skipped"), ("go1.21.0", "passed"), ("go2.0", "passed"), ("nonsense", "skipped")],
)
def test_a_program_that_is_too_old_counts_as_absent(pytester, monkeypatch, version, outcome):
    program = pytester.path / "go"
    program.write_text(f"#!/bin/sh\necho go version {version} linux/amd64\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(pytester.path))
    monkeypatch.delenv("LADING_REQUIRE_ALL", raising=False)
    conftest = CONFTEST.read_text(encoding="utf-8")
    pytester.makeconftest(f"{conftest}\nPROGRAM_DIRS = ()\n")
    pytester.makepyfile(f"def test_go(need_program):\n    assert need_program('go') == {str(program)!r}\n")
    assert pytester.runpytest_inprocess("-p", "no:cacheprovider").parseoutcomes() == {outcome: 1}
