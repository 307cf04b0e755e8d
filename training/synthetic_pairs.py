"""Make (style, speech) pairs: a random voice speaks a practice sentence, the judges listen.

    python training/synthetic_pairs.py --packs kokoro-js-1.2.1.tgz --out WORK/pairs --count 1000
    python training/synthetic_pairs.py --packs kokoro-js-1.2.1.tgz --out WORK/near --count 3600 \\
        --near WORK/real --map WORK/first_map.npz

With `--near`, voices are drawn around those that a first map finds for real people: that is where the next map has to be
right. (Source of the idea, learning where one's own policy leads: Ross, Gordon and Bagnell 2011, DAgger.)
Resumable: 25 pairs a file, every pair has its own seed, so any part can be made again, anywhere, in any order
(`--part 1/2` and `--part 2/2` share the work). About 1.6 CPU-seconds a pair; runs on one thread.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import platformdirs
from kokoro_packs import StylePacks, read_packs
from real_people import RealPerson, read_real
from record_digests import SHIPPED
from result_files import keep

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.audio.resample import resample
from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.graphs import DecoderStyles, KokoroGraphs, ProsodyCurves, round_frames
from myna.engines.kokoro.making.style_map import StyleMap, parse_style_map
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.weights.store import WeightStore

ROOT = Path(__file__).parent.parent
PAIRS_PER_FILE = 25
SEED = 20261123
LOWEST_LOG_F0, HIGHEST_LOG_F0 = np.log(75.0), np.log(330.0)
SHIFT_SHARE = 0.7
"""How much of the mean difference between real and synthetic speech is taken out of what a real person sounds like."""
NEAR_STREAM = 1
"""Keeps the random numbers of the second kind of pairs apart from those of the first."""


@dataclass(frozen=True, slots=True, eq=False)
class RandomVoice:
    decoder_style: np.ndarray
    prosody_style: np.ndarray
    log_f0_mean: float
    log_f0_sd: float
    sentence: int


def draw_voice(
    index: int, packs: StylePacks, pitches: np.ndarray, prior: dict[str, np.ndarray], num_sentences: int
) -> RandomVoice:
    """A blend of one to three packs, stretched, with noise of the prior's shape; pitch near that of the blend.

    pitches: [54, 2] mean and spread of ln(F0) of each pack.
    """
    rng = np.random.default_rng([SEED, index])
    count = int(rng.integers(1, 4))
    chosen = rng.choice(len(packs.names), count, replace=False)
    if rng.random() < 0.6:  # blends of like pitch sound like somebody
        near = np.argsort(np.abs(pitches[:, 0] - pitches[rng.integers(len(packs.names)), 0]))[:18]
        chosen = rng.choice(near, count, replace=False)
    weights = rng.dirichlet(np.ones(count))
    stretch, noise = rng.uniform(0.5, 1.35), rng.uniform(0.0, 1.1)
    mean = prior["decoder_mean"]
    decoder = mean + stretch * (weights @ (packs.decoder[chosen] - mean))
    decoder = decoder + noise * (prior["decoder_cholesky"] @ rng.standard_normal(128))
    prosody_mean = prior["prosody_mean"]
    prosody = prosody_mean + rng.uniform(0.8, 1.1) * (weights @ (packs.prosody[chosen] - prosody_mean))
    log_f0 = weights @ pitches[chosen, 0] + rng.normal(0, 0.18)
    spread = (weights @ pitches[chosen, 1]) * np.exp(rng.normal(0, 0.25))
    return RandomVoice(
        decoder.astype(np.float32),
        prosody.astype(np.float32),
        float(np.clip(log_f0, LOWEST_LOG_F0, HIGHEST_LOG_F0)),
        float(np.clip(spread, 0.05, 0.5)),
        int(rng.integers(num_sentences)),
    )


def draw_voice_near(
    index: int,
    people: list[RealPerson],
    features: np.ndarray,
    style_map: StyleMap,
    prior: dict[str, np.ndarray],
    num_sentences: int,
) -> RandomVoice:
    """What the first map finds for a real person, stretched, with noise of the prior's shape; pitch near theirs.

    features: [num_people, 530]
    """
    rng = np.random.default_rng([SEED, NEAR_STREAM, index])
    chosen = index % len(people)
    person = people[chosen]
    decoder, prosody = style_map.locate(features[chosen])
    decoder = prior["decoder_mean"] + rng.uniform(0.8, 1.5) * (decoder - prior["decoder_mean"])
    decoder = decoder + rng.uniform(0.0, 0.8) * (prior["decoder_cholesky"] @ rng.standard_normal(128))
    prosody = prior["prosody_mean"] + rng.uniform(0.8, 1.2) * (prosody - prior["prosody_mean"])
    return RandomVoice(
        decoder.astype(np.float32),
        prosody.astype(np.float32),
        float(np.clip(person.sound.log_f0 + rng.normal(0, 0.08), LOWEST_LOG_F0, HIGHEST_LOG_F0)),
        float(np.clip(person.log_f0_sd * np.exp(rng.normal(0, 0.25)), 0.05, 0.5)),
        int(rng.integers(num_sentences)),
    )


def synthetic_features(people: list[RealPerson], style_map: StyleMap) -> np.ndarray:
    """What people would sound like if they were synthetic: [num_people, 530]."""
    features = np.array([style_map.features(person.sound) for person in people])
    shift = features.mean(axis=0) - style_map.feature_mean
    shift[-2:] = 0.0  # people's pitch is theirs, not a property of recordings
    return features - SHIFT_SHARE * shift


class Studio:
    """Speaks practice sentences and listens to them."""

    def __init__(self, weights: WeightStore) -> None:
        self.graphs = KokoroGraphs(weights, num_threads=1)
        vocabulary = Vocabulary(weights.path("kokoro/vocab.json"))
        sentences = json.loads((SHIPPED / "practice_sentences.json").read_text())
        self.texts = [self.graphs.encode_text(vocabulary.encode(entry["symbols"])) for entry in sentences]
        self.judges = (Ge2eEmbedder(weights), CampplusEmbedder(weights))

    def prosody(self, sentence: int, style: np.ndarray) -> tuple[np.ndarray, ProsodyCurves]:
        predicted = self.graphs.predict_durations(self.texts[sentence], style)
        frames = round_frames(predicted.frames)
        return frames, self.graphs.predict_prosody(predicted.hidden, frames, style)

    def speak(self, voice: RandomVoice) -> Samples:
        frames, curves = self.prosody(voice.sentence, voice.prosody_style)
        f0_hz = curves.f0_hz.copy()
        voiced = f0_hz > 40
        log_f0 = np.log(f0_hz[voiced])
        ratio = np.clip(voice.log_f0_sd / max(log_f0.std(), 1e-3), 0.7, 1.5)
        f0_hz[voiced] = np.exp((log_f0 - log_f0.mean()) * 0.5 * (ratio + 1) + voice.log_f0_mean)
        samples = self.graphs.decode_aligned(
            np.repeat(self.texts[voice.sentence].features, frames, axis=2),
            ProsodyCurves(f0_hz, curves.energy),
            DecoderStyles(voice.decoder_style, voice.decoder_style),
        )
        return resample(Waveform(samples, 24_000), 16_000).samples


def pack_pitches(studio: Studio, packs: StylePacks) -> np.ndarray:
    """Mean and spread of ln(F0) of each pack, [54, 2], speaking the first sentence."""
    pitches = []
    for style in packs.prosody.astype(np.float32):
        curve = studio.prosody(0, style)[1].f0_hz
        log_f0 = np.log(curve[curve > 40])
        pitches.append((log_f0.mean(), log_f0.std()))
    return np.array(pitches)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--near", type=Path, help="folder that `real_voices.py` wrote: draw around these people")
    parser.add_argument("--map", type=Path, help="with --near: the map that `fit_style_map.py --out` wrote")
    parser.add_argument("--part", default="1/1", help="which of how many processes this is")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    arguments = parser.parse_args()
    if (arguments.near is None) != (arguments.map is None):
        parser.error("--near and --map belong together")
    part, num_parts = (int(number) for number in arguments.part.split("/"))
    packs = read_packs(arguments.packs)
    studio = Studio(WeightStore(arguments.weights))
    prior = dict(np.load(SHIPPED / "style_prior.npz"))
    if arguments.near:
        people, style_map = read_real(arguments.near), parse_style_map(arguments.map.read_bytes())
        features = synthetic_features(people, style_map)
        draw = partial(draw_voice_near, people=people, features=features, style_map=style_map, prior=prior)
    else:
        draw = partial(draw_voice, packs=packs, pitches=pack_pitches(studio, packs), prior=prior)
    arguments.out.mkdir(parents=True, exist_ok=True)
    num_files = -(-arguments.count // PAIRS_PER_FILE)
    for number in range(part - 1, num_files, num_parts):
        path = arguments.out / f"{number:05d}.npz"
        if path.exists():
            continue
        voices = [
            draw(index, num_sentences=len(studio.texts))
            for index in range(number * PAIRS_PER_FILE, (number + 1) * PAIRS_PER_FILE)
        ]
        spoken = [studio.speak(voice) for voice in voices]
        audible = [bool(np.isfinite(samples).all() and np.abs(samples).max() > 1e-3) for samples in spoken]
        heard = [
            Waveform(samples if ok else np.ones_like(samples), 16_000)
            for samples, ok in zip(spoken, audible, strict=True)
        ]
        rows = {
            "ok": audible,
            "ti": [voice.sentence for voice in voices],
            "sd": [voice.decoder_style for voice in voices],
            "sp": [voice.prosody_style for voice in voices],
            "f0": [(voice.log_f0_mean, voice.log_f0_sd) for voice in voices],
            "A": [studio.judges[0].embed(waveform) for waveform in heard],
            "B": [studio.judges[1].embed(waveform) for waveform in heard],
            "x": np.concatenate([(np.clip(samples, -1, 1) * 32767).astype(np.int16) for samples in spoken]),
            "len": [len(samples) for samples in spoken],
        }
        keep(path, rows)
        print(f"\r{number + 1}/{num_files} files", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
