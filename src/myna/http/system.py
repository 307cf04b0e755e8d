"""Is it up, is it ready, how is it doing, what can it do."""

from dataclasses import dataclass

from fastapi import APIRouter, FastAPI, Request, Response

from myna.domain.errors import ServiceUnavailable
from myna.http.docs_page import render_docs
from myna.http.replies import json_reply
from myna.observability.metrics import Metrics
from myna.usecases.services import Services

_DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page has no scripts and asks nobody for anything."""


@dataclass(frozen=True, slots=True)
class SystemEndpoints:
    services: Services
    metrics: Metrics

    def router(self) -> APIRouter:
        router = APIRouter(tags=["system"])
        for path, endpoint, summary in (
            ("/healthz", self.health, "The process is up"),
            ("/readyz", self.readiness, "The engine is loaded and the store can be reached"),
        ):
            router.add_api_route(path, endpoint, methods=["GET"], summary=summary)
            router.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)
        router.add_api_route("/metrics", self.metrics_page, methods=["GET"], summary="Prometheus metrics")
        router.add_api_route("/docs", self.docs, methods=["GET"], include_in_schema=False)
        return router

    async def health(self, request: Request) -> Response:
        """Answers as long as the process does."""
        del request
        return json_reply({"status": "ok"})

    async def readiness(self, request: Request) -> Response:
        """503 while the engine loads or the store is away."""
        del request
        if not self.services.engine.is_ready:
            raise ServiceUnavailable("The engine is not loaded yet. Try again in a moment.")
        await self.services.voices.check()
        return json_reply({"status": "ready", "engine": self.services.engine.spec.id})

    async def metrics_page(self, request: Request) -> Response:
        """Counters and histograms; no texts, no names of workspaces."""
        del request
        content, media_type = self.metrics.render()
        return Response(content, media_type=media_type)

    async def docs(self, request: Request) -> Response:
        """This description, to read."""
        app: FastAPI = request.app
        page = render_docs(app.openapi())
        return Response(page, media_type="text/html", headers={"content-security-policy": _DOCS_POLICY})
