"""Signatures checked beside: the same answers as in place, whatever becomes of the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from support.members import Key, digest

from nodes import verifier_worker
from nodes.verifier import CHUNK_MESSAGES, FEWEST, MOST_DEATHS, InlineVerifier, WorkerVerifier
from nodes.verifier_process import VerifierProcess
from nodes.verifier_worker import ANSWER, CHUNK, SIZE

KEY = Key(digest("verifier"))


def message(number, size=300):
    """One that is valid."""
    text = digest("message", number) * (size // 32 + 1)
    algorithm, public, signature = KEY.sign(text[:size])
    return algorithm, public, text[:size], signature


def mixed(count):
    """Mostly valid, and every way of not being so."""
    made = [message(number) for number in range(count)]
    algorithm, public, text, signature = made[3]
    made[1] = (algorithm, public, text + b"!", signature)
    made[3] = (algorithm, digest("another key"), text, signature)
    made[4] = (2, public, text, signature)
    made[5] = (algorithm, public[:31], text, signature)
    made[6] = (algorithm, public, text, signature + b"\0")
    made[count - 1] = (algorithm, public, text, bytes(64))
    made[count - 2] = (algorithm, b"", b"", b"")
    return made


def shown(results):
    return [None if error is None else (error.code, error.message, error.value) for error in results]


@pytest.fixture
def worker():
    with WorkerVerifier() as made:
        made.wait_ready()
        yield made


def test_inline_names_what_is_bad():
    codes = [error and error.code for error in InlineVerifier().start(mixed(10)).results()]
    bad, unknown = "signature.bad_signature", "signature.unknown_algorithm"
    assert codes == [None, bad, None, bad, unknown, bad, bad, None, bad, bad]


@pytest.mark.parametrize("count", [FEWEST, FEWEST + 1, CHUNK_MESSAGES, CHUNK_MESSAGES + 1, 200])
def test_a_process_gives_the_same_results(worker, count):
    messages = mixed(count)
    assert shown(worker.start(messages).results()) == shown(InlineVerifier().start(messages).results())


@pytest.mark.parametrize("workers", [2, 3])
def test_several_processes_give_the_same_results(workers):
    messages = mixed(300)
    with WorkerVerifier(workers) as verifier:
        while len(verifier.pids) == workers and not all(one.ready for one in verifier._workers):
            verifier.collect(10)
        assert shown(verifier.start(messages).results()) == shown(InlineVerifier().start(messages).results())


def test_nothing_to_check_gives_nothing(worker):
    assert worker.start([]).results() == []


def test_the_process_works_while_nobody_asks(worker):
    ticket = worker.start([message(number) for number in range(64)])
    while ticket.open:
        worker.collect(10)
    assert ticket.results() == [None] * 64


def test_tickets_stand_side_by_side_and_are_asked_in_any_order(worker):
    first, second = mixed(100), mixed(50)
    one, two = worker.start(first), worker.start(second)
    assert shown(two.results()) == shown(InlineVerifier().start(second).results())
    assert shown(one.results()) == shown(InlineVerifier().start(first).results())


def test_what_the_pipe_does_not_take_is_fed_by_a_thread():
    messages = mixed(400)
    with WorkerVerifier(pipe_size=4096) as verifier:
        verifier.wait_ready()
        ticket = verifier.start(messages)
        assert verifier._workers[0]._feeder is not None
        assert shown(ticket.results()) == shown(InlineVerifier().start(messages).results())


def test_killed_in_the_middle_its_work_is_done_here_and_another_is_started(worker):
    messages = mixed(500)
    ticket = worker.start(messages)
    (pid,) = worker.pids
    os.kill(pid, signal.SIGKILL)
    assert shown(ticket.results()) == shown(InlineVerifier().start(messages).results())
    worker.start(messages)
    worker.wait_ready()
    (another,) = worker.pids
    assert another != pid
    assert shown(worker.start(messages).results()) == shown(InlineVerifier().start(messages).results())


def test_one_of_two_killed_loses_nothing_of_the_other():
    messages = mixed(500)
    with WorkerVerifier(2, patience=5) as verifier:
        while not all(one.ready for one in verifier._workers):
            verifier.collect(10)
        survivor, victim = verifier.pids
        os.kill(victim, signal.SIGSTOP)
        ticket = verifier.start(messages)
        os.kill(victim, signal.SIGKILL)
        assert shown(ticket.results()) == shown(InlineVerifier().start(messages).results())
        assert verifier.pids == [survivor]


def test_a_process_that_falls_silent_is_ended(worker):
    messages = mixed(100)
    worker.patience = 0.05
    os.kill(worker.pids[0], signal.SIGSTOP)
    assert shown(worker.start(messages).results()) == shown(InlineVerifier().start(messages).results())
    assert worker.pids == []


@pytest.fixture
def started(monkeypatch):
    """Notes every process that is started."""
    noted = []
    make = VerifierProcess.__init__
    monkeypatch.setattr(VerifierProcess, "__init__", lambda self, size: noted.append(size) or make(self, size))
    return noted


def test_a_process_that_never_starts_is_given_up(monkeypatch, started):
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    messages = mixed(20)
    with WorkerVerifier() as verifier:
        for _ in range(5):
            assert shown(verifier.start(messages).results()) == shown(InlineVerifier().start(messages).results())
    assert len(started) == 1 + MOST_DEATHS


def test_a_process_that_never_answers_is_given_up(monkeypatch, tmp_path, started):
    script = tmp_path / "silent.py"
    script.write_text("import os\nos.write(1, bytes(12))\nos.read(0, 1)\n")
    monkeypatch.setattr(verifier_worker, "__file__", str(script))
    messages = mixed(20)
    with WorkerVerifier() as verifier:
        for _ in range(12):
            verifier.wait_ready()
            assert shown(verifier.start(messages).results()) == shown(InlineVerifier().start(messages).results())
    assert len(started) == 1 + MOST_DEATHS


@pytest.mark.parametrize(
    "nonsense",
    [ANSWER.pack(1, 0, 3) + b"\1\1\1", ANSWER.pack(1, 99, 1) + b"\1", ANSWER.pack(1, 0, 0), b""],
    ids=["a wrong count", "another chunk", "no answers", "the end"],
)
def test_a_process_that_answers_nonsense_is_ended(monkeypatch, tmp_path, nonsense):
    script = tmp_path / "nonsense.py"
    script.write_text(f"import os\nos.write(1, bytes(12))\nos.read(0, 1)\nos.write(1, {nonsense!r})\n")
    monkeypatch.setattr(verifier_worker, "__file__", str(script))
    messages = mixed(40)
    with WorkerVerifier() as verifier:
        verifier.wait_ready()
        assert shown(verifier.start(messages).results()) == shown(InlineVerifier().start(messages).results())
        assert verifier.pids == []


def test_closed_it_has_no_process_and_still_gives_results(worker):
    messages = mixed(100)
    before = worker.start(messages)
    (pid,) = worker.pids
    worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    expected = shown(InlineVerifier().start(messages).results())
    assert shown(before.results()) == expected
    assert shown(worker.start(messages).results()) == expected
    assert worker.pids == []


# The process's own side


def chunk(ticket, number, *messages):
    packed = b"".join(
        SIZE.pack(len(key) + len(signature) + len(text)) + key + signature + text
        for _, key, text, signature in messages
    )
    return CHUNK.pack(CHUNK.size - SIZE.size + len(packed), ticket, number) + packed


def answered(data):
    """Run the process's side here on `data`; what it answers."""
    (source, ours), (theirs, sink) = os.pipe(), os.pipe()
    try:
        os.write(ours, data)
        os.close(ours)
        verifier_worker.run(source, sink)
        return os.read(theirs, 1 << 16)
    finally:
        for pipe in (source, theirs, sink):
            os.close(pipe)


def test_the_process_says_that_it_is_ready():
    assert answered(b"") == ANSWER.pack(0, 0, 0)


def test_the_process_answers_a_byte_for_each_message(monkeypatch):
    monkeypatch.setattr(verifier_worker._Input, "read", read_once(verifier_worker._Input.read))
    good, bad = message(1), (1, KEY.public, b"", bytes(64))
    data = chunk(7, 0, good, bad) + chunk(7, 1, bad) + chunk(8, 0, good)
    expected = ANSWER.pack(7, 0, 2) + b"\1\0" + ANSWER.pack(7, 1, 1) + b"\0" + ANSWER.pack(8, 0, 1) + b"\1"
    assert answered(data) == ANSWER.pack(0, 0, 0) + expected


def test_the_process_forgets_what_is_done_elsewhere(monkeypatch):
    monkeypatch.setattr(verifier_worker._Input, "read", read_once(verifier_worker._Input.read))
    good = message(1)
    data = b"".join(chunk(ticket, number, good) for ticket in (7, 8) for number in range(3)) + chunk(7, 1)
    answers = [(7, 0), (8, 0), (8, 1), (8, 2)]
    assert answered(data) == ANSWER.pack(0, 0, 0) + b"".join(ANSWER.pack(*one, 1) + b"\1" for one in answers)


def read_once(read):
    """`_Input.read`, which does not end before what it has read is done."""

    def patched(self):
        return read(self) or bool(self.waiting)

    return patched


def test_the_process_ends_with_its_input():
    done = subprocess.run(
        [sys.executable, "-P", verifier_worker.__file__], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, ANSWER.pack(0, 0, 0), b"")
