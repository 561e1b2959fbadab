"""The card of a member: who it is and which keys are its own, signed by its signing key.

    {"address":"https://node.example","alias":"carrier","codes":["SMDG:OCLU"],
     "cosigners":{"replay":"carrier.example/replay+…","witness":"carrier.example/witness+…"},
     "encryption":"<hex>","format":"lading/member@1","id":"<hex>","key":{"algorithm":1,"public":"<hex>"},
     "lei":"…","names":{"en":"…","zh":"…"},"registration":"…","roles":["carrier"],"signature":"<hex>"}

Canonical JSON (RFC 8785). The signature covers `SIGN_ATTESTATION || the card without "signature"`, so
that nobody enrols a key that he does not hold. Genesis holds the founders' cards; the arguments of
`member.enrol` are the same fields. `alias` is a short name for people and commands, unique on a
ledger; `lei` is an ISO 17442 code, `registration` the number in a register of companies, "" where
there is none; `codes` are the codes of carriers and other code lists as `LIST:CODE`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .errors import InputError
from .hashing import SIGN_ATTESTATION, ZERO, number_key
from .note import COSIGNATURE_KEY, VerifierKey
from .one_line import is_one_line
from .signature import check_encryption_key, check_public_key, verify
from .strict_json import JsonValue, canonicalise, parse

__all__ = [
    "ALIAS_CLASS",
    "CARD_FORMAT",
    "ROLES",
    "BadCard",
    "MemberCard",
    "alias_key",
    "amended_claims",
    "check_member_fields",
    "key_claim",
    "lei_adds_up",
    "mandate_key",
    "member_claims",
]

ALIAS_CLASS: Final = "member_alias"
CARD_FORMAT: Final = "lading/member@1"
ROLES: Final = frozenset(
    {"authority", "auditor", "bank", "buyer", "carrier", "certifier", "forwarder", "insurer", "operator", "shipper",
     "warehouse"}
)  # fmt: skip
_ALIAS: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ROLE: Final = re.compile("|".join(sorted(ROLES)))
_CODE: Final = re.compile(r"[A-Z0-9]{1,20}:[A-Za-z0-9./-]{1,40}")
_LEI: Final = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_FORMS: Final = {
    "alias": "1 to 63 small letters, digits and dashes, of which a dash is not the first",
    "names": "1 to 8 names, each a line of 1 to 300 characters, under a language such as en or zh-Hans",
    "lei": "18 capital letters or digits and two check digits (ISO 17442), or empty",
    "registration": "a line of at most 64 characters",
    "lei or registration": "at least one of the two",
    "address": "a line of at most 256 characters",
    "roles": f"at most 16, each once, of {', '.join(sorted(ROLES))}",
    "codes": "at most 16, each once, as LIST:CODE, such as SMDG:MSC",
    "cosigners": "verifier keys named …/replay and …/witness, under these two words",
}
_MAX_CARD: Final = 16_384
_MAX_NAME: Final = 300


def alias_key(ledger_id: bytes, alias: str) -> bytes:
    """The state key that makes a member's alias unique: a number of the class `member_alias`, of no issuer."""
    return number_key(ledger_id, ALIAS_CLASS, ZERO, alias)


def member_claims(ledger_id: bytes, fields: Mapping[str, Any], public_key: bytes) -> dict[bytes, str]:
    """The state keys that make what a member is known by its own for ever, each with what it stands for.

    Alias, LEI, codes, cosigner keys and the signing key; numbers of the classes `member_…`, of no issuer.
    """
    claims = {alias_key(ledger_id, fields["alias"]): f"alias {fields['alias']}"}
    claims[key_claim(ledger_id, public_key)] = "key"
    return claims | amended_claims(ledger_id, fields)


def amended_claims(ledger_id: bytes, fields: Mapping[str, Any]) -> dict[bytes, str]:
    """The state keys of LEI, codes and cosigner keys alone, of those that `fields` has."""
    claims = {}
    if fields.get("lei"):
        claims[number_key(ledger_id, "member_lei", ZERO, fields["lei"])] = f"LEI {fields['lei']}"
    for code in fields.get("codes") or ():
        claims[number_key(ledger_id, "member_code", ZERO, code)] = f"code {code}"
    for text in (fields.get("cosigners") or {}).values():
        claims[number_key(ledger_id, "member_cosigner", ZERO, text)] = f"cosigner key {text}"
    return claims


def key_claim(ledger_id: bytes, public_key: bytes) -> bytes:
    """The state key under which the owner of a signing key stands: a number of the class `member_key`, of no issuer."""
    return number_key(ledger_id, "member_key", ZERO, public_key.hex())


def mandate_key(ledger_id: bytes, principal: bytes, agent: bytes) -> bytes:
    """The state key under which the mandate stands by which `agent` acts for `principal`."""
    return number_key(ledger_id, "mandate", principal, agent.hex())


class BadCard(InputError):
    """A member's card lacks something, or holds what it must not."""

    code = "member.bad_card"
    hint = "mend what is named, and make the card with `lading member create`; docs/spec.md, Members, has its form"


@dataclass(frozen=True, slots=True)
class MemberCard:
    """A member as it introduces itself."""

    id: bytes
    alias: str
    names: Mapping[str, str]
    lei: str
    registration: str
    roles: tuple[str, ...]
    codes: tuple[str, ...]
    key: tuple[int, bytes]
    encryption: bytes
    cosigners: Mapping[str, str]
    address: str
    signature: bytes = b""

    def _unsigned(self) -> dict[str, JsonValue]:
        return {
            "format": CARD_FORMAT,
            "id": self.id.hex(),
            "alias": self.alias,
            "names": dict(self.names),
            "lei": self.lei,
            "registration": self.registration,
            "roles": list(self.roles),
            "codes": list(self.codes),
            "key": {"algorithm": self.key[0], "public": self.key[1].hex()},
            "encryption": self.encryption.hex(),
            "cosigners": dict(self.cosigners),
            "address": self.address,
        }

    def signed_bytes(self) -> bytes:
        """What the card's signature covers."""
        return SIGN_ATTESTATION + canonicalise(self._unsigned())

    def sign(self, signer: Callable[[bytes], tuple[int, bytes, bytes]]) -> MemberCard:
        """The card with its signature."""
        _, _, signature = signer(self.signed_bytes())
        values = {name: getattr(self, name) for name in MemberCard.__slots__}
        return MemberCard(**{**values, "signature": signature})

    def as_json(self) -> dict[str, JsonValue]:
        """The card as a JSON value."""
        return {**self._unsigned(), "signature": self.signature.hex()}

    def encode(self) -> bytes:
        """The card as canonical JSON."""
        return canonicalise(self.as_json())

    def fields(self) -> dict[str, Any]:
        """The card as arguments of `member.enrol`, which are the fields of the member's record."""
        return {
            "address": self.address,
            "alias": self.alias,
            "codes": list(self.codes),
            "cosigners": dict(self.cosigners),
            "encryption": self.encryption,
            "lei": self.lei,
            "names": dict(self.names),
            "proof": self.signature,
            "public_key": self.key[1],
            "registration": self.registration,
            "roles": list(self.roles),
        }

    def check(self) -> None:
        """Check every field, the keys' strength and the signature. Raises `BadCard` or a key's error."""
        check_member_fields(self.fields())
        check_public_key(*self.key)
        verify(*self.key, self.signed_bytes(), self.signature)

    @classmethod
    def decode(cls, data: bytes) -> MemberCard:
        """Read and check a card file, which is the canonical form and nothing else."""
        card = cls.from_json(parse(data, limit=_MAX_CARD))
        if card.encode() != data:
            raise BadCard("not the canonical form of a card")
        return card

    @classmethod
    def from_json(cls, value: JsonValue) -> MemberCard:
        """Read and check a card."""
        if not isinstance(value, dict) or value.get("format") != CARD_FORMAT:
            raise BadCard(f"not a card of format {CARD_FORMAT}")
        try:
            card = _read_card(value)
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise BadCard(f"a field is missing or has a wrong type: {exc}") from None
        if canonicalise(card.as_json()) != canonicalise(value):
            raise BadCard("the card has fields that a card does not have, or not in their one form")
        card.check()
        return card


def _read_card(value: dict[str, Any]) -> MemberCard:
    return MemberCard(
        id=_hex(value["id"], 32),
        alias=value["alias"],
        names=dict(value["names"]),
        lei=value["lei"],
        registration=value["registration"],
        roles=tuple(value["roles"]),
        codes=tuple(value["codes"]),
        key=(int(value["key"]["algorithm"]), bytes.fromhex(value["key"]["public"])),
        encryption=_hex(value["encryption"], 32),
        cosigners=dict(value["cosigners"]),
        address=value["address"],
        signature=bytes.fromhex(value["signature"]),
    )


def _hex(text: str, size: int) -> bytes:
    raw = bytes.fromhex(text)
    if len(raw) != size or raw.hex() != text:
        raise ValueError(f"{text!r} is not {size} bytes in lower-case hex")
    return raw


def check_member_fields(fields: Mapping[str, Any]) -> None:
    """Check the fields of a member's record one by one. Raises `BadCard` or `BadPublicKey`."""
    _need(_text(fields, "alias", _ALIAS), "alias", fields)
    names = fields["names"]
    _need(type(names) is dict and 1 <= len(names) <= 8, "names", fields)
    for language, name in names.items():
        _need(
            bool(name) and is_one_line(name, _MAX_NAME) and _LANGUAGE.fullmatch(language) is not None, "names", fields
        )
    _need(fields["lei"] == "" or (_text(fields, "lei", _LEI) and lei_adds_up(fields["lei"])), "lei", fields)
    _need(is_one_line(fields["registration"], 64), "registration", fields)
    _need(bool(fields["lei"] or fields["registration"]), "lei or registration", fields)
    _need(is_one_line(fields["address"], 256), "address", fields)
    for name, pattern in (("roles", _ROLE), ("codes", _CODE)):
        listed = fields[name]
        _need(type(listed) is list and len(listed) <= 16, name, fields)
        _need(all(type(one) is str and pattern.fullmatch(one) for one in listed), name, fields)
        _need(len(set(listed)) == len(listed), name, fields)
    check_encryption_key(fields["encryption"])
    cosigners = fields["cosigners"]
    _need(type(cosigners) is dict and set(cosigners) <= {"replay", "witness"}, "cosigners", fields)
    for role, text in cosigners.items():
        _need(type(text) is str, "cosigners", fields)
        key = VerifierKey.parse(text)
        _need(key.type == COSIGNATURE_KEY and key.name.endswith("/" + role), "cosigners", fields)


def lei_adds_up(lei: str) -> bool:
    """The check digits of ISO 17442 (ISO 7064, MOD 97-10): letters as 10 to 35, the remainder by 97 is 1."""
    return int("".join(str(int(mark, 36)) for mark in lei)) % 97 == 1


def _text(fields: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> bool:
    return type(fields[name]) is str and pattern.fullmatch(fields[name]) is not None


def _need(good: bool, name: str, fields: Mapping[str, Any]) -> None:
    if not good:
        raise BadCard(f"{name} of a member: {_FORMS[name]}", value=fields.get(name))
