"""Reads tensors out of PyTorch checkpoints, and nothing else.

A checkpoint is a pickle, and a pickle can run any code. This reader knows three names that a plain state dict needs and
refuses every other one, so a checkpoint can at worst be rejected. It needs no torch.

Two containers exist (PyTorch's `torch/serialization.py`): a zip file with `data.pkl` and one entry per storage, and
the legacy stream of five pickles followed by the raw storages.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from myna.domain.errors import WeightsCorrupt

Tensors = dict[str, npt.NDArray[Any]]

_DAMAGE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    EOFError,
    StopIteration,
    AttributeError,
    LookupError,
    OverflowError,
    TypeError,
    ValueError,
)
"""What `pickle`, `zipfile` and numpy raise for a damaged or hostile file."""

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_STORAGE_DTYPES: Mapping[str, npt.DTypeLike] = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}


class _StorageType:
    """Stands where the pickle names `torch.FloatStorage` and its like."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)


class _Tensor:
    """A view that a pickle asked for, before its storage has been read."""

    def __init__(self, storage: "_Storage", offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.strides = strides


class _Storage:
    def __init__(self, key: str, dtype: np.dtype[Any], num_elements: int) -> None:
        self.key = key
        self.dtype = dtype
        self.num_elements = num_elements


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_unused: object
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _TensorUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _STORAGE_DTYPES:
            return _StorageType(_STORAGE_DTYPES[name])
        raise WeightsCorrupt(f"the checkpoint asks for {module}.{name}, which a file of tensors never needs: refused")

    def persistent_load(self, pid: Any) -> _Storage:
        match pid:
            case ("storage", _StorageType() as storage_type, str(key), _, int(num_elements), *_):
                return _Storage(key, storage_type.dtype, num_elements)
        raise WeightsCorrupt("the checkpoint refers to something that is not a tensor storage: refused")


def read_checkpoint(path: Path, root_key: str | None = None) -> Tensors:
    """Read the state dict of a checkpoint.

    path: a file that `torch.save` wrote, in either container.
    root_key: the entry of the saved dictionary that holds the state dict; None where it is the whole.

    Returns: arrays by parameter name, each a contiguous copy.
    Raises: WeightsCorrupt if the file is neither container, is damaged, or holds anything but tensors and plain values.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                tree, read_storage = _read_zip(archive)
                return _state_dict(tree, root_key, read_storage)
        with path.open("rb") as stream:
            tree, read_storage = _read_legacy(stream)
            return _state_dict(tree, root_key, read_storage)
    except _DAMAGE as error:
        raise WeightsCorrupt(f"{path.name} is not a readable checkpoint ({type(error).__name__})") from error


def _read_zip(archive: zipfile.ZipFile) -> tuple[object, Callable[[_Storage], npt.NDArray[Any]]]:
    pickle_name = next(name for name in archive.namelist() if name.rsplit("/", 1)[-1] == "data.pkl")
    prefix = pickle_name.removesuffix("data.pkl")

    def read_storage(storage: _Storage) -> npt.NDArray[Any]:
        return np.frombuffer(archive.read(f"{prefix}data/{storage.key}"), storage.dtype, storage.num_elements)

    return _TensorUnpickler(io.BytesIO(archive.read(pickle_name))).load(), read_storage


def _read_legacy(stream: io.BufferedReader) -> tuple[object, Callable[[_Storage], npt.NDArray[Any]]]:
    if _TensorUnpickler(stream).load() != _LEGACY_MAGIC:
        raise ValueError("not a legacy checkpoint")
    _protocol_version = _TensorUnpickler(stream).load()
    _system_info = _TensorUnpickler(stream).load()
    main = _TensorUnpickler(stream)
    tree = main.load()
    keys: list[str] = _TensorUnpickler(stream).load()
    dtypes = {tensor.storage.key: tensor.storage.dtype for tensor in _iter_tensors(tree)}
    contents: dict[str, npt.NDArray[Any]] = {}
    for key in keys:
        num_elements = int.from_bytes(stream.read(8), "little")
        if key not in dtypes:
            raise ValueError("a storage that no tensor uses")
        dtype = dtypes[key]
        contents[key] = np.frombuffer(stream.read(num_elements * dtype.itemsize), dtype, num_elements)
    return tree, lambda storage: contents[storage.key]


def _iter_tensors(tree: object) -> list[_Tensor]:
    if isinstance(tree, _Tensor):
        return [tree]
    if isinstance(tree, dict):
        return [tensor for value in tree.values() for tensor in _iter_tensors(value)]
    if isinstance(tree, list | tuple):
        return [tensor for value in tree for tensor in _iter_tensors(value)]
    return []


def _state_dict(tree: object, root_key: str | None, read_storage: Callable[[_Storage], npt.NDArray[Any]]) -> Tensors:
    entries = _entries(tree) if root_key is None else _entries(_entries(tree)[root_key])
    return {
        str(name): _materialise(value, read_storage(value.storage))
        for name, value in entries.items()
        if isinstance(value, _Tensor)
    }


def _entries(tree: object) -> Mapping[Any, object]:
    if not isinstance(tree, Mapping):
        raise TypeError("a checkpoint is a dictionary")
    return tree


def _materialise(tensor: _Tensor, storage: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if 0 in tensor.shape:
        return np.empty(tensor.shape, storage.dtype)
    last = tensor.offset + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))
    if min((tensor.offset, *tensor.shape, *tensor.strides)) < 0 or last >= len(storage):
        raise ValueError("a tensor reaches outside its storage")
    view = np.lib.stride_tricks.as_strided(
        storage[tensor.offset :], tensor.shape, tuple(stride * storage.itemsize for stride in tensor.strides)
    )
    return np.ascontiguousarray(view)
