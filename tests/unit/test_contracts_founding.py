"""Height 0: what the log opens with and what the state holds, from the genesis alone."""

from __future__ import annotations

from hashlib import sha256

import pytest
from support.game import START, Game, genesis_of, shipped_tables
from support.members import members

from contracts.founding import TableMismatch, founding_outcome, founding_texts, read_founding, rules_of
from ledger.entry import join_texts, split_text
from ledger.errors import LadingError
from ledger.hashing import ZERO, ledger_record
from ledger.member import alias_key, key_claim
from ledger.merkle import leaf_hash
from ledger.record import Record


@pytest.fixture(scope="module")
def cast():
    return members({"carrier": ["carrier"], "bank": ["bank"]})


@pytest.fixture(scope="module")
def genesis(cast):
    return genesis_of(cast.values(), ["carrier", "bank"])


def test_the_log_opens_with_the_genesis_and_its_tables(genesis):
    texts = founding_texts(genesis, shipped_tables())
    whole = []
    while texts:
        count = texts[0].parts
        whole.append(join_texts(texts[:count]))
        texts = texts[count:]
    assert whole[0] == ("genesis", genesis.id, genesis.encode())
    assert whole[1:] == [("rule_table", table.hash, table.encode()) for table in shipped_tables()]


def test_the_state_of_height_0(genesis, cast):
    outcome = founding_outcome(genesis, shipped_tables())
    head = leaf_hash(founding_texts(genesis, shipped_tables())[0].encode())
    carrier = cast["carrier"]
    assert outcome.records[carrier.id] == (
        genesis.id,
        Record(
            carrier.id, "member", 1, "active", 1, head, 0, START, carrier.id, carrier.id,
            fields={
                "address": "", "alias": "carrier", "codes": [], "cosigners": {},
                "encryption": carrier.card.encryption, "keys": [[1, carrier.key.public, START, None]], "lei": "",
                "names": {"en": "Carrier Ltd"}, "registration": "REG-carrier", "roles": ["carrier"],
            },
        ),
    )  # fmt: skip
    table = shipped_tables()[0]
    assert outcome.records[table.hash] == (
        genesis.id,
        Record(table.hash, "rule_table", 1, "adopted", 1, head, 0, START, ZERO,
               fields={"kind": table.kind, "version": 1}),
    )  # fmt: skip
    policy = sha256(b"quorum none\n").digest()
    assert outcome.records[policy][1].kind == "policy"
    own = ledger_record(genesis.id)
    assert outcome.records[own] == (
        genesis.id,
        Record(
            own, "ledger", 1, "adopted", 1, head, 0, START, ZERO,
            fields={
                "governors": [[0, [cast["carrier"].id, cast["bank"].id]]],
                "origin": genesis.origin,
                "parameters": {name: [[0, value]] for name, value in genesis.parameters.items()},
                "policies": [[0, policy, 0]],
                "tables": [[table.kind, table.version, table.hash, 0] for table in shipped_tables()],
            },
        ),
    )  # fmt: skip
    founded = {one.id for one in cast.values()} | {one.hash for one in shipped_tables()}
    assert set(outcome.records) == founded | {policy, own}
    claims = {alias_key(genesis.id, one.alias): (genesis.id, one.id) for one in cast.values()}
    claims |= {key_claim(genesis.id, one.key.public): (genesis.id, one.id) for one in cast.values()}
    assert outcome.numbers == claims
    assert (outcome.accepted, outcome.refused) == ([], [])


def test_a_founder_has_the_fields_of_a_member_that_was_enrolled(genesis, cast):
    table = next(table for table in shipped_tables() if table.kind == "member")
    _, record = founding_outcome(genesis, shipped_tables()).records[cast["bank"].id]
    assert set(record.fields) == {name for name, declared in table.fields.items() if not declared.optional}


@pytest.mark.parametrize(
    "tables", [shipped_tables()[1:], shipped_tables()[::-1], (*shipped_tables(), shipped_tables()[0])]
)
def test_tables_that_the_genesis_does_not_name(genesis, tables):
    for function in (founding_texts, founding_outcome):
        with pytest.raises(TableMismatch):
            function(genesis, tables)


def test_the_founding_is_read_from_the_log(genesis):
    texts = founding_texts(genesis, shipped_tables())
    assert read_founding(texts) == (genesis, list(shipped_tables()))


def test_a_founding_of_many_parts_is_read_from_the_log(cast):
    genesis = genesis_of(cast.values(), parameters={"rulebook": "00" * 40_000})
    texts = founding_texts(genesis, shipped_tables())
    assert texts[0].parts == 4
    assert read_founding(texts) == (genesis, list(shipped_tables()))


def test_a_log_that_begins_otherwise_is_refused(genesis):
    texts = founding_texts(genesis, shipped_tables())
    other = genesis_of(members({"thief": []}).values(), tables=shipped_tables()[:1])
    for wrong in (
        [],
        texts[1:],
        texts[:-1],
        [*texts, texts[-1]],
        [texts[0], *texts[:0:-1]],
        [*texts[1:], texts[0]],
        [*texts, *split_text("genesis", genesis.encode())],
        founding_texts(other, shipped_tables()[:1])[:1] + texts[1:],
        [*split_text("rule_table", genesis.encode()), *texts[1:]],
    ):
        with pytest.raises(LadingError):
            read_founding(wrong)
    with pytest.raises(TableMismatch):
        read_founding([])
    with pytest.raises(TableMismatch):
        read_founding(texts[:-1])


def test_the_rules_of_a_genesis(genesis, cast):
    rules = rules_of(genesis, shipped_tables())
    assert rules.governors == (cast["carrier"].id, cast["bank"].id)
    assert rules.parameters == genesis.parameters
    assert set(rules.current) == {table.kind for table in shipped_tables()}


def test_two_ledgers_of_one_genesis_are_the_same_ledger():
    one, two = Game(), Game()
    assert one.ledger == two.ledger
    assert one.chain.head == two.chain.head
    assert one.chain.head.height == 0
