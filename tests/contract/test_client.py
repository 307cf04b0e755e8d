"""Our own client against the whole service: jobs, dictionaries, recordings, tokens."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from http_service import HttpService, Hurdles, build_tone_services, hurdle_spec, open_service, wav_bytes

from myna.client import ApiError, AsyncClient, BatchItem, Encoding, Pronunciation, RequestRefused, SpeechOptions

WAV = SpeechOptions(Encoding.WAV, 8000, model_id="inworld-tts-2", lang="en-US")


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


def client_of(service: HttpService, key: str) -> AsyncClient:
    return AsyncClient(service.base_url, key, transport=service.client._transport)


async def test_jobs_are_asked_for_and_fetched() -> None:
    """One text and many; what became of each; what is refused at once, or fails only when it is spoken."""
    hurdles = Hurdles()
    services = build_tone_services(hurdle_spec(hurdles))
    async with open_service(services=services) as service, client_of(service, service.read_key) as client:
        job = await client.wait_for_job(await client.say_later("Dennis", "Hello there.", WAV), ask_again_s=0.02)
        assert (job.is_done, job.error, job.expire_time != "") == (True, None, True)
        assert (await client.fetch(job.audio_uri)).startswith(b"RIFF")
        items = [BatchItem("a", "Dennis", "Hi.", WAV), BatchItem("b", "Dennis", "Ho.", WAV)]
        results = await client.get_results(await client.wait_for_job(await client.say_batch(items), ask_again_s=0.02))
        assert [(result.custom_id, result.error) for result in results] == [("a", None), ("b", None)]
        for result in results:
            assert (await client.fetch(result.audio_uri)).startswith(b"RIFF")
        hurdles.is_mute = True
        batch = await client.wait_for_job(await client.say_batch(items[:1]), ask_again_s=0.02)
        (failed,) = await client.get_results(batch)
        assert failed.error is not None
        assert (failed.custom_id, failed.audio_uri, failed.error.code) == ("a", "", 3)
        for asked in (client.fetch(failed.audio_uri), client.get_results(job)):
            with pytest.raises(RequestRefused, match="no results"):
                await asked
        with pytest.raises(ApiError, match=r"items\[0\].request: Unknown voice"):
            await client.say_batch([BatchItem("a", "NoSuch", "Hi.")])
        with pytest.raises(ApiError, match=r"items\[1\].request: text holds nothing that can be spoken"):
            await client.say_batch([*items[:1], BatchItem("b", "Dennis", "...")])


async def test_dictionaries_are_kept_and_spoken_with(service: HttpService) -> None:
    """The five calls, over pages; a state that somebody has changed is refused."""
    async with client_of(service, service.write_key) as client:
        word = Pronunciation("zebra", ("ˈ", "z", "iː"))
        made = [await client.create_dictionary(f"D{number}", [word]) for number in range(6)]
        assert set(await client.list_dictionaries()) == set(made)
        with_it = replace(WAV, dictionaries=(made[0].name,))
        assert await client.say("Dennis", "A zebra.", with_it) != await client.say("Dennis", "A zebra.", WAV)
        changed = await client.update_dictionary(made[0], entries=[])
        assert (changed.entries, changed.display_name) == ((), "D0")
        assert await client.get_dictionary(made[0].name) == changed
        with pytest.raises(ApiError) as caught:
            await client.delete_dictionary(made[0])
        assert caught.value.status == 409
        await client.delete_dictionary(changed)
        assert len(await client.list_dictionaries()) == 5


async def test_a_recording_is_written_down_with_a_token(service: HttpService) -> None:
    """A token stands for the key once."""
    async with client_of(service, service.read_key) as client:
        token = await client.create_token(60, reference="somebody")
    async with client_of(service, token.access_token) as client:
        heard = await client.transcribe(wav_bytes(), with_words=True)
        assert (heard.text.partition(".")[0], heard.lang_code, heard.duration_s) == ("Salt & pepper", "en-US", 3.0)
        assert [word.text for word in heard.words][:3] == ["Salt", "&", "pepper."]
        assert 0 <= heard.words[0].start_s < heard.words[1].start_s < heard.duration_s
        with pytest.raises(ApiError, match="used before"):
            await client.transcribe(wav_bytes())
