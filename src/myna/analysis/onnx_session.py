"""One place that opens ONNX models. The thread count is always stated and nothing spins: by default two models on one
machine were 5 to 15 times slower. Speech's graphs share what they keep for the next run. What is meant for a graphics
card is computed there or refused: ONNX Runtime by itself would go on with the processor and say nothing."""

import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import Fail as OrtFail

from myna.domain.errors import DeviceUnavailable

ort.create_and_register_allocator(
    ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT), None
)
_ERRORS_ONLY = 3
"""ONNX Runtime's severity scale: 0 verbose, 1 info, 2 warning, 3 error, 4 fatal."""
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_CUDA_OPTIONS = {
    # Stretches of speech have many lengths, and for each new one the default tries all algorithms out.
    "cudnn_conv_algo_search": "HEURISTIC",
    # Floats of ten bits would be heard.
    "use_tf32": "0",
}

Providers = list[str | tuple[str, dict[str, str]]]


def choose_providers(device: str, available: Sequence[str]) -> Providers:
    """What ONNX Runtime is asked to compute with; the processor too, for single nodes that CUDA has no kernel for.

    device: `cpu` or `cuda`. available: the providers that this ONNX Runtime was built with. Raises: DeviceUnavailable.
    """
    if device == "cpu":
        return [_CPU]
    if _CUDA not in available:
        raise DeviceUnavailable(
            f"MYNA_DEVICE=cuda: the installed ONNX Runtime {ort.__version__} was built without CUDA. Put the one for "
            "NVIDIA cards in its place (`pip uninstall -y onnxruntime`, then `pip install "
            "'onnxruntime-gpu[cuda,cudnn]'`), or set MYNA_DEVICE=cpu."
        )
    return [(_CUDA, dict(_CUDA_OPTIONS)), _CPU]


class RunStopped(Exception):
    """A run ended early because its `RunStop` was pulled."""


class RunStop:
    """Ends runs from another thread, within one operation of the graph; those that begin later, too."""

    def __init__(self) -> None:
        self.options = ort.RunOptions()
        self.is_pulled = False

    def pull(self) -> None:
        self.is_pulled = True
        self.options.terminate = True


class OnnxSession:
    """A loaded graph. Thread-safe, as ONNX Runtime's sessions are."""

    def __init__(
        self,
        graph: Path | bytes,
        num_threads: int = 1,
        *,
        keeps_memory: bool = True,
        runs_as_written: bool = False,
        weights_folder: Path | None = None,
        device: str = "cpu",
        available: Sequence[str] | None = None,
    ) -> None:
        """graph: a file, or what would be in it. keeps_memory: for all such sessions what the largest run needed;
        else every run asks the system anew, a few per cent slower. runs_as_written: nodes in the order of the graph.
        weights_folder: where the files are in which the weights of a graph lie that has none itself.
        device: see `choose_providers`. available: in place of ONNX Runtime's own list. Raises: DeviceUnavailable."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        # It would keep how it laid out memory for each new length of its inputs, up to 50 KB, for ever.
        options.enable_mem_pattern = False
        options.enable_cpu_mem_arena = keeps_memory
        options.add_session_config_entry("session.use_env_allocators", str(int(keeps_memory)))
        if runs_as_written:
            options.execution_order = ort.ExecutionOrder.PRIORITY_BASED
        if weights_folder is not None:
            options.add_session_config_entry(
                "session.model_external_initializers_file_folder_path", str(weights_folder)
            )
        options.log_severity_level = _ERRORS_ONLY
        providers = choose_providers(device, ort.get_available_providers() if available is None else available)
        content = graph if isinstance(graph, bytes) else str(graph)
        if device == "cpu":
            self._session = ort.InferenceSession(content, options, providers=providers)
        else:
            self._session = _open_on_card(content, options, providers)

    def give_back(self, inputs: Mapping[str, npt.NDArray[Any]]) -> None:
        """Give back what all sessions keep together and none is using now; inputs: of the run that does so."""
        options = ort.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._session.run(None, dict(inputs), options)

    def run(
        self, inputs: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str] | None = None, stop: RunStop | None = None
    ) -> list[npt.NDArray[Any]]:
        """Compute the named outputs, or all of them in the graph's order. Raises: RunStopped."""
        if stop is None:
            computed: list[npt.NDArray[Any]] = self._session.run(outputs, dict(inputs))
            return computed
        if stop.is_pulled:
            raise RunStopped
        try:
            computed = self._session.run(outputs, dict(inputs), stop.options)
        except OrtFail as exc:
            # ONNX Runtime has one error for everything that ends a run; only ours was asked for.
            if stop.is_pulled:
                raise RunStopped from exc
            raise
        return computed


def _open_on_card(content: bytes | str, options: ort.SessionOptions, providers: Providers) -> ort.InferenceSession:
    """Raises: DeviceUnavailable, also where ONNX Runtime would have been content with the processor."""
    options.use_deterministic_compute = True  # the same words twice are the same samples
    with redirect_stdout(sys.stderr):  # it prints what it does not find
        ort.preload_dlls()
    reason = "ONNX Runtime's reason is in the log above"
    try:
        session = ort.InferenceSession(content, options, providers=providers, enable_fallback=0)
        if _CUDA in session.get_providers():
            return session
    except RuntimeError as exc:
        reason = str(exc)
    raise DeviceUnavailable(
        "MYNA_DEVICE=cuda: the card could not be used. `nvidia-smi` must show it, and the driver and the libraries of "
        "CUDA and cuDNN must be those of onnxruntime-gpu (`pip install 'onnxruntime-gpu[cuda,cudnn]'` brings the "
        f"libraries); or set MYNA_DEVICE=cpu. {reason}."
    )


_shared: WeakValueDictionary[Path, OnnxSession] = WeakValueDictionary()
_sharing = threading.Lock()


def share_session(path: Path) -> OnnxSession:
    """The one session of a model that several ask now and then: one thread; closed with the last of them."""
    with _sharing:
        session = _shared.get(path)
        if session is None:
            session = _shared[path] = OnnxSession(path, keeps_memory=False)
        return session
