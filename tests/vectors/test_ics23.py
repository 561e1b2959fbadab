"""The vectors of cosmos/ics23: proofs of Celestia's SMT hold; those of other trees are refused.

They have keys and values of any length, and a proof of absence names the path instead of the key.
All 18 proofs come through the decoder and back to the same bytes.
"""

from __future__ import annotations

import json

import pytest

from ledger import ics23

PLACES = ("left", "middle", "right")


@pytest.fixture
def vector(shared):
    def read(tree, kind, place):
        file = shared / "vectors" / "ics23" / "testdata" / tree / f"{kind}_{place}.json"
        fields = json.loads(file.read_text(encoding="utf-8"))
        return {name: bytes.fromhex(text) for name, text in fields.items()}

    return read


@pytest.mark.parametrize("tree", ["iavl", "smt", "tendermint"])
@pytest.mark.parametrize("kind", ["exist", "nonexist"])
@pytest.mark.parametrize("place", PLACES)
def test_round_trip(vector, tree, kind, place):
    data = vector(tree, kind, place)["proof"]
    proof = ics23.decode(data)
    assert (proof.exist is None, proof.nonexist is None) == (kind == "nonexist", kind == "exist")
    assert ics23.encode(proof) == data


@pytest.mark.parametrize("place", PLACES)
def test_membership(vector, place):
    known = vector("smt", "exist", place)
    proof = ics23.decode(known["proof"])
    assert len(known["key"]) == 20
    ics23.verify_membership(known["root"], known["key"], known["value"], proof)
    with pytest.raises(ics23.OtherValue):
        ics23.verify_membership(known["root"], known["key"], known["value"] + b"0", proof)
    with pytest.raises(ics23.OtherRoot):
        ics23.verify_membership(bytes(32), known["key"], known["value"], proof)
    with pytest.raises(ics23.OtherKind):
        ics23.verify_non_membership(known["root"], known["key"], proof)


@pytest.mark.parametrize("place", PLACES)
def test_non_membership(vector, place):
    known = vector("smt", "nonexist", place)
    proof = ics23.decode(known["proof"])
    ics23.verify_non_membership(known["root"], known["key"], proof)
    with pytest.raises(ics23.OtherKey):
        ics23.verify_non_membership(known["root"], known["key"] + b"0", proof)
    with pytest.raises(ics23.OtherRoot):
        ics23.verify_non_membership(bytes(32), known["key"], proof)
    with pytest.raises(ics23.OtherKind):
        ics23.verify_membership(known["root"], known["key"], b"value", proof)


@pytest.mark.parametrize("tree", ["iavl", "tendermint"])
@pytest.mark.parametrize("place", PLACES)
def test_proofs_of_other_trees_are_refused(vector, tree, place):
    known = vector(tree, "exist", place)
    with pytest.raises(ics23.NotOfSpec):
        ics23.verify_membership(known["root"], known["key"], known["value"], ics23.decode(known["proof"]))
    known = vector(tree, "nonexist", place)
    with pytest.raises(ics23.NotOfSpec):
        ics23.verify_non_membership(known["root"], known["key"], ics23.decode(known["proof"]))
