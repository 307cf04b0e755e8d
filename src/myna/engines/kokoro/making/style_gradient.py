"""The gradient of "how much does this sound like that person" by the style, as one ONNX graph: style -> decoder (float)
-> samples -> both embeddings -> loss -> gradient, for a fixed stretch of speech. `training/style_gradient` makes it,
without weights, which are read where the weight files have them."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import Fail as OrtFail

from myna.analysis.heap_trim import trim_heap
from myna.analysis.onnx_session import RunStop, RunStopped
from myna.engines.kokoro.graphs import DecoderStyles
from myna.engines.kokoro.making.voice_practice import STRETCH_FRAMES, Stretch
from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.voice_artifact import STYLE_DIM, FloatArray
from myna.weights.store import WeightStore
from myna.weights.timbre_layers import SHIFT_DIM

GRAPH_FILE = "style_gradient.zip"
INPUT_SHAPES: Mapping[str, tuple[int, ...]] = {
    "aligned_features": (1, 512, STRETCH_FRAMES),
    "f0_hz": (1, 2 * STRETCH_FRAMES),
    "energy": (1, 2 * STRETCH_FRAMES),
    "articulation_style": (1, STYLE_DIM),
    "timbre_style": (1, STYLE_DIM),
    "timbre_shift": (1, SHIFT_DIM),
    "target_a": (1, 256),
    "target_b": (1, 192),
}


@dataclass(frozen=True, slots=True, eq=False)
class StylePull:
    """What one evaluation gives."""

    gradient: FloatArray
    """[128] of the loss with respect to the timbre style."""
    shift_gradient: FloatArray
    """[18432] of the loss with respect to the timbre shift."""
    embedding_a: FloatArray
    """[256] GE2E of the rendition."""
    embedding_b: FloatArray
    """[192] CAM++ of the rendition."""


class StyleGradient:
    """The graph in a session. 0.2 GB while it lives, 0.4 GB more while it computes."""

    def __init__(self, weights: WeightStore, graph_file: bytes | None = None) -> None:
        """Half a second: some weights are turned around or become floats. graph_file: another than the shipped one.
        Raises: WeightsMissing, WeightsCorrupt."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # No arena: it would keep 0.6 GB of activations between calls, and costs no less time.
        options.enable_cpu_mem_arena = False
        with ZipFile(BytesIO(graph_file or read_shipped(GRAPH_FILE))) as archive:
            preparation, self._session = (
                ort.InferenceSession(archive.read(name), options, providers=["CPUExecutionProvider"])
                for name in ("preparation.onnx", "gradient.onnx")
            )
            raw = _read_tensors(weights, json.loads(archive.read("tensors.json")))
        prepared = preparation.run_with_ort_values(
            [output.name for output in preparation.get_outputs()],
            {value.name: raw[value.name] for value in preparation.get_inputs()},
        )
        known = {**raw, **dict(zip((output.name for output in preparation.get_outputs()), prepared, strict=True))}
        self._weights = {
            value.name: known[value.name] for value in self._session.get_inputs() if value.name not in INPUT_SHAPES
        }
        trim_heap()

    def __call__(
        self,
        stretch: Stretch,
        styles: DecoderStyles,
        *,
        target_a: FloatArray,
        target_b: FloatArray,
        stop: RunStop | None = None,
    ) -> StylePull:
        """-(target_a . A + target_b . B) and its gradient. target_a: [256], target_b: [192], weighted. Raises:
        RunStopped."""
        read = (styles.articulation, styles.timbre, styles.timbre_shift)
        given = (stretch.features, stretch.f0_hz, stretch.energy, *read, target_a, target_b)
        inputs = {
            name: ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(value[np.newaxis]))
            for name, value in zip(INPUT_SHAPES, given, strict=True)
        }
        try:
            found = self._session.run_with_ort_values(
                ["gradient", "shift_gradient", "embedding_a", "embedding_b"],
                {**self._weights, **inputs},
                stop.options if stop is not None else None,
            )
        except OrtFail as exc:
            if stop is not None and stop.is_pulled:
                raise RunStopped from exc
            raise
        return StylePull(*(value.numpy()[0] for value in found))


def _read_tensors(
    weights: WeightStore, places: Mapping[str, Mapping[str, tuple[str, list[int], int]]]
) -> dict[str, ort.OrtValue]:
    """places: of each weight file the tensors, by name: type, shape, and where in the file they begin, in bytes."""
    tensors = {}
    for source, names in places.items():
        path = weights.path(source)
        for name, (dtype, shape, offset_bytes) in names.items():
            flat = np.fromfile(path, dtype, math.prod(shape), offset=offset_bytes)
            tensors[name] = ort.OrtValue.ortvalue_from_numpy(flat.reshape(shape))
    return tensors
