"""Our proofs in front of the unmodified Go library of cosmos/ics23 (v0.11.0), and false ones too."""

from __future__ import annotations

import json
import os
import random
import subprocess
from dataclasses import replace

import pytest

from ledger import ics23
from ledger.errors import LadingError
from ledger.smt import StateTree, leaf_hash, path_of

PROOFS = 200


@pytest.fixture(scope="module")
def ask_go(need_program, root, tmp_path_factory):
    """Puts questions (root, key, value or None, proof bytes) to the Go library; returns its answers."""
    program = tmp_path_factory.mktemp("ics23") / "ics23"
    built = subprocess.run(
        [need_program("go"), "build", "-o", str(program), "."],
        cwd=root / "tests" / "interop" / "ics23",
        env={**os.environ, "GOPROXY": "off", "GOFLAGS": "-mod=readonly"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "module lookup disabled" in built.stderr:
        pytest.skip("the Go modules are absent (`go mod download` in tests/interop/ics23 fetches them)")
    assert built.returncode == 0, built.stderr

    def ask(questions):
        lines = []
        for root_hash, key, value, proof in questions:
            line = {"root": root_hash.hex(), "key": key.hex(), "proof": proof.hex()}
            if value is not None:
                line["value"] = value.hex()
            lines.append(json.dumps(line))
        done = subprocess.run([program], input="\n".join(lines), capture_output=True, text=True, check=True)
        return done.stdout.split()

    return ask


def ours(root_hash, key, value, proof):
    try:
        if value is None:
            ics23.verify_non_membership(root_hash, key, ics23.decode(proof))
        else:
            ics23.verify_membership(root_hash, key, value, ics23.decode(proof))
    except LadingError:
        return "fails"
    return "holds"


@pytest.fixture(scope="module")
def state():
    """A tree of 1,000 keys that grew in batches, its contents by path, and a source of choices."""
    source = random.Random(23)
    tree = StateTree()
    contents = {}
    for _ in range(10):
        batch = [(source.randbytes(32), source.randbytes(32)) for _ in range(100)]
        contents.update({path_of(key): (key, value) for key, value in batch})
        tree.update({path_of(key): leaf_hash(key, value) for key, value in batch})
    return tree, contents, source


def changed(data, source):
    at = source.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << source.randrange(8),)) + data[at + 1 :]


def with_other_sibling(exist, source):
    at = source.randrange(len(exist.path))
    step = exist.path[at]
    if step.suffix:
        step = replace(step, suffix=changed(step.suffix, source))
    else:
        step = replace(step, prefix=step.prefix[:1] + changed(step.prefix[1:], source))
    return replace(exist, path=(*exist.path[:at], step, *exist.path[at + 1 :]))


def test_membership(ask_go, state):
    tree, contents, source = state
    view = tree.at()
    good, bad = [], []
    for key, value in source.sample(sorted(contents.values()), PROOFS):
        proof = ics23.prove_membership(view, key, value)
        data = ics23.encode(proof)
        forged = ics23.CommitmentProof(exist=with_other_sibling(proof.exist, source))
        good.append((tree.root, key, value, data))
        bad.append((changed(tree.root, source), key, value, data))
        bad.append((tree.root, changed(key, source), value, data))
        bad.append((tree.root, key, changed(value, source), data))
        bad.append((tree.root, key, None, data))
        bad.append((tree.root, key, value, ics23.encode(forged)))
    assert ask_go(good) == ["holds"] * PROOFS
    assert ask_go(bad) == ["fails"] * 5 * PROOFS
    assert {ours(*question) for question in good} == {"holds"}
    assert {ours(*question) for question in bad} == {"fails"}


def test_non_membership(ask_go, state):
    tree, contents, source = state
    view = tree.at()
    good, bad = [], []
    for _ in range(PROOFS):
        key = source.randbytes(32)
        absent = ics23.prove_non_membership(view, key, contents.__getitem__).nonexist
        data = ics23.encode(ics23.CommitmentProof(nonexist=absent))
        good.append((tree.root, key, None, data))
        bad.append((changed(tree.root, source), key, None, data))
        bad.append((tree.root, key, key, data))
        present = absent.left or absent.right
        bad.append((tree.root, present.key, None, data))
        for forged in (
            replace(absent, left=absent.right, right=absent.left),
            replace(absent, left=present, right=present),
            replace(absent, left=None),
            replace(absent, **{"left" if absent.left else "right": with_other_sibling(present, source)}),
        ):
            if forged != absent:
                forged_data = ics23.encode(ics23.CommitmentProof(nonexist=forged))
                bad.append((tree.root, key, None, forged_data))
    assert ask_go(good) == ["holds"] * PROOFS
    assert ask_go(bad) == ["fails"] * len(bad)
    assert len(bad) >= 6 * PROOFS
    assert {ours(*question) for question in good} == {"holds"}
    assert {ours(*question) for question in bad} == {"fails"}


def test_proofs_under_older_roots(ask_go):
    source = random.Random(5)
    tree, contents, undos = StateTree(), {}, []
    before = []
    for _ in range(20):
        batch = [(source.randbytes(32), source.randbytes(32)) for _ in range(5)]
        batch += [(key, source.randbytes(32)) for key, _ in list(contents.values())[:5]]
        before.append((tree.root, dict(contents)))
        contents.update({path_of(key): (key, value) for key, value in batch})
        undos.append(tree.update({path_of(key): leaf_hash(key, value) for key, value in batch}))
    questions = []
    for height, (root_hash, then) in enumerate(before[1:], 1):
        view = tree.at(undos[height:])
        key, value = source.choice(list(then.values()))
        absent = source.randbytes(32)
        proofs = (
            ics23.prove_membership(view, key, value),
            ics23.prove_non_membership(view, absent, then.__getitem__),
        )
        questions.append((root_hash, key, value, ics23.encode(proofs[0])))
        questions.append((root_hash, absent, None, ics23.encode(proofs[1])))
    assert ask_go(questions) == ["holds"] * 38


def test_a_changed_bit_is_refused_even_where_go_passes_over_it(ask_go, state):
    """Every bit of a proof of each kind, one at a time."""
    tree, contents, source = state
    key, value = next(iter(contents.values()))
    absent = source.randbytes(32)
    view = tree.at()
    exist = ics23.encode(ics23.prove_membership(view, key, value))
    nonexist = ics23.encode(ics23.prove_non_membership(view, absent, contents.__getitem__))
    questions = [
        (tree.root, asked, content, data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :])
        for asked, content, data in ((key, value, exist), (absent, None, nonexist))
        for at in range(len(data))
        for bit in range(8)
    ]
    answers = ask_go(questions)
    assert len(answers) == len(questions)
    assert {ours(*question) for question in questions} == {"fails"}
    assert "holds" in answers  # Go passes over fields it does not know, and over the key of a nonexist
