"""Change the sample rate, of a whole recording or of a stream in pieces."""

import numpy as np
import soxr

from myna.domain.waveform import Samples, Waveform


def resample(waveform: Waveform, sample_rate_hz: int) -> Waveform:
    """Bring a waveform to another rate, band-limited; the same object if it is already there."""
    if waveform.sample_rate_hz == sample_rate_hz:
        return waveform
    samples = soxr.resample(waveform.samples, waveform.sample_rate_hz, sample_rate_hz, quality="HQ")
    return Waveform(np.asarray(samples, np.float32), sample_rate_hz)


class StreamResampler:
    """Resamples a stream piece by piece: the pieces joined are the whole resampled, without clicks between them."""

    def __init__(self, from_rate_hz: int, to_rate_hz: int) -> None:
        self._stream = None
        if from_rate_hz != to_rate_hz:
            self._stream = soxr.ResampleStream(from_rate_hz, to_rate_hz, 1, dtype="float32", quality="HQ")

    def push(self, samples: Samples) -> Samples:
        """What is ready after these samples; the filter keeps a few milliseconds back."""
        if self._stream is None or len(samples) == 0:
            return samples
        return np.asarray(self._stream.resample_chunk(samples), np.float32)

    def finish(self) -> Samples:
        """What the filter kept back."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        return np.asarray(self._stream.resample_chunk(np.zeros(0, np.float32), last=True), np.float32)
