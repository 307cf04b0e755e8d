"""Speaker encoders on real speech: they know people, not rooms, levels or words."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from myna.analysis.speaker_change import measure_speaker_change
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder, audible_span
from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore

RATE_HZ = 16_000
SpeakerEmbedder = Ge2eEmbedder | CampplusEmbedder


@pytest.fixture(scope="module")
def ge2e(weights: WeightStore) -> Ge2eEmbedder:
    return Ge2eEmbedder(weights)


@pytest.fixture(scope="module")
def campplus(weights: WeightStore) -> CampplusEmbedder:
    return CampplusEmbedder(weights)


@pytest.fixture(params=["ge2e", "campplus"])
def embedder(request: pytest.FixtureRequest, ge2e: Ge2eEmbedder, campplus: CampplusEmbedder) -> SpeakerEmbedder:
    return {"ge2e": ge2e, "campplus": campplus}[request.param]


@pytest.fixture(scope="module")
def voices(speaker_recordings: list) -> dict[tuple[str, str], Waveform]:
    """Recordings by speaker and role, at 16 kHz."""
    return {(recording.speaker, recording.role): read(recording.path) for recording in speaker_recordings}


def read(path: Path) -> Waveform:
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ, "the speaker recordings are kept at 16 kHz"
    return Waveform(samples, RATE_HZ)


def stretch(waveform: Waveform, duration_s: float) -> np.ndarray:
    """The beginning of the sound, at one level for all, so that only the voice differs."""
    samples = waveform.samples[audible_span(waveform)][: round(duration_s * RATE_HZ)]
    return samples * np.float32(0.05 / np.sqrt(np.mean(samples**2)))


def test_every_person_is_nearest_to_themselves(
    embedder: SpeakerEmbedder, voices: dict[tuple[str, str], Waveform]
) -> None:
    """Ten people, two recordings each: no other recording comes nearer, and 0.2 of cosine lie between."""
    points = {key: embedder.embed(waveform) for key, waveform in voices.items()}
    names = sorted({name for name, _ in voices})
    references, targets = (np.stack([points[name, role] for name in names]) for role in ("reference", "target"))
    assert references.shape == (10, 256 if isinstance(embedder, Ge2eEmbedder) else 192)
    np.testing.assert_allclose(np.linalg.norm(references, axis=1), 1.0, atol=1e-5)
    cosines = references @ targets.T
    assert (np.argmax(cosines, axis=1) == np.arange(10)).all()
    assert np.diag(cosines).mean() - cosines[~np.eye(10, dtype=bool)].mean() > 0.2


@pytest.mark.parametrize(
    "change",
    [
        lambda samples: samples * np.float32(0.1),
        lambda samples: np.concatenate([np.zeros(RATE_HZ, np.float32), samples, np.zeros(RATE_HZ, np.float32)]),
    ],
    ids=["20 dB quieter", "silence around it"],
)
def test_level_and_silence_do_not_change_the_person(
    embedder: SpeakerEmbedder,
    voices: dict[tuple[str, str], Waveform],
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    """The cosine with the unchanged recording stays above 0.99, and the same input gives the same bits."""
    waveform = next(iter(voices.values()))
    before = embedder.embed(waveform)
    np.testing.assert_array_equal(before, embedder.embed(waveform))
    assert before @ embedder.embed(Waveform(change(waveform.samples), RATE_HZ)) > 0.99


@pytest.mark.parametrize("samples", [np.zeros(RATE_HZ, np.float32), np.zeros(RATE_HZ // 10, np.float32)])
def test_silence_and_a_tenth_of_a_second_are_embedded_without_a_nan(
    embedder: SpeakerEmbedder, samples: np.ndarray
) -> None:
    """Whoever measures anything measures everything."""
    assert np.isfinite(embedder.embed(Waveform(samples, RATE_HZ))).all()


@pytest.mark.parametrize(("num_samples", "rate_hz"), [(RATE_HZ, 24_000), (RATE_HZ // 10 - 1, RATE_HZ), (0, RATE_HZ)])
def test_another_rate_or_too_little_audio_is_refused(embedder: SpeakerEmbedder, num_samples: int, rate_hz: int) -> None:
    """A rate is never guessed."""
    with pytest.raises(ValueError, match=r"Hz|0\.1 s"):
        embedder.embed(Waveform(np.zeros(num_samples, np.float32), rate_hz))


def test_a_second_person_is_found(
    ge2e: Ge2eEmbedder, campplus: CampplusEmbedder, voices: dict[tuple[str, str], Waveform]
) -> None:
    """Five pairs of people, one after the other and one interrupting the other."""
    names = sorted({name for name, _ in voices})
    for own, other in zip(names[::2], names[1::2], strict=True):
        first, second = (stretch(voices[name, "reference"], 5.0) for name in (own, other))
        after = measure_speaker_change(Waveform(np.concatenate([first, second]), RATE_HZ), ge2e, campplus)
        assert after is not None
        assert after.is_second_speaker, (own, other, after)
        parts = [stretch(voices[own, "reference"], 4.0), second[: 4 * RATE_HZ], stretch(voices[own, "target"], 4.0)]
        between = measure_speaker_change(Waveform(np.concatenate(parts), RATE_HZ), ge2e, campplus)
        assert between is not None
        assert between.is_second_speaker, (own, other, between)


def test_one_person_is_not_taken_for_two(
    ge2e: Ge2eEmbedder, campplus: CampplusEmbedder, voices: dict[tuple[str, str], Waveform]
) -> None:
    """Also where two recordings of the person are joined, or five seconds of silence lie between them."""
    silence = np.zeros(5 * RATE_HZ, np.float32)
    for name in sorted({name for name, _ in voices})[::2]:
        both = [stretch(voices[name, role], 6.0) for role in ("reference", "target")]
        for joined in (both, [both[0], silence, both[1]]):
            change = measure_speaker_change(Waveform(np.concatenate(joined), RATE_HZ), ge2e, campplus)
            assert change is not None
            assert not change.is_second_speaker, (name, change)


def test_a_few_seconds_are_too_little_to_tell(
    ge2e: Ge2eEmbedder, campplus: CampplusEmbedder, voices: dict[tuple[str, str], Waveform]
) -> None:
    """No verdict is better than a wrong one."""
    waveform = Waveform(stretch(next(iter(voices.values())), 4.0), RATE_HZ)
    assert measure_speaker_change(waveform, ge2e, campplus) is None
