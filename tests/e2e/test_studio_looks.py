"""The studio in its states: nothing that axe calls serious, nothing wider than the screen, in light and dark.

With `STUDIO_SCREENSHOTS=docs/studio` set, each state is also kept as a picture.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.conftest import Recording
from tests.e2e.studio_browser import (
    DESKTOP,
    PHONE,
    SCREENSHOTS,
    Studio,
    as_wav,
    browser,
    driver,
    needs_chromium,
    playwright,
    studio,
    tone_server,
)
from tests.live_server import LiveServer

__all__ = ["driver", "tone_server"]  # fixtures

pytestmark = [needs_chromium, pytest.mark.usefixtures("weights_dir")]

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
expect = playwright.expect

RATE_HZ = 16000
COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""Of axe: what a colour scheme can change."""
LISTS_CONTEXTS = """
    globalThis.audioContexts = [];
    globalThis.AudioContext = class extends AudioContext {
      constructor(...given) {
        super(...given);
        audioContexts.push(this);
      }
    };
"""
"""For the page before it is opened."""
SPOKEN = "The kettle sings while the morning train leaves the little station."


@pytest.fixture(scope="module")
def chromium(driver: "playwright.Playwright", speaker_recordings: list[Recording]) -> Iterator["playwright.Browser"]:
    wav = as_wav([r.path for r in speaker_recordings if r.speaker == "ls-7059"])
    with browser(driver, wav) as opened:
        yield opened
    wav.unlink()


@pytest.fixture(scope="module")
def troubled_recording(speaker_recordings: list[Recording], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute with everything in it: a long pause, hiss, a clipped stretch, and then somebody else."""
    by_speaker = {r.speaker: r.path for r in speaker_recordings if r.role == "reference"}
    first, _ = soundfile.read(by_speaker["ls-7059"], dtype="float32")
    second, _ = soundfile.read(by_speaker["ls-2033"], dtype="float32")
    clipped = np.clip(first[: 5 * RATE_HZ] * 30, -1, 1)
    hiss = np.random.default_rng(1).normal(0, 0.012, 26 * RATE_HZ).astype(np.float32)
    voice = np.concatenate([np.zeros(4 * RATE_HZ, np.float32), clipped, first, second])[: len(hiss)]
    path = tmp_path_factory.mktemp("troubled") / "kitchen.wav"
    soundfile.write(path, np.clip(voice + hiss[: len(voice)], -1, 1), RATE_HZ, subtype="PCM_16")
    return path


@pytest.fixture
def server(request: pytest.FixtureRequest) -> LiveServer:
    """The quick engine; for pictures the one that speaks."""
    return request.getfixturevalue("kokoro_server" if SCREENSHOTS else "tone_server")


def check_looks(page: Studio, state: str, *, keep: tuple[str, ...] = ("desktop-light",), whole: bool = False) -> None:
    """The state as it stands, at two sizes and in two colour schemes.

    keep: which of them go into the documentation; whole: all of the page, not what the screen shows.
    """
    for size_name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        page.page.set_viewport_size(size)
        width = page.page.evaluate("() => document.scrollingElement.scrollWidth")
        assert width <= size["width"], f"{state} is wider than a {size_name}"
        for scheme in ("light", "dark"):
            page.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            rules = COLOUR_RULES if scheme == "dark" else None
            assert serious_findings(page, rules) == [], f"{state}, {size_name}, {scheme}"
            if f"{size_name}-{scheme}" in keep:
                page.picture(f"{state}-{size_name}-{scheme}", whole=whole and size_name == "desktop")
    page.page.set_viewport_size(DESKTOP)
    page.page.emulate_media(color_scheme="light", reduced_motion="reduce")


def serious_findings(page: Studio, rules: tuple[str, ...] | None = None) -> list[str]:
    """What axe-core calls serious or critical by all its rules or these, with the element."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    violations = axe.Axe().run(page.page, options=options).response["violations"]
    return [
        f"{violation['id']}: {violation['nodes'][0]['html'][:200]} {violation['nodes'][0]['failureSummary']}"
        for violation in violations
        if violation["impact"] in ("serious", "critical")
    ]


def test_every_state_can_be_used_by_everyone(
    chromium: "playwright.Browser", server: LiveServer, troubled_recording: Path
) -> None:
    """Key, record, recording, advice, clone, speak, library, edit: accessible, and inside the screen."""
    with studio(chromium, server.url) as page:
        page.page.add_init_script(LISTS_CONTEXTS)
        page.open("")
        check_looks(page, "key")
        page.page.get_by_role("dialog").get_by_label("API key").fill(server.key)
        page.button("Use this key").click()
        expect(page.page.get_by_text("No voices of yours yet.")).to_be_visible()
        check_looks(page, "record", keep=("desktop-light", "phone-light"))

        page.button("Start recording").click()
        expect(page.page.locator("#level-word")).to_have_text("Good level")
        # The microphone rests meanwhile: after a minute of sound the page stops by itself.
        page.page.evaluate("() => Promise.all(audioContexts.map((context) => context.suspend()))")
        check_looks(page, "recording", keep=("desktop-light", "desktop-dark"))
        page.button("Discard").click()
        page.upload(troubled_recording)
        page.wait_until_heard()
        expect(page.page.locator("#findings li")).not_to_have_count(0)
        check_looks(page, "listen", keep=("desktop-light", "phone-dark"), whole=True)

        page.clone("Anna", tags="warm, stories")
        page.speak(SPOKEN)
        check_looks(page, "speak", keep=("desktop-light", "desktop-dark", "phone-dark"))
        page.more("Anna")
        check_looks(page, "library")
        page.button("Edit").click()
        check_looks(page, "edit")
        page.page.keyboard.press("Escape")
        page.stop_the_clock()
        page.button("Delete").click()
        page.button("Undo").focus()  # it stays until it is left
        page.page.clock.resume()  # axe waits by it
        check_looks(page, "undo")
        page.delete_for_good()
        assert page.troubles == []


@pytest.mark.parametrize("code", ["AR_SA", "HE_IL", "JA_JP", "HI_IN"])
def test_scripts_read_in_their_own_direction(
    chromium: "playwright.Browser", tone_server: LiveServer, code: str
) -> None:
    """The text to read carries its language and runs from the right where it should."""
    with studio(chromium, tone_server.url) as page:
        page.open(tone_server.key)
        page.page.get_by_label("Language to read").select_option(code)
        script = page.page.locator("#script")
        assert script.evaluate("(element) => element.lang.split('-')[0].toUpperCase()") == code[:2]
        direction = script.evaluate("(element) => getComputedStyle(element).direction")
        assert direction == ("rtl" if code in ("AR_SA", "HE_IL") else "ltr")
        assert serious_findings(page) == []
        page.picture(f"script-{code[:2].lower()}")
