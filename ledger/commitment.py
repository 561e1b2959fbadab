r"""One commitment a document: the root over its salted leaves.

A document's value (JSON) falls apart into leaves, one for each scalar and each empty object or
list, so that a part can be shown and the rest kept back, and one more for the bytes as they came:

    0   (original)                        ["application/json", "5f70bf18…"]
    1   /carrierCode                      "YZSL"
    2   /consignmentItems/0/HSCodes/0     "854143"
    3   /references                       []

Leaf 0 is the original; the others follow in ascending order of their pointers' UTF-8 bytes. All
hashes are SHA-256, all domains end in a zero byte, JCS is the canonical form of RFC 8785:

    salt of the original   HMAC(secret, "lading/v1/original-salt\0")                      32 bytes
    salt of a value        HMAC(secret, "lading/v1/leaf-salt\0" || pointer in UTF-8)      32 bytes
    data of the original   "lading/v1/original\0" || salt || JCS([media type, hex SHA-256(bytes)])
    data of a value        "lading/v1/leaf\0" || salt || JCS([pointer, value])
    hash of a leaf         SHA-256(0x00 || data)                                RFC 6962 §2.1
    commitment             SHA-256("lading/v1/document\0" || n || root)
                           n: number of leaves, 4 bytes big-endian; root: of RFC 6962, 32 bytes

The secret is 32 random bytes for each document. Who has it and the document recomputes every leaf.
A redacted copy is in `ledger/disclosure.py`.

Source: RFC 6901 (pointers), RFC 8785 (canonical form), RFC 6962 §2.1 (tree), RFC 2104 (HMAC).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Final, Literal, NamedTuple

from . import merkle
from .errors import ContradictionError, InputError, UnverifiedError
from .pointer import join, shown
from .strict_json import (
    MAX_DEPTH,
    MAX_DOCUMENT,
    JsonError,
    JsonTooDeep,
    JsonValue,
    MalformedJson,
    canonicalise,
    parse,
)

__all__ = [
    "SALT_SIZE",
    "SECRET_SIZE",
    "BadSecret",
    "Change",
    "DocumentChanged",
    "HashesChanged",
    "Leaf",
    "ValueMissing",
    "commit",
    "commitment_of",
    "is_json",
    "leaves",
    "verify_whole",
]

SECRET_SIZE: Final = 32
"""Bytes of a document's secret."""
SALT_SIZE: Final = 32
"""Bytes of a leaf's salt."""

_ORIGINAL_SALT: Final = b"lading/v1/original-salt\x00"
_LEAF_SALT: Final = b"lading/v1/leaf-salt\x00"
_ORIGINAL: Final = b"lading/v1/original\x00"
_LEAF: Final = b"lading/v1/leaf\x00"
_DOCUMENT: Final = b"lading/v1/document\x00"
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_MORE: Final = 1_000
"""Values more than were committed to with which a document is still read, to name where it was changed."""


class BadSecret(InputError):
    """A secret or salt of another size."""

    code = "document.bad_secret"
    hint = "the secret that came with the document is damaged; ask its giver for it again"


class ValueMissing(UnverifiedError):
    """The document is not JSON, and the value that its leaves were made of was not given."""

    code = "document.value_missing"
    hint = "give the value that travels with the document beside its bytes"


class HashesChanged(ContradictionError):
    """The list of leaf hashes does not give the document's commitment."""

    code = "document.hashes_changed"
    hint = "the list was changed or belongs to another document; ask its giver for the file again"


class Change(NamedTuple):
    """One place where a document differs from what was committed.

    `pointer` is that of the leaf; for `removed`, that of the leaf before it; for `original`, empty.
    """

    kind: Literal["changed", "added", "removed", "original"]
    pointer: str

    def __str__(self) -> str:
        place = shown(self.pointer)
        return {
            "changed": f"{place} is not what was committed",
            "added": f"{place} is not in what was committed",
            "removed": f"what was committed after {place} is missing",
            "original": "only the original bytes differ (white space, number form or media type)",
        }[self.kind]


class DocumentChanged(ContradictionError):
    """The document is not the one that the ledger commits to.

    `changes` says where, the first place first; it is empty where the bytes cannot be read any more
    or nothing at all agrees.
    """

    code = "document.changed"
    hint = "do not rely on this copy; ask for the document again from somebody who holds it"

    def __init__(self, message: str, *, value: object = None, changes: Sequence[Change] = ()) -> None:
        super().__init__(message, value=value)
        self.changes = tuple(changes)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf with what it takes to recompute it; `hash` is always computed, never given.

    `pointer` is None for the original, whose `value` is [media type, hex of SHA-256 of the bytes].
    """

    pointer: str | None
    value: JsonValue
    salt: bytes = field(repr=False)
    hash: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Compute `hash`: SHA-256(0x00 || domain || salt || JCS), see the top of the file."""
        if len(self.salt) != SALT_SIZE:
            raise BadSecret(f"a salt of {len(self.salt)} bytes", value=len(self.salt))
        if self.pointer is None:
            data = _ORIGINAL + self.salt + canonicalise(self.value)
        else:
            data = _LEAF + self.salt + canonicalise([self.pointer, self.value])
        object.__setattr__(self, "hash", merkle.leaf_hash(data))


def leaves(value: JsonValue, original: bytes, media_type: str, secret: bytes) -> list[Leaf]:
    """All leaves of a document: the original first, then its values in order of their pointers.

    `secret` is 32 bytes. Raises `BadSecret`, `JsonTooDeep` or `NoCanonicalForm`.
    """
    if len(secret) != SECRET_SIZE:
        raise BadSecret(f"a secret of {len(secret)} bytes", value=len(secret))
    first = Leaf(None, [media_type, sha256(original).hexdigest()], _hmac(secret, _ORIGINAL_SALT))
    parts = sorted((pointer.encode(), pointer, part) for pointer, part in _walk(value, "", 0))
    rest = (Leaf(pointer, part, _hmac(secret, _LEAF_SALT + raw)) for raw, pointer, part in parts)
    return [first, *rest]


def commit(document: Sequence[Leaf]) -> bytes:
    """The commitment, 32 bytes, of a document with these leaves."""
    return commitment_of([leaf.hash for leaf in document])


def commitment_of(hashes: Sequence[bytes]) -> bytes:
    r"""SHA-256("lading/v1/document\0" || number of leaves, 4 bytes big-endian || RFC 6962 root).

    `hashes` are the leaf hashes, 32 bytes each, that of the original first.
    """
    return sha256(_DOCUMENT + len(hashes).to_bytes(4, "big") + merkle.root(hashes)).digest()


def is_json(media_type: str) -> bool:
    """Whether a document of this media type is JSON, so that its value is read from its bytes."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence == "application/json" or essence.endswith("+json")


def verify_whole(
    commitment: bytes,
    hashes: Sequence[bytes],
    *,
    original: bytes,
    media_type: str,
    secret: bytes,
    value: JsonValue = None,
    limit: int = MAX_DOCUMENT,
) -> list[Leaf]:
    """Check that a whole document is the committed one, and give its leaves.

    1. The leaf hashes that came with it give the commitment (`HashesChanged`).
    2. Its bytes can be read (`DocumentChanged` with the byte), and say what `value` says, if that is
       given. Only of a document that is not JSON, `value` is taken as given (`ValueMissing`): that
       it says what the bytes say is for the reader of that format to check.
    3. Every leaf, recomputed, has the hash at its place (`DocumentChanged` with the pointers).

    A document of far more values than were committed to is not read (`DocumentChanged`), so that what this
    costs depends on what was committed, not on what is shown.
    """
    if not hashes or commitment_of(hashes) != commitment:  # (1)
        raise HashesChanged(f"{len(hashes)} leaf hashes do not give the commitment", value=commitment)
    most = len(hashes) + _MORE
    if is_json(media_type):  # (2)
        _check_count(_values(original, most), most)
        value = _read(original, value, limit)
    elif value is None:
        raise ValueMissing(f"a document of type {media_type} without its value", value=media_type)
    else:
        _check_count(sum(1 for _ in islice(_walk(value, "", 0), most + 1)), most)
    document = leaves(value, original, media_type, secret)
    if [leaf.hash for leaf in document] != list(hashes):  # (3)
        raise _changed(hashes, document)
    return document


def _values(original: bytes, most: int) -> int:
    """How many leaves JSON bytes have: one more than commas outside strings. Exact above `most`, else a bound."""
    commas = original.count(b",")
    return 1 + (commas if commas < most else _STRING.sub(b"", original).count(b","))


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise DocumentChanged("the document was changed: it has far more values than were committed", value=count)


def _read(original: bytes, given: JsonValue, limit: int) -> JsonValue:
    """The value of JSON bytes; a value that was given beside them must be the same."""
    try:
        value = parse(original, limit=limit)
    except JsonError as exc:
        place = exc.offset if isinstance(exc, MalformedJson) else exc.value
        raise DocumentChanged(f"the document was changed: {exc.message}", value=place) from exc
    if given is not None and canonicalise(given) != canonicalise(value):
        raise DocumentChanged("the value that was given is not what the bytes say")
    return value


def _hmac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, "sha256")


def _walk(value: JsonValue, pointer: str, depth: int) -> Iterator[tuple[str, JsonValue]]:
    """Every scalar and every empty object or list, with its pointer."""
    if depth > MAX_DEPTH:
        raise JsonTooDeep(f"nested deeper than {MAX_DEPTH} levels", value=pointer)
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _walk(part, join(pointer, name), depth + 1)
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from _walk(part, f"{pointer}/{index}", depth + 1)
    else:
        yield pointer, value


def _changed(hashes: Sequence[bytes], document: Sequence[Leaf]) -> DocumentChanged:
    """The error that names where `document` differs from the leaf hashes that were committed."""
    known = set(hashes)
    if len(document) > 2 and not any(leaf.hash in known for leaf in document):
        return DocumentChanged("nothing agrees: it is another document, or another secret")
    changes = list(_changes(hashes, document))
    if len(changes) > 1 and changes[0].kind == "original":
        del changes[0]
    more = f" (and {len(changes) - 1} more places)" if len(changes) > 1 else ""
    first = changes[0]
    message = f"the document was changed: {first}{more}"
    return DocumentChanged(message, value=first.pointer, changes=changes)


def _changes(hashes: Sequence[bytes], document: Sequence[Leaf]) -> Iterator[Change]:
    """What differs, in the order of the document; unchanged leaves tell where the others stand."""
    for old, old_end, new, new_end in _gaps(hashes, [leaf.hash for leaf in document]):
        for offset, leaf in enumerate(document[new:new_end]):
            if leaf.pointer is None:
                yield Change("original", "")
            else:
                yield Change("changed" if old + offset < old_end else "added", leaf.pointer)
        if old_end - old > new_end - new:
            yield Change("removed", document[new_end - 1].pointer or "")


def _gaps(before: Sequence[bytes], now: Sequence[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """The ranges of both between what they share; one pass, for no hash stands twice and both have one order."""
    places = {item: place for place, item in enumerate(before)}
    old = new = 0
    for at, item in enumerate(now):
        place = places.get(item, -1)
        if place < old:
            continue
        if place > old or at > new:
            yield old, place, new, at
        old, new = place + 1, at + 1
    if old < len(before) or new < len(now):
        yield old, len(before), new, len(now)
