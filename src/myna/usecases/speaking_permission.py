"""Whether a voice that is speaking may go on."""

import asyncio
from contextlib import suppress

from myna.domain.errors import ServiceUnavailable
from myna.domain.voice import Voice, VoiceId, WorkspaceId
from myna.usecases.ports import VoiceStore

PATIENCE_S = 0.1
"""A store that takes longer, or is away, holds no speech up: the answer is looked at with the next piece."""


class SpeakingPermission:
    """Asks the store before each piece of speech, so that a revocation stops it whichever process it came to."""

    def __init__(
        self, voices: VoiceStore, workspace: WorkspaceId, voice_id: VoiceId, patience_s: float = PATIENCE_S
    ) -> None:
        self._voices = voices
        self._workspace = workspace
        self._voice_id = voice_id
        self._patience_s = patience_s
        self._asking: asyncio.Task[Voice] | None = None

    async def check(self) -> None:
        """Raises: ConsentRevoked, VoiceNotFound for a voice that was deleted meanwhile."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._voices.get(self._workspace, self._voice_id))
        done, _ = await asyncio.wait({self._asking}, timeout=self._patience_s)
        if done:
            asked, self._asking = self._asking, None
            with suppress(ServiceUnavailable):
                asked.result().refuse_if_revoked()

    def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            # asyncio complains of errors that nobody reads.
            self._asking.add_done_callback(lambda task: task.cancelled() or task.exception())
