"""Where clarity and likeness pull apart: words wrong against likeness, over the strength of the corrections.

    python bench/clarity_frontier.py --data DATA/speech --third-judge WHEEL --second-recogniser WHEEL

For a seeded choice of evaluation people, in process: the voice as it is looked up and after each round of corrections, once
with the timbre style in the whole decoder (as voices were made before) and once in the generator alone, with the public
articulation. No guard stops the rounds here. Each says the same hard lines and two calm sentences; stock voices say the lines too.
Results are written after every person; a run that is started again goes on. `--picture` draws what is there.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import platformdirs
from hard_lines_text import CALM, SEED, read_lines
from hard_lines_words import count_wrong, normalise
from likeness import machine
from likeness_judges import SENTENCES, Judges, on_scale
from likeness_people import Person, load, read_people
from likeness_voices import Engine
from second_recogniser import SecondRecogniser

from myna.analysis.transcribe import SpeechRecogniser
from myna.domain.language import LangCode
from myna.domain.waveform import Samples
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_clone import look_up, tune
from myna.engines.kokoro.voice_correct import SENTENCES_A_ROUND, walk
from myna.engines.kokoro.voice_practice import PracticeSentence
from myna.engines.kokoro.voice_stock import stock_voices
from myna.engines.kokoro.voice_workshop import VoiceWorkshop
from myna.weights.store import WeightStore

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[1]
STOCK = ("Dennis", "Ashley")
"""For voices below and above 160 Hz."""
_BETWEEN_HZ = 160.0
_NUM_SENTENCES = 2


class Undivided:
    """A workshop that renders with the timbre style in the whole decoder."""

    def __init__(self, workshop: VoiceWorkshop) -> None:
        self._workshop = workshop

    def __getattr__(self, name: str) -> object:
        return getattr(self._workshop, name)

    def render(self, voice: KokoroVoice, sentence: PracticeSentence) -> Samples:
        return self._workshop.render(undivided(voice), sentence)


def undivided(voice: KokoroVoice) -> KokoroVoice:
    return replace(voice, articulation_style=voice.timbre_style)


def voices_of(person: Person, workshop: VoiceWorkshop) -> dict[str, KokoroVoice]:
    heard = workshop.listen(load(person.reference))
    found, sentences = look_up(heard, None, workshop)
    practised = sentences[:SENTENCES_A_ROUND]
    parted, _ = walk(found, practised, heard, workshop)
    whole, _ = walk(found, practised, heard, Undivided(workshop))
    voices = {"parted, looked up": found, "whole, looked up": undivided(found)}
    for name, rounds in (("parted", parted), ("whole", [(undivided(voice), spoken) for voice, spoken in whole])):
        for count, (voice, spoken) in enumerate(rounds, start=1):
            if count % 2 == 0:
                voices[f"{name}, {4 * count} corrections"] = tune(voice, spoken, heard)
    return voices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    parser.add_argument("--third-judge", type=Path)
    parser.add_argument("--second-recogniser", type=Path)
    parser.add_argument("--count", type=int, default=8, help="people")
    parser.add_argument("--lines", type=int, default=30, help="hard lines")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/clarity_frontier.json")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    rows = json.loads(arguments.out.read_text())["rows"] if arguments.out.exists() else []
    if arguments.data is not None:
        measure(arguments, rows)
    if arguments.picture is not None:
        draw(rows, arguments.picture)
    print(json.dumps(summarise(rows), indent=1))


def measure(arguments: argparse.Namespace, rows: list[dict]) -> None:
    weights = WeightStore(arguments.weights)
    engine = Engine(arguments.weights)
    judges = Judges(weights, arguments.third_judge)
    recogniser = SpeechRecogniser(weights.path("whisper-base/model.bin").parent)
    second = SecondRecogniser(arguments.second_recogniser)
    everybody = read_people(arguments.data)
    rng = np.random.default_rng(SEED)
    people = [everybody[k] for k in rng.permutation(len(everybody))[: arguments.count]]
    hard = [line.text for line in read_lines(ROOT / "bench/sentences/hard_lines.txt") if line.kind != CALM]
    lines = [hard[k] for k in rng.permutation(len(hard))[: arguments.lines]]
    stock = {entry.name: unpack_voice(entry.artifact) for entry in stock_voices()}
    done = {row["speaker"] for row in rows}

    def hear(speaker: str, name: str, voice: KokoroVoice, person: Person | None) -> dict:
        spoken = [(text, engine.speak(pack_voice(voice), text)) for text in lines]
        row = {
            "speaker": speaker,
            "voice": name,
            "words": sum(len(normalise(text)) for text in lines),
            "wrong": sum(count_wrong(text, recogniser.transcribe(wave, LangCode.EN_US).text) for text, wave in spoken),
            "wrong_second": sum(count_wrong(text, second.transcribe(wave)) for text, wave in spoken),
        }
        if person is not None:
            scales = judges.scale(person, everybody)
            near = [
                on_scale(judges.cosines(engine.speak(pack_voice(voice), text), scales), scales)
                for text in SENTENCES[:_NUM_SENTENCES]
            ]
            row |= dict(zip(("a", "b", "c"), np.mean(near, axis=0).round(3).tolist(), strict=False))
        print(row, file=sys.stderr, flush=True)
        return row

    for person in [person for person in people if person.speaker not in done]:
        found = []
        for name, voice in voices_of(person, engine.workshop).items():
            found.append(hear(person.speaker, name, voice, person))
        name = STOCK[int(voice.target_log_f0 > np.log(_BETWEEN_HZ))]
        if not any(row["speaker"] == name for row in rows):
            rows.append(hear(name, "stock", stock[name], None))
        rows += [row | {"stock": name} for row in found]
        report = {"machine": machine(), "lines": lines, "summary": summarise(rows), "rows": rows}
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")


def summarise(rows: list[dict]) -> dict[str, dict[str, float]]:
    """Per voice: points of words wrong above the stock voice on the same lines, and likeness; means over people."""
    stock = {row["speaker"]: row for row in rows if row["voice"] == "stock"}
    summary = {}
    for name in dict.fromkeys(row["voice"] for row in rows if row["voice"] != "stock"):
        members = [row for row in rows if row["voice"] == name]
        summary[name] = {"people": len(members)}
        for key in ("wrong", "wrong_second"):
            more = [100 * (row[key] - stock[row["stock"]][key]) / row["words"] for row in members]
            summary[name] |= {
                f"{key}_more_than_stock": round(float(np.mean(more)), 1),
                f"{key}_worst": round(max(more), 1),
            }
        summary[name] |= {judge: round(float(np.mean([row[judge] for row in members])), 3) for judge in ("a", "b", "c")}
    return summary


def draw(rows: list[dict], target: Path) -> None:
    """Likeness by judge B to the right, words wrong upwards; a line for each way of using the style."""
    summary = summarise(rows)
    figure, panel = plt.subplots(figsize=(7, 4.5))
    for way, label, colour in (
        ("whole", "timbre style in the whole decoder (before)", "#b0662a"),
        ("parted", "in the generator alone (now)", "#2a78c2"),
    ):
        points = [(name.split(", ")[1], found) for name, found in summary.items() if name.startswith(way)]
        points.sort(key=lambda point: (point[0] != "looked up", len(point[0]), point[0]))
        for key, style in (("wrong", "-o"), ("wrong_second", ":s")):
            across = [found["b"] for _, found in points]
            up = [found[f"{key}_more_than_stock"] for _, found in points]
            panel.plot(across, up, style, color=colour, label=label if key == "wrong" else None)
        for name, found in points:
            panel.annotate(
                name,
                (found["b"], found["wrong_more_than_stock"]),
                fontsize=8,
                xytext=(4, 4),
                textcoords="offset points",
            )
    panel.axhline(1, color="grey", lw=0.8)
    panel.set_xlabel("likeness by judge B: 0 a stranger, 1 the person's second recording")
    panel.set_ylabel("words wrong on hard lines,\npoints above stock voices")
    panel.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main()
