"""From several channels to the one that is listened to."""

from dataclasses import dataclass

import numpy as np

from myna.audio.decode import DecodedAudio
from myna.domain.waveform import Samples, Waveform

_SILENT_CHANNEL_DB = -30.0
"""A channel this far below the loudest holds crosstalk or hiss."""
_SAME_SIGNAL_CORRELATION = 0.9
"""Channels that agree this well are one microphone: their mean has less noise. Others, averaged, would comb."""
_SAME_SCENE_CORRELATION = 0.5
"""Of 20 ms envelopes: two microphones in one room agree better than this, two people on two channels do not."""
_ENVELOPE_S = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class MonoMix:
    waveform: Waveform
    used_channel: int | None
    """Index of the only channel that was used; None if channels were averaged or there is one."""
    other: Waveform | None = None
    """The loudest channel that holds something else (a second person, music) and was left out."""


def mix_to_mono(audio: DecodedAudio) -> MonoMix:
    """The mean, less its offset, of the channels that hold the same; otherwise the loudest."""
    channels = audio.channels - audio.channels.mean(axis=0, keepdims=True)
    if channels.shape[1] == 1:
        return MonoMix(Waveform(np.ascontiguousarray(channels[:, 0]), audio.sample_rate_hz), None)
    powers = np.asarray(np.mean(channels**2, axis=0, dtype=np.float64))
    loudest = int(np.argmax(powers))
    audible = powers > max(powers[loudest] * 10 ** (_SILENT_CHANNEL_DB / 10), 1e-14)
    reference = channels[:, loudest]
    same = [
        index
        for index in np.flatnonzero(audible)
        if _correlation(reference, channels[:, index]) >= _SAME_SIGNAL_CORRELATION
    ]
    others = [
        index
        for index in np.flatnonzero(audible)
        if _envelope_correlation(reference, channels[:, index], audio.sample_rate_hz) < _SAME_SCENE_CORRELATION
    ]
    other = None
    if others:
        left_out = channels[:, max(others, key=lambda index: powers[index])]
        other = Waveform(np.ascontiguousarray(left_out, np.float32), audio.sample_rate_hz)
    mono = channels[:, same].mean(axis=1) if len(same) > 1 else reference
    waveform = Waveform(np.ascontiguousarray(mono, np.float32), audio.sample_rate_hz)
    return MonoMix(waveform, loudest if len(same) <= 1 else None, other)


def _correlation(first: Samples, second: Samples) -> float:
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / norm if norm > 0 else 0.0


def _envelope_correlation(first: Samples, second: Samples, sample_rate_hz: int) -> float:
    hop = max(1, int(_ENVELOPE_S * sample_rate_hz))
    num_frames = len(first) // hop
    if num_frames < 2:
        return 1.0
    envelopes = [
        np.sqrt(np.mean(channel[: num_frames * hop].reshape(num_frames, hop) ** 2, axis=1))
        for channel in (first, second)
    ]
    centred = [envelope - envelope.mean() for envelope in envelopes]
    return _correlation(centred[0], centred[1])
