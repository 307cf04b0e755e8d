"""The HTTP edge's limits out of the settings."""

from myna.config import Settings
from myna.http.limits import HttpLimits
from myna.http.openai_names import openai_voices


def http_limits(settings: Settings) -> HttpLimits:
    return HttpLimits(
        max_body_bytes=settings.max_body_bytes,
        strict_replies=settings.strict_replies,
        require_consent=settings.require_consent,
        openai_voices=openai_voices(settings.openai_voices),
        accept_any_workspace_path=settings.accept_any_workspace_path,
        max_requests_per_minute=settings.max_requests_per_minute,
        max_concurrent_requests=settings.max_concurrent_requests,
        max_spoken_s_per_day=settings.max_spoken_s_per_day,
        max_voices_per_day=settings.max_voices_per_day,
        max_tokens_per_minute=settings.max_tokens_per_minute,
        cors_origins=tuple(filter(None, settings.cors_origins.split(","))),
    )
