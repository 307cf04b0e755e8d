"""The studio in a real Chromium whose microphone plays a recording: what the studio's tests share."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.live_server import LiveServer, run_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCREENSHOTS = os.environ.get("STUDIO_SCREENSHOTS", "")
"""Folder to write pictures of each state to; none are taken when empty."""

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
WITHIN_MS = 300_000
"""No step takes so long, with the embedded engine and on a busy machine: then something hangs."""

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium); the studio is not tested"
)

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
playwright.expect.set_options(timeout=WITHIN_MS)

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@pytest.fixture(scope="module")
def driver() -> "Iterator[playwright.Playwright]":
    """Playwright for one file: its loop must be gone before tests of other files start theirs."""
    with playwright.sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def tone_server(weights_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of the file's own: its library begins empty, whatever other tests have cloned."""
    with run_server(tmp_path_factory.mktemp("studio") / "data", "tone") as server:
        yield server


@contextmanager
def browser(
    driver: "playwright.Playwright", microphone: Path, flags: tuple[str, ...] = ()
) -> "Iterator[playwright.Browser]":
    """A Chromium of its own whose microphone plays `microphone`, a WAV, over and over."""
    arguments = [*_FLAGS, f"--use-file-for-fake-audio-capture={microphone}", *flags]
    opened = driver.chromium.launch(executable_path=CHROMIUM, args=arguments, timeout=WITHIN_MS)
    try:
        yield opened
    finally:
        opened.close()


def as_wav(recordings: list[Path], gain: float = 1.0) -> Path:
    """The recordings one after another, as the fake microphone reads them: 16-bit WAV."""
    parts, rate_hz = [], 0
    for recording in recordings:
        samples, rate_hz = soundfile.read(recording, dtype="float32")
        parts += [samples * gain, np.zeros(rate_hz // 4, np.float32)]
    handle, name = tempfile.mkstemp(suffix=".wav")
    os.close(handle)
    soundfile.write(name, np.concatenate(parts).clip(-1, 1), rate_hz, subtype="PCM_16")
    return Path(name)


@dataclass
class Studio:
    """The page as a person uses it: by the words on it."""

    page: "playwright.Page"
    url: str
    troubles: list[str] = field(default_factory=list)
    """What the console complained about."""
    strangers: list[str] = field(default_factory=list)
    """Requests to anybody but the server."""

    def watch(self) -> None:
        """Note every error of the page and every request that leaves the server."""
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("request", self._check_host)

    def _note(self, message: "playwright.ConsoleMessage") -> None:
        # A refused or lost request is logged by the browser itself; the page has its own words for it.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.troubles.append(message.text)

    def _check_host(self, request: "playwright.Request") -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.strangers.append(request.url)

    def open(self, key: str) -> None:
        self.page.goto(f"{self.url}/studio#key={key}" if key else f"{self.url}/studio")

    def button(self, name: str) -> "playwright.Locator":
        return self.page.get_by_role("button", name=name, exact=True)

    def heading(self, name: str) -> "playwright.Locator":
        return self.page.get_by_role("heading", name=name)

    def record(self, seconds: float) -> None:
        self.button("Start recording").click()
        # "at least": on a busy machine the page may skip a second. Stopped by the page: it does so itself after a
        # minute, which may pass before a click arrives.
        self.page.wait_for_function(
            """wanted => {
                const [minutes, seconds] = document.querySelector('#record-time').textContent.split(':').map(Number);
                const button = document.querySelector('[aria-label="Stop recording"]');
                if (!button || 60 * minutes + seconds < wanted) return false;
                button.click();
                return true;
            }""",
            arg=int(seconds),
        )

    def upload(self, *files: Path) -> None:
        """Returns when the last of them is shown, not when it is heard."""
        self.page.locator("#upload-input").set_input_files([str(file) for file in files])
        playwright.expect(self.page.locator("#takes .is-chosen")).to_contain_text(files[-1].name)

    def wait_until_heard(self) -> None:
        """The chosen recording was listened to, with whatever outcome."""
        done = "#takes .is-chosen:is(.chip-good, .chip-fair, .chip-poor, .chip-refused)"
        playwright.expect(self.page.locator(done)).to_be_visible()

    def fill_clone_form(self, name: str, *, tags: str = "") -> None:
        form = self.page.get_by_role("form", name="Make the voice")
        form.get_by_label("Name of the voice").fill(name)
        form.get_by_label("Tags").fill(tags)
        form.get_by_label("Your name").fill("Anna Berg")
        form.get_by_label("What will the voice be used for?").fill("reading my own stories aloud")
        form.get_by_label("I confirm this statement").check()

    def clone(self, name: str, *, tags: str = "") -> None:
        self.fill_clone_form(name, tags=tags)
        self.button("Clone this voice").click()
        playwright.expect(self.heading(f"{name} speaks")).to_be_visible()

    def speak(self, text: str) -> None:
        self.page.get_by_label("Text to speak").fill(text)
        self.button("Speak").click()
        playwright.expect(self.page.locator("#speak-status")).to_contain_text("The first sound")

    def more(self, voice: str) -> None:
        self.button(f"More about {voice}").click()

    def stop_the_clock(self) -> None:
        """What the page takes away by itself stays, however slow the machine: what is said in passing, the way back."""
        self.page.clock.install()
        self.page.clock.pause_at(time.time() + 3600)

    def delete_for_good(self) -> None:
        """Give up the way back from the deletion that was asked for last; returns when the server has done it."""
        with self.page.expect_response(lambda reply: reply.request.method == "DELETE") as deleted:
            self.button("Dismiss").last.click()
        assert deleted.value.ok

    def picture(self, name: str, *, whole: bool = False) -> None:
        """Keep a screenshot, if they are wanted."""
        if SCREENSHOTS:
            self.page.evaluate("() => scrollTo(0, 0)")
            self.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=whole, animations="disabled")


@contextmanager
def studio(opened: "playwright.Browser", url: str, *, phone: bool = False, dark: bool = False) -> Iterator[Studio]:
    """A fresh page: nothing stored, clipboard allowed."""
    context = opened.new_context(
        viewport=PHONE if phone else DESKTOP,
        has_touch=phone,
        device_scale_factor=2 if phone else 1,
        color_scheme="dark" if dark else "light",
        locale="en-US",
        permissions=["microphone", "clipboard-read", "clipboard-write"],
        accept_downloads=True,
    )
    context.set_default_timeout(WITHIN_MS)
    try:
        page = Studio(context.new_page(), url)
        page.watch()
        yield page
    finally:
        context.close()
