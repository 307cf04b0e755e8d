"""Prometheus metrics: their names in one table, and the counting."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from myna.observability.request_record import RequestRecord

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_RATIOS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class MetricRow:
    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: tuple[MetricRow, ...] = (
    MetricRow("myna_requests_total", "counter", "Answered requests.", ("route", "method", "status")),
    MetricRow("myna_errors_total", "counter", "Failed requests, by the stable code of the error.", ("error_code",)),
    MetricRow("myna_request_seconds", "histogram", "From arrival to the end of the reply.", ("route",), _SECONDS),
    MetricRow("myna_ttfa_seconds", "histogram", "From arrival to the first speech.", ("route",), _SECONDS),
    MetricRow("myna_rtf", "histogram", "Time to answer over seconds of speech.", ("route",), _RATIOS),
    MetricRow("myna_spoken_seconds_total", "counter", "Seconds of speech made.", ("engine",)),
    MetricRow("myna_spoken_chars_total", "counter", "Characters of text that were asked to be spoken.", ("engine",)),
    MetricRow("myna_clones_total", "counter", "Clone requests that were answered.", ("outcome",)),
    MetricRow("myna_refusals_total", "counter", "Requests over a limit of their key or workspace.", ("reason",)),
    MetricRow("myna_requests_in_flight", "gauge", "Requests being answered."),
    MetricRow("myna_sockets_open", "gauge", "Open speech sockets."),
    MetricRow("myna_contexts_open", "gauge", "Open contexts of all speech sockets."),
    MetricRow("myna_body_bytes_in_flight", "gauge", "Request bodies held in memory, bytes."),
)
"""Every metric of ours; `process_*` come from the Prometheus client, but not of several processes together."""

UNMATCHED_ROUTE = "unmatched"
_KINDS: dict[str, Any] = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}


class Metrics:
    """Of one application. With `PROMETHEUS_MULTIPROC_DIR` counts are kept there, and the page shows all processes'."""

    def __init__(self) -> None:
        self._folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self._registry = CollectorRegistry()
        self._metrics: dict[str, Any] = {}  # Any: the three kinds have no common type with what is called
        for row in METRICS:
            options: dict[str, dict[str, Any]] = {
                "gauge": {"multiprocess_mode": "livesum"},
                "histogram": {"buckets": row.buckets},
            }
            self._metrics[row.name] = _KINDS[row.kind](
                row.name, row.meaning, row.labels, registry=self._registry, **options.get(row.kind, {})
            )
        if self._folder is None:
            ProcessCollector(registry=self._registry)

    def count(self, name: str, amount: float = 1.0, labels: Mapping[str, str] | None = None) -> None:
        counter = self._metrics[name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def change(self, name: str, amount: float) -> None:
        """Raise or lower a gauge."""
        self._metrics[name].inc(amount)

    def observe(self, record: RequestRecord) -> None:
        """Count a finished request."""
        route = record.route or UNMATCHED_ROUTE
        self.count("myna_requests_total", 1, {"route": route, "method": record.method, "status": str(record.status)})
        self._metrics["myna_request_seconds"].labels(route=route).observe(record.duration_ms / 1000)
        if record.error_code:
            self.count("myna_errors_total", 1, {"error_code": record.error_code})
        if record.ttfa_ms is not None:
            self._metrics["myna_ttfa_seconds"].labels(route=route).observe(record.ttfa_ms / 1000)
        if record.rtf is not None:
            self._metrics["myna_rtf"].labels(route=route).observe(record.rtf)
        if record.engine and record.audio_s > 0:
            self.count("myna_spoken_seconds_total", record.audio_s, {"engine": record.engine})
            self.count("myna_spoken_chars_total", record.chars, {"engine": record.engine})

    def render(self) -> tuple[bytes, str]:
        """The page for Prometheus and its content type."""
        registry = self._registry
        if self._folder is not None:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, self._folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
