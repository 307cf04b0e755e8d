"""A whole run of a real server: every line of its log is JSON with a trace, and neither log holds what people said."""

import base64
import json

import httpx
from tests.conftest import DATA
from tests.live_server import LiveServer
from websockets.sync.client import connect

from myna.observability.audit_log import AUDIT_FILE, verify_audit_log

SOCKET = "/tts/v1/voice:streamBidirectional"
WORDS = {
    "name": "quokkaviolet",
    "transcription": "wombatlantern",
    "text": "xylophonezebra",
    "description": "quincemarmot",
    "statement": "saffronpelican",
    "speaker": "Tamsinquill",
    "purpose": "juniperotter",
}
"""None of these may be found in any log."""


def test_neither_log_tells_text_transcripts_or_keys(tone_server: LiveServer) -> None:
    """Clone, speak in every way, transcribe, fail in some, revoke, delete; then all of both logs is searched."""
    server, audit = tone_server, tone_server.data_dir / AUDIT_FILE
    num_before = [len(path.read_text().splitlines()) if path.exists() else 0 for path in (server.log, audit)]
    recording = (DATA / "demo_reference.flac").read_bytes()
    heard = (DATA / "demo_reference.txt").read_text().split()
    voices = "/voices/v1/voices"
    consent = {"givenBy": WORDS["speaker"], **{name: WORDS[name] for name in ("speaker", "purpose", "statement")}}
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Basic {server.key}"}, timeout=300) as client:
        samples = [{"audioData": base64.b64encode(recording).decode(), "transcription": WORDS["transcription"]}]
        body = {
            "displayName": WORDS["name"],
            "description": WORDS["description"],
            "voiceSamples": samples,
            "consent": consent,
        }
        voice_id = client.post(f"{voices}:clone", json=body).json()["voice"]["voiceId"]
        speech = {"text": WORDS["text"], "voiceId": voice_id, "modelId": "inworld-tts-1.5-max"}
        for path in ("/tts/v1/voice", "/tts/v1/voice:stream"):
            assert client.post(path, json=speech).status_code == 200
            client.post(path, json=speech | {"text": WORDS["text"] * 500})
            client.post(path, content=json.dumps(speech)[:-1])
        client.post("/v1/audio/speech", json={"model": "tts-1", "input": WORDS["text"], "voice": voice_id})
        client.post("/v1/audio/transcriptions", files={"file": recording}, data={"prompt": WORDS["text"]})
        client.get(voices, headers={"Authorization": f"Basic {WORDS['text']}"}, params={"filter": WORDS["text"]})
        with connect(
            f"{server.url.replace('http', 'ws')}{SOCKET}?authorization=Basic%20{server.key}", open_timeout=60
        ) as socket:
            commands = {"create": {"voiceId": voice_id}, "send_text": {"text": WORDS["text"]}, "close_context": {}}
            socket.send(json.dumps({"contextId": "c", **commands}))
            while "contextClosed" not in json.loads(socket.recv(60))["result"]:
                pass
        client.post(f"{voices}/{voice_id}:revokeConsent")
        assert client.post("/tts/v1/voice", json=speech).status_code == 403
        client.delete(f"{voices}/{voice_id}")
    written = [path.read_text() for path in (server.log, audit)]
    logged, acts = (
        [json.loads(line) for line in text.splitlines()[num:]] for text, num in zip(written, num_before, strict=True)
    )
    requests = [line for line in logged if line["logger"] == "myna.request"]
    assert len(requests) >= 14
    assert all(len(line["trace_id"]) == 32 for line in requests)
    utterance, connection = ([line for line in requests if line["event"] == event] for event in ("utterance", "socket"))
    assert utterance[0]["trace_id"] == connection[0]["trace_id"]
    assert [line["act"] for line in acts] == ["clone", *["speak"] * 4, "revoke", "delete"]
    assert verify_audit_log([audit]).problems == []
    never = (*WORDS.values(), " ".join(heard[2:6]), server.key, samples[0]["audioData"][:40])
    assert not [word for word in never for text in written if word in text]
