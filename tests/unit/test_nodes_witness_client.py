"""Asking witnesses: what counts as an answer, and what shows that the log has forked."""

from __future__ import annotations

from itertools import count
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from support.proven import ORIGIN, Trade, key_store

from ledger.note import SIGNING_KEY, VerifierKey
from ledger.policy import Log, Policy
from ledger.policy import Witness as PolicyWitness
from nodes.cosigned import Cosigned
from nodes.keystore import KeyName
from nodes.proving import choose_checkpoint
from nodes.witness import Witness
from nodes.witness_client import WitnessAhead, WitnessDisagrees, WitnessSilent, ask_witness, ask_witnesses


@pytest.fixture
def trade() -> Trade:
    return Trade()


def watcher(folder, trade, owner="watcher"):
    key = VerifierKey(ORIGIN, SIGNING_KEY, trade.keys.public_key(KeyName.LOG))
    times = count(1_764_000_000_000, 1000)
    memory = Cosigned(folder / "cosigner.json")
    return Witness(f"{owner}.example/witness", key_store(owner), {ORIGIN: (key,)}, memory, folder, lambda: next(times))


def named(witness, url="http://witness.example"):
    return PolicyWitness("watcher", witness.key, url)


def posting(witness, seen):
    def post(url, body):
        seen.append((url, body.partition(b"\n")[0]))
        answer = witness.add_checkpoint(body)
        return answer.status, answer.body

    return post


def test_a_witness_is_asked_from_what_it_knows(trade, tmp_path):
    witness, seen = watcher(tmp_path, trade), []
    first = trade.checkpoint()
    line = ask_witness(trade.store, first, named(witness), posting(witness, seen))
    trade.store.put_checkpoint(first.size, first.body, [line])
    trade.bill()
    second = trade.checkpoint()
    line = ask_witness(trade.store, second, named(witness), posting(witness, seen))
    assert line.startswith("— watcher.example/witness ")
    url = "http://witness.example/add-checkpoint"
    assert seen == [(url, b"old 0"), (url, b"old %d" % first.size)]


def test_what_it_knows_without_our_knowing_is_asked_for_again(trade, tmp_path):
    witness, seen = watcher(tmp_path, trade), []
    first = trade.checkpoint()
    ask_witness(trade.store, first, named(witness), posting(witness, seen))  # the line was lost
    trade.bill()
    ask_witness(trade.store, trade.checkpoint(), named(witness), posting(witness, seen))
    assert [old for _, old in seen] == [b"old 0", b"old 0", b"old %d" % first.size]


def test_an_old_backup_is_found_because_the_witness_is_ahead(trade, tmp_path):
    witness, old = watcher(tmp_path, trade), trade.checkpoint()
    trade.bill()
    ask_witness(trade.store, trade.checkpoint(), named(witness), posting(witness, []))
    with pytest.raises(WitnessAhead, match=r"watcher knows 1\d entries, this log has [78]"):
        ask_witness(trade.store, old, named(witness), posting(witness, []))


def test_another_history_is_found_because_the_witness_disagrees(trade, tmp_path):
    witness, other = watcher(tmp_path, trade), Trade()
    trade.bill()
    ask_witness(trade.store, trade.checkpoint(), named(witness), posting(witness, []))
    other.time += 1000
    other.bill()
    other.bill()
    with pytest.raises(WitnessDisagrees):
        ask_witness(other.store, other.checkpoint(), named(witness), posting(witness, []))


@pytest.mark.parametrize(
    "answer",
    [
        (404, b"unknown\n"),
        (500, b""),
        (409, b"many\n"),
        (409, b"9" * 40),
        (200, b""),
        (200, b"\xff\n"),
        (200, "— watcher.example/witness AAAA\n".encode()),
        (200, "— other.example/witness AAAAAAAA\n".encode()),
    ],
)
def test_what_is_no_answer(trade, tmp_path, answer):
    with pytest.raises(WitnessSilent):
        ask_witness(trade.store, trade.checkpoint(), named(watcher(tmp_path, trade)), lambda url, body: answer)


def test_a_line_over_another_checkpoint_does_not_count(trade, tmp_path):
    witness = watcher(tmp_path, trade)
    first = trade.checkpoint()
    line = ask_witness(trade.store, first, named(witness), posting(witness, []))
    trade.bill()
    with pytest.raises(WitnessSilent):
        ask_witness(trade.store, trade.checkpoint(), named(witness), lambda url, body: (200, f"{line}\n".encode()))


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def test_over_http_each_witness_answers_for_itself(trade, tmp_path):
    witness = watcher(tmp_path, trade)

    def app(environ, start):
        answer = witness.add_checkpoint(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start(f"{answer.status} X", [("Content-Type", answer.media_type)])
        return [answer.body]

    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        gone = PolicyWitness("gone", watcher(tmp_path / "gone", trade, "gone").key, "http://127.0.0.1:1/")
        silent = PolicyWitness("silent", watcher(tmp_path / "silent", trade, "silent").key, "")
        log = Log(VerifierKey(ORIGIN, SIGNING_KEY, trade.keys.public_key(KeyName.LOG)))
        policy = Policy((log,), (named(witness, url), gone, silent), (), "watcher")
        stored = trade.checkpoint()
        found = ask_witnesses(trade.store, stored, policy)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert sorted(found) == ["gone", "watcher"]
    assert isinstance(found["gone"], WitnessSilent)
    trade.store.put_checkpoint(stored.size, stored.body, [str(found["watcher"])])
    assert choose_checkpoint(trade.store, policy.format().decode())[1].holds
