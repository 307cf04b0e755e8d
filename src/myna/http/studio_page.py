"""The studio under `/studio`: static files by a fixed list of names, which talk to the public API only."""

import hashlib
from importlib import resources
from pathlib import PurePath

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from myna.domain.errors import ResourceNotFound

_PAGE = "index.html"
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types studio-worker"
)
"""No inline script or style, no third party, no framing; no string ever becomes markup."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # The files have no version in their names: ask each time, answer 304 when nothing changed.
    "Cache-Control": "no-cache",
}


def create_studio_router() -> APIRouter:
    """Routes of the studio; the files are read once, here."""
    router = APIRouter(include_in_schema=False)
    files = (resources.files("myna.http") / "studio").iterdir()
    assets = {file.name: file.read_bytes() for file in files if PurePath(file.name).suffix in _MEDIA_TYPES}

    @router.api_route("/studio", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        return _reply(_PAGE, assets[_PAGE], request)

    @router.get("/studio/")
    async def page_with_slash() -> Response:
        # The page names its files relative to `/studio`, so that it also works behind a proxy's path prefix.
        return RedirectResponse("../studio", status_code=308)

    @router.api_route("/studio/{name}", methods=["GET", "HEAD"])
    async def asset(name: str, request: Request) -> Response:
        found = assets.get(name)
        if found is None or name == _PAGE:
            raise ResourceNotFound("The studio has no such file. The page itself is at /studio.")
        return _reply(name, found, request)

    return router


def _reply(name: str, content: bytes, request: Request) -> Response:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_MEDIA_TYPES[PurePath(name).suffix], headers=headers)
