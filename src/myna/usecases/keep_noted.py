"""Keep a new voice and have it noted: both or neither, and a stop never finds only one of them."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from myna.domain.errors import VoiceNotFound
from myna.domain.voice import Voice, VoiceArtifact, VoiceId
from myna.usecases.ports import RequestMark, StoredSample, VoiceStore
from myna.usecases.uncut import uncut


class Note(Protocol):
    """Told of each new voice."""

    async def __call__(self, voice_id: VoiceId, recordings: Sequence[str] = ()) -> None:
        """recordings: SHA-256 of each that was sent for it. Raises: ServiceUnavailable."""


async def keep_noted(
    voices: VoiceStore,
    voice: Voice,
    artifact: VoiceArtifact,
    samples: Sequence[StoredSample],
    note: Note,
    *,
    mark: RequestMark | None = None,
) -> None:
    """Raises: as `VoiceStore.add`; ServiceUnavailable if it cannot be noted: the request may be sent again."""

    async def keep() -> None:
        await voices.add(voice.workspace, voice, artifact, samples, mark=mark)
        try:
            await note(voice.voice_id)
        except Exception:
            with suppress(VoiceNotFound):
                await voices.delete(voice.workspace, voice.voice_id)
            raise

    await uncut(keep())
