"""Which running stores are alive, by a lock on a file of each, which the kernel drops with the process: what a killed
one left half done is told from what another does right now."""

import secrets
import threading
from pathlib import Path

from filelock import FileLock, Timeout

from myna.store.private_files import make_private_folder, touch_private_file


class StoreOwners:
    """The stores that share a data folder. One instance is one of them."""

    def __init__(self, folder: Path) -> None:
        self.own_id = secrets.token_hex(16)
        self._folder = folder
        self._own_file = folder / self.own_id
        self._lock = FileLock(self._own_file, thread_local=False)
        self._claiming = threading.Lock()

    def claim(self) -> None:
        """Become known as alive; may be repeated, from any thread. Raises: ServiceUnavailable."""
        with self._claiming:
            if not self._lock.is_locked:
                make_private_folder(self._folder)
                touch_private_file(self._own_file)
                self._lock.acquire()

    def is_alive(self, owner_id: str) -> bool:
        """Asks the kernel; a dead owner's file is removed on the way."""
        if owner_id == self.own_id:
            return self._lock.is_locked
        path = self._folder / Path(owner_id).name
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
        except Timeout:
            return True
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
        if self._lock.is_locked:
            self._own_file.unlink(missing_ok=True)
            self._lock.release()
