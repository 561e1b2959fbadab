"""Keys in memory and in a file: what they do, what they never give away, what is detected."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl import bindings
from nacl.pwhash import argon2id

from ledger import codec
from ledger.signature import BadSignature, verify
from nodes import keyfile
from nodes.files import AlreadyThere, FileMissing, FileTooLarge
from nodes.keyfile import (
    EVERYDAY,
    STRONG,
    STRONGEST,
    CannotStretch,
    Cost,
    FileKeyStore,
    KeysDamaged,
    KeysNewer,
    WrongPassphrase,
)
from nodes.keystore import CannotOpen, KeyName, KeysClosed, KeyStore, MemoryKeyStore, NothingStaged, WrongUse

CHEAP = Cost(1, 8192)
WORD = "a passphrase of the tests"
SIGNING = [KeyName.SIGNING, KeyName.LOG, KeyName.REPLAY, KeyName.WITNESS]


def counter(seed: bytes = b"") -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    drawn = 0

    def draw(size: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return hashlib.shake_256(seed + drawn.to_bytes(4, "big")).digest(size)

    return draw


def make(folder: Path) -> tuple[Path, FileKeyStore]:
    path = folder / "keys.lading"
    return path, FileKeyStore.create(path, WORD, cost=CHEAP, random_bytes=counter())


def forge(path: Path, **changes: object) -> None:
    """Rewrite the header of a key store, with a hash that is right."""
    header = codec.decode(path.read_bytes()[:-32])
    body = codec.encode({**header, **changes})
    path.write_bytes(body + hashlib.sha256(body).digest())


@pytest.mark.parametrize("name", SIGNING)
def test_every_signing_key_signs_with_its_own_public_key(name: KeyName) -> None:
    keys = MemoryKeyStore(random_bytes=counter())
    signature = keys.sign(name, b"message")
    verify(1, keys.public_key(name), b"message", signature)
    assert keys.signer(name)(b"message") == (1, keys.public_key(name), signature)
    with pytest.raises(BadSignature):
        verify(1, keys.public_key(name), b"other", signature)
    for other in set(SIGNING) - {name}:
        assert keys.public_key(other) != keys.public_key(name)


def test_a_key_does_only_what_it_is_for() -> None:
    keys = MemoryKeyStore()
    for name in (KeyName.ENCRYPTION, KeyName.VAULT):
        with pytest.raises(WrongUse):
            keys.sign(name, b"")
    with pytest.raises(WrongUse):
        keys.public_key(KeyName.VAULT)
    with pytest.raises(WrongUse):
        keys.stage(KeyName.VAULT)
    assert set(keys.public_keys()) == set(KeyName) - {KeyName.VAULT}


def test_sealed_bytes_open_for_their_recipient_alone() -> None:
    keys, other = MemoryKeyStore(), MemoryKeyStore()
    blob = bindings.crypto_box_seal(b"content", keys.public_key(KeyName.ENCRYPTION))
    assert keys.unseal(blob) == b"content"
    for bad in (b"", blob[:-1], blob + b"\x00", bytes(len(blob))):
        with pytest.raises(CannotOpen):
            keys.unseal(bad)
    with pytest.raises(CannotOpen):
        other.unseal(blob)


def test_wrapped_bytes_open_in_their_context_alone() -> None:
    keys = MemoryKeyStore(random_bytes=counter())
    blob = keys.wrap(b"content", b"here")
    assert keys.unwrap(blob, b"here") == b"content"
    with pytest.raises(CannotOpen, match="another place"):
        keys.unwrap(blob, b"there")
    for position in range(len(blob)):
        changed = bytearray(blob)
        changed[position] ^= 1
        with pytest.raises(CannotOpen):
            keys.unwrap(bytes(changed), b"here")
    for size in range(len(blob)):
        with pytest.raises(CannotOpen):
            keys.unwrap(blob[:size], b"here")
    with pytest.raises(CannotOpen):
        MemoryKeyStore().unwrap(blob, b"here")


def test_a_pseudonym_is_the_keys_own() -> None:
    keys = MemoryKeyStore(random_bytes=counter())
    assert keys.pseudonym(b"a") == keys.pseudonym(b"a") != keys.pseudonym(b"b")
    assert keys.pseudonym(b"a") != MemoryKeyStore(random_bytes=counter(b"2")).pseudonym(b"a")


def test_a_file_keeps_the_keys(tmp_path: Path) -> None:
    path, made = make(tmp_path)
    read: KeyStore = FileKeyStore.open(path, WORD)
    for name in set(KeyName) - {KeyName.VAULT}:
        assert read.public_key(name) == made.public_key(name)
    assert read.unwrap(made.wrap(b"x", b"y"), b"y") == b"x"
    assert read.pseudonym(b"x") == made.pseudonym(b"x")


def test_the_file_has_the_documented_form(tmp_path: Path) -> None:
    path, made = make(tmp_path)
    data = path.read_bytes()
    assert hashlib.sha256(data[:-32]).digest() == data[-32:]
    header = codec.decode(data[:-32])
    salt, sealed = header.pop("salt"), header.pop("sealed")
    assert header == {"format": "lading/keys@1", "kdf": "argon2id13", "memory": 8192, "operations": 1}
    key = bindings.crypto_pwhash_alg(32, WORD.encode(), salt, 1, 8192, bindings.crypto_pwhash_ALG_ARGON2ID13)
    content = codec.decode(bindings.crypto_secretbox_open(sealed[24:], sealed[:24], key))
    assert set(content) == {"keys", "staged"}
    seed = content["keys"]["signing"][0]
    assert bindings.crypto_sign_seed_keypair(seed)[0] == made.public_key(KeyName.SIGNING)
    assert all(one not in data for many in content["keys"].values() for one in many)


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    path, _ = make(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    path, _ = make(tmp_path)
    before = path.read_bytes()
    with pytest.raises(AlreadyThere):
        FileKeyStore.create(path, WORD, cost=CHEAP)
    assert path.read_bytes() == before


def test_a_wrong_passphrase_is_named_as_such(tmp_path: Path) -> None:
    path, _ = make(tmp_path)
    for wrong in ("", WORD + " ", WORD.upper(), "\x00"):
        with pytest.raises(WrongPassphrase) as caught:
            FileKeyStore.open(path, wrong)
        assert caught.value.code == "key.wrong_passphrase"
        assert wrong == "" or wrong not in str(caught.value.as_dict())


def test_one_passphrase_typed_on_two_systems_is_one(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    word = "Zürich Gdańsk Ōsaka"
    FileKeyStore.create(path, unicodedata.normalize("NFD", word), cost=CHEAP)
    FileKeyStore.open(path, unicodedata.normalize("NFC", word))


def test_every_changed_byte_is_detected(tmp_path: Path) -> None:
    path, _ = make(tmp_path)
    data = path.read_bytes()
    for position in range(len(data)):
        for bit in (0x01, 0x80):
            changed = bytearray(data)
            changed[position] ^= bit
            path.write_bytes(changed)
            with pytest.raises(KeysDamaged):
                FileKeyStore.open(path, WORD)


def test_every_truncation_is_detected(tmp_path: Path) -> None:
    path, _ = make(tmp_path)
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(KeysDamaged):
            FileKeyStore.open(path, WORD)
    path.write_bytes(data + b"\x00")
    with pytest.raises(KeysDamaged):
        FileKeyStore.open(path, WORD)


@pytest.mark.parametrize(
    "changes",
    [
        {"memory": 4 << 30},
        {"memory": (1 << 30) + 1},
        {"memory": 8191},
        {"memory": 0},
        {"memory": -1},
        {"operations": 0},
        {"operations": 9},
        {"operations": 2**63},
        {"operations": True},
        {"memory": "8192"},
        {"salt": b""},
        {"salt": "0123456789abcdef"},
        {"sealed": None},
        {"more": 1},
    ],
)
def test_a_hostile_header_is_refused_before_memory_is_taken(
    tmp_path: Path, changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = make(tmp_path)
    forge(path, **changes)
    monkeypatch.setattr(keyfile, "_stretch", lambda *_: pytest.fail("the key was stretched"))
    with pytest.raises((KeysDamaged, KeysNewer)):
        FileKeyStore.open(path, WORD)


@pytest.mark.parametrize("changes", [{"salt": bytes(16)}, {"sealed": b""}, {"memory": 16384}, {"operations": 2}])
def test_a_forged_header_opens_nothing(tmp_path: Path, changes: dict[str, object]) -> None:
    path, _ = make(tmp_path)
    forge(path, **changes)
    with pytest.raises(WrongPassphrase):
        FileKeyStore.open(path, WORD)


def test_a_newer_format_says_so(tmp_path: Path) -> None:
    path, _ = make(tmp_path)
    forge(path, format="lading/keys@2")
    with pytest.raises(KeysNewer, match="lading/keys@2"):
        FileKeyStore.open(path, WORD)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        codec.encode([]),
        codec.encode({"keys": {}, "staged": {}}),
        codec.encode({"keys": {"signing": [b"short"]}, "staged": {}}),
        codec.encode({"keys": {"other": [bytes(32)]}, "staged": {}}),
        codec.encode({"keys": {name.value: [] for name in KeyName}, "staged": {}}),
        codec.encode({"keys": {name.value: 1 for name in KeyName}, "staged": {}}),
    ],
)
def test_a_box_with_something_else_in_it_is_damage(tmp_path: Path, content: bytes) -> None:
    path, _ = make(tmp_path)
    salt, nonce = bytes(16), bytes(24)
    key = bindings.crypto_pwhash_alg(32, WORD.encode(), salt, 1, 8192, bindings.crypto_pwhash_ALG_ARGON2ID13)
    forge(path, salt=salt, sealed=nonce + bindings.crypto_secretbox(content, nonce, key))
    with pytest.raises(KeysDamaged):
        FileKeyStore.open(path, WORD)


def test_a_file_that_cannot_be_a_key_store(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        FileKeyStore.open(tmp_path / "absent", WORD)
    (tmp_path / "large").write_bytes(bytes(70_000))
    with pytest.raises(FileTooLarge):
        FileKeyStore.open(tmp_path / "large", WORD)


def test_too_little_memory_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = make(tmp_path)

    def none_left(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(keyfile.bindings, "crypto_pwhash_alg", none_left)
    with pytest.raises(CannotStretch):
        FileKeyStore.open(path, WORD)


def test_the_passphrase_changes_and_the_keys_stay(tmp_path: Path) -> None:
    path, made = make(tmp_path)
    old = path.read_bytes()
    public = made.public_keys()
    made.change_passphrase("another", cost=Cost(2, 16384))
    with pytest.raises(WrongPassphrase):
        FileKeyStore.open(path, WORD)
    read = FileKeyStore.open(path, "another")
    assert (read.public_keys(), read.cost) == (public, Cost(2, 16384))
    path.write_bytes(old)  # a copy of before still opens with the passphrase of before
    assert FileKeyStore.open(path, WORD).public_keys() == public


def test_the_costs_are_those_of_libsodium() -> None:
    assert Cost(argon2id.OPSLIMIT_INTERACTIVE, argon2id.MEMLIMIT_INTERACTIVE) == EVERYDAY
    assert Cost(argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE) == STRONG
    assert Cost(argon2id.OPSLIMIT_SENSITIVE, argon2id.MEMLIMIT_SENSITIVE) == STRONGEST
    with pytest.raises(KeysDamaged):
        Cost(1, 1 << 32).check("a test")


def test_a_rotation_survives_a_stop_between_its_steps(tmp_path: Path) -> None:
    path, keys = make(tmp_path)
    old = keys.public_key(KeyName.SIGNING)
    with pytest.raises(NothingStaged):
        keys.sign_staged(KeyName.SIGNING, b"mine")
    new = keys.stage(KeyName.SIGNING)
    verify(1, new, b"mine", keys.sign_staged(KeyName.SIGNING, b"mine"))
    again = FileKeyStore.open(path, WORD)
    assert again.public_key(KeyName.SIGNING) == old
    assert again.staged_key(KeyName.SIGNING) == again.stage(KeyName.SIGNING) == new
    assert again.adopt(KeyName.SIGNING) == new
    last = FileKeyStore.open(path, WORD)
    assert last.public_key(KeyName.SIGNING) == new
    assert last.staged_key(KeyName.SIGNING) is None
    with pytest.raises(NothingStaged):
        last.adopt(KeyName.SIGNING)


def test_an_old_encryption_key_goes_on_opening(tmp_path: Path) -> None:
    path, keys = make(tmp_path)
    blobs = []
    for turn in range(3):
        blobs.append(bindings.crypto_box_seal(b"%d" % turn, keys.public_key(KeyName.ENCRYPTION)))
        keys.stage(KeyName.ENCRYPTION)
        keys.adopt(KeyName.ENCRYPTION)
    read = FileKeyStore.open(path, WORD)
    assert [read.unseal(blob) for blob in blobs] == [b"0", b"1", b"2"]


def test_a_closed_store_does_nothing_more(tmp_path: Path) -> None:
    path, keys = make(tmp_path)
    secrets = [secret for many in keys._keys.values() for secret in many]
    with keys:
        keys.sign(KeyName.SIGNING, b"")
    assert all(secret == bytes(32) for secret in secrets)
    for use in (
        lambda: keys.sign(KeyName.SIGNING, b""),
        lambda: keys.unseal(b""),
        lambda: keys.wrap(b"", b""),
        lambda: keys.stage(KeyName.SIGNING),
        lambda: keys.change_passphrase("another"),
    ):
        with pytest.raises(KeysClosed):
            use()
    assert FileKeyStore.open(path, WORD).public_key(KeyName.SIGNING)


def test_no_secret_is_shown() -> None:
    keys = MemoryKeyStore(random_bytes=lambda size: b"S" * size)
    assert "SSSS" not in repr(keys) + str(keys)
