"""Where the voices come from: the service as a client meets it, and the engine itself for what no client can ask for."""

import io
import time
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from likeness_judges import LISTENING_RATE_HZ, SENTENCES, Judges, Speak
from likeness_people import Person, code_of, load
from server_cost import processor_s
from speaking import speak_text

from myna.audio.resample import resample
from myna.client import Client, Encoding, Sample, SpeechOptions
from myna.domain.language import LangCode
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSettings
from myna.engines.kokoro.engine import KokoroEngine
from myna.engines.kokoro.making.style_descent import Pull
from myna.engines.kokoro.making.style_map import parse_style_map
from myna.engines.kokoro.making.timbre_spectrum import missing_eq_db
from myna.engines.kokoro.making.voice_clone import look_up
from myna.engines.kokoro.making.voice_refine import pull
from myna.engines.kokoro.making.voice_tune import tune_voice
from myna.engines.kokoro.making.voice_workshop import Listening, VoiceWorkshop
from myna.engines.kokoro.spec import SPEC
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore

BY_API = ("answer", "clone", "refined")
LEFT_OUT = {
    "looked up without A": ("a", 0),
    "A left out": ("a", 10),
    "looked up without B": ("b", 0),
    "B left out": ("b", 10),
}
"""The judge that has no part in a voice, and for how many steps of the gradient the other one has led it. Both had a part in the
map of where corrections lead, so that one is left out too.
"""
IN_PROCESS = ("clone in process", "stock + EQ", "stock blend + EQ", *LEFT_OUT)
SHORT_SENTENCE = "They found a quiet place to rest."
"""By which stock voices are compared with a reference."""
_LEFT_OUT_FIRST_STEP = 0.4
"""Shorter than with both judges: the likeness by one of them is curved, the other steadies the walk."""
_REFINEMENT_LIMIT_S = 1800.0

Voices = Iterator[tuple[str, Speak, float]]
"""(method, how to speak, CPU-seconds that making the voice took)."""


class Service:
    """A server on this machine: voices as a client gets them."""

    def __init__(self, client: Client, pid: int) -> None:
        self._client, self._pid = client, pid

    def voices(self, person: Person, methods: list[str]) -> Voices:
        """The voice as it is answered, listened to, and when the server says that its refinement is done."""
        options = SpeechOptions(encoding=Encoding.WAV, sample_rate_hz=24_000, lang="en-US")
        for method, voice_id, cost_s in self.voice_ids(person, methods):

            def speak(text: str, voice_id: str = voice_id) -> Waveform:
                samples, rate = soundfile.read(io.BytesIO(self._client.say(voice_id, text, options)), dtype="float32")
                return Waveform(samples, rate)

            yield method, speak, cost_s

    def voice_ids(self, person: Person, methods: list[str]) -> Iterator[tuple[str, str, float]]:
        """The same, by the ids by which the server knows the voices; deleted when the last has been used."""
        before_s = processor_s(self._pid)
        sample = Sample(person.reference, person.transcript)
        report = self._client.clone([sample], person.speaker, lang=code_of(person.lang).value, consent="bench")
        cost_s = processor_s(self._pid) - before_s
        assert report.voice is not None
        voice_id = report.voice.voice_id
        if "answer" in methods:
            yield "answer", voice_id, cost_s
        if "clone" in methods:
            started_s = processor_s(self._pid)
            self._client.wait_until_heard(voice_id, limit_s=_REFINEMENT_LIMIT_S)
            yield "clone", voice_id, cost_s + processor_s(self._pid) - started_s
        if "refined" in methods:
            started_s = processor_s(self._pid)
            self._wait_for_refinement(voice_id)
            yield "refined", voice_id, processor_s(self._pid) - started_s
        self._client.delete_voice(voice_id)

    def is_refined(self, voice_id: str) -> bool:
        return self._client.get_voice(voice_id).refinement == "done"

    def _wait_for_refinement(self, voice_id: str) -> None:
        deadline_s = time.monotonic() + _REFINEMENT_LIMIT_S
        while not self.is_refined(voice_id):
            if time.monotonic() > deadline_s:
                raise TimeoutError("the voice was not refined in time")
            time.sleep(1.0)


class Engine:
    """The engine without a server."""

    def __init__(self, weights_dir: Path, maps: Path | None = None) -> None:
        """maps: folder with `style_map_without_a.npz` and `..._b.npz` (see `training/fit_style_map.py`)."""
        engine = SPEC.load(EngineSettings(weights_dir, num_threads=1))
        assert isinstance(engine, KokoroEngine)
        self._engine = engine
        self.weights = WeightStore(weights_dir)
        self._maps = maps
        self._deaf: dict[str, tuple[VoiceWorkshop, KokoroVoice, Listening]] = {}
        self._stock: list[tuple[KokoroVoice, list[np.ndarray]]] = []

    @property
    def workshop(self) -> VoiceWorkshop:
        return self._engine.workshop

    def clone(self, person: Person) -> bytes:
        return self._engine.hear_voice(_reference(person))

    def voices(self, judges: Judges, person: Person, methods: list[str]) -> Voices:
        reference = _reference(person)
        if any(method.startswith("stock") for method in methods):
            self._listen_to_stock(judges)
        self._deaf.clear()
        makers: dict[str, Callable[[], bytes]] = {
            "clone in process": lambda: self._engine.hear_voice(reference),
            **{name: partial(self._without, *stage, reference) for name, stage in LEFT_OUT.items()},
            "stock + EQ": lambda: self._nearest_stock(reference, judges, 1),
            "stock blend + EQ": lambda: self._nearest_stock(reference, judges, 3),
        }
        for method in methods:
            start = time.process_time()
            artifact = makers[method]()
            yield method, lambda text, artifact=artifact: self.speak(artifact, text), time.process_time() - start

    def speak(self, artifact: bytes, text: str, lang: LangCode = LangCode.EN_US) -> Waveform:
        voice = self._engine.load_voice(artifact)
        return Waveform(speak_text(self._engine, voice, text, lang), SPEC.capabilities.sample_rate_hz)

    def _listen_to_stock(self, judges: Judges) -> None:
        for stock in stock_voices() if not self._stock else ():
            voice = unpack_voice(stock.artifact)
            self._stock.append((voice, judges.embed(self.speak(stock.artifact, SHORT_SENTENCE))))

    def _without(self, judge: str, num_steps: int, reference: ReferenceAudio) -> bytes:
        """A voice that one judge had no part in; see `LEFT_OUT`."""
        if judge not in self._deaf:
            assert self._maps is not None, "leaving a judge out needs --maps"
            deaf = copy(self.workshop)
            deaf.style_map = parse_style_map((self._maps / f"style_map_without_{judge}.npz").read_bytes())
            heard = deaf.listen(reference.waveform)
            self._deaf[judge] = deaf, look_up(heard, self._engine.spell_transcript(reference), deaf), heard
        workshop, voice, heard = self._deaf[judge]
        if num_steps:
            other = Pull(gain_a=0.0) if judge == "a" else Pull(gain_b=0.0)
            *_, voice = pull(voice, heard, workshop, judges=other, num_steps=num_steps, first_step=_LEFT_OUT_FIRST_STEP)
            workshop.release()
        lines = workshop.practise_lines(voice)
        return pack_voice(tune_voice(voice, lines, [workshop.render(voice, line) for line in lines], heard))

    def _nearest_stock(self, reference: ReferenceAudio, judges: Judges, count: int) -> bytes:
        """The nearest stock voice by both judges, or the mean of the nearest few; the clone's own equaliser on it."""
        wanted = judges.embed(reference.waveform)
        order = sorted(
            self._stock, key=lambda entry: -float(entry[1][0] @ wanted[0] / 0.33 + entry[1][1] @ wanted[1] / 0.52)
        )
        chosen = [voice for voice, _ in order[:count]]
        plain = replace(
            chosen[0],
            timbre_style=np.mean([voice.timbre_style for voice in chosen], axis=0).astype(np.float32),
            articulation_style=np.mean([voice.articulation_style for voice in chosen], axis=0).astype(np.float32),
            prosody_style=np.mean([voice.prosody_style for voice in chosen], axis=0).astype(np.float32),
        )
        spoken = resample(self.speak(pack_voice(plain), SENTENCES[0]), LISTENING_RATE_HZ).samples
        heard = resample(reference.waveform, LISTENING_RATE_HZ).samples
        return pack_voice(replace(plain, eq_db=missing_eq_db(heard, spoken)))


def _reference(person: Person) -> ReferenceAudio:
    waveform = resample(load(person.reference), SPEC.capabilities.reference_rate_hz)
    return ReferenceAudio(waveform, person.transcript, code_of(person.lang))
