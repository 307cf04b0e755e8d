"""ElevenLabs' form over HTTP (elevenlabs.md): formats, limits, refusals in its own body, rules that hold everywhere."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import av
import httpx
import pytest
from http_service import HttpService, Hurdles, build_tone_services, hurdle_spec, open_service, wav_bytes
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
    for chosen, num in (("british", 1), ("scottish", 0)):
        found = await service.get("/voices/v1/voices", filter=f'source = "IVC" AND tags:"accent:{chosen}"')
        assert found.json()["totalSize"] == num
    ours = (await service.get(f"/voices/v1/voices/{voice_id}")).json()
    assert (ours["description"], ours["consent"]["givenBy"], ours["langCode"]) == ("Calm.", "Ann", "EN_US")
    assert (await service.post(f"/v1/text-to-speech/{voice_id}", {"text": "Hm."})).status_code == 200
    await service.post(f"/voices/v1/voices/{voice_id}:revokeConsent", {})
    assert_refused(await service.post(f"/v1/text-to-speech/{voice_id}", {"text": "Hm."}), 403, "consent_revoked")


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
        ([wav_bytes()], {"remove_background_noise": "perhaps"}, "boolean"),
        ([wav_bytes()], {"files": "text"}, "must be a file"),
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
