"""From 24 to 16 kHz as a strided convolution, for the graphs and networks that hear with a gradient."""

import numpy as np
import numpy.typing as npt

HALF_TAPS = 120


def resampling_kernel() -> npt.NDArray[np.float64]:
    """Two samples for three: two phases of a Kaiser-windowed sinc, 7.75 kHz wide. Returns [2, 1, 241]."""
    taps = np.arange(-HALF_TAPS, HALF_TAPS + 1)
    cutoff = 7_750.0 / 24_000.0
    phases = []
    for delay in (0.0, 1.5):
        time = taps - delay
        phases.append(2 * cutoff * np.sinc(2 * cutoff * time) * np.kaiser(len(taps), 8.0))
    return np.stack(phases)[:, np.newaxis, :]
