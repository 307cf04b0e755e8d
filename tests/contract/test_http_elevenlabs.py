"""ElevenLabs' form (elevenlabs.md): formats, limits, refusals in its own body, sockets, rules that hold everywhere."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import av
import httpx
import numpy as np
import pytest
import websockets
from http_service import (
    HANG_S,
    HttpService,
    Hurdles,
    build_tone_services,
    hurdle_spec,
    open_service,
    open_socket,
    serve,
    wav_bytes,
)
from tests.memory_stores import MemoryVoiceStore

from myna.domain.voice import VoiceId, WorkspaceId
from myna.http.elevenlabs_request import OUTPUT_FORMATS
from myna.http.limits import HttpLimits
from myna.testing.clock import FixedClock

SENTENCE = "The tide was low."
EXPECTED_S = 0.06 * len(SENTENCE)
SPEECH = "/v1/text-to-speech/Dennis"
CONSENT = {"givenBy": "Ann", "speaker": "Ann", "purpose": "tests"}


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


async def add(service: HttpService, *recordings: bytes, **fields: str) -> httpx.Response:
    files = [("files", (f"{number}.wav", content)) for number, content in enumerate(recordings)]
    data = {"name": "Ann"} | fields
    return await service.client.post("/v1/voices/add", files=files, data=data, headers=service.auth())


def assert_refused(reply: httpx.Response, code: int, status: str, words: str = "") -> None:
    """Its body holds this and nothing else."""
    assert reply.status_code == code, reply.text
    assert reply.json() == {"detail": {"status": status, "message": reply.json()["detail"]["message"]}}
    assert words in reply.json()["detail"]["message"]


@pytest.mark.parametrize(
    "name", ["mp3_22050_32", "mp3_44100_128", "opus_48000_64", "pcm_16000", "wav_24000", "ulaw_8000"]
)
async def test_a_format_is_what_its_name_says(service: HttpService, name: str) -> None:
    """Codec, rate and length, of both paths."""
    codec, rate = name.split("_")[:2]
    known = {"mp3": "mp3float", "opus": "libopus opus", "wav": "pcm_s16le", "pcm": "s16le", "ulaw": "mulaw"}[codec]
    for path in (SPEECH, SPEECH + "/stream"):
        reply = await service.client.post(
            path, params={"output_format": name}, json={"text": SENTENCE}, headers={"xi-api-key": service.read_key}
        )
        assert reply.status_code == 200, reply.text
        if codec in ("pcm", "ulaw"):
            width = 2 if codec == "pcm" else 1
            assert len(reply.content) / width / int(rate) == pytest.approx(EXPECTED_S, abs=0.1)
            continue
        with av.open(io.BytesIO(reply.content)) as container:
            stream = container.streams.audio[0]
            assert stream.codec_context.codec.name in known
            assert stream.rate == int(rate)
            heard_s = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
        assert heard_s == pytest.approx(EXPECTED_S, abs=0.15)


async def test_every_format_of_theirs_is_encoded(service: HttpService) -> None:
    """None is only on the list: each begins as its codec does, or is as long as its rate makes it."""
    begins = {"mp3": (b"ID3", b"\xff"), "opus": b"OggS", "wav": b"RIFF"}
    bytes_per_sample = {"pcm": 2, "ulaw": 1, "alaw": 1}
    for name in OUTPUT_FORMATS:
        reply = await service.post(f"{SPEECH}?output_format={name}", {"text": "Hm."})
        assert reply.status_code == 200, name
        codec, rate = name.split("_")[:2]
        if codec in begins:
            assert reply.content.startswith(begins[codec]), name
        else:
            num_samples = len(reply.content) / bytes_per_sample[codec]
            assert num_samples / int(rate) == pytest.approx(0.06 * len("Hm."), abs=0.1), name


@pytest.mark.parametrize(
    ("path", "fields", "code", "status", "words"),
    [
        ("Dennis", {"text": " "}, 400, "invalid_request", "text is required"),
        ("Dennis", {"text": "x" * 10_001}, 400, "max_character_limit_exceeded", "10000"),
        ("Dennis", {"model_id": "gpt-4o"}, 400, "model_unsupported", "gpt-4o"),
        ("Dennis", {"language_code": "tlh"}, 400, "language_unsupported", "language_code"),
        ("Dennis", {"voice_settings": {"speed": 9}}, 400, "invalid_request", "speed"),
        ("Dennis", {"voice_settings": 3}, 400, "invalid_request", "must be an object"),
        ("Dennis?output_format=aac", {}, 400, "invalid_request", "mp3_44100_128"),
        ("NoSuch", {}, 404, "voice_not_found", "NoSuch"),
        ("NoSuch/stream", {}, 404, "voice_not_found", "NoSuch"),
    ],
)
async def test_refused_speech(
    service: HttpService, path: str, fields: dict[str, Any], code: int, status: str, words: str
) -> None:
    """Before any work, in its own body."""
    assert_refused(await service.post(f"/v1/text-to-speech/{path}", {"text": "Hm."} | fields), code, status, words)


async def test_fields_that_have_no_meaning_here_are_taken(service: HttpService) -> None:
    """Everything that stock tools send, the long text too; `speed` makes it longer."""
    settings = {"stability": 0.5, "similarity_boost": 0.75, "style": 0, "use_speaker_boost": True, "speed": 0.5}
    body = {
        "text": SENTENCE,
        "model_id": "eleven_v9_of_2031",
        "language_code": "en",
        "voice_settings": settings,
        "previous_text": "Before.",
        "pronunciation_dictionary_locators": [],
        "apply_text_normalization": "off",
        "seed": 7,
    }
    reply = await service.post(f"{SPEECH}?output_format=pcm_16000&optimize_streaming_latency=3", body)
    assert reply.status_code == 200, reply.text
    told = reply.headers["x-myna-without-effect"].split(", ")
    assert told == [
        "previous_text",
        *(f"voice_settings.{name}" for name in sorted(settings) if name not in ("speed", "style")),
    ]
    assert len(reply.content) / 2 / 16000 == pytest.approx(2 * EXPECTED_S, abs=0.2)
    long = {"text": f"So{' ' * 9000}it is."}
    assert (await service.post(SPEECH + "?output_format=ulaw_8000", long)).status_code == 200


async def test_lists_without_pages_hold_every_voice() -> None:
    """Also beyond the 2,000 that a page of the Voice API has; the same for OpenAI's clients."""
    voices = MemoryVoiceStore(FixedClock())
    async with open_service(services=build_tone_services(voices=voices)) as service:
        stored = await voices.get_with_artifact(WorkspaceId("acme"), VoiceId(await service.clone()))
        for number in range(2000):
            voice = replace(stored.voice, voice_id=VoiceId(f"acme__{number}"))
            await voices.add(WorkspaceId("acme"), voice, stored.artifact, [])
        for path in ("/v1/voices", "/v1/audio/voices"):
            assert len((await service.get(path)).json()["voices"]) > 2001
        page = (await service.get("/voices/v1/voices")).json()
        assert (len(page["voices"]), page["nextPageToken"] != "") == (2000, True)


async def test_a_voice_is_added_with_its_labels(service: HttpService) -> None:
    """Labels are tags, and so can be asked for; the new voice is shown in both forms and speaks."""
    labels = json.dumps({"accent": "british", "language": "en", "use case": None})
    reply = await add(
        service, wav_bytes(), wav_bytes(2.0), labels=labels, description="Calm.", consent=json.dumps(CONSENT)
    )
    voice_id = reply.json()["voice_id"]
    assert reply.json() == {"voice_id": voice_id, "requires_verification": False}
    shown = (await service.get(f"/v1/voices/{voice_id}")).json()
    assert (shown["name"], shown["category"], shown["is_owner"]) == ("Ann", "cloned", True)
    assert shown["labels"] == {"accent": "british", "language": "en"}
    assert shown in (await service.get("/v1/voices")).json()["voices"]
    assert (await service.get("/v1/user/subscription")).json()["voice_slots_used"] == 1
    for chosen, num in (("british", 1), ("scottish", 0)):
        found = await service.get("/voices/v1/voices", filter=f'source = "IVC" AND tags:"accent:{chosen}"')
        assert found.json()["totalSize"] == num
    ours = (await service.get(f"/voices/v1/voices/{voice_id}")).json()
    assert (ours["description"], ours["consent"]["givenBy"], ours["langCode"]) == ("Calm.", "Ann", "EN_US")
    assert (await service.post(f"/v1/text-to-speech/{voice_id}", {"text": "Hm."})).status_code == 200
    await service.post(f"/voices/v1/voices/{voice_id}:revokeConsent", {})
    assert_refused(await service.post(f"/v1/text-to-speech/{voice_id}", {"text": "Hm."}), 403, "consent_revoked")


async def test_voices_are_searched_page_by_page(service: HttpService) -> None:
    """As `voices.search()` asks; a page goes on after the last voice of the page before."""
    for name, accent in (("Ann", "british"), ("Bob", "scottish")):
        await add(service, wav_bytes(), name=name, labels=json.dumps({"accent": accent, "use case": "news"}))

    async def search(**query: Any) -> tuple[list[str], dict[str, Any]]:
        reply = await service.get("/v2/voices", **query)
        assert reply.status_code == 200, reply.text
        return [voice["name"] for voice in reply.json()["voices"]], reply.json()

    names, page = await search()
    assert (len(names), page["has_more"]) == (10, True)
    all_names = [*names]
    while page["has_more"]:
        names, page = await search(next_page_token=page["next_page_token"])
        all_names += names
    assert page["next_page_token"] is None
    assert len(all_names) == page["total_count"] == len((await service.get("/v1/voices")).json()["voices"])
    for query, expected in (
        ({"voice_type": "personal"}, ["Ann", "Bob"]),
        ({"category": "cloned", "sort": "name", "sort_direction": "desc"}, ["Bob", "Ann"]),
        ({"search": "BRIT"}, ["Ann"]),
        ({"accent": "scottish"}, ["Bob"]),
        ({"use_cases": "news,other"}, ["Ann", "Bob"]),
        ({"voice_ids": "Dennis"}, ["Dennis"]),
        ({"voice_type": "community"}, []),
        ({"voice_type": "default", "search": "dennis"}, ["Dennis"]),
        ({"collection_id": "x"}, []),
        ({"language": "tlh"}, []),
    ):
        assert (await search(**query))[0] == expected, query
    for refused, words in (
        ({"page_size": 101}, "page_size"),
        ({"sort": "age"}, "sort"),
        ({"next_page_token": "x"}, "token"),
    ):
        assert_refused(await service.get("/v2/voices", **refused), 400, "invalid_request", words)


async def test_a_voice_is_deleted(service: HttpService) -> None:
    """For both forms; a stock voice is not."""
    voice_id = (await add(service, wav_bytes())).json()["voice_id"]
    assert (await service.get(f"/v1/voices/{voice_id}/settings")).json()["speed"] == 1.0
    path = f"/v1/voices/{voice_id}"
    assert (await service.client.delete(path, headers=service.auth())).json() == {"status": "ok"}
    assert_refused(await service.client.delete(path, headers=service.auth()), 404, "voice_not_found")
    assert_refused(await service.client.delete("/v1/voices/Dennis", headers=service.auth()), 403, "missing_permissions")


async def test_what_programs_ask_at_start(service: HttpService) -> None:
    """Whether the key is good, what it may, which models there are; OpenAI's clients get theirs from the same path."""
    headers = {"xi-api-key": service.read_key}
    user = (await service.client.get("/v1/user", headers=headers)).json()
    assert (user["workspace_id"], user["subscription"]["can_use_instant_voice_cloning"]) == ("acme", False)
    assert user["subscription"]["character_limit"] > user["subscription"]["character_count"]
    models = (await service.client.get("/v1/models", headers=headers)).json()
    assert {"eleven_multilingual_v2", "eleven_flash_v2_5"} <= {model["model_id"] for model in models}
    assert {"language_id": "en", "name": "English"} in models[0]["languages"]
    assert (await service.get("/v1/models")).json()["object"] == "list"
    assert (await service.get("/v1/history")).json()["history"] == []
    assert (await service.get("/v1/voices/settings/default")).json()["stability"] == 0.5


async def test_speech_has_the_times_of_its_characters(service: HttpService) -> None:
    """Whole and line by line, from the start of the speech."""
    path = f"{SPEECH}/with-timestamps?output_format=pcm_16000"
    whole = (await service.post(path, {"text": SENTENCE})).json()
    alignment = whole["alignment"]
    assert "".join(alignment["characters"]) == SENTENCE
    times_s = alignment["character_end_times_seconds"]
    assert times_s == sorted(times_s)
    heard_s = len(base64.b64decode(whole["audio_base64"])) / 2 / 16000
    assert heard_s == pytest.approx(EXPECTED_S, abs=0.1)
    assert times_s[-1] <= heard_s + 0.05
    streamed = await service.post(f"{SPEECH}/stream/with-timestamps?output_format=pcm_16000", {"text": SENTENCE})
    lines = [json.loads(line) for line in streamed.text.splitlines()]
    told = [character for line in lines for character in (line["alignment"] or {}).get("characters", [])]
    assert "".join(told) == SENTENCE
    assert sum(len(base64.b64decode(line["audio_base64"])) for line in lines) / 2 / 16000 == pytest.approx(heard_s)
    assert_refused(await service.post(path.replace("Dennis", "NoSuch"), {"text": "Hm."}), 404, "voice_not_found")


async def test_a_recording_is_written_down(service: HttpService) -> None:
    """Words with their times and the spaces between them; what is not here is refused in words."""

    async def ask(file: bytes = wav_bytes(), **fields: str) -> httpx.Response:
        return await service.client.post(
            "/v1/speech-to-text", files={"file": ("a.wav", file)}, data=fields, headers=service.auth()
        )

    heard = (await ask(model_id="scribe_v1", language_code="spa", diarize="true")).json()
    assert (heard["text"], heard["language_code"]) == ("Salt & pepper. Salt & pepper.", "es")
    assert heard["words"][:2] == [
        {"text": "Salt", "start": 0.25, "end": 0.45, "type": "word", "logprob": -0.6931},
        {"text": " ", "start": 0.45, "end": 0.5, "type": "spacing", "logprob": 0.0},
    ]
    for model in ("whisper-1", "scribe_" + "x\n" * 100):  # names stand in the log
        assert_refused(await ask(model_id=model), 400, "model_unsupported")
    assert_refused(await ask(b"", model_id="scribe_v1"), 400, "invalid_request")
    assert_refused(await ask(file_format="pcm_s16le_16"), 400, "invalid_request")
    assert_refused(await ask(source_url="https://example.com/a.mp3"), 400, "invalid_request")
    assert_refused(await ask(language_code="xx"), 400, "language_unsupported")


async def test_speech_is_written_down_while_it_is_spoken() -> None:
    """The client ends turns, or silence does; times if they are asked for; a refusal has its kind and ends it."""
    half_s = base64.b64encode(np.full(8000, 9000, "<i2").tobytes()).decode()
    quiet_s = base64.b64encode(bytes(2 * 16000)).decode()
    async with serve() as service:
        path = "realtime?model_id=scribe_v2_realtime&language_code=en&include_timestamps=true"
        async with Talk(service, path, part="speech-to-text") as talk:
            assert (await talk.hear())["message_type"] == "session_started"
            await talk.say(*[{"message_type": "input_audio_chunk", "audio_base_64": half_s}] * 3)
            assert await talk.hear() == {"message_type": "partial_transcript", "text": "Salt & pepper."}
            await talk.say({"audio_base_64": half_s, "commit": True})
            told = await talk.hear()
            while told["message_type"] == "partial_transcript":
                told = await talk.hear()
            assert told == {"message_type": "committed_transcript", "text": "Salt & pepper."}
            timed = await talk.hear()
            assert (timed["language_code"], len(timed["words"])) == ("en", 5)
            await talk.say({"audio_base_64": "?"}, {"audio_base_64": quiet_s, "commit": True})
            assert (await talk.hear())["message_type"] == "input_error"
            assert await talk.hear() == {"message_type": "committed_transcript", "text": ""}
        async with Talk(service, "realtime?commit_strategy=vad&audio_format=pcm_16000", part="speech-to-text") as talk:
            await talk.say(*[{"audio_base_64": half_s}] * 4, *[{"audio_base_64": quiet_s}] * 3)
            while (told := await talk.hear())["message_type"] != "committed_transcript":
                pass
            assert told["text"] == "Salt & pepper."
        for query, kind in (
            ("model_id=whisper-1", "input_error"),
            ("audio_format=ulaw_8000", "input_error"),
            ("commit_strategy=perhaps", "input_error"),
            ("language_code=xx", "input_error"),
            ("token=wrong", "auth_error"),
        ):
            async with Talk(service, f"realtime?{query}", part="speech-to-text") as talk:
                frames, code = await talk.hear_until_closed()
            assert ([frame["message_type"] for frame in frames], code) == ([kind], 1008), query


class Talk:
    """One of ElevenLabs' sockets."""

    def __init__(self, service: HttpService, path: str, key: str | None = None, part: str = "text-to-speech") -> None:
        headers = {} if key == "" else {"xi-api-key": key or service.read_key}
        url = f"{service.base_url.replace('http', 'ws', 1)}/v1/{part}/{path}"
        self._connecting = open_socket(url, additional_headers=headers)

    async def __aenter__(self) -> "Talk":
        self.connection = await self._connecting
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()

    async def say(self, *frames: dict[str, Any]) -> None:
        for frame in frames:
            await self.connection.send(json.dumps(frame))

    async def hear(self) -> dict[str, Any]:
        return dict(json.loads(await asyncio.wait_for(self.connection.recv(), HANG_S)))

    async def hear_until_closed(self) -> tuple[list[dict[str, Any]], int | None]:
        frames = []
        with pytest.raises(websockets.ConnectionClosed):
            while True:
                frames.append(await self.hear())
        return frames, self.connection.close_code


def heard_of(frames: list[dict[str, Any]]) -> tuple[float, str]:
    """Seconds of pcm_16000, and the characters with times."""
    audio = b"".join(base64.b64decode(frame["audio"] or "") for frame in frames)
    timed = [frame["alignment"] for frame in frames if frame.get("alignment")]
    for alignment in timed:
        assert alignment["charStartTimesMs"][0] >= 0
        assert len(alignment["chars"]) == len(alignment["charStartTimesMs"]) == len(alignment["charDurationsMs"])
    return len(audio) / 2 / 16000, "".join(character for alignment in timed for character in alignment["chars"])


async def test_text_is_spoken_while_it_is_written() -> None:
    """As the official client sends it: token by token, then an empty text; the server closes. Also with a key in it."""
    async with serve() as service:
        for key in (None, ""):
            async with Talk(service, "Dennis/stream-input?output_format=pcm_16000&model_id=eleven_v3", key) as talk:
                first = {"text": " ", "voice_settings": {"stability": 0.5}, "xi_api_key": service.read_key}
                words = enumerate(SENTENCE.split())  # there is one context, whatever name a client gives it
                tokens = [
                    {"text": f"{word} ", "try_trigger_generation": True, "context_id": str(n // 2)} for n, word in words
                ]
                await talk.say(first, *tokens, {"text": ""})
                frames, code = await talk.hear_until_closed()
            heard_s, text = heard_of(frames)
            assert (code, frames[-1]["isFinal"], text.strip()) == (1000, True, SENTENCE)
            assert heard_s == pytest.approx(EXPECTED_S, abs=0.2)
        async with Talk(service, "Dennis/stream-input") as talk:
            await talk.say({"text": ""})
            assert await talk.hear_until_closed() == ([{"audio": None, "isFinal": True}], 1000)
        for path, frame, error in (
            ("NoSuch/stream-input", {"text": "Hm."}, "voice_not_found"),
            ("Dennis/stream-input?model_id=gpt-4o", {"text": "Hm."}, "model_unsupported"),
            ("Dennis/stream-input?output_format=aac", {"text": "Hm."}, "invalid_request"),
            ("Dennis/stream-input?auto_mode=perhaps", {"text": "Hm."}, "invalid_request"),
            ("Dennis/stream-input", {"text": 5}, "invalid_request"),
            ("Dennis/stream-input", {"text": "x" * 2001}, "max_character_limit_exceeded"),
            ("Dennis/stream-input", {"text": "Hm.", "voice_settings": {"speed": 9}}, "invalid_request"),
        ):
            async with Talk(service, path) as talk:
                await talk.say(frame)
                frames, code = await talk.hear_until_closed()
                reason = talk.connection.close_reason
            assert ([frame["error"] for frame in frames], code, reason) == ([error], 1008, error), path


async def test_several_texts_are_spoken_on_one_connection() -> None:
    """As LiveKit and Pipecat send them: sentences in contexts, flushed or ended; empty texts keep the connection."""
    hurdles = Hurdles()
    async with (
        serve(services=build_tone_services(hurdle_spec(hurdles))) as service,
        Talk(service, "Dennis/multi-stream-input?output_format=pcm_16000&auto_mode=true") as talk,
    ):
        await talk.say({"text": ""})
        for name in ("a", "b"):
            await talk.say({"text": " ", "context_id": name}, {"text": SENTENCE, "context_id": name})
        frames = [await talk.hear() for _ in range(2)]
        await talk.say({"text": "", "context_id": "a"}, {"text": " And out", "context_id": "a"})
        await talk.say({"context_id": "a", "flush": True}, *({"context_id": n, "close_context": True} for n in "ab"))
        while [frame["isFinal"] for frame in frames].count(True) < 2:
            frames.append(await talk.hear())
        for name, text in (("a", f"{SENTENCE} And out"), ("b", SENTENCE)):
            heard = heard_of([frame for frame in frames if frame["contextId"] == name])
            assert heard[1].strip() == text
            assert heard[0] == pytest.approx(0.06 * len(text), abs=0.3)
        hurdles.fail_at_chunk = hurdles.num_chunks + 2
        await talk.say({"text": SENTENCE, "context_id": "c"})
        assert (await talk.hear())["alignment"]
        assert (await talk.hear())["error"] == "failed"
        await talk.say({"text": SENTENCE, "context_id": "c"})
        assert (await talk.hear())["alignment"]["charStartTimesMs"][0] == 0
        await talk.say({"close_socket": True})
        assert (await talk.hear_until_closed())[1] == 1000


@pytest.mark.parametrize(
    ("recordings", "fields", "words"),
    [
        ([], {}, "Send the request as multipart/form-data"),
        ([b""], {}, "files is required"),
        ([wav_bytes(0.5)], {}, "files[0]: Audio is too short."),
        ([b"no sound" * 9], {}, "audio"),
        ([wav_bytes()] * 17, {}, "16"),
        ([b"x"] * 65, {}, "multipart"),
        ([wav_bytes()], {"name": " "}, "name is required"),
        ([wav_bytes()], {"name": "A\nB"}, "control"),
        ([wav_bytes()], {"name": "x" * 201}, "200"),
        ([wav_bytes()], {"labels": "["}, "labels: must be a JSON object"),
        ([wav_bytes()], {"labels": '{"a": 1}'}, "JSON object of strings"),
        ([wav_bytes()], {"labels": json.dumps({"a": "x" * 200})}, "128"),
        ([wav_bytes()], {"labels": '{"a":' * 5000}, "JSON"),
        ([wav_bytes()], {"remove_background_noise": "perhaps"}, "true or false"),
        ([wav_bytes()], {"files": "text"}, "not audio"),
        ([wav_bytes()], {"consent": "{"}, "consent: must be a JSON object"),
    ],
)
async def test_refused_voices(
    service: HttpService, recordings: list[bytes], fields: dict[str, str], words: str
) -> None:
    """400 with a reason, and no voice is made."""
    reply = await add(service, *recordings, **fields)
    assert (reply.status_code, list(reply.json()["detail"])) == (400, ["status", "message"]), reply.text
    assert words in reply.json()["detail"]["message"]
    assert (await service.get("/voices/v1/voices", filter="source=IVC")).json()["totalSize"] == 0


async def test_rules_of_the_house_hold_here_too() -> None:
    """Consent where it is required; quotas of voices and of speech."""
    limits = HttpLimits(require_consent=True, max_voices_per_day=1, max_spoken_s_per_day=0.5)
    async with open_service(limits) as service:
        assert_refused(await add(service, wav_bytes(), consent="I agree."), 400, "consent_required", "givenBy")
        assert (await add(service, wav_bytes(), consent=json.dumps(CONSENT))).status_code == 200
        assert_refused(await add(service, wav_bytes(), consent=json.dumps(CONSENT)), 429, "quota_exceeded")
        assert (await service.post(SPEECH, {"text": SENTENCE})).status_code == 200
        assert_refused(await service.post(SPEECH, {"text": SENTENCE}), 429, "quota_exceeded")


async def test_failures_of_the_edge_have_its_body(service: HttpService) -> None:
    """No key, a wrong one, too few rights, a wrong method, an engine that trips; elsewhere the body is ours."""
    client, path = service.client, "/v1/voices"
    assert_refused(await client.get(path), 401, "needs_authorization")
    assert_refused(await client.get(path, headers={"xi-api-key": "wrong"}), 403, "invalid_api_key", "wron***")
    read = {"xi-api-key": service.read_key}
    assert_refused(await client.post(path + "/add", headers=read), 403, "missing_permissions")
    assert_refused(await client.delete(path, headers=read), 405, "method_not_allowed")
    assert (await client.get("/v1/models", headers={"xi-api-key": "wrong"})).json()["code"] == 7
    hurdles = Hurdles()
    hurdles.fail_at_chunk = 1
    async with open_service(services=build_tone_services(hurdle_spec(hurdles))) as tripping:
        assert_refused(await tripping.post(SPEECH, {"text": SENTENCE}), 500, "engine_failure")
