"""What holds for every page: who may ask, from where, and what a browser may do with the answer?"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tornado.web import HTTPError, RequestHandler

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.message import Message
from kinerja_lab.text.catalogue import LANGUAGES, catalogue
from kinerja_lab.workshop.limits import Allowance
from kinerja_lab.workshop.pages import page
from kinerja_lab.workshop.records import Conflict, Visitor
from kinerja_lab.workshop.store import Store
from kinerja_lab.workshop.tokens import csrf_of, same

__all__ = ["FACILITATOR", "PANELLIST", "Site", "WorkshopPage", "log_request"]

PANELLIST, FACILITATOR, DOOR, LANG = "kinerja_sesi", "kinerja_fasilitator", "kinerja_pintu", "kinerja_bahasa"
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
STATUS = {
    "workshop_signed_out": 401, "workshop_wrong_secret": 403, "workshop_link_unknown": 403,
    "workshop_link_revoked": 403, "workshop_link_expired": 403, "workshop_link_used": 403,
    "workshop_foreign_form": 403, "workshop_wait": 429,
    "workshop_round_closed": 409, "workshop_newer_answer": 409, "workshop_key_reused": 409, "workshop_bad_answer": 422,
    "workshop_busy": 503, "workshop_disk_full": 507, "workshop_disk_fault": 507, "workshop_no_page": 404,
    "workshop_wrong_host": 421, "workshop_not_shown": 403, "workshop_damaged": 500, "workshop_overloaded": 503,
}
"""Status of each error; what is not here is the user's choice that does not fit (400)."""

_LONGEST_QUEUE = 1000
_logger = logging.getLogger("kinerja_lab.workshop")
Result = TypeVar("Result")


class Site:
    """What the pages of one running workshop share.

    Parameters
    ----------
    store : Store
        The file; only ``writer``'s one thread touches it.
    address : str
        Where panellists reach the pages, without a slash at the end.
    hosts : collection of str
        ``Host`` headers that are answered; any other name that points here is somebody's trick.
    secure : bool
        Whether the pages come over TLS.
    in_the_open : bool
        Whether others on the network can read along: not loopback, no TLS.
    """

    def __init__(self, store: Store, *, address: str, hosts: Collection[str], secure: bool, in_the_open: bool) -> None:
        self.store, self.address, self.hosts = store, address, frozenset(hosts)
        self.secure, self.in_the_open = secure, in_the_open
        self.writer = ThreadPoolExecutor(1, "workshop-store")
        self.reader = ThreadPoolExecutor(1, "workshop-results")
        self.knocks = Allowance(burst=20, per_second=1 / 3, ticks=time.monotonic)
        self.taps = Allowance(burst=400, per_second=20, ticks=time.monotonic)
        self.boards: dict[object, str] = {}
        self._waiting = 0

    async def in_store(self, work: Callable[..., Result], *values: object) -> Result:
        """Run work on the store's one thread; refuse rather than let a queue grow without end."""
        if self._waiting >= _LONGEST_QUEUE:
            raise KinerjaError("workshop_overloaded")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.writer, work, *values)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End both threads and let go of the file."""
        self.reader.shutdown(wait=True, cancel_futures=True)
        self.writer.shutdown(wait=True, cancel_futures=True)
        self.store.close()


class WorkshopPage(RequestHandler):
    """A page or an address of the workshop."""

    cookie = PANELLIST

    def initialize(self, site: Site) -> None:
        """Take what the pages share."""
        self.site = site

    def set_default_headers(self) -> None:
        """No scripts but ours, no frame, nothing kept by a cache, and no word about the server."""
        self.clear_header("Server")
        for name, value in {
            "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Refuse foreign names and foreign forms before anything else is looked at."""
        if self.request.host.lower() not in self.site.hosts:
            raise KinerjaError("workshop_wrong_host", address=self.site.address)
        if self.request.method == "POST" and not self._from_here():
            raise KinerjaError("workshop_foreign_form")

    def _from_here(self) -> bool:
        own = f"{'https' if self.site.secure else 'http'}://{self.request.host}".lower()
        origin = self.request.headers.get("Origin")
        if origin is not None:
            return origin.lower() == own
        kind = self.request.headers.get("Sec-Fetch-Site")
        if kind is not None:
            return kind == "same-origin"
        return f"{self.request.headers.get('Referer', '').lower()}/".startswith(f"{own}/")

    @property
    def lang(self) -> str:
        """Language that the visitor chose, else the workshop's."""
        chosen = self.get_cookie(LANG, "")
        return chosen if chosen in LANGUAGES else self.site.store.meta["lang"]

    @property
    def session(self) -> str:
        """Value of the session cookie, empty where there is none."""
        return self.get_cookie(self.cookie, "") or ""

    async def visitor(self) -> Visitor:
        """Who asks; raises ``workshop_signed_out`` for anybody who has no session of this kind."""
        found = await self.site.in_store(self.site.store.visitor, self.session)
        if found is None or (found.judge is None) != (self.cookie == FACILITATOR):
            raise KinerjaError("workshop_signed_out")
        return found

    def check_form(self, owner: str) -> None:
        """Refuse a form that does not carry the word of the cookie it came with."""
        sent = self.request.headers.get("X-Form-Word") or self.get_body_argument("form_word", "")
        if not owner or not same(sent, csrf_of(owner)):
            raise KinerjaError("workshop_foreign_form")

    def knock(self) -> None:
        """Raise ``workshop_wait`` for an address that failed too often; ``X-Forwarded-For`` is not believed."""
        wait = self.site.knocks.wait(self.request.remote_ip)
        if wait > 0:
            raise KinerjaError("workshop_wait", seconds=int(wait) + 1)

    def keep(self, name: str, value: str, *, strict: bool = True, seconds: float | None = None) -> None:
        """Set a cookie that scripts cannot read and other sites cannot use."""
        self.set_cookie(name, value, path="/", httponly=True, secure=self.site.secure,
                        samesite="Strict" if strict else "Lax", max_age=int(seconds or self.site.store.lifetime))

    def show(self, template: str, *, http: int = 200, **values: object) -> None:
        """Answer with a page."""
        self.set_status(http)
        self.finish(page(template, lang=self.lang, path=self.request.path, signed=bool(values.pop("signed", False)),
                         workshop=self.site.store.meta["name"], word=csrf_of(self.session), **values))

    @property
    def wants_json(self) -> bool:
        """Whether a script asks, not a person's browser."""
        return self.request.headers.get("Content-Type", "").startswith("application/json") or (
            "application/json" in self.request.headers.get("Accept", ""))

    def log_exception(self, kind, error, trace) -> None:
        """A fault of ours goes to the log with its trace; what a visitor did wrong does not."""
        if not isinstance(error, KinerjaError | HTTPError):
            _logger.error("fault in %s", type(self).__name__, exc_info=(kind, error, trace))

    def send_error(self, status_code: int = 500, **kwargs: object) -> None:
        """Give an error of ours its status."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, KinerjaError):
            status_code = STATUS.get(error.message.code.split(".", 1)[1], 400)
        super().send_error(status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """One plain sentence, as a page or as JSON; never a trace."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        message = error.message if isinstance(error, KinerjaError) else Message(
            "error.workshop_no_page" if status_code in (404, 405) else
            "error.workshop_bad_answer" if status_code < 500 else "error.workshop_fault")
        text, code = catalogue(self.lang).sentence(message), message.code.split(".", 1)[1]
        if status_code in (429, 503, 507):
            self.set_header("Retry-After", str(message.params.get("seconds", 2)))
        if self.wants_json:
            extra = {"seq": error.seq, "value": error.value, "text": error.text} if isinstance(error, Conflict) else {}
            self.finish({"code": code, "message": text, **extra})
        else:
            self.show("pesan.html", http=status_code, text=text, code=code)


class NoPage(WorkshopPage):
    """Any address that is none of ours."""

    def prepare(self) -> None:
        """Say so."""
        raise KinerjaError("workshop_no_page")


def log_request(handler: RequestHandler) -> None:
    """One line a request without address, token or name: which page, what came of it, how long it took."""
    _logger.info("%s %s %d %.1f ms", handler.request.method, type(handler).__name__, handler.get_status(),
                 1000 * handler.request.request_time())

