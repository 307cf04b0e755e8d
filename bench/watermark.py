"""Is marked speech found after what telephones and codecs do to it, and is nothing else taken for it?

    python bench/watermark.py --people FOLDER [--spoken FOLDER] [--opinions 100] [--out bench/results/watermark.json]

Every stock voice speaks thirteen lines into --spoken (WAV; lines that lie there are not spoken again). The lines and
every fourth recording of people under --people are marked, treated and judged; without the mark all recordings and
every other line. 1.5 s is cut at a place drawn at random. Quality is DNSMOS of marked less that of unmarked lines.
Sounds that are no speech are made: hums, tones, chords, melodies, noise.
"""

import argparse
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

from myna.analysis.dnsmos import OpinionModel
from myna.analysis.mark_finder import THRESHOLD, MarkFinder
from myna.audio.channels import mix_to_mono
from myna.audio.decode import DecodeLimits, decode_audio
from myna.audio.encode import FormatEncoder, encode_wav
from myna.audio.resample import resample
from myna.audio.watermark import STRENGTH_DB, SpeechMarker
from myna.config import Settings
from myna.domain.language import LangCode
from myna.domain.speech import AudioEncoding, AudioFormat, SynthesisOptions
from myna.domain.waveform import Samples, Waveform
from myna.engines.base import EngineSettings
from myna.engines.registry import load_spec
from myna.text.languages.registry import open_language
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

LINES = (
    "Stand back! Who goes there? The old lighthouse keeper walked slowly along the shore.",
    "She answered at once, and closed the door.",
    "Your parcel will arrive on Tuesday between nine and eleven.",
    "We opened all the windows of the house, and the children ran out into the garden behind the school.",
    "Please hold the line while I look up your account number.",
    "Nobody had expected the bridge to fall so soon after it was built.",
    "Why did you leave the lights on all night?",
    "Turn left at the second crossing, then drive three miles north.",
    "The committee met four times in March, and each meeting ended without a vote.",
    "I am not angry, only a little tired.",
    "Fresh bread, ripe tomatoes and a cup of black coffee: that is breakfast.",
    "His voice shook as he read the letter aloud to the silent room.",
)
RATE_HZ = 24_000
LONGEST_S = 10.0
CROP_S = 1.5

Treatment = Callable[[Waveform], Waveform]


def coded(encoding: AudioEncoding, rate_hz: int, bit_rate_bps: int = 128_000) -> Treatment:
    def treat(speech: Waveform) -> Waveform:
        encoder = FormatEncoder(AudioFormat(encoding, rate_hz, bit_rate_bps), is_stream=False)
        content = encoder.encode(speech) + encoder.finish()
        if encoding is AudioEncoding.MULAW:
            samples, _ = soundfile.read(
                io.BytesIO(content), dtype="float32", format="RAW", subtype="ULAW", samplerate=rate_hz, channels=1
            )
            return Waveform(samples, rate_hz)
        return mix_to_mono(decode_audio(content, DecodeLimits())).waveform

    return treat


def telephone(speech: Waveform) -> Waveform:
    """300 to 3400 Hz, then mu-law at 8 kHz."""
    narrow = scipy.signal.butter(4, (300, 3400), "bandpass", fs=RATE_HZ, output="sos")
    passed = scipy.signal.sosfilt(narrow, speech.samples).astype(np.float32)
    return coded(AudioEncoding.MULAW, 8000)(Waveform(passed, RATE_HZ))


def crop(speech: Waveform) -> Waveform:
    length = round(CROP_S * speech.sample_rate_hz)
    start = int(np.random.default_rng(len(speech.samples)).integers(0, max(1, len(speech.samples) - length)))
    return Waveform(speech.samples[start : start + length], speech.sample_rate_hz)


TREATMENTS: dict[str, Treatment] = {
    "as it is": lambda speech: speech,
    "MP3 64 kbit/s": coded(AudioEncoding.MP3, RATE_HZ, 64_000),
    "Opus 24 kbit/s": coded(AudioEncoding.OGG_OPUS, RATE_HZ, 24_000),
    "telephone, 8 kHz": telephone,
    "1.5 s of it": crop,
    "1.5 s, then Opus 24 kbit/s": lambda speech: coded(AudioEncoding.OGG_OPUS, RATE_HZ, 24_000)(crop(speech)),
    "1.5 s, then telephone": lambda speech: telephone(crop(speech)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--spoken", type=Path, default=Path("scratch/watermark"))
    parser.add_argument("--opinions", type=int, default=100, help="how many lines DNSMOS hears")
    parser.add_argument("--out", type=Path, default=Path("bench/results/watermark.json"))
    arguments = parser.parse_args()
    weights = WeightStore(Settings().weights_dir)
    finder = MarkFinder(weights)
    speak_lines(arguments.spoken)
    spoken = sorted(arguments.spoken.glob("*.wav"))
    people = [path for path in sorted(arguments.people.rglob("*.flac")) if path.parent.name not in ("noise", "edge")]
    other = [path for path in sorted(arguments.people.rglob("*.flac")) if path.parent.name in ("noise", "edge")]
    marked, unmarked, no_speech = (
        scores_of(paths, finder, is_marked=is_marked)
        for paths, is_marked in ((spoken + people[::4], True), (spoken[::2] + people, False), (other, False))
    )
    report = {
        "question": "watermark",
        "strength_db": STRENGTH_DB,
        "threshold": THRESHOLD,
        "marked_lines": len(spoken),
        "people": len(people),
        "treatments": {
            name: {
                "missed": sum(score < THRESHOLD for score in marked[name]),
                "of_marked": len(marked[name]),
                "least_marked": np.sort(marked[name])[:3].round(3).tolist(),
                "false_alarms": sum(score >= THRESHOLD for score in unmarked[name]),
                "of_unmarked": len(unmarked[name]),
                "most_unmarked": np.sort(unmarked[name])[-3:].round(3).tolist(),
                "false_alarms_edge_and_noise": sum(score >= THRESHOLD for score in no_speech[name]),
                "of_edge_and_noise": len(no_speech[name]),
            }
            for name in TREATMENTS
        },
        "made_sounds": judge_sounds(finder),
        "dnsmos_change": opinion_change(spoken[:: max(1, len(spoken) // arguments.opinions)], weights),
        "cpu_s_per_audio_s": round(cost(spoken[:50]), 5),
    }
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


def speak_lines(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    spec = load_spec("kokoro")
    voices = spec.stock_voices()
    wanted = {
        folder / f"{voice.name}_{number:02d}.wav": (voice, text, lang)
        for voice in voices
        for number, (text, lang) in enumerate(
            [(open_language(voice.lang).trial, voice.lang), *((line, LangCode.EN_US) for line in LINES)]
        )
    }
    missing = {path: line for path, line in wanted.items() if not path.exists()}
    if not missing:
        return
    engine = spec.load(EngineSettings(Settings().weights_dir, 1))
    for path, (voice, text, lang) in missing.items():
        segments = plan_speech(text, lang, normalize=True, max_segment_chars=400, first_segment_chars=None)
        pieces = []
        for segment in segments:
            chunks = engine.synthesize(engine.load_voice(voice.artifact), segment, SynthesisOptions(lang))
            pieces += [chunk.samples for chunk in chunks]
            pieces.append(np.zeros(round(segment.pause_after_s * RATE_HZ), np.float32))
        path.write_bytes(encode_wav(Waveform(np.concatenate(pieces), RATE_HZ)))


def read(path: Path) -> Waveform:
    recording = mix_to_mono(decode_audio(path.read_bytes(), DecodeLimits(max_read_s=LONGEST_S))).waveform
    return resample(recording, RATE_HZ)


def mark(speech: Waveform) -> Waveform:
    marker = SpeechMarker(speech.sample_rate_hz)
    return Waveform(np.concatenate([marker.push(speech.samples), marker.finish()]), speech.sample_rate_hz)


def scores_of(paths: list[Path], finder: MarkFinder, *, is_marked: bool) -> dict[str, list[float]]:
    """Of all that are long enough to be cut, after each treatment."""
    scores: dict[str, list[float]] = {name: [] for name in TREATMENTS}
    for path in paths:
        speech = read(path)
        if speech.duration_s < CROP_S:
            continue
        speech = mark(speech) if is_marked else speech
        for name, treat in TREATMENTS.items():
            scores[name].append(finder.find(treat(speech)).score)
    return scores


def judge_sounds(finder: MarkFinder) -> dict[str, int]:
    """How many of what is no speech are taken for the mark, or for speech."""
    treatments = [TREATMENTS[name] for name in ("as it is", "Opus 24 kbit/s", "MP3 64 kbit/s", "1.5 s of it")]
    found = [finder.find(treat(sound)) for sound in made_sounds() for treat in treatments]
    return {
        "of": len(found),
        "judged": sum(each.has_speech for each in found),
        "false_alarms": sum(each.is_marked for each in found),
    }


def made_sounds() -> list[Waveform]:
    """4 s each."""
    times_s = np.arange(4 * RATE_HZ) / RATE_HZ
    chance = np.random.default_rng(0)

    def tone(pitch_hz: float, num_parts: int = 1, slope: float = 1.0) -> Samples:
        parts = range(1, num_parts + 1)
        return sum(np.sin(2 * np.pi * pitch_hz * n * times_s + chance.uniform(0, 6)) / n**slope for n in parts)

    sounds = [tone(pitch_hz, num_parts) for pitch_hz in (50, 60, 100, 120) for num_parts in (1, 3, 10, 30)]
    sounds += [tone(pitch_hz) for pitch_hz in (80, 150, 220, 330, 440, 700, 1000, 1500, 1800)]
    sounds += [np.sign(tone(pitch_hz)) for pitch_hz in (110, 220, 440)]
    for root_hz in (110, 165, 220, 262, 330, 440):
        chord = sum(tone(root_hz * step, 6, 1.5) for step in (1, 1.26, 1.5))
        notes_hz = root_hz * 2 ** (chance.integers(-5, 12, 8) / 12)
        melody = np.choose(np.int64(2 * times_s), [tone(note_hz, 7) for note_hz in notes_hz])
        sounds += [chord, chord * np.exp(-4 * (times_s % 0.8)), melody * np.exp(-3 * (times_s % 0.5))]
    noise = chance.standard_normal(len(times_s))
    sounds += [noise, np.cumsum(noise) / 100, noise * (1 + np.sin(8 * np.pi * times_s))]
    sounds += [tone(425) * (times_s % 1.25 < 0.5), (tone(697) + tone(1209)) * (times_s % 0.4 < 0.2)]
    return [
        Waveform((0.3 * sound / np.abs(sound).max() + 1e-5 * noise).astype(np.float32), RATE_HZ) for sound in sounds
    ]


def opinion_change(paths: list[Path], weights: WeightStore) -> dict[str, float]:
    model = OpinionModel(weights.path("dnsmos/sig_bak_ovr.onnx"))
    pairs = [(model.score(speech).overall, model.score(mark(speech)).overall) for speech in map(read, paths)]
    before, after = np.array(pairs).T
    return {"lines": len(pairs), "before": round(before.mean(), 3), "change": round((after - before).mean(), 3)}


def cost(paths: list[Path]) -> float:
    speech = [read(path) for path in paths]
    started = time.process_time()
    for one in speech:
        mark(one)
    return (time.process_time() - started) / sum(one.duration_s for one in speech)


if __name__ == "__main__":
    main()
