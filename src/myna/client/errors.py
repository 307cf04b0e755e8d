"""What can go wrong between this client and a server.

ClientError
├── ApiError              the server answered with a failure
├── ServerUnreachable     no answer: refused, timed out, cut off
├── ReplyUnreadable       an answer that is not of this API (a proxy's page, another service)
└── RequestRefused        refused here, before anything was sent
"""

import json
from collections.abc import Mapping
from typing import ClassVar

_REASON_HEADER = "x-myna-error-code"


class ClientError(Exception):
    """message: what happened and what to do next, for a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ApiError(ClientError):
    """The server's refusal or failure."""

    MID_STREAM: ClassVar[int] = 200
    """`status` of a failure that came after the stream had begun: the HTTP status had already left."""

    def __init__(self, status: int, code: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        """HTTP status."""
        self.code = code
        """gRPC status number, as the API puts it into the body."""
        self.reason = reason
        """The server's stable name of the error (`VOICE_NOT_FOUND`); empty if it sends none."""

    def __reduce__(self) -> tuple[type["ApiError"], tuple[int, int, str, str]]:
        return type(self), (self.status, self.code, self.message, self.reason)


class ServerUnreachable(ClientError):
    pass


class ReplyUnreadable(ClientError):
    pass


class RequestRefused(ClientError):
    pass


def read_error(status: int, headers: Mapping[str, str], content: bytes) -> ClientError:
    """The error in a reply that is not a 2xx."""
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return ReplyUnreadable(f"HTTP {status} without the API's error body: is this the address of a Myna server?")
    return error_from_body(status, body, headers.get(_REASON_HEADER, ""))


def error_from_body(status: int, body: Mapping[str, object], reason: str = "") -> ApiError:
    """The error in a decoded body, bare or under `error` as on streams."""
    inner = body.get("error")
    error = inner if isinstance(inner, Mapping) else body
    code, message = error.get("code"), error.get("message")
    return ApiError(
        status,
        code if isinstance(code, int) else 0,
        str(message) if message else f"HTTP {status} without a message.",
        reason,
    )
