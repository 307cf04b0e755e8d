"""The decoder process: what it gives, what it survives, and hundreds of damaged files."""

import os
import random
import signal
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest
from tests.unit.audio.recordings_in_formats import iter_recordings, write_with_libsndfile

from myna.analysis.sample_analyst import ModelSampleAnalyst
from myna.audio.decode import DecodeLimits, decode_audio
from myna.audio.isolated_decode import IsolatedDecoder
from myna.config import Settings
from myna.domain.errors import InvalidRequest, PayloadTooLarge, ServiceUnavailable
from myna.parts import build_analyst
from myna.runtime.offload import ThreadOffload

NUM_DAMAGED = 800
"""Two seconds of one core; raise it by hand to look longer."""


@pytest.fixture(scope="module")
def decoder() -> IsolatedDecoder:
    decoder = IsolatedDecoder()
    yield decoder
    decoder.close()


def test_it_gives_what_decoding_in_process_gives(decoder: IsolatedDecoder) -> None:
    """Same samples, same rate, same container."""
    content = write_with_libsndfile("FLAC", "PCM_24", 44100, 2)
    here, there = decode_audio(content, DecodeLimits()), decoder.decode(content)
    np.testing.assert_array_equal(here.channels, there.channels)
    assert (here.sample_rate_hz, here.is_cut, here.container) == (there.sample_rate_hz, there.is_cut, there.container)


def test_as_much_is_decoded_as_is_wanted(decoder: IsolatedDecoder) -> None:
    """From a moment on, and not more than a time: that tells whether a recording can be read."""
    content = write_with_libsndfile("WAV", "PCM_16")
    whole, part = decode_audio(content, DecodeLimits()), decoder.decode(content, 1.0, 0.5)
    rate_hz = whole.sample_rate_hz
    np.testing.assert_array_equal(part.channels, whole.channels[rate_hz : rate_hz + rate_hz // 2])
    assert part.is_cut


def test_a_killed_child_costs_one_request_at_most(decoder: IsolatedDecoder) -> None:
    """The next recording is decoded by a new child."""
    content = write_with_libsndfile("WAV", "PCM_16")
    decoder.decode(content)
    assert decoder._child is not None
    os.kill(decoder._child._process.pid, signal.SIGKILL)
    decoder._child._process.wait()
    assert len(decoder.decode(content).channels) == 48_000


def test_a_child_that_hangs_is_stopped_and_the_recording_refused() -> None:
    """A time-out is a refusal of that recording, and no more."""
    decoder = IsolatedDecoder(timeout_s=60.0)
    content = write_with_libsndfile("WAV", "PCM_16")
    decoder.decode(content)
    assert decoder._child is not None
    os.kill(decoder._child._process.pid, signal.SIGSTOP)
    decoder._timeout_s = 0.2
    with pytest.raises(InvalidRequest, match="damaged"):
        decoder.decode(content)
    decoder._timeout_s = 60.0
    assert len(decoder.decode(content).channels) == 48_000
    decoder.close()


def test_a_child_that_does_not_start_is_not_the_recordings_fault() -> None:
    """As on a machine that has too much to do: try again, and not that the recording is damaged."""
    content = write_with_libsndfile("WAV", "PCM_16")
    with pytest.raises(ServiceUnavailable):
        IsolatedDecoder(start_timeout_s=0.0).decode(content)
    decoder = IsolatedDecoder()
    assert len(decoder.decode(content).channels) == 48_000
    decoder.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities for single threads")
async def test_what_nobody_waits_for_does_not_slow_what_somebody_waits_for() -> None:
    """A child started by a thread of low priority keeps that: live recordings have another."""
    analyst = build_analyst(Settings())
    assert isinstance(analyst, ModelSampleAnalyst)
    content = write_with_libsndfile("WAV", "PCM_16")
    own, lower = os.getpriority(os.PRIO_PROCESS, 0), ThreadOffload(1, 1, is_at_leisure=True)
    for offload in (lower, ThreadOffload(1, 1)):
        await offload(partial(analyst.read, content))
        offload.close()
    children = [decoder._child for decoder in (analyst._live_decoder, analyst._leisure_decoder)]
    live, leisure = (os.getpriority(os.PRIO_PROCESS, child._process.pid) for child in children if child is not None)
    analyst.close()
    assert (live, leisure) == (own, max(own, 10))


def test_size_is_refused_before_anything_is_sent(decoder: IsolatedDecoder) -> None:
    """The child need not even exist."""
    with pytest.raises(PayloadTooLarge):
        IsolatedDecoder(DecodeLimits(max_bytes=10)).decode(bytes(11))


def test_threads_share_one_decoder(decoder: IsolatedDecoder) -> None:
    """Replies do not get mixed up."""
    contents = {num: write_with_libsndfile("WAV", "PCM_16", 8000 + num) for num in range(6)}
    rates: dict[int, int] = {}
    threads = [
        threading.Thread(target=lambda n=num, c=content: rates.__setitem__(n, decoder.decode(c).sample_rate_hz))
        for num, content in contents.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rates == {num: 8000 + num for num in contents}


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Flip, cut, repeat, overwrite or splice."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(damaged))
        head = chance.randrange(min(len(damaged), 128))
        match chance.randrange(6):
            case 0:
                damaged[place] ^= 1 << chance.randrange(8)
            case 1:
                damaged[head] = chance.randrange(256)
            case 2:
                damaged[head : head + 4] = chance.choice([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0"])
            case 3:
                del damaged[place : place + chance.randint(1, 2000)]
            case 4:
                damaged[place:place] = damaged[head : head + chance.randint(1, 500)]
            case 5:
                damaged[place : place + 64] = chance.randbytes(64)
        if not damaged:
            return b"RIFF"
    return bytes(damaged)


def test_damaged_files_are_decoded_or_refused_and_never_stop_the_service(decoder: IsolatedDecoder) -> None:
    """Mutated real files of all formats, the same in every run: each is answered, fast, within the limits."""
    chance = random.Random(20261123)
    originals = [content[:24_000] for _, content in iter_recordings()]
    limits = DecodeLimits()
    num_read = num_refused = 0
    slowest_s = 0.0
    for _ in range(NUM_DAMAGED):
        content = mutate(chance.choice(originals), chance)
        started_s = time.monotonic()
        try:
            audio = decoder.decode(content)
        except InvalidRequest:
            num_refused += 1
        else:
            num_read += 1
            assert np.isfinite(audio.channels).all()
            assert audio.channels.size <= limits.max_values
        slowest_s = max(slowest_s, time.monotonic() - started_s)
    assert min(num_read, num_refused) > 50
    assert slowest_s < 10.0
