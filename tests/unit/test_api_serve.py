"""`lading serve` as a process: it says where it listens, holds the lock, and ends in order."""

from __future__ import annotations

import signal
import threading
import time

import httpx2
import pytest
from support.served import make_place, served

from ledger.note import SIGNING_KEY, Note, VerifierKey, verify_note
from nodes.keystore import KeyName
from nodes.lock import LockHeld

PATIENCE = 30


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path, clock=now)


def ended(process) -> tuple[int, str]:
    """The exit status and the rest of stdout."""
    output, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, output


def test_it_serves_until_it_is_told_to_end_and_loses_nothing(place):
    with served(place) as (process, facts):
        assert facts == {
            "event": "listening",
            "url": facts["url"],
            "pid": process.pid,
            "ledger": place.game.ledger.hex(),
            "height": 0,
            "size": 7,
            "signs": True,
        }
        assert facts["url"].startswith("http://127.0.0.1:")
        with httpx2.Client(base_url=facts["url"]) as client:
            accepted = [place.send(client, "carrier", "bill_of_lading.issue", **place.game.bill_arguments())
                        for _ in range(5)]  # fmt: skip
            assert [answer.status_code for answer in accepted] == [201] * 5
        process.send_signal(signal.SIGTERM)
        assert ended(process) == (0, "")
    log = place.log.read_text()
    assert "stopped; everything that was acknowledged is on disk" in log
    assert 'POST /v1/transactions HTTP/1.1" 201' in log
    assert "five random words" not in log
    engine = place.engine()
    try:
        for answer in accepted:
            assert engine.reader.find(bytes.fromhex(answer.json()["record"])) is not None
        size = engine.chain.size
        stored = engine.store.checkpoint()
        assert stored is not None
        assert stored.size == size
        key = VerifierKey("ledger.example/test", SIGNING_KEY, place.keys.public_key(KeyName.LOG))
        note = Note.parse(f"{stored.body}\n{stored.lines[0]}\n".encode())
        assert verify_note(note, [key]) == (key,)
    finally:
        engine.store.close()


def test_ctrl_c_ends_it_too(place):
    with served(place, signs=False) as (process, facts):
        assert facts["signs"] is False
        process.send_signal(signal.SIGINT)
        assert ended(process) == (0, "")
    assert "checkpoints are not signed" in place.log.read_text()


def test_another_command_is_told_who_holds_the_ledger(place):
    with served(place, signs=False) as (process, facts):
        with pytest.raises(LockHeld) as caught, place.home.ledger_lock(timeout=0):
            pass
        assert caught.value.value == str(process.pid)
        assert f"process {process.pid} (lading serve at {facts['url']})" in caught.value.message


def test_many_callers_at_once(place):
    """Each gets its own answer, and every acknowledged transaction is in the log once."""
    signed = [place.game.signed("carrier", "bill_of_lading.issue", **place.game.bill_arguments()) for _ in range(60)]
    answers: dict[bytes, object] = {}
    with served(place, signs=False) as (process, facts):

        def caller(share) -> None:
            with httpx2.Client(base_url=facts["url"]) as client:
                for one in share:
                    answers[one.id] = place.post(client, "carrier", one).json()

        threads = [threading.Thread(target=caller, args=(signed[at::6],)) for at in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 0
    assert {one.id: answers[one.id]["transaction"] for one in signed} == {one.id: one.id.hex() for one in signed}
    engine = place.engine()
    try:
        log = [entry.data for entry in engine.store.entries(0, engine.chain.size)]
        assert [log.count(one.entry) for one in signed] == [1] * len(signed)
        assert [log[answers[one.id]["index"]] for one in signed] == [one.entry for one in signed]
    finally:
        engine.store.close()


def test_an_exposed_node_says_what_that_means(place):
    with served(place, "--host", "0.0.0.0", signs=False) as (process, facts):
        assert facts["url"].startswith("http://0.0.0.0:")
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 0
    assert "can be reached from other machines" in place.log.read_text()
