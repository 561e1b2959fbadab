"""Verifying offline: a bundle of twelve acts with its document, in a process that runs and from cold."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any, Final

from ledger.bundle import WholeDocument
from ledger.commitment import commit, leaves
from ledger.cosignature import cosign
from ledger.errors import LadingError
from ledger.note import COSIGNATURE_KEY, NoteSignature, VerifierKey, key_id
from ledger.policy import Group, Log, Policy, Witness
from ledger.report import Verdict
from ledger.signature import public_key_of
from ledger.store.memory import MemoryStore
from ledger.verify import verify
from nodes.checkpoints import current_checkpoint
from nodes.engines.solo import SoloEngine
from nodes.proofs import Prover
from nodes.tables import shipped_tables

from .figures import OfflineFigures
from .prepare import now_ms
from .trade import ORIGIN, Trade

__all__ = ["measure_offline"]

_ACTS: Final = 12
_COSIGNERS: Final = ("carrier", "shipper", "bank", "buyer")
_QUORUM: Final = 3
_SECRET: Final = sha256(b"bench document").digest()
_MEDIA_TYPE: Final = "application/json"


def measure_offline(folder: Path, times: int) -> OfflineFigures:
    """Make the bundle and its policy in `folder`, and verify it so often in each way."""
    document = _document()
    bundle, policy = _bundle(document)
    (folder / "bill.lading").write_bytes(bundle)
    (folder / "policy.txt").write_bytes(policy.format())
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        report = verify(bundle, policy, at=now_ms())
        taken.append(time.perf_counter() - start)
        if (report.history, report.control) != (Verdict.VALID, Verdict.VALID):
            raise RuntimeError(f"the bundle of the benchmark is not valid: {report.history_reason}")
    arguments = [str(folder / "bill.lading"), "--policy", str(folder / "policy.txt")]
    commands = {"lading-verify": ["lading-verify", *arguments], "lading verify": ["lading", "verify", *arguments]}
    cold = {name: _cold_ms(command, times) for name, command in commands.items()}
    return OfflineFigures(
        bundle_bytes=len(bundle),
        document_bytes=len(document),
        verify_ms=median(taken) * 1e3,
        cold_ms={name: passed for name, passed in cold.items() if passed is not None},
    )


def _document() -> bytes:
    """The transport document of the demo, or one of its size where it is not shipped."""
    shipped = files("nodes") / "demo" / "samples" / "transport-document.json"
    if shipped.is_file():
        return shipped.read_bytes()
    made: dict[str, Any] = {"transportDocumentReference": "BENCH1", "carrierCode": "OCLU"}
    made |= {"carrierCodeListProvider": "SMDG", "packages": [{"weight": str(number)} for number in range(300)]}
    return json.dumps(made).encode()


def _bundle(document: bytes) -> tuple[bytes, Policy]:
    """A bill's bundle under a checkpoint that three of four cosigners have signed, and the policy that asks for it."""
    facts = json.loads(document)
    seeds = {name: sha256(b"cosigner" + name.encode()).digest() for name in _COSIGNERS}
    keys = {name: VerifierKey(f"{name}.example/replay", COSIGNATURE_KEY, public_key_of(s)) for name, s in seeds.items()}
    trade = Trade(now_ms(), codes=(f"{facts['carrierCodeListProvider']}:{facts['carrierCode']}",))
    witnesses = tuple(Witness(name, key) for name, key in keys.items())
    policy = Policy((Log(trade.log_key),), witnesses, (Group("members", _QUORUM, _COSIGNERS),), "members")
    store = MemoryStore()
    engine = SoloEngine.found(store, trade.genesis, shipped_tables(), now_ms)
    hashed = leaves(facts, document, _MEDIA_TYPE, _SECRET)
    _done(engine, trade.issue(document=commit(hashed), reference=facts["transportDocumentReference"]).entry)
    for _ in range(_ACTS - 1):
        _done(engine, trade.move(0).entry)
    body = current_checkpoint(store, ORIGIN).body()
    _, _, made = trade.traders[0].sign(body)
    own = NoteSignature(ORIGIN, key_id(ORIGIN, trade.log_key.type, trade.log_key.public_key), made)
    signed = [cosign(seeds[name], keys[name].name, now_ms() // 1000, body) for name in _COSIGNERS[:_QUORUM]]
    store.put_checkpoint(engine.chain.size, body.decode(), [str(line) for line in (own, *signed)])
    checkpoint = store.checkpoint()
    if checkpoint is None:
        raise RuntimeError("the checkpoint of the benchmark was not kept")
    whole = WholeDocument(document, _MEDIA_TYPE, _SECRET, tuple(leaf.hash for leaf in hashed))
    return Prover(store, engine.chain.tree).bundle(trade.record_id(0), checkpoint, whole).encode(), policy


def _done(engine: SoloEngine, entry: bytes) -> None:
    result = engine.submit([entry])[0]
    if isinstance(result, LadingError):
        raise result


def _cold_ms(command: Sequence[str], times: int) -> float | None:
    """The median of a whole process's time, from its start to its end; nothing if it is not installed."""
    program = Path(sys.executable).parent / command[0]
    if not program.exists():
        return None
    run = partial(subprocess.run, [str(program), *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        status = run(check=False).returncode
        taken.append(time.perf_counter() - start)
        if status:
            raise RuntimeError(f"{' '.join(command)} ended with status {status}")
    return median(taken) * 1e3
