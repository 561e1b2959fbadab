"""What was cosigned last: durable first, never backward, never two roots of one size."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ledger.errors import LadingError
from nodes import cosigned
from nodes.cosigned import Cosigned, CosignedDamaged, Signed, WouldFork

ORIGIN = "ledger.example/main"
ROOT, OTHER = bytes(range(32)), bytes(32)


def test_the_newest_is_kept_by_key_and_log(tmp_path: Path) -> None:
    kept = Cosigned(tmp_path / "cosigner.json")
    assert kept.newest("replay", ORIGIN) is None
    kept.advance("replay", ORIGIN, Signed(5, ROOT, 100))
    kept.advance("witness", ORIGIN, Signed(4, OTHER, 90))
    kept.advance("replay", "other.example/log", Signed(0, OTHER, 1))
    kept.advance("replay", ORIGIN, Signed(8, OTHER, 100))
    again = Cosigned(tmp_path / "cosigner.json")
    assert again.newest("replay", ORIGIN) == Signed(8, OTHER, 100)
    assert again.newest("witness", ORIGIN) == Signed(4, OTHER, 90)
    assert again.newest("replay", "other.example/log") == Signed(0, OTHER, 1)


def test_the_file_has_the_documented_form(tmp_path: Path) -> None:
    Cosigned(tmp_path / "c.json").advance("replay", ORIGIN, Signed(42, ROOT, 1764000000))
    signed = (
        b'[{"cosigner":"replay","origin":"ledger.example/main","root":"'
        b"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        b'","size":42,"time":1764000000}]'
    )
    check = hashlib.sha256(signed).hexdigest().encode()
    assert (tmp_path / "c.json").read_bytes() == (
        b'{"check":"' + check + b'","format":"lading/cosigned@1","signed":' + signed + b"}"
    )


@pytest.mark.parametrize(
    ("signed", "message"),
    [
        (Signed(4, ROOT, 100), "size 5 was signed before"),
        (Signed(5, OTHER, 100), "another root of size 5"),
        (Signed(6, OTHER, 99), "before that of the last"),
    ],
)
def test_a_second_history_is_refused(tmp_path: Path, signed: Signed, message: str) -> None:
    kept = Cosigned(tmp_path / "cosigner.json")
    kept.advance("replay", ORIGIN, Signed(5, ROOT, 100))
    before = (tmp_path / "cosigner.json").read_bytes()
    with pytest.raises(WouldFork, match=message):
        kept.advance("replay", ORIGIN, signed)
    assert (tmp_path / "cosigner.json").read_bytes() == before
    kept.advance("replay", ORIGIN, Signed(5, ROOT, 101))


def test_what_cannot_be_kept_is_not_advanced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Cosigned(tmp_path / "cosigner.json")

    def full(*_: object) -> None:
        raise LadingError("no space")

    monkeypatch.setattr(cosigned, "write_atomic", full)
    with pytest.raises(LadingError):
        kept.advance("replay", ORIGIN, Signed(5, ROOT, 100))
    assert kept.newest("replay", ORIGIN) is None


def test_every_changed_byte_is_detected(tmp_path: Path) -> None:
    path = tmp_path / "cosigner.json"
    Cosigned(path).advance("replay", ORIGIN, Signed(5, ROOT, 100))
    data = path.read_bytes()
    for position in range(len(data)):
        for bit in (0x01, 0x80):
            changed = bytearray(data)
            changed[position] ^= bit
            path.write_bytes(changed)
            with pytest.raises(CosignedDamaged):
                Cosigned(path).newest("replay", ORIGIN)
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(CosignedDamaged):
            Cosigned(path).advance("replay", ORIGIN, Signed(6, ROOT, 100))
