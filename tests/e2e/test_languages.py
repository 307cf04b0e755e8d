"""What a caller is told of languages, over a real server with the embedded engine."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.live_server import LiveServer

from myna.domain.language import LangCode
from myna.engines.kokoro.spec import SPEC

OFFERED = SPEC.capabilities.languages
UNSPOKEN = sorted(set(LangCode) - OFFERED)
TEXTS = {
    LangCode.KO_KR: "실례지만 기차역이 어디에 있습니까?",
    LangCode.AR_SA: "هناك كثير من القطط السوداء مختبئة تحت السرير.",
    LangCode.HE_IL: "הרכבת להרים יוצאת מחר מוקדם בבוקר.",
}
"""Their alphabets show the language."""
REQUESTS = [(lang, True) for lang in UNSPOKEN] + [(lang, False) for lang in UNSPOKEN if lang in TEXTS]


def ask(server: LiveServer, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    """One request on a connection of its own; status and reply."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=300)
    try:
        headers = {"Authorization": f"Basic {server.key}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


@pytest.mark.parametrize(("lang", "is_named"), REQUESTS)
def test_a_language_that_is_not_spoken_is_refused_with_what_there_is(
    kokoro_server: LiveServer, lang: LangCode, *, is_named: bool
) -> None:
    """400, whether it was named or detected: every language offered, and which engines have this one."""
    body = {"text": TEXTS.get(lang, "one two three"), "voiceId": "Dennis", "modelId": "inworld-tts-2"}
    if is_named:
        body["language"] = lang.bcp47
    for path in ("/tts/v1/voice", "/tts/v1/voice:stream"):
        status, reply = ask(kokoro_server, "POST", path, body)
        message = reply["message"]
        assert status == 400
        assert f"does not speak {lang.bcp47}" in message
        assert all(offered.bcp47 in message for offered in OFFERED)
        assert "Chatterbox Multilingual (MIT)" in message
        assert "tone" not in message


def test_the_list_of_languages_is_that_of_the_engine(kokoro_server: LiveServer) -> None:
    """`supportedLanguages` marks as spoken what the engine offers, and nothing else."""
    status, reply = ask(kokoro_server, "GET", "/voices/v1/supportedLanguages")
    assert status == 200
    assert {row["code"] for row in reply["languages"] if row["isSpoken"]} == {lang.bcp47 for lang in OFFERED}
