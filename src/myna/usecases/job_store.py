"""Speech, or words, that are asked for now and made later: what is kept of it, and the port of what keeps it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from myna.domain.errors import Overloaded, ResourceNotFound
from myna.domain.voice import VoiceId, WorkspaceId

Failure = Mapping[str, Any]
"""`code`, `message`, `details`: the body of an error, as a client is told it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One request for later: a text to speak or a recording to hear (one item), or many texts (batch)."""

    job_id: str
    """32 hex digits."""
    workspace: WorkspaceId
    is_batch: bool
    key_id: str
    request_id: str
    """Who asked, for the audit log."""
    created_at: datetime
    expires_at: datetime | None = None
    """When its results are deleted; None: it is not done."""
    is_heard: bool = False
    """Its item is a recording, what comes of it are words."""


@dataclass(frozen=True, slots=True)
class NewItem:
    custom_id: str
    voice_id: VoiceId
    """Empty: a voice of a description."""
    message: str
    """The request as JSON, with the text. Deleted when the item is done."""
    recording: bytes | None = None
    """What is to be heard. Deleted when the item is done."""


@dataclass(frozen=True, slots=True)
class SpokenItem:
    audio: bytes
    """Or what was heard, as JSON."""
    media_type: str
    timestamps: bytes | None = None
    """JSON; None: not asked for."""


@dataclass(frozen=True, slots=True)
class JobItem:
    """How an item stands; not done: neither a media type nor a failure."""

    custom_id: str
    voice_id: VoiceId
    media_type: str = ""
    has_timestamps: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """An item to be spoken now, by whoever claimed it."""

    job: Job
    position: int
    message: str
    num_attempts: int
    """With this one: those before were never ended, as when the process is killed."""


class JobStore(Protocol):
    """Keeps jobs. An item is pending or done, with all of its audio or a failure: never in between."""

    async def add(self, job: Job, items: Sequence[NewItem], max_unfinished: int) -> None:
        """All items or none. Raises: Overloaded, if the workspace has so many jobs that are not done."""

    async def get(self, workspace: WorkspaceId, job_id: str) -> Job:
        """Raises: ResourceNotFound, also for a job of another workspace and one whose time is over."""

    async def find(self, job_id: str) -> Job:
        """Of any workspace, for who brings a signed link. Raises: ResourceNotFound."""

    async def get_items(self, job_id: str) -> Sequence[JobItem]:
        """In the order in which they were sent."""

    async def get_item(self, job_id: str, position: int) -> JobItem:
        """One of them. Raises: ResourceNotFound."""

    async def get_result(self, job_id: str, position: int) -> SpokenItem:
        """Raises: ResourceNotFound (no such item, not done, failed), ServiceUnavailable."""

    async def claim(self, workspace: WorkspaceId, lifetime: timedelta, *, is_heard: bool = False) -> ClaimedItem | None:
        """A pending one that nobody has; None: none now. Low positions first, then the oldest job: jobs take turns."""

    async def get_recording(self, claimed: ClaimedItem) -> bytes:
        """Raises: ServiceUnavailable, also if there is none any more."""
        ...

    async def renew(self, claimed: ClaimedItem, lifetime: timedelta) -> bool:
        """Keep it for so long from now on. False: another has claimed it since, or it is done or deleted."""
        ...

    async def release(self, claimed: ClaimedItem) -> None:
        """Give it back undone; the attempt does not count."""

    async def finish(self, claimed: ClaimedItem, outcome: SpokenItem | Failure, keep_for: timedelta) -> None:
        """Keep the outcome and delete text or recording; with its last item the job is done, and kept for so long.
        Nothing happens if it is done, or another's, or deleted. Raises: ServiceUnavailable."""

    async def list_waiting(self, *, is_heard: bool = False) -> Collection[WorkspaceId]:
        """Who has such jobs that are not done, claimed or not."""

    async def delete_expired(self) -> int:
        """House-keeping over all workspaces: how many jobs were deleted, with their audio."""


def unknown_job() -> ResourceNotFound:
    return ResourceNotFound("There is no such operation or result, or its time is over.")


def too_many_jobs(most: int) -> Overloaded:
    return Overloaded(f"The workspace has {most} operations that are not done. Wait for one of them.")
