"""Consent to a voice: bound to its recordings, shown, revoked in the middle of a word, and remembered."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.contract.http_service import (
    HttpService,
    Hurdles,
    build_tone_services,
    hurdle_spec,
    open_service,
    serve,
    until,
    wav_base64,
    wav_bytes,
)

from myna.client import AsyncClient, Consent, Sample
from myna.http.limits import HttpLimits
from myna.observability.audit_log import AUDIT_FILE, AuditLog, verify_audit_log
from myna.store.opening import open_stores
from myna.testing.clock import FixedClock

GIVEN = {
    "givenBy": "Vera Lund",
    "speaker": "Ole Lund",
    "purpose": "bedtime stories",
    "statement": "Ole says yes.",
    "wordingVersion": "2026-11",
}
LONG_TEXT = "One sentence follows another, and each of them is long enough to be a piece. " * 12


def path_of(voice_id: str, action: str = "") -> str:
    return f"/voices/v1/voices/{voice_id}{action}"


async def test_consent_is_bound_to_the_recording_and_outlives_the_voice_when_revoked() -> None:
    """Shown with the voice by the digest of what was sent; revoked, no way to speak is left; given again, it speaks."""
    async with open_service() as service:
        voice_id = await service.clone(consent=GIVEN)
        shown = (await service.get(path_of(voice_id), service.read_key)).json()["consent"]
        digest = hashlib.sha256(wav_bytes()).hexdigest()
        assert shown == GIVEN | {"recordingsSha256": [digest], "givenAt": shown["givenAt"]}
        assert (await service.get(path_of(voice_id, ":consent"))).json() == {"consent": shown, "revocations": []}

        assert (await service.post(path_of(voice_id, ":revokeConsent"), {}, service.read_key)).status_code == 403
        assert (await service.post(path_of(voice_id, ":revokeConsent"), {}, service.other_key)).status_code == 404
        revoked = (await service.post(path_of(voice_id, ":revokeConsent"), {})).json()
        assert revoked["consent"] == shown | {"revokedAt": revoked["consent"]["revokedAt"]}
        assert (await service.post(path_of(voice_id, ":revokeConsent"), {})).json() == revoked
        for refused in (
            await service.speak("Hello.", voiceId=voice_id),
            await service.stream("Hello.", voiceId=voice_id),
            await service.get("/tts/v1/voice:preview", voiceId=voice_id),
            await service.post("/v1/audio/speech", {"model": "tts-1", "input": "Hello.", "voice": voice_id}),
        ):
            assert (refused.status_code, refused.headers["x-myna-error-code"]) == (403, "CONSENT_REVOKED")

        assert (await service.post(path_of(voice_id, ":consent"), {"givenBy": "Vera"})).status_code == 400
        again = (await service.post(path_of(voice_id, ":consent"), GIVEN)).json()["consent"]
        assert (again["recordingsSha256"], "revokedAt" in again) == ([digest], False)
        assert (await service.speak("Hello.", voiceId=voice_id)).status_code == 200

        await service.client.delete(path_of(voice_id), headers=service.auth())
        for path in (path_of(voice_id, ":consent"), f"/voices/v1/workspaces/acme{path_of(voice_id)[10:]}:consent"):
            kept = (await service.get(path)).json()
            assert kept.keys() == {"revocations"}
            assert [revocation["recordingsSha256"] for revocation in kept["revocations"]] == [[digest]]
            assert "Lund" not in json.dumps(kept)
        assert (await service.get(path_of(voice_id, ":consent"), service.other_key)).status_code == 404


async def test_what_has_no_recording_takes_no_consent() -> None:
    """A stock voice is nobody's to give; a voice that came without a word can be revoked all the same."""
    async with open_service() as service:
        for action, body in ((":consent", GIVEN), (":revokeConsent", {})):
            assert (await service.post(path_of("Dennis", action), body)).status_code == 403
        voice_id = await service.clone()
        assert "consent" not in (await service.get(path_of(voice_id))).json()
        consent = (await service.post(path_of(voice_id, ":revokeConsent"), {})).json()["consent"]
        assert consent["recordingsSha256"] == [hashlib.sha256(wav_bytes()).hexdigest()]
        assert (consent["givenBy"], "givenAt" in consent) == ("", False)


async def test_our_client_gives_and_revokes_it() -> None:
    """With the clone, as a record or as the bare statement, and afterwards."""
    async with open_service() as service:
        client = AsyncClient(service.base_url, service.write_key, transport=service.client._transport)
        given = Consent("Vera Lund", "Ole Lund", "bedtime stories", "Ole says yes.", "2026-11")
        for consent in (given, "Ole says yes."):
            report = await client.clone([Sample(wav_bytes())], "Ole", lang="EN_US", consent=consent)
            assert report.voice is not None
            assert report.voice.consent is not None
            assert report.voice.consent.statement == "Ole says yes."
        voice = await client.revoke_consent(report.voice.voice_id)
        assert voice.consent is not None
        assert voice.consent.revoked_at
        voice = await client.give_consent(voice.voice_id, given)
        digest = hashlib.sha256(wav_bytes()).hexdigest()
        assert voice.consent == replace(given, recordings_sha256=(digest,), given_at=voice.consent.given_at)


@pytest.mark.parametrize("is_deleted_too", [False, True])
async def test_a_revocation_stops_a_running_stream(tmp_path: Path, is_deleted_too: bool) -> None:
    """Within a chunk, with an error as its last line, also when it came to another process on the same store."""
    hurdles = Hurdles()
    stores = open_stores(tmp_path, FixedClock())
    other = open_stores(tmp_path, FixedClock())
    await stores.prepare()
    await other.prepare()
    try:
        services = build_tone_services(hurdle_spec(hurdles), voices=stores.voices, marks=False, measures=False)
        patient = replace(services.synthesize_speech, store_patience_s=60.0)  # a busy machine's store is late
        async with serve(services=replace(services, synthesize_speech=patient)) as service:
            voice_id = await service.clone(consent=GIVEN)
            lines = await _revoke_in_the_middle(service, hurdles, other, voice_id, is_deleted_too=is_deleted_too)
    finally:
        await stores.release()
        await other.release()
    assert "result" in lines[0]
    assert lines[-1]["error"]["code"] == (5 if is_deleted_too else 7)
    assert len(lines) <= 4  # the first, two that were spoken ahead, the error; the text has twelve sentences
    assert hurdles.num_open == 0


async def test_raw_speech_that_is_silenced_is_cut_and_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    """Where a reply has no place for an error the log tells which it was, and nothing of the voice."""
    hurdles = Hurdles()
    async with serve(services=build_tone_services(hurdle_spec(hurdles), marks=False, measures=False)) as service:
        voice_id = await service.clone(consent=GIVEN)
        for path, body in (
            ("/v1/audio/speech", {"input": LONG_TEXT, "voice": voice_id, "model": "tts-1", "response_format": "pcm"}),
            (f"/v1/text-to-speech/{voice_id}/stream/with-timestamps?output_format=pcm_16000", {"text": LONG_TEXT}),
        ):
            assert (await service.post(path_of(voice_id, ":consent"), GIVEN)).status_code == 200
            hurdles.gate, hurdles.num_chunks = threading.Event(), 0
            async with service.client.stream("POST", path, json=body, headers=service.auth()) as reply:
                assert reply.status_code == 200
                await service.post(path_of(voice_id, ":revokeConsent"), {})
                hurdles.gate.set()
                with pytest.raises(httpx.RemoteProtocolError):
                    await reply.aread()
            await until(lambda: hurdles.num_open == 0)
        page = (await service.client.get("/metrics")).text
    assert 'myna_errors_total{error_code="CONSENT_REVOKED"} 2.0' in page
    assert not [record.getMessage() for record in caplog.records if record.exc_info or voice_id in record.getMessage()]


async def _revoke_in_the_middle(
    service: HttpService, hurdles: Hurdles, other: Any, voice_id: str, *, is_deleted_too: bool
) -> list[dict[str, Any]]:
    hurdles.gate = threading.Event()
    hurdles.num_chunks = 0
    lines = []
    body = {"text": LONG_TEXT, "voiceId": voice_id, "modelId": "inworld-tts-1.5-max"}
    request = service.client.stream("POST", "/tts/v1/voice:stream", json=body, headers=service.auth())
    async with request as reply:
        async for line in reply.aiter_lines():
            lines.append(json.loads(line))
            if len(lines) == 1:
                async with open_service(services=build_tone_services(voices=other.voices)) as elsewhere:
                    revoked = await elsewhere.post(path_of(voice_id, ":revokeConsent"), {})
                    assert revoked.status_code == 200
                    if is_deleted_too:
                        await elsewhere.client.delete(path_of(voice_id), headers=elsewhere.auth())
                hurdles.gate.set()
    await until(lambda: hurdles.num_open == 0)
    return lines


async def test_the_audit_log_tells_who_did_what_by_digest(tmp_path: Path) -> None:
    """Every act on a voice is a line with the key's id; what was refused is none; no name or text is in the file."""
    async with open_service(audit=AuditLog(tmp_path)) as service:
        voice_id = await service.clone("Annabel", consent=GIVEN)
        await service.speak("Hello.", voiceId=voice_id)
        await service.stream("Hello.", voiceId=voice_id)
        await service.speak("Hello.", voiceId="nobody")
        await service.post(path_of(voice_id, ":consent"), GIVEN)
        await service.post(path_of(voice_id, ":revokeConsent"), {})
        await service.speak("Hello.", voiceId=voice_id)
        await service.client.delete(path_of(voice_id), headers=service.auth())
        body = {"designPrompt": "A warm voice.", "previewText": "Hello.", "langCode": "EN_US"}
        await service.post("/voices/v1/voices:design", body)
        key_id = (await service.services.keys.verify(service.write_key)).key_id
    lines = [json.loads(line) for line in (tmp_path / AUDIT_FILE).read_text().splitlines()]
    acts = ["clone", "speak", "speak", "consent", "revoke", "delete", "design"]
    assert [line["act"] for line in lines] == acts
    digest, recording = (hashlib.sha256(what).hexdigest() for what in (voice_id.encode(), wav_bytes()))
    assert {(line["key"], line["voice"]) for line in lines[:-1]} == {(key_id, digest)}
    assert [line.get("recordings") for line in lines] == [[recording], None, None, [recording], [recording], None, None]
    assert all(len(line["request"]) == 32 for line in lines)
    written = (tmp_path / AUDIT_FILE).read_text()
    assert not [word for word in ("nnabel", "Lund", "Hello", "stories", "warm", service.write_key) if word in written]
    assert verify_audit_log([tmp_path / AUDIT_FILE]).problems == []


async def test_nothing_is_made_or_deleted_that_cannot_be_noted(tmp_path: Path) -> None:
    """The answer is 503 and all is as before, the day's quota too; sent again when the log is back, it is done."""
    log = tmp_path / AUDIT_FILE
    clone = {"displayName": "Ann", "langCode": "EN_US", "voiceSamples": [{"audioData": wav_base64()}]}
    design = {"designPrompt": "A warm voice.", "previewText": "Hello.", "langCode": "EN_US"}
    async with open_service(HttpLimits(max_voices_per_day=2), audit=AuditLog(tmp_path)) as service:
        stored = service.services.voices._entries
        for action, body in (("clone", clone), ("design", design)):
            path = f"/voices/v1/voices:{action}"
            with not_writable(log):
                refused = await service.post(path, body, idempotency_key=action)
                assert (refused.status_code, len(stored)) == (503, action == "design")
            assert (await service.post(path, body, idempotency_key=action)).status_code == 200
        for _, voice_id in list(stored):
            with not_writable(log):
                refused = await service.client.delete(path_of(voice_id), headers=service.auth())
                assert (refused.status_code, len((await service.get(path_of(voice_id))).json()) > 3) == (503, True)
            for status in (200, 404):
                reply = await service.client.delete(path_of(voice_id), headers=service.auth())
                assert reply.status_code == status
        stock_id = service.services.stock.voices[0].voice_id
        assert (await service.client.delete(path_of(stock_id), headers=service.auth())).status_code == 403
    acts = [json.loads(line)["act"] for line in log.read_text().splitlines()]
    assert acts == ["clone", "design", "delete", "delete"]


@contextmanager
def not_writable(log: Path) -> Iterator[None]:
    """A folder in its place; root may write every file."""
    content = log.read_bytes() if log.exists() else b""
    log.unlink(missing_ok=True)
    log.mkdir()
    yield
    log.rmdir()
    log.write_bytes(content)
