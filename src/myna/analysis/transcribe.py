"""What is said in a sample, and in which language: Whisper base on CTranslate2."""

import os
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from weakref import WeakValueDictionary

import ctranslate2
import numpy as np
from tokenizers import Tokenizer

from myna.analysis.heard_words import join_words
from myna.analysis.log_mel import FRAMES_PER_S, measure_log_mel
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.domain.language import CLONE_LANGUAGES, LangCode
from myna.domain.transcript import HeardPassage
from myna.domain.waveform import Waveform

_SLACK_S = 5.0
"""Silence after the speech. With less than 3 s of it the decoder loops; with the usual 30 s in all it costs twice."""
_MAX_WINDOW_S = 30.0
"""The encoder's positions end here."""
_MAX_TOKENS = 448
_MAX_PROMPT_TOKENS = 220
"""Source: openai/whisper, decoding.py: half of the positions, less what starts a transcript."""
_LOOP_TOKENS = 3
"""When a text repeats itself, it is heard again without repeating any three tokens."""
_ECHO_WORDS = 4
"""Shorter texts may well be said twice."""
_ECHO_LETTERS_PER_S = 20.0
"""A sentence that fills the recording is now and then written twice. Nobody speaks so fast: 10 to 18 are usual."""
_BEAM_SIZE = 5
_FRAMES_PER_POSITION = 2
"""The encoder halves the rate of its frames."""
_LEAST_PROBABILITY = 1e-6
_TAIL_FRAMES = 20
"""Silence after the speech in which its last word may end."""
_SPACE = "Ġ"
"""How the vocabulary writes a space before a word."""
_NUMERAL_CHARS = frozenset("0123456789%$£€¥")
"""Suppressed, so that "one two three" is not "1 2 3": the transcript is to match what was said."""

_PROMPTS = {LangCode.ZH_CN: "以下是普通话的句子。", LangCode.HI_IN: "यह हिन्दी में एक वाक्य है।"}
"""Without them Whisper writes Traditional Chinese, and Hindi in Urdu script or in English."""

_SURE_OF_LANGUAGE = 0.75
_WORTH_TRYING = 0.1

_MIN_MEAN_LOG_PROB = -1.0
_MAX_NO_SPEECH_PROB = 0.6
_MAX_COMPRESSION_RATIO = 2.4
"""Limits beyond which Whisper's own reference decoder distrusts a segment. Source: openai/whisper, transcribe.py."""

_KEPT_KERNELS = "8"
"""oneDNN, which CTranslate2 calculates with, would keep those of 1,024 lengths of recordings, a megabyte each."""

_OPENING = threading.Lock()
_SHARED: "WeakValueDictionary[Path, SpeechRecogniser]" = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    lang: LangCode
    probability: float
    """Among the languages of the API."""
    is_among_known: float
    """Probability that it is any of them at all."""


@dataclass(frozen=True, slots=True)
class Transcription:
    text: str
    ids: tuple[int, ...]
    """The text's tokens."""
    lang: LangCode
    language_guess: LanguageGuess
    """What was heard, also when `lang` was given."""
    mean_log_prob: float
    """Per token; near 0 when the recogniser is sure."""
    no_speech_prob: float
    compression_ratio: float
    """Above 2.4 the text repeats itself."""

    @property
    def is_reliable(self) -> bool:
        """False for text that the recogniser made up: on music, noise, or in a loop."""
        is_silent = self.no_speech_prob > _MAX_NO_SPEECH_PROB and self.mean_log_prob < _MIN_MEAN_LOG_PROB / 2
        return (
            bool(self.text)
            and self.mean_log_prob >= _MIN_MEAN_LOG_PROB
            and self.compression_ratio <= _MAX_COMPRESSION_RATIO
            and not is_silent
        )


def share_recogniser(model_dir: Path) -> "SpeechRecogniser":
    """The one of this process, for as long as anybody holds it: opening costs a second and 0.15 GB."""
    with _OPENING:
        recogniser = _SHARED.get(model_dir)
        if recogniser is None:
            recogniser = _SHARED[model_dir] = SpeechRecogniser(model_dir)
        return recogniser


class SpeechRecogniser:
    """Hears words and language, from one encoding. Thread-safe: CTranslate2 queues calls, the rest is read-only."""

    def __init__(self, model_dir: Path) -> None:
        """model_dir: holds model.bin, config.json, tokenizer.json, vocabulary.txt."""
        # Read once, with the first recording. Source: oneDNN, "Primitive Cache".
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KEPT_KERNELS)
        self._model = ctranslate2.models.Whisper(str(model_dir), device="cpu", compute_type="int8", intra_threads=1)
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
        self._numeral_ids = [
            index
            for token, index in self._tokenizer.get_vocab(with_added_tokens=False).items()
            if _NUMERAL_CHARS & set(token)
        ]
        self._end_id = self._token_id("<|endoftext|>")

    def detect_language(self, waveform: Waveform) -> LanguageGuess:
        """Which of the API's languages is spoken; costs the encoding and one decoder step."""
        return _best_guess(self._language_probabilities(self._encode(waveform)))

    def transcribe(self, waveform: Waveform, lang: LangCode | None) -> Transcription:
        """waveform: at most 25 s (longer is cut), any rate. lang: None to detect; of two that are near to each other
        the one whose words come out surer is taken."""
        heard = self._hear(self._encode(waveform), lang)
        return replace(heard, text=cut_echo(heard.text, waveform.duration_s))

    def hear_words(self, waveform: Waveform, lang: LangCode | None, prompt: str = "") -> HeardPassage | None:
        """As they are usually written, each with its time; None without any. waveform, lang: as for `transcribe`.
        prompt: what they might follow; its last 220 tokens count."""
        encoding, before = self._encode(waveform), self._previous_ids(prompt)
        heard = self._hear(encoding, lang, with_numerals=True, before=before)
        text = cut_echo(heard.text, waveform.duration_s)
        if not heard.is_reliable:
            return None
        num_frames = int(waveform.duration_s * FRAMES_PER_S) + _TAIL_FRAMES
        aligned = self._model.align(encoding, self._prompt_ids(heard.lang, before), [list(heard.ids)], [num_frames])[0]
        words = join_words(
            heard.ids,
            self._decode_ids,
            alignments=aligned.alignments,
            probabilities=aligned.text_token_probs,
            lang=heard.lang,
            duration_s=waveform.duration_s,
        )
        if text != heard.text:
            words = words[: len(text.split())]
        return HeardPassage(text, words, heard.lang, heard.mean_log_prob, heard.no_speech_prob, heard.compression_ratio)

    def certainty(self, waveform: Waveform, text: str, lang: LangCode) -> float:
        """Mean natural log probability of the words' tokens given the sound, 0 the best: moves evenly where what
        would be written leaps. Signs do not count. waveform: at most 25 s. Source: Whisper's own scores, by forced
        alignment."""
        encoding = self._encode(waveform)
        tokens = self._spell(text)
        ids = [self._token_id(token) for token in tokens]
        num_frames = int(np.shape(encoding)[1]) * _FRAMES_PER_POSITION
        aligned = self._model.align(encoding, self._prompt_ids(lang), [ids], [num_frames])[0]
        is_word = [any(map(str.isalnum, token)) for token in tokens]
        probabilities = np.array(aligned.text_token_probs)[is_word]
        return float(np.mean(np.log(np.maximum(probabilities, _LEAST_PROBABILITY))))

    def _spell(self, text: str) -> list[str]:
        """Tokens as Whisper writes them. The tokenizer file lacks the merge of a space with a t, done here."""
        tokens: list[str] = []
        for token in self._tokenizer.encode(" " + text, add_special_tokens=False).tokens:
            joined = tokens[-1] + token if tokens else ""
            is_cut = bool(tokens) and (tokens[-1] == _SPACE or tokens[-1].startswith(f"{_SPACE}t"))
            if is_cut and self._tokenizer.token_to_id(joined) is not None:
                tokens[-1] = joined
            else:
                tokens.append(token)
        return tokens

    def _hear(
        self,
        encoding: ctranslate2.StorageView,
        lang: LangCode | None,
        *,
        with_numerals: bool = False,
        before: Sequence[int] = (),
    ) -> Transcription:
        probabilities = self._language_probabilities(encoding)
        guess = _best_guess(probabilities)
        if lang is not None:
            return self._decode(encoding, lang, guess, with_numerals, before)
        heard = self._decode(encoding, guess.lang, guess, with_numerals, before)
        rival = max(CLONE_LANGUAGES, key=lambda code: 0.0 if code is guess.lang else probabilities[code])
        if guess.probability >= _SURE_OF_LANGUAGE or probabilities[rival] < _WORTH_TRYING * sum(probabilities.values()):
            return heard
        rival_guess = LanguageGuess(rival, probabilities[rival] / guess.is_among_known, guess.is_among_known)
        other = self._decode(encoding, rival, rival_guess, with_numerals, before)
        return other if _is_surer(other, heard) else heard

    def _decode(
        self,
        encoding: ctranslate2.StorageView,
        lang: LangCode,
        guess: LanguageGuess,
        with_numerals: bool,
        before: Sequence[int],
        *,
        no_repeat_ngram_size: int = 0,
    ) -> Transcription:
        result = self._model.generate(
            encoding,
            [self._prompt_ids(lang, before)],
            beam_size=_BEAM_SIZE,
            max_length=_MAX_TOKENS,
            no_repeat_ngram_size=no_repeat_ngram_size,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1] if with_numerals else [-1, *self._numeral_ids],
        )[0]
        ids = [index for index in result.sequences_ids[0] if index < self._end_id]
        text = self._decode_ids(ids).strip()
        heard = Transcription(
            text=text,
            ids=tuple(ids),
            lang=lang,
            language_guess=guess,
            mean_log_prob=float(result.scores[0]),
            no_speech_prob=float(result.no_speech_prob),
            compression_ratio=measure_compression_ratio(text),
        )
        if no_repeat_ngram_size or heard.compression_ratio <= _MAX_COMPRESSION_RATIO:
            return heard
        return self._decode(encoding, lang, guess, with_numerals, before, no_repeat_ngram_size=_LOOP_TOKENS)

    def _encode(self, waveform: Waveform) -> ctranslate2.StorageView:
        samples = resample(waveform, SAMPLE_RATE_HZ).samples[: int((_MAX_WINDOW_S - _SLACK_S) * SAMPLE_RATE_HZ)]
        num_frames = int((len(samples) / SAMPLE_RATE_HZ + _SLACK_S) * FRAMES_PER_S) // 2 * 2
        padded = np.zeros(num_frames * SAMPLE_RATE_HZ // FRAMES_PER_S, np.float32)
        padded[: len(samples)] = samples
        features = np.ascontiguousarray(measure_log_mel(padded)[np.newaxis])
        return self._model.encode(ctranslate2.StorageView.from_array(features))

    def _language_probabilities(self, encoding: ctranslate2.StorageView) -> dict[LangCode, float]:
        by_token = dict(self._model.detect_language(encoding)[0])
        return {lang: by_token[f"<|{lang.iso639}|>"] for lang in CLONE_LANGUAGES}

    def _prompt_ids(self, lang: LangCode, before: Sequence[int] = ()) -> list[int]:
        start = ["<|startoftranscript|>", f"<|{lang.iso639}|>", "<|transcribe|>", "<|notimestamps|>"]
        ids = [self._token_id(token) for token in start]
        previous = [*self._previous_ids(_PROMPTS.get(lang, "")), *before][-_MAX_PROMPT_TOKENS:]
        return [self._token_id("<|startofprev|>"), *previous, *ids] if previous else ids

    def _previous_ids(self, text: str) -> list[int]:
        spelt: Sequence[int] = self._tokenizer.encode(" " + text, add_special_tokens=False).ids if text else ()
        # Without what a caller may have written to look like a token of control.
        return [index for index in spelt if index < self._end_id]

    def _decode_ids(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids)))

    def _token_id(self, token: str) -> int:
        index = self._tokenizer.token_to_id(token)
        assert index is not None, "the vocabulary is Whisper's"
        return index


def _best_guess(probabilities: dict[LangCode, float]) -> LanguageGuess:
    total = max(sum(probabilities.values()), 1e-9)
    best = max(probabilities, key=lambda lang: probabilities[lang])
    return LanguageGuess(best, probabilities[best] / total, total)


def _is_surer(first: Transcription, second: Transcription) -> bool:
    if first.is_reliable != second.is_reliable:
        return first.is_reliable
    return first.mean_log_prob > second.mean_log_prob


def cut_echo(text: str, duration_s: float) -> str:
    """One half of a text that says the same words twice, if both cannot have been said in the time; else the text."""
    words = text.split()
    half = len(words) // 2
    first, second = (
        ["".join(filter(str.isalnum, word.lower())) for word in part] for part in (words[:half], words[half:])
    )
    is_too_fast = sum(map(len, first + second)) > _ECHO_LETTERS_PER_S * duration_s
    return " ".join(words[:half]) if half >= _ECHO_WORDS and first == second and is_too_fast else text


def measure_compression_ratio(text: str) -> float:
    """How many times smaller the text becomes when compressed; 0 for none. Loops compress well."""
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 0.0
