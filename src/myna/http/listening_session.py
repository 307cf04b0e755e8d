"""What both sockets that listen have in common: audio is looked at as it arrives, heard and told beside that."""

import asyncio
from collections.abc import Sequence

from fastapi import WebSocket

from myna.domain.errors import MynaError
from myna.domain.language import LangCode
from myna.domain.scope import Scope
from myna.http.backend import Backend
from myna.http.errors import describe, describe_bug
from myna.http.socket_session import SocketGone, SocketSession
from myna.observability.request_record import RequestRecord
from myna.usecases.listen_live import LiveEvent, LiveListening, Turn

_MAX_WAITING = 8
"""Events that may wait for those before them to be told; with one more the socket is not read."""


class ListeningSession(SocketSession):
    """One connection, one stream of audio."""

    needs = Scope.LISTEN

    def __init__(self, websocket: WebSocket, record: RequestRecord, backend: Backend) -> None:
        super().__init__(websocket, record, backend)
        self._listen_live = backend.services.listen_live
        self._lang: LangCode | None = None
        self._listening: LiveListening | None = None
        self._events: asyncio.Queue[LiveEvent | None] = asyncio.Queue(_MAX_WAITING)
        self._telling: asyncio.Task[None] | None = None
        self._is_hearing = False

    async def leave(self) -> None:
        """Hear nothing further."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    @property
    def _is_busy(self) -> bool:
        return self._is_hearing or not self._events.empty()

    def _listen(self, rate_hz: int, num_channels: int, silence_s: float) -> LiveListening:
        """silence_s: as `ListenLive.open` has it."""
        self._listening = self._listen_live.open(rate_hz, num_channels, silence_s)
        self._telling = asyncio.create_task(self._tell_all())
        return self._listening

    async def _put(self, events: Sequence[LiveEvent | None]) -> None:
        """Partial results only when nothing else is to be told: they are worth nothing later. None: it is over."""
        for event in events:
            if self._is_over:
                raise SocketGone
            if not isinstance(event, Turn) or event.is_final or not self._is_busy:
                await self._events.put(event)

    async def _tell_rest(self) -> None:
        """Until all is told."""
        await self._put([None])
        assert self._telling is not None
        await self._telling

    async def _tell_all(self) -> None:
        try:
            while (event := await self._events.get()) is not None:
                self._is_hearing = True
                try:
                    await self._tell(event)
                except MynaError as exc:
                    await self._fail(describe(exc))
                self._is_hearing = False
        except SocketGone:
            self._is_over = True
        except Exception as exc:  # noqa: BLE001  (the edge's last resort, for sockets: logged once, told as an id)
            failure, self._record.error_id = describe_bug(exc)
            await self.end_with(failure)
        finally:
            while not self._events.empty():
                # Whoever waits for room finds that it is over.
                self._events.get_nowait()

    async def _tell(self, event: LiveEvent) -> None:
        """Raises: SocketGone, and MynaError for what could not be heard."""
        raise NotImplementedError
