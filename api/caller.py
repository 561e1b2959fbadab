"""Who makes a request: the member whose present signing key has signed it.

    caller = gate.admit(Message("GET", url, headers), with_body=False)      # raises what makes it a 401
    caller.check_body(body)                                                # for a POST, once the body is read

Judged in this order: the fields are there · components and parameters are complete · the time · the key is that of
an active member · the signature · the nonce. So the body of a request is read only once it is known who sends it,
and a nonce is used up only by who holds the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from http_message_signatures import ContentDigest, HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from ledger.codec import decode
from ledger.errors import LadingError
from ledger.member import alias_key
from ledger.record import MAX_CONTENT, Record
from ledger.signature import ED25519
from nodes.reader import LedgerReader

from .errors import (
    NotPermitted,
    SignatureIncomplete,
    SignatureInvalid,
    SignatureMissing,
    SignatureUntimely,
)
from .message_signature import NONCE, TAG, WINDOW, Ed25519, KeyId, Message, missing_components
from .nonces import NonceMemory

__all__ = ["Caller", "Gate"]

_FIELDS: Final = ("Signature-Input", "Signature")
_PARAMETERS: Final = ("created", "keyid", "nonce")


@dataclass(frozen=True, slots=True)
class Caller:
    """A member that has signed a request; `covered` has the components that its signature covers."""

    member: bytes
    alias: str
    covered: dict[str, str]

    def check_body(self, body: bytes) -> None:
        """Compare the body with the digest that was signed. Raises `SignatureInvalid`."""
        try:
            ContentDigest.verify_components(self.covered, body)
        except HTTPMessageSignaturesException as exc:
            raise SignatureInvalid(f"the body is not the one that was signed: {exc}") from None


class Gate:
    """Finds out who calls. `reader` reads the ledger, `clock` gives Unix milliseconds."""

    def __init__(self, reader: LedgerReader, clock: Callable[[], int]) -> None:
        self._reader = reader
        self._clock = clock
        self._started = clock() // 1000
        self._nonces = NonceMemory()

    def admit(self, message: Message, *, with_body: bool) -> Caller:
        """The member that makes this request. Raises a `NotAuthenticated`, or `NotPermitted` if it is suspended."""
        names = {name.lower() for name, _ in message.headers.items()}
        missing = [field for field in _FIELDS if field.lower() not in names]
        if missing:
            raise SignatureMissing(f"the request has no header {' and no header '.join(missing)}", value=missing[0])
        now = self._clock()
        keys = _Keys(self._reader)
        verifier = _Verifier(keys, now // 1000, self._started, with_body=with_body)
        try:
            results = verifier.verify(message, max_age=None, expect_tag=TAG)
        except HTTPMessageSignaturesException as exc:
            if isinstance(exc.__cause__, LadingError):
                raise _refusal(exc.__cause__) from None
            raise SignatureInvalid(f"the signature cannot be relied on: {exc}") from None
        if len(results) != 1:
            raise SignatureIncomplete(f'the request has {len(results)} signatures with the tag "{TAG}"')
        member, key = keys.found
        self._nonces.remember(key, str(results[0].nonce), now // 1000)
        return Caller(member.id, str(member.fields["alias"]), results[0].covered_components)


class _Verifier(HTTPMessageVerifier):
    """The library's verifier with our clock and with what we ask of a signature besides."""

    def __init__(self, keys: _Keys, now: int, started: int, *, with_body: bool) -> None:
        super().__init__(signature_algorithm=Ed25519, key_resolver=keys)
        self._now = now
        self._started = started
        self._with_body = with_body

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:
        """Look at components, parameters and time, before any key is looked up."""
        covered = {item.value for item in sig_input if not item.params}
        missing = missing_components(covered, with_body=self._with_body)
        if missing:
            raise SignatureIncomplete(f"the signature does not cover {', '.join(missing)}", value=missing[0])
        params = sig_input.params
        missing = [name for name in _PARAMETERS if name not in params]
        if missing:
            raise SignatureIncomplete(f"the signature has no parameter {', '.join(missing)}", value=missing[0])
        if NONCE.fullmatch(params["nonce"]) is None:
            raise SignatureIncomplete("the nonce is not 8 to 64 of A-Z a-z 0-9 _ -", value=params["nonce"])
        self._check_time(params["created"], params.get("expires"))

    def _check_time(self, created: int, expires: int | None) -> None:
        if abs(created - self._now) > WINDOW or (expires is not None and expires < self._now):
            raise SignatureUntimely(
                f"signed at {created}, the node's clock says {self._now}, and {WINDOW} s may lie between", value=created
            )
        if created < self._started:
            raise SignatureUntimely(
                f"signed at {created}, before this node started at {self._started}; it may have been answered then",
                value=created,
            )


class _Keys(HTTPSignatureKeyResolver):
    """The present keys of the ledger's members."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self.found: tuple[Record, bytes]

    def resolve_public_key(self, key_id: str) -> bytes:
        """The key that `keyid` names. Raises a `NotAuthenticated` or `NotPermitted`."""
        wanted = KeyId.parse(key_id)
        member = self._member(wanted.member)
        if member is None or not _acts_with(member, wanted.key):
            raise SignatureInvalid("this is not the present key of a member of that name", value=key_id)
        if member.status != "active":
            raise NotPermitted(f"{member.fields['alias']} is suspended", value=member.fields["alias"])
        self.found = member, wanted.key
        return wanted.key

    def _member(self, name: str) -> Record | None:
        if len(name) == 64:
            found = self._reader.find(bytes.fromhex(name))
        else:
            item = self._reader.item(alias_key(self._reader.genesis.id, name))
            found = None if item is None else self._reader.find(decode(item.content, limit=MAX_CONTENT)[2])
        return found if found is not None and found.kind == "member" else None


def _refusal(error: LadingError) -> LadingError:
    """What is wrong with a signature is told as such, whatever part of the library found it."""
    if isinstance(error, SignatureIncomplete | SignatureInvalid | NotPermitted):
        return error
    return SignatureInvalid(error.message, value=error.value)


def _acts_with(member: Record, key: bytes) -> bool:
    """Whether this is the key with which the member signs now; one that it has replaced has an end."""
    return any(entry[:2] == [ED25519, key] and entry[3] is None for entry in member.fields["keys"])
