"""One caller of the service: a stream over HTTP, one over the socket, and what its clock says of them."""

import base64
import json
import time
from dataclasses import dataclass

import httpx
from websockets.asyncio.client import ClientConnection, connect

RATE_HZ = 24_000
_AUDIO = {"audioEncoding": "PCM", "sampleRateHertz": RATE_HZ}
_MODEL = "inworld-tts-2"


@dataclass(frozen=True, slots=True)
class Heard:
    """Seconds by the clock from the request on."""

    first_s: float
    whole_s: float
    audio_s: float


class _Watch:
    def __init__(self) -> None:
        self._started_s = time.perf_counter()
        self._first_s = 0.0
        self._num_bytes = 0

    def take(self, content: str) -> None:
        """content: base64 of 16-bit samples."""
        if content and not self._num_bytes:
            self._first_s = time.perf_counter() - self._started_s
        self._num_bytes += len(base64.b64decode(content))

    def stop(self) -> Heard:
        return Heard(self._first_s, time.perf_counter() - self._started_s, self._num_bytes / 2 / RATE_HZ)


async def stream_http(client: httpx.AsyncClient, voice_id: str, text: str) -> Heard:
    """client: with the server's address and the key. Raises: httpx.HTTPStatusError."""
    body = {"text": text, "voiceId": voice_id, "modelId": _MODEL, "audioConfig": _AUDIO}
    watch = _Watch()
    async with client.stream("POST", "/tts/v1/voice:stream", json=body) as reply:
        reply.raise_for_status()
        async for line in reply.aiter_lines():
            watch.take(json.loads(line)["result"]["audioContent"])
    return watch.stop()


def open_socket(url: str, key: str) -> connect:
    """url: the server's, with http."""
    address = url.replace("http", "ws", 1) + "/tts/v1/voice:streamBidirectional"
    return connect(address, additional_headers={"Authorization": f"Basic {key}"}, compression=None)


async def stream_socket(socket: ClientConnection, voice_id: str, text: str) -> Heard:
    """In a context of its own on an open socket, timed from the frame that opens it. Raises: RuntimeError."""
    create = {"voiceId": voice_id, "modelId": _MODEL, "audioConfig": _AUDIO}
    commands = ({"create": create}, {"send_text": {"text": text, "flush_context": {}}}, {"close_context": {}})
    watch = _Watch()
    for command in commands:
        await socket.send(json.dumps({"contextId": "one", **command}))
    while True:
        frame = json.loads(await socket.recv())
        result = frame.get("result")
        if result is None or result["status"]["code"]:
            raise RuntimeError(f"the socket refused: {frame}")
        if "audioChunk" in result:
            watch.take(result["audioChunk"]["audioContent"])
        elif "contextClosed" in result:
            return watch.stop()
