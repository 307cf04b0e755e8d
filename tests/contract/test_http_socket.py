"""The speech socket against raw frames (wire-contract.md#socket)."""

import asyncio
import base64
import json
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from fastapi import FastAPI
from http_service import HANG_S, HttpService, Hurdles, build_tone_services, hurdle_spec, open_socket, serve, until
from websockets.asyncio.client import ClientConnection

from myna.http.limits import HttpLimits
from myna.http.server import server_config

PATH = "/tts/v1/voice:streamBidirectional"
CREATE = {"voiceId": "Dennis", "modelId": "inworld-tts-2", "audioConfig": {"audioEncoding": "PCM"}}
OK = {"code": 0, "message": "", "details": []}


class Talk:
    """A socket that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, context_id: str | None = None, /, **command: Any) -> None:
        frame = command if context_id is None else {"contextId": context_id, **command}
        await self.connection.send(json.dumps(frame))

    async def hear(self) -> dict[str, Any]:
        return dict(json.loads(await asyncio.wait_for(self.connection.recv(), HANG_S)))

    async def hear_until(self, event: str, num: int = 1) -> list[dict[str, Any]]:
        """All frames up to the `num`th with this event."""
        frames: list[dict[str, Any]] = []
        while num:
            frames.append(await self.hear())
            num -= event in frames[-1].get("result", {})
        return frames

    async def is_quiet(self, seconds: float = 0.15) -> bool:
        try:
            await asyncio.wait_for(self.connection.recv(), seconds)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def talk(service: HttpService, key: str | None = None, query: str = "", **options: Any) -> AsyncIterator[Talk]:
    headers = options.pop("additional_headers", service.auth(key) if not query else {})
    url = service.base_url.replace("http", "ws", 1) + PATH + query
    async with open_socket(url, additional_headers=headers, compression=None, **options) as connection:
        yield Talk(connection)


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with serve() as service:
        yield service


def events_of(frames: list[dict[str, Any]], context_id: str = "c") -> str:
    """The sequence of one context's events, repeats left out."""
    names: list[str] = []
    for frame in frames:
        result = frame["result"]
        if result["contextId"] == context_id:
            name = next(
                (key for key in result if key not in ("contextId", "status")), f"error {result['status']['code']}"
            )
            if not names or names[-1] != name:
                names.append(name)
    return " ".join(names)


def num_chars_of(frames: list[dict[str, Any]]) -> int:
    return sum(
        frame["result"]["audioChunk"]["usage"]["processedCharactersCount"]
        for frame in frames
        if "audioChunk" in frame.get("result", {})
    )


async def test_a_pipelined_burst_is_answered_in_order(service: HttpService) -> None:
    """create, texts and close sent at once: created, audio, one flush marker, closed; usage is the text's length."""
    async with talk(service) as socket:
        await socket.say("c", create=CREATE)
        await socket.say("c", send_text={"text": "Hello "})
        await socket.say("c", sendText={"text": "there, friend."})
        await socket.say("c", close_context={})
        frames = await socket.hear_until("contextClosed")
    assert events_of(frames) == "contextCreated audioChunk flushCompleted contextClosed"
    assert num_chars_of(frames) == len("Hello there, friend.")
    assert all(frame["result"]["status"] == OK for frame in frames)
    assert frames[0]["result"]["contextCreated"]["voiceId"] == "Dennis"
    assert frames[0]["result"]["contextCreated"]["audioConfig"]["audioEncoding"] == "PCM"
    assert frames[-1]["result"]["contextClosed"] == {}


async def test_the_socket_stays_open_after_a_context(service: HttpService) -> None:
    """Contexts follow one another on a connection, under one name too."""
    async with talk(service) as socket:
        for _ in range(3):
            await socket.say("c", create=CREATE)
            await socket.say("c", send_text={"text": "Hi.", "flush_context": {}})
            await socket.say("c", close_context={})
            frames = await socket.hear_until("contextClosed")
            assert events_of(frames) == "contextCreated audioChunk flushCompleted contextClosed"


async def test_blank_text_makes_nothing(service: HttpService) -> None:
    """The keep-alive of voice agents: no frame at all, also for a context that is over or has no name; closing still
    answers."""
    async with talk(service) as socket:
        await socket.say("over", send_text={"text": ""})
        await socket.connection.send('{"send_text": {"text": ""}}')
        await socket.say("c", create=CREATE | {"autoMode": True})
        for text in ("", "  ", "\n"):
            await socket.say("c", send_text={"text": text, "flush_context": {}})
        await socket.say("c", flush_context={})
        await socket.say("c", close_context={})
        assert events_of(await socket.hear_until("contextClosed")) == "contextCreated contextClosed"


async def test_signs_alone_complete_without_an_error(service: HttpService) -> None:
    """A flushed emoji is not worth an error: the marker comes, so that nobody waits."""
    async with talk(service) as socket:
        await socket.say("c", create=CREATE)
        await socket.say("c", send_text={"text": "[laugh]", "flush_context": {}})
        assert events_of(await socket.hear_until("flushCompleted")) == "contextCreated flushCompleted"


async def test_text_waits_until_there_is_a_reason_to_speak(service: HttpService) -> None:
    """Without a flush, a full buffer or a delay nothing is spoken; each of them speaks, with one marker."""
    async with talk(service) as socket:
        await socket.say("c", create=CREATE | {"bufferCharThreshold": 12, "max_buffer_delay_ms": 0})
        await socket.say("c", send_text={"text": "One two"})
        await socket.hear_until("contextCreated")
        assert await socket.is_quiet()
        await socket.say("c", flushContext={})
        assert num_chars_of(await socket.hear_until("flushCompleted")) == len("One two")
        await socket.say("c", send_text={"text": "A longer piece."})
        assert num_chars_of(await socket.hear_until("flushCompleted")) == len("A longer piece.")
        assert await socket.is_quiet()

        await socket.say("d", create=CREATE | {"maxBufferDelayMs": 50})
        await socket.say("d", send_text={"text": "Soon."})
        assert events_of(await socket.hear_until("flushCompleted"), "d").endswith("flushCompleted")


async def test_auto_mode_speaks_each_piece(service: HttpService) -> None:
    """Client segments: one marker for each send_text; sentence boundaries: the last sentence waits for the close."""
    async with talk(service) as socket:
        await socket.say("c", create=CREATE | {"autoMode": True})
        await socket.say("c", send_text={"text": "First."})
        await socket.say("c", send_text={"text": "Second."})
        assert num_chars_of(await socket.hear_until("flushCompleted", 2)) == len("First.Second.")

        strategy = {"autoMode": True, "autoModeStrategy": "SENTENCE_BOUNDARY", "maxBufferDelayMs": 0}
        await socket.say("d", create=CREATE | strategy)
        await socket.say("d", send_text={"text": "First one. Second"})
        assert num_chars_of(await socket.hear_until("flushCompleted")) == len("First one. ")
        assert await socket.is_quiet()
        await socket.say("d", close_context={})
        assert num_chars_of(await socket.hear_until("contextClosed")) == len("Second")


async def test_timestamps_start_again_at_each_flush(service: HttpService) -> None:
    """Times count from the flush; ASYNC ones come after their audio and before the marker."""
    async with talk(service) as socket:
        settings = {"timestampType": "WORD", "timestampTransportStrategy": "ASYNC"}
        await socket.say("c", create=CREATE | settings)
        for _ in range(2):
            await socket.say("c", send_text={"text": "Hello, world.", "flush_context": {}})
            frames = await socket.hear_until("flushCompleted")
            chunks = [f["result"]["audioChunk"] for f in frames if "audioChunk" in f["result"]]
            timed = [chunk["timestampInfo"]["wordAlignment"] for chunk in chunks if "timestampInfo" in chunk]
            assert "".join(word for part in timed for word in part["words"]) == "Hello, world."
            assert timed[0]["wordStartTimeSeconds"][0] == 0.0
            assert all(bool(chunk["audioContent"]) is ("timestampInfo" not in chunk) for chunk in chunks)


async def test_two_contexts_interleave() -> None:
    """Both get their first audio before either is done."""
    hurdles = Hurdles()
    hurdles.gate, hurdles.is_gate_of_each = threading.Event(), True
    services = build_tone_services(hurdle_spec(hurdles))
    async with serve(services=services) as service, talk(service) as socket:
        for name in ("a", "b"):
            await socket.say(name, create=CREATE)
            await socket.say(name, send_text={"text": "word " * 100})
            await socket.say(name, close_context={})
        frames: list[dict[str, Any]] = []
        while {f["result"]["contextId"] for f in frames if "audioChunk" in f["result"]} != {"a", "b"}:
            frames.append(await socket.hear())
        hurdles.gate.set()
        frames += await socket.hear_until("contextClosed", 2)
    for name in ("a", "b"):
        assert events_of(frames, name) == "contextCreated audioChunk flushCompleted contextClosed"


async def test_cancel_stops_the_engine_and_forgets_the_rest() -> None:
    """Within a chunk; other contexts go on; the name is free again."""
    hurdles = Hurdles()
    services = build_tone_services(hurdle_spec(hurdles), num_slots=1)
    async with serve(services=services) as service, talk(service) as socket:
        hurdles.gate = threading.Event()
        await socket.say("c", create=CREATE)
        await socket.say("c", send_text={"text": "word " * 300, "flush_context": {}})
        await socket.say("c", send_text={"text": "never heard", "flush_context": {}})
        await socket.hear_until("audioChunk")
        await socket.say("c", cancel_context={})
        await socket.say("c", cancel_context={})
        await until(lambda: not services.engine._streams)
        hurdles.gate.set()
        frames = await socket.hear_until("contextClosed")
        assert "flushCompleted" not in events_of(frames)
        await until(lambda: hurdles.num_open == 0)
        assert hurdles.num_chunks <= 2  # what was heard, and what was in the making
        hurdles.gate = None
        await socket.say("c", create=CREATE)
        await socket.say("c", send_text={"text": "Again.", "flush_context": {}})
        frames = await socket.hear_until("flushCompleted")
        assert num_chars_of(frames) == len("Again.")


async def test_cancel_before_anything_was_spoken(service: HttpService) -> None:
    """Buffered text is forgotten, the context is closed."""
    async with talk(service) as socket:
        await socket.say("c", create=CREATE)
        await socket.say("c", send_text={"text": "never heard"})
        await socket.say("c", cancelContext={})
        assert events_of(await socket.hear_until("contextClosed")) == "contextCreated contextClosed"


async def test_a_context_may_speak_with_a_described_voice(service: HttpService) -> None:
    """`voiceDesign` in `create` or `update_config` takes the place of the voice, and a voice takes its place again."""
    design = {"designPrompt": "An elderly man with a deep voice."}
    async with talk(service) as socket:
        await socket.say("c", create={**CREATE, "voiceId": "", "voiceDesign": design})
        await socket.say("c", send_text={"text": "Hi.", "flush_context": {}})
        frames = await socket.hear_until("flushCompleted")
        assert events_of(frames) == "contextCreated audioChunk flushCompleted"
        assert frames[0]["result"]["contextCreated"]["voiceDesign"] == design
        for change, voice_id in (({"voiceId": "Sarah"}, "Sarah"), ({"voice_design": design}, "")):
            await socket.say("c", update_config=change)
            settings = (await socket.hear())["result"]["contextUpdated"]
            assert (settings["voiceId"], "voiceDesign" in settings) == (voice_id, not voice_id)
        await socket.say("d", create={**CREATE, "voiceDesign": design})
        assert "cannot both be set" in (await socket.hear())["result"]["status"]["message"]


async def test_update_config_changes_what_comes(service: HttpService) -> None:
    """Fields that are sent replace the old ones; the model stays."""
    async with talk(service) as socket:
        await socket.say("c", create=CREATE)
        await socket.say("c", update_config={"voice_id": "Sarah", "audioConfig": {"sampleRateHertz": 16000}})
        updated = (await socket.hear_until("contextUpdated"))[-1]["result"]["contextUpdated"]
        assert [updated["voiceId"], updated["audioConfig"]["sampleRateHertz"]] == ["Sarah", 16000]
        assert updated["audioConfig"]["audioEncoding"] == "PCM"
        await socket.say("c", update_config={"modelId": "inworld-tts-1"})
        assert (await socket.hear())["result"]["status"]["code"] == 3
        await socket.say("c", update_config={"voiceId": "nobody"})
        assert (await socket.hear())["result"]["status"]["code"] == 5


async def test_one_unnamed_context_is_meant_without_a_name(service: HttpService) -> None:
    """The id is made up if none is sent, and not needed while there is one context only."""
    async with talk(service) as socket:
        await socket.say(create=CREATE)
        name = (await socket.hear())["result"]["contextId"]
        await socket.say(send_text={"text": "Hi.", "flush_context": {}})
        await socket.say(close_context={})
        frames = await socket.hear_until("contextClosed")
        assert {name} == {frame["result"]["contextId"] for frame in frames}


# --- errors --------------------------------------------------------------------------------------------------------


async def test_credentials_are_looked_at_with_the_first_frame(service: HttpService) -> None:
    """Any upgrade succeeds; then 16 or 7 at the top level, and close 1000 without a reason."""
    for headers, code, message in (
        ({}, 16, "authentication is required"),
        ({"Authorization": "Basic abcdefgh"}, 7, 'Invalid credentials provided for API key "abcd***"'),
    ):
        async with talk(service, additional_headers=headers) as socket:
            assert await socket.is_quiet()
            await socket.say("c", create=CREATE)
            error = (await socket.hear())["error"]
            assert (error["code"], error["message"]) == (code, message)
            with pytest.raises(websockets.ConnectionClosedOK) as closed:
                await socket.hear()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "")


async def test_the_key_may_come_in_the_query_or_the_subprotocol(service: HttpService) -> None:
    """As browsers must do it; the subprotocol is confirmed. `?key=` is no credential."""
    async with talk(service, query=f"?authorization=Basic%20{service.read_key}") as socket:
        await socket.say("c", create=CREATE)
        assert "contextCreated" in (await socket.hear())["result"]
    name = f"bearer_{service.read_key}"
    async with talk(service, additional_headers={}, subprotocols=[name]) as socket:
        assert socket.connection.subprotocol == name
        await socket.say("c", create=CREATE)
        assert "contextCreated" in (await socket.hear())["result"]
    async with talk(service, query=f"?key={service.read_key}") as socket:
        await socket.say("c", create=CREATE)
        assert (await socket.hear())["error"]["code"] == 16


async def test_garbage_is_answered_and_survived(service: HttpService) -> None:
    """Code 3 in the documented words, no details; the socket still works."""
    message = "invalid WebSocket request for the selected response protocol"
    answer = {"error": {"code": 3, "message": message, "status": "INVALID_ARGUMENT"}}
    async with talk(service) as socket:
        for frame in ("no json", "[]", "7", "", '{"a":', b"\x00\x01", b'{"create":{}}'):
            await socket.connection.send(frame)
            assert await socket.hear() == answer, frame
        await socket.say("c", nothing_known={})
        await socket.say("c", create=CREATE)
        assert "contextCreated" in (await socket.hear())["result"]


CONTEXT_ERRORS = [
    ({"send_text": {"text": "x"}}, 5, "context zz not found (payload=SEND_TEXT)"),
    ({"flush_context": {}}, 5, "context zz not found (payload=FLUSH_CONTEXT)"),
    ({"close_context": {}}, 5, "context zz not found"),
    ({"cancel_context": {}}, 5, "context zz not found (payload=CANCEL_CONTEXT)"),
    ({"create": {**CREATE, "voiceId": "nobody"}}, 5, "Unknown voice: nobody not found!"),
    ({"create": {**CREATE, "modelId": "nope"}}, 3, "model_id: nope is not supported."),
    ({"create": {"modelId": "inworld-tts-2"}}, 3, "voiceId is required. List the voices to find one."),
    ({"create": {**CREATE, "bufferCharThreshold": 1001}}, 3, "bufferCharThreshold"),
    ({"create": {**CREATE, "maxBufferDelayMs": -1}}, 3, "maxBufferDelayMs"),
    ({"create": {**CREATE, "audioConfig": 5}}, 3, "audioConfig"),
    ({"create": "now"}, 3, "create: must be an object."),
    ({"send_text": {"text": 5}}, 3, "text: must be a string"),
    (
        {"create": {**CREATE, "modelId": "inworld-tts-1", "autoModeStrategy": "SENTENCE_BOUNDARY"}},
        3,
        "SENTENCE_BOUNDARY",
    ),
]


async def test_errors_of_a_context_name_it(service: HttpService) -> None:
    """`result.status` under the context's id, no event, the socket survives."""
    async with talk(service) as socket:
        for command, code, message in CONTEXT_ERRORS:
            await socket.say("zz", **command)
            result = (await socket.hear())["result"]
            assert {"contextId", "status"} == result.keys(), command
            told = (result["contextId"], result["status"]["code"], result["status"]["details"])
            assert told == ("zz", code, []), command
            assert message in result["status"]["message"]
        await socket.say("c", create=CREATE)
        assert "contextCreated" in (await socket.hear())["result"]


async def test_a_strange_context_id_is_a_socket_error(service: HttpService) -> None:
    """There is nothing to echo."""
    async with talk(service) as socket:
        for context_id in (5, ["c"], "x" * 300):
            await socket.say(contextId=context_id, create=CREATE)
            assert (await socket.hear())["error"]["code"] == 3


async def test_the_sixth_context_is_refused(service: HttpService) -> None:
    """Status 8 with both wordings that clients look for; a closed one makes room."""
    async with talk(service) as socket:
        for number in range(6):
            await socket.say(f"c{number}", create=CREATE)
        frames = [await socket.hear() for _ in range(6)]
        refused = frames[-1]["result"]
        assert (refused["contextId"], refused["status"]["code"]) == ("c5", 8)
        assert "You have reached the limit of 5 TTS contexts per connection" in refused["status"]["message"]
        assert "max contexts limit reached" in refused["status"]["message"]
        await socket.say("c0", close_context={})
        await socket.hear_until("contextClosed")
        await socket.say("c5", create=CREATE)
        assert "contextCreated" in (await socket.hear())["result"]


async def test_text_over_the_limit_leaves_the_context_open(service: HttpService) -> None:
    """Status 3 in the original's words, no marker; what is said next is spoken."""
    async with talk(service) as socket:
        await socket.say("c", create=CREATE)
        await socket.say("c", send_text={"text": "a" * 2001, "flush_context": {}})
        await socket.say("c", send_text={"text": "Hi.", "flush_context": {}})
        frames = await socket.hear_until("flushCompleted")
        assert events_of(frames) == "contextCreated error 3 audioChunk flushCompleted"
        status = frames[1]["result"]["status"]
        assert status["message"] == "text length should not exceed 2000 characters."
        assert num_chars_of(frames) == 3


async def test_a_second_create_does_not_replace_a_context(service: HttpService) -> None:
    """The first keeps its name."""
    async with talk(service) as socket:
        await socket.say("c", create=CREATE)
        await socket.say("c", create=CREATE)
        frames = [await socket.hear(), await socket.hear()]
        assert events_of(frames) == "contextCreated error 3"


async def test_an_engine_that_trips_leaves_the_context_open() -> None:
    """The failed utterance has an error and no marker; the next is spoken."""
    hurdles = Hurdles()
    async with serve(services=build_tone_services(hurdle_spec(hurdles))) as service, talk(service) as socket:
        hurdles.fail_at_chunk = 3
        await socket.say("c", create=CREATE)
        await socket.say("c", send_text={"text": "This is going to fail.", "flush_context": {}})
        await socket.say("c", send_text={"text": "This is not.", "flush_context": {}})
        frames = await socket.hear_until("flushCompleted")
        assert events_of(frames) == "contextCreated audioChunk error 13 audioChunk flushCompleted"


async def test_waiting_text_is_bounded() -> None:
    """A client cannot fill the memory with text that is not spoken yet; cancel still gets through."""
    hurdles = Hurdles()
    services = build_tone_services(hurdle_spec(hurdles))
    async with serve(HttpLimits(max_socket_pending_chars=3000), services) as service, talk(service) as socket:
        hurdles.gate = threading.Event()
        await socket.say("c", create=CREATE | {"autoMode": True})
        for _ in range(4):
            await socket.say("c", send_text={"text": "word " * 300})
        frames: list[dict[str, Any]] = []
        while not frames or frames[-1]["result"]["status"]["code"] != 8:
            frames.append(await socket.hear())
        await socket.say("c", cancel_context={})
        await until(lambda: not services.engine._streams)
        hurdles.gate.set()
        # Other refusals and what was spoken before may come before it.
        rest = events_of(await socket.hear_until("contextClosed"))
        assert re.fullmatch(r"((error 8|audioChunk) )*contextClosed", rest)


async def test_a_client_that_leaves_frees_everything() -> None:
    """Engine slots and contexts are gone with the connection, however it ends."""
    hurdles = Hurdles()
    services = build_tone_services(hurdle_spec(hurdles))
    async with serve(services=services) as service:
        hurdles.gate = threading.Event()
        async with talk(service) as socket:
            for name in ("a", "b"):
                await socket.say(name, create=CREATE)
                await socket.say(name, send_text={"text": "word " * 300, "flush_context": {}})
            await socket.hear_until("audioChunk")
            socket.connection.transport.abort()
        hurdles.gate.set()
        await until(lambda: hurdles.num_open == 0)
        for name in ("myna_sockets_open", "myna_contexts_open"):
            async with asyncio.timeout(HANG_S):
                while f"{name} 0.0" not in (await service.client.get("/metrics")).text:
                    await asyncio.sleep(0.01)
        hurdles.gate = None
        assert (await service.stream("Hi.")).status_code == 200


async def test_a_reader_that_takes_nothing_is_given_up() -> None:
    """A stalled socket does not keep the engine for ever."""
    hurdles = Hurdles()
    services = build_tone_services(hurdle_spec(hurdles), num_slots=1)
    limits = HttpLimits(send_stall_s=0.3, max_socket_pending_chars=200_000)
    async with serve(limits, services) as service, talk(service, max_queue=1) as socket:
        loud = CREATE | {"audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": 48000}, "autoMode": True}
        hurdles.gate = threading.Event()  # until all is sent: given up meanwhile, it could not be
        await socket.say("c", create=loud)
        for _ in range(60):
            await socket.say("c", send_text={"text": "word " * 390})
        socket.connection.transport.pause_reading()  # type: ignore[attr-defined]
        hurdles.gate.set()
        async with asyncio.timeout(HANG_S):
            while "myna_sockets_open 0.0" not in (await service.client.get("/metrics")).text:
                await asyncio.sleep(0.05)
        await until(lambda: hurdles.num_open == 0)
        socket.connection.transport.abort()


async def test_an_idle_socket_is_closed() -> None:
    """Silence ends a connection with 1000."""
    async with serve(HttpLimits(socket_idle_s=0.2)) as service, talk(service) as socket:
        with pytest.raises(websockets.ConnectionClosedOK):
            await socket.hear()


@pytest.mark.parametrize("frame", [b"\x89\x80abcd", b"\x8a\x80abcd"], ids=["pings", "pongs"])
async def test_control_frames_without_end_are_cut_off(service: HttpService, frame: bytes) -> None:
    """What a client needs is answered; forty thousand in one piece end the connection, and hold nobody else up."""
    async with talk(service) as socket:
        for _ in range(5):
            await asyncio.wait_for(await socket.connection.ping(), HANG_S)
        socket.connection.transport.write(frame * 40_000)
        with pytest.raises(websockets.ConnectionClosedError):
            await socket.hear()
    async with talk(service) as socket:
        await socket.say("c", create=CREATE)
        assert await socket.hear_until("contextCreated")


def test_no_pings_are_sent() -> None:
    """As the original: a client that reads nothing for a minute keeps its socket (wire-contract.md#opening)."""
    assert server_config(FastAPI(), "127.0.0.1", 0).ws_ping_interval is None


async def test_one_socket_too_many_is_refused() -> None:
    """With 429 at the upgrade; the others are not disturbed. One on which nobody has shown a key for a while makes
    room, but not for more than there may be."""
    async with serve(HttpLimits(max_sockets=1, silent_socket_s=3600.0)) as service, talk(service):
        await assert_socket_refused(service)
    impatient = HttpLimits(max_sockets=1, silent_socket_s=0.0, closing_socket_s=3600.0)
    async with serve(impatient) as service, talk(service) as silent, talk(service) as socket:
        await asyncio.wait_for(silent.connection.wait_closed(), HANG_S)
        await assert_socket_refused(service)
        for context_id in ("a", "c"):
            await socket.say(context_id, create=CREATE)
            assert "contextCreated" in (await socket.hear())["result"]
            await assert_socket_refused(service)


async def assert_socket_refused(service: HttpService) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with talk(service):
            pass
    assert refused.value.response.status_code == 429


async def test_wav_has_a_header_for_each_flush(service: HttpService) -> None:
    """WAV: first chunk of each flush; LINEAR16: every chunk (wire-contract.md#encodings)."""
    async with talk(service) as socket:
        for encoding, is_expected in (("WAV", [True, False, False]), ("LINEAR16", [True, True, True])):
            await socket.say(encoding, create=CREATE | {"audioConfig": {"audioEncoding": encoding}})
            for _ in range(2):
                await socket.say(encoding, send_text={"text": "Hello there, my friend.", "flush_context": {}})
                frames = await socket.hear_until("flushCompleted")
                chunks = [f["result"]["audioChunk"] for f in frames if "audioChunk" in f["result"]]
                headers = [base64.b64decode(chunk["audioContent"])[:4] == b"RIFF" for chunk in chunks]
                assert headers[:3] == is_expected


async def test_a_flood_of_breaks_is_bounded(service: HttpService) -> None:
    """All pauses of a flush together, not each alone."""
    audio = {"audioEncoding": "PCM", "sampleRateHertz": 8000}
    async with talk(service) as socket:
        await socket.say("c", create={**CREATE, "audioConfig": audio})
        await socket.say("c", send_text={"text": "Hello." + '<break time="3600s"/>' * 80, "flush_context": {}})
        frames = await socket.hear_until("flushCompleted")
    chunks = [frame["result"]["audioChunk"] for frame in frames if "audioChunk" in frame["result"]]
    num_bytes = sum(len(base64.b64decode(chunk["audioContent"])) for chunk in chunks)
    assert 160.0 < num_bytes / 2 / 8000 < 162.0
