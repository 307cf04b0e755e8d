"""Requests that a stop of the server cuts off in the moment in which the store has done its part."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from http_service import WORKSPACE, HttpService, build_tone_services, open_service
from test_http_repeats import CLONE, CLONE_BODY, DESIGN, DESIGN_BODY, voices_of
from tests.memory_stores import MemoryRequestKeys, MemoryVoiceStore

from myna.domain.consent import Consent, digest_voice_id
from myna.domain.voice import Voice
from myna.http.limits import HttpLimits
from myna.observability.audit_log import AuditLog
from myna.testing.clock import FixedClock
from myna.usecases.keep_house import KeepHouse
from myna.usecases.uncut import uncut


class CuttingStore(MemoryVoiceStore):
    """Cuts off whoever asks, once."""

    def __init__(self) -> None:
        clock = FixedClock()
        self.request_keys = MemoryRequestKeys(clock)
        super().__init__(clock, self.request_keys)
        self.cut: Callable[[], bool] | None = None

    async def _cut_off(self) -> None:
        """Now."""
        self._cut_soon()
        await asyncio.sleep(0)

    def _cut_soon(self) -> None:
        """Where something is waited for next."""
        if self.cut is not None:
            self.cut()
            self.cut = None

    async def get(self, *args: Any) -> Voice:
        voice = await super().get(*args)
        self._cut_soon()
        return voice

    async def add(self, *args: Any, **kwargs: Any) -> None:
        await super().add(*args, **kwargs)
        await self._cut_off()

    async def set_consent(self, *args: Any, **kwargs: Any) -> Voice:
        voice = await super().set_consent(*args, **kwargs)
        await self._cut_off()
        return voice

    async def delete_made_before(self, *args: Any) -> Any:
        voice_ids = await super().delete_made_before(*args)
        await self._cut_off()
        return voice_ids


@pytest.fixture
def store() -> CuttingStore:
    return CuttingStore()


@pytest.fixture
async def service(store: CuttingStore, tmp_path: Path) -> AsyncIterator[HttpService]:
    services = build_tone_services(voices=store, request_keys=store.request_keys, marks=False)
    async with open_service(HttpLimits(max_voices_per_day=3), services, AuditLog(tmp_path)) as service:
        yield service


async def cut_off(store: CuttingStore, request: Any) -> None:
    """As uvicorn does it with a request that is not answered at the limit."""
    running = asyncio.create_task(request)
    store.cut = running.cancel
    with pytest.raises(asyncio.CancelledError):
        await running


def noted(folder: Path) -> list[tuple[str, str]]:
    lines = map(json.loads, (folder / "audit.jsonl").read_text().splitlines())
    return [(line["act"], line["voice"]) for line in lines]


async def test_a_cut_off_clone_is_noted_counted_and_the_same_when_it_is_sent_again(
    service: HttpService, store: CuttingStore, tmp_path: Path
) -> None:
    """One voice, one line, one of three of the day."""
    await cut_off(store, service.post(CLONE, CLONE_BODY, idempotency_key="k"))
    (voice,) = await store.list(WORKSPACE)
    assert voices_of(await service.post(CLONE, CLONE_BODY, idempotency_key="k")) == [voice.voice_id]
    assert noted(tmp_path) == [("clone", digest_voice_id(voice.voice_id))]
    assert [(await service.post(CLONE, CLONE_BODY)).status_code for _ in range(3)] == [200, 200, 429]


async def test_of_a_cut_off_design_each_draft_is_noted_and_counted(
    service: HttpService, store: CuttingStore, tmp_path: Path
) -> None:
    """The one that was made. Sent again all are made anew, as far as the day allows."""
    body = DESIGN_BODY | {"voiceDesignConfig": {"numberOfSamples": 2}}
    await cut_off(store, service.post(DESIGN, body, idempotency_key="k"))
    assert [act for act, _ in noted(tmp_path)] == ["design"]
    again = voices_of(await service.post(DESIGN, body, idempotency_key="k"))
    assert noted(tmp_path)[1:] == [("design", digest_voice_id(voice_id)) for voice_id in again]
    assert (await service.post(CLONE, CLONE_BODY)).status_code == 429


async def test_what_is_cut_off_is_done_and_noted(service: HttpService, store: CuttingStore, tmp_path: Path) -> None:
    """Consent, its revocation, the deletion; and a deletion for its age."""
    voice_id, old = await service.clone(), await service.clone()
    path = f"/voices/v1/voices/{voice_id}"
    consent = {"givenBy": "Ann", "speaker": "Ann", "purpose": "tests"}
    await cut_off(store, service.post(f"{path}:consent", consent))
    given = (await store.get(WORKSPACE, voice_id)).consent
    assert isinstance(given, Consent)
    await cut_off(store, service.post(f"{path}:revokeConsent", {}))
    await cut_off(store, service.client.delete(path, headers=service.auth()))
    assert [voice.voice_id for voice in await store.list(WORKSPACE)] == [old]
    assert noted(tmp_path)[2:] == [(act, digest_voice_id(voice_id)) for act in ("consent", "revoke", "delete")]

    gone = list[str]()
    clock = FixedClock()
    clock.advance(10)
    house = KeepHouse(store, service.services.jobs, 3600.0, clock, timedelta(seconds=5), note_deleted=gone.append)
    await cut_off(store, house.start(lambda: None))
    assert gone == [old]


async def test_what_fails_when_it_is_cut_off_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Once, and by its kind alone."""
    begun = asyncio.Event()

    async def fail() -> None:
        begun.set()
        await asyncio.sleep(0)
        raise ValueError("Ann")

    running = asyncio.create_task(uncut(fail()))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (line,) = caplog.records
    assert (vars(line)["error"], line.exc_info, "Ann" in caplog.text) == ("ValueError", None, False)
