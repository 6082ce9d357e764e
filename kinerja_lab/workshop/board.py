"""How does the facilitator lead the workshop from a notebook, over the same file that the server writes?"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.workshop.overview import look, progress_word, write_number
from kinerja_lab.workshop.pages import page
from kinerja_lab.workshop.results import RELEVANT
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.store import Store

if TYPE_CHECKING:
    from ipywidgets import VBox

__all__ = ["FacilitatorBoard"]

SERVE = (sys.executable, "-m", "kinerja_lab", "workshop", "serve")


class FacilitatorBoard:
    """Buttons and tables for a notebook cell: rounds, who has answered, agreement, heat map, drift.

    Parameters
    ----------
    path : pathlib.Path or str
        The workshop file. The board opens it for each act and lets go of it, so that it stands in nobody's way.
    lang : str
        ``"id"`` or ``"en"``.
    host : str
        Address on which the server started here listens; ``127.0.0.1`` is this computer only.
    port : int
        Its port; 0 lets the system choose.
    command : sequence of str
        How a server is started; ``kinerja workshop serve`` by default.

    Notes
    -----
    The board changes nothing by itself and asks the file only when a button is pressed.
    """

    def __init__(self, path: Path | str, *, lang: str = "id", host: str = "127.0.0.1", port: int = 8765,
                 command: Sequence[str] = SERVE) -> None:
        self.path, self.lang = Path(path).resolve(), lang
        self._words, self._command = catalogue(lang), (*command, "--host", host, "--port", str(port))
        self.server: subprocess.Popen | None = None
        self.address = ""
        self.widget = self._build()
        self.refresh()

    def html(self, round: int | None = None) -> str:
        """The tables as HTML, without any form.

        Parameters
        ----------
        round : int or None
            Round to look at; the current one by default.
        """
        now = datetime.now().timestamp()
        with reading(self.path) as db:
            seen = look(db, round=round, now=now)
        return page("papan-notebook.html", lang=self.lang, seen=seen, progress_word=progress_word, relevant=RELEVANT,
                    write_number=write_number, at=datetime.fromtimestamp(now).strftime("%H.%M"))

    def refresh(self) -> None:
        """Read the file again and show it."""
        self._tables.value = self.html(self._round.value)

    def act(self, kind: str) -> None:
        """Open, close, show or hide the chosen round; a refusal is shown in words.

        Parameters
        ----------
        kind : str
            ``"open"``, ``"close"``, ``"show"`` or ``"hide"``.
        """
        acts: dict[str, Callable[[Store, int], object]] = {
            "open": Store.open_round, "close": Store.close_round,
            "show": lambda store, number: store.show_feedback(number, shown=True),
            "hide": lambda store, number: store.show_feedback(number, shown=False)}
        try:
            with closing(Store(self.path)) as store:
                acts[kind](store, self._round.value)
            self._message.value = ""
        except KinerjaError as error:
            self._message.value = self._words.sentence(error.message)
        self.refresh()

    def start_server(self) -> None:
        """Start the server as a process of its own; it ends with ``stop_server`` or with the notebook's kernel.

        Raises
        ------
        KinerjaError
            ``workshop_server_ended`` with what it said.
        """
        if self.server is not None and self.server.poll() is None:
            return
        folder = self.path.parent.parent
        environment = {**os.environ, "KINERJA_STUDIES": str(folder.parent), "KINERJA_LANG": self.lang}
        self.server = subprocess.Popen([*self._command, "--name", self.path.stem, folder.name], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        line = self.server.stdout.readline()
        self.address = next((word for word in line.split() if word.startswith(("http://", "https://"))), "")
        if not self.address:
            rest = self.server.communicate()[0]
            raise KinerjaError("workshop_server_ended", detail=(line + rest).strip() or "-")
        self._message.value = self._words.text("workshop.board_running", address=self.address)

    def stop_server(self) -> None:
        """End the server that was started here."""
        if self.server is not None:
            self.server.terminate()
            self.server.communicate(timeout=30)
        self.server, self.address = None, ""
        self._message.value = self._words.text("workshop.board_stopped")

    def _build(self) -> "VBox":
        import ipywidgets

        text = self._words.text
        with reading(self.path) as db:
            rounds = [number for (number,) in db.execute("SELECT number FROM round ORDER BY number")]
            current = look(db, round=None, now=0).status
        self._round = ipywidgets.Dropdown(options=rounds, value=current.number if current else rounds[0],
                                          description=text("workshop.board_round"))
        self._round.observe(lambda change: self.refresh(), names="value")
        self._message = ipywidgets.Label()
        self._tables = ipywidgets.HTML()

        def button(key: str, act: Callable[[], None]) -> ipywidgets.Button:
            made = ipywidgets.Button(description=text(key), layout={"width": "auto"})
            made.on_click(lambda pressed: self._said(act))
            return made

        acts = [button(f"workshop.act_{kind}", lambda kind=kind: self.act(kind))
                for kind in ("open", "close", "show", "hide")]
        server = [button("workshop.board_start", self.start_server), button("workshop.board_stop", self.stop_server)]
        return ipywidgets.VBox([
            ipywidgets.HBox([self._round, *acts, button("workshop.board_refresh", self.refresh)]),
            ipywidgets.HBox(server), self._message, self._tables])

    def _said(self, act: Callable[[], None]) -> None:
        try:
            act()
        except KinerjaError as error:
            self._message.value = self._words.sentence(error.message)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)
