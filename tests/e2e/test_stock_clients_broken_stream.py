"""An engine that dies in the middle of a sentence, as stock clients and raw readers meet it (wire-contract.md#checks,
F8)."""

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import websockets
from inworld_tts import InworldTTS
from tests.live_server import LiveServer, install_engine, run_server

GOOD = "The tide was low. Two boats lay on the sand. Nobody was about at that hour."
BAD = GOOD + " " + GOOD + " And then we stumble over a rope."

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the SDK leaves its sessions open


@pytest.fixture(scope="module")
def server(weights_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with the tripping engine, registered as an installed plug-in would be."""
    settings = install_engine("tripping", tmp_path_factory.mktemp("site")) | {"MYNA_PRELOAD_MODELS": "false"}
    with run_server(tmp_path_factory.mktemp("tripping") / "data", "tripping", settings=settings) as server:
        yield server


def ask(server: LiveServer, path: str, body: dict[str, object]) -> Request:
    headers = {"Authorization": f"Basic {server.key}", "Content-Type": "application/json"}
    return Request(server.url + path, json.dumps(body).encode(), headers)


def test_the_last_line_tells_and_the_body_ends_well(server: LiveServer) -> None:
    """Audio lines, one error line with its newline, then a proper end; what broke inside is not told."""
    body = {"text": BAD, "voiceId": "Dennis", "modelId": "inworld-tts-2", "audioConfig": {"audioEncoding": "PCM"}}
    with urlopen(ask(server, "/tts/v1/voice:stream", body), timeout=60) as reply:
        content = reply.read()  # raises IncompleteRead if the chunked body were cut
    assert content.endswith(b"\n")
    *spoken, last = [json.loads(line) for line in content.splitlines()]
    assert spoken
    assert all("result" in line for line in spoken)
    assert (last["error"]["code"], last["error"]["details"]) == (13, [])
    assert "tripped" not in last["error"]["message"]


async def test_a_context_tells_and_the_socket_lives_on(server: LiveServer) -> None:
    """Code 13 in the context's status, no marker for the broken flush; the next context speaks."""
    url = server.url.replace("http", "ws", 1) + "/tts/v1/voice:streamBidirectional"
    headers = {"Authorization": f"Basic {server.key}"}
    create = {"voiceId": "Dennis", "modelId": "inworld-tts-2", "audioConfig": {"audioEncoding": "PCM"}}
    outcomes = []
    async with websockets.connect(url, additional_headers=headers, open_timeout=60) as socket:
        for text in (BAD, GOOD):
            for command in ({"create": create}, {"send_text": {"text": text}}, {"close_context": {}}):
                await socket.send(json.dumps({"contextId": "c"} | command))
            outcome = []
            while "contextClosed" not in outcome:
                result = json.loads(await asyncio.wait_for(socket.recv(), 60))["result"]
                code = result["status"]["code"]
                outcome += [code] if code else [key for key in result if key not in ("contextId", "status")]
            outcomes.append(outcome)
    assert 13 in outcomes[0]
    assert "flushCompleted" not in outcomes[0]
    assert 13 not in outcomes[1]
    assert outcomes[1][-2:] == ["flushCompleted", "contextClosed"]


async def test_the_inworld_sdk_keeps_what_was_spoken(server: LiveServer) -> None:
    """It ignores the error line; its stream ends with the audio that came before."""
    with InworldTTS(api_key=server.key, base_url=server.url) as sdk:
        pieces = [piece async for piece in sdk.stream(BAD, voice="Dennis", encoding="PCM", sample_rate=24000)]
    spoken_s = len(b"".join(pieces)) / 2 / 24000
    assert 0.06 * len(GOOD) < spoken_s < 0.06 * len(BAD)


def test_the_openai_client_notices(server: LiveServer) -> None:
    """Raw audio has no place for a message: the connection is cut, and the client raises instead of ending early."""
    openai = pytest.importorskip("openai", reason="the package openai is not installed (dev extra)")
    with openai.OpenAI(base_url=server.url + "/v1", api_key=server.key, max_retries=0) as client:
        with (
            client.audio.speech.with_streaming_response.create(
                model="inworld-tts-2", voice="Dennis", input=BAD, response_format="pcm"
            ) as reply,
            pytest.raises(Exception, match=r"incomplete|closed|peer") as cut,
        ):
            for _ in reply.iter_bytes():
                pass
        assert "Protocol" in type(cut.value).__name__ or isinstance(cut.value, openai.APIConnectionError)
        assert client.audio.speech.create(model="inworld-tts-2", voice="Dennis", input=GOOD).read()


async def test_livekit_raises_with_the_message(server: LiveServer) -> None:
    """Both of its ways to speak fail with an API error that has our words; the next sentence is spoken."""
    inworld = pytest.importorskip(
        "livekit.plugins.inworld", reason="livekit-plugins-inworld is not installed (dev extra)"
    )
    import aiohttp  # noqa: PLC0415  (comes with the plug-in)
    from livekit.agents import APIConnectOptions, APIError  # noqa: PLC0415

    once = APIConnectOptions(max_retry=0, timeout=60)
    async with aiohttp.ClientSession() as session:
        tts = inworld.TTS(
            api_key=server.key,
            base_url=server.url + "/",
            ws_url=server.url.replace("http", "ws", 1) + "/",
            http_session=session,
        )
        with pytest.raises(APIError, match="engine failed"):
            async with tts.synthesize(BAD, conn_options=once) as speech:
                assert [piece async for piece in speech]
        with pytest.raises(APIError, match="engine failed"):
            async with tts.stream(conn_options=once) as stream:
                stream.push_text(BAD)
                stream.end_input()
                assert [piece async for piece in stream]
        async with tts.synthesize(GOOD, conn_options=once) as speech:
            assert sum([piece.frame.duration async for piece in speech]) == pytest.approx(0.06 * len(GOOD), abs=0.2)
        await tts.aclose()


def test_the_log_has_the_reason_and_not_the_text(server: LiveServer) -> None:
    """Whoever runs the server finds what broke."""
    with urlopen(
        ask(server, "/tts/v1/voice", {"text": GOOD, "voiceId": "Dennis", "modelId": "inworld-tts-2"})
    ) as reply:
        assert base64.b64decode(json.load(reply)["audioContent"])
    log = server.log.read_text()
    assert "the engine tripped" in log
    assert "tide was low" not in log
