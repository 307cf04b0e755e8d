"""What raw readers and the stock SDK's own line reader need of the wire, over real connections
(wire-contract.md#checks, F).

The checks F that are not here are in tests/contract/test_http_*.py; F8 is in test_stock_clients_broken_stream.py.
"""

import base64
import io
import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from inworld_tts import InworldTTS
from tests.conftest import DATA
from tests.live_server import LiveServer

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the SDK leaves its sessions open

SENTENCE = "The tide was low and two boats lay on the sand. "


def post(server: LiveServer, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
    """One request on a connection of its own; status and body."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=300)
    try:
        headers = {"Authorization": f"Basic {server.key}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def stream(server: LiveServer, text: str, **fields: Any) -> list[bytes]:
    """The lines of a streamed synthesis, each with its newline."""
    status, content = post(
        server, "/tts/v1/voice:stream", {"text": text, "voiceId": "Dennis", "modelId": "inworld-tts-2", **fields}
    )
    assert status == 200, content
    return content.splitlines(keepends=True)


def test_f13_four_megabytes_are_cloned(tone_server: LiveServer) -> None:
    """A file of the size that the original allows is decoded, cut with a warning, and makes a voice."""
    samples, rate_hz = soundfile.read(DATA / "demo_reference.flac")
    upsampled = np.repeat(np.tile(samples, 7), 48000 // rate_hz + 1)[: 2 * 1024 * 1024 - 22]
    sink = io.BytesIO()
    soundfile.write(sink, upsampled, 48000, format="WAV", subtype="PCM_16")
    assert len(sink.getvalue()) == 4 * 1024 * 1024
    sample = {"audioData": base64.b64encode(sink.getvalue()).decode()}
    status, content = post(tone_server, "/voices/v1/voices:clone", {"displayName": "Long", "voiceSamples": [sample]})
    assert status == 200, content[:500]
    (validated,) = json.loads(content)["audioSamplesValidated"]
    assert validated["warnings"]
    assert len(base64.b64decode(validated["audioData"])) < 3 * 1024 * 1024


async def test_f15_strange_line_ends_in_the_text_lose_nothing(tone_server: LiveServer) -> None:
    """U+2028 and U+0085 travel as escapes: the SDK, which cuts at them, finds every line and gives the text back."""
    text = "The tide was low.\u2028Two boats lay on the sand.\u0085Nobody was about at that hour."
    pcm = {"audioEncoding": "PCM", "sampleRateHertz": 24000}
    lines = stream(tone_server, text, timestampType="WORD", audioConfig=pcm)
    assert all(line.isascii() and line.endswith(b"\n") for line in lines)
    with InworldTTS(api_key=tone_server.key, base_url=tone_server.url) as sdk:
        pieces = [
            piece
            async for piece in sdk.stream_with_timestamps(
                text,
                voice="Dennis",
                model="inworld-tts-2",
                timestamp_type="WORD",
                encoding="PCM",
                sample_rate=24000,
            )
        ]
    assert len(pieces) == len(lines)
    words = [word for piece in pieces if piece["timestamps"] for word in piece["timestamps"]["wordAlignment"]["words"]]
    assert "".join(words) == text


@pytest.mark.parametrize("encoding", ["LINEAR16", "FLAC", "MP3"])
def test_f16_lines_are_short_for_long_text(tone_server: LiveServer, encoding: str) -> None:
    """1500 characters in the largest format: no line over 150 kB, none empty, the characters counted once."""
    text = (SENTENCE * 40)[:1500]
    lines = stream(
        tone_server, text, audioConfig={"audioEncoding": encoding, "sampleRateHertz": 48000}, timestampType="CHARACTER"
    )
    assert max(len(line) for line in lines) < 150_000
    results = [json.loads(line)["result"] for line in lines]
    assert all(result["audioContent"] for result in results)
    assert [result["usage"]["processedCharactersCount"] for result in results] == [1500] + [0] * (len(results) - 1)


def test_a26_one_request_of_3500_characters(tone_server: LiveServer) -> None:
    """Newer SDKs stream up to 4000 characters in one request; one more is refused with the reason."""
    pcm = {"audioEncoding": "PCM", "sampleRateHertz": 8000}
    text = (SENTENCE * 90)[:3500]
    content = b"".join(
        base64.b64decode(json.loads(line)["result"]["audioContent"])
        for line in stream(tone_server, text, audioConfig=pcm)
    )
    assert len(content) / 2 / 8000 > 0.05 * len(text)
    body = {"text": "a" * 4001, "voiceId": "Dennis", "modelId": "inworld-tts-2"}
    status, refused = post(tone_server, "/tts/v1/voice:stream", body)
    assert (status, json.loads(refused)["code"]) == (400, 3)
    assert "4000" in json.loads(refused)["error"]["message"]
