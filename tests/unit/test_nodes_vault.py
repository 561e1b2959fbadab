"""The vault: read back as written, silent about its owner, and no change goes unseen."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from ledger import codec
from nodes.files import CannotWrite
from nodes.keystore import MemoryKeyStore
from nodes.parcel import Attachment, DocumentPackage, Note, Parcel, TooLargeToKeep
from nodes.vault import NoDocument, Vault, VaultDamaged, VaultEntry

RECORD, OTHER = bytes([7]) * 32, bytes([8]) * 32
TERMS = Attachment("terms.pdf", "application/pdf", b"%PDF-1.7 secret terms")
BILL = DocumentPackage(
    "bill_of_lading",
    "application/json",
    b'{"transportDocumentReference":"OCLU2512345"}',
    bytes([1]) * 32,
    {"number": "OCLU2512345"},
)
AMENDED = DocumentPackage("bill_of_lading", "application/json", b"{}", bytes([2]) * 32, {"number": "OCLU2512345"})
NOTE = Note(bytes([3]) * 32, "seal broken", bytes([4]) * 32)


@pytest.fixture(scope="module")
def keys() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture
def vault(tmp_path: Path, keys: MemoryKeyStore) -> Vault:
    return Vault(tmp_path / "vault", keys)


def sealed_files(folder: Path) -> list[Path]:
    return sorted((folder / "vault").glob("*/*"))


def test_an_empty_vault(vault: Vault) -> None:
    assert vault.entries() == vault.versions(RECORD) == vault.notes(RECORD) == vault.attachments(RECORD) == []
    assert list(vault.check()) == []
    with pytest.raises(NoDocument) as caught:
        vault.get(RECORD)
    assert (caught.value.code, caught.value.value) == ("vault.no_document", RECORD.hex())
    with pytest.raises(NoDocument):
        vault.attachment(RECORD, bytes(32))
    with pytest.raises(NoDocument):
        vault.get(b"short")


def test_versions_of_a_document(vault: Vault) -> None:
    assert [vault.put(RECORD, BILL), vault.put(RECORD, AMENDED), vault.put(RECORD, BILL)] == [1, 2, 1]
    assert vault.get(RECORD) == AMENDED
    assert vault.get(RECORD, 1) == BILL
    with pytest.raises(NoDocument):
        vault.get(RECORD, 3)
    with pytest.raises(NoDocument):
        vault.get(OTHER)


def test_entries_show_every_version_of_every_record(vault: Vault) -> None:
    vault.put(OTHER, AMENDED)
    vault.put(RECORD, BILL)
    vault.put(RECORD, AMENDED)
    number = {"number": "OCLU2512345"}
    assert vault.entries() == [
        VaultEntry(RECORD, 1, "bill_of_lading", "application/json", len(BILL.original), number),
        VaultEntry(RECORD, 2, "bill_of_lading", "application/json", 2, number),
        VaultEntry(OTHER, 1, "bill_of_lading", "application/json", 2, number),
    ]


def test_attachments_are_bound_by_their_hash(vault: Vault) -> None:
    ref = vault.add_attachment(RECORD, TERMS.name, TERMS.media_type, TERMS.content)
    assert ref == TERMS.ref
    assert vault.add_attachment(RECORD, "another name", "text/plain", TERMS.content) == ref
    assert vault.attachment(RECORD, ref.sha256) == TERMS
    assert vault.attachments(RECORD) == [ref]
    with pytest.raises(NoDocument):
        vault.attachment(OTHER, ref.sha256)


def test_an_attachment_with_another_content_is_damage(vault: Vault) -> None:
    header = {"media_type": "text/plain", "name": "a", "sha256": TERMS.ref.sha256, "size": 5}
    vault._write(RECORD, vault._hidden("attachment", TERMS.ref.sha256), header, b"other")
    with pytest.raises(VaultDamaged):
        vault.attachment(RECORD, TERMS.ref.sha256)


def test_a_document_waits_for_its_attachments(vault: Vault) -> None:
    package = DocumentPackage("k", "m", b"", bytes(32), {}, (TERMS.ref,))
    with pytest.raises(NoDocument, match=r"terms\.pdf"):
        vault.put(RECORD, package)
    vault.add_attachment(RECORD, TERMS.name, TERMS.media_type, TERMS.content)
    assert vault.put(RECORD, package) == 1


def test_attachments_are_bounded(tmp_path: Path, keys: MemoryKeyStore) -> None:
    vault = Vault(tmp_path / "vault", keys, attachment_limit=10)
    vault.add_attachment(RECORD, "a", "b", bytes(10))
    with pytest.raises(TooLargeToKeep, match="11 bytes where at most 10"):
        vault.add_attachment(RECORD, "a", "b", bytes(11))
    assert len(sealed_files(tmp_path)) == 1


def test_notes(vault: Vault) -> None:
    second = Note(bytes([9]) * 32, "封条破损", bytes(32))
    vault.add_note(RECORD, second)
    vault.add_note(RECORD, NOTE)
    vault.add_note(RECORD, Note(NOTE.commitment, "another text", NOTE.salt))
    assert vault.notes(RECORD) == [NOTE, second]
    assert vault.notes(OTHER) == []


def test_a_parcel_goes_from_vault_to_vault(vault: Vault, tmp_path: Path) -> None:
    vault.add_attachment(RECORD, TERMS.name, TERMS.media_type, TERMS.content)
    vault.put(RECORD, BILL)
    vault.put(RECORD, DocumentPackage("k", "m", b"", bytes(32), {}, (TERMS.ref,)))
    vault.add_note(RECORD, NOTE)
    parcel = vault.parcel(RECORD)
    other = Vault(tmp_path / "other", MemoryKeyStore())
    assert [other.take(RECORD, parcel), other.take(RECORD, parcel)] == [1, 1]
    assert other.parcel(RECORD) == parcel
    assert other.take(OTHER, Parcel(None, (), (NOTE,))) is None
    assert other.notes(OTHER) == [NOTE]


def test_the_disk_tells_nothing(vault: Vault, tmp_path: Path) -> None:
    vault.add_attachment(RECORD, TERMS.name, TERMS.media_type, TERMS.content)
    vault.put(RECORD, BILL)
    vault.add_note(RECORD, NOTE)
    seen = b"".join(str(path.relative_to(tmp_path)).encode() + path.read_bytes() for path in sealed_files(tmp_path))
    known = [RECORD, BILL.original, b"OCLU", b"bill_of", b"terms", TERMS.content, TERMS.ref.sha256, NOTE.commitment]
    for secret in [*known, BILL.secret, NOTE.text.encode()]:
        assert secret not in seen
        assert secret.hex().encode() not in seen


def test_the_same_document_is_never_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Vault(tmp_path / name, MemoryKeyStore()).put(RECORD, BILL)
    first, second = (next((tmp_path / name).glob("*/*")) for name in ("one", "two"))
    assert first.parent.name != second.parent.name
    assert codec.decode(first.read_bytes())[2] != codec.decode(second.read_bytes())[2]


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_files_are_the_owners_alone(vault: Vault, tmp_path: Path) -> None:
    vault.put(RECORD, BILL)
    (path,) = sealed_files(tmp_path)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]


def read_all(vault: Vault) -> object:
    return vault.entries(), vault.parcel(RECORD)


def test_every_changed_byte_is_detected_and_placed(vault: Vault, tmp_path: Path) -> None:
    small = Attachment("a", "b", b"c")
    vault.add_attachment(RECORD, small.name, small.media_type, small.content)
    vault.put(RECORD, DocumentPackage("k", "m", b"d", bytes(32), {}, (small.ref,)))
    vault.add_note(RECORD, Note(bytes(32), "e", bytes(32)))
    files = sealed_files(tmp_path)
    assert len(files) == 3
    for path in files:
        data = path.read_bytes()
        for position in range(len(data)):
            changed = bytearray(data)
            changed[position] ^= 0x01
            path.write_bytes(changed)
            with pytest.raises(VaultDamaged, match=path.name):
                read_all(vault)
            assert [exc.value for exc in vault.check()] == [str(path)]
        path.write_bytes(data)
    assert list(vault.check()) == []
    path = files[1]
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(VaultDamaged, match=f"of record {RECORD.hex()},"):
        vault.get(RECORD)


def test_every_truncation_is_detected(vault: Vault, tmp_path: Path) -> None:
    vault.put(RECORD, BILL)
    (path,) = sealed_files(tmp_path)
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(VaultDamaged):
            vault.get(RECORD)
    path.write_bytes(data + b"\x00")
    with pytest.raises(VaultDamaged):
        vault.entries()


def test_a_file_in_anothers_place_is_detected(vault: Vault, tmp_path: Path) -> None:
    vault.put(RECORD, BILL)
    vault.put(RECORD, AMENDED)
    vault.put(OTHER, AMENDED)
    folder = next(path.parent for path in sealed_files(tmp_path) if path.name.endswith("2.sealed"))
    other = next(path for path in (tmp_path / "vault").iterdir() if path != folder)
    shutil.copy(folder / "document-000001.sealed", folder / "document-000002.sealed")
    with pytest.raises(VaultDamaged):
        vault.get(RECORD)
    shutil.copy(other / "document-000001.sealed", folder / "document-000001.sealed")
    with pytest.raises(VaultDamaged):
        vault.get(RECORD, 1)
    other.rename(tmp_path / "vault" / ("0" * 32))
    damaged: list[VaultDamaged] = []
    assert vault.entries(damaged.append) == []
    assert len(damaged) == 3


def test_another_members_keys_open_nothing(vault: Vault, tmp_path: Path) -> None:
    vault.put(RECORD, BILL)
    stranger = Vault(tmp_path / "vault", MemoryKeyStore())
    with pytest.raises(NoDocument):
        stranger.get(RECORD)
    with pytest.raises(VaultDamaged):
        stranger.entries()


@pytest.mark.skipif(os.name == "nt", reason="links are POSIX's")
def test_a_link_in_the_vault_is_not_followed(vault: Vault, tmp_path: Path) -> None:
    vault.put(RECORD, BILL)
    (path,) = sealed_files(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VaultDamaged):
        vault.get(RECORD)


def test_one_damaged_file_hides_no_other(vault: Vault, tmp_path: Path) -> None:
    vault.put(RECORD, BILL)
    vault.put(OTHER, AMENDED)
    sealed_files(tmp_path)[0].write_bytes(b"")
    damaged: list[VaultDamaged] = []
    assert len(vault.entries(damaged.append)) == len(damaged) == 1


def test_a_failed_write_leaves_the_vault_as_it_was(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.put(RECORD, BILL)

    def stop(*_: object, **__: object) -> None:
        raise CannotWrite("stopped")

    monkeypatch.setattr("nodes.vault.write_atomic", stop)
    with pytest.raises(CannotWrite):
        vault.put(RECORD, AMENDED)
    assert vault.get(RECORD) == BILL
    assert vault.versions(RECORD) == [1]


def test_what_a_crash_left_is_passed_over(vault: Vault, tmp_path: Path) -> None:
    vault.put(RECORD, BILL)
    (path,) = sealed_files(tmp_path)
    (path.parent / f".{path.name}.12-ab.lading-tmp").write_bytes(b"half")
    (path.parent / "document-000002.sealed.bak").write_bytes(b"")
    assert vault.versions(RECORD) == [1]
    assert list(vault.check()) == []


def test_two_writers_take_two_numbers(vault: Vault, keys: MemoryKeyStore, tmp_path: Path) -> None:
    vault.put(RECORD, BILL)
    racing = Vault(tmp_path / "vault", keys)
    asked: list[int] = []
    versions = racing.versions

    def stale(record_id: bytes) -> list[int]:
        asked.append(1)
        if len(asked) == 2:  # between the look and the write, another one writes
            seen = versions(record_id)
            vault.put(RECORD, AMENDED)
            return seen
        return versions(record_id)

    racing.versions = stale  # type: ignore[method-assign]
    third = DocumentPackage("k", "m", b"third", bytes(32))
    assert racing.put(RECORD, third) == 3
    assert (vault.get(RECORD, 2), vault.get(RECORD, 3)) == (AMENDED, third)
