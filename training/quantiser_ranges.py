"""Choose what the quantisations of the streaming decoder's generator reach.

    python -m training.quantiser_ranges --speech DATA/train [--people 24] [--sentences 4]

Stock voices and voices looked up from recordings, on the way that corrections take; a few lines each, short and long.
Two CPU-seconds a rendition. Afterwards: `python -m training.streaming_decoder`.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import soundfile
from onnx import TensorProto, helper
from training.streaming_decoder import DECODER, RANGES, Wiring

from myna.audio.resample import resample
from myna.config import Settings
from myna.domain.waveform import Waveform
from myna.engines.kokoro.graphs import KokoroGraphs, ProsodyCurves, decoder_inputs
from myna.engines.kokoro.making.voice_clone import look_up
from myna.engines.kokoro.making.voice_practice import PracticeSentence
from myna.engines.kokoro.making.voice_workshop import VoiceWorkshop
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.voice_artifact import KokoroVoice, unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore

_SHARES = (0.0, 0.4, 0.7, 1.0)
_RANGE = 0.6
"""Of the median rendition's extremes: clipping its rarest peaks costs less than coarse steps (docs/lab/performance.md)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--sentences", type=int, default=4)
    arguments = parser.parse_args()
    chance = np.random.default_rng(7)
    weights = WeightStore(Settings().weights_dir)
    graphs = KokoroGraphs(weights, 1)
    workshop = VoiceWorkshop(graphs, Vocabulary(weights.path("kokoro/vocab.json")), weights)
    probe = open_probe(weights.path(DECODER).read_bytes())
    scales, zeros = [], []
    for voice in gather_voices(workshop, arguments.speech, arguments.people, chance):
        sentences = np.array([*workshop.practise(voice, 12), *workshop.practise_lines(voice)], dtype=object)
        for sentence in chance.choice(sentences, arguments.sentences, replace=False):
            scale, zero = probe.run(None, inputs_of(workshop, voice, sentence))
            scales.append(scale)
            zeros.append(zero)
    extremes = {"lowest": -np.array(zeros) * scales, "highest": (255 - np.array(zeros)) * scales}
    ranges = {name: (_RANGE * np.median(found, axis=0)).round(3).tolist() for name, found in extremes.items()}
    RANGES.write_text(json.dumps(ranges) + "\n")


def gather_voices(
    workshop: VoiceWorkshop, speech: Path, people: int, chance: np.random.Generator
) -> Iterator[KokoroVoice]:
    yield from (unpack_voice(stock.artifact) for stock in stock_voices())
    recordings = np.array(sorted(speech.rglob("*.flac")), dtype=object)
    for path in chance.choice(recordings, people, replace=False):
        samples, rate_hz = soundfile.read(path, dtype="float32")
        found = look_up(workshop.listen(resample(Waveform(samples[: 12 * rate_hz], rate_hz), 24_000)), None, workshop)
        goal = workshop.style_map.reach(found.timbre_style.astype(np.float64))
        share = chance.choice(_SHARES)
        yield replace(found, timbre_style=((1 - share) * found.timbre_style + share * goal).astype(np.float32))


def open_probe(content: bytes) -> ort.InferenceSession:
    """The undivided decoder, which also tells the scales and zeros of its generator's quantisations."""
    model = onnx.load_model_from_string(content)
    graph, wiring = model.graph, Wiring(model.graph)
    flat = wiring.constant("flat~1", np.array([-1], np.int64))
    outputs: dict[str, list[str]] = {"scale": [], "zero": []}
    for k, quantiser in enumerate(wiring.quantisers):
        graph.node.append(helper.make_node("Cast", [quantiser.output[2]], [f"zero{k}"], to=TensorProto.FLOAT))
        for name, found in (("scale", quantiser.output[1]), ("zero", f"zero{k}")):
            graph.node.append(helper.make_node("Reshape", [found, flat], [f"{name}{k}~flat"]))
            outputs[name].append(f"{name}{k}~flat")
    graph.node.extend(helper.make_node("Concat", parts, [name], axis=0) for name, parts in outputs.items())
    del graph.output[:]
    graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs)
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def inputs_of(workshop: VoiceWorkshop, voice: KokoroVoice, sentence: PracticeSentence) -> dict[str, np.ndarray]:
    curves = ProsodyCurves(voice.move_pitch(sentence.curves.f0_hz), sentence.curves.energy)
    aligned = np.repeat(sentence.text.features, sentence.frames, axis=2)
    return dict(decoder_inputs(aligned, curves, workshop.timbre_space.styles(voice)))


if __name__ == "__main__":
    main()
