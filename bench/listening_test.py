"""A listening test for people: write it as one page that needs nothing else, and score what listeners send back.

    python bench/listening_test.py --data DATA/speech --audio WORK/audio --out test.html
    python bench/listening_test.py --score answers-*.json

The audio is what `likeness.py --audio` keeps. Three kinds of questions, mixed: which of two systems sounds more like the
person (ABX, the person's own recording as X); how natural a sound is, 1 to 5; how like the person it is, 1 to 5. The
person's second recording is among the sounds, as the best that can be reached. Names of systems are not to be read in
the page, nor by its look: every sound is cut to the same band and set to the same loudness. Each listener gets the
questions in an order of their own.
"""

import argparse
import base64
import io
import itertools
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyloudnorm
import soundfile
from likeness_people import load, read_people

from myna.audio.resample import resample
from myna.domain.waveform import Waveform

RATE_HZ = 16_000
"""Of the recordings: a wider band would tell which is synthetic."""
LONGEST_S = 8.0
LOUDNESS_LUFS = -23.0
SECOND_RECORDING = "second-recording"
SCALES = ("natural", "alike")
_TEMPLATE = Path(__file__).parent / "listening_test.html"
_PLACE = "@DATA@"
_COMPRESSION = 0.6
"""Of MP3: 60 to 80 kbit/s."""
_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Spoken:
    """One system's rendition of one sentence for one person, or a recording of theirs."""

    person: str
    system: str
    sentence: int
    path: Path


def read_folder(folder: Path) -> list[Spoken]:
    """What `likeness.py` wrote: SPEAKER_SYSTEM_SENTENCE.flac."""
    found = []
    for path in sorted(folder.glob("*_*_*.flac")):
        person, system, sentence = path.stem.rsplit("_", 2)
        found.append(Spoken(person, system, int(sentence), path))
    return found


def write_page(
    spoken: list[Spoken], references: dict[str, Path], per_listener: int, seed: int, num_sentences: int
) -> str:
    """The page.

    references: for every person a recording. spoken: all that is asked about, `SECOND_RECORDING` among the systems or
    not. num_sentences: of each person and system at most so many; for each person other ones.
    """
    dice = np.random.default_rng(seed)
    sounds: dict[str, str] = {}
    names: dict[Path, str] = {}
    trials: list[dict[str, object]] = []
    key: dict[str, dict[str, object]] = {}

    def sound(path: Path) -> str:
        """Its name in the page, which says nothing."""
        if path not in names:
            names[path] = f"s{dice.integers(36**6):07d}"
            sounds[names[path]] = embed_sound(load(path))
        return names[path]

    def ask(kind: str, person: str, *about: Spoken) -> None:
        trial = f"t{dice.integers(10**9):09d}"
        asked = {sound(one.path): one.system for one in about}
        trials.append({"id": trial, "kind": kind, "sounds": sorted(asked)})
        if kind != "natural":
            trials[-1]["person"] = sound(references[person])
        key[trial] = {"kind": kind, "person": person, "systems": asked}

    for person in sorted(references):
        own = [one for one in spoken if one.person == person]
        by_system = {
            system: [one for one in own if one.system == system] for system in sorted({one.system for one in own})
        }
        sentences = sorted({one.sentence for one in own if one.system != SECOND_RECORDING})
        taken = [int(number) for number in dice.permutation(sentences)[:num_sentences]]
        for place, sentence in enumerate(taken):
            offered = [_of_sentence(lines, sentence, place) for lines in by_system.values()]
            lines = [line for line in offered if line is not None]
            for line in lines:
                for kind in SCALES:
                    ask(kind, person, line)
            for pair in itertools.combinations(lines, 2):
                ask("abx", person, *pair)
    content = {
        "test": f"{seed:x}-{len(trials)}-{len(sounds)}",
        "per_listener": per_listener,
        "trials": [trials[place] for place in dice.permutation(len(trials))],
        "sounds": dict(sorted(sounds.items())),
        "key": base64.b64encode(json.dumps(key).encode()).decode(),
    }
    return _TEMPLATE.read_text(encoding="utf-8").replace(_PLACE, json.dumps(content).replace("<", "\\u003c"))


def _of_sentence(lines: list[Spoken], sentence: int, place: int) -> Spoken | None:
    """People's recordings have texts of their own: any will do, none twice."""
    if lines[0].system == SECOND_RECORDING:
        return lines[place] if place < len(lines) else None
    return next((line for line in lines if line.sentence == sentence), None)


def embed_sound(waveform: Waveform) -> str:
    """A data URL of MP3, which every browser plays, mono at 16 kHz."""
    samples = resample(waveform, RATE_HZ).samples[: int(LONGEST_S * RATE_HZ)]
    loudness = pyloudnorm.Meter(RATE_HZ).integrated_loudness(samples)
    samples = samples * 10 ** ((LOUDNESS_LUFS - loudness) / 20) if np.isfinite(loudness) else samples
    samples = samples / max(1.0, float(np.abs(samples).max()) / 0.98)
    target = io.BytesIO()
    soundfile.write(target, samples, RATE_HZ, format="MP3", subtype="MPEG_LAYER_III", compression_level=_COMPRESSION)
    return "data:audio/mpeg;base64," + base64.b64encode(target.getvalue()).decode()


@dataclass(frozen=True, slots=True)
class Answer:
    listener: str
    person: str
    value: float


def read_answers(files: Sequence[Path]) -> dict[str, dict[str, list[Answer]]]:
    """By kind and by what is asked: a system's name, or "FIRST over SECOND" with 1 where the first was chosen.

    Raises: ValueError for a file that is not one of answers.
    """
    answers: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for file in files:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            key = json.loads(base64.b64decode(content["key"]))
            for trial, given in content["answers"].items():
                asked, systems = key[trial], key[trial]["systems"]
                names = sorted(systems.values())
                value = float(systems[given] == names[0]) if asked["kind"] == "abx" else float(given)
                subject = " over ".join(names)
                answers[asked["kind"]][subject].append(Answer(content["listener"], asked["person"], value))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{file} does not hold the answers of a listening test ({error!r})") from error
    return answers


def mean_and_interval(answers: list[Answer], seed: int = 0) -> tuple[float, float, float]:
    """Mean and its 95 % interval: listeners and people are drawn anew, since the answers of one are no independent ones.

    Source: A. Owen, The pigeonhole bootstrap (2007).
    """
    dice = np.random.default_rng(seed)
    listeners, by_listener = np.unique([answer.listener for answer in answers], return_inverse=True)
    people, by_person = np.unique([answer.person for answer in answers], return_inverse=True)
    values = np.array([answer.value for answer in answers])
    means = []
    for _ in range(_DRAWS):
        drawn_listeners, drawn_people = (
            dice.multinomial(len(names), np.full(len(names), 1 / len(names))) for names in (listeners, people)
        )
        weights = drawn_listeners[by_listener] * drawn_people[by_person]
        if weights.any():
            means.append(float(np.average(values, weights=weights)))
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def score(files: Sequence[Path]) -> str:
    """A table."""
    titles = {"abx": "more like the person (share of choices)", "natural": "natural, 1 to 5", "alike": "alike, 1 to 5"}
    lines = []
    for kind, by_subject in sorted(read_answers(files).items()):
        lines.append(titles[kind])
        for subject, answers in sorted(by_subject.items()):
            mean, low, high = mean_and_interval(answers)
            num_listeners = len({answer.listener for answer in answers})
            counts = f"{len(answers)} answers, {num_listeners} listeners"
            lines.append(f"  {subject:32} {mean:.2f} ({low:.2f} to {high:.2f})  {counts}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--score", type=Path, nargs="+", help="files that listeners saved")
    parser.add_argument("--data", type=Path, help="folder with manifest.csv")
    parser.add_argument("--audio", type=Path, help="folder that likeness.py wrote")
    parser.add_argument("--systems", nargs="+", default=[], help=f"all if not given; {SECOND_RECORDING} is one")
    parser.add_argument("--sentences", type=int, default=2, help="of each person and system")
    parser.add_argument("--per-listener", type=int, default=60, help="questions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("listening_test.html"))
    arguments = parser.parse_args()
    if arguments.score:
        print(score(arguments.score))
        return
    if arguments.data is None or arguments.audio is None:
        parser.error("making a test needs --data and --audio")
    spoken = read_folder(arguments.audio)
    people = [person for person in read_people(arguments.data) if any(one.person == person.speaker for one in spoken)]
    spoken += [
        Spoken(person.speaker, SECOND_RECORDING, index, path)
        for person in people
        for index, path in enumerate(person.others)
    ]
    chosen = [one for one in spoken if not arguments.systems or one.system in arguments.systems]
    references = {person.speaker: person.reference for person in people}
    page = write_page(chosen, references, arguments.per_listener, arguments.seed, arguments.sentences)
    arguments.out.write_text(page, encoding="utf-8")
    print(f"{arguments.out}: {len(page) / 1e6:.1f} MB, {len(people)} people")


if __name__ == "__main__":
    main()
