"""What the clients send and what they make of the answers. Both kinds run every test."""

import asyncio
import base64
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from myna.client import (
    ApiError,
    AsyncClient,
    Client,
    Encoding,
    Progress,
    ReplyUnreadable,
    RequestRefused,
    Retries,
    Sample,
    ServerUnreachable,
    SpeechOptions,
    Stage,
)

VOICE = {
    "voiceId": "lab__ann_20260218_223134z",
    "name": "workspaces/lab/voices/ann_20260218_223134z",
    "displayName": "Ann",
    "langCode": "EN_US",
    "description": "",
    "tags": ["demo"],
    "source": "IVC",
}
IMPATIENT = Retries(max_retries=2, first_wait_s=0.0)

Handler = Callable[[httpx.Request], httpx.Response]


class Caller:
    """Runs a call on either kind of client against a handler."""

    def __init__(self, is_async: bool) -> None:
        self.is_async = is_async

    def __call__(self, handler: Handler, call: Callable[[Any], Any]) -> Any:
        arguments: dict[str, Any] = {"retries": IMPATIENT, "transport": httpx.MockTransport(handler)}
        if not self.is_async:
            with Client("http://myna.test/", "secret", **arguments) as client:
                return call(client)

        async def run() -> Any:
            async with AsyncClient("http://myna.test/", "secret", **arguments) as client:
                return await call(client)

        return asyncio.run(run())


@pytest.fixture(params=["blocking", "asynchronous"])
def caller(request: pytest.FixtureRequest) -> Caller:
    return Caller(request.param == "asynchronous")


def answer(body: object, status: int = 200) -> Handler:
    return lambda _request: httpx.Response(status, json=body)


def test_a_voice_is_waited_for_until_it_is_heard(caller: Caller) -> None:
    """What is left then, refinement, takes minutes; a server that tells no stage keeps nobody waiting."""
    stages = [{"refinement": "pending", "refinementStage": stage} for stage in ("hearing", "measuring", "refining")]
    warning = {"text": "Record again.", "code": "UNCLEAR_VOICE"}
    replies = iter([*stages[:2], stages[2] | {"similarity": 0.7, "clarity": 0.5, "warnings": [warning]}])
    voice = caller(
        lambda _request: httpx.Response(200, json=VOICE | next(replies)),
        lambda client: client.wait_until_heard("x", ask_again_s=0.0),
    )
    assert (voice.similarity, voice.clarity, voice.warnings[0].code) == (0.7, 0.5, "UNCLEAR_VOICE")
    assert (voice.refinement, voice.refinement_stage) == ("pending", "refining")
    assert caller(answer(VOICE), lambda client: client.wait_until_heard("x")).similarity is None


def test_a_signed_address_does_not_get_the_key(caller: Caller) -> None:
    """It may be of another host."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=b"sound")

    assert caller(handle, lambda client: client.fetch("https://files.test/a.mp3?signature=1")) == b"sound"
    assert (str(seen[0].url), "authorization" in seen[0].headers) == ("https://files.test/a.mp3?signature=1", False)


def test_clone_says_what_was_asked_and_reads_the_report(caller: Caller, tmp_path: Path) -> None:
    """Recordings go as base64 with their transcripts; the voice, the remarks and the measurements come back."""
    recording = tmp_path / "ann.wav"
    recording.write_bytes(b"RIFF of Ann")
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        sample = {
            "audioData": base64.b64encode(b"RIFF cleaned").decode(),
            "langCode": "EN_US",
            "transcription": "Hello.",
            "warnings": [{"text": "It was cut.", "code": "TOO_LONG", "value": 20.5, "unit": "s"}],
            "errors": [],
            "quality": {"snrDb": 21.5, "numSpeakers": 1},
        }
        voice = VOICE | {"similarity": 0.7, "clarity": 0.9}
        return httpx.Response(200, json={"voice": voice, "audioSamplesValidated": [sample]})

    progress: list[Progress] = []
    report = caller(
        handler,
        lambda client: client.clone(
            [Sample(recording, "Hello."), Sample(b"more")],
            "Ann",
            lang="EN_US",
            denoise=True,
            tags=["demo"],
            on_progress=progress.append,
        ),
    )
    assert seen[0].url == "http://myna.test/voices/v1/voices:clone"
    assert seen[0].headers["authorization"] == "Basic secret"
    assert "transfer-encoding" not in seen[0].headers
    assert json.loads(seen[0].content) == {
        "displayName": "Ann",
        "langCode": "EN_US",
        "voiceSamples": [
            {"audioData": base64.b64encode(b"RIFF of Ann").decode(), "transcription": "Hello."},
            {"audioData": base64.b64encode(b"more").decode()},
        ],
        "audioProcessingConfig": {"removeBackgroundNoise": True},
        "tags": ["demo"],
    }
    assert report.voice is not None
    assert (report.voice.voice_id, report.voice.tags) == (VOICE["voiceId"], ("demo",))
    assert (report.similarity, report.clarity) == (0.7, 0.9)
    assert report.samples[0].wav == b"RIFF cleaned"
    assert (report.samples[0].warnings[0].code, report.samples[0].warnings[0].value) == ("TOO_LONG", 20.5)
    assert report.samples[0].quality == {"snrDb": 21.5, "numSpeakers": 1}
    total = len(seen[0].content)
    assert progress[0] == Progress(Stage.UPLOADING, 0, total)
    assert progress[-3:] == [
        Progress(Stage.UPLOADING, total, total),
        Progress(Stage.CLONING, 0, 1),
        Progress(Stage.CLONING, 1, 1),
    ]


def test_a_recording_that_cannot_be_used_leaves_no_voice(caller: Caller) -> None:
    """The reply without a voice is a report, not an error; plain API replies without our extras are read too."""
    body = {"audioSamplesValidated": [{"audioData": "", "langCode": "", "errors": [{"text": "Audio is too short."}]}]}
    report = caller(answer(body), lambda client: client.clone([Sample(b"x")], "Ann"))
    assert report.voice is None
    assert [remark.text for remark in report.samples[0].errors] == ["Audio is too short."]


def test_listing_follows_the_pages(caller: Caller) -> None:
    """Pages are asked for until the last; conditions travel with each."""
    seen: list[httpx.QueryParams] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params)
        is_first = "pageToken" not in request.url.params
        return httpx.Response(200, json={"voices": [VOICE], "nextPageToken": "2" if is_first else ""})

    voices = caller(
        handler,
        lambda client: client.list_voices(languages=["EN_US", "ES_ES"], where='source = "IVC"', order_by="name"),
    )
    assert [voice.display_name for voice in voices] == ["Ann", "Ann"]
    assert [params.get_list("languages") for params in seen] == [["EN_US", "ES_ES"]] * 2
    assert [params.get("filter") for params in seen] == ['source = "IVC"'] * 2
    assert [params.get("pageToken") for params in seen] == [None, "2"]


def test_voices_are_changed_and_deleted_by_their_escaped_id(caller: Caller) -> None:
    """Only what is given is sent; an empty list of tags is sent, since it clears them."""
    seen: list[tuple[str, str, bytes]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.raw_path.decode(), request.content))
        return httpx.Response(200, json=VOICE if request.method == "PATCH" else {})

    caller(handler, lambda client: client.update_voice("a b/c", display_name="Bea", tags=[]))
    caller(handler, lambda client: client.delete_voice("a b/c"))
    assert seen == [
        ("PATCH", "/voices/v1/voices/a%20b%2Fc", b'{"displayName":"Bea","tags":[]}'),
        ("DELETE", "/voices/v1/voices/a%20b%2Fc", b""),
    ]


def test_saying_short_text_is_one_request_and_its_bytes(caller: Caller) -> None:
    """Options travel under their wire names and the audio comes back as the server encoded it."""
    seen: list[dict[str, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content))
        return httpx.Response(200, json={"audioContent": base64.b64encode(b"ID3 audio").decode(), "usage": None})

    options = SpeechOptions(Encoding.MP3, speaking_rate=1.2, lang="en-GB", seed=7, normalize_text=False)
    assert caller(handler, lambda client: client.say("v", "Hello.", options)) == b"ID3 audio"
    assert seen == [
        {
            "text": "Hello.",
            "voiceId": "v",
            "modelId": "inworld-tts-1.5-max",
            "audioConfig": {
                "audioEncoding": "MP3",
                "sampleRateHertz": 48000,
                "bitRate": 128000,
                "speakingRate": 1.2,
            },
            "temperature": 1.0,
            "language": "en-GB",
            "seed": 7,
            "applyTextNormalization": "OFF",
        }
    ]


def test_saying_long_text_joins_chapters_and_tells_how_far_it_is(caller: Caller, tmp_path: Path) -> None:
    """Five thousand characters become one WAV file of all chapters, with progress in characters."""

    def handler(request: httpx.Request) -> httpx.Response:
        num_chars = len(json.loads(request.content)["text"])
        return httpx.Response(200, json={"audioContent": base64.b64encode(b"\1\0" * num_chars).decode()})

    text = ("A sentence of thirty letters. " * 167).strip()
    progress: list[Progress] = []
    path = tmp_path / "long.wav"
    summary = caller(
        handler,
        lambda client: client.say_to_file("v", text, path, SpeechOptions(Encoding.WAV), on_progress=progress.append),
    )
    spoken = sum(entry.done for entry in progress[-1:])
    assert path.read_bytes()[44:] == b"\1\0" * spoken
    assert summary.num_chapters == len(progress) - 1 == 6
    assert summary.num_bytes == path.stat().st_size
    assert progress[-1].done == progress[-1].total
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_in_the_middle_leaves_no_file(caller: Caller, tmp_path: Path) -> None:
    """Half a file looks like a whole one: none is left, and an older file of the name stays."""
    path = tmp_path / "long.wav"
    path.write_bytes(b"older")
    replies = iter([httpx.Response(200, json={"audioContent": ""}), httpx.Response(500, json={"code": 13})])
    with pytest.raises(ApiError):
        caller(lambda _request: next(replies), lambda client: client.say_to_file("v", "Word. " * 300, path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["long.wav"]
    assert path.read_bytes() == b"older"


def test_streams_give_pieces_as_they_come(caller: Caller) -> None:
    """Every line's audio in order, whatever the packets; a line of the failure raises at its place."""
    audio = [b"one", b"two", b"three"]
    lines = [json.dumps({"result": {"audioContent": base64.b64encode(piece).decode()}}) for piece in audio]
    failure = json.dumps({"error": {"code": 13, "message": "The engine failed."}})
    handler = lambda _request: httpx.Response(200, content="\n".join([*lines, failure]).encode())  # noqa: E731
    received: list[bytes] = []

    def collect(client: Client) -> None:
        for piece in client.stream("v", "Hello."):
            received.append(piece)  # noqa: PERF402  (what arrived before the failure counts)

    async def collect_async(client: AsyncClient) -> None:
        async for piece in await client.stream("v", "Hello."):
            received.append(piece)  # noqa: PERF401

    with pytest.raises(ApiError, match="The engine failed"):
        caller(handler, collect_async if caller.is_async else collect)
    assert received == audio


def test_a_stream_is_refused_by_the_call(caller: Caller) -> None:
    """An unknown voice is known before the first piece is asked for."""
    body = {"code": 5, "message": "Unknown voice: x not found!", "details": [], "error": {"code": 5, "message": "m"}}
    with pytest.raises(ApiError) as caught:
        caller(answer(body, 404), lambda client: client.stream("x", "Hello."))
    assert caught.value.status == 404


def test_api_errors_carry_status_code_message_and_reason(caller: Caller) -> None:
    """HTTP status, gRPC code and advice reach the caller, and survive pickling."""
    body = {"code": 5, "message": "No such voice.", "details": []}
    reply = httpx.Response(404, json=body, headers={"x-myna-error-code": "VOICE_NOT_FOUND"})
    with pytest.raises(ApiError) as caught:
        caller(lambda _request: reply, lambda client: client.get_voice("x"))
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert (error.status, error.code, error.message, error.reason) == (404, 5, "No such voice.", "VOICE_NOT_FOUND")


def test_a_busy_server_is_asked_again(caller: Caller) -> None:
    """429 and 503 are waited out, up to a limit; anything else is told at once."""
    replies = iter([httpx.Response(429, json={}), httpx.Response(503, json={}), httpx.Response(200, json=VOICE)])
    assert caller(lambda _request: next(replies), lambda client: client.get_voice("x")).display_name == "Ann"
    with pytest.raises(ApiError) as caught:
        caller(answer({"code": 8, "message": "Busy."}, 429), lambda client: client.get_voice("x"))
    assert caught.value.status == 429


def test_the_servers_waiting_time_is_heeded() -> None:
    """`Retry-After` in seconds comes before our own doubling, and nobody waits longer than half a minute."""
    retries = Retries(max_retries=3, first_wait_s=1.0)
    assert [retries.wait_s(attempt, 429, {}) for attempt in range(4)] == [1.0, 2.0, 4.0, None]
    assert retries.wait_s(0, 429, {"retry-after": "7"}) == 7.0
    assert retries.wait_s(0, 429, {"retry-after": "3600"}) == 30.0
    assert retries.wait_s(0, 500, {}) is None


def test_other_services_are_recognised(caller: Caller) -> None:
    """A page of a proxy is not taken for an answer."""
    page = lambda _request: httpx.Response(502, text="<html>Bad gateway</html>")  # noqa: E731
    with pytest.raises(ReplyUnreadable):
        caller(page, lambda client: client.get_voice("x"))
    with pytest.raises(ReplyUnreadable):
        caller(answer(["a list"]), lambda client: client.get_voice("x"))


@pytest.mark.parametrize("failure", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError])
def test_no_answer_is_told_as_such(caller: Caller, failure: type[httpx.TransportError]) -> None:
    """Whatever httpx raises on the way becomes one error that names the address."""

    def handler(_request: httpx.Request) -> httpx.Response:
        raise failure("broken")

    with pytest.raises(ServerUnreachable, match=r"http://myna\.test"):
        caller(handler, lambda client: client.get_voice("x"))


def test_an_unreadable_recording_is_refused_before_anything_is_sent(caller: Caller, tmp_path: Path) -> None:
    """The file is named and nothing goes out."""
    with pytest.raises(RequestRefused, match=r"missing\.wav"):
        caller(answer({}), lambda client: client.clone([Sample(tmp_path / "missing.wav")], "Ann"))
