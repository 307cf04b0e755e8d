"""From a recording to a voice: at once by a look-up in the style space, by ear as much of the way on as stays clear."""

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.hiss import HISS_LINES
from myna.engines.kokoro.making.pitch_track import PitchStatistics
from myna.engines.kokoro.making.voice_clarity import CLEAR
from myna.engines.kokoro.making.voice_pace import duration_scale
from myna.engines.kokoro.making.voice_practice import PracticeSentence, voiced_log_f0
from myna.engines.kokoro.making.voice_tune import tune_voice
from myna.engines.kokoro.making.voice_workshop import Listening, VoiceWorkshop
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, KokoroVoice

_NUM_PRACTICE = 12
"""Sentences whose reading is foretold, for the pitch."""
_MAX_PACED_SYMBOLS = 500
_SHARES_BETWEEN = (0.7, 0.4)
"""Of the way from the timbre that was looked up to the one that corrections would reach."""
_SAFE_SHARE = 0.7
"""Of that way, for a voice that is not listened to before it speaks."""
_LINES_AT_ONCE = HISS_LINES
"""To hear colour and hisses by: to .3 and .5 dB as from all six; the other four would take two seconds more."""
_GOOD_OPINION, _OPINION_TOLERANCE, _WORST_OPINION = 3.1, 0.15, 2.6
"""DNSMOS overall may fall to the first, or by the second below the voice as it was looked up, never below the third.
(People's own recordings: 3.15.) Without this, a few voices are led to where nobody speaks: one came out at 1.8. At 2.9
noise still filled the closures of stops.
"""


def clone_at_once(waveform: Waveform, transcript_symbols: str | None, workshop: VoiceWorkshop) -> KokoroVoice:
    """Derive a voice from a recording without listening to it: a safe part of the way. Otherwise as `clone_voice`."""
    heard, found, goal = _find(waveform, transcript_symbols, workshop)
    voice = found.towards(goal, _SAFE_SHARE)
    lines = workshop.practise_lines(found, _LINES_AT_ONCE)
    said = [workshop.render(voice, line) for line in lines]
    workshop.release()
    return tune_voice(voice, lines, said, heard)


def clone_voice(
    waveform: Waveform, transcript_symbols: str | None, workshop: VoiceWorkshop
) -> tuple[KokoroVoice, Listening]:
    """Derive a voice by ear: pitch, timbre and pace; and what was heard. Same audio, same voice. transcript_symbols:
    what is said, if the engine can spell it; the pace is then measured against the model's own reading. Raises:
    InvalidRequest for less than half a second of sound; WeightsMissing, WeightsCorrupt."""
    heard, found, goal = _find(waveform, transcript_symbols, workshop)
    lines = workshop.practise_lines(found)
    voice, said = reach(found, goal, lines, workshop)
    workshop.release()
    return tune_voice(voice, lines, said, heard), heard


def _find(
    waveform: Waveform, transcript_symbols: str | None, workshop: VoiceWorkshop
) -> tuple[Listening, KokoroVoice, KokoroVoice]:
    """What is heard, the voice as it is looked up, and the one that corrections would reach."""
    heard = workshop.listen(waveform)
    found = look_up(heard, transcript_symbols, workshop)
    return heard, found, foretell_corrected(found, heard, workshop)


def look_up(heard: Listening, transcript_symbols: str | None, workshop: VoiceWorkshop) -> KokoroVoice:
    """The most likely voice by the map from sounds to styles, at the person's pitch and pace."""
    style_map = workshop.style_map
    timbre_style, prosody_style = style_map.locate(style_map.features(heard.sound))
    voice = KokoroVoice(
        timbre_style=timbre_style.astype(np.float32),
        articulation_style=style_map.prior_mean.astype(np.float32),
        prosody_style=prosody_style.astype(np.float32),
        predicted_log_f0=0.0,
        target_log_f0=0.0,
        pitch_spread=1.0,
        duration_scale=1.0,
        eq_db=np.zeros(NUM_EQ_BANDS, dtype=np.float32),
    )
    if transcript_symbols:
        symbols = transcript_symbols[:_MAX_PACED_SYMBOLS]
        frames = workshop.predict_frames(voice, symbols)
        voice = replace(voice, duration_scale=duration_scale(heard.samples, symbols, frames))
    return _set_pitch(voice, workshop.practise(voice, _NUM_PRACTICE), heard.pitch)


def foretell_corrected(found: KokoroVoice, heard: Listening, workshop: VoiceWorkshop) -> KokoroVoice:
    """Where corrections by ear and by gradient would lead a voice that was looked up: another timbre."""
    style_map = workshop.style_map
    step, offset = workshop.timbre_space.foretell(style_map.features(heard.sound))
    style = style_map.reach(found.timbre_style.astype(np.float64)) + style_map.prior_cholesky @ step
    return replace(found, timbre_style=style.astype(np.float32), timbre_offset=offset.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    voice: KokoroVoice
    said: list[Samples]
    opinion: float
    certainty: float

    @property
    def is_clear(self) -> bool:
        return self.certainty >= CLEAR


def reach(
    found: KokoroVoice, goal: KokoroVoice, lines: list[PracticeSentence], workshop: VoiceWorkshop
) -> tuple[KokoroVoice, list[Samples]]:
    """As much of the way to another timbre as sounds good and is understood; if nothing is, the clearest; with the
    lines as said. Mostly all of it: one hearing, four seconds of one core. Else the start is heard next, for its own
    noise, then what lies between."""

    def attempt(share: float) -> _Attempt:
        voice = found.towards(goal, share)
        said = [workshop.render(voice, line) for line in lines]
        return _Attempt(voice, said, workshop.opinion_of(said), workshop.clarity.certainty(said))

    whole = attempt(1.0)
    if whole.opinion >= _GOOD_OPINION and whole.is_clear:
        return whole.voice, whole.said
    start = attempt(0.0)
    limit = least_opinion(start.opinion)
    good = []
    for tried in chain([whole], map(attempt, _SHARES_BETWEEN), [start]):
        if tried.opinion >= limit:
            good.append(tried)
            if tried.is_clear:
                break
    best = good[-1] if good and good[-1].is_clear else max(good or [start], key=lambda tried: tried.certainty)
    return best.voice, best.said


def least_opinion(at_start: float) -> float:
    """What DNSMOS overall may fall to, from what it says of the voice at the start of the way."""
    return max(_WORST_OPINION, min(_GOOD_OPINION, at_start - _OPINION_TOLERANCE))


def _set_pitch(voice: KokoroVoice, sentences: list[PracticeSentence], wanted: PitchStatistics) -> KokoroVoice:
    """Move the predicted pitch to the person's mean, and half-way to their spread."""
    predicted = np.concatenate([voiced_log_f0(sentence.curves) for sentence in sentences])
    ratio = float(np.clip(wanted.log_f0_sd / max(float(predicted.std()), 0.02), 0.7, 1.5))
    return replace(
        voice,
        predicted_log_f0=float(predicted.mean()),
        target_log_f0=wanted.log_f0_mean,
        pitch_spread=0.5 * (1.0 + ratio),
    )
