"""A person opens the index and a report in Chromium, on a laptop and on a phone, without internet."""

from shutil import which

import pytest

pytestmark = pytest.mark.xdist_group("reports")
SIZES = {"laptop": (1280, 900), "phone": (360, 780)}


@pytest.fixture(scope="module")
def browser(chromium):
    if not which("chromedriver"):
        pytest.skip("needs chromedriver, which is not installed")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-quic"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(which("chromedriver")))
    yield driver
    driver.quit()


def open_at(browser, path, size):
    # Chromium's window has a least width; the device metrics of a phone are set instead.
    width, height = SIZES[size]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"})
    browser.get(path.as_uri())


def texts(browser, selector):
    return [element.text for element in browser.find_elements("css selector", selector)]


@pytest.mark.parametrize("size", SIZES)
def test_report_fits_the_screen_and_shows_the_verdict_first(browser, made, size):
    open_at(browser, made.folder / "layanan-publik/53.71/index.html", size)
    overflow = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 1
    top = browser.execute_script("return document.querySelector('.verdict-grid').getBoundingClientRect().top")
    assert top < SIZES[size][1]
    assert len(texts(browser, ".verdict-grid .card")) == 3


def test_every_picture_is_really_drawn(browser, made):
    open_at(browser, made.folder / "layanan-publik/53.71/index.html", "laptop")
    widths = browser.execute_script("return [...document.images].map(i => i.complete ? i.naturalWidth : 0)")
    assert len(widths) >= 4 and min(widths) > 200


def test_long_tables_open(browser, made):
    open_at(browser, made.folder / "layanan-publik/53.71/index.html", "laptop")
    details = browser.find_element("css selector", "details:has(table)")
    table = details.find_element("css selector", "table")
    assert not table.is_displayed()
    details.find_element("css selector", "summary").click()
    assert table.is_displayed()


def test_search_on_the_index_narrows_the_list_and_a_link_leads_to_the_report(browser, made):
    open_at(browser, made.folder / "layanan-publik/index.html", "laptop")
    rows = [row for row in browser.find_elements("css selector", "tbody tr") if row.is_displayed()]
    browser.find_element("css selector", "input[type=search]").send_keys("kupang")
    left = [row for row in browser.find_elements("css selector", "tbody tr") if row.is_displayed()]
    assert 0 < len(left) < len(rows)
    assert all("Kupang" in row.text for row in left)
    left[0].find_element("css selector", "a").click()
    assert "Kupang" in browser.find_element("css selector", "h1").text


def test_no_console_error_and_no_request_to_the_outside(browser, made):
    import json

    browser.get_log("performance")
    for page in ("layanan-publik/53.71/index.html", "layanan-publik/index.html", "index.html"):
        open_at(browser, made.folder / page, "laptop")
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in asked if event["method"] == "Network.requestWillBeSent"]
    assert urls and [url for url in urls if not url.startswith(("file:", "data:"))] == []
