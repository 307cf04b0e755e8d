"""Object storage, a local folder or S3, through obstore. Objects lie under a random prefix made here, which is
written once, read, and removed as a whole; nothing in it ever changes."""

import asyncio
import logging
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NewType

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from myna.domain.errors import InvalidRequest, ServiceUnavailable
from myna.store.private_files import make_private_folder, settle_private_files

if TYPE_CHECKING:
    from obstore.store import RetryConfig

logger = logging.getLogger(__name__)

BlobPrefix = NewType("BlobPrefix", str)
"""32 hexadecimal digits."""

_PREFIX = re.compile(r"[0-9a-f]{32}")

_RETRY_S = 5.0
"""Long enough for a storage that says slow down, short enough for who waits. One attempt: obstore's 30 s at most."""


def new_blob_prefix() -> BlobPrefix:
    return BlobPrefix(secrets.token_hex(16))


class Blobs:
    """Bytes under names. Made by `open_blobs`."""

    def __init__(self, objects: ObjectStore, folder: Path | None = None) -> None:
        """folder: where `objects` keeps its files, if it is a folder of this machine."""
        self._objects = objects
        self._folder = folder
        self.least_free_bytes = 16 * 1024 * 1024
        """Below this `check` says that the disk is full: one clone of long samples may take as much."""
        self.removal_s = 10.0
        """What takes longer to remove stays listed, and is removed later: somebody waits for the answer."""
        self._removals: dict[BlobPrefix, asyncio.Future[None]] = {}

    async def put(self, prefix: BlobPrefix, contents: Mapping[str, bytes]) -> None:
        """All of a prefix. After a failure `delete` it: some may be there. Raises: ServiceUnavailable."""
        async with _in_our_words("written"):
            if self._folder is not None:
                await asyncio.to_thread(make_private_folder, self._folder / prefix)
            for name, content in contents.items():
                await obstore.put_async(self._objects, f"{prefix}/{name}", content, use_multipart=False)
            if self._folder is not None:
                await asyncio.to_thread(settle_private_files, self._folder / prefix)

    async def get(self, prefix: BlobPrefix, name: str) -> bytes | None:
        """The bytes; None if they are not there. Raises: ServiceUnavailable."""
        async with _in_our_words("read"):
            try:
                reply = await obstore.get_async(self._objects, f"{prefix}/{name}")
                return bytes(await reply.bytes_async())
            except FileNotFoundError:
                return None

    async def delete(self, prefix: BlobPrefix) -> None:
        """Remove a prefix and all under it; nothing there is fine. Raises: ServiceUnavailable."""
        if not _PREFIX.fullmatch(prefix):
            raise ValueError("not a blob prefix")
        async with _in_our_words("removed"), asyncio.timeout(self.removal_s):
            if self._folder is not None:
                # One at a time for a prefix: whoever gave up waiting left a thread that is still at it.
                removal = self._removals.get(prefix) or self._begin_removal(prefix, self._folder / prefix)
                await asyncio.shield(removal)
                return
            async for batch in obstore.list(self._objects, prefix=prefix):
                await obstore.delete_async(self._objects, [entry["path"] for entry in batch])

    def _begin_removal(self, prefix: BlobPrefix, folder: Path) -> asyncio.Future[None]:
        removal = self._removals[prefix] = asyncio.ensure_future(asyncio.to_thread(_remove_folder, folder))

        def forget(ended: asyncio.Future[None]) -> None:
            del self._removals[prefix]
            if not ended.cancelled():
                ended.exception()  # told to who waits, if anybody still does

        removal.add_done_callback(forget)
        return removal

    async def prefixes(self) -> set[BlobPrefix]:
        """Everything that is there, for audits. Raises: ServiceUnavailable."""
        async with _in_our_words("listed"):
            listing = await obstore.list_with_delimiter_async(self._objects)
            return {BlobPrefix(path.strip("/")) for path in listing["common_prefixes"]}

    async def check(self) -> None:
        """Raises: ServiceUnavailable when nothing can be read or written."""
        async with _in_our_words("reached"):
            if self._folder is not None:
                free_bytes = (await asyncio.to_thread(shutil.disk_usage, self._folder)).free
                if free_bytes < self.least_free_bytes:
                    raise ServiceUnavailable("The disk of the data folder is full. Free some space on it.")
                return
            # A listing and not a look at one object: for that a bucket that is not there is the same as an empty one.
            await obstore.list_with_delimiter_async(self._objects, prefix="0" * 32)


def _remove_folder(folder: Path) -> None:
    """As a whole: an interrupted write leaves a temporary file that obstore does not list. Another process may be at
    it too: a file that is gone says nothing of those beside it."""
    while folder.exists():
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)


def open_blobs(url: str, data_dir: Path, retry_s: float = _RETRY_S) -> Blobs:
    """At `url` (`s3://bucket/prefix`, by the usual `AWS_...` variables; `file:///folder`) or `data_dir/blobs`.
    retry_s: how long an object storage is asked again. Raises: InvalidRequest."""
    if not url or url.startswith("file://"):
        folder = Path(url.removeprefix("file://")) if url else data_dir / "blobs"
        make_private_folder(folder)
        return Blobs(LocalStore(folder), folder)
    retries: RetryConfig = {
        "retry_timeout": timedelta(seconds=retry_s),
        "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
    }
    try:
        return Blobs(from_url(url, retry_config=retries))
    except (BaseError, ValueError) as exc:
        raise InvalidRequest("MYNA_BLOB_URL is not an object storage URL. Example: s3://bucket/prefix.") from exc


@asynccontextmanager
async def _in_our_words(done: str) -> AsyncIterator[None]:
    """Turns the object storage's failures into `ServiceUnavailable`. done: what could not be, as a participle."""
    try:
        yield
    except (BaseError, OSError) as exc:
        logger.exception("object storage failed: blobs cannot be %s", done)
        raise ServiceUnavailable(
            f"The object storage cannot be {done} right now. Try again; if it stays, look at the server's log and at "
            "the free space of the disk."
        ) from exc
