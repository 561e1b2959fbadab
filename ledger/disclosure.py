"""Redacted copies of a document: some of its leaves in the open, of the others only the hash.

    0   SHA-256 of the leaf                                   kept back
    1   /carrierCode = "YZSL"             with its salt       disclosed
    2   SHA-256 of the leaf                                   kept back

The hashes together give the commitment (`ledger/commitment.py`), so what is disclosed is what the
ledger commits to. A reader learns nothing of what is kept back but how many leaves it is and
between which of the disclosed ones they stand: each is hidden by a salt of its own, 32 bytes.

A redacted and a whole copy of a document can never disagree once somebody has checked the whole
copy (`verify_whole`): its leaves are then those of one JSON value, each pointer at one place. What
a redacted copy alone cannot show is that this was done; whoever accepts a record does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .commitment import Leaf, commitment_of
from .errors import ContradictionError, NotFoundError
from .pointer import pointer_tokens, shown
from .strict_json import MAX_DEPTH, JsonValue

__all__ = ["DisclosureFalse", "NothingToDisclose", "disclose", "verify_disclosed"]


class DisclosureFalse(ContradictionError):
    """What was disclosed is not part of the document that the ledger commits to."""

    code = "document.disclosure_false"
    hint = "do not rely on it: ask for the whole document, or for the disclosed part again"


class NothingToDisclose(NotFoundError):
    """The document has no value at or below a pointer that was to be disclosed."""

    code = "document.nothing_to_disclose"
    hint = "look up the names in the document; upper and lower case differ, lists count from 0"


def disclose(document: Sequence[Leaf], pointers: Iterable[str], *, original: bool = False) -> list[Leaf | bytes]:
    """A redacted copy: the leaves at and below `pointers` with their salts, the others as hashes.

    `original` discloses the hash of the bytes as well, by which a guess of the whole could be
    confirmed. Raises `NothingToDisclose` for a pointer with nothing at or below it.
    """
    chosen: set[str] = set()
    for pointer in pointers:
        below = pointer + "/"
        places = [leaf.pointer for leaf in document if leaf.pointer is not None]
        found = {place for place in places if place == pointer or place.startswith(below)}
        if not found:
            raise NothingToDisclose(f"the document has nothing at {shown(pointer)}", value=pointer)
        chosen |= found
    return [leaf if (original if leaf.pointer is None else leaf.pointer in chosen) else leaf.hash for leaf in document]


def verify_disclosed(commitment: bytes, copy: Sequence[Leaf | bytes]) -> dict[str, JsonValue]:
    """Check that a redacted copy is of the committed document; its values by pointer.

    1. What is disclosed stands where leaves stand: the original first, pointers in ascending
       order, each of them of a single value, and none inside another.
    2. The disclosed leaves and the hashes of the others give the commitment.
    Raises `DisclosureFalse`; `BadPointer` or `BadHash` for what cannot be part of any copy.
    """
    disclosed: dict[str, JsonValue] = {}
    last: str | None = None
    for index, leaf in enumerate(copy):  # (1)
        if isinstance(leaf, Leaf):
            _check_place(index, leaf, last)
            if leaf.pointer is not None:
                last = leaf.pointer
                disclosed[last] = leaf.value
    for pointer in disclosed:
        if any(parent in disclosed for parent in _parents(pointer)):
            raise DisclosureFalse(f"{pointer} stands inside a value that has no parts", value=pointer)
    hashes = [leaf.hash if isinstance(leaf, Leaf) else leaf for leaf in copy]
    if not hashes or commitment_of(hashes) != commitment:  # (2)
        raise DisclosureFalse("the disclosed part does not lead to the commitment", value=commitment)
    return disclosed


def _check_place(index: int, leaf: Leaf, last: str | None) -> None:
    """Check that `leaf` can stand at `index`, behind the disclosed pointer `last`."""
    if (leaf.pointer is None) != (index == 0):
        name = "the original" if leaf.pointer is None else shown(leaf.pointer)
        raise DisclosureFalse(f"leaf {index} cannot be {name}", value=leaf.pointer)
    if leaf.pointer is None:
        return
    if len(pointer_tokens(leaf.pointer)) > MAX_DEPTH:
        raise DisclosureFalse(f"a pointer deeper than {MAX_DEPTH} levels", value=leaf.pointer)
    if isinstance(leaf.value, list | dict) and leaf.value:
        raise DisclosureFalse(f"{shown(leaf.pointer)} is no single value", value=leaf.pointer)
    if last is not None and leaf.pointer.encode() <= last.encode():
        raise DisclosureFalse(f"{shown(leaf.pointer)} stands after {last}", value=leaf.pointer)


def _parents(pointer: str) -> Iterator[str]:
    while pointer:
        pointer = pointer.rpartition("/")[0]
        yield pointer
