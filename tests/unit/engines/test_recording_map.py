"""Embeddings of bad recordings, brought back to what a clean one would have given."""

from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.making.recording_map import load_recording_map
from myna.engines.kokoro.making.style_map import VoiceSound
from myna.engines.kokoro.making.timbre_spectrum import timbre_features
from myna.weights.store import WeightStore

SPEAKERS = Path(__file__).parents[2] / "data/speakers"


def _by_telephone(clean: Samples) -> Samples:
    band = signal.butter(4, [300, 3_400], "bandpass", fs=8_000, output="sos")
    narrow = signal.sosfilt(band, signal.resample_poly(clean, 1, 2))
    return np.asarray(signal.resample_poly(narrow, 2, 1), dtype=np.float32)


def _in_noise(clean: Samples) -> Samples:
    noise = np.cumsum(np.random.default_rng(1).standard_normal(len(clean)))
    noise = signal.sosfilt(signal.butter(2, 100, "highpass", fs=16_000, output="sos"), noise)
    return np.asarray(clean + 0.3 * clean.std() / noise.std() * noise, dtype=np.float32)


def test_bad_recordings_come_nearer_to_clean_ones_and_clean_ones_stay(weights: WeightStore) -> None:
    """Ten people: a clean recording is left alone; by telephone or in noise it comes nearer to what clean would be."""
    judge_a, judge_b = Ge2eEmbedder(weights), CampplusEmbedder(weights)
    recording_map = load_recording_map()

    def hear(samples: Samples) -> VoiceSound:
        waveform = Waveform(samples, 16_000)
        return VoiceSound(judge_a.embed(waveform), judge_b.embed(waveform), timbre_features(samples), 5.0)

    gains = []
    for path in sorted(SPEAKERS.glob("*-reference.flac")):
        clean, rate_hz = soundfile.read(path, dtype="float32")
        assert rate_hz == 16_000
        wanted = hear(clean[: 8 * rate_hz])
        kept = recording_map.clean(wanted)
        assert kept.embedding_a @ wanted.embedding_a > 0.97
        assert kept.embedding_b @ wanted.embedding_b > 0.97
        for spoil in (_by_telephone, _in_noise):
            heard = hear(spoil(clean[: 8 * rate_hz]))
            cleaned = recording_map.clean(heard)
            gains.append(
                [
                    (cleaned.embedding_a - heard.embedding_a) @ wanted.embedding_a,
                    (cleaned.embedding_b - heard.embedding_b) @ wanted.embedding_b,
                ]
            )
    telephone, noise = np.mean(gains[::2], axis=0), np.mean(gains[1::2], axis=0)
    assert (telephone > 0.05).all(), telephone
    assert noise.sum() > 0.02, noise
