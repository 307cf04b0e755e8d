"""`/openapi.json` says what is served, and `/docs` shows it without asking anybody else."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from http_service import HttpService, open_service, wav_base64

from myna.observability.metrics import METRICS

_API_PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, op) for path, ops in document["paths"].items() for method, op in ops.items()]


async def test_every_endpoint_is_described(service: HttpService) -> None:
    """Each path of the contract is there, with a summary, its errors, and no reference that leads nowhere."""
    document = (await service.client.get("/openapi.json")).json()
    described = {f"{method.upper()} {path}" for path, method, _ in _operations(document)}
    for prefix in ("/voices/v1", "/voices/v1/workspaces/{workspace}"):
        assert {
            f"GET {prefix}/voices",
            f"POST {prefix}/voices:clone",
            f"POST {prefix}/voices:design",
            f"GET {prefix}/voices/{{voice_id}}",
            f"PATCH {prefix}/voices/{{voice_id}}",
            f"DELETE {prefix}/voices/{{voice_id}}",
            f"POST {prefix}/voices/{{voice_id}}:publish",
            f"GET {prefix}/supportedLanguages",
        } <= described
    assert {
        "POST /tts/v1/voice",
        "POST /tts/v1/voice:stream",
        "GET /tts/v1/voice:preview",
        "GET /tts/v1/voices",
        "POST /v1/audio/speech",
        "POST /v1/audio/transcriptions",
        "POST /stt/v1/transcribe",
    } <= described
    schemas = document["components"]["schemas"]
    names = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert names <= schemas.keys()
    for path, _, operation in _operations(document):
        assert operation["summary"]
        if path.startswith(("/voices", "/tts", "/v1", "/stt", "/pronunciations")):
            assert {"200", "400", "401", "403", "404", "429"} <= operation["responses"].keys()
            declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert set(re.findall(r"{(\w+)}", path)) == declared
    assert len({operation["operationId"] for *_, operation in _operations(document)}) == len(_operations(document))


DICTIONARIES = "/pronunciations/v1/workspaces/acme/pronunciationDictionaries"
WORD = {"displayHeadword": "a", "languageCode": "en-US", "phoneSymbols": ["æ"]}


async def test_the_examples_of_the_requests_work(service: HttpService) -> None:
    """What the description shows as a request is taken by the server."""
    document = (await service.client.get("/openapi.json")).json()
    voice_id = await service.clone()
    num_tried = 0
    for path, method, operation in _operations(document):
        if "requestBody" not in operation:
            continue
        media_type, content = next(iter(operation["requestBody"]["content"].items()))
        if media_type != "application/json":
            continue
        name = content["schema"]["$ref"].rsplit("/", 1)[1]
        example = document["components"]["schemas"][name]["example"]
        if "voiceSamples" in example:
            example["voiceSamples"][0]["audioData"] = wav_base64()
        if "audioData" in example:
            example["audioData"]["content"] = wav_base64()
        dictionary_id = ""
        if "{dictionary_id}" in path:
            made = (await service.post(path.format(workspace="acme", dictionary_id="").rstrip("/"), example)).json()
            dictionary_id, example["etag"] = made["name"].rpartition("/")[2], made["etag"]
        url = path.format(workspace="acme", voice_id=voice_id, dictionary_id=dictionary_id)
        reply = await service.client.request(method.upper(), url, json=example, headers=service.auth())
        assert reply.status_code == 200, (path, reply.text)
        num_tried += 1
    assert num_tried >= 11


async def test_replies_have_the_described_fields(service: HttpService) -> None:
    """No field of a reply is missing in the description, and required ones are there."""
    document = (await service.client.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    voice_id = await service.clone()
    body = {"displayName": "a", "voiceSamples": [{"audioData": wav_base64(16.0)}]}
    replies = {
        "CloneVoiceReply": await service.post("/voices/v1/voices:clone", body),
        "VoiceReply": await service.get(f"/voices/v1/voices/{voice_id}"),
        "VoiceListReply": await service.get("/voices/v1/voices"),
        "LegacyVoiceListReply": await service.get("/tts/v1/voices"),
        "SupportedLanguagesReply": await service.get("/voices/v1/supportedLanguages"),
        "SpeechReplyMessage": await service.speak("Hello there.", timestampType="WORD"),
        "DictionaryReply": await service.post(DICTIONARIES, {"displayName": "a", "pronunciations": [WORD]}),
        "DictionaryListReply": await service.get(DICTIONARIES),
        "ErrorReply": await service.get("/voices/v1/voices/nobody"),
    }
    config = {"modelId": "inworld/inworld-stt-1", "includeWordTimestamps": True}
    heard = {"transcribeConfig": config, "audioData": {"content": wav_base64()}}
    replies["TranscribeReply"] = await service.post("/stt/v1/transcribe", heard)
    for name, reply in replies.items():
        _check_fields(reply.json(), schemas[name], schemas, name)


def _check_fields(value: Any, schema: dict[str, Any], schemas: dict[str, Any], place: str) -> None:
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        if value is None:
            return
        schema = options[0]
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, dict) and "properties" in schema:
        assert value.keys() <= schema["properties"].keys(), place
        assert set(schema.get("required", ())) <= value.keys(), place
        for name, field in value.items():
            _check_fields(field, schema["properties"][name], schemas, f"{place}.{name}")
    elif isinstance(value, list):
        for item in value:
            _check_fields(item, schema.get("items", {}), schemas, f"{place}[]")


async def test_the_page_asks_nobody_else(service: HttpService) -> None:
    """`/docs` loads no script, style, picture or font, and its policy forbids it."""
    page = await service.client.get("/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert re.findall(r'(?:src|href)="(?!#|openapi\.json)[^"]*"', page.text) == []
    assert "<script" not in page.text
    assert "/tts/v1/voice:stream" in page.text
    assert "my_voice_clone_demo" in page.text


async def test_the_page_of_the_api_names_everything(service: HttpService) -> None:
    """docs/api.md has every path, every metric, and every code of an error."""
    text = _API_PAGE.read_text()
    document = (await service.client.get("/openapi.json")).json()
    for path in document["paths"]:
        short = path.removeprefix("/voices/v1").removeprefix("/workspaces/{workspace}").removesuffix("/with-timestamps")
        assert short.replace("{voice_id}", "{voiceId}") in text, path
    assert all(f"`{row.name}`" in text for row in METRICS)
