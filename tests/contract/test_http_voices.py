"""The Voice API on the wire (wire-contract.md#voice and #clone)."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from http_service import HttpService, PlainAnalyst, build_tone_services, open_service, serve, wav_base64

from myna.domain.language import LangCode
from myna.domain.waveform import Waveform
from myna.http.limits import HttpLimits
from myna.usecases.services import Services


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


async def test_the_documented_clone_request_gets_the_documented_reply(service: HttpService) -> None:
    """The documented body, with audio in it, answers with the documented fields."""
    body = {
        "displayName": "my_voice_clone_demo",
        "langCode": "EN_US",
        "voiceSamples": [{"audioData": wav_base64(), "transcription": "Hello! This is a short voice sample."}],
        "description": "Voice clone created from provided WAV sample.",
        "tags": ["demo", "clone"],
        "audioProcessingConfig": {"removeBackgroundNoise": True},
    }
    reply = await service.post("/voices/v1/voices:clone", body)
    assert reply.status_code == 200
    voice = reply.json()["voice"]
    assert re.fullmatch(r"acme__my_voice_clone_demo_\d{8}_\d{6}z", voice["voiceId"])
    assert voice["name"] == "workspaces/acme/voices/" + voice["voiceId"].removeprefix("acme__")
    assert {"displayName", "description", "langCode", "tags"} <= body.keys() & voice.keys()
    assert [body[k] for k in ("displayName", "description", "langCode", "tags")] == [
        voice[k] for k in ("displayName", "description", "langCode", "tags")
    ]
    assert voice["source"] == "IVC"
    assert (voice["refinement"], voice["refinementStage"]) == ("pending", "measuring")
    assert not {"similarity", "clarity"} & voice.keys()
    (sample,) = reply.json()["audioSamplesValidated"]
    assert base64.b64decode(sample["audioData"])[:4] == b"RIFF"
    assert (sample["errors"], sample["warnings"]) == ([], [])
    assert sample["transcription"] == "Hello! This is a short voice sample."
    assert sample["quality"]["snrDb"] is None, "what cannot be said in JSON is null"


@pytest.mark.parametrize(
    "body",
    [
        {"display_name": "a", "lang_code": "EN_US", "audio_processing_config": {"remove_background_noise": False}},
        {"displayName": "a"},
        {"displayName": "a", "languageCode": "en-US"},
        {"displayName": "a", "langCode": "AUTO"},
        {"displayName": "a", "langCode": "LANGUAGE_CODE_UNSPECIFIED", "unknown": {"x": 1}},
        {"displayName": "a", "langCode": None, "tags": None},
        {"displayName": "a", "langCode": "es"},
    ],
)
async def test_every_spelling_of_a_clone_request_is_taken(service: HttpService, body: dict[str, Any]) -> None:
    """snake_case, no language, either language field, unknown fields, in both forms of the path."""
    for path in ("/voices/v1/voices:clone", "/voices/v1/workspaces/anything/voices:clone"):
        reply = await service.post(path, body | {"voice_samples": [{"audio_data": wav_base64()}]})
        assert reply.status_code == 200, reply.text
        assert reply.json()["audioSamplesValidated"][0]["langCode"] in ("EN_US", "ES_ES")


async def test_findings_become_errors_and_warnings(service: HttpService) -> None:
    """A long sample warns, a short one fails alone, and only if none is left there is no voice."""
    long, short = {"audioData": wav_base64(20.0)}, {"audioData": wav_base64(0.5)}
    reply = await service.post("/voices/v1/voices:clone", {"displayName": "a", "voiceSamples": [short, long]})
    first, second = reply.json()["audioSamplesValidated"]
    assert "voice" in reply.json()
    assert first["errors"][0] == {"text": "Audio is too short.", "code": "TOO_SHORT", "value": 0.5, "unit": "s"}
    assert (second["errors"], second["warnings"][0]["startSeconds"]) == ([], 15.0)

    reply = await service.post("/voices/v1/voices:clone", {"displayName": "a", "voiceSamples": [short]})
    assert (reply.status_code, "voice" in reply.json()) == (200, False)
    assert (await service.get("/voices/v1/voices", filter="source=IVC")).json()["totalSize"] == 1


class ClarityAnalyst(PlainAnalyst):
    """Finds every voice equally clear, and keeps what it was asked about."""

    def __init__(self, clarity: float | None) -> None:
        self._clarity = clarity
        self.asked: list[tuple[float, str, LangCode]] = []

    def measure_clarity(self, spoken: Waveform, text: str, lang: LangCode) -> float | None:
        self.asked.append((spoken.duration_s, text, lang))
        return self._clarity


def clarity_services(clarity: float | None, *, measures: bool = True) -> Services:
    """The clone waits for the measures."""
    return build_tone_services(analyst=ClarityAnalyst(clarity), measures=measures, waits=True)


async def test_a_voice_that_is_hard_to_understand_is_told_with_the_samples_that_made_it() -> None:
    """The voice is made, its clarity told, and each used sample says what to do; a sample that failed says its own."""
    used, failed = {"audioData": wav_base64()}, {"audioData": wav_base64(0.5)}
    body = {"displayName": "a", "voiceSamples": [used, failed, used]}
    async with open_service(services=clarity_services(0.2345)) as service:
        reply = (await service.post("/voices/v1/voices:clone", body)).json()
        assert reply["voice"]["clarity"] == 0.234
        first, second, third = reply["audioSamplesValidated"]
        (warning,) = first["warnings"]
        assert (warning["code"], warning["value"], warning["unit"]) == ("UNCLEAR_VOICE", 0.234, "clarity")
        assert reply["voice"]["warnings"] == [warning]
        assert "refinement" not in reply["voice"]
        assert "hard to understand (23 of 100)" in warning["text"]
        assert "Record again" in warning["text"]
        assert third["warnings"] == [warning]
        assert (second["warnings"], second["errors"][0]["code"]) == ([], "TOO_SHORT")

    strict = HttpLimits(strict_replies=True)
    async with open_service(strict, clarity_services(0.2345)) as service:
        reply = (await service.post("/voices/v1/voices:clone", body)).json()
        assert not {"clarity", "similarity", "warnings"} & reply["voice"].keys()
        assert reply["audioSamplesValidated"][0]["warnings"] == [{"text": warning["text"]}]


async def test_the_clarity_is_heard_in_what_the_new_voice_says() -> None:
    """The words that were planned, the sound of them, and their language: the sample's, if the engine speaks it."""
    analyst = ClarityAnalyst(0.9)
    async with open_service(services=build_tone_services(analyst=analyst, waits=True)) as service:
        await service.clone(langCode="ES_ES")
    ((duration_s, text, lang),) = analyst.asked
    assert duration_s > 3
    assert text.startswith("El viejo farero caminaba")
    assert lang is LangCode.ES_ES


async def test_a_clarity_that_was_not_measured_is_not_told() -> None:
    """Neither in a language that the recogniser cannot judge, nor when new voices are not to speak at all."""
    unjudged = clarity_services(None)
    silent = clarity_services(0.1, measures=False)
    for services, is_compared in ((unjudged, True), (silent, False)):
        async with open_service(services=services) as service:
            body = {"displayName": "a", "voiceSamples": [{"audioData": wav_base64()}]}
            reply = (await service.post("/voices/v1/voices:clone", body)).json()
            assert "clarity" not in reply["voice"]
            assert ("similarity" in reply["voice"]) is is_compared
            assert reply["audioSamplesValidated"][0]["warnings"] == []


async def test_validate_only_stores_nothing(service: HttpService) -> None:
    """`validateOnly` tells what was heard and makes no voice."""
    body = {"displayName": "a", "voiceSamples": [{"audioData": wav_base64()}], "validateOnly": True}
    reply = await service.post("/voices/v1/voices:clone", body)
    assert (reply.status_code, "voice" in reply.json()) == (200, False)
    assert (await service.get("/voices/v1/voices", filter="source=IVC")).json()["totalSize"] == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"voiceSamples": [{"audioData": "AAAA"}]}, "displayName is required"),
        ({"displayName": "  ", "voiceSamples": [{"audioData": "AAAA"}]}, "displayName is required"),
        ({"displayName": "a"}, "voiceSamples is required"),
        ({"displayName": "a", "voiceSamples": []}, "voiceSamples is required"),
        ({"displayName": "a", "voiceSamples": [{}]}, r"voiceSamples\[0\].audioData is required"),
        ({"displayName": "a", "voiceSamples": [{"audioData": "!!"}]}, r"voiceSamples\[0\].audioData: is not valid"),
        ({"displayName": "a", "voiceSamples": [{"audioData": "bm8="}]}, r"voiceSamples\[0\].audioData: .*not audio"),
        ({"displayName": "a", "voiceSamples": [{"audioData": "AAAA"}] * 17}, "voiceSamples has 17 entries"),
        ({"displayName": "a", "langCode": "XX_YY", "voiceSamples": [{"audioData": "AAAA"}]}, "langCode is not a known"),
        ({"displayName": "a", "languageCode": "xx", "voiceSamples": [{"audioData": "AAAA"}]}, "^languageCode is not a"),
        (
            {"displayName": "a", "langCode": "EN_US", "languageCode": "fr", "voiceSamples": [{"audioData": "AAAA"}]},
            "different languages",
        ),
    ],
)
async def test_bad_clone_requests_are_refused(service: HttpService, body: dict[str, Any], message: str) -> None:
    """Every row of bad input: 400, code 3, no details, nothing stored."""
    reply = await service.post("/voices/v1/voices:clone", body)
    assert reply.status_code == 400
    assert {"code", "message", "details"} == reply.json().keys()
    assert (reply.json()["code"], reply.json()["details"]) == (3, [])
    assert re.search(message, reply.json()["message"])
    assert (await service.get("/voices/v1/voices", filter="source=IVC")).json()["totalSize"] == 0


async def test_a_voice_is_shown_changed_and_deleted(service: HttpService) -> None:
    """Get and patch are bare, absent fields stay, the id stays, delete answers `{}`, afterwards nothing is left."""
    voice_id = await service.clone(description="old", tags=["x"])
    path = f"/voices/v1/voices/{voice_id}"
    changed = await service.client.patch(
        path, json={"display_name": "New", "tags": [], "ageGroup": "elderly"}, headers=service.auth()
    )
    shown = await service.get(path)
    assert changed.json() == shown.json()
    assert [voice_id, "New", "old", [], "elderly"] == [
        shown.json()[name] for name in ("voiceId", "displayName", "description", "tags", "ageGroup")
    ]
    assert (await service.client.delete(path, headers=service.auth())).json() == {}
    body = {"text": "Hi", "voiceId": voice_id, "modelId": "inworld-tts-1"}
    after = [
        await service.get(path),
        await service.client.delete(path, headers=service.auth()),
        await service.client.patch(path, json={}, headers=service.auth()),
        await service.post("/tts/v1/voice", body),
        await service.post(f"{path}:publish", {}),
    ]
    assert [(reply.status_code, reply.json()["code"]) for reply in after] == [(404, 5)] * 5
    assert after[0].json()["message"] == f"Unknown voice: {voice_id} not found!"


@pytest.mark.parametrize("change", [{"displayName": ""}, {"gender": "robot"}, {"ageGroup": "old"}, {"tags": "x"}])
async def test_impossible_changes_are_refused(service: HttpService, change: dict[str, Any]) -> None:
    """A voice is not given values that it cannot have."""
    voice_id = await service.clone()
    reply = await service.client.patch(f"/voices/v1/voices/{voice_id}", json=change, headers=service.auth())
    assert (reply.status_code, reply.json()["code"]) == (400, 3)


async def test_ids_in_paths_may_be_encoded_and_short(service: HttpService) -> None:
    """`%5F` and the like, `%3Apublish`, the legacy path with the whole id or its tail; stock voices too."""
    voice_id = await service.clone()
    tail = voice_id.removeprefix("acme__")
    encoded = "".join(f"%{ord(char):02X}" for char in voice_id)
    for path in (
        f"/voices/v1/voices/{encoded}",
        f"/voices/v1/workspaces/acme/voices/{tail}",
        f"/voices/v1/workspaces/acme/voices/{voice_id}",
    ):
        assert (await service.get(path)).json()["voiceId"] == voice_id
    published = await service.client.post(f"/voices/v1/voices/{encoded}%3Apublish", headers=service.auth())
    assert published.json()["voiceId"] == voice_id
    assert (await service.get("/voices/v1/workspaces/inworld/voices/Dennis")).json()["source"] == "SYSTEM"


async def test_stock_voices_cannot_be_changed(service: HttpService) -> None:
    """They belong to nobody."""
    patch = await service.client.patch("/voices/v1/voices/Dennis", json={"displayName": "x"}, headers=service.auth())
    delete = await service.client.delete("/voices/v1/voices/Dennis", headers=service.auth())
    assert [(reply.status_code, reply.json()["code"]) for reply in (patch, delete)] == [(403, 7)] * 2


async def test_nothing_of_another_workspace_is_visible(service: HttpService) -> None:
    """Not by listing, id, tail, legacy path, speaking, changing or deleting."""
    voice_id = await service.clone()
    other = service.other_key
    tail = voice_id.removeprefix("acme__")
    listed = (await service.get("/voices/v1/workspaces/acme/voices", other, filter="source=IVC")).json()
    assert (listed["voices"], listed["totalSize"]) == ([], 0)
    speech = {"text": "Hi", "voiceId": voice_id, "modelId": "inworld-tts-1"}
    headers = service.auth(other)
    replies = [
        await service.get(f"/voices/v1/voices/{voice_id}", other),
        await service.get(f"/voices/v1/workspaces/acme/voices/{voice_id}", other),
        await service.get(f"/voices/v1/workspaces/acme/voices/{tail}", other),
        await service.post("/tts/v1/voice", speech, other),
        await service.post("/tts/v1/voice:stream", speech, other),
        await service.get("/tts/v1/voice:preview", other, voice_id=voice_id),
        await service.post("/v1/audio/speech", {"input": "Hi", "voice": voice_id, "model": "inworld-tts-1"}, other),
        await service.client.patch(f"/voices/v1/voices/{voice_id}", json={"tags": []}, headers=headers),
        await service.client.delete(f"/voices/v1/voices/{voice_id}", headers=headers),
        await service.post(f"/voices/v1/voices/{voice_id}:publish", {}, other),
    ]
    assert [404] * len(replies) == [reply.status_code for reply in replies]
    assert (await service.get(f"/voices/v1/voices/{voice_id}")).status_code == 200


async def test_another_workspace_in_the_path_can_be_refused() -> None:
    """With the switch off, only the key's own workspace is a path, by its name or by `-`."""
    async with open_service(HttpLimits(accept_any_workspace_path=False)) as service:
        for own in ("acme", "-"):
            assert (await service.get(f"/voices/v1/workspaces/{own}/voices")).status_code == 200
        assert (await service.get("/voices/v1/workspaces/rival/voices")).status_code == 404


async def test_pages_follow_one_another_whatever_happens_between(service: HttpService) -> None:
    """Totals agree, nothing is listed twice or left out, also when voices are made and deleted between the pages."""
    made = [await service.clone(f"voice {number}") for number in range(5)]
    query = {"filter": 'source = "IVC" AND lang_code = "en"', "orderBy": "display_name desc", "pageSize": "2"}
    first = (await service.get("/voices/v1/voices", **query)).json()
    assert (first["totalSize"], [v["displayName"] for v in first["voices"]]) == (5, ["voice 4", "voice 3"])
    await service.client.delete(f"/voices/v1/voices/{made[3]}", headers=service.auth())
    await service.clone("voice 9")
    seen, token = list(first["voices"]), first["nextPageToken"]
    while token:
        page = (await service.get("/voices/v1/voices", **query, page_token=token)).json()
        seen, token = seen + page["voices"], page["nextPageToken"]
    assert [v["displayName"] for v in seen] == ["voice 4", "voice 3", "voice 2", "voice 1", "voice 0"]

    whole = (await service.get("/voices/v1/voices", pageSize="2000")).json()
    assert (len(whole["voices"]), whole["nextPageToken"]) == (whole["totalSize"], "")


async def test_the_legacy_language_filter_may_be_repeated(service: HttpService) -> None:
    """`languages=A&languages=B` is what the stock SDK sends."""
    await service.clone("sp", langCode="ES_ES")
    for languages, expected in (
        (["ES_ES"], {"ES_ES"}),
        (["EN_US", "ES_ES"], {"EN_US", "ES_ES"}),
        (["es"], {"ES_ES"}),
        (["FR_FR"], set()),
    ):
        listed = (await service.get("/voices/v1/voices", languages=languages)).json()["voices"]
        assert {voice["langCode"] for voice in listed} == expected


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "colour = red"},
        {"orderBy": "colour asc"},
        {"orderBy": "display_name upwards"},
        {"pageSize": "-1"},
        {"pageSize": "two"},
        {"pageToken": "1-20"},
        {"pageToken": "W10"},
        {"languages": "klingon"},
    ],
)
async def test_bad_queries_are_refused(service: HttpService, query: dict[str, str]) -> None:
    """400 and code 3, never an empty list by mistake."""
    reply = await service.get("/voices/v1/voices", **query)
    assert (reply.status_code, reply.json()["code"]) == (400, 3)
    assert next(iter(query)) in reply.json()["message"]


async def test_a_token_serves_only_its_own_query(service: HttpService) -> None:
    """A token of one filter is refused by another, and one that was changed into what no database can read."""
    token = (await service.get("/voices/v1/voices", pageSize="2")).json()["nextPageToken"]
    assert (await service.get("/voices/v1/voices", pageSize="3", pageToken=token)).status_code == 200
    assert (await service.get("/voices/v1/voices", filter="source=IVC", pageToken=token)).status_code == 400
    query, is_custom, created, voice_id = json.loads(base64.urlsafe_b64decode(token + "==="))
    for place in ((is_custom, "yesterday", voice_id), (is_custom, created, "\0"), (is_custom, created, "\ud800")):
        changed = base64.urlsafe_b64encode(json.dumps([query, *place]).encode()).decode().rstrip("=")
        assert (await service.get("/voices/v1/voices", pageSize="3", pageToken=changed)).status_code == 400


async def test_the_older_list_and_the_languages(service: HttpService) -> None:
    """The older list has ISO codes and takes `language=en`; the list of languages tells what is spoken."""
    await service.clone("sp", langCode="ES_ES")
    english = (await service.get("/tts/v1/voices", filter="language=en")).json()["voices"]
    assert {("en",)} == {tuple(voice["languages"]) for voice in english}
    everything = (await service.get("/tts/v1/voices")).json()["voices"]
    assert [voice["displayName"] for voice in everything if voice["isCustom"]] == ["sp"]
    rows = (await service.get("/voices/v1/supportedLanguages")).json()["languages"]
    assert {"en-US", "es-ES"} == {row["code"] for row in rows if row["hasVoices"]}


async def test_a_design_is_a_draft_until_it_is_published(service: HttpService) -> None:
    """Previews are WAV, speak by id, are not listed; publishing keeps the id and lists the voice, bare."""
    body = {
        "design_prompt": "A middle-aged woman with a deep, calm voice, speaking slowly.",
        "previewText": "Good evening. Let me tell you what happened on the island that night.",
        "voiceDesignConfig": {"numberOfSamples": 2},
    }
    reply = await service.post("/voices/v1/voices:design", body)
    previews = reply.json()["previewVoices"]
    assert (reply.status_code, len({p["voiceId"] for p in previews})) == (200, 2)
    assert all(base64.b64decode(p["previewAudio"])[:4] == b"RIFF" for p in previews)
    draft = previews[0]["voiceId"]
    listed = (await service.get("/voices/v1/voices", filter="source=IVC")).json()
    assert listed["totalSize"] == 0
    assert (await service.speak("Hi.", voiceId=draft)).status_code == 200
    published = await service.post(f"/voices/v1/voices/{draft}:publish", {"displayName": "D", "voiceId": draft})
    assert (published.json()["voiceId"], published.json()["displayName"]) == (draft, "D")
    listed = (await service.get("/voices/v1/voices", filter="source=IVC")).json()
    assert [draft] == [voice["voiceId"] for voice in listed["voices"]]


def _encode_all(voice_id: str) -> str:
    return "".join(f"%{byte:02X}" for byte in voice_id.encode())


@pytest.mark.parametrize(
    "form",
    [
        "/voices/v1/voices/{voice_id}:publish",
        "/voices/v1/voices/{encoded}:publish",
        "/voices/v1/voices/{encoded}%3Apublish",
        "/voices/v1/workspaces/acme/voices/{encoded}%3apublish",
        "/voices/v1/workspaces/acme/voices/{encoded_tail}:publish",
        "http://myna.test/voices/v1/voices/{encoded}:publish",
    ],
)
async def test_publishing_gives_the_name_that_is_asked_for(form: str) -> None:
    """Over a real socket, the id written in any way: of a draft, and of a voice that was published before."""
    body = {"designPrompt": "A calm old man.", "previewText": "Good evening. Let me tell you what happened."}
    async with serve() as service:
        design = await service.post("/voices/v1/voices:design", body)
        voice_id = design.json()["previewVoices"][0]["voiceId"]
        tail = voice_id.removeprefix("acme__")
        target = form.format(voice_id=voice_id, encoded=_encode_all(voice_id), encoded_tail=_encode_all(tail))
        for name in ("Erzähler", "Another name"):
            published = await _post_raw(service, target, {"displayName": name, "voiceId": voice_id})
            assert (published["voiceId"], published["displayName"]) == (voice_id, name)
            shown = (await service.get(f"/voices/v1/voices/{voice_id}")).json()
            assert (shown["displayName"], shown["description"]) == (name, "A calm old man.")
        unchanged = await _post_raw(service, target, {})
        assert unchanged["displayName"] == "Another name"


async def _post_raw(service: HttpService, target: str, body: dict[str, Any]) -> dict[str, Any]:
    """The target as it is: a client library would write it in its own way."""
    address = httpx.URL(service.base_url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    content = json.dumps(body).encode()
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {address.host}\r\nAuthorization: Basic {service.write_key}\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + content)
    status, _, reply = (await reader.read()).partition(b"\r\n")
    writer.close()
    assert status.split()[1] == b"200"
    return dict(json.loads(reply.partition(b"\r\n\r\n")[2]))


async def test_a_strict_server_says_nothing_extra() -> None:
    """With `strict_replies` a sample has five fields and a remark only its text."""
    async with open_service(HttpLimits(strict_replies=True)) as service:
        body = {"displayName": "a", "voiceSamples": [{"audioData": wav_base64(16.0)}]}
        reply = (await service.post("/voices/v1/voices:clone", body)).json()
        (sample,) = reply["audioSamplesValidated"]
        assert {"audioData", "langCode", "transcription", "warnings", "errors"} == sample.keys()
        assert sample["warnings"] == [{"text": "Only the first 15 s are used."}]
        assert not {"refinement", "refinementStage", "isRefining", "createTime"} & reply["voice"].keys()


async def test_consent_can_be_required() -> None:
    """A server may insist on knowing who agreed, whose voice it is and for what; a statement alone does not say it."""
    async with open_service(HttpLimits(require_consent=True)) as service:
        body = {"displayName": "a", "voiceSamples": [{"audioData": wav_base64()}]}
        for consent in (None, "My own voice.", {"givenBy": "Anna", "purpose": "tests", "speaker": " "}):
            for path in ("/voices/v1/voices:clone", "/voices/v1/workspaces/acme/voices:clone"):
                refused = await service.post(path, body | {"consent": consent})
                assert (refused.status_code, refused.json()["code"]) == (400, 3)
                assert refused.headers["x-myna-error-code"] == "CONSENT_REQUIRED"
                assert all(f"consent.{name}" in refused.json()["message"] for name in ("givenBy", "speaker", "purpose"))
        assert (await service.post("/voices/v1/voices:clone", body | {"validateOnly": True})).status_code == 200
        given = {"givenBy": "Anna", "speaker": "Anna", "purpose": "tests"}
        assert (await service.post("/voices/v1/voices:clone", body | {"consent": given})).json()["voice"]["consent"]


async def test_four_megabytes_of_audio_are_taken(service: HttpService) -> None:
    """The size that the original allows for a file goes through (wire-contract.md#checks, F13)."""
    body = {"displayName": "big", "voiceSamples": [{"audioData": wav_base64(85.0)}]}
    assert len(json.dumps(body)) > 5_400_000
    assert (await service.post("/voices/v1/voices:clone", body)).status_code == 200
