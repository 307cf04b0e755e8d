"""Speech from the API together with when each phone is heard."""

import base64
import io
from dataclasses import dataclass

import httpx
import soundfile

from myna.domain.waveform import Waveform

RATE_HZ = 24_000


@dataclass(frozen=True, slots=True)
class Phone:
    symbol: str
    """IPA."""
    start_s: float
    end_s: float
    follows_sign: bool
    """The line begins here, or something other than white space stands before it: maybe a pause."""
    precedes_sign: bool


@dataclass(frozen=True, slots=True, eq=False)
class TimedSpeech:
    waveform: Waveform
    phones: tuple[Phone, ...]
    """The same symbols for every voice: signs and phones come from the text alone."""


class Narrator:
    """Speaks English with any voice of a server. The Python client does not ask for timestamps, so this does."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Basic {key}"}, timeout=600)

    def speak(self, voice_id: str, text: str) -> TimedSpeech:
        request = {
            "text": text,
            "voiceId": voice_id,
            "modelId": "inworld-tts-1.5-max",
            "language": "en-US",
            "timestampType": "WORD",
            "audioConfig": {"audioEncoding": "WAV", "sampleRateHertz": RATE_HZ},
        }
        reply = self._http.post("/tts/v1/voice", json=request).raise_for_status().json()
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(reply["audioContent"])), dtype="float32")
        return TimedSpeech(Waveform(samples, rate), _read_phones(reply["timestampInfo"]["wordAlignment"]))


def _read_phones(alignment: dict) -> tuple[Phone, ...]:
    words = alignment["words"]
    spoken = [detail["wordIndex"] for detail in alignment["phoneticDetails"]]
    phones = []
    for place, detail in enumerate(alignment["phoneticDetails"]):
        before = words[spoken[place - 1] + 1 : spoken[place]] if place else None
        after = words[spoken[place] + 1 : spoken[place + 1]] if place + 1 < len(spoken) else None
        entries = detail["phones"]
        for number, entry in enumerate(entries):
            start_s = entry["startTimeSeconds"]
            phones.append(
                Phone(
                    entry["phoneSymbol"],
                    start_s,
                    start_s + entry["durationSeconds"],
                    follows_sign=number == 0 and _has_sign(before),
                    precedes_sign=number == len(entries) - 1 and _has_sign(after),
                )
            )
    return tuple(phones)


def _has_sign(between: list[str] | None) -> bool:
    """between: what is written between two words; None at an end of the line."""
    return between is None or bool("".join(between).strip())
