"""One context of a speech socket: settings, buffered text, and the task that speaks (wire-contract.md#buffering)."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress

from myna.domain.errors import MynaError, Overloaded, TextUnspeakable
from myna.http.backend import Backend
from myna.http.errors import Failure, describe, describe_bug
from myna.http.reply import JsonObject
from myna.http.socket_schemas import CreateContext, context_error_frame, event_frame
from myna.http.socket_session import SocketGone
from myna.http.speech import speak_along
from myna.http.speech_payloads import SpeechPayloads
from myna.http.text_buffer import TextBuffer
from myna.observability.logging import log_request
from myna.observability.request_record import RequestRecord
from myna.observability.tracing import trace_request
from myna.usecases.ports import Grant

logger = logging.getLogger(__name__)

SendFrame = Callable[[JsonObject], Awaitable[None]]


class SocketContext:
    """Takes text at once and speaks it in order, on a task of its own, so that other contexts go on meanwhile."""

    def __init__(
        self,
        context_id: str,
        settings: CreateContext,
        *,
        backend: Backend,
        grant: Grant,
        send: SendFrame,
        on_closed: Callable[[str], None],
        route: str,
    ) -> None:
        """settings: checked, but for their buffering. Raises: InvalidRequest for that."""
        self.context_id = context_id
        self._route = route
        self.settings = settings
        self.is_closing = False
        self._buffer = TextBuffer(settings.to_buffering())
        self._backend = backend
        self._grant = grant
        self._send = send
        self._on_closed = on_closed
        self._utterances: deque[tuple[str, CreateContext]] = deque()
        self._num_waiting_chars = 0
        self._news = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._is_cancelled = False
        self._is_speaking = False
        self._speaker = asyncio.create_task(self._run(), name=f"context {context_id[:32]}")

    @property
    def is_busy(self) -> bool:
        """Something is being spoken or waits to be."""
        return self._is_speaking or bool(self._utterances)

    def change(self, settings: CreateContext) -> None:
        """Settings for what comes; what was flushed before keeps the old ones. Raises: InvalidRequest."""
        self._buffer.buffering = settings.to_buffering()
        self.settings = settings

    def add_text(self, text: str) -> None:
        """Raises: Overloaded when too much text waits already."""
        waiting = self._buffer.num_chars + self._num_waiting_chars
        if waiting + len(text) > self._backend.limits.max_socket_pending_chars:
            raise Overloaded("Too much text waits in this context. Send more once some of it was spoken.")
        self._enqueue(self._buffer.add(text))
        self._set_timer()

    def flush(self) -> None:
        """Speak what is buffered now."""
        self._enqueue(self._buffer.flush())
        self._set_timer()

    def close(self) -> None:
        """Speak what is left, then say that the context is closed."""
        self.flush()
        self.is_closing = True
        self._news.set()

    def cancel(self) -> None:
        """Stop within a chunk, forget what was not spoken, then say that the context is closed."""
        if self._is_cancelled:
            return
        self.is_closing = self._is_cancelled = True
        self._utterances.clear()
        self._buffer.flush()
        self._drop_timer()
        self._news.set()
        if self._is_speaking:
            self._speaker.cancel()

    async def leave(self) -> None:
        """The socket is gone: stop without a word."""
        self._drop_timer()
        self._speaker.cancel()
        await asyncio.gather(self._speaker, return_exceptions=True)

    def _enqueue(self, texts: list[str]) -> None:
        for text in texts:
            self._utterances.append((text, self.settings))
            self._num_waiting_chars += len(text)
        self._news.set()

    def _set_timer(self) -> None:
        if not self._buffer.num_chars:
            self._drop_timer()
        elif self._timer is None and self._buffer.buffering.max_delay_s:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._buffer.buffering.max_delay_s, self._on_timer)

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self) -> None:
        self._timer = None
        self.flush()

    async def _run(self) -> None:
        try:
            await self._speak_all()
        except SocketGone:
            return
        finally:
            self._drop_timer()
            self._on_closed(self.context_id)
        with suppress(SocketGone):
            await self._send(event_frame(self.context_id, "contextClosed", {}))

    async def _speak_all(self) -> None:
        while await self._has_utterance():
            text, settings = self._utterances.popleft()
            self._num_waiting_chars -= len(text)
            self._is_speaking = True
            try:
                await self._speak(text, settings)
            except asyncio.CancelledError:
                if not self._is_cancelled:
                    raise
                self._speaker.uncancel()
            finally:
                self._is_speaking = False

    async def _has_utterance(self) -> bool:
        """Wait for the next; False when there will be none."""
        while not self._utterances:
            if self.is_closing:
                return False
            self._news.clear()
            await self._news.wait()
        return True

    async def _speak(self, text: str, settings: CreateContext) -> None:
        record = RequestRecord("utterance", method="WS", route=self._route, status=200)
        record.workspace, record.key_id = self._grant.workspace, self._grant.key_id
        with trace_request(record):
            try:
                async with self._backend.allowances.request(self._grant):
                    await self._send_speech(text, settings, record)
            except TextUnspeakable:
                # A stream of tokens may well flush a dash or an emoji alone; clients wait for the marker, and some give
                # a context up at any error.
                await self._send_flush_completed()
            except MynaError as exc:
                await self._send_failure(describe(exc), record)
            except (asyncio.CancelledError, SocketGone):
                record.error_code = "CLIENT_LEFT"
                raise
            except Exception as exc:  # noqa: BLE001  (the edge's last resort, for sockets: logged once, told as an id)
                failure, record.error_id = describe_bug(exc)
                await self._send_failure(failure, record)
            finally:
                record.finish()
                self._backend.metrics.observe(record)
                log_request(record)

    async def _send_speech(self, text: str, settings: CreateContext, record: RequestRecord) -> None:
        chunks = speak_along(self._backend, settings.to_command(self._grant.workspace, text), record)
        async with aclosing(SpeechPayloads(text, settings).of(chunks)) as payloads:
            async for payload in payloads:
                await self._send(event_frame(self.context_id, "audioChunk", payload))
        await self._send_flush_completed()

    async def _send_flush_completed(self) -> None:
        await self._send(event_frame(self.context_id, "flushCompleted", {}))

    async def _send_failure(self, failure: Failure, record: RequestRecord) -> None:
        record.status, record.error_code = failure.status, failure.error_code
        await self._send(context_error_frame(self.context_id, failure))
