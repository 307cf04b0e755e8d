"""SIGTERM while speech is streamed: what is being answered comes to its end, within a limit; then the process ends."""

import base64
import json
import signal
import socket as std_socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import websockets.exceptions
import websockets.sync.client
from tests.live_server import run_server

DRAIN_S = 10
SENTENCE = "One sentence after another is spoken here for a while. "
SECONDS_PER_CHAR = 0.06
"""Of the tone engine's speech."""
SETTINGS = {"MYNA_PRELOAD_MODELS": "false", "MYNA_MEASURE_SIMILARITY": "false", "MYNA_DRAIN_S": str(DRAIN_S)}


def speaking(http: httpx.Client, text: str):
    body = {"text": text, "voiceId": "Dennis", "modelId": "inworld-tts-2", "audioConfig": {"audioEncoding": "PCM"}}
    return http.stream("POST", "/tts/v1/voice:stream", json=body)


def test_what_is_being_answered_comes_to_its_end(tmp_path: Path) -> None:
    """Nobody new is let in, an idle socket is told, a stream that is read is whole; one that nobody reads is cut off at
    the limit, what is not answered by then is told so, and the process ends well."""
    with run_server(tmp_path / "data", "tone", settings=SETTINGS) as server:
        headers = {"Authorization": f"Basic {server.key}"}
        url = server.url.replace("http", "ws", 1) + "/tts/v1/voice:streamBidirectional"
        with (
            httpx.Client(base_url=server.url, headers=headers, timeout=60) as http,
            websockets.sync.client.connect(url, additional_headers=headers, open_timeout=60) as socket,
            speaking(http, SENTENCE * 70) as unread,  # more than fits between the two ends
            speaking(http, SENTENCE * 10) as read,
            std_socket.create_connection(urlsplit(server.url).netloc.split(":"), timeout=60) as unanswered,
            unanswered.makefile("rb") as answer,
        ):
            head = f"POST /tts/v1/voice HTTP/1.1\r\nHost: x\r\nAuthorization: {headers['Authorization']}\r\n"
            unanswered.sendall(f"{head}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n".encode())
            # The server waits for a body, which never comes. Were it only connected, it could be turned away unheard.
            assert answer.readline() + answer.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
            for reply in (unread, read):
                assert reply.status_code == 200
            stopped_s = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                socket.recv(timeout=60)
            assert closed.value.rcvd.code == 1012
            with pytest.raises(httpx.TransportError):
                httpx.get(f"{server.url}/readyz")
            results = [json.loads(line)["result"] for line in read.iter_lines()]
            audio = b"".join(base64.b64decode(result["audioContent"]) for result in results)
            assert len(audio) / 2 / 48000 == pytest.approx(SECONDS_PER_CHAR * len(SENTENCE * 10), rel=0.05)
            assert server.process.wait(60) == 0
            assert time.monotonic() - stopped_s >= DRAIN_S - 1
            with pytest.raises(httpx.TransportError):
                list(unread.iter_lines())
            assert answer.read().startswith(b"HTTP/1.1 503")
        assert server.log.read_text().count("stopped") == 1
