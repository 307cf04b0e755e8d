"""A voice is usable at once and becomes better in the background; the reply says so, a restart goes on with it."""

import asyncio
import threading
from dataclasses import replace

from tests.contract.http_service import HttpService, build_tone_services, open_service

from myna.domain.waveform import ReferenceAudio
from myna.engines.base import EngineSpec
from myna.engines.tone.artifact import read_artifact, write_artifact
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC

_OCTAVE = 2.0
_DEADLINE_S = 10.0


class SlowlyBetterEngine(ToneEngine):
    """Refines a voice to the octave above, once it is let."""

    def __init__(self, gate: threading.Event) -> None:
        self._gate = gate

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        assert reference.waveform.duration_s > 1.0
        assert self._gate.wait(_DEADLINE_S)
        return write_artifact(_OCTAVE * read_artifact(artifact))


def refining_spec(gate: threading.Event) -> EngineSpec:
    capabilities = replace(SPEC.capabilities, refines=True)
    return replace(SPEC, capabilities=capabilities, load=lambda settings: SlowlyBetterEngine(gate))


async def read_refinement(service: HttpService, voice_id: str) -> str:
    voice = (await service.get(f"/voices/v1/voices/{voice_id}")).json()
    return str(voice.get("refinement", ""))


async def finish(service: HttpService, gate: threading.Event) -> None:
    """Let the engine go on and wait until every voice is refined."""
    gate.set()
    async with asyncio.timeout(_DEADLINE_S):
        await service.services.refine_voices.wait_until_idle()


async def test_a_voice_speaks_at_once_and_improves() -> None:
    """Pending and audible right after the clone; done, and another voice, when the engine is through."""
    gate = threading.Event()
    services = build_tone_services(refining_spec(gate))
    async with open_service(services=services) as service:
        voice_id = await service.clone()
        assert await read_refinement(service, voice_id) == "pending"
        before = (await service.speak("Hello there.", voiceId=voice_id)).json()["audioContent"]
        await finish(service, gate)
        assert await read_refinement(service, voice_id) == "done"
        after = (await service.speak("Hello there.", voiceId=voice_id)).json()["audioContent"]
    assert before
    assert before != after


async def test_a_deleted_voice_is_not_refined() -> None:
    """Deleting during refinement leaves nothing behind and does not stop the next voice."""
    gate = threading.Event()
    services = build_tone_services(refining_spec(gate))
    async with open_service(services=services) as service:
        gone, kept = await service.clone("gone"), await service.clone("kept")
        deleted = await service.client.delete(f"/voices/v1/voices/{gone}", headers=service.auth())
        assert deleted.status_code == 200
        await finish(service, gate)
        assert await read_refinement(service, kept) == "done"
        assert (await service.get(f"/voices/v1/voices/{gone}")).status_code == 404


async def test_an_engine_that_cannot_refine_is_not_asked() -> None:
    """No field, nothing pending."""
    async with open_service() as service:
        voice_id = await service.clone()
        assert "refinement" not in (await service.get(f"/voices/v1/voices/{voice_id}")).json()
        assert await service.services.voices.list_pending_refinements() == []
