"""The checkpoint reader: tensors come out, code does not run."""

import builtins
import io
import os
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from training.graphs.checkpoint import read_checkpoint

from myna.domain.errors import WeightsCorrupt

WEIGHT = np.arange(12, dtype=np.float32).reshape(3, 4)
STORED = WEIGHT.ravel()


class StoredTensor:
    """Pickles as a tensor of PyTorch does: a view of storage "0"."""

    def __init__(self, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> None:
        self.view = (offset, shape, strides)

    def __reduce__(self) -> tuple[object, ...]:
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (Storage(), *self.view, False, OrderedDict())


class Storage:
    pass


class Malice:
    """Runs code when it is unpickled by anything that lets it."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


class CheckpointPickler(pickle.Pickler):
    def persistent_id(self, value: object) -> object:
        if isinstance(value, Storage):
            return ("storage", sys.modules["torch"].FloatStorage, "0", "cpu", STORED.size, None)
        return None


@pytest.fixture(autouse=True)
def torch_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names that PyTorch's pickles refer to, for writing them without PyTorch."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})
    utils._rebuild_tensor_v2 = types.FunctionType((lambda: None).__code__, {}, "_rebuild_tensor_v2")
    utils._rebuild_tensor_v2.__module__ = "torch._utils"
    utils._rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def pickled(value: object) -> bytes:
    stream = io.BytesIO()
    CheckpointPickler(stream, protocol=2).dump(value)
    return stream.getvalue()


def write_zip(path: Path, tree: object) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(tree))
        archive.writestr("archive/data/0", STORED.tobytes())


def write_legacy(path: Path, tree: object) -> None:
    header = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    path.write_bytes(
        b"".join(pickled(value) for value in [*header, tree, ["0"]])
        + STORED.size.to_bytes(8, "little")
        + STORED.tobytes()
    )


WRITERS = pytest.mark.parametrize("write", [write_zip, write_legacy], ids=["zip", "legacy"])


@WRITERS
def test_tensors_come_out_as_they_were_saved(tmp_path: Path, write: Callable[[Path, object], None]) -> None:
    """Whole, transposed and offset views of one storage, under the key that holds the state dict."""
    state = OrderedDict(
        whole=StoredTensor((3, 4), (4, 1)),
        turned=StoredTensor((4, 3), (1, 4)),
        last_row=StoredTensor((4,), (1,), offset=8),
        epoch=7,
    )
    write(tmp_path / "model.pt", {"model_state": state, "step": 3})
    tensors = read_checkpoint(tmp_path / "model.pt", root_key="model_state")
    assert tensors.keys() == {"whole", "turned", "last_row"}
    np.testing.assert_array_equal(tensors["whole"], WEIGHT)
    np.testing.assert_array_equal(tensors["turned"], WEIGHT.T)
    np.testing.assert_array_equal(tensors["last_row"], WEIGHT[2])


@WRITERS
@pytest.mark.parametrize("attack", [os.system, builtins.eval, builtins.exec], ids=lambda function: function.__name__)
def test_a_checkpoint_that_would_run_code_is_refused(
    tmp_path: Path, write: Callable[[Path, object], None], attack: Callable[..., object]
) -> None:
    """Whatever it calls, beside tensors or deep among them; nothing of it has run."""
    marker = tmp_path / "ran"
    code = f"touch {marker}" if attack is os.system else f"open({str(marker)!r}, 'w').close()"
    path = tmp_path / "model.pt"
    write(path, {"whole": StoredTensor((3, 4), (4, 1)), "deep": [{"x": (Malice(attack, code),)}]})
    with pytest.raises(WeightsCorrupt, match="refused"):
        read_checkpoint(path)
    assert not marker.exists()


@WRITERS
@pytest.mark.parametrize(
    ("shape", "strides", "offset"), [((3, 5), (4, 1), 0), ((12,), (1,), 1), ((2, 2), (-1, 1), 4), ((12,), (2**40,), 0)]
)
def test_a_tensor_that_reaches_outside_its_storage_is_refused(
    tmp_path: Path,
    write: Callable[[Path, object], None],
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    offset: int,
) -> None:
    """A forged shape cannot read the memory beside it."""
    write(tmp_path / "model.pt", {"w": StoredTensor(shape, strides, offset)})
    with pytest.raises(WeightsCorrupt):
        read_checkpoint(tmp_path / "model.pt")


@WRITERS
def test_a_damaged_checkpoint_is_told_as_such(tmp_path: Path, write: Callable[[Path, object], None]) -> None:
    """Cut anywhere, or not a checkpoint at all."""
    path = tmp_path / "model.pt"
    write(path, {"w": StoredTensor((3, 4), (4, 1))})
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(WeightsCorrupt):
            read_checkpoint(path)
    path.write_bytes(pickle.dumps([1, 2, 3]))
    with pytest.raises(WeightsCorrupt):
        read_checkpoint(path)
