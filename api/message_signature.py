"""How a member signs a request, for both sides (RFC 9421, HTTP Message Signatures).

    Content-Digest: sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:
    Signature-Input: lading=("@method" "@authority" "@path" "@query" "content-digest");created=1764000000;
        keyid="shipper:5d0c…<64 hexadecimal digits>";alg="ed25519";nonce="q83v…";tag="lading"
    Signature: lading=:dGVzdA==…:

- `keyid` is the member's alias or id, a colon, and its Ed25519 public key in hexadecimal.
- Covered are at least `@method`, and `@target-uri` or else `@authority`, `@path` and `@query`; and with every
  POST `content-digest` (RFC 9530). Behind a proxy that ends TLS the node sees another `@target-uri` than the
  caller; `@authority`, `@path` and `@query` stay what they were.
- `created` is within 300 s of the node's clock; `nonce` is fresh: 8 to 64 characters of A-Z a-z 0-9 _ -.
- `tag` is "lading"; signatures with other tags are let be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from http_message_signatures import HTTPSignatureAlgorithm

from ledger.errors import LadingError
from ledger.signature import ED25519, PUBLIC_KEY_SIZE, verify

from .errors import SignatureIncomplete

__all__ = [
    "ACCEPT_SIGNATURE",
    "COMPONENTS",
    "NONCE",
    "TAG",
    "WINDOW",
    "Ed25519",
    "KeyId",
    "Message",
    "missing_components",
]

TAG: Final = "lading"
"""Label and tag of the signature."""
WINDOW: Final = 300
"""How far `created` may be from the clock of the node, in seconds."""
NONCE: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
COMPONENTS: Final = ("@method", "@authority", "@path", "@query")
"""What our own clients cover, besides `content-digest`."""
ACCEPT_SIGNATURE: Final = (
    'lading=("@method" "@authority" "@path" "@query" "content-digest");created;keyid;nonce;tag="lading"'
)
"""What a signature must have, as a node asks for it (RFC 9421, section 5.1)."""

_KEY_ID: Final = re.compile(r"([0-9a-f]{64}|[a-z0-9][a-z0-9-]{0,62}):([0-9a-f]{64})")


@dataclass(slots=True)
class Message:
    """A request as the library reads it: method, absolute URL, header fields."""

    method: str
    url: str
    headers: Any


@dataclass(frozen=True, slots=True)
class KeyId:
    """Who signs, an alias or 64 hexadecimal digits of an id, and with which key."""

    member: str
    key: bytes

    def __str__(self) -> str:
        return f"{self.member}:{self.key.hex()}"

    @classmethod
    def parse(cls, text: str) -> KeyId:
        """The parameter `keyid`. Raises `SignatureIncomplete`."""
        match = _KEY_ID.fullmatch(text)
        if match is None:
            raise SignatureIncomplete("keyid is the member's alias or id, a colon, and its key in hex", value=text)
        return cls(match[1], bytes.fromhex(match[2]))


class Ed25519(HTTPSignatureAlgorithm):
    """Ed25519 by the same library that checks transactions. Keys are 32 bytes; it does not sign."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: Any = None, private_key: Any = None) -> None:
        self._public_key = public_key

    def sign(self, message: bytes) -> bytes:
        """Signing goes through the key store."""
        raise NotImplementedError

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises `BadSignature`."""
        if type(self._public_key) is not bytes or len(self._public_key) != PUBLIC_KEY_SIZE:
            raise LadingError("no public key")
        verify(ED25519, self._public_key, message, signature)


def missing_components(covered: set[str], *, with_body: bool) -> list[str]:
    """What a signature must cover and does not."""
    needed = ["@method"]
    if "@target-uri" not in covered:
        needed += ["@authority", "@path", "@query"]
    if with_body:
        needed.append("content-digest")
    return [name for name in needed if name not in covered]
