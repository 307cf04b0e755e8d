"""Stores in memory: real implementations of the ports, for tests and demonstrations. One process, gone at its end."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from myna.domain.consent import Consent, Revocation, digest_voice_id
from myna.domain.errors import InvalidRequest, ResourceNotFound, ServiceUnavailable, VoiceAlreadyExists
from myna.domain.language import LangCode
from myna.domain.pronunciation import PronunciationDictionary
from myna.domain.scope import Scopes
from myna.domain.voice import Refinement, TrialMeasures, Voice, VoiceArtifact, VoiceId, WorkspaceId, unknown_voice
from myna.store.key_format import KeyParts, check_workspace_name, expiry, new_key, parse_key, rejection, rotated_already
from myna.usecases.job_store import (
    ClaimedItem,
    Failure,
    Job,
    JobItem,
    NewItem,
    SpokenItem,
    too_many_jobs,
    unknown_job,
)
from myna.usecases.keep_dictionaries import (
    MAX_DICTIONARIES,
    stale_etag,
    too_many_dictionaries,
    unknown_dictionary,
)
from myna.usecases.ports import (
    ChangeTally,
    Clock,
    DeletedFiles,
    Grant,
    KeyRow,
    MarkedRequest,
    RequestMark,
    StoredSample,
    StoredVoice,
    Tally,
    VoiceChange,
)
from myna.usecases.repeated_requests import KEPT, still_at_work
from myna.usecases.voice_order import SelectedVoices, VoiceSelection


@dataclass(frozen=True, slots=True)
class _Entry:
    voice: Voice
    artifact: VoiceArtifact
    samples: tuple[StoredSample, ...]


class MemoryVoiceStore:
    """Implements `VoiceStore`."""

    def __init__(self, clock: Clock, request_keys: "MemoryRequestKeys | None" = None) -> None:
        """request_keys: where the marks are that voices are added with."""
        self._clock = clock
        self._request_keys = request_keys
        self._entries: dict[tuple[WorkspaceId, VoiceId], _Entry] = {}
        self._revocations: dict[tuple[WorkspaceId, str, datetime], Revocation] = {}

    async def add(
        self,
        workspace: WorkspaceId,
        voice: Voice,
        artifact: VoiceArtifact,
        samples: Sequence[StoredSample],
        *,
        mark: RequestMark | None = None,
        note: Callable[[], None] | None = None,
    ) -> None:
        key = (workspace, voice.voice_id)
        if key in self._entries:
            raise VoiceAlreadyExists(f"The voice id '{voice.voice_id}' is taken.")
        if note is not None:
            note()
        if mark is not None and self._request_keys is not None:
            await self._request_keys.finish_by(workspace, mark, voice.voice_id)
        self._entries[key] = _Entry(replace(voice, workspace=workspace), artifact, tuple(samples))

    async def get(self, workspace: WorkspaceId, voice_id: VoiceId) -> Voice:
        return self._find(workspace, voice_id).voice

    async def get_with_artifact(self, workspace: WorkspaceId, voice_id: VoiceId) -> StoredVoice:
        entry = self._find(workspace, voice_id)
        return StoredVoice(entry.voice, entry.artifact)

    async def get_samples(self, workspace: WorkspaceId, voice_id: VoiceId) -> Sequence[StoredSample]:
        return self._find(workspace, voice_id).samples

    async def list(self, workspace: WorkspaceId) -> Sequence[Voice]:
        voices = [entry.voice for key, entry in self._entries.items() if key[0] == workspace]
        return sorted((voice for voice in voices if not voice.is_draft), key=lambda voice: voice.created_at)

    async def select(self, workspace: WorkspaceId, selection: VoiceSelection) -> SelectedVoices:
        return selection.of(await self.list(workspace))

    async def list_names(self, workspace: WorkspaceId) -> Sequence[tuple[VoiceId, str]]:
        in_order = sorted(await self.list(workspace), key=lambda voice: (voice.created_at, voice.voice_id))
        return [(voice.voice_id, voice.display_name) for voice in in_order]

    async def list_languages(self, workspace: WorkspaceId) -> set[LangCode]:
        return {voice.lang for voice in await self.list(workspace)}

    async def update(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        entry = self._find(workspace, voice_id)
        voice = _changed(entry.voice, change)
        self._entries[workspace, voice_id] = replace(entry, voice=voice)
        return voice

    async def publish(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        entry = self._find(workspace, voice_id)
        voice = replace(_changed(entry.voice, change), is_draft=False, expires_at=None)
        self._entries[workspace, voice_id] = replace(entry, voice=voice)
        return voice

    async def replace_artifact(
        self,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        artifact: VoiceArtifact,
        refinement: Refinement = Refinement.DONE,
        *,
        over: StoredVoice | None = None,
    ) -> bool:
        entry = self._find(workspace, voice_id)
        if over is not None and self._is_outrun(over):
            return False
        measures = entry.voice.measures if refinement is Refinement.DONE else TrialMeasures()
        voice = replace(entry.voice, refinement=refinement, measures=measures)
        self._entries[workspace, voice_id] = replace(entry, voice=voice, artifact=artifact)
        return True

    async def set_measures(self, over: StoredVoice, measures: TrialMeasures, refinement: Refinement) -> bool:
        if self._is_outrun(over):
            return False
        key = over.voice.workspace, over.voice.voice_id
        entry = self._find(*key)
        self._entries[key] = replace(entry, voice=replace(entry.voice, refinement=refinement, measures=measures))
        return True

    async def claim_refinement(self, voice: Voice, lifetime: timedelta) -> bool:
        """Nobody else can have it: one process."""
        del lifetime
        stored = self._find(voice.workspace, voice.voice_id).voice
        stored.refuse_if_revoked()
        return stored.refinement is voice.refinement

    def _is_outrun(self, over: StoredVoice) -> bool:
        entry = self._find(over.voice.workspace, over.voice.voice_id)
        entry.voice.refuse_if_revoked()
        return (entry.artifact, entry.voice.refinement) != (over.artifact, over.voice.refinement)

    async def list_made_by_others(self, engine_id: str, engine_version: str) -> Sequence[Voice]:
        entries = (e for e in self._entries.values() if not e.artifact.is_made_by(engine_id, engine_version))
        return sorted((e.voice for e in entries if not e.voice.is_draft), key=lambda voice: voice.created_at)

    async def list_pending_refinements(self, engine_id: str, engine_version: str) -> Sequence[Voice]:
        own = (e.voice for e in self._entries.values() if e.artifact.is_made_by(engine_id, engine_version))
        return sorted((voice for voice in own if voice.refinement.is_pending), key=lambda voice: voice.created_at)

    async def set_consent(
        self,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        consent: Consent,
        *,
        note: Callable[[], None] | None = None,
    ) -> Voice:
        entry = self._find(workspace, voice_id)
        if note is not None:
            note()
        voice = replace(entry.voice, consent=consent)
        self._entries[workspace, voice_id] = replace(entry, voice=voice)
        if consent.revoked_at is not None:
            revocation = Revocation(
                digest_voice_id(voice_id),
                consent.recordings,
                consent.wording_version,
                consent.given_at,
                consent.revoked_at,
            )
            self._revocations[workspace, revocation.voice_sha256, revocation.revoked_at] = revocation
        return voice

    async def list_revocations(self, workspace: WorkspaceId, voice_id: VoiceId) -> Sequence[Revocation]:
        of_voice = (workspace, digest_voice_id(voice_id)), (workspace, voice_id)
        found = [revocation for key, revocation in self._revocations.items() if key[:2] in of_voice]
        return sorted(found, key=lambda revocation: revocation.revoked_at, reverse=True)

    async def delete(self, workspace: WorkspaceId, voice_id: VoiceId) -> DeletedFiles:
        entry = self._find(workspace, voice_id)
        del self._entries[workspace, voice_id]
        if self._request_keys is not None:
            self._request_keys.gone.add(voice_id)
        return DeletedFiles((entry.artifact.digest, *(sample.digest for sample in entry.samples)), are_removed=True)

    async def delete_expired_drafts(self) -> int:
        expired = [key for key, entry in self._entries.items() if self._is_expired(entry.voice)]
        for key in expired:
            del self._entries[key]
        return len(expired)

    async def delete_made_before(
        self, moment: datetime, note: Callable[[VoiceId], None] | None = None
    ) -> Sequence[VoiceId]:
        old = [key for key, entry in self._entries.items() if entry.voice.created_at < moment]
        if note is not None:
            for _, voice_id in old:
                note(voice_id)
        for key in old:
            del self._entries[key]
        return [voice_id for _, voice_id in old]

    async def recover(self) -> int:
        return 0

    async def check(self) -> None:
        """Memory is always there."""

    def _find(self, workspace: WorkspaceId, voice_id: VoiceId) -> _Entry:
        entry = self._entries.get((workspace, voice_id))
        if entry is None or self._is_expired(entry.voice):
            raise unknown_voice(voice_id)
        return entry

    def _is_expired(self, voice: Voice) -> bool:
        return voice.is_draft and voice.expires_at is not None and voice.expires_at <= self._clock.now()


class MemoryKeyStore:
    """Implements `KeyStore`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[str, KeyRow] = {}
        self._parts: dict[str, KeyParts] = {}
        self._rotated: set[str] = set()
        self._spent: set[str] = set()

    async def create(
        self, workspace: WorkspaceId, scopes: Scopes, lifetime: timedelta | None = None
    ) -> tuple[str, KeyRow]:
        name = check_workspace_name(workspace)
        parts = new_key()
        now = self._clock.now()
        expires_at = None if lifetime is None else now + lifetime
        row = KeyRow(parts.key_id, name, scopes, parts.prefix, now, expires_at=expires_at)
        self._rows[parts.key_id] = row
        self._parts[parts.key_id] = parts
        return parts.key, row

    async def rotate(self, key_id: str, overlap: timedelta) -> tuple[str, KeyRow]:
        old, now = self._get(key_id), self._clock.now()
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
            raise InvalidRequest(f"The key '{key_id}' opens nothing any more. Make a new one.")
        if key_id in self._rotated:
            raise rotated_already(key_id)
        self._rotated.add(key_id)
        lifetime = None if old.expires_at is None else old.expires_at - old.created_at
        made = await self.create(old.workspace, old.scopes, lifetime)
        ends_at = min(old.expires_at or now + overlap, now + overlap)
        self._rows[key_id] = replace(old, expires_at=ends_at, revoked_at=None if overlap else now)
        return made

    async def verify(self, key: str) -> Grant:
        parts = parse_key(key)
        if self._parts.get(parts.key_id) != parts:
            raise rejection(key)
        return await self.vouch(parts.key_id)

    async def vouch(self, key_id: str) -> Grant:
        row, now = self._rows.get(key_id), self._clock.now()
        if row is None or row.revoked_at is not None:
            raise rejection(key_id if row is None else row.prefix)
        if row.expires_at is not None and row.expires_at <= now:
            raise expiry(row.prefix, row.expires_at)
        self._rows[key_id] = replace(row, last_used_on=now.date())
        return Grant(row.workspace, row.scopes, row.key_id)

    async def signing_secret(self, key_id: str) -> bytes | None:
        parts = self._parts.get(key_id)
        return None if parts is None else parts.signing_secret

    async def spend(self, name: str, expires_at: datetime) -> bool:
        del expires_at
        is_new = name not in self._spent
        self._spent.add(name)
        return is_new

    async def list(self) -> Sequence[KeyRow]:
        return sorted(self._rows.values(), key=lambda row: (row.created_at, row.key_id))

    async def revoke(self, key_id: str) -> None:
        row = self._get(key_id)
        self._rows[key_id] = replace(row, revoked_at=row.revoked_at or self._clock.now())

    def _get(self, key_id: str) -> KeyRow:
        if key_id not in self._rows:
            raise ResourceNotFound(f"There is no key '{key_id}'. `myna keys list` shows the ids.")
        return self._rows[key_id]


class MemoryRequestKeys:
    """Implements `RequestKeys`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._requests: dict[tuple[WorkspaceId, str], tuple[MarkedRequest, datetime]] = {}
        self.gone: set[VoiceId] = set()

    async def begin(self, workspace: WorkspaceId, mark: RequestMark, lifetime: timedelta) -> MarkedRequest | None:
        now = self._clock.now()
        earlier, expires_at = self._requests.get((workspace, mark.key), (None, now))
        if earlier is not None and expires_at > now:
            return earlier
        self._requests[workspace, mark.key] = MarkedRequest(mark.body_sha256, ()), now + lifetime
        return None

    async def renew(self, workspace: WorkspaceId, mark: RequestMark, lifetime: timedelta) -> None:
        request = self._find(workspace, mark)
        if request == MarkedRequest(mark.body_sha256, ()):
            self._requests[workspace, mark.key] = request, self._clock.now() + lifetime

    async def finish(
        self, workspace: WorkspaceId, mark: RequestMark, voice_ids: Sequence[VoiceId], lifetime: timedelta
    ) -> None:
        if self._find(workspace, mark) in {None, MarkedRequest(mark.body_sha256, ())}:
            done = MarkedRequest(mark.body_sha256, tuple(voice_ids))
            self._requests[workspace, mark.key] = done, self._clock.now() + lifetime

    async def finish_by(self, workspace: WorkspaceId, mark: RequestMark, voice_id: VoiceId) -> None:
        """With the voice that is being added. Raises: RequestInProgress."""
        if self._find(workspace, mark) not in {None, MarkedRequest(mark.body_sha256, ())}:
            raise still_at_work()
        await self.finish(workspace, mark, [voice_id], KEPT)

    async def abandon(self, workspace: WorkspaceId, mark: RequestMark) -> None:
        request = self._find(workspace, mark)
        if request is not None and request.body_sha256 == mark.body_sha256 and self.gone.issuperset(request.voice_ids):
            del self._requests[workspace, mark.key]

    def _find(self, workspace: WorkspaceId, mark: RequestMark) -> MarkedRequest | None:
        return self._requests.get((workspace, mark.key), (None, None))[0]


class MemoryTallies:
    """Implements `Tallies`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tallies: dict[str, tuple[Tally, datetime]] = {}

    async def get(self, name: str) -> Tally:
        tally, expires_at = self._tallies.get(name, ({}, self._clock.now()))
        return tally if expires_at > self._clock.now() else {}

    async def change(self, name: str, change: ChangeTally, lifetime: timedelta) -> None:
        self._tallies[name] = change(await self.get(name)), self._clock.now() + lifetime


@dataclass(slots=True)
class _Item:
    item: JobItem
    message: str | None
    claimed_until: datetime
    num_attempts: int = 0
    spoken: SpokenItem | None = None
    recording: bytes | None = None


class MemoryJobStore:
    """Implements `JobStore`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._items: dict[str, list[_Item]] = {}

    async def add(self, job: Job, items: Sequence[NewItem], max_unfinished: int) -> None:
        unfinished = [
            other for other in self._jobs.values() if other.workspace == job.workspace and not other.expires_at
        ]
        if len(unfinished) >= max_unfinished:
            raise too_many_jobs(max_unfinished)
        self._jobs[job.job_id] = job
        self._items[job.job_id] = [
            _Item(JobItem(item.custom_id, item.voice_id), item.message, self._clock.now(), recording=item.recording)
            for item in items
        ]

    async def get(self, workspace: WorkspaceId, job_id: str) -> Job:
        job = await self.find(job_id)
        if job.workspace != workspace:
            raise unknown_job()
        return job

    async def find(self, job_id: str) -> Job:
        job = self._jobs.get(job_id)
        if job is None or (job.expires_at is not None and job.expires_at <= self._clock.now()):
            raise unknown_job()
        return job

    async def get_items(self, job_id: str) -> Sequence[JobItem]:
        return [entry.item for entry in self._items.get(job_id, ())]

    async def get_item(self, job_id: str, position: int) -> JobItem:
        return self._get_entry(job_id, position).item

    def _get_entry(self, job_id: str, position: int) -> _Item:
        entries = self._items.get(job_id, [])
        if position >= len(entries):
            raise unknown_job()
        return entries[position]

    async def get_result(self, job_id: str, position: int) -> SpokenItem:
        spoken = self._get_entry(job_id, position).spoken
        if spoken is None:
            raise unknown_job()
        return spoken

    async def claim(self, workspace: WorkspaceId, lifetime: timedelta, *, is_heard: bool = False) -> ClaimedItem | None:
        now = self._clock.now()
        free = [
            (position, job.created_at, job_id)
            for job_id, job in self._jobs.items()
            if job.workspace == workspace
            for position, entry in enumerate(self._items[job_id])
            if entry.message is not None and entry.claimed_until <= now and job.is_heard is is_heard
        ]
        if not free:
            return None
        position, _, job_id = min(free)
        entry = self._items[job_id][position]
        entry.claimed_until = now + lifetime
        entry.num_attempts += 1
        return ClaimedItem(self._jobs[job_id], position, entry.message or "", entry.num_attempts)

    async def get_recording(self, claimed: ClaimedItem) -> bytes:
        recording = self._get_entry(claimed.job.job_id, claimed.position).recording
        if recording is None:
            raise ServiceUnavailable("It is missing.")
        return recording

    async def renew(self, claimed: ClaimedItem, lifetime: timedelta) -> bool:
        for entry in (pending := self._pending(claimed)):
            entry.claimed_until = self._clock.now() + lifetime
        return bool(pending)

    async def release(self, claimed: ClaimedItem) -> None:
        for entry in self._pending(claimed):
            entry.claimed_until = self._clock.now()
            entry.num_attempts -= 1

    async def finish(self, claimed: ClaimedItem, outcome: SpokenItem | Failure, keep_for: timedelta) -> None:
        job_id = claimed.job.job_id
        for entry in self._pending(claimed):
            entry.message = entry.recording = None
            if isinstance(outcome, SpokenItem):
                entry.spoken = outcome
                has_timestamps = outcome.timestamps is not None
                entry.item = replace(entry.item, media_type=outcome.media_type, has_timestamps=has_timestamps)
            else:
                entry.item = replace(entry.item, failure=dict(outcome))
            if all(other.message is None for other in self._items[job_id]):
                self._jobs[job_id] = replace(self._jobs[job_id], expires_at=self._clock.now() + keep_for)

    async def list_waiting(self, *, is_heard: bool = False) -> Collection[WorkspaceId]:
        jobs = self._jobs.values()
        return {job.workspace for job in jobs if job.expires_at is None and job.is_heard is is_heard}

    async def delete_expired(self) -> int:
        now = self._clock.now()
        expired = [job_id for job_id, job in self._jobs.items() if job.expires_at is not None and job.expires_at <= now]
        for job_id in expired:
            del self._jobs[job_id], self._items[job_id]
        return len(expired)

    def _pending(self, claimed: ClaimedItem) -> Sequence[_Item]:
        entries = self._items.get(claimed.job.job_id, [])[claimed.position : claimed.position + 1]
        return [e for e in entries if e.message is not None and e.num_attempts == claimed.num_attempts]


class MemoryDictionaryStore:
    """Implements `DictionaryStore`."""

    def __init__(self) -> None:
        self._dictionaries: dict[tuple[WorkspaceId, str], PronunciationDictionary] = {}

    async def add(self, dictionary: PronunciationDictionary) -> None:
        if sum(owner == dictionary.workspace for owner, _ in self._dictionaries) >= MAX_DICTIONARIES:
            raise too_many_dictionaries()
        self._dictionaries[dictionary.workspace, dictionary.dictionary_id] = dictionary

    async def get(self, workspace: WorkspaceId, dictionary_id: str) -> PronunciationDictionary:
        found = self._dictionaries.get((workspace, dictionary_id))
        if found is None:
            raise unknown_dictionary()
        return found

    async def list(self, workspace: WorkspaceId, after_id: str, limit: int) -> Sequence[PronunciationDictionary]:
        ids = sorted(number for owner, number in self._dictionaries if owner == workspace and number > after_id)
        return [self._dictionaries[workspace, number] for number in ids[:limit]]

    async def replace(self, dictionary: PronunciationDictionary, etag: str) -> None:
        await self.delete(dictionary.workspace, dictionary.dictionary_id, etag)
        self._dictionaries[dictionary.workspace, dictionary.dictionary_id] = dictionary

    async def delete(self, workspace: WorkspaceId, dictionary_id: str, etag: str) -> None:
        if (await self.get(workspace, dictionary_id)).etag != etag:
            raise stale_etag()
        del self._dictionaries[workspace, dictionary_id]


def _changed(voice: Voice, change: VoiceChange) -> Voice:
    return replace(voice, **{name: value for name, value in asdict(change).items() if value is not None})
