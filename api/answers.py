"""Answers: problem documents for whatever went wrong, JSON for the rest."""

from __future__ import annotations

import logging
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ledger.errors import LadingError

from .errors import BadRequest, MethodNotAllowed, NoSuchPath
from .message_signature import ACCEPT_SIGNATURE
from .problems import INTERNAL, MEDIA_TYPE, RETRY_AFTER, problem_of

__all__ = ["HANDLERS", "problem_response"]

_log: Final = logging.getLogger("lading.api")


def problem_response(error: LadingError, **more: Any) -> Response:
    """An error as an answer; `more` are members of the problem document."""
    problem = problem_of(error, **more)
    status = problem["status"]
    if status >= 500:
        _log.log(logging.WARNING if status == 503 else logging.ERROR, "%s [%s]", error.message, error.code)
    headers = {}
    if status == 401:
        headers = {"www-authenticate": 'Signature realm="lading"', "accept-signature": ACCEPT_SIGNATURE}
    elif status == 503:
        headers = {"retry-after": str(RETRY_AFTER)}
    return JSONResponse(problem, status, headers, MEDIA_TYPE)


async def _lading_error(_: Request, exc: Exception) -> Response:
    if not isinstance(exc, LadingError):
        raise exc
    return problem_response(exc)


async def _http_error(request: Request, exc: Exception) -> Response:
    """What starlette finds wrong by itself: no such path, no such method."""
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    path = request.url.path
    if status == 405:
        answer = problem_response(MethodNotAllowed(f"{request.method} is not a method of {path}", value=request.method))
        answer.headers.update((exc.headers or {}) if isinstance(exc, HTTPException) else {})
        return answer
    if status == 404:
        return problem_response(NoSuchPath("there is nothing under this path", value=path))
    return problem_response(BadRequest(f"the request cannot be answered ({status})"))


async def _internal(request: Request, exc: Exception) -> Response:
    """A fault that nobody foresaw: what it is goes to the log alone."""
    _log.error("a fault while answering %s %r: %s", request.method, request.url.path, type(exc).__name__)
    return JSONResponse(dict(INTERNAL), 500, None, MEDIA_TYPE)


HANDLERS: Final[dict[Any, Any]] = {LadingError: _lading_error, HTTPException: _http_error, Exception: _internal}
"""Which function answers for which class of exceptions."""
