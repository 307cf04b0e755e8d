"""Pronunciation dictionaries over HTTP, and in what is spoken (wire-contract.md#pronunciations)."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from http_service import HttpService, open_service, serve
from test_http_allowances import clock_of
from test_http_errors import assert_error
from test_http_socket import talk

PATH = "/pronunciations/v1/workspaces/acme/pronunciationDictionaries"
LONG = ["z", "aː", "ŋ"] * 20
"""Heard as seconds of the tone engine's sound, which lasts as long as what it reads."""
NAMES = {
    "displayName": "Names",
    "pronunciations": [
        {"displayHeadword": "Vyta", "languageCode": "en-US", "phoneSymbols": ["'", "v", "a", "ɪ", "t͡ʃ", "ə:"]},
        {"displayHeadword": "naïve", "languageCode": "fr-FR", "phoneSymbols": ["n", "ɑ̃", "ç"]},
    ],
}


def entry(word: object = "cat", lang: object = "en-US", phones: object = ("k", "æ", "t")) -> dict[str, Any]:
    return {"displayHeadword": word, "languageCode": lang, "phoneSymbols": phones}


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


async def test_a_dictionary_is_made_changed_and_deleted(service: HttpService) -> None:
    """As the original's published example does it: what comes back is canonical, a stale etag is 409."""

    async def change(etag: str, body: dict[str, Any], **query: str) -> Any:
        return await service.client.patch(
            url, content=json.dumps({"etag": etag, **body}), params=query, headers=service.auth()
        )

    made = (await service.post(PATH, NAMES)).json()
    assert made["name"].startswith("workspaces/acme/pronunciationDictionaries/")
    assert made["pronunciations"][0]["phoneSymbols"] == ["ˈ", "v", "a", "ɪ", "t͡ʃ", "əː"]
    url = f"/pronunciations/v1/{made['name']}"
    assert (await service.get(url, service.read_key)).json() == made
    other = {"displayName": "Other", "pronunciations": []}
    renamed = (await change(made["etag"], other, updateMask="displayName")).json()
    assert (renamed["displayName"], renamed["pronunciations"]) == ("Other", made["pronunciations"])
    assert renamed["etag"] != made["etag"]
    assert_error(await change(made["etag"], {"displayName": "Late"}), 409, 10)
    assert_error(await change("", {"displayName": "Late"}), 400, 3, "etag")
    assert_error(await change(renamed["etag"], {"displayName": "Late"}, updateMask="name"), 400, 3, "updateMask")
    cleared = (await change(renamed["etag"], {"displayName": "C", "pronunciations": []}, updateMask="*")).json()
    assert (cleared["displayName"], cleared["pronunciations"]) == ("C", [])

    async def delete(**query: str) -> Any:
        return await service.client.delete(url, params=query, headers=service.auth())

    assert_error(await delete(), 400, 3, "etag")
    assert_error(await delete(etag=made["etag"]), 409, 10)
    assert (await delete(etag=cleared["etag"])).json() == {}
    assert_error(await delete(etag=cleared["etag"]), 404, 5)
    assert (await delete(etag=cleared["etag"], allowMissing="true")).json() == {}


async def test_lists_are_pages_of_five_of_ones_own(service: HttpService) -> None:
    for number in range(6):
        await service.post(PATH, {"display_name": f"D{number}"})
    first = (await service.get(PATH, pageSize=1000)).json()
    rest = (await service.get(PATH, pageToken=first["nextPageToken"])).json()
    pages = [*first["pronunciationDictionaries"], *rest["pronunciationDictionaries"]]
    assert (len(first["pronunciationDictionaries"]), len({each["name"] for each in pages})) == (5, 6)
    assert rest["nextPageToken"] == ""
    assert (await service.get(PATH, service.other_key)).json()["pronunciationDictionaries"] == []
    for field, values in (("pageSize", (-1, "x", 1.5, "1e999", "true")), ("pageToken", ("x",))):
        for value in values:
            assert_error(await service.get(PATH, **{field: value}), 400, 3, field)


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ([entry("two words")], "[0].display_headword"),
        ([entry("")], "[0].display_headword"),
        ([entry("42")], "[0].display_headword"),
        ([entry("a" * 129)], "[0].display_headword"),
        ([entry(), entry("dog", "en")], "[1].language_code"),
        ([entry(lang="en-us")], "[0].language_code"),
        ([entry(lang="auto")], "[0].language_code"),
        ([entry(lang="xx-XX")], "[0].language_code"),
        ([entry(phones=[])], "[0].phone_symbols"),
        ([entry(phones=["ˈ"])], "[0].phone_symbols"),
        ([entry(phones=["k"] * 65)], "[0].phone_symbols"),
        ([entry(phones=["k", "æt"])], "[0].phone_symbols[1]"),
        ([entry(phones=["/k/"])], "[0].phone_symbols[0]"),
        ([entry(phones=["t͡"])], "[0].phone_symbols[0]"),
        ([entry(phones=["aɪ"])], "[0].phone_symbols[0]"),
        ([entry(phones=["AE1"])], "[0].phone_symbols[0]"),
        ([entry(phones=["k" + "ː" * 16])], "[0].phone_symbols[0]"),
        ([entry(), entry("dog"), entry("CAT")], "[2].display_headword"),
        ([entry(f"a{number}".translate(str.maketrans("0123456789", "bcdefghijk"))) for number in range(1001)], " "),
        ([entry("b" * 100 + chr(0x4E00 + n), phones=["k̃̃̃̃̃̃̃"] * 64) for n in range(1000)], " must take"),
        ([entry(5)], "pronunciations[0].displayHeadword"),
        ([entry(phones="kæt")], "pronunciations[0].phoneSymbols"),
    ],
)
async def test_one_wrong_entry_refuses_all_and_is_named(service: HttpService, entries: list[Any], field: str) -> None:
    reply = await service.post(PATH, {"displayName": "N", "pronunciations": entries})
    assert_error(reply, 400, 3, field)
    assert (await service.get(PATH)).json()["pronunciationDictionaries"] == []


@pytest.mark.parametrize("name", ["", "  ", "n" * 65, "a\nb"])
async def test_a_name_is_short_and_plain(service: HttpService, name: str) -> None:
    assert_error(await service.post(PATH, {"displayName": name}), 400, 3, "display_name")


async def test_words_are_said_as_the_dictionary_has_them(
    service: HttpService, caplog: pytest.LogCaptureFixture
) -> None:
    """In the reply and the stream; of two for one word the first; only with the models that do; never in the log."""
    caplog.set_level(logging.DEBUG)
    word = "xylophonezebra"
    short = (await service.post(PATH, {"displayName": "S", "pronunciations": [entry(word, phones=["ʒ"])]})).json()
    clock_of(service).advance(1)
    long = (await service.post(PATH, {"displayName": "L", "pronunciations": [entry(word, phones=LONG)]})).json()
    as_pcm = {"modelId": "inworld-tts-2", "language": "en-US", "audioConfig": {"audioEncoding": "PCM"}}

    async def length(**fields: Any) -> int:
        reply = await service.speak(f"A {word.title()}.", **{**as_pcm, **fields})
        assert reply.status_code == 200, reply.text
        return len(reply.json()["audioContent"])

    def chosen(*dictionaries: dict[str, Any], **more: Any) -> dict[str, Any]:
        named = [{"dictionary": dictionary["name"]} for dictionary in dictionaries]
        return {"pronunciationDictionarySettings": {"dictionaries": named}, **more}

    plain, shortest, longest = await length(), await length(**chosen(short, long)), await length(**chosen(long, short))
    assert shortest < plain < longest
    assert await length(**chosen(long, modelId="inworld-tts-1.5-max")) == plain
    assert await length(**chosen(long, language="fr-FR")) == plain
    assert await length(enableCustomPronunciation=True) == shortest
    assert await length(enableCustomPronunciation=False) == plain
    lines = (await service.stream(f"A {word}.", **as_pcm, **chosen(long))).text.splitlines()
    assert sum(len(json.loads(line)["result"]["audioContent"]) for line in lines) > plain
    missing = {"name": short["name"][:-4] + "0000"}
    for fields, status, message in (
        (chosen(long, enableCustomPronunciation=False), 400, "both"),
        (chosen(), 400, "1 to 3"),
        (chosen(long, long), 400, "1 to 3"),
        (chosen({"name": "x"}), 400, "form"),
        (chosen(missing), 404, "dictionary"),
    ):
        refused = await service.speak("A word.", **as_pcm, **fields)
        assert_error(refused, status, 3 if status == 400 else 5, message)
    body = {"text": word, "voiceId": "Dennis", **as_pcm, **chosen(long)}
    assert_error(await service.post("/tts/v1/voice", body, service.other_key), 404, 5)
    await service.post(PATH, {"displayName": word, "pronunciations": [entry(word, phones=[word])]})
    ours = [record for record in caplog.records if record.name != "httpx"]
    logged = "".join(f"{record.getMessage()} {record.__dict__!r}" for record in ours)
    assert word not in logged.lower()
    assert LONG[1] not in logged


async def test_a_context_says_words_as_its_dictionary_has_them() -> None:
    """The echo names it; `update_config` puts the one way in the place of the other."""
    async with serve() as service, talk(service) as socket:
        made = (await service.post(PATH, {"displayName": "L", "pronunciations": [entry("word", phones=LONG)]})).json()
        settings = {"dictionaries": [{"dictionary": made["name"]}]}
        create = {"voiceId": "Dennis", "modelId": "inworld-tts-2", "audioConfig": {"audioEncoding": "PCM"}}
        await socket.say("c", create={**create, "language": "en-US", "pronunciationDictionarySettings": settings})
        echo = (await socket.hear())["result"]["contextCreated"]
        assert echo["pronunciationDictionarySettings"] == settings
        lengths = []
        for custom in (None, False, True):
            if custom is not None:
                await socket.say("c", update_config={"enableCustomPronunciation": custom})
            await socket.say("c", send_text={"text": "A word.", "flush_context": {}})
            frames = [frame["result"] for frame in await socket.hear_until("flushCompleted")]
            lengths.append(sum(len(f["audioChunk"]["audioContent"]) for f in frames if "audioChunk" in f))
        assert lengths[0] == lengths[2] > lengths[1] > 0
