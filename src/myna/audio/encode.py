"""Every encoding of wire-contract.md#encodings, whole or in pieces, one encoder a reply. The pieces joined are the
whole (headers aside): the same samples and duration, no click at a join."""

from collections.abc import Callable
from typing import TypeVar

import av
import numpy as np
import soundfile

from myna.audio.byte_sink import ByteSink
from myna.audio.container import MPEG1_LAYER3_KBPS, MPEG2_LAYER3_KBPS
from myna.audio.pcm import Pcm16, pcm16_bytes, to_pcm16, wav_header
from myna.audio.resample import StreamResampler
from myna.audio.tempo import TempoChanger
from myna.domain.errors import MynaError
from myna.domain.speech import AudioEncoding, AudioFormat
from myna.domain.waveform import Samples, Waveform

T = TypeVar("T")

OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
"""What Opus can be fed with (RFC 6716 section 2); other rates go to the next higher of these."""

SYNTHETIC = "Synthetic speech, made with Myna"
"""The comment in formats that have a place for one (not in WAV and MP3: wire-contract.md#encodings)."""

_WHOLE_PAGE_US = 1_000_000
"""Ogg page length of a whole reply: one second, as the documented service sends (wire-contract.md#encodings)."""
_STREAM_PAGE_US = 200_000
"""Of a stream: a page is the least that can leave, so a shorter one is heard sooner; costs 1.5 kbit/s."""

_MPEG25_MAX_KBPS = 64
_MAX_OPUS_BIT_RATE_BPS = 256_000
"""The most that one Opus channel carries (RFC 7845: 1275 bytes per 20 ms is twice that; libopus refuses mono above)."""


def nearest_mp3_bit_rate(bit_rate_bps: int, sample_rate_hz: int) -> int:
    """The nearest bit rate that an MP3 frame of this rate has, bit/s. Source: ISO/IEC 11172-3 and 13818-3."""
    steps: tuple[int, ...] = MPEG1_LAYER3_KBPS if sample_rate_hz >= 32000 else MPEG2_LAYER3_KBPS
    if sample_rate_hz < 16000:
        steps = tuple(step for step in steps if step <= _MPEG25_MAX_KBPS)
    return 1000 * min(steps, key=lambda step: abs(step * 1000 - bit_rate_bps))


def encode_wav(waveform: Waveform) -> bytes:
    """A whole 16-bit mono WAV at the waveform's own rate, 44 bytes of header."""
    content = pcm16_bytes(to_pcm16(waveform.samples))
    return wav_header(waveform.sample_rate_hz, len(content)) + content


class FormatEncoder:
    """Encodes one reply. The first waveform sets the input rate; all of one reply have the same."""

    def __init__(self, audio_format: AudioFormat, *, is_stream: bool, tempo: float = 1.0) -> None:
        """audio_format: one that `check_speak_command` lets pass. is_stream: headers as wire-contract.md#encodings
        wants them. tempo: 2 is twice as fast, with the same pitch."""
        self._tempo = tempo
        self._rate_hz = _fed_rate_hz(audio_format)
        self._sink = _translating_errors(lambda: _open_sink(audio_format, self._rate_hz, is_stream))
        self._resampler: StreamResampler | None = None
        self._stretcher: TempoChanger | None = None

    def encode(self, waveform: Waveform) -> bytes:
        """Bytes that are ready after this piece; empty while a frame, a page or a whole reply is gathered."""
        if self._resampler is None or self._stretcher is None:
            self._stretcher = TempoChanger(waveform.sample_rate_hz, self._tempo)
            self._resampler = StreamResampler(waveform.sample_rate_hz, self._rate_hz)
        return self._push(self._resampler.push(self._stretcher.push(waveform.samples)))

    def finish(self) -> bytes:
        """The rest."""
        ready = b""
        if self._resampler is not None and self._stretcher is not None:
            ready = self._push(self._resampler.push(self._stretcher.finish())) + self._push(self._resampler.finish())
        return ready + _translating_errors(self._sink.finish)

    def _push(self, samples: Samples) -> bytes:
        if len(samples) == 0:
            return b""
        return _translating_errors(lambda: self._sink.push(to_pcm16(samples)))


def _fed_rate_hz(audio_format: AudioFormat) -> int:
    if audio_format.encoding is not AudioEncoding.OGG_OPUS:
        return audio_format.sample_rate_hz
    return min(rate for rate in OPUS_RATES_HZ if rate >= audio_format.sample_rate_hz)


def _translating_errors(work: Callable[[], T]) -> T:
    try:
        return work()
    except (av.FFmpegError, soundfile.SoundFileError, ValueError) as exc:
        raise MynaError("The speech could not be encoded in this format. Try audioEncoding WAV.") from exc


def _open_sink(audio_format: AudioFormat, rate_hz: int, is_stream: bool) -> "_PcmSink":
    match audio_format.encoding:
        case AudioEncoding.MP3:
            return _Mp3Sink(rate_hz, nearest_mp3_bit_rate(audio_format.bit_rate_bps, rate_hz))
        case AudioEncoding.OGG_OPUS:
            page_us = _STREAM_PAGE_US if is_stream else _WHOLE_PAGE_US
            return _OggOpusSink(rate_hz, min(audio_format.bit_rate_bps, _MAX_OPUS_BIT_RATE_BPS), page_us)
        case AudioEncoding.FLAC:
            return _SoundfileSink(rate_hz, "FLAC", "PCM_16", is_stream=is_stream)
        case AudioEncoding.LINEAR16:
            return _WavPerChunkSink(rate_hz) if is_stream else _WholeWavSink(rate_hz)
        case AudioEncoding.WAV:
            return _WavStreamSink(rate_hz) if is_stream else _WholeWavSink(rate_hz)
        case AudioEncoding.PCM:
            return _PcmSink()
        case AudioEncoding.ALAW | AudioEncoding.MULAW:
            subtype = "ALAW" if audio_format.encoding is AudioEncoding.ALAW else "ULAW"
            return _SoundfileSink(rate_hz, "RAW", subtype, is_stream=is_stream)


class _PcmSink:
    """s16le, never a header: some clients push the bytes straight to the sound card. The simplest of the sinks."""

    def push(self, pcm: Pcm16) -> bytes:
        return pcm16_bytes(pcm)

    def finish(self) -> bytes:
        return b""


class _WavPerChunkSink(_PcmSink):
    """LINEAR16 of a stream: each chunk is a WAV file of its own (wire-contract.md#encodings)."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz

    def push(self, pcm: Pcm16) -> bytes:
        content = pcm16_bytes(pcm)
        return wav_header(self._rate_hz, len(content)) + content


class _WavStreamSink(_PcmSink):
    """WAV of a stream: one header of unknown length, then samples."""

    def __init__(self, rate_hz: int) -> None:
        self._header = wav_header(rate_hz, None)

    def push(self, pcm: Pcm16) -> bytes:
        return self.finish() + pcm16_bytes(pcm)

    def finish(self) -> bytes:
        header, self._header = self._header, b""
        return header


class _WholeWavSink(_PcmSink):
    """A WAV that states its length, so nothing leaves before the end."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._content = bytearray()

    def push(self, pcm: Pcm16) -> bytes:
        self._content += pcm16_bytes(pcm)
        return b""

    def finish(self) -> bytes:
        return wav_header(self._rate_hz, len(self._content)) + bytes(self._content)


class _SoundfileSink(_PcmSink):
    """What libsndfile writes. A whole FLAC has length and digest in its header; a stream says "unknown", as it may."""

    def __init__(self, rate_hz: int, file_format: str, subtype: str, *, is_stream: bool) -> None:
        self._is_stream = is_stream
        self._sink = ByteSink()
        self._file = soundfile.SoundFile(self._sink, "w", rate_hz, 1, subtype, format=file_format)
        if file_format == "FLAC":
            self._file.comment = SYNTHETIC

    def push(self, pcm: Pcm16) -> bytes:
        self._file.write(pcm)
        return self._sink.take() if self._is_stream else b""

    def finish(self) -> bytes:
        self._file.close()
        return self._sink.take() if self._is_stream else self._sink.getvalue()


class _FfmpegSink(_PcmSink):
    """Encodes with FFmpeg, which cuts what arrives into the frames that a codec takes."""

    def __init__(self, rate_hz: int, sample_format: str) -> None:
        self._rate_hz = rate_hz
        self._sample_format = sample_format
        self._num_samples = 0

    def push(self, pcm: Pcm16) -> bytes:
        frame = av.AudioFrame.from_ndarray(pcm[np.newaxis], format=self._sample_format, layout="mono")
        frame.sample_rate = self._rate_hz
        frame.pts = self._num_samples
        self._num_samples += len(pcm)
        return self._encode(frame)

    def finish(self) -> bytes:
        return self._encode(None)

    def _encode(self, frame: av.AudioFrame | None) -> bytes:
        """frame: None for the rest."""
        raise NotImplementedError


class _Mp3Sink(_FfmpegSink):
    """MPEG audio frames alone: an Info frame states a length, and clients join replies (wire-contract.md#chunking)."""

    def __init__(self, rate_hz: int, bit_rate_bps: int) -> None:
        super().__init__(rate_hz, "s16p")
        self._codec = av.CodecContext.create("libmp3lame", "w")
        self._codec.sample_rate = rate_hz
        self._codec.layout = "mono"
        self._codec.format = "s16p"
        self._codec.bit_rate = bit_rate_bps

    def _encode(self, frame: av.AudioFrame | None) -> bytes:
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class _OggOpusSink(_FfmpegSink):
    """One logical Ogg stream of 20 ms Opus packets at a constant bit rate; the last page trims to the exact length."""

    def __init__(self, rate_hz: int, bit_rate_bps: int, page_us: int) -> None:
        super().__init__(rate_hz, "s16")
        self._sink = ByteSink()
        self._container = av.open(self._sink, "w", format="ogg", options={"page_duration": str(page_us)})
        self._container.metadata["comment"] = SYNTHETIC
        self._stream = self._container.add_stream("libopus", rate=rate_hz, options={"vbr": "off"})
        self._stream.layout = "mono"
        self._stream.format = "s16"
        self._stream.bit_rate = bit_rate_bps

    def _encode(self, frame: av.AudioFrame | None) -> bytes:
        self._container.mux(self._stream.encode(frame))
        if frame is None:
            self._container.close()
        return self._sink.take()
