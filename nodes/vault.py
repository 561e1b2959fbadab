"""The vault: a member's documents on disk, encrypted, a folder for each record.

    vault/3f0c…/document-000001.sealed      a document; a later version gets the next number
    vault/3f0c…/attachment-9a41….sealed     one for each, named by a pseudonym of its SHA-256
    vault/3f0c…/note-c07d….sealed           one for each, named by a pseudonym of its commitment

A folder is named by a pseudonym of the record's id (the first 32 hexadecimal digits of a hash
keyed with the vault key), not by the id itself: ids stand in the log that every member reads, so a
list of folders on a stolen disk or in a backup would tell whose deals a member is in. Every file
is the canonical MessagePack of

    ["lading/vault@1", <wrapped header>, <24-byte nonce || SecretBox of the content>]

The header is wrapped with the member's vault key and bound to folder and file name, so that a file
put in another's place is found out; it holds a random 32-byte key of the content's own, the
record's id, and what `entries` shows. Whoever loses the vault key loses the vault (docs/keys.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nacl import bindings
from nacl.utils import random as system_random

from ledger import codec
from ledger.errors import DamagedError, InputError, LadingError, NotFoundError

from .files import SECRET, AlreadyThere, FileMissing, make_folder, read_bounded, write_atomic
from .keystore import NONCE_SIZE, SECRET_SIZE, KeyStore, RandomBytes, open_box
from .parcel import MAX_ATTACHMENT, Attachment, AttachmentRef, DocumentPackage, Note, Parcel

__all__ = ["NoDocument", "Vault", "VaultDamaged", "VaultEntry"]

VAULT_FORMAT: Final = "lading/vault@1"
_OVERHEAD: Final = 1024 * 1024
_ID_SIZE: Final = 32
_FOLDER: Final = re.compile(r"[0-9a-f]{32}")
_FILE: Final = re.compile(r"(document-[0-9]{6}|(attachment|note)-[0-9a-f]{32})\.sealed")


class NoDocument(NotFoundError):
    """The vault holds nothing of this record, or not this version or attachment."""

    code = "vault.no_document"
    hint = "fetch the inbox; if it is not there, ask the holder before you to hand the documents over"


class VaultDamaged(DamagedError):
    """A file of the vault is not what was written into it, or stands in another's place."""

    code = "vault.damaged"
    hint = "put the file back from a backup, or have the documents handed over again"


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """One version of a document, as `entries` shows it."""

    record_id: bytes
    version: int
    kind: str
    media_type: str
    size: int
    labels: dict[str, str]


class Vault:
    """The documents of one member. `attachment_limit` is in bytes."""

    def __init__(
        self,
        folder: Path,
        keys: KeyStore,
        *,
        attachment_limit: int = MAX_ATTACHMENT,
        random_bytes: RandomBytes = system_random,
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._attachment_limit = attachment_limit
        self._limit = max(attachment_limit, MAX_ATTACHMENT) + _OVERHEAD
        self._random = random_bytes

    def put(self, record_id: bytes, package: DocumentPackage) -> int:
        """Keep a document, and return its version, from 1.

        Document and secret are what the ledger commits to: the same two are the same version, under whatever
        labels, unless they come with attachments that the version has not.

        Its attachments come first. Raises `MalformedParcel`, `TooLargeToKeep`, or `NoDocument`
        if an attachment that it names is not there.
        """
        content = package.encode()
        for ref in package.attachments:
            if not self._path(record_id, self._hidden("attachment", ref.sha256)).exists():
                raise NoDocument(f"the attachment {ref.name} is not there", value=ref.sha256)
        for version in self.versions(record_id):
            if _holds(self.get(record_id, version), package):
                return version
        header = {
            "kind": package.kind,
            "labels": dict(package.labels),
            "media_type": package.media_type,
            "size": len(package.original),
        }
        while True:  # another process may take the number first
            version = max(self.versions(record_id), default=0) + 1
            try:
                self._write(record_id, _document_name(version), header, content)
            except AlreadyThere:
                continue
            return version

    def get(self, record_id: bytes, version: int | None = None) -> DocumentPackage:
        """A document, the newest version unless told. Raises `NoDocument` or `VaultDamaged`."""
        if version is None:
            version = max(self.versions(record_id), default=1)
        path = self._path(record_id, _document_name(version))
        _, content = self._read(record_id, path)
        try:
            return DocumentPackage.decode(content)
        except InputError as exc:
            raise _damaged(path, record_id, exc) from None

    def versions(self, record_id: bytes) -> list[int]:
        """The versions of a record's document, ascending; empty if there is none."""
        names = self._names(self._record_folder(record_id), "document-")
        return [int(name[len("document-") : -len(".sealed")]) for name in names]

    def entries(self, on_damage: Callable[[VaultDamaged], None] | None = None) -> list[VaultEntry]:
        """Every version of every document. With `on_damage`, what is damaged goes there instead.

        Only headers are opened; `check` reads everything.
        """
        found = []
        for folder in self._folders():
            for name in self._names(folder, "document-"):
                try:
                    found.append(self._entry(folder / name))
                except VaultDamaged as exc:
                    if on_damage is None:
                        raise
                    on_damage(exc)
        return sorted(found, key=lambda entry: (entry.record_id, entry.version))

    def add_attachment(self, record_id: bytes, name: str, media_type: str, content: bytes) -> AttachmentRef:
        """Keep an attachment. The same content again for the same record changes nothing.

        Raises `MalformedParcel` or `TooLargeToKeep`.
        """
        attachment = Attachment(name, media_type, content)
        attachment.check(self._attachment_limit)
        ref = attachment.ref
        header = {"media_type": media_type, "name": name, "sha256": ref.sha256, "size": ref.size}
        try:
            self._write(record_id, self._hidden("attachment", ref.sha256), header, content)
        except AlreadyThere:
            return self.attachment(record_id, ref.sha256).ref
        return ref

    def attachment(self, record_id: bytes, sha256: bytes) -> Attachment:
        """An attachment, by its hash. Raises `NoDocument` or `VaultDamaged`."""
        path = self._path(record_id, self._hidden("attachment", sha256))
        header, content = self._read(record_id, path)
        attachment = Attachment(header["name"], header["media_type"], content)
        if attachment.ref.sha256 != sha256:
            raise _damaged(path, record_id)
        return attachment

    def attachments(self, record_id: bytes) -> list[AttachmentRef]:
        """Every attachment of a record, without the contents."""
        folder = self._record_folder(record_id)
        found = []
        for name in self._names(folder, "attachment-"):
            header, _ = self._open_header(folder / name, record_id)
            found.append(AttachmentRef(header["name"], header["media_type"], header["size"], header["sha256"]))
        return found

    def add_note(self, record_id: bytes, note: Note) -> None:
        """Keep the text of a reason or remark; the first one of a commitment stays.

        Whether the text matches its commitment is for the caller to check before.
        """
        note.check()
        content = codec.encode([note.commitment, note.salt, note.text])
        try:
            self._write(record_id, self._hidden("note", note.commitment), {}, content)
        except AlreadyThere:
            return

    def notes(self, record_id: bytes) -> list[Note]:
        """The notes of a record. Raises `VaultDamaged`."""
        folder = self._record_folder(record_id)
        found = []
        for name in self._names(folder, "note-"):
            _, content = self._read(record_id, folder / name)
            commitment, salt, text = codec.decode(content, limit=len(content))
            found.append(Note(commitment, text, salt))
        return sorted(found, key=lambda note: note.commitment)

    def parcel(self, record_id: bytes) -> Parcel:
        """What is handed on with a record: the newest document, its attachments, all notes."""
        document = self.get(record_id)
        files = tuple(self.attachment(record_id, ref.sha256) for ref in document.attachments)
        return Parcel(document, files, tuple(self.notes(record_id)))

    def take(self, record_id: bytes, parcel: Parcel) -> int | None:
        """Keep a whole parcel; the version of its document, if it has one.

        The document comes last, so that it is never there without its attachments.
        """
        for file in parcel.attachments:
            self.add_attachment(record_id, file.name, file.media_type, file.content)
        for note in parcel.notes:
            self.add_note(record_id, note)
        return None if parcel.document is None else self.put(record_id, parcel.document)

    def forget(self, record_id: bytes) -> None:
        """Remove everything kept for a record, as after an issue that the rules refused."""
        folder = self._record_folder(record_id)
        for name in self._names(folder, ""):
            (folder / name).unlink(missing_ok=True)
        if folder.is_dir():
            folder.rmdir()

    def check(self) -> Iterator[VaultDamaged]:
        """Read every byte of the vault, and yield what is damaged."""
        for folder in self._folders():
            for name in self._names(folder, ""):
                try:
                    header, _ = self._open_header(folder / name, None)
                    self._read(header["record"], folder / name)
                except VaultDamaged as exc:
                    yield exc

    def _entry(self, path: Path) -> VaultEntry:
        header, _ = self._open_header(path, None)
        return VaultEntry(
            header["record"],
            int(path.name[len("document-") : -len(".sealed")]),
            header["kind"],
            header["media_type"],
            header["size"],
            header["labels"],
        )

    def _write(self, record_id: bytes, name: str, header: dict[str, Any], content: bytes) -> None:
        path = self._path(record_id, name)
        key, nonce = self._random(SECRET_SIZE), self._random(NONCE_SIZE)
        wrapped = self._keys.wrap(codec.encode({**header, "key": key, "record": record_id}), _context(path))
        box = nonce + bindings.crypto_secretbox(content, nonce, key)
        make_folder(path.parent)
        data = codec.encode([VAULT_FORMAT, wrapped, box])
        write_atomic(path, data, mode=SECRET, exclusive=True)

    def _read(self, record_id: bytes, path: Path) -> tuple[dict[str, Any], bytes]:
        header, box = self._open_header(path, record_id)
        try:
            return header, open_box(box, header["key"])
        except InputError as exc:
            raise _damaged(path, record_id, exc) from None

    def _open_header(self, path: Path, record_id: bytes | None) -> tuple[dict[str, Any], bytes]:
        """The opened header and the closed content of a file of the vault."""
        try:
            data = read_bounded(path, self._limit, follow=False)
            form, wrapped, box = codec.decode(data, limit=len(data))
            if form != VAULT_FORMAT or type(box) is not bytes:
                raise _damaged(path, record_id)
            opened = self._keys.unwrap(wrapped, _context(path))
            header = codec.decode(opened, limit=len(opened))
        except FileMissing:
            place = record_id.hex() if record_id else str(path)
            raise NoDocument(f"the vault does not have it: record {place}", value=place) from None
        except (InputError, TypeError, ValueError) as exc:
            raise _damaged(path, record_id, exc) from None
        return header, box

    def _record_folder(self, record_id: bytes) -> Path:
        if len(record_id) != _ID_SIZE:
            raise NoDocument("the id of a record has 32 bytes", value=record_id)
        return self._folder / self._keys.pseudonym(b"record" + record_id)[:16].hex()

    def _path(self, record_id: bytes, name: str) -> Path:
        return self._record_folder(record_id) / name

    def _hidden(self, part: str, digest: bytes) -> str:
        return f"{part}-{self._keys.pseudonym(part.encode() + digest)[:16].hex()}.sealed"

    def _folders(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if _FOLDER.fullmatch(path.name))

    @staticmethod
    def _names(folder: Path, prefix: str) -> list[str]:
        if not folder.is_dir():
            return []
        names = (path.name for path in folder.iterdir())
        return sorted(name for name in names if name.startswith(prefix) and _FILE.fullmatch(name))


def _document_name(version: int) -> str:
    return f"document-{version:06d}.sealed"


def _holds(kept: DocumentPackage, package: DocumentPackage) -> bool:
    """Whether a version that is kept is this document, with these attachments or more."""
    same = (kept.original, kept.secret) == (package.original, package.secret)
    return same and {ref.sha256 for ref in package.attachments} <= {ref.sha256 for ref in kept.attachments}


def _context(path: Path) -> bytes:
    return f"{path.parent.name}/{path.name}".encode()


def _damaged(path: Path, record_id: bytes | None, cause: Exception | None = None) -> VaultDamaged:
    of = f", of record {record_id.hex()}," if record_id else ""
    why = f": {cause.message}" if isinstance(cause, LadingError) else ""
    return VaultDamaged(f"the file {path}{of} is damaged or not in its place{why}", value=str(path))
