"""Give, show and revoke the consent to a voice that was cloned."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from myna.domain.consent import Consent, Revocation
from myna.domain.errors import InvalidRequest, PermissionDenied, ServiceUnavailable, VoiceNotFound
from myna.domain.voice import Voice, VoiceId, WorkspaceId, unknown_voice
from myna.usecases.ports import Clock, VoiceStore
from myna.usecases.refine_voices import RefineVoices
from myna.usecases.stock import StockVoices


@dataclass(frozen=True, slots=True)
class ConsentHistory:
    current: Consent | None
    """None if none was ever recorded, or the voice is deleted."""
    revocations: Sequence[Revocation]
    """The newest first."""


@dataclass(frozen=True, slots=True)
class KeepConsent:
    """One consent a voice, bound to the recordings that are kept of it."""

    voices: VoiceStore
    stock: StockVoices
    clock: Clock
    refine_voices: RefineVoices

    async def give(
        self, workspace: WorkspaceId, voice_id: VoiceId, consent: Consent, note: Callable[[Sequence[str]], None]
    ) -> Voice:
        """In the place of the one before, also if revoked: the voice speaks again. consent: without `recordings` and
        times. note: blocks; told of the recordings before it is so. Raises: VoiceNotFound, PermissionDenied for a stock
        voice, InvalidRequest for one of no recording."""
        self._refuse_stock(voice_id)
        samples = await self.voices.get_samples(workspace, voice_id)
        if not samples:
            raise InvalidRequest("This voice was made from no recording: there is nothing to consent to.")
        recordings = tuple(sample.digest for sample in samples)
        bound = replace(consent, recordings=recordings, given_at=self.clock.now(), revoked_at=None)
        voice = await self.voices.set_consent(workspace, voice_id, bound, note=partial(note, recordings))
        self.refine_voices.begin()
        return voice

    async def revoke(self, workspace: WorkspaceId, voice_id: VoiceId, note: Callable[[Sequence[str]], None]) -> Voice:
        """Silent from now on, in the middle of a word too, and for good; also if none was recorded. note: as `give`.
        Raises: VoiceNotFound, PermissionDenied."""
        self._refuse_stock(voice_id)
        voice = await self.voices.get(workspace, voice_id)
        consent = voice.consent or Consent()
        if consent.revoked_at is not None:
            return voice
        if voice.consent is None:
            with suppress(ServiceUnavailable):  # damaged recordings are no reason to go on speaking
                samples = await self.voices.get_samples(workspace, voice_id)
                consent = Consent(recordings=tuple(sample.digest for sample in samples))
        consent = replace(consent, revoked_at=self.clock.now())
        noting = partial(note, consent.recordings)
        revoked = await self.voices.set_consent(workspace, voice_id, consent, note=noting)
        self.refine_voices.forget(workspace, voice_id)
        return revoked

    async def show(self, workspace: WorkspaceId, name: str) -> ConsentHistory:
        """name: the voice's id, or what follows the `__`; also of one deleted and revoked. Raises: VoiceNotFound."""
        for voice_id in (VoiceId(name), VoiceId(f"{workspace}__{name}")):
            revocations = await self.voices.list_revocations(workspace, voice_id)
            try:
                return ConsentHistory((await self.voices.get(workspace, voice_id)).consent, revocations)
            except VoiceNotFound:
                if revocations:
                    return ConsentHistory(None, revocations)
        raise unknown_voice(name)

    def _refuse_stock(self, voice_id: VoiceId) -> None:
        if self.stock.find(voice_id) is not None:
            raise PermissionDenied("Stock voices were made from no recording of yours.")
