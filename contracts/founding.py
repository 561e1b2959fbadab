"""The state and the log with which a ledger begins, derived from its genesis alone (height 0).

The log opens with the genesis and the rule tables, each in parts; a commit at height 0 closes them. The
state holds a record for every founder, every table and the first policy. Their sequence is 1, their head
the leaf hash of entry 0, their salt the ledger's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from ledger.entry import Text, join_texts, split_text
from ledger.errors import ContradictionError
from ledger.genesis import Genesis
from ledger.hashing import ZERO, ledger_record
from ledger.member import MemberCard, member_claims
from ledger.merkle import leaf_hash
from ledger.policy import Policy
from ledger.quorum import overlap
from ledger.record import Record

from .apply import BatchOutcome
from .rules import Rules
from .table import RuleTable

__all__ = ["TableMismatch", "founding_fields", "founding_outcome", "founding_texts", "read_founding", "rules_of"]

_TEXT_ISSUER = ZERO


class TableMismatch(ContradictionError):
    """The tables at hand are not those that the genesis names."""

    code = "genesis.table_mismatch"
    hint = "the log was changed, or belongs to another genesis"


def founding_texts(genesis: Genesis, tables: Sequence[RuleTable]) -> list[Text]:
    """The first entries of the log: the genesis, then the tables in the order in which it names them."""
    _match(genesis, tables)
    texts = split_text("genesis", genesis.encode())
    for table in tables:
        texts += split_text("rule_table", table.encode())
    return texts


def read_founding(texts: Sequence[Text]) -> tuple[Genesis, list[RuleTable]]:
    """The genesis and the tables that the first entries of a log hold, compared with them entry by entry.

    Raises `TableMismatch` where the entries are not those that the genesis asks for.
    """
    genesis: Genesis | None = None
    tables: list[RuleTable] = []
    at = 0
    while at < len(texts):
        kind, _, content = join_texts(texts[at : at + texts[at].parts])
        at += texts[at].parts
        if kind == "genesis":
            genesis = Genesis.decode(content)
        else:
            tables.append(RuleTable.decode(content))
    if genesis is None or founding_texts(genesis, tables) != list(texts):
        raise TableMismatch("the log does not begin with a genesis and the tables that it names")
    return genesis, tables


def rules_of(genesis: Genesis, tables: Iterable[RuleTable]) -> Rules:
    """The rules in force from height 0."""
    return Rules(tables, genesis.governors, genesis.parameters)


def founding_outcome(genesis: Genesis, tables: Sequence[RuleTable]) -> BatchOutcome:
    """The records and numbers of height 0."""
    _match(genesis, tables)
    ledger_id = genesis.id
    head = leaf_hash(split_text("genesis", genesis.encode())[0].encode())
    versions = {table.kind: table.version for table in tables}
    outcome = BatchOutcome()
    for card in genesis.members:
        outcome.records[card.id] = (
            ledger_id,
            _member(card, genesis.created, head, versions.get("member", 1)),
        )
        for key in member_claims(ledger_id, card.fields(), card.key[1]):
            outcome.numbers[key] = (ledger_id, card.id)
    for table in tables:
        digest = sha256(table.encode()).digest()
        fields: dict[str, Any] = {"kind": table.kind, "version": table.version}
        outcome.records[digest] = (
            ledger_id,
            _text_record(digest, "rule_table", genesis.created, head, fields),
        )
    digest = sha256(genesis.policy.encode()).digest()
    outcome.records[digest] = (ledger_id, _text_record(digest, "policy", genesis.created, head, {}))
    own = ledger_record(ledger_id)
    outcome.records[own] = (ledger_id, _text_record(own, "ledger", genesis.created, head, founding_fields(genesis)))
    return outcome


def founding_fields(genesis: Genesis) -> dict[str, Any]:
    """What the ledger's own record holds at first: `contracts.voted` says what each field means."""
    policy = Policy.parse(genesis.policy.encode("utf-8"))
    return {
        "governors": [[0, list(genesis.governors)]],
        "origin": genesis.origin,
        "parameters": {name: [[0, value]] for name, value in sorted(genesis.parameters.items())},
        "policies": [[0, sha256(genesis.policy.encode()).digest(), overlap(policy) or 0]],
        "tables": [[table.kind, table.version, table.hash, 0] for table in genesis.tables],
    }


def _match(genesis: Genesis, tables: Sequence[RuleTable]) -> None:
    found = [(table.kind, table.version, sha256(table.encode()).digest()) for table in tables]
    named = [(ref.kind, ref.version, ref.hash) for ref in genesis.tables]
    if found != named:
        raise TableMismatch("the rule tables are not those that the genesis names", value=[t[:2] for t in found])


def _member(card: MemberCard, created: int, head: bytes, version: int) -> Record:
    fields = {name: value for name, value in card.fields().items() if name not in ("proof", "public_key")}
    fields["keys"] = [[card.key[0], card.key[1], created, None]]
    return Record(card.id, "member", version, "active", 1, head, 0, created, card.id, card.id, fields=fields)


def _text_record(digest: bytes, kind: str, created: int, head: bytes, fields: dict[str, Any]) -> Record:
    return Record(digest, kind, 1, "adopted", 1, head, 0, created, _TEXT_ISSUER, None, fields=fields)
