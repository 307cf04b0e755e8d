"""Write all that `train.py` needs into one folder of 90 MB, so that it runs on a machine that has nothing else.

    python training/timbre_space/prepare.py --model kokoro.int8.onnx --speech DATA/train --heard WORK/heard --out FOLDER

--model: the export that the engine is cut from (`weights/manifest.toml` says where it comes from, in four parts).
Weights go as the integers that they are, judges and recogniser in half precision. The practice speech is what training
transcripts and some lines of dialogue of our own become before any timbre: phones, pitch and energy. Ten minutes of a core.
"""

import argparse
import csv
import re
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
import platformdirs
from onnx import numpy_helper

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent / "src"), str(HERE.parent)]
from result_files import finished

from myna.domain.language import LangCode
from myna.engines.base import EngineSettings
from myna.engines.kokoro.engine import KokoroEngine
from myna.engines.kokoro.graphs import round_frames
from myna.engines.kokoro.making.style_map import load_style_map
from myna.engines.kokoro.phonemes.phonemizer import open_phonemizer
from myna.engines.kokoro.phonemes.symbols import WEIGHT_NAME, Vocabulary, join_tokens
from myna.engines.kokoro.spec import SPEC
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

_LONGEST_CHARS, _LINES_TOGETHER = 110, 2
_PAD_FRAMES = 4
"""Of silence that are kept at either end, so that a voice learns to begin and end with a phone."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--heard", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    arguments = parser.parse_args()
    weights = WeightStore(arguments.weights)
    arguments.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.out / "decoder.npz", **decoder_weights(arguments.model))
    judges = {
        f"{judge}/{tensor.name}": numpy_helper.to_array(tensor).astype(np.float16)
        for judge in ("campplus", "ge2e")
        for tensor in onnx.load(weights.path(f"speakers/{judge}.onnx")).graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    }
    np.savez_compressed(arguments.out / "judges.npz", **judges)
    np.savez_compressed(arguments.out / "opinion.npz", **opinion_weights(weights.path("dnsmos/sig_bak_ovr.onnx")))
    np.savez_compressed(arguments.out / "recogniser.npz", **encoder_weights(weights.path("whisper-base/model.bin")))
    people = join(arguments.heard)
    np.savez_compressed(arguments.out / "people.npz", **people)
    np.savez_compressed(
        arguments.out / "practice.npz", **practice(texts(arguments.speech), people["features"], arguments.weights)
    )


def decoder_weights(model: Path) -> dict[str, np.ndarray]:
    """By Kokoro's own names; integers as `X.q`, with `X.zero` and `X.scale`."""
    graph = onnx.load(model).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {}

    def keep_integers(name: str, values: np.ndarray, zero_name: str, scale_name: str) -> None:
        found[f"{name}.q"] = values
        found[f"{name}.zero"] = tensors[zero_name].astype(np.float32).reshape(-1)
        found[f"{name}.scale"] = tensors[scale_name].reshape(-1)

    for node in graph.node:
        if not node.name.startswith("/decoder/decoder/"):
            continue
        if node.op_type == "ConvInteger":
            name = _module(node.name.removesuffix("/Conv_quant"))
            scale = node.input[1].replace("_quantized", "_scale")
            keep_integers(f"{name}.weight", tensors[node.input[1]], node.input[3], scale)
        elif node.op_type in {"ConvTranspose", "Conv"} and node.input[1] in tensors:
            found[f"{_module(node.name.rsplit('/', 1)[0])}.weight"] = tensors[node.input[1]].astype(np.float16)
        elif node.op_type == "MatMulInteger" and node.input[1].endswith(".fc.weight_quantized"):
            name = re.sub(r"^decoder\.(decoder\.)?", "", node.input[1].removesuffix("_quantized"))
            scale = node.input[1].replace("_quantized", "_scale")
            keep_integers(name, tensors[node.input[1]].T, node.input[3], scale)
    source = "generator.m_source.l_linear.weight"
    found[source] = next(
        tensors[node.input[1]].T for node in graph.node if node.name.endswith("m_source/l_linear/MatMul")
    )
    for name, values in tensors.items():
        if name.startswith("decoder.") and values.dtype == np.float32 and re.search(r"\.bias$|\.alpha\d\.", name):
            found.setdefault(re.sub(r"^decoder\.(decoder\.)?", "", name), values)
    return found


def _module(path: str) -> str:
    name = path.removeprefix("/decoder/decoder/").replace("/", ".").replace("asr_res.asr_res.0", "asr_res.0")
    return re.sub(r"\.convs[12]\.(convs[12]\.\d)$", r".\1", name)


def encoder_weights(path: Path) -> dict[str, np.ndarray]:
    """Of Whisper's encoder, in half precision. Source of the layout: CTranslate2, `model_spec.py`, version 6."""
    content, at = path.read_bytes(), 0

    def read(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{kind}", content, at)
        at += struct.calcsize(kind)
        return value

    def read_text() -> str:
        nonlocal at
        length = read("H")
        at += length
        return content[at - length : at].rstrip(b"\0").decode()

    assert read("I") == 6
    read_text(), read("I")
    found = {}
    for _ in range(read("I")):
        name, rank = read_text(), read("B")
        shape = [read("I") for _ in range(rank)]
        kind, num_bytes = read("B"), read("I")
        if name.startswith("encoder/") and kind == 4:
            values = np.frombuffer(content[at : at + num_bytes], np.float16).reshape(shape)
            found.update(_in_eight_bits(name.removeprefix("encoder/"), values))
        at += num_bytes
    return found


def _in_eight_bits(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    if not name.endswith("/weight"):
        return {name: values}
    rows = values.reshape(len(values), -1).astype(np.float32)
    scale = np.abs(rows).max(axis=1) / 127
    return {f"{name}.q": np.rint(rows / scale[:, None]).astype(np.int8).reshape(values.shape), f"{name}.scale": scale}


def opinion_weights(path: Path) -> dict[str, np.ndarray]:
    graph = onnx.load(path).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = {kind: [node for node in graph.node if node.op_type == kind] for kind in ("Conv", "MatMul", "Add")}
    found = {"real": tensors[nodes["Conv"][0].input[1]], "imag": tensors[nodes["Conv"][1].input[1]]}
    for index, node in enumerate(nodes["Conv"][2:]):
        found[f"conv{index}.weight"], found[f"conv{index}.bias"] = (tensors[name] for name in node.input[1:])
    for index, (product, sum_) in enumerate(zip(nodes["MatMul"], nodes["Add"][1:], strict=True)):
        found[f"dense{index}.weight"], found[f"dense{index}.bias"] = tensors[product.input[1]], tensors[sum_.input[1]]
    return found


def join(folder: Path) -> dict[str, np.ndarray]:
    files = [np.load(path) for path in finished(folder)]
    kinds = {"speaker": str, "features": np.float32, "a": np.float16, "b": np.float16, "pitch": np.float32}
    people = {name: np.concatenate([file[name] for file in files]).astype(kind) for name, kind in kinds.items()}
    style_map = load_style_map()
    found = people["features"].reshape(-1, people["features"].shape[-1]).astype(np.float64)
    base = np.stack([style_map.reach(style_map.locate(features)[0]) for features in found])
    people["base"] = base.reshape(len(people["features"]), 2, -1).astype(np.float32)
    people["prior_mean"], people["prior_cholesky"] = style_map.prior_mean, style_map.prior_cholesky
    return people


def texts(speech: Path) -> list[str]:
    rows = [row for row in csv.DictReader((speech / "manifest.csv").open()) if row["language"] == "en"]
    found = []
    for row in rows:
        words = row["transcript"].split()
        while len(" ".join(words)) > _LONGEST_CHARS:
            words.pop()
        found.append(" ".join(words))
    lines = (HERE / "dialogue_lines.txt").read_text().splitlines()
    order = np.random.default_rng(1)
    for _ in range(2):
        order.shuffle(lines)
        found += [" ".join(lines[i : i + _LINES_TOGETHER]) for i in range(0, len(lines), _LINES_TOGETHER)]
    return found


def practice(said: list[str], features: np.ndarray, folder: Path) -> dict[str, np.ndarray]:
    """Every text in the manner of some training person; a frame is 25 ms, all texts lie end to end."""
    engine = SPEC.load(EngineSettings(folder, num_threads=1))
    assert isinstance(engine, KokoroEngine)
    workshop, order = engine.workshop, np.random.default_rng(2)
    vocabulary = Vocabulary(WeightStore(folder).path(WEIGHT_NAME))
    phonemizer = open_phonemizer(LangCode.EN_US, lambda: phonemizer)
    rows, num_frames = [], []
    for text in said[::2]:
        segments = plan_speech(text, LangCode.EN_US, normalize=True, max_segment_chars=1000, first_segment_chars=None)
        tokens = [token for segment in segments for token in segment.tokens]
        known = [vocabulary.keep_known(spoken) for spoken in phonemizer.phonemize(tuple(tokens))]
        symbols = join_tokens(known, [token.whitespace for token in tokens]).symbols
        if len(symbols) < 12:
            continue
        encoded = workshop.encode(symbols)
        person = features[order.integers(len(features)), 0].astype(np.float64)
        _, prosody = workshop.style_map.locate(person)
        prosody = prosody.astype(np.float32)
        predicted = workshop._graphs.predict_durations(encoded, prosody)
        frames = round_frames(predicted.frames, 1.0)
        curves = workshop._graphs.predict_prosody(predicted.hidden, frames, prosody)
        skipped, kept_last = max(0, int(frames[0]) - _PAD_FRAMES), max(0, int(frames[-1]) - _PAD_FRAMES)
        frames[0] -= skipped
        frames[-1] -= kept_last
        kept = slice(2 * skipped, 2 * (skipped + int(frames.sum())))
        rows.append((encoded.features[0], frames, curves.f0_hz[kept], curves.energy[kept]))
        num_frames.append(int(frames.sum()))
    return {
        "text_features": np.concatenate([row[0] for row in rows], axis=1).astype(np.float16),
        "frames": np.concatenate([row[1] for row in rows]).astype(np.int16),
        "f0_hz": np.concatenate([row[2] for row in rows]).astype(np.float32),
        "energy": np.concatenate([row[3] for row in rows]).astype(np.float32),
        "num_frames": np.array(num_frames),
        "num_symbols": np.array([row[0].shape[1] for row in rows]),
    }


if __name__ == "__main__":
    main()
