"""Limits of one key and quotas of one workspace (wire-contract.md#allowances)."""

import asyncio
import threading
from contextlib import AsyncExitStack, nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from http_service import HANG_S, HttpService, Hurdles, build_tone_services, hurdle_spec, open_service, serve, until
from test_http_repeats import CLONE, CLONE_BODY, DESIGN, DESIGN_BODY
from test_http_socket import CREATE, talk
from tests.memory_stores import MemoryTallies

from myna.domain.errors import RateLimited, ServiceUnavailable
from myna.domain.scope import WRITE
from myna.domain.voice import VoiceId, WorkspaceId
from myna.http.allowances import Allowances
from myna.http.limits import HttpLimits
from myna.observability.metrics import Metrics
from myna.testing.clock import FixedClock
from myna.usecases.ports import ChangeTally, Clock, Grant
from myna.usecases.repeated_requests import Outcome

VOICES = "/voices/v1/voices"


def clock_of(service: HttpService) -> FixedClock:
    clock = service.services.clock
    assert isinstance(clock, FixedClock)
    return clock


def seconds_to_midnight(service: HttpService) -> int:
    now = clock_of(service).now()
    return 86400 - (now.hour * 3600 + now.minute * 60 + now.second)


async def assert_refused(service: HttpService, reply: httpx.Response, code: str, reason: str, wait_s: int) -> None:
    assert (reply.status_code, reply.json()["code"]) == (429, 8), reply.text
    assert (reply.headers["x-myna-error-code"], reply.headers["retry-after"]) == (code, str(wait_s))
    page = (await service.client.get("/metrics")).text
    assert f'myna_refusals_total{{reason="{reason}"}} 1.0' in page


async def test_a_key_has_so_many_requests_a_minute() -> None:
    """In one go or spread; then 429 until the next is due, a clock that is set back begins anew. Others go on."""
    async with open_service(HttpLimits(max_requests_per_minute=6)) as service:
        for _ in range(6):
            assert (await service.get(VOICES)).status_code == 200
        await assert_refused(service, await service.get(VOICES), "RATE_LIMITED", "requests", 10)
        assert (await service.get(VOICES, service.read_key)).status_code == 200
        assert (await service.client.get("/healthz")).status_code == 200
        clock_of(service).advance(10)
        assert [(await service.get(VOICES)).status_code for _ in range(2)] == [200, 429]
        clock_of(service).advance(3600)
        assert [(await service.get(VOICES)).status_code for _ in range(7)] == [200] * 6 + [429]
        clock_of(service).jump(-7200)
        assert [(await service.get(VOICES)).status_code for _ in range(7)] == [200] * 6 + [429]


async def test_a_wrong_key_uses_up_nothing() -> None:
    """Only who was let in is counted."""
    async with open_service(HttpLimits(max_requests_per_minute=1)) as service:
        wrong = service.write_key[:-4] + "AAAA"
        assert (await service.get(VOICES, wrong)).status_code == 403
        assert (await service.get(VOICES)).status_code == 200


async def test_a_key_has_so_many_requests_at_one_time() -> None:
    """Counted until the reply's last byte, also of a stream; a refused one is not counted."""
    hurdles = Hurdles()
    hurdles.gate = threading.Event()
    services = build_tone_services(hurdle_spec(hurdles), marks=False)
    async with serve(HttpLimits(max_concurrent_requests=1), services) as service:
        body = {"text": "Speech that goes on for a while. And on.", "voiceId": "Dennis", "modelId": "inworld-tts-2"}
        streaming = service.client.stream("POST", "/tts/v1/voice:stream", json=body, headers=service.auth())
        async with streaming as reply:
            lines = reply.aiter_lines()
            assert "result" in await anext(lines)
            await assert_refused(service, await service.get(VOICES), "RATE_LIMITED", "concurrent", 1)
            qualified = await service.get("/voices/v1/workspaces/acme/voices", service.read_key)
            assert qualified.status_code == 200  # in this form two things ask for the key, and it counts once
            hurdles.gate.set()
            assert [line async for line in lines]
        await until_free(service)


async def test_a_client_that_leaves_frees_its_place() -> None:
    """As one that stays to the end."""
    hurdles = Hurdles()
    hurdles.gate = threading.Event()
    services = build_tone_services(hurdle_spec(hurdles), marks=False)
    async with serve(HttpLimits(max_concurrent_requests=1), services) as service:
        leaving = asyncio.create_task(service.speak("Speech that goes on for a while. And on."))
        await until(lambda: hurdles.num_chunks > 0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        hurdles.gate.set()
        await until_free(service)


async def test_the_store_is_told_what_has_ended_before_it_is_closed_and_nothing_without_a_limit() -> None:
    """What was written is `num` and `until` of what runs."""
    clock = FixedClock()
    tallies, grant = MemoryTallies(clock), Grant(WorkspaceId("acme"), WRITE, key_id="k")
    allowances = Allowances(HttpLimits(), Metrics(), clock, tallies)
    async with allowances.request(grant):
        assert any(name.startswith("num ") for name in await tallies.get("requests of k"))
    await allowances.close()
    assert list(await tallies.get("requests of k")) == ["full_at_s"]
    free = HttpLimits(max_concurrent_requests=0, max_requests_per_minute=0)
    async with Allowances(free, Metrics(), clock, tallies).request(replace(grant, key_id="free")):
        assert await tallies.get("requests of free") == {}


async def test_what_is_far_from_a_limit_is_told_later_and_what_is_near_at_once() -> None:
    """So two processes of a store let in no more together than one."""
    clock, grant = FixedClock(), Grant(WorkspaceId("acme"), WRITE, key_id="k")
    tallies = MemoryTallies(clock)
    limits = HttpLimits(max_concurrent_requests=8, max_requests_per_minute=100)
    here, there = (Allowances(limits, Metrics(), clock, tallies) for _ in range(2))

    async def num_told() -> float:
        return sum(count for name, count in (await tallies.get("requests of k")).items() if name.startswith("num "))

    async with AsyncExitStack() as running:
        told = []
        for allowances in (*[here] * 5, *[there] * 3):
            await running.enter_async_context(allowances.request(grant))
            told.append(await num_told())
        assert told == [1, 1, 3, 4, 5, 6, 7, 8]
        for allowances in (here, there):
            with pytest.raises(RateLimited):
                await running.enter_async_context(allowances.request(grant))
    for allowances in (here, there):
        await allowances.close()
    # Eight of a hundred a minute, none of them running.
    full_in_s = pytest.approx(clock.now().timestamp() + 8 * 60 / 100, abs=0.01)
    assert await tallies.get("requests of k") == {"full_at_s": full_in_s}


async def test_what_many_processes_let_in_too_much_is_owed() -> None:
    """For a minute more, and not forgiven."""
    clock, grant = FixedClock(), Grant(WorkspaceId("acme"), WRITE, key_id="k")
    tallies = MemoryTallies(clock)
    many = [Allowances(HttpLimits(max_requests_per_minute=60), Metrics(), clock, tallies) for _ in range(16)]
    # As many as are not told at once, the first of each apart; then the last one takes what the store thinks is left.
    for allowances, num in zip(many, (*range(15, 0, -1), 45), strict=True):
        for _ in range(num):
            async with allowances.request(grant):
                pass
    for allowances in many:
        await allowances.close()
    assert await tallies.get("requests of k") == {"full_at_s": pytest.approx(clock.now().timestamp() + 120, abs=0.01)}


async def until_free(service: HttpService) -> None:
    async with asyncio.timeout(HANG_S):
        while (await service.get(VOICES)).status_code == 429:
            await asyncio.sleep(0.005)


async def test_a_spoken_piece_of_a_socket_is_a_request() -> None:
    """One over the limit is told in its context, which lives on."""
    async with serve(HttpLimits(max_requests_per_minute=1)) as service, talk(service) as socket:
        await socket.say("c", create=CREATE)
        for event in ("flushCompleted", "status"):
            await socket.say("c", send_text={"text": "Hello there.", "flush_context": {}})
            frames = await socket.hear_until(event)
        assert frames[-1]["result"]["status"]["code"] == 8
        clock_of(service).advance(60)
        await socket.say("c", send_text={"text": "Hello there.", "flush_context": {}})
        assert await socket.hear_until("flushCompleted")


async def test_a_workspace_has_so_much_speech_a_day() -> None:
    """What has begun is finished, whoever of the workspace asks next is refused until midnight; others are not."""
    async with open_service(HttpLimits(max_spoken_s_per_day=0.5)) as service:
        assert (await service.speak("One sentence that takes its time.")).status_code == 200
        for path in ("/tts/v1/voice", "/tts/v1/voice:stream"):
            refused = await service.speak("Again.", path)
            assert (refused.status_code, refused.headers["x-myna-error-code"]) == (429, "QUOTA_EXHAUSTED")
        assert refused.headers["retry-after"] == str(seconds_to_midnight(service))
        assert (await service.get(VOICES)).status_code == 200
        other = await service.post("/tts/v1/voice", {"text": "Hi.", "voiceId": "Dennis"}, service.other_key)
        assert other.status_code == 200
        clock_of(service).advance(seconds_to_midnight(service))
        assert (await service.speak("Again.")).status_code == 200


async def test_a_workspace_makes_so_many_voices_a_day() -> None:
    """Clones and drafts; what made none, and a repeated request, does not count."""
    async with open_service(HttpLimits(max_voices_per_day=4)) as service:
        for fields in ({"voiceSamples": []}, {"validateOnly": True}):
            await service.post(CLONE, CLONE_BODY | fields)
        assert (await service.post(DESIGN, DESIGN_BODY)).status_code == 200  # three
        for _ in range(2):
            assert (await service.post(CLONE, CLONE_BODY, idempotency_key="k")).status_code == 200
        refused = await service.post(CLONE, CLONE_BODY)
        await assert_refused(service, refused, "QUOTA_EXHAUSTED", "voices", seconds_to_midnight(service))
        assert (await service.post(CLONE, CLONE_BODY | {"validateOnly": True})).status_code == 200
        assert (await service.post(CLONE, CLONE_BODY, service.other_key)).status_code == 200
        clock_of(service).advance(seconds_to_midnight(service))
        assert (await service.post(CLONE, CLONE_BODY)).status_code == 200


@pytest.mark.parametrize("body", [CLONE_BODY, CLONE_BODY | {"validateOnly": True}])
async def test_voices_that_are_made_at_one_time_share_the_quota(body: dict[str, Any]) -> None:
    """The last place is given once."""
    async with open_service(HttpLimits(max_voices_per_day=1)) as service:
        replies = await asyncio.gather(*(service.post(CLONE, body) for _ in range(3)))
        num_taken = sum(reply.status_code == 200 for reply in replies)
        assert num_taken == (3 if "validateOnly" in body else 1)


class LeavingTallies(MemoryTallies):
    """Of a store that may be away."""

    is_away = False

    async def change(self, name: str, change: ChangeTally, lifetime: timedelta) -> None:
        if self.is_away:
            raise ServiceUnavailable("away")
        await super().change(name, change, lifetime)


async def test_a_store_that_is_away_for_a_moment_loses_no_voice() -> None:
    """What was not reserved is counted at the end, and not given back; what could not be given back stays taken."""
    clock, workspace = FixedClock(), WorkspaceId("acme")
    tallies = LeavingTallies(clock)
    allowances = Allowances(HttpLimits(max_voices_per_day=9), Metrics(), clock, tallies)
    for is_away_before, is_away_after, made, num_counted in (
        (True, False, Outcome(), 0),
        (True, False, Outcome((VoiceId("a"), VoiceId("b"))), 2),
        (False, False, Outcome((VoiceId("c"),)), 3),
        (False, True, Outcome(), 6),
    ):
        tallies.is_away = is_away_before
        async with allowances.voices(workspace, 3, made):
            tallies.is_away = is_away_after
        assert await tallies.get(f"voices {clock.now().date()} acme") == {"amount": num_counted}


async def test_a_store_that_is_away_leaves_the_requests_of_this_process_counted() -> None:
    """Also when it is back and knows nothing of them."""
    clock, grant = FixedClock(), Grant(WorkspaceId("acme"), WRITE, key_id="k")
    tallies = LeavingTallies(clock)
    allowances = Allowances(HttpLimits(max_requests_per_minute=3), Metrics(), clock, tallies)
    tallies.is_away = True
    for is_let_in in (True, True, True, False, False):
        with nullcontext() if is_let_in else pytest.raises(RateLimited):
            async with allowances.request(grant):
                pass
        for _ in range(9):
            await asyncio.sleep(0)
        tallies.is_away = is_let_in
    await allowances.close()
    assert await tallies.get("requests of k") == {"full_at_s": pytest.approx(clock.now().timestamp() + 60, abs=0.01)}


class LateTallies(MemoryTallies):
    """Of a store that has changed what begins with `name` before it says so."""

    def __init__(self, clock: Clock, name: str) -> None:
        super().__init__(clock)
        self.name = name
        self.has_changed, self.may_answer = asyncio.Event(), asyncio.Event()

    async def change(self, name: str, change: ChangeTally, lifetime: timedelta) -> None:
        await super().change(name, change, lifetime)
        if name.startswith(self.name):
            self.has_changed.set()
            await self.may_answer.wait()


async def test_speech_is_counted_once_though_its_listener_leaves_meanwhile() -> None:
    """Not at its end again, and not never."""
    services = build_tone_services()
    tallies = LateTallies(services.clock, "spoken")
    async with open_service(HttpLimits(max_spoken_s_per_day=99), replace(services, tallies=tallies)) as service:
        leaving = asyncio.create_task(service.speak("A sentence that takes its time. " * 8))
        await asyncio.wait_for(tallies.has_changed.wait(), HANG_S)
        name = f"spoken {services.clock.now().date()} acme"
        noted = await tallies.get(name)
        leaving.cancel()
        await asyncio.wait({leaving}, timeout=0.2)
        tallies.may_answer.set()
        await asyncio.gather(leaving, return_exceptions=True)
        assert await tallies.get(name) == noted != {}


async def test_what_was_reserved_by_who_leaves_is_given_back() -> None:
    """Voices of a caller that left before the store had answered."""
    clock = FixedClock()
    tallies = LateTallies(clock, "voices")
    allowances = Allowances(HttpLimits(max_voices_per_day=9), Metrics(), clock, tallies)

    async def make() -> None:
        async with allowances.voices(WorkspaceId("acme"), 3, Outcome()):
            pass

    leaving = asyncio.create_task(make())
    await tallies.has_changed.wait()
    leaving.cancel()
    tallies.may_answer.set()
    await asyncio.gather(leaving, return_exceptions=True)
    assert await tallies.get(f"voices {clock.now().date()} acme") == {"amount": 0.0}


async def test_what_ends_while_the_store_is_told_for_the_last_time_is_told() -> None:
    """Or it would count as running for a while after a restart."""
    clock, grant = FixedClock(), Grant(WorkspaceId("acme"), WRITE, key_id="k")
    tallies = LateTallies(clock, "requests")
    tallies.may_answer.set()
    allowances = Allowances(HttpLimits(), Metrics(), clock, tallies)
    async with allowances.request(grant):
        tallies.has_changed.clear()
        tallies.may_answer.clear()
        closing = asyncio.create_task(allowances.close())
        await tallies.has_changed.wait()
    tallies.may_answer.set()
    await closing
    assert list(await tallies.get("requests of k")) == ["full_at_s"]
