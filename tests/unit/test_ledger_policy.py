"""Policies: their text, and every line that is not one."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger.note import COSIGNATURE_KEY, SIGNING_KEY, VerifierKey
from ledger.policy import BadPolicy, Group, Log, Policy, Witness, organisation_of
from ledger.signature import public_key_of


def key(name, kind=COSIGNATURE_KEY, seed=None):
    return VerifierKey(name, kind, public_key_of(sha256((seed or name).encode()).digest()))


def replay(name):
    return Witness(name, key(f"{name}.example/replay"))


LOG = key("log.example", SIGNING_KEY)
A, B, C, D = (replay(name) for name in "abcd")

# Written out, so that the text of a policy cannot change unnoticed.
TEXT = """\
log log.example+75c2a19a+AeVr0bDqhLST8NV3ThcBg7SfqiXykC1xtEmRU7JA/ytY https://log.example/
witness a a.example/replay+044f35b7+BB4uPnVOECQEGumVEJgCz+ruJVZJCsyd1h6mkeYbOG3e
witness b b.example/replay+c74e63f5+BA9cMijCFbCadabEChgCflpPf3nRfgCNumER4jDpBVEM https://b.example
witness c c.example/replay+9b0b1ef6+BP8dLKjctjE+uQx1lYCE8j4X+TWdfupuJvhCtIlIcsB+
group banks any a b
group members all banks c
quorum members
"""


def policy_of(*lines, end="\n"):
    return "".join(f"{line}\n" for line in lines[:-1]).encode() + f"{lines[-1]}{end}".encode()


def test_text():
    expected = Policy(
        (Log(LOG, "https://log.example/"),),
        (A, Witness("b", B.key, "https://b.example"), C),
        (Group("banks", 1, ("a", "b")), Group("members", 2, ("banks", "c"))),
        "members",
    )
    assert Policy.parse(TEXT.encode()) == expected
    assert expected.format().decode() == TEXT


def test_the_shortest_policy():
    assert Policy.parse(b"quorum none\n") == Policy()
    assert Policy().format() == b"quorum none\n"


def test_comments_blank_lines_and_white_space_carry_no_meaning():
    loose = TEXT.replace(" ", " \t ").replace("\n", " \n\n \t\n # a comment, log witness\n")
    loose = f"\n# 日本語\n\t{loose}"
    assert Policy.parse(loose.encode()).format().decode() == TEXT


def test_logs_and_witnesses_come_in_any_order():
    lines = TEXT.splitlines(keepends=True)
    moved = "".join([lines[1], lines[3], lines[2], *lines[4:6], lines[0], lines[6]])
    parsed = Policy.parse(moved.encode())
    assert [one.name for one in parsed.witnesses] == ["a", "c", "b"]
    assert parsed.logs == Policy.parse(TEXT.encode()).logs


def test_thresholds():
    start = [f"witness {one.name} {one.key}" for one in (A, B, C)]
    written = {"any": "any", "1": "any", "2": "2", "3": "all", "all": "all"}
    for given, canonical in written.items():
        parsed = Policy.parse(policy_of(*start, f"group g {given} a b c", "quorum g"))
        assert parsed.format().decode().splitlines()[3] == f"group g {canonical} a b c"


def test_a_quorum_may_be_one_witness():
    parsed = Policy.parse(policy_of(f"witness a {A.key}", f"witness b {B.key}", "quorum a"))
    assert parsed.quorum == "a"
    assert parsed.counting() == (A,)


def test_counting_leaves_out_what_the_quorum_does_not_reach():
    policy = Policy.parse(TEXT.encode())
    assert [one.name for one in policy.counting()] == ["a", "b", "c"]
    banks = Policy(policy.logs, policy.witnesses, policy.groups, "banks")
    assert [one.name for one in banks.counting()] == ["a", "b"]
    none = Policy(policy.logs, policy.witnesses, policy.groups, "none")
    assert none.counting() == ()


W = [f"witness {one.name} {one.key}" for one in (A, B, C, D)]
TWICE = f"witness e {key('a.example/witness')}"


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (["quorum"], "line 1: 0 words"),
        (["quorum none none"], "line 1: 2 words"),
        (["quorum a"], "line 1: 'a' is not defined"),
        (["quorum none", "quorum none"], "line 2: a second quorum"),
        (["quorum a", W[0]], "line 1: 'a' is not defined"),
        ([W[0]], "no quorum line"),
        (["", "# only a comment"], "no quorum line"),
        (["Quorum none"], "line 1: 'Quorum' is not"),
        (["quorums none"], "line 1: 'quorums' is not"),
        (["quorum none # comment"], "line 1: a comment stands on a line of its own"),
        (["log"], "line 1: 0 words"),
        ([f"log {LOG} https://a https://b", "quorum none"], "line 1: 3 words"),
        ([f"log {A.key}", "quorum none"], "line 1: the key of a log has type 1"),
        ([f"log {LOG}", f"log {LOG}", "quorum none"], "line 2: a second log with the same"),
        (
            [f"log {LOG}", f"log {key('other', SIGNING_KEY, 'log.example')}", "quorum none"],
            "line 2: a second log with the same",
        ),
        (["log log.example", "quorum none"], "line 1: a vkey has three parts"),
        ([f"log {LOG}x", "quorum none"], "line 1: the key in a vkey is not base64"),
        ([f"witness {A.key}", "quorum none"], "line 1: 1 words"),
        ([f"witness a {LOG}", "quorum none"], "line 1: the key of a witness has type 4"),
        ([f"witness none {A.key}", "quorum none"], "line 1: the name 'none' is taken"),
        ([W[0], f"witness a {B.key}", "quorum a"], "line 2: the name 'a' is taken"),
        ([W[0], f"witness b {A.key}", "quorum a"], "line 2: a second witness with the same"),
        (
            [W[0], f"witness b {key('b', seed='a.example/replay')}", "quorum a"],
            "line 2: a second witness with the same",
        ),
        ([*W, "group g 2", "quorum g"], "line 5: 2 words"),
        ([*W, "group g any", "quorum g"], "line 5: 2 words"),
        ([*W, "group g 0 a b", "quorum g"], "line 5: '0' is not any, all or a number"),
        ([*W, "group g 02 a b", "quorum g"], "line 5: '02' is not any, all or a number"),
        ([*W, "group g -1 a b", "quorum g"], "line 5: '-1' is not any, all or a number"),
        ([*W, "group g ２ a b", "quorum g"], "line 5: '２' is not any, all or a number"),
        ([*W, "group g ANY a b", "quorum g"], "line 5: 'ANY' is not any, all or a number"),
        ([*W, "group g 3 a b", "quorum g"], "line 5: 3 of 2 is no threshold"),
        ([*W, f"group g {'9' * 99} a b", "quorum g"], "is not any, all or a number"),
        ([*W, "group g any a e", "quorum g"], "line 5: 'e' is not defined"),
        ([*W, "group g any none", "quorum g"], "line 5: 'none' is not defined"),
        ([*W, "group g any g", "quorum g"], "line 5: 'g' is not defined"),
        ([*W, "group g any a a", "quorum g"], "line 5: 'a' is in group 'g'"),
        ([*W, "group g any a b", "group h any b c", "quorum g"], "line 6: 'b' is in group 'g'"),
        ([*W, "group a any b", "quorum a"], "line 5: the name 'a' is taken"),
        (
            [*W, TWICE, "group g any a b", "group h any e c", "group q all g h", "quorum q"],
            "line 7: keys of a.example in groups 'g' and 'h'",
        ),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(lines, place):
    with pytest.raises(BadPolicy) as caught:
        Policy.parse(policy_of(*lines))
    assert place in caught.value.message
    assert caught.value.code == "policy.malformed"


def test_a_key_of_low_order_is_refused_with_its_line():
    weak = VerifierKey("weak.example", COSIGNATURE_KEY, b"\x01" + bytes(31))
    with pytest.raises(BadPolicy, match="line 2: not an Ed25519 public key"):
        Policy.parse(policy_of(W[0], f"witness weak {weak}", "quorum a"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no newline at the end"),
        (b"quorum none", "no newline at the end"),
        (b"quorum none\r\n", "line 1: a control character"),
        (b"# a\n# \x00\nquorum none\n", "line 2: a control character"),
        (b"# a\n\n# \x7f\nquorum none\n", "line 3: a control character"),
        (b"# a\n# \xff\nquorum none\n", "line 2: not UTF-8"),
        (b"#" * 32_768 + b"\n", "more than 32,768 bytes"),
        (bytes(100_000_000), "more than 32,768 bytes"),
    ],
)
def test_bytes_that_are_no_policy_are_refused(data, message):
    with pytest.raises(BadPolicy, match=message):
        Policy.parse(data)


def test_a_policy_cut_anywhere_but_at_a_line_is_refused():
    data = TEXT.encode()
    for cut in range(len(data)):
        with pytest.raises(BadPolicy):
            Policy.parse(data[:cut])


def test_names_may_be_in_any_script_but_have_no_spaces():
    name = "上海-銀行"
    parsed = Policy.parse(policy_of(f"witness {name} {A.key}", f"quorum {name}"))
    assert parsed.witnesses[0].name == name
    for bad in ("", "a b", "a\u00a0b", "a\u2003b", "a#b", "a\nb", "\ud800"):
        with pytest.raises(BadPolicy):
            Policy(witnesses=(Witness(bad, A.key),))
        with pytest.raises(BadPolicy):
            Policy(groups=(Group(bad, 1, ("a",)),), witnesses=(A,))
        if bad:
            with pytest.raises(BadPolicy):
                Policy(logs=(Log(LOG, bad),))
            with pytest.raises(BadPolicy):
                Policy(witnesses=(Witness("a", A.key, bad),))
    with pytest.raises(BadPolicy):
        Policy(witnesses=(Witness("a", key("a#b")),))


def test_64_of_each_and_no_more():
    def many(count):
        witnesses = tuple(replay(f"w{n}") for n in range(count))
        logs = tuple(Log(key("log.example", SIGNING_KEY, f"node {n}")) for n in range(count))
        groups = tuple(Group(f"g{n}", 1, (f"w{n}",)) for n in range(count))
        return logs, witnesses, groups

    logs, witnesses, groups = many(65)
    full = Policy(logs[:64], witnesses[:64], groups[:64])
    assert Policy.parse(full.format()) == full
    with pytest.raises(BadPolicy, match="more than 64 keys of a log"):
        Policy(logs)
    with pytest.raises(BadPolicy, match="more than 64 keys of a witness"):
        Policy(logs[:1], witnesses)
    nested = tuple(Group(f"n{n}", 1, (f"n{n - 1}" if n else "w0",)) for n in range(65))
    assert Policy((), witnesses[:1], nested[:64], "n63").counting() == witnesses[:1]
    with pytest.raises(BadPolicy, match="more than 64 groups"):
        Policy((), witnesses[:1], nested, "n64")


@pytest.mark.parametrize(
    ("name", "organisation"),
    [
        ("bank.example/replay", "bank.example"),
        ("bank.example/witness", "bank.example"),
        ("ledger.example/bank/replay", "ledger.example/bank"),
        ("bank.example", "bank.example"),
        ("/replay", "/replay"),
    ],
)
def test_organisation(name, organisation):
    assert organisation_of(name) == organisation
    assert Witness("w", key(name)).organisation == organisation


def test_replay_and_witness_keys_are_told_apart():
    assert Witness("w", key("bank.example/replay")).replays
    for name in ("bank.example/witness", "bank.example/no-replay", "replay", "bank.example/replay/x"):
        assert not Witness("w", key(name)).replays
