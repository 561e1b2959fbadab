"""Tlog-proofs: the text form, and what makes one worth nothing."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger import merkle
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.cosignature import cosign
from ledger.errors import LadingError
from ledger.note import (
    COSIGNATURE_KEY,
    SIGNING_KEY,
    BadNote,
    KnownKeyFails,
    NoKnownSignature,
    Note,
    NoteSignature,
    VerifierKey,
)
from ledger.policy import Group, Log, Policy, Witness
from ledger.quorum import NoQuorum
from ledger.signature import public_key_of
from ledger.tlog_proof import BadProof, TlogProof, verify_proof

LEAVES = [merkle.leaf_hash(b"entry %d" % number) for number in range(5)]
NAMES = ("a", "b", "c")


def seed(name):
    return sha256(name.encode()).digest()


def key(name, kind):
    return VerifierKey(name, kind, public_key_of(seed(name)))


POLICY = Policy(
    (Log(key("log.example", SIGNING_KEY)),),
    tuple(Witness(name, key(f"{name}.example/replay", COSIGNATURE_KEY)) for name in NAMES),
    (Group("quorum", 2, NAMES),),
    "quorum",
)


def hash_at(level, number):
    return merkle.root(LEAVES[number << level : (number + 1) << level])


def checkpoint(names=NAMES, size=5):
    made = Checkpoint("log.example", size, merkle.root(LEAVES[:size]))
    lines = [cosign(seed(f"{n}.example/replay"), f"{n}.example/replay", 1000, made.body()) for n in names]
    return Note(made.body(), (sign_checkpoint(seed("log.example"), made), *lines))


def proof(index=4, names=NAMES, extra=None):
    path = merkle.inclusion_path(hash_at, index, 5)
    return TlogProof(index, tuple(path), checkpoint(names), extra)


HEAD = """\
c2sp.org/tlog-proof@v1
index 1
lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=
Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=
"""
NOTE = "log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— log.example AQIDBAU=\n"
ZERO = b"A" * 43 + b"=\n"
GOOD = f"{HEAD}\n{NOTE}"


def test_text():
    expected = TlogProof(
        1,
        (
            bytes.fromhex("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
            bytes.fromhex("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
        ),
        Note(NOTE.encode().partition(b"\n\n")[0] + b"\n", (NoteSignature("log.example", b"\1\2\3\4", b"\5"),)),
    )
    assert TlogProof.parse(GOOD.encode()) == expected
    assert expected.format().decode() == GOOD


def test_extra_data_is_kept_and_carries_no_meaning():
    for extra, line in ((b"", "extra "), (b"\x00\x01\x02", "extra AAEC")):
        text = GOOD.replace("index", f"{line}\nindex")
        parsed = TlogProof.parse(text.encode())
        assert parsed.extra == extra
        assert parsed.format().decode() == text
        assert verify_proof(proof(extra=extra), LEAVES[4], POLICY).holds


def test_a_tree_of_one_leaf_has_an_empty_path():
    one = TlogProof(0, (), checkpoint(size=1))
    assert one.format().startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nlog.example\n1\n")
    assert TlogProof.parse(one.format()) == one
    verify_proof(one, LEAVES[0], POLICY)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "\n\n",
        NOTE,
        HEAD,
        GOOD.replace("@v1", "@v2"),
        GOOD.replace("@v1", "@v1 "),
        GOOD.replace("c2sp", "C2SP"),
        "\n" + GOOD,
        GOOD.replace("index 1\n", ""),
        GOOD.replace("index 1", "index"),
        GOOD.replace("index 1", "index "),
        GOOD.replace("index 1", "index 01"),
        GOOD.replace("index 1", "index -1"),
        GOOD.replace("index 1", "index +1"),
        GOOD.replace("index 1", "index 1 "),
        GOOD.replace("index 1", "index  1"),
        GOOD.replace("index 1", "Index 1"),
        GOOD.replace("index 1", "index ١"),
        GOOD.replace("index 1", f"index {2**63}"),
        GOOD.replace("index 1", "index 1\nindex 1"),
        GOOD.replace("index 1", "index 1\nextra AAEC"),
        GOOD.replace("index 1", "extra AAEC\nextra AAEC\nindex 1"),
        GOOD.replace("index 1", "extra AAE\nindex 1"),
        GOOD.replace("index 1", "extra AAF=\nindex 1"),
        GOOD.replace("index 1", "extra\nindex 1"),
        GOOD.replace("+QQt4", "-QQt4"),
        GOOD.replace("oJz8c=", "oJz8d="),
        GOOD.replace("oJz8c=", "oJz8c"),
        GOOD.replace("oJz8c=", "oJzw=="),
        GOOD.replace("oJz8c=\n", "oJz8c="),
        GOOD.replace(HEAD, HEAD.replace("\n", "\r\n")),
        GOOD.replace(HEAD, HEAD + "AAAA" * 10 + "AAA=\n" * 62),
    ],
)
def test_what_is_not_canonical_is_refused(bad):
    with pytest.raises(BadProof) as caught:
        TlogProof.parse(bad.encode())
    assert caught.value.code == "tlog_proof.malformed"


def test_a_path_of_more_than_63_hashes_is_refused():
    longest = TlogProof(2**63 - 1, (bytes(32),) * 63, checkpoint())
    assert TlogProof.parse(longest.format()) == longest
    longer = longest.format().replace(b"@v1\nindex 9223372036854775807\n", b"@v1\nindex 0\n" + ZERO)
    with pytest.raises(BadProof, match="more than 63 hashes"):
        TlogProof.parse(longer)
    with pytest.raises(BadProof, match="more than 63 hashes"):
        TlogProof(0, (bytes(32),) * 64, checkpoint())


def test_100_megabytes_are_refused():
    with pytest.raises(BadProof, match="more than 262,144 bytes"):
        TlogProof.parse(bytes(100_000_000))
    with pytest.raises(BadProof, match="more than 262,144 bytes"):
        proof(extra=bytes(200_000)).format()


@pytest.mark.parametrize(("index", "path"), [(-1, ()), (2**63, ()), (0, (bytes(31),)), (0, (b"",))])
def test_a_proof_that_cannot_be_is_not_made(index, path):
    with pytest.raises(BadProof):
        TlogProof(index, path, checkpoint())


@pytest.mark.parametrize("index", range(5))
def test_a_proof_verifies(index):
    parsed = TlogProof.parse(proof(index).format())
    quorum = verify_proof(parsed, LEAVES[index], POLICY)
    assert quorum.times == {"a": 1000, "b": 1000, "c": 1000}
    assert quorum.checkpoint == Checkpoint("log.example", 5, merkle.root(LEAVES))


def test_another_entry_is_not_proved():
    for index in range(5):
        for other in set(range(5)) - {index}:
            with pytest.raises(merkle.NotIncluded):
                verify_proof(proof(index), LEAVES[other], POLICY)


def test_without_a_quorum_nothing_is_proved():
    with pytest.raises(NoQuorum):
        verify_proof(proof(names=("a",)), LEAVES[4], POLICY)


def test_without_the_log_nothing_is_proved():
    made = proof()
    unsigned = Note(made.checkpoint.text, made.checkpoint.signatures[1:])
    with pytest.raises(NoKnownSignature):
        verify_proof(TlogProof(made.index, made.path, unsigned), LEAVES[4], POLICY)


def test_a_proof_cut_anywhere_is_refused():
    data = proof(names=("a", "b")).format()
    verify_proof(TlogProof.parse(data), LEAVES[4], POLICY)
    for cut in range(len(data)):
        with pytest.raises((BadProof, BadNote, NoQuorum, KnownKeyFails)):
            verify_proof(TlogProof.parse(data[:cut]), LEAVES[4], POLICY)


def test_every_changed_bit_is_refused_or_leaves_the_rest_to_prove_it():
    """Only a witness's name or key ID may change, which makes it one more unknown witness."""
    data = proof().format()
    spare = set()
    for line in data.split(b"\n\n")[2].splitlines(keepends=True)[1:]:
        start = data.index(line)
        dash, name, encoded = line.split(b" ")
        spare.update(range(start + len(dash) + 1, start + len(dash) + 1 + len(name)))
        spare.update(range(start + len(line) - len(encoded), start + len(line) - len(encoded) + 6))
    accepted = set()
    for at in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            try:
                verify_proof(TlogProof.parse(bytes(changed)), LEAVES[4], POLICY)
            except LadingError:
                continue
            accepted.add(at)
    assert accepted <= spare
    assert accepted
