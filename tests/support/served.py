"""A ledger that a node serves, and callers who sign their requests.

    place = make_place(tmp_path)                      # a home with the ledger of `place.game`, and its log key
    with place.client() as client:                    # the app in this process; `served(place)` starts a real one
        answer = client.get("/v1/status")
        answer = client.get(f"/v1/records/{bill.hex()}", auth=place.signed_by("shipper"))

What is submitted through `place.send` is played in the memory of `place.game` too, so that the next act can be
signed on it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
from starlette.testclient import TestClient
from support.game import Game, base_tables
from support.members import digest

from api.app import make_app
from api.client_signing import RequestSigner
from api.message_signature import KeyId
from api.node import Node
from ledger.note import SIGNING_KEY, VerifierKey
from ledger.store.sqlite import open_sqlite
from ledger.transaction import SignedTransaction
from nodes.engines.solo import SoloEngine
from nodes.home import Home
from nodes.keyfile import Cost, FileKeyStore
from nodes.keystore import KeyName

__all__ = ["PASSPHRASE", "Place", "SignedBy", "make_place", "running", "served"]

PASSPHRASE = "five random words or more"
ORIGIN = "ledger.example/test"
BASE_URL = "http://node.example"
ROOT = Path(__file__).resolve().parents[2]


class SignedBy(httpx2.Auth):
    """Signs every request of an httpx2 client."""

    requires_request_body = True

    def __init__(self, signer: RequestSigner) -> None:
        self._signer = signer

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        body = request.content if request.method == "POST" else None
        request.headers.update(self._signer.headers(request.method, str(request.url), body))
        yield request


@dataclass
class Place:
    """An operator's home, and the game that is played on its ledger."""

    home: Home
    keys: FileKeyStore
    game: Game
    clock: Callable[[], int] | None = None
    nonces: Iterator[int] = field(default_factory=count)

    @property
    def log(self) -> Path:
        """What a served process has said on stderr."""
        return self.home.folder.parent / "serve.log"

    def now(self) -> int:
        """The clock of callers, and of the app in this process: `clock`, else the game's, which stands still."""
        return self.game.time if self.clock is None else self.clock()

    def signer(self, alias: str, *, name: str | None = None, clock: Callable[[], int] | None = None) -> RequestSigner:
        """Who signs requests as `alias`, under `name` if it is given."""
        key = self.game.members[alias].key
        return RequestSigner(
            KeyId(name or alias, key.public),
            lambda message: key.sign(message)[2],
            clock=clock or self.now,
            random_bytes=lambda size: digest("nonce", next(self.nonces))[:size],
        )

    def signed_by(self, alias: str, **options: Any) -> SignedBy:
        """The same for a client of httpx2."""
        return SignedBy(self.signer(alias, **options))

    @contextmanager
    def node(self, *, signs: bool = True, **options: Any) -> Iterator[Node]:
        """The node of the home, open in this process."""
        settings: dict[str, Any] = {"clock": self.now, "purpose": "lading serve", "workers": 0, **options}
        with Node.open(self.home, self.keys if signs else None, **settings) as node:
            yield node

    @contextmanager
    def client(self, **options: Any) -> Iterator[TestClient]:
        """A caller of the app in this process."""
        with self.node(**options) as node:
            app = make_app(node, self.now)
            with TestClient(app, base_url=BASE_URL, raise_server_exceptions=False, follow_redirects=False) as client:
                yield client

    def send(self, client: httpx2.Client, who: str, action: str, record: bytes | None = None, /, **args: Any) -> Any:
        """An act of `who`, submitted by `who`; what is accepted is played in memory too."""
        signed = self.game.signed(who, action, record, **args)
        answer = self.post(client, who, signed)
        if answer.status_code == 201:
            self.game.submit(signed)
        return answer

    def post(self, client: httpx2.Client, who: str, signed: SignedTransaction | bytes) -> Any:
        """Submit a transaction."""
        entry = signed if isinstance(signed, bytes) else signed.entry
        headers = {"content-type": "application/msgpack"}
        return client.post("/v1/transactions", content=entry, headers=headers, auth=self.signed_by(who))

    def issue_bill(self, client: httpx2.Client, **changes: Any) -> bytes:
        """A bill that the carrier has issued. Gives its id."""
        arguments = self.game.bill_arguments(**changes)
        answer = self.send(client, "carrier", "bill_of_lading.issue", **arguments)
        assert answer.status_code == 201, answer.text
        return bytes(arguments["record"])

    def engine(self) -> SoloEngine:
        """The ledger, opened anew from what is on disk; close its store."""
        return SoloEngine.open(open_sqlite(self.home.ledger_path), self.now)


def make_place(folder: Path, *, clock: Callable[[], int] | None = None) -> Place:
    """A home under `folder`; a served process needs a real `clock`."""
    home = Home.create(folder / "carrier", name="carrier", operator=True)
    keys = FileKeyStore.create(home.keys_path, PASSPHRASE, cost=Cost(1, 8 * 1024))
    game = Game(tables=base_tables())
    if clock is not None:
        game.time = clock()
    log = VerifierKey(ORIGIN, SIGNING_KEY, keys.public_key(KeyName.LOG))
    store = open_sqlite(home.ledger_path, create=True)
    SoloEngine.found(store, game.genesis, game.tables, lambda: game.time)
    store.close()
    home.join(game.genesis.encode(), f"log {log}\nquorum none\n")
    return Place(home, keys, game, clock)


@contextmanager
def running(
    arguments: list[str], log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A Python process with these arguments, its stderr in `log`; it is killed at the end if it still runs."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    with log.open("a") as stderr:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": paths, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


@contextmanager
def served(place: Place, *options: str, signs: bool = True) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """`lading serve` as a process, on a free port, and the line that says where. Its messages are in `place.log`."""
    command = "import sys; from cli.main import main; sys.exit(main(sys.argv[1:]))"
    home = ["--home", str(place.home.folder), "--port", "0", "--json", *options]
    secrets = {"LADING_PASSPHRASE": PASSPHRASE} if signs else {}
    with running(["-c", command, "serve", *home], place.log, secrets) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("{"), f"it did not start: {place.log.read_text()}"
        yield process, json.loads(line)
