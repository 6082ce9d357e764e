"""What the world does to a laptop in a meeting room: nothing acknowledged is lost, and nothing else is let in."""

import http.client
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.workshop.create import create_workshop
from kinerja_lab.workshop.reading import read_panel
from kinerja_lab.workshop.records import Answer
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.store import LONGEST_COMMENT, Store

from .conftest import NAMES, plan

pytestmark = pytest.mark.xdist_group("workshop-faults")


def stored(path):
    with reading(path) as db:
        return {key: seq for seq, key in db.execute("SELECT seq, key FROM answer")}


def enter(server, path, judges=(1,)):
    with closing(Store(path)) as store:
        tokens = [store.make_link(judge) for judge in judges]
    panel = []
    for token in tokens:
        panel.append(server.visitor())
        assert panel[-1].enter(token).status == 303
    return panel


def test_killed_in_the_middle_of_saves_again_and_again(made, serve):
    """Three panellists save without a pause while the server is killed three times; lost replies are sent again."""
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
    server = serve(path)
    panel = enter(server, path, (1, 2, 3))
    acknowledged: list[dict[str, int]] = [{}, {}, {}]
    end = Event()

    def work(number):
        visitor, base, tap = panel[number], 0, 0
        while not end.is_set() and tap < 400:
            key = f"{number}-{tap}"
            try:
                reply = visitor.tap(key=key, value=1 + tap % 4, base=base)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)  # the server is gone: the same tap is sent again until it is acknowledged
                continue
            if reply.status == 200:
                base = acknowledged[number][key] = reply.json["seq"]
                tap += 1

    threads = [Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        before = sum(map(len, acknowledged))
        deadline = time.monotonic() + 20
        while sum(map(len, acknowledged)) < before + 15 and time.monotonic() < deadline:
            time.sleep(0.01)
        server.kill()
        server.start()
    time.sleep(0.5)
    end.set()
    for thread in threads:
        thread.join(timeout=30)
    server.kill()
    kept, told = stored(path), {key: seq for one in acknowledged for key, seq in one.items()}
    assert len(told) >= 45
    assert {key: kept.get(key) for key in told} == told  # nothing acknowledged is lost, with the number acknowledged
    assert len(set(kept.values())) == len(kept)
    assert len(kept) - len(told) <= 3  # at most the tap that was under way of each panellist
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of 600 KB; skipped where mounting is not permitted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "none", str(folder)]
    allowed = shutil.which("mount") and hasattr(os, "geteuid") and os.geteuid() == 0
    if not allowed or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(save, *, most):
    """Save long comments until the disk refuses; returns the keys acknowledged and what the refusal said."""
    base, told = 0, []
    for number in range(most):
        reply = save(f"k{number}", base)
        if isinstance(reply, str):
            return told, reply
        base = reply
        told.append(f"k{number}")
    raise AssertionError("the disk never filled up")


def test_a_full_disk_refuses_loudly_and_keeps_what_it_acknowledged(small_disk, inside):
    path = small_disk / "w" / "uji.db"
    create_workshop(path, plan())
    with closing(Store(path)) as store:
        store.open_round(1)
    server = inside(path)
    (visitor,) = enter(server, path)

    def save(key, base):
        reply = visitor.tap(question="comment", value=None, text="x" * LONGEST_COMMENT, key=key, base=base)
        return reply.json["seq"] if reply.status == 200 else f"{reply.status} {reply.json['code']}"

    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 200_000)
    told, refusal = fill_up(save, most=300)
    assert refusal == "507 workshop_disk_full" and len(told) > 5
    assert set(stored(path)) == set(told)
    ballast.unlink()  # somebody makes room: the same tap goes through, without a restart
    assert isinstance(save(f"k{len(told)}", len(told)), int)
    assert set(stored(path)) == {*told, f"k{len(told)}"}


def test_a_quota_stands_in_for_a_full_disk_where_none_can_be_mounted(made):
    """SQLite's own page limit: the same error code as a full disk, without the right to mount one."""
    path, _ = made
    with closing(Store(path)) as store:
        session = store.redeem(store.make_link(1), door="x")
        store.open_round(1)
        pages = store.db.execute("PRAGMA page_count").fetchone()[0]
        store.db.execute(f"PRAGMA max_page_count = {pages + 20}")

        def save(key, base):
            try:
                return store.save(session, Answer(round=1, item="butir_1", question="comment", key=key, base=base,
                                                  text="x" * LONGEST_COMMENT)).seq
            except KinerjaError as error:
                return error.message.code

        told, refusal = fill_up(save, most=100)
        assert refusal == "error.workshop_disk_full"
        assert set(stored(path)) == set(told)
        store.db.execute(f"PRAGMA max_page_count = {pages + 1000}")
        assert isinstance(save("after", len(told)), int)


def test_a_program_that_writes_makes_saves_wait_and_then_fail_loudly(made, inside):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
    server = inside(path)
    (visitor,) = enter(server, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = visitor.tap()
        assert refused.status == 503 and refused.json["code"] == "workshop_busy" and refused.headers["Retry-After"]
        other.execute("ROLLBACK")
    assert visitor.tap().json == {"seq": 1, "repeated": False}  # the same tap, sent again
    assert list(stored(path)) == ["k"]


def test_a_program_that_reads_blocks_nobody(made, inside):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
    server = inside(path)
    (visitor,) = enter(server, path)
    with reading(path) as db:
        db.execute("SELECT * FROM answer").fetchall()
        assert visitor.tap().status == 200
    assert len(read_panel(path).frame) == 1


def test_a_restart_needs_no_new_link(made, serve):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
    server = serve(path)
    (visitor,) = enter(server, path)
    visitor.tap()
    server.kill()
    server.start()
    visitor.hang_up()
    assert visitor.tap().json == {"seq": 1, "repeated": True}
    assert visitor.get("/butir/1").status == 200


def test_asked_to_end_it_ends_and_leaves_a_whole_file(made, serve):
    path, _ = made
    server = serve(path)
    enter(server, path)
    assert server.stop() == ""
    assert server.process.returncode == 0
    assert not Path(f"{path}-wal").exists()  # everything has been folded into the one file
    assert list(read_panel(path).judges) == [f"P{n:02d}" for n in range(1, len(NAMES) + 1)]
