"""Where graphs are computed: there where it was asked for, or nowhere. No graphics card is needed to see it refused."""

import io
from pathlib import Path
from zipfile import ZipFile

import onnxruntime as ort
import pytest

from myna.analysis.onnx_session import OnnxSession, choose_providers
from myna.domain.errors import DeviceUnavailable
from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.streaming_decoder import GRAPH_FILES

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def test_the_processor_is_asked_for_alone() -> None:
    """Even where there are others."""
    assert choose_providers("cpu", [CUDA, CPU]) == [CPU]


def test_without_the_provider_it_is_said_what_to_install() -> None:
    """The sentence names the package, the one in its way, and the setting that does without."""
    with pytest.raises(DeviceUnavailable) as refused:
        choose_providers("cuda", ["AzureExecutionProvider", CPU])
    for what in ("MYNA_DEVICE=cuda", "pip uninstall -y onnxruntime", "onnxruntime-gpu[cuda,cudnn]", "MYNA_DEVICE=cpu"):
        assert what in refused.value.message


def test_the_card_is_asked_first_and_with_options() -> None:
    """Exact floats; no search for an algorithm at each new length of a stretch."""
    (name, options), last = choose_providers("cuda", ["TensorrtExecutionProvider", CUDA, CPU])
    assert (name, last) == (CUDA, CPU)
    assert options == {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}


@pytest.mark.skipif(CUDA in ort.get_available_providers(), reason="this ONNX Runtime has the provider")
@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_onnx_runtimes_silent_fall_back_is_refused(weights_dir: Path) -> None:
    """Told of a provider that it lacks, it opens the graph on the processor, as it does with a broken driver."""
    graph = ZipFile(io.BytesIO(read_shipped(GRAPH_FILES["cuda"]))).read("shape.onnx")
    opened = ort.InferenceSession(graph, _weights_in(weights_dir), providers=[CUDA, CPU])
    assert opened.get_providers() == [CPU]
    with pytest.raises(DeviceUnavailable, match="nvidia-smi"):
        OnnxSession(graph, weights_folder=weights_dir, device="cuda", available=[CUDA, CPU])


def _weights_in(folder: Path) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder))
    return options
