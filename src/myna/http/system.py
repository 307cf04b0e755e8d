"""Is it up, is it ready, how is it doing, what can it do."""

import asyncio
import json
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from myna.domain.errors import ServiceUnavailable
from myna.http.backend import WithBackend
from myna.http.reply import JsonReply

_DOCS_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page has no scripts and asks nobody for anything."""

router = APIRouter(tags=["system"], default_response_class=JsonReply)


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="The process is up")
async def health() -> dict[str, str]:
    """Answers as long as the process does."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="The engine is loaded and the store can be reached")
async def readiness(backend: WithBackend) -> dict[str, str]:
    """503 while the engine loads or hangs, or the store is away, or what is done could not be noted."""
    if not backend.services.engine.is_ready:
        raise ServiceUnavailable("The engine is not loaded yet, or hangs. Try again in a moment.")
    await backend.services.voices.check()
    if backend.audit is not None:
        await asyncio.to_thread(backend.audit.check)
    return {"status": "ready", "engine": backend.services.engine.spec.id}


@router.get("/metrics", summary="Prometheus metrics")
async def metrics(backend: WithBackend) -> Response:
    """Counters and histograms; no texts, no names of workspaces."""
    content, media_type = backend.metrics.render()
    return Response(content, media_type=media_type)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """This description, to read."""
    app: FastAPI = request.app
    return Response(_render(app.openapi()), media_type="text/html", headers={"content-security-policy": _DOCS_POLICY})


def _render(document: dict[str, Any]) -> str:
    """One plain page of an OpenAPI document: no script, nothing to load. Tags are in the order in which they appear."""
    from jinja2 import Environment  # noqa: PLC0415  (for this page alone)

    tags: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for tag in operation.get("tags", ["other"]):
                tags.setdefault(tag, []).append((path, method, operation))
    page = Environment(autoescape=True, trim_blocks=True).from_string(
        (files("myna.http") / "docs.html.jinja").read_text(encoding="utf-8"),
        {"pretty": lambda example: json.dumps(example, indent=2, ensure_ascii=False)},
    )
    return page.render(info=document["info"], tags=tags, schemas=document["components"]["schemas"])
