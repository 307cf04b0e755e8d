"""Synthesis over HTTP: one reply, the stream of lines, previews, OpenAI's form (wire-contract.md#speech, #timestamps
and #openai)."""

import asyncio
import base64
import io
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from http_service import HttpService, Hurdles, build_tone_services, hurdle_spec, open_service, serve, until

from myna.http.limits import HttpLimits
from myna.http.openai_names import openai_voices

FLOOD = "Hello." + '<break time="3600s"/>' * 80
"""Eighty hours of silence, asked for in 1686 characters."""
FLOOD_S = 162.0
"""What is made of it at most: 160 s of pauses, and the word."""
SENTENCES = "Hello there, my friend. How are you today? I am well, thank you very much."


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


def audio_of(reply: httpx.Response) -> bytes:
    assert reply.status_code == 200, reply.text
    return base64.b64decode(reply.json()["audioContent"])


def lines_of(reply: httpx.Response) -> list[dict[str, Any]]:
    assert reply.status_code == 200, reply.text
    assert reply.text.isascii()
    assert reply.text.endswith("\n")
    return [json.loads(line)["result"] for line in reply.text.split("\n")[:-1]]


def pitch_of(wav: bytes) -> float:
    samples, rate_hz = soundfile.read(io.BytesIO(wav))
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate_hz / len(samples))


async def test_the_voice_that_is_asked_for_speaks(service: HttpService) -> None:
    """A clone speaks at once, at the recording's pitch; a stock voice at its own."""
    voice_id = await service.clone()
    wav = {"audioEncoding": "WAV", "sampleRateHertz": 24000}
    own = audio_of(await service.speak(SENTENCES, voiceId=voice_id, audioConfig=wav))
    stock = audio_of(await service.speak(SENTENCES, voiceId="Hades", audioConfig=wav))
    assert pitch_of(own) == pytest.approx(150, abs=4)
    assert pitch_of(stock) == pytest.approx(82, abs=4)


@pytest.mark.parametrize(
    ("encoding", "magics"),
    [
        ("MP3", (b"ID3", b"\xff")),
        ("OGG_OPUS", (b"OggS",)),
        ("FLAC", (b"fLaC",)),
        ("LINEAR16", (b"RIFF",)),
        ("WAV", (b"RIFF",)),
        ("nonsense", (b"ID3", b"\xff")),
        ("AUDIO_ENCODING_UNSPECIFIED", (b"ID3", b"\xff")),
    ],
)
async def test_encodings(service: HttpService, encoding: str, magics: tuple[bytes, ...]) -> None:
    """Each encoding is what it says; unknown ones are MP3 (wire-contract.md#json)."""
    assert audio_of(await service.speak("Hi there.", audioConfig={"audioEncoding": encoding})).startswith(magics)


async def test_raw_encodings_have_no_header(service: HttpService) -> None:
    """PCM is even and bare; the companded ones default to 8000 bytes a second."""
    pcm = audio_of(await service.speak("Hi there.", audioConfig={"audioEncoding": "PCM", "sampleRateHertz": 16000}))
    alaw = audio_of(await service.speak("Hi there.", audioConfig={"audioEncoding": "ALAW"}))
    assert (pcm[:4] != b"RIFF", len(pcm) % 2) == (True, 0)
    assert len(alaw) == pytest.approx(len(pcm) / 4, rel=0.01)


async def test_usage_and_timestamps_of_a_reply(service: HttpService) -> None:
    """Usage always, timestamps as asked: words and characters are the text; nothing else is there."""
    plain = (await service.speak(SENTENCES)).json()
    assert plain["usage"] == {"processedCharactersCount": len(SENTENCES), "modelId": "inworld-tts-1.5-max"}
    assert plain["timestampInfo"] is None
    words = (await service.speak(SENTENCES, timestampType="WORD")).json()["timestampInfo"]
    assert list(words) == ["wordAlignment"]
    assert "".join(words["wordAlignment"]["words"]) == SENTENCES
    characters = (await service.speak(SENTENCES, timestamp_type="CHARACTER")).json()["timestampInfo"]
    assert list(characters) == ["characterAlignment"]
    assert "".join(characters["characterAlignment"]["characters"]) == SENTENCES


@pytest.mark.parametrize("fields", [{"lipsyncConfig": {}}, {"lipsync_config": {"viseme_set": "OPENXR"}}])
async def test_lipsync_is_an_empty_list_without_phones(service: HttpService, fields: dict[str, Any]) -> None:
    """Asked for alone or with timestamps: complete is unknown, so the array is empty, never null; unasked, no key."""
    empty = {"visemes": []}
    assert (await service.speak("Hi there.", **fields)).json()["timestampInfo"] == {"lipsyncAlignment": empty}
    both = (await service.speak("Hi there.", timestampType="WORD", **fields)).json()["timestampInfo"]
    assert (sorted(both), both["lipsyncAlignment"]) == (["lipsyncAlignment", "wordAlignment"], empty)
    lines = lines_of(await service.stream("Hi there.", timestampType="CHARACTER", **fields))
    assert all(line["timestampInfo"]["lipsyncAlignment"] == empty for line in lines)
    assert (await service.speak("Hi there.", lipsyncConfig=None)).json()["timestampInfo"] is None


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
async def test_empty_text_is_an_empty_reply(service: HttpService, text: str) -> None:
    """As the original: 200, no audio, null usage; one bare line on the stream (wire-contract.md#errors)."""
    nothing = {"audioContent": "", "usage": None}
    assert (await service.speak(text)).json() == nothing
    streamed = await service.stream(text)
    assert (streamed.status_code, json.loads(streamed.text)) == (200, nothing)


@pytest.mark.parametrize(
    ("fields", "status", "code", "message"),
    [
        ({"voiceId": "NoSuchVoice"}, 404, 5, "Unknown voice: NoSuchVoice not found!"),
        ({"voiceId": "dennis"}, 404, 5, "Unknown voice: dennis not found!"),
        ({"voiceId": ""}, 400, 3, "voiceId is required"),
        ({"modelId": "tts-1"}, 400, 3, "model_id: tts-1 is not supported."),
        ({"language": "klingon"}, 400, 3, "language is not a known language"),
        ({"voiceDesign": {"designPrompt": "an old man"}, "modelId": "inworld-tts-2"}, 400, 3, "cannot both be set"),
        ({"voiceDesign": {"designPrompt": "an old man"}, "voiceId": ""}, 400, 3, "voiceDesign needs model"),
        ({"voiceDesign": {}, "voiceId": "", "modelId": "inworld-tts-2"}, 400, 3, "voiceDesign.designPrompt"),
        (
            {"voiceDesign": {"designPrompt": "x" * 1025}, "voiceId": None, "modelId": "inworld-tts-2"},
            400,
            3,
            "7 to 1024",
        ),
        ({"voiceDesign": "an old man", "voiceId": None}, 400, 3, "voiceDesign: must be an object"),
        ({"audioConfig": {"sampleRateHertz": 12345}}, 400, 3, "sampleRateHertz"),
        ({"audioConfig": {"speakingRate": 1.6}}, 400, 3, "speakingRate"),
        ({"audioConfig": {"speakingRate": 0.4}}, 400, 3, "speakingRate"),
        ({"audioConfig": {"bitRate": -5}}, 400, 3, "bitRate"),
        ({"audioConfig": {"bitRate": 7999}}, 400, 3, "bitRate"),
        ({"temperature": 2.5}, 400, 3, "temperature"),
        ({"temperature": -1}, 400, 3, "temperature"),
        ({"lipsyncConfig": {"visemeSet": "ARKIT"}}, 400, 3, "visemeSet"),
        ({"seed": 2**70}, 400, 3, "seed"),
        ({"text": "[laugh]"}, 400, 3, "nothing that can be spoken"),
    ],
)
async def test_what_cannot_be_spoken_is_refused_before_the_first_byte(
    service: HttpService, fields: dict[str, Any], status: int, code: int, message: str
) -> None:
    """Same status and body on the reply and on the stream."""
    body = {"text": "Hi.", "voiceId": "Dennis", "modelId": "inworld-tts-1", **fields}
    for path in ("/tts/v1/voice", "/tts/v1/voice:stream"):
        reply = await service.post(path, body)
        assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
        assert message in reply.json()["message"]


async def test_a_described_voice_speaks_for_one_request(service: HttpService) -> None:
    """`voiceDesign` in place of `voiceId`: one voice a description and seed, replied or streamed; nothing is kept."""
    wav = {"audioConfig": {"audioEncoding": "WAV", "sampleRateHertz": 24000}, "modelId": "inworld-tts-2"}

    async def speak(prompt: str, path: str = "/tts/v1/voice", **fields: Any) -> httpx.Response:
        design = {"design_prompt": prompt}
        return await service.speak(SENTENCES, path, voiceId=None, voiceDesign=design, **wav, **fields)

    woman = audio_of(await speak("A young woman, bright and fast."))
    assert woman == audio_of(await speak("A young woman, bright and fast."))
    assert woman != audio_of(await speak("A young woman, bright and fast.", seed=2))
    assert pitch_of(woman) > 1.3 * pitch_of(audio_of(await speak("A middle-aged man, low.")))
    lines = lines_of(await speak("A young woman, bright and fast.", "/tts/v1/voice:stream"))
    streamed = b"".join(base64.b64decode(line["audioContent"]) for line in lines)
    assert pitch_of(streamed) == pytest.approx(pitch_of(woman), rel=0.02)
    assert (await service.get("/voices/v1/voices", filter="source=IVC")).json()["totalSize"] == 0


async def test_text_limits(service: HttpService) -> None:
    """2000 characters in a reply, 4000 in a stream, in the original's words."""
    for send, limit in ((service.speak, 2000), (service.stream, 4000)):
        assert (await send(f"a{' ' * (limit - 2)}b")).status_code == 200  # a minute of speech would take long
        over = await send(f"a{' ' * (limit - 1)}b")
        message = f"text length should not exceed {limit} characters."
        assert (over.status_code, over.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    "fields",
    [
        {"deliveryMode": "CREATIVE", "language": "en-US", "applyTextNormalization": "ON", "temperature": 0.0},
        {"deliveryMode": "WILD", "timestampType": "TIMESTAMP_TYPE_UNSPECIFIED", "lipsyncConfig": {}},
        {"audioConfig": None, "synthesisContext": {"previousRequests": [{"text": "x"}]}, "enhanceGeneration": True},
        {"audioConfig": {"bitrate": 12, "temperature": 3}, "language": "en"},
        {"modelId": "inworld-tts-2", "language": "LANGUAGE_UNSPECIFIED"},
        {"modelId": "inworld-tts-1", "voiceDesign": {"designPrompt": ""}},
    ],
)
async def test_what_stock_clients_send_is_taken(service: HttpService, fields: dict[str, Any]) -> None:
    """Documented, deprecated, misspelt and unknown fields never fail (wire-contract.md#json)."""
    assert (await service.speak("Hello.", **fields)).status_code == 200


# --- the stream ----------------------------------------------------------------------------------------------------


async def test_lines_are_small_and_complete(service: HttpService) -> None:
    """Usage once, at most 150 kB a line at the highest rate, no empty audio, the text's timestamps in order."""
    reply = await service.stream(
        SENTENCES, audioConfig={"audioEncoding": "LINEAR16", "sampleRateHertz": 48000}, timestampType="WORD"
    )
    lines = lines_of(reply)
    assert reply.headers["content-type"] == "application/json"
    assert max(len(line) for line in reply.text.split("\n")) < 150_000
    assert [len(SENTENCES), *[0] * (len(lines) - 1)] == [line["usage"]["processedCharactersCount"] for line in lines]
    assert all(base64.b64decode(line["audioContent"])[:4] == b"RIFF" for line in lines)
    words = [line["timestampInfo"]["wordAlignment"] for line in lines if line.get("timestampInfo")]
    assert "".join(word for part in words for word in part["words"]) == SENTENCES
    starts = [start for part in words for start in part["wordStartTimeSeconds"]]
    assert starts == sorted(starts)


async def test_headers_per_encoding(service: HttpService) -> None:
    """WAV has one header, PCM none (wire-contract.md#encodings)."""
    for encoding, num_headers in (("WAV", 1), ("PCM", 0)):
        lines = lines_of(await service.stream(SENTENCES, audioConfig={"audioEncoding": encoding}))
        assert num_headers == sum(base64.b64decode(line["audioContent"])[:4] == b"RIFF" for line in lines)


async def test_async_timestamps_come_in_lines_of_their_own(service: HttpService) -> None:
    """ASYNC: audio lines carry none, timestamp lines no audio; together they are the text."""
    lines = lines_of(await service.stream(SENTENCES, timestampType="CHARACTER", timestampTransportStrategy="ASYNC"))
    assert all(bool(line["audioContent"]) is ("timestampInfo" not in line) for line in lines)
    parts = [line["timestampInfo"]["characterAlignment"]["characters"] for line in lines if line.get("timestampInfo")]
    assert "".join(char for part in parts for char in part) == SENTENCES


async def test_line_separators_in_the_text_do_not_split_lines(service: HttpService) -> None:
    """U+2028 and U+0085 leave as escapes, so that clients that split by them lose nothing."""
    text = "One\u2028two\u0085three."
    reply = await service.stream(text, timestampType="WORD")
    assert len(reply.text.splitlines()) == len(lines_of(reply))


async def test_the_stream_is_the_reply_in_pieces(service: HttpService) -> None:
    """Joined, the pieces last as long as the whole."""
    pcm = {"audioEncoding": "PCM", "sampleRateHertz": 24000}
    whole = audio_of(await service.speak(SENTENCES, audioConfig=pcm))
    pieces = b"".join(
        base64.b64decode(line["audioContent"]) for line in lines_of(await service.stream(SENTENCES, audioConfig=pcm))
    )
    assert len(pieces) == pytest.approx(len(whole), rel=0.1)


async def test_a_failure_in_the_middle_is_the_last_line() -> None:
    """What was spoken stays, then `{"error"}`, then the end; the next request is not disturbed."""
    hurdles = Hurdles()
    async with open_service(services=build_tone_services(hurdle_spec(hurdles))) as service:
        hurdles.fail_at_chunk = 6
        reply = await service.stream(SENTENCES, audioConfig={"audioEncoding": "PCM"})
        *spoken, last = [json.loads(line) for line in reply.text.splitlines()]
        assert reply.status_code == 200
        assert all("result" in line for line in spoken)
        assert spoken
        assert (last["error"]["code"], "tripped" in last["error"]["message"]) == (13, False)
        assert hurdles.num_open == 0
        hurdles.fail_at_chunk = None
        assert (await service.client.get("/readyz")).status_code == 200
        assert (await service.stream(SENTENCES)).status_code == 200


async def test_text_without_a_sound_is_refused() -> None:
    """An engine that finds nothing to say in a text is told as such, on every path, and never as empty audio."""
    hurdles = Hurdles()
    async with open_service(services=build_tone_services(hurdle_spec(hurdles))) as service:
        hurdles.is_mute = True
        wav = {"audioEncoding": "WAV"}
        openai = {"model": "inworld-tts-2", "input": "Hm", "voice": "Dennis", "response_format": "wav"}
        for reply in (
            await service.speak("Hm", audioConfig=wav),
            await service.stream("Hm", audioConfig=wav),
            await service.post("/v1/audio/speech", openai),
        ):
            assert (reply.status_code, reply.headers["x-myna-error-code"]) == (400, "TEXT_UNSPEAKABLE")


async def test_the_first_line_leaves_before_the_rest_is_spoken() -> None:
    """A client has its first audio while the engine still works."""
    hurdles = Hurdles()
    async with serve(services=build_tone_services(hurdle_spec(hurdles))) as service:
        hurdles.gate = threading.Event()
        body = {
            "text": SENTENCES,
            "voiceId": "Dennis",
            "modelId": "inworld-tts-1",
            "audioConfig": {"audioEncoding": "PCM"},
        }
        request = service.client.stream("POST", "/tts/v1/voice:stream", json=body, headers=service.auth())
        async with request as reply:
            lines = reply.aiter_lines()
            assert "result" in json.loads(await anext(lines))
            assert hurdles.num_chunks == 1
            hurdles.gate.set()
            assert len([line async for line in lines]) > 3


async def test_a_client_that_leaves_stops_the_engine() -> None:
    """Hundreds of chunks are not made for nobody, and the slot is free; for the whole reply too."""
    hurdles = Hurdles()
    services = build_tone_services(hurdle_spec(hurdles), num_slots=1)
    async with serve(services=services) as service:
        body = {"text": "word " * 390, "voiceId": "Dennis", "modelId": "inworld-tts-1"}
        for path in ("/tts/v1/voice:stream", "/tts/v1/voice"):
            hurdles.num_chunks, hurdles.gate = 0, threading.Event()
            # A stream's first line takes some chunks.
            hurdles.num_before_gate = 30 if path.endswith("stream") else 1
            request = service.client.build_request("POST", path, json=body, headers=service.auth())
            sending = asyncio.create_task(service.client.send(request, stream=True))
            await until(lambda: hurdles.num_chunks >= 1)
            if path.endswith("stream"):
                reply = await sending
                await reply.aclose()
            else:
                sending.cancel()
            await until(lambda: not services.engine._streams)
            hurdles.gate.set()
            await until(lambda: hurdles.num_open == 0)
            assert hurdles.num_chunks <= hurdles.num_before_gate + 1, "of 585"
            hurdles.gate = None
            assert (await service.stream("Hi.")).status_code == 200


async def test_a_reader_that_takes_nothing_is_given_up() -> None:
    """A stalled client does not keep the engine for ever, and memory stays bounded meanwhile."""
    hurdles = Hurdles()
    services = build_tone_services(hurdle_spec(hurdles), num_slots=1)
    async with serve(HttpLimits(send_stall_s=0.3), services) as service:
        body = json.dumps(
            {
                "text": "word " * 790,
                "voiceId": "Dennis",
                "modelId": "inworld-tts-1",
                "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": 48000},
            }
        )
        port = int(service.base_url.rsplit(":", 1)[1])
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        head = f"POST /tts/v1/voice:stream HTTP/1.1\r\nHost: x\r\nAuthorization: {service.write_key}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        await until(lambda: hurdles.num_open == 1)
        await until(lambda: hurdles.num_open == 0)
        assert (await service.stream("Hi.")).status_code == 200
        writer.close()


async def test_a_connection_is_kept_after_a_stream() -> None:
    """Warm-up and the timed request go over one connection (wire-contract.md#stream)."""
    async with serve() as service:
        before = len(service.client._transport._pool.connections)  # type: ignore[attr-defined]
        for _ in range(3):
            assert (await service.stream("hi")).status_code == 200
        assert len(service.client._transport._pool.connections) - before <= 1  # type: ignore[attr-defined]


# --- previews and OpenAI -------------------------------------------------------------------------------------------


async def test_a_preview_is_mp3(service: HttpService) -> None:
    """For stock voices and clones."""
    for voice_id in ("Sarah", await service.clone(langCode="ES_ES")):
        reply = await service.get("/tts/v1/voice:preview", voice_id=voice_id, model_id="inworld-tts-2")
        assert audio_of(reply).startswith((b"ID3", b"\xff"))
    assert (await service.get("/tts/v1/voice:preview", voice_id="nobody")).status_code == 404
    assert (await service.get("/tts/v1/voice:preview")).status_code == 400


@pytest.mark.parametrize(
    ("response_format", "media_type", "magics"),
    [
        (None, "audio/mpeg", (b"ID3", b"\xff")),
        ("opus", "audio/ogg", (b"OggS",)),
        ("flac", "audio/flac", (b"fLaC",)),
        ("wav", "audio/wav", (b"RIFF",)),
        ("pcm", "audio/pcm", (b"",)),
    ],
)
async def test_openai_speech(
    service: HttpService, response_format: str | None, media_type: str, magics: tuple[bytes, ...]
) -> None:
    """Raw audio in the asked format, by either scheme."""
    body = {"model": "inworld-tts-1.5-max", "input": SENTENCES, "voice": "Dennis", "response_format": response_format}
    headers = {"Authorization": f"Bearer {service.read_key}"}
    reply = await service.client.post("/v1/audio/speech", json=body, headers=headers)
    assert (reply.status_code, reply.headers["content-type"]) == (200, media_type)
    assert reply.content.startswith(magics)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"model": "gpt-4o"}, 400),
        ({"voice": "Alloy"}, 404),
        ({"voice": {"id": "Dennis"}}, 200),
        ({"response_format": "aac"}, 400),
        ({"speed": 4.1}, 400),
        ({"speed": 0.2}, 400),
        ({"input": " "}, 400),
        ({"input": f"a{' ' * 4094}b"}, 200),  # a minute of speech would take long
        ({"input": f"a{' ' * 4095}b"}, 400),
        ({"stream_format": "ws"}, 400),
    ],
)
async def test_openai_fields(service: HttpService, fields: dict[str, Any], status: int) -> None:
    """What is not served is refused with an error that OpenAI's clients can read."""
    body = {"model": "inworld-tts-2", "input": "Hello.", "voice": "Dennis", **fields}
    reply = await service.post("/v1/audio/speech", body)
    assert reply.status_code == status
    if status != 200:
        assert reply.json()["error"]["message"]


def events_of(reply: httpx.Response) -> list[dict[str, Any]]:
    """The objects of an event stream."""
    assert reply.headers["content-type"].startswith("text/event-stream")
    return [json.loads(event.removeprefix("data: ")) for event in reply.text.split("\n\n") if event]


async def test_openai_events_hold_the_audio(service: HttpService) -> None:
    """Deltas joined are the raw reply; the last event counts the text."""
    body = {"model": "gpt-4o-mini-tts", "input": SENTENCES, "voice": "alloy", "response_format": "pcm"}
    raw = await service.post("/v1/audio/speech", body)
    events = events_of(await service.post("/v1/audio/speech", {**body, "stream_format": "sse"}))
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert len(events) > 2
    assert b"".join(base64.b64decode(event["audio"]) for event in events[:-1]) == raw.content
    count = len(SENTENCES)
    usage = {"input_tokens": count, "output_tokens": 0, "total_tokens": count}
    assert events[-1] == {"type": "speech.audio.done", "usage": usage}


async def test_a_failure_among_openai_events_is_an_event() -> None:
    """It is told after the audio so far, and nothing says that the speech is whole."""
    hurdles = Hurdles()
    hurdles.fail_at_chunk = 3
    async with open_service(services=build_tone_services(hurdle_spec(hurdles))) as service:
        body = {
            "model": "tts-1",
            "input": SENTENCES,
            "voice": "alloy",
            "stream_format": "sse",
            "response_format": "pcm",
        }
        events = events_of(await service.post("/v1/audio/speech", body))
    assert [event["type"] for event in events] == ["speech.audio.delta"] * (len(events) - 1) + ["error"]
    assert (events[-1]["error"]["code"], len(events) > 1) == (13, True)


async def test_openai_names_are_ours_too(service: HttpService) -> None:
    """Its models and voices are listed, and every listed voice is one that speaks."""
    models = (await service.get("/v1/models", service.read_key)).json()
    names = [model["id"] for model in models["data"]]
    assert models["object"] == "list"
    assert {"tts-1", "tts-1-hd", "gpt-4o-mini-tts", "inworld-tts-2"} <= set(names)
    assert (await service.get("/v1/models/tts-1")).json() == models["data"][names.index("tts-1")]
    missing = await service.get("/v1/models/gpt-4o")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, 5)
    clone = await service.clone()
    voices = [voice["id"] for voice in (await service.get("/v1/audio/voices", service.read_key)).json()["voices"]]
    assert {"alloy", "nova", "Dennis", clone} <= set(voices)
    for voice in voices:
        reply = await service.post("/v1/audio/speech", {"model": "tts-1", "input": "Hi.", "voice": voice})
        assert reply.status_code == 200, voice
    assert (await service.client.get("/v1/models")).status_code == 401
    assert (await service.client.get("/v1/audio/voices")).status_code == 401


async def test_openai_voices_can_be_chosen() -> None:
    """`MYNA_OPENAI_VOICES`: what is not named there stays."""
    limits = HttpLimits(openai_voices=openai_voices("alloy=Hades"))
    body = {"model": "tts-1", "input": SENTENCES, "response_format": "pcm"}
    async with open_service(limits) as service:
        spoken = {
            voice: (await service.post("/v1/audio/speech", {**body, "voice": voice})).content
            for voice in ("alloy", "Hades", "nova", "Sarah")
        }
    assert spoken["alloy"] == spoken["Hades"] != spoken["nova"] == spoken["Sarah"]


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, 4.0])
async def test_openai_speed_keeps_the_pitch(service: HttpService, speed: float) -> None:
    """Also where the engine has no such rate: the time is stretched, the tone stays."""
    body = {"model": "tts-1", "input": SENTENCES, "voice": "alloy", "response_format": "pcm"}
    usual, other = [
        np.frombuffer((await service.post("/v1/audio/speech", {**body, "speed": rate})).content, np.int16)
        for rate in (1.0, speed)
    ]
    assert len(other) / len(usual) == pytest.approx(1 / speed, rel=0.03)
    pitches_hz = [np.argmax(np.abs(np.fft.rfft(sound))) / len(sound) * 24000 for sound in (usual, other)]
    assert pitches_hz[1] == pytest.approx(pitches_hz[0], rel=0.02)


@pytest.mark.parametrize("path", ["/tts/v1/voice", "/tts/v1/voice:stream", "/v1/audio/speech"])
async def test_a_flood_of_breaks_is_bounded(service: HttpService, path: str) -> None:
    """Not each pause alone but all of them together, whichever way the text comes in."""
    if path == "/v1/audio/speech":
        body = {"input": FLOOD, "voice": "Dennis", "model": "inworld-tts-1", "response_format": "pcm"}
        reply, rate_hz = await service.post(path, body), 24000
        assert reply.status_code == 200
        content = reply.content
    else:
        rate_hz = 8000
        audio = {"audioEncoding": "PCM", "sampleRateHertz": rate_hz}
        reply = await service.speak(FLOOD, path, audioConfig=audio)
        is_stream = path.endswith("stream")
        pieces = lines_of(reply) if is_stream else [reply.json()]
        content = b"".join(base64.b64decode(piece["audioContent"]) for piece in pieces)
    assert 160.0 < len(content) / 2 / rate_hz < FLOOD_S
