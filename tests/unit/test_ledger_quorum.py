"""Quorums: who has cosigned, whether that is enough, and whether enough is safe."""

from __future__ import annotations

from hashlib import sha256
from itertools import combinations

import pytest

from ledger import merkle
from ledger.checkpoint import Checkpoint, UnknownOrigin, sign_checkpoint
from ledger.cosignature import cosign
from ledger.note import (
    COSIGNATURE_KEY,
    SIGNING_KEY,
    KnownKeyFails,
    NoKnownSignature,
    Note,
    NoteSignature,
    VerifierKey,
)
from ledger.policy import Group, Log, Policy, Witness
from ledger.quorum import (
    NoQuorum,
    WeakQuorum,
    check_adoptable,
    evaluate,
    overlap,
    tolerated,
    weaknesses,
)
from ledger.signature import public_key_of

CHECKPOINT = Checkpoint("log.example", 1, merkle.leaf_hash(b"genesis"))


def seed(name):
    return sha256(name.encode()).digest()


def key(name, kind=COSIGNATURE_KEY):
    return VerifierKey(name, kind, public_key_of(seed(name)))


def witness(name, suffix="replay"):
    return Witness(name, key(f"{name}.example/{suffix}"))


def flat(threshold, count):
    names = tuple("abcdefghijklmnopqrstuvwxyz"[:count])
    return Policy(
        (Log(key("log.example", SIGNING_KEY)),),
        tuple(map(witness, names)),
        (Group("quorum", threshold, names),),
        "quorum",
    )


def signed(policy, times, checkpoint=CHECKPOINT, log="log.example"):
    """A checkpoint signed by the log and, by name in the policy, by witnesses at these times."""
    body = checkpoint.body()
    keys = {one.name: one.key.name for one in policy.witnesses}
    lines = [cosign(seed(keys[name]), keys[name], time, body) for name, time in times.items()]
    own = NoteSignature(log, key(log, SIGNING_KEY).id, sign_checkpoint(seed(log), checkpoint).signature)
    return Note(body, (own, *lines))


def test_who_has_cosigned_and_when():
    policy = flat(3, 4)
    quorum = evaluate(policy, signed(policy, {"a": 50, "d": 70, "b": 60}))
    assert quorum.checkpoint == CHECKPOINT
    assert quorum.logs == (policy.logs[0].key,)
    assert quorum.times == {"a": 50, "b": 60, "d": 70}
    assert [one.name for one in quorum.cosigned] == ["a", "b", "d"]
    assert [one.name for one in quorum.missing] == ["c"]
    assert quorum.holds
    assert quorum.replayed
    assert quorum.independent
    assert str(quorum) == "3 of 4 organisations have cosigned"
    quorum.require()


def test_too_few_cosignatures():
    policy = flat(3, 4)
    quorum = evaluate(policy, signed(policy, {"a": 50, "d": 70}))
    assert not quorum.holds
    assert not quorum.replayed
    assert quorum.as_of() is None
    with pytest.raises(NoQuorum) as caught:
        quorum.require()
    assert caught.value.message == (
        "2 of 4 organisations have cosigned, too few for the policy; missing: b.example/replay, c.example/replay"
    )
    assert caught.value.code == "quorum.missing"


def test_no_independent_witness():
    policy = Policy((Log(key("log.example", SIGNING_KEY)),), (witness("a"),))
    quorum = evaluate(policy, signed(policy, {"a": 50}))
    assert not quorum.independent
    assert quorum.holds
    assert quorum.as_of() is None
    assert quorum.times == {"a": 50}
    assert str(quorum) == "no independent witness"
    quorum.require()


def test_the_time_of_a_quorum_is_that_of_its_oldest_member():
    policy = flat(3, 4)
    assert evaluate(policy, signed(policy, {"a": 50, "b": 60, "c": 70})).as_of() == 50
    assert evaluate(policy, signed(policy, {"a": 50, "b": 60, "c": 70, "d": 40})).as_of() == 50
    assert evaluate(policy, signed(policy, {"a": 50, "b": 60, "c": 70, "d": 80})).as_of() == 60
    assert evaluate(policy, signed(policy, {"a": 7, "b": 7, "c": 7})).as_of() == 7


def test_a_quorum_of_keys_that_only_watch_is_not_replayed():
    names = ("a", "b", "c", "d")
    kinds = ("replay", "replay", "witness", "witness")
    policy = Policy(
        (Log(key("log.example", SIGNING_KEY)),),
        tuple(map(witness, names, kinds)),
        (Group("quorum", 2, names),),
        "quorum",
    )
    mixed = evaluate(policy, signed(policy, {"a": 50, "c": 60, "d": 70}))
    assert mixed.holds
    assert not mixed.replayed
    assert mixed.as_of() == 60
    assert mixed.as_of(replay_only=True) is None
    both = evaluate(policy, signed(policy, {"a": 50, "b": 40, "c": 60, "d": 70}))
    assert both.replayed
    assert both.as_of(replay_only=True) == 40


def two_keys_each(threshold, names):
    """Every organisation has both keys, in a group of its own."""
    witnesses, groups = [], []
    for name in names:
        witnesses += [
            Witness(f"{name}-replay", key(f"{name}.example/replay")),
            Witness(f"{name}-witness", key(f"{name}.example/witness")),
        ]
        groups.append(Group(name, 1, (f"{name}-replay", f"{name}-witness")))
    groups.append(Group("quorum", threshold, tuple(names)))
    log = Log(key("log.example", SIGNING_KEY))
    return Policy((log,), tuple(witnesses), tuple(groups), "quorum")


def test_one_organisation_counts_once_in_a_group():
    names = ("a-replay", "a-witness", "b-replay", "c-replay")
    policy = Policy(
        (Log(key("log.example", SIGNING_KEY)),),
        tuple(Witness(name, key(f"{name[0]}.example/{name[2:]}")) for name in names),
        (Group("quorum", 2, names),),
        "quorum",
    )
    twice = evaluate(policy, signed(policy, {"a-replay": 50, "a-witness": 50}))
    assert not twice.holds
    assert str(twice) == "1 of 3 organisations have cosigned"
    assert evaluate(policy, signed(policy, {"a-witness": 50, "b-replay": 50})).holds
    assert "names a.example more than once" in weaknesses(policy)[0]


def test_one_organisation_counts_once_in_a_group_of_its_own():
    policy = two_keys_each(3, "abcd")
    assert weaknesses(policy) == []
    assert overlap(policy) == 2
    twice = evaluate(policy, signed(policy, {"a-replay": 5, "a-witness": 5, "b-witness": 5}))
    assert not twice.holds
    times = {"a-replay": 5, "a-witness": 6, "b-replay": 7, "c-witness": 8}
    quorum = evaluate(policy, signed(policy, times))
    assert quorum.holds
    assert not quorum.replayed
    assert str(quorum) == "3 of 4 organisations have cosigned"


def test_nested_groups():
    policy = Policy(
        (Log(key("log.example", SIGNING_KEY)),),
        tuple(map(witness, "abcdef")),
        (
            Group("banks", 2, ("a", "b", "c")),
            Group("carriers", 1, ("d", "e")),
            Group("quorum", 2, ("banks", "carriers", "f")),
        ),
        "quorum",
    )
    for names, holds in {
        "abd": True,
        "abf": True,
        "ef": True,
        "abc": False,
        "ade": False,
        "de": False,
        "f": False,
        "": False,
        "abcdef": True,
    }.items():
        assert evaluate(policy, signed(policy, dict.fromkeys(names, 5))).holds is holds, names


def test_a_cosignature_that_fails_refuses_the_whole_checkpoint():
    policy = flat(3, 4)
    good = signed(policy, {"a": 1, "b": 2, "c": 3})
    later = signed(policy, {"d": 4}, Checkpoint("log.example", 2, bytes(32)))
    moved = Note(good.text, (*good.signatures, later.signatures[1]))
    with pytest.raises(KnownKeyFails, match=r"d\.example"):
        evaluate(policy, moved)


def test_a_cosignature_of_an_unknown_witness_is_ignored():
    policy = flat(2, 3)
    stranger = cosign(seed("z"), "z.example/replay", 9, CHECKPOINT.body())
    note = signed(policy, {"a": 1}).with_signatures([stranger])
    quorum = evaluate(policy, note)
    assert quorum.times == {"a": 1}
    assert not quorum.holds


def test_witnesses_do_not_replace_the_log():
    policy = flat(2, 3)
    lines = signed(policy, {"a": 1, "b": 2, "c": 3}).signatures[1:]
    with pytest.raises(NoKnownSignature):
        evaluate(policy, Note(CHECKPOINT.body(), lines))


def test_a_known_log_that_signs_for_another_is_not_counted():
    other = key("other.example", SIGNING_KEY)
    policy = Policy((Log(key("log.example", SIGNING_KEY)), Log(other)))
    body = CHECKPOINT.body()
    stray = NoteSignature(other.name, other.id, sign_checkpoint(seed(other.name), CHECKPOINT).signature)
    quorum = evaluate(policy, signed(policy, {}).with_signatures([stray]))
    assert quorum.checkpoint.body() == body
    assert quorum.logs == (policy.logs[0].key,)


def test_another_log_is_refused():
    policy = flat(2, 3)
    other = Checkpoint("other.example", 1, CHECKPOINT.root)
    with pytest.raises(UnknownOrigin):
        evaluate(policy, signed(policy, {"a": 1, "b": 2}, other, "other.example"))


@pytest.mark.parametrize("count", range(26))
def test_how_many_may_lie(count):
    expected = {0: 1, 1: 1, 4: 1, 5: 1, 6: 1, 7: 2, 9: 2, 10: 3, 13: 4, 25: 8}
    assert tolerated(count) == expected.get(count, max(1, (count - 1) // 3))


@pytest.mark.parametrize(
    ("threshold", "count", "holds"),
    [
        (3, 4, True),
        (5, 7, True),
        (3, 3, True),
        (4, 5, True),
        (4, 4, True),
        (7, 10, True),
        (2, 3, False),
        (3, 5, False),
        (2, 4, False),
        (4, 7, False),
        (6, 10, False),
        (1, 3, False),
        (1, 4, False),
    ],
)
def test_flat_quorums(threshold, count, holds):
    policy = flat(threshold, count)
    assert overlap(policy) == max(0, 2 * threshold - count)
    if holds:
        check_adoptable(policy)
    else:
        with pytest.raises(WeakQuorum) as caught:
            check_adoptable(policy)
        assert caught.value.code == "quorum.weak"


def test_2_of_3_lets_one_liar_confirm_two_histories():
    """Witness b lies: it cosigns both trees, and each has its quorum."""
    policy = flat(2, 3)
    one, other = (Checkpoint("log.example", 5, merkle.leaf_hash(text)) for text in (b"1", b"2"))
    assert evaluate(policy, signed(policy, {"a": 1, "b": 1}, one)).holds
    assert evaluate(policy, signed(policy, {"b": 1, "c": 1}, other)).holds
    assert weaknesses(policy) == [
        "two sets of witnesses can satisfy the quorum and share only 1 of 3; with 1 that may lie they must share 2"
    ]


@pytest.mark.parametrize(("threshold", "count"), [(3, 4), (5, 7), (4, 5), (3, 3)])
def test_with_f_liars_no_two_histories_reach_a_quorum(threshold, count):
    names = "abcdefg"[:count]
    faults = tolerated(count)
    for liars in combinations(names, faults):
        honest = [name for name in names if name not in liars]
        for taken in range(len(honest) + 1):
            # Each honest witness cosigns one history; the liars cosign both.
            reached = [taken + faults >= threshold, len(honest) - taken + faults >= threshold]
            assert not all(reached)


def test_stated_faults():
    check_adoptable(flat(5, 7), 2)
    with pytest.raises(WeakQuorum):
        check_adoptable(flat(5, 7), 3)
    check_adoptable(flat(2, 3), 0)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_organisations_must_say_none(count):
    policy = flat(count, count)
    with pytest.raises(WeakQuorum, match="no independent witness"):
        check_adoptable(policy)
    check_adoptable(Policy(policy.logs, policy.witnesses))
    check_adoptable(Policy())


def test_none_is_not_for_three():
    policy = flat(3, 3)
    with pytest.raises(WeakQuorum, match="names 3 witnesses and asks for none"):
        check_adoptable(Policy(policy.logs, policy.witnesses))


def test_a_quorum_that_cannot_be_met():
    keys = {"a1": "a.example/replay", "a2": "a.example/witness", "b": "b.example/replay"}
    policy = Policy(
        (),
        (*(Witness(name, key(of)) for name, of in keys.items()), witness("c")),
        (Group("both", 3, tuple(keys)), Group("quorum", 2, ("both", "c"))),
        "quorum",
    )
    assert overlap(policy) is None
    with pytest.raises(WeakQuorum, match="no set of witnesses can satisfy the quorum"):
        check_adoptable(policy)


def trees(depth, names):
    """Quorum trees over all of `names`: thresholds over witnesses and smaller trees."""
    names = list(names)
    for threshold in range(1, len(names) + 1):
        yield threshold, names
    if depth == 0:
        return
    for cut in range(1, len(names)):
        for left in trees(depth - 1, names[:cut]):
            for threshold in range(1, len(names) - cut + 2):
                yield threshold, [left, *names[cut:]]
            for right in trees(0, names[cut:]):
                yield from ((1, [left, right]), (2, [left, right]))


def as_policy(tree):
    groups = []

    def add(node):
        if isinstance(node, str):
            return node
        members = tuple(add(one) for one in node[1])
        groups.append(Group(f"g{len(groups)}", node[0], members))
        return groups[-1].name

    name = add(tree)
    return Policy((), tuple(map(witness, "abcdef")), tuple(groups), name)


def met(tree, names):
    if isinstance(tree, str):
        return tree in names
    return sum(met(one, names) for one in tree[1]) >= tree[0]


def test_overlap_of_nested_groups_equals_enumeration():
    everyone = "abcde"
    subsets = [set(one) for size in range(6) for one in combinations(everyone, size)]
    checked = 0
    for tree in trees(2, everyone):
        enough = [one for one in subsets if met(tree, one)]
        assert overlap(as_policy(tree)) == min(len(x & y) for x in enough for y in enough)
        checked += 1
    assert checked > 200
