"""Arguments and signatures are decided when somebody looks at them, and not before."""

from __future__ import annotations

import pytest

from contracts.checker.choices import ABSENT, Arguments, Signers, Undecided
from contracts.table import Declared

DECLARED = {name: Declared("hash", True, (), "a") for name in ("kept", "place", "reason")}


def arguments(**chosen):
    return Arguments(DECLARED, chosen, {"kept"}, lambda name: f"usual {name}")


@pytest.mark.parametrize(
    "look",
    [lambda a: a["reason"], lambda a: a.get("reason"), lambda a: "reason" in a, list, len, lambda a: a.items()],
    ids=["index", "get", "in", "list", "len", "items"],
)
def test_looking_at_what_is_undecided_stops(look):
    with pytest.raises(Undecided) as stopped:
        look(arguments())
    assert stopped.value.what in DECLARED


def test_what_is_decided_is_as_in_a_dict():
    given = arguments(kept="x", reason=ABSENT)
    assert (given["kept"], given.get("kept"), "kept" in given) == ("x", "x", True)
    assert (given.get("reason"), given.get("reason", 3), "reason" in given) == (None, 3, False)
    assert (given.get("unknown"), "unknown" in given, 3 in given) == (None, False, False)
    with pytest.raises(KeyError):
        given["reason"]


def test_what_no_rule_reads_has_its_usual_value_when_all_are_looked_at():
    given = arguments(kept="x", reason=ABSENT)
    assert dict(given.items()) == {"kept": "x", "place": "usual place"}
    assert len(given) == 2


def test_signers():
    me, you, other = b"a", b"b", b"c"
    signers = Signers(frozenset((me,)), (me, you, other), {you: True})
    assert me in signers
    assert you in signers
    assert b"stranger" not in signers
    with pytest.raises(Undecided) as stopped:
        _ = other in signers
    assert stopped.value.what == other
    assert other in signers | {other}
    whole = Signers(frozenset((me,)), (me, you, other), {you: True, other: False})
    assert (list(whole), len(whole)) == ([me, you], 2)
