"""How well is each language understood, and how well does the recogniser understand people?

    python bench/languages.py DATA [--languages pt-BR fr-FR] [--sentences 30] [--left-over] [--show]

DATA holds `speech/` and `train/` with their manifests: recordings of people, with the corpora's own texts. Per language
the recogniser that the service ships hears the same sentences twice: as people read them, and as the engine speaks them
with the stock voices of that language in turn (languages without any: see `VOICES`). What has no or few recordings is
spoken from `sentences/*.txt`. Without `--languages` all that are offered; those that were tried only (`tried_languages/`) by name.

Errors are edits over characters, and over words where words are written apart, all sentences pooled; letters and digits
only, without case; Arabic and Hebrew without vowel signs. Chinese and Japanese are counted by reading (syllables, kana),
because the recogniser chooses among homophones as it likes; by characters too, as it writes them.

Every language is counted a third time by its sounds: both texts are read by the engine's own phonemes, without stress,
tones, length and pauses. Words that are written differently and sound alike ("il tourne", "ils tournent") are no error
then, in the engine's speech as in people's.

The sentences are chosen by a hash of their text; `--left-over` takes the others, for tuning, and records nothing.
Results are merged into `results/languages.json`; `en-US` comes first, the others are set against it.
"""

import argparse
import csv
import json
import re
import statistics
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import cycle
from pathlib import Path

import numpy as np
import soundfile
from edit_distance import edit_distance
from lindera import TokenizerBuilder
from pypinyin import lazy_pinyin
from speaking import speak_text
from tried_languages import open_tried

from myna.analysis.sample_models import SampleModels, load_sample_models
from myna.analysis.transcribe import SpeechRecogniser
from myna.audio.silence import cut_spans, shorten_pauses
from myna.audio.window import MAX_PAUSE_S
from myna.config import Settings
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment
from myna.domain.waveform import Waveform
from myna.engines.base import EngineSettings
from myna.engines.kokoro.engine import KokoroEngine
from myna.engines.kokoro.phonemes.spaced import Phonemizer
from myna.engines.kokoro.phonemes.symbols import PUNCTUATION, STRESS_MARKS
from myna.engines.kokoro.spec import SPEC
from myna.text.plan import plan_speech

RESULTS = Path(__file__).parent / "results" / "languages.json"
SENTENCES = Path(__file__).parent / "sentences"
CORPUS = "Common Voice"
"""The only corpus that has every language: the sentences are of one kind, and people read them at home."""
MIN_LETTERS, MAX_LETTERS = 15, 60
MIN_SIGNS, MAX_SIGNS = 6, 25
"""The same for Chinese and Japanese."""
MAX_CLIP_S = 15.0
UNSPACED = frozenset({LangCode.ZH_CN, LangCode.JA_JP})
BY_READING = UNSPACED
VOICES = {
    LangCode.DE_DE: ("Sarah", "Dennis"),
    LangCode.NL_NL: ("Sarah", "Dennis"),
    LangCode.PL_PL: ("Chiara", "Marco"),
    LangCode.RU_RU: ("Chiara", "Marco"),
    LangCode.KO_KR: ("Yuki", "Wei"),
    LangCode.AR_SA: ("Lucia", "Diego"),
    LangCode.HE_IL: ("Lucia", "Diego"),
}
"""For languages without a stock voice of their own."""
SOUNDLESS = STRESS_MARKS | PUNCTUATION | frozenset(" ː→↗↘↓")
SEED = 20261123
NUM_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    clip: Path | None
    """A person reading it."""


@dataclass(frozen=True, slots=True)
class Score:
    """Edits and lengths of one sentence."""

    said: str
    heard: str
    characters: tuple[int, int]
    words: tuple[int, int] | None = None
    signs: tuple[int, int] | None = None
    """As written, where `characters` are those of the reading."""
    sounds: tuple[int, int] | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--languages", nargs="*", default=[])
    parser.add_argument("--sentences", type=int, default=30)
    parser.add_argument("--left-over", action="store_true")
    parser.add_argument("--limit", type=int, help="only the first so many of them")
    parser.add_argument("--show", action="store_true", help="print what was heard")
    parser.add_argument("--keep-people", action="store_true", help="keep the recorded figures of people's recordings")
    parser.add_argument("--voices", nargs="*", help="other stock voices, by name")
    parser.add_argument("--memory", type=Path, help="file that keeps what was heard, so that a broken-off run goes on")
    arguments = parser.parse_args()
    languages = [LangCode(name.replace("-", "_").upper()) for name in arguments.languages]
    models = load_sample_models(Settings().weights_dir)
    memory = Memory(arguments.memory)
    speaker = Speaker(arguments.voices, memory, models.recogniser)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for lang in languages or sorted(SPEC.capabilities.languages, key=lambda lang: (lang is not LangCode.EN_US, lang)):
        sentences = choose_sentences(arguments.data, lang, arguments.sentences, left_over=arguments.left_over)
        sentences = sentences[: arguments.limit]
        row = {"offered": lang in SPEC.capabilities.languages, "voices": speaker.voice_names(lang)}
        speak = speaker.sentences(lang)
        sound = partial(speaker.read_sounds, lang)
        spoken = [judge(lang, one.text, speak(one.text), sound) for one in sentences]
        row["engine"] = summarise(spoken)
        row["by_voice"] = {
            name: summarise(spoken[index :: len(row["voices"])])["character_error"]
            for index, name in enumerate(row["voices"])
        }
        before = results.get(lang.bcp47, {}).get("people")
        if arguments.keep_people and before:
            row["people"] = before
        else:
            read = [
                judge(
                    lang,
                    one.text,
                    memory.recall(f"{lang} {one.clip.name}", partial(hear_clip, models, one.clip, lang)),
                    sound,
                )
                for one in sentences
                if one.clip is not None
            ]
            row["people"] = summarise(read) if read else None
        row["times_people"] = ratio(row["engine"], row["people"])
        english = (row if lang is LangCode.EN_US else results.get("en-US", row))["engine"]
        row["times_english"] = ratio(row["engine"], english)
        row["sounds_times_english"] = ratio(row["engine"], english, "sound_error")
        if arguments.show:
            for score in sorted(spoken, key=rate):
                print(f"  {100 * rate(score):5.1f}  {score.said}\n         {score.heard}")
        print(lang.bcp47, json.dumps(row, ensure_ascii=False), flush=True)
        if not arguments.left_over:
            results[lang.bcp47] = row
            RESULTS.write_text(json.dumps(dict(sorted(results.items())), indent=1, ensure_ascii=False) + "\n")


class OpenEngine(KokoroEngine):
    """The engine with the languages that were tried besides those it offers."""

    def _phonemizer(self, lang: LangCode) -> Phonemizer:
        if lang in SPEC.capabilities.languages:
            return super()._phonemizer(lang)
        if lang not in self._phonemizers:
            self._phonemizers[lang] = open_tried(lang)
        return self._phonemizers[lang]

    def find_symbols(self, segment: SpeechSegment, lang: LangCode) -> str:
        return self._find_symbols(segment, lang).symbols


class Memory:
    """What was heard of the same sounds in the same voice. A line of JSON each; forgotten without a file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
        self._heard = dict(json.loads(line) for line in lines)

    def recall(self, key: str, hear_it: Callable[[], str]) -> str:
        if key not in self._heard:
            self._heard[key] = hear_it()
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([key, self._heard[key]], ensure_ascii=False) + "\n")
        return self._heard[key]


class Speaker:
    def __init__(self, voices: Sequence[str] | None, memory: Memory, recogniser: SpeechRecogniser) -> None:
        self._engine = OpenEngine(EngineSettings(Settings().weights_dir, num_threads=1))
        self._stock = {voice.name: voice for voice in SPEC.stock_voices()}
        self._wanted = voices
        self._memory = memory
        self._recogniser = recogniser

    def voice_names(self, lang: LangCode) -> list[str]:
        """Two of the language, a woman and a man, so that no figure hangs on one voice."""
        wanted = self._wanted or VOICES.get(lang)
        if wanted is not None:
            return list(wanted)
        own = [voice for voice in self._stock.values() if voice.lang is lang]
        return [next(voice.name for voice in own if voice.gender == gender) for gender in ("female", "male")]

    def sentences(self, lang: LangCode) -> Callable[[str], str]:
        """Says one sentence after the other, the voices taking turns, and returns what was heard of it."""
        names = cycle(self.voice_names(lang))
        voices = {name: self._engine.load_voice(self._stock[name].artifact) for name in self.voice_names(lang)}

        def speak(text: str) -> str:
            name = next(names)
            segments = plan_speech(text, lang, normalize=True, max_segment_chars=400, first_segment_chars=None)
            symbols = " | ".join(self._engine.find_symbols(segment, lang) for segment in segments)

            def hear_speech() -> str:
                speech = Waveform(speak_text(self._engine, voices[name], text, lang), SPEC.capabilities.sample_rate_hz)
                return self._recogniser.transcribe(speech, lang).text

            return self._memory.recall(f"{lang} {name} {symbols}", hear_speech)

        return speak

    def read_sounds(self, lang: LangCode, text: str) -> list[str]:
        """The phonemes of a text without what is no sound of its own: stress, tones, length, pauses."""
        segments = plan_speech(
            normalise(text, lang), lang, normalize=True, max_segment_chars=1000, first_segment_chars=None
        )
        symbols = "".join(self._engine.find_symbols(segment, lang) for segment in segments)
        return [symbol for symbol in symbols if symbol not in SOUNDLESS]


def choose_sentences(data: Path, lang: LangCode, count: int, *, left_over: bool) -> list[Sentence]:
    """So many sentences of ordinary length without digits, no text twice; always the same."""
    found = {sentence.text: sentence for sentence in find_recorded(data, lang) if is_ordinary(sentence.text, lang)}
    own = SENTENCES / f"{lang.iso639}.txt"
    if own.exists():
        found |= {line: Sentence(line, None) for line in own.read_text(encoding="utf-8").splitlines() if line}
    ordered = sorted(found.values(), key=lambda sentence: zlib.crc32(sentence.text.encode()))
    return ordered[count : 2 * count] if left_over else ordered[:count]


def find_recorded(data: Path, lang: LangCode) -> Iterator[Sentence]:
    for folder in ("speech", "train"):
        with (data / folder / "manifest.csv").open(encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                is_human = row.get("kind", "speech") == "speech" and row["transcript_source"] == "corpus"
                is_lang = row["language"] in (lang.iso639, lang.bcp47)
                if is_human and is_lang and CORPUS in row["corpus"] and float(row["seconds"]) <= MAX_CLIP_S:
                    yield Sentence(" ".join(row["transcript"].replace('"', " ").split()), data / folder / row["path"])


def is_ordinary(text: str, lang: LangCode) -> bool:
    if any(sign.isdigit() for sign in text):
        return False
    if lang is LangCode.AR_SA and any(unicodedata.category(sign) == "Mn" for sign in text):
        return False  # with its vowels Arabic is only written in scripture
    num_letters = sum(sign.isalpha() for sign in text)
    fewest, most = (MIN_SIGNS, MAX_SIGNS) if lang in UNSPACED else (MIN_LETTERS, MAX_LETTERS)
    return fewest <= num_letters <= most


def hear_clip(models: SampleModels, path: Path, lang: LangCode) -> str:
    """What the recogniser writes of a recording; it hears the speech only, as in the service."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    clip = Waveform(np.ascontiguousarray(samples.mean(axis=1)), rate_hz)
    spans = models.speech_activity.detect(clip).spans
    speech = cut_spans(clip, shorten_pauses(spans, MAX_PAUSE_S)) if spans else clip
    return models.recogniser.transcribe(speech, lang).text


def judge(lang: LangCode, said: str, heard: str, sound: Callable[[str], Sequence[str]]) -> Score:
    sounds = count_edits(sound(said), sound(heard))
    first, second = normalise(said, lang), normalise(heard, lang)
    letters = count_edits(first.replace(" ", ""), second.replace(" ", ""))
    if lang in BY_READING:
        readings = read_signs(first, lang), read_signs(second, lang)
        return Score(said, heard, count_edits(*readings), signs=letters, sounds=sounds)
    return Score(said, heard, letters, count_edits(first.split(), second.split()), sounds=sounds)


def normalise(text: str, lang: LangCode) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    if lang in (LangCode.AR_SA, LangCode.HE_IL):
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Mn")
    for variants, plain in SPELLINGS.get(lang, ()):
        text = re.sub(variants, plain, text)
    kept = (sign if sign.isalnum() or unicodedata.category(sign) in ("Mn", "Mc") else " " for sign in text)
    return " ".join("".join(kept).split())


SPELLINGS = {
    LangCode.AR_SA: (("[أإآٱ]", "ا"), ("ى", "ي"), ("ة", "ه"), ("ؤ", "و"), ("ئ", "ي"), ("ـ", "")),
    LangCode.RU_RU: (("ё", "е"),),
    LangCode.DE_DE: (("ß", "ss"),),
    LangCode.EN_US: (("['’]", ""),),
    LangCode.EN_GB: (("['’]", ""), ("or(?=s?\\b|ed\\b|ing\\b|ite)", "our")),
}
"""What may be written either way. (All Arabic recognisers' benches fold these letters.)"""


def read_signs(text: str, lang: LangCode) -> list[str]:
    """Syllables of Chinese without tones, kana of Japanese."""
    if lang is LangCode.ZH_CN:
        return lazy_pinyin(text.replace(" ", ""))
    words = kana_reader().tokenize(text)
    kana = "".join(
        word.details[-1] if len(word.details) > 8 and word.details[-1] != "*" else word.surface for word in words
    )
    return [chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ゖ" else sign for sign in kana if sign != " "]


@cache
def kana_reader():
    builder = TokenizerBuilder()
    builder.set_mode("normal")
    builder.set_dictionary("embedded://ipadic")
    return builder.build()


def count_edits(first: Sequence[str], second: Sequence[str]) -> tuple[int, int]:
    """Levenshtein's distance, and the length of the first."""
    return edit_distance(first, second), len(first)


def rate(score: Score) -> float:
    return score.characters[0] / max(1, score.characters[1])


def summarise(scores: Sequence[Score]) -> dict[str, object]:
    """Per cent; the range holds the pooled error of nine in ten samples of as many sentences."""
    edits = np.array([score.characters for score in scores])
    picks = np.random.default_rng(SEED).integers(len(scores), size=(NUM_RESAMPLES, len(scores)))
    resampled = edits[picks].sum(axis=1)
    low, high = np.quantile(resampled[:, 0] / resampled[:, 1], [0.05, 0.95])
    rates = [rate(score) for score in scores]
    report: dict[str, object] = {
        "sentences": len(scores),
        "characters": int(edits[:, 1].sum()),
        "character_error": percent(edits[:, 0].sum() / edits[:, 1].sum()),
        "range_90": [percent(low), percent(high)],
        "median_sentence": percent(statistics.median(rates)),
        "worst_sentence": percent(max(rates)),
        "without_error": sum(value == 0 for value in rates),
    }
    for name in ("words", "signs", "sounds"):
        counts = [getattr(score, name) for score in scores]
        if None not in counts:
            report[f"{name[:-1]}_error"] = percent(sum(n for n, _ in counts) / sum(n for _, n in counts))
    return report


def ratio(summary: dict[str, object], other: dict[str, object] | None, name: str = "character_error") -> float | None:
    """How many times the other's errors; None if the other's are not known or there are none."""
    if not other or not other.get(name):
        return None
    return round(float(summary[name]) / float(other[name]), 2)


def percent(share: float) -> float:
    return round(100 * float(share), 1)


if __name__ == "__main__":
    main()
