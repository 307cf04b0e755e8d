"""A voice is usable at once, listened to and made better in the background; a restart goes on where it was."""

import asyncio
import json
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_sql_store_full_disk import limited_files
from tests.contract.http_service import HttpService, PlainAnalyst, build_tone_services, open_service, until

from myna.domain.language import LangCode
from myna.domain.voice import Refinement, VoiceId, WorkspaceId
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSettings, EngineSpec
from myna.engines.tone.artifact import read_artifact, write_artifact
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC
from myna.runtime.foreground import Foreground
from myna.store.opening import open_stores
from myna.testing.clock import FixedClock
from myna.usecases.job_store import Job, NewItem
from myna.usecases.keep_house import KeepHouse
from myna.usecases.ports import VoiceStore

_FIFTH, _OCTAVE = 1.5, 2.0
_DEADLINE_S = 60.0


class Gates:
    """What is let through; each is open unless a test closes it."""

    def __init__(self, *closed: str) -> None:
        self.hearing, self.measuring, self.refining = (threading.Event() for _ in range(3))
        self.asked: list[str] = []
        self.num_steps = 0
        for name in {"hearing", "measuring", "refining"} - set(closed):
            getattr(self, name).set()

    def pass_through(self, name: str) -> None:
        self.asked.append(name)
        assert getattr(self, name).wait(_DEADLINE_S)

    def open_all(self) -> None:
        for gate in (self.hearing, self.measuring, self.refining):
            gate.set()


class CarefulEngine(ToneEngine):
    """By ear it finds the fifth above, refined the octave above that."""

    def __init__(self, gates: Gates, settings: EngineSettings) -> None:
        self._gates = gates
        self._settings = settings

    def hear_voice(self, reference: ReferenceAudio) -> bytes:
        self._gates.asked.append("hearing")
        while not self._gates.hearing.wait(0.01):
            self._settings.before_step()
            self._gates.num_steps += 1
        return write_artifact(_FIFTH * read_artifact(self.encode_voice(reference)))

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        assert reference.waveform.duration_s > 1.0
        self._gates.pass_through("refining")
        return write_artifact(_OCTAVE * read_artifact(artifact))


class GatedAnalyst(PlainAnalyst):
    def __init__(self, gates: Gates) -> None:
        self._gates = gates

    def measure_clarity(self, spoken: Waveform, text: str, lang: LangCode) -> float | None:
        self._gates.pass_through("measuring")
        return 0.25


def careful_spec(gates: Gates) -> EngineSpec:
    capabilities = replace(SPEC.capabilities, hears=True, refines=True)
    return replace(SPEC, capabilities=capabilities, load=lambda settings: CarefulEngine(gates, settings))


def careful(gates: Gates, voices: VoiceStore | None = None, **options: Any):
    services = build_tone_services(careful_spec(gates), voices=voices, analyst=GatedAnalyst(gates), **options)
    return open_service(services=services)


async def show(service: HttpService, voice_id: str) -> dict[str, Any]:
    return dict((await service.get(f"/voices/v1/voices/{voice_id}")).json())


async def read_pitch_hz(service: HttpService, voice_id: str) -> float:
    (voice,) = [v for v in await service.services.voices.list("acme") if v.voice_id == voice_id]
    return read_artifact((await service.services.voices.get_with_artifact("acme", voice.voice_id)).artifact.content)


async def wait_until_idle(service: HttpService) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        await service.services.refine_voices.wait_until_idle()


async def test_a_voice_speaks_at_once_and_improves_by_stages() -> None:
    """Each stage shows; similarity, clarity and advice come with the second; the sound changes with the others."""
    gates = Gates("hearing", "measuring", "refining")
    async with careful(gates) as service:
        voice_id = await service.clone()
        pitch_hz = await read_pitch_hz(service, voice_id)
        assert (await service.speak("Hello there.", voiceId=voice_id)).json()["audioContent"]
        for stage, factor in (("hearing", 1.0), ("measuring", _FIFTH), ("refining", _FIFTH)):
            await until(lambda stage=stage: gates.asked[-1:] == [stage])
            voice = await show(service, voice_id)
            assert (voice["refinement"], voice["refinementStage"]) == ("pending", stage)
            assert await read_pitch_hz(service, voice_id) == pytest.approx(factor * pitch_hz)
            is_measured = stage == "refining"
            assert ("clarity" in voice, "similarity" in voice, "warnings" in voice) == (is_measured,) * 3
            getattr(gates, stage).set()
        await wait_until_idle(service)
        voice = await show(service, voice_id)
        assert (voice["refinement"], "refinementStage" in voice) == ("done", False)
        assert (voice["similarity"], voice["clarity"], voice["warnings"][0]["code"]) == (0.75, 0.25, "UNCLEAR_VOICE")
        assert await read_pitch_hz(service, voice_id) == pytest.approx(_FIFTH * _OCTAVE * pitch_hz)


async def test_new_voices_are_heard_before_old_ones_are_refined() -> None:
    gates = Gates("refining")
    async with careful(gates) as service:
        await service.clone("first")
        await until(lambda: gates.asked[-1:] == ["refining"])
        for name in ("second", "third"):
            await service.clone(name)
        gates.open_all()
        await wait_until_idle(service)
    later = gates.asked[3:]
    assert later == ["hearing"] * 2 + ["measuring"] * 2 + ["refining"] * 2


async def test_a_clone_may_wait_until_it_is_heard() -> None:
    """The order of before: heard and measured in the reply, refined afterwards."""
    gates = Gates("refining")
    async with careful(gates, waits=True) as service:
        voice_id = await service.clone()
        voice = await show(service, voice_id)
        assert (voice["refinementStage"], voice["clarity"]) == ("refining", 0.25)
        gates.open_all()
        await wait_until_idle(service)
        assert (await show(service, voice_id))["refinement"] == "done"
    assert gates.asked == ["hearing", "measuring", "refining"]


@pytest.mark.parametrize("stage", ["hearing", "measuring", "refining"])
async def test_a_restart_goes_on_where_it_was(stage: str, tmp_path: Path) -> None:
    """What was done is kept and not done again; what was not is done by the next process."""
    before, after = Gates(stage), Gates()
    stores = open_stores(tmp_path, FixedClock())
    await stores.prepare()
    async with careful(before, stores.voices) as service:
        voice_id = await service.clone()
        await until(lambda: before.asked[-1:] == [stage])
    before.open_all()
    async with careful(after, stores.voices) as service:
        await wait_until_idle(service)
        voice = await show(service, voice_id)
    await stores.release()
    stages = ["hearing", "measuring", "refining"]
    assert after.asked == stages[stages.index(stage) :]
    assert (voice["refinement"], voice["clarity"]) == ("done", 0.25)


async def test_a_full_disk_puts_a_refinement_off(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was found cannot be kept: that is told, the voice speaks as before, and with room again it is done."""
    gates, stores = Gates("refining"), open_stores(tmp_path, FixedClock())
    await stores.prepare()
    async with careful(gates, stores.voices) as service:
        voice_id = await service.clone()
        await until(lambda: gates.asked[-1:] == ["refining"])
        pitch_hz = await read_pitch_hz(service, voice_id)
        with limited_files(0):
            gates.refining.set()
            await until(lambda: "voice waits" in caplog.text)
            assert (await service.speak("Hello there.", voiceId=voice_id)).json()["audioContent"]
            assert (await show(service, voice_id))["refinementStage"] == "refining"
            assert await read_pitch_hz(service, voice_id) == pitch_hz
        service.services.refine_voices.begin()
        await wait_until_idle(service)
        assert (await show(service, voice_id))["refinement"] == "done"
        assert await read_pitch_hz(service, voice_id) == pytest.approx(_OCTAVE * pitch_hz)
    assert len(list((tmp_path / "blobs").iterdir())) == 2
    await stores.release()


async def test_what_another_process_has_left_is_taken_up() -> None:
    """After the next house-keeping: its voices, and the items of its jobs."""
    gates = Gates()
    services = build_tone_services(careful_spec(gates), analyst=GatedAnalyst(gates))
    house = KeepHouse(services.voices, services.jobs, 0.01, services.clock)
    async with open_service(services=replace(services, keep_house=house)) as service:
        voice_id = VoiceId(await service.clone())
        await wait_until_idle(service)
        stored = await services.voices.get_with_artifact("acme", voice_id)
        job = Job("0" * 32, WorkspaceId("acme"), False, "key", "request", services.clock.now())
        await services.jobs.add(job, [NewItem("", voice_id, "{}")], 1)
        await services.voices.replace_artifact("acme", voice_id, stored.artifact, Refinement.REFINING)
        async with asyncio.timeout(_DEADLINE_S):
            while await services.jobs.list_waiting() or (await show(service, voice_id))["refinement"] == "pending":
                await asyncio.sleep(0.01)
    assert gates.asked == ["hearing", "measuring", "refining", "refining"]


async def test_a_deleted_voice_stops_its_work() -> None:
    """Within a step, not at the end; nothing of it is left, and the next voice has its turn."""
    gates = Gates("hearing")
    async with careful(gates) as service:
        gone, kept = await service.clone("gone"), await service.clone("kept")
        await until(lambda: gates.num_steps > 0)
        deleted = await service.client.delete(f"/voices/v1/voices/{gone}", headers=service.auth())
        assert deleted.status_code == 200
        await until(lambda: gates.asked == ["hearing", "hearing"])
        gates.open_all()
        await wait_until_idle(service)
        assert (await show(service, kept))["refinement"] == "done"
        assert (await service.get(f"/voices/v1/voices/{gone}")).status_code == 404


class FaultyAnalyst(PlainAnalyst):
    """Fails in a way that nobody foresaw, once."""

    num_asked = 0

    def measure_clarity(self, spoken: Waveform, text: str, lang: LangCode) -> float | None:
        self.num_asked += 1
        if self.num_asked == 1:
            raise RuntimeError
        return 0.25


async def test_one_voice_that_fails_does_not_stop_the_others() -> None:
    services = build_tone_services(analyst=FaultyAnalyst())
    async with open_service(services=services) as service:
        first, second = await service.clone("first"), await service.clone("second")
        await wait_until_idle(service)
        assert (await show(service, first))["refinement"] == "pending"
        assert (await show(service, second))["refinement"] == "done"


async def test_a_voice_that_is_revoked_meanwhile_is_left_as_it_was() -> None:
    """What was heard of it is thrown away; with new consent its turn comes again."""
    gates = Gates("hearing")
    async with careful(gates) as service:
        voice_id = await service.clone("revoked")
        await until(lambda: gates.num_steps > 0)
        path = f"/voices/v1/voices/{voice_id}:revokeConsent"
        assert (await service.client.post(path, headers=service.auth(), content="{}")).status_code == 200
        gates.open_all()
        await wait_until_idle(service)
        assert (await show(service, voice_id))["refinementStage"] == "hearing"
        given = json.dumps({"givenBy": "Ann", "speaker": "Ann", "purpose": "tests"})
        path = f"/voices/v1/voices/{voice_id}:consent"
        assert (await service.client.post(path, headers=service.auth(), content=given)).status_code == 200
        await wait_until_idle(service)
        assert (await show(service, voice_id))["refinement"] == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of locks without taking one")
def test_work_at_leisure_pauses_for_other_processes(tmp_path: Path) -> None:
    """For those that name the same file, until the last of what they serve has an end, and a moment longer."""
    ours, theirs, late = (Foreground(linger_s, tmp_path / "new" / "served") for linger_s in (0.0, 0.0, 60.0))
    for _ in range(2):
        theirs.begin()
    theirs.end()
    assert [(one.is_busy_elsewhere, one.is_calm) for one in (ours, theirs)] == [(True, False), (False, False)]
    theirs.end()
    assert [(one.is_busy_elsewhere, one.is_calm) for one in (ours, late)] == [(False, True), (False, False)]
    theirs.begin()
    del theirs  # as with a process that is killed
    assert not ours.is_busy_elsewhere


def test_work_at_leisure_pauses_while_anybody_is_served() -> None:
    """Until all are served, or nobody wants the work any more. A step that runs hears of whoever comes."""
    foreground = Foreground(linger_s=0.0)
    calls: list[str] = []
    with foreground.interrupting(lambda: calls.append("come")):
        foreground.begin()
    foreground.begin()
    foreground.end()
    foreground.end()
    assert calls == ["come"]
    looks = iter([False, False, True])
    for _ in range(2):
        foreground.begin()
    foreground.end()
    foreground.wait_until_calm(lambda: next(looks))
    assert (list(looks), foreground.is_calm) == ([], False)
    foreground.end()
    foreground.wait_until_calm()
    assert foreground.is_calm


async def test_an_engine_that_only_encodes_is_measured() -> None:
    """Nothing gets better, and when the measures are there it is done."""
    async with open_service() as service:
        voice_id = await service.clone()
        await wait_until_idle(service)
        voice = await show(service, voice_id)
        assert (voice["refinement"], voice["similarity"]) == ("done", 0.75)
    async with open_service(services=build_tone_services(measures=False)) as service:
        assert "refinement" not in await show(service, await service.clone())
        assert await service.services.voices.list_pending_refinements(SPEC.id, SPEC.version) == []
