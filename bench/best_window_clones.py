"""Is a clone of the chosen part of a long recording at least as alike as a clone of its first 15 seconds?

    python bench/best_window_clones.py DATA/speech RESULTS.jsonl [--most N]

The long recordings of `best_window.py`, as they are and with street noise under the first third. Both parts are cloned
by the embedded engine; each clone speaks three sentences, which are compared with the recording that was left out by
both speaker encoders. Where the two parts are the same, so are the clones. Half a minute of processor a clone: what is in
RESULTS.jsonl is not measured again; `--most` stops after so many recordings.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import platformdirs
from best_window import RATE_HZ, iter_long_recordings, read, with_street
from speaking import speak_text

from myna.analysis.reference_window import choose_reference_window
from myna.analysis.sample_models import SampleModels, load_sample_models
from myna.audio.loudness import normalize_loudness
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.audio.silence import TimeSpan, cut_spans, shorten_pauses
from myna.audio.window import MAX_PAUSE_S, MAX_WINDOW_S
from myna.domain.language import LangCode
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSettings
from myna.engines.kokoro.engine import KokoroEngine

ENGINE_RATE_HZ = 24_000
TEXT = (
    "The harbour was quiet when the last boat came home. Nobody had seen the letter before that evening. "
    "We walked along the river until the lights went out."
)


def speak(engine: KokoroEngine, part: Waveform) -> Waveform:
    """A clone's three sentences, 16 kHz."""
    reference = ReferenceAudio(normalize_loudness(resample(part, ENGINE_RATE_HZ)), "", LangCode.EN_US)
    voice = engine.load_voice(engine.hear_voice(reference))
    spoken = speak_text(engine, voice, TEXT, max_segment_chars=250)
    return resample(Waveform(spoken, ENGINE_RATE_HZ), SAMPLE_RATE_HZ)


def cosines(first: Waveform, second: Waveform, models: SampleModels) -> list[float]:
    return [float(one.embed(first) @ one.embed(second)) for one in (models.ge2e, models.campplus)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--most", type=int, default=1000)
    arguments = parser.parse_args()
    weights_dir = Path(platformdirs.user_cache_dir("myna")) / "weights"
    models, engine = load_sample_models(weights_dir), KokoroEngine(EngineSettings(weights_dir, num_threads=1))
    street = read(arguments.folder / "noise" / "city.flac")
    lines = arguments.results.read_text().splitlines() if arguments.results.exists() else []
    rows = {(row["speaker"], row["kind"]): row for row in map(json.loads, lines)}
    for speaker, recording, left_out in iter_long_recordings(arguments.folder):
        for kind, samples in (("street", with_street(recording, street)), ("clean", recording)):
            if (speaker, kind) in rows or len(rows) >= arguments.most:
                continue
            started_s = time.process_time()
            whole = Waveform(samples.astype(np.float32), RATE_HZ)
            activity = models.speech_activity.detect(whole)
            window = choose_reference_window(whole, activity, models.opinion, models.ge2e)
            # the same treatment of pauses, so that only the choice differs
            within = [
                TimeSpan(s.start_s, min(s.end_s, MAX_WINDOW_S)) for s in activity.spans if s.start_s < MAX_WINDOW_S
            ]
            first = cut_spans(whole, shorten_pauses(within, MAX_PAUSE_S))
            target = Waveform(left_out, RATE_HZ)
            row = {"speaker": speaker, "kind": kind, "window": [window.start_s, window.end_s]}
            row["first"] = cosines(speak(engine, first), target, models)
            row["chosen"] = cosines(speak(engine, cut_spans(whole, window.kept)), target, models)
            row["cpu_s"] = round(time.process_time() - started_s, 1)
            rows[speaker, kind] = row
            with arguments.results.open("a") as file:
                file.write(json.dumps(row) + "\n")
    for kind in ("clean", "street"):
        chosen = [row for (_, of), row in rows.items() if of == kind]
        if chosen:
            first, best = (np.mean([row[part] for row in chosen], axis=0).round(3) for part in ("first", "chosen"))
            print(f"{kind}: {len(chosen)} speakers, GE2E and CAM++: first {first}, chosen {best}")


if __name__ == "__main__":
    main()
