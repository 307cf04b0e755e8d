"""Which running stores are alive: a lock on a file for each, which the kernel drops when its process dies.

With it a store that starts can tell what a killed process left half done from what another process is doing right now.
"""

import fcntl
import os
import secrets
import threading
from pathlib import Path

from myna.store.private_files import make_private_folder, touch_private_file


class StoreOwners:
    """The stores that share a data folder. One instance is one of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None
        self._claiming = threading.Lock()
        self.own_id = secrets.token_hex(16)

    def claim(self) -> None:
        """Become known as alive; may be repeated, from any thread. Raises: ServiceUnavailable."""
        # One thread at a time: the kernel would let a second one wait for the lock of the first for ever.
        with self._claiming:
            if self._descriptor is not None:
                return
            make_private_folder(self._folder)
            path = self._folder / self.own_id
            while self._descriptor is None:
                touch_private_file(path)
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if _is_at(descriptor, path):
                    self._descriptor = descriptor
                else:
                    # Another store took the file for a dead one's between our two steps, and removed it.
                    os.close(descriptor)

    def is_alive(self, owner_id: str) -> bool:
        """Asks the kernel; a dead owner's file is removed on the way."""
        if owner_id == self.own_id:
            return self._descriptor is not None
        path = self._folder / Path(owner_id).name
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def forget_dead(self) -> None:
        """Remove the files of all dead owners."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                self.is_alive(path.name)

    def others_are_alive(self) -> bool:
        if not self._folder.is_dir():
            return False
        return any(path.name != self.own_id and self.is_alive(path.name) for path in self._folder.iterdir())

    def release(self) -> None:
        """Stop being alive."""
        if self._descriptor is not None:
            (self._folder / self.own_id).unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
