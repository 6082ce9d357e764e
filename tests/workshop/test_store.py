"""The file keeps what it acknowledged, in the order in which it came, and lets nothing else in."""

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.workshop.create import create_workshop
from kinerja_lab.workshop.feedback import LEAST_SHOWN, room_feedback
from kinerja_lab.workshop.limits import Allowance
from kinerja_lab.workshop.plan import WorkshopPlan, round_questions
from kinerja_lab.workshop.questions import QUESTIONS
from kinerja_lab.workshop.reading import own_answers, read_panel, snapshot
from kinerja_lab.workshop.records import Answer, Conflict
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.store import LONGEST_COMMENT, Store

from .conftest import NAMES, plan


class Clock:
    """A clock on the wall and one that never goes back, both in the test's hand."""

    def __init__(self, wall: float = 1_000_000.0) -> None:
        self.wall, self.tick = wall, 0.0


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(made, clock):
    with closing(Store(made[0], clock=lambda: clock.wall, ticks=lambda: clock.tick)) as opened:
        yield opened


def sign_in(store, judge=1):
    return store.redeem(store.make_link(judge), door=f"door of {judge}")


def answer(**changes):
    return Answer(**{"round": 1, "item": "butir_1", "question": "relevance", "value": 3.0, "key": "k1", **changes})


def code(error) -> str:
    return error.value.message.code.split(".", 1)[1]


def rows(store):
    return store.db.execute("SELECT count(*) FROM answer").fetchone()[0]


def test_no_secret_stands_in_the_file(made):
    path, secret = made
    with closing(Store(path)) as store:
        token = store.make_link(1)
        session = store.redeem(token, door="the door of a browser")
        content = b"".join(file.read_bytes() for file in path.parent.iterdir() if file.is_file())
    assert b"butir_1" in content
    for word in (secret, token, session, "the door of a browser"):
        assert word.encode() not in content


def test_the_file_is_for_its_owner_and_git_ignores_the_folder(made):
    path, _ = made
    assert path.stat().st_mode & 0o077 == 0
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_a_workshop_is_not_made_over_another(made):
    with pytest.raises(KinerjaError) as error:
        create_workshop(made[0], plan())
    assert code(error) == "workshop_exists"


def test_answers_are_appended_and_the_latest_counts(store):
    session = sign_in(store)
    store.open_round(1)
    first = store.save(session, answer(value=2.0))
    second = store.save(session, answer(value=4.0, key="k2", base=first.seq))
    assert second.seq > first.seq
    assert [value for (value,) in store.db.execute("SELECT value FROM answer ORDER BY seq")] == [2.0, 4.0]
    assert own_answers(store.db, judge=1, round=1) == {("butir_1", "relevance"): (4.0, "", second.seq)}


@pytest.mark.parametrize("line", ["UPDATE answer SET value = 1", "DELETE FROM answer", "DELETE FROM act",
                                  "UPDATE act SET kind = 'open'"])
def test_the_file_itself_refuses_to_change_a_record(store, line):
    session = sign_in(store)
    store.open_round(1)
    store.save(session, answer())
    with pytest.raises(sqlite3.IntegrityError, match="only added"):
        store.db.execute(line)


def test_the_same_tap_twice_is_one_record(store):
    session = sign_in(store)
    store.open_round(1)
    first = store.save(session, answer())
    again = store.save(session, answer())
    assert (again.seq, again.repeated, rows(store)) == (first.seq, True, 1)
    store.close_round(1)
    assert store.save(session, answer()).seq == first.seq  # it was acknowledged; a closed round does not unmake it


def test_a_key_is_not_used_for_another_answer(store):
    session = sign_in(store)
    store.open_round(1)
    store.save(session, answer())
    with pytest.raises(KinerjaError) as error:
        store.save(session, answer(value=4.0))
    assert code(error) == "workshop_key_reused" and rows(store) == 1


def test_two_panellists_may_use_the_same_key(store):
    one, two = sign_in(store, 1), sign_in(store, 2)
    store.open_round(1)
    assert store.save(one, answer()).seq != store.save(two, answer(value=1.0)).seq


def test_an_old_tab_does_not_overwrite_in_silence(store):
    session = sign_in(store)
    store.open_round(1)
    first = store.save(session, answer(value=2.0))
    with pytest.raises(Conflict) as error:
        store.save(session, answer(value=4.0, key="other tab", base=0))
    assert (error.value.seq, error.value.value) == (first.seq, 2.0)
    assert rows(store) == 1


@pytest.mark.parametrize("wrong", [
    {"value": 0.0}, {"value": 5.0}, {"value": 2.5}, {"value": float("nan")}, {"value": float("inf")}, {"value": None},
    {"item": "butir_9"}, {"question": "angoff"}, {"question": "nope"}, {"key": ""}, {"key": "k" * 65},
    {"text": "a number with words"}, {"question": "comment", "value": 1.0},
    {"question": "comment", "value": None, "text": "x" * (LONGEST_COMMENT + 1)},
])
def test_what_is_no_answer_is_refused(store, wrong):
    session = sign_in(store)
    store.open_round(1)
    with pytest.raises(KinerjaError) as error:
        store.save(session, answer(**wrong))
    assert code(error) == "workshop_bad_answer" and rows(store) == 0


@pytest.mark.parametrize("number", [1, 2, 3, 99, -1])
def test_only_an_open_round_takes_answers(store, number):
    session = sign_in(store)
    if number != 1:
        store.open_round(1)
    with pytest.raises(KinerjaError) as error:
        store.save(session, answer(round=number))
    assert code(error) == "workshop_round_closed" and rows(store) == 0


def test_rounds_are_held_in_order(store):
    def refused(act, *values, **named):
        with pytest.raises(KinerjaError) as error:
            act(*values, **named)
        return code(error)

    assert refused(store.open_round, 2) == "workshop_round_order"
    assert refused(store.close_round, 1) == "workshop_round_not_open"
    assert refused(store.open_round, 9) == "workshop_no_such_round"
    store.open_round(1)
    assert refused(store.open_round, 1) == "workshop_other_round_open"
    assert refused(store.show_feedback, 1, shown=True) == "workshop_round_not_closed"
    store.close_round(1)
    store.open_round(1)  # closed too early: nobody has seen anything yet
    store.close_round(1)
    store.show_feedback(1, shown=True)
    store.show_feedback(1, shown=False)
    assert refused(store.open_round, 1) == "workshop_round_shown"
    store.open_round(2)
    store.close_round(2)
    assert refused(store.open_round, 1) == "workshop_round_order"
    found = snapshot(store.db, now=store.now())
    assert [(status.state, status.shown) for status in found.rounds] == [
        ("closed", False), ("closed", False), ("planned", False)]


def test_a_link_signs_one_browser_in(store):
    token = store.make_link(1)
    first = store.redeem(token, door="phone")
    again = store.redeem(token, door="phone")  # the reply was lost on the way; the same browser comes again
    assert store.visitor(first).judge == store.visitor(again).judge == 1
    for door in ("laptop", ""):
        with pytest.raises(KinerjaError) as error:
            store.redeem(token, door=door)
        assert code(error) == "workshop_link_used"


def test_a_new_link_ends_the_old_one_and_revoking_ends_everything(store):
    old = store.make_link(1)
    session = store.redeem(store.make_link(1), door="phone")
    with pytest.raises(KinerjaError) as error:
        store.redeem(old, door="x")
    assert code(error) == "workshop_link_revoked"
    store.open_round(1)
    store.save(session, answer())
    waiting = store.make_link(1)
    store.revoke(1)
    assert store.visitor(session) is None
    with pytest.raises(KinerjaError) as error:
        store.save(session, answer(key="k2", base=1))
    assert code(error) == "workshop_signed_out" and rows(store) == 1
    with pytest.raises(KinerjaError):
        store.redeem(waiting, door="x")


@pytest.mark.parametrize("token", ["", "x", "A" * 22, "A" * 100_000, "\ud800", "' OR 1=1 --"])
def test_a_forged_token_is_unknown(store, token):
    store.make_link(1)
    with pytest.raises(KinerjaError) as error:
        store.redeem(token, door="x")
    assert code(error) == "workshop_link_unknown"


def test_links_and_sessions_expire(store, clock):
    waiting, session = store.make_link(2), sign_in(store)
    clock.tick += store.lifetime - 1
    assert store.visitor(session) is not None
    clock.tick += 1
    assert store.visitor(session) is None
    with pytest.raises(KinerjaError) as error:
        store.redeem(waiting, door="x")
    assert code(error) == "workshop_link_expired"


def test_setting_the_clock_back_changes_neither_order_nor_expiry(made, store, clock):
    waiting, session = store.make_link(2), sign_in(store)
    store.open_round(1)
    first = store.save(session, answer(value=2.0))
    clock.wall -= 86_400
    clock.tick += 5
    store.save(session, answer(value=4.0, key="k2", base=first.seq))
    assert own_answers(store.db, judge=1, round=1)["butir_1", "relevance"][0] == 4.0
    stamps = [at for (at,) in store.db.execute("SELECT at FROM answer ORDER BY seq")]
    assert stamps == [1_000_000.0, 1_000_005.0]
    clock.tick += store.lifetime
    expired_at = store.now()
    session3 = sign_in(store, 3)
    store.close()
    with closing(Store(made[0], clock=lambda: clock.wall, ticks=lambda: clock.tick)) as later:
        assert later.now() == expired_at  # a clock that is behind what was recorded is not believed
        assert later.visitor(session) is None and later.visitor(session3) is not None
        with pytest.raises(KinerjaError) as error:
            later.redeem(waiting, door="x")
        assert code(error) == "workshop_link_expired"


def test_the_facilitators_secret_is_its_own(made, store):
    secret = made[1]
    assert store.visitor(store.enter(secret)).judge is None
    for wrong in ("", "x", store.make_link(1)):
        with pytest.raises(KinerjaError) as error:
            store.enter(wrong)
        assert code(error) == "workshop_wrong_secret"
    with pytest.raises(KinerjaError) as error:
        store.save(store.enter(secret), answer())
    assert code(error) == "workshop_signed_out"
    holder = store.enter(secret)
    renewed = store.renew_secret()
    assert store.visitor(holder) is None and store.visitor(store.enter(renewed)).judge is None
    with pytest.raises(KinerjaError):
        store.enter(secret)


def test_the_panel_holds_the_newest_answers(made, store):
    one, two = sign_in(store, 1), sign_in(store, 2)
    store.open_round(1)
    store.save(one, answer(value=2.0))
    store.save(one, answer(value=4.0, key="b", base=1))
    store.save(two, answer(question="clarity", value=1.0))
    store.save(two, answer(question="comment", value=None, text="=cmd()", key="c"))
    store.close_round(1)
    store.open_round(2)
    store.close_round(2)
    store.open_round(3)
    store.save(one, answer(round=3, question="angoff", value=65.0, key="d"))
    panel = read_panel(made[0])
    assert panel.judges == ("P01", "P02", "P03") and panel.items == ("butir_1", "butir_2", "butir_3")
    assert panel.rounds == (1, 3)
    matrix = panel.of("relevance", 1).matrix()
    assert matrix.shape == (3, 3) and matrix[0, 0] == 4.0 and np.isnan(matrix).sum() == 8
    assert panel.of("angoff", 3).matrix()[0, 0] == 65 / 100
    assert panel.comments().to_dict("records") == [
        {"item": "butir_1", "question": "relevance", "round": 1, "comment": "=cmd()"}]


def test_an_empty_workshop_is_an_empty_panel(made):
    panel = read_panel(made[0])
    assert len(panel.frame) == 0 and len(panel.judges) == 3
    assert [question.code for question in panel.questions] == ["relevance", "clarity", "angoff"]


def test_anonymous_aliases_do_not_follow_the_list_of_names(tmp_path):
    names = tuple(f"Orang {number}" for number in range(40))
    path = tmp_path / "a.db"
    create_workshop(path, plan(judges=names, anonymous=True))
    with reading(path) as db:
        aliases = [judge.alias for judge in snapshot(db, now=0).judges]
    assert sorted(aliases) == [f"P{number:02d}" for number in range(1, 41)]
    assert aliases != sorted(aliases)  # one chance in 40! to fail by accident


def test_each_closed_round_leaves_a_copy_that_opens(made, store):
    session = sign_in(store)
    store.open_round(1)
    store.save(session, answer())
    copy = store.close_round(1)
    assert copy.parent.name == "cadangan" and copy.stat().st_mode & 0o077 == 0
    assert len(read_panel(copy).frame) == 1
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_notebook_reads_while_the_workshop_runs(made, store):
    session = sign_in(store)
    store.open_round(1)
    with reading(made[0]) as db:
        before = db.execute("SELECT count(*) FROM answer").fetchone()[0]
        store.save(session, answer())  # a reader in the middle of its work blocks nobody
        assert db.execute("SELECT count(*) FROM answer").fetchone()[0] == before == 0
        with pytest.raises(sqlite3.OperationalError):
            db.execute("INSERT INTO act (round, kind, at) VALUES (1, 'close', 0)")
    assert len(read_panel(made[0]).frame) == 1


def test_a_file_that_is_no_workshop_is_refused(tmp_path):
    missing, other, text = tmp_path / "no.db", tmp_path / "other.db", tmp_path / "text.db"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE t (x)")
    text.write_text("not a database, but long enough to be looked at" * 20)
    for path, expected in ((missing, "workshop_not_a_file"), (other, "workshop_not_a_file"),
                           (text, "workshop_damaged")):
        with pytest.raises(KinerjaError) as error:
            read_panel(path)
        assert code(error) == expected


def test_another_version_is_refused(made):
    with closing(sqlite3.connect(made[0])) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(KinerjaError) as error:
        Store(made[0])
    assert code(error) == "workshop_newer_version"


def test_every_fault_of_a_plan_is_named_at_once():
    with pytest.raises(InputFaults) as error:
        WorkshopPlan(name=" ", study="s", items=(), judges=("Ani", "ani ", ""), hours=0,
                     rounds=round_questions(["relevance,relevence,relevance", "comment"]))
    found = sorted(fault.message.code for fault in error.value.faults)
    assert found == ["fault.workshop_hours", "fault.workshop_judge_name", "fault.workshop_judge_twice",
                     "fault.workshop_name", "fault.workshop_no_items", "fault.workshop_no_questions",
                     "fault.workshop_question_twice", "fault.workshop_unknown_question"]
    assert next(fault for fault in error.value.faults if "unknown" in fault.message.code).message.params[
        "nearest"] == "relevance"


def test_feedback_hides_what_few_answered(store):
    store.open_round(1)
    for judge, value in ((1, 2.0), (2, 4.0)):
        store.save(sign_in(store, judge), answer(value=value))
    asked = (QUESTIONS["relevance"],)
    few = room_feedback(store.db, round=1, questions=asked, judge=1)["butir_1", "relevance"]
    assert not few.shown and few.own == 2.0 and np.isnan(few.median)
    store.save(sign_in(store, 3), answer(value=4.0))
    all_three = room_feedback(store.db, round=1, questions=asked, judge=None)["butir_1", "relevance"]
    assert all_three.n == LEAST_SHOWN and all_three.counts == (0, 1, 0, 2)
    assert (all_three.lower, all_three.median, all_three.upper, all_three.own) == ((2 + 4) / 2, 4.0, 4.0, None)


def test_percentages_fall_into_tenths_with_100_in_the_last(store):
    for number in (1, 2):
        store.open_round(number)
        store.close_round(number)
    store.open_round(3)
    for judge, value in enumerate((9.0, 10.0, 100.0), start=1):
        store.save(sign_in(store, judge), answer(round=3, question="angoff", value=value))
    cell = room_feedback(store.db, round=3, questions=(QUESTIONS["angoff"],), judge=3)["butir_1", "angoff"]
    assert cell.counts == (1, 1, 0, 0, 0, 0, 0, 0, 0, 1) and cell.own == 100.0


def test_items_stay_as_the_panel_saw_them(made):
    with reading(made[0]) as db:
        found = snapshot(db, now=0)
    assert json.loads(json.dumps(found.items[0].definition["id"]))["numerator"] == "dokumen"
    assert [judge.name for judge in found.judges] == list(NAMES)


def test_an_allowance_comes_back_with_time():
    now = [0.0]
    tries = Allowance(burst=2, per_second=0.5, ticks=lambda: now[0], most=2)
    for _ in range(2):
        assert tries.wait("a") == 0
        tries.spend("a")
    assert tries.wait("a") == 1 / 0.5
    assert tries.wait("b") == 0
    now[0] = 2.0
    assert tries.wait("a") == 0
    for who in "bcd":
        tries.spend(who)
    assert len(tries._left) == 2
