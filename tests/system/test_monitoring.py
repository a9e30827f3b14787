"""A real Prometheus scrapes real programs, with the rules, and answers the queries of the dashboard."""
import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from downlink import ROOT, Pair, channel, free_ports, message, until

FOLDER = ROOT / "deploy/monitoring"
DASHBOARD = json.loads((FOLDER / "grafana/dashboards/downlink.json").read_text())
CONFIGURATION = """
global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: downlink-gateway
    static_configs: [{{targets: ["127.0.0.1:{gateway}"]}}]
  - job_name: downlink-processor
    static_configs: [{{targets: ["127.0.0.1:{processor}"]}}]
"""


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=100)
    assert done.returncode == 0, done.stdout


def test_the_rules_and_the_configuration_are_good():
    promtool("check", "config", "--syntax-only", FOLDER / "prometheus.yml")
    promtool("check", "rules", FOLDER / "alerts.yml")


def test_every_alert_fires_when_it_should_and_not_before():
    promtool("test", "rules", FOLDER / "alerts.test.yml")
    named = re.findall(r"alert: (\w+)", (FOLDER / "alerts.yml").read_text())
    tests = (FOLDER / "alerts.test.yml").read_text()
    assert len(named) > 8 and all(name in tests for name in named)


def test_the_panels_of_the_dashboard_do_not_overlap():
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


class Prometheus:
    """A Prometheus of its own, in a folder of its own."""

    def __init__(self, folder, gateway, processor):
        self.port = free_ports(1)
        self.log = open(f"{folder}/prometheus.log", "wb")
        file = f"{folder}/prometheus.yml"
        with open(file, "w") as written:
            written.write(CONFIGURATION.format(rules=FOLDER / "alerts.yml", gateway=gateway,
                                               processor=processor))
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)

    def ask(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}",
                                        timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            if refused.code == 503:  # it is starting
                return {}
            raise AssertionError(f"{parameters}: {refused.read().decode()}") from None
        except urllib.error.URLError:
            assert self.process.poll() is None
            return {}

    def value(self, expression):
        """The value of an expression that gives one sample; None if it gives none."""
        result = self.ask("query", query=expression).get("result")
        return float(result[0]["value"][1]) if result else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


@pytest.fixture(scope="module")
def watched(folder):
    """A pair under the eyes of a Prometheus."""
    admin = free_ports(1)
    both = Pair(folder, processor=["--admin", f"127.0.0.1:{admin}"])
    both.prometheus = Prometheus(folder, both.http, admin)
    yield both
    both.prometheus.stop()
    both.stop()


def test_a_real_prometheus_scrapes_both_programs(watched):
    ask = watched.prometheus

    def targets():
        found = ask.ask("targets").get("activeTargets", [])
        return len(found) == 2 and all(target["health"] == "up" for target in found)
    until(targets, what="two healthy targets")
    for number in range(1, 8):
        watched.post(message(channel(), number))
    for name in "downlink_gateway_accepted_messages_total", "downlink_gateway_saved_messages_total", \
            "downlink_processor_applied_messages_total":
        until(lambda name=name: ask.value(name) == 7, what=name)
    #  Each is asked until it is there: a scrape that takes longer than half a second gives nothing.
    until(lambda: ask.value("count(downlink_gateway_partition_lag_seconds)") == 16, what="the partitions")
    until(lambda: ask.value("downlink_gateway_build_info") == 1, what="the build")


def test_prometheus_answers_every_query_of_the_dashboard(watched):
    ask = watched.prometheus
    expressions = [target["expr"].replace("$__rate_interval", "10s")
                   for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    assert len(expressions) > 40
    watched.post(message(channel(), 0))
    watched.call("GET", "/rockets")

    def silent():
        """Those that show nothing, asked again and again while there is something to show."""
        watched.post(message(channel(), 1))
        return [expression for expression in expressions if ask.value(expression) is None]
    until(lambda: silent() == [], what=f"an answer to {silent()}")


def test_an_alert_fires_in_a_real_prometheus(watched):
    watched.processor.send(signal.SIGSTOP)
    began = time.monotonic()

    def firing():
        return "DownlinkPartitionUnowned" in [
            alert["labels"]["alertname"] for alert in watched.prometheus.ask("alerts").get("alerts", ())
            if alert["state"] == "firing"]
    until(firing, seconds=120, what="the alert")
    assert time.monotonic() - began > 10
    watched.processor.send(signal.SIGCONT)
    until(lambda: not firing(), what="the end of the alert")
