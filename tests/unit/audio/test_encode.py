"""Every encoding at every documented rate, whole and in pieces."""

import io
import struct

import av
import numpy as np
import pytest
import soundfile

from myna.audio.encode import SYNTHETIC, FormatEncoder, encode_wav, nearest_mp3_bit_rate
from myna.domain.speech import SAMPLE_RATES_HZ, AudioEncoding, AudioFormat
from myna.domain.waveform import Waveform

ENGINE_RATE_HZ = 24000
DURATION_S = 2.35
TONE_HZ = 440.0
MP3_PADDING_S = 0.3
"""Encoder delay and the last frame: MPEG audio without a Xing frame cannot say how much of it is padding."""


def tone(duration_s: float = DURATION_S, rate_hz: int = ENGINE_RATE_HZ) -> Waveform:
    times_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return Waveform((0.5 * np.sin(2 * np.pi * TONE_HZ * times_s)).astype(np.float32), rate_hz)


def encode_whole(waveform: Waveform, audio_format: AudioFormat) -> bytes:
    encoder = FormatEncoder(audio_format, is_stream=False)
    return encoder.encode(waveform) + encoder.finish()


def encode_in_pieces(waveform: Waveform, audio_format: AudioFormat, piece_samples: int = 4321) -> list[bytes]:
    encoder = FormatEncoder(audio_format, is_stream=True)
    pieces = [
        encoder.encode(Waveform(waveform.samples[start : start + piece_samples], waveform.sample_rate_hz))
        for start in range(0, len(waveform.samples), piece_samples)
    ]
    return [piece for piece in [*pieces, encoder.finish()] if piece]


def decode(content: bytes, audio_format: AudioFormat) -> tuple[np.ndarray, int]:
    rate_hz = audio_format.sample_rate_hz
    match audio_format.encoding:
        case AudioEncoding.PCM:
            return np.frombuffer(content, "<i2") / 32768, rate_hz
        case AudioEncoding.ALAW | AudioEncoding.MULAW:
            subtype = "ALAW" if audio_format.encoding is AudioEncoding.ALAW else "ULAW"
            return soundfile.read(io.BytesIO(content), samplerate=rate_hz, channels=1, subtype=subtype, format="RAW")
        case AudioEncoding.FLAC:  # a streamed FLAC does not know its length, which soundfile cannot read
            with av.open(io.BytesIO(content), format="flac") as container:
                frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
                return np.concatenate(frames, axis=1)[0] / 32768, container.streams.audio[0].rate
        case _:
            return soundfile.read(io.BytesIO(content))


def joined(pieces: list[bytes], audio_format: AudioFormat) -> bytes:
    """What a client that keeps to wire-contract.md#encodings has after the last chunk."""
    if audio_format.encoding is AudioEncoding.LINEAR16:
        raw = b"".join(piece[44:] for piece in pieces)
        return pieces[0][:4] + struct.pack("<I", 36 + len(raw)) + pieces[0][8:40] + struct.pack("<I", len(raw)) + raw
    return b"".join(pieces)


def frequency_hz(samples: np.ndarray, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate_hz / len(samples))


@pytest.mark.parametrize("rate_hz", SAMPLE_RATES_HZ)
@pytest.mark.parametrize("encoding", AudioEncoding)
def test_every_encoding_gives_back_the_tone_and_its_duration_whole_and_in_pieces(
    encoding: AudioEncoding, rate_hz: int
) -> None:
    """Round trip: same frequency, same level, same duration, at every documented rate."""
    audio_format = AudioFormat(encoding, rate_hz, 64000)
    whole, whole_rate_hz = decode(encode_whole(tone(), audio_format), audio_format)
    pieces, pieces_rate_hz = decode(joined(encode_in_pieces(tone(), audio_format), audio_format), audio_format)
    assert whole_rate_hz == pieces_rate_hz
    assert len(whole) == len(pieces)
    if encoding is AudioEncoding.MP3:
        assert DURATION_S <= len(whole) / whole_rate_hz <= DURATION_S + MP3_PADDING_S
    else:
        assert len(whole) / whole_rate_hz == pytest.approx(DURATION_S, abs=1.5 / whole_rate_hz)
    for samples in (whole, pieces):
        middle = samples[whole_rate_hz // 2 : -whole_rate_hz // 2]
        assert frequency_hz(middle, whole_rate_hz) == pytest.approx(TONE_HZ, abs=2)
        assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.06)  # LAME turns down by 5 %


@pytest.mark.parametrize("encoding", [AudioEncoding.LINEAR16, AudioEncoding.PCM, AudioEncoding.FLAC, AudioEncoding.WAV])
@pytest.mark.parametrize("rate_hz", [8000, 22050, 44100])
def test_pieces_join_without_a_click(encoding: AudioEncoding, rate_hz: int) -> None:
    """Resampling in pieces gives the very samples of resampling at once."""
    audio_format = AudioFormat(encoding, rate_hz)
    whole, _ = decode(encode_whole(tone(), audio_format), audio_format)
    pieces, _ = decode(joined(encode_in_pieces(tone(), audio_format, 517), audio_format), audio_format)
    assert np.max(np.abs(whole - pieces)) <= 2 / 32768


@pytest.mark.parametrize("rate_hz", [24000, 44100, 48000])
def test_linear16_streams_a_44_byte_header_in_every_chunk(rate_hz: int) -> None:
    """Clients strip 44 bytes from each chunk that starts with RIFF; its sizes describe that chunk."""
    pieces = encode_in_pieces(tone(), AudioFormat(AudioEncoding.LINEAR16, rate_hz))
    assert len(pieces) > 1
    for piece in pieces:
        assert piece[:4] == b"RIFF"
        assert piece[36:40] == b"data"
        assert struct.unpack("<I", piece[40:44])[0] == len(piece) - 44
        assert struct.unpack("<I", piece[4:8])[0] == len(piece) - 8
        assert struct.unpack("<I", piece[24:28])[0] == rate_hz


def test_wav_streams_one_header_of_unknown_length() -> None:
    """The header comes first and once, with a streaming size."""
    pieces = encode_in_pieces(tone(), AudioFormat(AudioEncoding.WAV, 24000))
    assert pieces[0][:4] == b"RIFF"
    assert pieces[0][40:44] == b"\xff\xff\xff\xff"
    assert not any(piece.startswith(b"RIFF") for piece in pieces[1:])


@pytest.mark.parametrize("encoding", [AudioEncoding.LINEAR16, AudioEncoding.WAV])
def test_a_whole_wav_states_its_length(encoding: AudioEncoding) -> None:
    """Exactly 44 bytes of header, `fmt ` of 16 bytes, then `data`."""
    content = encode_whole(tone(), AudioFormat(encoding, 24000))
    assert content[12:20] == b"fmt \x10\x00\x00\x00"
    assert struct.unpack("<I", content[40:44])[0] == len(content) - 44 == round(DURATION_S * 24000) * 2


def test_pcm_never_has_a_header() -> None:
    """Clients push PCM bytes straight to the sound card."""
    silence = Waveform(np.zeros(240, np.float32), 24000)
    assert encode_whole(silence, AudioFormat(AudioEncoding.PCM, 24000)) == bytes(480)


def test_ogg_opus_is_one_logical_stream_with_short_pages() -> None:
    """One begin, one end, one serial number, OpusHead first, no page beyond a second, constant bit rate."""
    pieces = encode_in_pieces(tone(5.0), AudioFormat(AudioEncoding.OGG_OPUS, 24000, 32000))
    content = b"".join(pieces)
    starts = [i for i in range(len(content)) if content[i : i + 4] == b"OggS"]
    flags = [content[i + 5] for i in starts]
    serials = {content[i + 14 : i + 18] for i in starts}
    granules = [struct.unpack("<q", content[i + 6 : i + 14])[0] for i in starts]
    assert content[28:36] == b"OpusHead"
    assert struct.unpack("<I", content[40:44])[0] == 24000
    assert (flags[0], sum(flag & 2 for flag in flags), sum(bool(flag & 4) for flag in flags)) == (2, 2, 1)
    assert len(serials) == 1
    assert max(np.diff(granules)) <= 48000
    assert len(content) * 8 / 5.0 == pytest.approx(32000, rel=0.1)
    assert all(piece.startswith(b"OggS") for piece in pieces)


@pytest.mark.parametrize("rate_hz", [16000, 22050, 24000, 32000, 44100, 48000])
@pytest.mark.parametrize("bit_rate_bps", [32000, 64000, 128000, 320000])
def test_mp3_is_constant_bit_rate_without_a_length_header(rate_hz: int, bit_rate_bps: int) -> None:
    """Clients compute the duration from the bit rate, and concatenate replies."""
    content = encode_whole(tone(10.0), AudioFormat(AudioEncoding.MP3, rate_hz, bit_rate_bps))
    expected_bps = nearest_mp3_bit_rate(bit_rate_bps, rate_hz)
    assert content[0] == 0xFF
    assert content[1] & 0xE0 == 0xE0
    assert not any(mark in content for mark in (b"Xing", b"Info", b"ID3", b"LAME3.100\x00\x00"))
    assert len(content) * 8 / 10.0 == pytest.approx(expected_bps, rel=0.02)


def test_concatenated_mp3_replies_play_through() -> None:
    """Two replies joined by bytes last as long as both (wire-contract.md#chunking)."""
    audio_format = AudioFormat(AudioEncoding.MP3, 48000)
    content = encode_whole(tone(), audio_format)
    once, _ = decode(content, audio_format)
    with av.open(io.BytesIO(content + content), format="mp3") as container:
        num_samples = sum(frame.samples for frame in container.decode(audio=0))
    assert num_samples == pytest.approx(2 * len(once), abs=1152)


@pytest.mark.parametrize("encoding", AudioEncoding)
def test_too_loud_is_clipped_and_never_wraps(encoding: AudioEncoding) -> None:
    """A sample of +1.2 stays positive (16-bit wrap-around would make it -26,216)."""
    loud = Waveform(np.full(24000, 1.2, np.float32), 24000)
    samples, _ = decode(encode_whole(loud, AudioFormat(encoding, 24000)), AudioFormat(encoding, 24000))
    assert samples[2000:8000].min() > 0.5 if encoding is not AudioEncoding.OGG_OPUS else samples.min() > -1.0


@pytest.mark.parametrize("encoding", AudioEncoding)
@pytest.mark.parametrize("is_stream", [True, False])
def test_no_speech_at_all_still_encodes(encoding: AudioEncoding, is_stream: bool) -> None:
    """A reply of only markup has no samples: at most a header comes."""
    encoder = FormatEncoder(AudioFormat(encoding, 24000), is_stream=is_stream)
    content = encoder.encode(Waveform(np.zeros(0, np.float32), 24000)) + encoder.finish()
    has_header = encoding is AudioEncoding.WAV or (encoding is AudioEncoding.LINEAR16 and not is_stream)
    assert (len(content), content[:4]) == ((44, b"RIFF") if has_header else (0, b""))


def test_encode_wav_keeps_the_rate() -> None:
    """The processed sample of a clone reply."""
    samples, rate_hz = soundfile.read(io.BytesIO(encode_wav(tone(rate_hz=22050))))
    assert (rate_hz, len(samples)) == (22050, round(DURATION_S * 22050))


@pytest.mark.parametrize("encoding", [AudioEncoding.OGG_OPUS, AudioEncoding.FLAC])
def test_files_with_a_place_for_it_say_that_they_are_synthetic(encoding: AudioEncoding) -> None:
    """Whole or streamed, for whoever looks at a file's properties."""
    audio_format = AudioFormat(encoding, 24000)
    for content in (
        encode_whole(tone(0.3), audio_format),
        joined(encode_in_pieces(tone(0.3), audio_format), audio_format),
    ):
        with av.open(io.BytesIO(content)) as container:
            tags = {**container.metadata, **container.streams.audio[0].metadata}
        assert SYNTHETIC in {name.lower(): value for name, value in tags.items()}["comment"]
