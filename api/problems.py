"""Errors as HTTP: one table from classes of errors to a status, and the form in which they are told.

    HTTP/1.1 409 Conflict
    content-type: application/problem+json

    {"type": "about:blank", "title": "Conflict", "status": 409,
     "detail": "entry 21 won: bill_of_lading.offer by shipper at 2025-11-24T16:00:00Z; …",
     "code": "transaction.stale_sequence", "value": "5f0c…", "hint": "look at the record again …",
     "winner": {"entry": 21, …}}

`code` never changes; `detail` is for people. What went wrong inside the node (500, 503) is told by its class
alone: message and value go to the log, since they may name files or statements. A refusal because of who acts
is 403, because of what the ledger's state is 409.

Source: RFC 9457 (problem details), RFC 9110 (statuses, Retry-After).
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from contracts.refusals import ActorUnknown, NotTheActorsKey, RuleRefused
from ledger.codec import TooLarge
from ledger.errors import (
    ContradictionError,
    DamagedError,
    InputError,
    LadingError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UnverifiedError,
    UsageError,
)
from ledger.strict_json import JsonTooLarge
from nodes.proofs import NotProvable

from .errors import (
    BodyTooLarge,
    BodyTooSlow,
    MethodNotAllowed,
    NotAuthenticated,
    NotPermitted,
    TooCostly,
    WrongMediaType,
)

__all__ = ["ACTORS_GUARDS", "INTERNAL", "MEDIA_TYPE", "RETRY_AFTER", "problem_of", "status_of"]

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 1
"""Seconds after which a 503 may be tried again."""

_STATUS: Final[tuple[tuple[type[LadingError], HTTPStatus], ...]] = (
    # The particular before the general: the first that fits counts.
    (NotAuthenticated, HTTPStatus.UNAUTHORIZED),
    (NotPermitted, HTTPStatus.FORBIDDEN),
    (NotTheActorsKey, HTTPStatus.FORBIDDEN),
    (ActorUnknown, HTTPStatus.FORBIDDEN),
    (MethodNotAllowed, HTTPStatus.METHOD_NOT_ALLOWED),
    (BodyTooSlow, HTTPStatus.REQUEST_TIMEOUT),
    (NotProvable, HTTPStatus.GONE),
    (TooCostly, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (BodyTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (JsonTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (WrongMediaType, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (InputError, HTTPStatus.BAD_REQUEST),
    (UsageError, HTTPStatus.BAD_REQUEST),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (RefusedError, HTTPStatus.CONFLICT),
    (ContradictionError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnverifiedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (DamagedError, HTTPStatus.INTERNAL_SERVER_ERROR),
)

ACTORS_GUARDS: Final = frozenset(
    {
        "rule.actor_is_active",
        "rule.controller_signs",
        "rule.field_party_signs",
        "rule.governors_sign",
        "rule.issuer_signs",
        "rule.pending_recipient_signs",
        "rule.role",
    }
)
"""Codes of the guards that ask who acts; what they refuse is 403."""

_TITLES: Final[Mapping[int, str]] = {413: "Content Too Large", 422: "Unprocessable Content"}
"""Names of RFC 9110 that Python knows since 3.13."""

INTERNAL: Final[Mapping[str, Any]] = {
    "type": "about:blank",
    "title": HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
    "status": int(HTTPStatus.INTERNAL_SERVER_ERROR),
    "detail": "A fault of the node itself.",
    "code": "internal",
    "value": "",
    "hint": "what was acknowledged is on disk; the operator finds the fault in the node's log",
}
"""What is told of a fault that nobody foresaw."""


def status_of(error: LadingError) -> int:
    """The status of HTTP for an error."""
    if isinstance(error, RuleRefused) and error.code in ACTORS_GUARDS:
        return int(HTTPStatus.FORBIDDEN)
    found = (status for kind, status in _STATUS if isinstance(error, kind))
    return int(next(found, HTTPStatus.INTERNAL_SERVER_ERROR))


def problem_of(error: LadingError, **more: Any) -> dict[str, Any]:
    """An error as a problem document; `more` are members of its own."""
    status = status_of(error)
    inside = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return {
        "type": "about:blank",
        "title": _TITLES.get(status, HTTPStatus(status).phrase),
        "status": status,
        "detail": _meaning(error) if inside else error.message,
        "code": error.code,
        "value": "" if inside else error.shown_value(),
        "hint": error.hint,
        **more,
    }


def _meaning(error: LadingError) -> str:
    return (type(error).__doc__ or "The node cannot do it now.").partition("\n")[0]
