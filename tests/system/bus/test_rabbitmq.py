"""--bus=rabbitmq beside a real broker: its peculiarities. The form of its messages, TLS, queues that are gone, and
messages that do not fit."""
# SPDX-License-Identifier: Apache-2.0
import json
import re
import subprocess
import time

import pytest

from downlink import BIN, Program, channel, free_ports, message, until
from partitioners import partition_of
from tls import Authority

PARTITIONS = 4  # fewer than usual: queues are made for each test
SECRET = "very-secret"


@pytest.fixture
def broker(buses):
    return buses("rabbitmq").server


@pytest.fixture
def over(start, broker, topic):
    """Start pairs that use the broker and the queues."""
    def start_over(processor=()):
        flags = broker.flags(topic)
        return start(gateway=flags, processor=(*flags, "--partitions", PARTITIONS, *processor))
    return start_over


def queue_of(topic, of):
    return f"{topic}.{partition_of(of, PARTITIONS)}"


def stats(both):
    return both.call("GET", "/stats").json()


def is_saved(both):
    return stats(both)["buffered"] == 0


def await_speed(both, of, speed, applied):
    both.rocket_when(of, lambda rocket: (rocket["speed"], rocket["messagesApplied"]) == (speed, applied))


def test_a_frame_is_a_persistent_message_of_lines_as_post_takes_them(over, broker, topic):
    both = over()
    assert both.processor.stop() == 0
    of = channel()
    sent = [message(of, number, "RocketSpeedIncreased", "2022-02-02T18:39:05.863370Z", by=number)
            for number in range(1, 51)]
    assert both.post(sent).status == 202
    until(lambda: is_saved(both), what="the confirm")
    found = broker.messages(queue_of(topic, of))
    lines = [line for _, body in found for line in body.decode().split("\n")]
    assert [json.loads(line) for line in lines] == sent
    for properties, _ in found:
        assert properties.delivery_mode == 2 and abs(properties.timestamp - time.time()) < 60
        assert properties.content_type == "application/x-ndjson"
        assert len(properties.headers["downlink-frame"]) == 32
    bus = stats(both)["bus"]
    assert (bus["kind"], bus["isAway"], bus["records"], bus["failedRecords"]) == ("rabbitmq", False, len(found), 0)
    assert bus["roundTripMs"] >= 0
    assert both.gateway.stop() == 0


def test_tls_shows_and_checks_certificates(start, folder, broker, topic, tmp_path):
    def flags(**properties):
        return broker.flags(topic, **{"url": f"amqps://localhost:{broker.tls_port}/", "tls.ca": broker.authority.certificate,
                                      **properties})
    certificate, key = broker.authority.sign("client", usage="clientAuth")
    shown = {"tls.cert": certificate, "tls.key": key}
    both = start(gateway=flags(**shown), processor=(*flags(**shown), "--partitions", PARTITIONS))
    assert both.post(message(channel(), 1, by=1), Prefer="wait=60").status == 200
    both.stop()
    other = Authority(tmp_path, "other")
    for properties, words in (({**shown, "tls.ca": other.certificate}, "connecting: "), ({}, "logging in: ")):
        program = Program(folder, "downlink-processor", "--port", free_ports(3), "--store=memory", *flags(**properties))
        assert words in program.lines_with("waiting for a broker of RabbitMQ")[0]
        program.stop()
    program = Program(folder, "downlink-processor", "--port", free_ports(3), "--store=memory", "--partitions",
                      PARTITIONS, *flags(**shown, **{"tls.ca": other.certificate, "tls.verify": "no"}))
    program.lines_with("ready")
    assert program.stop() == 0


def test_a_letter_names_its_queue(over, broker, topic):
    """Also that of a message without a body."""
    aside = topic + "-dead"
    both = over(processor=("--dead-letter", aside))
    broker.publish([(f"{topic}.0", "junk"), (f"{topic}.1", "")])
    until(lambda: broker.depth(aside) == 2, what="the letters")
    letters = {body: properties.headers["queue"] for properties, body in broker.messages(aside)}
    assert letters == {b"junk": f"{topic}.0", b"": f"{topic}.1"}
    both.stop()


def test_a_queue_that_is_gone_is_made_again(over, broker, topic):
    both = over()
    of = channel()
    assert both.post(message(of, 1, by=1), Prefer="wait=60").status == 200
    broker.remove_queue(queue_of(topic, of))
    assert both.post(message(of, 2, by=1)).status == 202
    await_speed(both, of, 2, 2)
    both.stop()


def log_of_refusal(folder, *flags):
    """Start a processor that must refuse to run; return its log."""
    program = Program(folder, "downlink-processor", "--port", free_ports(3), "--state-dir",
                      f"{folder}/refused-{time.monotonic_ns()}", "--partitions", PARTITIONS, *flags)
    assert program.process.wait(60) == 1, program.text()
    return program.text()


def test_what_does_not_fit_is_refused_in_a_sentence(over, folder, broker, topic):
    broker.make_queue(f"{topic}.2", x__queue__type="classic")
    text = log_of_refusal(folder, *broker.flags(topic))
    assert re.search(f"{topic}.2: 406 .*x-queue-type.*classic", text) and "advice=" in text, text
    text = log_of_refusal(folder, *broker.flags(topic + "x", password="wrong-" + SECRET))
    assert "ACCESS_REFUSED" in text and SECRET not in text, text
    text = log_of_refusal(folder, *broker.flags(topic + "x", vhost="nowhere"))
    assert "NOT_ALLOWED" in text and "nowhere" in text, text
    broker.remove_queue(f"{topic}.2")
    both = over()
    assert both.gateway.stop() == 0
    gateway = Program(folder, "downlink-gateway", "--journal-dir", both.journal, "--listen", f"127.0.0.1:{both.http}",
                      "--processors", f"127.0.0.1:{both.port}", *broker.flags(topic, vhost="nowhere"))
    gateway.lines_with("the broker refuses what this gateway needs")
    fault = until(lambda: stats(both)["bus"]["fault"], what="the fault")
    assert "NOT_ALLOWED" in fault
    until(lambda: both.call("GET", "/readyz").json().get("detail") == fault, what="the fault in the probe")
    assert gateway.stop() == 0
    both.gateway = both.start_gateway()
    assert both.await_ready()
    both.stop()


@pytest.mark.parametrize("line, words", [
    ("pasword=" + SECRET, "line=4 setting=pasword"), ("heartbeat=" + SECRET, "line=4 setting=heartbeat"),
    ("tls.verify=" + SECRET, "setting=tls.verify"), ("tls.ca=/no/" + SECRET, "there is no such file"),
    ("url=http://" + SECRET, "line=4 setting=url"), ("tls.cert=/dev/null/x", "setting=tls.cert"), (SECRET, "line=4")])
def test_a_fault_in_the_settings_is_named_and_a_secret_is_not(tmp_path, line, words):
    path = tmp_path / "settings"
    path.write_text(f"url=amqp://localhost:1/\n# a comment\nuser=u\n{line}\n", encoding="utf-8")
    for program in ("downlink-gateway", "downlink-processor"):
        done = subprocess.run([BIN / program, "--bus=rabbitmq", f"--rabbitmq-config={path}", "--store=memory"][:4 if
                              program == "downlink-processor" else 3], capture_output=True, text=True, cwd=tmp_path,
                              check=False, timeout=30)
        assert done.returncode == 1 and words in done.stderr and SECRET not in done.stderr, done.stderr


@pytest.mark.parametrize("flags, reason", [
    (["--bus=rabbitmq"], "--bus=rabbitmq needs --rabbitmq-config, a file that sets url"),
    (["--bus=rabbitmq", "--rabbitmq-config=f", "--topic=a b"], "--topic: 'a b' is no name"),
    (["--rabbitmq-config=f"], "--rabbitmq-config does not go with --bus=zmq")])
def test_wrong_flags_are_usage_errors(flags, reason):
    for program in ("downlink-gateway", "downlink-processor"):
        done = subprocess.run([BIN / program, *flags], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and reason in done.stderr
