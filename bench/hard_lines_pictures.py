"""One picture a person: the same line by a stock voice and by each of their clones. Needs matplotlib."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from hard_lines_speech import TimedSpeech

from myna.audio.resample import resample

mpl.use("Agg")
import matplotlib.pyplot as plt

_RATE_HZ = 16_000
_RANGE_DB = 70


def draw_line(text: str, voices: list[tuple[str, TimedSpeech]], target: Path) -> None:
    """Spectrograms to 8 kHz, one above the other, with phone boundaries. voices: what to write above, and the sound."""
    figure, panels = plt.subplots(len(voices), 1, figsize=(11, 2.4 * len(voices)), squeeze=False, sharex=True)
    for panel, (title, speech) in zip(panels[:, 0], voices, strict=True):
        samples = resample(speech.waveform, _RATE_HZ).samples
        hiss = np.random.default_rng(0).standard_normal(len(samples)) * 1e-6  # digital silence has no logarithm
        samples = samples / np.abs(samples).max() + hiss
        panel.specgram(samples, NFFT=256, Fs=_RATE_HZ, noverlap=224, cmap="magma", vmin=-40 - _RANGE_DB, vmax=-40)
        for phone in speech.phones:
            for edge_s in (phone.start_s, phone.end_s):
                panel.axvline(edge_s, color="#4fe3ff", lw=0.5)
            panel.text((phone.start_s + phone.end_s) / 2, 7_300, phone.symbol, color="white", fontsize=8, ha="center")
        panel.set_ylim(0, _RATE_HZ / 2)
        panel.set_title(title, fontsize=8)
        panel.tick_params(labelsize=7)
    figure.suptitle(text, fontsize=10)
    figure.tight_layout()
    figure.savefig(target, dpi=90)
    plt.close(figure)
