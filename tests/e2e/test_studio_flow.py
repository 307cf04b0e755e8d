"""The studio, used as a person uses it: record, see, clone, speak, compare, keep; and when things go wrong."""

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from tests.conftest import DATA, Recording
from tests.e2e.studio_browser import (
    Studio,
    as_wav,
    browser,
    driver,
    needs_chromium,
    playwright,
    studio,
    tone_server,
)
from tests.live_server import LiveServer, run_server
from tests.store_servers import free_port

pytestmark = [
    needs_chromium,
    pytest.mark.usefixtures("weights_dir"),
]  # the recordings are listened to by the real models

__all__ = ["driver", "tone_server"]  # fixtures

expect = playwright.expect
PERSON = "ls-7059"
SPOKEN = "The kettle sings while the morning train leaves the little station."


@pytest.fixture(scope="module")
def chromium(driver: "playwright.Playwright", speaker_recordings: list[Recording]) -> Iterator["playwright.Browser"]:
    """One browser for the file; its microphone plays a woman of LibriSpeech."""
    own = [r.path for r in speaker_recordings if r.speaker == PERSON]
    wav = as_wav(own)
    with browser(driver, wav) as opened:
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


def own_voices(server: LiveServer) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Basic {server.key}"}
    reply = httpx.get(f"{server.url}/voices/v1/voices", headers=headers, timeout=60)
    return [voice for voice in reply.json()["voices"] if voice["source"] == "IVC"]


def words_of(text: str) -> set[str]:
    return set(re.findall("[a-z]+", text.lower()))


def test_from_microphone_to_a_speaking_voice_and_back(
    page: Studio, tone_server: LiveServer, speaker_recordings: list[Recording]
) -> None:
    """Record, see what was heard, clone, speak, compare, copy, download, edit, revoke, delete with undo."""
    expect(page.page).to_have_url(f"{tone_server.url}/studio")  # the key has left the address bar
    page.record(9)
    expect(page.heading("What Myna heard")).to_be_focused()
    page.wait_until_heard()
    heard = words_of(page.page.get_by_role("textbox", name="Words").input_value())
    said = set().union(*(words_of(r.transcript) for r in speaker_recordings if r.speaker == PERSON))
    assert len(heard & said) > max(5, 0.8 * len(heard))  # whichever nine seconds the microphone played
    expect(page.page.locator("#heard-language")).to_have_text("English")
    expect(page.page.locator("#quality li")).to_have_count(7)
    page.page.get_by_role("button", name="Play", exact=True).click()
    expect(page.button("Pause")).to_be_visible()
    page.page.get_by_role("switch", name="Remove background noise").check()
    expect(page.page.get_by_role("switch", name="Remove background noise")).to_be_enabled()
    expect(page.page.locator("#hearing")).to_be_hidden()
    expect(page.page.get_by_role("radio", name="As Myna uses it")).to_be_checked()
    page.page.get_by_role("radio", name="As recorded").check()

    page.clone("Anna", tags="warm, stories")
    voice = own_voices(tone_server)[0]
    assert (voice["displayName"], voice["tags"], voice["langCode"]) == ("Anna", ["warm", "stories"], "EN_US")
    expect(page.page.locator("#likeness-word")).to_contain_text("of 100")
    expect(page.page.locator("#clarity-word")).to_contain_text("Hard to understand")  # this engine hums
    expect(page.page.locator("#clarity-advice")).to_contain_text("Record again")
    consent = voice["consent"]
    assert (consent["givenBy"], consent["speaker"], consent["wordingVersion"]) == ("Anna Berg", "Anna Berg", "studio-1")
    assert consent["statement"] == (
        "I am Anna Berg, the person speaking in this recording, and I agree that my voice is copied for: "
        "reading my own stories aloud."
    )

    page.page.get_by_label("Text to speak").fill(SPOKEN)
    page.page.evaluate(
        """() => {
          const look = () => {
            globalThis.numLit = Math.max(globalThis.numLit ?? 0, document.querySelectorAll('.word.is-now').length);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    page.button("Speak").click()
    expect(page.page.locator("#speak-status")).to_contain_text("The first sound")
    assert page.page.evaluate("() => globalThis.numLit") == 1  # of the words, at any time
    page.button("A · Original").click()
    expect(page.button("A · Original")).to_have_attribute("aria-pressed", "true")
    page.button("B · Clone").click()
    expect(page.button("B · Clone")).to_have_attribute("aria-pressed", "true")
    expect(page.button("A · Original")).to_have_attribute("aria-pressed", "false")

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

    page.stop_the_clock()
    page.button("Delete").click()
    expect(page.page.get_by_text("No voices of yours yet.")).to_be_visible()
    page.button("Undo").click()
    page.page.clock.run_for(60_000)
    expect(page.button("More about Anna of the North")).to_be_visible()
    page.more("Anna of the North")
    page.page.once("dialog", lambda dialog: dialog.accept())
    page.button("Revoke consent").click()
    expect(page.page.locator(".voice-actions")).to_contain_text("does not speak")
    assert own_voices(tone_server)[0]["consent"]["revokedAt"]
    page.button("Delete").click()
    expect(page.page.get_by_text("No voices of yours yet.")).to_be_visible()
    expect(page.button("Undo")).to_be_visible()
    page.delete_for_good()
    expect(page.button("Undo")).to_be_hidden()
    expect(page.page.get_by_text("No voices of yours yet.")).to_be_visible()
    assert own_voices(tone_server) == []


def test_a_file_that_is_not_a_recording_spoils_nothing(page: Studio, tone_server: LiveServer, tmp_path: Path) -> None:
    """A text file is refused with a reason, silence is explained, the good recording beside them makes the voice."""
    text, silence = tmp_path / "notes.wav", tmp_path / "silence.wav"
    text.write_text("This is not sound.")
    soundfile.write(silence, np.zeros(16000 * 4), 16000)
    page.upload(text)
    page.wait_until_heard()
    expect(page.page.locator("#takes")).to_contain_text("Not readable")
    expect(page.page.locator("#take-trouble")).to_be_visible()
    expect(page.page.locator("#clone-form")).to_be_hidden()
    page.picture("bad-file")
    page.upload(silence)
    page.wait_until_heard()
    expect(page.page.locator(".chip.is-chosen")).to_contain_text("Cannot be used")
    expect(page.page.locator(".finding-error")).not_to_have_count(0)
    page.upload(DATA / "demo_reference.flac")
    page.wait_until_heard()
    expect(page.page.locator("#clone-count")).to_contain_text("Made from one recording. 2 recordings cannot be used")
    page.clone("Vera")
    assert [voice["displayName"] for voice in own_voices(tone_server)] == ["Vera"]
    page.more("Vera")
    page.button("Delete").click()
    page.page.goto("about:blank")  # whoever leaves has not thought better of it
    until_s = time.monotonic() + 60
    while own_voices(tone_server):
        assert time.monotonic() < until_s


def test_a_format_that_only_the_server_reads_is_shown_as_it_is_used(page: Studio, tmp_path: Path) -> None:
    """Browsers do not decode AIFF; the prepared part stands in, with its picture, and the page says so."""
    samples, rate_hz = soundfile.read(DATA / "demo_reference.flac")
    aiff = tmp_path / "tape.aiff"
    soundfile.write(aiff, samples[: 6 * rate_hz], rate_hz, format="AIFF")
    page.upload(aiff)
    page.wait_until_heard()
    expect(page.page.get_by_text("This browser cannot play the original file.")).to_be_visible()
    expect(page.page.locator("#lane-wave")).to_be_visible()
    page.button("Play").click()
    expect(page.button("Pause")).to_be_visible()


def test_what_is_missing_is_asked_for_before_anything_is_sent(page: Studio, tone_server: LiveServer) -> None:
    """Without name and consent nothing is cloned; the first gap gets the focus and every gap its words."""
    page.upload(DATA / "demo_reference.flac")
    page.wait_until_heard()
    page.button("Make the voice").click()
    page.button("Clone this voice").click()
    expect(page.page.locator("#clone-name")).to_be_focused()
    expect(page.page.get_by_text("Confirm the statement to go on.")).to_be_visible()
    page.page.get_by_label("Another person’s").check()
    page.fill_clone_form("Vera")
    page.button("Clone this voice").click()
    expect(page.page.locator("#consent-them")).to_be_focused()
    assert own_voices(tone_server) == []
    page.page.locator("#consent-them").fill("Vera Lund")
    expect(page.page.locator("#consent-statement")).to_have_text(
        "I am Anna Berg. I have the permission of Vera Lund, the person speaking in this recording, "
        "to copy their voice for: reading my own stories aloud."
    )


def test_listening_can_be_cancelled_and_asked_for_again(page: Studio) -> None:
    """A cancelled check keeps the recording, says so, and runs again on request."""
    page.page.route("**/voices:clone", lambda route: None)  # the server takes its time
    page.upload(DATA / "demo_reference.flac")
    page.page.locator("#hearing-cancel").click()
    expect(page.page.get_by_text("Cancelled. The recording is kept.").first).to_be_visible()
    page.page.unroute("**/voices:clone")
    page.button("Try again").click()
    page.wait_until_heard()
    page.button("Remove demo_reference.flac").click()
    expect(page.heading("Read a few lines aloud")).to_be_visible()


def test_a_running_recording_can_be_discarded_by_keyboard(page: Studio) -> None:
    """The record button and Discard work with Tab, Space and Enter alone."""
    expect(page.page.locator("#library-count, #library-state")).not_to_have_count(0)
    page.page.keyboard.press("Tab")
    expect(page.page.get_by_role("link", name="Skip to the studio")).to_be_focused()
    page.page.keyboard.press("Enter")
    for _ in range(12):
        page.page.keyboard.press("Tab")
        if page.page.evaluate("() => document.activeElement.id") == "record":
            break
    page.page.keyboard.press("Space")
    expect(page.page.locator("#level-word")).to_have_text("Good level")
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    expect(page.button("Start recording")).to_be_focused()
    expect(page.heading("Read a few lines aloud")).to_be_visible()


def test_a_stopped_server_loses_no_recording(chromium: "playwright.Browser", tmp_path: Path) -> None:
    """Recorded while the server is away, kept over a reload, heard as soon as it is back."""
    port = str(free_port())
    with run_server(tmp_path / "data", "tone", ["--port", port]) as server, studio(chromium, server.url) as page:
        page.open(server.key)
        expect(page.page.get_by_text("No voices of yours yet.")).to_be_visible()
        os.kill(server.pid, signal.SIGTERM)
        server.process.wait(60)
        page.record(4)
        expect(page.page.get_by_text("Your recordings are safe in this browser.", exact=True)).to_be_visible()
        expect(page.page.locator("#takes")).to_contain_text("Kept, not sent yet")
        page.picture("connection-lost")
        with run_server(tmp_path / "data", "tone", ["--port", port]):
            expect(page.page.locator("#connection")).to_be_hidden()
            page.wait_until_heard()
            page.page.reload()
            expect(page.page.get_by_text("A recording was kept from last time.").first).to_be_visible()
            page.page.get_by_role("button", name="Listen").first.click()
            page.wait_until_heard()
        assert page.strangers == []


def test_keys_are_asked_for_checked_and_forgotten(
    chromium: "playwright.Browser", tone_server: LiveServer, tmp_path: Path
) -> None:
    """No key, a wrong key and a read-only key each get their own words; the key is in this tab's session only."""
    with studio(chromium, tone_server.url) as page:
        page.open("")
        dialog = page.page.get_by_role("dialog", name="Which key may Myna use?")
        expect(dialog).to_be_visible()
        dialog.get_by_label("API key").fill("bm90OmFrZXk=")
        page.button("Use this key").click()
        expect(dialog).to_contain_text("The server does not know this key.")
        dialog.get_by_label("API key").fill(tone_server.create_key("demo", "read"))
        page.button("Use this key").click()
        page.page.get_by_role("radio", name="Stock").check()
        expect(page.button("More about Dennis")).to_be_visible()
        page.upload(DATA / "demo_reference.flac")
        expect(dialog).to_contain_text("may listen and speak, but not clone")
        stored = page.page.evaluate("() => JSON.stringify([localStorage, document.cookie])")
        assert "key" not in stored
        page.button("Forget the key").click()
        assert page.page.evaluate("() => sessionStorage.length") == 0


def test_a_loud_microphone_lights_the_clipping_lamp(driver: "playwright.Playwright", tone_server: LiveServer) -> None:
    """Samples at full scale are told while recording, in words and by the lamp."""
    loud = as_wav([DATA / "demo_reference.flac"], gain=12)
    with browser(driver, loud) as opened, studio(opened, tone_server.url) as page:
        page.open(tone_server.key)
        page.button("Start recording").click()
        expect(page.page.get_by_text("Clipping: too loud")).to_be_visible()
        expect(page.page.locator("#record-hint")).to_contain_text("Move back from the microphone")
        page.button("Discard").click()
    loud.unlink()


def test_without_https_uploading_works_and_recording_says_why_not(
    driver: "playwright.Playwright", tone_server: LiveServer
) -> None:
    """On a plain http address other than localhost, browsers keep the microphone back; everything else works."""
    silence = as_wav([DATA / "demo_reference.flac"], gain=0)
    resolve = "--host-resolver-rules=MAP studio.test 127.0.0.1"
    url = tone_server.url.replace("127.0.0.1", "studio.test")
    with browser(driver, silence, (resolve,)) as opened, studio(opened, url) as page:
        page.open(tone_server.key)
        page.button("Start recording").click()
        expect(page.page.locator("#record-hint")).to_contain_text("only with https pages and with localhost")
        page.upload(DATA / "demo_reference.flac")
        page.wait_until_heard()
        expect(page.page.locator("#picture")).to_be_visible()
        page.page.get_by_role("radio", name="Stock").check()
        page.more("Sarah")
        page.button("Copy id").click()
        expect(page.page.locator("#copy-text")).to_have_value("Sarah")
        # The browser remarks that it ignores one header of the page on such an address.
        assert [trouble for trouble in page.troubles if "Cross-Origin-Opener-Policy" not in trouble] == []
    silence.unlink()


def test_every_format_can_be_downloaded(page: Studio) -> None:
    """A stock voice speaks into a file of each format, named after the text, beginning as the format does."""
    page.page.get_by_role("radio", name="Stock").check()
    page.page.get_by_role("button", name="Speak with Sarah").click()
    page.page.get_by_label("Text to speak").fill("Good morning, little world.")
    begins = {"MP3": (b"ID3", b"\xff"), "WAV": b"RIFF", "FLAC": b"fLaC", "OGG_OPUS": b"OggS", "LINEAR16": b"RIFF"}
    for encoding in (*begins, "PCM", "ALAW", "MULAW"):
        page.page.get_by_label("Format").select_option(encoding)
        with page.page.expect_download() as saving:
            page.button("Download").click()
        assert saving.value.suggested_filename.startswith("Good-morning-little-world.")
        content = Path(saving.value.path()).read_bytes()
        assert len(content) > 1000
        assert content.startswith(begins.get(encoding, b""))


def test_words_are_said_in_a_way_of_ones_own(page: Studio, tone_server: LiveServer) -> None:
    """By keyboard: what is wrong is told at its field; the word is kept, heard, used when speaking, and removed."""
    path = f"{tone_server.url}/pronunciations/v1/workspaces/demo/pronunciationDictionaries"

    def kept() -> list[dict[str, Any]]:
        reply = httpx.get(path, headers={"Authorization": f"Basic {tone_server.key}"}, timeout=60).json()
        return [entry for each in reply["pronunciationDictionaries"] for entry in each["pronunciations"]]

    page.page.get_by_role("radio", name="Stock").check()
    page.page.get_by_role("button", name="Speak with Sarah").click()
    word, sound = page.page.get_by_label("Word", exact=True), page.page.get_by_label("Sound (IPA)")
    trouble = page.page.locator("#words-error")
    for written, ipa, told in (
        ("", "k", "Type the word first."),
        ("Vyta", "", "Write how it sounds."),
        ("two words", "k", "without spaces"),
        ("Vyta", "ˈvaɪ7ə", "7 is not a sign"),
    ):
        word.fill(written)
        sound.fill(ipa)
        sound.press("Enter")
        expect(trouble).to_contain_text(told)
        expect(page.page.locator("#words-form [aria-invalid=true]")).to_be_focused()
    assert kept() == []
    sound.fill("/ˈvaɪt͡ʃə/")
    sound.press("Tab")
    page.page.keyboard.press("Tab")
    with page.page.expect_response("**/tts/v1/voice") as heard:
        page.page.keyboard.press("Enter")
    assert heard.value.request.post_data_json["text"] == "/ˈvaɪt͡ʃə/"
    assert heard.value.status == 200
    sound.press("Enter")
    expect(word).to_be_focused()
    expect(page.page.locator("#words-list li")).to_contain_text("/ˈvaɪt͡ʃə/")
    assert kept() == [
        {"displayHeadword": "Vyta", "languageCode": "en-US", "phoneSymbols": ["ˈ", "v", "a", "ɪ", "t͡ʃ", "ə"]}
    ]
    page.page.get_by_label("Text to speak").fill("Vyta sings.")
    with page.page.expect_request("**/tts/v1/voice:stream") as asked:
        page.button("Speak").click()
    assert asked.value.post_data_json["modelId"] == "inworld-tts-2"
    assert len(asked.value.post_data_json["pronunciationDictionarySettings"]["dictionaries"]) == 1
    page.button("Remove Vyta").press("Enter")
    expect(page.page.locator("#words-list li")).to_have_count(0)
    expect(word).to_be_focused()
    assert kept() == []


def test_a_dictionary_that_cannot_be_listed_or_is_gone(page: Studio, tone_server: LiveServer) -> None:
    """A failed list is no empty list: no second dictionary is made. One deleted elsewhere stops nothing for long."""
    headers = {"Authorization": f"Basic {tone_server.key}"}
    http = httpx.Client(base_url=f"{tone_server.url}/pronunciations/v1", headers=headers, timeout=60)
    listing = "/workspaces/demo/pronunciationDictionaries"
    http.post(listing, json={"displayName": "Studio", "pronunciations": []})
    num_before = len(http.get(listing).json()["pronunciationDictionaries"])
    failing = "**/pronunciationDictionaries*"
    page.page.route(failing, lambda route: route.fulfill(status=500, json={"code": 13, "message": "A fault."}))
    page.page.reload()
    page.page.get_by_role("radio", name="Stock").check()
    page.page.get_by_role("button", name="Speak with Sarah").click()
    page.page.get_by_label("Word", exact=True).fill("Vyta")
    page.page.get_by_label("Sound (IPA)").fill("k")
    page.button("Add the word").click()
    expect(page.page.locator("#words-error")).to_have_text("A fault.")
    page.page.unroute(failing)
    page.button("Add the word").click()
    expect(page.page.locator("#words-list li")).to_have_count(1)
    dictionaries = http.get(listing).json()["pronunciationDictionaries"]
    assert len(dictionaries) == num_before
    for dictionary in dictionaries:
        assert http.delete(f"/{dictionary['name']}", params={"etag": dictionary["etag"]}).status_code == 200
    http.close()
    page.page.get_by_label("Text to speak").fill("Vyta sings.")
    with page.page.expect_response("**/tts/v1/voice:stream") as refused:
        page.button("Speak").click()
    assert refused.value.status == 404
    expect(page.page.locator("#words-which")).to_have_value("")
    with page.page.expect_response("**/tts/v1/voice:stream") as spoken:
        page.button("Speak").click()
    assert spoken.value.status == 200


def test_the_embedded_engine_speaks_like_the_person(chromium: "playwright.Browser", kokoro_server: LiveServer) -> None:
    """With the real engine: clone from the microphone, likeness told, words light up, both sides can be compared."""
    with studio(chromium, kokoro_server.url) as page:
        page.open(kokoro_server.key)
        page.record(9)
        page.wait_until_heard()
        page.clone("Anna")
        likeness = page.page.locator("#likeness-bar")
        assert int(likeness.get_attribute("aria-valuenow") or 0) >= 30
        clarity = page.page.locator("#clarity-bar")
        assert int(clarity.get_attribute("aria-valuenow") or 0) >= 70
        expect(page.page.locator("#clarity-advice")).to_be_hidden()
        page.page.get_by_label("Text to speak").fill(SPOKEN)
        page.button("Speak").click()
        expect(page.page.locator(".word.is-past")).not_to_have_count(0)
        page.picture("speaking")
        expect(page.page.locator("#speak-status")).to_contain_text("The first sound")
        page.button("B · Clone").click()
        page.button("A · Original").click()
        expect(page.button("A · Original")).to_have_attribute("aria-pressed", "true")
        assert (page.troubles, page.strangers) == ([], [])
