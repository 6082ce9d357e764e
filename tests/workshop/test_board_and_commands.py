"""The notebook's board, the spreadsheet and the commands, over one file."""

import re
import shutil
import stat
import sys
from contextlib import closing
from io import BytesIO

import openpyxl
import pytest
from typer.testing import CliRunner

from kinerja_lab.cli.workshop import app
from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.workshop.board import FacilitatorBoard
from kinerja_lab.workshop.create import create_workshop
from kinerja_lab.workshop.export import workbook, write_slips
from kinerja_lab.workshop.reading import read_panel, snapshot
from kinerja_lab.workshop.records import Answer
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.store import Store

from .conftest import NAMES, Visitor, plan

RISKY = ("=1+1", "@SUM(1+1)*cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil.example\")")
COMMAND = (sys.executable, "-c", "from kinerja_lab.cli.workshop import app; app()", "serve")


@pytest.fixture
def answered(made):
    """A workshop in which three panellists answered the first round."""
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        for judge, value in ((1, 4.0), (2, 3.0), (3, 1.0)):
            session = store.redeem(store.make_link(judge), door="x")
            for item in (1, 2, 3):
                store.save(session, Answer(round=1, item=f"butir_{item}", question="relevance", value=value,
                                           key=f"{item}"))
            store.save(session, Answer(round=1, item="butir_1", question="comment", text=RISKY[judge - 1], key="c"))
    return path


# ---- the board in a notebook

def test_the_board_leads_through_a_round(answered):
    board = FacilitatorBoard(answered)
    assert "Bagian ahli yang menjawab 3 atau lebih" in board._tables.value
    assert "0,67 (selang 95%: 0,21 sampai 0,94)" in board._tables.value  # Wilson, 2 of 3
    assert "<form" not in board._tables.value and "href" not in board._tables.value
    press = {button.description: button.click for row in board.widget.children[:2] for button in row.children
             if hasattr(button, "click")}
    press["Tampilkan hasil kepada panel"]()
    assert board._message.value == catalogue("id").text("error.workshop_round_not_closed", round="1")
    press["Tutup"]()
    press["Tampilkan hasil kepada panel"]()
    assert board._message.value == "" and "ditutup, hasil ditampilkan kepada panel" in board._tables.value
    with reading(answered) as db:
        assert snapshot(db, now=0).round(1).shown
    board._round.value = 2
    board.act("open")
    assert "Belum ada jawaban" in board._tables.value


def test_the_board_is_what_a_cell_shows(made, monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    board = FacilitatorBoard(str(made[0]), lang="en")
    board._ipython_display_()
    assert shown == [board.widget] and "Facilitator&#39;s board" in board._tables.value


def test_a_comment_is_text_on_the_board(made):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        session = store.redeem(store.make_link(1), door="x")
        store.save(session, Answer(round=1, item="butir_1", question="comment", text="<img src=x onerror=y>", key="c"))
    assert "<img" not in FacilitatorBoard(path).html() and "&lt;img" in FacilitatorBoard(path).html()


def test_the_boards_button_starts_and_stops_a_server(answered, tmp_path):
    folder = tmp_path / "studies" / "uji"
    shutil.copytree(answered.parent, folder / "lokakarya")
    board = FacilitatorBoard(folder / "lokakarya" / "uji.db", port=0, command=COMMAND)
    board.start_server()
    try:
        visitor = Visitor(int(board.address.rsplit(":", 1)[1]))
        assert visitor.get("/").status == 200 and board.address in board._message.value
        visitor.hang_up()
    finally:
        board.stop_server()
    assert board.server is None and board.address == ""


def test_a_server_that_cannot_start_says_why(answered):
    board = FacilitatorBoard(answered, command=(sys.executable, "-c", "raise SystemExit('tidak bisa')"))
    with pytest.raises(KinerjaError) as error:
        board.start_server()
    assert error.value.message.params["detail"] == "tidak bisa"


# ---- the spreadsheet

def sheets(content):
    book = openpyxl.load_workbook(BytesIO(content))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}, book


def test_the_spreadsheet_holds_answers_agreement_and_every_record(answered):
    found, book = sheets(workbook(answered, lang="id"))
    assert list(found) == ["Jawaban", "Kesepakatan", "Komentar", "Semua catatan", "Ronde", "Panelis"]
    assert found["Jawaban"][1] == [1, "P01", "butir_1", "relevance", 4]
    assert len(found["Jawaban"]) == 1 + 3 * 3 and len(found["Semua catatan"]) == 1 + 3 * 4
    row = next(row for row in found["Kesepakatan"] if row[1:3] == ["relevance", "butir_1"])
    assert row[4] == 2 / 3 and row[5] < row[4] < row[6] and row[7] == 3
    why = [row[8] for row in found["Kesepakatan"] if row[1] == "clarity"]
    assert why == [catalogue("id").text("not_applicable.workshop_nothing_answered")]
    assert [row[1] for row in found["Panelis"][1:]] == list(NAMES)
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert [cell for cell in cells if cell.data_type == "f"] == []
    risky = [cell for cell in cells if str(cell.value) in RISKY]
    assert len(risky) == 2 * len(RISKY)  # among the comments and among all records
    assert all(cell.quotePrefix and cell.data_type == "s" and not cell.hyperlink for cell in risky)


def test_an_anonymous_spreadsheet_has_neither_names_nor_times(tmp_path):
    path = tmp_path / "a.db"
    create_workshop(path, plan(anonymous=True))
    with closing(Store(path)) as store:
        store.open_round(1)
        session = store.redeem(store.make_link(1), door="x")
        store.save(session, Answer(round=1, item="butir_1", question="relevance", value=4.0, key="k"))
    found, _ = sheets(workbook(path, lang="en"))
    assert "Panellists" not in found and "Time (UTC)" not in found["All records"][0]
    words = [str(value) for rows in found.values() for row in rows for value in row]
    assert not any(name in words for name in NAMES)


def test_slips_are_for_their_owner_and_carry_a_link_that_works(answered, tmp_path):
    target = tmp_path / "slip.html"
    with closing(Store(answered)) as store:
        assert write_slips(store, address="http://192.0.2.7:8765/", judges=[2], to=target, lang="id") == 1
        text = target.read_text(encoding="utf-8")
        token = re.search(r"http://192\.0\.2\.7:8765/t/([\w-]+)", text).group(1)
        assert store.visitor(store.redeem(token, door="x")).judge == 2
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "<svg" in text and NAMES[1] in text and NAMES[0] not in text


# ---- the commands

@pytest.fixture
def studies(tmp_path, root, monkeypatch):
    """A copy of the synthetic study, where a workshop can be made."""
    shutil.copytree(root / "data/studies/layanan-publik", tmp_path / "studies/layanan-publik",
                    ignore=shutil.ignore_patterns("lokakarya"))
    monkeypatch.setenv("KINERJA_STUDIES", str(tmp_path / "studies"))
    monkeypatch.setenv("KINERJA_LANG", "id")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "studies"


def run(*arguments):
    return CliRunner().invoke(app, list(arguments), catch_exceptions=True)


def test_the_commands_make_a_workshop_and_take_it_home(studies, tmp_path):
    (tmp_path / "nama.txt").write_text("Budi\nAni\n\n", encoding="utf-8")
    done = run("open", "layanan-publik", "--round", "relevance,clarity", "--round", "angoff", "--judges", "nama.txt",
               "--judge", "Citra", "--indicators", "ikm,waktu_tunggu", "--hours", "5")
    assert done.exit_code == 0, done.output
    assert "2 indikator, 3 panelis, 2 ronde" in done.output
    secret = re.search(r": ([\w-]{22})\n", done.output).group(1)
    path = studies / "layanan-publik/lokakarya/lokakarya.db"
    panel = read_panel(path)
    assert panel.items == ("ikm", "waktu_tunggu") and len(panel.judges) == 3
    with closing(Store(path)) as store:
        assert store.enter(secret) and store.lifetime == 5 * 3600
    assert run("links", "layanan-publik", "--address", "http://192.0.2.7:8765").exit_code == 0
    assert (tmp_path / "tautan-panelis.html").read_text(encoding="utf-8").count("/t/") == 3
    assert run("export", "layanan-publik", "--out", "jawaban.xlsx").exit_code == 0
    assert (tmp_path / "jawaban.xlsx").stat().st_size > 3000
    renewed = run("secret", "layanan-publik").output
    assert secret not in renewed and re.search(r": [\w-]{22} ", renewed)
    assert "Ani" in run("revoke", "layanan-publik", "--judge", "Ani").output
    assert run("backup", "layanan-publik").exit_code == 0
    assert len(list((path.parent / "cadangan").glob("*.db"))) == 1


@pytest.mark.parametrize(("arguments", "code"), [
    (("open", "layanan-publik", "--round", "angoff", "--judge", "A", "--indicators", "nope"), "workshop_no_indicator"),
    (("open", "layanan-publik", "--round", "angoff", "--judges", "tidak-ada.txt"), "workshop_no_names_file"),
    (("open", "layanan-publik", "--round", "angoff", "--judge", "A", "--name", "../x"), "workshop_file_name"),
    (("open", "tidak-ada", "--round", "angoff", "--judge", "A"), "unknown_study"),
    (("open", "layanan-publik"), "input_faults"),
    (("serve", "layanan-publik"), "workshop_none_in_study"),
    (("export", "layanan-publik", "--name", "lain"), "workshop_none_in_study"),
])
def test_a_wrong_command_is_explained(studies, arguments, code):
    error = run(*arguments).exception
    assert isinstance(error, KinerjaError) and error.message.code == f"error.{code}"
    assert all(line for line in catalogue("id").error(error))


def test_every_fault_of_a_command_is_listed(studies):
    error = run("open", "layanan-publik", "--round", "angof").exception
    assert isinstance(error, InputFaults) and len(error.faults) == 3
    assert "Mungkin maksudnya: angoff" in "\n".join(catalogue("id").error(error))


def test_a_wrong_name_gets_the_nearest(studies):
    run("open", "layanan-publik", "--round", "angoff", "--judge", "Budi Santoso")
    error = run("revoke", "layanan-publik", "--judge", "Budi Santosa").exception
    assert error.message.params["nearest"] == "Budi Santoso"


def test_open_to_the_network_without_tls_is_said_in_plain_words(studies, monkeypatch, capsys):
    from kinerja_lab.workshop import server

    run("open", "layanan-publik", "--round", "angoff", "--judge", "A")

    def serve(store, place, *, ready):
        running = server.start(store, place)
        ready(running.site)
        running.server.stop()
        running.site.close()

    monkeypatch.setattr(server, "serve", serve)
    loud = run("serve", "layanan-publik", "--host", "0.0.0.0", "--port", "0")
    assert loud.exit_code == 0, loud.exception
    assert "PERHATIAN" in loud.output and "sertifikat" in loud.output
    quiet = run("serve", "layanan-publik", "--port", "0")
    assert "PERHATIAN" not in quiet.output and "Hanya komputer ini" in quiet.output
