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
from contextlib import suppress
from dataclasses import asdict

import numpy as np

from myna.audio.container import ACCEPTED_FORMATS, AudioContainer
from myna.audio.decode import DecodedAudio, DecodeLimits, check_size
from myna.domain.errors import AudioUndecodable, PayloadTooLarge

_log = logging.getLogger(__name__)

LENGTH = struct.Struct("<Q")
"""Frames of the pipe: a length in bytes, then that many bytes."""
WANTED = struct.Struct("<dd")
"""In front of a recording: from where on it is wanted, and how much of it, in seconds."""
_SKIPPED_S_PER_S = 50.0
"""At least so fast is what lies before."""
_STARTING_S = 60.0
"""So long a child may take to start, on a machine with far too much to do."""


class IsolatedDecoder:
    """Decodes in a child process that is started when first needed and again after it died. Thread-safe."""

    def __init__(self, limits: DecodeLimits | None = None, timeout_s: float = 20.0) -> None:
        """timeout_s: wall time for one recording; decoding the longest one that is read takes about a second."""
        self._limits = limits or DecodeLimits()
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def decode(self, content: bytes, start_s: float = 0.0, max_s: float = math.inf) -> DecodedAudio:
        """As `decode_audio`. Raises: AudioUndecodable, also for bytes that made it crash or hang; PayloadTooLarge."""
        check_size(content, self._limits)
        with self._lock:
            timeout_s = self._timeout_s + start_s / _SKIPPED_S_PER_S
            if self._child is None or not self._child.is_alive:
                self._child = _Child(self._limits)
                timeout_s += _STARTING_S
            try:
                header, samples = self._child.exchange(content, WANTED.pack(start_s, max_s), timeout_s)
            except OSError as exc:  # it died, by itself or by the watchdog
                self._child.stop()
                self._child = None
                _log.warning("a recording of %d bytes stopped the decoder (%s)", len(content), type(exc).__name__)
                raise AudioUndecodable(
                    f"The recording cannot be decoded: it is damaged. Send {ACCEPTED_FORMATS}."
                ) from exc
        return _read_reply(header, samples)

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

    def exchange(self, content: bytes, wanted: bytes, timeout_s: float) -> tuple[bytes, bytes]:
        """Send a recording, receive a header and samples. Raises: OSError when the child dies or is too slow."""
        watchdog = threading.Timer(timeout_s, self._process.kill)
        watchdog.start()
        try:
            self._to_child.write(LENGTH.pack(len(content)) + wanted)
            self._to_child.write(content)
            self._to_child.flush()
            return self._receive(), self._receive()
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
