"""What a Ray cluster's replicas open. Each reads its own node's environment, so that no secret passes through Ray."""

from myna.config import Settings
from myna.domain.errors import InvalidRequest
from myna.observability.logging import configure_logging
from myna.parts import build_analyst, build_engine, open_foreground
from myna.runtime.in_process import InProcessEngineClient
from myna.runtime.offload import ThreadOffload
from myna.runtime.ray_serve import STREAMS_A_SLOT
from myna.runtime.small_heap import keep_heap_small
from myna.usecases.ports import Offload, SampleAnalyst


def open_engine() -> InProcessEngineClient:
    """Its line is as long as Ray lets it be: who is refused is refused by Ray, before all replicas."""
    settings = begin_replica()
    num_open = settings.engine_slots * STREAMS_A_SLOT
    return build_engine(settings, open_foreground(settings), queue_length=num_open, max_open_streams=num_open)


def open_listening() -> tuple[SampleAnalyst, Offload]:
    settings = begin_replica()
    analyst = build_analyst(settings)
    if settings.preload_models:
        analyst.load()
    num_threads = settings.analysis_threads
    return analyst, ThreadOffload(num_threads, num_threads, open_foreground(settings))


def open_engine_at_leisure() -> InProcessEngineClient:
    """Without slots: only the engine's lanes for what nobody waits for are used."""
    settings = begin_replica()
    return build_engine(settings, open_foreground(settings), num_slots=0)


def open_listening_at_leisure() -> tuple[SampleAnalyst, Offload]:
    """One sample after the other; the models are loaded with the first."""
    settings = begin_replica()
    return build_analyst(settings), ThreadOffload(
        1, settings.analysis_queue_length, open_foreground(settings), is_at_leisure=True
    )


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
    configure_logging(settings.log_format)
    return settings
