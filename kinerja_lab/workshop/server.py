"""How does the workshop run on the facilitator's laptop, for this computer only unless told otherwise?"""

import asyncio
import contextlib
import ipaddress
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, StaticFileHandler

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.workshop import facilitator, panellist
from kinerja_lab.workshop.pages import STATIC
from kinerja_lab.workshop.store import Store
from kinerja_lab.workshop.web import NoPage, Site, log_request

__all__ = ["Place", "Running", "application", "serve"]

_LARGEST_BODY = 64 * 1024
_EVERYWHERE = ("0.0.0.0", "::", "")
_OWN = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the pages are served.

    Parameters
    ----------
    host : str
        Address to listen on; ``127.0.0.1`` is this computer only, ``0.0.0.0`` every network it is on.
    port : int
        0 lets the system choose.
    names : tuple of str
        Further names under which the pages may be asked for.
    certfile, keyfile : pathlib.Path or None
        TLS certificate and key (PEM), both or neither.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    names: tuple[str, ...] = ()
    certfile: Path | None = None
    keyfile: Path | None = None


class Running:
    """A workshop that is being served.

    Parameters
    ----------
    site : Site
        What the pages share.
    server : tornado.httpserver.HTTPServer
        The server.
    """

    def __init__(self, site: Site, server: HTTPServer) -> None:
        self.site, self.server = site, server

    async def close(self) -> None:
        """Take no more requests, let running saves end, and let go of the file."""
        self.server.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.server.close_all_connections(), timeout=5)
        await asyncio.get_running_loop().run_in_executor(None, self.site.close)


class _Static(StaticFileHandler):
    """Style, script and icon: public, the same for everybody, kept by the browser as long as the name is the same."""

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")

    def set_extra_headers(self, path: str) -> None:
        """The guard (a service worker) looks after every page and asks this server only."""
        if path == "penjaga.js":
            self.set_header("Service-Worker-Allowed", "/")
            self.set_header("Content-Security-Policy", "default-src 'none'; connect-src 'self'")
            self.set_header("Cache-Control", "no-cache")


def application(site: Site) -> Application:
    """All addresses of a workshop.

    Parameters
    ----------
    site : Site
        What the pages share.
    """
    routes = [(path, page, {"site": site}) for path, page in (*panellist.ROUTES, *facilitator.ROUTES)]
    return Application(
        [*routes, (r"/berkas/([a-z.-]+)", _Static, {"path": str(STATIC)})], compress_response=True,
        default_handler_class=NoPage, default_handler_args={"site": site}, log_function=log_request)


def start(store: Store, place: Place) -> Running:
    """Bind and listen; the caller's event loop does the rest.

    Parameters
    ----------
    store : Store
        The workshop.
    place : Place
        Where.

    Raises
    ------
    KinerjaError
        ``workshop_tls_pair``, ``workshop_tls_files`` or ``workshop_port_taken``.
    """
    context = _tls(place)
    try:
        sockets = bind_sockets(place.port, place.host)
    except OSError as error:
        raise KinerjaError("workshop_port_taken", host=place.host, port=str(place.port),
                           detail=error.strerror or "-") from error
    port = sockets[0].getsockname()[1]
    everywhere = place.host in _EVERYWHERE
    shown = place.names[0] if place.names else lan_address() if everywhere else place.host
    names = {shown, *place.names, *(() if everywhere else (place.host,)), *((lan_address(),) if everywhere else ()),
             *(_OWN if everywhere or _local(place.host) else ())}
    secure = context is not None
    site = Site(store, address=f"{'https' if secure else 'http'}://{_bracket(shown)}:{port}",
                hosts=_with_port(names, port, secure), secure=secure, in_the_open=not secure and not _local(place.host))
    # xheaders stays off: X-Forwarded-For and -Proto are whatever a visitor writes there
    server = HTTPServer(application(site), ssl_options=context, max_body_size=_LARGEST_BODY, xheaders=False,
                        max_header_size=16 * 1024, idle_connection_timeout=120, body_timeout=20)
    server.add_sockets(sockets)
    return Running(site, server)


def serve(store: Store, place: Place, *, ready: Callable[[Site], None]) -> None:
    """Serve until the process is asked to end.

    Parameters
    ----------
    store : Store
        The workshop; it is closed at the end.
    place : Place
        Where.
    ready : callable
        Called once with the site when it answers, to say so.

    Raises
    ------
    KinerjaError
        As ``start``.
    """
    asyncio.run(_serve(store, place, ready))


async def _serve(store: Store, place: Place, ready: Callable[[Site], None]) -> None:
    running = start(store, place)
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers; Ctrl-C ends it there
            loop.add_signal_handler(name, end.set)
    try:
        ready(running.site)
        await end.wait()
    finally:
        await running.close()


def lan_address() -> str:
    """The address under which others on the network reach this computer; no packet is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return probe.getsockname()[0]


def _local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _with_port(names: set[str], port: int, secure: bool) -> set[str]:
    usual = 443 if secure else 80
    plain = {_bracket(name.lower()) for name in names if name}
    return {f"{name}:{port}" for name in plain} | (plain if port == usual else set())


def _tls(place: Place) -> ssl.SSLContext | None:
    if place.certfile is None and place.keyfile is None:
        return None
    if place.certfile is None or place.keyfile is None:
        raise KinerjaError("workshop_tls_pair")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(place.certfile, place.keyfile)
    except (OSError, ssl.SSLError) as error:
        raise KinerjaError("workshop_tls_files", certfile=str(place.certfile), keyfile=str(place.keyfile),
                           detail=str(error)) from error
    return context
