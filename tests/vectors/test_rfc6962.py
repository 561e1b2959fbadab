"""The vectors of transparency-dev/merkle, and the two edge rules where we decide for ourselves.

(1) A hash that is not 32 bytes long is refused wherever it stands. One vector calls two equal
    roots of 12 bytes consistent; here they are no roots.
(2) From size 0, whose root is that of the empty tree, to any other size an empty path is a proof,
    as C2SP tlog-witness wants it for the first checkpoint of a log. The vectors call a proof from
    size 0 useless and refuse it; those here have a root of 12 bytes or a path, so rule (1), or the
    path, refuses them too.
"""

from __future__ import annotations

import base64
import json

import pytest

from ledger import merkle

OUR_RULES = {"consistency/additional/sizes-are-equal-one-and-proof-is-empty.json": True}


def vectors(shared, kind):
    folder = shared / "vectors" / "rfc6962" / "testdata"
    for file in sorted((folder / kind).rglob("*.json")):
        yield file.relative_to(folder).as_posix(), json.loads(file.read_text(encoding="utf-8"))


def raw(text):
    return base64.b64decode(text or "")


def refused(check, *arguments):
    try:
        check(*arguments)
    except (merkle.BadHash, merkle.BadPosition, merkle.NotConsistent, merkle.NotIncluded):
        return True
    return False


def test_inclusion(shared):
    results = {}
    for name, vector in vectors(shared, "inclusion"):
        path = [raw(one) for one in vector["proof"] or []]
        results[name] = vector["wantErr"] == refused(
            merkle.verify_inclusion,
            raw(vector["leafHash"]),
            vector["leafIdx"],
            vector["treeSize"],
            path,
            raw(vector["root"]),
        )
    assert len(results) == 98
    assert [name for name, agrees in results.items() if not agrees] == []


def test_consistency(shared):
    results = {}
    for name, vector in vectors(shared, "consistency"):
        path = [raw(one) for one in vector["proof"] or []]
        results[name] = OUR_RULES.get(name, vector["wantErr"]) == refused(
            merkle.verify_consistency,
            vector["size1"],
            raw(vector["root1"]),
            vector["size2"],
            raw(vector["root2"]),
            path,
        )
    assert len(results) == 98
    assert [name for name, agrees in results.items() if not agrees] == []


def test_rule_1_equal_roots_of_another_length_are_no_roots():
    with pytest.raises(merkle.BadHash):
        merkle.verify_consistency(1, b"don't care 2", 1, b"don't care 2", [])


def test_rule_2_any_tree_grows_from_the_empty_one():
    root = merkle.root([merkle.leaf_hash(b"first")])
    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 1, root, [])
    with pytest.raises(merkle.NotConsistent):
        merkle.verify_consistency(0, merkle.EMPTY_ROOT, 1, root, [root])
