"""From a recording to a voice, at once: a look-up in the style space, then pitch, pace and colour."""

from dataclasses import replace

import numpy as np

from myna.domain.waveform import ReferenceAudio, Samples
from myna.engines.kokoro.pitch_track import PitchStatistics
from myna.engines.kokoro.timbre_spectrum import missing_eq_db
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, KokoroVoice, pack_voice
from myna.engines.kokoro.voice_correct import correct_voice
from myna.engines.kokoro.voice_pace import duration_scale
from myna.engines.kokoro.voice_practice import PracticeSentence, voiced_log_f0
from myna.engines.kokoro.voice_workshop import Listening, VoiceWorkshop

NUM_PRACTICE = 12
"""Sentences whose reading is foretold, for the pitch."""
_MAX_PACED_SYMBOLS = 500


def clone_voice(reference: ReferenceAudio, transcript_symbols: str | None, workshop: VoiceWorkshop) -> bytes:
    """Derive a voice from a recording: pitch, timbre and pace of the person. Same audio, same bytes.

    transcript_symbols: what is said, in the model's symbols, if its language is one that the engine can spell; the
    pace is then measured against the model's own reading of the same words.
    Raises: InvalidRequest for less than half a second of sound.
    """
    heard = workshop.listen(reference.waveform)
    voice, sentences = look_up(heard, transcript_symbols, workshop)
    corrected = correct_voice(voice, sentences, heard, workshop)
    artifact = pack_voice(tune(corrected.voice, corrected.spoken, heard))
    workshop.release()
    return artifact


def look_up(
    heard: Listening, transcript_symbols: str | None, workshop: VoiceWorkshop
) -> tuple[KokoroVoice, list[PracticeSentence]]:
    """The voice before it has been heard, and what it can practise on."""
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
    sentences = workshop.practise(voice, NUM_PRACTICE)
    return _set_pitch(voice, sentences, heard.pitch), sentences


def tune(voice: KokoroVoice, spoken: list[Samples], heard: Listening) -> KokoroVoice:
    """Bring the colour half-way to the recording's; not to that of a telephone, a room or noise.

    spoken: sentences in this voice, as `VoiceWorkshop.render` gives them.
    """
    curve = heard.clean_share * missing_eq_db(heard.samples, np.concatenate(spoken))
    return replace(voice, eq_db=curve.astype(np.float32))


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
