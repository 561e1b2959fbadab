"""Becoming and being a member: the card, acts that several governors sign, and the change of the signing key.

An act that more governors must sign than one travels as a file, a *proposal*, from governor to governor:

    {"entry":"<base64>","format":"lading/proposal@1"}

Canonical JSON (RFC 8785); `entry` is the transaction with the signatures so far, as the log would take it. Each
governor adds its signature to the same transaction, so it does not matter in which order they sign, and whoever
brings it past two thirds submits it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from contracts.guards import key_proof_message
from contracts.parties import key_is_valid
from ledger.codec import MAX_ENTRY
from ledger.errors import InputError, UsageError
from ledger.hashing import SIGN_TRANSACTION
from ledger.member import MemberCard
from ledger.note import COSIGNATURE_KEY, VerifierKey
from ledger.record import Record
from ledger.signature import ED25519
from ledger.strict_json import canonicalise, parse
from ledger.transaction import SignedTransaction, admit
from nodes.desk import ActReport, Desk
from nodes.keystore import KeyName, MemoryKeyStore
from nodes.lookup import alias_of, members_among
from nodes.reader import LedgerReader

__all__ = [
    "APPROVAL_TIME",
    "BadProposal",
    "NotAGovernor",
    "approve",
    "check_governor",
    "enough",
    "finish_rotation",
    "make_card",
    "read_proposal",
    "rotate_key",
    "signers",
    "write_proposal",
]

APPROVAL_TIME: Final = 7 * 24 * 3_600_000
"""How long governors have to sign an act together, in milliseconds of ledger time: a week."""
_FORMAT: Final = "lading/proposal@1"
_LIMIT: Final = 2 * MAX_ENTRY


class BadProposal(InputError):
    """Not a proposal, or one that is not for the governors of this ledger."""

    code = "proposal.malformed"
    hint = "take the file that `lading member enrol`, `suspend` or `reinstate` wrote, as it is"


class NotAGovernor(UsageError):
    """Only a governor's signature counts here."""

    code = "proposal.not_a_governor"
    hint = "a governor runs the command in its own home; `lading member list` says who governs"


def make_card(
    keys: MemoryKeyStore,
    member: bytes,
    *,
    alias: str,
    names: Mapping[str, str],
    lei: str = "",
    registration: str = "",
    roles: Sequence[str] = (),
    codes: Sequence[str] = (),
    cosigner: str = "",
    address: str = "",
) -> MemberCard:
    """The signed card of a member with the id `member`. Raises `BadCard` or `BadKey` for what it must not say.

    `cosigner` is the name under which the member cosigns, such as `carrier.example`, or empty: its keys are then
    named `carrier.example/replay` and `carrier.example/witness`.
    """
    cosigners = {}
    if cosigner:
        for use, name in (("replay", KeyName.REPLAY), ("witness", KeyName.WITNESS)):
            cosigners[use] = str(VerifierKey(f"{cosigner}/{use}", COSIGNATURE_KEY, keys.public_key(name)))
    card = MemberCard(
        member, alias, dict(names), lei, registration, tuple(roles), tuple(codes),
        (ED25519, keys.public_key(KeyName.SIGNING)), keys.public_key(KeyName.ENCRYPTION), cosigners, address,
    ).sign(keys.signer(KeyName.SIGNING))  # fmt: skip
    card.check()
    return card


def write_proposal(signed: SignedTransaction) -> bytes:
    """The file in which a transaction travels from governor to governor."""
    return canonicalise({"entry": b64encode(signed.entry).decode("ascii"), "format": _FORMAT})


def read_proposal(data: bytes, ledger_id: bytes) -> SignedTransaction:
    """The transaction of a proposal, its signatures checked. Raises `BadProposal`, or as `admit` does."""
    value = parse(data, limit=_LIMIT)
    if not isinstance(value, dict) or value.get("format") != _FORMAT or not isinstance(value.get("entry"), str):
        raise BadProposal(f"not a file of the format {_FORMAT}")
    try:
        entry = b64decode(str(value["entry"]), validate=True)
    except ValueError:
        raise BadProposal("the transaction in the file is not base64") from None
    signed = admit(entry, ledger_id)
    if write_proposal(signed) != data:
        raise BadProposal("the file is not as lading wrote it")
    return signed


def signers(signed: SignedTransaction, reader: LedgerReader) -> list[Record]:
    """The governors who have signed, and may."""
    given, now = {key for _, key, _ in signed.signatures}, reader.head.time
    governors = [reader.record(governor) for governor in reader.genesis.governors]
    return [
        governor
        for governor in governors
        if governor.status == "active"
        and any(entry[1] in given and key_is_valid(entry, now) for entry in governor.fields["keys"])
    ]


def enough(signed: SignedTransaction, reader: LedgerReader) -> bool:
    """Whether more than two thirds of the governors who are not suspended have signed."""
    active = [one for one in reader.genesis.governors if reader.record(one).status == "active"]
    return len(signers(signed, reader)) * 3 > len(active) * 2


def check_governor(desk: Desk, reader: LedgerReader) -> None:
    """Raises `NotAGovernor` unless the desk's member is one."""
    if desk.member not in reader.genesis.governors:
        alias = alias_of(desk.member, members_among(reader, [desk.member]))
        raise NotAGovernor("this member is no governor of the ledger", value=alias)


def approve(desk: Desk, signed: SignedTransaction, reader: LedgerReader) -> SignedTransaction:
    """The same transaction with this member's signature too. Raises `NotAGovernor`."""
    check_governor(desk, reader)
    desk.before_signing(signed.transaction, reader)
    return signed.with_signatures([desk.keys.signer(KeyName.SIGNING)(SIGN_TRANSACTION + signed.body)])


def rotate_key(desk: Desk) -> ActReport | None:
    """Put a new signing key in the old one's place; nothing if an interrupted change only had to be finished.

    The new key is on the disk before the ledger hears of it, and used only once the ledger knows it. The caller
    holds the lock of the home since before it opened the keys, so that no other process writes an older file back.
    """
    with desk.reading() as reader:
        if finish_rotation(desk, reader):
            return None
        record = reader.record(desk.member)
    public = desk.keys.stage(KeyName.SIGNING)
    proof = desk.keys.sign_staged(KeyName.SIGNING, key_proof_message(desk.member, public))
    report = desk.act(record, "rotate_key", {"public_key": public, "proof": proof})
    desk.keys.adopt(KeyName.SIGNING)
    return report


def finish_rotation(desk: Desk, reader: LedgerReader) -> bool:
    """Use a staged key that the ledger knows already, as after a crash; whether there was one."""
    staged = desk.keys.staged_key(KeyName.SIGNING)
    record = reader.find(desk.member) if staged is not None else None
    if record is None or not any(entry[1] == staged and entry[3] is None for entry in record.fields["keys"]):
        return False
    desk.keys.adopt(KeyName.SIGNING)
    return True
