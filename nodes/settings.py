"""`home.json`: whose home a folder is, and where its ledger is.

    {
      "format": "lading/home@1",
      "ledger": "../carrier",
      "ledger_id": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      "member": "41b6e6c1f0a3b0a5c2b1e7d8c9fa0b1c2d3e4f5061728394a5b6c7d8e9f00112",
      "name": "buyer",
      "operator": false
    }

The one file of a home that a person may edit, so white space and the order of members are free.
`ledger` is the path of the operator's home, relative to this one ("." in its own; absolute where
there is no relative path), so that folders can be moved together, or an http(s) URL. `ledger`,
`ledger_id` and `member` are null while they are not known; `member` stays null for an auditor. It
holds no secret.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ledger.errors import InputError, UsageError
from ledger.strict_json import parse

__all__ = [
    "HOME_FORMAT",
    "MAX_SETTINGS",
    "BadHome",
    "HomeNewer",
    "Settings",
    "is_url",
    "location_from",
    "real_path",
]

HOME_FORMAT: Final = "lading/home@1"
MAX_SETTINGS: Final = 65_536
"""Largest `home.json`, in bytes."""
_FORMAT_FAMILY: Final = "lading/home@"
_MEMBERS: Final = frozenset({"format", "ledger", "ledger_id", "member", "name", "operator"})
_ID_SIZE: Final = 32
_MAX_NAME: Final = 100
_MAX_LOCATION: Final = 4096


class HomeNewer(UsageError):
    """A newer lading made this home."""

    code = "home.newer_version"
    hint = "install the newer version of lading"


class BadHome(InputError):
    """A name, an id or a location that a home cannot have."""

    code = "home.bad_setting"
    hint = "a name is 1 to 100 printable characters; a location is a folder or an http(s) URL"


@dataclass(frozen=True, slots=True)
class Settings:
    """What `home.json` says. `location` is a URL, or a path as it is written there."""

    name: str
    member: bytes | None = None
    operator: bool = False
    location: str | None = None
    ledger_id: bytes | None = None

    def encode(self) -> bytes:
        """The text of `home.json`."""
        value = {
            "format": HOME_FORMAT,
            "ledger": self.location,
            "ledger_id": self.ledger_id.hex() if self.ledger_id else None,
            "member": self.member.hex() if self.member else None,
            "name": self.name,
            "operator": self.operator,
        }
        return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"

    def check(self) -> None:
        """Raises `BadHome` for what `home.json` must not say."""
        if not 0 < len(self.name) <= _MAX_NAME or not self.name.isprintable():
            raise BadHome("the name of a home is 1 to 100 printable characters", value=self.name)
        for what, value in (("member", self.member), ("ledger", self.ledger_id)):
            if value is not None and len(value) != _ID_SIZE:
                raise BadHome(f"the id of a {what} has {_ID_SIZE} bytes", value=value)
        if self.location is not None:
            _check_location(self.location)

    @classmethod
    def decode(cls, data: bytes) -> Settings:
        """Read `home.json`. Raises `HomeNewer`, or an `InputError` for what is not its form."""
        value = parse(data, limit=MAX_SETTINGS)
        if not isinstance(value, dict):
            raise BadHome("home.json is not an object")
        form = value.get("format")
        if isinstance(form, str) and form.startswith(_FORMAT_FAMILY) and form != HOME_FORMAT:
            raise HomeNewer(f"the home has the format {form}", value=form)
        if form != HOME_FORMAT or set(value) != _MEMBERS:
            raise BadHome(f"home.json has not the members of {HOME_FORMAT}", value=form)
        name, location, operator = value["name"], value["ledger"], value["operator"]
        if not isinstance(name, str) or not isinstance(location, str | None):
            raise BadHome("`name` and `ledger` of home.json are text")
        if not isinstance(operator, bool):
            raise BadHome("`operator` of home.json is true or false", value=operator)
        ids = [_id_from(value[key]) for key in ("member", "ledger_id")]
        settings = cls(name, ids[0], operator, location, ids[1])
        settings.check()
        return settings


def is_url(location: str) -> bool:
    """Whether a location is a URL and not a folder."""
    return location.startswith(("http://", "https://"))


def _check_location(location: str) -> None:
    if not 0 < len(location) <= _MAX_LOCATION or not location.isprintable():
        raise BadHome("the ledger's location is empty, too long, or not printable", value=location)
    if not is_url(location):
        return
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    if not host:
        raise BadHome(f"{location} is no URL of a ledger", value=location)


def location_from(folder: Path, location: Path | str | None) -> str | None:
    """How a location stands in `home.json`: a URL as it is, a folder as seen from the home."""
    if location is None or (isinstance(location, str) and is_url(location)):
        return location
    target = real_path(Path(location))
    try:
        return Path(os.path.relpath(target, folder)).as_posix()
    except ValueError:  # on Windows, two drives have no relative path
        return target.as_posix()


def real_path(path: Path) -> Path:
    """The absolute path without symbolic links. Raises `BadHome` if there is none."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):  # a loop of links, or a character no path has
        raise BadHome(f"{str(path)!r} is no path of a folder", value=str(path)) from None


def _id_from(value: object) -> bytes | None:
    if value is None:
        return None
    try:
        raw = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        raw = b""
    if len(raw) != _ID_SIZE:
        raise BadHome("an id in home.json is not 64 hexadecimal digits", value=value)
    return raw
