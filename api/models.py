"""The forms of answers, for the OpenAPI document. Tests hold every answer against them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Accepted", "Act", "History", "Party", "Pending", "Problem", "Record", "Report", "Status", "Step", "Verdict"]

_HEX = "[0-9a-f]{64}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _hex(about: str) -> Any:
    return Field(pattern=f"^{_HEX}$", description=about)


def _time(about: str) -> Any:
    return Field(pattern=f"^{_TIME}$", description=about)


class Party(_Model):
    """A party: its id, and its alias where it is a member of this ledger."""

    id: str = _hex("32 bytes in hexadecimal")
    alias: str | None


class Pending(_Model):
    """An offer that waits for its recipient."""

    party: Party
    mode: str = Field(description="endorse, blank or possession")
    until: str | None = Field(description="the time until which it can be accepted, ISO 8601")
    purpose: str


class Record(_Model):
    """A record as the ledger's state holds it."""

    id: str = _hex("the record's id")
    kind: str
    version: int = Field(description="of the rule table under which it was issued")
    status: str
    sequence: int = Field(ge=1, description="counts the actions on it")
    head: str = _hex("the hash of the entry that set the sequence; the next transaction names both")
    entry: int = Field(ge=0, description="the index of that entry in the log")
    since: str = _time("when the controller last changed")
    issuer: Party
    controller: Party | None = Field(description="who exercises the record; null once it is dead")
    beneficiary: Party | None
    order_party: Party | None
    nominee: Party | None
    pending: Pending | None
    pledgee: Party | None
    hold: Party | None
    locked_until: str | None
    document: str | None = Field(description="the commitment of the document")
    replaces: list[str]
    replaced_by: list[str]
    fields: dict[str, Any] = Field(description="what the rule table declares")


class Act(_Model):
    """One act: an entry of the log, and who signed it."""

    entry: int = Field(ge=0)
    time: str = _time("the ledger time of its commit")
    transaction: str = _hex("the transaction's id")
    action: str
    version: int
    actor: Party
    represented: Party | None
    keys: list[str] = Field(description="the public keys that signed it")
    arguments: dict[str, Any] = Field(description="byte strings in hexadecimal, times in ISO 8601")


class History(_Model):
    """Every act on a record, from the first."""

    record: str = _hex("the record's id")
    acts: list[Act]


class Accepted(_Model):
    """What became of a transaction that is in the log."""

    index: int = Field(ge=0, description="of its entry in the log")
    height: int = Field(ge=1)
    time: str = _time("the ledger time of its commit")
    transaction: str = _hex("the transaction's id")
    record: str = _hex("the record that it changed")
    repeated: bool = Field(description="whether it was in the log before, so that nothing was done now")


class Status(_Model):
    """Where the ledger stands."""

    ledger: str = _hex("the ledger's id: SHA-256 of its genesis")
    origin: str
    height: int = Field(ge=0)
    size: int = Field(ge=1, description="entries in the log")
    time: str = _time("of the newest commit")
    checkpoint: int | None = Field(description="the size of the newest signed checkpoint")
    signs: bool = Field(description="whether this node signs checkpoints after commits")


class Verdict(_Model):
    """VALID, UNKNOWN or INVALID, and why."""

    verdict: Literal["VALID", "UNKNOWN", "INVALID"]
    reason: str


class Step(_Model):
    """One numbered step of a verification."""

    number: int = Field(ge=1, le=12)
    title: str
    verdict: Literal["VALID", "UNKNOWN", "INVALID"]
    detail: str
    code: str
    hint: str


class Report(_Model):
    """What a verification found; `verdict` is the worse of the two."""

    verdict: Literal["VALID", "UNKNOWN", "INVALID"]
    history: Verdict
    control: Verdict
    steps: list[Step]
    events: list[dict[str, Any]]
    facts: dict[str, Any]


class Problem(BaseModel):
    """What went wrong (RFC 9457). `code` never changes; `docs/errors.md` lists them."""

    model_config = ConfigDict(extra="allow")

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    code: str
    value: str
    hint: str
    winner: Act | None = Field(default=None, description="the entry that won, where another one was stale")
