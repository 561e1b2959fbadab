"""The frozen bytes: what is made today is what was made before, and what was made before is read today."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from support.core_formats import FOLDER, core_formats, transitions

from contracts.apply import apply_batch
from contracts.founding import founding_outcome, rules_of
from contracts.table import RuleTable
from ledger import codec
from ledger.entry import Commit, Text, read_entry
from ledger.errors import LadingError
from ledger.genesis import Genesis
from ledger.member import MemberCard
from ledger.merkle import leaf_hash
from ledger.record import Item, Record, content_key
from ledger.signature import verify
from ledger.transaction import admit

CORE = json.loads((FOLDER / "core_formats.json").read_bytes())
LIFE = json.loads((FOLDER / "transitions.json").read_bytes())


def part(name, key):
    return bytes.fromhex(CORE[name][key])


@pytest.mark.parametrize("name", CORE)
def test_what_is_made_today_has_the_bytes_of_before(name):
    assert core_formats()[name] == CORE[name]


def test_no_format_was_added_or_left_out():
    assert list(core_formats()) == list(CORE)


def test_the_transaction():
    entry = part("transaction", "entry")
    signed = admit(entry, bytes.fromhex(CORE["transaction"]["elements"][0]))
    assert signed.body == part("transaction", "body")
    assert (signed.id, signed.leaf) == (part("transaction", "id"), part("transaction", "leaf"))
    verify(1, part("key", "public"), part("transaction", "signed_bytes"), part("transaction", "signature"))
    assert codec.encode(codec.decode(entry)) == entry


def test_the_commit_and_the_text():
    for name, cls in (("commit", Commit), ("text", Text)):
        entry = part(name, "entry")
        value = read_entry(entry)
        assert isinstance(value, cls)
        assert value.encode() == entry
        assert leaf_hash(entry) == part(name, "leaf")


def test_the_record_and_the_number():
    content, key = part("record", "content"), part("record", "state_key")
    assert Record.decode(content).encode() == content
    assert content_key(content) == key
    assert Item(part("record", "salt"), content).value(key) == part("record", "value")
    assert content_key(part("number", "content")) == part("number", "state_key")


def test_the_card_the_table_and_the_genesis():
    card = CORE["member"]["card"].encode()
    assert MemberCard.decode(card).encode() == card
    assert MemberCard.decode(card).signed_bytes() == part("member", "signed_bytes")
    table = RuleTable.decode(part("table", "encoding"))
    assert (table.plain, table.hash) == (CORE["table"]["plain"], part("table", "hash"))
    genesis = Genesis.decode(CORE["genesis"]["document"].encode())
    assert (genesis.id, genesis.tables[0].hash) == (part("genesis", "id"), table.hash)


def test_the_steps_made_today_are_those_of_before():
    assert transitions() == LIFE


def test_every_step_leaves_its_post_state_or_is_refused():
    """Played from the file alone, as another program would."""
    genesis = Genesis.decode(LIFE["genesis"].encode())
    table = RuleTable.decode(bytes.fromhex(LIFE["table"]))
    founding = founding_outcome(genesis, [table])
    records = {key: record for key, (_, record) in founding.records.items()}
    numbers = {key: record for key, (_, record) in founding.numbers.items()}
    view = SimpleNamespace(record=records.get, number=numbers.get)
    rules = rules_of(genesis, [table])
    for step in LIFE["steps"]:
        entry = bytes.fromhex(step["entry"])
        if "pre" not in step:  # refused before the state is looked at
            with pytest.raises(LadingError) as caught:
                admit(entry, genesis.id)
            assert caught.value.code == step["refused"]
            continue
        signed = admit(entry, genesis.id)
        assert [records[one.record].encode().hex() for one in signed.transaction.targets] == step["pre"]
        outcome = apply_batch(rules, view, [signed], step["time"], step["index"], 1)
        assert [one.error.code for one in outcome.refused] == [step[name] for name in ("refused",) if name in step]
        assert sorted(item.content.hex() for item in outcome.items().values()) == sorted(step.get("post", []))
        records |= {key: record for key, (_, record) in outcome.records.items()}
        numbers |= {key: record for key, (_, record) in outcome.numbers.items()}


def test_the_steps_try_acceptance_and_every_kind_of_refusal():
    assert [step["name"] for step in LIFE["steps"] if "post" in step] == [
        "an issue",
        "an offer",
        "an acceptance",
        "the end",
    ]
    assert {step["refused"] for step in LIFE["steps"] if "refused" in step} == {
        "codec.undecodable", "signature.bad_signature", "transaction.expired", "transaction.stale_sequence",
        "rule.number_is_new", "rule.controller_signs", "rule.pending_recipient_signs", "rule.statement_mismatch",
        "rule.bad_arguments", "rule.wrong_state",
    }  # fmt: skip
