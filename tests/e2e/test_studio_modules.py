"""The studio's own signal processing against theory, its WAV files against another reader, and its words."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.conftest import DATA
from tests.e2e.studio_browser import Studio, as_wav, browser, driver, needs_chromium, playwright, studio
from tests.live_server import LiveServer

__all__ = ["driver"]  # a fixture

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def page(driver: "playwright.Playwright", tone_server: LiveServer) -> Iterator[Studio]:
    wav = as_wav([DATA / "demo_reference.flac"])
    with browser(driver, wav) as opened, studio(opened, tone_server.url) as page:
        page.open(tone_server.key)
        yield page
    wav.unlink()


@pytest.mark.parametrize("pitch_hz", [75.0, 118.0, 220.0, 390.0])
def test_pitch_of_a_buzz_is_found(page: Studio, pitch_hz: float) -> None:
    """A signal of ten harmonics has its fundamental as pitch, within a quarter of a semitone, and is all voiced."""
    median, voiced = page.page.evaluate(
        """async (pitchHz) => {
          const { measurePitch, medianPitch } = await import('/studio/dsp.js');
          const samples = Float32Array.from({ length: 48000 }, (_, n) => {
            let sum = 0;
            for (let k = 1; k <= 10; k += 1) sum += Math.sin((2 * Math.PI * k * pitchHz * n) / 24000) / k;
            return 0.2 * sum;
          });
          const { hz } = measurePitch(samples, 24000);
          return [medianPitch(hz), hz.filter((value) => value > 0).length / hz.length];
        }""",
        pitch_hz,
    )
    assert abs(12 * np.log2(median / pitch_hz)) < 0.25
    assert voiced > 0.95


def test_noise_and_silence_have_no_pitch(page: Studio) -> None:
    """What has no period draws no line."""
    shares = page.page.evaluate(
        """async () => {
          const { measurePitch } = await import('/studio/dsp.js');
          let state = 1;
          const noise = () => { state = (state * 48271) % 2147483647; return state / 1073741823.5 - 1; };
          return [Float32Array.from({ length: 48000 }, noise), new Float32Array(48000)].map((samples) => {
            const { hz } = measurePitch(samples, 24000);
            return hz.filter((value) => value > 0).length / hz.length;
          });
        }"""
    )
    assert shares[0] < 0.02
    assert shares[1] == 0


def test_a_tone_stands_in_its_row_of_the_spectrogram(page: Studio) -> None:
    """3 kHz is loudest where the mel axis says, and everything an octave away is far below."""
    row, expected_row, octave_below = page.page.evaluate(
        """async () => {
          const { hzToMel, measureSpectrogram } = await import('/studio/dsp.js');
          const samples = Float32Array.from({ length: 24000 }, (_, n) => Math.sin((2 * Math.PI * 3000 * n) / 24000));
          const levels = [...measureSpectrogram(samples, 24000, 10, 160, 12000).slice(5 * 160, 6 * 160)];
          const rowOf = (hz) => ((hzToMel(hz) - hzToMel(60)) / (hzToMel(12000) - hzToMel(60))) * 160;
          return [levels.indexOf(Math.max(...levels)), rowOf(3000), levels[Math.round(rowOf(1500))]];
        }"""
    )
    assert abs(row - expected_row) <= 1
    assert octave_below < 20


def test_the_transform_keeps_the_energy(page: Studio) -> None:
    """Parseval: the same energy before and after."""
    before, after = page.page.evaluate(
        """async () => {
          const { transform } = await import('/studio/dsp.js');
          const real = Float64Array.from({ length: 512 }, (_, n) => Math.sin(n * n));
          const imaginary = new Float64Array(512);
          const energy = () => real.reduce((sum, value, n) => sum + value ** 2 + imaginary[n] ** 2, 0);
          const before = energy();
          transform(real, imaginary);
          return [before, energy() / 512];
        }"""
    )
    assert after == pytest.approx(before, rel=1e-9)


def test_recordings_are_wav_files(page: Studio, tmp_path: Path) -> None:
    """What the recorder writes is read by libsndfile: rate, length and samples, full scale clipped and not wrapped."""
    encoded = page.page.evaluate(
        """async () => {
          const { encodeWav } = await import('/studio/wav.js');
          const { toBase64 } = await import('/studio/api.js');
          return toBase64(encodeWav([Float32Array.of(0, 0.5, -0.5), Float32Array.of(1.5, -1.5)], 44100));
        }"""
    )
    samples, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(encoded)))
    assert rate_hz == 44100
    assert samples.tolist() == pytest.approx([0, 0.5, -0.5, 1, -1], abs=1e-4)


def test_a_voice_that_never_gets_ready_is_not_asked_for_for_ever(page: Studio) -> None:
    """Less and less often, for half an hour; choosing the voice again asks anew."""
    asked, again, pauses_ms = page.page.evaluate(
        """async () => {
          const { RefinementWatch } = await import('/studio/refinement.js');
          const [real, pauses] = [globalThis.setTimeout, []];
          const pending = { voiceId: 'v', refinement: 'pending', refinementStage: 'refining' };
          let asked = 0;
          const watch = new RefinementWatch({ api: { getVoice: async () => { asked += 1; return { ...pending }; } } });
          globalThis.setTimeout = (act, ms) => { pauses.push(ms); queueMicrotask(act); };
          await watch.watch(pending);
          const first = asked;
          await watch.watch(pending);
          globalThis.setTimeout = real;
          return [first, asked - first, pauses.slice(0, first)];
        }"""
    )
    assert 0 < asked == again < 60
    assert pauses_ms == sorted(pauses_ms)
    assert sum(pauses_ms) == pytest.approx(1_800_000, rel=0.05)


def test_what_was_undone_stays_undone(page: Studio) -> None:
    """A card that is taken away while its button has the focus begins no time at whose end its deed is done."""
    num_undone, num_timers = page.page.evaluate(
        """async () => {
          const { Notices } = await import('/studio/notices.js');
          const region = () => document.body.appendChild(document.createElement('div'));
          const [polite, assertive, cards] = [region(), region(), region()];
          const [real, timers] = [globalThis.setTimeout, []];
          let undone = 0;
          globalThis.setTimeout = (act) => timers.push(act);
          const action = { text: 'Undo', run: () => { undone += 1; } };
          new Notices({ polite, assertive, cards }).show('Gone.', { action });
          const button = cards.querySelector('button');
          button.focus();
          button.click();
          globalThis.setTimeout = real;
          [polite, assertive, cards].forEach((each) => each.remove());
          return [undone, timers.length];
        }"""
    )
    assert (num_undone, num_timers) == (1, 1)


def test_every_word_of_the_page_is_in_one_file(page: Studio) -> None:
    """Each text that the skeleton names exists, and each of the fifteen languages has its texts to read."""
    missing, scripts = page.page.evaluate(
        """async () => {
          const { textAt } = await import('/studio/strings.js');
          const { LANGUAGES } = await import('/studio/scripts.js');
          const names = [...document.querySelectorAll('[data-t], [data-t-label], [data-t-placeholder]')]
            .flatMap(({ dataset }) => [dataset.t, dataset.tLabel, dataset.tPlaceholder]).filter(Boolean);
          return [names.filter((name) => textAt(name) === name), LANGUAGES.map(({ scripts }) => scripts.length)];
        }"""
    )
    assert missing == []
    assert scripts == [2] * 15
