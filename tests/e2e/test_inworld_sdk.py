"""The stock `inworld-tts` SDK works with only the base URL changed (wire-contract.md#checks, A), against a real server.

The tone engine speaks here: what is tested is the API, with real recordings, real decoding and the real recogniser.
"""

import base64
import io
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
import soundfile
from inworld_tts import ApiError, InworldTTS
from tests.conftest import DATA
from tests.decoded_audio import seconds_of
from tests.live_server import LiveServer

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the SDK leaves its sessions open

REFERENCE = DATA / "demo_reference.flac"
THREE_SENTENCES = "The tide was low. Two boats lay on the sand. Nobody was about at that hour."
VOICE_ID = re.compile(r"[^/]+__[a-z0-9_-]+_\d{8}_\d{6}z")


def as_wav(path: Path, seconds: float | None = None, repeat: int = 1) -> bytes:
    samples, rate_hz = soundfile.read(path)
    samples = np.tile(samples, repeat)[: None if seconds is None else round(seconds * rate_hz)]
    sink = io.BytesIO()
    soundfile.write(sink, samples, rate_hz, format="WAV", subtype="PCM_16")
    return sink.getvalue()


@pytest.fixture(scope="module")
def sdk(tone_server: LiveServer) -> Iterator[InworldTTS]:
    with InworldTTS(api_key=tone_server.key, base_url=tone_server.url) as sdk:
        yield sdk


@pytest.fixture(scope="module")
def cloned(sdk: InworldTTS) -> dict[str, Any]:
    return sdk.clone_voice(
        [as_wav(REFERENCE)],
        display_name="My Demo!",
        lang="EN_US",
        transcriptions=["She pulled her hair down."],
        description="d",
        tags=["demo", "clone"],
        remove_background_noise=True,
    )


def test_a1_a2_list_voices(sdk: InworldTTS) -> None:
    """The list has the stock names, and the language filter selects."""
    everything = sdk.list_voices()
    assert "Dennis" in {voice["voiceId"] for voice in everything}
    assert all(isinstance(voice["displayName"], str) for voice in everything)
    some = sdk.list_voices(lang=["EN_US", "ES_ES"])
    assert {voice["langCode"] for voice in some} <= {"EN_US", "ES_ES"}
    assert len(sdk.list_voices(lang="EN_US")) <= len(some) <= len(everything)


def test_a3_clone_answers_as_documented(cloned: dict[str, Any]) -> None:
    """Every field of the page that started the project, with the values that were sent."""
    voice = cloned["voice"]
    assert VOICE_ID.fullmatch(voice["voiceId"])
    assert (voice["source"], voice["langCode"], voice["displayName"]) == ("IVC", "EN_US", "My Demo!")
    assert (voice["description"], voice["tags"]) == ("d", ["demo", "clone"])
    workspace, tail = voice["voiceId"].split("__", 1)
    assert voice["name"] == f"workspaces/{workspace}/voices/{tail}"
    (sample,) = cloned["audioSamplesValidated"]
    assert base64.b64decode(sample["audioData"]).startswith(b"RIFF")
    assert sample["errors"] == []
    assert isinstance(sample["warnings"], list)
    assert sample["transcription"] == "She pulled her hair down."


def test_a4_several_samples_without_transcription(sdk: InworldTTS) -> None:
    """A FLAC path and WAV bytes, in order, with what was heard in them."""
    result = sdk.clone_voice([REFERENCE, as_wav(DATA / "speakers" / "ls-3331-target.flac")])
    first, second = result["audioSamplesValidated"]
    assert result["voice"]["displayName"] == "Cloned Voice"
    assert "hair" in first["transcription"].lower()
    assert "wealth" in second["transcription"].lower()


def test_a5_language_is_heard(sdk: InworldTTS) -> None:
    """AUTO is answered with the language of the recording."""
    result = sdk.clone_voice([as_wav(REFERENCE)], lang="AUTO")
    assert result["audioSamplesValidated"][0]["langCode"] == "EN_US"
    assert result["voice"]["langCode"] == "EN_US"


def test_a6_long_sample_is_cut_with_a_warning(sdk: InworldTTS) -> None:
    """Twenty seconds become at most fifteen, and the reply says so."""
    result = sdk.clone_voice([as_wav(REFERENCE, seconds=20, repeat=2)])
    (sample,) = result["audioSamplesValidated"]
    assert seconds_of(base64.b64decode(sample["audioData"])) <= 15.0
    assert any("15" in warning["text"] for warning in sample["warnings"])


def test_a7_unusable_samples(sdk: InworldTTS) -> None:
    """Half a second is an error in a 200 without a voice; bytes that are no audio are a 400 that says why."""
    result = sdk.clone_voice([as_wav(REFERENCE, seconds=0.5)])
    assert result["audioSamplesValidated"][0]["errors"][0]["text"]
    assert "voice" not in result
    with pytest.raises(ApiError) as refused:
        sdk.clone_voice([b"this is a text file, whatever it is called"])
    assert refused.value.code == 400
    assert "not a recording in a known format" in str(refused.value)


def test_a8_get_and_update(sdk: InworldTTS, cloned: dict[str, Any]) -> None:
    """An update changes what it names and nothing else; the id stays."""
    voice_id = cloned["voice"]["voiceId"]
    assert sdk.get_voice(voice_id)["voiceId"] == voice_id
    sdk.update_voice(voice_id, display_name="N", tags=[])
    after = sdk.get_voice(voice_id)
    assert (after["voiceId"], after["displayName"], after["tags"], after["description"]) == (voice_id, "N", [], "d")


def test_a9_a10_speak_then_delete(sdk: InworldTTS) -> None:
    """A new voice speaks at once; a deleted one is gone for every call."""
    voice_id = sdk.clone_voice([as_wav(REFERENCE)])["voice"]["voiceId"]
    speech = sdk.generate("Hello there.", voice=voice_id)
    assert speech[:3] == b"ID3" or (speech[0] == 0xFF and speech[1] & 0xE0 == 0xE0)
    assert 0.3 < seconds_of(speech) < 5.0
    assert sdk.delete_voice(voice_id) is None
    for call in (
        lambda: sdk.get_voice(voice_id),
        lambda: sdk.generate("Hello.", voice=voice_id),
        lambda: sdk.delete_voice(voice_id),
    ):
        with pytest.raises(ApiError) as gone:
            call()
        assert (gone.value.code, gone.value.details["code"]) == (404, 5)
        assert "not found" in str(gone.value)


def test_a11_a12_design_and_publish(sdk: InworldTTS) -> None:
    """Three drafts that speak and are not listed; the published one is."""
    designed = sdk.design_voice(
        design_prompt="A young woman with a bright, cheerful voice who speaks fast and clearly",
        preview_text="Good morning, and welcome to the harbour tour. Please mind your step.",
        number_of_samples=3,
    )
    ids = {preview["voiceId"] for preview in designed["previewVoices"]}
    assert len(ids) == 3
    assert all(base64.b64decode(p["previewAudio"]).startswith(b"RIFF") for p in designed["previewVoices"])
    assert not ids & {voice["voiceId"] for voice in sdk.list_voices()}
    kept = ids.pop()
    published = sdk.publish_voice(kept, display_name="D", tags=["x"])
    assert (published["voiceId"], published["displayName"], published["tags"]) == (kept, "D", ["x"])
    assert kept in {voice["voiceId"] for voice in sdk.list_voices()}
    assert len(sdk.generate("Hello.", voice=kept)) > 0


@pytest.mark.parametrize("rate_hz", [None, 16000, 24000])
@pytest.mark.parametrize("encoding", ["MP3", "OGG_OPUS", "FLAC", "LINEAR16", "WAV", "PCM"])
def test_a13_encodings(sdk: InworldTTS, encoding: str, rate_hz: int | None) -> None:
    """Each encoding has its magic, its rate, and the duration of the text."""
    speech = sdk.generate("The tide was low.", voice="Dennis", encoding=encoding, sample_rate=rate_hz)
    expected_s = 0.06 * len("The tide was low.")
    if encoding == "PCM":
        assert not speech.startswith(b"RIFF")
        assert len(speech) / 2 / (rate_hz or 48000) == pytest.approx(expected_s, abs=0.15)
        return
    assert speech[:4] in (b"RIFF", b"fLaC", b"OggS", b"ID3\x04") or speech[0] == 0xFF
    assert seconds_of(speech) == pytest.approx(expected_s, abs=0.15)
    if encoding in {"WAV", "LINEAR16"}:
        assert speech[36:40] == b"data"
        assert int.from_bytes(speech[24:28], "little") == (rate_hz or 48000)
        assert (int.from_bytes(speech[22:24], "little"), int.from_bytes(speech[34:36], "little")) == (1, 16)


@pytest.mark.parametrize("encoding", ["ALAW", "MULAW"])
def test_a13_telephone_encodings(sdk: InworldTTS, encoding: str) -> None:
    """8,000 raw bytes a second."""
    speech = sdk.generate("The tide was low.", voice="Dennis", encoding=encoding)
    assert len(speech) / 8000 == pytest.approx(0.06 * len("The tide was low."), abs=0.15)


def test_a13_mp3_bit_rate(sdk: InworldTTS) -> None:
    """64 kbit/s are 64 kbit/s."""
    speech = sdk.generate(THREE_SENTENCES, voice="Dennis", encoding="MP3", bit_rate=64000, sample_rate=24000)
    assert len(speech) * 8 / seconds_of(speech) == pytest.approx(64000, rel=0.05)


def test_a14_speaking_rate(sdk: InworldTTS) -> None:
    """0.5 is more than 1.5 times as long as 1.5."""
    slow, fast = (
        sdk.generate(THREE_SENTENCES, voice="Dennis", encoding="WAV", speaking_rate=rate) for rate in (0.5, 1.5)
    )
    assert seconds_of(slow) / seconds_of(fast) > 1.5


def test_a15_long_text(sdk: InworldTTS) -> None:
    """The SDK cuts 5,000 characters into parallel requests and joins a valid WAV."""
    speech = sdk.generate(THREE_SENTENCES * 66, voice="Dennis", encoding="WAV", sample_rate=8000)
    assert int.from_bytes(speech[40:44], "little") == len(speech) - 44
    assert seconds_of(speech) > 250


@pytest.mark.parametrize("encoding", ["MP3", "OGG_OPUS", "FLAC", "PCM", "WAV", "LINEAR16"])
async def test_a16_stream(sdk: InworldTTS, encoding: str) -> None:
    """Several chunks, headers where the contract wants them, the duration of the whole."""
    chunks = [
        chunk async for chunk in sdk.stream(THREE_SENTENCES, voice="Dennis", encoding=encoding, sample_rate=24000)
    ]
    assert len(chunks) >= 2
    assert all(chunks)
    with_header = [chunk.startswith(b"RIFF") for chunk in chunks]
    expected_headers = {"LINEAR16": [True] * len(chunks), "WAV": [True] + [False] * (len(chunks) - 1)}
    assert with_header == expected_headers.get(encoding, [False] * len(chunks))
    whole_s = seconds_of(sdk.generate(THREE_SENTENCES, voice="Dennis", encoding="WAV", sample_rate=24000))
    pcm = b"".join(chunk[44:] if headed else chunk for chunk, headed in zip(chunks, with_header, strict=True))
    raw = {"PCM", "WAV", "LINEAR16"}
    streamed_s = len(pcm) / 2 / 24000 if encoding in raw else seconds_of(b"".join(chunks))
    assert streamed_s == pytest.approx(whole_s, rel=0.1)


@pytest.mark.parametrize("kind", ["WORD", "CHARACTER"])
def test_a17_timestamps(sdk: InworldTTS, kind: str) -> None:
    """Equal arrays, in order, within the audio, that give the text back."""
    spoken = sdk.generate_with_timestamps(THREE_SENTENCES, voice="Dennis", timestamp_type=kind, encoding="WAV")
    stamps = spoken["timestamps"] if isinstance(spoken, dict) else spoken.timestamps
    audio = spoken["audio"] if isinstance(spoken, dict) else spoken.audio
    (key,) = [name for name, value in stamps.items() if value]
    alignment = stamps[key]
    prefix = "word" if kind == "WORD" else "character"
    assert key == f"{prefix}Alignment"
    units = alignment[f"{prefix}s"]
    starts, ends = alignment[f"{prefix}StartTimeSeconds"], alignment[f"{prefix}EndTimeSeconds"]
    assert len(units) == len(starts) == len(ends)
    assert starts == sorted(starts)
    assert all(end >= start for start, end in zip(starts, ends, strict=True))
    assert ends[-1] <= seconds_of(audio) + 0.1
    assert "".join(units) == THREE_SENTENCES


async def test_a18_streamed_timestamps(sdk: InworldTTS) -> None:
    """Times go on over the stream."""
    starts: list[float] = []
    chunks: AsyncIterator[Any] = sdk.stream_with_timestamps(THREE_SENTENCES, voice="Dennis", timestamp_type="WORD")
    async for chunk in chunks:
        stamps = chunk["timestamps"] if isinstance(chunk, dict) else chunk.timestamps
        if stamps and stamps.get("wordAlignment"):
            starts += stamps["wordAlignment"]["wordStartTimeSeconds"]
    assert starts
    assert starts == sorted(starts)


def test_a19_timestamps_of_long_text(sdk: InworldTTS) -> None:
    """The SDK merges the timestamps of several requests without a missing key."""
    spoken = sdk.generate_with_timestamps(
        THREE_SENTENCES * 30, voice="Dennis", timestamp_type="WORD", encoding="WAV", sample_rate=8000
    )
    stamps = spoken["timestamps"] if isinstance(spoken, dict) else spoken.timestamps
    starts = stamps["wordAlignment"]["wordStartTimeSeconds"]
    assert starts == sorted(starts)


def num_refused(server: LiveServer) -> float:
    """Requests with a key that there is not."""
    with urlopen(server.url + "/metrics") as page:
        lines = page.read().decode().splitlines()
    name = 'myna_errors_total{error_code="CREDENTIALS_REJECTED"}'
    return sum(float(line.split()[1]) for line in lines if line.startswith(name))


def test_a20_a21_keys(sdk: InworldTTS, tone_server: LiveServer) -> None:
    """A bad key is refused at once, a read key may list and speak but not clone, another workspace sees nothing."""
    before = num_refused(tone_server)
    for call in (lambda t: t.list_voices(), lambda t: t.generate("Hi", voice="Dennis")):
        with pytest.raises(ApiError) as refused, InworldTTS(api_key="bad", base_url=tone_server.url) as stranger:
            call(stranger)
        assert refused.value.code in (401, 403)
    assert num_refused(tone_server) == before + 2  # none was asked again
    with InworldTTS(api_key=tone_server.create_key("demo", "read"), base_url=tone_server.url) as reader:
        assert reader.list_voices() == sdk.list_voices()
        assert reader.generate("Hi.", voice="Dennis") == sdk.generate("Hi.", voice="Dennis")
        with pytest.raises(ApiError) as refused:
            reader.clone_voice([as_wav(REFERENCE)])
        assert refused.value.code == 403
    with InworldTTS(api_key=tone_server.create_key("other", "write"), base_url=tone_server.url) as other:
        assert all(voice["source"] == "SYSTEM" for voice in other.list_voices())


def test_a22_a23_bad_and_unusual_values(sdk: InworldTTS) -> None:
    """Unknown voice 404, unknown model 400; every delivery option is taken."""
    for options, expected in (({"voice": "NoSuch"}, (404, 5)), ({"voice": "Dennis", "model": "nope"}, (400, 3))):
        with pytest.raises(ApiError) as refused:
            sdk.generate("Hello.", **options)
        assert (refused.value.code, refused.value.details["code"]) == expected
    speech = sdk.generate(
        "Hello.",
        voice="Dennis",
        delivery_mode="CREATIVE",
        language="en-US",
        apply_text_normalization="ON",
        temperature=0.0,
    )
    assert seconds_of(speech) > 0.3


def test_a24_break(sdk: InworldTTS) -> None:
    """A break of one second makes the speech one second longer and is not spoken."""
    plain, broken = (
        seconds_of(sdk.generate(text, voice="Dennis", encoding="WAV"))
        for text in ("One two.", 'One <break time="1s"/> two.')
    )
    assert broken - plain == pytest.approx(1.0, abs=0.15)


def test_a25_parallel_calls(sdk: InworldTTS) -> None:
    """Eight at once are all served."""
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: sdk.generate(f"Number {n}.", voice="Dennis", encoding="WAV"), range(8)))
    assert all(seconds_of(reply) > 0.3 for reply in replies)


def test_the_log_holds_nothing_that_was_said(sdk: InworldTTS, cloned: dict[str, Any], tone_server: LiveServer) -> None:
    """Neither text, nor transcripts, nor keys, in the log of everything above."""
    del cloned
    sdk.generate("A sentence that only this test says, Wolkenkuckucksheim.", voice="Dennis")
    log = tone_server.log.read_text()
    assert "request" in log
    for secret in ("Wolkenkuckucksheim", "hair down", tone_server.key, "tide was low"):
        assert secret not in log
