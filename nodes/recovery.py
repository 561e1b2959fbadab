"""Recovering the keys of a member that has lost them: its new keys, and the file that names them to the governors.

    {"encryption":"<hex>","format":"lading/recovery@1","key":{"algorithm":1,"public":"<hex>"},"member":"<hex>",
     "proof":"<hex>"}

Canonical JSON (RFC 8785). `proof` is the new signing key's signature over the member's id and both new keys
(`contracts.member_words.recovery_message`). The governors look at who brings the file, outside the ledger, before they
give notice of it; docs/adr/0013-recovery.md has what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from contracts.member_words import recovery_message
from ledger.errors import InputError, LadingError
from ledger.record import Record
from ledger.signature import ED25519, check_encryption_key, check_public_key, verify
from ledger.strict_json import JsonValue, canonicalise, parse
from nodes.enrolment import make_card
from nodes.files import write_atomic
from nodes.home import Home
from nodes.keystore import KeyName, MemoryKeyStore

__all__ = ["BadRecovery", "Recovery", "equip", "new_keys"]

_FORMAT: Final = "lading/recovery@1"
_LIMIT: Final = 4096


class BadRecovery(InputError):
    """Not a file that names a member's new keys."""

    code = "recovery.malformed"
    hint = "take the file recovery.json that `lading member recover` wrote, as it is"


@dataclass(frozen=True, slots=True)
class Recovery:
    """The new keys of a member."""

    member: bytes
    key: bytes
    encryption: bytes
    proof: bytes

    def encode(self) -> bytes:
        """The file."""
        return canonicalise(
            {
                "encryption": self.encryption.hex(),
                "format": _FORMAT,
                "key": {"algorithm": ED25519, "public": self.key.hex()},
                "member": self.member.hex(),
                "proof": self.proof.hex(),
            }
        )

    def arguments(self) -> dict[str, Any]:
        """The keys as arguments of `member.propose_recovery`."""
        return {"public_key": self.key, "encryption": self.encryption, "proof": self.proof}

    @classmethod
    def decode(cls, data: bytes) -> Recovery:
        """Read a file, its keys and its proof checked. Raises `BadRecovery`."""
        value = parse(data, limit=_LIMIT)
        key = value.get("key") if isinstance(value, dict) else None
        if not isinstance(value, dict) or value.get("format") != _FORMAT or not isinstance(key, dict):
            raise BadRecovery(f"not a file of the format {_FORMAT}")
        sizes = {"member": 32, "encryption": 32, "proof": 64}
        read = {name: _hex(value.get(name), size) for name, size in sizes.items()}
        found = cls(read["member"], _hex(key.get("public"), 32), read["encryption"], read["proof"])
        if found.encode() != data:
            raise BadRecovery("the file is not as lading wrote it")
        try:
            check_public_key(ED25519, found.key)
            check_encryption_key(found.encryption)
            verify(ED25519, found.key, recovery_message(found.member, found.key, found.encryption), found.proof)
        except LadingError as exc:
            raise BadRecovery(f"the keys in the file cannot be a member's: {exc.message}", value=exc.value) from None
        return found


def new_keys(keys: MemoryKeyStore, member: bytes) -> Recovery:
    """The keys of a new key store, as the new keys of a member."""
    key, encryption = keys.public_key(KeyName.SIGNING), keys.public_key(KeyName.ENCRYPTION)
    return Recovery(member, key, encryption, keys.sign(KeyName.SIGNING, recovery_message(member, key, encryption)))


def equip(home: Home, keys: MemoryKeyStore, record: Record) -> Recovery:
    """Write into a member's new home its card under the new keys, and `recovery.json` for the governors."""
    fields = record.fields
    cosigner = next(iter(fields["cosigners"].values()), "").partition("+")[0].rpartition("/")[0]
    card = make_card(
        keys, record.id, alias=fields["alias"], names=fields["names"], lei=fields["lei"],
        registration=fields["registration"], roles=fields["roles"], codes=fields["codes"], cosigner=cosigner,
        address=fields["address"],
    )  # fmt: skip
    home.write_card(card.encode())
    recovery = new_keys(keys, record.id)
    write_atomic(home.folder / "recovery.json", recovery.encode())
    return recovery


def _hex(value: JsonValue, size: int) -> bytes:
    try:
        raw = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise BadRecovery(f"{size} bytes in hexadecimal digits are missing", value=value)
    return raw
