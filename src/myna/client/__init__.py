"""A small client for a Myna server: `Client` blocks, `AsyncClient` is awaited. Imports nothing else of Myna."""

from myna.client.asynchronous import AsyncClient, AsyncSpeechStream
from myna.client.blocking import Client, SpeechStream
from myna.client.errors import ApiError, ClientError, ReplyUnreadable, RequestRefused, ServerUnreachable
from myna.client.models import (
    CloneReport,
    Consent,
    Encoding,
    OnProgress,
    Progress,
    Remark,
    Sample,
    SampleReport,
    SpeechOptions,
    SpeechSummary,
    Stage,
    Voice,
)
from myna.client.retries import Retries

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncSpeechStream",
    "Client",
    "ClientError",
    "CloneReport",
    "Consent",
    "Encoding",
    "OnProgress",
    "Progress",
    "Remark",
    "ReplyUnreadable",
    "RequestRefused",
    "Retries",
    "Sample",
    "SampleReport",
    "ServerUnreachable",
    "SpeechOptions",
    "SpeechStream",
    "SpeechSummary",
    "Stage",
    "Voice",
]
