"""Two people talk over one socket at the same time, and a third is interrupted.

Writes Dennis.wav, Sarah.wav and interrupted.wav.
pip install websockets;  MYNA_URL=http://127.0.0.1:8080 MYNA_API_KEY=... python websocket_conversation.py
"""

import asyncio
import base64
import json
import os
import wave
from typing import Any

import websockets

RATE_HZ = 24000
LINES = {
    "Dennis": ["Did you ", "see the tide? ", "It never came this high before."],
    "Sarah": ["I did. ", "Two boats are gone, ", "and nobody knows whose they were."],
}


def create(voice: str) -> dict[str, Any]:
    """What opens a context: a voice, and how it is to sound."""
    audio = {"audioEncoding": "PCM", "sampleRateHertz": RATE_HZ}
    return {"voiceId": voice, "modelId": "inworld-tts-2", "audioConfig": audio}


def write_wav(path: str, pcm: bytes) -> None:
    with wave.open(path, "wb") as sink:
        sink.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        sink.writeframes(pcm)


async def main() -> None:
    url = os.environ["MYNA_URL"].replace("http", "ws", 1) + "/tts/v1/voice:streamBidirectional"
    headers = {"Authorization": f"Basic {os.environ['MYNA_API_KEY']}"}
    async with websockets.connect(url, additional_headers=headers) as socket:

        async def send(context_id: str, command: str, fields: dict[str, Any]) -> None:
            await socket.send(json.dumps({"contextId": context_id, command: fields}))

        # Nothing is waited for: all commands of a conversation may be on their way before the first answer.
        # Text arrives in pieces, as a language model writes it, and is spoken at the latest when its context is closed.
        for voice, pieces in LINES.items():
            await send(voice, "create", create(voice))
            for piece in pieces:
                await send(voice, "send_text", {"text": piece})
            await send(voice, "close_context", {})
        await send("interrupted", "create", create("Clive"))
        await send(
            "interrupted", "send_text", {"text": "I will now tell you the whole story. " * 30, "flush_context": {}}
        )

        heard: dict[str, bytes] = dict.fromkeys((*LINES, "interrupted"), b"")
        num_open = len(heard)
        while num_open:
            frame = json.loads(await socket.recv())
            if "error" in frame:  # of the socket, not of one context: a wrong key, for example
                raise SystemExit(frame["error"]["message"])
            result = frame["result"]
            context_id = result["contextId"]
            if result["status"]["code"]:
                raise SystemExit(f"{context_id}: {result['status']['message']}")
            if "audioChunk" in result:
                if context_id == "interrupted" and not heard[context_id]:
                    await send(context_id, "cancel_context", {})  # "thank you, that will do"
                heard[context_id] += base64.b64decode(result["audioChunk"]["audioContent"])
            elif "contextClosed" in result:
                num_open -= 1

    for voice, pcm in heard.items():
        write_wav(f"{voice}.wav", pcm)
        print(f"{voice}: {len(pcm) / 2 / RATE_HZ:.1f} s")


if __name__ == "__main__":
    asyncio.run(main())
