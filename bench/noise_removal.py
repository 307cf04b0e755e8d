"""What does noise removal do for the recording and for the voice?

    python bench/noise_removal.py DATA/speech [--clips N] [--picture FILE]

Clean recordings are mixed with white noise, babble, a street, hum and music at 0, 5 and 10 dB. Each mixture goes
through noise removal as it is offered (skipped where it would hurt). DNSMOS before and after, and the similarity to the clean
recording by both speaker encoders. `--picture` draws the street mixture at 5 dB before and after; it needs matplotlib.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import platformdirs
import soundfile

from myna.analysis.cleaning import clean_speech
from myna.analysis.sample_models import SampleModels, load_sample_models
from myna.audio.loudness import normalize_loudness
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.domain.waveform import Waveform

RATE_HZ = 24_000
CLIP_S = 8.0
NOISES = ("white", "babble_8_talkers", "city", "hum_50hz", "music_rock")
SNRS_DB = (0, 5, 10)
EVERY_NTH_CLEAN = 16


def read(path: Path, duration_s: float = CLIP_S) -> np.ndarray:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = np.ascontiguousarray(samples.mean(axis=1)[: int(duration_s * rate_hz)])
    return resample(Waveform(mono, rate_hz), RATE_HZ).samples


def mix(speech: np.ndarray, noise: np.ndarray, snr_db: float) -> Waveform:
    noise = np.resize(noise, len(speech))
    gain = np.sqrt(np.mean(speech**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    mixture = (speech + gain * noise).astype(np.float32)
    return normalize_loudness(Waveform(mixture / max(1.0, float(np.abs(mixture).max())), RATE_HZ))


def embed(waveform: Waveform, models: SampleModels) -> tuple[np.ndarray, np.ndarray]:
    heard = resample(waveform, SAMPLE_RATE_HZ)
    return models.ge2e.embed(heard), models.campplus.embed(heard)


def likeness(first: tuple[np.ndarray, ...], second: tuple[np.ndarray, ...]) -> list[float]:
    return [float(one @ other) for one, other in zip(first, second, strict=True)]


def measure_mixtures(folder: Path, num_clips: int, models: SampleModels) -> None:
    paths = clean_paths(folder)
    rows = []
    for path in paths[:: max(1, len(paths) // num_clips)][:num_clips]:
        speech = read(folder / path)
        of_clean = embed(Waveform(speech, RATE_HZ), models)
        for name in NOISES:
            for snr_db in SNRS_DB:
                noisy = mix(speech, read(folder / "noise" / f"{name}.flac", 20.0), snr_db)
                before = models.opinion.score(noisy)
                cleaning = clean_speech(noisy, before, models.noise, models.opinion, models.campplus)
                without = likeness(of_clean, embed(noisy, models))
                with_it = likeness(of_clean, embed(cleaning.waveform, models))
                scores = [before.overall, cleaning.scores.overall]
                rows.append((name, snr_db, *scores, *without, *with_it, float(cleaning.noise_removed)))
    print("mixtures        n   OVRL before after   GE2E before after   CAM++ before after   removed")
    for name in (*NOISES, "all"):
        chosen = np.array([row[2:] for row in rows if name in (row[0], "all")])
        mean = chosen.mean(axis=0)
        print(
            f"{name:16s} {len(chosen):2d}   {mean[0]:.2f} {mean[1]:.2f}   {mean[2]:.3f} {mean[4]:.3f}   "
            f"{mean[3]:.3f} {mean[5]:.3f}   {mean[6]:.2f}"
        )


def measure_clean(folder: Path, models: SampleModels) -> None:
    rows = []
    for path in clean_paths(folder)[::EVERY_NTH_CLEAN]:
        speech = normalize_loudness(Waveform(read(folder / path), RATE_HZ))
        cleaning = clean_speech(speech, models.opinion.score(speech), models.noise, models.opinion, models.campplus)
        rows.append((*likeness(embed(speech, models), embed(cleaning.waveform, models)), float(cleaning.noise_removed)))
    table = np.array(rows)
    print(f"clean recordings {len(table)}: removed {table[:, 2].mean():.2f}")
    print("    GE2E to itself: mean", table[:, 0].mean().round(3), "least", table[:, 0].min().round(3))
    print("    CAM++ to itself: mean", table[:, 1].mean().round(3), "least", table[:, 1].min().round(3))


def clean_paths(folder: Path) -> list[str]:
    with (folder / "manifest.csv").open() as rows:
        return [row["path"] for row in csv.DictReader(rows) if row["kind"] == "speech" and float(row["seconds"]) > 5]


def draw(folder: Path, target: Path, models: SampleModels) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415  (only for the picture)

    speech = read(folder / "en/ls-3331/3331-159605-0000.flac", 6.0)
    noisy = mix(speech, read(folder / "noise/city.flac", 20.0), 5)
    cleaning = clean_speech(noisy, models.opinion.score(noisy), models.noise, models.opinion, models.campplus)
    cleaned = resample(cleaning.waveform, RATE_HZ)
    figure, axes = plt.subplots(2, 1, figsize=(9, 5), sharex=True, layout="constrained")
    for axis, waveform, title in ((axes[0], noisy, "street noise, 5 dB"), (axes[1], cleaned, "after noise removal")):
        axis.specgram(waveform.samples, NFFT=1024, Fs=RATE_HZ, noverlap=768, vmin=-112, vmax=-62, cmap="magma")
        axis.set(title=title, ylabel="Hz", ylim=(0, 10_000))
    axes[1].set_xlabel("s")
    figure.savefig(target, dpi=60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    models = load_sample_models(Path(platformdirs.user_cache_dir("myna")) / "weights")
    if arguments.picture is not None:
        draw(arguments.folder, arguments.picture, models)
        return
    measure_mixtures(arguments.folder, arguments.clips, models)
    measure_clean(arguments.folder, models)


if __name__ == "__main__":
    main()
