"""What ElevenLabs' sockets have in common: how they refuse (elevenlabs.md#sockets)."""

from myna.domain.errors import InvalidRequest
from myna.http.errors import Failure, elevenlabs_status
from myna.http.socket_session import SocketSession


class ElevenLabsSession(SocketSession):
    refusal_code = 1008

    async def _refuse_garbage(self) -> None:
        raise InvalidRequest("A frame must be a JSON object.")

    def _close_reason(self, failure: Failure) -> str:
        return elevenlabs_status(failure)
