"""How loud speech is, and bringing all of it to one level."""

import warnings

import numpy as np

from myna.domain.waveform import Waveform

TARGET_LUFS = -23.0
MAX_PEAK = 0.98
_LEAST_PEAK = 1e-5
"""-100 dB: below a step of 16 bits there is nothing to raise."""
_MIN_MEASURED_S = 0.4
"""One gating block of BS.1770."""


def measure_loudness(waveform: Waveform) -> float:
    """Integrated loudness, LUFS; NaN below 0.4 s, -inf for silence. Below the gate as if louder. ITU-R BS.1770-4."""
    if waveform.duration_s < _MIN_MEASURED_S:
        return float("nan")
    loudness_lufs = _measure_gated(waveform)
    peak = float(np.max(np.abs(waveform.samples)))
    if np.isfinite(loudness_lufs) or peak < _LEAST_PEAK:
        return loudness_lufs
    raised = Waveform((waveform.samples / np.float32(peak)).astype(np.float32), waveform.sample_rate_hz)
    return float(_measure_gated(raised) + 20 * np.log10(peak))


def load_meter() -> None:
    """Import what measures, most of a second: now, so that nobody waits for it later."""
    import pyloudnorm  # noqa: F401, PLC0415


def _measure_gated(waveform: Waveform) -> float:
    import pyloudnorm  # noqa: PLC0415  (see `load_meter`)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the logarithm of a silent block
        return float(pyloudnorm.Meter(waveform.sample_rate_hz).integrated_loudness(waveform.samples))


def normalize_loudness(waveform: Waveform, target_lufs: float = TARGET_LUFS) -> Waveform:
    """One loudness, so that engines hear every voice alike: a single gain that brings no sample above 0.98. What
    cannot be measured stays as it is. Source: ITU-R BS.1770-4 (measure); EBU R 128 (target)."""
    loudness_lufs = measure_loudness(waveform)
    if not np.isfinite(loudness_lufs):
        return waveform
    peak = float(np.max(np.abs(waveform.samples)))
    gain = min(10 ** ((target_lufs - loudness_lufs) / 20), MAX_PEAK / max(peak, 1e-9))
    return Waveform((waveform.samples * np.float32(gain)).astype(np.float32), waveform.sample_rate_hz)
