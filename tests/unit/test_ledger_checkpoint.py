"""Checkpoints: three canonical lines, signed by a key that is named like the log."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger import note
from ledger.checkpoint import (
    BadCheckpoint,
    Checkpoint,
    ExtensionLines,
    UnknownOrigin,
    sign_checkpoint,
    verify_checkpoint,
)
from ledger.merkle import EMPTY_ROOT
from ledger.note import KnownKeyFails, NoKnownSignature, Note, NoteSignature, VerifierKey
from ledger.signature import public_key_of

ORIGIN = "example.com/behind-the-sofa"
# The body in the specification's example.
SAMPLE = f"{ORIGIN}\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n".encode()
SEED = sha256(b"a log of the tests").digest()
KEY = VerifierKey(ORIGIN, note.SIGNING_KEY, public_key_of(SEED))


def test_the_specification_s_example():
    checkpoint = Checkpoint.parse(SAMPLE)
    assert checkpoint.origin == ORIGIN
    assert checkpoint.size == 20_852_163
    assert checkpoint.root.hex() == ("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62")
    assert checkpoint.body() == SAMPLE


def test_the_empty_log():
    body = Checkpoint(ORIGIN, 0, EMPTY_ROOT).body()
    assert body == f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n".encode()
    assert Checkpoint.parse(body) == Checkpoint(ORIGIN, 0, EMPTY_ROOT)


def test_the_largest_size_and_the_longest_origin():
    largest = Checkpoint("é" * 127 + "e", 2**63 - 1, bytes(32))
    assert len(largest.origin.encode()) == 255
    assert Checkpoint.parse(largest.body()) == largest


@pytest.mark.parametrize("size", ["", "00", "020852163", "+1", "-1", "1.0", "1e3", " 1", "1 ", "0x1", "١"])
def test_a_size_that_is_not_plain_decimal_is_refused(size):
    with pytest.raises(BadCheckpoint):
        Checkpoint.parse(SAMPLE.replace(b"20852163", size.encode()))


@pytest.mark.parametrize("size", [2**63, 2**64, 10**18 * 99])
def test_a_size_above_2_to_the_63_is_refused(size):
    with pytest.raises(BadCheckpoint):
        Checkpoint.parse(SAMPLE.replace(b"20852163", b"%d" % size))


@pytest.mark.parametrize(
    "root",
    [
        "",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=",
        "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2IA",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I= ",
    ],
)
def test_a_root_that_is_not_32_bytes_in_canonical_base64_is_refused(root):
    lines = SAMPLE.decode().split("\n")
    with pytest.raises(BadCheckpoint) as caught:
        Checkpoint.parse("\n".join([lines[0], lines[1], root, ""]).encode())
    assert caught.value.code == "checkpoint.malformed"


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\n",
        b"\n\n\n",
        SAMPLE[:-1],
        SAMPLE + b"\n",
        b"\n" + SAMPLE,
        SAMPLE.replace(b"\n", b"\r\n"),
        SAMPLE.replace(b"-", b" "),
        SAMPLE.replace(b"-", b"+"),
        SAMPLE.replace(b"-", b"\xff"),
        SAMPLE.split(b"\n", 1)[1],
        SAMPLE.replace(b"-", b"-" * 1024),
        bytes(100_000_000),
    ],
)
def test_anything_else_is_refused(bad):
    with pytest.raises(BadCheckpoint):
        Checkpoint.parse(bad)


def test_extension_lines_are_refused():
    with pytest.raises(ExtensionLines) as caught:
        Checkpoint.parse(SAMPLE + b"state root\n")
    assert caught.value.code == "checkpoint.extension_lines"
    assert caught.value.value == "state root"


@pytest.mark.parametrize(("size", "root"), [(-1, bytes(32)), (2**63, bytes(32)), (1, bytes(31)), (1, b"")])
def test_a_checkpoint_that_cannot_be_is_not_made(size, root):
    with pytest.raises(BadCheckpoint):
        Checkpoint(ORIGIN, size, root)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\rb", "é" * 128])
def test_an_origin_that_no_key_can_have_is_refused(origin):
    with pytest.raises(BadCheckpoint):
        Checkpoint(origin, 1, bytes(32))


def test_signed_by_its_log():
    checkpoint = Checkpoint.parse(SAMPLE)
    signed = Note(SAMPLE, (sign_checkpoint(SEED, checkpoint),))
    assert signed.signatures[0].key == (ORIGIN, KEY.id)
    assert verify_checkpoint(Note.parse(signed.format()), [KEY]) == checkpoint


def test_several_nodes_sign_one_checkpoint_each_with_its_own_key():
    second_seed = sha256(b"a second node").digest()
    second = VerifierKey(ORIGIN, note.SIGNING_KEY, public_key_of(second_seed))
    checkpoint = Checkpoint.parse(SAMPLE)
    lines = (sign_checkpoint(SEED, checkpoint), sign_checkpoint(second_seed, checkpoint))
    for keys in ([KEY], [second], [KEY, second]):
        assert verify_checkpoint(Note(SAMPLE, lines), keys) == checkpoint
    assert verify_checkpoint(Note(SAMPLE, lines[:1]), [KEY, second]) == checkpoint
    forged = NoteSignature(second.name, second.id, lines[0].signature)
    with pytest.raises(KnownKeyFails):
        verify_checkpoint(Note(SAMPLE, (lines[0], forged)), [KEY, second])


def test_a_known_key_of_another_log_does_not_count():
    other = VerifierKey("example.com/other", note.SIGNING_KEY, KEY.public_key)
    line = note.sign(SEED, other.name, SAMPLE)
    with pytest.raises(UnknownOrigin) as caught:
        verify_checkpoint(Note(SAMPLE, (line,)), [other])
    assert caught.value.code == "checkpoint.unknown_origin"
    with pytest.raises(NoKnownSignature):
        verify_checkpoint(Note(SAMPLE, (line,)), [KEY, other])


def test_every_changed_byte_of_a_signed_checkpoint_is_refused():
    data = Note(SAMPLE, (sign_checkpoint(SEED, Checkpoint.parse(SAMPLE)),)).format()
    refusals = (note.BadNote, BadCheckpoint, UnknownOrigin, NoKnownSignature, KnownKeyFails)
    for at in range(len(data)):
        for bit in (0x01, 0x10):
            changed = bytearray(data)
            changed[at] ^= bit
            with pytest.raises((*refusals, ExtensionLines)):
                verify_checkpoint(Note.parse(bytes(changed)), [KEY])
