"""Replies that leave line by line: a failure after the first line is told in the last."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from myna.domain.errors import MynaError
from myna.http.errors import describe
from myna.http.reply import to_json
from myna.observability.request_record import RequestRecord

EVENTS = "text/event-stream"
FAILURE_LINE = b'{"error":%b}\n'
FAILURE_EVENT = b'data: {"type":"error","error":%b}\n\n'

Objects = AsyncGenerator[Mapping[str, Any], None]  # Any: JSON
Lines = AsyncGenerator[bytes, None]


def result_lines(results: Objects, record: RequestRecord) -> Lines:
    """In Inworld's form (wire-contract.md#stream). Raises: what fails before the first line."""
    return _write(results, record, b'{"result":%b}\n', FAILURE_LINE)


def event_lines(events: Objects, record: RequestRecord) -> Lines:
    """`text/event-stream` in OpenAI's form, without `[DONE]`. Raises: what fails before the first event."""
    return _write(events, record, b"data: %b\n\n", FAILURE_EVENT)


async def _write(told: Objects, record: RequestRecord, line: bytes, failure_line: bytes) -> Lines:
    has_begun = False
    async with aclosing(told):
        try:
            async for each in told:
                yield line % to_json(each)
                has_begun = True
        except MynaError as exc:
            if not has_begun:
                raise
            failure = describe(exc)
            record.error_code = failure.error_code
            yield failure_line % to_json(failure.body())
