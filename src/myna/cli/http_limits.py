"""The HTTP edge's limits out of the settings."""

from dataclasses import fields

from myna.config import Settings
from myna.http.limits import HttpLimits
from myna.http.openai_names import openai_voices


def http_limits(settings: Settings) -> HttpLimits:
    """Those that settings of the same name set."""
    known = settings.model_dump(include={field.name for field in fields(HttpLimits)})
    known["openai_voices"] = openai_voices(settings.openai_voices)
    known["cors_origins"] = tuple(filter(None, settings.cors_origins.split(",")))
    return HttpLimits(**known)
