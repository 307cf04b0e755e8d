"""Requests that are sent again under an Idempotency-Key (wire-contract.md#repeating)."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from http_service import HANG_S, HttpService, PlainAnalyst, build_tone_services, open_service, serve, until, wav_base64
from tests.memory_stores import MemoryRequestKeys

from myna.domain.errors import ServiceUnavailable
from myna.domain.sample import AnalysedSample, SampleRequest
from myna.domain.voice import WorkspaceId
from myna.store.opening import open_stores
from myna.testing.clock import FixedClock
from myna.usecases.ports import RequestMark
from myna.usecases.repeated_requests import RepeatedRequests

CLONE = "/voices/v1/voices:clone"
DESIGN = "/voices/v1/voices:design"
CLONE_BODY = {"displayName": "Ann", "langCode": "EN_US", "voiceSamples": [{"audioData": wav_base64()}]}
DESIGN_BODY = {
    "designPrompt": "A young woman, bright and quick.",
    "previewText": "This is a sentence that is long enough to show what a voice is like.",
    "voiceDesignConfig": {"numberOfSamples": 3},
}


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


async def num_clones(service: HttpService) -> int:
    return int((await service.get("/voices/v1/voices", filter="source=IVC")).json()["totalSize"])


def voices_of(reply: httpx.Response) -> list[str]:
    assert reply.status_code == 200, reply.text
    body = reply.json()
    return [body["voice"]["voiceId"]] if "voice" in body else [draft["voiceId"] for draft in body["previewVoices"]]


class SlowAnalyst(PlainAnalyst):
    """Waits for a gate."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.is_waiting = False

    def analyse(self, sample: SampleRequest) -> AnalysedSample:
        self.is_waiting = True
        assert self.gate.wait(HANG_S)
        return super().analyse(sample)


async def test_a_clone_that_is_sent_again_is_the_same_voice(service: HttpService) -> None:
    """With the same samples in the reply; another key makes another voice, and so does none."""
    first = await service.post(CLONE, CLONE_BODY, idempotency_key="k")
    again = await service.post(CLONE, CLONE_BODY, idempotency_key="k")
    assert voices_of(again) == voices_of(first)
    assert again.json()["audioSamplesValidated"] == first.json()["audioSamplesValidated"]
    assert again.json()["voice"]["displayName"] == "Ann"
    assert await num_clones(service) == 1
    for headers in ({"idempotency_key": "l"}, {}):
        assert voices_of(await service.post(CLONE, CLONE_BODY, **headers)) != voices_of(first)
    assert await num_clones(service) == 3


async def test_a_design_that_is_sent_again_is_the_same_drafts(service: HttpService) -> None:
    """All three, with the same sound; published or not."""
    first = await service.post(DESIGN, DESIGN_BODY, idempotency_key="k")
    await service.post(f"/voices/v1/voices/{voices_of(first)[1]}:publish", {})
    again = await service.post(DESIGN, DESIGN_BODY, idempotency_key="k")
    assert again.json() == first.json()
    assert len(set(voices_of(again))) == 3


async def test_a_publish_that_is_sent_again_changes_nothing_twice(service: HttpService) -> None:
    """What was changed since then stays."""
    draft = voices_of(await service.post(DESIGN, DESIGN_BODY))[0]
    path = f"/voices/v1/voices/{draft}"
    published = await service.post(f"{path}:publish", {"displayName": "One"}, idempotency_key="k")
    assert published.json()["displayName"] == "One"
    await service.client.patch(path, json={"displayName": "Two"}, headers=service.auth())
    again = await service.post(f"{path}:publish", {"displayName": "One"}, idempotency_key="k")
    assert (again.status_code, again.json()["displayName"]) == (200, "Two")


async def test_a_key_that_came_with_another_request_is_refused(service: HttpService) -> None:
    """Another body, or the same at another path; in another workspace the key means nothing."""
    await service.post(CLONE, CLONE_BODY, idempotency_key="k")
    for path, body in ((CLONE, CLONE_BODY | {"displayName": "Bob"}), (DESIGN, DESIGN_BODY)):
        refused = await service.post(path, body, idempotency_key="k")
        assert (refused.status_code, refused.json()["code"], refused.json()["details"]) == (400, 3, [])
        assert "its own key" in refused.json()["message"]
        assert refused.headers["x-myna-error-code"] == "REQUEST_KEY_REUSED"
    assert await num_clones(service) == 1
    assert voices_of(await service.post(CLONE, CLONE_BODY, service.other_key, idempotency_key="k"))


async def test_a_client_that_lost_the_answer_gets_the_voice() -> None:
    """It leaves while the voice is made and asks again: 409 until it is done, then that voice, and only that one."""
    analyst = SlowAnalyst()
    async with serve(services=build_tone_services(analyst=analyst)) as service:
        lost = asyncio.create_task(service.post(CLONE, CLONE_BODY, idempotency_key="k"))
        await until(lambda: analyst.is_waiting)
        lost.cancel()
        await asyncio.gather(lost, return_exceptions=True)
        early = await service.post(CLONE, CLONE_BODY, idempotency_key="k")
        assert (early.status_code, early.json()["code"], early.headers["retry-after"]) == (409, 10, "1")
        assert early.headers["x-myna-error-code"] == "REQUEST_IN_PROGRESS"
        analyst.gate.set()
        async with asyncio.timeout(HANG_S):
            while (again := await service.post(CLONE, CLONE_BODY, idempotency_key="k")).status_code == 409:
                await asyncio.sleep(0.01)
        assert voices_of(again)
        assert await num_clones(service) == 1


class UnsteadyRequestKeys(MemoryRequestKeys):
    """Away each second time that a request says that it is at work."""

    num_asked = num_renewed = 0

    async def renew(self, workspace: WorkspaceId, mark: RequestMark, lifetime: timedelta) -> None:
        self.num_asked += 1
        if self.num_asked % 2:
            raise ServiceUnavailable("The database is away.")
        await super().renew(workspace, mark, lifetime)
        self.num_renewed += 1


async def test_a_clone_that_takes_long_keeps_its_key() -> None:
    """Ten minutes: it says again and again that it is at work, also when the store was away once, until it is done."""
    clock, analyst = FixedClock(), SlowAnalyst()
    keys = UnsteadyRequestKeys(clock)
    services = build_tone_services(analyst=analyst, request_keys=keys)
    services = replace(services, repeated_requests=RepeatedRequests(keys, said_every_s=0.001))
    async with serve(services=services) as service:
        first = asyncio.create_task(service.post(CLONE, CLONE_BODY, idempotency_key="k"))
        await until(lambda: analyst.is_waiting)
        for _ in range(6):
            num_renewed = keys.num_renewed
            await until(lambda: keys.num_renewed > num_renewed)  # noqa: B023
            clock.advance(100)  # of the two minutes after which a request is given up that says nothing
            assert (await service.post(CLONE, CLONE_BODY, idempotency_key="k")).status_code == 409
        analyst.gate.set()
        made = voices_of(await first)
        num_asked = keys.num_asked
        assert voices_of(await service.post(CLONE, CLONE_BODY, idempotency_key="k")) == made
        assert (await num_clones(service), keys.num_asked) == (1, num_asked)


async def test_a_restart_does_not_forget_what_was_made(tmp_path: Path) -> None:
    """The key is kept with the voices."""
    made = []
    for _ in range(2):
        stores = open_stores(tmp_path, FixedClock())
        await stores.prepare()
        services = build_tone_services(voices=stores.voices, request_keys=stores.request_keys)
        async with open_service(services=services) as service:
            for path, body in ((CLONE, CLONE_BODY), (DESIGN, DESIGN_BODY)):
                made.append(voices_of(await service.post(path, body, idempotency_key=path)))
            assert await num_clones(service) == 1
        await stores.release()
    assert made[:2] == made[2:]


async def test_a_key_is_forgotten_after_a_day() -> None:
    """From then on the same request makes another voice."""
    clock = FixedClock()
    async with open_service(services=build_tone_services(request_keys=MemoryRequestKeys(clock))) as service:
        first = voices_of(await service.post(CLONE, CLONE_BODY, idempotency_key="k"))
        clock.advance(24 * 3600 - 1)
        assert voices_of(await service.post(CLONE, CLONE_BODY, idempotency_key="k")) == first
        clock.advance(1)
        assert voices_of(await service.post(CLONE, CLONE_BODY, idempotency_key="k")) != first


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"voiceSamples": [{"audioData": "bm90IGF1ZGlv"}]}, 400),  # no audio
        ({"voiceSamples": [{"audioData": wav_base64(0.5)}]}, 200),  # nothing usable
        ({"validateOnly": True}, 200),
    ],
)
async def test_a_request_that_makes_no_voice_does_not_use_up_its_key(
    service: HttpService, fields: dict[str, Any], status: int
) -> None:
    """Another body may come with it."""
    failed = await service.post(CLONE, CLONE_BODY | fields, idempotency_key="k")
    assert (failed.status_code, "voice" in failed.json()) == (status, False)
    assert voices_of(await service.post(CLONE, CLONE_BODY, idempotency_key="k"))


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb"])
async def test_a_key_is_short_and_plain(service: HttpService, key: str) -> None:
    """Otherwise it is refused before anything is made."""
    refused = await service.post(CLONE, CLONE_BODY, idempotency_key=key)
    assert (refused.status_code, refused.json()["code"]) == (400, 3)
    assert "Idempotency-Key" in refused.json()["message"]
    assert await num_clones(service) == 0


async def test_a_voice_that_was_deleted_is_not_made_again(service: HttpService) -> None:
    """The client is told what to do."""
    voice_id = voices_of(await service.post(CLONE, CLONE_BODY, idempotency_key="k"))[0]
    await service.client.delete(f"/voices/v1/voices/{voice_id}", headers=service.auth())
    gone = await service.post(CLONE, CLONE_BODY, idempotency_key="k")
    assert (gone.status_code, gone.json()["code"]) == (404, 5)
    assert "new Idempotency-Key" in gone.json()["message"]
