"""Speech that is answered whole carries a signed manifest, if that is wanted (watermark.md)."""

import base64
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import soundfile
from http_service import HttpService, build_tone_services, open_service

from myna.audio.content_credentials import CredentialEncoders, _Signing, _split_identity
from myna.domain.errors import InvalidRequest
from myna.store.signing_identity import read_signing_identity

c2pa = pytest.importorskip("c2pa", reason="c2pa-python is not installed (the extra c2pa)")

TYPES = {"WAV": "audio/wav", "LINEAR16": "audio/wav", "MP3": "audio/mpeg", "FLAC": "audio/flac"}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[HttpService]:
    """One that signs, with an identity of its own."""
    services = build_tone_services()
    open_encoder = CredentialEncoders(read_signing_identity(tmp_path / "data", None)).open
    signing = replace(services, synthesize_speech=replace(services.synthesize_speech, open_encoder=open_encoder))
    async with open_service(services=signing) as service:
        yield service


async def spoken(service: HttpService, encoding: str) -> bytes:
    reply = await service.speak("The tide was low.", audioConfig={"audioEncoding": encoding, "sampleRateHertz": 24000})
    return base64.b64decode(reply.json()["audioContent"])


def read_manifest(content: bytes, media_type: str) -> dict[str, Any]:
    with c2pa.Reader(media_type, io.BytesIO(content)) as reader:
        return dict(json.loads(reader.json()))


def states_of(found: dict[str, Any]) -> set[str]:
    return {entry["code"] for entry in found.get("validation_status", [])}


@pytest.mark.parametrize("encoding", TYPES)
async def test_a_whole_reply_is_signed(service: HttpService, encoding: str) -> None:
    """It says that a machine made it, is found out if one bit is changed, and plays as before."""
    content = await spoken(service, encoding)
    found = read_manifest(content, TYPES[encoding])
    assert (found["validation_state"], states_of(found)) == ("Valid", {"signingCredential.untrusted"})
    manifest = found["manifests"][found["active_manifest"]]
    assert manifest["claim_generator_info"][0]["name"] == "Myna"
    assert "trainedAlgorithmicMedia" in json.dumps(manifest["assertions"])
    changed = bytearray(content)
    changed[-5 if TYPES[encoding] != "audio/wav" else 1000] ^= 1
    assert "assertion.dataHash.mismatch" in states_of(read_manifest(bytes(changed), TYPES[encoding]))
    samples, rate_hz = soundfile.read(io.BytesIO(content))
    assert len(samples) / rate_hz == pytest.approx(0.06 * 17, abs=0.1)
    if TYPES[encoding] == "audio/wav":
        assert (content[:4], content[36:40]) == (b"RIFF", b"data"), (
            "the header has 44 bytes, the manifest is at the end"
        )


async def test_streams_and_other_formats_are_as_they_were(service: HttpService) -> None:
    """They have no place for a manifest."""
    for encoding in ("OGG_OPUS", "PCM", "MULAW"):
        assert b"c2pa" not in (await spoken(service, encoding))
    lines = (await service.stream("The tide was low.", audioConfig={"audioEncoding": "MP3"})).text.splitlines()
    assert all(b"c2pa" not in base64.b64decode(json.loads(line)["result"]["audioContent"]) for line in lines)


def test_an_identity_is_made_once_kept_private_and_checked(tmp_path: Path) -> None:
    """Another start signs with the same; what cannot sign is refused before anything is served."""
    made = read_signing_identity(tmp_path, None)
    assert read_signing_identity(tmp_path, None) == made
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert read_signing_identity(tmp_path / "elsewhere", file) == made
    certificates = made[made.index(b"-----BEGIN CERT") :]
    other = read_signing_identity(tmp_path / "other", None)
    key = other[: other.index(b"-----BEGIN CERT")]
    for bad in (b"", certificates, key, key + certificates):
        with pytest.raises(InvalidRequest, match="MYNA_SIGNING_IDENTITY"):
            CredentialEncoders(bad)


async def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    """Is refused at the start; later nothing is answered whole without its signature. The key is never shown."""
    encoders = CredentialEncoders(read_signing_identity(tmp_path, None))
    assert "PRIVATE KEY" not in repr(encoders._signing)
    expired = read_signing_identity(tmp_path / "expired", None, timedelta(minutes=-1))
    with pytest.raises(InvalidRequest, match="MYNA_SIGNING_IDENTITY"):
        CredentialEncoders(expired)
    encoders._signing = _Signing(c2pa, *_split_identity(expired))
    services = build_tone_services()
    speak = replace(services.synthesize_speech, open_encoder=encoders.open)
    async with open_service(services=replace(services, synthesize_speech=speak)) as service:
        assert (await service.speak("The tide was low.", audioConfig={"audioEncoding": "WAV"})).status_code == 503
