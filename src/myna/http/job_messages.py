"""What is asked of jobs, and how they stand (wire-contract.md#jobs)."""

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from myna.domain.errors import InvalidRequest
from myna.http.proto_message import ProtoMessage, Text
from myna.http.reply import Reply
from myna.http.speech_requests import SpeakRequest
from myna.usecases.job_store import Failure, Job

_MAX_ITEMS = 10_000
_MAX_ID_CHARS = 63
"""Source of the two: what a public client of the hosted service keeps to."""
_MAX_BATCH_CHARS = 2_000_000


class BatchItem(ProtoMessage):
    custom_id: Text = Field(default="", description="1 to 63 characters, once in a batch; comes back.")
    request: SpeakRequest = SpeakRequest()


class BatchRequest(ProtoMessage):
    """Many texts; one that is not valid refuses them all."""

    items: list[BatchItem] = Field(default=[], max_length=_MAX_ITEMS)

    def check(self) -> None:
        """Raises: InvalidRequest with the index of what is wrong."""
        if not self.items:
            raise InvalidRequest(f"items is required: 1 to {_MAX_ITEMS} objects of customId and request.")
        seen: dict[str, int] = {}
        for index, item in enumerate(self.items):
            if not 1 <= len(item.custom_id) <= _MAX_ID_CHARS or not item.custom_id.isprintable():
                raise InvalidRequest(f"items[{index}].customId must have 1 to {_MAX_ID_CHARS} printable characters.")
            if (earlier := seen.setdefault(item.custom_id, index)) != index:
                raise InvalidRequest(f"items[{index}].customId is that of items[{earlier}] too. Each needs its own.")
        if sum(len(item.request.text) for item in self.items) > _MAX_BATCH_CHARS:
            raise InvalidRequest(f"items have more than {_MAX_BATCH_CHARS} characters of text together. Send fewer.")


class StatusReply(Reply):
    code: int
    """gRPC number."""
    message: str
    details: list[dict[str, Any]]  # Any: protobuf `Any` objects

    @classmethod
    def of(cls, failure: Failure) -> Self:
        return cls(**failure)


class JobResponseReply(Reply):
    """Where the result is: addresses that need no key."""

    audio_uri: str | None = None
    """Of one text."""
    timestamps_uri: str | None = None
    """Of one text, if `timestampType` was sent: `timestampInfo` as JSON."""
    results_uri: str | None = None
    """Of a batch: `BatchResultsReply`."""
    expire_time: datetime
    """When the results are deleted."""


class OperationReply(Reply):
    """A long-running operation (google.aip.dev/151)."""

    name: str
    done: bool
    response: JobResponseReply | None = None
    error: StatusReply | None = None


class BatchResultReply(Reply):
    custom_id: str
    audio_uri: str | None = None
    timestamps_uri: str | None = None
    error: StatusReply | None = None
    """In place of the audio."""


class BatchResultsReply(Reply):
    results: list[BatchResultReply]
    """In the order of the request."""
    failed_items: int


def operation_name(job: Job) -> str:
    kind = "ttsBatchJobs" if job.is_batch else "ttsAsyncJobs"
    operation = f"{round(job.created_at.timestamp() * 1000)}-{job.job_id[:6]}"
    return f"workspaces/{job.workspace}/{kind}/{job.job_id}/operations/{operation}"
