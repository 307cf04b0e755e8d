"""One place that opens ONNX models for the CPU. The thread count is always stated and nothing spins: by default two
models on one machine were 5 to 15 times slower. Speech's graphs share what they keep for the next run."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import Fail as OrtFail

ort.create_and_register_allocator(
    ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT), None
)
_ERRORS_ONLY = 3
"""ONNX Runtime's severity scale: 0 verbose, 1 info, 2 warning, 3 error, 4 fatal."""


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
    ) -> None:
        """graph: a file, or what would be in it. keeps_memory: for all such sessions what the largest run needed;
        else every run asks the system anew, a few per cent slower. runs_as_written: nodes in the order of the graph.
        weights_folder: where the files are in which the weights of a graph lie that has none itself."""
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
        self._session = ort.InferenceSession(
            graph if isinstance(graph, bytes) else str(graph), options, providers=["CPUExecutionProvider"]
        )

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


_shared: WeakValueDictionary[Path, OnnxSession] = WeakValueDictionary()
_sharing = threading.Lock()


def share_session(path: Path) -> OnnxSession:
    """The one session of a model that several ask now and then: one thread; closed with the last of them."""
    with _sharing:
        session = _shared.get(path)
        if session is None:
            session = _shared[path] = OnnxSession(path, keeps_memory=False)
        return session
