"""Real speech is written down: the words, when they are said, however long it goes on."""

import io

import numpy as np
import pytest
import soundfile
from tests.conftest import Recording

from myna.analysis.sample_analyst import ModelSampleAnalyst
from myna.analysis.transcript_match import measure_match
from myna.domain.errors import RecordingTooLong
from myna.domain.language import LangCode
from myna.domain.transcript import Transcript
from myna.runtime.offload import ThreadOffload
from myna.usecases.transcribe_speech import TranscribeSpeech

_PAUSE_S = 3.0
_RATE_HZ = 16000


async def transcribe(analyst: ModelSampleAnalyst, recording: bytes) -> Transcript:
    offload = ThreadOffload(1, 1)
    try:
        return await TranscribeSpeech(analyst, offload)(recording, None)
    finally:
        offload.close()


async def test_a_minute_of_several_people(analyst: ModelSampleAnalyst, speaker_recordings: list[Recording]) -> None:
    """Longer than the recogniser hears at once: what each says is found within the time in which they say it."""
    chosen = [one for one in speaker_recordings if one.role == "reference" and one.speaker.startswith("ls-")][:5]
    pieces, bounds_s = [], []
    position_s = 0.0
    for one in chosen:
        samples, rate_hz = soundfile.read(one.path, dtype="float32")
        assert rate_hz == _RATE_HZ
        bounds_s.append((position_s, position_s + len(samples) / rate_hz))
        pieces += [samples, np.zeros(int(_PAUSE_S * rate_hz), np.float32)]
        position_s = bounds_s[-1][1] + _PAUSE_S
    file = io.BytesIO()
    soundfile.write(file, np.concatenate(pieces), _RATE_HZ, format="FLAC")
    heard = await transcribe(analyst, file.getvalue())
    assert (heard.lang, heard.duration_s) == (LangCode.EN_US, pytest.approx(position_s, abs=0.01))
    times_s = [time_s for word in heard.words for time_s in (word.start_s, word.end_s)]
    assert times_s == sorted(times_s)
    for one, (start_s, end_s) in zip(chosen, bounds_s, strict=True):
        inside = [word.text for word in heard.words if start_s <= word.start_s and word.end_s <= end_s]
        assert measure_match(one.transcript, "".join(inside)) > 0.8, one.speaker
    assert "".join(word.text for word in heard.words).split() == heard.text.split()


async def test_words_begin_when_they_are_said(analyst: ModelSampleAnalyst, speaker_recordings: list[Recording]) -> None:
    """Two seconds of silence before the same recording move every word by two seconds."""
    samples, rate_hz = soundfile.read(speaker_recordings[0].path, dtype="float32")
    starts_s = []
    for lead_s in (0.5, 2.5):
        file = io.BytesIO()
        soundfile.write(file, np.concatenate([np.zeros(int(lead_s * rate_hz)), samples]), rate_hz, format="WAV")
        starts_s.append([word.start_s - lead_s for word in (await transcribe(analyst, file.getvalue())).words])
    assert np.array(starts_s[0]) == pytest.approx(np.array(starts_s[1]), abs=0.15)


async def test_silence_says_nothing_and_hours_are_refused(analyst: ModelSampleAnalyst) -> None:
    """A recogniser that is given silence makes words up; a recording that is cut would be half a transcript."""
    file = io.BytesIO()
    noise = np.random.default_rng(1).normal(0, 0.003, _RATE_HZ * 20)
    soundfile.write(file, noise, _RATE_HZ, format="WAV")
    assert (await transcribe(analyst, file.getvalue())).text == ""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(_RATE_HZ * 301, np.int16), _RATE_HZ, format="FLAC")
    with pytest.raises(RecordingTooLong):
        await transcribe(analyst, file.getvalue())
