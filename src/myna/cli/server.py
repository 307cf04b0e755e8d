"""Runs the service behind uvicorn: answers at once, loads the engine, says when it is ready, stops cleanly."""

import asyncio
import ipaddress
import json
import logging
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import quote

import typer
import uvicorn

from myna.bootstrap import build_services
from myna.cli.keys import with_keys
from myna.cli.output import print_result, remark
from myna.cli.workers import run_workers
from myna.config import Settings
from myna.domain.scope import WRITE
from myna.domain.voice import WorkspaceId
from myna.http.app import create_app
from myna.http.limits import HttpLimits
from myna.http.prompt_connections import PromptHttpProtocol
from myna.http.server import server_config
from myna.observability.audit_log import AuditLog
from myna.observability.logging import configure_logging
from myna.observability.tracing import start_tracing
from myna.usecases.ports import KeyStore
from myna.usecases.services import Services

logger = logging.getLogger(__name__)

_END_S = 5.0
"""For requests that were cut off: what belongs together is stored to its end."""
DEV_WORKSPACE = WorkspaceId("demo")


class Server(uvicorn.Server):
    """uvicorn, with the signals left to the caller, who must close the service too before the process ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def take_connection(self, connection: socket.socket) -> None:
        """One that another process has accepted."""
        loop = asyncio.get_running_loop()
        with suppress(OSError):  # under TLS: it does not get that far
            await loop.connect_accepted_socket(
                lambda: PromptHttpProtocol(self.config, self.server_state, {}), connection, ssl=self.config.ssl
            )


async def run_server(settings: Settings, host: str, port: int, *, is_dev: bool, as_json: bool) -> None:
    """Until a signal, in this process or several. `/healthz` answers at once, all else when the engine is loaded;
    then the address is printed. Raises: MynaError; typer.BadParameter for an address that cannot be had."""
    configure_logging(settings.log_format)
    scheme = check_scheme(settings)
    with listen_at(host, port) as listening:
        url = f"{scheme}://{_shown_host(host)}:{listening.getsockname()[1]}"

        async def tell(keys: KeyStore | None) -> None:
            dev_key = await _make_dev_key(keys) if keys is not None else None
            logger.info("ready at %s", url)
            _announce(url, dev_key, is_open=scheme == "http" and not _is_loopback(host), as_json=as_json)

        if settings.workers > 1:
            await run_workers(
                settings, listening, lambda: with_keys(settings, tell) if is_dev else tell(None), as_json=as_json
            )
        else:
            await serve_services(
                settings, [listening], _stop_on_signals, lambda services: tell(services.keys if is_dev else None)
            )


async def serve_services(
    settings: Settings,
    sockets: Sequence[socket.socket],
    obey: Callable[[Server], None],
    when_ready: Callable[[Services], Awaitable[None]],
) -> None:
    """Until the server is told to exit. sockets: to listen at; none if it is handed its connections. obey: called
    once, with the server. when_ready: called when the engine is loaded. Raises: MynaError."""
    stop_tracing = start_tracing()
    services = build_services(settings)
    host, port = sockets[0].getsockname()[:2] if sockets else ("", 0)
    app = create_app(services, HttpLimits.of(settings), AuditLog(settings.data_dir))
    config = server_config(
        app, host, port, drain_s=settings.drain_s, certificate=settings.tls_certificate, key=settings.tls_key
    )
    config.lifespan = "off"  # started and closed here: /healthz answers meanwhile, and what fails keeps its name
    config.load()
    server = Server(config)
    obey(server)
    serving = asyncio.create_task(server.serve(list(sockets)))
    try:
        if await _start(services, serving):
            await when_ready(services)
            await serving
    finally:
        server.should_exit = True
        await serving
        if cut_off := set(server.server_state.tasks):  # at the limit, or now
            for request in cut_off if server.force_exit else ():
                request.cancel()
            await asyncio.wait(cut_off, timeout=_END_S)
        await app.state.backend.close()
        await asyncio.to_thread(stop_tracing)
        logger.info("stopped")


def check_scheme(settings: Settings) -> str:
    """ "https" if there is a certificate. Raises: typer.BadParameter for files that uvicorn could not use."""
    if settings.tls_certificate is None and settings.tls_key is None:
        return "http"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.tls_certificate or "",
            settings.tls_key,
            password=lambda: "",  # nobody is asked for one
        )
    except OSError as exc:
        raise typer.BadParameter(
            "MYNA_TLS_CERTIFICATE and MYNA_TLS_KEY must name a certificate and its private key, PEM files that this "
            f"user may read; the key may have no password: {exc.strerror or exc}."
        ) from exc
    return "https"


def listen_at(host: str, port: int) -> socket.socket:
    """Bound here and not by uvicorn, so that a taken port is an error of ours and port 0 is known once chosen."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as exc:
        reason = str(exc.strerror or exc).partition(" (while")[0]
        raise typer.BadParameter(f"Cannot listen at {host} port {port}: {reason}.") from exc
    # Its connections have it too. asyncio sets it only on sockets that name their protocol, which these do not; without
    # it a reply's body waits 40 ms for the client to acknowledge the head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _stop_on_signals(server: uvicorn.Server) -> None:
    def stop() -> None:
        server.force_exit = server.should_exit  # the second time, without waiting for requests
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


async def _start(services: Services, serving: asyncio.Task[None]) -> bool:
    """Load everything; False if the server was told to stop meanwhile."""
    starting = asyncio.create_task(services.start())
    await asyncio.wait({starting, serving}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        await starting
        return True
    starting.cancel()
    await asyncio.wait({starting})
    return False


async def _make_dev_key(keys: KeyStore) -> str | None:
    """A write key for the demo workspace, if it has none yet."""
    if any(row.workspace == DEV_WORKSPACE and row.revoked_at is None for row in await keys.list()):
        return None
    key, _ = await keys.create(DEV_WORKSPACE, WRITE)
    return key


def _announce(url: str, dev_key: str | None, *, is_open: bool, as_json: bool) -> None:
    studio_url = f"{url}/studio"
    if as_json:
        ready = {"url": url, "studioUrl": studio_url}
        made = {"workspace": DEV_WORKSPACE, "apiKey": dev_key} if dev_key else {}
        print_result(json.dumps(ready | made))
    else:
        # A fragment stays in the browser: the key reaches no log and no referrer.
        link = f"{studio_url}#key={quote(dev_key, safe='')}" if dev_key else studio_url
        print_result(f"Myna is ready at {url}\nStudio: {link}")
        if dev_key:
            print_result(f"A key for the new workspace {DEV_WORKSPACE}, shown this once: {dev_key}")
    if is_open:
        remark("Reachable from other machines, without encryption: put a TLS proxy in front.", style="yellow")


def _shown_host(host: str) -> str:
    """What to type into a browser on this machine."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104  (compared, not bound)
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
