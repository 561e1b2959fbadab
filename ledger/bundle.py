"""The proof bundle: one file that shows a record's history and state to somebody who has only a policy.

    {"checkpoint":"ledger.example/main\\n1207\\n…","document":{"hashes":[…],"media_type":"application/json",
     "original":"…","secret":"…"},"entries":[{"data":"…","index":12,"path":[0,1,2]},…],"format":"lading/bundle@1",
     "genesis":{"document":"…","paths":[[3,4],…]},"hashes":["…",…],
     "number":{"proof":"…","salt":"…"},"record":{"content":"…","id":"<hex>","proof":"…","salt":"…"}}

Canonical JSON (RFC 8785); byte strings in base64 (RFC 4648 section 4). `hashes` holds every hash of an
inclusion path once, and a `path` names them by position, the leaf's sibling first. `entries` are those of
the record, the commits that close them, those that enrolled the members who signed, and the last leaf of
the checkpoint, in ascending order of index. `record` is the record in the state with its proof (ICS23) under
the last leaf; `number` the same for the number of its document. `document` is the whole document, a redacted
copy (`leaves`), or null.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .commitment import Leaf
from .errors import UnverifiedError
from .strict_json import JsonTooLarge, JsonValue, canonicalise, parse

__all__ = [
    "BUNDLE_FORMAT",
    "MAX_BUNDLE",
    "MAX_VALUES",
    "Bundle",
    "BundleEntry",
    "NotABundle",
    "Redacted",
    "StateProof",
    "WholeDocument",
]

BUNDLE_FORMAT: Final = "lading/bundle@1"
MAX_BUNDLE: Final = 64 * 1024 * 1024
"""Largest bundle that is read unless told otherwise, in bytes."""
MAX_VALUES: Final = 1_000_000
"""Most values in a bundle: a file of the largest size could else take a hundred times as much memory."""


class NotABundle(UnverifiedError):
    """The file cannot be read as a bundle, so nothing that it says can be checked."""

    code = "bundle.unreadable"
    hint = "ask for the file again; it is cut, damaged, of a newer format, or no bundle"


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """An entry of the log with its inclusion path under the checkpoint."""

    index: int
    data: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class StateProof:
    """What stands under a state key, its salt, and the ICS23 proof in protobuf."""

    content: bytes
    salt: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class WholeDocument:
    """A document, whole: its bytes, its secret, its leaf hashes; `value` where the bytes are not JSON."""

    original: bytes
    media_type: str
    secret: bytes
    hashes: tuple[bytes, ...]
    value: JsonValue = None


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redacted document: disclosed leaves, and the hashes of the others (`ledger.disclosure`)."""

    leaves: tuple[Leaf | bytes, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle, read."""

    record: bytes
    genesis: bytes
    genesis_paths: tuple[tuple[bytes, ...], ...]
    checkpoint: bytes
    entries: tuple[BundleEntry, ...]
    state: StateProof
    number: StateProof | None
    document: WholeDocument | Redacted | None

    def encode(self) -> bytes:
        """The file."""
        pool: dict[bytes, int] = {}

        def places(path: Iterable[bytes]) -> list[JsonValue]:
            return [pool.setdefault(item, len(pool)) for item in path]

        entries: list[JsonValue] = [
            {"index": entry.index, "data": _b64(entry.data), "path": places(entry.path)} for entry in self.entries
        ]
        paths: list[JsonValue] = [places(path) for path in self.genesis_paths]
        return canonicalise(
            {
                "format": BUNDLE_FORMAT,
                "genesis": {"document": _b64(self.genesis), "paths": paths},
                "checkpoint": self.checkpoint.decode("utf-8"),
                "entries": entries,
                "hashes": [_b64(item) for item in pool],
                "record": {**_state(self.state), "id": self.record.hex()},
                "number": None if self.number is None else _state(self.number, content=False),
                "document": _document(self.document),
            }
        )

    @classmethod
    def decode(cls, data: bytes, *, limit: int = MAX_BUNDLE, size: int | None = None) -> Bundle:
        """Read a bundle; only the canonical form is one. Raises errors of `ledger.strict_json` or `NotABundle`.

        `size` is the file's, where `data` is only the beginning of one above `limit`.
        """
        if not data:
            raise NotABundle("the file is empty")
        if len(data) > limit:
            many = f"more than {limit:,}" if size is None else f"{size:,}"
            message = f"the file has {many} bytes, and at most {limit:,} are read"
            raise JsonTooLarge(message, value=size, hint="if it is the right file, read it with a higher --limit")
        if sum(map(data.count, (b",", b"[", b"{"))) > MAX_VALUES:
            raise NotABundle(f"more than {MAX_VALUES:,} values")
        value: Any = parse(data, limit=limit)
        if not isinstance(value, dict) or value.get("format") != BUNDLE_FORMAT:
            raise NotABundle(f"not a file of the format {BUNDLE_FORMAT}")
        try:
            bundle = _read(value)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as exc:
            raise NotABundle(f"a part is missing or not as it must be: {type(exc).__name__} {exc}") from None
        if bundle.encode() != data:
            raise NotABundle("not the canonical form, or with parts that a bundle does not have")
        return bundle


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: Any, size: int | None = None) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64") from None
    if size is not None and len(data) != size:
        raise ValueError(f"{len(data)} bytes where {size} must stand")
    return data


def _state(proof: StateProof, *, content: bool = True) -> dict[str, JsonValue]:
    parts: dict[str, JsonValue] = {"salt": _b64(proof.salt), "proof": _b64(proof.proof)}
    return {**parts, "content": _b64(proof.content)} if content else parts


def _document(document: WholeDocument | Redacted | None) -> JsonValue:
    if document is None:
        return None
    if isinstance(document, Redacted):
        return {"leaves": [_leaf(leaf) for leaf in document.leaves]}
    whole: dict[str, JsonValue] = {
        "original": _b64(document.original),
        "media_type": document.media_type,
        "secret": _b64(document.secret),
        "hashes": [_b64(item) for item in document.hashes],
    }
    return whole if document.value is None else {**whole, "value": document.value}


def _leaf(leaf: Leaf | bytes) -> JsonValue:
    if isinstance(leaf, bytes):
        return _b64(leaf)
    return {"pointer": leaf.pointer, "salt": _b64(leaf.salt), "value": leaf.value}


def _read(value: Mapping[str, Any]) -> Bundle:
    pool = [_bytes(text, 32) for text in value["hashes"]]

    def path(places: Iterable[int]) -> tuple[bytes, ...]:
        listed = list(places)
        if not all(type(place) is int and 0 <= place < len(pool) for place in listed):
            raise ValueError("a path names a hash that is not there")
        return tuple(pool[place] for place in listed)

    entries = tuple(
        BundleEntry(_index(entry["index"]), _bytes(entry["data"]), path(entry["path"])) for entry in value["entries"]
    )
    if [entry.index for entry in entries] != sorted({entry.index for entry in entries}):
        raise ValueError("the entries are not in ascending order")
    record, number = value["record"], value["number"]
    return Bundle(
        record=_id(record["id"]),
        genesis=_bytes(value["genesis"]["document"]),
        genesis_paths=tuple(path(places) for places in value["genesis"]["paths"]),
        checkpoint=value["checkpoint"].encode("utf-8"),
        entries=entries,
        state=StateProof(_bytes(record["content"]), _bytes(record["salt"], 32), _bytes(record["proof"])),
        number=None if number is None else StateProof(b"", _bytes(number["salt"], 32), _bytes(number["proof"])),
        document=_read_document(value["document"]),
    )


def _id(text: Any) -> bytes:
    raw = bytes.fromhex(text)
    if len(raw) != 32:
        raise ValueError("an id has 32 bytes")
    return raw


def _index(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("an index is a whole number")
    return value


def _read_document(value: Any) -> WholeDocument | Redacted | None:
    if value is None:
        return None
    if "leaves" in value:
        return Redacted(tuple(_read_leaf(leaf) for leaf in value["leaves"]))
    return WholeDocument(
        original=_bytes(value["original"]),
        media_type=value["media_type"] + "",
        secret=_bytes(value["secret"], 32),
        hashes=tuple(_bytes(text, 32) for text in value["hashes"]),
        value=value.get("value"),
    )


def _read_leaf(value: Any) -> Leaf | bytes:
    if isinstance(value, str):
        return _bytes(value, 32)
    pointer = value["pointer"]
    if pointer is not None and type(pointer) is not str:
        raise ValueError("the pointer of a leaf is text")
    return Leaf(pointer, value["value"], _bytes(value["salt"], 32))
