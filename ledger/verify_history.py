"""Steps 7–10 of `ledger.verify`: who signed, and that the entries and the document are the record's.

Each takes the evidence, and gives one sentence or raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .bundle import Redacted, WholeDocument
from .commitment import Leaf, is_json, verify_whole
from .disclosure import verify_disclosed
from .errors import ContradictionError, UnverifiedError
from .evidence import ChainBroken, Evidence, Unreadable
from .hashing import ZERO, number_key
from .report import TitleEvent
from .signature import verify as verify_signature
from .strict_json import JsonValue
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
    """(7) Each key that signed is in its actor's card or in an entry that gave it to the actor before."""
    genesis = evidence.the_genesis()
    keys: dict[bytes, bytes] = {card.id: card.key[1] for card in genesis.members}
    for index, _, signed in evidence.acts:
        body = signed.transaction
        signers = {key for _, key, _ in signed.signatures}
        current = keys.get(body.actor)
        if current is None or current not in signers:
            _check_whose(keys, index, body.actor, signers)
            raise KeyUnknown(f"entry {index} is not signed by a key that its actor is shown to have", value=body.actor)
        if len(signers) > 1 and not signers <= set(keys.values()):
            raise KeyUnknown(f"entry {index} has a signature by a key that no member is shown to have", value=index)
        if body.action == "member.enrol":
            keys[_argument(body.arguments, "record")] = _argument(body.arguments, "public_key")
        elif body.action == "member.rotate_key":
            keys[body.actor] = _argument(body.arguments, "public_key")
    count = len({signed.transaction.actor for _, _, signed in evidence.acts})
    return f"{count} members; that no key was revoked at its act rests on the cosigners' replay"


def _check_whose(keys: Mapping[bytes, bytes], index: int, actor: bytes, signers: set[bytes]) -> None:
    """An act that its actor's key has not signed: a key shown to be another's contradicts it, an unknown one not."""
    if len(signers) == 1 and signers <= {key for member, key in keys.items() if member != actor}:
        raise KeyOfAnother(f"entry {index} is signed by another member's key than its actor's", value=actor)


def _argument(arguments: Mapping[str, Any], name: str) -> bytes:
    value = arguments.get(name)
    if type(value) is not bytes:
        raise Unreadable(f"an entry has no argument {name}", value=name)
    return value


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
    """(9) From the issue on, each entry names the head that the one before left behind."""
    record, head, sequence = evidence.bundle.record, ZERO, 0
    if evidence.the_genesis().member(record) is not None:
        raise Unreadable("a founding member began with the genesis; no entry issued it", value=record)
    for index, time, signed in evidence.acts:
        body = signed.transaction
        target = next((target for target in body.targets if target.record == record), None)
        first = body.arguments.get("record") == record and not body.targets
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
    return f"{sequence} acts, from entry {evidence.chain[0][0]} to entry {evidence.chain[-1][0]}"


def _tell(evidence: Evidence) -> None:
    issue = evidence.chain[0][2].transaction
    evidence.facts["record"] = evidence.bundle.record.hex()
    evidence.facts["kind"] = issue.action.partition(".")[0]
    evidence.facts["issuer"] = evidence.name(issue.actor)
    evidence.facts["issuer_party"] = evidence.party(issue.actor)
    evidence.facts["parties"] = _parties(evidence)
    for index, time, signed in evidence.chain:
        body = signed.transaction
        to, mode = body.arguments.get("to"), body.arguments.get("mode")
        evidence.events.append(
            TitleEvent(
                index,
                time,
                body.action.partition(".")[2],
                evidence.name(body.actor),
                signed.signatures[0][1],
                evidence.name(to) if type(to) is bytes else "",
                mode if type(mode) is str else "",
            )
        )


def _parties(evidence: Evidence) -> list[dict[str, Any]]:
    """Everybody whom the history names, in the order in which they appear."""
    found: dict[bytes, dict[str, Any] | None] = {}
    for _, _, signed in evidence.chain:
        for party in (signed.transaction.actor, signed.transaction.arguments.get("to")):
            if type(party) is bytes and party not in found:
                found[party] = evidence.party(party)
    return [party for party in found.values() if party is not None]


def check_document(evidence: Evidence) -> str:
    """(10) The document gives the commitment of the first entry, and its number the key claimed there."""
    issue = evidence.chain[0][2].transaction
    document = evidence.bundle.document
    commitment = issue.arguments.get("document")
    if type(commitment) is not bytes:
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
    number = evidence.chain[0][2].transaction.arguments.get("number")
    return isinstance(number, dict) and number.get("class") == _TRANSPORT


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
    issue = evidence.chain[0][2].transaction
    _check_number(evidence, issue.actor, issue.arguments, field_at)
    _check_carrier(evidence, issue.actor, field_at)


def _check_number(evidence: Evidence, issuer: bytes, arguments: Mapping[str, Any], field_at: _FieldAt) -> None:
    number = arguments.get("number")
    if not isinstance(number, dict):
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
