"""The studio under `/studio`: static files by a fixed list of names, which talk to the public API only."""

import hashlib
from dataclasses import dataclass
from importlib import resources

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from myna.domain.errors import ResourceNotFound

_PAGE = "index.html"
_JAVASCRIPT = "text/javascript; charset=utf-8"
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": _JAVASCRIPT,
    ".svg": "image/svg+xml",
}

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types studio-worker",
    ]
)
"""No inline script or style, no third party, no framing; no string ever becomes markup."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # The files have no version in their names: ask each time, answer 304 when nothing changed.
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    media_type: str
    etag: str


def create_studio_router() -> APIRouter:
    """Routes of the studio; the files are read once, here."""
    router = APIRouter(include_in_schema=False)
    assets = _read_assets()

    @router.api_route("/studio", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        return _reply(assets[_PAGE], request)

    @router.get("/studio/")
    async def page_with_slash() -> Response:
        # The page names its files relative to `/studio`, so that it also works behind a proxy's path prefix.
        return RedirectResponse("../studio", status_code=308)

    @router.api_route("/studio/{name}", methods=["GET", "HEAD"])
    async def asset(name: str, request: Request) -> Response:
        found = assets.get(name)
        if found is None or name == _PAGE:
            raise ResourceNotFound("The studio has no such file. The page itself is at /studio.")
        return _reply(found, request)

    return router


def _read_assets() -> dict[str, _Asset]:
    """Every file of the package's studio folder whose kind is known, by its bare name."""
    assets = {}
    for file in (resources.files("myna.http") / "studio").iterdir():
        media_type = _MEDIA_TYPES.get("." + file.name.rpartition(".")[2])
        if media_type is not None and file.is_file():
            content = file.read_bytes()
            assets[file.name] = _Asset(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return assets


def _reply(asset: _Asset, request: Request) -> Response:
    headers = {**_HEADERS, "ETag": asset.etag}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)
