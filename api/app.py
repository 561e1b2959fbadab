"""The app: routes, handlers of errors, the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp

from . import routes_members, routes_open
from .answers import HANDLERS
from .edge import Edge
from .node import Node
from .openapi import OPENAPI_URL, VERSION, document
from .service import Service

__all__ = ["make_api", "make_app"]

_TITLE: Final = "lading: a node of a ledger for electronic bills of lading"


def make_api(node: Node, clock: Callable[[], int]) -> FastAPI:
    """The routes over a node. `clock` gives Unix milliseconds."""
    api = FastAPI(
        title=_TITLE,
        version=VERSION,
        openapi_url=OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=dict(HANDLERS),
    )
    api.state.service = Service(node, clock)
    api.include_router(routes_members.router)
    api.include_router(routes_open.router)
    api.openapi = cache(partial(document, api))  # type: ignore[method-assign]
    return api


def make_app(node: Node, clock: Callable[[], int]) -> ASGIApp:
    """What a server runs."""
    return Edge(make_api(node, clock))
