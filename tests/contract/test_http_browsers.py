"""Browsers: pages of other origins, and what every answer tells about itself (wire-contract.md#browsers)."""

import httpx
import pytest
import websockets
from http_service import HttpService, open_service, open_socket, serve

from myna.config import Settings
from myna.http.limits import HttpLimits

APP, OTHER = "https://app.example.com", "https://evil.example.com"
ADMITTING = HttpLimits(cors_origins=(APP,))
SPEECH = "/tts/v1/voice"
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,idempotency-key",
    "access-control-request-private-network": "true",
}
BLANK = {"text": "", "voiceId": "Dennis"}
SOCKET = "/tts/v1/voice:streamBidirectional"


async def preflight(client: httpx.AsyncClient, origin: str) -> httpx.Response:
    return await client.options(SPEECH, headers=PREFLIGHT | {"origin": origin})


async def test_without_the_setting_no_other_origin_is_admitted() -> None:
    """As before there was a setting: a preflight is another method, an answer names no origin."""
    async with open_service() as service:
        assert (await preflight(service.client, APP)).status_code == 405
        reply = await service.post(SPEECH, BLANK, origin=APP)
        assert reply.status_code == 200
        assert not [name for name in reply.headers if name.startswith("access-control")]


async def test_a_named_origin_may_ask_and_read() -> None:
    """The preflight, the answer and every failure name it, also those from outside the application."""
    async with open_service(HttpLimits(cors_origins=(APP,), max_body_bytes=2000, max_small_body_bytes=2000)) as service:
        asked = await preflight(service.client, APP)
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, APP)
        assert asked.headers["access-control-allow-headers"] == PREFLIGHT["access-control-request-headers"]
        assert {"POST", "PATCH", "DELETE"} <= set(asked.headers["access-control-allow-methods"].split(", "))
        assert "access-control-allow-credentials" not in asked.headers
        for body, status in ((BLANK, 200), ({"text": 5}, 400), ({"text": "x" * 3000}, 413)):
            reply = await service.post(SPEECH, body, origin=APP)
            assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (status, APP)
            exposed = reply.headers["access-control-expose-headers"].lower()
            assert all(name in exposed for name in ("retry-after", "x-request-id", "x-myna-error-code"))
            assert "Origin" in reply.headers["vary"]
            assert len(reply.headers["x-inworld-request-id"]) == 32


async def test_another_origin_is_told_nothing_that_opens_the_door() -> None:
    """Its preflight fails in the one body; a plain request is answered without its name, so the browser keeps it."""
    async with open_service(ADMITTING) as service:
        refused = await preflight(service.client, OTHER)
        assert (refused.status_code, refused.json()["code"]) == (400, 3)
        for reply in (refused, await service.post(SPEECH, BLANK, origin=OTHER)):
            assert "access-control-allow-origin" not in reply.headers


def connect_from(service: HttpService, origin: str | None) -> websockets.connect:
    url = service.base_url.replace("http", "ws", 1) + SOCKET
    return open_socket(url, origin=origin, additional_headers=service.auth())


async def test_the_socket_looks_at_the_origin() -> None:
    """A named one, a page of this server, and what is no browser; others are 403 at the upgrade."""
    async with serve(ADMITTING) as service:
        host = service.base_url.removeprefix("http://")
        for origin in (APP, None, f"http://{host}"):
            await (await connect_from(service, origin)).close()
        for origin in (OTHER, "null", "http://["):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await connect_from(service, origin)
            assert refused.value.response.status_code == 403, origin
            assert b'"code":7' in refused.value.response.body


async def test_without_the_setting_the_socket_takes_every_origin() -> None:
    """As it always did."""
    async with serve() as service:
        await (await open_socket(service.base_url.replace("http", "ws", 1) + SOCKET, origin=OTHER)).close()


@pytest.mark.parametrize("path", ["/healthz", "/voices/v1/voices", "/nowhere", "/docs", "/openapi.json", "/studio/"])
async def test_every_answer_has_the_headers_that_keep_browsers_careful(path: str) -> None:
    """Also failures and pages; a page's own policy is not doubled."""
    async with open_service() as service:
        reply = await service.client.get(path)
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["cross-origin-resource-policy"] == "same-origin"
        assert reply.headers["cache-control"] == "no-store"
        policy = reply.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert policy.count("default-src 'none'") == 1


@pytest.mark.parametrize("value", ["*", "app.example.com", f"{APP}/", f"{APP}/path", f"{APP} {OTHER}", "null"])
def test_origins_are_named_whole(value: str) -> None:
    """Anything else is refused when the server starts."""
    with pytest.raises(ValueError, match="name origins like https://app"):
        Settings(cors_origins=value)


def test_origins_are_separated_by_commas() -> None:
    assert Settings(cors_origins=f" {APP.upper()}, {OTHER},").cors_origins == f"{APP},{OTHER}"
