"""Decode recordings in a process of their own: a file that crashes or hangs a C library, or swallows memory, costs
one child and gives one refused request. The child is kept; its stderr goes nowhere, since the libraries print there."""

import json
import logging
import math
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict

import numpy as np

from myna.audio.container import ACCEPTED_FORMATS, AudioContainer
from myna.audio.decode import DecodedAudio, DecodeLimits, check_size
from myna.domain.errors import AudioUndecodable, PayloadTooLarge, ServiceUnavailable

_log = logging.getLogger(__name__)

LENGTH = struct.Struct("<Q")
"""Frames of the pipe: a length in bytes, then that many bytes."""
WANTED = struct.Struct("<dd")
"""In front of a recording: from where on it is wanted, and how much of it, in seconds."""
READY = b"\n"
"""The child's first word, when its libraries are loaded."""
_SKIPPED_S_PER_S = 50.0
"""At least so fast is what lies before."""


class IsolatedDecoder:
    """Decodes in a child process that is started when first needed and again after it died. Thread-safe."""

    def __init__(
        self, limits: DecodeLimits | None = None, timeout_s: float = 20.0, *, start_timeout_s: float = 120.0
    ) -> None:
        """Wall times. timeout_s: for one recording; decoding the longest one that is read takes about a second.
        start_timeout_s: until the child has loaded its libraries; on a machine with forty programs at work two cores
        needed more than 20 s for that."""
        self._limits = limits or DecodeLimits()
        self._timeout_s = timeout_s
        self._start_timeout_s = start_timeout_s
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def decode(self, content: bytes, start_s: float = 0.0, max_s: float = math.inf) -> DecodedAudio:
        """As `decode_audio`. Raises: AudioUndecodable, also for bytes that made it crash or hang; PayloadTooLarge;
        ServiceUnavailable, if there is no child."""
        check_size(content, self._limits)
        with self._lock:
            if self._child is None or not self._child.is_alive:
                self._child = self._start()
            try:
                timeout_s = self._timeout_s + start_s / _SKIPPED_S_PER_S
                header, samples = self._child.exchange(content, WANTED.pack(start_s, max_s), timeout_s)
            except OSError as exc:  # it died, by itself or by the watchdog
                self._child.stop()
                self._child = None
                _log.warning("a recording of %d bytes stopped the decoder (%s)", len(content), type(exc).__name__)
                raise AudioUndecodable(
                    f"The recording cannot be decoded: it is damaged. Send {ACCEPTED_FORMATS}."
                ) from exc
        return _read_reply(header, samples)

    def _start(self) -> "_Child":
        """Apart from the decoding: a child that does not come says nothing of the recording."""
        try:
            child = _Child(self._limits)
            try:
                child.wait_until_ready(self._start_timeout_s)
            except OSError:
                child.stop()
                raise
        except OSError as exc:
            _log.warning("the decoder does not start (%s)", type(exc).__name__)
            raise ServiceUnavailable("No recording can be decoded right now. Try again in a moment.") from exc
        return child

    def close(self) -> None:
        """Stop the child; a later `decode` starts another."""
        with self._lock:
            if self._child is not None:
                self._child.stop()
                self._child = None


def _read_reply(header: bytes, samples: bytes) -> DecodedAudio:
    reply = json.loads(header)
    if "error" in reply:
        raise (PayloadTooLarge if reply["error"] == PayloadTooLarge.code else AudioUndecodable)(reply["message"])
    channels = np.frombuffer(samples, np.float32).reshape(-1, reply["num_channels"])
    return DecodedAudio(channels, reply["sample_rate_hz"], reply["is_cut"], AudioContainer(reply["container"]))


class _Child:
    """One decoder process and the pipes to it."""

    def __init__(self, limits: DecodeLimits) -> None:
        self._process = subprocess.Popen(  # noqa: S603  (our own module, no part of it from outside)
            [sys.executable, "-P", "-m", "myna.audio.decoder_process", json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to_child, self._from_child = self._process.stdin, self._process.stdout
        self._max_reply_bytes = 4 * limits.max_values
        self.stop = weakref.finalize(self, _stop, self._process)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self, timeout_s: float) -> None:
        """Raises: OSError when it dies or is too slow."""
        with self._watched(timeout_s):
            self._read(len(READY))

    def exchange(self, content: bytes, wanted: bytes, timeout_s: float) -> tuple[bytes, bytes]:
        """Send a recording, receive a header and samples. Raises: OSError when the child dies or is too slow."""
        with self._watched(timeout_s):
            self._to_child.write(LENGTH.pack(len(content)) + wanted)
            self._to_child.write(content)
            self._to_child.flush()
            return self._receive(), self._receive()

    @contextmanager
    def _watched(self, timeout_s: float) -> Iterator[None]:
        watchdog = threading.Timer(timeout_s, self._process.kill)
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _receive(self) -> bytes:
        (num_bytes,) = LENGTH.unpack(self._read(LENGTH.size))
        if num_bytes > self._max_reply_bytes:
            raise BrokenPipeError("the decoder process answers nonsense")
        return self._read(num_bytes)

    def _read(self, num_bytes: int) -> bytes:
        content = self._from_child.read(num_bytes)
        if len(content) < num_bytes:
            raise BrokenPipeError("the decoder process ended")
        return content


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what the child did not take any more
                pipe.close()
