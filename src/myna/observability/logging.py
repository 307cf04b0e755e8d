"""One canonical line per request, JSON or text. Library code only calls `getLogger`; `cli` and `deploy` configure."""

import logging
import sys
from dataclasses import asdict

import structlog

from myna.domain.consent import digest_voice_id
from myna.observability.request_record import RequestRecord
from myna.observability.tracing import current_record

REQUEST_LOGGER = "myna.request"
"""The canonical lines, so that they can be routed apart."""

_UNLOGGED_FIELDS = frozenset({"event", "started_s", "without_effect"})


def log_request(record: RequestRecord) -> None:
    """Write the canonical line; fields that are empty are left out."""
    fields = {
        name: value
        for name, value in asdict(record).items()
        if name not in _UNLOGGED_FIELDS and value not in ("", None, 0, 0.0)
    }
    logging.getLogger(REQUEST_LOGGER).info(record.event, extra=fields)


def _add_trace_id(_logger: object, _name: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Also to lines that are no request's own, such as a traceback."""
    if trace_id := current_record().trace_id:
        fields.setdefault("trace_id", trace_id)
    return fields


def _hide_voice_id(_logger: object, _name: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A person's name may be in it, and nobody takes it out of a log when the voice is deleted."""
    if voice_id := fields.pop("voice_id", ""):
        fields["voice"] = digest_voice_id(voice_id)
    return fields


def configure_logging(log_format: str) -> None:
    """Send every logger of the process to standard error. log_format: `text` or `json`."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        _add_trace_id,
        _hide_voice_id,
    ]
    final: list[structlog.typing.Processor]
    if log_format == "json":
        final = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # A plain traceback: the pretty one prints local variables, and those hold text, transcripts and keys.
        plain = structlog.dev.plain_traceback
        final = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    # The canonical line says more than the server's access line, and never holds a query (which may hold a key).
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # httpx logs whole addresses at INFO.
    logging.getLogger("httpx").setLevel(logging.WARNING)
