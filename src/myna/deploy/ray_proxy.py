"""What Ray's HTTP proxies would say of their own, or not at all, is said as everything else is:
`RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH` in examples/ray/ray.env."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from myna.domain.errors import ServiceUnavailable
from myna.http.cross_origin import REQUEST_ID_HEADER, REQUEST_ID_HEADERS
from myna.http.errors import describe, failure_reply
from myna.http.lines import EVENTS, FAILURE_EVENT, FAILURE_LINE
from myna.http.reply import to_json
from myna.observability.request_record import new_request_id

_RAYS_PATHS = "/-/"
"""A proxy's own health and routes, for whoever balances."""
_SERVICE_RESTARTS = 1012
"""With which a socket is closed. Source: IANA, WebSocket close codes."""

_NOBODY = "What was working on this has gone, or has not started yet. Try again in a moment."


def middlewares() -> list[Middleware]:
    """Called by each proxy."""
    return [Middleware(OneBody)]


@dataclass(frozen=True, slots=True)
class OneBody:
    """ASGI middleware around a proxy. Where no `api` replica answers, or one goes before its answer is whole, the
    caller is told to try again; a stream of lines or events gets its error line."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(_RAYS_PATHS):
            await self.app(scope, receive, send)
            return
        begun: Message | None = None
        is_over = False

        async def listen() -> Message:
            nonlocal is_over
            message = await receive()
            is_over = is_over or message["type"].endswith(".disconnect")
            return message

        async def tell(message: Message) -> None:
            nonlocal begun, is_over
            is_reply = begun is None and message["type"].startswith("http.response")
            if is_reply and REQUEST_ID_HEADER not in Headers(raw=message.get("headers", [])):
                return  # not the application's: all of its answers have one
            begun = begun or message
            is_last = message["type"].endswith((".response.body", ".close")) and not message.get("more_body", False)
            is_over = is_over or is_last
            await send(message)

        await self.app(scope, listen, tell)
        if is_over:
            return
        failure = describe(ServiceUnavailable(_NOBODY, 1))
        if begun is None:
            headers = dict.fromkeys(REQUEST_ID_HEADERS, new_request_id())
            await failure_reply(scope["path"], failure, headers)(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _SERVICE_RESTARTS, "reason": failure.message})
        elif line := _failure_line(scope["path"], Headers(raw=begun["headers"])):
            await send({"type": "http.response.body", "body": line % to_json(failure.body())})


def _failure_line(path: str, headers: Headers) -> bytes | None:
    """Of a reply that has begun; None: it breaks off."""
    if headers.get("content-type", "").startswith(EVENTS):
        return FAILURE_EVENT
    return FAILURE_LINE if path == "/tts/v1/voice:stream" else None
