"""The Ray Serve application: `import_path: myna.deploy.ray_app:build` in a Serve config file (docs/scaling.md).

Every replica reads its settings from the environment of its own node, so that no secret passes through Ray.
"""

from collections.abc import Mapping
from typing import Any, Literal, cast

from starlette.types import ASGIApp

from myna.bootstrap import build_analyst, build_engine, build_services
from myna.cli.http_limits import http_limits
from myna.config import Settings
from myna.domain.errors import InvalidRequest
from myna.engines.registry import load_spec
from myna.http.app import create_app
from myna.observability.audit_log import AuditLog
from myna.observability.logging import configure_logging
from myna.runtime import ray_serve
from myna.runtime.in_process import InProcessEngineClient
from myna.usecases.services import Services


def build(args: Mapping[str, str]) -> ray_serve.Application:
    """The application of this environment's settings. Ray Serve calls it with the `args` of the config file: none.

    Raises: InvalidRequest for state that other nodes could not see, or for arguments.
    """
    if args:
        raise InvalidRequest("The application takes no args: set MYNA_... in the environment of the nodes.")
    settings = read_shared_settings()
    return ray_serve.build_application(
        open_api,
        open_engine,
        open_leisure,
        open_analyst,
        num_slots=settings.engine_slots,
        queue_length=settings.engine_queue_length,
        num_listening=settings.analysis_threads,
        listening_queue_length=settings.analysis_queue_length,
    )


def open_api(engine: Any, leisure: Any, listening: Any) -> ASGIApp:
    """The FastAPI application, unchanged. Of the handles of the other deployments."""
    settings = _settings()
    services = build_services(
        settings,
        ray_serve.RayEngineClient(load_spec(settings.engine), engine, leisure),
        ray_serve.RaySampleAnalyst(listening),
        ray_serve.refining_on(leisure),
    )
    return create_app(services, http_limits(settings), AuditLog(settings.data_dir))


def open_engine() -> InProcessEngineClient:
    return build_engine(_settings())


def open_leisure(listening: Any) -> tuple[Services, InProcessEngineClient]:
    """An engine without slots: only its lanes for what nobody waits for are used."""
    settings = _settings()
    engine = build_engine(settings, num_slots=0)
    return build_services(settings, engine, ray_serve.RaySampleAnalyst(listening)), engine


def open_analyst() -> ray_serve.OpenedAnalyst:
    settings = _settings()
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


def _settings() -> Settings:
    """Of a replica, which begins with this."""
    settings = read_shared_settings()
    configure_logging(cast(Literal["text", "json"], settings.log_format))  # the pattern in Settings allows no other
    return settings
