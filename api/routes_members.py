"""What only members may do: submit a transaction, read a record, its history, its proof."""

from __future__ import annotations

import asyncio
import binascii
import re
from base64 import b64decode
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from contracts.refusals import Stale
from ledger.errors import LadingError
from ledger.times import iso
from nodes.engines.solo import Done
from nodes.reader import LedgerReader

from .answers import problem_response
from .bodies import body_of, check_query, json_object, media_type
from .errors import BadRequest, WrongMediaType
from .service import MAX_TRANSACTION, service_of
from .upload import BUNDLE
from .views import Views

__all__ = ["router"]

router: Final = APIRouter(prefix="/v1")

_ID: Final = re.compile("[0-9a-f]{64}")
_SIZE: Final = re.compile("[1-9][0-9]{0,17}")
_MSGPACK: Final = ("application/msgpack", "application/vnd.msgpack")


@router.post("/transactions")
async def submit(request: Request) -> Response:
    """Submit a signed transaction, and learn what became of it once that is on disk.

    201 if it is in the log now, 200 if it was there before: the same transaction may be sent again at any time.
    """
    service = service_of(request)
    caller = await service.caller(request, with_body=True)
    check_query(request)
    async with body_of(request, MAX_TRANSACTION, service.transactions) as body:
        caller.check_body(body)
        entry = _entry(media_type(request), body)
    result = await asyncio.wrap_future(service.node.submit(entry))
    if isinstance(result, Done):
        return _done(result)
    return await service.reading(_refused, service.node.reader, result)


def _entry(kind: str, body: bytes) -> bytes:
    """The transaction of a body."""
    if kind in _MSGPACK:
        return body
    if kind != "application/json":
        raise WrongMediaType("a transaction is sent as application/msgpack or application/json", value=kind)
    entry = json_object(body, MAX_TRANSACTION, frozenset({"entry"})).get("entry")
    if not isinstance(entry, str):
        raise BadRequest("`entry` is the transaction in base64", value="entry")
    try:
        return b64decode(entry.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise BadRequest("`entry` is not base64") from None


def _done(done: Done) -> Response:
    body = {
        "index": done.index,
        "height": done.height,
        "time": iso(done.time),
        "transaction": done.transaction.hex(),
        "record": done.record.hex(),
        "repeated": done.repeated,
    }
    where = {"location": f"/v1/records/{done.record.hex()}"}
    return JSONResponse(body, 200 if done.repeated else 201, where)


def _refused(reader: LedgerReader, error: LadingError) -> Response:
    """A refusal; who came too late is shown the entry that won."""
    more = {}
    if isinstance(error, Stale) and error.winner is not None:
        more["winner"] = Views(reader).entry(error.winner)
    return problem_response(error, **more)


@router.get("/records/{record}")
async def read_record(request: Request) -> Response:
    """A record as it stands now."""
    service = service_of(request)
    await service.caller(request)
    check_query(request)
    return JSONResponse(await service.reading(_record, service.node.reader, _record_id(request)))


def _record(reader: LedgerReader, record_id: bytes) -> dict[str, Any]:
    return Views(reader).record(reader.record(record_id))


@router.get("/records/{record}/history")
async def read_history(request: Request) -> Response:
    """Every act on a record, from the first: when, by whom, signed by which key."""
    service = service_of(request)
    await service.caller(request)
    check_query(request)
    return JSONResponse(await service.reading(_history, service.node.reader, _record_id(request)))


def _history(reader: LedgerReader, record_id: bytes) -> dict[str, Any]:
    views = Views(reader)
    acts = reader.history(reader.record(record_id))
    return {"record": record_id.hex(), "acts": [views.act(act) for act in acts]}


@router.get("/records/{record}/proof")
async def read_proof(request: Request) -> Response:
    """The proof bundle of a record, without its document, which the node does not have."""
    service = service_of(request)
    await service.caller(request)
    record_id, size = _record_id(request), check_query(request, "checkpoint").get("checkpoint")
    if size is not None and _SIZE.fullmatch(size) is None:
        raise BadRequest("`checkpoint` is the size of a checkpoint: a whole number from 1", value=size)
    bundle = await service.reading(service.node.prove, record_id, None if size is None else int(size))
    name = f'attachment; filename="{record_id.hex()[:12]}.lading"'
    return Response(bundle, 200, {"content-disposition": name}, BUNDLE)


def _record_id(request: Request) -> bytes:
    text = request.path_params["record"]
    if _ID.fullmatch(text) is None:
        raise BadRequest("the id of a record is 64 hexadecimal digits, small letters", value=text)
    return bytes.fromhex(text)
