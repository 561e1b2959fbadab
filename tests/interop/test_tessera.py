"""Our exported log, checked whole by tessera's `fsck`, a program that we did not write: every tile, entry and root.

Its exit status is 0 even when it has found something wrong, and it may not end then: what it prints is what counts.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Timer

import pytest
from support.proven import ORIGIN, Trade

from ledger.note import SIGNING_KEY, VerifierKey
from nodes.keystore import KeyName
from nodes.log_export import export_log

SOUND = "Successfully fsck'd"
FOUND = ":Invalid"


@pytest.fixture(scope="module")
def fsck(need_program, tmp_path_factory):
    """Runs tessera's fsck over a folder: whether it says that the log is sound, and what it printed."""
    source = Path(__file__).parent / "tessera"
    folder = tmp_path_factory.mktemp("fsck")
    program, key = folder / "fsck", folder / "log.pub"
    build = [need_program("go"), "build", "-mod=readonly", "-o", str(program)]
    subprocess.run([*build, "github.com/transparency-dev/tessera/cmd/fsck"], cwd=source, check=True)

    def run(log, vkey):
        key.write_text(f"{vkey}\n")
        command = [
            program,
            f"--storage_url=file://{log}/",
            f"--public_key={key}",
            f"--origin={ORIGIN}",
            "--ui=false",
            "-v=2",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            watchdog = Timer(60, process.kill)
            watchdog.start()
            printed = ""
            for line in process.stdout:
                printed += line
                if SOUND in line or FOUND in line:
                    break
            watchdog.cancel()
            process.kill()  # it does not end by itself once it has found something
        print(printed)
        return SOUND in printed, printed

    return run


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A log of more than 512 entries, exported twice, and the key that signed it."""
    trade, folder = Trade(), tmp_path_factory.mktemp("log")
    while trade.engine.chain.size < 300:
        trade.issue()
    export_log(trade.store, trade.checkpoint(), folder)
    while trade.engine.chain.size < 520:
        trade.issue()
    done = export_log(trade.store, trade.checkpoint(), folder)
    assert done.before >= 300
    return folder, VerifierKey(ORIGIN, SIGNING_KEY, trade.keys.public_key(KeyName.LOG)), done.size


def test_fsck_finds_our_log_sound(fsck, exported):
    folder, key, size = exported
    sound, printed = fsck(folder, key)
    assert sound, printed
    assert f"{size}" in printed


@pytest.mark.parametrize("name", ["tile/entries/000", "tile/0/001"])
def test_one_flipped_bit_and_fsck_finds_it(fsck, exported, name):
    folder, key, _ = exported
    path = folder / name
    kept = path.read_bytes()
    changed = bytearray(kept)
    changed[len(changed) // 2] ^= 1
    path.write_bytes(bytes(changed))
    try:
        sound, printed = fsck(folder, key)
        assert (sound, FOUND in printed) == (False, True), printed
    finally:
        path.write_bytes(kept)
    assert fsck(folder, key)[0]


def test_under_another_key_it_is_not_our_log(fsck, exported):
    folder, _, _ = exported
    stranger = Trade(owner="stranger")
    assert not fsck(folder, VerifierKey(ORIGIN, SIGNING_KEY, stranger.keys.public_key(KeyName.LOG)))[0]
