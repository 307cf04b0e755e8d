"""Improve new voices in the background: usable at once, better when it is done."""

import asyncio
import logging
from contextvars import Context
from dataclasses import replace

from myna.domain.errors import InvalidRequest, MynaError, Overloaded, VoiceNotFound
from myna.domain.voice import Refinement, Voice
from myna.usecases.kept_recordings import RebuildReference
from myna.usecases.ports import EngineClient, VoiceStore

logger = logging.getLogger(__name__)


class RefineVoices:
    """One voice after the other, oldest first, from what the store keeps of it.

    What the store marks as pending is the queue, so nothing is lost when the process ends: `resume` goes on with it.
    The reference is always rebuilt from the stored samples, so that a resumed refinement gives the same bytes; they
    keep the rating by which the clone put them in order, so that both hear the same recording.
    """

    def __init__(
        self,
        voices: VoiceStore,
        engine: EngineClient,
        rebuild_reference: RebuildReference,
        *,
        is_enabled: bool,
    ) -> None:
        self._voices = voices
        self._engine = engine
        self._rebuild_reference = rebuild_reference
        self._is_enabled = is_enabled and engine.spec.capabilities.refines
        self._wanted = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._given_up: set[str] = set()

    def mark(self, voice: Voice) -> Voice:
        """The voice as it is to be stored: waiting for refinement, if there is to be one."""
        return replace(voice, refinement=Refinement.PENDING) if self._is_enabled else voice

    def begin(self) -> None:
        """Look at the queue, now or when the voice before is done. Cheap; call it after storing a marked voice."""
        if not self._is_enabled:
            return
        self._wanted.set()
        if self._worker is None or self._worker.done():
            # In no request's context: its trace is over long before.
            self._worker = asyncio.create_task(self._work(), context=Context())

    async def wait_until_idle(self) -> None:
        """Until nothing is left that can be refined."""
        if self._worker is not None:
            await asyncio.wait({self._worker})

    async def close(self) -> None:
        """Stop; what is unfinished stays pending."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        while self._wanted.is_set():
            self._wanted.clear()
            for voice in await self._voices.list_pending_refinements():
                if voice.voice_id not in self._given_up and await self._refine(voice):
                    self._wanted.set()

    async def _refine(self, voice: Voice) -> bool:
        """False if it is not this engine's to refine: it waits to be made again (`remake_voice.py`)."""
        spec = self._engine.spec
        try:
            stored = await self._voices.get_with_artifact(voice.workspace, voice.voice_id)
            stored.voice.refuse_if_revoked()
            if not stored.artifact.is_made_by(spec.id, spec.version):
                return False
            reference = await self._rebuild_reference(voice.workspace, voice.voice_id)
            if reference is None:
                raise InvalidRequest("There is no recording to refine the voice from.")
            better = await self._engine.refine_voice(stored.artifact, reference)
            (await self._voices.get(voice.workspace, voice.voice_id)).refuse_if_revoked()
            await self._voices.replace_artifact(voice.workspace, voice.voice_id, better)
        except VoiceNotFound:
            pass  # deleted meanwhile
        except Overloaded:
            self._given_up.add(voice.voice_id)
            logger.warning("voice left unrefined: too much work waits", extra={"voice_id": voice.voice_id})
        except MynaError as exc:
            self._given_up.add(voice.voice_id)
            logger.warning("voice left unrefined", extra={"voice_id": voice.voice_id, "error_code": exc.code})
        else:
            logger.info("voice refined", extra={"voice_id": voice.voice_id, "engine": spec.id})
        return True
