"""`lading demo`: plays the main job on real documents, through the commands that a user has.

Every command is printed as a person would type it, and run by the same `main` that the console script calls, in
this process, so that Python starts once. A command that does not end with its expected exit status ends the demo.

With `--json` the story is not told; at its end come its steps, verdicts and periods of control:

    {"folder": "lading-demo", "steps": [{"command": "lading init …", "status": 0}],
     "verdicts": [{"file": "bill-of-lading.lading", "policy": "policy.txt", "verdict": "VALID"}],
     "periods": [{"from": "12:00:00", "party": "Example Line (carrier)", "why": "issued"}], "seconds": 7.1}
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import secrets
import shlex
import shutil
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ledger.errors import LadingError, UsageError

from . import exits
from .context import KEEPING, Session, command
from .demo_story import BILL, CHAPTERS, MEMBERS, Step

if TYPE_CHECKING:
    import typer

    from .output import Screen

__all__ = ["DemoFailed", "FolderTaken", "demo", "register"]

_MARK = "this-is-a-demo"
_VERDICTS = {exits.DONE: "VALID", exits.REFUSED: "INVALID", exits.UNKNOWN: "UNKNOWN"}
_SAMPLES = ("transport-document.json", "commercial-invoice.xml", "certificate-of-origin.json")


class DemoFailed(LadingError):
    """A command of the demo did not end as it must."""

    code = "demo.failed"
    hint = "run the command by hand; it is printed above"


class FolderTaken(UsageError):
    """The folder is there, and was not made by the demo."""

    code = "demo.folder_taken"
    hint = "name another folder: `lading demo --folder DIR`"


def register(app: typer.Typer) -> None:
    """Add the command."""
    import typer

    demo.__annotations__["folder"] = Annotated[
        Path, typer.Option(help="Where to play it; a folder that an earlier demo made is made anew.")
    ]
    command(app, demo, panel=KEEPING, keys=False)


def demo(session: Session, folder: Path = Path("lading-demo")) -> int:
    """Play the main job: issue a bill of lading, move its title, trace it, verify it offline."""
    player = _Player(folder, session.screen)
    started = time.monotonic()
    player.prepare()
    for number, chapter in enumerate(CHAPTERS, 1):
        player.screen.line(f"\n{_bold(f'{number}. {chapter.title}')}")
        for step in chapter.steps:
            player.play(step)
    seconds = time.monotonic() - started
    if session.screen.json:
        session.screen.result(_facts(player, seconds))
    else:
        _summary(player, seconds)
    return exits.DONE


class _Player:
    """Runs the steps, and keeps what the summary tells."""

    def __init__(self, folder: Path, screen: Screen) -> None:
        self.folder = folder
        self.screen = screen
        self.names = {"d": str(folder), "bill": BILL, "bill_id": BILL}
        self.steps: list[tuple[str, int]] = []
        self.verdicts: list[tuple[str, str, int]] = []
        self.legal: dict[str, str] = {}

    def prepare(self) -> None:
        """Make the folder anew, with the documents and a passphrase."""
        if self.folder.exists():
            if not (self.folder / _MARK).is_file():
                raise FolderTaken(f"{self.folder} is there already", value=str(self.folder))
            shutil.rmtree(self.folder)
        documents = self.folder / "documents"
        documents.mkdir(parents=True)
        (self.folder / _MARK).write_text("Made by `lading demo`, which makes it anew.\n", encoding="utf-8")
        for name in _SAMPLES:
            (documents / name).write_bytes((files("nodes") / "demo" / "samples" / name).read_bytes())
        passphrase = self.folder / "passphrase.txt"
        passphrase.touch(mode=0o600)
        passphrase.write_text(secrets.token_urlsafe(18) + "\n", encoding="utf-8")
        os.environ["LADING_PASSPHRASE"] = passphrase.read_text(encoding="utf-8").strip()
        self.screen.line(_prompt(f"export LADING_PASSPHRASE=$(cat {passphrase})"))

    def play(self, step: Step) -> None:
        """Play one step."""
        if step.note:
            self.screen.line(_dim(f"   {step.note}"))
        own = {"members": self.members, "tamper": self.tamper, "strict-policy": self.strict_policy}.get(step.line)
        if own is not None:
            own()
            return
        self.run(step.line.format(**self.names), step.status)
        if step.line.startswith("verify"):
            words = step.line.format(**self.names).split()
            self.verdicts.append((Path(words[1]).name, Path(words[3]).name, step.status))
        if "transport-document" in step.line:
            self.names["bill_id"] = self._record_id()
        if step.line.startswith("init"):
            shutil.copy(self.folder / "carrier" / "policy.txt", self.folder / "policy.txt")

    def run(self, line: str, status: int = exits.DONE, *, quiet: bool = False) -> str:
        """Run one command line, showing it and what it prints."""
        from .main import main

        self.screen.line(_prompt(f"lading {line}"))
        sys.stdout.flush()
        screen = io.StringIO()
        with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
            ended = main(shlex.split(line))
        text = screen.getvalue()
        if not quiet:
            for printed in text.rstrip().splitlines():
                self.screen.line(f"   {printed}")
        self.steps.append((f"lading {line}", ended))
        if ended != status:
            raise DemoFailed(f"exit status {ended} where {status} was due: lading {line}", value=ended)
        if status != exits.DONE:
            self.screen.line(_dim(f"   exit status {status}, as it must be"))
        return text

    def members(self) -> None:
        """Each member makes its home, its keys and its card."""
        parties = json.loads((files("nodes") / "demo" / "parties.json").read_bytes())
        listed: dict[str, Any] = {party["key"]: party for party in parties["members"]}
        for name in MEMBERS:
            party = listed[name]
            self.legal[name] = party["names"]["en"]
            words = ["member", "create", "--home", f"{self.folder}/{name}", "--alias", name]
            for language, text in party["names"].items():
                words += ["--name", f"{language}={text}"]
            words += ["--lei", party["lei"], "--registration", party["registration"]]
            for option, key in (("--role", "roles"), ("--code", "codes")):
                for value in party[key]:
                    words += [option, value]
            words += ["--cosigner-name", f"{name}.example"]
            self.run(shlex.join(words))

    def tamper(self) -> None:
        """Write the final bundle again, with one byte of the document changed."""
        bundle = json.loads((self.folder / "bill-of-lading.lading").read_bytes())
        original = base64.b64decode(bundle["document"]["original"])
        at = original.index(b'"cargoGrossWeight"')
        while not original[at : at + 1].isdigit():
            at += 1
        digit = b"9" if original[at : at + 1] != b"9" else b"8"
        bundle["document"]["original"] = base64.b64encode(original[:at] + digit + original[at + 1 :]).decode()
        from ledger.strict_json import canonicalise

        (self.folder / "tampered.lading").write_bytes(canonicalise(bundle))

    def strict_policy(self) -> None:
        """Write a policy like the ledger's that wants every cosigner."""
        from dataclasses import replace

        from ledger.policy import Policy

        policy = Policy.parse((self.folder / "policy.txt").read_bytes())
        groups = tuple(replace(group, threshold=len(group.members)) for group in policy.groups)
        (self.folder / "policy-all-four.txt").write_bytes(replace(policy, groups=groups).format())

    def periods(self) -> list[tuple[str, str, str]]:
        """Who was in control from when, and why, as `lading trace` tells it."""
        from .main import main

        screen = io.StringIO()
        with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(io.StringIO()):
            main(["trace", self.names["bill_id"], "--home", f"{self.folder}/auditor", "--json"])
        listed = []
        for period in json.loads(screen.getvalue())["periods"]:
            alias = period["party"]["alias"] if period["party"] else ""
            name = self.legal.get(alias, "nobody")
            listed.append((period["from"][11:19], f"{name} ({alias})" if alias else name, period["why"]))
        return listed

    def _record_id(self) -> str:
        """The id of the bill, as those name it who do not have the document."""
        from nodes.access import open_for_reading
        from nodes.home import Home

        with open_for_reading(Home.open(self.folder / "carrier")) as reader:
            return next(record.id.hex()[:12] for record in reader.records() if record.kind == "bill_of_lading")


def _facts(player: _Player, seconds: float) -> dict[str, Any]:
    return {
        "folder": str(player.folder),
        "steps": [{"command": command, "status": status} for command, status in player.steps],
        "verdicts": [
            {"file": file, "policy": policy, "verdict": _VERDICTS[status]} for file, policy, status in player.verdicts
        ],
        "periods": [{"from": start, "party": name, "why": why} for start, name, why in player.periods()],
        "seconds": round(seconds, 1),
    }


def _summary(player: _Player, seconds: float) -> None:
    folder = player.folder
    print(f"\n{_bold('What happened')}")
    print(
        f"   Bill of lading {BILL} was issued by the carrier, passed by endorsement from the shipper through two\n"
        "   banks to the buyer, and was surrendered for the goods. One party at a time was in control of it:\n"
    )
    for start, name, why in player.periods():
        print(f"   {start}  {name:56}{why}")
    print("\n   Each of these verifications needed one file and a policy, and no network:\n")
    for file, policy, status in player.verdicts:
        print(f"   {_VERDICTS[status]:9}{file:25}under {policy}")
    print(f"\n   {len(player.steps)} commands in {seconds:.1f} s.")
    print(f"\n{_bold('To look into')}")
    for name, what in (
        ("bill-of-lading.lading", "the proof of the bill's whole history, to give to anybody"),
        ("policy.txt", "whose signatures count"),
        ("documents/", "the transport document, the invoice and the certificate as they were issued"),
        ("carrier/ledger.db", "the ledger, in the operator's home"),
        ("passphrase.txt", "the passphrase of all homes of this demo"),
    ):
        print(f"   {folder / name!s:40}{what}")
    print(f"\n{_bold('To run again by hand')}")
    executable = os.path.relpath(sys.argv[0]) if Path(sys.argv[0]).name == "lading" else "lading"
    for line in (
        f"verify {folder}/bill-of-lading.lading --policy {folder}/policy.txt",
        f"audit --home {folder}/carrier",
        f"rules show bill_of_lading --home {folder}/auditor",
    ):
        print(f"   {executable} {line}")


def _colour(code: str, text: str) -> str:
    plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    return text if plain else f"\x1b[{code}m{text}\x1b[0m"


def _bold(text: str) -> str:
    return _colour("1", text)


def _dim(text: str) -> str:
    return _colour("2", text)


def _prompt(text: str) -> str:
    return _colour("36", f"$ {text}")
