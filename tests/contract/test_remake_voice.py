"""A voice of another engine or version is made again from what is kept of it: once, and whole at every moment."""

import asyncio
import base64
import io
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sqlalchemy import create_engine, text
from tests.contract.http_service import (
    WORKSPACE,
    HttpService,
    build_tone_services,
    open_service,
    until,
    wav_base64,
    wav_bytes,
)

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import InvalidRequest, ServiceUnavailable, VoiceNotFound
from myna.domain.language import LangCode
from myna.domain.voice import Refinement, VoiceArtifact, VoiceId
from myna.domain.waveform import ReferenceAudio
from myna.engines.base import EngineSpec
from myna.engines.tone.artifact import read_artifact, write_artifact
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC
from myna.store.opening import DATABASE_FILE, open_stores
from myna.testing.clock import FixedClock
from myna.usecases.ports import StoredSample, StoredVoice, VoiceStore

_DEADLINE_S = 60.0
_PITCH_HZ = 150.0
_OCTAVE = 2.0
_TEXT = "Hello there, how are you today?"
_WAV = {"audioEncoding": "WAV", "sampleRateHertz": 24000}
_DESIGN = {"designPrompt": "A calm old man.", "previewText": "Good evening. Let me tell you what happened."}


class Workshop:
    """What the engine of after the upgrade does; set by a test."""

    def __init__(self) -> None:
        self.num_made = 0
        self.gate: threading.Event | None = None
        """Every voice waits for it."""
        self.is_broken = False
        self.is_refining = threading.Event()


class OctaveEngine(ToneEngine):
    """The tone engine after an upgrade: it speaks an octave above the person."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def encode_voice(self, reference: ReferenceAudio) -> bytes:
        return self._make(super().encode_voice(reference))

    def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> bytes:
        return self._make(super().design_voice(attributes, lang, seed))

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        self._workshop.is_refining.set()
        return super().refine_voice(artifact, reference)

    def _make(self, artifact: bytes) -> bytes:
        self._workshop.num_made += 1
        if self._workshop.gate is not None:
            assert self._workshop.gate.wait(_DEADLINE_S)
        if self._workshop.is_broken:
            raise ValueError("the engine tripped")
        return write_artifact(_OCTAVE * read_artifact(artifact))


def upgraded(workshop: Workshop, engine_id: str = SPEC.id, *, refines: bool = False) -> EngineSpec:
    """Another version, or with an id another engine."""
    capabilities = replace(SPEC.capabilities, refines=refines)
    version = "2" if engine_id == SPEC.id else SPEC.version
    load = lambda settings: OctaveEngine(workshop)  # noqa: E731
    return replace(SPEC, id=engine_id, version=version, capabilities=capabilities, load=load)


@asynccontextmanager
async def serving(voices: VoiceStore, spec: EngineSpec = SPEC, *, remakes: bool = True) -> AsyncIterator[HttpService]:
    """A server on a store that is there before and after it."""
    async with open_service(
        services=build_tone_services(spec, voices=voices, remakes=remakes, measures=False)
    ) as service:
        yield service


@pytest.fixture
async def voices(tmp_path: Path) -> AsyncIterator[VoiceStore]:
    stores = open_stores(tmp_path, FixedClock())
    await stores.prepare()
    yield stores.voices
    await stores.release()


async def clone_before_the_upgrade(voices: VoiceStore, **fields: Any) -> VoiceId:
    async with serving(voices) as service:
        return VoiceId(await service.clone(voiceSamples=[{"audioData": wav_base64(pitch_hz=_PITCH_HZ)}], **fields))


async def speak(service: HttpService, voice_id: str, path: str = "/tts/v1/voice") -> int:
    """The status of a request for speech, by any way in."""
    if path == "/v1/audio/speech":
        body = {"input": _TEXT, "voice": voice_id, "model": "inworld-tts-1", "response_format": "pcm"}
        return (await service.post(path, body)).status_code
    return (await service.speak(_TEXT, path, voiceId=voice_id, audioConfig=_WAV)).status_code


async def hear_pitch_hz(service: HttpService, voice_id: str) -> float:
    reply = await service.speak(_TEXT, voiceId=voice_id, audioConfig=_WAV)
    assert reply.status_code == 200, reply.text
    samples, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(reply.json()["audioContent"])))
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate_hz / len(samples))


async def read(voices: VoiceStore, voice_id: VoiceId) -> StoredVoice:
    return await voices.get_with_artifact(WORKSPACE, voice_id)


@pytest.mark.parametrize("engine_id", ["tone", "other"])
async def test_a_voice_outlives_its_engine(voices: VoiceStore, engine_id: str) -> None:
    """The first request after a change of version or engine speaks, with the new engine's voice of the person."""
    voice_id = await clone_before_the_upgrade(voices)
    before = await read(voices, voice_id)
    samples = await voices.get_samples(WORKSPACE, voice_id)
    workshop = Workshop()
    spec = upgraded(workshop, engine_id)
    async with serving(voices, spec) as service:
        for _ in range(2):
            assert await hear_pitch_hz(service, voice_id) == pytest.approx(_OCTAVE * _PITCH_HZ, abs=4)
    after = await read(voices, voice_id)
    assert workshop.num_made == 1
    assert before.voice == after.voice
    assert after.artifact.is_made_by(spec.id, spec.version)
    assert samples == await voices.get_samples(WORKSPACE, voice_id)
    async with serving(voices) as service:
        assert await hear_pitch_hz(service, voice_id) == pytest.approx(_PITCH_HZ, abs=4)
    assert before.artifact == (await read(voices, voice_id)).artifact


async def test_many_at_once_make_it_once(voices: VoiceStore) -> None:
    """All who ask while it is made get their speech, by whichever way they came in."""
    voice_id = await clone_before_the_upgrade(voices)
    workshop = Workshop()
    workshop.gate = threading.Event()
    async with serving(voices, upgraded(workshop)) as service:
        ways = ("/tts/v1/voice", "/tts/v1/voice:stream", "/v1/audio/speech") * 3
        asked = [asyncio.create_task(speak(service, voice_id, way)) for way in ways]
        await until(lambda: workshop.num_made > 0)
        workshop.gate.set()
        assert await asyncio.gather(*asked) == [200] * len(ways)
    assert workshop.num_made == 1


async def test_who_leaves_does_not_stop_it(voices: VoiceStore) -> None:
    """The voice is made all the same: for the next who asks."""
    voice_id = await clone_before_the_upgrade(voices)
    workshop = Workshop()
    workshop.gate = threading.Event()
    spec = upgraded(workshop)
    async with serving(voices, spec) as service:
        leaving = asyncio.create_task(speak(service, voice_id))
        await until(lambda: workshop.num_made > 0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        workshop.gate.set()
        assert await speak(service, voice_id) == 200
    assert workshop.num_made == 1


async def test_a_remade_voice_is_refined_again(voices: VoiceStore) -> None:
    """As a new clone of that engine is: usable at once, better later."""
    voice_id = await clone_before_the_upgrade(voices)
    workshop = Workshop()
    async with serving(voices, upgraded(workshop, refines=True)) as service:
        assert await speak(service, voice_id) == 200
        await asyncio.wait_for(service.services.refine_voices.wait_until_idle(), _DEADLINE_S)
    assert workshop.is_refining.is_set()
    assert (await read(voices, voice_id)).voice.refinement is Refinement.DONE


async def test_a_voice_that_waited_for_refinement_does_so_again(voices: VoiceStore) -> None:
    """The upgrade came before the refinement: the old artifact is left alone, the new one refined."""
    workshop = Workshop()
    async with serving(voices) as service:
        voice_id = VoiceId(await service.clone())
    stored = await read(voices, voice_id)
    await voices.replace_artifact(WORKSPACE, voice_id, stored.artifact, Refinement.REFINING)
    async with serving(voices, upgraded(workshop, refines=True)) as service:
        await asyncio.wait_for(service.services.refine_voices.wait_until_idle(), _DEADLINE_S)
        assert not workshop.is_refining.is_set()
        assert await speak(service, voice_id) == 200
        await asyncio.wait_for(service.services.refine_voices.wait_until_idle(), _DEADLINE_S)
    assert (await read(voices, voice_id)).voice.refinement is Refinement.DONE


async def test_a_designed_voice_is_designed_again(voices: VoiceStore) -> None:
    """From the description and the seed of its design, whatever its description says by now; drafts too."""
    async with serving(voices) as service:
        ids = []
        for _ in range(2):
            reply = await service.post("/voices/v1/voices:design", _DESIGN)
            ids.append(VoiceId(reply.json()["previewVoices"][0]["voiceId"]))
        change = {"displayName": "Grandpa", "description": "A young woman with a very high voice."}
        assert (await service.post(f"/voices/v1/voices/{ids[0]}:publish", change)).status_code == 200
        before = [await hear_pitch_hz(service, voice_id) for voice_id in ids]
    workshop = Workshop()
    async with serving(voices, upgraded(workshop)) as service:
        after = [await hear_pitch_hz(service, voice_id) for voice_id in ids]
    assert after == pytest.approx([_OCTAVE * pitch_hz for pitch_hz in before], rel=0.03)
    assert (await read(voices, ids[0])).voice.display_name == "Grandpa"
    assert (await read(voices, ids[1])).voice.is_draft


async def test_what_nothing_is_kept_of_is_refused(voices: VoiceStore) -> None:
    """Neither recordings nor a design: 400 with what to do, and the voice stays for the engine that made it."""
    voice_id = await clone_before_the_upgrade(voices)
    stored = await read(voices, voice_id)
    bare = replace(stored.voice, voice_id=VoiceId("acme__bare"))
    await voices.add(WORKSPACE, bare, stored.artifact, ())
    async with serving(voices, upgraded(Workshop())) as service:
        for _ in range(2):
            reply = await service.speak(_TEXT, voiceId=bare.voice_id)
            assert (reply.status_code, reply.json()["code"]) == (400, 9)
            assert "neither a recording nor a description" in reply.json()["message"]
            assert reply.headers["x-myna-error-code"] == "VOICE_INCOMPATIBLE"
    assert (await read(voices, bare.voice_id)).artifact == stored.artifact
    async with serving(voices) as service:
        assert await speak(service, bare.voice_id) == 200


async def test_recordings_that_the_engine_refuses_are_told(voices: VoiceStore) -> None:
    """The engine's reason is passed on as a state of the voice, not as a fault of the request."""
    voice_id = await clone_before_the_upgrade(voices)
    stored = await read(voices, voice_id)
    silent = replace(stored.voice, voice_id=VoiceId("acme__silent"))
    silence = StoredSample(wav_bytes(pitch_hz=0.0), "", LangCode.EN_US)
    await voices.add(WORKSPACE, silent, stored.artifact, [silence])
    async with serving(voices, upgraded(Workshop())) as service:
        reply = await service.speak(_TEXT, voiceId=silent.voice_id)
    assert (reply.status_code, reply.json()["code"]) == (400, 9)
    assert "No voiced speech" in reply.json()["message"]
    assert (await read(voices, silent.voice_id)).artifact == stored.artifact


async def test_a_failure_leaves_the_old_voice_and_the_next_try_works(voices: VoiceStore) -> None:
    """All who waited hear of it; nothing is half made."""
    voice_id = await clone_before_the_upgrade(voices)
    before = await read(voices, voice_id)
    workshop = Workshop()
    workshop.is_broken = True
    async with serving(voices, upgraded(workshop)) as service:
        assert await asyncio.gather(*(speak(service, voice_id) for _ in range(3))) == [500] * 3
        assert before == await read(voices, voice_id)
        workshop.is_broken = False
        assert await speak(service, voice_id) == 200


async def test_stopping_in_the_middle_leaves_the_old_voice(voices: VoiceStore) -> None:
    """Who waits is told to try again; the old artifact is the stored one."""
    voice_id = await clone_before_the_upgrade(voices)
    before = await read(voices, voice_id)
    workshop = Workshop()
    workshop.gate = threading.Event()
    services = build_tone_services(upgraded(workshop), voices=voices)
    await services.start()
    waiting = asyncio.create_task(services.synthesize_speech.find_voice(WORKSPACE, voice_id))
    await until(lambda: workshop.num_made > 0)
    await services.remake_voice.close()
    with pytest.raises(ServiceUnavailable):
        await waiting
    workshop.gate.set()
    await services.close()
    assert before == await read(voices, voice_id)


async def test_it_can_be_left_to_the_command(voices: VoiceStore) -> None:
    """Several servers of different versions on one store would make a voice to and fro."""
    voice_id = await clone_before_the_upgrade(voices)
    workshop = Workshop()
    async with serving(voices, upgraded(workshop), remakes=False) as service:
        reply = await service.speak(_TEXT, voiceId=voice_id)
        assert (reply.status_code, reply.json()["code"]) == (400, 9)
        assert "myna voices remake" in reply.json()["message"]
        assert workshop.num_made == 0
        await service.services.remake_voice(WORKSPACE, voice_id)
        assert await speak(service, voice_id) == 200


async def test_only_what_there_is_can_be_made_again(voices: VoiceStore) -> None:
    """Stock voices come with the engine; unknown ones and those of other workspaces are not found."""
    await clone_before_the_upgrade(voices)
    async with serving(voices, upgraded(Workshop())) as service:
        assert await speak(service, "Dennis") == 200
        with pytest.raises(InvalidRequest, match="comes with the engine"):
            await service.services.remake_voice(WORKSPACE, VoiceId("Dennis"))
        with pytest.raises(VoiceNotFound):
            await service.services.remake_voice(WORKSPACE, VoiceId("acme__nobody"))
        assert (await service.speak(_TEXT, voiceId="acme__nobody")).status_code == 404


async def test_an_asked_for_voice_is_made_whoever_made_it(voices: VoiceStore) -> None:
    """Also when the artifact fits: its bytes are derived anew."""
    voice_id = await clone_before_the_upgrade(voices)
    good = (await read(voices, voice_id)).artifact
    wrong = VoiceArtifact(write_artifact(60.0), SPEC.id, SPEC.version)
    await voices.replace_artifact(WORKSPACE, voice_id, wrong, Refinement.NONE)
    async with serving(voices) as service:
        voice = await service.services.remake_voice(WORKSPACE, voice_id)
    assert (voice, good) == ((await read(voices, voice_id)).voice, (await read(voices, voice_id)).artifact)


async def test_a_damaged_artifact_can_be_made_again(tmp_path: Path) -> None:
    """The recordings are whole: nothing else is needed."""
    async with AsyncExitStack() as stack:
        stores = open_stores(tmp_path, FixedClock())
        await stores.prepare()
        stack.push_async_callback(stores.release)
        voice_id = await clone_before_the_upgrade(stores.voices)
        (artifact,) = (tmp_path / "blobs").rglob("artifact*")
        artifact.unlink()
        async with serving(stores.voices) as service:
            assert await speak(service, voice_id) == 503
            await service.services.remake_voice(WORKSPACE, voice_id)
            assert await speak(service, voice_id) == 200


async def test_designs_from_before_they_were_kept_are_refused_clearly(tmp_path: Path) -> None:
    """A row without the design cannot be told from a changed description: the voice is not guessed."""
    async with AsyncExitStack() as stack:
        stores = open_stores(tmp_path, FixedClock())
        await stores.prepare()
        stack.push_async_callback(stores.release)
        async with serving(stores.voices) as service:
            reply = await service.post("/voices/v1/voices:design", _DESIGN)
            voice_id = reply.json()["previewVoices"][0]["voiceId"]
        engine = create_engine(f"sqlite:///{tmp_path}/{DATABASE_FILE}")
        with engine.begin() as connection:
            connection.execute(text("UPDATE voices SET design_prompt = NULL, design_seed = NULL"))
        engine.dispose()
        async with serving(stores.voices, upgraded(Workshop())) as service:
            reply = await service.speak(_TEXT, voiceId=voice_id)
        assert (reply.status_code, reply.json()["code"]) == (400, 9)
