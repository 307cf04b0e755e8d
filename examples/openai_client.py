"""Speaks through OpenAI's own client: as a whole into openai_whole.mp3, while it is spoken into openai_streamed.wav.

pip install openai;  MYNA_URL=http://127.0.0.1:8080 MYNA_API_KEY=... python openai_client.py
"""

import os
import wave
from pathlib import Path

from openai import OpenAI

VOICE = "Dennis"  # or the id of a voice that you cloned
RATE_HZ = 24000  # of OpenAI's "pcm": 16-bit mono


def main() -> None:
    # the base URL is the only thing that changes; the model is one of Myna's names
    with OpenAI(base_url=os.environ["MYNA_URL"] + "/v1", api_key=os.environ["MYNA_API_KEY"]) as client:
        whole = client.audio.speech.create(
            model="inworld-tts-2", voice=VOICE, input="All of this sentence comes at once.", response_format="mp3"
        )
        whole.write_to_file("openai_whole.mp3")
        print(Path("openai_whole.mp3").stat().st_size, "bytes")

        with (
            client.audio.speech.with_streaming_response.create(
                model="inworld-tts-2",
                voice=VOICE,
                input="This one comes in pieces. Each can be played at once, while the next is spoken.",
                response_format="pcm",
                speed=1.1,
            ) as reply,
            wave.open("openai_streamed.wav", "wb") as sink,
        ):
            sink.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            for piece in reply.iter_bytes(RATE_HZ // 5):  # a tenth of a second; or hand it to your sound card
                sink.writeframes(piece)


if __name__ == "__main__":
    main()
