"""The only file that knows status numbers. Every failure is `{"code", "message", "details"}` with the gRPC number
(wire-contract.md#errors), repeated under `error` where clients look for `error.message`; ElevenLabs' paths have
ElevenLabs' body."""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from myna.domain.errors import (
    CredentialsMissing,
    ErrorKind,
    InvalidRequest,
    MethodNotAllowed,
    MynaError,
    ResourceNotFound,
)
from myna.http.proto_message import tell_wrong
from myna.http.reply import JsonReply
from myna.observability.tracing import current_record

logger = logging.getLogger(__name__)

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

_NUMBERS: dict[ErrorKind, tuple[int, int]] = {
    ErrorKind.INVALID_ARGUMENT: (400, 3),
    ErrorKind.FAILED_PRECONDITION: (400, 9),
    ErrorKind.UNAUTHENTICATED: (401, 16),
    ErrorKind.PERMISSION_DENIED: (403, 7),
    ErrorKind.NOT_FOUND: (404, 5),
    ErrorKind.METHOD_NOT_ALLOWED: (405, 12),
    ErrorKind.ALREADY_EXISTS: (409, 6),
    ErrorKind.ABORTED: (409, 10),
    ErrorKind.TOO_LARGE: (413, 3),
    ErrorKind.UNSUPPORTED_MEDIA: (415, 3),
    ErrorKind.RESOURCE_EXHAUSTED: (429, 8),
    ErrorKind.INTERNAL: (500, 13),
    ErrorKind.UNAVAILABLE: (503, 14),
    ErrorKind.DEADLINE_EXCEEDED: (504, 4),
}
"""Kind -> (HTTP status, gRPC code). Source: wire-contract.md#errors; google/rpc/code.proto."""

_WRAPPED_PATHS = ("/tts/v1/voice:stream", "/v1/")
"""Where the body is repeated under `error`, for clients that read it there (wire-contract.md#errors)."""

_ELEVENLABS_PATHS = ("/v1/voices", "/v2/voices", "/v1/text-to-speech/", "/v1/speech-to-text", "/v1/user", "/v1/history")
_ELEVENLABS_STATUSES = {
    "CREDENTIALS_MISSING": "needs_authorization",
    "CREDENTIALS_REJECTED": "invalid_api_key",
    "CREDENTIALS_EXPIRED": "invalid_api_key",
    "PERMISSION_DENIED": "missing_permissions",
    "TEXT_TOO_LONG": "max_character_limit_exceeded",
    "QUOTA_EXHAUSTED": "quota_exceeded",
    "OVERLOADED": "system_busy",
    "RATE_LIMITED": "too_many_concurrent_requests",
}
"""Words that clients look for; others are our codes in lower case. Source: ElevenLabs' help pages on error codes."""

SECURITY_HEADERS = {
    # An answer is data: opened as a page it may load nothing, run nothing and be framed by nobody.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",  # one key's voices and speech; a cache on the way need not know every key's header
    "cross-origin-resource-policy": "same-origin",  # pages that CORS admits ask with CORS, where it does not count
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""What every answer tells a browser and what is on the way to it. A route that needs another policy (the studio, the
description) sends its own."""

ERROR_CODE_HEADER = "x-myna-error-code"
"""Carries the stable code of the error; the body has no place for it (`details` is empty in the original)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is told to a client."""

    status: int
    grpc_code: int
    error_code: str
    message: str
    details: tuple[dict[str, JsonValue], ...] = ()
    retry_after_s: int | None = None

    def body(self) -> dict[str, JsonValue]:
        return {"code": self.grpc_code, "message": self.message, "details": list(self.details)}


_SESSION_INVALID: dict[str, JsonValue] = {
    "@type": "type.googleapis.com/ai.inworld.common.InworldStatus",
    "errorType": "SESSION_TOKEN_INVALID",
    "reconnectType": "NO_RETRY",
    "reconnectTime": None,
    "maxRetries": 0,
}
"""What the original says when no credential was sent (wire-contract.md#keys)."""


def describe(error: MynaError) -> Failure:
    """How an error is told."""
    status, grpc_code = _NUMBERS[error.kind]
    details = (_SESSION_INVALID,) if isinstance(error, CredentialsMissing) else ()
    return Failure(status, grpc_code, error.code, error.message, details, error.retry_after_s)


def describe_bug(error: Exception) -> tuple[Failure, str]:
    """An unexpected exception: logged once with its traceback, told as an id only."""
    error_id = secrets.token_hex(4)
    logger.error("internal error %s", error_id, exc_info=error)
    message = f"Internal error {error_id}. The server's log has the details under this id."
    status, grpc_code = _NUMBERS[ErrorKind.INTERNAL]
    return Failure(status, grpc_code, MynaError.code, message), error_id


def elevenlabs_status(failure: Failure) -> str:
    return _ELEVENLABS_STATUSES.get(failure.error_code, failure.error_code.lower())


def failure_reply(path: str, failure: Failure, headers: Mapping[str, str] | None = None) -> Response:
    body = failure.body()
    if path.startswith(_ELEVENLABS_PATHS):
        body = {"detail": {"status": elevenlabs_status(failure), "message": failure.message}}
    elif path.startswith(_WRAPPED_PATHS):
        body["error"] = failure.body()
    extra = {**SECURITY_HEADERS, ERROR_CODE_HEADER: failure.error_code, **(headers or {})}
    if failure.status == 401:
        extra["www-authenticate"] = failure.message
    if failure.retry_after_s is not None:
        extra["retry-after"] = str(failure.retry_after_s)
    return JsonReply(body, failure.status, extra)


def install_error_replies(app: FastAPI) -> None:
    """Give every failure that reaches the application the one body."""

    @app.exception_handler(MynaError)
    async def on_myna_error(request: Request, exc: MynaError) -> Response:
        return _reply(request, exc)

    @app.exception_handler(HTTPException)
    async def on_http_exception(request: Request, exc: HTTPException) -> Response:
        if exc.status_code == 405:
            allowed = ", ".join(sorted(_allowed_methods(request)))
            return _reply(request, MethodNotAllowed("Method Not Allowed"), {"allow": allowed})
        if exc.status_code == 404:
            return _reply(request, ResourceNotFound("Not Found"))
        return _reply(request, InvalidRequest(str(exc.detail)))

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, exc: RequestValidationError) -> Response:
        first = exc.errors()[0]
        return _reply(request, InvalidRequest(tell_wrong(first, first["loc"][1:])))  # behind where it stood: the query


def _reply(request: Request, error: MynaError, headers: Mapping[str, str] | None = None) -> Response:
    failure = describe(error)
    current_record().error_code = failure.error_code
    return failure_reply(request.url.path, failure, headers)


def _allowed_methods(request: Request) -> set[str]:
    """The router only reports the first route of a path; a path may have several."""
    matching = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return {method for route in matching for method in getattr(route, "methods", None) or ()}
