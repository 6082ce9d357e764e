"""How long does a save take when 200 panellists answer 30 indicators in 3 rounds at once, and is all of it stored?

Real HTTP on loopback: every panellist opens his link, then sends answer after answer without a pause, each only after
the last one was acknowledged. That is a closed loop far harder than a room, where twenty people send fewer than five
answers a second. The peer that the decision names (a Voila kernel a visitor) is not run here.
"""

import asyncio
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.options import IndicatorLevel, Polarity
from kinerja_lab.workshop.create import create_workshop
from kinerja_lab.workshop.plan import WorkshopPlan, item_sheet
from kinerja_lab.workshop.reading import read_panel
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.store import Store

ITEMS, ROUNDS = 30, 3
SERVE = """
import sys
from pathlib import Path
from kinerja_lab.workshop.server import Place, serve
from kinerja_lab.workshop.store import Store
serve(Store(Path(sys.argv[1])), Place(port=0), ready=lambda site: print(site.address, flush=True))
"""


def make(folder: Path, judges: int) -> Path:
    """A workshop with made-up indicators."""
    sheets = tuple(item_sheet(Indicator(
        code=f"butir_{n:02d}", name=f"Indikator {n}", question="Berapa?", why="Agar tahu.", numerator="dokumen",
        unit="%", polarity=Polarity.MAXIMISE, level=IndicatorLevel.OUTPUT, source="Register", owner="A", checker="B",
        reviewed=date(2025, 1, 1))) for n in range(1, ITEMS + 1))
    path = folder / "uji.db"
    create_workshop(path, WorkshopPlan(
        name="Beban", study="uji", items=sheets, rounds=(("relevance",), ("relevance",), ("angoff",)),
        judges=tuple(f"Panelis {n}" for n in range(1, judges + 1))))
    return path


class Line:
    """One panellist's connection, kept open, with as little of our own time as possible."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies, self.word = port, {}, ""

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        if not hasattr(self, "reader"):
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.writer.write((
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: http://127.0.0.1:{self.port}\r\n"
            f"Cookie: {cookie}\r\nX-Form-Word: {self.word}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = int(re.search(r"Content-Length: (\d+)", head, re.I).group(1))
        text = await self.reader.readexactly(length)
        for name, value in re.findall(r"Set-Cookie: (\w+)=([^;]+)", head):
            self.cookies[name] = value
        return int(head.split()[1]), text

    async def enter(self, token: str) -> None:
        _, page = await self.ask("GET", f"/t/{token}")
        form = {"form_word": re.search(rb'form_word" value="(\w+)', page).group(1), "token": token}
        status, _ = await self.ask("POST", "/masuk", urlencode(form).encode(), "application/x-www-form-urlencoded")
        if status != 303:
            raise SystemExit(f"a panellist could not come in: {status}")
        self.word = re.search(rb'data-word="(\w+)', (await self.ask("GET", "/"))[1]).group(1).decode()

    async def work(self, number: int, question: str, rng: np.random.Generator, took: list, told: list) -> None:
        for item in range(1, ITEMS + 1):
            value = int(rng.integers(1, 5)) if question == "relevance" else int(rng.integers(0, 101))
            body = json.dumps({"round": number, "item": f"butir_{item:02d}", "question": question, "value": value,
                               "text": "", "key": f"{number}-{item}", "base": 0}).encode()
            began = time.perf_counter()
            status, text = await self.ask("POST", "/simpan", body, "application/json")
            took.append(time.perf_counter() - began)
            if status == 200:
                told.append(json.loads(text)["seq"])


def memory(pid: int) -> str:
    """Memory of a process that it shares with nobody, and all of it, in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    own = sum(int(n) for n in re.findall(r"Private_\w+:\s+(\d+) kB", text)) / 1024
    resident = int(re.search(r"Rss:\s+(\d+)", text).group(1)) / 1024
    return f"{own:.0f} MB private, {resident:.0f} MB resident"


async def run(path: Path, port: int, judges: int, pid: int) -> None:
    """All rounds; prints one line a round."""
    with closing(Store(path)) as store:
        tokens = [store.make_link(judge) for judge in range(1, judges + 1)]
        lines = [Line(port) for _ in tokens]
        for line, token in zip(lines, tokens, strict=True):
            await line.enter(token)
        print(f"  {judges} panellists are in; the server has {memory(pid)}")
        told: list[int] = []
        for number, question in ((1, "relevance"), (2, "relevance"), (3, "angoff")):
            store.open_round(number)
            took: list[float] = []
            began = time.perf_counter()
            await asyncio.gather(*(line.work(number, question, np.random.default_rng([number, place]), took, told)
                                   for place, line in enumerate(lines)))
            seconds = time.perf_counter() - began
            p50, p99 = 1000 * np.percentile(took, (50, 99))
            print(f"  round {number}: {len(took)} saves, {len(took) / seconds:.0f}/s, p50 {p50:.1f} ms, "
                  f"p99 {p99:.1f} ms, longest {1000 * max(took):.0f} ms; {memory(pid)}")
            store.close_round(number)
        for line in lines:
            line.writer.close()
    with reading(path) as db:
        kept = {seq for (seq,) in db.execute("SELECT seq FROM answer")}
    answers = len(read_panel(path).frame)
    print(f"  acknowledged {len(told)}, stored {len(kept)}, in the panel {answers}")
    if not set(told) == kept or not len(told) == answers == judges * ITEMS * ROUNDS:
        raise SystemExit("stored and acknowledged differ")


def main() -> None:
    """Twenty panellists, then two hundred."""
    for judges in (20, 200):
        with tempfile.TemporaryDirectory() as folder:
            path = make(Path(folder) / "w", judges)
            server = subprocess.Popen([sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE, text=True)
            port = int(server.stdout.readline().rsplit(":", 1)[1])
            print(f"{judges} panellists x {ITEMS} indicators x {ROUNDS} rounds, no pause between answers")
            try:
                asyncio.run(asyncio.wait_for(run(path, port, judges, server.pid), timeout=500))
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(timeout=30)


if __name__ == "__main__":
    main()
