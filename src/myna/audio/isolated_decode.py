"""Decode recordings in a process of their own, so that no bytes can take the service down.

The decoders are large C libraries. A file that makes one crash, hang or swallow memory costs one child process and
gives one refused request. The child is kept between recordings; its stderr goes nowhere, since the libraries print
there.
"""

import json
import logging
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
import weakref

import numpy as np

from myna.audio.container import ACCEPTED_FORMATS, AudioContainer
from myna.audio.decode import DecodedAudio, DecodeLimits
from myna.domain.errors import AudioUndecodable, PayloadTooLarge

_log = logging.getLogger(__name__)

_PIPE_BYTES = 1 << 20
LENGTH = struct.Struct("<Q")
"""Frames of the pipe: a length in bytes, then that many bytes."""


class IsolatedDecoder:
    """Decodes in a child process that is started when first needed and again after it died. Thread-safe."""

    def __init__(self, limits: DecodeLimits | None = None, timeout_s: float = 20.0) -> None:
        """timeout_s: wall time for one recording; decoding the longest one that is read takes about a second."""
        self._limits = limits or DecodeLimits()
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def decode(self, content: bytes) -> DecodedAudio:
        """As `decode_audio`.

        Raises: AudioUndecodable, also when the bytes made the decoder crash or hang; PayloadTooLarge.
        """
        if len(content) > self._limits.max_bytes:
            raise PayloadTooLarge(
                f"The recording has more than {self._limits.max_bytes // 2**20} MiB. Send 10 to 15 s."
            )
        with self._lock:
            if self._child is None or not self._child.is_alive:
                self._child = _Child(self._limits)
            try:
                header, samples = self._child.exchange(content, time.monotonic() + self._timeout_s)
            except OSError as exc:  # closed pipe, time-out
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


def _read_reply(header: bytes, samples: bytearray) -> DecodedAudio:
    reply = json.loads(header)
    if "error" in reply:
        raise (PayloadTooLarge if reply["error"] == PayloadTooLarge.code else AudioUndecodable)(reply["message"])
    channels = np.frombuffer(samples, np.float32).reshape(-1, reply["num_channels"])
    return DecodedAudio(channels, reply["sample_rate_hz"], reply["is_cut"], AudioContainer(reply["container"]))


class _Child:
    """One decoder process and the pipes to it."""

    def __init__(self, limits: DecodeLimits) -> None:
        self._process = subprocess.Popen(  # noqa: S603  (our own module, no part of it from outside)
            [sys.executable, "-m", "myna.audio.decoder_process", json.dumps(_as_dict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._max_reply_bytes = 4 * limits.max_values
        self._to_child = self._process.stdin.fileno()
        self._from_child = self._process.stdout.fileno()
        os.set_blocking(self._to_child, False)
        os.set_blocking(self._from_child, False)
        self._finalizer = weakref.finalize(self, _stop, self._process)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        self._finalizer()

    def exchange(self, content: bytes, deadline_s: float) -> tuple[bytes, bytearray]:
        """Send a recording, receive a header and samples. Raises: OSError when the child dies or is too slow."""
        self._send(LENGTH.pack(len(content)), deadline_s)
        self._send(content, deadline_s)
        header = self._receive(deadline_s)
        return bytes(header), self._receive(deadline_s)

    def _send(self, content: bytes, deadline_s: float) -> None:
        rest = memoryview(content)
        while rest:
            self._wait(self._to_child, selectors.EVENT_WRITE, deadline_s)
            rest = rest[os.write(self._to_child, rest[:_PIPE_BYTES]) :]

    def _receive(self, deadline_s: float) -> bytearray:
        (num_bytes,) = LENGTH.unpack(self._read(LENGTH.size, deadline_s))
        if num_bytes > self._max_reply_bytes:
            raise BrokenPipeError("the decoder process answers nonsense")
        return self._read(num_bytes, deadline_s)

    def _read(self, num_bytes: int, deadline_s: float) -> bytearray:
        content = bytearray(num_bytes)
        view, filled = memoryview(content), 0
        while filled < num_bytes:
            self._wait(self._from_child, selectors.EVENT_READ, deadline_s)
            num_read = os.readv(self._from_child, [view[filled:]])
            if num_read == 0:
                raise BrokenPipeError("the decoder process ended")
            filled += num_read
        return content

    def _wait(self, descriptor: int, event: int, deadline_s: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, event)
            if not selector.select(max(0.0, deadline_s - time.monotonic())):
                raise TimeoutError("the decoder process takes too long")


def _as_dict(limits: DecodeLimits) -> dict[str, float]:
    return {name: getattr(limits, name) for name in DecodeLimits.__dataclass_fields__}


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
