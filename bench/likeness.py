"""Does a clone sound like the person? For every evaluation speaker: clone from one recording, speak unseen sentences.

    python bench/likeness.py --data DATA/speech                        in process
    python bench/likeness.py --data DATA/speech --api http://... --key K   through the API

Similarity is normalised: 0 is what other people's recordings score against this person's, 1 what the person's own
second recording scores. Always on recordings that the clone was not made from, by two judges: A GE2E, B CAM++.
Results go to `bench/results/likeness.json` after every speaker; a run that is started again goes on where it stopped.
"""

import argparse
import csv
import io
import json
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import platformdirs
import soundfile

from myna.analysis.dnsmos import OpinionModel
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.analysis.transcribe import SpeechRecogniser
from myna.audio.resample import resample
from myna.client import Client, Encoding, Sample, SpeechOptions
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.speech import SynthesisOptions
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSettings
from myna.engines.kokoro.pitch_track import measure_pitch
from myna.engines.kokoro.spec import SPEC
from myna.engines.kokoro.style_descent import Pull
from myna.engines.kokoro.timbre_spectrum import missing_eq_db
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_encoder import VoiceEncoder
from myna.engines.kokoro.voice_pace import speaking_seconds
from myna.engines.kokoro.voice_refine import FIRST_STEP, NUM_PRACTICE, NUM_STEPS, refine_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

ROOT = Path(__file__).parent.parent
LISTENING_RATE_HZ = 16_000
SENTENCES = (
    "The old lighthouse keeper walked slowly along the shore, watching the waves break over the rocks.",
    "She asked whether anyone had finished the report before the meeting on Thursday afternoon.",
    "Please remember to bring a warm jacket, because the evenings are getting quite cold in the mountains.",
    "He could hardly believe that such a small machine would make so much noise every morning.",
    "Our friends have just moved into the house at the end of the road, and they already know everybody.",
)
"""Our own; none is a practice sentence of the encoder."""

SHORT_SENTENCE = "They found a quiet place to rest."
"""By which stock voices are compared with a reference."""

Speak = Callable[[str], Waveform]


@dataclass(frozen=True, slots=True)
class Person:
    speaker: str
    sex: str
    lang: str
    reference: Path
    transcript: str
    others: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One method on one person; means over the sentences."""

    method: str
    speaker: str
    sex: str
    lang: str
    likeness_a: float
    likeness_b: float
    word_errors: float
    dnsmos_overall: float
    pitch_error_semitones: float
    """Signed, against the reference."""
    rate_error: float
    """Letters a second of speech, relative to the reference's; 0 for languages other than English."""
    clone_cpu_s: float


class Judges:
    """Both speaker judges and what they say of every recording, kept."""

    def __init__(self, weights: WeightStore) -> None:
        self._embedders = (Ge2eEmbedder(weights), CampplusEmbedder(weights))
        self._known: dict[Path, tuple[np.ndarray, np.ndarray]] = {}

    def embed(self, waveform: Waveform) -> tuple[np.ndarray, np.ndarray]:
        listened = resample(waveform, LISTENING_RATE_HZ)
        first, second = (embedder.embed(listened) for embedder in self._embedders)
        return first, second

    def of(self, path: Path) -> tuple[np.ndarray, np.ndarray]:
        if path not in self._known:
            self._known[path] = self.embed(load(path))
        return self._known[path]

    def scale(self, person: Person, people: list[Person]) -> list[tuple[np.ndarray, float, float]]:
        """For either judge: the person's other recordings, what strangers score, what the person scores."""
        scales = []
        for judge in (0, 1):
            own = np.array([self.of(path)[judge] for path in person.others])
            same = float((own @ self.of(person.reference)[judge]).mean())
            strangers = [other for other in people if other.speaker != person.speaker]
            strange = float(np.mean([(own @ self.of(other.reference)[judge]).mean() for other in strangers]))
            scales.append((own, strange, same))
        return scales


def load(path: Path) -> Waveform:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Waveform(np.ascontiguousarray(samples.mean(axis=1)), rate)


def read_people(data: Path) -> list[Person]:
    """Everybody with a reference and at least one other recording."""
    rows = [row for row in csv.DictReader((data / "manifest.csv").open()) if row["kind"] == "speech"]
    people = []
    for row in rows:
        others = tuple(data / r["path"] for r in rows if r["speaker"] == row["speaker"] and r["role"] == "target")
        if row["role"] == "reference" and others:
            person = Person(row["speaker"], row["sex"], row["language"], data / row["path"], row["transcript"], others)
            people.append(person)
    return people


def word_errors(wanted: str, heard: str) -> float:
    """Edit distance in words, over the number of words."""
    left, right = (re.sub(r"[^a-z' ]", "", text.lower().replace("-", " ")).split() for text in (wanted, heard))
    row = list(range(len(right) + 1))
    for i, word in enumerate(left, start=1):
        previous, row = row, [i]
        for j, other in enumerate(right, start=1):
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (word != other)))
    return row[-1] / len(left)


class InProcess:
    """The engine without a server, so that every method can be tried."""

    def __init__(self, weights_dir: Path) -> None:
        self._engine = SPEC.load(EngineSettings(weights_dir, num_threads=1))
        self.weights = WeightStore(weights_dir)
        encoder = self._engine._encoder  # the methods that leave a judge out have no public door
        assert isinstance(encoder, VoiceEncoder)
        self.encoder = encoder
        self._stock: list[tuple[KokoroVoice, tuple[np.ndarray, np.ndarray]]] = []

    def clone(self, reference: ReferenceAudio) -> bytes:
        return self._engine.encode_voice(reference)

    def refine(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        return refine_voice(artifact, reference, self.encoder)

    def refine_with(self, artifact: bytes, reference: ReferenceAudio, pull: Pull) -> bytes:
        """As `refine`, with one judge left out, and without the check at the end, which would ask it."""
        voice = unpack_voice(artifact)
        heard = self.encoder.listen(reference.waveform)
        sentences = self.encoder.practise(voice, NUM_PRACTICE)
        *_, style = self.encoder.pull(voice, sentences, heard, NUM_STEPS, FIRST_STEP, judges=pull)
        return pack_voice(_with(voice, decoder_style=style))

    def nearest_stock(self, reference: ReferenceAudio, judges: Judges, count: int) -> bytes:
        """The nearest stock voice by both judges, or the mean of the nearest few; the clone's own equaliser on it."""
        if not self._stock:
            for stock in stock_voices():
                voice = unpack_voice(stock.artifact)
                self._stock.append((voice, judges.embed(self.speak(stock.artifact, SHORT_SENTENCE))))
        wanted = judges.embed(reference.waveform)
        order = sorted(
            self._stock, key=lambda entry: -float(entry[1][0] @ wanted[0] / 0.33 + entry[1][1] @ wanted[1] / 0.52)
        )
        chosen = [voice for voice, _ in order[:count]]
        style = np.mean([voice.decoder_style for voice in chosen], axis=0).astype(np.float32)
        manner = np.mean([voice.prosody_style for voice in chosen], axis=0).astype(np.float32)
        plain = _with(chosen[0], decoder_style=style, prosody_style=manner)
        spoken = resample(self.speak(pack_voice(plain), SENTENCES[0]), LISTENING_RATE_HZ).samples
        heard = resample(reference.waveform, LISTENING_RATE_HZ).samples
        return pack_voice(_with(plain, eq_db=missing_eq_db(heard, spoken)))

    def speak(self, artifact: bytes, text: str) -> Waveform:
        voice = self._engine.load_voice(artifact)
        options = SynthesisOptions(LangCode.EN_US)
        segments = plan_speech(text, LangCode.EN_US, normalize=True, max_segment_chars=400, first_segment_chars=None)
        pieces = [chunk.samples for segment in segments for chunk in self._engine.synthesize(voice, segment, options)]
        return Waveform(np.concatenate(pieces), SPEC.capabilities.sample_rate_hz)


def _with(voice: KokoroVoice, **changes: object) -> KokoroVoice:
    fields = {name: getattr(voice, name) for name in KokoroVoice.__slots__}
    return KokoroVoice(**{**fields, **changes})


def voices_in_process(
    service: InProcess, judges: Judges, person: Person, methods: list[str]
) -> Iterator[tuple[str, Speak, float]]:
    """(method, how to speak, CPU-seconds that making the voice took)."""
    reference = ReferenceAudio(
        resample(load(person.reference), SPEC.capabilities.reference_rate_hz),
        person.transcript,
        parse_lang_code_or_english(person.lang),
    )
    start = time.process_time()
    quick = service.clone(reference)
    quick_s = time.process_time() - start
    makers: dict[str, Callable[[], bytes]] = {
        "clone": lambda: quick,
        "refined": lambda: service.refine(quick, reference),
        "refined, A left out": lambda: service.refine_with(quick, reference, Pull(gain_a=0.0)),
        "refined, B left out": lambda: service.refine_with(quick, reference, Pull(gain_b=0.0)),
        "stock + EQ": lambda: service.nearest_stock(reference, judges, 1),
        "stock blend + EQ": lambda: service.nearest_stock(reference, judges, 3),
    }
    for method in methods:
        start = time.process_time()
        artifact = makers[method]()
        cost = quick_s if method == "clone" else time.process_time() - start
        yield method, lambda text, artifact=artifact: service.speak(artifact, text), cost


def voices_by_api(client: Client, person: Person) -> Iterator[tuple[str, Speak, float]]:
    """The clone as a client gets it; CPU-seconds are the server's and not known here."""
    report = client.clone([Sample(person.reference, person.transcript)], person.speaker, consent="bench")
    if report.voice is None:
        return
    voice_id = report.voice.voice_id
    options = SpeechOptions(encoding=Encoding.WAV, sample_rate_hz=24_000, lang="en-US")

    def speak(text: str) -> Waveform:
        samples, rate = soundfile.read(io.BytesIO(client.say(voice_id, text, options)), dtype="float32")
        return Waveform(samples, rate)

    yield "clone by API", speak, float("nan")
    client.delete_voice(voice_id)


def parse_lang_code_or_english(lang: str) -> LangCode:
    """Languages that the API does not name are cloned as if they were English."""
    named = {code.iso639 for code in LangCode}
    return (parse_lang_code(lang) if lang.split("-", maxsplit=1)[0] in named else None) or LangCode.EN_US


class Examiner:
    """Scores a voice on the sentences."""

    def __init__(self, judges: Judges, weights: WeightStore, people: list[Person], num_sentences: int) -> None:
        self._judges, self._people = judges, people
        self._sentences = SENTENCES[:num_sentences]
        self._opinion = OpinionModel(weights.path("dnsmos/sig_bak_ovr.onnx"))
        self._recogniser = SpeechRecogniser(weights.path("whisper-base/model.bin").parent)

    def score(self, person: Person, method: str, speak: Speak, cost: float, audio: Path | None) -> Score:
        scales = self._judges.scale(person, self._people)
        reference = resample(load(person.reference), LISTENING_RATE_HZ)
        own_pitch = measure_pitch(reference.samples)
        own_rate = _letters(person.transcript) / speaking_seconds(reference.samples)
        rows = []
        for index, text in enumerate(self._sentences):
            spoken = resample(speak(text), LISTENING_RATE_HZ)
            if audio is not None:
                audio.mkdir(parents=True, exist_ok=True)
                name = re.sub(r"\W+", "-", method)
                soundfile.write(audio / f"{person.speaker}_{name}_{index}.flac", spoken.samples, LISTENING_RATE_HZ)
            embeddings = self._judges.embed(spoken)
            likeness = [
                (float((own @ embedding).mean()) - strange) / (same - strange)
                for embedding, (own, strange, same) in zip(embeddings, scales, strict=True)
            ]
            pitch = measure_pitch(spoken.samples)
            known = pitch is not None and own_pitch is not None
            rows.append(
                [
                    *likeness,
                    word_errors(text, self._recogniser.transcribe(spoken, LangCode.EN_US).text),
                    self._opinion.score(spoken).overall,
                    (pitch.log_f0_mean - own_pitch.log_f0_mean) * 12 / np.log(2) if known else 0.0,
                    _letters(text) / speaking_seconds(spoken.samples) / own_rate - 1 if person.lang == "en" else 0.0,
                ]
            )
        means = [round(float(value), 4) for value in np.mean(rows, axis=0)]
        return Score(method, person.speaker, person.sex, person.lang, *means, clone_cpu_s=round(cost, 1))


def _letters(text: str) -> int:
    return sum(character.isalpha() for character in text)


def summarise(scores: list[Score]) -> dict[str, dict[str, float]]:
    """Means by method, with the worst of either judge."""
    summary = {}
    for method in dict.fromkeys(score.method for score in scores):
        rows = [score for score in scores if score.method == method]
        summary[method] = {
            "speakers": len(rows),
            "likeness_a": round(float(np.mean([row.likeness_a for row in rows])), 3),
            "likeness_b": round(float(np.mean([row.likeness_b for row in rows])), 3),
            "lowest_b": round(min(row.likeness_b for row in rows), 3),
            "word_errors": round(float(np.mean([row.word_errors for row in rows])), 3),
            "highest_word_errors": round(max(row.word_errors for row in rows), 3),
            "dnsmos_overall": round(float(np.mean([row.dnsmos_overall for row in rows])), 2),
            "pitch_error_semitones": round(float(np.mean([abs(row.pitch_error_semitones) for row in rows])), 2),
            "rate_error": round(float(np.mean([abs(row.rate_error) for row in rows if row.lang == "en"] or [0])), 3),
            "clone_cpu_s": round(float(np.mean([row.clone_cpu_s for row in rows])), 1),
        }
    return summary


def machine() -> dict[str, str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return {
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    parser.add_argument("--methods", default="clone,stock + EQ,stock blend + EQ", help="comma-separated")
    parser.add_argument("--speakers", default="", help="comma-separated; all if empty")
    parser.add_argument("--sentences", type=int, default=len(SENTENCES))
    parser.add_argument("--api", default="", help="URL of a server; only the method 'clone by API' then")
    parser.add_argument("--key", default="")
    parser.add_argument("--audio", type=Path, help="folder for what was spoken")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/likeness.json")
    arguments = parser.parse_args()
    weights = WeightStore(arguments.weights)
    everybody = read_people(arguments.data)
    wanted = [name for name in arguments.speakers.split(",") if name]
    people = [person for person in everybody if not wanted or person.speaker in wanted]
    methods = ["clone by API"] if arguments.api else arguments.methods.split(",")
    scores = []
    if arguments.out.exists():
        scores = [Score(**row) for row in json.loads(arguments.out.read_text())["scores"]]
    done = {(score.method, score.speaker) for score in scores}
    judges = Judges(weights)
    examiner = Examiner(judges, weights, everybody, arguments.sentences)
    service = None if arguments.api else InProcess(arguments.weights)
    client = Client(arguments.api, arguments.key) if arguments.api else None
    for count, person in enumerate(people, start=1):
        missing = [method for method in methods if (method, person.speaker) not in done]
        if not missing:
            continue
        voices = voices_by_api(client, person) if client else voices_in_process(service, judges, person, missing)
        for method, speak, cost in voices:
            scores.append(examiner.score(person, method, speak, cost, arguments.audio))
            line = scores[-1]
            print(
                f"[{count}/{len(people)}] {person.speaker:18} {method:20} "
                f"A {line.likeness_a:+.2f} B {line.likeness_b:+.2f} words {line.word_errors:.2f} "
                f"OVRL {line.dnsmos_overall:.2f} pitch {line.pitch_error_semitones:+.2f} "
                f"rate {line.rate_error:+.2f} cpu {line.clone_cpu_s}",
                file=sys.stderr,
                flush=True,
            )
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            report = {
                "machine": machine(),
                "sentences": arguments.sentences,
                "summary": summarise(scores),
                "scores": [asdict(score) for score in scores],
            }
            arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(summarise(scores), indent=1))


if __name__ == "__main__":
    main()
