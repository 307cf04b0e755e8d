"""Where clarity and likeness pull apart: words wrong against likeness, over how far a voice goes towards the person.

    python bench/clarity_frontier.py --data DATA/speech --third-judge WHEEL --second-recogniser WHEEL

For a seeded choice of evaluation people, in process: shares of the way from the voice as it is looked up (0) to where corrections
would lead it (1) and beyond, once with the timbre style in the whole decoder (as voices were made before) and once in the generator
alone, with the public articulation. No guard stops it here. Each says the same hard lines and two calm sentences; stock voices say the lines too.
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
from myna.engines.kokoro.making.voice_clone import foretell_corrected, look_up
from myna.engines.kokoro.making.voice_tune import tune_voice
from myna.engines.kokoro.making.voice_workshop import VoiceWorkshop
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[1]
STOCK = ("Dennis", "Ashley")
"""For voices below and above 160 Hz."""
_BETWEEN_HZ = 160.0
SHARES = (0.0, 0.5, 1.0, 1.5)
_NUM_SENTENCES = 2


def undivided(voice: KokoroVoice) -> KokoroVoice:
    return replace(voice, articulation_style=voice.timbre_style)


def voices_of(person: Person, workshop: VoiceWorkshop) -> dict[str, KokoroVoice]:
    heard = workshop.listen(load(person.reference))
    found = look_up(heard, None, workshop)
    goal = foretell_corrected(found, heard, workshop)
    voices = {}
    for share in SHARES:
        parted = found.towards(goal, share)
        for way, voice in (("parted", parted), ("whole", undivided(parted))):
            lines = workshop.practise_lines(voice)
            said = [workshop.render(voice, line) for line in lines]
            voices[f"{way}, {share:g} of the way"] = tune_voice(voice, lines, said, heard)
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
        points.sort(key=lambda point: float(point[0].split()[0]))
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
