"""Who may do what: every served route by every kind of caller. A route that nobody wrote down here fails."""

import base64
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import websockets
from http_service import (
    OTHER_WORKSPACE,
    WORKSPACE,
    HttpService,
    build_tone_services,
    open_socket,
    serve,
    wav_base64,
    wav_bytes,
)
from starlette.routing import BaseRoute, Route, WebSocketRoute
from test_http_allowances import clock_of

from myna.config import Settings
from myna.domain.scope import WRITE, Scope
from myna.http.app import create_app

VOICE = "VOICE"
"""In a path, query or body: the id of a voice of the first workspace."""
QUALIFIED = "/voices/v1/workspaces/{workspace}"
SPEECH = {"text": "Hello.", "voiceId": VOICE, "modelId": "inworld-tts-1.5-max"}
CLONE = {
    "displayName": "A",
    "validateOnly": True,
    "langCode": "EN_US",
    "voiceSamples": [{"audioData": wav_base64(1.5)}],
}
DESIGN = {
    "designPrompt": "A calm and warm woman who reads the news in the evening.",
    "previewText": "Hello.",
    "voiceDesignConfig": {"numberOfSamples": 1},
}
HEARD = {"transcribeConfig": {"modelId": "inworld/inworld-stt-1"}, "audioData": {"content": wav_base64(1.5)}}


@dataclass(frozen=True)
class Need:
    """What a route asks for, and what it answers to a key of another workspace that asks for our voice."""

    scope: Scope | None
    """None: a key or token of any kind."""
    foreign: int = 200
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    file_field: str = ""
    """Of a form: where its recording goes; `body` holds the other fields."""


READ, CHANGE = Need(Scope.READ_VOICES), Need(Scope.WRITE_VOICES, 404)
DETECT, MARK_WEIGHTS = "POST /v1/detect", Settings().weights_dir / "watermark/perth.onnx"
"""The fast tests run without weights: a mark is not looked for then."""
CONSENT = {"givenBy": "Ann", "speaker": "Ann", "purpose": "tests"}
NEEDS = {
    "POST /tts/v1/voice": Need(Scope.SPEAK, 404, SPEECH),
    "POST /tts/v1/voice:stream": Need(Scope.SPEAK, 404, SPEECH),
    "POST /tts/v1/voice:synthesizeAsync": Need(Scope.SPEAK, 404, SPEECH),
    "POST /tts/v1/voice:synthesizeBatch": Need(Scope.SPEAK, 404, {"items": [{"customId": "a", "request": SPEECH}]}),
    "GET /lro/v1alpha/{name:path}": Need(None, 404),  # the scope is that of the job
    "GET /tts/v1/voice:preview": Need(Scope.SPEAK, 404, query={"voice_id": VOICE}),
    "GET /tts/v1/voices": READ,
    "POST /v1/audio/speech": Need(Scope.SPEAK, 404, {"input": "Hello.", "voice": VOICE, "model": "tts-1"}),
    "POST /v1/audio/transcriptions": Need(Scope.LISTEN, body={"model": "whisper-1"}, file_field="file"),
    DETECT: Need(Scope.LISTEN, file_field="file"),
    "GET /v1/voices": READ,
    "GET /v2/voices": READ,
    "GET /v1/voices/settings/default": READ,
    "GET /v1/voices/{voice_id}": Need(Scope.READ_VOICES, 404),
    "GET /v1/voices/{voice_id}/settings": Need(Scope.READ_VOICES, 404),
    "DELETE /v1/voices/{voice_id}": CHANGE,
    "GET /v1/user": Need(None),
    "GET /v1/user/subscription": Need(None),
    "GET /v1/history": READ,
    "POST /v1/voices/add": Need(Scope.WRITE_VOICES, body={"name": "A"}, file_field="files"),
    "POST /v1/text-to-speech/{voice_id}": Need(Scope.SPEAK, 404, {"text": "Hello."}),
    "POST /v1/text-to-speech/{voice_id}/stream": Need(Scope.SPEAK, 404, {"text": "Hello."}),
    "POST /v1/text-to-speech/{voice_id}/with-timestamps": Need(Scope.SPEAK, 404, {"text": "Hello."}),
    "POST /v1/text-to-speech/{voice_id}/stream/with-timestamps": Need(Scope.SPEAK, 404, {"text": "Hello."}),
    "WS /v1/text-to-speech/{voice_id}/stream-input": Need(Scope.SPEAK, 404, {"text": "Hello.", "flush": True}),
    "WS /v1/text-to-speech/{voice_id}/multi-stream-input": Need(Scope.SPEAK, 404, {"text": "Hello.", "flush": True}),
    "POST /v1/speech-to-text": Need(Scope.LISTEN, body={"model_id": "scribe_v1"}, file_field="file"),
    "WS /v1/speech-to-text/realtime": Need(Scope.LISTEN),
    "GET /v1/audio/voices": READ,
    "GET /v1/models": Need(None),
    "GET /v1/audio/models": Need(None),
    "GET /v1/models/{model}": Need(None),
    "POST /stt/v1/transcribe": Need(Scope.LISTEN, 200, HEARD),
    "POST /stt/v1/transcribe:async": Need(Scope.LISTEN, 200, HEARD),
    "POST /auth/v1/tokens": Need(Scope.MAKE_TOKENS, 200, {"singleUse": True}),
    "POST /auth/v1/tokens/token:generate": Need(Scope.MAKE_TOKENS),
    "POST /v1/sessionTokens/token:generate": Need(Scope.MAKE_TOKENS),
    "WS /tts/v1/voice:streamBidirectional": Need(Scope.SPEAK, 404, {"create": SPEECH, "contextId": "a"}),
    "WS /stt/v1/transcribe:streamBidirectional": Need(
        Scope.LISTEN, 200, {"transcribeConfig": {"modelId": "inworld/inworld-stt-1"}, "closeStream": {}}
    ),
}
for prefix in ("/voices/v1", QUALIFIED):
    NEEDS |= {
        f"GET {prefix}/voices": READ,
        f"GET {prefix}/supportedLanguages": READ,
        f"GET {prefix}/voices/{{voice_id}}": Need(Scope.READ_VOICES, 404),
        f"PATCH {prefix}/voices/{{voice_id}}": CHANGE,
        f"DELETE {prefix}/voices/{{voice_id}}": CHANGE,
        f"POST {prefix}/voices/{{voice_id}}:publish": CHANGE,
        f"GET {prefix}/voices/{{voice_id}}:consent": Need(Scope.READ_VOICES, 404),
        f"POST {prefix}/voices/{{voice_id}}:consent": Need(Scope.WRITE_VOICES, 404, CONSENT),
        f"POST {prefix}/voices/{{voice_id}}:revokeConsent": CHANGE,
        f"POST {prefix}/voices:clone": Need(Scope.WRITE_VOICES, 200, CLONE),
        f"POST {prefix}/voices:design": Need(Scope.WRITE_VOICES, 200, DESIGN),
    }
DICTIONARIES = "/pronunciations/v1/workspaces/{workspace}/pronunciationDictionaries"
NEEDS |= {
    f"GET {DICTIONARIES}": READ,
    f"POST {DICTIONARIES}": Need(Scope.WRITE_VOICES, 200, {"displayName": "Names"}),
    f"GET {DICTIONARIES}/{{dictionary_id}}": Need(Scope.READ_VOICES, 404),
    f"PATCH {DICTIONARIES}/{{dictionary_id}}": Need(Scope.WRITE_VOICES, 404, {"etag": "a", "displayName": "Names"}),
    f"DELETE {DICTIONARIES}/{{dictionary_id}}": Need(Scope.WRITE_VOICES, 404, query={"etag": "a"}),
}
OPEN = {
    *("GET /healthz", "HEAD /healthz", "GET /readyz", "HEAD /readyz", "GET /metrics", "GET /docs"),
    *("GET /openapi.json", "HEAD /openapi.json", "GET /studio", "HEAD /studio", "GET /studio/"),
    "GET /tts/v1/results/{job_id}/{name}",  # for whoever has a signed address
    *("GET /studio/{name}", "HEAD /studio/{name}", "WS /{path:path}"),
}
"""Nothing of a workspace is there."""


def served(routes: list[BaseRoute]) -> set[str]:
    found = set()
    for route in routes:
        if isinstance(route, Route):
            found |= {f"{method} {route.path}" for method in route.methods or ()}
        else:
            assert isinstance(route, WebSocketRoute)
            found.add(f"WS {route.path}")
    return found


async def test_every_served_route_is_written_down_here() -> None:
    """And nothing else is."""
    routes = create_app(build_tone_services()).routes
    assert served(routes) == NEEDS.keys() | OPEN


@dataclass
class Caller:
    """Asks one route after another with one credential."""

    service: HttpService
    voice_id: str
    workspace: str = WORKSPACE
    credential: str | None = None
    num_asked: int = 0

    async def ask(self, route: str) -> tuple[int, str]:
        """The status, of a socket the one that its code stands for, and the text."""
        need = NEEDS.get(route, Need(None))
        method, path = route.split(" ")
        names = {"workspace": self.workspace, "voice_id": self.voice_id, "model": "tts-1"}
        path = re.sub(r"{(\w+)}", lambda name: names.get(name[1], "x"), path)
        self.num_asked += 1
        # Each request from an address of its own: senders of wrong keys have to wait.
        headers = {"X-Forwarded-For": f"10.1.{id(self) % 256}.{self.num_asked}"}
        if self.credential is not None:
            headers["Authorization"] = f"Bearer {self.credential}"
        body = json.dumps(need.body).replace(VOICE, self.voice_id)
        if method == "WS":
            return await self._open(path, headers, body)
        query = {name: value.replace(VOICE, self.voice_id) for name, value in need.query.items()}
        content: dict[str, Any] = {"content": body} if method in ("POST", "PATCH") else {}
        if need.file_field:
            content = {"files": {need.file_field: ("a.wav", wav_bytes())}, "data": dict(need.body)}
        reply = await self.service.client.request(method, path, params=query, headers=headers, **content)
        return reply.status_code, reply.text

    async def _open(self, path: str, headers: dict[str, str], body: str) -> tuple[int, str]:
        url = self.service.base_url.replace("http", "ws", 1) + path
        async with open_socket(url, additional_headers=headers) as connection:
            with suppress(websockets.ConnectionClosed):  # refused already
                await connection.send(body)
            text = str(await connection.recv())
        frame = json.loads(text)
        if "message_type" in frame:  # in those of ElevenLabs' Scribe
            is_missing = "expired" in text or "required" in text
            return 200 if frame["message_type"] == "session_started" else 401 if is_missing else 403, text
        if isinstance(frame.get("error"), str):  # in ElevenLabs' words
            words = {"voice_not_found": 404, "needs_authorization": 401, "missing_permissions": 403}
            return 401 if "expired" in text else words.get(frame["error"], 403), text
        code = (frame.get("error") or frame.get("result", {}).get("status") or {}).get("code", 0)
        return {0: 200, 5: 404, 7: 403, 16: 401}[code], text


@dataclass(frozen=True)
class Scene:
    service: HttpService
    voice_id: str
    expired_key: str

    def caller(self, credential: str | None, workspace: str = WORKSPACE) -> Caller:
        return Caller(self.service, self.voice_id, workspace, credential)

    async def key(self, *scopes: Scope, workspace: str = WORKSPACE) -> str:
        return (await self.service.services.keys.create(workspace, frozenset(scopes)))[0]

    async def token(self, key: str, **fields: Any) -> str:
        reply = await self.service.post("/v1/sessionTokens/token:generate", fields, key)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["token"])


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with serve(services=build_tone_services(measures=False)) as service:
        expired_key, _ = await service.services.keys.create(WORKSPACE, WRITE, timedelta(seconds=1))
        clock_of(service).advance(1)
        yield Scene(service, await service.clone(), expired_key)


async def test_nobody_gets_in_without_a_right_key(scene: Scene) -> None:
    """No key, a wrong one, one of another server's making, an expired one, a token of a revoked key."""
    key, row = await scene.service.services.keys.create(WORKSPACE, WRITE)
    orphan = await scene.token(key)
    await scene.service.services.keys.revoke(row.key_id)
    wrong = base64.b64encode(f"{row.key_id}:{'x' * 64}".encode()).decode()
    for credential, status in ((None, 401), ("wrong", 403), (wrong, 403), (scene.expired_key, 401), (orphan, 403)):
        caller = scene.caller(credential)
        told = {route: await caller.ask(route) for route in NEEDS}
        assert dict.fromkeys(NEEDS, status) == {route: answer[0] for route, answer in told.items()}
        assert not [route for route, (_, text) in told.items() if scene.voice_id in text]


async def test_a_scope_opens_its_routes_and_no_others(scene: Scene) -> None:
    """Of a key with only that scope; one without any opens nothing of ours. A token that was narrowed to it is asked
    for one route of each need: what a route sees of a caller are the scopes, whatever they came with."""
    whole = await scene.key(*Scope)
    lasting = {route: need for route, need in NEEDS.items() if not route.startswith("DELETE")}
    of_each_need = {need.scope: route for route, need in lasting.items()}.values()
    for scope in Scope:
        asking = [(scene.caller(await scene.key(scope)), set(lasting))]
        if scope is not Scope.MAKE_TOKENS:
            asking.append((scene.caller(await scene.token(whole, scopes=[scope.value])), set(of_each_need)))
        for caller, routes in asking:
            refused = {route for route in routes if (await caller.ask(route))[0] == 403}
            assert refused == {route for route in routes if lasting[route].scope not in (None, scope)}
    for credential in (await scene.key(), await scene.token(await scene.key(Scope.SPEAK, Scope.MAKE_TOKENS))):
        deleting = [(await scene.caller(credential).ask(route))[0] for route in NEEDS if route.startswith("DELETE")]
        assert set(deleting) == {403}


@pytest.mark.parametrize("is_token", [False, True])
async def test_another_workspace_sees_and_changes_nothing(scene: Scene, is_token: bool) -> None:
    """With a key that may do everything in its own: our voice is not there, under any path, and stays as it was."""
    key = await scene.key(*Scope, workspace=OTHER_WORKSPACE)
    before = (await scene.service.get(f"/voices/v1/voices/{scene.voice_id}")).json()
    for workspace in (WORKSPACE, OTHER_WORKSPACE):
        caller = scene.caller(await scene.token(key) if is_token else key, workspace)
        makes_tokens = {route for route, need in NEEDS.items() if need.scope is Scope.MAKE_TOKENS}
        # The others are the same whichever workspace is named.
        named = {route: need for route, need in NEEDS.items() if workspace == WORKSPACE or "{workspace}" in route}
        for route, need in named.items():
            status, text = await caller.ask(route)
            lacks_weights = route == DETECT and not MARK_WEIGHTS.exists()
            foreign = 503 if lacks_weights else need.foreign
            assert status == (403 if is_token and route in makes_tokens else foreign), route
            if status == 200:
                assert scene.voice_id not in text, route
    after = await scene.service.get(f"/voices/v1/voices/{scene.voice_id}")
    assert after.json() == before


async def test_open_routes_hold_nothing_of_a_workspace(scene: Scene) -> None:
    """Neither the voice nor the names, to whoever asks."""
    await scene.service.speak("Hello.", voiceId=scene.voice_id)
    for route in OPEN - {"WS /{path:path}"}:
        status, text = await scene.caller(None).ask(route)
        assert status in (200, 308, 404), route
        assert scene.voice_id not in text, route
        assert f'"{OTHER_WORKSPACE}"' not in text, route
    with pytest.raises(websockets.InvalidStatus) as refused:
        await open_socket(scene.service.base_url.replace("http", "ws", 1) + "/nowhere")
    assert refused.value.response.status_code == 404
