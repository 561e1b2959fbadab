"""Cosignatures: a witness's time and signature over the body of a checkpoint."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger import note
from ledger.checkpoint import BadCheckpoint, Checkpoint, ExtensionLines
from ledger.cosignature import BadTime, cosign, signed_message, stated_time, verify_cosignature
from ledger.note import BadKey, KnownKeyFails, NoteSignature, VerifierKey
from ledger.signature import public_key_of, sign_ed25519

BODY = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
NAME = "bank.example/replay"
SEED = sha256(b"a witness of the tests").digest()
KEY = VerifierKey(NAME, note.COSIGNATURE_KEY, public_key_of(SEED))
TIME = 1_679_315_147


def test_signed_message():
    assert signed_message(TIME, BODY) == b"cosignature/v1\ntime 1679315147\n" + BODY


def test_bytes_of_a_cosignature():
    line = cosign(SEED, NAME, TIME, BODY)
    message = b"cosignature/v1\ntime 1679315147\n" + BODY
    assert line.name == NAME
    assert line.key_id == sha256(NAME.encode() + b"\n\x04" + KEY.public_key).digest()[:4]
    assert line.signature[:8].hex() == "00000000641850cb"
    assert line.signature[8:] == sign_ed25519(SEED, message)
    assert len(line.key_id + line.signature) == 76


@pytest.mark.parametrize("time", [0, 1, TIME, 2**63 - 1])
def test_the_time_is_what_was_signed(time):
    line = cosign(SEED, NAME, time, BODY)
    assert stated_time(line) == time
    assert verify_cosignature(KEY, BODY, line) == time


@pytest.mark.parametrize("time", [-1, 2**63, 2**64])
def test_a_time_that_cannot_be_is_not_signed(time):
    with pytest.raises(BadTime) as caught:
        cosign(SEED, NAME, time, BODY)
    assert caught.value.code == "cosignature.bad_time"


@pytest.mark.parametrize("body", [b"", b"text\n", BODY[:-1], BODY.replace(b"20", b"020")])
def test_what_is_no_checkpoint_is_not_cosigned(body):
    with pytest.raises(BadCheckpoint):
        cosign(SEED, NAME, TIME, body)
    with pytest.raises(ExtensionLines):
        cosign(SEED, NAME, TIME, BODY + b"more\n")


def test_every_changed_bit_of_a_cosignature_is_refused():
    line = cosign(SEED, NAME, TIME, BODY)
    for at in range(72):
        for bit in range(8):
            changed = bytearray(line.signature)
            changed[at] ^= 1 << bit
            with pytest.raises(KnownKeyFails):
                verify_cosignature(KEY, BODY, NoteSignature(NAME, KEY.id, bytes(changed)))


def test_another_checkpoint_is_refused():
    line = cosign(SEED, NAME, TIME, BODY)
    parsed = Checkpoint.parse(BODY)
    for other in (
        Checkpoint("example.com/other", parsed.size, parsed.root),
        Checkpoint(parsed.origin, parsed.size + 1, parsed.root),
        Checkpoint(parsed.origin, parsed.size, bytes(32)),
    ):
        with pytest.raises(KnownKeyFails):
            verify_cosignature(KEY, other.body(), line)


@pytest.mark.parametrize("size", [1, 8, 64, 71, 73])
def test_a_cosignature_of_another_size_is_refused(size):
    line = NoteSignature(NAME, KEY.id, bytes(size))
    with pytest.raises(KnownKeyFails):
        stated_time(line)
    with pytest.raises(KnownKeyFails):
        verify_cosignature(KEY, BODY, line)


def test_a_signature_over_the_text_itself_is_no_cosignature():
    plain = sign_ed25519(SEED, BODY)
    line = NoteSignature(NAME, KEY.id, TIME.to_bytes(8, "big") + plain)
    with pytest.raises(KnownKeyFails):
        verify_cosignature(KEY, BODY, line)


def test_a_line_of_another_key_is_refused():
    line = cosign(SEED, "other.example/replay", TIME, BODY)
    with pytest.raises(KnownKeyFails, match="not under the name and ID"):
        verify_cosignature(KEY, BODY, line)


def test_a_log_s_key_does_not_cosign():
    log = VerifierKey(NAME, note.SIGNING_KEY, KEY.public_key)
    with pytest.raises(BadKey, match="does not cosign"):
        verify_cosignature(log, BODY, cosign(SEED, NAME, TIME, BODY))
