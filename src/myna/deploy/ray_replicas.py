"""What the replicas of a Ray cluster open, apart from HTTP: an engine replica need not load that.

Every replica reads its settings from the environment of its own node, so that no secret passes through Ray.
"""

from typing import Literal, cast

from myna.bootstrap import build_analyst, build_engine
from myna.config import Settings
from myna.domain.errors import InvalidRequest
from myna.observability.logging import configure_logging
from myna.runtime import ray_serve
from myna.runtime.in_process import InProcessEngineClient
from myna.runtime.small_heap import keep_heap_small


def open_engine() -> InProcessEngineClient:
    return build_engine(begin_replica())


def open_leisure() -> InProcessEngineClient:
    """Without slots: only the engine's lanes for what nobody waits for are used."""
    return build_engine(begin_replica(), num_slots=0)


def open_analyst() -> ray_serve.OpenedAnalyst:
    settings = begin_replica()
    analyst = build_analyst(settings)
    return analyst, analyst.load if settings.preload_models else lambda: None


def read_shared_settings() -> Settings:
    """Raises: InvalidRequest for state that other nodes could not see."""
    settings = Settings()
    local = {
        "MYNA_DATABASE_URL": "names no PostgreSQL database" * (not settings.database_url.startswith("postgres")),
        "MYNA_BLOB_URL": "names no object storage" * (not settings.blob_url.startswith("s3://")),
        "MYNA_TOKEN_SECRET": "is empty" * (not settings.token_secret.get_secret_value()),
    }
    wrong = [f"{name} {reason}" for name, reason in local.items() if reason]
    if wrong:
        raise InvalidRequest(
            f"Replicas on a cluster share nothing but the store: {', '.join(wrong)}. SQLite, a folder and a file of "
            "the secret are for one machine (`myna serve`)."
        )
    return settings


def begin_replica() -> Settings:
    """Its settings; logs go out as they say. For the whole process, which is the replica's own."""
    keep_heap_small()
    settings = read_shared_settings()
    configure_logging(cast(Literal["text", "json"], settings.log_format))  # the pattern in Settings allows no other
    return settings
