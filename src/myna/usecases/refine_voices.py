"""Improve new voices in the background: usable at once, better when it is done."""

import asyncio
import logging
from contextlib import suppress
from contextvars import Context
from dataclasses import replace
from datetime import timedelta

from myna.domain.errors import ConsentRevoked, InvalidRequest, MynaError, Overloaded, ServiceUnavailable, VoiceNotFound
from myna.domain.voice import PENDING_STAGES, Refinement, Voice, VoiceId, WorkspaceId
from myna.usecases.kept_recordings import RebuildReference
from myna.usecases.ports import EngineClient, StoredVoice, VoiceStore
from myna.usecases.try_voice import TryVoice

logger = logging.getLogger(__name__)


class _Interrupted(Exception):
    """By something that passes: it is worth looking again."""


_DONE = {
    Refinement.HEARING: "voice heard",
    Refinement.MEASURING: "voice measured",
    Refinement.REFINING: "voice refined",
}
"""Log events."""
_LOOK_AGAIN_S = 10.0
"""After something that passes: a store that is away, too much work in line, another process at work."""
_CLAIM = timedelta(seconds=30)
"""So long a voice waits whose process was killed."""
_RENEW_S = 5.0
"""So long it takes until work ends on a voice that was deleted, or revoked, in another process."""


class RefineVoices:
    """One stage of one voice after the other, the earliest first. What the store marks as pending is the queue, so
    nothing is lost, and each stage is claimed by one of its processes, for a while. The reference is always rebuilt
    from stored samples and their ratings: a resumed refinement hears what the clone did, and gives the same bytes."""

    def __init__(
        self,
        voices: VoiceStore,
        engine: EngineClient,
        rebuild_reference: RebuildReference,
        try_voice: TryVoice,
        *,
        refines: bool,
    ) -> None:
        """refines: also more finely, which takes minutes."""
        self._voices = voices
        self._engine = engine
        self._rebuild_reference = rebuild_reference
        self._try_voice = try_voice
        capabilities = engine.spec.capabilities
        offered = {
            Refinement.HEARING: capabilities.hears,
            Refinement.MEASURING: try_voice.is_enabled,
            Refinement.REFINING: refines and capabilities.refines,
        }
        self._stages = [stage for stage in PENDING_STAGES if offered[stage]]
        self._wanted = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._given_up: set[VoiceId] = set()
        self._looks_again = False
        self._current: tuple[WorkspaceId, VoiceId, asyncio.Task[None]] | None = None
        self._claimed: Voice | None = None
        """The last one."""

    def mark(self, voice: Voice, *, is_heard: bool = False) -> Voice:
        """Waiting for its first stage, if there is one. is_heard: it was derived by ear and measured already."""
        stages = [stage for stage in self._stages if not is_heard or stage is Refinement.REFINING]
        return replace(voice, refinement=stages[0] if stages else Refinement.NONE)

    def will_improve(self, voice: Voice) -> bool:
        """Another artifact will take the place of this one's."""
        if not voice.refinement.is_pending:
            return False
        left = {voice.refinement, *self._after(voice.refinement)} & set(self._stages)
        return not left.isdisjoint({Refinement.HEARING, Refinement.REFINING})

    def begin(self) -> None:
        """Look at the queue, now or when the voice before is done. Cheap; call it after storing a marked voice."""
        if not self._stages:
            return
        self._wanted.set()
        if self._worker is None or self._worker.done():
            # In no request's context: its trace is over long before.
            self._worker = asyncio.create_task(self._work(), context=Context())

    def forget(self, workspace: WorkspaceId, voice_id: VoiceId) -> None:
        """The voice is deleted: what is being done for it ends within a step."""
        if self._current is not None and self._current[:2] == (workspace, voice_id):
            self._current[2].cancel()

    async def wait_until_idle(self) -> None:
        """Until nothing is left that can be refined."""
        if self._worker is not None:
            await asyncio.wait({self._worker})

    async def close(self) -> None:
        """Stop; what is unfinished stays pending, and the next process need not wait for it."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        if self._claimed is not None:
            with suppress(MynaError):
                await self._voices.claim_refinement(self._claimed, timedelta())

    async def _work(self) -> None:
        while self._wanted.is_set():
            self._wanted.clear()
            self._looks_again = False
            set_aside: set[VoiceId] = set()
            try:
                while (voice := await self._find_next(set_aside)) is not None:
                    if await self._claim(voice, set_aside):
                        await self._run(voice, set_aside)
            except _Interrupted:
                self._looks_again = True
            if self._looks_again:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN_S):
                        await self._wanted.wait()
                self._wanted.set()

    async def _run(self, voice: Voice, set_aside: set[VoiceId]) -> None:
        step = asyncio.create_task(self._step(voice, set_aside))
        self._current = (voice.workspace, voice.voice_id, step)
        try:
            while not (await asyncio.wait({step}, timeout=_RENEW_S))[0] and await self._may_go_on(voice):
                pass
        finally:
            self._current = None
            step.cancel()
            await asyncio.wait({step})
        if not step.cancelled():
            step.result()

    async def _claim(self, voice: Voice, set_aside: set[VoiceId]) -> bool:
        self._claimed = voice
        try:
            if await self._voices.claim_refinement(voice, _CLAIM):
                return True
            self._looks_again = True  # the process that is at work on it may die
        except (VoiceNotFound, ConsentRevoked):
            pass  # meanwhile
        except MynaError as exc:
            raise _Interrupted from exc
        set_aside.add(voice.voice_id)
        return False

    async def _may_go_on(self, voice: Voice) -> bool:
        """False if the voice was deleted, or revoked, whichever process was told."""
        try:
            return await self._voices.claim_refinement(voice, _CLAIM)
        except (VoiceNotFound, ConsentRevoked):
            return False
        except ServiceUnavailable:
            return True  # what was done is not thrown away

    async def _find_next(self, set_aside: set[VoiceId]) -> Voice | None:
        """The oldest of the least far; a stage not offered counts as the next. Others' voices are left to them, or
        `remake_voice.py`."""
        left_alone = self._given_up | set_aside
        try:
            marked = await self._voices.list_pending_refinements(self._engine.spec.id, self._engine.spec.version)
        except MynaError as exc:
            raise _Interrupted from exc
        pending = [voice for voice in marked if voice.voice_id not in left_alone]
        for stage in PENDING_STAGES:
            for voice in pending:
                if voice.refinement is stage and (stage in self._stages or self._after(stage)):
                    return voice
        return None

    async def _step(self, voice: Voice, set_aside: set[VoiceId]) -> None:
        """One stage, if the voice is still as it was listed."""
        extra = {"voice_id": voice.voice_id, "stage": voice.refinement.name.lower()}
        try:
            stored = await self._voices.get_with_artifact(voice.workspace, voice.voice_id)
            stored.voice.refuse_if_revoked()
            is_ours = stored.artifact.is_made_by(self._engine.spec.id, self._engine.spec.version)
            if is_ours and stored.voice.refinement is voice.refinement:
                await self._advance(stored)
            else:
                set_aside.add(voice.voice_id)
        except (VoiceNotFound, ConsentRevoked):
            set_aside.add(voice.voice_id)  # meanwhile
        except (ServiceUnavailable, Overloaded) as exc:
            logger.warning("voice waits", extra=extra | {"error_code": exc.code})
            raise _Interrupted from exc
        except MynaError as exc:
            self._given_up.add(voice.voice_id)
            logger.warning("voice left unrefined", extra=extra | {"error_code": exc.code})
        except Exception:
            self._given_up.add(voice.voice_id)
            logger.exception("voice left unrefined", extra=extra)

    async def _advance(self, stored: StoredVoice) -> None:
        workspace, voice_id, stage = stored.voice.workspace, stored.voice.voice_id, stored.voice.refinement
        if stage not in self._stages:
            stage = self._after(stage)[0]
        reference = await self._rebuild_reference(workspace, voice_id)
        if reference is None:
            raise InvalidRequest("There is no recording to refine the voice from.")
        following = next(iter(self._after(stage)), Refinement.DONE)
        if stage is Refinement.MEASURING:
            measures = await self._try_voice(stored.artifact, reference, at_leisure=True)
            is_kept = await self._voices.set_measures(stored, measures, following)
        else:
            if stage is Refinement.HEARING:
                better = await self._engine.encode_voice(reference, by_ear=True, at_leisure=True)
            else:
                better = await self._engine.refine_voice(stored.artifact, reference)
            is_kept = await self._voices.replace_artifact(workspace, voice_id, better, following, over=stored)
        if is_kept:
            logger.info(_DONE[stage], extra={"voice_id": voice_id, "engine": self._engine.spec.id})

    def _after(self, stage: Refinement) -> list[Refinement]:
        return [later for later in self._stages if PENDING_STAGES.index(later) > PENDING_STAGES.index(stage)]
