"""Every failure has one body and the right number (wire-contract.md#keys and #errors); the edge's limits; the log."""

import asyncio
import contextlib
import gzip
import json
import logging
import threading
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from http_service import (
    HANG_S,
    HttpService,
    HurdleEngine,
    Hurdles,
    build_tone_services,
    hurdle_spec,
    open_service,
    open_socket,
    serve,
    until,
    wav_base64,
)

from myna.domain.errors import MynaError
from myna.domain.scope import WRITE
from myna.engines.base import EngineSettings
from myna.engines.tone.spec import SPEC
from myna.http.errors import describe
from myna.http.limits import HttpLimits
from myna.http.prompt_connections import PromptHttpProtocol
from myna.observability.logging import REQUEST_LOGGER
from myna.runtime.in_process import _LOOKS, InProcessEngineClient

SPEAK = {"text": "Hello there.", "voiceId": "Dennis", "modelId": "inworld-tts-1.5-max"}


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


def assert_error(reply: httpx.Response, status: int, code: int, message: str = "") -> None:
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
    assert message in reply.json()["message"]
    assert isinstance(reply.json()["details"], list)
    ids = [reply.headers[name] for name in ("x-inworld-request-id", "x-request-id", "request-id")]
    assert ids[0].isalnum()
    assert ids == ids[:1] * 3


async def test_no_key_is_401_with_the_documented_details(service: HttpService) -> None:
    """gRPC 16, the header, and the `InworldStatus` entry; `x-api-key` and a bare scheme are no credentials."""
    for headers in ({}, {"Authorization": ""}, {"Authorization": "Basic "}, {"x-api-key": service.write_key}):
        for method, path in (("GET", "/voices/v1/voices"), ("POST", "/tts/v1/voice"), ("POST", "/v1/audio/speech")):
            reply = await service.client.request(method, path, headers=headers)
            assert_error(reply, 401, 16, "authentication is required")
            assert reply.headers["www-authenticate"] == "authentication is required"
            assert reply.json()["details"][0]["errorType"] == "SESSION_TOKEN_INVALID"


async def test_compressed_bodies_are_unpacked_within_the_limit(service: HttpService) -> None:
    """gzip and deflate, also of a form; a bomb is 413, other codings and multipart are 415 and name the header."""
    body = json.dumps(SPEAK).encode()
    path, key = "/tts/v1/voice", {"Authorization": f"Basic {service.write_key}"}

    async def send(content: bytes, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await service.client.post(path, content=content, headers=key | named)

    members = gzip.compress(body[:20]) + gzip.compress(body[20:])
    for content, coding in ((gzip.compress(body), "gzip"), (members, "x-gzip"), (zlib.compress(body), "Deflate")):
        assert (await send(content, content_encoding=coding)).status_code == 200
    assert_error(await send(gzip.compress(b" " * 10**8), content_encoding="gzip"), 413, 3, "limit")
    assert_error(await send(body, content_encoding="gzip"), 400, 3, "Content-Encoding")
    assert_error(await send(gzip.compress(body)[:-9], content_encoding="gzip"), 400, 3, "too early")
    assert_error(await send(gzip.compress(b"") * 2000, content_encoding="gzip"), 400, 3, "members")
    assert_error(await send(body, content_encoding="br"), 415, 3, "Content-Encoding")
    assert_error(await send(body, content_type="multipart/form-data; boundary=x"), 415, 3, "Content-Type")


@pytest.mark.parametrize("path", ["/voices/v1/voices/", "//voices//v1/voices", "/voices/v1//voices//"])
async def test_a_slash_too_many_changes_nothing(service: HttpService, path: str) -> None:
    """What people type and what clients join."""
    url = str(service.client.base_url).rstrip("/") + path
    reply = await service.client.get(httpx.URL(url), headers={"Authorization": f"Basic {service.write_key}"})
    assert reply.status_code == 200, reply.text


async def test_a_wrong_key_is_403_and_shows_four_characters(service: HttpService) -> None:
    """gRPC 7, the documented words, no details; a revoked key is the same."""
    reply = await service.get("/voices/v1/voices", "abcdefgh-secret")
    assert_error(reply, 403, 7)
    assert reply.json()["message"] == 'API key does not exist or was deleted: "abcd***"'
    assert reply.json()["details"] == []
    key, row = await service.services.keys.create((await service.services.keys.list())[0].workspace, WRITE)
    await service.services.keys.revoke(row.key_id)
    assert_error(await service.get("/voices/v1/voices", key), 403, 7, key[:4])
    for strange in ("x" * 5000, "a\x07b"):
        assert_error(await service.get("/voices/v1/voices", strange), 403, 7)


async def test_the_scheme_word_does_not_matter(service: HttpService) -> None:
    """Basic, Bearer, anything, or the key alone, as the documentation shows it."""
    for value in ("Basic", "Bearer", "bearer", "Key"):
        headers = {"Authorization": f"{value} {service.read_key}"}
        assert (await service.client.get("/voices/v1/voices", headers=headers)).status_code == 200
    headers = {"Authorization": service.read_key, "X-User-Agent": "sdk", "X-Request-Id": "1"}
    assert (await service.client.get("/voices/v1/voices", headers=headers)).status_code == 200


async def test_a_read_key_reads_and_speaks_but_does_not_write(service: HttpService) -> None:
    """Write access is asked for by the Voice API only."""
    key = service.read_key
    assert (await service.get("/voices/v1/voices/Dennis", key)).status_code == 200
    assert (await service.post("/tts/v1/voice", SPEAK, key)).status_code == 200
    for method, path in (
        ("POST", "/voices/v1/voices:clone"),
        ("POST", "/voices/v1/workspaces/acme/voices:clone"),
        ("POST", "/voices/v1/voices:design"),
        ("POST", "/voices/v1/voices/Dennis:publish"),
        ("PATCH", "/voices/v1/voices/Dennis"),
        ("DELETE", "/voices/v1/voices/Dennis"),
    ):
        assert_error(
            await service.client.request(method, path, headers=service.auth(key)),
            403,
            7,
            "lacks the scope voices:write",
        )


async def test_unknown_paths_and_methods(service: HttpService) -> None:
    """404 and 405 have the body too, and 405 names what is allowed."""
    for path in ("/", "/voices", "/voices/v1/voices//a/b", "/tts/v1/voice:nothing", "/voices/v1/voices/a/b"):
        assert_error(await service.get(path), 404, 5, "Not Found")
    for method, path, allowed in (
        ("DELETE", "/tts/v1/voice", "POST"),
        ("GET", "/voices/v1/voices:clone", "POST"),
        ("PUT", "/voices/v1/voices/x", "DELETE, GET, PATCH"),
    ):
        reply = await service.client.request(method, path, headers=service.auth())
        assert_error(reply, 405, 12)
        assert reply.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path", ["/tts/v1/voice", "/tts/v1/voice:stream", "/v1/audio/speech", "/voices/v1/voices:clone"]
)
@pytest.mark.parametrize("body", [b"{", b"[]", b'{"a":NaN}', b'{"a":' * 50_000, b"\xff", b"a=b"])
async def test_broken_json_is_400_everywhere(service: HttpService, path: str, body: bytes) -> None:
    """A body that is not JSON is the caller's mistake, whatever is wrong with it."""
    assert_error(await service.client.post(path, content=body, headers=service.auth()), 400, 3)


async def test_stream_and_openai_errors_are_repeated_under_error(service: HttpService) -> None:
    """Clients of these paths look for `error.message`; others get the bare body."""
    for path, is_repeated in (("/tts/v1/voice:stream", True), ("/v1/audio/speech", True), ("/tts/v1/voice", False)):
        reply = (
            await service.post(path, {**SPEAK, "modelId": "nope", "input": "x", "model": "nope", "voice": "x"})
        ).json()
        assert reply["message"] == "model_id: nope is not supported."
        assert ("error" in reply) is is_repeated
        if is_repeated:
            assert reply["error"] == {k: v for k, v in reply.items() if k != "error"}


async def test_an_engine_that_trips_is_a_500_without_its_words() -> None:
    """What broke inside is not told; nothing else is disturbed."""
    hurdles = Hurdles()
    async with open_service(services=build_tone_services(hurdle_spec(hurdles))) as service:
        hurdles.fail_at_chunk = 1
        reply = await service.post("/tts/v1/voice", SPEAK)
        assert_error(reply, 500, 13)
        assert "tripped" not in reply.text
        hurdles.fail_at_chunk = None
        assert (await service.post("/tts/v1/voice", SPEAK)).status_code == 200


async def test_an_engine_that_hangs_is_a_500_and_not_ready() -> None:
    """Whoever waits is told; `/readyz` says so until another engine is loaded, and then all is as before."""
    hurdles, may_load = Hurdles(), threading.Event()
    may_load.set()

    def load(settings: EngineSettings) -> HurdleEngine:
        assert may_load.wait(HANG_S)
        return HurdleEngine(hurdles)

    engine = InProcessEngineClient(replace(SPEC, load=load), EngineSettings(Path("unused")))
    async with open_service(services=build_tone_services(engine=engine)) as service:
        may_load.clear()
        hurdles.gate, hurdles.num_chunks = threading.Event(), 1
        hung = asyncio.create_task(service.post("/tts/v1/voice", SPEAK))
        await until(lambda: hurdles.num_open == 1)
        for _ in range(1 + _LOOKS):
            engine._look_at_slots()
        assert_error(await hung, 500, 13, "did not answer")
        assert_error(await service.client.get("/readyz"), 503, 14)
        hurdles.gate.set()
        may_load.set()
        assert (await service.post("/tts/v1/voice", SPEAK)).status_code == 200
        assert (await service.client.get("/readyz")).status_code == 200


async def test_a_full_waiting_line_is_429() -> None:
    """Overload is told with code 8, before any work."""
    hurdles = Hurdles()
    services = build_tone_services(hurdle_spec(hurdles), num_slots=1, queue_length=0)
    async with open_service(services=services) as service:
        hurdles.num_chunks, hurdles.gate = 1, __import__("threading").Event()
        held = asyncio.create_task(service.post("/tts/v1/voice", SPEAK))
        await until(lambda: hurdles.num_open == 1)
        reply = await service.post("/tts/v1/voice", SPEAK)
        assert_error(reply, 429, 8)
        assert reply.headers["retry-after"] == "1"
        hurdles.gate.set()
        assert (await held).status_code == 200


async def test_not_ready_is_503() -> None:
    """A service whose engine is not loaded is up, but not ready."""
    services = build_tone_services()
    transport_service = open_service(services=services)
    async with transport_service as service:
        assert (await service.client.get("/readyz")).json() == {"status": "ready", "engine": "tone"}
        await services.engine.close()
        assert (await service.client.get("/healthz")).status_code == 200
        assert (await service.client.head("/healthz")).status_code == 200
        assert_error(await service.client.get("/readyz"), 503, 14)
        assert_error(await service.post("/tts/v1/voice", SPEAK), 503, 14)


def test_every_error_class_has_its_own_code_and_a_number() -> None:
    """No class of the tree is forgotten in the table, and codes are unique."""
    classes = [MynaError]
    for cls in classes:
        classes += cls.__subclasses__()
    assert len({cls.code for cls in classes}) == len(classes)
    assert all(400 <= describe(cls("m")).status < 600 for cls in classes)


# --- limits --------------------------------------------------------------------------------------------------------


async def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    """From the declared length alone, with the body, while the client is still sending; then the connection ends."""
    async with serve(HttpLimits(max_body_bytes=100_000)) as service:
        reply = await service.client.post(
            "/voices/v1/voices:clone", content=b"x" * 30_000_000, headers=service.auth("nobody")
        )
        assert_error(reply, 413, 3, "over the limit")
        assert reply.headers["connection"] == "close"
        reader, writer = await asyncio.open_connection("127.0.0.1", int(service.base_url.rsplit(":", 1)[1]))
        writer.write(b"POST /voices/v1/voices:clone HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        writer.close()


async def test_a_chunked_body_is_counted_while_it_arrives() -> None:
    """Without a declared length the body is refused at the limit."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 10_000

    async with serve(HttpLimits(max_body_bytes=100_000)) as service:
        reply = await service.client.post("/voices/v1/voices:clone", content=body(), headers=service.auth())
        assert_error(reply, 413, 3)


async def test_a_refused_upload_still_gets_its_answer() -> None:
    """A wrong key is told although megabytes of the body are unread; no connection is reset."""
    async with serve() as service:
        for _ in range(3):
            reply = await service.client.post(
                "/voices/v1/voices:clone", content=b" " * 20_000_000, headers=service.auth("nobody")
            )
            assert_error(reply, 403, 7)


async def test_requests_without_audio_have_a_smaller_limit(service: HttpService) -> None:
    """Text does not take megabytes."""
    reply = await service.client.post("/tts/v1/voice", content=b" " * 5_000_000, headers=service.auth())
    assert_error(reply, 413, 3)


async def test_bodies_in_memory_are_bounded_together() -> None:
    """What would go over the common limit is told to come again."""
    async with open_service(HttpLimits(max_bodies_in_flight_bytes=1000)) as service:
        assert_error(await service.client.post("/tts/v1/voice", content=b" " * 2000, headers=service.auth()), 429, 8)
        assert (await service.post("/tts/v1/voice", SPEAK)).status_code == 200


async def test_a_body_that_stops_arriving_is_given_up() -> None:
    """A client that declares more than it sends does not hold its connection for ever."""
    async with serve(HttpLimits(body_pause_s=0.1)) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(service.base_url.rsplit(":", 1)[1]))
        writer.write(b"POST /tts/v1/voice HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n")
        writer.write(f"Authorization: {service.write_key}\r\n\r\n{{".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 504")
        writer.close()


async def test_head_is_get_without_a_body() -> None:
    """Load balancers ask so; what GET does not take, HEAD does not take either."""
    async with serve() as service:
        whole = await service.client.get("/healthz")
        head = await service.client.head("/healthz")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]
        assert (await service.client.head("/tts/v1/voice")).status_code == 405


async def test_a_client_that_leaves_while_it_sends_is_no_mistake_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    """Noted as such, without a traceback and without a 500."""
    caplog.set_level("INFO")
    async with serve() as service:
        _, writer = await asyncio.open_connection("127.0.0.1", int(service.base_url.rsplit(":", 1)[1]))
        writer.write(b"POST /tts/v1/voice HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n")
        writer.write(f"Authorization: {service.write_key}\r\n\r\n{{".encode())
        await writer.drain()
        writer.transport.abort()
        await until(lambda: any(line.get("error_code") == "CLIENT_LEFT" for line in _lines(caplog)))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def impatient(seconds: float = 0.1) -> type[PromptHttpProtocol]:
    """So long it waits for a head."""
    return type("ImpatientProtocol", (PromptHttpProtocol,), {"max_head_s": seconds})


async def read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    """Nothing, if it is a reset: what the server has not read when it closes makes it one."""
    with contextlib.suppress(ConnectionResetError):
        return await asyncio.wait_for(reader.read(), HANG_S)
    return b""


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /tts/v1/voice HT",
        b"GET /tts/v1/voice:streamBidirectional HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
    ],
)
async def test_a_request_that_does_not_arrive_is_given_up(sent: bytes) -> None:
    """Silent connections and half a head are closed."""
    async with serve(protocol=impatient()) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(service.base_url.rsplit(":", 1)[1]))
        writer.write(sent)
        assert await read_to_the_end(reader) == b""
        writer.close()


async def test_a_second_request_that_does_not_arrive_is_given_up() -> None:
    """Half a head after a whole request, which had stopped the keep-alive time."""
    protocol = impatient(HANG_S)
    async with serve(protocol=protocol) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(service.base_url.rsplit(":", 1)[1]))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        protocol.max_head_s = 0.1
        writer.write(b"GET /hea")
        await read_to_the_end(reader)
        writer.close()


async def test_a_slow_reply_is_no_missing_request() -> None:
    """The deadline is for heads: none runs in the middle of a reply, nor within the keep-alive time after it."""
    hurdles = Hurdles()
    services = build_tone_services(hurdle_spec(hurdles))
    deadlines: list[asyncio.TimerHandle] = []

    class Watched(PromptHttpProtocol):
        def _await_head(self) -> None:
            super()._await_head()
            assert self._deadline is not None
            deadlines.append(self._deadline)

    async with serve(services=services, protocol=Watched) as service:
        for num_requests in (1, 2):
            hurdles.num_chunks, hurdles.gate = 0, threading.Event()
            replying = asyncio.create_task(service.post("/tts/v1/voice:stream", SPEAK))
            await until(lambda: hurdles.num_chunks == 1)
            assert len(deadlines) >= num_requests
            assert all(deadline.cancelled() for deadline in deadlines)
            hurdles.gate.set()
            assert (await replying).status_code == 200
            assert all(deadline.cancelled() for deadline in deadlines)


async def _exchange(service: HttpService, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the last reply to raw bytes, once the server has hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(service.base_url.rsplit(":", 1)[1]))
    writer.write(sent)
    received = await asyncio.wait_for(reader.read(), HANG_S)
    writer.close()
    head, _, body = received[received.rindex(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")
    first, *rest = head.decode("ascii").split("\r\n")
    return int(first.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}, body


NOT_HTTP = [
    (b"GARBAGE\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
    (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    (b"GET /voices/v1/voices/\xe6\x97\xa5 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"POST /tts/v1/voice HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
    (b"POST /tts/v1/voice HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000, 431),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGARBAGE\r\n\r\n", 400),
]


async def test_what_is_not_http_gets_the_one_body() -> None:
    """Before any layer of the application sees a request: bad lines, bad headers, too long ones, a TLS greeting."""
    async with serve() as service:
        for sent, status in NOT_HTTP:
            answered, headers, body = await _exchange(service, sent)
            told = (answered, headers["content-type"], headers["connection"])
            assert told == (status, "application/json", "close"), sent[:80]
            assert int(headers["content-length"]) == len(body)
            told = json.loads(body)
            assert (told["code"], told["details"]) == (3, [])
            assert told["message"].startswith("The request is not valid HTTP: ")


async def test_a_body_that_turns_to_nonsense_gets_the_one_body() -> None:
    """A chunk without a size, after the request was handed to the application."""
    async with serve() as service:
        head = f"POST /tts/v1/voice HTTP/1.1\r\nHost: x\r\nAuthorization: {service.write_key}\r\n"
        answered, _, body = await _exchange(service, f"{head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n{{}}".encode())
    assert (answered, json.loads(body)["code"]) == (400, 3)


async def test_a_whole_url_as_the_target_means_its_path() -> None:
    """As clients write it to proxies; RFC 9112 has every server accept it."""
    targets = {"http://h:1/healthz": 200, "HTTPS://h/healthz?a=b": 200, "http://h": 404, "/http://h/healthz": 404}
    async with serve() as service:
        for target, status in targets.items():
            sent = f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()
            assert (await _exchange(service, sent))[0] == status, target


async def test_a_socket_at_an_unknown_path_is_404() -> None:
    """Not the bare 403 of the framework."""
    async with serve() as service:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with open_socket(service.base_url.replace("http", "ws") + "/tts/v1/voice:nothing"):
                pass
    reply = refused.value.response
    assert (reply.status_code, json.loads(reply.body or b"")["code"]) == (404, 5)


# --- the log -------------------------------------------------------------------------------------------------------


def _lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__ for record in caplog.records if record.name == REQUEST_LOGGER]


async def test_one_line_for_each_request_with_what_was_done(
    service: HttpService, caplog: pytest.LogCaptureFixture
) -> None:
    """The canonical line knows the route, the workspace, the voice, the engine and the times."""
    caplog.set_level(logging.INFO, REQUEST_LOGGER)
    await service.post("/tts/v1/voice:stream", SPEAK)
    await service.get("/nowhere")
    await service.client.get("/healthz")
    spoken, lost = _lines(caplog)
    assert [spoken[k] for k in ("route", "status", "workspace", "voice_id", "engine", "lang", "chars")] == [
        "/tts/v1/voice:stream", 200, "acme", "Dennis", "tone", "EN_US", 12,
    ]  # fmt: skip
    assert spoken["ttfa_ms"] > 0
    assert spoken["rtf"] > 0
    assert (lost["status"], lost["error_code"]) == (404, "RESOURCE_NOT_FOUND")


async def test_the_log_never_holds_text_transcripts_audio_or_keys(
    service: HttpService, caplog: pytest.LogCaptureFixture
) -> None:
    """Secret words sent in every field and place do not come back in the log."""
    caplog.set_level(logging.DEBUG)
    secret = "xylophonezebra"
    sample = {"audioData": wav_base64(), "transcription": secret}
    await service.post("/voices/v1/voices:clone", {"displayName": "a", "description": secret, "voiceSamples": [sample]})
    await service.post("/voices/v1/voices:clone", {"displayName": 5, "description": secret, "voiceSamples": [sample]})
    for path in ("/tts/v1/voice", "/tts/v1/voice:stream"):
        await service.post(path, {**SPEAK, "text": secret})
        await service.post(path, {**SPEAK, "text": secret * 400})
        await service.client.post(path, content=json.dumps({"text": secret})[:-1], headers=service.auth())
    await service.post("/v1/audio/speech", {"input": secret, "voice": "Dennis", "model": "inworld-tts-1"})
    await service.get("/voices/v1/voices", f"key-{secret}", filter=secret)
    ours = [record for record in caplog.records if record.name != "httpx"]  # the test's own client logs addresses
    logged = "".join(f"{record.getMessage()} {record.__dict__!r}" for record in ours)
    assert secret not in logged
    assert service.write_key not in logged
    assert sample["audioData"][:40] not in logged


async def test_metrics_count_what_happened(service: HttpService) -> None:
    """Requests, errors, speech and clones are in the page, without names of workspaces."""
    await service.clone()
    await service.speak("Hello there.")
    await service.get("/voices/v1/voices/nobody")
    page = (await service.client.get("/metrics")).text
    for line in (
        'myna_requests_total{method="POST",route="/tts/v1/voice",status="200"} 1.0',
        'myna_errors_total{error_code="VOICE_NOT_FOUND"} 1.0',
        'myna_clones_total{outcome="cloned"} 1.0',
        'myna_spoken_chars_total{engine="tone"} 12.0',
        "myna_body_bytes_in_flight 0.0",
    ):
        assert line in page
    assert "acme" not in page
