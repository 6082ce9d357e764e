"""Chromium leads a whole workshop: a facilitator on a laptop, three panellists on a phone and a laptop."""

import contextlib
import json
import os
import time
from contextlib import closing
from pathlib import Path
from shutil import which

import pytest

from kinerja_lab.workshop.create import create_workshop
from kinerja_lab.workshop.plan import WorkshopPlan, item_sheet
from kinerja_lab.workshop.reading import own_answers, read_panel
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.store import Store

from .conftest import NAMES, ROUNDS, indicator

pytestmark = pytest.mark.xdist_group("workshop-browser")
SIZES = {"laptop": (1280, 900), "phone": (390, 844)}
LONG = ("Persentase permohonan dokumen kependudukan yang terbit dalam batas waktu standar pelayanan sejak berkas "
        "dinyatakan lengkap, di luar permohonan yang ditunda atas permintaan pemohon sendiri.")


def new_browser(chromium, size):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-quic"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(which("chromedriver")))
    width, height = SIZES[size]
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"})
    return driver


@pytest.fixture(scope="module")
def browsers(chromium):
    """Browsers by name, each with its own memory, as on different devices."""
    if not which("chromedriver"):
        pytest.skip("needs chromedriver, which is not installed")
    open_now = {}

    def get(name, size):
        if name not in open_now:
            open_now[name] = new_browser(chromium, size)
        return open_now[name]

    yield get
    for driver in open_now.values():
        driver.quit()


@pytest.fixture
def fresh(browsers):
    """A browser that remembers nothing."""
    def get(name, size):
        driver = browsers(name, size)
        driver.get("about:blank")
        driver.delete_all_cookies()
        driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.get_log("browser")
        return driver
    return get


@pytest.fixture(scope="session")
def axe(root):
    """The text of axe-core; the test is skipped where it is not installed."""
    named = os.environ.get("KINERJA_AXE", "")
    path = Path(named) if named else root / ".venv/axe/node_modules/axe-core/axe.min.js"
    if not path.is_file():
        pytest.skip("needs axe-core: npm install --prefix .venv/axe axe-core")
    return path.read_text(encoding="utf-8")


def css(driver, selector):
    """The element; waited for, because a page may just be changing."""
    found = []
    until(lambda: found.extend(driver.find_elements("css selector", selector)[:1]) or found)
    return found[0]


def press(driver, selector, *, real=True):
    """Click what can be seen; once more where the page was just being changed under the finger.

    A click that is not ``real`` is the element's own: ten times faster, for what real ones were shown to do before.
    """
    from selenium.common.exceptions import StaleElementReferenceException

    def clicked():
        elements = driver.find_elements("css selector", selector)
        element = next((found for found in elements if found.is_displayed()), None)
        if element is None:
            return False
        if real:
            driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            before = driver.current_url
            try:
                element.click()
            except StaleElementReferenceException:  # either it went before it was clicked, or the click led on
                return driver.current_url != before
        else:
            driver.execute_script("arguments[0].click()", element)
        return True

    until(clicked)


def until(condition, seconds=15):
    from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(NoSuchElementException, StaleElementReferenceException):  # the page is just changing
            if condition():
                return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def status(driver):
    return css(driver, "#status").text


def picture(driver, name):
    """Keep a picture of the page where somebody asked for pictures."""
    folder = os.environ.get("KINERJA_SCREENSHOTS")
    if folder:
        driver.save_screenshot(str(Path(folder) / f"{name}.png"))


def fits(driver):
    return driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth") <= 1


def complaints(driver):
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def rate(driver, question, value, *, real=True):
    """Tap a rating on the indicator that is shown."""
    press(driver, f"section.screen:not([hidden]) input[name='j-{question}'][value='{value}']", real=real)


def here(driver):
    return css(driver, "section.screen:not([hidden])").get_attribute("data-item")


def enter(driver, address):
    driver.get(address)
    press(driver, "main form button")
    until(lambda: "/t/" not in driver.current_url and driver.find_elements("css selector", "#status"))


def latest(path, judge, number=1):
    with reading(path) as db:
        return {cell: value for cell, (value, _, _) in own_answers(db, judge=judge, round=number).items()}


def wordy_plan(rounds=ROUNDS):
    """Indicators as long as real ones are."""
    sheets = tuple(item_sheet(indicator(f"butir_{number}", name=f"{number}. {LONG[:90]}", definition=LONG * 2, why=LONG,
                                        evidence=("Register pelayanan", "Berita acara"))) for number in (1, 2, 3))
    return WorkshopPlan(name="Lokakarya indikator layanan kependudukan", study="uji", items=sheets, rounds=rounds,
                        judges=NAMES)


def judge_screen(driver, asked, *, real):
    """Answer every question of the indicator that is shown and go on."""
    for question, value in asked.items():
        if question == "angoff":
            field = css(driver, "section.screen:not([hidden]) input[name='j-angoff']")
            field.clear()
            field.send_keys(str(value))
        else:
            rate(driver, question, value, real=real)
    press(driver, "section.screen:not([hidden]) .steps button", real=real)


def judge_all(driver, asked, *, real):
    press(driver, "a.button")
    for place in (1, 2, 3):
        until(lambda place=place: here(driver) == f"butir_{place}")
        judge_screen(driver, asked, real=real)
    until(lambda: driver.current_url.endswith("/") and "sudah Anda jawab" in css(driver, "main").text)


def test_a_whole_workshop(tmp_path, inside, fresh):
    """Two rounds of content validity and one of Angoff; two panellists share a phone, one has a laptop."""
    path = tmp_path / "w" / "uji.db"
    secret = create_workshop(path, wordy_plan())
    server = inside(path)
    address = f"http://127.0.0.1:{server.port}"
    lead, phone, laptop = fresh("lead", "laptop"), fresh("phone", "phone"), fresh("panellist", "laptop")

    lead.get(f"{address}/fasilitator")
    css(lead, "#rahasia").send_keys(secret)
    press(lead, "main form button")
    until(lambda: lead.find_elements("css selector", "#papan"))
    press(lead, "#open-1")
    until(lambda: lead.find_elements("css selector", "#close-1"))
    press(lead, "#semua-tautan")
    until(lambda: len(lead.find_elements("css selector", ".address")) == 3)
    links = [found.text for found in lead.find_elements("css selector", ".address")]
    assert len(links) == 3 and all(link.startswith(f"{address}/t/") for link in links)
    picture(lead, "tautan-laptop")
    lead.get(f"{address}/fasilitator")

    plans = {1: {"relevance": 4, "clarity": 3}, 2: {"relevance": 4}, 3: {"angoff": 65}}
    answers = [(phone, 0, 0), (laptop, 1, -1), (phone, 2, -2)]
    for number, asked in plans.items():
        if number > 1:
            press(lead, f"#open-{number}")
            until(lambda number=number: lead.find_elements("css selector", f"#close-{number}"))
        for driver, judge, less in answers:
            if number > 1 or judge:
                with closing(Store(path)) as store:
                    links[judge] = f"{address}/t/{store.make_link(judge + 1)}"
            enter(driver, links[judge])
            assert fits(driver)
            if judge == 0:
                picture(driver, f"mulai-{number}")
            judge_all(driver, {question: value + less for question, value in asked.items()}, real=judge == 0)
            assert len(latest(path, judge + 1, number)) == 3 * len(asked)
            if driver is phone:  # the phone goes to the next panellist
                press(driver, "footer button")
                until(lambda: "kode QR" in css(phone, "main").text)
        lead.get(f"{address}/fasilitator")
        until(lambda number=number: lead.find_elements("css selector", "table.heat td"))
        assert css(lead, "#papan").text.count("selesai") == 3
        picture(lead, f"papan-{number}")
        press(lead, f"#close-{number}")
        until(lambda number=number: lead.find_elements("css selector", f"#show-{number}"))
        press(lead, f"#show-{number}")
        until(lambda number=number: lead.find_elements("css selector", f"#hide-{number}"))

    panel = read_panel(path)
    assert panel.of("relevance", 1).matrix().tolist() == [[4] * 3, [3] * 3, [2] * 3]
    assert panel.of("angoff", 3).matrix().tolist() == [[0.65] * 3, [0.64] * 3, [0.63] * 3]
    laptop.get(f"{address}/umpan-balik/1")
    assert "Jawaban Anda: 3." in css(laptop, "main").text
    picture(laptop, "umpan-balik-laptop")
    lead.get(f"{address}/fasilitator/ruang/3")
    assert fits(lead)
    picture(lead, "ruang-laptop")
    for driver in (lead, phone, laptop):
        assert complaints(driver) == []


KEPT = """
if (!navigator.serviceWorker.controller) return false;
const parts = ["script", "link[rel=stylesheet]"].map((name) => document.querySelector(name));
const files = parts.map((part) => part.src || part.href);
return caches.open("kinerja-halaman").then((box) => Promise.all(["/butir", ...files].map((name) => box.match(name))))
  .then((held) => held.every(Boolean));
"""
"""Whether the browser has the page and what it needs."""


def test_what_is_tapped_without_a_server_is_sent_when_it_is_back(made, serve, fresh):
    """Tap, server killed, tap twice, page loaded again while it is down, server back: all of it arrives."""
    from selenium.common.exceptions import WebDriverException

    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        token = store.make_link(1)
    server = serve(path)
    phone = fresh("phone", "phone")
    enter(phone, f"http://127.0.0.1:{server.port}/t/{token}")
    press(phone, "a.button")
    rate(phone, "relevance", 4)
    until(lambda: status(phone) == "Tersimpan.")
    assert latest(path, 1) == {("butir_1", "relevance"): 4.0}
    until(lambda: phone.execute_script(KEPT))  # a second after the first page at the latest
    server.kill()
    rate(phone, "clarity", 2)
    rate(phone, "relevance", 3)
    press(phone, "section.screen:not([hidden]) a[data-go='2']")  # going on needs no network
    assert here(phone) == "butir_2"
    rate(phone, "relevance", 1)
    until(lambda: "3 jawaban aman di perangkat ini" in status(phone))
    picture(phone, "terputus-phone")
    # loaded anew while the server is down: the browser's own memory has the page, and the page has the answers
    phone.get(f"http://127.0.0.1:{server.port}/butir/2")
    until(lambda: "3 jawaban aman di perangkat ini" in status(phone))
    assert here(phone) == "butir_2" and css(phone, "#butir-2 input[name='j-relevance'][value='1']").is_selected()
    assert css(phone, "#butir-1 input[name='j-relevance'][value='3']").is_selected()
    rate(phone, "clarity", 4)
    until(lambda: "4 jawaban aman di perangkat ini" in status(phone))
    picture(phone, "dimuat-ulang-terputus-phone")
    server.start()
    until(lambda: status(phone) == "Tersimpan.")
    assert latest(path, 1) == {("butir_1", "relevance"): 3.0, ("butir_1", "clarity"): 2.0,
                               ("butir_2", "relevance"): 1.0, ("butir_2", "clarity"): 4.0}
    phone.refresh()
    assert css(phone, "#butir-1 input[name='j-relevance'][value='3']").is_selected()
    assert phone.execute_script("return Object.keys(localStorage).filter((key) => key.includes(':q:')).length") == 0
    # what was acknowledged after the page was kept is shown too when it comes from there
    rate(phone, "relevance", 2)
    until(lambda: latest(path, 1)["butir_2", "relevance"] == 2.0 and status(phone) == "Tersimpan.")
    server.kill()
    phone.refresh()
    until(lambda: "Belum tersambung" in status(phone))
    assert css(phone, "#butir-2 input[name='j-relevance'][value='2']").is_selected()
    server.start()
    rate(phone, "relevance", 3)
    until(lambda: latest(path, 1)["butir_2", "relevance"] == 3.0)
    assert phone.find_elements("css selector", "#notices .notice") == []
    # signed out, the page is gone from the browser's memory, so that the next one on this phone sees nothing of it
    press(phone, "footer button")
    until(lambda: "kode QR" in css(phone, "main").text)
    server.kill()
    with contextlib.suppress(WebDriverException):  # the browser's own page of errors, with or without a word to us
        phone.get(f"http://127.0.0.1:{server.port}/butir/2")
    assert phone.find_elements("css selector", "main, section.screen, form") == []


def test_where_the_browser_keeps_no_page_it_asks_before_one_is_lost(made, serve, fresh):
    """As on plain http in a local network, where there is no service worker."""
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        token = store.make_link(1)
    server = serve(path)
    phone = fresh("phone", "phone")
    hidden = phone.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {
        "source": "Object.defineProperty(Navigator.prototype, 'serviceWorker', {get: () => undefined})"})
    leaving = "const e = new Event('beforeunload', {cancelable: true}); dispatchEvent(e); return e.defaultPrevented"
    try:
        enter(phone, f"http://127.0.0.1:{server.port}/t/{token}")
        press(phone, "a.button")
        until(lambda: here(phone) == "butir_1")
        rate(phone, "relevance", 4)
        until(lambda: status(phone) == "Tersimpan.")
        assert phone.execute_script(leaving) is False
        server.kill()
        rate(phone, "clarity", 2)
        until(lambda: "1 jawaban aman" in status(phone))
        assert phone.execute_script(leaving) is True
        server.start()
        until(lambda: latest(path, 1).get(("butir_1", "clarity")) == 2.0)
        until(lambda: phone.execute_script(leaving) is False)
    finally:
        phone.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": hidden["identifier"]})


def test_a_second_tap_while_the_first_is_under_way_is_the_one_that_counts(made, inside, fresh):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        token = store.make_link(1)
    server = inside(path)
    phone = fresh("phone", "phone")
    enter(phone, f"http://127.0.0.1:{server.port}/t/{token}")
    press(phone, "a.button")
    until(lambda: here(phone) == "butir_1")
    phone.execute_cdp_cmd("Network.enable", {})
    phone.execute_cdp_cmd("Network.emulateNetworkConditions", {
        "offline": False, "latency": 1500, "downloadThroughput": -1, "uploadThroughput": -1})
    rate(phone, "relevance", 2)
    rate(phone, "relevance", 4)
    until(lambda: status(phone) == "Tersimpan.")
    phone.execute_cdp_cmd("Network.emulateNetworkConditions", {
        "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
    with reading(path) as db:
        assert [value for (value,) in db.execute("SELECT value FROM answer ORDER BY seq")] == [2.0, 4.0]
    assert phone.find_elements("css selector", "#notices .notice") == []


def test_what_waits_on_a_shared_phone_is_never_sent_as_the_next_panellist(made, serve, fresh):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        tokens = [store.make_link(judge) for judge in (1, 2)]
    server = serve(path)
    phone = fresh("phone", "phone")
    enter(phone, f"http://127.0.0.1:{server.port}/t/{tokens[0]}")
    press(phone, "a.button")
    server.kill()
    rate(phone, "relevance", 4)
    until(lambda: "1 jawaban aman" in status(phone))
    server.start()
    # the next panellist's link is opened before the first one's tap could go out
    phone.execute_cdp_cmd("Network.enable", {})
    phone.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/simpan"]})
    enter(phone, f"http://127.0.0.1:{server.port}/t/{tokens[1]}")
    phone.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    press(phone, "a.button")
    assert not css(phone, "input[name='j-relevance'][value='4']").is_selected()
    rate(phone, "relevance", 1)
    until(lambda: latest(path, 2) == {("butir_1", "relevance"): 1.0})
    assert latest(path, 1) == {}
    with closing(Store(path)) as store:
        again = store.make_link(1)
    enter(phone, f"http://127.0.0.1:{server.port}/t/{again}")
    until(lambda: latest(path, 1) == {("butir_1", "relevance"): 4.0})  # his own tap waited for him
    assert latest(path, 2) == {("butir_1", "relevance"): 1.0}


def test_two_tabs_show_the_same_and_the_last_tap_counts(made, inside, fresh):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        token = store.make_link(1)
    server = inside(path)
    driver = fresh("panellist", "laptop")
    enter(driver, f"http://127.0.0.1:{server.port}/t/{token}")
    driver.get(f"http://127.0.0.1:{server.port}/butir/1")
    left = driver.current_window_handle
    driver.switch_to.new_window("tab")
    driver.get(f"http://127.0.0.1:{server.port}/butir/1")
    rate(driver, "relevance", 2)
    until(lambda: latest(path, 1) == {("butir_1", "relevance"): 2.0})
    right = driver.current_window_handle
    driver.switch_to.window(left)
    until(lambda: css(driver, "input[name='j-relevance'][value='2']").is_selected())
    rate(driver, "relevance", 4)
    until(lambda: latest(path, 1) == {("butir_1", "relevance"): 4.0})
    driver.switch_to.window(right)
    until(lambda: css(driver, "input[name='j-relevance'][value='4']").is_selected())
    driver.close()
    driver.switch_to.window(left)
    assert complaints(driver) == []


def test_another_devices_newer_answer_is_not_overwritten_in_silence(made, inside, fresh):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        token = store.make_link(1)
    server = inside(path)
    phone = fresh("phone", "phone")
    enter(phone, f"http://127.0.0.1:{server.port}/t/{token}")
    press(phone, "a.button")
    with closing(Store(path)) as store:
        token = store.make_link(1)
    laptop = server.visitor()
    laptop.enter(token)
    laptop.tap(value=2, key="from the laptop")
    rate(phone, "relevance", 4)
    until(lambda: phone.find_elements("css selector", "#notices .notice"))
    assert 'sudah menjawab "2". Jawaban dari sini, "4"' in css(phone, "#notices").text
    assert latest(path, 1) == {("butir_1", "relevance"): 2.0}
    top = phone.execute_script("return document.querySelector('#notices .notice').getBoundingClientRect().top")
    assert 0 <= top < SIZES["phone"][1] / 2  # where the finger just was, the notice is seen without scrolling
    picture(phone, "bentrok-phone")
    press(phone, "#notices button")
    until(lambda: latest(path, 1) == {("butir_1", "relevance"): 4.0})


def test_a_round_that_closes_is_said_and_what_came_late_is_not_counted(made, inside, fresh):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        token = store.make_link(1)
    server = inside(path)
    phone = fresh("phone", "phone")
    enter(phone, f"http://127.0.0.1:{server.port}/t/{token}")
    press(phone, "a.button")
    with closing(Store(path)) as store:
        store.close_round(1)
    rate(phone, "relevance", 4)
    until(lambda: "Ronde sudah ditutup. 1 jawaban" in status(phone))
    until(lambda: phone.find_elements("css selector", "#berganti"))
    assert latest(path, 1) == {}


def test_the_keyboard_is_enough(made, inside, fresh):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        token = store.make_link(1)
    server = inside(path)
    driver = fresh("panellist", "laptop")

    def keys(*pressed):
        ActionChains(driver).send_keys(*pressed).perform()

    def focused(script):
        return driver.execute_script(f"const it = document.activeElement; return {script}")

    def tab_to(script, most=30):
        for _ in range(most):
            keys(Keys.TAB)
            if focused(script):
                return
        raise AssertionError("the keyboard did not get there")

    driver.get(f"http://127.0.0.1:{server.port}/t/{token}")
    tab_to("it.matches('main button')")
    keys(Keys.ENTER)
    until(lambda: driver.find_elements("css selector", "a.button"))
    tab_to("it.matches('a.button')")
    keys(Keys.ENTER)
    until(lambda: driver.find_elements("css selector", "section.screen"))
    tab_to("it.name === 'j-relevance'")
    keys(Keys.SPACE, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    tab_to("it.name === 'j-clarity'")
    keys(Keys.SPACE)
    until(lambda: latest(path, 1) == {("butir_1", "relevance"): 3.0, ("butir_1", "clarity"): 1.0})
    tab_to("it.matches('.steps button')")
    outline = driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    keys(Keys.ENTER)
    until(lambda: here(driver) == "butir_2")
    assert outline == "solid" and focused("it.tagName") == "H1"  # a screen reader reads the new indicator's name
    assert "butir_2" in driver.title


def test_without_scripts_the_pages_still_work(made, inside, fresh):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        token = store.make_link(1)
    server = inside(path)
    phone = fresh("phone", "phone")
    phone.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        phone.get(f"http://127.0.0.1:{server.port}/t/{token}")
        css(phone, "main form button").click()
        css(phone, "a.button").click()
        css(phone, "#butir-1 input[name='j-relevance'][value='4']").click()
        css(phone, "#butir-1 input[name='j-clarity'][value='2']").click()
        css(phone, "#butir-1 .steps button").click()
        until(lambda: phone.current_url.endswith("/butir/2"))
    finally:
        phone.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert latest(path, 1) == {("butir_1", "relevance"): 4.0, ("butir_1", "clarity"): 2.0}


AXE = """
const [options] = arguments;
return axe.run(document, {...options, resultTypes: ["violations"]}).then((found) => ({passes: found.passes.length,
  bad: found.violations.filter((fault) => ["serious", "critical"].includes(fault.impact))
    .map((fault) => `${fault.id} (${fault.impact}): ${fault.nodes[0].html.slice(0, 160)}`)}));
"""


def paint(driver, scheme):
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_no_serious_fault(tmp_path, inside, fresh, axe, size):
    path = tmp_path / "w" / "uji.db"
    secret = create_workshop(path, wordy_plan(rounds=(("relevance", "comment"), ("relevance", "angoff", "comment"))))
    server = inside(path)
    address = f"http://127.0.0.1:{server.port}"
    with closing(Store(path)) as store:
        store.open_round(1)
        for judge in (1, 2, 3):
            token = store.make_link(judge)
            visitor = server.visitor()
            visitor.enter(token)
            visitor.tap(value=judge + 1)
            visitor.tap(question="comment", value=None, text="Definisi perlu dipertajam.", key="c")
        store.close_round(1)
        store.show_feedback(1, shown=True)
        store.open_round(2)
        for judge in (1, 2):
            token = store.make_link(judge)
            visitor = server.visitor()
            visitor.enter(token)
            visitor.tap(round=2, value=judge + 2, key="r2")
            visitor.tap(round=2, question="angoff", value=30 * judge, key="a")
        waiting, mine = store.make_link(2), store.make_link(3)
    driver = fresh("phone" if size == "phone" else "panellist", size)
    found, checked = {}, []

    def check(name):
        """Everything in light colours; in dark ones what colours can change."""
        assert fits(driver), name
        checked.append(name)
        driver.execute_script(axe)
        for scheme, options in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
            paint(driver, scheme)
            result = driver.execute_script(AXE, options)
            assert result["passes"]
            if result["bad"]:
                found[f"{name}-{scheme}"] = result["bad"]
            picture(driver, f"{name}-{size}-{scheme}")
        paint(driver, "light")

    driver.get(f"{address}/")
    check("tanpa-tautan")
    driver.get(f"{address}/t/{waiting}")
    check("pintu")
    enter(driver, f"{address}/t/{mine}")
    check("mulai")
    press(driver, "a.button")
    check("butir")
    rate(driver, "relevance", 4)
    until(lambda: status(driver) == "Tersimpan.")
    check("butir-tersimpan")
    driver.get(f"{address}/umpan-balik/1")
    check("umpan-balik")
    driver.get(f"{address}/tidak-ada")
    check("pesan")
    driver.get(f"{address}/fasilitator")
    check("masuk-fasilitator")
    css(driver, "#rahasia").send_keys(secret)
    press(driver, "main form button")
    until(lambda: driver.find_elements("css selector", "table.heat"))
    check("papan")
    driver.get(f"{address}/fasilitator/ruang/1")
    check("ruang")
    driver.get(f"{address}/fasilitator")
    press(driver, "#tautan-3")
    check("tautan")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert json.dumps(found, indent=1) == "{}" and len(checked) == 11


@pytest.mark.parametrize("size", SIZES)
def test_the_qr_code_is_whole(made, inside, fresh, tmp_path, size):
    """Every module of the code, read from the picture on the screen, is the one that the link's code has."""
    import segno
    from PIL import Image

    path, secret = made
    server = inside(path)
    driver = fresh("phone" if size == "phone" else "panellist", size)
    driver.get(f"http://127.0.0.1:{server.port}/fasilitator")
    css(driver, "#rahasia").send_keys(secret)
    press(driver, "main form button")
    until(lambda: driver.find_elements("css selector", "#tautan-1"))
    press(driver, "#tautan-1")
    until(lambda: driver.find_elements("css selector", ".slip svg"))
    css(driver, ".slip svg").screenshot(str(tmp_path / "qr.png"))
    shown = Image.open(tmp_path / "qr.png").convert("L")
    wanted = [list(row) for row in segno.make(css(driver, ".address").text, error="m", micro=False).matrix]
    side = shown.width / (len(wanted) + 8)  # a quiet border of four modules on each side
    seen = [[int(shown.getpixel((int((column + 4.5) * side), int((row + 4.5) * side))) < 128)
             for column in range(len(wanted))] for row in range(len(wanted))]
    assert seen == wanted


def test_nothing_is_asked_from_the_outside(made, inside, fresh):
    path, _ = made
    with closing(Store(path)) as store:
        store.open_round(1)
        token = store.make_link(1)
    server = inside(path)
    driver = fresh("panellist", "laptop")
    asked = []
    for address in (f"/t/{token}", "/", "/fasilitator"):
        driver.get(f"http://127.0.0.1:{server.port}{address}")
        asked += driver.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert asked and all(name.startswith(f"http://127.0.0.1:{server.port}/berkas/") for name in asked)
    assert complaints(driver) == []
