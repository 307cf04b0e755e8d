"""Words of a recording over HTTP, in OpenAI's form and in Inworld's (wire-contract.md#transcriptions and #stt)."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from http_service import HttpService, PlainAnalyst, build_tone_services, open_service, wav_base64, wav_bytes

from myna.domain.errors import RecordingTooLong
from myna.domain.transcript import FoundSpeech
from myna.http.limits import HttpLimits

PATH = "/v1/audio/transcriptions"
TEXT = "Salt & pepper. Salt & pepper."


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


async def send(service: HttpService, content: bytes | None = None, **fields: Any) -> httpx.Response:
    content = wav_bytes() if content is None else content
    data = {"model": "whisper-1", **fields}
    return await service.client.post(
        PATH, files={"file": ("a.wav", content)}, data=data, headers=service.auth(service.read_key)
    )


async def test_the_words_are_written_down(service: HttpService) -> None:
    """`json` is the usual reply; any model of OpenAI's is the one recogniser."""
    expected = {"text": TEXT, "usage": {"type": "duration", "seconds": 3.0}}
    assert (await send(service)).json() == expected
    assert (await send(service, model="gpt-4o-transcribe", response_format="json")).json() == expected


async def test_words_and_segments_have_times(service: HttpService) -> None:
    """In seconds of the recording, whichever passage they are in."""
    asked = {"response_format": "verbose_json", "timestamp_granularities[]": ["word", "segment"], "language": "es"}
    reply = (await send(service, **asked)).json()
    assert (reply["text"], reply["language"], reply["duration"], reply["task"]) == (TEXT, "spanish", 3.0, "transcribe")
    assert [(segment["start"], segment["end"]) for segment in reply["segments"]] == [(0.25, 0.95), (1.0, 1.7)]
    assert reply["segments"][1]["id"] == 1
    assert reply["words"][:2] == [
        {"word": "Salt", "start": 0.25, "end": 0.45},
        {"word": "&", "start": 0.5, "end": 0.7},
    ]
    usual = (await send(service, response_format="verbose_json")).json()
    assert "segments" in usual
    assert "words" not in usual


@pytest.mark.parametrize(
    ("response_format", "expected"),
    [
        ("text", TEXT + "\n"),
        (
            "srt",
            "1\n00:00:00,250 --> 00:00:00,950\nSalt & pepper.\n\n2\n00:00:01,000 --> 00:00:01,700\nSalt & pepper.\n\n",
        ),
        (
            "vtt",
            "WEBVTT\n\n00:00:00.250 --> 00:00:00.950\nSalt &amp; pepper.\n\n"
            "00:00:01.000 --> 00:00:01.700\nSalt &amp; pepper.\n\n",
        ),
    ],
)
async def test_plain_formats(service: HttpService, response_format: str, expected: str) -> None:
    reply = await send(service, response_format=response_format)
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.text == expected


async def test_forms_are_taken_as_programs_write_them(service: HttpService) -> None:
    """Lists with `[]` or without, and a field that was left empty is none."""
    left_empty = dict.fromkeys(("language", "prompt", "temperature", "stream"), "")
    for name in ("timestamp_granularities", "timestamp_granularities[]"):
        reply = await send(service, response_format="verbose_json", **{name: ["word", "segment"]}, **left_empty)
        assert reply.json().keys() >= {"words", "segments"}
    assert (await send(service, response_format="", **left_empty)).json()["text"] == TEXT


async def test_words_come_as_events(service: HttpService) -> None:
    """Passage by passage; the last event has them all. What is wrong with the recording is told by the status."""
    reply = await send(service, stream="true", model="gpt-4o-transcribe")
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in reply.text.splitlines() if line]
    deltas = [event["delta"] for event in events if event["type"] == "transcript.text.delta"]
    assert deltas == ["Salt & pepper.", " Salt & pepper."]
    assert events[-1] == {
        "type": "transcript.text.done",
        "text": "".join(deltas),
        "usage": {"type": "duration", "seconds": 3.0},
    }
    silence = wav_bytes()[:44] + bytes(2 * 24000 * 3)
    assert (await send(service, silence, stream="true")).text.count("data:") == 1
    assert (await send(service, b"no recording", stream="true")).status_code == 400


async def test_prompts_reach_the_recogniser_and_the_rest_is_told() -> None:
    """Of both forms, on the socket too (test_http_listening.py); what changes nothing is named in a header."""
    heard = []

    class Noting(PlainAnalyst):
        def hear(self, speech: Any, lang: Any, prompt: str = "") -> Any:
            heard.append(prompt)
            return super().hear(speech, lang, prompt)

    async with open_service(services=build_tone_services(analyst=Noting())) as service:
        usual = await send(service, prompt="About Vyta.", **{"keywords[]": ["Ørsted", "PETG"]})
        assert "x-myna-without-effect" not in usual.headers
        profile = {"enableVoiceProfile": True}
        theirs = await send_stt(service, prompts=["Vyta", "PETG"], voiceProfileConfig=profile)
        assert theirs.headers["x-myna-without-effect"] == "transcribe_config.voice_profile_config"
        odd = await send(service, chunking_strategy="auto", **{"include[]": ["logprobs"]})
        assert odd.headers["x-myna-without-effect"] == "chunking_strategy, include"
    assert heard == ["About Vyta. Ørsted, PETG"] * 2 + ["Vyta, PETG"] * 2 + [""] * 2


async def test_silence_has_no_words(service: HttpService) -> None:
    """It is no error: the text is empty."""
    silence = wav_bytes()[:44] + bytes(2 * 24000 * 3)
    assert (await send(service, silence)).json()["text"] == ""
    assert (await send(service, silence, response_format="verbose_json")).json()["segments"] == []
    assert (await send(service, silence, response_format="srt")).text == ""


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": "whisper-9"}, "whisper-9 is not supported"),
        ({"language": "klingon"}, "language"),
        ({"response_format": "diarized_json"}, "'vtt'"),
        ({"timestamp_granularities[]": ["letter"]}, "timestamp_granularities"),
        ({"stream": "true", "response_format": "srt"}, "stream"),
        ({"content": b""}, "file is required"),
        ({"content": b"no recording"}, "not audio"),
        ({"prompt": "x" * 70_000}, "multipart"),
        ({"prompt": "x" * 3000, "keywords[]": ["y" * 1000]}, "4000 characters"),
    ],
)
async def test_what_cannot_be_done_is_refused(service: HttpService, fields: dict[str, Any], words: str) -> None:
    """In a body that OpenAI's clients can read."""
    reply = await send(service, **fields)
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


async def test_bodies_that_are_no_forms_are_refused(service: HttpService) -> None:
    """JSON, nothing, a file that is none, half a form, two files; and nobody without a key is listened to."""
    key = service.auth()
    form = {**key, "content-type": "multipart/form-data; boundary=x"}
    head = b'--x\r\nContent-Disposition: form-data; name="file"'
    bodies = [
        (key, b"{}"),
        ({**key, "content-type": "multipart/form-data"}, head),
        (form, b""),
        (form, head + b"\r\n\r\nabc\r\n--x--\r\n"),
        (form, head + b'; filename="a"\r\n\r\nabc'),
        (form, (head + b'; filename="a"\r\n\r\nabc\r\n') * 2 + b"--x--\r\n"),
    ]
    for headers, body in bodies:
        reply = await service.client.post(PATH, content=body, headers=headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, 3), body
    assert (await service.client.post(PATH, files={"file": b"abc"})).status_code == 401
    unset = await service.client.post(PATH, content=head, headers={**key, "content-type": "multipart/form-data"})
    assert "your HTTP client does" in unset.json()["message"]  # people set that header by hand


@pytest.mark.parametrize("file_name", [b"", b"; filename*=UTF-8''%E5%A3%B0.wav", b"\r\nContent-Type: audio/wav"])
async def test_a_recording_needs_no_file_name(service: HttpService, file_name: bytes) -> None:
    """It is optional, and some libraries write it in the other way alone (RFC 7578, 4.2)."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"' + file_name + b"\r\n\r\n"
    form = {**service.auth(), "content-type": "multipart/form-data; boundary=x"}
    reply = await service.client.post(PATH, content=head + wav_bytes() + b"\r\n--x--\r\n", headers=form)
    assert reply.json()["text"] == TEXT


async def test_a_large_upload_is_refused_while_it_arrives() -> None:
    """Under the limit of bodies with audio, also when its length is not declared."""
    async with open_service(HttpLimits(max_body_bytes=100_000)) as service:
        assert (await send(service)).status_code == 413
        form = {**service.auth(), "content-type": "multipart/form-data; boundary=x"}

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield bytes(10_000)

        assert (await service.client.post(PATH, content=pieces(), headers=form)).status_code in (400, 413)


async def test_a_recording_that_is_too_long_is_refused() -> None:
    """Before anything of it is heard, and with a code of its own: half a transcript would be none."""

    class Impatient(PlainAnalyst):
        def find_speech(self, content: bytes, start_s: float = 0.0) -> FoundSpeech:
            raise RecordingTooLong("The recording is too long.")

    async with open_service(services=build_tone_services(analyst=Impatient())) as service:
        reply = await send(service)
    assert (reply.status_code, reply.headers["x-myna-error-code"]) == (400, "RECORDING_TOO_LONG")


async def test_who_leaves_is_not_listened_to_further() -> None:
    """The work stops after the passage that is being heard."""
    heard = []

    class Counting(PlainAnalyst):
        def find_speech(self, content: bytes, start_s: float = 0.0) -> FoundSpeech:
            found = super().find_speech(content)
            return replace(found, passages=found.passages * 50)

        def hear(self, speech: Any, lang: Any, prompt: str = "") -> Any:
            heard.append(1)
            if len(heard) == 2:
                loop.call_soon_threadsafe(task.cancel)
            return super().hear(speech, lang)

    loop = asyncio.get_running_loop()
    async with open_service(services=build_tone_services(analyst=Counting())) as service:
        task = asyncio.create_task(service.services.transcribe_speech(wav_bytes(), None))
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(heard) < 10


# --- Inworld's form ------------------------------------------------------------------------------------------------


STT_MODEL = "inworld/inworld-stt-1"


async def send_stt(service: HttpService, content: str | None = None, **config: Any) -> httpx.Response:
    body = {
        "transcribeConfig": {"modelId": STT_MODEL, "audioEncoding": "LINEAR16", **config},
        "audioData": {"content": wav_base64() if content is None else content},
    }
    return await service.post("/stt/v1/transcribe", body, service.read_key)


async def test_inworld_clients_get_words_with_times(service: HttpService) -> None:
    """In milliseconds and only if asked for; fields that change nothing are taken."""
    usual = await send_stt(service, prompts=["Salt"], voiceProfileConfig={"enableVoiceProfile": True, "topN": 3})
    assert usual.json() == {
        "transcription": {"transcript": TEXT, "isFinal": True, "wordTimestamps": [], "language": "en-US"},
        "usage": {"transcribedAudioMs": 3000, "modelId": STT_MODEL},
    }
    body = {
        "transcribe_config": {"model_id": "groq/whisper-large-v3", "language": "es", "include_word_timestamps": True},
        "audio_data": {"content": wav_base64()},
    }
    heard = (await service.post("/stt/v1/transcribe", body)).json()
    assert heard["usage"]["modelId"] == "groq/whisper-large-v3"
    assert heard["transcription"]["language"] == "es-ES"
    assert heard["transcription"]["wordTimestamps"][3] == {
        "word": "Salt",
        "startTimeMs": 1000,
        "endTimeMs": 1200,
        "confidence": 0.5,
    }


async def test_strict_replies_name_no_language() -> None:
    """The original's have no such field."""
    async with open_service(HttpLimits(strict_replies=True)) as service:
        assert "language" not in (await send_stt(service)).json()["transcription"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "audio_data is required"),
        ({"audioData": {"content": "AAAA"}}, "transcribe_config is required"),
        ({"audioData": {}, "transcribeConfig": {}}, "model_id is required"),
        ({"audioData": {}, "transcribeConfig": {"modelId": "a/b"}}, 'Unsupported model "a/b"'),
        ({"audioData": {}, "transcribeConfig": {"modelId": STT_MODEL}}, "audio data is required"),
        ({"audioData": {"content": "%"}, "transcribeConfig": {"modelId": STT_MODEL}}, "content: is not valid base64"),
        ({"audioData": {"content": "AAAA"}, "transcribeConfig": {"modelId": STT_MODEL}}, "not audio"),
        (
            {"audioData": {"content": "AAAA"}, "transcribeConfig": {"modelId": STT_MODEL, "language": "tlh"}},
            "language is not a known language",
        ),
    ],
)
async def test_inworld_requests_are_refused_in_its_words(
    service: HttpService, body: dict[str, Any], words: str
) -> None:
    """In the order in which the original finds what is missing."""
    reply = await service.post("/stt/v1/transcribe", body)
    assert (reply.status_code, reply.json()["code"]) == (400, 3)
    assert words in reply.json()["message"]
    assert (await service.client.post("/stt/v1/transcribe", json=body)).status_code == 401
