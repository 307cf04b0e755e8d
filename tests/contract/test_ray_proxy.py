"""What callers get from Ray's HTTP proxy when no replica answers, or not to the end."""

from typing import Any

import pytest

from myna.deploy.ray_proxy import _NOBODY, OneBody
from myna.http.cross_origin import REQUEST_ID_HEADER

STREAM = "/tts/v1/voice:stream"
WORDS = b"Path '/' not found."
GONE = b'"code":14,"message":"%b","details":[]}' % _NOBODY.encode()


def start(status: int, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(content: bytes, more_body: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more_body}


OURS = ((REQUEST_ID_HEADER.encode(), b"1"), (b"x-request-id", b"1"))
LENGTH = (b"content-length", b"9")
EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
ACCEPT: dict[str, Any] = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close", "code": 1000}
RAYS_ID = (b"x-request-id", b"Ray's")
HEADERS = [(b"authorization", b"Basic a"), (b"request-id", b"\xff")]
RAYS_HEADERS = [
    (name, b"\xff")
    for name in (
        b"x-request-id",
        b"x-session-id",
        b"x_session_id",
        b"x-request-timeout-seconds",
        b"x-request-disconnect-disabled",
        b"serve_multiplexed_model_id",
        b"serve-multiplexed-model-id",
    )
]


async def told(path: str, *messages: Any, is_left: bool = False) -> list[dict[str, Any]]:
    """What a caller gets when the proxy says `messages` (an error is raised) and ends; is_left: the caller is gone
    then."""
    is_socket = ACCEPT in messages
    heard: list[dict[str, Any]] = []
    passed: list[Any] = []

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        passed.extend(scope["headers"])
        for message in messages:
            if isinstance(message, Exception):
                raise message
            is_ours = OURS[0] in message.get("headers", ())
            await send(message | {"headers": [*message["headers"], RAYS_ID]} if is_ours else message)
        if is_left:
            await receive()

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.disconnect" if is_socket else "http.disconnect"}

    async def send(message: Any) -> None:
        heard.append(message)

    scope = {"type": "websocket" if is_socket else "http", "path": path, "raw_path": path.encode()}
    await OneBody(proxy)({**scope, "headers": HEADERS + RAYS_HEADERS}, receive, send)
    assert passed == HEADERS + RAYS_HEADERS * path.startswith("/-/")
    return heard


@pytest.mark.parametrize(
    "messages",
    [(), (start(404), body(WORDS)), (start(503), body(WORDS[:4], True), body(WORDS[4:])), (ValueError("\xff"),)],
)
async def test_what_is_not_answered_is_refused_in_the_one_body(
    messages: tuple[Any, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Whether the proxy says nothing, which would be a plain 500, or something of its own, or fails."""
    begun, content = await told("/tts/v1/voice", *messages)
    headers = dict(begun["headers"])
    assert begun["status"] == 503
    assert headers[b"retry-after"] == b"1"
    assert len(headers[OURS[0][0]]) == 32
    assert content["body"] == b"{" + GONE
    assert f"request_id={headers[OURS[0][0]].decode()} status=503" in caplog.text
    assert ("ValueError" in caplog.text) == (len(messages) == 1)
    assert "\xff" not in caplog.text


@pytest.mark.parametrize(
    ("path", "head", "line"),
    [
        (STREAM, start(200, *OURS), b'{"error":{%b\n'),
        ("/v1/audio/speech", start(200, *OURS, EVENTS), b'data: {"type":"error","error":{%b\n\n'),
        ("//tts/v1/voice:stream/", start(200, *OURS), b'{"error":{%b\n'),
        ("/v1/audio/speech", start(200, *OURS), b""),
        (STREAM, start(200, *OURS, LENGTH), b""),
        (STREAM, start(404, *OURS), b""),
        ("/v1/audio/speech", start(200, *OURS, EVENTS, LENGTH), b""),
    ],
)
async def test_what_breaks_off_ends_with_the_error_line(path: str, head: dict[str, Any], line: bytes) -> None:
    """Where there are lines; other replies are not taken for whole."""
    *begun, last = await told(path, head, body(b"more", True), ValueError())
    if line:
        assert begun == [head, body(b"more", True)]
        assert last == {"type": "http.response.body", "body": line % (GONE + b"}")}
    else:
        assert last["more_body"]


async def test_a_socket_is_closed_with_the_reason() -> None:
    assert await told("/", ACCEPT, CLOSE) == [ACCEPT, CLOSE]
    _, closed = await told("/", ACCEPT)
    assert (closed["code"], "gone" in closed["reason"]) == (1012, True)


@pytest.mark.parametrize(
    ("path", "messages", "is_left"),
    [
        (STREAM, (start(404, *OURS), body(b"{}")), False),
        (STREAM, (start(200, *OURS), body(b"{}", True), body(b"")), False),
        (STREAM, (start(200, *OURS), body(b"{}", True)), True),
        ("/", (ACCEPT,), True),
        ("/-/healthz", (start(503), body(b"draining")), False),
    ],
)
async def test_other_replies_pass(path: str, messages: tuple[dict[str, Any], ...], is_left: bool) -> None:
    """What the application says to the end, a caller who left, and what a proxy says of itself."""
    assert await told(path, *messages, is_left=is_left) == list(messages)
