"""Uploads are verified in processes of their own: bounded in memory and time, a few at once."""

from __future__ import annotations

import asyncio
import sys

import pytest

from api import verifications, verify_worker
from api.errors import Overloaded, TooCostly
from api.verifications import Verifications

OCTETS = "application/octet-stream"
ORDER = {"content_type": OCTETS, "policy": "quorum none\n", "at": 1, "max_age": 1}


async def verify(found: Verifications, body: bytes = b"{}"):
    return await found.verify(OCTETS, body, policy="quorum none\n", at=1)


def test_the_answer_of_the_process_is_that_of_verify():
    status, answer = asyncio.run(verify(Verifications()))
    assert (status, answer) == (200, verify_worker.answer(ORDER, b"{}")["body"])
    assert answer["steps"][0]["code"] == "bundle.unreadable"


@pytest.mark.parametrize("fault", [MemoryError, RecursionError])
def test_what_takes_too_much_memory_is_told_so(monkeypatch, fault):
    def hungry(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(verify_worker, "verify", hungry)
    answer = verify_worker.answer(ORDER, b"{}")
    assert (answer["status"], answer["body"]["code"]) == (413, "api.too_costly")


def test_what_takes_too_long_is_ended():
    with pytest.raises(TooCostly, match="more than 0 s"):
        asyncio.run(verify(Verifications(patience=0)))


def script(monkeypatch, tmp_path, text: str) -> None:
    """Let another program stand in for the worker."""
    (tmp_path / "stand_in.py").write_text(text)
    monkeypatch.setattr(verifications, "_MODULE", "stand_in")
    monkeypatch.setattr(verifications, "_FOLDER", tmp_path)


def test_a_process_that_is_killed_is_told_as_too_costly(monkeypatch, tmp_path):
    script(monkeypatch, tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(TooCostly, match="ended by signal 9"):
        asyncio.run(verify(Verifications()))


def test_a_process_that_fails_is_a_fault_of_the_node(monkeypatch, tmp_path):
    script(monkeypatch, tmp_path, "import sys; sys.stdin.buffer.read(); sys.exit(3)")
    with pytest.raises(RuntimeError, match="status 3"):
        asyncio.run(verify(Verifications()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the address space of a process")
def test_the_process_cannot_take_more_memory_than_it_is_given(monkeypatch, tmp_path):
    text = (
        "import json, sys\n"
        f"sys.path.insert(0, {str(verifications._FOLDER)!r})\n"
        "from api import verify_worker\n"
        "sys.stdin.buffer.read()\n"
        "verify_worker._bound()\n"
        "try:\n"
        "    bytearray(verify_worker.MEMORY)\n"
        "except MemoryError:\n"
        "    print(json.dumps({'status': 200, 'body': 'bounded'}))\n"
    )
    script(monkeypatch, tmp_path, text)
    assert asyncio.run(verify(Verifications())) == (200, "bounded")


def test_the_process_does_not_see_the_passphrase(monkeypatch, tmp_path):
    text = (
        "import json, os, sys\n"
        "sys.stdin.buffer.read()\n"
        "print(json.dumps({'status': 200, 'body': sorted(os.environ)}))\n"
    )
    script(monkeypatch, tmp_path, text)
    monkeypatch.setenv("LADING_PASSPHRASE", "secret")
    _, seen = asyncio.run(verify(Verifications()))
    assert "LADING_PASSPHRASE" not in seen


def test_so_many_may_wait(monkeypatch):
    monkeypatch.setattr(verifications, "WAITING", 1)

    async def scene():
        found = Verifications()
        first = asyncio.create_task(verify(found))
        await asyncio.sleep(0)  # let it begin
        with pytest.raises(Overloaded):
            await verify(found)
        return await first

    assert asyncio.run(scene())[0] == 200
