"""Write down what is said in a recording: the only way from an uploaded recording to its words."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial

from myna.audio.container import sniff_container
from myna.audio.decode import DecodeLimits
from myna.audio.pcm import wav_header
from myna.domain.errors import InvalidRequest, RecordingTooLong
from myna.domain.language import LangCode
from myna.domain.transcript import FoundSpeech, HeardPassage, Transcript
from myna.usecases.ports import Offload, SampleAnalyst

MAX_PROMPT_CHARS = 4000
"""Of what a caller says that may occur in a recording. The recogniser goes by about the last 150 words."""
_MAX_S = 4 * 3600.0
"""Of a recording that is read part by part."""
_MIN_STEP_S = 1.0
_READ = DecodeLimits()
MIN_READ_RATE_HZ, MAX_READ_RATE_HZ, MAX_READ_CHANNELS = _READ.min_rate_hz, _READ.max_rate_hz, _READ.max_channels
"""Of a recording, whether it says so itself or its caller does."""


@dataclass(frozen=True, slots=True)
class TranscribeSpeech:
    """Passage by passage, so that a caller who leaves stops the work, and others get their turn in between."""

    analyst: SampleAnalyst
    offload: Offload

    async def __call__(self, recording: bytes, lang: LangCode | None, prompt: str = "") -> Transcript:
        """lang: None to detect it. prompt: words that may occur. Raises: AudioUndecodable, RecordingTooLong, ..."""
        found = await self.find(recording)
        heard = [passage async for passage in self.hear(found, lang, prompt)]
        return Transcript(heard[0].lang if heard else lang, found.duration_s, tuple(heard))

    async def find(self, recording: bytes) -> FoundSpeech:
        """Where somebody speaks. Raises: as above."""
        found = await self.offload(partial(self.analyst.find_speech, recording))
        if found.is_cut:
            raise RecordingTooLong(
                f"The recording is too long: at most {found.duration_s:.0f} s of it can be heard at one time. "
                "Send it in parts, or to /stt/v1/transcribe:async."
            )
        return found

    async def check(self, recording: bytes, raw_form: tuple[int, int] | None = None) -> None:
        """Whether it can be heard, by its beginning. raw_form: as `hear_long`. Raises: AudioUndecodable, ..."""
        await self.offload(lambda: self.analyst.check(_as_file(recording, raw_form)))

    async def hear(self, found: FoundSpeech, lang: LangCode | None, prompt: str) -> AsyncGenerator[HeardPassage, None]:
        """One passage after the other. Raises: Overloaded, ..."""
        for passage in found.passages:
            words = await self.offload(partial(self.analyst.hear, passage.waveform, lang, prompt))
            if words is not None:
                lang = words.lang
                yield words.after(passage.start_s)

    async def hear_long(
        self, recording: bytes, lang: LangCode | None, prompt: str = "", raw_form: tuple[int, int] | None = None
    ) -> Transcript:
        """Up to four hours, a part at a time. raw_form: rate and channels of 16-bit samples, if they have no header."""
        heard: list[HeardPassage] = []
        duration_s, goes_on = 0.0, True
        recording = await self.offload(partial(_as_file, recording, raw_form))
        while goes_on:
            found = await self.offload(partial(self.analyst.find_speech, recording, duration_s))
            if found.is_cut and not duration_s:
                behind = await self.offload(partial(self.analyst.find_speech, recording, _MAX_S))
                if behind.duration_s > _MAX_S:  # not every file says how long it is
                    raise RecordingTooLong(f"The recording is too long: at most {_MAX_S / 3600:.0f} hours are heard.")
            found, goes_on = _until_pause(found, duration_s), found.is_cut
            duration_s = found.duration_s
            async for passage in self.hear(found, lang, prompt):
                lang = passage.lang
                heard.append(passage)
        return Transcript(lang, duration_s, tuple(heard))


def check_prompt(prompt: str, fields: str) -> None:
    """fields: what the caller calls its parts, in the plural. Raises: InvalidRequest."""
    if len(prompt) > MAX_PROMPT_CHARS:
        raise InvalidRequest(f"{fields} are too long: at most {MAX_PROMPT_CHARS} characters together.")


def _as_file(recording: bytes, raw_form: tuple[int, int] | None) -> bytes:
    """Samples get a header. By chance something like an MP3 frame is among them: of a file it is in front."""
    if raw_form is None:
        return recording
    sniffed = sniff_container(recording)
    if sniffed is not None and (sniffed.content_start == 0 or recording.startswith(b"ID3")):
        return recording
    rate_hz, num_channels = raw_form
    return wav_header(rate_hz, len(recording), num_channels) + recording


def _until_pause(found: FoundSpeech, start_s: float) -> FoundSpeech:
    """Of a part that is cut all but the last passage, which the next part begins with."""
    if not found.is_cut or not found.passages or found.passages[-1].start_s < start_s + _MIN_STEP_S:
        return found
    return FoundSpeech(found.passages[-1].start_s, found.passages[:-1])
