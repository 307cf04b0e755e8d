"""Draw what `likeness.py` measured, and make the page to listen to.

    python bench/likeness_page.py --data DATA/speech --audio WORK/audio

Reads `bench/results/likeness.json` and the audio that the bench kept (`--audio`). Writes `docs/pictures/likeness.png` (every
speaker, every judge), `docs/listen/index.html` with the recordings and what their clones say, and a picture of each.
Needs matplotlib.
"""

import argparse
import html
import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import soundfile
from likeness_judges import LISTENING_RATE_HZ, SENTENCES
from likeness_people import Person, load, read_people

from myna.audio.resample import resample
from myna.domain.waveform import Samples
from myna.engines.kokoro.making.pitch_track import track_pitch

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[1]
SPEAKERS = ("ls-1998", "ls-4195", "ls-2609", "ls-2033", "ls-6529", "ls-374", "vctk-p225", "vctk-p226")
"""Of corpora whose licence (CC BY 4.0) lets us show them; some of the best and of the poorest."""
KINDS = (("clone", "clone, at once"), ("refined", "clone, refined"), ("stock + EQ", "nearest stock voice"))
COLOURS = {"clone": "#2a78c2", "refined": "#1b7f4d", "stock + EQ": "#b0662a"}
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8886;
vertical-align:middle}img{max-width:100%;height:auto}audio{width:100%;min-width:14rem}"""


def draw_speakers(report: dict, target: Path) -> None:
    """One row a speaker, ordered by the clone; a dot for each method, a panel for each judge."""
    scores = report["scores"]
    judges = [("a", "judge A (GE2E)"), ("b", "judge B (CAM++)"), ("c", "judge C (no part in the making)")]
    judges = [entry for entry in judges if any(row[f"likeness_{entry[0]}"] is not None for row in scores)]
    clones = {row["speaker"]: row for row in scores if row["method"] == "clone"}
    order = sorted(clones, key=lambda name: clones[name]["likeness_a"] + clones[name]["likeness_b"])
    figure, panels = plt.subplots(1, len(judges), figsize=(4 * len(judges), 0.16 * len(order) + 1.6), sharey=True)
    for panel, (judge, title) in zip(panels, judges, strict=True):
        panel.axvline(0, color="grey", lw=0.8)
        panel.axvline(1, color="grey", lw=0.8)
        for method, label in KINDS:
            points = [row for row in scores if row["method"] == method and row["speaker"] in clones]
            panel.scatter(
                [row[f"likeness_{judge}"] for row in points],
                [order.index(row["speaker"]) for row in points],
                s=14,
                color=COLOURS[method],
                label=label,
            )
        panel.set_title(title, fontsize=10)
        panel.set_xlabel("0 a stranger, 1 the same person", fontsize=8)
        panel.grid(axis="y", lw=0.3)
    panels[0].set_yticks(range(len(order)), order, fontsize=6)
    figure.legend(*panels[0].get_legend_handles_labels(), fontsize=8, loc="upper center", ncols=len(KINDS))
    figure.tight_layout(rect=(0, 0, 1, 0.94))
    figure.savefig(target, dpi=110)
    plt.close(figure)


def draw_sound(parts: list[tuple[str, Samples]], target: Path) -> None:
    """Spectrograms side by side with the pitch on top."""
    widths = [len(samples) for _, samples in parts]
    figure, panels = plt.subplots(
        1, len(parts), figsize=(3.6 * len(parts), 2.6), sharey=True, gridspec_kw={"width_ratios": widths}
    )
    for panel, (title, samples) in zip(panels, parts, strict=True):
        panel.specgram(samples + 1e-6, NFFT=512, Fs=LISTENING_RATE_HZ, noverlap=352, cmap="magma", vmin=-120, vmax=-40)
        f0_hz = track_pitch(samples)
        above = panel.twinx()
        above.plot(np.arange(len(f0_hz)) * 0.01, np.where(f0_hz > 0, f0_hz, np.nan), color="#4fe3ff", lw=1.2)
        above.set_ylim(50, 450)
        above.tick_params(labelsize=6)
        panel.set_title(title, fontsize=9)
        panel.tick_params(labelsize=6)
    panels[0].set_ylabel("Hz (pitch: right)", fontsize=7)
    figure.tight_layout()
    figure.savefig(target, dpi=80, pil_kwargs={"quality": 70})
    plt.close(figure)


def write_opus(samples: Samples, target: Path) -> None:
    soundfile.write(target, samples, LISTENING_RATE_HZ, format="OGG", subtype="OPUS")


def write_page(people: list[Person], audio: Path, report: dict, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    scores = {(row["method"], row["speaker"]): row for row in report["scores"]}
    sections = []
    for person in people:
        reference = resample(load(person.reference), LISTENING_RATE_HZ).samples
        parts, rows = [("the recording", reference)], []
        write_opus(reference, folder / f"{person.speaker}_recording.opus")
        rows.append(("the recording that was cloned", f"{person.speaker}_recording.opus", ""))
        for method, label in KINDS:
            slug = method.replace(" + ", "-").lower()
            kept = audio / f"{person.speaker}_{slug}_0.flac"
            if not kept.exists():
                continue
            spoken = resample(load(kept), LISTENING_RATE_HZ).samples
            name = f"{person.speaker}_{slug}.opus"
            write_opus(spoken, folder / name)
            parts.append((label, spoken))
            score = scores.get((method, person.speaker))
            figures = ""
            if score:
                figures = " / ".join(
                    f"{score[f'likeness_{judge}']:.2f}" for judge in "abc" if score[f"likeness_{judge}"] is not None
                )
            rows.append((label, name, figures))
        draw_sound(parts, folder / f"{person.speaker}.webp")
        sections.append(_section(person, rows))
    page = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Myna: listen to clones</title><style>{STYLE}</style>
<h1>Listen to clones</h1>
<p>Every voice was made from the one recording above it and says: “{html.escape(SENTENCES[0])}” Likeness by judges A / B /
C: 0 is a stranger, 1 the person's second recording. Some of the best are here and some of
the poorest. Recordings:
LibriSpeech and CSTR VCTK, CC BY 4.0. Made by <code>bench/likeness.py</code> and <code>bench/likeness_page.py</code>.</p>
{"".join(sections)}
</html>
"""
    (folder / "index.html").write_text(page)


def _section(person: Person, rows: list[tuple[str, str, str]]) -> str:
    cells = "".join(
        f'<tr><th scope="row">{html.escape(label)}</th><td><audio controls preload="none" src="{name}" '
        f'aria-label="{html.escape(person.speaker)}, {html.escape(label)}"></audio></td><td>{figures}</td></tr>\n'
        for label, name, figures in rows
    )
    return (
        f'<h2>{person.speaker}</h2>\n<img src="{person.speaker}.webp" alt="Spectrograms and pitch of the recording and of '
        f'each voice, side by side">\n<table><thead><tr><th>voice</th><th>sound</th><th>likeness</th></tr></thead>'
        f"<tbody>{cells}</tbody></table>\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--audio", type=Path, required=True, help="what `likeness.py --audio` kept")
    parser.add_argument("--results", type=Path, default=ROOT / "bench/results/likeness.json")
    arguments = parser.parse_args()
    report = json.loads(arguments.results.read_text())
    draw_speakers(report, ROOT / "docs/pictures/likeness.png")
    people = [person for person in read_people(arguments.data) if person.speaker in SPEAKERS]
    write_page(people, arguments.audio, report, ROOT / "docs/listen")


if __name__ == "__main__":
    main()
