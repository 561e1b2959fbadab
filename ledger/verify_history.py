"""Steps 7–10 of `ledger.verify`: who signed, and that the entries and the document are the record's.

Each takes the evidence, and gives one sentence or raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .bundle import Redacted, WholeDocument
from .commitment import Leaf, is_json, verify_whole
from .disclosure import verify_disclosed
from .errors import ContradictionError, UnverifiedError
from .evidence import ChainBroken, Evidence, Unreadable
from .hashing import ZERO, number_key
from .key_ring import KeyRing
from .report import TitleEvent
from .signature import verify as verify_signature
from .strict_json import JsonValue
from .succession import acting_party, begins, target_of
from .transaction import check_ledger

__all__ = [
    "DocumentMissing",
    "KeyOfAnother",
    "KeyUnknown",
    "NumberDiffers",
    "check_chain",
    "check_document",
    "check_keys",
    "check_signatures",
]

_AS_READ: Final = (
    "; the values of its fields are those that its issuer read from the {form}, and are bound with it as such; "
    "the {form} is not read again here"
)
_READ_BY_ISSUER: Final = (
    "what the document says was read by its issuer from the {form}; read it in the original, and compare"
)
_REDACTED: Final = (
    "the document is shown in part; that its disclosed fields are those of one whole document "
    "was checked by who had the whole"
)
_TRANSPORT: Final = "transport_document"
"""The class of numbers whose documents are JSON and name their carrier by a code."""
_FieldAt = Callable[[str], JsonValue]


class KeyUnknown(UnverifiedError):
    """A signature is by a key that the bundle does not show to be the actor's at that time."""

    code = "verify.key_unknown"
    hint = "do not rely on this file; ask the holder for a new one"


class KeyOfAnother(ContradictionError):
    """An act of one member is signed by the key of another alone."""

    code = "verify.key_of_another"
    hint = "the act is not its actor's; do not rely on this file"


class DocumentMissing(UnverifiedError):
    """The bundle does not hold what it takes to check the document."""

    code = "verify.document_missing"
    hint = "ask for a bundle with the whole document"


class NumberDiffers(ContradictionError):
    """The document's number or carrier is not the one that the ledger has for this record."""

    code = "verify.number_differs"
    hint = "the document belongs to another record; do not rely on this file"


def check_keys(evidence: Evidence) -> str:
    """(7) Each key that signed is valid then, by a member's card or an entry that gave it to the member before.

    One of them is the actor's. That nobody was suspended, and that a mandate let one member act for another, is for the
    replay.
    """
    ring = KeyRing(evidence.the_genesis().members)
    for index, time, signed in evidence.acts:
        body = signed.transaction
        keys = [key for _, key, _ in signed.signatures]
        owners = [(ring.owner(key), key) for key in keys]
        if not any(owner == body.actor and ring.is_valid(key, time) for owner, key in owners):
            another = len(keys) == 1 and owners[0][0] not in (None, body.actor)
            error = KeyOfAnother if another else KeyUnknown
            raise error(f"entry {index} is not signed by a key that its actor is shown to have", value=body.actor)
        known = [(owner, key) for owner, key in owners if owner is not None and ring.is_valid(key, time)]
        if len(known) < len(keys):
            raise KeyUnknown(f"entry {index} has a signature by a key that no member is shown to have", value=index)
        evidence.signers[index] = _in_order(body.actor, known)
        ring.learn(body, time)
    count = len({member for signers in evidence.signers.values() for member, _ in signers})
    return f"{count} members; that no key was revoked at its act rests on the cosigners' replay"


def _in_order(actor: bytes, signers: list[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """Members with the keys by which they signed, the actor first."""
    return tuple(sorted(signers, key=lambda signer: signer[0] != actor))


def check_signatures(evidence: Evidence) -> str:
    """(8) Every signature verifies, and every transaction is of this ledger."""
    count = 0
    for _, _, signed in evidence.acts:
        check_ledger(signed, evidence.ledger)
        for algorithm, key, message, signature in signed.messages():
            verify_signature(algorithm, key, message, signature)
            count += 1
    return f"{count} signatures"


def check_chain(evidence: Evidence) -> str:
    """(9) From the act that made the record on, each entry names the head that the one before left behind."""
    record, head, sequence = evidence.bundle.record, ZERO, 0
    if evidence.the_genesis().member(record) is not None:
        raise Unreadable("a founding member began with the genesis; no entry issued it", value=record)
    for index, time, signed in evidence.acts:
        body = signed.transaction
        target, first = target_of(body, record), begins(body, record)
        if target is None and not first:
            if not body.action.startswith("member."):
                raise ChainBroken(f"entry {index} is not of this record", value=body.action)
            continue
        if first != (sequence == 0):
            raise ChainBroken(f"entry {index} is out of its place: {body.action}", value=index)
        if target is not None and (target.sequence, target.head) != (sequence, head):
            raise ChainBroken(
                f"entry {index} was signed on sequence {target.sequence}, after sequence {sequence}: "
                "an entry between them is missing or changed",
                value=index,
            )
        head, sequence = signed.leaf, sequence + 1
        evidence.chain.append((index, time, signed))
    if not evidence.chain:
        raise ChainBroken("no entry of the record is in the bundle", value=record)
    _tell(evidence)
    acts = "1 act" if sequence == 1 else f"{sequence} acts"
    taken = [target.record.hex()[:16] for target in evidence.first.targets]
    before = f"; it took the place of {', '.join(taken)}, whose history is in bundles of their own" if taken else ""
    return f"{acts}, from entry {evidence.chain[0][0]} to entry {evidence.chain[-1][0]}{before}"


def _tell(evidence: Evidence) -> None:
    first = evidence.first
    evidence.facts["record"] = evidence.bundle.record.hex()
    evidence.facts["kind"] = first.action.partition(".")[0]
    evidence.facts["issuer"] = evidence.name(acting_party(first))
    evidence.facts["issuer_party"] = evidence.party(acting_party(first))
    evidence.facts["parties"] = _parties(evidence)
    if first.targets:
        evidence.facts["began_from"] = [target.record.hex() for target in first.targets]
    for index, time, signed in evidence.chain:
        body = signed.transaction
        to, mode = body.arguments.get("to"), body.arguments.get("mode")
        signers = evidence.signers.get(index, ((body.actor, signed.signatures[0][1]),))
        evidence.events.append(
            TitleEvent(
                index,
                time,
                body.action.partition(".")[2],
                evidence.name(body.actor),
                signers[0][1],
                evidence.name(to) if type(to) is bytes else "",
                mode if type(mode) is str else "",
                "" if body.represented is None else evidence.name(body.represented),
                tuple(evidence.name(member) for member, _ in signers[1:]),
            )
        )


def _parties(evidence: Evidence) -> list[dict[str, Any]]:
    """Everybody whom the history names, in the order in which they appear."""
    found: dict[bytes, dict[str, Any] | None] = {}
    for index, _, signed in evidence.chain:
        body = signed.transaction
        also = [member for member, _ in evidence.signers.get(index, ())[1:]]
        for party in (body.actor, body.represented, body.arguments.get("to"), *also):
            if type(party) is bytes and party not in found:
                found[party] = evidence.party(party)
    return [party for party in found.values() if party is not None]


def check_document(evidence: Evidence) -> str:
    """(10) The document gives the commitment that the newest act on it names, and its number the key claimed."""
    document, commitment = evidence.bundle.document, evidence.said("document", bytes)
    if commitment is None:
        if document is not None:
            raise Unreadable("a record of this kind has no document, and the bundle holds one")
        return "a record of this kind has no document"
    if document is None:
        raise DocumentMissing("the bundle holds no document")
    if isinstance(document, Redacted):
        disclosed = verify_disclosed(commitment, document.leaves)
        _check_media_type(evidence, _shown_media_type(document))
        _check_facts(evidence, disclosed.get)
        evidence.warn(_REDACTED)
        return f"{len(disclosed)} of {len(document.leaves) - 1} fields disclosed, the others proven present"
    fields = {leaf.pointer: leaf.value for leaf in _whole(commitment, document)}
    _check_media_type(evidence, document.media_type)
    _check_facts(evidence, lambda pointer: _scalar(fields.get(pointer)))
    reading = "" if is_json(document.media_type) else _AS_READ.format(form=document.media_type)
    return f"{len(document.original):,} bytes, {len(document.hashes)} leaves{reading}"


def _shown_media_type(document: Redacted) -> str | None:
    """The media type of a redacted document, where the leaf of its original is disclosed."""
    first = document.leaves[0]
    shown = first.value if isinstance(first, Leaf) and first.pointer is None else None
    return shown[0] if isinstance(shown, list) and shown and isinstance(shown[0], str) else None


def _check_media_type(evidence: Evidence, media_type: str | None) -> None:
    """The fields of a transport document are read here from its bytes, which only JSON allows."""
    if media_type is None or is_json(media_type):
        return
    if _is_transport(evidence):
        raise DocumentMissing(f"a transport document must be JSON; this one is {media_type}", value=media_type)
    evidence.warn(_READ_BY_ISSUER.format(form=media_type))


def _is_transport(evidence: Evidence) -> bool:
    number = evidence.said("number", dict)
    return number is not None and number.get("class") == _TRANSPORT


def _whole(commitment: bytes, document: WholeDocument) -> list[Leaf]:
    if document.value is not None and is_json(document.media_type):
        raise Unreadable("a second value stands beside a JSON document", value=document.media_type)
    return verify_whole(
        commitment,
        document.hashes,
        original=document.original,
        media_type=document.media_type,
        secret=document.secret,
        value=document.value,
    )


def _scalar(value: JsonValue) -> JsonValue:
    return None if isinstance(value, list | dict) else value


def _check_facts(evidence: Evidence, field_at: _FieldAt) -> None:
    """What the document says of itself is what its issuer said to the ledger."""
    issuer = acting_party(evidence.first)
    _check_number(evidence, issuer, field_at)
    _check_carrier(evidence, issuer, field_at)


def _check_number(evidence: Evidence, issuer: bytes, field_at: _FieldAt) -> None:
    number = evidence.said("number", dict)
    if number is None:
        return
    text = field_at(str(number.get("at")))
    if text is None:
        raise DocumentMissing("the document's number is not disclosed", value=number.get("at"))
    if not isinstance(text, str) or not text:
        raise DocumentMissing("the document's number is no text, or empty", value=number.get("at"))
    if number_key(evidence.ledger, str(number.get("class")), issuer, text) != number.get("key"):
        raise NumberDiffers(f"the number {text} is not the one that the issuer claimed for this record", value=text)
    evidence.facts["number"] = text


def _check_carrier(evidence: Evidence, issuer: bytes, field_at: _FieldAt) -> None:
    """A transport document names its carrier by a code, which must be one of the issuer's."""
    code, code_list = field_at("/carrierCode"), field_at("/carrierCodeListProvider")
    if not isinstance(code, str) or not isinstance(code_list, str):
        if _is_transport(evidence):
            raise DocumentMissing("the code of the document's carrier, or its list, is not shown", value="/carrierCode")
        return
    if f"{code_list}:{code}" not in evidence.codes.get(issuer, ()):
        raise NumberDiffers(f"the document names the carrier {code_list}:{code}, which the issuer is not", value=code)
