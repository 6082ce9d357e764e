"""A workshop on this computer: its file, its server as a real process, and visitors that speak HTTP."""

import asyncio
import http.client
import json
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest

from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.options import IndicatorLevel, Polarity
from kinerja_lab.workshop.create import create_workshop
from kinerja_lab.workshop.plan import WorkshopPlan, item_sheet
from kinerja_lab.workshop.server import Place, Running, start
from kinerja_lab.workshop.store import Store

ROUNDS = (("relevance", "clarity", "comment"), ("relevance", "comment"), ("angoff",))
NAMES = ("Budi Santoso", "Ani Wijaya", "Citra Dewi")
SERVE = """
import sys
from pathlib import Path
from kinerja_lab.workshop.server import Place, serve
from kinerja_lab.workshop.store import Store
serve(Store(Path(sys.argv[1])), Place(port=int(sys.argv[2])), ready=lambda site: print(site.address, flush=True))
"""


def indicator(code: str, **changes) -> Indicator:
    """An indicator with the fields that must be there."""
    fields = {"code": code, "name": f"Indikator {code}", "question": "Berapa?", "why": "Agar tahu.",
              "numerator": "dokumen", "unit": "%", "polarity": Polarity.MAXIMISE, "level": IndicatorLevel.OUTPUT,
              "source": "Register", "owner": "Dinas A", "checker": "Inspektorat", "reviewed": date(2025, 1, 1)}
    return Indicator(**{**fields, **changes})


def plan(*, items: int = 3, rounds=ROUNDS, judges=NAMES, **changes) -> WorkshopPlan:
    """A plan of a small workshop."""
    sheets = tuple(item_sheet(indicator(f"butir_{number}")) for number in range(1, items + 1))
    return WorkshopPlan(name="Uji panel", study="uji", items=sheets, rounds=rounds, judges=judges, **changes)


@pytest.fixture
def made(tmp_path):
    """A fresh workshop: file and facilitator's secret."""
    path = tmp_path / "lokakarya" / "uji.db"
    return path, create_workshop(path, plan())


@dataclass
class Reply:
    """What the server answered."""

    status: int
    headers: dict
    text: str

    @property
    def json(self) -> dict:
        return json.loads(self.text)

    def word(self) -> str:
        """The word that the page's forms carry."""
        return re.search(r'(?:name="form_word" value|data-word)="([0-9a-f]{32})"', self.text).group(1)


@dataclass
class Visitor:
    """A browser without scripts: keeps cookies, sends Origin with its posts."""

    port: int
    host: str = "127.0.0.1"
    cookies: dict = field(default_factory=dict)
    word: str = ""
    line: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes | None = None, **headers) -> Reply:
        sent = {"Host": f"{self.host}:{self.port}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            sent.setdefault("Origin", f"http://{self.host}:{self.port}")
        if self.line is None:
            self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            self.line.request(method, path, body=body, headers={name: value for name, value in sent.items() if value})
            reply = self.line.getresponse()
            text = reply.read()
        except (OSError, http.client.HTTPException):
            self.hang_up()
            raise
        for value in reply.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(value).items():
                self.cookies[name] = morsel.value
        return Reply(reply.status, dict(reply.headers.items()), text.decode("utf-8", "replace"))

    def hang_up(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None

    def get(self, path: str, **headers) -> Reply:
        return self.ask("GET", path, **headers)

    def post(self, path: str, fields: dict, **headers) -> Reply:
        return self.ask("POST", path, urlencode(fields).encode(),
                        **{"Content_Type": "application/x-www-form-urlencoded", **headers})

    def enter(self, token: str) -> Reply:
        """Open the link, press the button, and take the word of the forms from the start page."""
        door = self.get(f"/t/{token}")
        done = self.post("/masuk", {"form_word": door.word(), "token": token})
        if done.status == 303:
            self.word = self.get("/").word()
        return done

    def tap(self, **answer) -> Reply:
        """Send one answer as the page's script does."""
        whole = {"round": 1, "item": "butir_1", "question": "relevance", "value": 3, "text": "", "key": "k", "base": 0}
        body = json.dumps({**whole, **answer}).encode()
        return self.ask("POST", "/simpan", body, Content_Type="application/json", X_Form_Word=self.word)

    def facilitate(self, secret: str) -> Reply:
        """Sign in as the facilitator."""
        door = self.get("/fasilitator")
        done = self.post("/fasilitator/masuk", {"form_word": door.word(), "rahasia": secret})
        if done.status == 303:
            self.word = self.get("/fasilitator").word()
        return done

    def act(self, kind: str, number: int) -> Reply:
        """Open, close, show or hide a round."""
        return self.post("/fasilitator/ronde", {"form_word": self.word, "ronde": number, "tindakan": kind})


class Inside:
    """The workshop's server in a thread of this process: the same code and sockets, up in no time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.visitors: list[Visitor] = []
        self.loop = asyncio.new_event_loop()
        self.thread = Thread(target=self.loop.run_forever)
        self.thread.start()
        self.running = self._run(self._begin())
        self.port = int(self.running.site.address.rsplit(":", 1)[1])

    async def _begin(self) -> Running:
        return start(Store(self.path), Place(port=0))

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=30)

    def visitor(self) -> Visitor:
        self.visitors.append(Visitor(self.port))
        return self.visitors[-1]

    def stop(self) -> None:
        for visitor in self.visitors:
            visitor.hang_up()
        self._run(self.running.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=30)
        self.loop.close()


class Server:
    """The workshop's server as a process of its own, on loopback."""

    def __init__(self, path: Path, port: int = 0) -> None:
        self.path, self.port = path, port
        self.visitors: list[Visitor] = []
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", SERVE, str(self.path), str(self.port)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate()[1])
        self.port = int(line.rsplit(":", 1)[1])

    def kill(self) -> None:
        """As a power cut: no time to write anything."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def stop(self) -> str:
        """Ask it to end; returns what it wrote to stderr."""
        for visitor in self.visitors:
            visitor.hang_up()
        if self.process.poll() is None:
            self.process.terminate()
        if self.process.stderr.closed:
            return ""
        return self.process.communicate(timeout=30)[1]

    def visitor(self) -> Visitor:
        self.visitors.append(Visitor(self.port))
        return self.visitors[-1]


@pytest.fixture
def serve():
    """Start servers that are stopped at the end."""
    running = []

    def begin(path: Path, port: int = 0) -> Server:
        running.append(Server(path, port))
        return running[-1]

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def inside():
    """Start servers in this process; they are stopped at the end."""
    running = []

    def begin(path: Path) -> Inside:
        running.append(Inside(path))
        return running[-1]

    yield begin
    for server in running:
        server.stop()
