"""Steps 2–6 of `ledger.verify`: the ledger, its checkpoint, and which entries are in its log since when.

Each takes the evidence, and gives one sentence or raises.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from .entry import Commit, Text, read_entry, split_text
from .errors import ContradictionError, InputError, LadingError, UnverifiedError
from .evidence import ChainBroken, CommitFalse, Evidence, OtherLedger, TimeMissing, Unreadable
from .genesis import Genesis
from .merkle import leaf_hash, verify_inclusion
from .note import Note
from .quorum import evaluate
from .times import iso
from .transaction import SignedTransaction

__all__ = [
    "WatchedOnly",
    "check_commits",
    "check_inclusion",
    "check_log_signature",
    "check_quorum",
    "read_genesis",
]

_SMALL: Final = 262_144
"""Bytes of a genesis that is kept in memory."""


class WatchedOnly(UnverifiedError):
    """The quorum is met, but only with keys that do not replay the ledger."""

    code = "verify.watched_only"
    hint = "ask for a checkpoint cosigned by more …/replay keys"


def read_genesis(evidence: Evidence) -> str:
    """(2) The genesis reads, and its origin is that of a log of the policy."""
    try:
        genesis = _decode_genesis(evidence.bundle.genesis)
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
    evidence.ledger = sha256(evidence.bundle.genesis).digest()
    for card in genesis.members:
        evidence.aliases[card.id], evidence.codes[card.id] = card.alias, card.codes
        evidence.legal[card.id] = (dict(card.names), card.lei)
    evidence.facts["ledger"] = evidence.ledger.hex()
    evidence.facts["origin"] = genesis.origin
    return f"ledger {evidence.ledger.hex()[:16]}… of {genesis.origin}, {len(genesis.members)} founding members"


def _decode_genesis(data: bytes) -> Genesis:
    return _known_genesis(data) if len(data) <= _SMALL else Genesis.decode(data)


_known_genesis = lru_cache(maxsize=8)(Genesis.decode)
"""Who checks bundles of one ledger again and again reads its genesis, and checks its members' keys, once."""


def check_log_signature(evidence: Evidence) -> str:
    """(3) A log key of the policy signed the checkpoint, and no known key's signature fails."""
    try:
        quorum = evaluate(evidence.policy, Note.parse(evidence.bundle.checkpoint))
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
    quorum = evidence.the_quorum()
    if not quorum.independent:
        evidence.warn("no independent witness")
        return "the policy asks for no independent witness: the log's own word alone"
    quorum.require()
    if not quorum.replayed:
        raise WatchedOnly("the quorum is met, but only with keys that watch the log and do not replay the ledger")
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
    signed: list[tuple[int, SignedTransaction]] = []
    for entry in evidence.bundle.entries:
        try:
            read = read_entry(entry.data)
        except LadingError as exc:
            raise Unreadable(f"entry {entry.index} cannot be read: {exc.message}", value=exc.value) from None
        if isinstance(read, Text):
            raise Unreadable(f"entry {entry.index} is a text, which this version does not read", value=entry.index)
        if isinstance(read, SignedTransaction):
            signed.append((entry.index, read))
            continue
        if read.index != entry.index:
            raise CommitFalse(f"the commit at {entry.index} says that it stands at {read.index}", value=read.index)
        evidence.commits.append(read)
    size = evidence.the_checkpoint().size
    if signed and signed[-1][0] == size - 1:
        raise CommitFalse("the last entry of the checkpoint is not a commit", value=size - 1)
    _check_order(evidence.commits, size)
    ends = [commit.index for commit in evidence.commits]
    for index, one in signed:
        evidence.acts.append((index, _closing(evidence.commits, ends, index).time, one))
        _learn(evidence, one)
    first, last = evidence.commits[0].time, evidence.commits[-1].time
    return f"{len(evidence.commits)} commits, from {iso(first)} to {iso(last)}"


def _check_order(commits: Sequence[Commit], size: int) -> None:
    if not commits or commits[-1].index != size - 1:
        raise TimeMissing("the last entry of the checkpoint is not shown to be a commit")
    for before, after in pairwise(commits):
        if after.time < before.time:
            raise CommitFalse(f"the time goes back at the commit {after.index}", value=after.time)
        if after.size_before <= before.index or after.height <= before.height:
            raise CommitFalse(f"the commit {after.index} closes what an earlier one closes", value=after.index)


def _closing(commits: Sequence[Commit], ends: Sequence[int], index: int) -> Commit:
    at = bisect_right(ends, index)
    if at == len(commits) or commits[at].size_before > index:
        raise TimeMissing(f"no commit closes entry {index}", value=index)
    return commits[at]


def _learn(evidence: Evidence, signed: SignedTransaction) -> None:
    """What an entry that enrols or amends a member calls it. A code that was a member's once is nobody else's, ever."""
    body = signed.transaction
    args = body.arguments
    record, alias, codes = args.get("record"), args.get("alias"), args.get("codes")
    given = tuple(codes) if type(codes) is list else ()
    if body.action == "member.enrol" and type(record) is bytes and type(alias) is str:
        evidence.aliases[record] = alias
        evidence.codes[record] = given
        evidence.legal[record] = _legal(args, {}, "")
    elif body.action == "member.amend" and body.targets:
        record = body.targets[0].record
        evidence.codes[record] = (*evidence.codes.get(record, ()), *given)
        evidence.legal[record] = _legal(args, *evidence.legal.get(record, ({}, "")))


def _legal(arguments: Mapping[str, Any], names: dict[str, str], lei: str) -> tuple[dict[str, str], str]:
    """The legal names and the LEI of a member, each as it was where the arguments do not give it."""
    given, number = arguments.get("names"), arguments.get("lei")
    known = {str(key): str(name) for key, name in given.items()} if isinstance(given, dict) else names
    return known, number if type(number) is str else lei
