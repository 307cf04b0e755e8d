"""Connections under TLS that another process has accepted (`myna serve --workers`), and files that are none for it."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
import typer
from cryptography.hazmat.primitives import serialization
from fastapi import FastAPI
from tests.tls_certificate import write_certificate

from myna.cli.server import Server, check_scheme
from myna.config import Settings
from myna.http.server import server_config


async def test_a_connection_that_was_handed_over_speaks_tls(tmp_path: Path) -> None:
    """What is no HTTP is told so there, too; what is no TLS is cut, and harms nobody. No tickets: see `server.py`."""
    identity = write_certificate(tmp_path)
    config = server_config(FastAPI(), "127.0.0.1", 0, certificate=identity)
    config.lifespan = "off"
    config.load()
    server = Server(config)
    server.lifespan = config.lifespan_class(config)
    trusting = ssl.create_default_context(cafile=str(identity))
    for sent, status in (
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"404"),
        (b"nonsense\r\n\r\n", b"400"),
    ):
        ours, theirs = socket.socketpair()
        taking = asyncio.create_task(server.take_connection(theirs))
        reader, writer = await asyncio.open_connection(sock=ours, ssl=trusting, server_hostname="127.0.0.1")
        await taking
        writer.write(sent)
        assert (await reader.readline()).split()[1] == status
        session = writer.get_extra_info("ssl_object").session
        assert not session.has_ticket
        writer.transport.abort()
    ours, theirs = socket.socketpair()
    ours.sendall(b"GET / HTTP/1.1\r\n\r\n")
    await server.take_connection(theirs)
    async with asyncio.timeout(60):
        while theirs.fileno() != -1:
            await asyncio.sleep(0)
    ours.close()


def test_files_that_are_no_certificate_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is loaded, and nobody is asked for a password; an empty variable is none."""
    monkeypatch.setenv("MYNA_TLS_CERTIFICATE", "")
    identity = write_certificate(tmp_path)
    assert check_scheme(Settings(tls_certificate=identity)) == "https"
    assert check_scheme(Settings()) == "http"
    (tmp_path / "empty.pem").write_text("")
    pem = identity.read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    secret = serialization.BestAvailableEncryption(b"secret")
    encrypted = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    (tmp_path / "encrypted.pem").write_bytes(encrypted)
    for files in (
        {"tls_key": identity},
        {"tls_certificate": tmp_path / "empty.pem"},
        {"tls_certificate": tmp_path / "no"},
        {"tls_certificate": identity, "tls_key": tmp_path / "encrypted.pem"},
    ):
        with pytest.raises(typer.BadParameter, match="MYNA_TLS_CERTIFICATE"):
            check_scheme(Settings(**files))
