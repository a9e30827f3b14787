"""The instructions of docs/operations.md work as described."""
import re
import shutil
import sqlite3

from downlink import ROOT, channel, message, until

TEXT = (ROOT / "docs/operations.md").read_text()


def await_acks(both):
    """Wait until the gateway keeps no message that it would send to the next processor."""
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="the acks")


def test_a_copy_of_the_state_brings_back_what_was_in_it(start, tmp_path):
    both = start()
    one = channel()
    both.post([message(one, 1, "RocketLaunched"), message(one, 2)])
    both.rocket_when(one, lambda r: r["messagesApplied"] == 2)
    both.processor.stop()
    shutil.copytree(both.state, tmp_path / "copy")
    assert both.post(message(one, 3)).status == 202, "gateways go on accepting"
    both.processor = both.start_processor()
    both.rocket_when(one, lambda r: r["messagesApplied"] == 3)
    await_acks(both)

    both.processor.stop()
    shutil.rmtree(both.state)
    shutil.copytree(tmp_path / "copy", both.state)
    both.processor = both.start_processor()
    assert both.rocket_when(one, lambda r: True)["messagesApplied"] == 2
    assert both.post(message(one, 3)).status == 202
    both.rocket_when(one, lambda r: r["messagesApplied"] == 3)
    both.stop()


def test_a_copy_can_be_read_as_a_table_of_rockets(start, tmp_path):
    both = start()
    both.post(message("apollo", 1, "RocketLaunched"))
    both.rocket_when("apollo", lambda r: True)
    both.stop()
    copy = shutil.copy(both.state / "partition-0014.sqlite", tmp_path)
    query = re.search(r"sqlite3 partition-0014.sqlite '(.*?)'", TEXT).group(1)
    with sqlite3.connect(copy) as database:
        assert database.execute(query).fetchall() == [("apollo", 500, "flying")]


def test_a_damaged_partition_stops_the_start_and_is_replaced_from_a_copy(start, tmp_path):
    both = start()
    both.post(message("apollo", 1, "RocketLaunched"))
    both.rocket_when("apollo", lambda r: True)
    both.processor.stop()
    file = both.state / "partition-0014.sqlite"
    shutil.copy(file, tmp_path)
    content = bytearray(file.read_bytes())
    place = content.index(b"ARTEMIS")
    content[place] ^= 1
    file.write_bytes(content)

    broken = both.start_processor()
    assert broken.process.wait(60) == 1
    assert str(file.name) in broken.text() and "restore it from a copy" in broken.text()
    shutil.copy(tmp_path / file.name, file)
    both.processor = both.start_processor()
    assert both.rocket_when("apollo", lambda r: True)["mission"] == "ARTEMIS"
    await_acks(both)

    both.processor.stop()
    file.unlink()
    both.processor = both.start_processor()
    until(lambda: both.call("GET", "/rockets/apollo").status == 404, what="an empty partition")
    both.stop()


def test_there_is_something_to_do_for_every_alert():
    rules = (ROOT / "deploy/monitoring/alerts.yml").read_text()
    assert set(re.findall(r"alert: (\w+)", rules)) == set(re.findall(r"\bDownlink[A-Z]\w+", TEXT))
