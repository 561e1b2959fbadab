"""Our log, verified by Go programs that others wrote: x/mod (notes, tree) and torchwood (the rest).

Each check prints what the program verified, and has a twin with something changed that must fail.
"""

from __future__ import annotations

import base64
import re
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from ledger import merkle
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.cosignature import cosign
from ledger.note import COSIGNATURE_KEY, SIGNING_KEY, Note, VerifierKey
from ledger.policy import Group, Log, Policy, Witness
from ledger.signature import public_key_of
from ledger.tiles import ENTRIES, encode_bundle, encode_tile, hash_reader, new_tiles
from ledger.tlog_proof import TlogProof, verify_proof

ORIGIN = "ledger.example/sea"
NAMES = ("carrier", "shipper", "bank", "buyer")
SIZES = (1, 5, 255, 256, 257, 70_000)


def seed(name):
    return sha256(name.encode()).digest()


def key(name, kind):
    return VerifierKey(name, kind, public_key_of(seed(name)))


LOG_KEY = key(ORIGIN, SIGNING_KEY)
POLICY = Policy(
    (Log(LOG_KEY),),
    tuple(Witness(name, key(f"{name}.example/replay", COSIGNATURE_KEY)) for name in NAMES),
    (Group("members", 3, NAMES),),
    "members",
)


@pytest.fixture(scope="module")
def verifylog(need_program, tmp_path_factory):
    """Runs the Go program: what it printed, or why it refused."""
    source = Path(__file__).parent / "tlog"
    program = tmp_path_factory.mktemp("go") / "verifylog"
    build = [need_program("go"), "build", "-mod=readonly", "-o", str(program), "."]
    subprocess.run(build, cwd=source, check=True)

    def run(*arguments):
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr)
        assert done.returncode == (1 if done.stderr else 0)
        return done.stdout or done.stderr

    return run


@pytest.fixture(scope="module")
def rows():
    """The hashes of all subtrees of the largest log, by level."""
    leaves = [merkle.leaf_hash(entry(number)) for number in range(max(SIZES))]
    return [run.hashes for run in merkle.Frontier().extend(leaves)[1]]


def entry(number):
    return b"" if number == 3 else b"entry %d" % number


def reader(rows):
    return lambda level, number: rows[level][number]


def checkpoint(rows, size, names=NAMES, time=1_700_000_000):
    made = Checkpoint(ORIGIN, size, merkle.root(rows[0][:size]))
    keys = [f"{name}.example/replay" for name in names]
    lines = [cosign(seed(name), name, time + at, made.body()) for at, name in enumerate(keys)]
    return Note(made.body(), (sign_checkpoint(seed(ORIGIN), made), *lines))


def file(folder, name, data):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def path_file(folder, path):
    text = "".join(f"{base64.b64encode(one).decode()}\n" for one in path)
    return file(folder, "path", text.encode())


def flip(path, at=-2):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_checkpoint(verifylog, rows, tmp_path):
    note = file(tmp_path, "checkpoint", checkpoint(rows, 70_000).format())
    root = base64.b64encode(merkle.root(rows[0])).decode()
    assert verifylog("checkpoint", LOG_KEY, note) == (f"x/mod note: {ORIGIN} signed size 70000, root {root}\n")
    flip(note, len(ORIGIN) + 1)
    assert verifylog("checkpoint", LOG_KEY, note).startswith("refused: invalid signature for key")


@pytest.mark.parametrize("size", SIZES)
def test_inclusion(verifylog, rows, tmp_path, size):
    note = file(tmp_path, "checkpoint", checkpoint(rows, size).format())
    for index in {0, size // 3, size - 1}:
        leaf = file(tmp_path, "entry", entry(index))
        path = path_file(tmp_path, merkle.inclusion_path(reader(rows), index, size))
        said = verifylog("inclusion", LOG_KEY, note, index, leaf, path)
        assert said == f"x/mod tlog: entry {index} is in the tree of size {size}\n"
        leaf.write_bytes(entry(index) + b"\n")
        said = verifylog("inclusion", LOG_KEY, note, index, leaf, path)
        assert said == "refused: invalid transparency proof\n"


@pytest.mark.parametrize(("old", "new"), [(1, 5), (5, 256), (256, 257), (257, 70_000), (5, 5)])
def test_consistency(verifylog, rows, tmp_path, old, new):
    before = file(tmp_path, "old", checkpoint(rows, old).format())
    after = file(tmp_path, "new", checkpoint(rows, new).format())
    proof = merkle.consistency_path(reader(rows), old, new)
    said = verifylog("consistency", LOG_KEY, before, after, path_file(tmp_path, proof))
    assert said == f"x/mod tlog: the tree of size {new} begins with that of size {old}\n"

    rewritten = Checkpoint(ORIGIN, old, merkle.leaf_hash(b"rewritten"))
    forged = Note(rewritten.body(), (sign_checkpoint(seed(ORIGIN), rewritten),))
    before.write_bytes(forged.format())
    said = verifylog("consistency", LOG_KEY, before, after, path_file(tmp_path, proof))
    assert said == "refused: invalid transparency proof\n"


@pytest.mark.parametrize("size", SIZES)
def test_a_proof_under_a_policy(verifylog, rows, tmp_path, size):
    index = size - 1
    policy = file(tmp_path, "policy.txt", POLICY.format())
    leaf = file(tmp_path, "entry", entry(index))
    path = tuple(merkle.inclusion_path(reader(rows), index, size))

    proof = TlogProof(index, path, checkpoint(rows, size, NAMES[:3]), b"extra")
    verify_proof(proof, merkle.leaf_hash(entry(index)), POLICY)
    text = file(tmp_path, "entry.tlog-proof", proof.format())
    said = verifylog("proof", policy, leaf, text)
    assert said.splitlines() == [
        f"torchwood: the entry is in {ORIGIN} of size {size}",
        "torchwood: cosigned by carrier.example/replay at 1700000000",
        "torchwood: cosigned by shipper.example/replay at 1700000001",
        "torchwood: cosigned by bank.example/replay at 1700000002",
    ]

    too_few = TlogProof(index, path, checkpoint(rows, size, NAMES[:2]))
    text.write_bytes(too_few.format())
    assert "policy components satisfied" in verifylog("proof", policy, leaf, text)
    text.write_bytes(proof.format())
    leaf.write_bytes(b"another entry")
    assert "inclusion proof verification failed" in verifylog("proof", policy, leaf, text)


def write_log(folder, rows, size):
    """The log as the static files of C2SP tlog-tiles."""
    file(folder, "checkpoint", checkpoint(rows, size).format())
    for tile in new_tiles(0, size):
        first = tile.number * 256
        hashes = rows[8 * tile.level][first : first + tile.width]
        file(folder, tile.path(), encode_tile(hashes))
    for tile in new_tiles(0, size, level=ENTRIES):
        first = tile.number * 256
        entries = [entry(number) for number in range(first, first + tile.width)]
        file(folder, tile.path(), encode_bundle(entries))
    hash_at = hash_reader(lambda tile: (folder / tile.path()).read_bytes(), size)
    assert merkle.Frontier.read(hash_at, size).root() == merkle.root(rows[0][:size])


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_log(verifylog, rows, tmp_path, size):
    write_log(tmp_path, rows, size)
    said = verifylog("log", LOG_KEY, tmp_path)
    assert said == f"torchwood: all {size} entries are in the tiles and in the tree\n"


def test_a_flipped_bit_in_any_file_of_a_log_is_found(verifylog, rows, tmp_path):
    write_log(tmp_path, rows, 257)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert [path.relative_to(tmp_path).as_posix() for path in files] == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/1",
    ]
    for path in files:
        flip(path, 0 if path.name == "checkpoint" else -1)
        assert re.match("refused: ", verifylog("log", LOG_KEY, tmp_path)), path
        flip(path, 0 if path.name == "checkpoint" else -1)
    assert verifylog("log", LOG_KEY, tmp_path).startswith("torchwood: all 257 entries")
