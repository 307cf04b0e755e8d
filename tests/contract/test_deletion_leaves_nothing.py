"""Deletion is proved by looking for the bytes: in every file of the store, while the server still has it open."""

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import jwt
import pytest
from http_service import build_tone_services, open_service, wav_base64
from tests.store_contract import ARTIFACT, OURS, SAMPLES, SPOKEN, THEIRS, make_dictionary, make_voice
from tests.stored_content import Open, fill, read_pending, run_myna

from myna.cli.exit_codes import ExitCode
from myna.domain.consent import digest_voice_id
from myna.domain.errors import ResourceNotFound, ServiceUnavailable
from myna.domain.scope import WRITE
from myna.domain.voice import VoiceId
from myna.observability.audit_log import AUDIT_FILE, COMMAND, HOUSE_KEEPING, AuditLog
from myna.testing.clock import FixedClock
from myna.usecases.job_store import Job, NewItem
from myna.usecases.keep_house import KeepHouse

SAID, NAMED, AGREED, DESCRIBED = "zebra umbrella violin", "Quetzalcoatl", "agreed by Xenophon", "a walrus of a voice"


def files_with(folder: Path, wanted: list[bytes]) -> set[tuple[str, bytes]]:
    """Which of the wanted bytes are in which files."""
    contents = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {(name, some[:16]) for name, content in contents.items() for some in wanted if some in content}


def deletions(folder: Path, key_id: str) -> set[str]:
    """Digests of the voices that the audit log says were deleted by this key."""
    lines = map(json.loads, (folder / AUDIT_FILE).read_text().splitlines())
    return {line["voice"] for line in lines if (line["act"], line["key"]) == ("delete", key_id)}


async def test_of_a_deleted_voice_nothing_is_left(tmp_path: Path, opening: Open) -> None:
    """Clone and draft, by request: words, name, consent, recording, artifact, also where the request and a job are
    remembered; of the voice beside them all is there. Who asks for a receipt gets a signed one, with the digest of
    every file."""
    stores = await opening(tmp_path)
    kept = {"voices": stores.voices, "jobs": stores.jobs, "request_keys": stores.request_keys}
    async with open_service(services=build_tone_services(**kept)) as service:
        sample = {"audioData": wav_base64(3.0, 170.0), "transcription": SAID}
        fields = {"voiceSamples": [sample], "consent": AGREED, "description": DESCRIBED}
        clone = {"displayName": NAMED, "langCode": "EN_US", **fields}
        cloned = await service.post("/voices/v1/voices:clone", clone, idempotency_key="k")
        voice_id = cloned.json()["voice"]["voiceId"]
        asked = {"text": "Hello.", "voiceId": voice_id, "modelId": "inworld-tts-2"}
        job = (await service.post("/tts/v1/voice:synthesizeAsync", asked)).json()["name"]
        await service.services.work_off_jobs.wait_until_idle()
        kept_id = await service.clone("Kept", voiceSamples=[{"audioData": wav_base64(), "transcription": "kept words"}])
        design = {"designPrompt": DESCRIBED + ", calm and old, who reads the news.", "previewText": "Hello there."}
        drafts = (await service.post("/voices/v1/voices:design", design)).json()["previewVoices"]
        artifact = (await stores.voices.get_with_artifact("acme", voice_id)).artifact.content
        wav = (await stores.voices.get_samples("acme", voice_id))[0].wav
        words = [text.encode() for text in (SAID, NAMED, AGREED, DESCRIBED)]
        wanted = [*words, NAMED.lower().encode(), artifact, wav[1000:2000]]
        assert {some for _, some in files_with(tmp_path, wanted)} == {some[:16] for some in wanted}
        for gone in (draft["voiceId"] for draft in drafts):
            reply = await service.client.delete(f"/voices/v1/voices/{gone}", headers=service.auth())
            assert (reply.status_code, reply.json()) == (200, {})
        path = f"/voices/v1/voices/{voice_id}?receipt=true"
        made = (await service.client.delete(path, headers=service.auth())).raise_for_status().json()
        said = jwt.decode(made["signed"], jwt.PyJWK(made["publicKey"]), ["EdDSA"], issuer="myna")
        assert said == {"iss": "myna", **made["receipt"]}
        files = [{"voiceId": voice_id, "sha256": [hashlib.sha256(content).hexdigest() for content in (artifact, wav)]}]
        assert (said["workspace"], said["voices"]) == ("acme", files)
        assert (await service.client.delete(path, headers=service.auth())).status_code == 404
        assert files_with(tmp_path, wanted) == set()
        again = await service.post("/voices/v1/voices:clone", clone, idempotency_key="k")
        assert (again.status_code, "is gone" in again.json()["message"]) == (404, True)
        result = (await service.get(f"/lro/v1alpha/{job}")).json()["response"]["audioUri"]
        assert (await service.client.get(result)).status_code == 200
        assert files_with(tmp_path, [b"kept words"])
        assert (await service.get(f"/voices/v1/voices/{kept_id}")).status_code == 200


async def test_voices_are_kept_for_so_long(tmp_path: Path, opening: Open) -> None:
    """House-keeping deletes what was made longer ago than the setting says, bytes and all; nothing that it cannot
    note."""
    stores = await opening(tmp_path)
    await fill(stores)
    made_at = (await stores.voices.list(OURS))[0].created_at
    note_deleted = partial(AuditLog(tmp_path / "audit").note, "delete", key_id=HOUSE_KEEPING)
    all_ids = [voice.voice_id for workspace in (OURS, THEIRS) for voice in await stores.voices.list(workspace)]
    (tmp_path / "audit" / AUDIT_FILE).mkdir(parents=True)  # cannot be written
    for passed, num_left in ((timedelta(days=30), 5), (timedelta(days=30, seconds=1), 0)):
        clock = FixedClock(made_at + passed)
        house = KeepHouse(stores.voices, stores.jobs, 3600.0, clock, timedelta(days=30), note_deleted=note_deleted)
        if not num_left:
            with pytest.raises(ServiceUnavailable):
                await house.start(lambda: None)
            assert len(await stores.voices.list(OURS)) == 5
            (tmp_path / "audit" / AUDIT_FILE).rmdir()
        await house.start(lambda: None)
        await house.close()
        assert len(await stores.voices.list(OURS)) == num_left
    assert files_with(tmp_path, [SAMPLES[0].wav, SAMPLES[0].transcript.encode(), ARTIFACT.content]) == set()
    assert set(map(digest_voice_id, all_ids)) <= deletions(tmp_path / "audit", HOUSE_KEEPING)


async def test_a_round_that_fails_is_not_the_last(tmp_path: Path, opening: Open) -> None:
    """Whatever it failed of."""
    stores = await opening(tmp_path)
    clock, tries, noted, is_over = FixedClock(), iter([RuntimeError, ServiceUnavailable]), list[str](), asyncio.Event()

    def note_deleted(voice_id: VoiceId) -> None:
        for error in tries:
            raise error("later")
        noted.append(voice_id)

    house = KeepHouse(stores.voices, stores.jobs, 0.0, clock, timedelta(days=30), note_deleted=note_deleted)
    await house.start(lambda: is_over.set() if noted else None)
    await stores.voices.add(OURS, make_voice(FixedClock(clock.now() - timedelta(days=31))), ARTIFACT, ())
    await asyncio.wait_for(is_over.wait(), 60)
    await house.close()
    assert await stores.voices.list(OURS) == []


async def test_a_clock_that_jumps_ahead_deletes_nothing(tmp_path: Path, opening: Open) -> None:
    """For one round, in which somebody may set it right; a clock that stays ahead is believed in the next."""
    stores = await opening(tmp_path)
    await fill(stores)
    clock = FixedClock((await stores.voices.list(OURS))[0].created_at)
    house = KeepHouse(stores.voices, stores.jobs, 3600.0, clock, timedelta(days=30))
    num_voices = len(await stores.voices.list(OURS))
    for jump, num_left in (
        (timedelta(0), num_voices),
        (timedelta(days=4000), num_voices),
        (timedelta(days=-4000), num_voices),
        (timedelta(days=4000), num_voices),
        (timedelta(0), 0),
    ):
        clock.jump(jump.total_seconds())
        clock.advance(3600)
        await house._clean()
        assert len(await stores.voices.list(OURS)) == num_left


async def test_a_workspace_is_forgotten_with_a_receipt(
    tmp_path: Path, opening: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Voices, drafts, jobs, keys, files, and its name; another workspace is untouched. The receipt is signed, once
    changed it is refused, and whoever has the public key can check it."""
    data_dir, receipt = tmp_path / "data", tmp_path / "receipt.json"
    monkeypatch.setenv("MYNA_DATA_DIR", str(data_dir))
    stores = await opening(data_dir)
    await fill(stores)
    num_voices = len(await stores.voices.list(OURS)) + 1  # a draft
    job = Job("a" * 32, OURS, True, "key", "request", FixedClock().now())
    await stores.jobs.add(job, [NewItem(str(number), VoiceId("v"), SAID) for number in range(2)], 1)
    await stores.jobs.finish(await stores.jobs.claim(OURS, timedelta(hours=1)), SPOKEN, timedelta(hours=1))
    assert len(files_with(data_dir, [SPOKEN.audio])) == 1
    code, said = await run_myna("store", "forget", OURS, "--receipt", receipt)
    assert (code, said["workspace"], said["numKeys"], len(said["voices"])) == (ExitCode.OK, OURS, 1, num_voices)
    assert all(len(sha256) == 64 for voice in said["voices"] for sha256 in voice["sha256"])
    assert deletions(data_dir, COMMAND) == {digest_voice_id(voice["voiceId"]) for voice in said["voices"]}
    ids = [*(voice["voiceId"].encode() for voice in said["voices"]), make_dictionary(2).display_name.encode()]
    assert [each.workspace for each in await stores.dictionaries.list(THEIRS, "", 5)] == [THEIRS]
    assert files_with(data_dir, [SAID.encode(), SPOKEN.audio, *ids, b"'acme'", OURS.encode() + b"__"]) == set()
    assert [key.workspace for key in await stores.keys.list()] == [THEIRS]
    assert len(await stores.voices.list(THEIRS)) == 1
    assert files_with(data_dir, [SAMPLES[0].wav])
    # What was asked for before, and is ready only now, does not bring it back.
    with pytest.raises(ResourceNotFound):
        await stores.voices.add(OURS, make_voice(FixedClock()), ARTIFACT, ())
    assert (await run_myna("store", "forget", OURS, "--receipt", tmp_path / "again"))[0] == ExitCode.NOT_FOUND
    assert (await run_myna("store", "check-receipt", receipt))[0] == ExitCode.OK
    made = json.loads(receipt.read_text())
    key = jwt.PyJWK(made["publicKey"])
    assert jwt.decode(made["signed"], key, ["EdDSA"])["voices"] == said["voices"]
    receipt.write_text(json.dumps(made | {"receipt": made["receipt"] | {"voices": []}}))
    assert (await run_myna("store", "check-receipt", receipt))[0] == ExitCode.REFUSED
    head, body, tail = made["signed"].split(".")
    receipt.write_text(json.dumps({"signed": f"{head}.{body[:-4]}.{tail}"}))
    assert (await run_myna("store", "check-receipt", receipt))[0] == ExitCode.REFUSED
    again = await run_myna("store", "forget", OURS, "--receipt", tmp_path / "again.json")
    assert again[0] == ExitCode.NOT_FOUND
    # Nor does it get into a new one of that name.
    await stores.keys.create(OURS, WRITE)
    with pytest.raises(ResourceNotFound):
        await stores.voices.add(OURS, make_voice(FixedClock()), ARTIFACT, ())


async def test_no_receipt_while_a_file_is_left(tmp_path: Path, opening: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also not from a second run, which finds no voice any more: the first deleted its row, but not its file."""
    data_dir, receipt = tmp_path / "data", tmp_path / "receipt.json"
    monkeypatch.setenv("MYNA_DATA_DIR", str(data_dir))
    stores = await opening(data_dir)
    await stores.voices.add(OURS, make_voice(FixedClock(), "v"), ARTIFACT, ())
    secret = data_dir / "token.secret"
    secret.touch()  # damaged: nothing can be signed, so nothing is deleted
    assert (await run_myna("store", "forget", OURS, "--receipt", receipt))[0] == ExitCode.BUSY
    secret.unlink()
    assert (len(await stores.voices.list(OURS)), receipt.exists()) == (1, False)
    [folder] = [path.parent for path in data_dir.rglob("*") if path.is_file() and path.read_bytes() == ARTIFACT.content]
    folder.rename(tmp_path / "away")
    folder.touch()  # is no folder, and cannot be removed as one
    services = replace(build_tone_services(voices=stores.voices), keys=stores.keys)
    async with open_service(services=services) as service:
        path = f"/voices/v1/voices/{make_voice(FixedClock(), 'v').voice_id}?receipt=true"
        key, _ = await stores.keys.create(OURS, WRITE)
        reply = await service.client.delete(path, headers=service.auth(key))
        assert (reply.status_code, "signed" in reply.text) == (503, False)
    for _ in range(2):
        assert (await run_myna("store", "forget", OURS, "--receipt", receipt))[0] == ExitCode.BUSY
        assert not receipt.exists()
    assert await stores.voices.list(OURS) == []
    folder.unlink()
    (tmp_path / "away").rename(folder)
    await stores.voices.recover()  # the server's house-keeping: the command leaves what a running one has listed
    assert (await run_myna("store", "forget", OURS, "--receipt", receipt))[0] == ExitCode.OK
    assert not folder.exists()
    assert await read_pending(stores) == []
