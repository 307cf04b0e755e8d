"""Answers as events (`text/event-stream`), in OpenAI's form: one JSON object an event, no `[DONE]`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from myna.domain.errors import MynaError
from myna.http.errors import describe
from myna.http.reply import to_json
from myna.observability.request_record import RequestRecord

EVENTS = "text/event-stream"

JsonObject = dict[str, Any]  # Any: JSON


async def event_lines(events: AsyncGenerator[JsonObject, None], record: RequestRecord) -> AsyncGenerator[bytes, None]:
    """A failure after the first event is a last event. Raises: what fails before."""
    has_begun = False
    async with aclosing(events):
        try:
            async for event in events:
                yield _line(event)
                has_begun = True
        except MynaError as exc:
            if not has_begun:
                raise
            failure = describe(exc)
            record.error_code = failure.error_code
            yield _line({"type": "error", "error": failure.body()})


def _line(event: JsonObject) -> bytes:
    return b"data: " + to_json(event) + b"\n\n"
