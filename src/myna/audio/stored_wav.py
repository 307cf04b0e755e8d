"""Read back what `encode_wav` wrote."""

import io

import soundfile

from myna.domain.waveform import Waveform


def decode_stored_wav(content: bytes) -> Waveform:
    """For our own mono WAVs only; what callers send goes through `audio.decode`."""
    samples, sample_rate_hz = soundfile.read(io.BytesIO(content), dtype="float32")
    return Waveform(samples, sample_rate_hz)
