"""Speech in the background: one text or many, over a restart, behind live speech, until it expires."""

import asyncio
import base64
import json
import logging
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from http_service import (
    HANG_S,
    HttpService,
    Hurdles,
    PlainAnalyst,
    build_tone_services,
    hurdle_spec,
    open_service,
    until,
    wav_base64,
    wav_bytes,
)
from test_deletion_leaves_nothing import files_with
from test_http_allowances import clock_of
from tests.memory_stores import MemoryJobStore
from tests.stored_content import Open, read_pending

from myna.domain.errors import ServiceUnavailable
from myna.domain.language import LangCode
from myna.domain.scope import WRITE, Scope
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.transcript import FoundSpeech, HeardPassage, SpeechPassage
from myna.domain.voice import VoiceId, WorkspaceId
from myna.domain.waveform import Waveform
from myna.engines.base import EngineSpec
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC
from myna.http.limits import HttpLimits
from myna.observability.audit_log import AUDIT_FILE, AuditLog
from myna.store.opening import Stores, open_stores
from myna.testing.clock import FixedClock
from myna.usecases.job_store import ClaimedItem, Failure, Job, NewItem, SpokenItem
from myna.usecases.keep_house import KeepHouse
from myna.usecases.services import Services
from myna.usecases.work_off_jobs import WorkOffJobs

ASYNC, BATCH = "/tts/v1/voice:synthesizeAsync", "/tts/v1/voice:synthesizeBatch"
HEAR = "/stt/v1/transcribe:async"
SAID = "zebra umbrella violin."
MODEL = "inworld-tts-2"
UNKNOWN = {
    "dictionaries": [{"dictionary": "workspaces/acme/pronunciationDictionaries/00000000-0000-4000-8000-000000000000"}]
}


class Held:
    """What a `HoldingEngine` does: it speaks `texts`, and waits at each zebra until the gate is open."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.is_reached = threading.Event()
        self.gate = threading.Event()


class HoldingEngine(ToneEngine):
    def __init__(self, held: Held) -> None:
        self._held = held

    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        if "zebra" in segment.text:
            self._held.is_reached.set()
            assert self._held.gate.wait(HANG_S)
        self._held.texts.append(segment.text)
        return super().synthesize(voice, segment, options)


def holding_spec(held: Held) -> EngineSpec:
    return replace(SPEC, load=lambda settings: HoldingEngine(held))


def service_on(stores: Stores, held: Held) -> Services:
    services = build_tone_services(holding_spec(held), voices=stores.voices, jobs=stores.jobs)
    return replace(services, keys=stores.keys)


def asked(text: str = SAID, voice_id: str = "Dennis", **fields: Any) -> dict[str, Any]:
    return {"text": text, "voiceId": voice_id, "modelId": MODEL, **fields}


def batch(*requests: dict[str, Any]) -> dict[str, Any]:
    return {"items": [{"customId": f"line-{index}", "request": request} for index, request in enumerate(requests)]}


async def submit(service: HttpService, path: str, body: Any) -> str:
    """The name of the operation."""
    reply = await service.post(path, body)
    assert reply.status_code == 200, reply.text
    assert reply.json()["done"] is False
    return str(reply.json()["name"])


async def look(service: HttpService, name: str) -> dict[str, Any]:
    reply = await service.get(f"/lro/v1alpha/{name}")
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def finished(service: HttpService, name: str) -> dict[str, Any]:
    async with asyncio.timeout(HANG_S):
        await service.services.work_off_jobs.wait_until_idle()
    operation = await look(service, name)
    assert operation["done"] is True
    return operation


async def results_of(service: HttpService, name: str) -> dict[str, Any]:
    """Of a batch. Fetched as clients do: without a key."""
    operation = await finished(service, name)
    return dict((await service.client.get(operation["response"]["resultsUri"])).json())


async def test_a_long_text_is_spoken_in_the_background() -> None:
    """Longer than any other way of speaking takes; the sound and the times are those of a whole reply."""
    async with open_service() as service:
        fields = {"audioConfig": {"audioEncoding": "WAV", "sampleRateHertz": 8000}, "lipsyncConfig": {}}
        fields |= {"timestampType": "WORD", "enableCustomPronunciation": True}
        name = await submit(service, ASYNC, asked(**fields))
        assert name.startswith("workspaces/acme/ttsAsyncJobs/")
        operation = await finished(service, name)
        assert operation.keys() == {"name", "done", "response"}
        response = operation["response"]
        assert response.keys() == {"audioUri", "timestampsUri", "expireTime"}
        audio, times = [await service.client.get(response[key]) for key in ("audioUri", "timestampsUri")]
        whole = (await service.speak(SAID, modelId=MODEL, **fields)).json()
        assert audio.headers["content-type"] == "audio/wav"
        assert audio.content[:4] == b"RIFF"
        assert audio.headers["cross-origin-resource-policy"] == "cross-origin"
        size = len(audio.content)
        asked_for = {"0-1": (0, 2), "44-": (44, size), "-8": (size - 8, size), f"9-{size}": (9, size), "0-": (0, size)}
        for header, (first, stop) in asked_for.items():
            part = await service.client.get(response["audioUri"], headers={"range": f"bytes={header}"})
            assert (part.status_code, part.content) == (206, audio.content[first:stop])
            assert part.headers["content-range"] == f"bytes {first}-{stop - 1}/{size}"
        for header in ("bytes=0-1,4-5", f"bytes={size}-", "bytes=5-2", "bytes=-", "lines=1-2"):
            part = await service.client.get(response["audioUri"], headers={"range": header})
            assert (part.status_code, len(part.content)) == (200, size)
        assert len(audio.content) == len(whole["audioContent"]) * 3 // 4 - whole["audioContent"].count("=")
        assert times.json() == whole["timestampInfo"]
        assert times.json().keys() == {"wordAlignment", "lipsyncAlignment"}
        for uri in (
            response["audioUri"][:-1] + "g",
            response["audioUri"].partition("?")[0],
            response["audioUri"] + "é",
        ):
            assert (await service.client.get(uri)).status_code == 404
        wanted = {"audioEncoding": "MP3", "sampleRateHertz": 8000}
        long = await submit(service, ASYNC, asked(f"Some{' ' * 2200}words", audioConfig=wanted))
        assert "response" in await finished(service, long)
        for other in (name[:-1], "x", name.replace("acme", "rival"), name.replace("Async", "Batch")):
            assert (await service.get(f"/lro/v1alpha/{other}")).json()["code"] == 5
        assert (await service.get(f"/lro/v1alpha/{name}", service.other_key)).status_code == 404


@pytest.mark.parametrize(
    ("requests", "status", "phrase"),
    [
        ([asked(), asked(" ")], 400, "items[1].request: text is required."),
        ([asked(), asked(voice_id="nobody")], 404, "items[1].request: Unknown voice: nobody not found!"),
        ([asked(), asked(pronunciationDictionarySettings=UNKNOWN)], 404, "items[1].request: "),
        ([asked(modelId="x")], 400, "items[0].request: model_id: x is not supported."),
        ([asked(), {"text": 5}], 400, "items[1].request.text: must be a string."),
        ([asked(), asked(language="tlh")], 400, "items[1].request: "),
        ([asked(), asked("a" * 20_001, audioConfig={"audioEncoding": "WAV"})], 400, "should not exceed 20000"),
        ([asked("a" * 100_001)], 400, "should not exceed 100000"),
        ([asked(), asked("[laugh]")], 400, "items[1].request: text holds nothing that can be spoken"),
        ([], 400, "items is required"),
        ([asked("a")] * 10_001, 400, "items: "),
        ([asked("a" * 99_999)] * 21, 400, "2000000 characters"),
    ],
)
async def test_one_bad_item_refuses_the_batch(requests: list[Any], status: int, phrase: str) -> None:
    """The message says which, and nothing of it is kept or spoken."""
    async with open_service() as service:
        reply = await service.post(BATCH, batch(*requests))
        assert reply.status_code == status
        assert phrase in reply.json()["message"]
        assert not await service.services.jobs.list_waiting()


async def test_each_item_has_an_id_of_its_own() -> None:
    """Which is not empty, too long, or there twice."""
    async with open_service() as service:
        for ids, phrase in (
            (["a", "a"], "items[1].customId is that of items[0]"),
            (["a", ""], "items[1].customId must"),
            (["a" * 64], "items[0].customId must"),
            (["a\0"], "items[0].customId must"),
        ):
            items = [{"customId": custom_id, "request": asked()} for custom_id in ids]
            reply = await service.post(BATCH, {"items": items})
            assert (reply.status_code, phrase in reply.json()["message"]) == (400, True)


async def test_a_batch_goes_on_after_a_restart(tmp_path: Path, opening: Open) -> None:
    """Stopped in the second of four items: the first is kept, the next process speaks the rest. A voice that was
    deleted meanwhile and one whose consent was revoked are errors of their items. Then no text is left anywhere, and
    of results that have expired no audio."""
    stores = await opening(tmp_path)
    audit = AuditLog(tmp_path)
    held = Held()
    async with open_service(services=service_on(stores, held), audit=audit) as service:
        deleted, revoked = await service.clone("Deleted"), await service.clone("Revoked")
        requests = [asked("Hi.", timestampType="WORD"), asked(), asked(voice_id=deleted), asked(voice_id=revoked)]
        name = await submit(service, BATCH, batch(*requests))
        await until(held.is_reached.is_set)
        assert (await look(service, name)) == {"name": name, "done": False}
        await service.client.delete(f"/voices/v1/voices/{deleted}", headers=service.auth())
        await service.post(f"/voices/v1/voices/{revoked}:revokeConsent", {})
        assert files_with(tmp_path, [SAID.encode()])
    held.gate.set()
    held = Held()
    held.gate.set()
    async with open_service(services=service_on(stores, held), audit=audit) as service:
        results = await results_of(service, name)
        assert held.texts == [SAID]
        assert [result["customId"] for result in results["results"]] == ["line-0", "line-1", "line-2", "line-3"]
        assert [result.get("error", {}).get("code") for result in results["results"]] == [None, None, 5, 7]
        assert results["failedItems"] == 2
        assert ["timestampsUri" in result for result in results["results"]] == [True, False, False, False]
        sounds = [(await service.client.get(result["audioUri"])).content for result in results["results"][:2]]
        assert len(sounds[1]) > len(sounds[0]) > 1000
        assert files_with(tmp_path, [SAID.encode()]) == set()
        assert len(files_with(tmp_path, [sounds[1]])) == 1
    assert [line["act"] for line in map(json.loads, (tmp_path / AUDIT_FILE).read_text().splitlines())].count(
        "speak"
    ) == 2
    house = KeepHouse(stores.voices, stores.jobs, 3600.0, FixedClock())
    stores.jobs._clock.advance(3599)
    await house._clean()
    assert files_with(tmp_path, [sounds[1]])
    stores.jobs._clock.advance(1)
    await house._clean()
    assert files_with(tmp_path, [sounds[1]]) == set()
    assert await read_pending(stores) == []


async def test_live_speech_goes_first() -> None:
    """A job begins no sentence while somebody is spoken to, and what it is at does not hold live speech up."""
    held = Held()
    services = build_tone_services(holding_spec(held), num_slots=1)
    async with open_service(services=services) as service:
        live = asyncio.create_task(service.speak(f"{SAID} " * 8))
        await until(held.is_reached.is_set)
        name = await submit(service, ASYNC, asked("Later. " * 20))
        await until(lambda: len(services.engine._streams) == 2)
        held.gate.set()
        assert (await live).status_code == 200
        await finished(service, name)
        is_live = ["zebra" in text for text in held.texts]
        assert is_live == sorted(is_live, reverse=True)
        assert {True, False} == set(is_live)

        held.gate.clear()
        held.is_reached.clear()
        name = await submit(service, ASYNC, asked())
        await until(held.is_reached.is_set)
        await until(lambda: services.engine._foreground.is_calm)  # work at leisure is not waited for
        assert (await service.speak("Now.")).status_code == 200
        assert (await look(service, name))["done"] is False
        held.gate.set()
        await finished(service, name)


async def test_nobody_waits_behind_another_workspace() -> None:
    """One that has many jobs, and is at a text that does not end, leaves the others a place, in turns."""
    jobs = MemoryJobStore(FixedClock())
    told: list[str] = []
    may_end = asyncio.Event()

    class Speaker:
        async def __call__(self, claimed: ClaimedItem) -> SpokenItem:
            told.append(claimed.job.workspace)
            if claimed.job.workspace == "greedy":
                await may_end.wait()
            return SpokenItem(b"", "audio/mpeg")

        def tell(self, error: Exception) -> Failure:
            raise error

    for number, (workspace, num_items) in enumerate([("greedy", 3)] * 3 + [("large", 4), ("small", 2)]):
        job = Job(f"{number:032}", WorkspaceId(workspace), True, "key", "request", FixedClock().now())
        await jobs.add(job, [NewItem(str(item), VoiceId("v"), "{}") for item in range(num_items)], 9)
    work_off = WorkOffJobs(jobs, timedelta(hours=1))
    work_off.speak_with(Speaker())
    work_off.begin()
    async with asyncio.timeout(HANG_S):
        while await jobs.list_waiting() != {"greedy"}:
            await asyncio.sleep(0)
    assert sorted(told[:3]) == ["greedy", "large", "small"]
    assert told.index("small", told.index("small") + 1) < 6
    may_end.set()
    await work_off.wait_until_idle()
    assert told[7:] == ["greedy"] * 8


async def test_quotas_and_limits_hold() -> None:
    """A day's speech that ends within a batch ends it; no more is taken then, nor too many jobs at one time."""
    async with open_service(HttpLimits(max_spoken_s_per_day=0.5)) as service:
        results = await results_of(service, await submit(service, BATCH, batch(asked(), asked("Two."))))
        assert [result.get("error", {}).get("code") for result in results["results"]] == [None, 8]
        for path, body in ((BATCH, batch(asked())), (ASYNC, asked())):
            reply = await service.post(path, body)
            assert (reply.status_code, reply.headers["x-myna-error-code"]) == (429, "QUOTA_EXHAUSTED")
        clock_of(service).advance(86400)
        name = await submit(service, ASYNC, asked())
        assert "response" in await finished(service, name)
    held = Held()
    async with open_service(services=build_tone_services(holding_spec(held))) as service:
        for _ in range(32):
            await submit(service, ASYNC, asked())
        assert (await service.post(ASYNC, asked())).json()["code"] == 8
        assert (await service.post(ASYNC, asked(), service.other_key)).status_code == 200
        held.gate.set()
    async with open_service(HttpLimits(max_sample_bytes=1000)) as service:
        reply = await service.post(HEAR, {"transcribeConfig": CONFIG, "audioData": {"content": wav_base64()}})
        assert (reply.status_code, reply.json()["code"]) == (413, 3)


async def test_who_stops_leaves_no_item_claimed() -> None:
    """At whatever step: the next process need not wait until the claim ends."""

    class SlowStore(MemoryJobStore):
        async def claim(
            self, workspace: WorkspaceId, lifetime: timedelta, *, is_heard: bool = False
        ) -> ClaimedItem | None:
            claimed = await super().claim(workspace, lifetime, is_heard=is_heard)
            await asyncio.sleep(0)
            return claimed

    class Speaker:
        async def __call__(self, claimed: ClaimedItem) -> SpokenItem:
            await asyncio.Event().wait()
            raise AssertionError

        def tell(self, error: Exception) -> Failure:
            raise error

    for num_steps in range(12):
        jobs = SlowStore(FixedClock())
        job = Job("a" * 32, WorkspaceId("acme"), False, "key", "request", FixedClock().now())
        await jobs.add(job, [NewItem("", VoiceId("v"), "{}")], 9)
        work_off = WorkOffJobs(jobs, timedelta(hours=1))
        work_off.speak_with(Speaker())
        work_off.begin()
        for _ in range(num_steps):
            await asyncio.sleep(0)
        await work_off.close()
        again = await jobs.claim(job.workspace, timedelta(minutes=5))
        assert again is not None
        assert again.num_attempts == 1


async def test_no_item_is_spoken_by_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is at work keeps its item, also if the store is slow or away for a while; who has lost it stops, but
    speaks on for as long as it cannot know. What is stored is settled. What a
    killed process was at is taken up within 35 s."""
    clock = FixedClock()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", clock.monotonic_s)
    speaking: list[str] = []
    begun: list[str] = []
    may_end, is_removed = asyncio.Event(), asyncio.Event()

    class ProcessStore(MemoryJobStore):
        """One process's way to the store of all."""

        is_slow = is_away = False

        async def renew(self, claimed: ClaimedItem, lifetime: timedelta) -> bool:
            asked_at = self._clock.now()
            while self.is_slow:
                await asyncio.sleep(0)
            if self.is_away:
                raise ServiceUnavailable("away")
            return await super().renew(claimed, lifetime + (asked_at - self._clock.now()))

        async def release(self, claimed: ClaimedItem) -> None:
            if not self.is_away:
                await super().release(claimed)

        async def finish(self, claimed: ClaimedItem, outcome: SpokenItem | Failure, keep_for: timedelta) -> None:
            await super().finish(claimed, outcome, keep_for)
            await asyncio.sleep(8)  # by the clock above: something is removed, and a renewal comes to nothing
            is_removed.set()

    class Speaker:
        def __init__(self, name: str) -> None:
            self._name = name

        async def __call__(self, claimed: ClaimedItem) -> SpokenItem:
            assert speaking == [] or stores["first"].is_away
            speaking.append(self._name)
            begun.append(self._name)
            try:
                await may_end.wait()
            finally:
                speaking.remove(self._name)
            return SpokenItem(self._name.encode(), "audio/mpeg")

        def tell(self, error: Exception) -> Failure:
            raise error

    async def pass_time(num_s: int) -> None:
        for _ in range(num_s):
            clock.advance(1)
            for _ in range(12):
                await asyncio.sleep(0)

    shared = MemoryJobStore(clock)
    job = Job("a" * 32, WorkspaceId("acme"), False, "key", "request", clock.now())
    await shared.add(job, [NewItem("", VoiceId("v"), "{}")], 9)
    assert await shared.claim(job.workspace, timedelta(seconds=30))  # by a process that is killed now
    stores = {name: ProcessStore(clock) for name in ("first", "second")}
    workers = {}
    for name, store in stores.items():
        store._jobs, store._items = shared._jobs, shared._items
        workers[name] = WorkOffJobs(store, timedelta(hours=1))
        workers[name].speak_with(Speaker(name))
        workers[name].begin()
    await pass_time(29)
    assert begun == []
    await pass_time(6)
    assert begun == ["first"]
    await pass_time(300)
    for store in stores.values():
        store.is_slow = True
    await pass_time(19)
    for store in stores.values():
        store.is_slow = False
    await pass_time(60)
    assert (begun, speaking) == (["first"], ["first"])
    for is_away in (True, False):
        for store in stores.values():
            store.is_away = is_away
        await pass_time(19)
    assert (begun, speaking) == (["first"], ["first"])
    stores["first"].is_away = True
    await pass_time(40)
    assert (begun, speaking) == (["first", "second"], ["first", "second"])
    stores["first"].is_away = False
    await pass_time(5)
    assert speaking == ["second"]
    shared._items[job.job_id][0].num_attempts += 1  # taken by a third, as after a clock was set
    await pass_time(5)
    assert speaking == []
    may_end.set()
    await pass_time(45)
    assert is_removed.is_set()
    assert (await shared.get(job.workspace, job.job_id)).expires_at
    await asyncio.gather(*(worker.close() for worker in workers.values()))


async def test_a_revoked_key_begins_no_item_any_more() -> None:
    """What it was at is spoken; the jobs of a key that has only expired go on."""
    held = Held()
    async with open_service(services=build_tone_services(holding_spec(held))) as service:
        keys = service.services.keys
        (revoked, row), (expired, _) = [await keys.create("acme", WRITE, timedelta(hours=1)) for _ in range(2)]
        first = (await service.post(BATCH, batch(asked(), asked("Two.")), revoked)).json()["name"]
        await until(held.is_reached.is_set)
        second = (await service.post(BATCH, batch(asked(), asked("Two.")), expired)).json()["name"]
        await keys.revoke(row.key_id)
        clock_of(service).advance(3600)
        held.gate.set()
        outcomes = [(await results_of(service, name))["results"] for name in (first, second)]
        codes = [[result.get("error", {}).get("code") for result in results] for results in outcomes]
        assert codes == [[None, 7], [None, None]]


async def test_a_revoked_voice_is_not_heard_any_more() -> None:
    """Of what it has said, also after it is deleted; what other deleted voices have said stays until it expires."""
    async with open_service() as service:
        voice_ids = [await service.clone(name) for name in ("One", "Two")]
        results = await results_of(
            service, await submit(service, BATCH, batch(*(asked(voice_id=v) for v in voice_ids)))
        )
        uris = [result["audioUri"] for result in results["results"]]
        await service.post(f"/voices/v1/voices/{voice_ids[0]}:revokeConsent", {})
        assert [(await service.client.get(uri)).status_code for uri in uris] == [403, 200]
        for voice_id in voice_ids:
            await service.client.delete(f"/voices/v1/voices/{voice_id}", headers=service.auth())
        assert [(await service.client.get(uri)).status_code for uri in uris] == [403, 200]
        reply = await service.post(ASYNC, asked(voice_id=voice_ids[0]))
        assert reply.json()["code"] == 5


async def test_a_bad_item_fails_alone_and_text_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Also one on which the engine trips: an operation with `error`, and an id for the log."""
    caplog.set_level(logging.DEBUG)
    hurdles = Hurdles()
    async with open_service(services=build_tone_services(hurdle_spec(hurdles))) as service:
        hurdles.fail_at_chunk = 1
        operation = await finished(service, await submit(service, ASYNC, asked()))
        assert operation["error"]["code"] == 13
        assert operation.keys() == {"name", "done", "error"}
        assert "response" in await finished(service, await submit(service, ASYNC, asked()))
        assert (await service.post(ASYNC, asked("?!"))).json()["code"] == 3
    assert "zebra" not in caplog.text


async def test_an_item_that_cannot_be_spoken_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    """A voice whose artifact is lost: those behind it are spoken, and it is an error after some attempts."""
    clock = FixedClock()
    stores = open_stores(tmp_path, clock)
    await stores.prepare()
    services = build_tone_services(voices=stores.voices, jobs=stores.jobs)
    async with open_service(services=services) as service:
        lost = await service.clone()
        for prefix in await stores.ledger.blobs.prefixes():
            await stores.ledger.blobs.delete(prefix)
        name = await submit(service, BATCH, batch(asked(voice_id=lost), asked()))
        async with asyncio.timeout(HANG_S):
            while not (await look(service, name))["done"]:
                clock.advance(300)
                services.work_off_jobs.begin()
                await asyncio.sleep(0.005)
        results = await results_of(service, name)
        assert [result.get("error", {}).get("code") for result in results["results"]] == [13, None]
        await services.work_off_jobs.wait_until_idle()
    await stores.release()


# --- recordings ----------------------------------------------------------------------------------------------------


CONFIG = {"modelId": "inworld/inworld-stt-1", "audioEncoding": "AUTO_DETECT", "language": "es"}


RAW = CONFIG | {"audioEncoding": "LINEAR16", "sampleRateHertz": 24000}


def heard_as(config: dict[str, Any], content: bytes) -> dict[str, Any]:
    return {"transcribeConfig": config, "audioData": {"content": base64.b64encode(content).decode()}}


async def heard(service: HttpService, name: str) -> dict[str, Any]:
    async with asyncio.timeout(HANG_S):
        await service.services.work_off_recordings.wait_until_idle()
    return await look(service, name)


async def test_a_recording_is_written_down_in_the_background(tmp_path: Path) -> None:
    """As JSON, as a form, as a browser's form; what comes is what the original's samples read, and nothing stays."""
    stores = open_stores(tmp_path, FixedClock())
    await stores.prepare()
    services = build_tone_services(voices=stores.voices, jobs=stores.jobs)
    recording = wav_bytes(3.0)
    async with open_service(services=services) as service:
        body = {"transcribeConfig": CONFIG, "audioData": {"content": base64.b64encode(recording).decode()}}
        names = [await submit(service, HEAR, body)]
        for config in (("a.json", json.dumps(CONFIG), "application/json"), (None, json.dumps(CONFIG))):
            files = {"transcribeConfig": config, "file": ("a.wav", recording, "application/octet-stream")}
            reply = await service.client.post(HEAR, files=files, headers=service.auth())
            names.append(reply.json()["name"])
        assert all(name.startswith("workspaces/acme/sttAsyncJobs/") for name in names)
        for name in names:
            response = (await heard(service, name))["response"]
            assert response.keys() == {"resultUri", "expireTime"}
            words = (await service.client.get(response["resultUri"])).json()
            assert words == {
                "transcript": "Salt & pepper. Salt & pepper.",
                "language": "Spanish",
                "segments": [
                    {"transcript": "Salt & pepper.", "startTimeMs": "250", "endTimeMs": "950"},
                    {"transcript": "Salt & pepper.", "startTimeMs": "1000", "endTimeMs": "1700"},
                ],
                "usage": {"transcribedAudioMs": "3000", "modelId": CONFIG["modelId"]},
            }
        with_words = {**CONFIG, "includeWordTimestamps": True, "audioEncoding": "LINEAR16", "sampleRateHertz": 24000}
        raw = base64.b64encode(recording[44:]).decode()
        name = await submit(service, HEAR, {"transcribeConfig": with_words, "audioData": {"content": raw}})
        words = (await service.client.get((await heard(service, name))["response"]["resultUri"])).json()
        assert words["segments"][1]["wordTimestamps"][0] == {
            "word": "Salt",
            "startTimeMs": "1000",
            "endTimeMs": "1200",
            "confidence": 0.5,
        }
        frame = b"\xff\xfb\x90\x00".ljust(417, b"\0")  # as an MP3 has it, and as it is among samples by chance
        content = base64.b64encode(bytes(1000) + 2 * frame + recording[44:]).decode()
        name = await submit(service, HEAR, {"transcribeConfig": with_words, "audioData": {"content": content}})
        assert "response" in await heard(service, name)
        assert files_with(tmp_path, [recording[1000:1100]]) == set()
        text = asked()
        for scope, statuses in ((Scope.LISTEN, [200, 403]), (Scope.SPEAK, [403, 200])):
            key, _ = await service.services.keys.create("acme", frozenset([scope]))
            spoken = await submit(service, ASYNC, text)
            assert [(await service.get(f"/lro/v1alpha/{one}", key)).status_code for one in (name, spoken)] == statuses
    await stores.release()


@pytest.mark.parametrize(
    ("body", "phrase"),
    [
        ({}, "audio_data is required"),
        ({"transcribeConfig": CONFIG, "audioUri": "https://example.com/a.wav"}, "this server fetches nothing"),
        ({"transcribeConfig": CONFIG | {"enableSpeakerDiarization": True}, "audioData": {"content": "AAAA"}}, "diariz"),
        ({"transcribeConfig": CONFIG | {"language": "tlh"}, "audioData": {"content": "AAAA"}}, "not a known language"),
        (
            {"transcribeConfig": CONFIG | {"prompts": ["word"] * 700}, "audioData": {"content": "AAAA"}},
            "4000 characters",
        ),
        ({"transcribeConfig": "{", "audioData": {"content": "AAAA"}}, "transcribeConfig: must be a JSON object"),
        ({"transcribeConfig": CONFIG, "file": "AAAA"}, "file: must be a file"),
        *[
            (heard_as({**RAW, field: value}, wav_bytes(1.0)[44:]), field)
            for field, values in (
                ("sampleRateHertz", (-1, 7999, 192_001, 10**30, "x", 0.5, True)),
                ("numberOfChannels", (-1, 9, 99, "two", False)),
            )
            for value in values
        ],
        (heard_as(RAW, b""), "audio data is required"),
        (heard_as(CONFIG, wav_bytes(1.0)[44:]), "not audio"),
        (heard_as(RAW, b"fLaC" + wav_bytes(1.0)), "not audio"),
    ],
)
async def test_recordings_that_are_refused(body: dict[str, Any], phrase: str) -> None:
    """At once, in the words in which the synchronous request refuses what it takes too, and nothing is kept."""
    async with open_service() as service:
        reply = await service.post(HEAR, body)
        assert (reply.status_code, phrase in reply.json()["message"]) == (400, True), reply.text
        assert not await service.services.jobs.list_waiting(is_heard=True)
        if not body.keys() & {"audioUri", "file"} and body.get("transcribeConfig") != "{":
            assert (await service.post(HEAR.removesuffix(":async"), body)).json() == reply.json()


async def test_a_form_has_one_recording() -> None:
    """Not two, nor one beside that in `audioData`; of which is meant nobody says anything."""
    config = ("transcribeConfig", (None, json.dumps(CONFIG)))
    file = ("file", ("a.wav", wav_bytes(1.0)))
    data = ("audioData", (None, json.dumps({"content": wav_base64()})))
    async with open_service() as service:
        for parts in ([config, file, file], [config, config, file], [config, data, file], [config, file, file, file]):
            reply = await service.client.post(HEAR, files=parts, headers=service.auth())
            assert (reply.status_code, reply.json()["code"]) == (400, 3), reply.text
        assert not await service.services.jobs.list_waiting(is_heard=True)


async def test_a_long_recording_is_heard_in_parts() -> None:
    """Each part begins in a pause; no word is lost or heard twice. One of more than four hours, which not every file
    tells, is refused before anything of it is heard."""

    class PartByPart(PlainAnalyst):
        length_s, num_heard = 60.0, 0

        def find_speech(self, content: bytes, start_s: float = 0.0) -> FoundSpeech:
            speech, end_s = Waveform(np.ones(16000, np.float32), 16000), min(start_s + 10, self.length_s)
            starts = range(-4 * int(-start_s // 4), math.ceil(end_s), 4)
            passages = tuple(SpeechPassage(float(at), speech) for at in starts)
            return FoundSpeech(max(start_s, end_s), passages, end_s < self.length_s)

        def hear(self, speech: Waveform, lang: LangCode | None, prompt: str = "") -> HeardPassage:
            self.num_heard += 1
            return super().hear(speech, lang, prompt)

    analyst = PartByPart()
    async with open_service(services=build_tone_services(analyst=analyst)) as service:
        body = {"transcribeConfig": CONFIG, "audioData": {"content": wav_base64()}}
        name = await submit(service, HEAR, body)
        words = (await service.client.get((await heard(service, name))["response"]["resultUri"])).json()
        analyst.length_s, analyst.num_heard = 4 * 3600 + 1.0, 0
        error = (await heard(service, await submit(service, HEAR, body)))["error"]
        assert (error["code"], "4 hours" in error["message"], analyst.num_heard) == (3, True, 0)
    assert [segment["startTimeMs"] for segment in words["segments"]] == [str(at * 1000) for at in range(0, 60, 4)]
    assert words["usage"]["transcribedAudioMs"] == "60000"
