"""Errors of the interface itself: a request that cannot be read, and who may not make it.

    InputError         BadRequest, BodyTooLarge, BodyTooSlow, TooCostly, UnknownField, WrongMediaType
    UsageError         MethodNotAllowed
    NotFoundError      NoSuchPath, NoCheckpointYet
    RefusedError       NotAuthenticated (and its subclasses), NotPermitted
    UnavailableError   Overloaded

Which status of HTTP each becomes is in `problems.py`.
"""

from __future__ import annotations

from ledger.errors import InputError, NotFoundError, RefusedError, UnavailableError, UsageError

__all__ = [
    "BadRequest",
    "BodyTooLarge",
    "BodyTooSlow",
    "MethodNotAllowed",
    "NoCheckpointYet",
    "NoSuchPath",
    "NotAuthenticated",
    "NotPermitted",
    "Overloaded",
    "SignatureIncomplete",
    "SignatureInvalid",
    "SignatureMissing",
    "SignatureReplayed",
    "SignatureUntimely",
    "TooCostly",
    "UnknownField",
    "WrongMediaType",
]


class BadRequest(InputError):
    """A part of the request is missing, or not of the form that it must have."""

    code = "api.bad_request"
    hint = "`/v1/openapi.json` has the form of every request, with examples"


class UnknownField(InputError):
    """The request has a member, a parameter or a part that this call does not know."""

    code = "api.unknown_field"
    hint = "take it out or mend its spelling: what is not understood is refused, so that nothing is silently ignored"


class BodyTooLarge(InputError):
    """The body is larger than this call takes."""

    code = "api.body_too_large"
    hint = "a transaction has at most 32,768 bytes, an uploaded bundle 33,554,432"


class BodyTooSlow(InputError):
    """The body did not arrive in time."""

    code = "api.body_too_slow"
    hint = "send it again over a better connection; nothing was done"


class WrongMediaType(InputError):
    """The body is of a media type or an encoding that this call does not read."""

    code = "api.wrong_media_type"
    hint = "set Content-Type as `/v1/openapi.json` says, and send the body without Content-Encoding"


class MethodNotAllowed(UsageError):
    """The path is there, but not for this method."""

    code = "api.method_not_allowed"
    hint = "the header Allow names the methods of this path"


class NoSuchPath(NotFoundError):
    """The node has nothing under this path."""

    code = "api.no_such_path"
    hint = "`/v1/openapi.json` lists the paths"


class NoCheckpointYet(NotFoundError):
    """No checkpoint of this ledger has been signed yet."""

    code = "api.no_checkpoint"
    hint = "the operator's node signs one after a commit, if it was started with the passphrase"


class NotAuthenticated(RefusedError):
    """It is not shown who makes the request. The subclasses say why."""


class SignatureMissing(NotAuthenticated):
    """The request is not signed."""

    code = "auth.signature_missing"
    hint = "sign the request with the member's key (RFC 9421); docs/api.md, section Signing, shows how"


class SignatureIncomplete(NotAuthenticated):
    """The signature lacks a component or a parameter, or has one that is malformed."""

    code = "auth.signature_incomplete"
    hint = "cover what the header Accept-Signature of this answer lists; docs/api.md, section Signing, has an example"


class SignatureUntimely(NotAuthenticated):
    """The signature is too old, of the future, or from before this node started."""

    code = "auth.signature_untimely"
    hint = "sign again; if it lasts, set the clock of the machine that signs"


class SignatureReplayed(NotAuthenticated):
    """A request with this nonce was answered before."""

    code = "auth.nonce_replayed"
    hint = "draw a fresh nonce for every request, also for a repeated one"


class SignatureInvalid(NotAuthenticated):
    """The signature does not verify, or its key is not the present one of that member."""

    code = "auth.signature_invalid"
    hint = "sign exactly what is sent, with the member's present signing key; `lading member show` lists its keys"


class NotPermitted(RefusedError):
    """The caller is known, and may not do this."""

    code = "auth.not_permitted"
    hint = "a suspended member reads and submits again after the governors reinstate it"


class Overloaded(UnavailableError):
    """The node has as many requests in hand as it takes on."""

    code = "api.overloaded"
    hint = "try again after the time in Retry-After; nothing was done"


class TooCostly(InputError):
    """Checking the upload took more memory or time than a stranger's upload is given."""

    code = "api.too_costly"
    hint = "verify the file on a machine of your own: `lading-verify FILE --policy POLICY`"
