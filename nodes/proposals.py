"""Acts that several members sign: a file that travels from one to the next until enough have signed.

    {"entry":"<base64>","format":"lading/proposal@1","sealed":["<base64>",…]}

Canonical JSON (RFC 8785). `entry` is the transaction with the signatures so far, as the log would take it. Everybody
signs the same transaction, so the order does not matter, and whoever brings the last signature that it needs submits
it. `sealed`, left out where there is none, are the documents of records that the act makes, sealed to those who have
to look at them before they sign (`nodes.sealing`); nobody else who sees the file can read them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from contracts.replay import statement_version
from ledger.codec import MAX_ENTRY
from ledger.errors import InputError, UsageError
from ledger.hashing import SIGN_TRANSACTION
from ledger.record import Record
from ledger.signature import ED25519
from ledger.strict_json import canonicalise, parse
from ledger.succession import made_by
from ledger.transaction import MAX_SIGNATURES, SignedTransaction, Transaction, admit
from nodes.courier import concerned, members_behind
from nodes.delivery import signing_keys
from nodes.desk import ActReport, Desk, Prepared
from nodes.keystore import CannotOpen, KeyName
from nodes.lookup import alias_of, members_among
from nodes.parcel import Parcel
from nodes.reader import LedgerReader
from nodes.sealing import Address, WrongAddress, open_sealed, seal
from nodes.successors import check_successors
from nodes.trial import refusal
from nodes.vault import NoDocument

__all__ = [
    "MAX_PROPOSAL",
    "SIGNING_TIME",
    "BadProposal",
    "NotConcerned",
    "Proposal",
    "finish",
    "may_sign",
    "propose",
    "read_proposal",
    "sign_proposal",
    "signers",
    "waits_for",
    "write_proposal",
]

SIGNING_TIME: Final = 7 * 24 * 3_600_000
"""How long members have to sign an act together, in milliseconds of ledger time: a week."""
MAX_PROPOSAL: Final = 64 * 1024 * 1024
"""Largest file, in bytes."""
_FORMAT: Final = "lading/proposal@1"
_MAX_SEALED: Final = 256


class BadProposal(InputError):
    """Not a proposal, or one that is not for the members of this ledger."""

    code = "proposal.malformed"
    hint = "take the file that lading wrote with `--out`, as it is"


class NotConcerned(UsageError):
    """This member's signature has no place on the act."""

    code = "proposal.not_concerned"
    hint = "those sign who are parties to the records, or are named in the act, or govern; `lading show` lists them"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A transaction with the signatures so far, and the sealed documents that travel with it."""

    signed: SignedTransaction
    sealed: tuple[bytes, ...] = ()


def write_proposal(proposal: Proposal) -> bytes:
    """The file."""
    value: dict[str, Any] = {"entry": _b64(proposal.signed.entry), "format": _FORMAT}
    if proposal.sealed:
        value["sealed"] = [_b64(one) for one in proposal.sealed]
    return canonicalise(value)


def read_proposal(data: bytes, ledger_id: bytes) -> Proposal:
    """Read a file, its signatures checked. Raises `BadProposal`, or as `ledger.transaction.admit` does."""
    value = parse(data, limit=MAX_PROPOSAL)
    if not isinstance(value, dict) or value.get("format") != _FORMAT or not isinstance(value.get("entry"), str):
        raise BadProposal(f"not a file of the format {_FORMAT}")
    sealed = value.get("sealed", [])
    if not isinstance(sealed, list) or len(sealed) > _MAX_SEALED:
        raise BadProposal("the sealed documents in the file are no list")
    try:
        entry = b64decode(str(value["entry"]), validate=True)
        documents = tuple(b64decode(str(one), validate=True) for one in sealed)
    except ValueError:
        raise BadProposal("the transaction in the file is not base64") from None
    if len(entry) > MAX_ENTRY:
        raise BadProposal("the transaction in the file is too large", value=len(entry))
    proposal = Proposal(admit(entry, ledger_id), documents)
    if write_proposal(proposal) != data:
        raise BadProposal("the file is not as lading wrote it")
    return proposal


def propose(desk: Desk, reader: LedgerReader, prepared: Prepared) -> Proposal:
    """Sign what was prepared without submitting it; its documents are sealed to those whom the records concern."""
    desk.keep(prepared)
    signed = desk.build(reader, prepared.records, prepared.action, prepared.arguments, valid_for=SIGNING_TIME)
    if not prepared.parcels and not prepared.notes:
        return Proposal(signed)
    parcels = dict(prepared.parcels) or {record.id: Parcel(None, (), prepared.notes) for record in prepared.records}
    readers = {one for record in prepared.records for one in concerned(record, reader)} - {desk.member}
    sealed = []
    for member in sorted(readers):
        key = reader.record(member).fields["encryption"]
        for record_id, parcel in parcels.items():
            address = Address(reader.genesis.id, record_id, desk.member, member)
            sealed.append(seal(parcel, address, key, desk.keys))
    return Proposal(signed, tuple(sealed))


def sign_proposal(
    desk: Desk, reader: LedgerReader, proposal: Proposal, tell: Callable[[str], None] | None = None
) -> tuple[Proposal, list[str]]:
    """The proposal with this member's signature too, and in words what was recomputed before it was given.

    `tell` is given these words before the act itself is shown.

    Raises `NotConcerned`, what is wrong with the documents, or what the rules would refuse for another reason than
    signatures that are still missing.
    """
    signed, body = proposal.signed, proposal.signed.transaction
    if desk.member not in may_sign(reader, body):
        alias = alias_of(desk.member, members_among(reader, [desk.member]))
        raise NotConcerned("the act is not one that this member signs", value=alias)
    parcels = _opened(desk, reader, proposal)
    said = check_successors(body, reader, desk.vault.get, parcels)
    if tell is not None:
        for line in said:
            tell(line)
    desk.name_made(parcels)
    desk.before_signing(body, reader)
    merged = signed.with_signatures([desk.keys.signer(KeyName.SIGNING)(SIGN_TRANSACTION + signed.body)])
    for record_id, parcel in parcels.items():
        desk.vault.take(record_id, parcel)
    return Proposal(merged, proposal.sealed), said


def waits_for(desk: Desk, reader: LedgerReader, signed: SignedTransaction) -> str:
    """What is still missing, as the rule says it; empty where enough have signed.

    It is judged as if everybody had signed who may: what the rules would refuse even then is raised.
    """
    error = refusal(reader, signed, desk.now())
    if error is None:
        return ""
    there = {key for _, key, _ in signed.signatures}
    actor = signed.transaction.actor
    keys = [key for member in sorted(may_sign(reader, signed.transaction) - {actor}) for key in _keys(reader, member)]
    more = [(ED25519, key, b"") for key in keys if key not in there][: MAX_SIGNATURES - len(there)]
    rest = refusal(reader, signed.with_signatures(more), desk.now()) if more else error
    if rest is None:
        return error.message
    raise rest


def _keys(reader: LedgerReader, member: bytes) -> list[bytes]:
    """The newest signing key of a member that may act."""
    record = reader.record(member)
    return [record.fields["keys"][-1][1]] if record.status == "active" else []


def finish(desk: Desk, proposal: Proposal) -> ActReport:
    """Submit what enough have signed, and hand the documents of the records that it makes to those concerned."""
    signed = proposal.signed
    with desk.writing(signed.transaction.action.partition(".")[2]) as engine:
        report = desk.submit(engine, signed)
        notes = {note for parcel in _opened(desk, engine.reader, proposal).values() for note in parcel.notes}
        return desk.hand_on(report, signed.transaction, sorted(notes, key=lambda note: note.commitment), engine.reader)


def signers(reader: LedgerReader, signed: SignedTransaction) -> list[Record]:
    """The members who have signed, as far as their keys are known to be theirs now."""
    given = {key for _, key, _ in signed.signatures}
    members = {signed.transaction.actor, *may_sign(reader, signed.transaction)}
    found = [reader.record(member) for member in sorted(members)]
    return [one for one in found if any(entry[1] in given for entry in one.fields["keys"])]


def may_sign(reader: LedgerReader, body: Transaction) -> set[bytes]:
    """The members whose signature may stand on an act: governors, parties of its records, parties that it names."""
    kind, _, name = body.action.partition(".")
    found = {body.actor, *reader.rules.governors}
    parties: list[bytes | None] = [body.represented]
    for target in body.targets:
        record = reader.record(target.record)
        pending = None if record.pending is None else record.pending.party
        parties += [record.issuer, record.controller, record.beneficiary, record.order_party, record.nominee]
        parties += [record.pledgee, record.hold, pending]
    action = reader.rules.action(kind, statement_version(body.statement) or 0, name)
    for argument, declared in {} if action is None else action.action.arguments.items():
        value = body.arguments.get(argument)
        if declared.type == "party" and type(value) is bytes:
            parties.append(value)
        elif declared.type == "parties" and type(value) is list:
            parties += value
    return found | set(members_behind(parties, reader))


def _opened(desk: Desk, reader: LedgerReader, proposal: Proposal) -> dict[bytes, Parcel]:
    """The sealed documents that are for this member, and those that it has itself, by record."""
    body = proposal.signed.transaction
    found = _own(desk, body)
    for data in proposal.sealed:
        try:
            opened = open_sealed(
                data, desk.keys, ledger_id=reader.genesis.id, recipient=desk.member, signing_keys=signing_keys(reader)
            )
        except (CannotOpen, WrongAddress):
            continue  # sealed to another
        found[opened.address.record_id] = opened.parcel
    return found


def _own(desk: Desk, body: Transaction) -> dict[bytes, Parcel]:
    """What this member has itself: documents of the records that the act makes, and texts to which it commits."""
    held = {value for value in body.arguments.values() if type(value) is bytes}
    found = {}
    for target in body.targets:
        notes = tuple(note for note in desk.vault.notes(target.record) if note.commitment in held)
        if notes:
            found[target.record] = Parcel(None, (), notes)
    for made in made_by(body):
        try:
            found[made] = desk.vault.parcel(made)
        except NoDocument:
            continue
    return found


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
