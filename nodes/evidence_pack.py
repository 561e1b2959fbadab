"""The evidence for a ledger's reliability: one signed file that anybody makes again and finds the same.

    {"attestation":{"algorithm":1,"key":"<hex>","member":"<hex>","signature":"<hex>"},
     "format":"lading/evidence@1",
     "pack":{"at":"2026-03-01T13:00:00Z","audit":{…},"checks":[…],"controls":[…],"dependencies":[…],"figures":[…],
             "ledger":{…},"members":[…],"policy":{…},"properties":[…],"rulebook":{…},"standards":[…],"tables":[…]}}

Canonical JSON (RFC 8785). The signature is a member's, over `SIGN_ATTESTATION || "evidence" || 0x00 || pack`. All of
a pack follows from one state of the ledger (`nodes.evidence_state`), the home, the installed software and the time
that it is made for, which is that of the state's last commit unless a later one is given: the same inputs give the
same bytes. What tests show comes with
lading as data, since an installed node has no tests; it names the rule tables under which the tests were run.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.resources import files
from typing import Any, Final

from contracts.checker.check import check_table
from contracts.table import RuleTable
from ledger.errors import ContradictionError, InputError, UnavailableError, UsageError
from ledger.hashing import SIGN_ATTESTATION
from ledger.signature import ED25519, verify
from ledger.strict_json import canonicalise, parse
from ledger.times import iso
from nodes.audit_home import HomeAudit
from nodes.evidence_controls import CONTROLS, STANDARDS, Control
from nodes.home import Home
from nodes.keystore import KeyName, MemoryKeyStore
from nodes.reader import LedgerReader

__all__ = [
    "FORMAT",
    "MAX_PACK",
    "EvidenceFalse",
    "NotEvidence",
    "StatesMixed",
    "TimeOfAnotherState",
    "checked",
    "make_pack",
    "read_pack",
    "reliability",
    "sign_pack",
]

FORMAT: Final = "lading/evidence@1"
MAX_PACK: Final = 16 * 1024 * 1024
_DOMAIN: Final = SIGN_ATTESTATION + b"evidence\x00"
_SHAPE: Final = {
    "at": str, "audit": dict, "checks": list, "controls": list, "dependencies": list, "figures": list, "ledger": dict,
    "members": list, "policy": dict, "properties": list, "rulebook": dict, "standards": list, "tables": list,
    "tested": dict,
}  # fmt: skip
"""The parts of a pack."""
_UNMET: Final = "not shown yet"

Json = dict[str, Any]


class NotEvidence(InputError):
    """Not a pack of evidence, or not in its canonical form."""

    code = "evidence.malformed"
    hint = "make the pack anew: `lading evidence --out FILE`"


class EvidenceFalse(ContradictionError):
    """A pack says of itself what is not so."""

    code = "evidence.false"
    hint = "the pack was changed after it was signed, or signed by another key; ask for it again"


class StatesMixed(UnavailableError):
    """The audit is of another state of the ledger than what is read beside it."""

    code = "evidence.states_mixed"
    hint = "somebody committed meanwhile; run the command again"


class TimeOfAnotherState(UsageError):
    """A pack shows the ledger as it is, and the time that it is to be made for is not a time of that state."""

    code = "evidence.time_of_another_state"
    hint = "leave --at out, or give a time from the last commit to now; what was earlier, `lading list --as-of` shows"


def reliability() -> Json:
    """What tests and measurements showed of this version of lading, as it was shipped."""
    read: Json = json.loads((files("nodes") / "texts" / "reliability.json").read_text(encoding="utf-8"))
    return read


def make_pack(
    home: Home,
    reader: LedgerReader,
    audit: HomeAudit,
    *,
    at: int | None = None,
    progress: Callable[[str], None] = lambda kind: None,
) -> Json:
    """The pack, unsigned, of the one state that `reader` reads and `audit` audited (`nodes.evidence_state.one_state`).

    `at` is the time for which it is made (Unix milliseconds), the last commit's if not given. `progress` is told the
    kind of each table that is checked, since that takes a while for one that is not shipped. Raises `StatesMixed`, and
    `TimeOfAnotherState` for a time before the last commit.
    """
    head = reader.head
    if at is not None and at < head.time:
        raise TimeOfAnotherState(f"the ledger's last commit is of {iso(head.time)}, after {iso(at)}", value=iso(at))
    if audit.clean and audit.ledger.entries != head.size:
        raise StatesMixed(f"the audit is of {audit.ledger.entries:,} entries, the ledger has {head.size:,}")
    shown = reliability()
    properties = shown["properties"]
    tables = [reader.rules.tables[key] for key in sorted(reader.rules.tables)]
    parts: Json = {
        "at": iso(head.time if at is None else at),
        "audit": {key: value for key, value in audit.as_dict().items() if key != "home_folder"},
        "checks": [_check(table, shown, progress) for table in tables],
        "dependencies": _dependencies(),
        "figures": shown["figures"],
        "ledger": _ledger(reader),
        "members": [_member(record) for _, record in sorted(reader.members().items())],
        "policy": _policy(home),
        "properties": properties,
        "rulebook": _rulebook(reader),
        "standards": [{"specification": name, "for": use} for name, use in STANDARDS],
        "tables": [_table(table, reader, shown) for table in tables],
        "tested": {"lading": shown["lading"], "tables": shown["tables"]},
    }
    parts["controls"] = [_control(control, parts) for control in CONTROLS]
    return parts


def sign_pack(pack: Json, member: bytes, keys: MemoryKeyStore) -> bytes:
    """The file: the pack with a member's attestation."""
    message = _DOMAIN + canonicalise(pack)
    attestation: Json = {
        "algorithm": ED25519,
        "key": keys.public_key(KeyName.SIGNING).hex(),
        "member": member.hex(),
        "signature": keys.sign(KeyName.SIGNING, message).hex(),
    }
    return canonicalise({"attestation": attestation, "format": FORMAT, "pack": pack})


def read_pack(data: bytes) -> tuple[Json, Json]:
    """Check a file, and give the pack and the attestation.

    The signature is checked, the key against the member that the pack itself shows, and each control against the
    results that the pack holds. Raises `NotEvidence`, `EvidenceFalse` or `ledger.signature.BadSignature`.
    """
    value: Any = parse(data, limit=MAX_PACK)
    if type(value) is not dict or set(value) != {"attestation", "format", "pack"} or value["format"] != FORMAT:
        raise NotEvidence("the file is no pack of evidence")
    if canonicalise(value) != data:
        raise NotEvidence("the file is not in its canonical form")
    pack, attestation = value["pack"], value["attestation"]
    try:
        key, signature = (bytes.fromhex(attestation[name]) for name in ("key", "signature"))
        algorithm, member = attestation["algorithm"], attestation["member"]
        signers = [one for one in pack["members"] if one["id"] == member]
        keys = [entry["public"] for one in signers for entry in one["keys"]]
        again, stated = [_control(control, pack) for control in CONTROLS], pack["controls"]
        shaped = {name: type(part) for name, part in pack.items()} == _SHAPE and all(
            type(one["alias"]) is str for one in signers
        )
        summed = type(pack["ledger"]["id"]) is str and type(pack["audit"]["clean"]) is bool
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise NotEvidence("a part of the pack is missing or malformed") from None
    if not (shaped and summed):
        raise NotEvidence("a part of the pack is missing or malformed")
    verify(algorithm, key, _DOMAIN + canonicalise(pack), signature)
    if attestation["key"] not in keys:
        raise EvidenceFalse("the key that signed is not the member's", value=attestation["key"])
    if again != stated:
        raise EvidenceFalse("the controls are not what the results in the pack make of them")
    return pack, attestation


def _ledger(reader: LedgerReader) -> Json:
    genesis, head = reader.genesis, reader.head
    stored = reader.store.checkpoint()
    return {
        "id": genesis.id.hex(),
        "origin": genesis.origin,
        "created": iso(genesis.created),
        "height": head.height,
        "time": iso(head.time),
        "state_root": head.state_root.hex(),
        "checkpoint": None if stored is None else {"body": stored.body, "signatures": list(stored.lines)},
        "governors": [governor.hex() for governor in reader.rules.governors],
        "parameters": dict(sorted(reader.rules.parameters.items())),
    }


def _member(record: Any) -> Json:
    fields = record.fields
    return {
        "id": record.id.hex(),
        "alias": fields["alias"],
        "names": fields["names"],
        "lei": fields["lei"],
        "registration": fields["registration"],
        "status": record.status,
        "roles": fields["roles"],
        "keys": [
            {"algorithm": entry[0], "public": entry[1].hex(), "from": iso(entry[2]),
             "until": None if entry[3] is None else iso(entry[3])}
            for entry in fields["keys"]
        ],
    }  # fmt: skip


def _policy(home: Home) -> Json:
    text = home.read_policy()
    return {"sha256": sha256(text.encode()).hexdigest(), "text": text}


def _rulebook(reader: LedgerReader) -> Json:
    text = (files("nodes") / "texts" / "rulebook.md").read_bytes()
    wanted = reader.rules.parameters.get("rulebook", "")
    return {"sha256": wanted, "shipped": sha256(text).hexdigest() == wanted}


def _table(table: RuleTable, reader: LedgerReader, shown: Json) -> Json:
    return {
        "kind": table.kind,
        "version": table.version,
        "title": table.title,
        "sha256": table.hash.hex(),
        "since_height": reader.rules.effective.get((table.kind, table.version), 0),
        "in_force": reader.rules.current.get(table.kind) == table.version,
        "tested": shown["tables"].get(table.kind) == table.hash.hex(),
    }


def _check(table: RuleTable, shown: Json, progress: Callable[[str], None]) -> Json:
    """What the model checker finds: as it was shipped for this very table, else found now."""
    kept: Json | None = shown["checks"].get(table.hash.hex())
    if kept is not None:
        return {"kind": table.kind, "version": table.version, **kept}
    progress(table.kind)
    return {"kind": table.kind, "version": table.version, **checked(table)}


def checked(table: RuleTable) -> Json:
    """The checker's result on a table, as a pack shows it."""
    result = check_table(table)
    return {
        "table": table.hash.hex(),
        "checker": result.checker,
        "result": result.result_hash.hex(),
        "states": result.states,
        "transitions": result.transitions,
        "proved": result.proved,
        "invariants": {verdict.name: verdict.proved for verdict in result.invariants},
    }


def _control(control: Control, parts: Mapping[str, Any]) -> Json:
    """One control: what shows it, and what is for the organisation. Nothing is ever called answered."""
    results = {entry["id"]: entry for entry in parts["properties"]}
    properties = [
        {"id": name, "title": results[name]["title"], "shown": results[name]["shown"],
         "tests": [row["test"] for row in results[name]["tests"]], "missing": results[name]["missing"]}
        for name in control.properties
    ]  # fmt: skip
    found = {str(entry["shown"]) for entry in properties} | {_of_part(name, parts) for name in control.parts}
    return {
        "number": control.number,
        "articles": control.articles,
        "asks": control.asks,
        "system": _word(found),
        "properties": properties,
        "parts": list(control.parts),
        "organisation": list(control.organisation),
    }


def _of_part(name: str, parts: Mapping[str, Any]) -> str:
    """What a part of the pack says by itself: an audit that found something, or a check that failed, shows nothing.

    Tests were run under the shipped tables; where another is in force for one of those kinds, they show a part.
    """
    if name == "audit":
        return "whole" if parts["audit"]["clean"] else "failed"
    if name == "tables":
        others = [one for one in parts["tables"] if one["in_force"] and not one["tested"]]
        return "part" if {one["kind"] for one in others} & parts["tested"]["tables"].keys() else "whole"
    if name == "checks":
        return "whole" if all(check["proved"] for check in parts["checks"]) else "failed"
    return "whole" if parts[name] else "not yet"


def _word(found: Iterable[str]) -> str:
    """What the system shows of a control, by the weakest of what shows it."""
    for worst, word in (("failed", "contradicted"), ("not yet", _UNMET), ("part", "shown in part")):
        if worst in found:
            return word
    return "shown"


def _dependencies() -> list[Json]:
    """Python, SQLite and each installed distribution that a node needs: version, and a hash over its files' hashes."""
    rows: list[Json] = [
        {"name": "Python", "version": ".".join(map(str, sys.version_info[:3])), "sha256": None},
        {"name": "SQLite", "version": sqlite3.sqlite_version, "sha256": None},
    ]
    wanted, seen = ["lading"], set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        rows.append({"name": name, "version": found.version, "sha256": _hash_of(found)})
        wanted += [_name(need) for need in found.requires or () if _counts(need, name)]
    return rows[:2] + sorted(rows[2:], key=lambda row: str(row["name"]))


def _name(requirement: str) -> str:
    end = next((at for at, mark in enumerate(requirement) if mark in " <>=!~;[("), len(requirement))
    return requirement[:end].strip().lower().replace("_", "-")


def _counts(requirement: str, of: str) -> bool:
    """Whether a requirement is one of a node: not one of an extra that a node does not have."""
    _, _, marker = requirement.partition(";")
    return "extra" not in marker or (of == "lading" and '"node"' in marker.replace("'", '"'))


def _hash_of(found: Distribution) -> str:
    """SHA-256 over the hashes that the distribution's own list has of its files, in order."""
    listed = (found.read_text("RECORD") or "").splitlines()
    return sha256("\n".join(sorted(line for line in listed if ",sha256=" in line)).encode()).hexdigest()
