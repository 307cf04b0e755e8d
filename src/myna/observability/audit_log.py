"""Who did what with which voice: one JSON line an act, with the digest of the line before. No text, names or keys: a
key's id, SHA-256 of a voice's id and of recordings. A small file beside knows number and digest of the last, so that
missing ends show. Who can write both can make up a chain: note a digest elsewhere."""

import hashlib
import json
import logging
import mmap
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock

from myna.domain.consent import digest_voice_id
from myna.domain.errors import ServiceUnavailable

logger = logging.getLogger(__name__)

AUDIT_FILE, _HEAD_FILE, _LOCK_FILE = "audit.jsonl", "audit.head", "audit.lock"
COMMAND = "command"
"""Whose acts those of the command line are, which has no key."""
HOUSE_KEEPING = "house-keeping"
"""Whose acts the deletions are that `MYNA_KEEP_VOICES_DAYS` asks for."""
_MODE = 0o600
_LOCK_WAIT_S = 5.0
_NO_DIGEST = "0" * 64
"""What the first line has in place of the digest before it."""
_MAX_PROBLEMS = 20

Act = Literal["clone", "design", "speak", "consent", "revoke", "delete", "import", "export"]


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the chain ends."""

    number: int = 0
    digest: str = _NO_DIGEST
    size_bytes: int = 0
    """Of the file of lines."""

    @classmethod
    def read(cls, path: Path) -> "_Head":
        """Raises: OSError; ValueError if it is damaged."""
        number, digest, size_bytes = path.read_text("ascii").split()
        return cls(int(number), digest, int(size_bytes))

    def to_bytes(self) -> bytes:
        """Of one length always: it is written over in one stroke."""
        return f"{self.number:020} {self.digest} {self.size_bytes:020}\n".encode("ascii")


class AuditLog:
    """The log in one data folder, to which several processes may write."""

    def __init__(self, folder: Path, lock_wait_s: float = _LOCK_WAIT_S) -> None:
        """Nothing is made before the first line. lock_wait_s: longest wait for another process's turn."""
        self._lines, self._head = folder / AUDIT_FILE, folder / _HEAD_FILE
        self.least_free_bytes = 1 << 20
        """Below this `check` says that the disk is full: some thousand lines."""
        self._thread_lock = threading.Lock()
        self._process_lock = FileLock(folder / _LOCK_FILE, timeout=lock_wait_s, mode=_MODE, thread_local=False)

    def check(self) -> None:
        """Blocks for a moment. Raises: ServiceUnavailable, if a line could not be written: then nothing is done."""
        try:
            if self._lines.exists():
                os.close(os.open(self._lines, os.O_RDWR | os.O_CLOEXEC))
            free_bytes = shutil.disk_usage(self._lines.parent).free
        except OSError as exc:
            raise _cannot_be_written() from exc
        if free_bytes < self.least_free_bytes:
            raise ServiceUnavailable("The disk of the data folder is full. Free some space on it.")

    def note(
        self, act: Act, voice_id: str, *, key_id: str, request_id: str = "", recordings: Sequence[str] = ()
    ) -> None:
        """On the disk itself when this returns, if it changes a voice; blocks for a moment. voice_id: empty for a
        description's. key_id: whose act it is. recordings: SHA-256 of each. Raises: ServiceUnavailable."""
        fields: dict[str, object] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "act": act,
            "key": key_id,
            "voice": digest_voice_id(voice_id) if voice_id else "",
            "recordings": list(recordings),
            "request": request_id,
        }
        try:
            self._lines.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._thread_lock, self._process_lock:
                self._append({name: value for name, value in fields.items() if value}, is_safe=act != "speak")
        except (OSError, ValueError) as exc:  # a lock that is not had in time is an OSError too
            raise _cannot_be_written() from exc

    def _append(self, fields: dict[str, object], *, is_safe: bool) -> None:
        known = self._read_head()
        head = known or _Head()
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        with os.fdopen(os.open(self._lines, flags, _MODE), "r+b", buffering=0) as lines:
            size_bytes = lines.seek(0, os.SEEK_END)
            if size_bytes and (known is None or size_bytes != known.size_bytes):
                # A process died between the two files, or one of them was lost or changed.
                with mmap.mmap(lines.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    size_bytes = content.rfind(b"\n") + 1
                    head = _last_of(content, size_bytes) if known is None else _follow(known, content, size_bytes)
                lines.truncate(size_bytes)  # a line that was never finished, nothing else
            line = json.dumps({"n": head.number + 1, **fields, "before": head.digest}, separators=(",", ":")).encode()
            lines.seek(size_bytes)
            if lines.write(line + b"\n") != len(line) + 1:
                lines.truncate(size_bytes)
                raise OSError("the disk is full")
            if is_safe:
                os.fsync(lines.fileno())
        following = _Head(head.number + 1, _digest(line), size_bytes + len(line) + 1)
        # Made beside its place, so that it is never there without its content.
        target = self._head.with_suffix(".new") if known is None else self._head
        with os.fdopen(os.open(target, flags, _MODE), "r+b", buffering=0) as file:
            file.write(following.to_bytes())
        if known is None:
            target.replace(self._head)

    def _read_head(self) -> _Head | None:
        """None if it is missing or damaged."""
        try:
            return _Head.read(self._head)
        except FileNotFoundError:
            return None
        except ValueError:
            logger.warning("%s is damaged: it is made again from the last line", _HEAD_FILE)
            return None


def _cannot_be_written() -> ServiceUnavailable:
    return ServiceUnavailable("The audit log cannot be written. Look at the data folder of the server, and try again.")


@dataclass(frozen=True, slots=True)
class AuditReport:
    num_lines: int
    digest: str
    """Of the last line."""
    problems: Sequence[str]
    """What is wrong, the first of it, in words; empty if all is well."""


def verify_audit_log(files: Sequence[Path]) -> AuditReport:
    """Whether every line is there as written. files: parts of one log, oldest first. Raises: OSError."""
    problems: list[str] = []
    num_lines, number, digest = 0, 0, _NO_DIGEST
    digests = {0: _NO_DIGEST}
    for read in _read_lines(files):
        num_lines += 1
        line = read.removesuffix(b"\n")
        number, problem = _check(line, number, digest)
        digest = digests[number] = _digest(line)
        problems += [problem] if problem else []
        if line == read:  # who writes next takes it for one that was never finished
            problems.append(f"line {number} has no end")
    try:
        head = _Head.read(files[-1].with_name(_HEAD_FILE))
    except (OSError, ValueError):
        problems.append(f"{_HEAD_FILE} is missing or damaged: lines may be missing at the end")
    else:
        if head.number > number:
            problems.append(f"lines {number + 1} to {head.number} are missing at the end")
        elif digests.get(head.number) != head.digest:
            problems.append(f"line {head.number} is not the one that was written")
    return AuditReport(num_lines, digest, problems[:_MAX_PROBLEMS])


def _check(line: bytes, number: int, digest: str) -> tuple[int, str]:
    """The number of this line, and what is wrong with it or between it and the one before."""
    try:
        fields = json.loads(line)
        own, before = int(fields["n"]), fields["before"]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return number + 1, f"line {number + 1} is no line of an audit log"
    if own > number + 1:
        return own, f"lines {number + 1} to {own - 1} are missing"
    if own <= number:
        return own, f"line {own} stands behind line {number}"
    return own, f"line {number} was changed, or what line {own} says of it" if before != digest else ""


def _read_lines(files: Sequence[Path]) -> Iterator[bytes]:
    for path in files:
        with path.open("rb") as lines:
            yield from lines


def _last_of(content: mmap.mmap, end: int) -> _Head:
    """The head as the last whole line says it. end: of that line, in bytes; 0 if there is none."""
    if not end:
        return _Head()
    line = content[content.rfind(b"\n", 0, end - 1) + 1 : end - 1]
    number, _ = _check(line, 0, "")
    return _Head(number, _digest(line))


def _follow(head: _Head, content: mmap.mmap, end: int) -> _Head:
    """The head after the lines that it does not know, as far as they chain to it. end: of the whole lines, in bytes.

    A line that does not chain is passed over: what is written next goes on from the head, and so the break shows.
    """
    # In a file that was begun after the head was written (the one before was moved away) all lines are new.
    is_same_file = _last_of(content, head.size_bytes).digest == head.digest
    for line in content[head.size_bytes if is_same_file else 0 : end].split(b"\n"):
        number, problem = _check(line, head.number, head.digest)
        if not problem:
            head = _Head(number, _digest(line))
    return head


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
