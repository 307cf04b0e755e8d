"""How clear are stock voices, clones and clones garbled on purpose by the figure of a clone's reply, and where is the bound?

    python bench/clarity_report.py DATA/speech [--languages EN_US ES_ES ...] [--count 6]

In process, every voice speaks the trial text: the stock voices of the language, and clones of people who read English, men and
women in turn by a seed. The clones are garbled by what is put where sounds are articulated: the timbre style twice as strong
(`overdriven`), at 2 or 1.5 times its distance from the mean of the stock voices, in the whole decoder (`exaggerated`, `exaggerated
less`), or as it is, as voices were made before (`undivided`; not all of these are garbled). For English the words that the
recogniser writes wrong are counted too. Results are written after every voice; a run that is started again goes on.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import platformdirs
from hard_lines_words import count_wrong, normalise
from likeness import machine
from likeness_people import Person, read_people
from likeness_voices import Engine

from myna.analysis.clarity import read_certainty
from myna.analysis.transcribe import SpeechRecogniser
from myna.domain.language import LangCode
from myna.engines.kokoro.voice_artifact import pack_voice, unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.text.languages.registry import open_language
from myna.weights.store import WeightStore

OUT = Path(__file__).parent / "results/clarity_report.json"
SEED = 5
KINDS = ("clone", "overdriven", "exaggerated", "exaggerated less", "undivided")


def choose(people: list[Person], count: int) -> list[Person]:
    """Readers of English, a woman and a man in turn."""
    rng = np.random.default_rng(SEED)
    readers = [people[k] for k in rng.permutation(len(people)) if people[k].lang == "en"]
    women, men = ([person for person in readers if person.sex == sex] for sex in "FM")
    return [person for pair in zip(women, men, strict=False) for person in pair][:count]


def garble(artifact: bytes, mean: np.ndarray) -> dict[str, bytes]:
    voice = unpack_voice(artifact)
    timbre = voice.timbre_style

    def whole(style: np.ndarray) -> bytes:
        return pack_voice(replace(voice, timbre_style=style, articulation_style=style))

    return {
        "overdriven": pack_voice(replace(voice, articulation_style=2 * timbre)),
        "exaggerated": whole((mean + 2 * (timbre - mean)).astype(np.float32)),
        "exaggerated less": whole((mean + 1.5 * (timbre - mean)).astype(np.float32)),
        "undivided": whole(timbre),
    }


def measure(arguments: argparse.Namespace, rows: list[dict]) -> None:
    engine = Engine(arguments.weights)
    recogniser = SpeechRecogniser(WeightStore(arguments.weights).path("whisper-base/model.bin").parent)
    stock = stock_voices()
    mean = np.mean([unpack_voice(entry.artifact).timbre_style for entry in stock], axis=0)
    done = {(row["kind"], row["voice"], row["lang"]) for row in rows}

    def hear(kind: str, name: str, artifact: bytes, lang: LangCode) -> None:
        if (kind, name, lang) in done:
            return
        text = open_language(lang).trial
        spoken = engine.speak(artifact, text, lang)
        certainty = recogniser.certainty(spoken, text, lang)
        row = {"kind": kind, "voice": name, "lang": lang.value, "clarity": round(read_certainty(certainty), 3)}
        if lang.iso639 == "en":
            row["words"] = len(normalise(text))
            row["wrong"] = count_wrong(text, recogniser.transcribe(spoken, lang).text)
        print(row, flush=True)
        rows.append(row)
        report = {"machine": machine(), "summary": summarise(rows), "rows": rows}
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")

    languages = [LangCode(name) for name in arguments.languages]
    for lang in languages:
        for entry in stock:
            if entry.lang.iso639 == lang.iso639:
                hear("stock", entry.name, entry.artifact, lang)
    for person in choose(read_people(arguments.data), arguments.count):
        if all(done >= {(kind, person.speaker, lang) for kind in arguments.kinds} for lang in languages):
            continue
        artifact = engine.clone(person)
        voices = {"clone": artifact, **garble(artifact, mean)}
        for lang in languages:
            for kind in arguments.kinds:
                hear(kind, person.speaker, voices[kind], lang)


def summarise(rows: list[dict]) -> dict[str, dict[str, list[float]]]:
    """By language and kind: least, median and most clarity."""
    kinds: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        kinds.setdefault(row["lang"], {}).setdefault(row["kind"], []).append(row["clarity"])
    return {
        lang: {kind: np.quantile(found, [0, 0.5, 1]).round(3).tolist() for kind, found in by_kind.items()}
        for lang, by_kind in kinds.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--languages", nargs="+", default=["EN_US"])
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--count", type=int, default=6, help="people")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    rows = json.loads(arguments.out.read_text())["rows"] if arguments.out.exists() else []
    measure(arguments, rows)
    print(json.dumps(summarise(rows), indent=1))


if __name__ == "__main__":
    main()
