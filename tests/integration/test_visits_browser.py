"""Visits from a real browser: a page of another origin, the script, and the contact that a signed identify makes of the visitor."""

import os
import secrets
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import bodies
import harness
import pytest
from conftest import running_up
from visits import BROWSER, Visits

webdriver = pytest.importorskip("selenium.webdriver")
pytestmark = pytest.mark.skipif(not shutil.which("chromium") or not shutil.which("chromedriver"), reason="chromium is not installed")

# What the page hands to the network, seen from inside; and a browser that asks not to be followed.
RECORD = """
window.handed = [];
const beacon = navigator.sendBeacon.bind(navigator), fetched = window.fetch.bind(window);
navigator.sendBeacon = (url, body) => { window.handed.push(body); return window.noBeacon ? false : beacon(url, body); };
window.fetch = (url, how) => { window.handed.push('fetch'); return fetched(url, how); };
"""
GPC = "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true});"
NO_BEACON = "window.noBeacon = true;"


class Shop:
    """A small site of its own origin, whose every page holds the snippet."""

    def __init__(self):
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                found = self.path != "/favicon.ico"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                if found:
                    self.wfile.write(f"<!doctype html><title>Shirts</title>{shop.snippet}".encode())

            def log_message(self, *words):
                pass

        self.snippet = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def site():
    with running_up({"serve": {"workers": "1"}, "visits": {"address_rate": "0", "visitor_rate": "0"}}) as up:
        yield up


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def visits(site, shop):
    visits = Visits(site.add_source("storehook"), (shop.origin,))
    shop.snippet = visits.snippet
    return visits


@pytest.fixture
def browser(workplace):
    """Starts browsers: browser(scripts that run before the page's own, preferences)."""
    started = []

    def start(*scripts, **preferences):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for word in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--ignore-certificate-errors", f"--user-agent={BROWSER}"):
            options.add_argument(word)
        options.add_argument(f"--user-data-dir={workplace}/profile-{len(started)}")
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")
        options.add_experimental_option("prefs", preferences)
        service = webdriver.chrome.service.Service(shutil.which("chromedriver"), log_path=os.devnull)
        driver = webdriver.Chrome(service=service, options=options)
        started.append(driver)
        driver.set_page_load_timeout(harness.scaled(60))
        for script in (RECORD, *scripts):
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        return driver

    yield start
    for driver in started:
        driver.quit()


def open_page(driver, url):
    """Opens a page and waits until the script has taken over from the queue in front of it."""
    driver.get(url)
    harness.wait_until(lambda: driver.execute_script("return !!window.storehook && !window.storehook.q"), "the script runs", 60)


def handed(driver):
    return driver.execute_script("return window.handed")


def visitor_of(driver):
    return driver.execute_script("return localStorage.getItem('storehook_visitor')")


def await_visits(visits, who, count):
    harness.wait_until(lambda: len(visits.urls(who)) == count, lambda: f"{count} visits of {who}: {visits.urls(who)}, {visits.counts()}")


def test_visits_of_a_page_of_another_origin_join_the_contact_that_is_identified_later(site, shop, visits, browser):
    driver, email = browser(), f"b{secrets.token_hex(6)}@example.com"
    open_page(driver, shop.origin + "/shirts?utm_source=news&email=zoe@example.com")
    who = visitor_of(driver)
    await_visits(visits, who, 1)
    open_page(driver, shop.origin + "/shirts/2")
    driver.execute_script("storehook('product', {id: '2', name: 'T-shirt', price: '23.25', currency: 'GBP', url: location.href})")
    driver.execute_script("storehook('cart', {id: 'k-1', currency: 'GBP', total: '23.25', items: [{product_id: 2, quantity: 1, price: '23.25'}]})")
    assert visitor_of(driver) == who, "the shop's own site keeps the visitor's id from page to page"
    await_visits(visits, who, 3)
    visits.await_count("visits", 4)
    assert not site.contacts()

    visits.source.event("identify", visitor_id=who, contact={"external_id": "42", "email": email})
    contact = site.contact(email)
    assert contact["visits"]["count"] == 3
    assert contact["visits"]["last_url"] == shop.origin + "/shirts/2"
    assert [(c["id"], c["value"]) for c in contact["carts"]] == [(f"visitor:{who}", "23.25")]
    assert (shop.origin + "/shirts?utm_source=news",) in visits.rows("SELECT url FROM visit WHERE visitor_id = ?", who)

    open_page(driver, shop.origin + "/after")
    await_visits(visits, who, 4)
    assert site.contact(email)["visits"] == {**site.contact(email)["visits"], "count": 4, "last_url": shop.origin + "/after"}
    assert driver.get_cookies() == []


def test_where_beacons_are_refused_the_visit_goes_by_fetch(shop, visits, browser):
    driver = browser(NO_BEACON)
    open_page(driver, shop.origin + "/fetched")
    assert "fetch" in handed(driver)
    await_visits(visits, visitor_of(driver), 1)


def test_a_token_in_a_link_ties_the_visitor_and_leaves_the_address(site, shop, visits, browser):
    driver, email = browser(), f"t{secrets.token_hex(6)}@example.com"
    visits.source.event("signup", occurred_at=bodies.at(1), contact={"email": email})
    token = site.json("contacts", "token", email)["token"]
    open_page(driver, f"{shop.origin}/sale?storehook={token}&utm_source=mail#top")
    await_visits(visits, visitor_of(driver), 1)
    assert token not in driver.current_url and driver.current_url.endswith("utm_source=mail#top")
    seen = site.contact(email)["visits"]
    assert (seen["count"], seen["last_url"]) == (1, shop.origin + "/sale?utm_source=mail")


@pytest.mark.parametrize("refusal", ("gpc", "dnt", "attribute", "call"))
def test_who_refuses_is_not_followed(shop, visits, browser, refusal):
    driver = browser(*([GPC] if refusal == "gpc" else []), **({"enable_do_not_track": True} if refusal == "dnt" else {}))
    if refusal == "attribute":
        shop.snippet = visits.snippet.replace("<script async", '<script async data-consent="false"')
    if refusal == "call":
        shop.snippet = visits.snippet.replace("storehook('page')", "storehook('consent',false);storehook('page')")
    open_page(driver, shop.origin + "/refused")
    driver.execute_script("storehook('page'); storehook('cart', {items: []})")
    assert handed(driver) == [] and visitor_of(driver) is None

    willing = browser()
    shop.snippet = visits.snippet
    open_page(willing, shop.origin + "/willing")
    await_visits(visits, visitor_of(willing), 1)
    assert visits.rows("SELECT DISTINCT url FROM visit WHERE url LIKE ?", shop.origin + "%") == [(shop.origin + "/willing",)]
    visits.await_count("visits", 1)
    assert [name for name in visits.counts() if name.startswith("visits_dropped")] == []
