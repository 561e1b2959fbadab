"""What a transaction says of one record: of one that it makes, or of one that it changes.

    arguments {"record": new id, "document": …, "number": …}                 one new record
              {"parts": [{"document": …, "number": …, "record": new id}, …]}  several: a split

A record that takes others' place is made by an act whose targets are the others; one that takes nobody's place by
an act without targets. What such an act says of documents and numbers is said of the new record, not of its targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .transaction import Target, Transaction

__all__ = ["acting_party", "begins", "made_by", "said_of", "target_of"]

_NOTHING: Final[Mapping[str, Any]] = {}


def acting_party(body: Transaction) -> bytes:
    """Whose act it is: the actor's, or that of the member whom the actor represents."""
    return body.actor if body.represented is None else body.represented


def target_of(body: Transaction, record: bytes) -> Target | None:
    """The state in which the signer saw a record that the act changes, or nothing."""
    return next((target for target in body.targets if target.record == record), None)


def begins(body: Transaction, record: bytes) -> bool:
    """Whether the act brings the record into being."""
    if target_of(body, record) is not None:
        return False
    return body.arguments.get("record") == record or _part(body, record) is not None


def made_by(body: Transaction) -> list[bytes]:
    """The records that the act brings into being, in the order in which it names them."""
    parts = body.arguments.get("parts")
    named = [part.get("record") for part in parts if type(part) is dict] if type(parts) is list else []
    named.append(body.arguments.get("record"))
    return [record for record in named if type(record) is bytes and begins(body, record)]


def said_of(body: Transaction, record: bytes) -> Mapping[str, Any]:
    """The arguments that are about this record: none, if the act only ends it in favour of new ones."""
    part = _part(body, record)
    if part is not None:
        return part
    if "parts" in body.arguments or body.arguments.get("record", record) != record:
        return _NOTHING
    return body.arguments


def _part(body: Transaction, record: bytes) -> Mapping[str, Any] | None:
    parts = body.arguments.get("parts")
    if type(parts) is not list:
        return None
    return next((part for part in parts if type(part) is dict and part.get("record") == record), None)
