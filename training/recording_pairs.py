"""The same speech recorded well and badly: what the encoder hears in each, for `fit_recording_map.py`.

    python training/recording_pairs.py --speech DATA/train --out WORK/recordings --count 800

Of every speaker one stretch of speech, as it is and made noisy, narrow (a telephone) and echoing (a room). What is done
to it is drawn anew for every speaker: noise of several colours or of other people's chatter at 5 to 20 dB, telephone bands
with mu-law of eight bits, echoes of 0.25 to 0.8 s; every third telephone and room are noisy too. Resumable: 20 speakers
a file, seeded by the speaker's place in the list. About two CPU-seconds a speaker.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import platformdirs
from real_voices import RATE_HZ, cut, read_speakers
from result_files import keep
from scipy import signal

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.making.timbre_spectrum import timbre_features
from myna.weights.store import WeightStore

SPEAKERS_PER_FILE = 20
LONGEST_S = 8.0
TELEPHONE_HZ = 8_000
CONDITIONS = ("clean", "noise", "telephone", "room")
SEED = 20261123


def add_noise(clean: Samples, noise: Samples, snr_db: float) -> Samples:
    return clean + noise * np.sqrt((clean**2).mean() / ((noise**2).mean() + 1e-12) / 10 ** (snr_db / 10))


def coloured_noise(length: int, rng: np.random.Generator) -> Samples:
    """White to steeper than pink."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / RATE_HZ), 30.0)
    return np.fft.irfft(spectrum * frequency ** -rng.uniform(0.0, 1.2), length)


def chatter(length: int, others: list[Samples], rng: np.random.Generator) -> Samples:
    """Three to six people at once."""
    voices = [others[int(index)] for index in rng.integers(len(others), size=int(rng.integers(3, 7)))]
    return np.sum([np.resize(np.roll(v, int(rng.integers(len(v)))), length) / (v.std() + 1e-9) for v in voices], axis=0)


def telephone(clean: Samples, rng: np.random.Generator) -> Samples:
    """A band of about 300 to 3,400 Hz, mu-law at 8 kHz. Source: ITU-T G.711."""
    narrow = signal.resample_poly(clean, 1, RATE_HZ // TELEPHONE_HZ)
    band = [rng.uniform(200.0, 400.0), rng.uniform(3_000.0, 3_600.0)]
    heard = signal.sosfilt(
        signal.butter(int(rng.integers(3, 7)), band, "bandpass", fs=TELEPHONE_HZ, output="sos"), narrow
    )
    heard /= max(1e-6, float(np.abs(heard).max()))
    steps = np.round(np.log1p(255 * np.abs(heard)) / np.log(256) * 127) / 127
    return signal.resample_poly(np.sign(heard) * (256**steps - 1) / 255, RATE_HZ // TELEPHONE_HZ, 1)


def room(clean: Samples, rng: np.random.Generator) -> Samples:
    """Echoes as decaying noise, the direct sound 3 dB above to 6 dB below them. Source: Polack 1988."""
    decay_s = rng.uniform(0.25, 0.8)
    time_s = np.arange(int(decay_s * RATE_HZ)) / RATE_HZ
    echoes = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / decay_s)
    echoes[: int(0.004 * RATE_HZ)] = 0.0
    echoes *= np.sqrt(10 ** (rng.uniform(-3.0, 6.0) / 10) / (echoes**2).sum())
    echoes[0] = 1.0
    return signal.fftconvolve(clean, echoes)[: len(clean)]


def record(clean: Samples, others: list[Samples], rng: np.random.Generator) -> dict[str, Samples]:
    """One stretch of speech in every condition, [num_samples] at 16 kHz each."""

    def noisy(samples: Samples, least_db: float, most_db: float) -> Samples:
        is_chatter = rng.random() < 0.4
        noise = chatter(len(samples), others, rng) if is_chatter else coloured_noise(len(samples), rng)
        return add_noise(samples, noise, rng.uniform(least_db, most_db))

    made = {"clean": clean, "noise": noisy(clean, 5.0, 20.0)}
    for name, change in (("telephone", telephone), ("room", room)):
        start = noisy(clean, 10.0, 25.0) if rng.random() < 1 / 3 else clean
        made[name] = change(start, rng)
    return {name: (0.5 * samples / np.abs(samples).max()).astype(np.float32) for name, samples in made.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=800)
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    arguments = parser.parse_args()
    weights = WeightStore(arguments.weights)
    judges = {"a": Ge2eEmbedder(weights), "b": CampplusEmbedder(weights)}
    speakers = read_speakers(arguments.speech)[: arguments.count]
    others = [cut(clips)[0] for _, clips in speakers[-40:]]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(speakers), SPEAKERS_PER_FILE):
        path = arguments.out / f"{start // SPEAKERS_PER_FILE:05d}.npz"
        if path.exists():
            continue
        rows = defaultdict(list)
        for place, (speaker, clips) in enumerate(speakers[start : start + SPEAKERS_PER_FILE], start=start):
            made = record(cut(clips)[0][: int(LONGEST_S * RATE_HZ)], others, np.random.default_rng((SEED, place)))
            rows["speaker"].append(speaker)
            rows["timbre"].append([timbre_features(made[name]) for name in CONDITIONS])
            for name, judge in judges.items():
                rows[name].append([judge.embed(Waveform(made[kind], RATE_HZ)) for kind in CONDITIONS])
        keep(path, rows)
        print(f"\r{min(start + SPEAKERS_PER_FILE, len(speakers))}/{len(speakers)} speakers", end="", file=sys.stderr)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
