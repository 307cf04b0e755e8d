"""What is kept of a voice's recordings gives the reference that the clone was made from, also after a restart."""

import asyncio
import base64
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, text
from tests.contract.http_service import PlainAnalyst, build_tone_services, open_service, wav_bytes

from myna.analysis.sample_analyst import ModelSampleAnalyst, rate_sample
from myna.audio.encode import encode_wav
from myna.audio.stored_wav import decode_stored_wav
from myna.domain.sample import AnalysedSample, SampleRequest
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSpec
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC
from myna.store.opening import DATABASE_FILE, Stores, open_stores
from myna.testing.clock import FixedClock
from myna.usecases.ports import VoiceStore

_DEADLINE_S = 60.0
_STEP = 1 / 32768
"""Of a 16-bit sample: what a recording loses by being stored."""
_SAMPLE_S = 15.0
_PITCH_OF_NOISY_HZ, _PITCH_OF_CLEAN_HZ = 110.0, 220.0


class ListeningAnalyst(PlainAnalyst):
    """Hears noise without a model; rates and joins as the real one does."""

    def __init__(self) -> None:
        self._real = ModelSampleAnalyst(Path("unused"), max_sample_bytes=1, max_sample_s=1)

    def analyse(self, sample: SampleRequest) -> AnalysedSample:
        heard = super().analyse(sample)
        assert heard.processed is not None
        assert heard.quality is not None
        roughness = float(np.abs(np.diff(heard.processed.samples, 3)).mean())
        opinion = 4.0 if roughness < 0.01 else 1.5
        heard = replace(heard, quality=replace(heard.quality, dnsmos_overall=opinion))
        return replace(heard, rating=rate_sample(heard))

    def join(self, samples: Sequence[AnalysedSample], rate_hz: int, max_s: float) -> ReferenceAudio:
        return self._real.join(samples, rate_hz, max_s)


class Ears:
    """What an engine was given to hear."""

    def __init__(self) -> None:
        self.cloned: list[ReferenceAudio] = []
        self.refined: list[ReferenceAudio] = []
        self.gate = threading.Event()


class HearingEngine(ToneEngine):
    """Keeps the references that it is given; refines once it is let."""

    def __init__(self, ears: Ears) -> None:
        self._ears = ears

    def encode_voice(self, reference: ReferenceAudio) -> bytes:
        self._ears.cloned.append(reference)
        return super().encode_voice(reference)

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        assert self._ears.gate.wait(_DEADLINE_S)
        self._ears.refined.append(reference)
        return artifact


def hearing_spec(ears: Ears, *, refines: bool = True) -> EngineSpec:
    capabilities = replace(SPEC.capabilities, refines=refines)
    return replace(SPEC, capabilities=capabilities, load=lambda settings: HearingEngine(ears))


def noisy_wav() -> bytes:
    hum = decode_stored_wav(wav_bytes(_SAMPLE_S, _PITCH_OF_NOISY_HZ))
    noise = np.random.default_rng(7).normal(0, 0.1, len(hum.samples)).astype(np.float32)
    return encode_wav(Waveform(np.clip(hum.samples + noise, -1, 1), hum.sample_rate_hz))


async def clone_noisy_first(voices: VoiceStore, ears: Ears) -> str:
    """Two samples of 15 s, the noisy one first; the refinement waits at the gate when this returns."""
    services = build_tone_services(hearing_spec(ears), voices=voices, analyst=ListeningAnalyst())
    clean = wav_bytes(_SAMPLE_S, _PITCH_OF_CLEAN_HZ)
    samples = [{"audioData": base64.b64encode(content).decode()} for content in (noisy_wav(), clean)]
    async with open_service(services=services) as service:
        voice_id = await service.clone(voiceSamples=samples)
        if ears.gate.is_set():
            await asyncio.wait_for(services.refine_voices.wait_until_idle(), _DEADLINE_S)
    return voice_id


async def refine_again(voices: VoiceStore, ears: Ears) -> None:
    """A server that starts on a store and does what is pending."""
    services = build_tone_services(hearing_spec(ears), voices=voices, analyst=ListeningAnalyst())
    ears.gate.set()
    async with open_service(services=services):
        await asyncio.wait_for(services.refine_voices.wait_until_idle(), _DEADLINE_S)


def assert_heard_the_same(first: ReferenceAudio, second: ReferenceAudio) -> None:
    assert (first.transcript, first.lang) == (second.transcript, second.lang)
    assert first.waveform.sample_rate_hz == second.waveform.sample_rate_hz
    assert np.abs(first.waveform.samples - second.waveform.samples).max() <= 2 * _STEP


def assert_is_clean(reference: ReferenceAudio) -> None:
    spectrum = np.abs(np.fft.rfft(reference.waveform.samples))
    strongest_hz = int(spectrum.argmax()) * reference.waveform.sample_rate_hz / len(reference.waveform.samples)
    assert strongest_hz == pytest.approx(_PITCH_OF_CLEAN_HZ, abs=1)


async def open_sql(data_dir: Path, clock: FixedClock, stack: AsyncExitStack) -> Stores:
    stores = open_stores(data_dir, clock)
    await stores.prepare()
    stack.push_async_callback(stores.release)
    return stores


async def test_the_refinement_hears_what_the_clone_heard(tmp_path: Path) -> None:
    """The clean one of two samples, though the noisy one was sent first and fills the reference as well."""
    ears = Ears()
    ears.gate.set()
    async with AsyncExitStack() as stack:
        await clone_noisy_first((await open_sql(tmp_path, FixedClock(), stack)).voices, ears)
    (cloned,), (refined,) = ears.cloned, ears.refined
    assert_is_clean(cloned)
    assert_heard_the_same(cloned, refined)


async def test_so_does_one_that_a_restart_put_off(tmp_path: Path) -> None:
    """The order is kept in the store, not in the process."""
    before, after = Ears(), Ears()
    clock = FixedClock()
    for ears, work in ((before, clone_noisy_first), (after, refine_again)):
        async with AsyncExitStack() as stack:
            await work((await open_sql(tmp_path, clock, stack)).voices, ears)
    assert before.refined == []
    before.gate.set()
    (cloned,), (refined,) = before.cloned, after.refined
    assert_heard_the_same(cloned, refined)


async def test_samples_from_before_ratings_still_work(tmp_path: Path) -> None:
    """A row without the value: the voice is refined, in the order of the upload."""
    before, after = Ears(), Ears()
    clock = FixedClock()
    async with AsyncExitStack() as stack:
        await clone_noisy_first((await open_sql(tmp_path, clock, stack)).voices, before)
    before.gate.set()
    engine = create_engine(f"sqlite:///{tmp_path}/{DATABASE_FILE}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE samples SET rating = NULL"))
    engine.dispose()
    async with AsyncExitStack() as stack:
        await refine_again((await open_sql(tmp_path, clock, stack)).voices, after)
    (refined,) = after.refined
    assert refined.waveform.duration_s == pytest.approx(_SAMPLE_S, abs=0.1)


@pytest.mark.parametrize("opinion", [float("nan"), float("inf")])
def test_a_rating_is_a_number(opinion: float) -> None:
    """What could not be measured goes last, and can be stored."""
    plain = PlainAnalyst().analyse(SampleRequest(wav_bytes(), "", None))
    assert plain.quality is not None
    unmeasured = replace(plain, quality=replace(plain.quality, dnsmos_overall=opinion))
    assert 0.0 <= rate_sample(unmeasured) < rate_sample(plain)
