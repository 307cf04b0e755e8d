"""How the application is served: what the server must do for the contract to hold on the wire."""

import ssl
from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from myna.http.patient_sockets import PatientSocketProtocol
from myna.http.prompt_connections import PromptHttpProtocol

_MAX_FRAME_BYTES = 2 * 1024 * 1024
"""The original takes frames of 1 MiB (wire-contract.md#opening); twice that, for escapes."""
_KEEP_ALIVE_S = 75.0
"""Clients hold a connection between requests to save its set-up (wire-contract.md#stream)."""
_DRAIN_S = 30


def server_config(
    app: FastAPI,
    host: str,
    port: int,
    *,
    drain_s: int = _DRAIN_S,
    certificate: Path | None = None,
    key: Path | None = None,
) -> uvicorn.Config:
    """The caller configures logging. drain_s: for what is being answered when the server stops. certificate, key:
    PEM files, for HTTPS; the key may be in the certificate's file."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="asyncio",  # not what happens to be installed
        http=PromptHttpProtocol,
        ws=PatientSocketProtocol,
        ws_max_size=_MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        # The original sends none: a client that only sends and does not read for a minute has to keep its socket
        # (wire-contract.md#opening). One whose other end is gone is found by what it does not take, or by its silence.
        ws_ping_interval=None,
        timeout_keep_alive=int(_KEEP_ALIVE_S),
        timeout_graceful_shutdown=drain_s,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_context_factory=_without_tickets if certificate else None,
        log_config=None,
        # At INFO it logs the address of every socket, whose query may hold a key.
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
    )


def _without_tickets(_: uvicorn.Config, make_context: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """A TLS 1.3 ticket comes when the handshake is over. Clients that read in one thread while another writes, as
    `websockets`' blocking one does, then hang now and then (1 connection in 1,000): OpenSSL does not allow that."""
    context = make_context()
    context.num_tickets = 0
    return context
