"""The facilitator's page: how does he open and close rounds, hand out links, and decide what the room sees?"""

import asyncio
from datetime import datetime
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.workshop.feedback import CellFeedback, room_feedback
from kinerja_lab.workshop.pages import page, qr_svg
from kinerja_lab.workshop.panellist import _now
from kinerja_lab.workshop.reading import Snapshot
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.store import Store
from kinerja_lab.workshop.tokens import csrf_of, new_token
from kinerja_lab.workshop.views import BAR_WIDTH, bars
from kinerja_lab.workshop.web import DOOR, FACILITATOR, Site, WorkshopPage

__all__ = ["ROUTES", "board_html"]

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Facilitator(WorkshopPage):
    cookie = FACILITATOR

    async def form(self) -> None:
        """Only the facilitator, and only from his own form."""
        await self.visitor()
        self.check_form(self.session)

    def number(self, name: str) -> int:
        """A whole number of the form; -1 where it is none."""
        word = self.get_body_argument(name, "")
        return int(word) if word.isdecimal() and len(word) < 10 else -1


class Board(_Facilitator):
    """The whole workshop on one page, or the door to it."""

    async def get(self) -> None:
        """Show the board to the facilitator and a form for the secret to anybody else."""
        holder = await self.site.in_store(self.site.store.visitor, self.session)
        if holder is None or holder.judge is not None:
            door = self.get_cookie(DOOR, "") or new_token()
            self.keep(DOOR, door)
            self.show("masuk-fasilitator.html", door_word=csrf_of(door))
            return
        board = await self.board()
        self.show("fasilitator.html", board=board, chosen=self.get_query_argument("ronde", ""), leave=True,
                  address=self.site.address, in_the_open=self.site.in_the_open)

    async def board(self) -> str:
        """The part of the page that changes."""
        chosen = self.get_query_argument("ronde", "")
        number = int(chosen) if chosen.isdecimal() and len(chosen) < 4 else None
        return await asyncio.get_running_loop().run_in_executor(
            self.site.reader, board_html, self.site, number, self.lang, csrf_of(self.session))


class LiveBoard(Board):
    """The part of the board that changes, for the page's script."""

    async def get(self) -> None:
        """Send it alone."""
        await self.visitor()
        self.finish(await self.board())


class EnterBoard(_Facilitator):
    """The facilitator's secret."""

    async def post(self) -> None:
        """Sign in."""
        self.knock()
        self.check_form(self.get_cookie(DOOR, "") or "")
        try:
            session = await self.site.in_store(self.site.store.enter, self.get_body_argument("rahasia", "").strip())
        except KinerjaError:
            self.site.knocks.spend(self.request.remote_ip)
            raise
        self.keep(FACILITATOR, session)
        self.redirect("/fasilitator", status=303)


class RoundAct(_Facilitator):
    """Open or close a round, show or hide what the room said."""

    async def post(self) -> None:
        """Do it and go back to the board."""
        await self.form()
        store, number = self.site.store, self.number("ronde")
        acts = {"open": lambda: store.open_round(number), "close": lambda: store.close_round(number),
                "show": lambda: store.show_feedback(number, shown=True),
                "hide": lambda: store.show_feedback(number, shown=False)}
        act = acts.get(self.get_body_argument("tindakan", ""))
        if act is None:
            raise KinerjaError("workshop_bad_answer")
        await self.site.in_store(act)
        self.redirect("/fasilitator", status=303)


class Links(_Facilitator):
    """New one-time links: for one panellist, or for everybody who has not come in."""

    async def post(self) -> None:
        """Make them and show them once, with QR codes; only their hashes are kept."""
        await self.form()
        found = await self.site.in_store(_now, self.site.store)
        judge = self.number("panelis")
        chosen = [other for other in found.judges if other.id == judge or (judge == -1 and other.link != "used")]
        if not chosen:
            raise KinerjaError("workshop_nobody_waits")
        slips = []
        for other in chosen:
            token = await self.site.in_store(self.site.store.make_link, other.id)
            address = f"{self.site.address}/t/{token}"
            slips.append((other.name, address, qr_svg(address)))
        self.show("tautan.html", slips=slips, in_the_open=self.site.in_the_open,
                  hours=float(self.site.store.meta["hours"]))


class Revoke(_Facilitator):
    """End a panellist's link and sessions."""

    async def post(self) -> None:
        """Do it and go back to the board."""
        await self.form()
        await self.site.in_store(self.site.store.revoke, self.number("panelis"))
        self.redirect("/fasilitator", status=303)


class Download(_Facilitator):
    """The answers as a spreadsheet."""

    async def get(self) -> None:
        """Send the file."""
        await self.visitor()
        content = await asyncio.get_running_loop().run_in_executor(
            self.site.reader, _workbook, self.site.store.path, self.lang)
        self.set_header("Content-Type", _XLSX)
        self.set_header("Content-Disposition", 'attachment; filename="lokakarya.xlsx"')
        self.finish(content)


class Room(_Facilitator):
    """What the room said in a closed round, large enough for a wall."""

    async def get(self, number: str) -> None:
        """Show the distributions without anybody's own answer."""
        await self.visitor()
        found, cells = await self.site.in_store(_room, self.site.store, int(number))
        self.show("umpan-balik.html", found=found, status=found.round(int(number)), cells=cells, bars=bars,
                  width=BAR_WIDTH, room=True)


class LeaveBoard(_Facilitator):
    """Sign out."""

    async def post(self) -> None:
        """End the session."""
        await self.form()
        await self.site.in_store(self.site.store.leave, self.session)
        self.clear_cookie(FACILITATOR)
        self.redirect("/fasilitator", status=303)


ROUTES = [(r"/fasilitator", Board), (r"/fasilitator/papan", LiveBoard), (r"/fasilitator/masuk", EnterBoard),
          (r"/fasilitator/ronde", RoundAct), (r"/fasilitator/tautan", Links), (r"/fasilitator/cabut", Revoke),
          (r"/fasilitator/unduh.xlsx", Download), (r"/fasilitator/ruang/(\d{1,3})", Room),
          (r"/fasilitator/keluar", LeaveBoard)]
"""Addresses and the pages behind them."""


def board_html(site: Site, number: int | None, lang: str, word: str) -> str:
    """The changing part of the board; made anew only when the file has changed.

    Parameters
    ----------
    site : Site
        The running workshop.
    number : int or None
        Round to look at; the current one by default.
    lang : str
        ``"id"`` or ``"en"``.
    word : str
        Word that the board's forms carry.
    """
    # the methods cost a second and some tens of MB to load: panellists never wait for them
    from kinerja_lab.workshop.overview import look, progress_word, write_number
    from kinerja_lab.workshop.results import RELEVANT

    now = site.store.now()
    with reading(site.store.path) as db:
        state = (number, lang, word, int(now // 60), *db.execute(
            "SELECT (SELECT count(*) FROM answer), (SELECT count(*) FROM act), "
            "(SELECT group_concat(hex(hash) || revoked || (door IS NULL)) FROM link)").fetchone())
        if state not in site.boards:
            seen = look(db, round=number, now=now)
            site.boards.clear()
            site.boards[state] = page(
                "papan.html", lang=lang, seen=seen, word=word, progress_word=progress_word, write_number=write_number,
                relevant=RELEVANT, at=datetime.fromtimestamp(now).strftime("%H.%M"))
    return site.boards[state]


def _workbook(path: Path, lang: str) -> bytes:
    from kinerja_lab.workshop.export import workbook

    return workbook(path, lang=lang)


def _room(store: Store, number: int) -> tuple[Snapshot, dict[tuple[str, str], CellFeedback]]:
    found = _now(store)
    if not 1 <= number <= len(found.rounds) or found.round(number).state != "closed":
        raise KinerjaError("workshop_not_shown")
    return found, room_feedback(store.db, round=number, questions=found.round(number).required, judge=None)
