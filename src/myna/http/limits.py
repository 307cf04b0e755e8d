"""What one caller may ask of the HTTP edge, and how strict the edge is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from myna.config import Settings
from myna.http.openai_names import openai_voices

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Sizes, times and switches of the edge. What nothing is said of here is a setting of the same name."""

    max_body_bytes: int = 64 * _MEBIBYTE
    max_sample_bytes: int = 32 * _MEBIBYTE
    """Largest recording of a job; those of other requests are measured where they are decoded."""
    max_small_body_bytes: int = 4 * _MEBIBYTE
    """Largest body of a request that carries no audio, unless `max_body_bytes` is less."""
    max_bodies_in_flight_bytes: int = 512 * _MEBIBYTE
    """Bodies that are held in memory at one time, together; one more is answered 429."""
    body_pause_s: float = 60.0
    """Longest silence while a body arrives."""
    max_socket_text_chars: int = 2000
    """Longest text of one `send_text` (wire-contract.md#commands)."""
    max_socket_pending_chars: int = 50_000
    """Text that may wait in one context; more is answered with status 8."""
    max_contexts: int = 5
    """Open contexts of one socket (wire-contract.md#answers)."""
    max_sockets: int = 256
    """Open sockets of the process; one more is refused at the upgrade with 429."""
    silent_socket_s: float = 2.0
    """So long a socket has to show a key before it may be closed for another."""
    closing_socket_s: float = 10.0
    """So long uvicorn waits for the answer to a close frame; the session is over at once, the connection is not."""
    socket_idle_s: float = 600.0
    """A socket on which nothing happens for so long is closed (wire-contract.md#opening)."""
    send_stall_s: float = 60.0
    """A reader that takes nothing for so long is given up, so that it does not keep an engine."""
    strict_replies: bool = False
    require_consent: bool = False
    openai_voices: Mapping[str, str] = field(default_factory=openai_voices)
    """Names of OpenAI's voices -> ids of ours."""
    accept_any_workspace_path: bool = True
    max_requests_per_minute: int = 3000
    max_concurrent_requests: int = 128
    max_spoken_s_per_day: float = 0.0
    max_voices_per_day: int = 0
    max_tokens_per_minute: int = 60
    cors_origins: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those that settings of the same name set."""
        known = settings.model_dump(include={field.name for field in fields(cls)})
        known["openai_voices"] = openai_voices(settings.openai_voices)
        known["cors_origins"] = tuple(filter(None, settings.cors_origins.split(",")))
        return cls(**known)
