"""Becoming and being a member: the card, and the change of the signing key.

What governors sign together travels as a file (`nodes.proposals`); what becomes of lost keys is in `nodes.recovery`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.guards import key_proof_message
from ledger.errors import UsageError
from ledger.member import MemberCard
from ledger.note import COSIGNATURE_KEY, VerifierKey
from ledger.record import Record
from ledger.signature import ED25519
from ledger.times import iso
from nodes.desk import ActReport, Desk
from nodes.keystore import KeyName, MemoryKeyStore
from nodes.lookup import alias_of, members_among
from nodes.reader import LedgerReader

__all__ = ["SOON", "NotAGovernor", "announcements", "check_governor", "finish_rotation", "make_card", "rotate_key"]

SOON: Final = 30 * 86_400_000
"""From how long before its end a key is announced, in milliseconds."""


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


def check_governor(desk: Desk, reader: LedgerReader) -> None:
    """Raises `NotAGovernor` unless the desk's member is one."""
    if desk.member not in reader.rules.governors:
        alias = alias_of(desk.member, members_among(reader, [desk.member]))
        raise NotAGovernor("this member is no governor of the ledger", value=alias)


def rotate_key(desk: Desk, *, overlap_until: int | None = None, key_until: int | None = None) -> ActReport | None:
    """Put a new signing key in the old one's place; nothing if an interrupted change only had to be finished.

    The old key is valid until `overlap_until`, the new one until `key_until`, both in Unix milliseconds of ledger time.
    The new key is on the disk before the ledger hears of it, and used only once the ledger knows it. The caller
    holds the lock of the home since before it opened the keys, so that no other process writes an older file back.
    """
    with desk.reading() as reader:
        if finish_rotation(desk, reader):
            return None
        record = reader.record(desk.member)
    public = desk.keys.stage(KeyName.SIGNING)
    proof = desk.keys.sign_staged(KeyName.SIGNING, key_proof_message(desk.member, public))
    times = {"overlap_until": overlap_until, "key_until": key_until}
    given = {name: time for name, time in times.items() if time is not None}
    report = desk.act(record, "rotate_key", {"public_key": public, "proof": proof, **given})
    desk.keys.adopt(KeyName.SIGNING)
    return report


def finish_rotation(desk: Desk, reader: LedgerReader) -> bool:
    """Use a staged key that the ledger knows already, as after a crash; whether there was one."""
    staged = desk.keys.staged_key(KeyName.SIGNING)
    record = reader.find(desk.member) if staged is not None else None
    if record is None or record.fields["keys"][-1][1] != staged:
        return False
    desk.keys.adopt(KeyName.SIGNING)
    return True


def announcements(member: Record, now: int) -> list[str]:
    """What a member must know of its own record: a key that ends soon, a recovery to which it can object.

    `now` is in Unix milliseconds.
    """
    said = []
    end = member.fields["keys"][-1][3]
    if end is not None and end - now <= SOON:
        when = f"ended at {iso(end)}: the governors can recover it" if end <= now else f"ends at {iso(end)}: replace it"
        said.append(f"the signing key {when}")
    until = member.fields.get("objections_until")
    if until is not None and member.status == "recovering":
        said.append(f"the governors have proposed new keys: `lading member object` until {iso(until)} if that is wrong")
    if member.status == "disputed":
        said.append("the recovery of its keys is disputed: an authority decides")
    return said
