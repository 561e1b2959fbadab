"""What a transaction says of each record that it makes or changes."""

from __future__ import annotations

from typing import Any

import pytest
from support.members import digest

from ledger.succession import acting_party, begins, said_of, target_of
from ledger.transaction import Target, Transaction

OLD, OTHER, NEW, SECOND = (digest(word) for word in ("old", "other", "new", "second"))


def body(arguments: dict[str, Any], *targets: bytes, represented: bytes | None = None) -> Transaction:
    listed = tuple(Target(one, 3, digest("head")) for one in targets)
    return Transaction(
        digest("ledger"), listed, "bill_of_lading.x", arguments, OTHER, represented, "x@1", 1, digest("salt")
    )


SPLIT = {"parts": [{"document": b"a", "number": {}, "record": NEW}, {"document": b"b", "number": {}, "record": SECOND}]}


@pytest.mark.parametrize(
    ("arguments", "targets", "record", "made", "said"),
    [
        ({"record": NEW, "document": b"a"}, (), NEW, True, b"a"),
        ({"record": NEW, "document": b"a"}, (OLD,), NEW, True, b"a"),
        ({"record": NEW, "document": b"a"}, (OLD,), OLD, False, None),
        ({"document": b"a"}, (OLD,), OLD, False, b"a"),
        (SPLIT, (OLD,), NEW, True, b"a"),
        (SPLIT, (OLD,), SECOND, True, b"b"),
        (SPLIT, (OLD,), OLD, False, None),
        ({"record": OLD, "document": b"a"}, (OLD,), OLD, False, b"a"),
        ({"parts": [b"no map"]}, (OLD,), NEW, False, None),
        ({"parts": b"no list"}, (OLD,), NEW, False, None),
    ],
)
def test_an_act_says_something_of_the_record_that_it_makes_or_of_the_one_that_it_changes(
    arguments, targets, record, made, said
):
    act = body(arguments, *targets)
    assert begins(act, record) is made
    assert said_of(act, record).get("document") == said


def test_whose_act_it_is():
    assert acting_party(body({})) == OTHER
    assert acting_party(body({}, represented=OLD)) == OLD


def test_the_state_in_which_a_record_was_seen():
    assert target_of(body({}, OLD, NEW), NEW) == Target(NEW, 3, digest("head"))
    assert target_of(body({}, OLD), NEW) is None
