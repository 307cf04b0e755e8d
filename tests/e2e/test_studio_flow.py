"""The studio, used as a person uses it: record, see, clone, speak, compare, keep; and when things go wrong."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import DATA, Recording
from tests.e2e.studio_browser import Studio, as_wav, browser, needs_chromium, playwright, studio
from tests.live_server import LiveServer, run_server

pytestmark = [needs_chromium, pytest.mark.weights]  # the recordings are listened to by the real models

expect = playwright.expect
SPOKEN = "The kettle sings while the morning train leaves the little station."


@pytest.fixture(scope="module")
def chromium(speaker_recordings: list[Recording]) -> Iterator["playwright.Browser"]:
    """One browser for the file; its microphone plays a woman of LibriSpeech."""
    own = [r.path for r in speaker_recordings if r.speaker == "ls-7059"]
    wav = as_wav(own)
    with browser(wav) as opened:
        yield opened
    wav.unlink()


@pytest.fixture
def page(chromium: "playwright.Browser", tone_server: LiveServer) -> Iterator[Studio]:
    """The studio, opened by the link that `myna serve --dev` prints."""
    with studio(chromium, tone_server.url) as opened:
        opened.open(tone_server.key)
        yield opened
        assert opened.troubles == []
        assert opened.strangers == []


def own_voices(server: LiveServer) -> list[dict[str, str]]:
    reply = httpx.get(f"{server.url}/voices/v1/voices", headers={"Authorization": f"Basic {server.key}"})
    return [voice for voice in reply.json()["voices"] if voice["source"] == "IVC"]


def test_from_microphone_to_a_speaking_voice_and_back(page: Studio, tone_server: LiveServer) -> None:
    """Record, see what was heard, clone with consent, speak, compare, copy, download, edit, delete with undo."""
    expect(page.page).to_have_url(f"{tone_server.url}/studio")  # the key has left the address bar
    page.picture("record")
    page.record(9)
    expect(page.heading("What Myna heard")).to_be_focused()
    page.wait_until_heard()
    expect(page.page.get_by_role("textbox", name="Words")).to_have_value(re.compile("odious"))
    expect(page.page.locator("#heard-language")).to_have_text("English")
    expect(page.page.locator("#quality li")).to_have_count(7)
    page.page.get_by_role("button", name="Play", exact=True).click()
    expect(page.button("Pause")).to_be_visible()
    page.page.get_by_role("switch", name="Remove background noise").check()
    expect(page.page.get_by_role("switch", name="Remove background noise")).to_be_enabled()
    expect(page.page.locator("#hearing")).to_be_hidden(timeout=60_000)
    expect(page.page.get_by_role("radio", name="As Myna uses it")).to_be_checked()
    page.page.get_by_role("radio", name="As recorded").check()

    page.clone("Anna", tags="warm, stories")
    voice = own_voices(tone_server)[0]
    assert (voice["displayName"], voice["tags"], voice["langCode"]) == ("Anna", ["warm", "stories"], "EN_US")
    expect(page.page.locator("#likeness-word")).to_contain_text("of 100")

    page.page.get_by_label("Text to speak").fill(SPOKEN)
    page.button("Speak").click()
    expect(page.page.locator(".word.is-now")).to_have_count(1)
    expect(page.page.locator("#speak-status")).to_contain_text("The first sound", timeout=30_000)
    page.button("A · Original").click()
    expect(page.button("A · Original")).to_have_attribute("aria-pressed", "true")
    page.button("B · Clone").click()
    expect(page.button("A · Original")).to_have_attribute("aria-pressed", "false")
    expect(page.button("B · Clone")).to_have_attribute("aria-pressed", "true")

    page.more("Anna")
    page.button("Copy curl").click()
    copied = page.page.evaluate("() => navigator.clipboard.readText()")
    assert voice["voiceId"] in copied
    assert tone_server.key not in copied
    page.button("Copy id").click()
    assert page.page.evaluate("() => navigator.clipboard.readText()") == voice["voiceId"]

    page.button("Edit").click()
    dialog = page.page.get_by_role("dialog", name="Edit voice")
    dialog.get_by_label("Name of the voice").fill("Anna of the North")
    dialog.get_by_label("Tags").fill("stories")
    dialog.get_by_role("button", name="Save").click()
    expect(page.heading("Anna of the North speaks")).to_be_visible()
    assert own_voices(tone_server)[0]["tags"] == ["stories"]

    page.button("Delete").click()
    expect(page.page.get_by_text("No voices of yours yet.")).to_be_visible()
    page.button("Undo").click()
    expect(page.button("More about Anna of the North")).to_be_visible()
    page.more("Anna of the North")
    page.button("Delete").click()
    page.button("Dismiss").last.click()
    expect(page.page.get_by_text("No voices of yours yet.")).to_be_visible()
    with pytest.raises(AssertionError):
        expect(page.button("Undo")).to_be_visible(timeout=500)
    assert own_voices(tone_server) == []
