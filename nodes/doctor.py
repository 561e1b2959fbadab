"""Doctor: is this installation, this home and its ledger in order? Each check says what it found.

    ok       python 3.11.2
    note     buyer has not cosigned the newest checkpoint
    unknown  the ledger cannot be reached: …
    damaged  keys.lading …

`note` is worth knowing and harms nothing; `unknown` could not be checked or needs somebody's hand; `damaged` is a
thing that was stored and is not what it was. Nothing is mended, and no secret is opened.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from contracts.parameters import PARAMETERS
from contracts.voted import VOCABULARY, in_force
from ledger.errors import DamagedError, LadingError
from ledger.policy import Policy
from ledger.quorum import weaknesses
from ledger.times import iso
from nodes.access import open_for_reading
from nodes.cosigning import quorum_of
from nodes.enrolment import announcements
from nodes.expiring import expiring
from nodes.files import is_temporary
from nodes.governing import own_record
from nodes.home import Home
from nodes.policies import policy_of
from nodes.reader import LedgerReader

__all__ = ["OUR_NAMES", "Check", "examine", "owners_of_our_names"]

OUR_NAMES: Final = ("ledger", "contracts", "nodes", "api", "cli")
"""Our top-level packages, whose names other distributions use too."""
_OURS: Final = "lading"
_LIBRARIES: Final = ("PyNaCl", "msgpack", "rfc8785", "SQLAlchemy", "typer", "rich", "pydantic", "lxml", "PyYAML")
_OLDEST: Final = (3, 11)
_BACKWARD: Final = 5_000
"""By how many milliseconds the clock may be behind the last commit (`nodes.engines.solo`)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, its status (ok, note, unknown, damaged), and what was found."""

    name: str
    status: str
    found: str


def examine(home: Home | None, now: int) -> list[Check]:
    """All checks, in order; those of the home and its ledger where there is a home. `now` is in Unix milliseconds."""
    checks = [*_installation()]
    if home is None:
        return [*checks, Check("home", "note", "there is no home here")]
    checks += _home(home)
    try:
        with open_for_reading(home) as reader:
            checks += _ledger(home, reader, now)
    except LadingError as exc:
        checks.append(Check("ledger", _status(exc), exc.message))
    return checks


def owners_of_our_names(packages: Mapping[str, Sequence[str]] | None = None) -> dict[str, list[str]]:
    """Other distributions that own one of our top-level names, by name."""
    known = metadata.packages_distributions() if packages is None else packages
    found = {name: sorted(set(known.get(name, ())) - {_OURS}) for name in OUR_NAMES}
    return {name: owners for name, owners in found.items() if owners}


def _installation() -> Iterator[Check]:
    version = platform.python_version()
    new_enough = sys.version_info[:2] >= _OLDEST
    yield Check("python", "ok" if new_enough else "unknown", version if new_enough else f"{version} is too old")
    versions = {name: _version(name) for name in (_OURS, *_LIBRARIES)}
    missing = [name for name, found in versions.items() if found is None]
    listed = ", ".join(f"{name} {found}" for name, found in versions.items() if found)
    yield Check("libraries", "ok", listed)
    if missing:
        yield Check("libraries", "note", f"not installed: {', '.join(missing)}")
    others = owners_of_our_names()
    for name, owners in others.items():
        yield Check("names", "unknown", f"the package {name} belongs to {', '.join(owners)} too: install lading alone")
    if not others:
        yield Check("names", "ok", f"{', '.join(OUR_NAMES)} are ours alone")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _home(home: Home) -> Iterator[Check]:
    settings = home.settings
    who = "the operator's" if settings.operator else "a member's" if settings.member else "an auditor's"
    yield Check("home", "ok", f"{home.folder}, {who}")
    open_ones = [path for path in (home.keys_path, home.vault_path) if path.exists() and _others_read(path)]
    for path in open_ones:
        yield Check("rights", "unknown", f"others on this machine can read {path}: `chmod go= {path}`")
    if not open_ones:
        yield Check("rights", "ok", "keys and vault belong to their owner alone")
    left = sum(1 for path in home.folder.rglob(".*") if is_temporary(path))
    if left:
        yield Check("leftovers", "note", f"{left} half-written files of a command that ended early; nothing reads them")
    yield from _readable("genesis", home.read_genesis)
    yield from _readable("policy", lambda: Policy.parse(home.read_policy().encode("utf-8")))


def _others_read(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def _readable(name: str, read: Callable[[], object]) -> Iterator[Check]:
    try:
        read()
    except LadingError as exc:
        yield Check(name, _status(exc), exc.message)
    else:
        yield Check(name, "ok", "as it was pinned")


def _ledger(home: Home, reader: LedgerReader, now: int) -> Iterator[Check]:
    head, genesis = reader.head, reader.genesis
    yield Check("ledger", "ok", f"{genesis.origin}, {head.size:,} entries, height {head.height:,}, {iso(head.time)}")
    yield from _governance(reader)
    behind = head.time - now
    if behind > _BACKWARD:
        yield Check("clock", "unknown", f"it says {iso(now)}, the last commit is of {iso(head.time)}: set it right")
    else:
        yield Check("clock", "ok", f"{iso(now)}, not before the last commit")
    yield from _member(home, reader, now)
    yield from _quorum(home, reader, head.size)


def _governance(reader: LedgerReader) -> Iterator[Check]:
    """The parameters in force, and what was voted and is coming."""
    height, own = reader.head.height, own_record(reader)
    parameters = {name: in_force(own.parameters.get(name, ()), height) or known.default
                  for name, known in PARAMETERS.items()}  # fmt: skip
    yield Check("parameters", "ok", ", ".join(f"{name} = {value}" for name, value in parameters.items() if value))
    coming = sorted({since for since in own.changes() if since > height})
    if coming:
        yield Check("governance", "note", f"something that was voted takes effect from height {coming[0]:,} on")
    later = [since for since, value in own.parameters.get("vocabulary", ()) if int(value) > VOCABULARY]
    if later:
        what = f"from height {later[0]:,} on the ledger needs a newer version of lading; install it before"
        yield Check("vocabulary", "unknown", what)


def _member(home: Home, reader: LedgerReader, now: int) -> Iterator[Check]:
    """What the home's own member must know of its record, and of documents that it holds or issued."""
    record = None if home.settings.member is None else reader.find(home.settings.member)
    if record is None:
        return
    for said in announcements(record, now):
        yield Check("member", "note", said)
    for said in expiring(reader, record.id, now):
        yield Check("document", "note", said)


def _quorum(home: Home, reader: LedgerReader, size: int) -> Iterator[Check]:
    text = policy_of(home, reader)
    for weakness in weaknesses(Policy.parse(text.encode("utf-8"))):
        yield Check("policy", "note", weakness)
    stored = reader.store.checkpoint()
    if stored is None:
        yield Check("checkpoint", "note", "the operator has signed none yet")
        return
    quorum = quorum_of(stored, text)
    after = size - stored.size
    waiting = f"; {after:,} entries came after it: the operator's next command signs them" if after else ""
    yield Check("checkpoint", "note" if after else "ok", f"{stored.size:,} entries{waiting}")
    yield Check("quorum", "ok" if quorum.holds else "note", str(quorum))
    for witness in quorum.missing:
        yield Check("cosigner", "note", f"{witness.name} ({witness.key.name}) has not cosigned the newest checkpoint")


def _status(error: LadingError) -> str:
    return "damaged" if isinstance(error, DamagedError) else "unknown"
