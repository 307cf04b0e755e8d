"""LiveKit's own Inworld plug-in, speaking through Myna: into agent.wav, with the time of each word. No LiveKit server.

In an agent the same object goes to `AgentSession(tts=...)`.
pip install livekit-plugins-inworld;  MYNA_URL=http://127.0.0.1:8080 MYNA_API_KEY=... python livekit_tts.py
"""

import asyncio
import os
from pathlib import Path

import aiohttp
from livekit import rtc
from livekit.plugins import inworld


def speech_of_myna(session: aiohttp.ClientSession) -> inworld.TTS:
    """The plug-in with both of its URLs changed. Inside a LiveKit job the session may be left out."""
    url = os.environ["MYNA_URL"] + "/"
    return inworld.TTS(
        api_key=os.environ["MYNA_API_KEY"],
        base_url=url,
        ws_url=url.replace("http", "ws", 1),
        voice="Ashley",  # or the id of a voice that you cloned
        model="inworld-tts-2",
        timestamp_type="WORD",
        http_session=session,
    )


async def main() -> None:
    async with aiohttp.ClientSession() as session, speech_of_myna(session) as tts:
        frames = []
        async with tts.stream() as stream:
            for token in ("Good morning. ", "Your table ", "is ready by the window."):  # as a language model writes
                stream.push_text(token)
            stream.end_input()
            async for speech in stream:
                frames.append(speech.frame)
                for word in speech.frame.userdata.get("lk.timed_transcripts", []):
                    print(f"{word.start_time:5.2f} s {word}")
    Path("agent.wav").write_bytes(rtc.combine_audio_frames(frames).to_wav_bytes())


if __name__ == "__main__":
    asyncio.run(main())
