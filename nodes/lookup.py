"""Finding members and records by the words that people use.

    a member   its alias, its LEI, or the beginning of its id (6 hexadecimal digits or more)
    a record   its id or the beginning of it (6 digits or more), or the number of its document

Who draws the id of a record chooses it, so a beginning of an id may look like another record's number: a word is
taken in every sense, and refused if it means several records. A whole id of 64 digits is never taken for a number.

A document's number is looked up in the member's own vault and on the ledger: the state key of the number is computed
for every member that may have issued it, and the state says which record holds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from contracts.parties import GROUP
from ledger.codec import decode
from ledger.errors import NotFoundError, UsageError
from ledger.hashing import claim_key, number_key
from ledger.member import alias_key
from ledger.record import MAX_CONTENT, Record
from ledger.smt_hash import path_of
from nodes.past import founded_record, record_after
from nodes.reader import LedgerReader, NoSuchMember, NoSuchRecord
from nodes.vault import Vault

__all__ = [
    "Ambiguous",
    "NoSuchSequence",
    "alias_of",
    "as_of",
    "find_member",
    "find_party",
    "find_record",
    "members_among",
    "predecessors",
    "successors",
]

_PREFIX: Final = re.compile(r"[0-9a-f]{6,64}")
_ID_DIGITS: Final = 64
_RECORD_START: Final = b"\xdc\x00\x15\xc4\x20"
"""How the content of a record begins: an array of 21 elements, then the 32 bytes of its id."""
_MEMBER: Final = b"\xa6member"
"""What follows the id in the content of a member: its kind."""


class Ambiguous(UsageError):
    """The word means several members or records."""

    code = "lookup.ambiguous"
    hint = "give more digits of the id; `lading list` and `lading member list` show them"


class NoSuchSequence(NotFoundError):
    """The record never had this sequence."""

    code = "lookup.no_such_sequence"
    hint = "give --at-sequence one of these, or leave it out: the act is then on the record as it is now"


def alias_of(party: bytes | None, members: Mapping[bytes, Record]) -> str:
    """A party as people call it: the alias of a member, else 12 digits of the reference, or a dash."""
    if party is None:
        return "-"
    member = members.get(party)
    return party.hex()[:12] if member is None else str(member.fields["alias"])


def members_among(reader: LedgerReader, parties: Iterable[bytes | None]) -> dict[bytes, Record]:
    """Those of `parties` that are members, by id."""
    found = {party: reader.find(party) for party in dict.fromkeys(parties) if party is not None}
    return {party: record for party, record in found.items() if record is not None and record.kind == "member"}


def as_of(reader: LedgerReader, record: Record, sequence: int) -> Record:
    """A record as it stood at a sequence, from its own acts. Raises `NoSuchSequence`."""
    acts = reader.history(record)
    before = record.sequence - len(acts)  # 1 for a record of the genesis, else 0
    founded = founded_record(reader, record.id) if before else None
    found = record_after(reader, record.id, acts[: max(sequence - before, 0)], founded)
    if found is None or found.sequence != sequence:
        raise NoSuchSequence(f"the record has the sequences 1 to {record.sequence}", value=sequence)
    return found


def find_member(reader: LedgerReader, word: str) -> Record:
    """The member that `word` means. Raises `NoSuchMember` or `Ambiguous`."""
    item = reader.item(alias_key(reader.genesis.id, word)) if _is_text(word) else None
    if item is not None:
        record_id: bytes = decode(item.content, limit=MAX_CONTENT)[2]
        return reader.record(record_id)
    members = reader.members()
    found = [record for record in members.values() if word and record.fields["lei"] == word.upper()]
    if not found and _PREFIX.fullmatch(word.lower()):
        found = [record for id_, record in members.items() if id_.hex().startswith(word.lower())]
    if not found:
        raise NoSuchMember("no member has this alias, LEI or id", value=word)
    if len(found) > 1:
        raise Ambiguous("several members have it: " + ", ".join(str(m.fields["alias"]) for m in found), value=word)
    return found[0]


def find_party(reader: LedgerReader, word: str) -> Record:
    """The member, or the group in joint control by its id, that `word` means. Raises `NoSuchMember` or `Ambiguous`."""
    try:
        return find_member(reader, word)
    except NoSuchMember as nobody:
        digits = word.lower()
        ids = list(_by_id(reader, digits)) if _PREFIX.fullmatch(digits) else []
        found = [record for record in map(reader.record, ids) if record.kind == GROUP]
        if len(found) > 1:
            raise Ambiguous("several groups have it", value=word) from None
        if not found:
            raise nobody from None
        return found[0]


def find_record(reader: LedgerReader, word: str, vault: Vault | None = None) -> Record:
    """The record that `word` means; `vault` is the member's own. Raises `NoSuchRecord` or `Ambiguous`."""
    digits = word.lower()
    found = list(_by_id(reader, digits)) if _PREFIX.fullmatch(digits) else []
    if not (_PREFIX.fullmatch(digits) and len(digits) == _ID_DIGITS):
        if vault is not None:
            labelled = (entry for entry in vault.entries() if entry.labels.get("number") == word)
            found += [entry.record_id for entry in labelled if reader.find(entry.record_id) is not None]
        if _is_text(word):
            found += _by_number(reader, word)
    found = _newest(reader, list(dict.fromkeys(found)))
    if not found:
        raise NoSuchRecord("no record has this id, and no document that is known here has this number", value=word)
    if len(found) > 1:
        raise Ambiguous(f"{len(found)} records have it: " + ", ".join(i.hex()[:12] for i in found[:5]), value=word)
    return reader.record(found[0])


def _newest(reader: LedgerReader, found: list[bytes]) -> list[bytes]:
    """Without the records whose place others of them have taken: an amended bill may have its predecessor's number."""
    if len(found) < 2:
        return found
    replaced = {one for record_id in found for one in predecessors(reader, reader.record(record_id))}
    return [record_id for record_id in found if record_id not in replaced]


def predecessors(reader: LedgerReader, record: Record) -> list[bytes]:
    """The records whose place a record has taken, and whose place these took, the nearest first."""
    return _linked(reader, record, lambda one: one.replaces)


def successors(reader: LedgerReader, record: Record) -> list[bytes]:
    """The records that have taken a record's place, and that took the place of these, the nearest first."""
    return _linked(reader, record, lambda one: one.replaced_by)


def _linked(reader: LedgerReader, record: Record, step: Callable[[Record], list[bytes]]) -> list[bytes]:
    found, at = list(dict.fromkeys(step(record))), 0
    while at < len(found):
        known = reader.find(found[at])
        found += [] if known is None else [one for one in step(known) if one not in found]
        at += 1
    return found


def _is_text(word: str) -> bool:
    """Whether a word can be written in UTF-8: what a shell hands over may hold stray bytes."""
    return not any("\ud800" <= mark <= "\udfff" for mark in word)


def _by_id(reader: LedgerReader, digits: str) -> Iterator[bytes]:
    """Records whose id begins with these hexadecimal digits; whole ids take one read, others a scan."""
    if len(digits) == _ID_DIGITS:
        whole = bytes.fromhex(digits)
        yield from [] if reader.find(whole) is None else [whole]
        return
    start = _RECORD_START + bytes.fromhex(digits[: len(digits) & ~1])
    at = len(_RECORD_START)
    for _, _, item in reader.store.all_items():
        if item.content.startswith(start):
            record_id = item.content[at : at + 32]
            if record_id.hex().startswith(digits):
                yield record_id


def _by_number(reader: LedgerReader, number: str) -> Iterator[bytes]:
    """Records that hold this number, of whatever class and issuer."""
    ledger = reader.genesis.id
    classes = {table.number.cls for table in reader.rules.tables.values() if table.number is not None}
    paths = _claims(ledger, classes, _members(reader), number)
    for item in reader.store.items(paths).values():
        record_id: bytes = decode(item.content, limit=MAX_CONTENT)[2]
        yield record_id


def _members(reader: LedgerReader) -> Iterator[bytes]:
    """The ids of the members, by a scan that decodes nothing: a claim is looked up under each in any case."""
    at = len(_RECORD_START)
    for _, _, item in reader.store.all_items():
        if item.content.startswith(_MEMBER, at + 32):
            yield item.content[at : at + 32]


def _claims(ledger: bytes, classes: Iterable[str], issuers: Iterable[bytes], number: str) -> list[bytes]:
    return [
        path_of(claim_key(issuer, number_key(ledger, cls, issuer, number)))
        for issuer in issuers
        for cls in sorted(classes)
    ]
