"""The outermost layers, in plain ASGI, which sees every request and bodies before they are read: target, id, body
limit, last resort, log line, metrics."""

import asyncio
import logging
import re
from dataclasses import dataclass
from time import monotonic
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from myna.domain.errors import DeadlineExceeded, InvalidRequest, MynaError, PayloadTooLarge, ServiceUnavailable
from myna.http.cross_origin import REQUEST_ID_HEADERS, WITHOUT_EFFECT_HEADER
from myna.http.errors import SECURITY_HEADERS, describe, describe_bug, failure_reply
from myna.http.limits import HttpLimits
from myna.http.prompt_connections import noting_connection
from myna.observability.logging import log_request
from myna.observability.metrics import Metrics
from myna.observability.request_record import RequestRecord
from myna.observability.tracing import current_record, trace_request

logger = logging.getLogger(__name__)

_LINGER_S = 30.0
_LINGER_PAUSE_S = 5.0
"""So long an unwanted body is read after the reply, in all and without a byte: a client that is still sending would get
a reset in its place. Source: nginx, `lingering_time`, `lingering_timeout`."""

_ORIGIN = re.compile(rb"https?://[^/?]*", re.IGNORECASE)
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: counted, but without a line in the log."""


class ClientLeft(Exception):
    """The client closed the connection while its request was answered."""


@dataclass(frozen=True, slots=True)
class RequestEdge:
    """ASGI middleware around the whole application: what is done with every request and every reply."""

    app: ASGIApp
    limits: HttpLimits
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope = in_origin_form(scope)
        send = noting_connection(scope, send)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record = RequestRecord("request", method=scope["method"])
        if scope["method"] == "HEAD":
            # As GET: the server leaves the body out, since it goes by its own copy of the scope.
            scope = {**scope, "method": "GET"}
        exchange = _Exchange(scope, receive, send, record, self.limits)
        self.metrics.change("myna_requests_in_flight", 1)
        traceparent = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        with trace_request(record, traceparent):
            try:
                await self.app(scope, exchange.receive, exchange.send)
            finally:
                self.metrics.change("myna_requests_in_flight", -1)
                record.route = getattr(scope.get("route"), "path", "")
                record.finish()
                self.metrics.observe(record)
                if record.route not in _QUIET_ROUTES or record.status >= 400:
                    log_request(record)


@dataclass(frozen=True, slots=True)
class LastResort:
    """ASGI middleware inside `RequestEdge`: answers what is not to reach the application, and what it did not catch."""

    app: ASGIApp
    limits: HttpLimits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record = current_record()
        try:
            self._check_length(dict(scope["headers"]).get(b"content-length", b"0"))
            await self.app(scope, receive, send)
        except (ClientLeft, ClientDisconnect):
            # The latter while its body was still arriving.
            record.error_code = "CLIENT_LEFT"
        except asyncio.CancelledError:
            # The server stops, and waits no longer.
            failure = describe(ServiceUnavailable("The server is stopping. Ask again in a moment."))
            record.error_code = failure.error_code
            if not record.status:
                await failure_reply(scope["path"], failure)(scope, receive, send)
            raise
        except Exception as exc:  # noqa: BLE001  (the HTTP last resort: logged once, told as an id)
            # Once a reply has begun Starlette has no place for an error of ours: it raises one of its own from it.
            known = exc.__cause__ if record.status and type(exc) is RuntimeError else exc
            failure, record.error_id = (describe(known), "") if isinstance(known, MynaError) else describe_bug(exc)
            record.error_code = failure.error_code
            if record.status:
                # Half a reply is out: the connection is cut, so that it is not taken for a whole one.
                record.status = failure.status
                return
            await failure_reply(scope["path"], failure)(scope, receive, send)

    def _check_length(self, declared: bytes) -> None:
        """Raises: InvalidRequest, PayloadTooLarge for a declared length that alone is reason to refuse."""
        if declared and not declared.isdigit():
            raise InvalidRequest("Content-Length is not a number.")
        if len(declared) > 18 or int(declared or b"0") > self.limits.max_body_bytes:
            raise _too_large(self.limits)


class _Exchange:
    """One request and its reply: counts what comes in, lingers when a reply overtakes its request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, record: RequestRecord, limits: HttpLimits) -> None:
        self.record = record
        self._receive = receive
        self._send = send
        self._limits = limits
        headers = dict(scope["headers"])
        self._is_waiting_for_go = b"expect" in headers
        is_empty = b"transfer-encoding" not in headers and headers.get(b"content-length", b"0") in (b"", b"0")
        self._is_body_read = is_empty

    async def receive(self) -> Message:
        """Raises: PayloadTooLarge, DeadlineExceeded while the body arrives."""
        if self._is_body_read:
            return await self._receive()
        try:
            async with asyncio.timeout(self._limits.body_pause_s):
                message = await self._receive()
        except TimeoutError as exc:
            raise DeadlineExceeded("The request's body stopped arriving. Send it again.") from exc
        if message["type"] != "http.request":
            return message
        self.record.body_bytes += len(message.get("body", b""))
        self._is_body_read = not message.get("more_body", False)
        if self.record.body_bytes > self._limits.max_body_bytes:
            raise _too_large(self._limits)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.record.status = message["status"]
            headers = MutableHeaders(raw=list(message.get("headers", [])))
            for name in REQUEST_ID_HEADERS:
                headers[name] = self.record.request_id
            if self.record.without_effect:
                headers[WITHOUT_EFFECT_HEADER] = self.record.without_effect
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if not self._is_body_read:
                headers["connection"] = "close"
            await self._send({**message, "headers": headers.raw})
            return
        self.record.sent_bytes += len(message.get("body", b""))
        is_last = not message.get("more_body", False)
        if is_last and not self._is_body_read and not self._is_waiting_for_go:
            await self._send({**message, "more_body": True})
            await self._throw_away_body()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await self._send(message)

    async def _throw_away_body(self) -> None:
        deadline = monotonic() + _LINGER_S
        while not self._is_body_read and monotonic() < deadline:
            try:
                async with asyncio.timeout(_LINGER_PAUSE_S):
                    message = await self._receive()
            except TimeoutError:
                return
            if message["type"] != "http.request":
                return
            self._is_body_read = not message.get("more_body", False)


def _too_large(limits: HttpLimits) -> PayloadTooLarge:
    mebibytes = limits.max_body_bytes / (1024 * 1024)
    return PayloadTooLarge(f"The request's body is over the limit of {mebibytes:g} MiB. Send fewer or shorter samples.")


def in_origin_form(scope: Scope) -> Scope:
    """`GET http://host/path` means `/path` (RFC 9112, 3.2.2), a slash too many nothing; `/studio/` stays."""
    written = scope.get("raw_path") or b""
    origin = _ORIGIN.match(written)
    raw_path = written[origin.end() :] if origin is not None else written
    raw_path = re.sub(rb"/{2,}", b"/", raw_path)
    if raw_path != b"/studio/":
        raw_path = raw_path.rstrip(b"/")
    raw_path = raw_path or b"/"
    if raw_path == written or not written:
        return scope
    return {**scope, "raw_path": raw_path, "path": unquote(raw_path.decode("ascii"))}
