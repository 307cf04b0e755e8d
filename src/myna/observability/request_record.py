"""What is known of one request: the fields of its canonical log line and of the metrics."""

import secrets
from dataclasses import dataclass, field
from time import perf_counter


def new_request_id() -> str:
    """32 hex digits, as the original service sends them (wire-contract.md#keys)."""
    return secrets.token_hex(16)


@dataclass(slots=True)
class RequestRecord:
    """Filled in while a request is answered. Never holds text, transcripts, audio or keys: lengths and ids only."""

    event: str
    """`request`, `socket` or `utterance`."""
    request_id: str = field(default_factory=new_request_id)
    trace_id: str = ""
    """32 hex digits: of the caller's trace, if it sent `traceparent`, or of its own."""
    method: str = ""
    route: str = ""
    """The path's template, never the path."""
    status: int = 0
    """HTTP status; for a socket's utterance the one that HTTP would have had."""
    error_code: str = ""
    """`MynaError.code`, or `CLIENT_LEFT`."""
    error_id: str = ""
    """Where to look in the log for the traceback of an internal error."""
    workspace: str = ""
    key_id: str = ""
    voice_id: str = ""
    engine: str = ""
    model: str = ""
    lang: str = ""
    chars: int = 0
    """Characters of text to be spoken."""
    num_samples: int = 0
    """Voice samples of a clone request."""
    audio_s: float = 0.0
    """Speech that was made."""
    ttfa_ms: float | None = None
    """From the arrival of the request to the first speech."""
    rtf: float | None = None
    """Time to answer over `audio_s`."""
    without_effect: str = ""
    """Names of the request's fields that change nothing, for the reply; not logged."""
    body_bytes: int = 0
    sent_bytes: int = 0
    duration_ms: float = 0.0
    started_s: float = field(default_factory=perf_counter)
    """Monotonic; not logged."""

    def mark_first_audio(self) -> None:
        """The first speech exists."""
        if self.ttfa_ms is None:
            self.ttfa_ms = self._elapsed_ms()

    def finish(self) -> None:
        self.duration_ms = self._elapsed_ms()
        if self.audio_s > 0:
            self.rtf = round(self.duration_ms / 1000 / self.audio_s, 3)

    def _elapsed_ms(self) -> float:
        return round((perf_counter() - self.started_s) * 1000, 1)
