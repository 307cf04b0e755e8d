"""The Ray Serve application: `import_path: myna.deploy.ray_app:build` in a Serve config file (docs/scaling.md)."""

from collections.abc import Mapping
from typing import Any, cast

from starlette.types import ASGIApp

from myna.bootstrap import build_services
from myna.deploy.ray_replicas import (
    begin_replica,
    open_engine,
    open_engine_at_leisure,
    open_listening,
    open_listening_at_leisure,
    read_shared_settings,
)
from myna.domain.errors import InvalidRequest
from myna.engines.registry import load_spec
from myna.http.app import create_app
from myna.http.limits import HttpLimits
from myna.observability.audit_log import AuditLog
from myna.parts import LoadedAnalyst
from myna.runtime import ray_serve


def build(args: Mapping[str, str]) -> ray_serve.Application:
    """Of this environment's settings. Ray Serve calls it with the config's `args`: none. Raises: InvalidRequest."""
    if args:
        raise InvalidRequest("The application takes no args: set MYNA_... in the environment of the nodes.")
    settings = read_shared_settings()
    return ray_serve.build_application(
        open_api,
        open_engine,
        open_listening,
        (open_engine_at_leisure, open_listening_at_leisure),
        num_slots=settings.engine_slots,
        queue_length=settings.engine_queue_length,
        num_listening=settings.analysis_threads,
        listening_queue_length=settings.analysis_queue_length,
    )


def open_api(engine: Any, leisure: Any, listening: Any) -> ASGIApp:
    """The FastAPI application, unchanged. Of the handles of the other deployments."""
    settings = begin_replica()
    services = build_services(
        settings,
        ray_serve.RayEngineClient(load_spec(settings.engine), engine, leisure),
        cast(LoadedAnalyst, ray_serve.RaySampleAnalyst(listening, leisure)),
    )
    return create_app(services, HttpLimits.of(settings), AuditLog(settings.data_dir))
