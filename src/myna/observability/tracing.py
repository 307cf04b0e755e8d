"""The trace of a request, and OpenTelemetry's spans of it where installed (`myna[otel]`), imported here alone once
it is told where they go. Spans hold numbers, routes and codes: no text, ids of voices, messages of exceptions."""

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from myna import __version__
from myna.observability.request_record import RequestRecord

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

logger = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Source: OpenTelemetry's specification; the exporter reads these and its other variables itself."""
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
"""Source: W3C Trace Context. The first group is the trace."""

_record: ContextVar[RequestRecord] = ContextVar("record")
_tracer: "Tracer | None" = None
"""None: no spans."""


def current_record() -> RequestRecord:
    """Of the request that is answered, or the part of a socket's; outside of one it says nothing."""
    return _record.get(None) or RequestRecord("nothing")


@contextmanager
def working_for(workspace: str) -> Iterator[None]:
    """Around what another process asks of this one on behalf of a request of its own."""
    token = _record.set(RequestRecord("part", workspace=workspace))
    try:
        yield
    finally:
        _record.reset(token)


@contextmanager
def trace_request(record: RequestRecord, traceparent: str = "") -> Iterator[None]:
    """Around the answer to a request, or a part of a socket's: sets `record.trace_id`, tells at its end what was done.

    traceparent: the header; without one (or with nonsense) the trace is that of the request around, or a new one.
    """
    with ExitStack() as ending:
        given = _TRACEPARENT.fullmatch(traceparent)
        record.trace_id = given[1] if given else current_record().trace_id or record.request_id
        if _tracer is not None:
            span = ending.enter_context(_begin(_tracer, record.event, traceparent if given else ""))
            record.trace_id = format(span.get_span_context().trace_id, "032x")
            ending.callback(_describe, span, record)
        ending.callback(_record.reset, _record.set(record))
        yield


@contextmanager
def trace_part(name: str) -> Iterator[None]:
    """Around a part of the work on a request, in one task."""
    if _tracer is None:
        yield
        return
    with _begin(_tracer, name):
        yield


def start_tracing() -> Callable[[], None]:
    """Send spans to where OpenTelemetry's variables say, if they do; what is returned sends the last ones and stops."""
    global _tracer  # noqa: PLW0603  (one for the process, as the logging is)
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return lambda: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        logger.warning("no traces are sent: pip install 'myna[otel]'")
        return lambda: None
    name = os.environ.get("OTEL_SERVICE_NAME", "myna")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name, SERVICE_VERSION: __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("myna", __version__)

    def stop() -> None:
        global _tracer  # noqa: PLW0603
        _tracer = None
        provider.shutdown()

    return stop


@contextmanager
def _begin(tracer: "Tracer", name: str, traceparent: str = "") -> "Iterator[Span]":
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    around = TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None
    # What an exception says stays in the log.
    with tracer.start_as_current_span(name, around, record_exception=False, set_status_on_exception=False) as span:
        yield span


def _describe(span: "Span", record: RequestRecord) -> None:
    from opentelemetry.trace import StatusCode  # noqa: PLC0415

    span.update_name(f"{record.method} {record.route}".strip())
    span.set_attributes(
        {
            "http.request.method": record.method,
            "http.route": record.route,
            "http.response.status_code": record.status,
            "myna.request_id": record.request_id,
            "myna.error_code": record.error_code,
            "myna.engine": record.engine,
            "myna.chars": record.chars,
            "myna.audio_s": record.audio_s,
        }
    )
    if record.status >= 500:
        span.set_status(StatusCode.ERROR)
