"""The log's formats read back what they write, and write what they read."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ledger import merkle
from ledger.checkpoint import Checkpoint
from ledger.cosignature import cosign, verify_cosignature
from ledger.errors import LadingError
from ledger.note import (
    COSIGNATURE_KEY,
    SIGNING_KEY,
    Note,
    NoteSignature,
    VerifierKey,
    sign,
    verify_note,
)
from ledger.policy import Group, Log, Policy, Witness, organisation_of
from ledger.quorum import overlap, weaknesses
from ledger.signature import public_key_of
from ledger.tiles import (
    ENTRIES,
    Tile,
    decode_bundle,
    decode_tile,
    encode_bundle,
    encode_tile,
    hash_reader,
    new_tiles,
)
from ledger.tlog_proof import TlogProof

text_marks = st.characters(exclude_categories=("Cs",), exclude_characters="".join(map(chr, range(32))))
name_marks = text_marks.filter(lambda mark: not mark.isspace() and mark not in "+#\x7f")
names = st.text(name_marks, min_size=1, max_size=20)
hashes = st.binary(min_size=32, max_size=32)
sizes = st.integers(0, 2**63 - 1)
checkpoints = st.builds(Checkpoint, names, sizes, hashes)
lines = st.builds(NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
texts = st.text(text_marks | st.just("\n")).map(lambda text: f"{text}\n".encode())
notes = st.builds(Note, texts, st.lists(lines, min_size=1, max_size=20, unique_by=lambda one: one.key).map(tuple))
proofs = st.builds(
    TlogProof,
    sizes,
    st.lists(hashes, max_size=63).map(tuple),
    notes,
    st.none() | st.binary(max_size=100),
)


@given(notes)
def test_notes(note):
    assert Note.parse(note.format()) == note


@given(checkpoints)
def test_checkpoints(checkpoint):
    assert Checkpoint.parse(checkpoint.body()) == checkpoint


@given(proofs)
def test_proofs(proof):
    assert TlogProof.parse(proof.format()) == proof


@given(names, st.sampled_from([SIGNING_KEY, COSIGNATURE_KEY]), hashes)
def test_keys(name, kind, seed):
    key = VerifierKey(name, kind, public_key_of(seed))
    assert VerifierKey.parse(str(key)) == key


@given(texts, names, hashes)
def test_what_is_signed_verifies(text, name, seed):
    key = VerifierKey(name, SIGNING_KEY, public_key_of(seed))
    assert verify_note(Note(text, (sign(seed, name, text),)), [key]) == (key,)


@given(checkpoints, names, hashes, sizes)
def test_what_is_cosigned_verifies(checkpoint, name, seed, time):
    key = VerifierKey(name, COSIGNATURE_KEY, public_key_of(seed))
    assert verify_cosignature(key, checkpoint.body(), cosign(seed, name, time, checkpoint.body())) == time


# What reads at all is written in one way. Most mutations of a good text are still close to one.


@st.composite
def near(draw, whole):
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        piece = draw(st.sampled_from([b"", b"\n", b"\r", b" ", b"=", b"0", b"A", b"+", b"\xe2\x80\x94 "]))
        data[at : at + draw(st.integers(0, 2))] = piece
    return bytes(data)


@given(near(notes.map(Note.format)))
@example(b"\n\n\xe2\x80\x94 a AQIDBAU=\n")
def test_a_note_that_reads_is_canonical(data):
    try:
        note = Note.parse(data)
    except LadingError:
        return
    assert note.format() == data


@given(near(checkpoints.map(Checkpoint.body)))
def test_a_checkpoint_that_reads_is_canonical(data):
    try:
        checkpoint = Checkpoint.parse(data)
    except LadingError:
        return
    assert checkpoint.body() == data


@given(near(proofs.map(TlogProof.format)))
def test_a_proof_that_reads_is_canonical(data):
    try:
        proof = TlogProof.parse(data)
    except LadingError:
        return
    assert proof.format() == data


@given(st.text(st.sampled_from("tile/enrsx.p0129\n"), max_size=30) | st.from_regex(r"tile/[0-9a-z./]*"))
@example("tile/entries/x001/234.p/17")
def test_a_path_that_reads_is_canonical(path):
    try:
        tile = Tile.parse(path)
    except LadingError:
        return
    assert tile.path() == path


@given(st.binary(max_size=200))
def test_bytes_never_end_in_another_error(data):
    for read in (Note.parse, Checkpoint.parse, TlogProof.parse, Policy.parse):
        with pytest.raises(LadingError):
            read(data)
    for read in (lambda: decode_bundle(data, 3), lambda: decode_tile(data, 3)):
        try:
            read()
        except LadingError:
            continue


@given(st.builds(Tile, st.integers(ENTRIES, 63), sizes, st.integers(1, 256)))
def test_paths(tile):
    assert Tile.parse(tile.path()) == tile


@given(st.lists(hashes, min_size=1, max_size=256))
def test_tiles(row):
    data = encode_tile(row)
    assert decode_tile(data, len(row)) == row
    assert encode_tile(decode_tile(data, len(row))) == data


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=40))
def test_bundles(entries):
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


@given(st.binary(max_size=60), st.integers(1, 5))
def test_a_bundle_that_reads_is_canonical(data, width):
    try:
        entries = decode_bundle(data, width)
    except LadingError:
        return
    assert encode_bundle(entries) == data


# Policies: a forest of groups over witnesses, each name in one group at most.


@st.composite
def policies(draw):
    witnesses = [
        Witness(name, VerifierKey(key_name, COSIGNATURE_KEY, public_key(key_name)), url)
        for name, key_name, url in draw(
            st.lists(
                st.tuples(names, names, names | st.just("")),
                max_size=8,
                unique_by=(lambda one: one[0], lambda one: organisation_of(one[1])),
            )
        )
        if name != "none"
    ]
    free = [one.name for one in witnesses]
    groups = []
    for name in draw(st.lists(names, max_size=4, unique=True)):
        taken = {one.name for one in (*witnesses, *groups)} | {"none"}
        members = tuple(free[: draw(st.integers(1, 4))])
        if members and name not in taken:
            groups.append(Group(name, draw(st.integers(1, len(members))), members))
            free = [*free[len(members) :], name]
    logs = draw(st.lists(names, max_size=3, unique=True))
    return Policy(
        tuple(Log(VerifierKey(name, SIGNING_KEY, public_key(name)), name) for name in logs),
        tuple(witnesses),
        tuple(groups),
        draw(st.sampled_from(["none", *(one.name for one in (*witnesses, *groups))])),
    )


def public_key(name):
    return public_key_of(sha256(name.encode()).digest())


@given(policies())
def test_policies(policy):
    data = policy.format()
    assert Policy.parse(data) == policy
    assert Policy.parse(data).format() == data


@given(near(policies().map(Policy.format)))
def test_a_policy_that_reads_has_one_canonical_text(data):
    try:
        policy = Policy.parse(data)
    except LadingError:
        return
    assert Policy.parse(policy.format()) == policy


@given(policies(), st.integers(0, 5))
def test_an_adoptable_policy_has_no_two_quorums_that_liars_could_join(policy, faults):
    assume(policy.quorum != "none")
    shared = overlap(policy)
    assert shared is not None
    if not weaknesses(policy, faults):
        assert shared > faults


# The tree, as a whole: any log, cut in any batches, kept in tiles alone.


@given(st.lists(st.integers(0, 300), min_size=1, max_size=6), st.data())
def test_proofs_from_tiles_verify(batches, data):
    frontier, rows, roots = merkle.Frontier(), {}, {0: merkle.EMPTY_ROOT}
    for count in batches:
        start = frontier.size
        frontier, runs = frontier.extend([merkle.leaf_hash(b"%d" % number) for number in range(start, start + count)])
        for run in runs:
            rows.setdefault(run.level, []).extend(run.hashes)
        roots[frontier.size] = frontier.root()
    files = {
        tile: encode_tile(rows[8 * tile.level][tile.number * 256 :][: tile.width])
        for tile in new_tiles(0, frontier.size)
    }
    hash_at = hash_reader(files.__getitem__, frontier.size)
    for old, root in roots.items():
        path = merkle.consistency_path(hash_at, old, frontier.size)
        merkle.verify_consistency(old, root, frontier.size, frontier.root(), path)
    if frontier.size:
        index = data.draw(st.integers(0, frontier.size - 1))
        path = merkle.inclusion_path(hash_at, index, frontier.size)
        leaf = merkle.leaf_hash(b"%d" % index)
        merkle.verify_inclusion(leaf, index, frontier.size, path, frontier.root())
