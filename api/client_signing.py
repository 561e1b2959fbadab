"""The caller's side: the header fields that show a node which member makes a request.

    key = keys.public_key(KeyName.SIGNING)
    signer = RequestSigner(KeyId("shipper", key), partial(keys.sign, KeyName.SIGNING), clock=now_ms,
                           random_bytes=os.urandom)
    headers = signer.headers("GET", "http://127.0.0.1:8720/v1/records/5f0c…")
    headers = signer.headers("POST", "http://127.0.0.1:8720/v1/transactions", entry)

It knows no HTTP client: send the fields with exactly this method, URL and body. `message_signature.py` says what
is signed.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime

from http_message_signatures import HTTPMessageSigner
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from .errors import BadRequest
from .message_signature import COMPONENTS, TAG, Ed25519, KeyId, Message

__all__ = ["RequestSigner"]


class RequestSigner:
    """Signs requests with one key of one member.

    `sign` gives the 64-byte Ed25519 signature of a message, `clock` Unix milliseconds, `random_bytes` fresh
    randomness for the nonce.
    """

    def __init__(
        self,
        key: KeyId,
        sign: Callable[[bytes], bytes],
        *,
        clock: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._key = key
        self._sign = sign
        self._clock = clock
        self._random = random_bytes
        self._library = HTTPMessageSigner(signature_algorithm=Ed25519)

    def headers(self, method: str, url: str, body: bytes | None = None) -> dict[str, str]:
        """The fields to add to a request; `body` is None for one without. Raises `BadRequest` for a malformed URL."""
        message = Message(method, url, {})
        created = datetime.fromtimestamp(self._clock() // 1000, UTC)
        nonce = urlsafe_b64encode(self._random(18)).decode("ascii")
        try:
            prepared = self._library.prepare(
                message,
                key_id=str(self._key),
                created=created,
                nonce=nonce,
                label=TAG,
                tag=TAG,
                covered_component_ids=COMPONENTS,
                body=body,
            )
            self._library.apply(message, prepared, self._sign(prepared.signature_base))
        except HTTPMessageSignaturesException as exc:
            raise BadRequest(f"the request cannot be signed: {exc}", value=url) from None
        headers: dict[str, str] = message.headers
        return headers
