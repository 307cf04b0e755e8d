"""What is asked for when a text is to be spoken, and every rule on it that can be checked without the voice."""

from dataclasses import dataclass
from enum import StrEnum

from myna.domain.errors import InvalidRequest, ModelUnsupported, TextTooLong
from myna.domain.language import LangCode
from myna.domain.speech import MAX_SPEAKING_RATE, MIN_SPEAKING_RATE, SAMPLE_RATES_HZ, AudioEncoding, AudioFormat
from myna.domain.voice import VoiceId, WorkspaceId, check_voice_id
from myna.usecases.keep_dictionaries import check_names
from myna.usecases.models import DESIGN_MODEL, KNOWN_MODELS

MIN_SPEED, MAX_SPEED = 0.25, 4.0
"""Of the forms that are not Inworld's."""
_MAX_TEMPERATURE = 2.0
_MIN_BIT_RATE_BPS, _MAX_BIT_RATE_BPS = 8_000, 512_000
"""Source: wire-contract.md#speech. Within these the encoder takes the nearest that the format has."""
_MAX_SEED = 2**63 - 1
_MIN_DESIGN_PROMPT_CHARS, _MAX_DESIGN_PROMPT_CHARS = 7, 1024
"""Source: wire-contract.md#speech."""
_COMPACT = (AudioEncoding.MP3, AudioEncoding.OGG_OPUS)
_MAX_JOB_CHARS_NOT_COMPACT = 20_000
"""A job's audio is made in memory: as much text is half an hour, 170 MB at 48 kHz (wire-contract.md#jobs)."""


class SpeechForm(StrEnum):
    """Whose API it was asked in: each has its own longest text, and all but Inworld's take more rates."""

    INWORLD = "inworld"
    OPENAI = "openai"
    ELEVENLABS = "elevenlabs"


@dataclass(frozen=True, slots=True)
class SpeakCommand:
    workspace: WorkspaceId
    voice_id: VoiceId
    text: str
    model_id: str
    audio_format: AudioFormat
    lang: LangCode | None = None
    """None: heard from the text, else the voice's own."""
    speaking_rate: float = 1.0
    temperature: float = 0.0
    """(0, 2]; 0: the usual one."""
    seed: int = 0
    normalize_text: bool = True
    is_stream: bool = False
    design_prompt: str | None = None
    """Speak with a voice of this description, made for this request, in place of `voice_id`."""
    uses_dictionaries: bool = False
    """Say words as pronunciation dictionaries have them."""
    dictionaries: tuple[str, ...] | None = None
    """Their resource names, the first counts most; None for the workspace's default one."""
    form: SpeechForm = SpeechForm.INWORLD
    is_background: bool = False
    """Nobody waits for it: it may be long, and gives way to everything else."""

    @property
    def engine_rate(self) -> float:
        """The nearest speaking rate that engines have; the rest of the way is the encoder's."""
        return min(max(self.speaking_rate, MIN_SPEAKING_RATE), MAX_SPEAKING_RATE)


@dataclass(frozen=True, slots=True)
class SpeechLimits:
    max_text_chars: int = 2000
    """For one whole reply (wire-contract.md#speech)."""
    max_stream_text_chars: int = 4000
    """For a stream (wire-contract.md#speech)."""
    max_openai_text_chars: int = 4096
    """For OpenAI's form (wire-contract.md#openai)."""
    max_elevenlabs_text_chars: int = 10_000
    """For ElevenLabs' form (elevenlabs.md#speech)."""
    max_job_text_chars: int = 100_000
    """For one item of a job (wire-contract.md#jobs)."""

    def max_chars(self, command: SpeakCommand) -> int:
        if command.is_background:
            most = self.max_job_text_chars
            return most if command.audio_format.encoding in _COMPACT else min(most, _MAX_JOB_CHARS_NOT_COMPACT)
        match command.form:
            case SpeechForm.OPENAI:
                return self.max_openai_text_chars
            case SpeechForm.ELEVENLABS:
                return self.max_elevenlabs_text_chars
        return self.max_stream_text_chars if command.is_stream else self.max_text_chars


def check_speak_command(command: SpeakCommand, limits: SpeechLimits) -> None:
    """Raises: ModelUnsupported, TextTooLong, VoiceNotFound for an id that no voice can have, InvalidRequest."""
    if command.model_id not in KNOWN_MODELS:
        raise ModelUnsupported(f"model_id: {command.model_id[:64]} is not supported.")
    if command.design_prompt is None:
        check_voice_id(command.voice_id)
    else:
        _check_design(command, command.design_prompt)
    if not 0 <= command.temperature <= _MAX_TEMPERATURE:
        raise InvalidRequest(f"temperature is out of range. Use up to {_MAX_TEMPERATURE:g}; 0 is the default.")
    if not -_MAX_SEED <= command.seed <= _MAX_SEED:
        raise InvalidRequest("seed is out of range. Use a 64-bit number.")
    if command.audio_format.sample_rate_hz not in SAMPLE_RATES_HZ:
        known = ", ".join(str(rate) for rate in SAMPLE_RATES_HZ)
        raise InvalidRequest(f"sampleRateHertz is not supported. Use one of {known}.")
    if not _MIN_BIT_RATE_BPS <= command.audio_format.bit_rate_bps <= _MAX_BIT_RATE_BPS:
        raise InvalidRequest("bitRate is out of range. Use 32000 to 320000 bits per second.")
    name, least, most = ("speakingRate", MIN_SPEAKING_RATE, MAX_SPEAKING_RATE)
    if command.form is not SpeechForm.INWORLD:
        name, least, most = ("speed", MIN_SPEED, MAX_SPEED)
    if not least <= command.speaking_rate <= most:
        raise InvalidRequest(f"{name} is out of range. Use {least:g} to {most:g}; 1 is normal.")
    if command.dictionaries is not None:
        check_names(command.dictionaries)
    check_length(command.text, limits.max_chars(command))


def check_length(text: str, max_chars: int) -> None:
    """Raises: TextTooLong, in the words of the original (wire-contract.md#errors)."""
    if len(text) > max_chars:
        raise TextTooLong(f"text length should not exceed {max_chars} characters.")


def _check_design(command: SpeakCommand, prompt: str) -> None:
    if command.voice_id:
        raise InvalidRequest("voiceId and voiceDesign cannot both be set. Send one of them.")
    if command.model_id != DESIGN_MODEL:
        raise InvalidRequest(f"voiceDesign needs model {DESIGN_MODEL}.")
    if not _MIN_DESIGN_PROMPT_CHARS <= len(prompt) <= _MAX_DESIGN_PROMPT_CHARS:
        raise InvalidRequest(
            f"voiceDesign.designPrompt must have {_MIN_DESIGN_PROMPT_CHARS} to {_MAX_DESIGN_PROMPT_CHARS} "
            "characters. Describe the voice: age, sex, pitch, pace, character, accent."
        )
