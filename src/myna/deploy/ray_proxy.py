"""What Ray's HTTP proxies would say of their own, or not at all, is said as everything else is:
`RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH` in examples/ray/ray.env."""

import logging
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from myna.domain.errors import ServiceUnavailable
from myna.http.cross_origin import REQUEST_ID_HEADER, REQUEST_ID_HEADERS
from myna.http.errors import describe, failure_reply
from myna.http.lines import EVENTS, FAILURE_EVENT, FAILURE_LINE
from myna.http.reply import to_json
from myna.http.request_edge import in_origin_form
from myna.observability.request_record import new_request_id

logger = logging.getLogger(__name__)

_RAYS_PATHS = ("/-/healthz", "/-/routes")
"""A proxy's own health and routes, for whoever balances."""
_RAYS_OPTIONS = frozenset(
    {
        b"serve-multiplexed-model-id",
        b"x-request-disconnect-disabled",
        b"x-request-id",
        b"x-request-timeout-seconds",
        b"x-session-id",
    }
)
"""Headers that tell Ray how to treat a request, with `-` for `_`. Callers have no say in that."""
_SERVICE_RESTARTS = 1012
"""With which a socket is closed. Source: IANA, WebSocket close codes."""

_NOBODY = "What was working on this has gone, or has not started yet. Try again in a moment."


def middlewares() -> list[Middleware]:
    """Called by each proxy."""
    return [Middleware(OneBody)]


@dataclass(frozen=True, slots=True)
class OneBody:
    """ASGI middleware around a proxy. Where no `api` replica answers, or one goes before its answer is whole, the
    caller is told to try again; a stream of lines or events gets its error line. Ray's own options do not come through.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in _RAYS_PATHS:
            await self.app(scope, receive, send)
            return
        path = in_origin_form(scope)["path"]
        headers = [each for each in scope["headers"] if each[0].replace(b"_", b"-") not in _RAYS_OPTIONS]
        begun: Message | None = None
        is_over = False

        async def listen() -> Message:
            nonlocal is_over
            message = await receive()
            is_over = is_over or message["type"].endswith(".disconnect")
            return message

        async def tell(message: Message) -> None:
            nonlocal begun, is_over
            if begun is None and message["type"].startswith("http.response"):
                message = {"headers": [], **message}
                replied = MutableHeaders(scope=message)
                if REQUEST_ID_HEADER not in replied:
                    return  # not the application's: all of its answers have one
                replied["x-request-id"] = replied[REQUEST_ID_HEADER]  # Ray has added one of its own
            begun = begun or message
            is_last = message["type"].endswith((".response.body", ".close")) and not message.get("more_body", False)
            is_over = is_over or is_last
            await send(message)

        try:
            await self.app({**scope, "headers": headers}, listen, tell)
        except Exception as exc:  # noqa: BLE001  (the proxy's last resort; what it says may be what a caller sent)
            logger.warning("a proxy failed: %s", type(exc).__name__)
        if is_over:
            return
        failure = describe(ServiceUnavailable(_NOBODY, 1))
        begun_headers = Headers(raw=begun.get("headers", []) if begun else [])
        request_id = begun_headers.get(REQUEST_ID_HEADER) or new_request_id()
        logger.warning("nobody answered to the end: request_id=%s status=%d", request_id, failure.status)
        if begun is None:
            ids = dict.fromkeys(REQUEST_ID_HEADERS, request_id)
            await failure_reply(path, failure, ids)(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _SERVICE_RESTARTS, "reason": failure.message})
        elif begun["status"] == 200 and (line := _failure_line(path, begun_headers)):
            await send({"type": "http.response.body", "body": line % to_json(failure.body())})


def _failure_line(path: str, headers: Headers) -> bytes | None:
    """Of a reply that has begun well; None: it breaks off."""
    if "content-length" in headers:
        return None
    if headers.get("content-type", "").startswith(EVENTS):
        return FAILURE_EVENT
    return FAILURE_LINE if path == "/tts/v1/voice:stream" else None
