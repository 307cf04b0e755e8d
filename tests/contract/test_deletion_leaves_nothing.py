"""Deletion is proved by looking for the bytes: in every file of the store, while the server still has it open."""

from dataclasses import replace
from pathlib import Path

from http_service import build_tone_services, open_service, wav_base64
from tests.stored_content import Open

SAID, NAMED, AGREED, DESCRIBED = "zebra umbrella violin", "Quetzalcoatl", "agreed by Xenophon", "a walrus of a voice"


def files_with(folder: Path, wanted: list[bytes]) -> set[tuple[str, bytes]]:
    """Which of the wanted bytes are in which files."""
    contents = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {(name, some[:16]) for name, content in contents.items() for some in wanted if some in content}


async def test_of_a_deleted_voice_nothing_is_left(tmp_path: Path, opening: Open) -> None:
    """Clone and draft, by request: words, name, consent, recording, artifact; of the voice beside them all is there."""
    stores = await opening(tmp_path)
    services = replace(build_tone_services(voices=stores.voices), voices=stores.voices)
    async with open_service(services=services) as service:
        sample = {"audioData": wav_base64(3.0, 170.0), "transcription": SAID}
        fields = {"voiceSamples": [sample], "consent": AGREED, "description": DESCRIBED}
        voice_id = await service.clone(NAMED, **fields)
        kept_id = await service.clone("Kept", voiceSamples=[{"audioData": wav_base64(), "transcription": "kept words"}])
        design = {"designPrompt": DESCRIBED + ", calm and old, who reads the news.", "previewText": "Hello there."}
        drafts = (await service.post("/voices/v1/voices:design", design)).json()["previewVoices"]
        stored = await stores.voices.get_with_artifact("acme", voice_id)
        wav = (await stores.voices.get_samples("acme", voice_id))[0].wav
        words = [text.encode() for text in (SAID, NAMED, AGREED, DESCRIBED)]
        wanted = [*words, NAMED.lower().encode(), stored.artifact.content, wav[1000:2000]]
        assert {some for _, some in files_with(tmp_path, wanted)} == {some[:16] for some in wanted}
        for gone in (voice_id, *(draft["voiceId"] for draft in drafts)):
            reply = await service.client.delete(f"/voices/v1/voices/{gone}", headers=service.auth())
            assert reply.status_code == 200
        assert files_with(tmp_path, wanted) == set()
        assert files_with(tmp_path, [b"kept words"])
        assert (await service.get(f"/voices/v1/voices/{kept_id}")).status_code == 200
