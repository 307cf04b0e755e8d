"""An engine in a process of its own, for `peers.py`: told on stdin what to do, tells on stdout how long it took.

    python bench/peer_workers.py myna|kokoro-onnx|pocket-tts FOLDER THREADS

Each runs under the Python that has the package. FOLDER holds what `peers.py` prepared. Commands are JSON lines:
{"speak": TEXT} and {"clone": WAV}.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

RATE_HZ = 24_000


class Peer(Protocol):
    def speak(self, text: str) -> Iterator[int]:
        """Numbers of samples, chunk by chunk, as they come out."""
        ...

    def clone(self, recording: Path) -> None:
        """Up to where the voice could be spoken with."""
        ...


class Myna:
    """The embedded engine with a stock voice, planned as a stream is."""

    def __init__(self, _folder: Path, num_threads: int) -> None:
        from myna.config import Settings  # noqa: PLC0415  (only one of these packages is there)
        from myna.engines.base import EngineSettings  # noqa: PLC0415
        from myna.engines.registry import load_spec  # noqa: PLC0415

        spec = load_spec("kokoro")
        self._engine = spec.load(EngineSettings(Settings().weights_dir, num_threads))
        artifact = next(stock.artifact for stock in spec.stock_voices() if stock.name == "Dennis")
        self._voice = self._engine.load_voice(artifact)

    def speak(self, text: str) -> Iterator[int]:
        from myna.domain.language import LangCode  # noqa: PLC0415
        from myna.domain.speech import SynthesisOptions  # noqa: PLC0415
        from myna.text.plan import plan_speech  # noqa: PLC0415

        segments = plan_speech(text, LangCode.EN_US, normalize=True, max_segment_chars=400, first_segment_chars=60)
        for segment in segments:
            for chunk in self._engine.synthesize(self._voice, segment, SynthesisOptions(LangCode.EN_US)):
                yield len(chunk.samples)

    def clone(self, recording: Path) -> None:
        import soundfile  # noqa: PLC0415

        from myna.domain.language import LangCode  # noqa: PLC0415
        from myna.domain.waveform import ReferenceAudio, Waveform  # noqa: PLC0415

        samples, rate_hz = soundfile.read(recording, dtype="float32")
        self._engine.encode_voice(ReferenceAudio(Waveform(samples, rate_hz), "", LangCode.EN_US))


class KokoroOnnx:
    """The undivided graph, whose weights ours are."""

    def __init__(self, folder: Path, num_threads: int) -> None:
        import kokoro_onnx  # noqa: PLC0415
        import onnxruntime  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        session = onnxruntime.InferenceSession(
            str(folder / "kokoro.int8.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._kokoro = kokoro_onnx.Kokoro.from_session(session, str(folder / "voices.npz"))

    def speak(self, text: str) -> Iterator[int]:
        import asyncio  # noqa: PLC0415

        chunks = self._kokoro.create_stream(text, "Dennis")
        loop = asyncio.new_event_loop()
        try:
            while True:
                samples, _ = loop.run_until_complete(anext(chunks))
                yield len(samples)
        except StopAsyncIteration:
            pass
        finally:
            loop.close()

    def clone(self, recording: Path) -> None:
        raise NotImplementedError


class PocketTts:
    """At its real size with random weights, which never end a sentence: its own limit for the text's length does."""

    def __init__(self, folder: Path, _num_threads: int) -> None:
        from pocket_tts import TTSModel  # noqa: PLC0415

        # It sets one thread for each operation itself, and decodes in a second thread beside.
        self._model = TTSModel.load_model(config=folder / "pocket.yaml")
        self._voice = self._model.get_state_for_audio_prompt(folder / "reference.wav")

    def speak(self, text: str) -> Iterator[int]:
        for chunk in self._model.generate_audio_stream(self._voice, text):
            yield len(chunk)

    def clone(self, recording: Path) -> None:
        self._model.get_state_for_audio_prompt(recording)


def processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def time_speech(peer: Peer, text: str) -> dict[str, float]:
    started_s, started_cpu_s, first_s, num_samples = time.perf_counter(), processor_s(), None, 0
    for length in peer.speak(text):
        first_s = time.perf_counter() - started_s if first_s is None else first_s
        num_samples += length
    return {
        "first_s": first_s or 0.0,
        "clock_s": time.perf_counter() - started_s,
        "cpu_s": processor_s() - started_cpu_s,
        "audio_s": num_samples / RATE_HZ,
    }


def time_clone(peer: Peer, recording: str) -> dict[str, float]:
    started_s, started_cpu_s = time.perf_counter(), processor_s()
    peer.clone(Path(recording))
    return {"clock_s": time.perf_counter() - started_s, "cpu_s": processor_s() - started_cpu_s}


def main() -> None:
    name, folder, num_threads = sys.argv[1:]
    # Its libraries may print; the answers are alone on the real stdout.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    peers: dict[str, Callable[[Path, int], Peer]] = {"myna": Myna, "kokoro-onnx": KokoroOnnx, "pocket-tts": PocketTts}
    started_s = time.perf_counter()
    peer = peers[name](Path(folder), int(num_threads))
    answer: dict[str, Any] = {"load_s": time.perf_counter() - started_s}
    print(json.dumps(answer), file=answers)
    for line in sys.stdin:
        command = json.loads(line)
        answer = time_speech(peer, command["speak"]) if "speak" in command else time_clone(peer, command["clone"])
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
