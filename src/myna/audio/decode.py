"""Bytes of any accepted container to samples, within limits that are checked on what a file declares and on what
comes out. Hostile bytes are for `isolated_decode`, which calls this in a process of its own."""

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

import av
import numpy as np
import numpy.typing as npt
import soundfile
from av.audio.stream import AudioStream
from av.container import InputContainer

from myna.audio.container import ACCEPTED_FORMATS, AudioContainer, name_other, sniff_container
from myna.audio.joined_files import another_follows, split_files
from myna.domain.errors import AudioUndecodable, PayloadTooLarge

_log = logging.getLogger(__name__)

ChannelSamples = npt.NDArray[np.float32]
"""[num_samples, num_channels] float32."""

_BLOCK_FRAMES = 65_536
_MAX_DAMAGED_PACKETS = 200
_READ_BY_LIBSNDFILE = frozenset(AudioContainer) - {
    AudioContainer.ADTS,
    AudioContainer.MP4,
    AudioContainer.WEBM,
    AudioContainer.AMR,
    AudioContainer.ASF,
    AudioContainer.AVI,
    AudioContainer.WAVPACK,
}
_FFMPEG_CODECS = (
    "aac,aac_latm,ac3,eac3,alac,amrnb,amrwb,opus,libopus,vorbis,speex,flac,mp1,mp1float,mp2,mp2float,mp3,mp3float,"
    "wmav1,wmav2,wmapro,wmavoice,wmalossless,wavpack,g722,g723_1,g726,gsm,gsm_ms,truespeech,adpcm_ima_wav,adpcm_ms,"
    "adpcm_ima_qt,adpcm_yamaha,pcm_alaw,pcm_mulaw,pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,"
    "pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_s8_planar,pcm_s16be_planar"
)
"""All that FFmpeg may start: no video, no subtitles, no exotic game formats."""


_DAMAGED = (av.FFmpegError, ValueError, OverflowError, MemoryError)
"""What FFmpeg raises for a file that it cannot read."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """How much of a file is believed and how much is read."""

    max_bytes: int = 64 * 2**20
    max_read_s: float = 300.0
    """Reading stops after so much: the best 15 seconds are sought in what was read."""
    max_declared_s: float = 4 * 3600.0
    """A file that claims to be longer is refused unread."""
    max_values: int = 30_000_000
    """Samples times channels that are kept, 4 bytes each: bounds memory for many channels at high rates."""
    max_channels: int = 8
    min_rate_hz: int = 8_000
    max_rate_hz: int = 192_000


@dataclass(frozen=True, slots=True, eq=False)
class DecodedAudio:
    channels: ChannelSamples
    """[num_samples, num_channels] float32 in [-1, 1]."""
    sample_rate_hz: int
    is_cut: bool
    """There was more than the limits let in."""
    container: AudioContainer


def decode_audio(content: bytes, limits: DecodeLimits, start_s: float = 0.0) -> DecodedAudio:
    """libsndfile reads what it can; FFmpeg, held to one demuxer and a list of codecs, the rest, within `4 *
    limits.max_values` bytes (twice that while joining). start_s: what lies before is left out, and that may be all.
    Raises: AudioUndecodable, PayloadTooLarge."""
    check_size(content, limits)
    if not content:
        raise AudioUndecodable(f"The recording is empty. Send {ACCEPTED_FORMATS}.")
    sniffed = sniff_container(content)
    if sniffed is None:
        other = name_other(content)
        are = f"{other}, not a recording that is read here" if other else "not a recording in a known format"
        raise AudioUndecodable(f"The bytes are {are}. Send {ACCEPTED_FORMATS}; samples without a header as WAV.")
    found = content[sniffed.content_start :] if sniffed.content_start else content
    first, *others = split_files(found, sniffed.container)
    try:
        collected = _read(first, sniffed.container, partial(_BlockCollector, limits=limits, start_s=start_s))
    except _DAMAGED as exc:
        raise AudioUndecodable(
            f"The recording begins like {sniffed.container.name}, but it is damaged or its codec is not read here. "
            f"Send {ACCEPTED_FORMATS}."
        ) from exc
    for part in others:
        with suppress(*_DAMAGED):  # a tail: what came before it is good
            if not collected.is_full:
                _read(part, sniffed.container, collected.go_on)
    return _finish(collected, sniffed.container)


def check_size(content: bytes, limits: DecodeLimits) -> None:
    """Raises: PayloadTooLarge."""
    if len(content) > limits.max_bytes:
        raise PayloadTooLarge(
            f"The recording has more than {limits.max_bytes // 2**20} MiB. Send less of it: "
            "of a voice 10 to 15 s are all that is needed."
        )


class _BlockCollector:
    """Gathers decoded blocks up to the limits. Raises: AudioUndecodable for a rate or channels outside them."""

    def __init__(self, sample_rate_hz: int, num_channels: int, limits: DecodeLimits, start_s: float) -> None:
        if not limits.min_rate_hz <= sample_rate_hz <= limits.max_rate_hz:
            raise AudioUndecodable(
                f"The recording has a sample rate of {sample_rate_hz} Hz. "
                f"Rates from {limits.min_rate_hz} to {limits.max_rate_hz} Hz are read."
            )
        if not 1 <= num_channels <= limits.max_channels:
            raise AudioUndecodable(
                f"The recording has {num_channels} channels. 1 to {limits.max_channels} are read: send mono or stereo."
            )
        self.sample_rate_hz = sample_rate_hz
        self.num_channels = num_channels
        self.limits = limits
        self.is_full = False
        self.starts_late = start_s > 0
        self.to_skip = round(start_s * sample_rate_hz)
        self.blocks: list[ChannelSamples] = [np.zeros((0, num_channels), np.float32)]
        self.room = min(int(limits.max_read_s * sample_rate_hz), limits.max_values // num_channels)

    def go_on(self, sample_rate_hz: int, num_channels: int) -> Self:
        """With another file. Raises: AudioUndecodable."""
        if (sample_rate_hz, num_channels) != (self.sample_rate_hz, self.num_channels):
            raise AudioUndecodable(
                "Several files of different sample rates or channels follow one another. Send one file for each sample."
            )
        return self

    def check_declared(self, declared_s: float) -> None:
        if declared_s > self.limits.max_declared_s:
            raise AudioUndecodable(
                f"The recording says it lasts {declared_s / 3600:.1f} hours; at most "
                f"{self.limits.max_declared_s / 3600:.0f} are accepted. Send it in parts."
            )

    def add(self, block: ChannelSamples) -> None:
        """Keep a block, or what there is room for."""
        wanted = block[self.to_skip :]
        self.to_skip -= len(block) - len(wanted)
        self.blocks.append(wanted[: self.room])
        if len(wanted) >= self.room:
            self.is_full = True
        self.room -= len(self.blocks[-1])

    @property
    def is_empty(self) -> bool:
        return not self.starts_late and not any(map(len, self.blocks))


_Begin = Callable[[int, int], _BlockCollector]


def _finish(collected: _BlockCollector, container: AudioContainer) -> DecodedAudio:
    if collected.is_empty:
        raise AudioUndecodable(f"The recording is a {container.name} file without any sound in it.")
    channels = np.concatenate(collected.blocks)
    np.nan_to_num(channels, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    # float files may go over full scale without being clipped, and some hold 16-bit numbers as floats
    peak = max(float(channels.max(initial=0.0)), -float(channels.min(initial=0.0)))
    if peak > 1.0:
        channels /= np.float32(peak)
    return DecodedAudio(channels, collected.sample_rate_hz, collected.is_full, container)


def _read(content: bytes, container: AudioContainer, begin: _Begin) -> _BlockCollector:
    """One file. begin: of a rate in hertz and a number of channels. Raises: what is `_DAMAGED`, AudioUndecodable."""
    if container in _READ_BY_LIBSNDFILE and not another_follows(content, container):
        try:
            return _read_with_libsndfile(io.BytesIO(content), begin)
        except soundfile.SoundFileError as exc:
            _log.debug("libsndfile refused a %s file, FFmpeg is asked: %s", container, exc)
    return _read_with_ffmpeg(io.BytesIO(content), container, begin)


def _read_with_libsndfile(file: io.BytesIO, begin: _Begin) -> _BlockCollector:
    """Raises: soundfile.SoundFileError (nothing read), AudioUndecodable."""
    with soundfile.SoundFile(file) as sound:
        collected = begin(sound.samplerate, sound.channels)
        if sound.frames == np.iinfo(np.int64).max:
            raise soundfile.SoundFileRuntimeError("of a FLAC of unknown length libsndfile loses the last block")
        collected.check_declared(sound.frames / sound.samplerate)
        if collected.to_skip and sound.seekable():
            collected.to_skip -= sound.seek(min(collected.to_skip, sound.frames))
        while not collected.is_full:
            try:
                block = sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
            except soundfile.SoundFileError:
                if collected.is_empty:
                    raise
                break  # a damaged tail: what came before it is good
            if len(block) == 0:
                break
            collected.add(block)
    return collected


def _read_with_ffmpeg(file: io.BytesIO, container: AudioContainer, begin: _Begin) -> _BlockCollector:
    """Raises: av.FFmpegError, ValueError, AudioUndecodable."""
    options = {
        "codec_whitelist": _FFMPEG_CODECS,
        "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,wav,w64,aiff,au,caf,flac,ogg,mp3,aac,amr,asf,avi,wv,"
        "voc,iff,nistsphere",
        "protocol_whitelist": "none",  # a file may name others (mov references): none is ever opened
    }
    opened = av.open(file, mode="r", format=container.value, options=options, metadata_errors="ignore")
    with opened:
        if not opened.streams.audio:
            raise AudioUndecodable(f"The {container.name} file has no audio track. Send {ACCEPTED_FORMATS}.")
        stream = opened.streams.audio[0]
        context = stream.codec_context
        codec = context.name if context is not None else "unknown or protected"
        if context is None or codec not in _FFMPEG_CODECS.split(","):
            raise AudioUndecodable(
                f"The codec of the {container.name} file ({codec}) is not read here. Send {ACCEPTED_FORMATS}."
            )
        collected = begin(context.sample_rate, context.channels)
        declared = [opened.duration / av.time_base if opened.duration else 0.0]
        if stream.duration and stream.time_base:
            declared.append(float(stream.duration * stream.time_base))
        collected.check_declared(max(declared))
        layout, form, resampler = context.layout.name, None, None
        for frame in _iter_frames(opened, stream):
            if resampler is None or form != (frame.layout.name, frame.sample_rate):
                # Another file follows, or it is damaged; frames of other channels crash the resampler of those before.
                form = frame.layout.name, frame.sample_rate
                resampler = av.AudioResampler(format="fltp", layout=layout, rate=collected.sample_rate_hz)
            for converted in resampler.resample(frame):
                collected.add(np.ascontiguousarray(converted.to_ndarray().T))
            if collected.is_full:
                break
        return collected


def _iter_frames(opened: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    """Frames of the stream, with damaged packets left out."""
    num_damaged = 0
    for packet in opened.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            num_damaged += 1
            if num_damaged > _MAX_DAMAGED_PACKETS:
                return
            continue
        yield from (frame for frame in frames if isinstance(frame, av.AudioFrame))
