"""What no client should send or do, against the embedded engine: a clear answer, a freed slot, nothing else disturbed.

Every row of the tables of errors (wire-contract.md#errors and #answers), text without words, and clients that leave,
dawdle, stop in the middle of a sentence, or ask for too much at one time.
"""

import base64
import json
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.live_server import LiveServer
from websockets.sync.client import ClientConnection, connect

PCM = {"audioEncoding": "PCM", "sampleRateHertz": 24000}
SPEECH: dict[str, Any] = {"text": "Yes.", "voiceId": "Dennis", "modelId": "inworld-tts-2", "audioConfig": PCM}
SENTENCE = "The tide was low and two boats lay on the wet sand. "
LONG = SENTENCE * 36
"""Two minutes of speech, three seconds a chunk."""
T1, T2, OPENAI = "/tts/v1/voice", "/tts/v1/voice:stream", "/v1/audio/speech"
ASYNC, BATCH = f"{T1}:synthesizeAsync", f"{T1}:synthesizeBatch"
HEAR_ASYNC = "/stt/v1/transcribe:async"
SOCKET = "/tts/v1/voice:streamBidirectional"
VOICES = "/voices/v1/voices"
DICTIONARIES = "/pronunciations/v1/workspaces/demo/pronunciationDictionaries"


@pytest.fixture(scope="module")
def server(kokoro_server: LiveServer) -> LiveServer:
    """Warmed up: the first words load lexicons."""
    assert ask(kokoro_server, T1, SPEECH)[0] == 200
    return kokoro_server


def heard_as(content: bytes, **config: Any) -> dict[str, Any]:
    said = {"modelId": "inworld/inworld-stt-1", **config}
    return {"transcribeConfig": said, "audioData": {"content": base64.b64encode(content).decode()}}


def ask(
    server: LiveServer, path: str, body: dict[str, Any] | bytes | None, method: str = "POST", key: str | None = None
) -> tuple[int, dict[str, str], Any]:
    """One request on a connection of its own; status, headers, and the JSON or the bytes."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=300)
    headers = {"Content-Type": "application/json"}
    if key != "":
        headers["Authorization"] = f"Basic {key or server.key}"
    content = body if isinstance(body, bytes | None) else json.dumps(body)
    try:
        connection.request(method, path, content, headers)
        reply = connection.getresponse()
        replied = reply.read()
    finally:
        connection.close()
    is_json = reply.headers.get_content_type() == "application/json"
    is_one_object = is_json and replied.count(b"\n") <= 1
    return reply.status, dict(reply.getheaders()), json.loads(replied) if is_one_object else replied


def check_refused(answer: tuple[int, dict[str, str], Any], path: str, status: int, code: int, phrase: str) -> None:
    """The one form of every refusal (wire-contract.md#errors), repeated under `error` where stream clients look for
    it."""
    assert answer[0] == status, answer[2]
    body = answer[2]
    assert (body["code"], type(body["details"])) == (code, list)
    assert phrase in body["message"]
    if path in (T2, OPENAI):
        assert body["error"] == {name: body[name] for name in ("code", "message", "details")}
    else:
        assert "error" not in body
    assert answer[1]["x-inworld-request-id"]


def seconds_of_cpu(server: LiveServer) -> float:
    """Of the server's process, in all."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_mib(server: LiveServer) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def gauge(server: LiveServer, name: str) -> float:
    """Of `/metrics`."""
    lines = ask(server, "/metrics", None, "GET")[2].decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name + " "))


def wait_for_zero(server: LiveServer, name: str) -> None:
    deadline = time.monotonic() + 60
    while gauge(server, name) > 0:
        assert time.monotonic() < deadline, name


@contextmanager
def raw_connection(server: LiveServer, content: bytes = b"", *, receive_bytes: int = 0) -> Iterator[socket.socket]:
    """A bare TCP connection on which this was sent. receive_bytes: the kernel's buffer, for slow readers."""
    address = urlsplit(server.url)
    with socket.socket() as connection:
        if receive_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.settimeout(300)
        connection.connect((address.hostname, address.port))
        if content:
            connection.sendall(content)
        yield connection


def request_bytes(server: LiveServer, path: str, body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: myna\r\nAuthorization: Basic {server.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def vanish(connection: socket.socket) -> None:
    """Close with a reset, as a crashed client's machine does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def check_slot_is_free(server: LiveServer) -> None:
    """The next request is answered, and what was given up is not computed behind its back."""
    before_s = seconds_of_cpu(server)
    assert ask(server, T1, SPEECH)[0] == 200
    assert seconds_of_cpu(server) - before_s < 15  # the rest of the long text would take over a minute


# --- what is refused (wire-contract.md#errors) ------------------------------------------------------------------------


@pytest.mark.parametrize("path", [T1, T2])
@pytest.mark.parametrize(
    ("fields", "status", "code", "phrase"),
    [
        ({"modelId": "gpt-4o"}, 400, 3, "model_id: gpt-4o is not supported."),
        ({"voiceId": "NoSuch"}, 404, 5, "Unknown voice: NoSuch not found!"),
        ({"voiceId": "demo__gone_20260101_000000z"}, 404, 5, "Unknown voice"),
        ({"voiceId": "../../etc/passwd"}, 404, 5, "Unknown voice"),
        ({"voiceId": None}, 400, 3, "voiceId is required"),
        ({"text": "a" * 100_000}, 400, 3, "text length should not exceed"),
        ({"text": SENTENCE * 100}, 400, 3, "text length should not exceed"),
        ({"text": {"a": 1}}, 400, 3, "text"),
        ({"text": "[laugh]"}, 400, 3, "nothing that can be spoken"),
        ({"text": "<verbatim></verbatim>"}, 400, 3, "nothing that can be spoken"),
        ({"text": '<break time="0s"/>'}, 400, 3, "nothing that can be spoken"),
        ({"text": "😀👩‍👩‍👧‍👦🏳️‍🌈"}, 400, 3, "nothing that can be spoken"),
        ({"text": "\x00\x01\x07\x1b"}, 400, 3, "nothing that can be spoken"),
        ({"text": "\u200f\u200e\u202e\u2066"}, 400, 3, "nothing that can be spoken"),
        ({"text": "\ufeff"}, 400, 3, "nothing that can be spoken"),
        ({"text": "." * 2000}, 400, 3, "nothing that can be spoken"),
        ({"text": '"?!…—"'}, 400, 3, "nothing that can be spoken"),
        ({"text": "\ue000\uf8ff\uffff"}, 400, 3, "nothing that can be spoken"),
        ({"text": "⏢⏣⏥"}, 400, 3, "nothing that can be spoken"),
        ({"text": "ሰላም"}, 400, 3, "nothing that the voice's language has sounds for"),
        ({"text": "مرحبا بكم جميعا"}, 400, 3, "does not speak ar-SA"),
        ({"language": "tlh"}, 400, 3, "language"),
        ({"audioConfig": {"sampleRateHertz": 1}}, 400, 3, "sampleRateHertz"),
        ({"audioConfig": {"speakingRate": 9}}, 400, 3, "speakingRate"),
        ({"audioConfig": "MP3"}, 400, 3, "audioConfig"),
        ({"temperature": "hot"}, 400, 3, "temperature"),
        ({"lipsyncConfig": {"visemeSet": "ARKIT"}}, 400, 3, "OPENXR"),
        ({"pronunciationDictionarySettings": {"dictionaries": []}}, 400, 3, "1 to 3"),
        ({"pronunciationDictionarySettings": [1]}, 400, 3, "pronunciationDictionarySettings"),
        ({"pronunciationDictionarySettings": {}, "enableCustomPronunciation": False}, 400, 3, "both"),
        ({"enableCustomPronunciation": "yes"}, 400, 3, "enableCustomPronunciation"),
    ],
)
def test_refused_requests(
    server: LiveServer, path: str, fields: dict[str, Any], status: int, code: int, phrase: str
) -> None:
    """Before the first byte, with the contract's status, number and words."""
    check_refused(ask(server, path, {**SPEECH, **fields}), path, status, code, phrase)


@pytest.mark.parametrize(
    "path", [T1, T2, BATCH, HEAR_ASYNC, OPENAI, f"{VOICES}:clone", f"{VOICES}:design", DICTIONARIES]
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe{}",
        b'{"text": NaN}',
        b'{"text": "a", "text": "b"}',
        b'{"a": ' * 5000,
        b"[" * 100_000,
        b'{"text": ' + b"9" * 10_000 + b"}",
    ],
)
def test_broken_bodies(server: LiveServer, path: str, body: bytes) -> None:
    """Bad JSON, endless nesting and numbers: 400 with a reason, never repeated back."""
    answer = ask(server, path, body)
    check_refused(answer, path, 400, 3, "")
    assert len(answer[2]["message"]) < 300


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "phrase"),
    [
        ("GET", f"{VOICES}/NoSuch", None, 404, 5, "NoSuch"),
        ("PATCH", f"{VOICES}/NoSuch", {"displayName": "x"}, 404, 5, "NoSuch"),
        ("DELETE", f"{VOICES}/NoSuch", None, 404, 5, "NoSuch"),
        ("POST", f"{VOICES}/NoSuch:publish", {}, 404, 5, "NoSuch"),
        ("PATCH", f"{VOICES}/Dennis", {"displayName": "x"}, 403, 7, ""),
        ("DELETE", f"{VOICES}/Dennis", None, 403, 7, ""),
        ("GET", f"{VOICES}?filter=((", None, 400, 3, ""),
        ("GET", "/nothing/here", None, 404, 5, "Not Found"),
        ("PUT", T1, {}, 405, 12, "Method Not Allowed"),
        ("POST", f"{VOICES}:clone", {"voiceSamples": [{"audioData": "AAAA"}]}, 400, 3, "displayName"),
        ("POST", f"{VOICES}:clone", {"displayName": "x"}, 400, 3, "voiceSamples"),
        ("POST", f"{VOICES}:clone", {"displayName": "x", "voiceSamples": [{"audioData": "?"}]}, 400, 3, "base64"),
        ("POST", f"{VOICES}:clone", {"displayName": "x", "voiceSamples": [{"audioData": "bm9wZQ"}]}, 400, 3, ""),
        ("POST", OPENAI, {"model": "gpt-4o", "input": "Hi", "voice": "Dennis"}, 400, 3, "gpt-4o"),
        ("POST", OPENAI, {"model": "inworld-tts-2", "input": "😀", "voice": "Dennis"}, 400, 3, "nothing"),
        ("POST", OPENAI, {"model": "inworld-tts-2", "input": "", "voice": "Dennis"}, 400, 3, "input"),
        ("POST", ASYNC, {"text": " ", "voiceId": "Dennis"}, 400, 3, "text is required"),
        ("POST", ASYNC, {"text": "مرحبا بكم جميعا", "voiceId": "Dennis"}, 400, 3, "does not speak ar-SA"),
        ("POST", ASYNC, {"text": "[laugh] 😀", "voiceId": "Dennis"}, 400, 3, "nothing that can be spoken"),
        ("POST", BATCH, {"items": {}}, 400, 3, "items: "),
        (
            "POST",
            BATCH,
            {"items": [{"customId": "a", "request": {"text": "Hi."}}]},
            400,
            3,
            "items[0].request: voiceId",
        ),
        ("POST", HEAR_ASYNC, {"audioUri": "http://127.0.0.1/a.wav"}, 400, 3, "fetches nothing"),
        ("POST", HEAR_ASYNC, {"audioData": {"content": "?"}}, 400, 3, "base64"),
        ("POST", HEAR_ASYNC, heard_as(b"RIFF\0\0\0\0WAVEdata"), 400, 3, "begins like WAV"),
        ("POST", HEAR_ASYNC, heard_as(bytes(1000), audioEncoding="LINEAR16"), 400, 3, "without a header as WAV"),
        (
            "POST",
            HEAR_ASYNC,
            heard_as(bytes(1000), audioEncoding="LINEAR16", sampleRateHertz=-1),
            400,
            3,
            "sampleRateHertz",
        ),
        (
            "POST",
            HEAR_ASYNC,
            heard_as(b"x", audioEncoding="LINEAR16", sampleRateHertz=16000),
            400,
            3,
            "without any sound",
        ),
        ("GET", "/lro/v1alpha/workspaces/a/ttsAsyncJobs/b/operations/c", None, 404, 5, "operation"),
        ("GET", "/tts/v1/results/a/0.mp3?signature=%ff", None, 404, 5, "result"),
        ("GET", "/tts/v1/voice:preview?voice_id=NoSuch&model_id=inworld-tts-2", None, 404, 5, "Unknown voice"),
    ],
)
def test_refused_paths(
    server: LiveServer, method: str, path: str, body: dict[str, Any] | None, status: int, code: int, phrase: str
) -> None:
    """The other rows: voices, paths, methods, samples."""
    check_refused(ask(server, path, body, method), path.partition("?")[0], status, code, phrase)


def test_keys(server: LiveServer) -> None:
    """None is 401 with the documented details, an unknown one 403 and four characters of it, a reader may not write."""
    for path in (T1, T2, OPENAI):
        missing = ask(server, path, SPEECH, key="")
        check_refused(missing, path, 401, 16, "authentication is required")
        assert missing[1]["www-authenticate"] == "authentication is required"
        assert missing[2]["details"][0]["errorType"] == "SESSION_TOKEN_INVALID"
        wrong = ask(server, path, SPEECH, key="c2VjcmV0LWtleQ")
        check_refused(wrong, path, 403, 7, 'API key does not exist or was deleted: "c2Vj***"')
    reader = server.create_key("demo", "read")
    check_refused(ask(server, f"{VOICES}:clone", {"displayName": "x"}, key=reader), VOICES, 403, 7, "")


@pytest.mark.parametrize("text", ["", " \n\t", "\u00a0\u3000"])
def test_blank_text_is_an_empty_reply(server: LiveServer, text: str) -> None:
    """As the original: 200 without audio."""
    for path in (T1, T2):
        status, _, body = ask(server, path, {**SPEECH, "text": text})
        assert (status, body) == (200, {"audioContent": "", "usage": None})


@pytest.mark.parametrize(
    ("text", "longest_s"),
    [
        ("He\x00l\x01lo\x07.", 2.5),
        ("\u202eHello\u202c \u200fyou\u200e.", 2.5),
        ("\ufeffHello.", 2.0),
        ("Hello 😀 [laugh] <b>you</b>.", 2.5),
        ("Hello............", 2.0),
        ("n" + "\u0301" * 500, 3.0),
    ],
)
def test_strange_signs_around_words(server: LiveServer, text: str, longest_s: float) -> None:
    """The words are spoken and nothing else is; the reply counts the characters that were sent."""
    status, _, body = ask(server, T1, {**SPEECH, "text": text})
    assert status == 200, body
    assert 0.2 < len(base64.b64decode(body["audioContent"])) / 48_000 < longest_s
    assert body["usage"]["processedCharactersCount"] == len(text)


# --- clients that leave, dawdle and stop -----------------------------------------------------------------------------


def test_a_client_that_leaves_in_the_middle(server: LiveServer) -> None:
    """After the first line, with a reset: the engine stops within a chunk and serves the next."""
    with raw_connection(server, request_bytes(server, T2, {**SPEECH, "text": LONG})) as connection:
        assert b" 200 " in connection.recv(200)
        vanish(connection)
    check_slot_is_free(server)


def test_clients_that_leave_before_the_first_byte(server: LiveServer) -> None:
    """Ten at one time, most of them still in line: all are forgotten."""
    for path in (T1, T2) * 5:
        with raw_connection(server, request_bytes(server, path, {**SPEECH, "text": LONG[:1500]})) as connection:
            vanish(connection)
    check_slot_is_free(server)


def test_a_reader_of_one_byte_at_a_time(server: LiveServer) -> None:
    """Others are served meanwhile, and what the server keeps for it is bounded."""
    loud = {"audioEncoding": "LINEAR16", "sampleRateHertz": 48000}
    body = {**SPEECH, "text": LONG, "audioConfig": loud}
    before_mib = resident_mib(server)
    with raw_connection(server, request_bytes(server, T2, body), receive_bytes=4096) as connection:
        for _ in range(2):
            assert len(connection.recv(1)) == 1
            assert ask(server, T1, SPEECH)[0] == 200
        assert resident_mib(server) - before_mib < 250
        vanish(connection)
    check_slot_is_free(server)


def test_half_open_connections(server: LiveServer) -> None:
    """Silent sockets, half a header, half a body, half a handshake: the next request does not wait for them."""
    halves = [
        b"",
        b"POST /tts/v1/voice HT",
        request_bytes(server, T1, SPEECH)[:-10],
        b"GET " + SOCKET.encode() + b" HTTP/1.1\r\nHost: myna\r\nUpgrade: websocket\r\nConnection: Up",
    ]
    with ExitStack() as stack:
        connections = [stack.enter_context(raw_connection(server, half)) for half in halves * 15]
        assert ask(server, T1, SPEECH)[0] == 200
        for connection in connections:
            vanish(connection)
    assert ask(server, "/healthz", None, "GET")[0] == 200


# --- the socket (wire-contract.md#answers) ----------------------------------------------------------------------------


@contextmanager
def conversation(server: LiveServer) -> Iterator[ClientConnection]:
    url = server.url.replace("http", "ws", 1) + SOCKET
    headers = {"Authorization": f"Basic {server.key}"}
    with connect(url, additional_headers=headers, max_size=None, compression=None, open_timeout=60) as connection:
        yield connection


def create(name: str, **settings: Any) -> str:
    wish = {"voiceId": "Dennis", "modelId": "inworld-tts-2", "audioConfig": PCM, **settings}
    return json.dumps({"contextId": name, "create": wish})


def command(name: str, **commands: Any) -> str:
    return json.dumps({"contextId": name, **commands})


def receive(connection: ClientConnection) -> dict[str, Any]:
    frame = connection.recv(timeout=300)
    assert isinstance(frame, str)
    assert frame.isascii()
    message: dict[str, Any] = json.loads(frame)
    return message


@pytest.mark.parametrize(
    ("frames", "code", "phrase"),
    [
        ([create("c", voiceId="NoSuch")], 5, "Unknown voice: NoSuch not found!"),
        ([create("c", modelId="nope")], 3, "model_id: nope is not supported."),
        ([create("c", voiceId="")], 3, "voiceId is required"),
        ([create("c", modelId="inworld-tts-1", autoMode=True, autoModeStrategy="SENTENCE_BOUNDARY")], 3, "tts-2"),
        ([create("c", bufferCharThreshold=5000)], 3, "bufferCharThreshold"),
        ([command("c", create="x")], 3, "create"),
        ([command("c", send_text={"text": "x"})], 5, "context c not found (payload=SEND_TEXT)"),
        ([command("c", flush_context={})], 5, "context c not found (payload=FLUSH_CONTEXT)"),
        ([command("c", close_context={})], 5, "context c not found"),
        ([create("c"), command("c", sendText={"text": "a" * 2001})], 3, "text length should not exceed 2000"),
        ([create("c"), command("c", sendText={"text": "a" * 100_000})], 3, "text length should not exceed 2000"),
        ([create("c"), command("c", update_config={"modelId": "inworld-tts-1"})], 3, "model"),
        ([create("c"), create("c")], 3, "context c already exists"),
    ],
)
def test_errors_of_a_context(server: LiveServer, frames: list[str], code: int, phrase: str) -> None:
    """Named in `result.status` with no event beside it; the socket lives on."""
    with conversation(server) as connection:
        for frame in frames:
            connection.send(frame)
        for _ in frames[:-1]:
            assert "contextCreated" in receive(connection)["result"]
        result = receive(connection)["result"]
        assert sorted(result) == ["contextId", "status"]
        assert (result["contextId"], result["status"]["code"], result["status"]["details"]) == ("c", code, [])
        assert phrase in result["status"]["message"]
        connection.send(create("after"))
        assert receive(connection)["result"]["contextId"] == "after"


@pytest.mark.parametrize(
    "frame",
    ["nope", b"\x00\x01", "[]", "null", "{" * 50_000, '"' + "x" * 100_000],
)
def test_garbage_frames(server: LiveServer, frame: str | bytes) -> None:
    """The documented error without `details`, and the socket lives on."""
    with conversation(server) as connection:
        connection.send(frame)
        error = receive(connection)["error"]
        assert (error["code"], error["status"], "details" in error) == (3, "INVALID_ARGUMENT", False)
        assert error["message"] == "invalid WebSocket request for the selected response protocol"
        connection.send(create("after"))
        assert receive(connection)["result"]["contextId"] == "after"


@pytest.mark.parametrize("text", ["😀", "[laugh]", "\u200f", "...", "\x00"])
def test_text_without_words_completes(server: LiveServer, text: str) -> None:
    """Clients wait for the marker: a flush of signs alone is completed without audio and without an error."""
    with conversation(server) as connection:
        for frame in (create("c"), command("c", sendText={"text": text}), command("c", close_context={})):
            connection.send(frame)
        events = [next(iter(set(receive(connection)["result"]) - {"contextId", "status"})) for _ in range(3)]
        assert events == ["contextCreated", "flushCompleted", "contextClosed"]


def test_a_flood_of_contexts(server: LiveServer) -> None:
    """Three hundred at one time: five are made, each of the others is told why; closing them makes room."""
    with conversation(server) as connection:
        for number in range(300):
            connection.send(create(str(number)))
        results = [receive(connection)["result"] for _ in range(300)]
        assert ["contextCreated" in result for result in results] == [True] * 5 + [False] * 295
        refused = results[-1]["status"]
        assert refused["code"] == 8
        assert "limit of 5 TTS contexts per connection" in refused["message"]
        assert "max contexts limit reached" in refused["message"]
        for number in range(5):
            connection.send(command(str(number), close_context={}))
        assert all("contextClosed" in receive(connection)["result"] for _ in range(5))
        connection.send(create("again"))
        assert "contextCreated" in receive(connection)["result"]


def test_cancel_stops_within_a_chunk(server: LiveServer) -> None:
    """Ten minutes of text, cancelled at its first sound: closed at once, and the engine is free."""
    with conversation(server) as connection:
        connection.send(create("c"))
        for _ in range(6):
            connection.send(command("c", send_text={"text": LONG, "flush_context": {}}))
        while "audioChunk" not in receive(connection)["result"]:
            pass
        connection.send(command("c", cancel_context={}))
        while "contextClosed" not in receive(connection)["result"]:
            pass
        check_slot_is_free(server)


def test_sockets_that_vanish_while_they_speak(server: LiveServer) -> None:
    """Four with five busy contexts each, gone without a word: nothing of them is left."""
    with ExitStack() as stack:
        connections = [stack.enter_context(conversation(server)) for _ in range(4)]
        for connection in connections:
            for number in range(5):
                connection.send(create(str(number)))
                connection.send(command(str(number), send_text={"text": LONG, "flush_context": {}}))
        for connection in connections:
            vanish(connection.socket)
    check_slot_is_free(server)
    wait_for_zero(server, "myna_sockets_open")
    wait_for_zero(server, "myna_contexts_open")
