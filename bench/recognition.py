"""How well are words and language of a sample heard?

    python bench/recognition.py DATA/speech

Every clip whose text the corpus gives, in the languages of the API. The language is detected; for the error rates it is
given. Character and word error rates on letters and digits only, without case and accents.
"""

import csv
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

import numpy as np
import platformdirs
import soundfile
from edit_distance import edit_distance

from myna.analysis.sample_models import load_sample_models
from myna.audio.silence import cut_spans, shorten_pauses
from myna.audio.window import MAX_PAUSE_S
from myna.domain.language import CLONE_LANGUAGES
from myna.domain.waveform import Waveform

BY_ISO639 = {lang.iso639: lang for lang in CLONE_LANGUAGES}


def normalise(text: str) -> str:
    kept = (char for char in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(char) != "Mn")
    return " ".join("".join(char if char.isalnum() else " " for char in kept).split())


def main(folder: Path) -> None:
    models = load_sample_models(Path(platformdirs.user_cache_dir("myna")) / "weights")
    heard = defaultdict(list)
    with (folder / "manifest.csv").open() as rows:
        for row in csv.DictReader(rows):
            lang = BY_ISO639.get(row["language"].split("-")[0])
            if row["kind"] != "speech" or lang is None or row["transcript_source"] != "corpus":
                continue
            samples, rate_hz = soundfile.read(folder / row["path"], dtype="float32", always_2d=True)
            clip = Waveform(np.ascontiguousarray(samples.mean(axis=1)), rate_hz)
            spans = models.speech_activity.detect(clip).spans
            speech = cut_spans(clip, shorten_pauses(spans, MAX_PAUSE_S)) if spans else clip
            detected = models.recogniser.transcribe(speech, None).lang
            said, text = normalise(row["transcript"]), normalise(models.recogniser.transcribe(speech, lang).text)
            letters, words = said.replace(" ", ""), said.split()
            heard[lang.iso639].append(
                (
                    detected is lang,
                    edit_distance(letters, text.replace(" ", "")) / max(1, len(letters)),
                    edit_distance(words, text.split()) / max(1, len(words)),
                )
            )
    for language, figures in heard.items():
        right, characters, words = np.mean(figures, axis=0)
        print(f"{language}  {len(figures):2d} clips  language {right:.2f}  CER {characters:.2f}  WER {words:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
