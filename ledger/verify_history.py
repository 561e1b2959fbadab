"""Steps 2–10 of `ledger.verify`: each takes the evidence, and gives one sentence or raises.

A `ContradictionError` is INVALID; any other error of ours is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .bundle import Bundle, Redacted, WholeDocument
from .checkpoint import Checkpoint
from .commitment import verify_whole
from .disclosure import verify_disclosed
from .entry import Commit, Text, read_entry, split_text
from .errors import ContradictionError, InputError, LadingError, UnverifiedError
from .genesis import Genesis
from .hashing import ZERO, number_key
from .merkle import leaf_hash, verify_inclusion
from .note import Note
from .pointer import resolve
from .policy import Policy
from .quorum import Quorum, evaluate
from .record import Record
from .report import TitleEvent
from .signature import verify as verify_signature
from .strict_json import JsonValue
from .times import iso
from .transaction import SignedTransaction, check_ledger

__all__ = [
    "ChainBroken",
    "DocumentMissing",
    "Evidence",
    "KeyUnknown",
    "NumberDiffers",
    "OtherLedger",
    "TimeMissing",
    "Unreadable",
    "check_chain",
    "check_commits",
    "check_document",
    "check_inclusion",
    "check_keys",
    "check_log_signature",
    "check_quorum",
    "check_signatures",
    "read_genesis",
]


class Unreadable(UnverifiedError):
    """A part of the bundle cannot be read."""

    code = "verify.unreadable"
    hint = "ask for the file again; a newer version of lading may read it"


class OtherLedger(UnverifiedError):
    """The bundle is of a ledger that the policy does not know."""

    code = "verify.other_ledger"
    hint = "use the policy of that ledger, from a source that you trust, not from the bundle"


class TimeMissing(ContradictionError):
    """No commit of the bundle closes an entry."""

    code = "verify.no_commit"
    hint = "the bundle is incomplete or was put together wrongly; ask for it again"


class KeyUnknown(ContradictionError):
    """A signature is by a key that the bundle does not show to be the actor's at that time."""

    code = "verify.key_unknown"
    hint = "do not rely on this file; ask the holder for a new one"


class ChainBroken(ContradictionError):
    """The entries are not one unbroken history of the record."""

    code = "verify.chain_broken"
    hint = "an entry is missing, changed, or of another record; do not rely on this file"


class DocumentMissing(UnverifiedError):
    """The bundle does not hold what it takes to check the document."""

    code = "verify.document_missing"
    hint = "ask for a bundle with the whole document"


class NumberDiffers(ContradictionError):
    """The document's number or carrier is not the one that the ledger has for this record."""

    code = "verify.number_differs"
    hint = "the document belongs to another record; do not rely on this file"


@dataclass(slots=True)
class Evidence:
    """A bundle with what the steps have established from it so far."""

    bundle: Bundle
    policy: Policy
    at: int
    max_age: int
    genesis: Genesis | None = None
    checkpoint: Checkpoint | None = None
    quorum: Quorum | None = None
    commits: list[Commit] = field(default_factory=list)
    acts: list[tuple[int, int, SignedTransaction]] = field(default_factory=list)
    """(index, ledger time, transaction) of every entry that is one."""
    chain: list[tuple[int, int, SignedTransaction]] = field(default_factory=list)
    """Those of the record, in order."""
    state: Record | None = None
    events: list[TitleEvent] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def the_genesis(self) -> Genesis:
        """The genesis, after step 2."""
        return _known(self.genesis)

    def the_checkpoint(self) -> Checkpoint:
        """The checkpoint, after step 3."""
        return _known(self.checkpoint)

    def name(self, party: bytes | None) -> str:
        """A party by the alias of its card, or the beginning of its reference."""
        if party is None:
            return "nobody"
        card = self.the_genesis().member(party)
        if card is not None:
            return card.alias
        for _, _, signed in self.acts:
            body = signed.transaction
            if body.action == "member.enrol" and body.arguments.get("record") == party:
                return str(body.arguments.get("alias"))
        return party.hex()[:16]


def _known(value: Any) -> Any:
    if value is None:
        raise Unreadable("an earlier step has not established it")
    return value


def read_genesis(evidence: Evidence) -> str:
    """(2) The genesis reads, and its origin is that of a log of the policy."""
    try:
        genesis = Genesis.decode(evidence.bundle.genesis)
    except ContradictionError:
        raise
    except LadingError as exc:
        raise Unreadable(f"the genesis cannot be read: {exc.message}", value=exc.value) from None
    origins = [log.key.name for log in evidence.policy.logs]
    if genesis.origin not in origins:
        raise OtherLedger(
            f"the bundle is of the ledger {genesis.origin}, the policy of {', '.join(origins) or 'none'}",
            value=genesis.origin,
        )
    evidence.genesis = genesis
    evidence.facts["ledger"] = genesis.id.hex()
    evidence.facts["origin"] = genesis.origin
    return f"ledger {genesis.id.hex()[:16]}… of {genesis.origin}, {len(genesis.members)} founding members"


def check_log_signature(evidence: Evidence) -> str:
    """(3) A log key of the policy signed the checkpoint, and no known key's signature fails."""
    try:
        note = Note.parse(evidence.bundle.checkpoint)
        quorum = evaluate(evidence.policy, note)
    except InputError as exc:
        raise Unreadable(f"the checkpoint cannot be read: {exc.message}", value=exc.value) from None
    if quorum.checkpoint.origin != evidence.the_genesis().origin:
        raise OtherLedger("the checkpoint is of another log than the genesis", value=quorum.checkpoint.origin)
    evidence.quorum = quorum
    evidence.checkpoint = quorum.checkpoint
    evidence.facts["log_size"] = quorum.checkpoint.size
    return f"a checkpoint of {quorum.checkpoint.size:,} entries"


def check_quorum(evidence: Evidence) -> str:
    """(4) The quorum has cosigned; with keys that replay, or the rules' keeping is not shown."""
    quorum: Quorum = _known(evidence.quorum)
    if not quorum.independent:
        evidence.facts["warning"] = "no independent witness"
        return "the policy asks for no independent witness: the log's own word alone"
    quorum.require()
    if not quorum.replayed:
        raise UnverifiedError(
            "the quorum is met, but only with keys that watch the log and do not replay the ledger",
            hint="ask for a checkpoint cosigned by more …/replay keys",
        )
    names = ", ".join(witness.name for witness in quorum.cosigned)
    return f"cosigned by {names}; that the rules were kept rests on their replay"


def check_inclusion(evidence: Evidence) -> str:
    """(5) The parts of the genesis are the first entries, and every entry is at its index."""
    checkpoint, bundle = evidence.the_checkpoint(), evidence.bundle
    parts = split_text("genesis", bundle.genesis)
    if len(bundle.genesis_paths) != len(parts):
        raise ChainBroken("the genesis has not as many proofs as parts", value=len(bundle.genesis_paths))
    for part, path in zip(parts, bundle.genesis_paths, strict=True):
        verify_inclusion(leaf_hash(part.encode()), part.part, checkpoint.size, path, checkpoint.root)
    for entry in bundle.entries:
        verify_inclusion(leaf_hash(entry.data), entry.index, checkpoint.size, entry.path, checkpoint.root)
    return f"{len(bundle.entries)} entries and the genesis"


def check_commits(evidence: Evidence) -> str:
    """(6) Every transaction lies within a commit's batch, and the last leaf is a commit."""
    for entry in evidence.bundle.entries:
        try:
            read = read_entry(entry.data)
        except LadingError as exc:
            raise Unreadable(f"entry {entry.index} cannot be read: {exc.message}", value=exc.value) from None
        if isinstance(read, Commit):
            if read.index != entry.index:
                raise TimeMissing(f"the commit at {entry.index} says that it stands at {read.index}", value=read.index)
            evidence.commits.append(read)
    if not evidence.commits or evidence.commits[-1].index != evidence.the_checkpoint().size - 1:
        raise TimeMissing("the last entry of the checkpoint is not shown to be a commit")
    times = [commit.time for commit in evidence.commits]
    if times != sorted(times):
        raise TimeMissing("the commits' times go back", value=times)
    for entry in evidence.bundle.entries:
        read = read_entry(entry.data)
        if isinstance(read, SignedTransaction):
            evidence.acts.append((entry.index, _time_of(evidence.commits, entry.index), read))
        elif isinstance(read, Text):
            raise Unreadable(f"entry {entry.index} is a text, which this version does not read", value=entry.index)
    return f"{len(evidence.commits)} commits, from {iso(times[0])} to {iso(times[-1])}"


def _time_of(commits: list[Commit], index: int) -> int:
    for commit in commits:
        if commit.size_before <= index < commit.index:
            return commit.time
    raise TimeMissing(f"no commit closes entry {index}", value=index)


def check_keys(evidence: Evidence) -> str:
    """(7) Each key that signed is in its actor's card or in an entry that gave it to the actor before."""
    genesis = evidence.the_genesis()
    keys: dict[bytes, bytes] = {card.id: card.key[1] for card in genesis.members}
    for index, _, signed in evidence.acts:
        body = signed.transaction
        signers = {key for _, key, _ in signed.signatures}
        current = keys.get(body.actor)
        if current is None or current not in signers:
            raise KeyUnknown(f"entry {index} is not signed by a key that its actor is shown to have", value=body.actor)
        if len(signers) > 1 and not signers <= set(keys.values()):
            raise KeyUnknown(f"entry {index} has a signature by a key that no member is shown to have", value=index)
        if body.action == "member.enrol":
            keys[_argument(body.arguments, "record")] = _argument(body.arguments, "public_key")
        elif body.action == "member.rotate_key":
            keys[body.actor] = _argument(body.arguments, "public_key")
    count = len({signed.transaction.actor for _, _, signed in evidence.acts})
    return f"{count} members; that no key was revoked at its act rests on the cosigners' replay"


def _argument(arguments: Any, name: str) -> bytes:
    value = arguments.get(name)
    if type(value) is not bytes:
        raise Unreadable(f"an entry has no argument {name}", value=name)
    return value


def check_signatures(evidence: Evidence) -> str:
    """(8) Every signature verifies, and every transaction is of this ledger."""
    ledger, count = evidence.the_genesis().id, 0
    for _, _, signed in evidence.acts:
        check_ledger(signed, ledger)
        for algorithm, key, message, signature in signed.messages():
            verify_signature(algorithm, key, message, signature)
            count += 1
    return f"{count} signatures"


def check_chain(evidence: Evidence) -> str:
    """(9) From the issue on, each entry names the head that the one before left behind."""
    record, head, sequence = evidence.bundle.record, ZERO, 0
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
    for index, time, signed in evidence.chain:
        body = signed.transaction
        to = body.arguments.get("to")
        evidence.events.append(
            TitleEvent(
                index,
                time,
                body.action.partition(".")[2],
                evidence.name(body.actor),
                signed.signatures[0][1],
                evidence.name(to) if type(to) is bytes else "",
            )
        )


def check_document(evidence: Evidence) -> str:
    """(10) The document gives the commitment of the first entry, and its number the key claimed there."""
    issue = evidence.chain[0][2].transaction
    document = evidence.bundle.document
    commitment = issue.arguments.get("document")
    if type(commitment) is not bytes:
        return "a record of this kind has no document"
    value: JsonValue
    if document is None:
        raise DocumentMissing("the bundle holds no document")
    if isinstance(document, Redacted):
        disclosed = verify_disclosed(commitment, document.leaves)
        _check_number(evidence, issue.arguments, disclosed.get)
        return f"{len(disclosed)} of {len(document.leaves) - 1} fields disclosed, the others proven present"
    value = _whole_value(commitment, document)

    def field_at(pointer: str) -> JsonValue:
        try:
            return _scalar(resolve(value, pointer))
        except LadingError:
            return None

    _check_number(evidence, issue.arguments, field_at)
    _check_carrier(evidence, issue.actor, field_at)
    return f"{len(document.original):,} bytes, {len(document.hashes)} leaves"


def _whole_value(commitment: bytes, document: WholeDocument) -> JsonValue:
    from .strict_json import parse

    verify_whole(
        commitment,
        document.hashes,
        original=document.original,
        media_type=document.media_type,
        secret=document.secret,
        value=document.value,
    )
    return parse(document.original) if document.value is None else document.value


def _scalar(value: Any) -> JsonValue:
    return value if value is None or isinstance(value, str | int | float | bool) else None


def _check_number(evidence: Evidence, arguments: Any, field_at: Any) -> None:
    number = arguments.get("number")
    if not isinstance(number, dict):
        return
    text = field_at(number.get("at"))
    if text is None:
        raise DocumentMissing("the document's number is not disclosed", value=number.get("at"))
    issuer = evidence.chain[0][2].transaction.actor
    if number_key(evidence.the_genesis().id, str(number.get("class")), issuer, str(text)) != number.get("key"):
        raise NumberDiffers(f"the number {text} is not the one that the issuer claimed for this record", value=text)
    evidence.facts["number"] = str(text)


def _check_carrier(evidence: Evidence, issuer: bytes, field_at: Any) -> None:
    """A transport document names its carrier by a code, which must be one of the issuer's."""
    code, code_list = field_at("/carrierCode"), field_at("/carrierCodeListProvider")
    card = evidence.the_genesis().member(issuer)
    if code is None or code_list is None or card is None:
        return
    if f"{code_list}:{code}" not in card.codes:
        raise NumberDiffers(f"the document names the carrier {code_list}:{code}, which the issuer is not", value=code)
