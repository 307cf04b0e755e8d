"""Pages of other origins: admitted by name (`MYNA_CORS_ORIGINS`), and only then asked who they are."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from myna.domain.errors import InvalidRequest, PermissionDenied
from myna.http.errors import ERROR_CODE_HEADER, describe, failure_reply
from myna.http.limits import HttpLimits

REQUEST_ID_HEADER = "x-inworld-request-id"
REQUEST_ID_HEADERS = (REQUEST_ID_HEADER, "x-request-id", "request-id")
"""As Inworld's, OpenAI's and ElevenLabs' clients read it: theirs warn, or show none, without."""
WITHOUT_EFFECT_HEADER = "x-myna-without-effect"


class CrossOrigin(CORSMiddleware):
    """Starlette's, whose refusals have the one body of all failures. Keys travel in a header, so no cookies."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=("GET", "POST", "PATCH", "DELETE"),
            allow_headers=("*",),  # stock clients add headers of their own
            allow_private_network=True,  # whoever names an origin wants its pages to reach a server in the house, too
            expose_headers=("Retry-After", *REQUEST_ID_HEADERS, ERROR_CODE_HEADER, WITHOUT_EFFECT_HEADER),
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        reply = super().preflight_response(request_headers)
        if reply.status_code == 200:
            return reply
        return failure_reply("", describe(InvalidRequest(f"{bytes(reply.body).decode()}. Ask who runs this server.")))


def check_socket_origin(headers: Headers, limits: HttpLimits) -> None:
    """Browsers let any page open a socket: with origins named, others are kept out here. A page of this server and a
    client that is no browser (it sends no `Origin`) are admitted. Raises: PermissionDenied."""
    origin = headers.get("origin")
    if not limits.cors_origins or origin is None or origin in limits.cors_origins:
        return
    try:
        host = urlsplit(origin).netloc
    except ValueError:  # no browser's: "http://["
        host = ""
    if not host or host != headers.get("host"):
        raise PermissionDenied("Pages of this origin may not connect. Ask who runs this server.")
