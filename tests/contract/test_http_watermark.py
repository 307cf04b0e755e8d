"""Speech is marked, streamed or whole, and `POST /v1/detect` tells (wire-contract.md#detect)."""

import base64
import io
import json
from pathlib import Path

import httpx
import numpy as np
import soundfile
from http_service import HttpService, build_tone_services, open_service, wav_bytes
from tests.conftest import DATA

from myna.audio.watermark import SpeechMarker

SENTENCES = "Hello there, my friend. How are you today? I am well, thank you very much."
PCM = {"audioEncoding": "PCM", "sampleRateHertz": 24000}


async def pcm_of(service: HttpService) -> bytes:
    reply = await service.speak(SENTENCES, audioConfig=PCM)
    return base64.b64decode(reply.json()["audioContent"])


async def test_streamed_speech_is_marked_as_whole_speech_is_and_words_stay_with_their_sound() -> None:
    """Both are what the filter makes of unmarked speech, but for the rounding; lines hold their own words."""
    async with open_service(services=build_tone_services(marks=False)) as service:
        plain = await pcm_of(service)
    async with open_service() as service:
        whole = await pcm_of(service)
        reply = await service.stream(SENTENCES, audioConfig=PCM, timestampType="WORD")
    marker = SpeechMarker(24000)
    samples = np.frombuffer(plain, "<i2").astype(np.float32) / 32768
    marked = np.concatenate([marker.push(samples), marker.finish()]) * 32768
    assert np.abs(marked - np.frombuffer(whole, "<i2")).max() <= 2
    assert whole != plain
    start_s, streamed = 0.0, b""
    for line in (json.loads(line)["result"] for line in reply.text.splitlines()):
        content = base64.b64decode(line["audioContent"])
        streamed += content
        end_s = start_s + len(content) / 48000
        assert end_s - start_s <= 0.5
        words = (line.get("timestampInfo") or {}).get("wordAlignment", {"words": [], "wordStartTimeSeconds": []})
        for word, begin_s in zip(words["words"], words["wordStartTimeSeconds"], strict=True):
            assert not word.isalpha() or start_s - 0.01 <= begin_s <= end_s + 0.01
        start_s = end_s
    assert len(streamed) == len(whole)
    assert streamed == whole


async def send(service: HttpService, content: bytes, field: str = "file") -> httpx.Response:
    files = {field: ("a.bin", content)}
    return await service.client.post("/v1/detect", files=files, headers=service.auth(service.read_key))


async def test_marked_speech_is_told_from_other_speech(weights_dir: Path) -> None:
    """A recording of somebody, as it is and marked; what is no recording is refused in the contract's shape."""
    samples, rate_hz = soundfile.read(DATA / "speakers" / "ls-1998-reference.flac", dtype="float32")
    marker = SpeechMarker(rate_hz)
    target = io.BytesIO()
    soundfile.write(target, np.concatenate([marker.push(samples), marker.finish()]), rate_hz, format="WAV")
    async with open_service() as service:
        found = (await send(service, target.getvalue())).json()
        assert (found["isMarked"], found["score"] > 0.9) == (True, True)
        other = (await send(service, (DATA / "speakers" / "ls-1998-reference.flac").read_bytes())).json()
        assert (other["isMarked"], other["score"] < 0.4) == (False, True)
        for refused in (
            await send(service, b"no recording"),
            await send(service, b""),
            await send(service, wav_bytes(), "speech"),
        ):
            assert (refused.status_code, refused.json()["code"]) == (400, 3)
        assert (await service.client.post("/v1/detect", files={"file": b""})).status_code == 401
