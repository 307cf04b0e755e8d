"""The child of `isolated_decode`: reads recordings from stdin, writes samples to stdout, until stdin closes."""

import json
import resource
import sys
from dataclasses import replace

import numpy as np

from myna.audio.decode import DecodeLimits, decode_audio
from myna.audio.isolated_decode import LENGTH, READY, WANTED
from myna.domain.errors import AudioUndecodable, PayloadTooLarge

_MAX_MEMORY_BYTES = 2 * 2**30
"""Of address space, several times what the limits allow; a decoder that asks for more gets none."""


def main(arguments: list[str]) -> int:
    limits = DecodeLimits(**json.loads(arguments[0]))
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    while len(head := sys.stdin.buffer.read(LENGTH.size + WANTED.size)) == LENGTH.size + WANTED.size:
        (num_bytes,), (start_s, max_s) = LENGTH.unpack_from(head), WANTED.unpack_from(head, LENGTH.size)
        within = replace(limits, max_read_s=min(max_s, limits.max_read_s))
        _answer(sys.stdin.buffer.read(num_bytes), within, start_s)
    return 0


def _answer(content: bytes, limits: DecodeLimits, start_s: float) -> None:
    try:
        audio = decode_audio(content, limits, start_s)
    except (AudioUndecodable, PayloadTooLarge) as exc:
        _write(json.dumps({"error": exc.code, "message": exc.message}).encode(), b"")
        return
    header = {
        "sample_rate_hz": audio.sample_rate_hz,
        "num_channels": audio.channels.shape[1],
        "is_cut": audio.is_cut,
        "container": audio.container.value,
    }
    _write(json.dumps(header).encode(), np.ascontiguousarray(audio.channels).data.cast("B"))


def _write(header: bytes, samples: bytes | memoryview) -> None:
    out = sys.stdout.buffer
    for part in (header, samples):
        out.write(LENGTH.pack(len(part)))
        out.write(part)
    out.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
