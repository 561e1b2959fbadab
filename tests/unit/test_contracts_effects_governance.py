"""Every effect of governance by its name: what it changes, and that it changes nothing else."""

from __future__ import annotations

import pytest
from support.voting import CHECK, Council

from ledger.hashing import ledger_record
from ledger.record import Record


@pytest.fixture
def council():
    return Council()


def changed(before: Record, after: Record) -> set[str]:
    """The fields in which two states of a record differ."""
    names = {*before.fields, *after.fields}
    return {name for name in names if before.fields.get(name) != after.fields.get(name)}


def test_count_vote(council):
    proposal = council.propose(council.said_parameter("law", "CN"))
    for who, choice, votes in (("bank", "for", 1), ("buyer", "for", 2), ("shipper", "against", 1)):
        before = council.record(proposal)
        council.done(who, "vote", proposal, choice=choice, **CHECK)
        after = council.record(proposal)
        assert changed(before, after) == {choice}
        assert (len(after.fields[choice]), after.fields[choice][-1]) == (votes, council.id(who))
        assert (after.controller, after.status) == (council.id("carrier"), "open")


def test_adopt(council):
    every = {
        "parameters": council.said_parameter("law", "CN"),
        "governors": council.said_governors("carrier", "shipper", "bank", "buyer"),
        "tables": council.said_table(council.table()),
    }
    for field, said in every.items():
        said["from_height"] = council.first(later=30)
        before, known = council.own, set(council.records)
        council.adopted(said)
        after = council.own
        assert changed(before, after) == {field}
        assert (after.sequence, after.status, after.controller) == (before.sequence + 1, "adopted", None)
        made = set(council.records) - known - {said["record"]}
        assert made == ({said["content"]} if field == "tables" else set())
        old, new = before.fields[field], after.fields[field]
        if field == "parameters":
            assert new == {**old, "law": [[said["from_height"], "CN"]]}
        else:
            assert new[:-1] == old
            assert said["from_height"] in new[-1]
    assert council.own.id == ledger_record(council.ledger)
