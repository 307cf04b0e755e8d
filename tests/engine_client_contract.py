"""What every engine client promises, as tests over the tone engine. Subclass it and give it the fixture `client`."""

import asyncio

import numpy as np
import pytest

from myna.domain.errors import ServiceUnavailable, VoiceIncompatible
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpeechToken, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.domain.waveform import ReferenceAudio, Samples, Waveform
from myna.usecases.ports import EngineClient, EngineStream

OPTIONS = SynthesisOptions(LangCode.EN_US)


def make_reference(pitch_hz: float, duration_s: float = 2.0, sample_rate_hz: int = 16000) -> ReferenceAudio:
    """A hum: a tone with its octave."""
    phase = 2 * np.pi * pitch_hz * np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    samples = (0.3 * np.sin(phase) + 0.1 * np.sin(2 * phase)).astype(np.float32)
    return ReferenceAudio(Waveform(samples, sample_rate_hz), "", LangCode.EN_US)


def make_segments(*texts: str) -> tuple[SpeechSegment, ...]:
    """One segment for each text, one token for each word."""
    segments = []
    for text in texts:
        tokens, offset = [], 0
        for word in text.split():
            tokens.append(SpeechToken(word, offset, offset + len(word), " "))
            offset += len(word) + 1
        segments.append(SpeechSegment(tuple(tokens)))
    return tuple(segments)


async def read_samples(stream: EngineStream) -> Samples:
    """All that is spoken."""
    pieces = [item.samples async for item in stream]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def measure_tone_hz(samples: Samples, sample_rate_hz: int) -> float:
    """The strongest frequency. [num_samples] float32 -> Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * sample_rate_hz / len(samples)


class EngineClientContract:
    """Promises of `EngineClient`. Fixture to give: `client`, started, over the tone engine, with one slot."""

    async def test_a_cloned_voice_speaks_with_its_pitch(self, client: EngineClient) -> None:
        """From a recording to speech of the same person."""
        voice = await client.encode_voice(make_reference(130.0))
        samples = await read_samples(await client.synthesize(voice, make_segments("some words to speak"), OPTIONS))
        assert measure_tone_hz(samples, client.spec.capabilities.sample_rate_hz) == pytest.approx(130.0, abs=3.0)

    async def test_chunks_name_their_segment_and_its_end(self, client: EngineClient) -> None:
        """Segments come in order, each ends exactly once and at its last chunk; an empty one ends too."""
        voice = await client.encode_voice(make_reference(130.0))
        segments = (*make_segments("one two three four five six"), SpeechSegment((), 0.5), *make_segments("seven"))
        items = [item async for item in await client.synthesize(voice, segments, OPTIONS)]
        assert [item.segment_index for item in items] == sorted(item.segment_index for item in items)
        assert [item.segment_index for item in items if item.ends_segment] == [0, 1, 2]
        for index in range(len(segments)):
            ends = [item.ends_segment for item in items if item.segment_index == index]
            assert ends.index(True) == len(ends) - 1

    async def test_no_segments_are_no_speech(self, client: EngineClient) -> None:
        """An empty request gives an empty stream."""
        voice = await client.encode_voice(make_reference(130.0))
        assert [item async for item in await client.synthesize(voice, (), OPTIONS)] == []

    async def test_concurrent_requests_do_not_mix(self, client: EngineClient) -> None:
        """Each caller hears its own voice, sample for sample as if it were alone."""
        voices = [await client.encode_voice(make_reference(pitch_hz)) for pitch_hz in (100.0, 150.0, 200.0)]
        segments = make_segments("a text of some words", "and another of some more")
        alone = [await read_samples(await client.synthesize(voice, segments, OPTIONS)) for voice in voices]

        async def speak(voice: VoiceArtifact) -> Samples:
            return await read_samples(await client.synthesize(voice, segments, OPTIONS))

        together = await asyncio.gather(*(speak(voice) for voice in voices))
        for expected, actual in zip(alone, together, strict=True):
            np.testing.assert_array_equal(expected, actual)

    async def test_a_foreign_voice_is_refused(self, client: EngineClient) -> None:
        """By engine, by version, and by content: before the stream is handed out."""
        spec = client.spec
        for foreign in (
            VoiceArtifact(b"whatever", "another", spec.version),
            VoiceArtifact(b"whatever", spec.id, "another"),
            VoiceArtifact(b"whatever", spec.id, spec.version),
        ):
            with pytest.raises(VoiceIncompatible):
                await client.synthesize(foreign, make_segments("words"), OPTIONS)

    async def test_a_refusal_leaves_the_slot_free(self, client: EngineClient) -> None:
        """After any number of refusals the next request is served."""
        for _ in range(5):
            with pytest.raises(VoiceIncompatible):
                await client.synthesize(
                    VoiceArtifact(b"", client.spec.id, client.spec.version), make_segments("words"), OPTIONS
                )
        assert (await client.encode_voice(make_reference(130.0))).engine_id == client.spec.id

    async def test_closing_a_stream_early_frees_the_slot(self, client: EngineClient) -> None:
        """A consumer may leave at any time, and say so twice."""
        voice = await client.encode_voice(make_reference(130.0))
        for num_chunks in (0, 1, 3):
            stream = await client.synthesize(voice, make_segments(*["a text of some words"] * 20), OPTIONS)
            chunks = aiter(stream)
            for _ in range(num_chunks):
                await anext(chunks)
            await stream.aclose()
            await stream.aclose()
            assert [item async for item in stream] == []
        assert len(await read_samples(await client.synthesize(voice, make_segments("words"), OPTIONS)))

    async def test_a_voice_can_be_refined(self, client: EngineClient) -> None:
        """An engine that has nothing to improve gives the artifact back."""
        reference = make_reference(130.0)
        voice = await client.encode_voice(reference)
        assert await client.refine_voice(voice, reference) == voice

    async def test_a_closed_client_refuses(self, client: EngineClient) -> None:
        """Streams end with an error, newcomers hear that the service is stopping; closing again is no error."""
        assert client.is_ready
        voice = await client.encode_voice(make_reference(130.0))
        stream = await client.synthesize(voice, make_segments(*["a text of some words"] * 20), OPTIONS)
        await client.close()
        await client.close()
        assert not client.is_ready
        with pytest.raises(ServiceUnavailable):
            await read_samples(stream)
        await stream.aclose()
        with pytest.raises(ServiceUnavailable):
            await client.synthesize(voice, make_segments("words"), OPTIONS)
        with pytest.raises(ServiceUnavailable):
            await client.encode_voice(make_reference(130.0))
