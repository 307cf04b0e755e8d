"""Real speech is heard by the running service, in Inworld's form (wire-contract.md#stt)."""

import base64

import httpx
from tests.conftest import DATA
from tests.live_server import LiveServer

from myna.analysis.transcript_match import measure_match

SAID = (DATA / "demo_reference.txt").read_text()


def test_a_recording_is_written_down(tone_server: LiveServer) -> None:
    """Word by word, in order, within the recording; and nothing of it is in the log."""
    reply = httpx.post(
        f"{tone_server.url}/stt/v1/transcribe",
        headers={"Authorization": f"Basic {tone_server.key}"},
        json={
            "transcribeConfig": {"modelId": "groq/whisper-large-v3", "includeWordTimestamps": True},
            "audioData": {"content": base64.b64encode((DATA / "demo_reference.flac").read_bytes()).decode()},
        },
        timeout=300,  # models are loaded for it
    ).json()
    heard = reply["transcription"]
    assert measure_match(SAID, heard["transcript"]) > 0.9
    assert heard["language"] == "en-US"
    words = heard["wordTimestamps"]
    assert " ".join(word["word"] for word in words) == heard["transcript"]
    times_ms = [time_ms for word in words for time_ms in (word["startTimeMs"], word["endTimeMs"])]
    assert times_ms == sorted(times_ms)
    assert times_ms[-1] <= reply["usage"]["transcribedAudioMs"] == 13670
    assert "fender" in heard["transcript"]
    assert "fender" not in tone_server.log.read_text()
