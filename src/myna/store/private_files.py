"""Folders and files that only their owner may read. Recordings of people lie in them."""

import os
import secrets
from pathlib import Path

from myna.domain.errors import ServiceUnavailable

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


def make_private_folder(path: Path) -> None:
    """With its parents, all private. One that exists keeps its mode, the operator's. Raises: ServiceUnavailable."""
    try:
        if path.is_dir():
            return
        make_private_folder(path.parent)
        path.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    except OSError as exc:
        raise ServiceUnavailable(f"The folder {path} cannot be made: {exc.strerror}. Choose another.") from exc


def touch_private_file(path: Path) -> None:
    """Empty, if it is not there; otherwise it is not opened: closing it would give up every lock this process has on
    it (POSIX), and a database without locks is taken for closed (sqlite.org/howtocorrupt.html, 2.2). Raises:
    ServiceUnavailable."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, _FILE_MODE))
    except FileExistsError:
        return
    except OSError as exc:
        raise ServiceUnavailable(f"The file {path} cannot be written: {exc.strerror}.") from exc


def make_private_file(path: Path, content: bytes) -> None:
    """Whole or not at all; of several processes at once one makes it. Raises: OSError."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, _FILE_MODE)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123  (a descriptor)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        os.link(part, path)
    except FileExistsError:
        return
    finally:
        part.unlink()


def settle_private_files(folder: Path) -> None:
    """Make a folder's files private and put them, and their names, on the disk itself. Raises: OSError."""
    for entry in folder.iterdir():
        entry.chmod(_FILE_MODE)
        _flush(entry)
    _flush(folder)
    _flush(folder.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
