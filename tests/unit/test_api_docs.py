"""The Python of docs/api.md runs against a node."""

from __future__ import annotations

import re
import time

import pytest
from support.served import make_place, served

from api import bodies, edge, message_signature, routes_open, server, service, upload, verify_worker
from ledger.signature import ED25519
from nodes.keystore import KeyName


class _Keys:
    """A member's key of the game as a key store shows it."""

    def __init__(self, key) -> None:
        self._key = key

    def public_key(self, name: KeyName) -> bytes:
        assert name is KeyName.SIGNING
        return self._key.public

    def sign(self, name: KeyName, message: bytes) -> bytes:
        algorithm, _, signature = self._key.sign(message)
        assert (name, algorithm) == (KeyName.SIGNING, ED25519)
        return signature


def test_the_example_of_a_signed_call(root, tmp_path, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (root / "docs" / "api.md").read_text(), re.DOTALL)
    place = make_place(tmp_path, clock=lambda: time.time_ns() // 1_000_000)
    arguments = place.game.bill_arguments()
    entry = place.game.signed("carrier", "bill_of_lading.issue", **arguments).entry
    with served(place, signs=False) as (_, facts):
        names = {"address": facts["url"], "keys": _Keys(place.game.members["shipper"].key), "entry": entry}
        exec(compile(code, "docs/api.md", "exec"), {**names, "record": arguments["record"].hex()})
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("{'index': 7, 'height': 1, ")
    assert shown[1:] == ["issued"]


@pytest.mark.parametrize(
    "word",
    ["64 KiB", "32 MiB", "30 s", "128 MiB", "1 GiB", "256 requests", "within 10 s", "within 120 s", "300 seconds"],
)
def test_the_limits_are_those_of_the_code(root, word):
    real = {
        "64 KiB": service.MAX_TRANSACTION == 64 * 2**10,
        "32 MiB": upload.MAX_BUNDLE == 32 * 2**20,
        "30 s": bodies.PATIENCE == verify_worker.SECONDS == 30,
        "128 MiB": service.UPLOADS == 128 * 2**20,
        "1 GiB": verify_worker.MEMORY == 2**30,
        "256 requests": edge.MOST == 256,
        "within 120 s": routes_open.PATIENCE == 120,
        "within 10 s": server.HEAD_PATIENCE == 10,
        "300 seconds": message_signature.WINDOW == 300,
    }
    assert real[word]
    assert word in " ".join((root / "docs" / "api.md").read_text().split())
