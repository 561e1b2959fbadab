"""What everybody may do: learn where the ledger stands, fetch the checkpoint, have a bundle verified."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ledger.tiles import ENTRIES, Tile
from nodes.witness import MAX_REQUEST

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


@router.get("/tile/{path:path}", include_in_schema=False)
async def read_tile(request: Request) -> Response:
    """A tile of the log (C2SP tlog-tiles): hashes for everybody, `tile/entries/…` for members and auditors.

    A tile never changes. There are those of the newest signed checkpoint and all before it.
    """
    service = service_of(request)
    tile = Tile.parse(f"tile/{request.path_params['path']}")
    if tile.level == ENTRIES:
        await service.caller(request)
    check_query(request)
    data = await service.reading(service.node.tile, tile)
    return Response(data, 200, {"cache-control": _private_or_public(tile)}, "application/octet-stream")


def _private_or_public(tile: Tile) -> str:
    """Bundles of entries are kept by who fetched them, not by a cache that others share."""
    return f"{'private' if tile.level == ENTRIES else 'public'}, max-age=31536000, immutable"


@router.post("/add-checkpoint", include_in_schema=False)
async def add_checkpoint(request: Request) -> Response:
    """Cosign another log's checkpoint (C2SP tlog-witness v1.0.0); 404 for every log where this node watches none."""
    service = service_of(request)
    check_query(request)
    async with body_of(request, MAX_REQUEST, service.transactions) as body:
        answer = await service.reading(service.node.add_checkpoint, body)
    return Response(answer.body, answer.status, None, answer.media_type)


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
