"""A small client for a Myna server: `Client` blocks, `AsyncClient` is awaited. Imports nothing else of Myna."""

from myna.client.asynchronous import AsyncClient, AsyncSpeechStream
from myna.client.blocking import Client, SpeechStream
from myna.client.dictionaries import Dictionary, Pronunciation
from myna.client.errors import ApiError, ClientError, ReplyUnreadable, RequestRefused, ServerUnreachable
from myna.client.jobs import BatchItem, BatchResult, Job
from myna.client.listening import Transcript, Word
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
from myna.client.tokens import Token

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncSpeechStream",
    "BatchItem",
    "BatchResult",
    "Client",
    "ClientError",
    "CloneReport",
    "Consent",
    "Dictionary",
    "Encoding",
    "Job",
    "OnProgress",
    "Progress",
    "Pronunciation",
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
    "Token",
    "Transcript",
    "Voice",
    "Word",
]
