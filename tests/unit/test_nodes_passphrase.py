"""Where a passphrase comes from, and in which order."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nodes.files import FileMissing, FileTooLarge
from nodes.passphrase import BadPassphrase, NoPassphrase, PassphraseMismatch, obtain

LONG = "correct horse battery staple"


def never(_: str) -> str:
    raise AssertionError("nobody may be asked")


def typed(*answers: str) -> Callable[[str], str]:
    left = list(answers)
    return lambda _: left.pop(0)


def get(
    file: Path | None = None,
    environ: dict[str, str] | None = None,
    ask: Callable[[str], str] | None = None,
    new: bool = False,
) -> tuple[str, list[str]]:
    said: list[str] = []
    answer = obtain(
        file=file,
        environ=environ or {},
        interactive=ask is not None,
        ask=ask or never,
        warn=said.append,
        new=new,
    )
    return answer, said


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "passphrase"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_the_file_comes_first_then_the_environment_then_the_person(tmp_path: Path) -> None:
    path, environ = secret_file(tmp_path, b"from the file\n"), {"LADING_PASSPHRASE": "from outside"}
    assert get(path, environ, never) == ("from the file", [])
    assert get(None, environ, never) == ("from outside", [])
    assert get(None, {}, typed("from the person")) == ("from the person", [])


def test_without_any_there_is_a_hint() -> None:
    with pytest.raises(NoPassphrase) as caught:
        get()
    assert caught.value.code == "key.no_passphrase"
    assert caught.value.hint == ("give --passphrase-file FILE, set LADING_PASSPHRASE, or run the command in a terminal")


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [(b"a b\n", "a b"), (b"a b\r\n", "a b"), (b"a\n\n", "a\n"), (b" a ", " a "), ("钥匙\n".encode(), "钥匙")],
)
def test_one_newline_at_the_end_of_the_file_is_not_part_of_it(tmp_path: Path, content: bytes, passphrase: str) -> None:
    assert get(secret_file(tmp_path, content)) == (passphrase, [])


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
@pytest.mark.parametrize(("mode", "warned"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1), (0o644, 1)])
def test_a_file_that_others_can_read_gives_a_warning(tmp_path: Path, mode: int, warned: int) -> None:
    _, said = get(secret_file(tmp_path, LONG.encode(), mode))
    assert len(said) == warned
    assert all("chmod 600" in line for line in said)


def test_empty_is_refused_from_everywhere(tmp_path: Path) -> None:
    for arguments in ((secret_file(tmp_path, b"\n"),), (None, {"LADING_PASSPHRASE": ""}), (None, {}, typed(""))):
        with pytest.raises(BadPassphrase, match="empty"):
            get(*arguments)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPassphrase, match="not UTF-8"):
        get(secret_file(tmp_path, b"\xff\xfe"))
    with pytest.raises(BadPassphrase, match="not valid UTF-8"):
        get(None, {"LADING_PASSPHRASE": "caf\udce9"})


def test_files_are_bounded_and_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge):
        get(secret_file(tmp_path, b"x" * 5000))
    with pytest.raises(FileMissing):
        get(tmp_path / "absent")


def test_a_new_one_is_typed_twice_and_a_short_one_warned_about() -> None:
    assert get(None, {}, typed(LONG, LONG), new=True) == (LONG, [])
    with pytest.raises(PassphraseMismatch):
        get(None, {}, typed(LONG, LONG + "r"), new=True)
    answer, said = get(None, {"LADING_PASSPHRASE": "elevenchars"}, new=True)
    assert (answer, len(said)) == ("elevenchars", 1)
    assert "fewer than 12 characters" in said[0]
    assert get(None, {"LADING_PASSPHRASE": "twelve chars"}, new=True)[1] == []
    assert get(None, {"LADING_PASSPHRASE": "short"})[1] == []
