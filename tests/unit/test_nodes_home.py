"""The home: made once, found again, moved as a whole, and never mixed up with another."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from ledger.errors import LadingError
from nodes.files import CannotWrite
from nodes.home import (
    Home,
    HomeDamaged,
    HomeExists,
    HomeNotFound,
    LedgerIsRemote,
    NoLedger,
    OtherLedger,
)
from nodes.lock import LockHeld
from nodes.settings import BadHome, HomeNewer, Settings

MEMBER = bytes(range(32))
GENESIS = b'{"format":"lading/genesis@1"}'
LEDGER_ID = hashlib.sha256(GENESIS).digest()


def test_a_home_is_found_again_as_it_was_made(tmp_path: Path) -> None:
    made = Home.create(tmp_path / "buyer", name="buyer", member=MEMBER, location=tmp_path / "carrier")
    home = Home.open(tmp_path / "buyer")
    assert home.settings == made.settings == Settings("buyer", MEMBER, False, "../carrier", None)
    assert home.operator_folder() == tmp_path / "carrier"
    assert home.ledger_url is None
    assert not home.has_keys
    assert json.loads(home.settings_path.read_bytes()) == {
        "format": "lading/home@1",
        "ledger": "../carrier",
        "ledger_id": None,
        "member": MEMBER.hex(),
        "name": "buyer",
        "operator": False,
    }


def test_the_operators_home_holds_the_ledger_and_the_inbox(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "carrier", name="carrier", member=MEMBER, operator=True)
    assert home.settings.location == "."
    assert home.operator_folder() == home.folder == tmp_path / "carrier"
    assert home.inbox_path.is_dir()
    assert home.ledger_path == tmp_path / "carrier" / "ledger.db"
    other = Home.create(tmp_path / "buyer", name="buyer")
    assert not other.inbox_path.exists()


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_the_folders_are_the_owners_alone(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "a", name="a", operator=True)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (home.folder, home.vault_path, home.inbox_path)}
    assert modes == {0o700}


def test_folders_can_be_moved_together(tmp_path: Path) -> None:
    Home.create(tmp_path / "one" / "carrier", name="carrier", operator=True)
    Home.create(tmp_path / "one" / "buyer", name="buyer", location=str(tmp_path / "one" / "carrier"))
    shutil.move(tmp_path / "one", tmp_path / "two")
    assert Home.open(tmp_path / "two" / "buyer").operator_folder() == tmp_path / "two" / "carrier"


def test_a_home_behind_a_link_finds_its_operator(tmp_path: Path) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    Home.create(tmp_path / "link" / "buyer", name="buyer", location=tmp_path / "carrier")
    assert Home.open(tmp_path / "link" / "buyer").operator_folder() == tmp_path / "carrier"


def test_a_ledger_by_url(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "a", name="a", location="https://node.example:8443/v1")
    assert home.ledger_url == "https://node.example:8443/v1"
    with pytest.raises(LedgerIsRemote):
        home.operator_folder()


def test_a_home_is_never_overwritten(tmp_path: Path) -> None:
    Home.create(tmp_path / "a", name="first")
    with pytest.raises(HomeExists):
        Home.create(tmp_path / "a", name="second")
    assert Home.open(tmp_path / "a").settings.name == "first"


def test_of_two_who_make_one_home_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def first_the_other(folder: Path) -> None:
        monkeypatch.undo()
        Home.create(tmp_path / "a", name="first")

    monkeypatch.setattr("nodes.home.make_folder", first_the_other)
    with pytest.raises(HomeExists):
        Home.create(tmp_path / "a", name="second")
    assert Home.open(tmp_path / "a").settings.name == "first"


@pytest.mark.parametrize("name", ["keys.lading", "ledger.db", "genesis.json"])
def test_what_is_left_of_a_home_is_not_overwritten_either(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"precious")
    with pytest.raises(HomeExists, match=name):
        Home.create(tmp_path, name="a")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_with_other_files_may_become_a_home(tmp_path: Path) -> None:
    (tmp_path / "passphrase.txt").write_text("secret\n")
    Home.create(tmp_path, name="a")
    assert Home.open(tmp_path).settings.name == "a"


def test_a_half_made_home_is_none_and_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise CannotWrite("stopped")

    with monkeypatch.context() as patch:
        patch.setattr("nodes.home.write_atomic", stop)
        with pytest.raises(CannotWrite):
            Home.create(tmp_path / "a", name="a")
    with pytest.raises(HomeNotFound):
        Home.open(tmp_path / "a")
    Home.create(tmp_path / "a", name="a")


def test_where_there_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(HomeNotFound) as caught:
            Home.open(path)
        assert caught.value.code == "home.not_found"
    with pytest.raises(BadHome):
        Home.open(tmp_path / "nul\x00")


def test_a_newer_home_says_so(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"format": "lading/home@2", "more": 1}')
    with pytest.raises(HomeNewer, match="lading/home@2"):
        Home.open(tmp_path)


GOOD = {"format": "lading/home@1", "ledger": None, "ledger_id": None, "member": None, "name": "a", "operator": False}


@pytest.mark.parametrize(
    "change",
    [
        {"format": "another"},
        {"format": 1},
        {"more": 1},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"name": None},
        {"ledger": 1},
        {"ledger": ""},
        {"ledger": "https://"},
        {"ledger": "http://[bad"},
        {"ledger": "a\x1b[2J"},
        {"member": "00"},
        {"member": "zz" * 32},
        {"member": 5},
        {"ledger_id": "00" * 33},
        {"operator": 0},
        {"operator": None},
    ],
)
def test_a_damaged_home_names_the_file(tmp_path: Path, change: dict[str, object]) -> None:
    (tmp_path / "home.json").write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(HomeDamaged, match=r"home\.json"):
        Home.open(tmp_path)


def test_home_json_may_be_edited_by_hand(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text(json.dumps(GOOD, indent=8))
    assert Home.open(tmp_path).settings == Settings("a")


@pytest.mark.parametrize("content", [b"", b"null", b"[" * 10_000, b"\xff", b"{" + b" " * 70_000 + b"}"])
def test_what_is_no_json_is_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "home.json").write_bytes(content)
    with pytest.raises(HomeDamaged):
        Home.open(tmp_path)


def test_a_truncated_home_json_never_leaks_another_error(tmp_path: Path) -> None:
    data = Settings("a", MEMBER, True, ".", LEDGER_ID).encode()
    for size in range(len(data) - 1):
        (tmp_path / "home.json").write_bytes(data[:size])
        with pytest.raises(HomeDamaged):
            Home.open(tmp_path)
    assert Settings.decode(data).encode() == data


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a\u202eb"},
        {"member": b"short"},
        {"ledger_id": b"short"},
        {"location": "http://"},
        {"location": "x" * 5000},
    ],
)
def test_a_home_that_cannot_be_is_not_begun(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(BadHome):
        Home.create(tmp_path / "a", **{"name": "a", **wrong})  # type: ignore[arg-type]
    assert not (tmp_path / "a").exists()


def test_joining_pins_genesis_and_policy(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "a", name="a", member=MEMBER)
    with pytest.raises(NoLedger):
        home.operator_folder()
    with pytest.raises(NoLedger):
        home.read_genesis()
    home.join(GENESIS, "log …\nquorum none\n", location=tmp_path / "op")
    home = Home.open(tmp_path / "a")
    assert home.settings.ledger_id == LEDGER_ID
    assert (home.read_genesis(), home.read_policy()) == (GENESIS, "log …\nquorum none\n")
    assert home.operator_folder() == tmp_path / "op"
    home.join(GENESIS, "another\n")
    assert (home.read_policy(), home.settings.location) == ("another\n", "../op")
    with pytest.raises(OtherLedger):
        home.join(b"{}", "another\n")
    assert home.read_genesis() == GENESIS


def test_a_home_belongs_to_one_member(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "a", name="a")
    home.set_member(MEMBER)
    home.set_member(MEMBER)
    with pytest.raises(OtherLedger):
        home.set_member(bytes(32))
    assert Home.open(tmp_path / "a").settings.member == MEMBER


def test_pinned_files_that_changed_are_damage(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "a", name="a")
    home.join(GENESIS, "policy\n")
    for position in range(len(GENESIS)):
        changed = bytearray(GENESIS)
        changed[position] ^= 1
        home.genesis_path.write_bytes(changed)
        with pytest.raises(HomeDamaged, match=r"genesis\.json"):
            home.read_genesis()
    home.genesis_path.unlink()
    home.policy_path.write_bytes(b"\xff")
    for read in (home.read_genesis, home.read_policy, home.read_card):
        with pytest.raises(HomeDamaged):
            read()
    home.write_card(b"{}")
    assert home.read_card() == b"{}"


def test_the_locks_of_home_and_ledger(tmp_path: Path) -> None:
    operator = Home.create(tmp_path / "op", name="op", operator=True)
    member = Home.create(tmp_path / "a", name="a", location=tmp_path / "op")
    with member.ledger_lock(), member.lock(), operator.lock():
        with pytest.raises(LockHeld):
            operator.ledger_lock(timeout=0).acquire()
        assert member.tidy() == 0


def test_every_error_says_what_to_do() -> None:
    for error in (BadHome, HomeDamaged, HomeExists, HomeNewer, HomeNotFound, LedgerIsRemote, NoLedger, OtherLedger):
        assert issubclass(error, LadingError)
        assert error.code.startswith("home.")
        assert error.hint
