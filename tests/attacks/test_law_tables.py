"""Tables that a node must not take: they name the ledger's own record, or make one id or one number twice."""

from __future__ import annotations

import copy

import pytest
from support.voting import DOCK

from contracts.soundness import check_sound
from contracts.table import BadTable, RuleTable
from contracts.table_yaml import parse_table

_NEW = {
    "record": {"type": "id", "about": "a new id"},
    "document": {"type": "hash", "about": "a document"},
    "number": {"type": "number", "about": "a number"},
}
_PARTS = {"parts": {"type": "parts", "about": "new records"}}
_ENDING = {"moves": {"received": "exchanged"}, "statement": "x", "about": "x"}
_STAYING = {**_ENDING, "moves": {"received": "received"}}
_SPLIT, _SUCCEED = {"split@1": {"status": "received"}}, {"succeed@1": {"status": "received"}}
_CLAIM = {"claim_under@1": {"key": "box", "under": "bill"}}


def action(start, effects, *guards, arguments=None, **more):
    more = {"arguments": arguments} if arguments else more
    return {**start, "guards": ["controller_signs@1", *guards], "effects": [*effects], **more}


@pytest.mark.parametrize(
    ("added", "says"),
    [
        (action(_STAYING, [], targets="ledger"), "names the ledger's own record, as a proposal alone may"),
        (action(_ENDING, [_SPLIT, _SPLIT, "end_control@1"], "parts_are_new@1", arguments=_PARTS), "split@1 needs"),
        (
            action(
                _ENDING, [_SPLIT, _SUCCEED, "end_control@1"], "parts_are_new@1", "record_is_new@1", "number_is_new@1",
                arguments={**_NEW, **_PARTS},
            ),
            "succeed@1 needs number_free",
        ),
        (
            action(
                _STAYING, [_CLAIM],
                arguments={"box": {"type": "hash", "about": "x"}, "bill": {"type": "id", "about": "x"}},
            ),
            "claim_under@1 needs claim_free",
        ),
    ],
)  # fmt: skip
def test_a_table_that_makes_one_thing_twice_is_not_sound(added, says):
    plain = copy.deepcopy(dict(parse_table(DOCK).plain))
    check_sound(RuleTable.from_plain(plain))
    plain["actions"]["further"] = added
    with pytest.raises(BadTable, match=says):
        check_sound(RuleTable.from_plain(plain))
