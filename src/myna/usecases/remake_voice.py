"""Make a voice again from what is kept of it: for another engine, or another version of this one."""

import asyncio
import logging
from dataclasses import dataclass, field, replace

from myna.domain.errors import InvalidRequest, ServiceUnavailable, VoiceIncompatible
from myna.domain.language import LangCode
from myna.domain.voice import Refinement, TrialMeasures, Voice, VoiceArtifact, VoiceDesign, VoiceId, WorkspaceId
from myna.text.description import read_description
from myna.usecases.kept_recordings import RebuildReference
from myna.usecases.ports import EngineClient, StoredVoice, VoiceStore
from myna.usecases.refine_voices import RefineVoices
from myna.usecases.stock import StockVoices

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RemakeVoice:
    """Whole at every moment: made again from kept recordings, or description and seed. All else about it stays."""

    voices: VoiceStore
    stock: StockVoices
    engine: EngineClient
    rebuild_reference: RebuildReference
    refine_voices: RefineVoices
    is_automatic: bool
    """Also when a voice of another engine is spoken with, not only when it is asked for."""
    _running: dict[tuple[WorkspaceId, VoiceId], asyncio.Task[StoredVoice]] = field(default_factory=dict, init=False)
    """The first who speaks with a voice begins, the others wait for the same."""

    async def __call__(self, workspace: WorkspaceId, voice_id: VoiceId) -> Voice:
        """Whichever engine made it; a clone is refined afterwards. Raises: VoiceNotFound, ConsentRevoked,
        InvalidRequest for a stock voice, VoiceIncompatible, and as `EngineClient.encode_voice`; the voice is then as it
        was."""
        if self.stock.find(voice_id) is not None:
            raise InvalidRequest(f"'{voice_id[:128]}' comes with the engine: there is nothing to make again.")
        voice = await self.voices.get(workspace, voice_id)
        voice.refuse_if_revoked()
        await self._remake(voice)
        return await self.voices.get(workspace, voice_id)

    async def bring_up_to_date(self, stored: StoredVoice) -> StoredVoice:
        """As it is, or made again, once for all who ask, also if they leave. Raises: as `__call__`."""
        if self._fits(stored.artifact):
            return stored
        if not self.is_automatic:
            stored.artifact.refuse_unless_made_by(self.engine.spec.id, self.engine.spec.version)
        key = (stored.voice.workspace, stored.voice.voice_id)
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = asyncio.create_task(self._remake_unless_done(*key))
            running.add_done_callback(lambda task: self._end(key, task))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if running.cancelled():
                raise ServiceUnavailable("The server is stopping. Try again in a few seconds.") from None
            raise

    async def close(self) -> None:
        """Stop; a voice whose new artifact is not stored yet keeps the old one."""
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _remake_unless_done(self, workspace: WorkspaceId, voice_id: VoiceId) -> StoredVoice:
        stored = await self.voices.get_with_artifact(workspace, voice_id)
        if self._fits(stored.artifact):
            return stored  # since the caller looked
        remade = await self._remake(stored.voice, over=stored)
        self.refine_voices.begin()
        # Another process may have been faster.
        return remade or await self._remake_unless_done(workspace, voice_id)

    async def _remake(self, voice: Voice, over: StoredVoice | None = None) -> StoredVoice | None:
        """over: what the voice must still be in the end; None if it is not."""
        reference = await self.rebuild_reference(voice.workspace, voice.voice_id)
        unrefined = replace(voice, refinement=Refinement.NONE, measures=TrialMeasures())
        try:
            if reference is not None:
                artifact = await self.engine.encode_voice(reference)
                remade = self.refine_voices.mark(unrefined)
            elif voice.design is not None:
                artifact = await self._design(voice.design, voice.lang)
                remade = unrefined
            else:
                raise VoiceIncompatible(
                    f"The voice '{voice.voice_id[:128]}' was made for another engine or version, and there is neither "
                    "a recording nor a description to make it again from. Design or clone it again, or run the "
                    "server with the engine that made it."
                )
        except InvalidRequest as exc:
            raise VoiceIncompatible(
                f"The voice '{voice.voice_id[:128]}' was made for another engine or version, and this one cannot make "
                f"it again from what is kept: {exc.message}"
            ) from exc
        place = voice.workspace, voice.voice_id
        if not await self.voices.replace_artifact(*place, artifact, remade.refinement, over=over):
            return None
        logger.info("voice remade", extra={"voice_id": voice.voice_id, "engine": self.engine.spec.id})
        return StoredVoice(remade, artifact)

    async def _design(self, design: VoiceDesign, lang: LangCode) -> VoiceArtifact:
        attributes = read_description(design.prompt)
        spoken = self.engine.spec.capabilities.or_english(lang)
        return await self.engine.design_voice(attributes, spoken, design.seed)

    def _fits(self, artifact: VoiceArtifact) -> bool:
        return artifact.is_made_by(self.engine.spec.id, self.engine.spec.version)

    def _end(self, key: tuple[WorkspaceId, VoiceId], task: asyncio.Task[StoredVoice]) -> None:
        del self._running[key]
        # asyncio complains of errors that nobody reads: all callers may have left.
        if not task.cancelled() and task.exception() is not None:
            logger.warning("voice not remade", extra={"voice_id": key[1], "error": type(task.exception()).__name__})
