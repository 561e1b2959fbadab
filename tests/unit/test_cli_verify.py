"""`lading-verify`: what it prints, its exit status, and that no file makes it fail in another way."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from support.forging import Proven

from cli import exits
from cli.main import main
from cli.verify import NOTICE, _full, parser, run
from ledger.policy import MAX_POLICY

AT = "2025-11-24T16:05Z"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def proven() -> Proven:
    return Proven()


@pytest.fixture
def policy(proven: Proven, tmp_path: Path) -> str:
    path = tmp_path / "policy.txt"
    path.write_bytes(proven.trade.policy.format())
    return str(path)


@pytest.fixture
def bundle(proven: Proven, tmp_path: Path) -> str:
    path = tmp_path / "bill.lading"
    path.write_bytes(proven.bundle.encode())
    return str(path)


def verify(bundle: str, policy: str, *options: str) -> int:
    return run([bundle, "--policy", policy, "--at", AT, *options])


def test_both_verdicts_the_steps_and_the_title_are_printed(bundle, policy, proven, capsys):
    assert verify(bundle, policy) == exits.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "VALID    history   every step holds"
    assert lines[1].startswith("VALID    control   bank is in control since 2025-11-24T16:00:04Z, as of ")
    steps = lines[lines.index("Steps") + 1 :][:12]
    assert [line[:13] for line in steps] == [f"  {number:2}  VALID  " for number in range(1, 13)]
    assert f"  Record  {proven.bill.hex()}" in lines
    assert "  Number  OCLU0001" in lines
    title = lines[lines.index("Chain of title") + 1 :][:5]
    key = proven.trade.members["shipper"].key.public.hex()[:12]
    assert title[0].split() == ["WHEN", "ENTRY", "WHO", "WHAT", "SIGNED", "BY", "KEY"]
    assert title[3] == f"  2025-11-24T16:00:03Z  11     shipper  offer to bank, endorsed  {key}"
    assert "  Issuer  Carrier Ltd (carrier)" in lines
    assert lines[lines.index("Who they are") + 1 :][:3] == [
        "  Carrier Ltd (carrier)",
        "  Shipper Ltd (shipper)",
        "  Bank Ltd (bank)",
    ]
    assert (
        "In control: Bank Ltd (bank), since 2025-11-24T16:00:04Z, as of 2025-11-24T16:00:05Z; the record is held."
        in lines
    )
    assert lines[-1] == NOTICE


def test_json_holds_the_same(bundle, policy, capsys):
    assert verify(bundle, policy, "--json") == exits.DONE
    value = json.loads(capsys.readouterr().out)
    assert (value["verdict"], value["history"]["verdict"], value["control"]["verdict"]) == ("VALID",) * 3
    assert [step["number"] for step in value["steps"]] == list(range(1, 13))
    assert value["events"][2]["action"] == "offer"
    assert value["events"][2]["mode"] == "endorse"
    assert value["events"][2]["time"] == "2025-11-24T16:00:03Z"
    assert value["facts"]["controller"] == "bank"
    assert value["facts"]["controller_party"] == {"alias": "bank", "names": {"en": "Bank Ltd"}, "lei": ""}
    assert value["facts"]["issuer_party"]["names"] == {"en": "Carrier Ltd"}
    assert [party["alias"] for party in value["facts"]["parties"]] == ["carrier", "shipper", "bank"]
    assert value["facts"]["since"] == "2025-11-24T16:00:04Z"
    assert (value["at"], value["warnings"], value["notice"]) == ("2025-11-24T16:05:00Z", [], NOTICE)


def test_a_changed_document_is_invalid_and_what_it_claims_is_called_a_claim(proven, policy, tmp_path, capsys):
    document = replace(proven.bundle.document, original=proven.bundle.document.original.replace(b"8400.5", b"8401.5"))
    path = tmp_path / "tampered.lading"
    path.write_bytes(replace(proven.bundle, document=document).encode())
    assert verify(str(path), policy) == exits.REFUSED
    out = capsys.readouterr().out
    assert out.startswith("INVALID  history   step 10: the document was changed: /cargo/0/weight is not what")
    assert "\nUNKNOWN  control   it rests on the history, which is INVALID\n" in out
    assert "\nChain of title as the file claims it; the history is INVALID\n" in out
    assert "\nIn control: not shown, since the history is INVALID.\n" in out
    assert " is not what was committed [document.changed]\n" in out
    assert "verify.not_reached" not in out


def test_an_old_bundle_is_unknown_and_says_who_was_in_control_then(bundle, policy, capsys):
    assert run([bundle, "--policy", policy, "--at", "2025-12-24"]) == exits.UNKNOWN
    out = capsys.readouterr().out
    assert "UNKNOWN  control   step 12: bank was in control at 2025-11-24T16:00:05Z, 29 days ago" in out
    assert "In control then: Bank Ltd (bank), since 2025-11-24T16:00:04Z, as of 2025-11-24T16:00:05Z; the" in out
    assert "; the record is held. Now: UNKNOWN.\n" in out
    assert run([bundle, "--policy", policy, "--at", "2025-12-24", "--max-age", "30d"]) == exits.DONE


def test_a_policy_that_asks_for_more_is_unknown(bundle, proven, tmp_path, capsys):
    text = proven.trade.policy.format().replace(b"group members 3", b"group members all")
    (tmp_path / "all.txt").write_bytes(text)
    assert verify(bundle, str(tmp_path / "all.txt")) == exits.UNKNOWN
    assert "missing: buyer.example/replay" in capsys.readouterr().out


def test_no_witness_and_a_weak_policy_are_warned_of(bundle, proven, tmp_path, capsys):
    log = str(proven.trade.policy.logs[0].key)
    (tmp_path / "none.txt").write_text(f"log {log}\nquorum none\n")
    assert verify(bundle, str(tmp_path / "none.txt")) == exits.DONE
    assert "\nwarning  no independent witness\n" in capsys.readouterr().out
    weak = proven.trade.policy.format().replace(b"group members 3", b"group members 2")
    (tmp_path / "weak.txt").write_bytes(weak)
    assert verify(bundle, str(tmp_path / "weak.txt"), "--json") == exits.DONE
    (warning,) = json.loads(capsys.readouterr().out)["warnings"]
    assert warning.startswith("your policy is weak: two sets of witnesses can satisfy the quorum and share only 0 of 4")


@pytest.mark.parametrize("content", [None, b"", b"not a policy\n", b"\xff\xfe\n", b"x" * 40_000], ids=str)
def test_a_policy_that_cannot_be_read_is_wrong_usage(bundle, tmp_path, capsys, content):
    path = tmp_path / "bad.txt"
    if content is not None:
        path.write_bytes(content)
    assert verify(bundle, str(path)) == exits.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error[usage.file_unreadable]: " if content is None else "error[policy.malformed]: ")


@pytest.mark.parametrize("name", ["nowhere.lading", ".", "a\0b"])
def test_a_bundle_that_cannot_be_read_is_wrong_usage(policy, tmp_path, capsys, name):
    assert verify(str(tmp_path / name), policy) == exits.USAGE
    assert "error[usage.file_unreadable]: cannot read " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--max-age", "10", "usage.bad_duration"),
        ("--max-age", "10w", "usage.bad_duration"),
        ("--max-age", "", "usage.bad_duration"),
        ("--at", "yesterday", "time.malformed"),
    ],
)
def test_a_bad_option_is_wrong_usage(bundle, policy, capsys, option, value, code):
    assert run([bundle, "--policy", policy, option, value]) == exits.USAGE
    assert capsys.readouterr().err.startswith(f"error[{code}]: ")


@pytest.mark.parametrize("options", [["--max-age", "-5m"], ["--limit", "much"], ["--unknown"], ["--pol", "x"]])
def test_what_argparse_refuses_is_wrong_usage(bundle, policy, capsys, options):
    with pytest.raises(SystemExit) as end:
        run([bundle, "--policy", policy, *options])
    assert end.value.code == exits.USAGE
    assert capsys.readouterr().err.startswith("usage: lading-verify")


def test_a_missing_policy_is_wrong_usage(bundle, capsys):
    with pytest.raises(SystemExit) as end:
        run([bundle])
    assert end.value.code == exits.USAGE
    assert "--policy" in capsys.readouterr().err


def test_an_error_is_json_under_json(bundle, tmp_path, capsys):
    assert verify(bundle, str(tmp_path / "none"), "--json") == exits.USAGE
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "usage.file_unreadable"


def test_it_is_also_a_command_of_lading(bundle, policy, capsys):
    assert main(["verify", bundle, "--policy", policy, "--at", AT]) == exits.DONE
    assert capsys.readouterr().out.startswith("VALID    history")


@pytest.mark.parametrize(
    ("start", "name"), [(run, "lading-verify"), (lambda words: main(["verify", *words]), "lading verify")]
)
def test_the_help_names_it_by_what_it_was_called(capsys, start, name):
    with pytest.raises(SystemExit) if start is run else nullcontext():
        start(["--help"])
    assert capsys.readouterr().out.startswith(f"usage: {name} [-h]")


def test_every_option_is_explained():
    text = parser().format_help()
    for option in ("--policy", "--max-age", "--at", "--json", "--limit", "Exit status"):
        assert option in text


def test_a_party_is_shown_with_its_legal_name_and_lei():
    party = {"alias": "jadewind", "names": {"zh": "玉风", "en": "Jadewind Line"}, "lei": "FICT00JADEWINDLINE75"}
    assert _full(party) == "Jadewind Line (jadewind), LEI FICT00JADEWINDLINE75"
    assert _full({**party, "names": {"zh": "玉风"}, "lei": ""}) == "玉风 (jadewind)"
    assert _full({**party, "names": {}, "lei": ""}) == "jadewind"


# Files that are no bundles


def hostile_files() -> dict[str, bytes]:
    random = Random(3)
    return {
        "0 bytes": b"",
        "random bytes": random.randbytes(50_000),
        "nested 10,000 deep": b"[" * 10_000 + b"]" * 10_000,
        "objects nested 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        "a string without an end": b'"' + b'\\"' * 500_000,
        "brackets without an end": b"[]" * 2_000_000,
        "a million values": b"[" + b"0," * 1_500_000 + b"0]",
        "numbers of a million digits": b"[" + b"9" * 1_000_000 + b"]",
        "an empty object": b"{}",
        "another format": b'{"format":"lading/bundle@2"}',
        "nothing but the format": b'{"format":"lading/bundle@1"}',
        "NUL bytes": bytes(1_000_000),
    }


@pytest.mark.parametrize("name", hostile_files())
def test_a_hostile_file_is_unknown(policy, tmp_path, capsys, name):
    path = tmp_path / "hostile"
    path.write_bytes(hostile_files()[name])
    assert verify(str(path), policy) == exits.UNKNOWN
    out, err = capsys.readouterr()
    assert out.startswith("UNKNOWN  history   step 1: ")
    assert err == ""


def test_a_file_of_100_mb_is_unknown_and_not_read_to_its_end(policy, tmp_path, capsys):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert verify(str(path), policy) == exits.UNKNOWN
    out = capsys.readouterr().out
    assert "the file has 100,000,000 bytes, and at most 67,108,864 are read [json.too_large]\n" in out
    assert "hint: if it is the right file, read it with a higher --limit\n" in out
    assert verify(str(path), policy, "--limit", "1") == exits.UNKNOWN
    assert "the file has 100,000,000 bytes, and at most 1,048,576 are read" in capsys.readouterr().out


def test_standard_input_above_the_limit_has_no_known_size(policy, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(bytes(1_048_577))))
    assert verify("-", policy, "--limit", "1") == exits.UNKNOWN
    assert "the file has more than 1,048,576 bytes, and at most 1,048,576 are read" in capsys.readouterr().out


def test_an_empty_file_and_a_policy_that_is_empty_or_too_large_are_called_so(bundle, policy, tmp_path, capsys):
    path = tmp_path / "empty"
    path.write_bytes(b"")
    assert verify(str(path), policy) == exits.UNKNOWN
    assert "step 1: the file is empty\n" in capsys.readouterr().out
    assert verify(bundle, str(path)) == exits.USAGE
    assert capsys.readouterr().err.startswith("error[policy.malformed]: the policy is empty\n")
    path.write_bytes(b"#" * 40_000)
    assert verify(bundle, str(path)) == exits.USAGE
    message = f"error[policy.malformed]: the policy has 40,000 bytes, and at most {MAX_POLICY:,} are read\n"
    assert capsys.readouterr().err.startswith(message)


def test_an_age_is_told_in_the_unit_that_fits(bundle, policy, capsys):
    for at, age, said in (("16:00:06Z", "0s", "1 second ago"), ("16:00:45Z", "1s", "40 seconds ago"),
                          ("16:05:05Z", "1s", "5 minutes ago"), ("20:00:05Z", "1s", "4 hours ago")):  # fmt: skip
        assert run([bundle, "--policy", policy, "--at", f"2025-11-24T{at}", "--max-age", age]) == exits.UNKNOWN
        assert f"2025-11-24T16:00:05Z, {said}; later acts" in capsys.readouterr().out


def test_a_truncated_bundle_is_unknown_wherever_it_is_cut(proven, policy, tmp_path, capsys):
    data, path = proven.bundle.encode(), tmp_path / "cut.lading"
    for size in [*range(120), *range(120, len(data), 97), *range(len(data) - 40, len(data))]:
        path.write_bytes(data[:size])
        assert verify(str(path), policy) == exits.UNKNOWN, size
    assert capsys.readouterr().err == ""


def test_random_changes_never_make_a_traceback_or_a_pass(proven, policy, tmp_path, capsys):
    data, path, random = proven.bundle.encode(), tmp_path / "changed.lading", Random(8)
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(random.choice([1, 2, 50])):
            changed[random.randrange(len(data))] ^= random.randrange(1, 256)
        path.write_bytes(changed)
        at = [at for at, byte in enumerate(data) if changed[at] != byte]
        assert verify(str(path), policy) in (exits.REFUSED, exits.UNKNOWN), at
    assert capsys.readouterr().err == ""


def test_standard_input_is_read(proven, policy, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(proven.bundle.encode())))
    assert verify("-", policy) == exits.DONE
    assert capsys.readouterr().out.startswith("VALID")


# The terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_alone(bundle, policy, monkeypatch):
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        screen = Terminal()
        with monkeypatch.context() as patch:
            patch.delenv("NO_COLOR", raising=False)
            patch.setenv("TERM", "xterm")
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdout", screen)
            assert verify(bundle, policy) == exits.DONE
        assert ("\x1b[32mVALID" in screen.getvalue()) is coloured


def test_a_hostile_name_cannot_move_the_cursor(proven, policy, tmp_path, capsys):
    text = proven.bundle.genesis.replace(b"ledger.example/test", b"ledger.example/\xc2\x9b2Jx")
    path = tmp_path / "hostile.lading"
    path.write_bytes(replace(proven.bundle, genesis=text).encode())
    assert verify(str(path), policy) == exits.UNKNOWN
    out = capsys.readouterr().out
    assert "\x9b" not in out


def script(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    code = "import sys; from cli.verify import run; sys.exit(run())"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        check=False,
        **options,  # type: ignore[call-overload]
    )


def test_the_console_script_reads_a_pipe_and_ends_with_the_status(proven, policy):
    done = script("-", "--policy", policy, "--at", AT, input=proven.bundle.encode())
    assert (done.returncode, done.stderr) == (exits.DONE, b"")
    assert done.stdout.startswith(b"VALID    history")
    assert script("-", "--policy", policy, input=b"nothing").returncode == exits.UNKNOWN


def test_a_closed_output_is_no_fault(proven, policy, tmp_path):
    path = tmp_path / "bill.lading"
    path.write_bytes(proven.bundle.encode())
    code = "import sys; from cli.verify import run; sys.stdout.close(); sys.exit(run(sys.argv[1:]))"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", code.replace("sys.stdout.close(); ", ""), str(path), "--policy", policy],
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (exits.BROKEN_PIPE, b"")


def test_a_fault_of_ours_does_not_end_with_the_status_that_means_invalid(bundle, policy, monkeypatch, capsys):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("cli.verify.verify", broken)
    assert verify(bundle, policy) == exits.INTERNAL
    assert capsys.readouterr().err == "error[internal]: RuntimeError: broken\n"


def test_what_is_heavy_is_not_imported():
    """A cold start takes milliseconds: libraries of the node, and modules that take long, stay out."""
    code = "import sys, cli.verify; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {"asyncio", "contracts", "logging", "nodes", "pydantic", "rich", "socket", "sqlalchemy", "sqlite3", "ssl",
             "tempfile", "typer", "unittest", "yaml"}  # fmt: skip
    assert heavy.isdisjoint(loaded.stdout.split())
