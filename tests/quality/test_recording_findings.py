"""What is wrong with a recording is found, and a good recording is left in peace."""

import csv
import io
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.conftest import DATA
from tests.quality.recording_cases import CASES, RATE_HZ, add_noise, man, read_clip, white_noise, woman, write_flac

from myna.analysis.sample_analyst import ModelSampleAnalyst
from myna.audio.resample import resample
from myna.domain.finding import Severity
from myna.domain.language import LangCode
from myna.domain.sample import AnalysedSample, SampleRequest
from myna.domain.waveform import Waveform

SHARED_SPEECH = Path(__file__).parents[2].parent / "shared" / "data" / "speech"
MAX_FALSE_ALARMS = 0.05


@cache
def listen(
    analyst: ModelSampleAnalyst, content: bytes, transcript: str = "", lang: LangCode | None = LangCode.EN_US
) -> AnalysedSample:
    """Each recording is heard once, however many tests ask."""
    return analyst.analyse(SampleRequest(content, transcript, lang))


def codes_of(sample: AnalysedSample) -> set[str]:
    return {finding.code for finding in sample.findings}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found_and_explained(analyst: ModelSampleAnalyst, name: str) -> None:
    """Each code on a real or really made recording; unusable ones are errors and give no audio."""
    case = CASES[name]
    sample = listen(analyst, case.make())
    assert case.code in codes_of(sample)
    assert sample.is_usable == case.is_usable
    found = next(finding for finding in sample.findings if finding.code == case.code)
    assert found.severity is (Severity.WARNING if case.is_usable else Severity.ERROR)
    assert found.value is not None
    assert len(found.message) > 20
    if case.is_usable:
        assert sample.processed is not None
        assert 0.9 < sample.processed.duration_s <= 15.05
        assert np.abs(sample.processed.samples).max() <= 1.0


@pytest.mark.skipif(not SHARED_SPEECH.exists(), reason="needs the evaluation recordings beside the repository")
def test_false_alarms_are_rare_on_clean_recordings_of_many_languages(analyst: ModelSampleAnalyst) -> None:
    """Each code on at most 5 % of a sixth of the clean evaluation recordings (all of them: docs/lab/audio.md)."""
    with (SHARED_SPEECH / "manifest.csv").open() as rows:
        clean = [row["path"] for row in csv.DictReader(rows) if row["kind"] == "speech"][::6]
    allowed = {"SAMPLE_SHORT", "SAMPLE_LONG", "SPEECH_TOO_SHORT"}  # these clips are short, or long
    alarms: Counter[str] = Counter()
    for path in clean:
        alarms.update(codes_of(listen(analyst, (SHARED_SPEECH / path).read_bytes(), lang=None)) - allowed)
    assert all(count <= max(1, MAX_FALSE_ALARMS * len(clean)) for count in alarms.values()), alarms


@pytest.mark.parametrize("share", [-1.0, 0.0, 1.0])
def test_stereo_is_heard_as_well_as_mono(analyst: ModelSampleAnalyst, share: float) -> None:
    """Twin channels, one silent channel, and antiphase, which averages to nothing."""
    mono = listen(analyst, write_flac(man()))
    stereo = listen(analyst, write_flac(np.stack([man(), share * man()], axis=1)))
    assert stereo.transcript == mono.transcript
    assert not codes_of(stereo)


def test_words_and_language_are_heard(analyst: ModelSampleAnalyst) -> None:
    """Five languages, none of them announced."""
    with (DATA / "edge" / "languages.csv").open() as rows:
        clips = list(csv.DictReader(rows))
        assert len({row["language"] for row in clips}) == 5
        for row in clips:
            sample = listen(analyst, (DATA / "edge" / row["file"]).read_bytes(), row["transcript"], None)
            assert sample.lang is not None
            assert sample.lang.iso639 == row["language"]
            assert sample.transcript == row["transcript"]
            assert "TRANSCRIPT_MISMATCH" not in codes_of(sample)


def test_a_language_that_was_not_announced_is_noticed(analyst: ModelSampleAnalyst) -> None:
    """It is kept as announced, and said."""
    sample = listen(analyst, (DATA / "edge" / "speech_de.flac").read_bytes(), lang=LangCode.IT_IT)
    assert sample.lang is LangCode.IT_IT
    assert "LANGUAGE_MISMATCH" in codes_of(sample)


def test_a_transcript_of_something_else_is_kept_and_noticed(analyst: ModelSampleAnalyst) -> None:
    """The caller may know better; the caller may also have mixed up two files."""
    sample = listen(analyst, write_flac(woman()), "Completely different words about boats, weather and money.")
    assert sample.transcript.startswith("Completely")
    assert "TRANSCRIPT_MISMATCH" in codes_of(sample)


@pytest.mark.parametrize(
    "content",
    [
        write_flac(0.1 * white_noise(8 * RATE_HZ)),
        write_flac(read_clip("edge/music.flac")),
        write_flac(read_clip("edge/street.flac")),
        write_flac(np.zeros(8 * RATE_HZ, np.float32)),
    ],
    ids=["noise", "music", "street", "silence"],
)
def test_no_words_are_invented(analyst: ModelSampleAnalyst, content: bytes) -> None:
    """Recognisers write "thank you for watching" over silence; ours writes nothing."""
    assert listen(analyst, content, lang=None).transcript == ""


def test_noise_removal_helps_where_there_is_noise_and_stays_away_where_not(analyst: ModelSampleAnalyst) -> None:
    """DNSMOS overall up by 0.4 on street noise; a clean recording is given back as it was. Among talkers it cannot."""
    noisy = write_flac(add_noise(woman(), read_clip("edge/street.flac"), 5.0))
    before = listen(analyst, noisy)
    after = analyst.analyse(SampleRequest(noisy, "", LangCode.EN_US, remove_background_noise=True))
    assert before.quality is not None
    assert after.quality is not None
    assert after.quality.noise_removed
    assert after.quality.dnsmos_overall > before.quality.dnsmos_overall + 0.4
    crowd = sum(np.resize(read_clip(f"edge/speech_{lang}.flac"), len(man())) for lang in ("de", "es", "fr", "ja", "ru"))
    among_talkers = write_flac(add_noise(man(), crowd, 0.0))
    helpless = analyst.analyse(SampleRequest(among_talkers, "", LangCode.EN_US, remove_background_noise=True))
    assert "NOISE_REMOVAL_SKIPPED" in codes_of(helpless)
    clean = analyst.analyse(SampleRequest(write_flac(man()), "", LangCode.EN_US, remove_background_noise=True))
    untouched = listen(analyst, write_flac(man()))
    assert clean.quality is not None
    assert clean.processed is not None
    assert untouched.processed is not None
    assert not clean.quality.noise_removed
    assert "NOISE_REMOVAL_SKIPPED" in codes_of(clean)
    np.testing.assert_array_equal(clean.processed.samples, untouched.processed.samples)


def test_several_samples_become_one_reference_best_first(analyst: ModelSampleAnalyst) -> None:
    """A bad sample does not spoil the good ones, and the whole stays within what the engine uses."""
    samples = [
        listen(analyst, write_flac(np.zeros(RATE_HZ * 3, np.float32))),
        listen(analyst, write_flac(add_noise(man()[:96000], white_noise(96000), 3.0))),
        listen(analyst, write_flac(man())),
    ]
    reference = analyst.join([sample for sample in samples if sample.is_usable], 24000, 20.0)
    assert samples[2].processed is not None
    assert reference.waveform.sample_rate_hz == 24000
    assert reference.waveform.duration_s <= 20.0
    assert reference.transcript.startswith(samples[2].transcript)
    head = reference.waveform.samples[: len(samples[2].processed.samples)]
    np.testing.assert_array_equal(head, samples[2].processed.samples)


def test_similarity_is_told_at_any_rate(analyst: ModelSampleAnalyst) -> None:
    """A man is himself, and no woman. (Ten people, two recordings each: `test_clone_identity`.)"""
    him, her = (Waveform(samples[: 6 * RATE_HZ], RATE_HZ) for samples in (man(), woman()))
    assert analyst.measure_similarity(him, resample(him, 24_000)) > 0.95
    assert analyst.measure_similarity(him, her) < 0.5


def test_a_wav_of_a_long_recording_names_the_part_that_was_used(analyst: ModelSampleAnalyst) -> None:
    """The window lies where the speech is good: noise at the beginning is left out."""
    noisy = add_noise(woman(), white_noise(len(woman())), 0.0)
    recording = np.concatenate([noisy, woman()])
    content = io.BytesIO()
    soundfile.write(content, recording, RATE_HZ, "PCM_16", format="WAV")
    sample = listen(analyst, content.getvalue())
    found = next(finding for finding in sample.findings if finding.code == "SAMPLE_LONG")
    assert found.start_s is not None
    assert found.start_s > 0.8 * len(woman()) / RATE_HZ
    assert "NOISY" not in codes_of(sample)
