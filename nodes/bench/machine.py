"""What a figure is compared with, and where it is taken: one core's rate of Ed25519, cores, memory."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from statistics import median

from nacl import bindings

__all__ = ["describe", "ed25519_rate", "one_core", "resident_mib"]

_MESSAGE = bytes(360)
_ROUNDS, _TIMES = 5, 400


def ed25519_rate() -> float:
    """Verifications of an Ed25519 signature a second by PyNaCl on one core: the median of five short rounds."""
    public, secret = bindings.crypto_sign_seed_keypair(sha256(b"bench").digest())
    signed = bindings.crypto_sign(_MESSAGE, secret)
    rates = []
    with one_core():
        for _ in range(_ROUNDS):
            start = time.perf_counter()
            for _ in range(_TIMES):
                bindings.crypto_sign_open(signed, public)
            rates.append(_TIMES / (time.perf_counter() - start))
    return median(rates)


@contextmanager
def one_core(only: bool = True) -> Iterator[None]:
    """Keep this thread, and those that it starts, on one core, where the system lets us."""
    if not only or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def resident_mib(pid: int | str = "self") -> tuple[float, float]:
    """A process's resident memory, now and at its most, in MiB; zeros where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0, 0.0
    sizes = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest.strip()}
    return float(sizes["VmRSS"]) / 1024, float(sizes["VmHWM"]) / 1024


def describe() -> dict[str, str | int]:
    """The machine and the versions that the figures depend on."""
    return {
        "cores": os.cpu_count() or 1,
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "pynacl": version("PyNaCl"),
        "sqlite": sqlite3.sqlite_version,
    }
