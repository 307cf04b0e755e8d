"""16-bit samples and the 44-byte WAV header that clients strip by length."""

import struct

import numpy as np
import numpy.typing as npt

from myna.domain.waveform import Samples

Pcm16 = npt.NDArray[np.int16]
"""[num_samples] int16, mono."""

WAV_HEADER_BYTES = 44
_UNKNOWN_SIZE_BYTES = 0xFFFFFFFF
"""What a RIFF chunk says when its length is not known yet (wire-contract.md#encodings)."""
_MAX_DATA_BYTES = _UNKNOWN_SIZE_BYTES - (WAV_HEADER_BYTES - 8)


def to_pcm16(samples: Samples) -> Pcm16:
    """Round float samples to 16 bits. What is over full scale is clipped; it never wraps."""
    scaled: Samples = np.rint(samples * np.float32(32767.0))
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def pcm16_bytes(pcm: Pcm16) -> bytes:
    """Little-endian bytes, whatever the machine."""
    return pcm.astype("<i2", copy=False).tobytes()


def wav_header(sample_rate_hz: int, data_bytes: int | None, num_channels: int = 1) -> bytes:
    """`RIFF`, a 16-byte `fmt `, `data`, nothing else: always 44 bytes. data_bytes: of the samples; None at the head
    of a stream. Source: wire-contract.md#encodings (clients strip exactly 44 bytes); Microsoft RIFF specification."""
    if data_bytes is None or data_bytes > _MAX_DATA_BYTES:
        riff_bytes = data_bytes = _UNKNOWN_SIZE_BYTES
    else:
        riff_bytes = data_bytes + WAV_HEADER_BYTES - 8
    bytes_per_frame, bits = 2 * num_channels, 16
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", riff_bytes, b"WAVE",
        b"fmt ", 16, 1, num_channels, sample_rate_hz, sample_rate_hz * bytes_per_frame, bytes_per_frame, bits,
        b"data", data_bytes,
    )  # fmt: skip
