"""What everybody may do: learn where the ledger stands, fetch the checkpoint, have a bundle verified."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .bodies import body_of, check_query, media_type
from .errors import WrongMediaType
from .problems import MEDIA_TYPE
from .service import service_of
from .upload import MAX_UPLOAD, MEDIA_TYPES

__all__ = ["router"]

router: Final = APIRouter()

PATIENCE: Final = 120.0
"""Seconds in which an upload must have come."""


@router.get("/v1/status")
async def read_status(request: Request) -> Response:
    """Where the ledger stands: height, size, time."""
    service = service_of(request)
    check_query(request)
    return JSONResponse(await service.reading(service.node.status))


@router.get("/checkpoint")
async def read_checkpoint(request: Request) -> Response:
    """The newest checkpoint with every signature, as C2SP signed-note."""
    service = service_of(request)
    check_query(request)
    note = await service.reading(service.node.checkpoint)
    return Response(note, 200, {"cache-control": "no-cache"}, "text/plain; charset=utf-8")


@router.post("/v1/verifications")
async def verify_bundle(request: Request) -> Response:
    """Verify an uploaded bundle by the node's policy, or by one that is uploaded with it.

    200 whatever the verdict: it says that the check was made.
    """
    service = service_of(request)
    check_query(request)
    kind = media_type(request)
    if kind not in MEDIA_TYPES:
        raise WrongMediaType(f"a bundle is uploaded as {', '.join(MEDIA_TYPES)}", value=kind)
    policy = await service.reading(service.node.home.read_policy)
    async with body_of(request, MAX_UPLOAD, service.bundles, patience=PATIENCE) as body:
        content_type = request.headers.get("content-type", "")
        status, answer = await service.verifications.verify(content_type, body, policy=policy, at=service.clock())
    return JSONResponse(answer, status, None, None if status == 200 else MEDIA_TYPE)
