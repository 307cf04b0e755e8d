"""Puts the HTTP edge together: use cases and limits in, an ASGI application out. No state outside the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from myna import __version__
from myna.http import (
    detection,
    dictionaries,
    elevenlabs,
    elevenlabs_listening,
    elevenlabs_socket,
    jobs,
    listening_socket,
    openai,
    speech,
    speech_socket,
    system,
    transcriptions,
    voices,
)
from myna.http.allowances import Allowances
from myna.http.backend import Backend, BodiesInFlight
from myna.http.cross_origin import CrossOrigin
from myna.http.errors import install_error_replies
from myna.http.job_items import BackendItems
from myna.http.limits import HttpLimits
from myna.http.openapi import install_openapi
from myna.http.request_edge import LastResort, RequestEdge
from myna.http.speech_replies import SpeechLineReply
from myna.http.studio_page import create_studio_router
from myna.http.tokens import router as tokens_router
from myna.http.wrong_keys import WrongKeys
from myna.observability.audit_log import AuditLog
from myna.observability.metrics import Metrics
from myna.usecases.services import Services
from myna.usecases.tokens import Tokens

_DESCRIPTION = (
    "Instant voice cloning and speech, self-hosted, in Inworld's Voice and TTS wire format. Fields are taken in "
    "camelCase and snake_case; unknown fields are ignored. The WebSockets /tts/v1/voice:streamBidirectional and "
    "/stt/v1/transcribe:streamBidirectional are described in docs/api.md."
)


def create_app(services: Services, limits: HttpLimits | None = None, audit: AuditLog | None = None) -> FastAPI:
    """Its lifespan starts and closes the services. limits: None: the defaults. audit: where acts are noted, or None."""
    limits = limits if limits is not None else HttpLimits()
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await services.start()
        try:
            yield
        finally:
            await backend.close()

    app = FastAPI(
        title="Myna",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    bodies = BodiesInFlight(limits.max_bodies_in_flight_bytes, metrics)
    allowances = Allowances(limits, metrics, services.clock, services.tallies)
    tokens = Tokens(services.keys, services.vault, services.clock)
    keys = WrongKeys(tokens, services.clock, metrics, services.tallies)
    backend = Backend(services, limits, metrics, bodies, allowances, keys, tokens, audit)
    app.state.backend = backend
    services.work_off_jobs.speak_with(BackendItems(backend))
    services.work_off_recordings.speak_with(BackendItems(backend))
    routers = (
        voices.short,
        voices.qualified,
        voices.older,
        dictionaries.router,
        speech.router,
        jobs.router,
        openai.router,
        elevenlabs.router,
        elevenlabs_listening.router,
        detection.router,
        transcriptions.router,
        tokens_router,
    )
    sockets = (listening_socket.router, elevenlabs_socket.router, speech_socket.router)  # the last takes every path
    for router in (*routers, *sockets, system.router, create_studio_router()):
        # One flat list, not routers inside a router: a 405 names the methods of all routes of its path.
        app.router.routes.extend(router.routes)
    install_error_replies(app)
    install_openapi(app, SpeechLineReply)
    # Inside out: what the last resort answers is for pages of other origins too, and every answer has an id.
    app.add_middleware(LastResort, limits=limits)
    if limits.cors_origins:
        app.add_middleware(CrossOrigin, origins=limits.cors_origins)
    app.add_middleware(RequestEdge, limits=limits, metrics=metrics)
    return app
