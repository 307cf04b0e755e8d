"""Tokens in place of keys (wire-contract.md#tokens): one-time ones and ones for a session."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from http_service import OTHER_WORKSPACE, HttpService, open_service, open_socket, serve
from test_http_allowances import VOICES, clock_of
from test_http_socket import PATH

from myna.domain.scope import READ, WRITE, Scope
from myna.http.limits import HttpLimits

ONE_TIME = "/auth/v1/tokens"
SESSION = "/auth/v1/tokens/token:generate"
NEWER_SESSION = "/v1/sessionTokens/token:generate"


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


async def make(service: HttpService, path: str = ONE_TIME, key: str | None = None, **fields: Any) -> str:
    body = {"single_use": True, **fields} if path == ONE_TIME else fields
    reply = await service.post(path, body, key)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["accessToken" if path == ONE_TIME else "token"])


def signed(key: str, sent_at: str, nonce: str = "0123456789a", host: str = "api-engine.inworld.ai") -> str:
    """As Inworld's own sample signs, in the way it is written there."""
    key_id, _, secret = base64.b64decode(key).decode().partition(":")
    signature = f"IW1{secret}".encode()
    for part in (sent_at, host, "ai.inworld.engine.WorldEngine/GenerateToken", nonce, "iw1_request"):
        signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
    return f"IW1-HMAC-SHA256 ApiKey={key_id},DateTime={sent_at},Nonce={nonce},Signature={signature.hex()}"


async def generate(service: HttpService, authorization: str, **body: Any) -> httpx.Response:
    return await service.client.post(SESSION, json=body, headers={"Authorization": authorization})


async def test_a_one_time_token_opens_one_request(service: HttpService) -> None:
    """The documented reply; the token speaks, and a second time it is 401 that says why."""
    body = {"single_use": True, "ttl": "300s", "client_reference_id": "user-4711"}
    reply = await service.post(ONE_TIME, body)
    made = reply.json()
    now = clock_of(service).now()
    assert made.keys() == {
        "name",
        "accessToken",
        "expireTime",
        "singleUse",
        "clientReferenceId",
        "createTime",
        "apiKey",
    }
    assert made["name"].startswith("tokens/")
    assert (made["singleUse"], made["clientReferenceId"]) == (True, "user-4711")
    assert made["createTime"] == now.isoformat().replace("+00:00", "Z")
    key_id = base64.b64decode(service.write_key).decode().partition(":")[0]
    assert made["apiKey"] == f"workspaces/acme/apikeys/{key_id}"
    claims = jwt.decode(made["accessToken"], options={"verify_signature": False})
    assert claims["exp"] == pytest.approx(now.timestamp() + 300, abs=1)
    assert (await service.get(VOICES, made["accessToken"])).status_code == 200
    again = await service.get(VOICES, made["accessToken"])
    assert (again.status_code, again.json()["code"]) == (401, 16)
    assert "used before" in again.json()["message"]
    assert again.headers["x-myna-error-code"] == "CREDENTIALS_EXPIRED"


async def test_of_many_who_hold_a_one_time_token_one_gets_in(service: HttpService) -> None:
    """At the same moment, too."""
    token = await make(service)
    replies = await asyncio.gather(*(service.get(VOICES, token) for _ in range(10)))
    assert sorted(reply.status_code for reply in replies) == [200] + [401] * 9


@pytest.mark.parametrize("way", ["header", "query", "subprotocol"])
async def test_a_browser_opens_the_socket_with_a_token(way: str) -> None:
    """In each way in which a key may come; the connection lives on when the token is used up and expired."""
    async with serve() as service:
        token = await make(service, scopes=["speak"])
        url = service.base_url.replace("http", "ws", 1) + PATH
        ways: dict[str, dict[str, Any]] = {
            "header": {"uri": url, "additional_headers": {"Authorization": f"Bearer {token}"}},
            "query": {"uri": f"{url}?authorization=Bearer%20{token}"},
            "subprotocol": {"uri": url, "subprotocols": [f"bearer_{token}"]},
        }
        create = json.dumps({"create": {"voiceId": "Dennis", "modelId": "inworld-tts-1.5-max"}, "contextId": "a"})
        async with open_socket(**ways[way]) as connection:
            for command in (create, json.dumps({"close_context": {}, "contextId": "a"}), create):
                await connection.send(command)
                assert "error" not in json.loads(await connection.recv())
                clock_of(service).advance(3600)
        async with open_socket(**ways[way]) as connection:
            await connection.send(create)
            assert json.loads(await connection.recv())["error"]["code"] == 16


async def test_a_session_token_opens_many_until_it_ends(service: HttpService) -> None:
    """With the key as it is, on both paths; the moment of its end is told, and holds."""
    for path in (SESSION, NEWER_SESSION):
        reply = await service.post(path, {"resources": ["workspaces/acme"]})
        made = reply.json()
        assert made.keys() == {"token", "type", "expirationTime", "sessionId"}
        assert made["type"] == "Bearer"
        for _ in range(3):
            assert (await service.get(VOICES, made["token"])).status_code == 200
        clock_of(service).advance(3599)
        assert (await service.get(VOICES, made["token"])).status_code == 200
        clock_of(service).advance(1)
        expired = await service.get(VOICES, made["token"])
        assert (expired.status_code, expired.headers["x-myna-error-code"]) == (401, "CREDENTIALS_EXPIRED")


async def test_a_request_may_be_signed_in_place_of_the_key(service: HttpService) -> None:
    """As Inworld's samples do, whichever host they think they ask; once, in time, with the right secret, only here."""
    now = f"{clock_of(service).now():%Y%m%d%H%M%S}"
    key_id = base64.b64decode(service.write_key).decode().partition(":")[0]
    for number, host in enumerate(("api-engine.inworld.ai", "api.inworld.ai", "myna.test")):
        header = signed(service.write_key, now, f"0123456789{number}", host)
        reply = await generate(service, header, key=key_id, resources=["workspaces/acme"])
        assert (await service.get(VOICES, reply.json()["token"])).status_code == 200
    refusals = [
        (header, 401, "CREDENTIALS_EXPIRED"),  # seen before
        (signed(service.write_key, "20200101000000"), 401, "CREDENTIALS_EXPIRED"),
        (signed(service.write_key, now, host="evil.example.com"), 403, "CREDENTIALS_REJECTED"),
        (signed(base64.b64encode(f"{key_id}:{'x' * 64}".encode()).decode(), now), 403, "CREDENTIALS_REJECTED"),
        (signed(base64.b64encode(b"0000:secret").decode(), now), 403, "CREDENTIALS_REJECTED"),
        (signed(service.write_key, "99999999999999", "c"), 403, "CREDENTIALS_REJECTED"),
        ("IW1-HMAC-SHA256 ApiKey=x", 403, "CREDENTIALS_REJECTED"),
    ]
    for header, status, code in refusals:
        refused = await generate(service, header)
        assert (refused.status_code, refused.headers["x-myna-error-code"]) == (status, code), header
    elsewhere = await service.client.get(VOICES, headers={"Authorization": signed(service.write_key, now, "other")})
    assert elsewhere.status_code == 403


async def test_a_token_ends_with_its_key(service: HttpService) -> None:
    """Revoked or expired or rotated out: at once."""
    keys = service.services.keys
    key, row = await keys.create(OTHER_WORKSPACE, WRITE)
    token = await make(service, SESSION, key)
    assert (await service.get(VOICES, token)).status_code == 200
    await keys.revoke(row.key_id)
    assert (await service.get(VOICES, token)).status_code == 403


async def test_a_token_does_no_more_than_it_says(service: HttpService) -> None:
    """Scopes narrow it, also below what its key has; a token makes no token, and none wider than its key."""
    speaker = await make(service, SESSION, scopes=["speak"])
    assert (await service.speak("Hello.")).status_code == 200
    said = await service.post("/tts/v1/voice", {"text": "Hi.", "voiceId": "Dennis"}, speaker)
    assert said.status_code == 200
    listed = await service.get(VOICES, speaker)
    assert (listed.status_code, listed.json()["code"]) == (403, 7)
    assert "voices:read" in listed.json()["message"]
    whole = await make(service, SESSION)
    assert (await service.client.delete(f"{VOICES}/nobody", headers=service.auth(whole))).status_code == 404
    for path in (ONE_TIME, SESSION):
        assert (await service.post(path, {"single_use": True}, whole)).status_code == 403
        wide = await service.post(path, {"single_use": True, "scopes": ["voices:write"]}, service.read_key)
        assert (wide.status_code, wide.json()["code"]) == (403, 7)
    narrow, _ = await service.services.keys.create(OTHER_WORKSPACE, READ - {Scope.MAKE_TOKENS})
    assert (await service.post(ONE_TIME, {"single_use": True}, narrow)).status_code == 403


async def test_a_forged_token_opens_nothing(service: HttpService) -> None:
    """Another secret, no signature, another algorithm, a changed word, junk; such a sender has to wait like any."""
    token = await make(service, SESSION)
    head, body, tail = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    others = jwt.encode(claims, "another secret of 32 characters..", "HS256")
    unsigned = jwt.encode(claims, None, "none")
    longer = jwt.encode(claims | {"exp": claims["exp"] + 9999}, "another secret of 32 characters..", "HS256")
    for forged in (others, unsigned, longer, f"{head}.{others.split('.')[1]}.x", f"{head}.{body[:-2]}.{tail}", "a.b.c"):
        refused = await service.get(VOICES, forged)
        assert (refused.status_code, refused.json()["code"]) == (403, 7)
        assert forged[:5] not in refused.text
    assert [(await service.get(VOICES, "a.b.c")).status_code for _ in range(5)] == [403] * 4 + [429]
    assert (await service.get(VOICES, token)).status_code == 200, "signed here: nobody is kept out by another"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"singleUse": False}, "single_use"),
        ({"ttl": "0s"}, "ttl"),
        ({"ttl": "3601s"}, "ttl"),
        ({"ttl": "300"}, "ttl"),
        ({"ttl": "1e2s"}, "ttl"),
        ({"ttl": 300}, "ttl"),
        ({"ttl": "5s", "expireTime": "2030-01-01T00:00:00Z"}, "both"),
        ({"expireTime": "2001-01-01T00:00:00Z"}, "expire_time"),
        ({"expireTime": "2030-01-01T00:00:00"}, "expireTime"),
        ({"clientReferenceId": "x" * 257}, "clientReferenceId"),
        ({"scopes": ["everything"]}, "scope"),
        ({"scopes": "speak"}, "scopes"),
    ],
)
async def test_what_is_wrong_with_a_request_is_named(service: HttpService, fields: dict[str, Any], named: str) -> None:
    """400, and nothing is made."""
    reply = await service.post(ONE_TIME, {"singleUse": True, **fields})
    assert (reply.status_code, reply.json()["code"]) == (400, 3)
    assert named in reply.json()["message"]


async def test_the_end_is_at_most_an_hour_away(service: HttpService) -> None:
    """15 minutes by default; a moment further than an hour off counts as an hour."""
    now_s = clock_of(service).now().timestamp()
    for fields, seconds in (({}, 900), ({"expire_time": "2099-01-01T00:00:00Z"}, 3600), ({"ttl": "1.5s"}, 2)):
        claims = jwt.decode(await make(service, **fields), options={"verify_signature": False})
        assert claims["exp"] == pytest.approx(now_s + seconds, abs=1)


async def test_tokens_of_a_minute_are_counted() -> None:
    """By key, apart from its requests; 429 says when it is worth to ask again."""
    async with open_service(HttpLimits(max_tokens_per_minute=2, accept_any_workspace_path=False)) as service:
        other = await service.post(SESSION, {"resources": ["workspaces/rival"]})
        assert other.status_code == 404
        assert (await service.post(SESSION, {"key": "another"})).status_code == 400
        assert [(await service.post(ONE_TIME, {"singleUse": True})).status_code for _ in range(3)] == [200, 200, 429]
        refused = await service.post(SESSION, {})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        assert (await service.get(VOICES)).status_code == 200
        assert (await service.post(ONE_TIME, {"singleUse": True}, service.read_key)).status_code == 200
