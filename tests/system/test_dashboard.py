"""The dashboard in a real Chromium: it shows all rockets, follows changes, and goes on after
a restart. DOWNLINK_SCREENSHOTS=folder keeps the pictures that are made on the way."""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from downlink import Program, channel, free_ports, message, until
from event_client import await_streams
from load import fill
from secure_pair import SecurePair
from test_tokens import replace
import tls

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
         "--ignore-certificate-errors", "--hide-scrollbars", "--force-device-scale-factor=1"]
FLEET = ["Falcon-9", "Ariane-6", "Vulcan", "Electron", "New-Glenn"]
MISSIONS = ["ARTEMIS", "JUICE", "DART", "LUNA"]
TEST_SECONDS = 120


def program(*names):
    found = [path for path in map(shutil.which, names) if path]
    assert found, f"none of {names} is installed"
    return found[0]


class Page:
    """A tab of a browser, at the dashboard of a pair."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, both, fragment=""):
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(f"http://127.0.0.1:{both.http}/{fragment}")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def text(self, selector):
        return self.script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def await_text(self, selector, pattern):
        try:
            return until(lambda: re.search(pattern, self.text(selector)), what=f"{pattern!r} in {selector}")
        except AssertionError as late:
            raise AssertionError(f"{late}: it says {self.text(selector)!r}") from late

    def is_hidden(self, selector):
        return self.find(selector).get_property("hidden")

    def row(self, rocket):
        """The texts of a rocket's row, by column; None if it is not in the table."""
        return self.script("""
            for (const row of document.querySelectorAll('#rows tr'))
                if (row.querySelector('a').textContent === arguments[0])
                    return Object.fromEntries([...row.cells].map(
                        cell => [cell.classList[0], cell.textContent]))
            return null""", rocket)

    def rows(self):
        return self.script("""return [...document.querySelectorAll('#rows td.id a')].map(
            link => link.textContent)""")

    def click(self, selector):
        self.script("document.querySelector(arguments[0]).click()", selector)

    def type(self, field, text):
        place = self.find(f"#filters [name={field}]")
        place.clear()
        place.send_keys(text)

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    def size(self, width, height, scheme="light", is_phone=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def width(self):
        return self.script("return document.documentElement.scrollWidth")

    def wait(self, seconds):
        """Let time pass, so that a chart shows it."""
        self.script("return new Promise(done => setTimeout(done, 1000 * arguments[0]))", seconds)

    def picture(self, folder, name):
        path = pathlib.Path(folder) / f"dashboard-{name}.png"
        assert self.driver.save_screenshot(str(path))
        if shutil.which("pngquant"):
            subprocess.run(["pngquant", "64", "--nofs", "--force", "--strip", "--output", path, path],
                           check=True)


@pytest.fixture(scope="module")
def driver(folder):
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium-browser")
    profile = pathlib.Path(folder) / "profile"
    for flag in FLAGS + [f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(service=Service(program("chromedriver")), options=options)
    browser.set_script_timeout(TEST_SECONDS)
    browser.set_page_load_timeout(60)
    yield browser
    browser.quit()


@pytest.fixture
def page(driver):
    tab = Page(driver)
    tab.size(1440, 900)
    yield tab
    driver.get("about:blank")


def launch(both, rocket, kind=0, speed=500):
    body = {"type": FLEET[kind % 5], "launchSpeed": speed, "mission": MISSIONS[kind % 4]}
    assert both.post(message(rocket, 1, "RocketLaunched", **body)).status == 202
    both.rocket_when(rocket, lambda state: state["messagesApplied"] == 1)


def test_the_files_say_what_the_page_may_do(pair):
    answer = pair.call("GET", "/")
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self'; style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    again = pair.call("GET", "/", If_None_Match=answer.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    files = re.findall(r'(?:src|href)="(dashboard/[^"]+)"', answer.body.decode())
    assert len(files) == 3
    for name in files:
        assert pair.call("GET", "/" + name).status == 200
    assert pair.call("GET", "/dashboard/nothing.js").status == 404
    assert pair.call("POST", "/", "{}").status == 405


def test_it_shows_rockets_and_follows_them_without_a_complaint(pair, page):
    one, other = channel(), channel()
    launch(pair, one)
    page.open(pair)
    page.await_text("#health", "Live")
    row = until(lambda: page.row(one), what="the rocket")
    assert (row["status"], row["type"], row["speed"]) == ("flying", "Falcon-9", "500")
    page.script("window.isSame = true")
    pair.post(message(one, 3, "RocketSpeedIncreased", by=2500))
    until(lambda: page.row(one)["speed"] == "3,000", what="the speed")
    assert page.row(one)["missing"] == "1"
    launch(pair, other)
    until(lambda: page.row(other), what="the rocket that is new")
    page.await_text("#rate [data-is=accepted]", r"\d")
    page.await_text("#processors", "up")
    assert page.script("return document.querySelectorAll('#partitions li').length") == 16
    assert page.script("return window.isSame"), "it was not loaded again"
    assert page.complaints() == []
    names = page.script("return performance.getEntriesByType('resource').map(one => one.name)")
    assert page.is_hidden("#sign-out") and any(name.endswith("/session") for name in names)
    assert names and all(name.startswith(f"http://127.0.0.1:{pair.http}/") for name in names)


def test_it_sorts_filters_searches_and_turns_pages(start, page):
    both = start()
    rockets = [f"rocket-{number:03}" for number in range(40)]
    both.post([message(one, 1, "RocketLaunched", type=FLEET[place % 5], launchSpeed=100 + place,
                       mission=MISSIONS[place % 4]) for place, one in enumerate(rockets)])
    both.post(message(rockets[7], 2, "RocketExploded", reason="PRESSURE_VESSEL_FAILURE"))
    both.rocket_when(rockets[7], lambda rocket: rocket["status"] == "exploded")
    page.open(both)
    until(lambda: page.rows() == rockets[:25], what="the first page")
    page.click("#next")
    until(lambda: page.rows() == rockets[25:], what="the second page")
    page.await_text("#page", "^Page 2 of 2$")
    assert page.find("#next").get_property("disabled")
    page.await_text("#rockets h2", r"Rockets\s+40\s+39 flying\s+1 exploded\s*$")
    page.open(both, page.driver.current_url.partition("/#")[2].join(["#", ""]))
    until(lambda: page.rows() == rockets[25:], what="the second page, by its address")
    page.click("#previous")
    until(lambda: page.rows() == rockets[:25], what="the first page again")
    page.driver.back()
    until(lambda: page.rows() == rockets[25:], what="the second page, by the button of the browser")
    page.click("#previous")
    until(lambda: page.rows() == rockets[:25], what="the first page again")
    page.click("#range [value='15m']")
    assert "charts=15m" in page.driver.current_url
    assert page.script("return Chart.getChart(document.querySelector('#rate canvas')).options.scales.x.min"
                       ) == -900
    page.click("button[data-key=speed]")
    until(lambda: page.rows() == rockets[:14:-1], what="the fastest first")
    assert page.find("th.speed").get_attribute("aria-sort") == "descending"
    page.find("button[data-key=speed]").send_keys(Keys.ENTER)
    until(lambda: page.rows() == rockets[:25], what="the slowest first, by keyboard")
    page.type("type", FLEET[2])
    until(lambda: sorted(page.rows()) == rockets[2::5], what="one type")
    assert FLEET[2] in page.driver.current_url, "the view is in the address"
    page.click("#filters button")
    until(lambda: len(page.rows()) == 25, what="no filter")
    page.type("search", "rocket-01")
    until(lambda: page.rows() == rockets[10:20], what="those whose ids begin so")
    page.type("search", rockets[33])
    until(lambda: page.rows() == [rockets[33]], what="the one of that id")
    both.post(message("größe 💥" + "x" * 40, 1))
    page.script("document.querySelector('#filters').elements.search.value = arguments[0]; "
                "document.querySelector('#filters').requestSubmit()", "größe 💥")
    until(lambda: page.rows() == ["größe 💥" + "x" * 40], what="one whose id is no ASCII")
    page.type("search", "nothing")
    page.await_text("#empty", "No rocket matches")
    assert page.complaints() == []


def test_a_rocket_has_a_view_of_its_own(pair, page):
    one = channel()
    launch(pair, one)
    page.open(pair)
    until(lambda: page.row(one), what="the rocket")
    link = page.script("""return [...document.querySelectorAll('#rows a')].find(
        link => link.textContent === arguments[0])""", one)
    link.send_keys(Keys.ENTER)
    page.await_text("#rocket [data-is=speed]", "^500$")
    assert page.script("return document.activeElement.id") == "rocket-id"
    page.await_text("#rocket [data-is=owner]", f"^A · 127.0.0.1:{pair.port}$")
    partition = pair.call("GET", "/rockets?id=" + one).headers["Downlink-Partition"]
    assert page.text("#rocket [data-is=partition]") == partition
    pair.post([message(one, 2), message(one, 5), message(one, 9, "RocketMissionChanged",
                                                         newMission="SHUTTLE_MIR")])
    page.await_text("#rocket [data-is=missing]", "3–4, 6–8")
    page.await_text("#rocket [data-is=mission]", "SHUTTLE_MIR")
    pair.post(message(one, 10, "RocketExploded", reason="PRESSURE_VESSEL_FAILURE"))
    page.await_text("#rocket .state", r"exploded\s+PRESSURE_VESSEL_FAILURE")
    assert page.script("return document.querySelectorAll('#rocket .strip rect').length") == 2
    page.find("body").send_keys(Keys.ESCAPE)
    until(lambda: page.find("#rocket").get_property("hidden"), what="the view to close")
    assert page.script("return document.activeElement.textContent") == one
    assert page.complaints() == []


def test_a_rocket_whose_id_is_two_dots_has_a_view_too(pair, page):
    launch(pair, "..", speed=700)
    page.open(pair, "#rocket=..")
    page.await_text("#rocket [data-is=speed]", "^700$")
    assert page.complaints() == []


def test_charts_are_named_refusals_add_up_and_narrow_windows_keep_what_matters(pair, page):
    launch(pair, channel())
    for body in ("{}", "no JSON"):
        assert pair.call("POST", "/messages", body).status == 400
    page.open(pair)
    page.await_text("#latency thead", r"p50\s+p99")
    page.await_text("#latency tbody", "until accepted(.|\\s)*until saved(.|\\s)*queries")
    until(lambda: page.text("#reasons").count("\n") >= 3, what="the reasons")
    requests, reasons = page.script("""return [document.querySelector('#refusals [data-is=requests]').textContent,
        [...document.querySelectorAll('#reasons b')].map(one => one.textContent)]""")
    assert int(requests) == sum(map(int, reasons)) and int(requests) >= 2
    columns = """return [...document.querySelectorAll('#columns th')].filter(one => one.offsetWidth).map(
        one => one.classList[0])"""
    until(lambda: page.rows(), what="a row")
    assert page.script(columns) == ["id", "status", "type", "mission", "speed", "trend", "last", "missing", "time"]
    page.size(1024, 800)
    assert page.script(columns) == ["id", "status", "type", "mission", "speed", "missing"]
    page.size(390, 844, "light", True)
    assert page.script(columns) == ["id", "status", "speed", "missing"]
    assert page.find("#dots").is_displayed()
    dots = "return [...document.querySelectorAll('#dots i')].map(one => one.classList.contains('on'))"
    assert page.script(dots) == [True, False, False, False]
    page.script("document.querySelector('.tiles').scrollLeft = 9999")
    until(lambda: page.script(dots) == [False, False, False, True], what="the dot of the last tile")
    page.size(1440, 900)
    assert not page.find("#dots").is_displayed()


def test_a_removed_rocket_leaves_the_page(pair, page):
    one, other = channel(), channel()
    launch(pair, one)
    launch(pair, other)
    page.open(pair, "#rocket=" + one)
    page.await_text("#rocket [data-is=speed]", "^500$")
    until(lambda: page.row(one) and page.row(other), what="the rockets")
    total = len(pair.call("GET", "/rockets?limit=100").json()["rockets"])
    page.await_text("#totals", f"^{total}$")
    page.script("document.querySelector('#rows tr:not(.open) a').focus()")  # rows with the focus stay as they are
    assert pair.call("DELETE", "/rockets/" + one).status == 204
    page.await_text("#rocket .state", r"^This rocket was removed at \d\d:\d\d:\d\d\.$")
    assert not page.find("#rocket canvas").is_displayed()
    assert page.row(one) is None and page.row(other)
    page.await_text("#totals", f"^{total - 1}$")
    assert page.complaints() == []


def test_a_rocket_that_does_not_exist_has_no_chart_until_it_does(pair, page):
    one = channel()
    page.open(pair, "#rocket=" + one)
    page.await_text("#rocket .state", "There is no rocket with this id yet")
    assert not page.find("#rocket canvas").is_displayed()
    launch(pair, one)
    page.await_text("#rocket [data-is=speed]", "^500$")
    page.await_text("#rocket [data-is=owner]", "^A · ")
    assert page.find("#rocket canvas").is_displayed()
    assert page.complaints() == []


def test_what_rockets_say_is_shown_as_text(pair, page):
    one = f"<b>{channel()}</b>/../?#%2F\"'"
    code = "<img src=x onerror=alert(1)>"
    body = {"type": code, "launchSpeed": 1, "mission": "<script>alert(1)</script>\u202egnp\x9b"}
    assert pair.post(message(one, 1, "RocketLaunched", **body)).status == 202
    page.open(pair)
    row = until(lambda: page.row(one), what="the rocket")
    assert (row["type"], row["mission"]) == (code, "<script>alert(1)</script>\\u{202e}gnp\\u{009b}")
    page.script("""[...document.querySelectorAll('#rows a')].find(
        link => link.textContent === arguments[0]).click()""", one)
    page.await_text("#rocket [data-is=type]", "^<img")
    assert page.text("#rocket-id") == one
    assert page.script("return document.querySelectorAll('main img, aside img').length") == 0
    assert page.complaints() == []


def test_it_says_in_words_what_is_wrong_and_keeps_the_rows(start, page):
    both = start(gateway=["--workers", 1, "--buffer", 50, "--wait", "100ms"])
    page.open(both)
    page.await_text("#health", "Ready")
    assert not page.find("#filters").is_displayed() and not page.find("#next").is_displayed()
    command = page.await_text("#command", "curl .*").group()
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
    row = until(lambda: page.row("apollo"), what="the rocket of the command that is offered")
    page.await_text("#health", "Live")
    assert page.text("#banner") == "" and page.is_hidden("#first")
    assert page.find("#filters").is_displayed() and page.find("#next").is_displayed()
    page.await_text("#processors", "state on disk")
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="the ack of what is shown")
    page.script("window.isSame = true")
    both.processor.stop(signal.SIGKILL)
    assert both.post([message("apollo", number) for number in range(2, 9)]).status == 202
    page.await_text("#banner", "No processor is up: 7 messages are accepted and wait")
    page.await_text("#health", "No processor")
    page.await_text("#partitions-count", "16 without an owner")
    until(lambda: not page.is_hidden("#stale"), what="the note that the rows are old")
    assert page.row("apollo") == row, "what was there stays"
    assert both.post([message("apollo", number) for number in range(9, 100)]).status == 413
    assert both.post([message("apollo", number) for number in range(9, 59)]).status == 503
    page.await_text("#banner", "the buffer is full: 7 messages wait, new ones are refused")
    both.gateway.stop(signal.SIGKILL)
    page.await_text("#banner", "gateway has not answered since")
    page.await_text("#health", "Gateway away")
    assert page.row("apollo") == row, "what was there stays"
    both.gateway = both.start_gateway()
    both.processor = both.start_processor()
    until(lambda: page.row("apollo")["speed"] == "1,200", what="the speed after the restart")
    page.await_text("#health", "Live")
    until(lambda: page.text("#banner") == "" and page.is_hidden("#stale"), what="the troubles to go")
    assert page.script("return window.isSame"), "it was not loaded again"


#  What /stats says, the age of each sample and what it said otherwise, and the words for it.
HEALTHS = [
    ({}, [], "good live: All is well."),
    ({"processors": 0, "buffered": 15426, "bufferLimit": 1000000}, [],
     "bad no-processor: No processor is up: 15,426 messages are accepted and wait."),
    ({"processors": 0, "buffered": 1}, [], "bad no-processor: No processor is up: 1 message is accepted "
     "and waits."),
    ({"processors": 0, "partitions": 0}, [], "bad no-processor: No processor is up, and the gateway has "
     "heard of none since it started: it accepts nothing yet."),
    ({"processors": 0, "buffered": 2000}, [], "bad no-processor: No processor is up, and the buffer is "
     "full: 2,000 messages wait, new ones are refused."),
    ({"isJournalDiskFull": True}, [], "bad disk-full: The disk of the journal is full: nothing is "
     "accepted until it has room."),
    ({"buffered": 1990, "refusals": {"buffer-full": 7}}, [(1, {"overflows": 6, "saved": 9})],
     "bad buffer-full: The buffer is full: 1,990 messages wait for the processors, new ones are refused."),
    ({"buffered": 31, "refusals": {"buffer-full": 7}}, [(1, {"overflows": 4, "saved": 9})],
     "bad buffer-full: The buffer is full at times: 3 requests refused in the last 5 s. 31 messages wait now."),
    ({"buffered": 1990, "dropped": 3}, [(1, {"saved": 9})], "bad buffer-full: The buffer is full: 1,990 "
     "messages wait for the processors, new ones are dropped."),
    ({"buffered": 40, "alarms": {"awayStores": 1}}, [], "bad store-away: The store of 1 of 2 processors "
     "does not answer: 40 messages are accepted and wait."),
    ({"buffered": 40, "bus": {"kind": "kafka", "isAway": True}}, [(7, {"saved": 9}), (6, {})], "bad "
     "bus-away: The bus (kafka) does not answer the gateway: 40 messages are accepted and wait."),
    ({"buffered": 40, "bus": {"kind": "kafka", "isAway": False, "fault": "the topic has 4 partitions; make it anew"}},
     [(7, {"buffered": 1}), (6, {})], "bad bus-fault: The gateway sends nothing: the topic has 4 partitions; make "
     "it anew. 40 messages wait."),
    ({"processors": 0, "partitions": 0, "bus": {"kind": "kafka", "isAway": True}}, [], "bad bus-away: The bus "
     "(kafka) does not answer the gateway: nothing is accepted yet. / bad no-processor: No processor is up, "
     "and the gateway has heard of none since it started: it accepts nothing yet."),
    ({"buffered": 40}, [(7, {"buffered": 0}), (6, {"buffered": 3})], "bad saves-fail: Nothing has been "
     "saved for 6 s: 40 messages are accepted and wait. The logs of the processors say why."),
    ({"owners": 3, "lagMessages": 5}, [], "warn no-owner: 1 of 4 partitions has no owner: 5 messages are "
     "accepted and wait."),
    ({"buffered": 1500, "lagSeconds": 3}, [(10, {"buffered": 100}), (5, {"buffered": 900, "saved": 9})],
     "warn lag: The processors are behind: 1,500 messages are accepted and wait, the oldest for 3 s, "
     "and each second there are 140 more."),
    ({"buffered": 15, "lagSeconds": 8}, [(1, {"saved": 9})], "warn lag: The processors are behind: 15 "
     "messages are accepted and wait, the oldest for 8 s."),
    ({"alarms": {"contestedPartitions": 2}}, [],
     "bad contestedPartitions: Two processors claim the same partition, at 2 partitions."),
    ({"alarms": {"unlistedProcessors": 1, "refusedProcessors": 1}}, [], "bad unlistedProcessors: 1 "
     "processor is not in --processors of the gateway: messages for its partitions wait. / warn "
     "refusedProcessors: 1 processor is refused, as it keeps another state."),
    ({"owners": 3, "lagMessages": 5, "alarms": {"unlistedProcessors": 2}}, [], "bad unlistedProcessors: 2 processors "
     "are not in --processors of the gateway: messages for their partitions wait. / warn no-owner: 1 of 4 partitions "
     "has no owner: 5 messages are accepted and wait."),
    ({"alarms": {"fullProcessors": 1, "implausibleClaims": 2}}, [], "bad fullProcessors: 1 processor is full: messages "
     "of new rockets are refused. / warn implausibleClaims: 2 claims of partitions are ignored, for an impossible epoch."),
    ({"setAsideFrames": 1}, [], "warn set-aside: 1 frame is set aside: a processor refuses what is in there, and its log "
     "says why."),
    ({"down": 1}, [], "warn down: 1 of 3 processors is down."),
    ({"rockets": 0}, [], "good empty: No rocket has sent anything yet."),
    ({"rockets": None}, [], "busy loading: Loading …"),
]


def seen_by_the_page(told, samples):
    """What health () takes."""
    owners, processors = told.get("owners", 4), told.get("processors", 2)
    up, down = {"isUp": True, "isRefused": False}, {"isUp": False, "isRefused": False}
    stats = {"partitions": 4, "buffered": 0, "bufferLimit": 2000, "journalBytes": 1, "journalLimit": 2,
             "isJournalDiskFull": False, "saved": 10, "dropped": 0, "waiting": 0, "refusals": {},
             "setAsideFrames": 0, "bus": {"kind": "zmq", "isAway": False}, **told,
             "alarms": {name: 0 for name in ("refusedProcessors", "contestedPartitions",
                                             "implausibleClaims", "unlistedProcessors",
                                             "awayStores", "fullProcessors")} | told.get("alarms", {}),
             "processors": [up] * processors + [down] * told.get("down", 0 if processors else 2),
             "routing": [{"owner": "A" if place < owners and processors else None,
                          "lagMessages": told.get("lagMessages", 1 if told.get("buffered") else 0),
                          "lagSeconds": told.get("lagSeconds", 0)} for place in range(4)]}
    if told.get("partitions") == 0:
        stats["routing"] = []
    now = {"at": 100, "buffered": stats["buffered"], "saved": 10, "dropped": stats["dropped"],
           "overflows": stats["refusals"].get("buffer-full", 0)}
    return {"stats": stats, "awayAt": None, "eventsLostAt": None, "rockets": told.get("rockets", 1),
            "samples": [{**now, "dropped": 0, **other, "at": 100 - age} for age, other in samples] + [now]}


def test_health_has_a_sentence_for_each_trouble(pair, page):
    page.open(pair)
    found = page.driver.execute_async_script("""
        const done = arguments[1]
        import("/dashboard/health.js").then(({health}) => done(arguments[0].map(seen => {
            const {troubles, ...first} = health(seen)
            return (troubles.length ? troubles : [first]).map(
                one => `${one.level} ${one.name}: ${one.sentence}`).join(" / ")
        }))).catch(error => done([String(error)]))""",
        [seen_by_the_page(told, samples) for told, samples, _ in HEALTHS])
    assert found == [sentence for _, _, sentence in HEALTHS]


FLEET_SIZE = int(os.environ.get("DOWNLINK_FLEET_SIZE", "50000"))  # as JSON, 14 MB
TABS = 7


class Meter:
    """A proxy before a gateway that counts the bytes of its answers."""

    def __init__(self, port):
        self.port = port
        self.bytes = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.http = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self.port))
                threading.Thread(target=self._pass, args=(client, server), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, True), daemon=True).start()

    def _pass(self, source, target, is_answer=False):
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                self.bytes += len(piece) if is_answer else 0
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()


def test_it_asks_for_a_token_and_goes_back_to_that_when_the_token_is_gone(start, page, tmp_path):
    tokens = tmp_path / "tokens"
    digest = hashlib.sha256(b"secret").hexdigest()
    tokens.write_text(f"writer write {digest}\nreader read,stats {digest[::-1]}\n")
    both = start(gateway=("--token-file", tokens))
    page.open(both)
    page.await_text("label", "Token")
    Album(page).take("sign-in")
    for typed, fault in (("wrong", "does not know"), ("no token", "as Bearer"), ("secret", "scope read")):
        page.find("#token").clear()
        page.find("#token").send_keys(typed, Keys.ENTER)
        page.await_text("#fault", fault)
    page.complaints()
    replace(tokens, f"all write,read,stats {digest}\n")
    until(lambda: both.call("GET", "/rockets", Authorization="Bearer secret").status == 200)
    page.find("#token").clear()
    page.find("#token").send_keys("secret", Keys.ENTER)
    page.await_text("#health", "Live|Ready")
    page.await_text("#launch", "Put a token .* into DOWNLINK_TOKEN")
    subprocess.run(page.text("#command"), shell=True, check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DOWNLINK_TOKEN": "secret"})
    one = "apollo"
    until(lambda: page.row(one), what="the rocket of the command that is offered")
    assert page.script("return document.cookie") == "", "no script can read the token"
    assert page.complaints() == []
    replace(tokens, f"all read {digest}\n")
    page.await_text("#banner", "lacks the scope stats")
    assert page.row(one), "rockets are shown all the same"
    tokens.write_text("")
    page.await_text("label", "Token")


def test_it_signs_out_in_all_tabs(start, page, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text(f"page read,write {hashlib.sha256(b'another').hexdigest()}\n")
    both = start(gateway=("--token-file", tokens))
    one = channel()
    posted = both.call("POST", "/messages", json.dumps(message(one, 1)), Authorization="Bearer another",
                       Prefer="wait=60")
    assert posted.status == 200
    page.open(both)
    page.await_text("label", "Token")
    page.find("#token").send_keys("another", Keys.ENTER)
    until(lambda: page.row(one), what="the rocket")
    page.await_text("#banner", "lacks the scope stats")
    assert not page.find(".tiles").is_displayed() and not page.find("#processors").is_displayed()
    Album(page).take("no-numbers")
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("window")
    page.open(both)
    until(lambda: page.row(one), what="the rocket in the other tab")
    page.script("document.querySelector('#rows a').focus()")  # so that it does not load the list again
    other = page.driver.current_window_handle
    page.driver.switch_to.window(first)
    assert page.find("#sign-out").get_attribute("title") == "Signed in with the token page (write, read)"
    page.find("#sign-out").send_keys(Keys.ENTER)
    page.await_text("label", "Token")
    assert page.driver.get_cookies() == []
    page.driver.switch_to.window(other)
    page.await_text("label", "Token")
    page.driver.close()
    page.driver.switch_to.window(first)


def test_it_works_over_https(folder, page, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text(f"all write,read,stats {hashlib.sha256(b'secret').hexdigest()}\n")
    both = SecurePair(folder, tls.blind(), [*tls.files(*tls.Authority(tmp_path).sign("server")), "--token-file",
                                            tokens])
    one = channel()
    posted = both.call("POST", "/messages", json.dumps(message(one, 1, "RocketLaunched")),
                       Authorization="Bearer secret")
    assert posted.status == 202
    page.driver.get(f"https://localhost:{both.http}/")
    page.await_text("label", "Token")
    page.find("#token").send_keys("secret", Keys.ENTER)
    until(lambda: page.row(one), what="the rocket")
    cookie = page.driver.get_cookie("downlink_token")
    assert cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    both.call("POST", "/messages", json.dumps(message(one, 2, "RocketSpeedIncreased", by=2500)),
              Authorization="Bearer secret")
    until(lambda: page.row(one)["speed"] == "3,000", what="the speed")
    page.driver.get("about:blank")
    both.stop()


def seconds_to_rows(pair, page):
    """Return the time in which the page of a pair with few rockets shows them, when the browser is warm."""
    launch(pair, channel())
    for _ in range(2):
        began = time.monotonic()
        page.open(pair)
        until(page.rows, what="rows")
    return time.monotonic() - began


def test_seven_tabs_beside_many_rockets_cost_little_and_share_one_stream(pair, start, page):
    both, few = start(), seconds_to_rows(pair, page)
    fill(both, FLEET_SIZE)
    last = f"light-{FLEET_SIZE - 1:07}"
    both.rocket_when(last, lambda rocket: True)
    with contextlib.closing(Meter(both.http)) as meter:
        began = time.monotonic()
        page.open(meter)
        until(lambda: len(page.rows()) == 25, what="the rows")
        seconds = time.monotonic() - began
        page.await_text("#health", "Live")
        first = page.rows()[0]
        both.post(message(first, 2))
        until(lambda: page.row(first)["speed"] == "200", what="the speed")
        print(f"{FLEET_SIZE} rockets: rows after {seconds:.2f} s, {meter.bytes} bytes")
        assert seconds < min(4 + 4 * few, 20), f"a second on an idle machine; here a few rockets took {few:.2f} s"
        assert meter.bytes < 1000000
        tabs = [page.driver.current_window_handle]
        for _ in range(TABS - 1):
            page.driver.switch_to.new_window("window")
            tabs.append(page.driver.current_window_handle)
            page.open(meter, "#sort=-speed")
        both.post(message(first, 3))
        for tab in tabs:
            page.driver.switch_to.window(tab)
            assert not page.script("return document.hidden")
            page.await_text("#health", "Live")
            until(lambda: (page.row(first) or {}).get("speed") == "300", what=f"the speed in {tab}")
        await_streams(both, 1)
        print(f"{TABS} tabs: {meter.bytes} bytes")
        assert meter.bytes < TABS * 1000000
        for tab in tabs[1:]:
            page.driver.switch_to.window(tab)
            page.driver.close()
        page.driver.switch_to.window(tabs[0])
        both.post(message(first, 4))
        until(lambda: page.row(first)["speed"] == "400", what="the speed without the others")


def test_a_browser_without_shared_workers_has_a_stream_in_each_tab(pair, page):
    one = channel()
    launch(pair, one)
    script = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument",
                                         {"source": "delete window.SharedWorker"})["identifier"]
    try:
        page.open(pair, "#search=" + one)
        until(lambda: page.row(one), what="the rocket")
        page.await_text("#health", "Live")
        pair.post(message(one, 2))
        until(lambda: page.row(one)["speed"] == "600", what="the speed")
        assert page.complaints() == []
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})


def test_the_hub_divides_rockets_among_streams(pair, page):
    page.open(pair)
    sizes = page.driver.execute_async_script("""
        const done = arguments[0]
        const ids = (count, text) => Array.from({length: count}, (_, index) => text + index)
        import("/dashboard/hub.js").then(({divide}) => done(
            [ids(0, ""), ids(25, "x"), ids(600, "x"), ids(100, "ü".repeat(60)), ids(2000, "x")].map(
                ids => divide(ids).map(list => list.length))))""")
    assert sizes == [[], [25], [250, 250, 100], [16, 16, 16], [250, 250, 250]]


SIZES = {"light": (1440, 900, "light", False), "dark": (1440, 900, "dark", False),
         "phone": (390, 844, "dark", True)}


class Album:
    """Pictures of the page in every size. It checks that nothing is wider than the screen. Without
    DOWNLINK_SCREENSHOTS it takes only one of each state, to look at nothing."""

    def __init__(self, page):
        self.page = page
        self.folder = os.environ.get("DOWNLINK_SCREENSHOTS")

    def take(self, state, sizes=tuple(SIZES), widths=()):
        for name in sizes if self.folder else sizes[-1:]:
            self.page.size(*SIZES[name])
            self.page.script("document.activeElement.blur(); scrollTo(0, 0)")
            until(lambda: self.page.width() <= SIZES[name][0], what=f"{state} to fit, {name}")
            if self.folder:
                self.page.wait(1.2)  # until the charts have their new sizes
                self.page.picture(self.folder, f"{state}-{name}")
        for width in widths:
            self.page.size(width, 800)
            until(lambda: self.page.width() <= width, what=f"{state} to fit in {width}")
        self.page.size(*SIZES["light"])


@contextlib.contextmanager
def held_lists(page):
    """Hold back the lists that the page asks for."""
    page.driver.execute_cdp_cmd("Fetch.enable", {"patterns": [{"urlPattern": "*/rockets\\?*"}]})
    yield
    page.driver.execute_cdp_cmd("Fetch.disable", {})


def with_two_processors(both, folder):
    """Another processor for the pair, and a gateway that knows both. Return the processor."""
    other = free_ports(3)
    second = Program(folder, "downlink-processor", "--port", other, "--state-dir", both.state)
    assert both.gateway.stop() == 0
    both.gateway_flags = ["--processors", f"127.0.0.1:{both.port},127.0.0.1:{other}"]
    both.gateway = both.start_gateway()
    assert both.await_ready()

    def owners():
        return {one["owner"] for one in both.call("GET", "/stats").json()["routing"]}
    until(lambda: len(owners()) == 2 and None not in owners(), what="two owners")
    return second


def load_on(both, folder, stack, *flags):
    load = Program(folder, "downlink-launch", f"http://127.0.0.1:{both.http}/messages", "--rockets", 60,
                   "--max-messages", 200000, "--new-connections", "no", *flags)
    stack.callback(load.stop, signal.SIGKILL)  # it would go on until all is delivered
    return load


def test_pictures_of_every_state(start, page, folder, tmp_path):
    """For docs/screenshots: DOWNLINK_SCREENSHOTS=folder keeps them, DOWNLINK_SCREENSHOT_SECONDS of load
    are before."""
    both, album = start(), Album(page)
    seconds = float(os.environ.get("DOWNLINK_SCREENSHOT_SECONDS", "1"))
    if album.folder:
        signal.alarm(900)  # the limit of a test, made longer
    with contextlib.ExitStack() as stack:
        second = with_two_processors(both, folder)
        stack.callback(second.process.wait)
        stack.callback(second.process.kill)
        with held_lists(page):
            page.open(both)
            page.await_text("#health", "Loading")
            album.take("loading")
        page.open(both)
        page.await_text("#health", "Ready")
        album.take("empty")
        for body in ("{}", "{}", "no JSON"):
            both.call("POST", "/messages", body)
        load_on(both, folder, stack, "--rate", 300, "--shuffle", 2000)
        until(lambda: len(page.rows()) == 25, what="the rockets")
        page.await_text("#health", "Live")
        page.wait(seconds)
        album.take("live", widths=(1280, 1024, 700))
        page.script("location.hash = 'rocket=' + arguments[0]", page.rows()[3])
        page.await_text("#rocket [data-is=speed]", r"\d")
        album.take("rocket", widths=(1024,))
        page.script("location.hash = ''")
        until(lambda: page.is_hidden("#rocket"), what="the view to close")
        third = Program(folder, "downlink-processor", "--port", free_ports(3), "--state-dir", both.state)
        stack.callback(third.process.wait)
        stack.callback(third.process.kill)
        page.await_text("#banner", "not in --processors of the gateway")
        page.wait(seconds / 6)
        album.take("fault")
        third.process.kill()
        page.await_text("#health", "Live")
        both.processor.stop(signal.SIGKILL)
        second.process.kill()
        page.await_text("#health", "No processor")
        album.take("no-processor")
        both.gateway.stop(signal.SIGKILL)
        page.await_text("#health", "Gateway away")
        album.take("gateway-away")
        settings = tmp_path / "kafka"
        settings.write_text(f"bootstrap.servers=127.0.0.1:{free_ports(1)}\n")
        both.gateway_flags = ["--bus=kafka", "--kafka-config", settings, "--journal-dir", tmp_path / "journal"]
        both.processor, both.gateway = both.start_processor(), both.start_gateway()
        page.await_text("#health", "Bus away")
        page.wait(seconds / 4)
        album.take("bus-away")
        both.gateway.stop(signal.SIGKILL)
        both.gateway_flags = ["--buffer", 2000, "--wait", "10ms"]
        both.gateway = both.start_gateway()
        assert both.await_ready()
        load_on(both, folder, stack, "--concurrency-level", 128, "--batch", 50, "--seed", 4, "--max-messages", 600000)
        page.await_text("#health", "Buffer full")
        page.wait(seconds / 10)
        album.take("full")
        both.gateway.stop(signal.SIGKILL)  # what waits is not needed
