"""What is said in a sample, and in which language: Whisper base on CTranslate2."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
from tokenizers import Tokenizer

from myna.analysis.log_mel import FRAMES_PER_S, RATE_HZ, measure_log_mel, slaney_mel_filters
from myna.audio.resample import resample
from myna.domain.language import CLONE_LANGUAGES, LangCode
from myna.domain.waveform import Waveform

_SLACK_S = 5.0
"""Silence after the speech. With less than 3 s of it the decoder loops; with the usual 30 s in all it costs twice."""
_MAX_WINDOW_S = 30.0
"""The encoder's positions end here."""
_MAX_TOKENS = 224
_BEAM_SIZE = 5
_NUMERAL_CHARS = frozenset("0123456789%$£€¥")
"""Suppressed, so that "one two three" is not "1 2 3": the transcript is to match what was said."""

_PROMPTS = {LangCode.ZH_CN: "以下是普通话的句子。", LangCode.HI_IN: "यह हिन्दी में एक वाक्य है।"}
"""Without them Whisper writes Traditional Chinese, and Hindi in Urdu script or in English."""

_MIN_MEAN_LOG_PROB = -1.0
_MAX_NO_SPEECH_PROB = 0.6
_MAX_COMPRESSION_RATIO = 2.4
"""Limits beyond which Whisper's own reference decoder distrusts a segment. Source: openai/whisper, transcribe.py."""


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


class SpeechRecogniser:
    """Hears words and language. Thread-safe: CTranslate2 queues calls, the rest is read-only.

    Each sample is encoded once; language and words come from that one encoding.
    """

    def __init__(self, model_dir: Path, num_threads: int = 1) -> None:
        """model_dir: holds model.bin, config.json, tokenizer.json, vocabulary.txt."""
        self._model = ctranslate2.models.Whisper(
            str(model_dir), device="cpu", compute_type="int8", intra_threads=num_threads
        )
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
        self._filters = slaney_mel_filters()
        self._numeral_ids = [
            index
            for token, index in self._tokenizer.get_vocab(with_added_tokens=False).items()
            if _NUMERAL_CHARS & set(token)
        ]
        self._end_id = self._token_id("<|endoftext|>")

    def detect_language(self, waveform: Waveform) -> LanguageGuess:
        """Which of the API's languages is spoken; costs the encoding and one decoder step."""
        return self._guess_language(self._encode(waveform))

    def transcribe(self, waveform: Waveform, lang: LangCode | None) -> Transcription:
        """Hear the words.

        waveform: at most 25 s (longer is cut), any rate. lang: what it is in, None to detect.
        """
        encoding = self._encode(waveform)
        guess = self._guess_language(encoding)
        spoken = lang or guess.lang
        result = self._model.generate(
            encoding,
            [self._prompt_ids(spoken)],
            beam_size=_BEAM_SIZE,
            max_length=_MAX_TOKENS * 2,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1, *self._numeral_ids],
        )[0]
        ids = [index for index in result.sequences_ids[0] if index < self._end_id]
        text = self._tokenizer.decode(ids).strip()
        return Transcription(
            text=text,
            lang=spoken,
            language_guess=guess,
            mean_log_prob=float(result.scores[0]),
            no_speech_prob=float(result.no_speech_prob),
            compression_ratio=measure_compression_ratio(text),
        )

    def _encode(self, waveform: Waveform) -> ctranslate2.StorageView:
        samples = resample(waveform, RATE_HZ).samples[: int((_MAX_WINDOW_S - _SLACK_S) * RATE_HZ)]
        num_frames = int((len(samples) / RATE_HZ + _SLACK_S) * FRAMES_PER_S) // 2 * 2
        padded = np.zeros(num_frames * RATE_HZ // FRAMES_PER_S, np.float32)
        padded[: len(samples)] = samples
        features = np.ascontiguousarray(measure_log_mel(padded, self._filters)[np.newaxis])
        return self._model.encode(ctranslate2.StorageView.from_array(features))

    def _guess_language(self, encoding: ctranslate2.StorageView) -> LanguageGuess:
        by_token = dict(self._model.detect_language(encoding)[0])
        known = {lang: by_token[f"<|{lang.iso639}|>"] for lang in CLONE_LANGUAGES}
        total = sum(known.values())
        best = max(known, key=lambda lang: known[lang])
        return LanguageGuess(best, known[best] / max(total, 1e-9), total)

    def _prompt_ids(self, lang: LangCode) -> list[int]:
        start = ["<|startoftranscript|>", f"<|{lang.iso639}|>", "<|transcribe|>", "<|notimestamps|>"]
        ids = [self._token_id(token) for token in start]
        prompt = _PROMPTS.get(lang)
        if prompt is None:
            return ids
        previous: Sequence[int] = self._tokenizer.encode(" " + prompt, add_special_tokens=False).ids
        return [self._token_id("<|startofprev|>"), *previous, *ids]

    def _token_id(self, token: str) -> int:
        index = self._tokenizer.token_to_id(token)
        assert index is not None, "the vocabulary is Whisper's"
        return index


def measure_compression_ratio(text: str) -> float:
    """How many times smaller the text becomes when compressed; 0 for none. Loops compress well."""
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 0.0
