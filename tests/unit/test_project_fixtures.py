"""What `conftest.py` gives to the tests, and what it keeps from them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import settings


def test_a_program_is_found_by_its_name(need_program):
    assert Path(need_program("git")).name == "git"


def test_the_root_is_the_project(root):
    assert (root / "pyproject.toml").is_file()


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.invalid"])
def test_nothing_connects_outside(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.socket(family) as sock,
        pytest.raises(RuntimeError, match="only loopback is allowed"),
    ):
        sock.connect((host, 80))


def test_loopback_connects():
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())


def test_settings_of_the_user_do_not_reach_the_tests():
    ours = {name for name in os.environ if name.startswith("LADING_")}
    assert ours <= {"LADING_REQUIRE_ALL", "LADING_SHARED"}


def test_property_tests_are_the_same_every_time(pytestconfig):
    if pytestconfig.getoption("hypothesis_profile") is None:
        assert settings.default.derandomize
        assert settings.default.deadline is None
