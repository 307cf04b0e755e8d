"""Can the joints of a long text be heard?

    python bench/seams.py [--reference RECORDING --transcript TEXT] [--json]
    python bench/seams.py --streamed [--voices Dennis,Sarah,Clive] [--chars 170]

Long text is spoken in segments, a sentence each. Measured at each joint: by how much level and mean pitch change from
one statement to the next. Compared with the change between two statements that the model spoke in one go, which no
listener takes for a fault. Also: how long the pauses are at commas, between sentences and between paragraphs.

With `--streamed`: the same segments as a stream gives them, stretch by stretch, and each decoded in one go. How far their
samples are apart at most, and how sharply the sound bends where one chunk ends and the next begins: the second difference
there over the largest within 10 ms around it; above 1 the bend at the joint would be the sharpest.
"""

import argparse
import json
import statistics
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr

from myna.audio.loudness import measure_loudness, normalize_loudness
from myna.config import Settings
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SynthesisOptions
from myna.domain.waveform import ReferenceAudio, Samples, Waveform
from myna.engines.base import Engine, EngineSettings, VoiceState
from myna.engines.kokoro import engine as kokoro_engine
from myna.engines.kokoro.graphs import IntArray
from myna.engines.kokoro.making.pitch_track import measure_pitch
from myna.engines.registry import load_spec
from myna.text.plan import plan_speech

RATE_HZ = 24_000
ENGLISH = (
    "The harbour wakes before the town does. At four in the morning the first boats come in, low in the water and "
    "followed by gulls. Nobody speaks much, because everybody knows what there is to do. The boxes are lifted out, "
    "weighed, and carried to the long table under the roof. A woman with a pencil behind her ear writes down every "
    "number. She has done so for thirty years, and she has never lost a page.\n\n"
    "By six the light is grey and the buyers arrive. They walk along the table without touching anything, and they "
    "look as if they had come by chance. One of them always wears the same green coat. He buys little, but he pays "
    "at once, and the fishermen like him for that. The auction itself takes less than twenty minutes.\n\n"
    "Then the water hoses come out and the stones are washed clean. The café at the corner opens its shutters, and "
    "the smell of coffee drives away the smell of fish. Children pass on their way to school, kicking a can along "
    "the wall. A bus stops, although nobody gets on. The driver waves to the woman with the pencil, and she waves "
    "back. In the afternoon there is nothing left to see but nets, drying in the wind. Visitors who come then wonder "
    "why the place is called busy. They take a photograph of the lighthouse, eat an ice cream, and drive on. The "
    "harbour does not mind. It has already had its day, and it sleeps until the next one begins."
)
SPANISH = (
    "El puerto despierta antes que el pueblo. A las cuatro de la mañana llegan los primeros barcos, seguidos por las "
    "gaviotas. Nadie habla mucho, porque todos saben lo que hay que hacer. Una mujer con un lápiz detrás de la oreja "
    "apunta cada número.\n\n"
    "A las seis llegan los compradores y caminan junto a la mesa sin tocar nada. Uno de ellos lleva siempre el mismo "
    "abrigo verde. Compra poco, pero paga enseguida. La subasta dura menos de veinte minutos."
)


class Speaker:
    """One voice in one language."""

    def __init__(self, engine: Engine, voice: VoiceState, lang: LangCode) -> None:
        self._engine = engine
        self._voice = voice
        self._options = SynthesisOptions(lang)

    def speak_chunks(self, segment: SpeechSegment) -> list[Samples]:
        return [chunk.samples for chunk in self._engine.synthesize(self._voice, segment, self._options)]

    def speak(self, segment: SpeechSegment) -> tuple[Samples, dict[int, tuple[float, float]]]:
        """Audio, and when each token begins and ends."""
        chunks = list(self._engine.synthesize(self._voice, segment, self._options))
        times = {timing.token_index: (timing.start_s, timing.end_s) for chunk in chunks for timing in chunk.timings}
        return np.concatenate([chunk.samples for chunk in chunks]), times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, help="measure a clone of this recording, too")
    parser.add_argument("--transcript", default="")
    parser.add_argument("--streamed", action="store_true")
    parser.add_argument("--voices", default="Dennis,Sarah,Clive")
    parser.add_argument("--chars", type=int, default=170)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    spec = load_spec("kokoro")
    engine = spec.load(EngineSettings(Settings().weights_dir, 1))
    if arguments.streamed:
        stock = {voice.name: voice.artifact for voice in spec.stock_voices()}
        for name in arguments.voices.split(","):
            speaker = Speaker(engine, engine.load_voice(stock[name]), LangCode.EN_US)
            print(json.dumps({"voice": name, **compare_streamed(speaker, ENGLISH[: arguments.chars])}), flush=True)
        return
    artifacts = {"Dennis": next(stock.artifact for stock in spec.stock_voices() if stock.name == "Dennis")}
    if arguments.reference:
        recorded, recorded_rate_hz = soundfile.read(arguments.reference, dtype="float32")
        waveform = Waveform(soxr.resample(recorded[: 15 * recorded_rate_hz], recorded_rate_hz, RATE_HZ), RATE_HZ)
        reference = ReferenceAudio(normalize_loudness(waveform), arguments.transcript, LangCode.EN_US)
        artifacts["clone"] = engine.encode_voice(reference)
    rows = []
    for lang, text in ((LangCode.EN_US, ENGLISH), (LangCode.ES_ES, SPANISH)):
        for name, artifact in artifacts.items():
            row = measure_voice(Speaker(engine, engine.load_voice(artifact), lang), text, lang)
            rows.append({"lang": lang.bcp47, "voice": name, "chars": len(text), **row})
            if not arguments.json:
                print(rows[-1], flush=True)
    if arguments.json:
        print(json.dumps({"question": "seams", "rows": rows}, indent=2))


def compare_streamed(speaker: Speaker, text: str) -> dict[str, object]:
    """As a stream, and with every segment in one stretch."""
    segments = plan_speech(text, LangCode.EN_US, normalize=True, max_segment_chars=400, first_segment_chars=60)
    streamed = [speaker.speak_chunks(segment) for segment in segments]
    in_stretches = kokoro_engine.plan_stretches

    def in_one(symbols: str, frames: IntArray) -> Iterator[tuple[int, int]]:
        stretches = list(in_stretches(symbols, frames))
        yield stretches[0][0], stretches[-1][1]

    kokoro_engine.plan_stretches = in_one
    try:
        whole = [speaker.speak(segment)[0] for segment in segments]
    finally:
        kokoro_engine.plan_stretches = in_stretches
    apart, bends = 0.0, []
    for chunks, at_once in zip(streamed, whole, strict=True):
        joined = np.concatenate(chunks)
        assert len(joined) == len(at_once)
        apart = max(apart, float(np.abs(joined - at_once).max()))
        bent = np.abs(np.diff(joined, 2))
        for joint in np.cumsum([len(chunk) for chunk in chunks])[:-1]:
            around = bent[max(0, joint - 240) : joint + 240]
            bends.append(float(bent[joint - 2 : joint + 1].max() / max(around.max(), 1e-9)))
    seconds = sum(len(samples) for samples in whole) / RATE_HZ
    return {
        "audio_s": round(seconds, 1),
        "apart_at_most": apart,
        "joints": len(bends),
        "bend_at_joints": summary(bends),
    }


def measure_voice(speaker: Speaker, text: str, lang: LangCode) -> dict[str, object]:
    """Steps at joints, steps inside segments, pauses."""
    segments = plan_speech(text, lang, normalize=True, max_segment_chars=400, first_segment_chars=None)
    spoken = [speaker.speak(segment) for segment in segments]
    joints = [steps(before, after) for (before, _), (after, _) in pairwise(spoken)]
    inside, pauses = [], []
    for first, second in zip(segments[::2], segments[1::2], strict=False):
        pair = SpeechSegment((*first.tokens[:-1], spaced(first.tokens[-1]), *second.tokens))
        samples, times = speaker.speak(pair)
        start_s, end_s = times[len(first.tokens)][0], times[len(first.tokens) - 1][1]
        cut = round((start_s + end_s) / 2 * RATE_HZ)
        inside.append(steps(samples[:cut], samples[cut:]))
        pauses.append(silence_s(samples, end_s, start_s))
    commas = [
        silence_s(samples, times[index][1], times[index + 1][0])
        for segment, (samples, times) in zip(segments, spoken, strict=True)
        for index, token in enumerate(segment.tokens[:-1])
        if token.spoken.endswith(",")
    ]
    ends = [
        (segment.pause_after_s > 0, edge_silence_s(before[::-1]) + segment.pause_after_s + edge_silence_s(after))
        for segment, (before, _), (after, _) in zip(segments, spoken, spoken[1:], strict=False)
    ]
    return {
        "level_db": {"joints": summary([level for level, _ in joints]), "inside": summary([x for x, _ in inside])},
        "pitch_semitones": {"joints": summary([x for _, x in joints]), "inside": summary([x for _, x in inside])},
        "pause_s": {
            "comma": summary(commas),
            "sentence inside a segment": summary(pauses),
            "sentence": summary([pause_s for is_paragraph, pause_s in ends if not is_paragraph]),
            "paragraph": summary([pause_s for is_paragraph, pause_s in ends if is_paragraph]),
        },
    }


def spaced(token):
    return type(token)(token.spoken, token.source_start, token.source_end, " ", token.ipa)


def steps(before: Samples, after: Samples) -> tuple[float, float]:
    """How much louder (dB) and higher (semitones) the second is; sizes only."""
    level_db = abs(measure_loudness(Waveform(after, RATE_HZ)) - measure_loudness(Waveform(before, RATE_HZ)))
    pitches = [measure_pitch(soxr.resample(samples, RATE_HZ, 16_000)) for samples in (before, after)]
    if pitches[0] is None or pitches[1] is None:
        return level_db, float("nan")
    return level_db, abs(pitches[1].log_f0_mean - pitches[0].log_f0_mean) * 12 / np.log(2)


def silence_s(samples: Samples, end_s: float, start_s: float) -> float:
    """The longest silence around where a token ends and the next begins."""
    first, last = round(max(0.0, end_s - 0.15) * RATE_HZ), round((start_s + 0.15) * RATE_HZ)
    longest = run = 0
    for is_quiet in quiet_frames(samples)[first // 240 : last // 240]:
        run = run + 1 if is_quiet else 0
        longest = max(longest, run)
    return longest * 0.01


def edge_silence_s(samples: Samples) -> float:
    """How long it is quiet before the first sound."""
    loud = np.flatnonzero(~quiet_frames(samples))
    return float(loud[0]) * 0.01 if len(loud) else len(samples) / RATE_HZ


def quiet_frames(samples: Samples) -> np.ndarray:
    """Frames of 10 ms that are 40 dB below the loudest."""
    frames = samples[: len(samples) // 240 * 240].reshape(-1, 240)
    power = (frames**2).mean(axis=1)
    return power < power.max() * 1e-4


def summary(values: Sequence[float]) -> list[float]:
    """Median, largest."""
    finite = [float(value) for value in values if np.isfinite(value)]
    return [round(statistics.median(finite), 2), round(max(finite), 2)] if finite else []


if __name__ == "__main__":
    main()
