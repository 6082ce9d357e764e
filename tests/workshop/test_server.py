"""The pages over real HTTP on loopback: who gets in, what is let in, what a browser may do with it."""

import contextlib
import re
import socket
import ssl
import subprocess
from contextlib import closing
from html import unescape
from http.client import HTTPSConnection
from io import BytesIO
from shutil import which

import openpyxl
import pytest

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.workshop.create import create_workshop
from kinerja_lab.workshop.reading import own_answers, read_panel
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.server import Place, lan_address, start
from kinerja_lab.workshop.store import Store

from .conftest import NAMES, plan

EVIL = '<script>alert(1)</script>"\'=HYPERLINK("x")'


@pytest.fixture
def room(made, inside):
    """A running workshop with its first round open: server, facilitator, two panellists."""
    path, secret = made
    server = inside(path)
    facilitator = server.visitor()
    assert facilitator.facilitate(secret).status == 303
    assert facilitator.act("open", 1).status == 303
    panel = []
    with closing(Store(path)) as store:
        tokens = [store.make_link(judge) for judge in (1, 2)]
    for token in tokens:
        panel.append(server.visitor())
        assert panel[-1].enter(token).status == 303
    return server, facilitator, panel


def records(server):
    with reading(server.path) as db:
        return [tuple(row) for row in db.execute("SELECT judge, item, question, value, text FROM answer ORDER BY seq")]


def sentence(code, **params):
    return catalogue("id").text(f"error.{code}", **params)


# ---- coming in

def test_looking_at_a_link_uses_nothing_up(room):
    server, _, _ = room
    with closing(Store(server.path)) as store:
        token = store.make_link(3)
    for _ in range(3):  # programs that show a preview of a link open it first
        assert server.visitor().get(f"/t/{token}").status == 200
    assert server.visitor().enter(token).status == 303
    late = server.visitor().enter(token)
    assert late.status == 403 and sentence("workshop_link_used") in unescape(late.text)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(room):
    server, _, _ = room
    with closing(Store(server.path)) as store:
        token = store.make_link(3)
    visitor = server.visitor()
    door = visitor.get(f"/t/{token}")
    done = visitor.post("/masuk", {"form_word": door.word(), "token": token})
    assert "HttpOnly" in done.headers["Set-Cookie"] and "SameSite=Strict" in done.headers["Set-Cookie"]
    assert token not in done.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/butir/1", "/keadaan", "/umpan-balik/1", "/fasilitator/papan",
                                  "/fasilitator/unduh.xlsx", "/fasilitator/ruang/1"])
def test_nobody_sees_anything_without_a_session(room, path):
    server, _, _ = room
    stranger = server.visitor()
    stranger.cookies = {"kinerja_sesi": "A" * 22, "kinerja_fasilitator": "B" * 22}
    reply = stranger.get(path)
    assert reply.status == 401 and "butir_1" not in reply.text and NAMES[0] not in reply.text


def test_a_panellist_is_no_facilitator_and_the_other_way_round(room):
    server, facilitator, (one, _) = room
    intruder = server.visitor()
    intruder.cookies = {"kinerja_fasilitator": one.cookies["kinerja_sesi"]}
    assert intruder.get("/fasilitator/papan").status == 401
    assert intruder.post("/fasilitator/ronde", {"form_word": one.word, "ronde": 1, "tindakan": "close"}).status == 401
    intruder.cookies = {"kinerja_sesi": facilitator.cookies["kinerja_fasilitator"]}
    assert intruder.get("/butir/1").status == 401
    intruder.word = facilitator.word
    assert intruder.tap().status == 401
    assert records(server) == []


@pytest.mark.parametrize("token", ["A" * 22, "..%2f..", "x"])
def test_a_forged_link_is_refused_in_plain_words(room, token):
    server, _, _ = room
    visitor = server.visitor()
    door = visitor.get("/t/AAAAAAAAAAAAAAAAAAAAAA")
    reply = visitor.post("/masuk", {"form_word": door.word(), "token": token})
    assert reply.status == 403 and sentence("workshop_link_unknown") in unescape(reply.text)
    assert "kinerja_sesi" not in visitor.cookies


def test_guessing_is_slowed_down_and_a_forwarded_address_is_not_believed(room):
    server, _, (one, _) = room
    thief = server.visitor()
    door = thief.get("/t/AAAAAAAAAAAAAAAAAAAAAA")
    found = [thief.post("/masuk", {"form_word": door.word(), "token": f"{number:022d}"},
                        X_Forwarded_For=f"10.0.0.{number}", X_Real_Ip=f"10.1.0.{number}") for number in range(23)]
    assert [reply.status for reply in found[:20]] == [403] * 20
    assert found[-1].status == 429 and int(found[-1].headers["Retry-After"]) >= 1
    gate = thief.get("/fasilitator")
    assert thief.post("/fasilitator/masuk", {"form_word": gate.word(), "rahasia": "x"}).status == 429
    assert one.tap().status == 200  # who is in is not touched by it


def test_revoking_ends_access_at_once(room):
    server, facilitator, (one, two) = room
    assert one.tap().status == 200
    assert facilitator.post("/fasilitator/cabut", {"form_word": facilitator.word, "panelis": 1}).status == 303
    assert one.tap(key="k2", base=1).status == 401 and one.get("/butir/1").status == 401
    assert two.tap().status == 200
    assert [row[0] for row in records(server)] == [1, 2]


def test_signing_out_ends_the_session(room):
    _, _, (one, _) = room
    cookie = one.cookies["kinerja_sesi"]
    assert one.post("/keluar", {"form_word": one.word}).status == 303
    one.cookies["kinerja_sesi"] = cookie
    assert one.get("/butir/1").status == 401


# ---- what other sites can do: nothing

@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""},
    {"Origin": "", "Sec_Fetch_Site": "cross-site"}, {"Origin": "", "Referer": "http://evil.example/127.0.0.1"},
    {"Origin": "https://127.0.0.1"},
])
def test_a_post_from_elsewhere_is_refused(room, headers):
    server, facilitator, (one, _) = room
    reply = one.ask("POST", "/simpan", b"{}", Content_Type="application/json", X_Form_Word=one.word, **headers)
    assert reply.status == 403 and reply.json["code"] == "workshop_foreign_form"
    form = f"form_word={facilitator.word}&ronde=1&tindakan=close".encode()
    assert facilitator.ask("POST", "/fasilitator/ronde", form, Content_Type="application/x-www-form-urlencoded",
                           **headers).status == 403
    assert records(server) == []


def test_an_own_form_without_the_word_is_refused(room):
    server, facilitator, (one, two) = room
    one.word = two.word  # another's word is no word
    assert one.tap().status == 403
    assert one.post("/butir/1", {"j-relevance": 3}).status == 403
    assert facilitator.post("/fasilitator/ronde", {"ronde": 1, "tindakan": "close"}).status == 403
    assert records(server) == []


def test_a_foreign_name_for_this_address_is_not_answered(room):
    server, _, (one, _) = room
    reply = one.get("/butir/1", Host=f"evil.example:{server.port}")
    assert reply.status == 421 and "butir_1" not in reply.text
    assert one.get("/butir/1", Host=f"localhost:{server.port}").status == 200


def test_every_page_forbids_foreign_scripts_and_frames(room):
    server, facilitator, (one, _) = room
    stranger = server.visitor()
    for reply in (stranger.get("/"), stranger.get("/nope"), stranger.get("/t/x"), one.get("/"), one.get("/butir/1"),
                  facilitator.get("/fasilitator"), one.tap(value=9)):
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff" and reply.headers["Cache-Control"] == "no-store"
        assert "Server" not in reply.headers
        assert not re.search(r"\son[a-z]+=|style=|<script>|javascript:", reply.text)


def test_only_the_guard_may_look_after_every_page_and_it_asks_nobody_else(room):
    server, _, _ = room
    guard = server.visitor().get("/berkas/penjaga.js")
    assert guard.status == 200 and guard.headers["Service-Worker-Allowed"] == "/"
    assert guard.headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
    assert guard.headers["Cache-Control"] == "no-cache"  # a newer one is taken at once
    assert "Service-Worker-Allowed" not in server.visitor().get("/berkas/isi.js").headers


def test_static_files_stay_in_their_folder(room):
    server, _, _ = room
    stranger = server.visitor()
    assert stranger.get("/berkas/isi.js").status == 200
    for path in ("/berkas/../store.py", "/berkas/%2e%2e/store.py", "/berkas/store.py", "/berkas/"):
        assert stranger.get(path).status in (403, 404)


# ---- answering

def test_taps_are_saved_and_only_the_own_ones_seen(room):
    server, _, (one, two) = room
    assert one.tap(value=4).json == {"seq": 1, "repeated": False}
    assert two.tap(value=2).json["seq"] == 2
    assert re.search(r'name="j-relevance" value="4" checked', one.get("/butir/1").text)
    assert 'value="4" checked' not in two.get("/butir/1").text
    assert records(server) == [(1, "butir_1", "relevance", 4.0, ""), (2, "butir_1", "relevance", 2.0, "")]


def test_the_same_tap_sent_twice_is_one_answer(room):
    server, _, (one, _) = room
    assert [one.tap().json for _ in range(2)] == [{"seq": 1, "repeated": False}, {"seq": 1, "repeated": True}]
    assert len(records(server)) == 1


@pytest.mark.parametrize("body", [
    b"", b"[]", b"null", b"{", b'{"value": 3}', b"\xff\xfe", b"[" * 60_000,
    b'{"round": "1", "item": "butir_1", "question": "relevance", "value": 3, "text": "", "key": "k", "base": 0}',
    b'{"round": true, "item": "butir_1", "question": "relevance", "value": 3, "text": "", "key": "k", "base": 0}',
    b'{"round": 1, "item": "butir_1", "question": "relevance", "value": true, "text": "", "key": "k", "base": 0}',
    b'{"round": 1, "item": "butir_1", "question": "relevance", "value": NaN, "text": "", "key": "k", "base": 0}',
    b'{"round": 1, "item": "butir_1", "question": "relevance", "value": 1e999, "text": "", "key": "k", "base": 0}',
    b'{"round": 1, "item": "\\ud800", "question": "relevance", "value": 3, "text": "", "key": "k", "base": 0}',
    b'{"round": 1, "item": "butir_1", "question": "relevance", "value": 3, "text": "", "key": "k", "base": 0, "judge": 2}',  # noqa: E501
])
def test_garbage_is_refused_in_plain_words(room, body):
    server, _, (one, _) = room
    reply = one.ask("POST", "/simpan", body, Content_Type="application/json", X_Form_Word=one.word)
    assert reply.status == 422 and reply.json["code"] == "workshop_bad_answer"
    assert records(server) == []


def test_a_novel_is_not_read(room):
    server, _, (one, _) = room
    with contextlib.suppress(OSError):  # the server may hang up before it has read all of it
        assert one.tap(question="comment", value=None, text="x" * 100_000).status in (400, 413)
    assert records(server) == []


def test_a_closed_round_takes_nothing(room):
    server, facilitator, (one, _) = room
    assert one.tap().status == 200
    assert facilitator.act("close", 1).status == 303
    late = one.tap(key="late", base=1, value=4)
    assert late.status == 409 and late.json["code"] == "workshop_round_closed"
    form = one.post("/butir/1", {"form_word": one.word, "form_key": "n", "base-relevance": 1, "j-relevance": 4})
    assert form.status == 409
    assert len(records(server)) == 1
    assert sentence("workshop_round_closed", round="1") in unescape(one.get("/butir/1").text)


def test_without_scripts_a_form_saves_and_goes_on(room):
    server, _, (one, _) = room
    page = one.get("/butir/1").text
    key = re.search(r'name="form_key" value="([^"]+)"', page).group(1)
    fields = {"form_word": one.word, "form_key": key, "base-relevance": 0, "base-clarity": 0, "base-comment": 0,
              "j-relevance": 3, "j-clarity": 2, "j-comment": EVIL}
    first = one.post("/butir/1", fields)
    assert (first.status, first.headers["Location"]) == (303, "/butir/2")
    assert one.post("/butir/1", fields).status == 303  # the browser sends the form again after a lost reply
    assert records(server) == [(1, "butir_1", "relevance", 3.0, ""), (1, "butir_1", "clarity", 2.0, ""),
                               (1, "butir_1", "comment", None, EVIL)]
    assert "4 pertanyaan" in one.get("/").text  # two questions about each of two more indicators
    for place in (2, 3):
        one.post(f"/butir/{place}", {"form_word": one.word, "form_key": f"n{place}", "j-relevance": 3, "j-clarity": 4})
    assert catalogue("id").text("workshop.all_done") in one.get("/").text


def test_two_tabs_without_scripts_do_not_overwrite_each_other_in_silence(room):
    server, _, (one, _) = room
    left = {"form_word": one.word, "form_key": "left", "base-relevance": 0, "j-relevance": 4}
    right = {"form_word": one.word, "form_key": "right", "base-relevance": 0, "j-relevance": 1}
    assert one.post("/butir/1", left).status == 303
    clash = one.post("/butir/1", right)
    assert clash.status == 409
    text = unescape(clash.text)
    assert 'sudah menjawab "4"' in text and 'jawaban dari sini, "1"' in text
    with reading(server.path) as db:
        assert own_answers(db, judge=1, round=1)["butir_1", "relevance"][0] == 4.0


@pytest.mark.parametrize("value", ["5", "0", "3.5", "-1", "abc", "9" * 30, "３", "²"])
def test_a_form_with_a_wrong_number_is_refused(room, value):
    server, _, (one, _) = room
    reply = one.post("/butir/1", {"form_word": one.word, "form_key": "n", "base-relevance": 0, "j-relevance": value})
    assert reply.status in (303, 422)
    assert [row for row in records(server) if row[3] != 3.0] == []
    assert reply.status == 422 or value == "３"  # a full-width three is a three


def test_a_flood_from_one_panellist_is_slowed_down(room):
    server, _, (one, two) = room
    found = [one.tap().status for _ in range(460)]
    assert found.count(200) >= 400 and 429 in found
    assert two.tap().status == 200 and len(records(server)) == 2


# ---- what is shown

def test_a_comment_is_text_wherever_it_is_shown(room):
    server, facilitator, (one, _) = room
    one.tap(question="comment", value=None, text=EVIL, key="c")
    facilitator.act("close", 1)
    facilitator.act("show", 1)
    for page in (facilitator.get("/fasilitator"), facilitator.get("/fasilitator/papan"),
                 facilitator.get("/fasilitator/ruang/1"), one.get("/umpan-balik/1"), one.get("/")):
        assert page.status == 200 and "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in facilitator.get("/fasilitator").text
    sent = facilitator.line
    cookie = f"kinerja_fasilitator={facilitator.cookies['kinerja_fasilitator']}"
    sent.request("GET", "/fasilitator/unduh.xlsx", headers={"Host": f"127.0.0.1:{server.port}", "Cookie": cookie})
    book = openpyxl.load_workbook(BytesIO(sent.getresponse().read()))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.value == EVIL] != []
    assert [cell for cell in cells if cell.data_type == "f" or cell.hyperlink] == []


def test_results_are_shown_to_the_panel_only_when_the_facilitator_decides(room):
    server, facilitator, (one, two) = room
    one.tap(value=4)
    two.tap(value=1)
    assert one.get("/umpan-balik/1").status == 403 and facilitator.get("/fasilitator/ruang/1").status == 403
    facilitator.act("close", 1)
    assert facilitator.get("/fasilitator/ruang/1").status == 200  # the facilitator may look first
    assert one.get("/umpan-balik/1").status == 403 and one.get("/keadaan").json["shown"] == []
    facilitator.act("show", 1)
    assert one.get("/umpan-balik/1").status == 200 and one.get("/keadaan").json["shown"] == [1]
    assert "Baru 2 ahli" in one.get("/umpan-balik/1").text  # two answers would tell each what the other said
    facilitator.act("hide", 1)
    assert one.get("/umpan-balik/1").status == 403


def test_the_feedback_marks_the_own_answer_and_names_nobody(room):
    server, facilitator, (one, two) = room
    with closing(Store(server.path)) as store:
        token = store.make_link(3)
    three = server.visitor()
    three.enter(token)
    for visitor, value in ((one, 4), (two, 4), (three, 2)):
        visitor.tap(value=value)
    facilitator.act("close", 1)
    facilitator.act("show", 1)
    mine, theirs = one.get("/umpan-balik/1").text, three.get("/umpan-balik/1").text
    assert 'class="own"><th scope="row">4' in mine and 'class="own"><th scope="row">2' in theirs
    assert "Nilai tengah 4,0; separuh jawaban ada di antara 3,0 dan 4,0 (3 ahli)" in mine
    assert not any(name in mine for name in NAMES)
    assert "class=\"own\"" not in facilitator.get("/fasilitator/ruang/1").text


def test_the_board_shows_agreement_with_its_interval(room):
    server, facilitator, (one, two) = room
    one.tap(value=4)
    two.tap(value=3)
    text = facilitator.get("/fasilitator/papan").text
    # two of two: score interval from 2/(2 + 1.96^2)
    low = 2 / (2 + 1.959964**2)
    assert f"1,00 (selang 95%: {low:.2f} sampai 1,00)".replace("0.", "0,") in text
    assert NAMES[0] in text and "sedang menjawab (1/6)" in text
    assert '<td class="v4">4</td>' in text and '<td class="v3">3</td>' in text


def test_drift_between_rounds_is_on_the_board(room):
    server, facilitator, panel = room
    for visitor, value in zip(panel, (4, 3), strict=True):
        visitor.tap(value=value)
    facilitator.act("close", 1)
    facilitator.act("open", 2)
    for visitor in panel:
        visitor.tap(round=2, value=4, key="r2")
    text = facilitator.get("/fasilitator/papan").text
    assert "Perubahan dari ronde sebelumnya" in text
    assert re.search(r"berubah 50% \(selang 95%: 9% sampai 91%\); nilai tengah 3,5 menjadi 4", text)


def test_the_language_is_the_readers_choice(room):
    _, _, (one, _) = room
    assert one.get("/bahasa/en?ke=/butir/2").headers["Location"] == "/butir/2"
    assert '<html lang="en">' in one.get("/butir/1").text
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "/t/../../x"):
        assert one.get(f"/bahasa/id?ke={elsewhere}").headers["Location"] == "/"


def test_the_log_names_nobody_and_holds_no_token(made, serve):
    path, secret = made
    server = serve(path)
    with closing(Store(path)) as store:
        token = store.make_link(1)
    visitor = server.visitor()
    visitor.enter(token)
    visitor.get(f"/{secret}/{NAMES[0].replace(' ', '')}")
    visitor.tap(value=9)
    written = server.stop()
    for word in (token, secret, NAMES[0].split()[0], "127.0.0.1", visitor.cookies["kinerja_sesi"]):
        assert word not in written


def test_an_anonymous_workshop_keeps_the_map_until_the_round_is_closed(tmp_path, inside):
    path = tmp_path / "anonim" / "a.db"
    secret = create_workshop(path, plan(anonymous=True))
    server = inside(path)
    facilitator = server.visitor()
    facilitator.facilitate(secret)
    facilitator.act("open", 1)
    with closing(Store(path)) as store:
        tokens = [store.make_link(judge) for judge in (1, 2)]
    for token in tokens:
        visitor = server.visitor()
        visitor.enter(token)
        visitor.tap(value=4)
    board = facilitator.get("/fasilitator/papan").text
    assert 'class="heat' not in board and "(1/6)" not in board and "P01" not in board
    facilitator.act("close", 1)
    board = facilitator.get("/fasilitator/papan").text
    assert 'class="heat' in board and "P01" in board and f"P01 {NAMES[0]}" not in board
    assert {NAMES[0], "P01"} & set(read_panel(path).judges) == {"P01"}


# ---- where it listens

def test_it_listens_on_this_computer_only_unless_told_otherwise(room):
    server, _, _ = room
    assert {line.getsockname()[0] for line in server.running.server._sockets.values()} == {"127.0.0.1"}
    if lan_address() != "127.0.0.1":
        with pytest.raises(OSError):
            socket.create_connection((lan_address(), server.port), timeout=2).close()


def test_tls_with_given_files_marks_cookies_secure(made, tmp_path, serve):
    if not which("openssl"):
        pytest.skip("needs openssl, which is not installed")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert),
                    "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                   check=True, capture_output=True)
    import asyncio

    async def ask() -> tuple[str, int, str]:
        running = start(Store(made[0]), Place(port=0, names=("localhost",), certfile=cert, keyfile=key))
        port = int(running.site.address.rsplit(":", 1)[1])

        def visit():
            context = ssl.create_default_context(cafile=str(cert))
            with closing(HTTPSConnection("localhost", port, context=context, timeout=10)) as line:
                line.request("GET", "/t/AAAAAAAAAAAAAAAAAAAAAA")
                reply = line.getresponse()
                return reply.status, reply.headers["Set-Cookie"]

        try:
            return running.site.address, *await asyncio.get_running_loop().run_in_executor(None, visit)
        finally:
            await running.close()

    address, status, cookie = asyncio.run(ask())
    assert address.startswith("https://localhost:") and status == 200 and "Secure" in cookie


@pytest.mark.parametrize(("certfile", "keyfile", "code"), [
    ("c.pem", None, "workshop_tls_pair"), (None, "k.pem", "workshop_tls_pair"),
    ("c.pem", "k.pem", "workshop_tls_files")])
def test_half_a_certificate_is_refused(made, tmp_path, certfile, keyfile, code):
    with closing(Store(made[0])) as store, pytest.raises(KinerjaError) as error:
        start(store, Place(port=0, certfile=certfile and tmp_path / certfile, keyfile=keyfile and tmp_path / keyfile))
    assert error.value.message.code == f"error.{code}"
