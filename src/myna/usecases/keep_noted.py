"""Keep a new voice and have it noted: never one that was not noted, also if the process is killed in between."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from myna.domain.voice import Voice, VoiceArtifact, VoiceId
from myna.usecases.ports import RequestMark, StoredSample, VoiceStore
from myna.usecases.uncut import uncut


class Note(Protocol):
    """Told of each new voice, before it is kept and after."""

    def write(self, voice_id: VoiceId, recordings: Sequence[str]) -> None:
        """Blocks. recordings: SHA-256 of each that was sent for it. Raises: ServiceUnavailable."""

    def count(self, voice_id: VoiceId) -> None:
        """It is kept."""


async def keep_noted(
    voices: VoiceStore,
    voice: Voice,
    artifact: VoiceArtifact,
    samples: Sequence[StoredSample],
    note: Note,
    *,
    recordings: Sequence[str] = (),
    mark: RequestMark | None = None,
) -> None:
    """Raises: as `VoiceStore.add`; ServiceUnavailable if it cannot be noted: the request may be sent again."""

    async def keep() -> None:
        noting = partial(note.write, voice.voice_id, recordings)
        await voices.add(voice.workspace, voice, artifact, samples, mark=mark, note=noting)
        note.count(voice.voice_id)

    await uncut(keep())
