"""Traces: every log line names one; with OpenTelemetry the spans of HTTP, queue and engine arrive where they belong."""

import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.contract.http_service import open_service

import myna
from myna.observability.logging import REQUEST_LOGGER
from myna.observability.tracing import start_tracing

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
SECRET = "xylophonezebra"


class _Collector(BaseHTTPRequestHandler):
    received: list[bytes]

    def do_POST(self) -> None:
        self.received.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        """Silent."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What an OpenTelemetry collector on loopback was sent, of a process that is told to send there."""
    received: list[bytes] = []
    server = HTTPServer(("127.0.0.1", 0), type("Collector", (_Collector,), {"received": received}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


async def test_spans_of_http_queue_and_engine_are_sent(collector: list[bytes]) -> None:
    """One trace from the caller's span down to the engine; no text, voice or key in what leaves."""
    stop = start_tracing()
    try:
        async with open_service() as service:
            body = {"text": SECRET, "voiceId": "Dennis", "modelId": "inworld-tts-1.5-max"}
            reply = await service.client.post("/tts/v1/voice:stream", json=body, headers=service.auth() | HEADER)
            assert reply.status_code == 200
            await service.get("/voices/v1/voices/nobody")
            key = service.write_key
    finally:
        stop()
    sent = b"".join(collector)
    spans = {}
    for content in collector:
        for resource in ExportTraceServiceRequest.FromString(content).resource_spans:
            for scope in resource.scope_spans:
                spans |= {span.name: span for span in scope.spans}
    speech = spans["POST /tts/v1/voice:stream"]
    assert (speech.trace_id.hex(), speech.parent_span_id.hex()) == (TRACE, PARENT)
    for name in ("queue", "engine speaks"):
        part = spans[name]
        assert (part.trace_id.hex(), part.parent_span_id) == (TRACE, speech.span_id)
        assert speech.start_time_unix_nano <= part.start_time_unix_nano <= part.end_time_unix_nano
    attributes = {attribute.key: attribute.value for attribute in speech.attributes}
    assert attributes["http.response.status_code"].int_value == 200
    assert attributes["myna.chars"].int_value == len(SECRET)
    lost = spans["GET /voices/v1/voices/{voice_id}"]
    assert lost.trace_id.hex() != TRACE
    assert not [word for word in (SECRET, "Dennis", "nobody", key) if word.encode() in sent]


@pytest.mark.parametrize(
    ("traceparent", "trace_id"),
    [(HEADER["traceparent"], TRACE), ("", None), ("00-" + "0" * 32 + "-" + PARENT + "-01", None), ("x" * 5000, None)],
)
async def test_every_request_has_a_trace(
    caplog: pytest.LogCaptureFixture, traceparent: str, trace_id: str | None
) -> None:
    """The caller's, if it sent a sound one, else one of its own; without any OpenTelemetry."""
    caplog.set_level(logging.INFO, REQUEST_LOGGER)
    async with open_service() as service:
        await service.client.get("/v1/models", headers=service.auth() | {"traceparent": traceparent})
    (line,) = (record.__dict__ for record in caplog.records if record.name == REQUEST_LOGGER)
    assert line["trace_id"] == (trace_id or line["request_id"])


def test_opentelemetry_is_an_extra() -> None:
    """One file knows of it; where it is not installed the service says so once and works."""
    folder = Path(myna.__file__).parent
    knowing = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if re.search(r"^\s*(from|import) opentelemetry", path.read_text(), re.MULTILINE)
    }
    assert knowing == {"observability/tracing.py"}
    script = (
        "import sys, logging; sys.modules['opentelemetry'] = None; logging.basicConfig()\n"
        "from myna.observability.request_record import RequestRecord\n"
        "from myna.observability.tracing import start_tracing, trace_part, trace_request\n"
        "stop = start_tracing(); record = RequestRecord('request')\n"
        "with trace_request(record), trace_part('queue'): print(record.trace_id == record.request_id)\n"
        "stop()"
    )
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "PYTHONPATH": str(folder.parent)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, "pip install 'myna[otel]'" in done.stderr) == ("True\n", True)
