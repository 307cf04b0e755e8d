"""Cuts the Kokoro-82M int8 graph into four, so that an engine can change the prosody on its way to the decoder.

    tokens --text--> embedding, features
    embedding, prosody style --duration--> frames per token, hidden states
    hidden states repeated by the frames, prosody style --prosody--> F0 and energy curves
    features repeated by the frames, F0, energy, articulation and timbre style, timbre shift --decoder--> samples

Repeating is one `numpy.repeat`, left to the caller: that is where the speaking rate is set. The first three compute bit
for bit what the whole graph computes. The decoder, which is nearly all of the work, has its style parted in two
(`two_styles.py`), can be shifted layer by layer (`timbre_shift.py`) and is rewritten for speed (`faster_graph.py`): the
same weights, other operators. `docs/weights.md` states every shape.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.graphs.faster_graph import make_faster
from training.graphs.onnx_files import Port, leave_alone, write_subgraph
from training.graphs.timbre_shift import add_shift
from training.graphs.two_styles import part_styles

_TEXT_EMBEDDING = Port("text_embedding", (1, "num_tokens", 512))
_TEXT_FEATURES = Port("text_features", (1, 512, "num_tokens"))
_PROSODY_STYLE = Port("prosody_style", (1, 128))
_TIMBRE_STYLE = Port("timbre_style", (1, 128))
_DURATION_FRAMES = Port("duration_frames", (1, "num_tokens"))
_PROSODY_HIDDEN = Port("prosody_hidden", (1, "num_tokens", 640))
_ALIGNED_HIDDEN = Port("aligned_hidden", (1, 640, "num_frames"))
_ALIGNED_FEATURES = Port("aligned_features", (1, 512, "num_frames"))
_F0_HZ = Port("f0_hz", (1, "num_half_frames"))
_ENERGY = Port("energy", (1, "num_half_frames"))


@dataclass(frozen=True, slots=True)
class _Part:
    """Tensor names are those of the kokoro-onnx v1.0 export."""

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    rewrite: Callable[[Any], None] = leave_alone


def _rewrite_decoder(graph: Any) -> None:
    part_styles(graph, _TIMBRE_STYLE.name)
    add_shift(graph)
    make_faster(graph)


_PARTS: Mapping[str, _Part] = {
    "text": _Part(
        inputs={"tokens": Port("tokens", (1, "num_tokens"), is_integer=True)},
        outputs={
            "/encoder/bert_encoder/Add_output_0": _TEXT_EMBEDDING,
            "/encoder/text_encoder/Transpose_2_output_0": _TEXT_FEATURES,
        },
    ),
    "duration": _Part(
        inputs={"/encoder/bert_encoder/Add_output_0": _TEXT_EMBEDDING, "/encoder/Slice_output_0": _PROSODY_STYLE},
        outputs={
            "/encoder/predictor/ReduceSum_output_0": _DURATION_FRAMES,
            "/encoder/predictor/text_encoder/Concat_4_output_0": _PROSODY_HIDDEN,
        },
    ),
    "prosody": _Part(
        inputs={"/encoder/MatMul_output_0": _ALIGNED_HIDDEN, "/encoder/Slice_output_0": _PROSODY_STYLE},
        outputs={"/encoder/Squeeze_output_0": _F0_HZ, "/encoder/Squeeze_1_output_0": _ENERGY},
    ),
    "decoder": _Part(
        inputs={
            "/encoder/MatMul_1_output_0": _ALIGNED_FEATURES,
            "/encoder/Squeeze_output_0": _F0_HZ,
            "/encoder/Squeeze_1_output_0": _ENERGY,
            "/decoder/Slice_output_0": _TIMBRE_STYLE,
        },
        outputs={"audio": Port("samples", ("num_samples",))},
        rewrite=_rewrite_decoder,
    ),
}


def kokoro_part(part: str) -> Callable[[Sequence[Path], Path], None]:
    """Make the converter that writes one of the four parts.

    part: "text", "duration", "prosody" or "decoder".
    """
    cut = _PARTS[part]

    def convert(sources: Sequence[Path], target: Path) -> None:
        whole = b"".join(source.read_bytes() for source in sources)
        write_subgraph(whole, f"kokoro_{part}", cut.inputs, cut.outputs, target, rewrite=cut.rewrite)

    return convert
