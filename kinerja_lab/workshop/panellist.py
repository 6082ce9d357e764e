"""The panellist's pages: how does he come in, answer, go on where he stopped, and see what the room said?"""

import json
import re

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.text.catalogue import LANGUAGES
from kinerja_lab.workshop.feedback import CellFeedback, room_feedback
from kinerja_lab.workshop.reading import RoundStatus, Snapshot, own_answers, snapshot
from kinerja_lab.workshop.records import Answer, Conflict, Saved, Visitor
from kinerja_lab.workshop.store import LONGEST_COMMENT, Store
from kinerja_lab.workshop.tokens import csrf_of, digest, new_token
from kinerja_lab.workshop.views import BAR_WIDTH, Cell, Own, Screen, bars, screens, shown_answer
from kinerja_lab.workshop.web import DOOR, LANG, PANELLIST, WorkshopPage

__all__ = ["ROUTES"]

_BACK = re.compile(r"/(?:t/[A-Za-z0-9_-]{1,64}|butir/\d{1,4}|umpan-balik/\d{1,3}|fasilitator)?")


class Start(WorkshopPage):
    """Where one stands: what is answered, what is not."""

    async def get(self) -> None:
        """Show the list of indicators, or how to come in."""
        visitor = await self.site.in_store(self.site.store.visitor, self.session)
        if visitor is None or visitor.judge is None:
            self.show("tanpa-tautan.html")
            return
        found, own = await self.site.in_store(_stand, self.site.store, visitor.judge)
        status = found.current
        made = screens(found, status=status, own=own) if status else ()
        self.show("mulai.html", signed=True, found=found, status=status, screens=made, alias=visitor.alias,
                  missing=sum(screen.missing for screen in made), first=_first_missing(made),
                  judge=_public_name(self.site.store, visitor))


class Door(WorkshopPage):
    """The address in the link: a page with one button, so that a program that only looks ahead uses nothing up."""

    async def get(self, token: str) -> None:
        """Show the button."""
        door = self.get_cookie(DOOR, "") or new_token()
        self.keep(DOOR, door)
        self.show("pintu.html", token=token, door_word=csrf_of(door))


class Enter(WorkshopPage):
    """The button behind the link."""

    async def post(self) -> None:
        """Use the token up and sign in."""
        self.knock()
        door = self.get_cookie(DOOR, "") or ""
        self.check_form(door)
        try:
            session = await self.site.in_store(
                lambda: self.site.store.redeem(self.get_body_argument("token", ""), door=door))
        except KinerjaError:
            self.site.knocks.spend(self.request.remote_ip)
            raise
        self.keep(PANELLIST, session)
        self.redirect("/", status=303)


class ItemPage(WorkshopPage):
    """One indicator on the screen; works without scripts."""

    async def get(self, place: str) -> None:
        """Show the questions about one indicator."""
        visitor = await self.visitor()
        await self._page(visitor, int(place))

    async def post(self, place: str) -> None:
        """Save what a form without scripts sent, and go on."""
        visitor = await self.visitor()
        self.check_form(self.session)
        found, own = await self.site.in_store(_stand, self.site.store, visitor.judge)
        status, screen = _open_screen(found, own, int(place))
        sent = [answer for cell in screen.cells if (answer := self._sent(status, screen, cell)) is not None]
        clashes = []
        for answer in sent:
            try:
                await self.site.in_store(self.site.store.save, self.session, answer)
            except Conflict as clash:
                clashes.append((answer, clash))
        if clashes:
            await self._page(visitor, int(place), clashes=clashes)
            return
        found, own = await self.site.in_store(_stand, self.site.store, visitor.judge)
        first = _first_missing(screens(found, status=status, own=own), after=int(place))
        self.redirect(f"/butir/{first}" if first else "/", status=303)

    def _sent(self, status: RoundStatus, screen: Screen, cell: Cell) -> Answer | None:
        """What the form says about a question; None where it says nothing new."""
        word = self.get_body_argument(f"j-{cell.asked.code}", "").strip()
        base = self.get_body_argument(f"base-{cell.asked.code}", "0")
        nonce = self.get_body_argument("form_key", "")[:32]
        key = {"key": f"{nonce}.{cell.asked.code}", "base": int(base) if base.isdecimal() and len(base) < 16 else -1}
        place = {"round": status.number, "item": screen.sheet.code, "question": cell.asked.code}
        if not cell.required:
            text = word.replace("\r\n", "\n")
            return None if text == cell.text else Answer(text=text, **place, **key)
        if not word:
            return None
        value = float(word) if word.isdecimal() and len(word) < 6 else -1.0
        return None if value == cell.value else Answer(value=value, **place, **key)

    async def _page(self, visitor: Visitor, place: int, clashes: list[tuple[Answer, Conflict]] | None = None) -> None:
        found, own = await self.site.in_store(_stand, self.site.store, visitor.judge)
        status, screen = _open_screen(found, own, place)
        made = screens(found, status=status, own=own)
        questions = {asked.code: asked for asked in status.questions}
        said = [(answer.question, *(shown_answer(questions[answer.question], one.value, one.text)
                                    for one in (clash, answer))) for answer, clash in clashes or []]
        self.show("butir.html", http=409 if said else 200, signed=True, found=found, round=status, screens=made,
                  here=screen, clashes=said, form_key=new_token(), alias=visitor.alias, longest=LONGEST_COMMENT,
                  first=_first_missing(made, after=place), judge=_public_name(self.site.store, visitor))


class Tap(WorkshopPage):
    """Where the page's script sends each tap."""

    async def post(self) -> None:
        """Save one answer; the reply is sent when it is on the disk."""
        visitor = await self.visitor()
        self.check_form(self.session)
        wait = self.site.taps.wait(visitor.judge)
        if wait > 0:
            raise KinerjaError("workshop_wait", seconds=int(wait) + 1)
        self.site.taps.spend(visitor.judge)
        saved: Saved = await self.site.in_store(self.site.store.save, self.session, _answer_of(self.request.body))
        self.finish({"seq": saved.seq, "repeated": saved.repeated})


class State(WorkshopPage):
    """What the page's script asks now and then: which round, is it open, is there something to see?"""

    async def get(self) -> None:
        """The state of the current round."""
        await self.visitor()
        found = await self.site.in_store(_now, self.site.store)
        status = found.current
        self.finish({"round": status.number if status else 0, "state": status.state if status else "planned",
                     "shown": [other.number for other in found.rounds if other.shown]})


class FeedbackPage(WorkshopPage):
    """What the room answered in a round, with one's own answer marked, once the facilitator shows it."""

    async def get(self, number: str) -> None:
        """Show the distributions."""
        visitor = await self.visitor()
        found, cells = await self.site.in_store(_feedback, self.site.store, int(number), visitor.judge)
        status = found.round(int(number))
        self.show("umpan-balik.html", signed=True, found=found, status=status, cells=cells, bars=bars, width=BAR_WIDTH,
                  room=False)


class Leave(WorkshopPage):
    """Sign out, e.g. before the phone goes to the next panellist."""

    async def post(self) -> None:
        """End the session."""
        self.check_form(self.session)
        await self.site.in_store(self.site.store.leave, self.session)
        self.clear_cookie(PANELLIST)
        self.redirect("/", status=303)


class Language(WorkshopPage):
    """The reader's language."""

    async def get(self, lang: str) -> None:
        """Remember it and go back."""
        if lang in LANGUAGES:
            self.keep(LANG, lang)
        back = self.get_query_argument("ke", "/")
        elsewhere = "/fasilitator" if back.startswith("/fasilitator") else "/"
        self.redirect(back if _BACK.fullmatch(back) else elsewhere, status=303)


ROUTES = [(r"/", Start), (r"/t/([A-Za-z0-9_-]{1,64})", Door), (r"/masuk", Enter), (r"/butir/(\d{1,4})", ItemPage),
          (r"/simpan", Tap), (r"/keadaan", State), (r"/umpan-balik/(\d{1,3})", FeedbackPage), (r"/keluar", Leave),
          (r"/bahasa/([a-z]{2})", Language)]
"""Addresses and the pages behind them."""


def _now(store: Store) -> Snapshot:
    return snapshot(store.db, now=store.now())


def _stand(store: Store, judge: int) -> tuple[Snapshot, Own]:
    """The workshop and one panellist's answers in its current round."""
    found = _now(store)
    return found, own_answers(store.db, judge=judge, round=found.current.number) if found.current else {}


def _feedback(store: Store, number: int, judge: int) -> tuple[Snapshot, dict[tuple[str, str], CellFeedback]]:
    found = _now(store)
    if not 1 <= number <= len(found.rounds) or not found.round(number).shown:
        raise KinerjaError("workshop_not_shown")
    return found, room_feedback(store.db, round=number, questions=found.round(number).required, judge=judge)


def _open_screen(found: Snapshot, own: Own, place: int) -> tuple[RoundStatus, Screen]:
    status = found.current
    if status is None or status.state != "open":
        raise KinerjaError("workshop_round_closed", round=str(status.number if status else 1))
    if not 1 <= place <= len(found.items):
        raise KinerjaError("workshop_no_page")
    return status, screens(found, status=status, own=own)[place - 1]


def _first_missing(made: tuple[Screen, ...], *, after: int = 0) -> int:
    """Place of the next indicator that is not complete, round the corner if need be; 0 when all are."""
    order = [screen.place for screen in made if screen.missing]
    return next((place for place in order if place > after), order[0] if order else 0)


def _public_name(store: Store, visitor: Visitor) -> str:
    """What the browser's own memory calls the panellist: nothing that says who he is."""
    return digest(f"{store.meta['id']}|{visitor.judge}").hex()[:16]


def _answer_of(body: bytes) -> Answer:
    """The tap in a script's message; anything else than exactly that is refused."""
    kinds = {"round": int, "item": str, "question": str, "text": str, "key": str, "base": int}
    try:
        sent = json.loads(body)
        value = sent.pop("value")
        sound = set(sent) == set(kinds) and all(type(sent[name]) is kind for name, kind in kinds.items()) and (
            value is None or type(value) in (int, float))
        for name in ("item", "question", "text", "key"):
            sent[name].encode("utf-8")
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise KinerjaError("workshop_bad_answer")
    return Answer(value=value, **sent)
