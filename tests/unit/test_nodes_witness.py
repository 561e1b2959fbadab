"""The witness: every status of C2SP tlog-witness v1.0.0, and that it never goes back."""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import count

import pytest
from support.proven import key_store

from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.cosignature import stated_time, verify_cosignature
from ledger.merkle import EMPTY_ROOT, Frontier, consistency_path, leaf_hash, root
from ledger.note import SIGNING_KEY, Note, NoteSignature, VerifierKey
from ledger.signature import public_key_of
from nodes.cosigned import Cosigned
from nodes.witness import EQUIVOCATIONS, MAX_REQUEST, Witness

ORIGIN = "other.example/log"
SEED = sha256(b"log").digest()
NOW = 1_764_000_000_000


class Log:
    """A log whose leaves are told."""

    def __init__(self, name="leaf", count=600):
        self.leaves = [leaf_hash(f"{name} {at}".encode()) for at in range(count)]
        self.rows = [run.hashes for run in Frontier().extend(self.leaves)[1]]

    def note(self, size, origin=ORIGIN, seed=SEED):
        return noted(Checkpoint(origin, size, root(self.leaves[:size])), seed)

    def request(self, old, new, note=None, path=None):
        path = consistency_path(lambda level, at: self.rows[level][at], old, new) if path is None else path
        lines = [f"old {old}", *(to_base64(one) for one in path), "", ""]
        return "\n".join(lines).encode() + (self.note(new) if note is None else note).format()


def noted(checkpoint, seed=SEED):
    return Note(checkpoint.body(), (sign_checkpoint(seed, checkpoint),))


def to_base64(data):
    return b64encode(data).decode()


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def witness(tmp_path):
    return opened(tmp_path)


def opened(folder):
    keys = {ORIGIN: (VerifierKey(ORIGIN, SIGNING_KEY, public_key_of(SEED)),)}
    times = count(NOW, 1000)
    return Witness(
        "watcher.example/witness",
        key_store("watcher"),
        keys,
        Cosigned(folder / "cosigner.json"),
        folder / "w",
        lambda: next(times),
    )


def test_it_begins_with_the_empty_log_and_goes_on_from_there(log, witness):
    answer = witness.add_checkpoint(log.request(0, 0))
    assert (answer.status, answer.media_type) == (200, "text/plain; charset=utf-8")
    for old, new in ((0, 1), (1, 5), (5, 256), (256, 256), (256, 600)):
        answer = witness.add_checkpoint(log.request(old, new))
        assert answer.status == 200, answer
        signature = NoteSignature.parse(answer.body.decode().removesuffix("\n"))
        verify_cosignature(witness.key, log.note(new).text, signature)
        assert stated_time(signature) * 1000 >= NOW


def test_another_old_size_is_told_what_is_known(log, witness):
    witness.add_checkpoint(log.request(0, 5))
    for old in (0, 3, 6):
        answer = witness.add_checkpoint(log.request(old, 9))
        assert (answer.status, answer.media_type, answer.body) == (409, "text/x.tlog.size", b"5\n")
    assert witness.add_checkpoint(log.request(5, 9)).status == 200
    assert witness.add_checkpoint(log.request(0, 5)).body == b"9\n"  # back it does not go


def test_a_fork_is_refused_and_leaves_a_file_that_proves_it(log, witness, tmp_path):
    witness.add_checkpoint(log.request(0, 5))
    other = Log("another")
    answer = witness.add_checkpoint(other.request(5, 5))
    assert (answer.status, answer.body) == (409, b"5\n")
    (fork,) = (tmp_path / "w" / EQUIVOCATIONS).iterdir()
    first, second = fork.read_bytes().split(b"\n\n\xe2\x80\x94")[0], other.note(5).format()
    assert fork.read_bytes().endswith(second)
    assert first.startswith(f"{ORIGIN}\n5\n".encode())
    assert log.note(5).format() in fork.read_bytes()
    assert witness.add_checkpoint(other.request(5, 9)).status == 422  # with the fork's own proof
    assert witness.add_checkpoint(log.request(5, 9)).status == 200


@pytest.mark.parametrize(
    ("status", "make"),
    [
        (404, lambda log: log.request(0, 5, log.note(5, origin="unknown.example/log"))),
        (403, lambda log: log.request(0, 5, log.note(5, seed=sha256(b"thief").digest()))),
        (400, lambda log: log.request(7, 5, path=[])),
        (400, lambda log: b""),
        (400, lambda log: b"old 5\n"),
        (400, lambda log: b"old 05\n\n" + log.note(5).format()),
        (400, lambda log: b"old -1\n\n" + log.note(5).format()),
        (400, lambda log: b"old 0\r\n\r\n" + log.note(5).format()),
        (400, lambda log: log.request(0, 5, path=[bytes(31)])),
        (400, lambda log: log.request(0, 5, path=[bytes(32)] * 64)),
        (400, lambda log: b"old 0\n\n" + b"x" * MAX_REQUEST),
        (422, lambda log: log.request(0, 5, path=[bytes(32)])),
        (422, lambda log: log.request(0, 0, noted(Checkpoint(ORIGIN, 0, bytes(32))))),
    ],
)
def test_what_is_refused(log, witness, status, make):
    if status == 422 and b"\n0\n" in make(log):
        status = 409  # size 0 is known to begin with: another root of the same size
    assert witness.add_checkpoint(make(log)).status == status
    assert witness.add_checkpoint(log.request(0, 5)).status == 200


def test_a_proof_that_does_not_hold(log, witness):
    witness.add_checkpoint(log.request(0, 5))
    assert witness.add_checkpoint(log.request(5, 9, path=[])).status == 422
    wrong = [bytes(32)] * len(consistency_path(lambda level, at: log.rows[level][at], 5, 9))
    assert witness.add_checkpoint(log.request(5, 9, path=wrong)).status == 422


def test_what_was_signed_outlives_the_process(log, tmp_path):
    opened(tmp_path).add_checkpoint(log.request(0, 9))
    again = opened(tmp_path)
    assert again.add_checkpoint(log.request(0, 5)).status == 409
    assert again.add_checkpoint(log.request(9, 12)).status == 200


def test_of_two_at_once_one_wins_and_it_never_goes_back(log, tmp_path):
    """The race of tlog-witness: two that extend the same size, one larger than the other."""
    known = 0
    with ThreadPoolExecutor(4) as pool:
        for step in range(40):
            sizes = (known + 1, known + 2)
            answers = list(pool.map(opened(tmp_path).add_checkpoint, [log.request(known, new) for new in sizes]))
            won = [new for new, answer in zip(sizes, answers, strict=True) if answer.status == 200]
            assert len(won) == 1, (step, answers)
            known = won[0]
            newest = Cosigned(tmp_path / "cosigner.json").newest("witness", ORIGIN)
            assert newest is not None
            assert (newest.size, newest.root) == (known, root(log.leaves[:known]))


def test_logs_are_named_in_a_file_of_log_lines(tmp_path):
    key = VerifierKey(ORIGIN, SIGNING_KEY, public_key_of(SEED))
    path = tmp_path / "logs.txt"
    assert Witness.watched(path) == {}
    path.write_text(f"log {key}\nquorum none\n")
    assert Witness.watched(path) == {ORIGIN: (key,)}


def test_the_first_state_is_the_root_of_nothing():
    assert sha256(b"").digest() == EMPTY_ROOT
