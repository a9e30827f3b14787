"""A gateway with --bus=kafka beside a real broker: the records of the topic, waiting frames, reports."""
# SPDX-License-Identifier: Apache-2.0
import json
import signal

import pytest
from downlink import Client, Program, channel, free_ports, message, until
from kafka import partition_of

PARTITIONS = 4
SECRET = "very-secret"


class Gateway:
    """A gateway, and a client of it."""

    def __init__(self, folder, config, topic, *flags):
        port = free_ports(4)
        self.port = port
        self.bus = ("--bus=kafka", f"--kafka-config={config}", f"--topic={topic}")
        self.flags = (
            f"--listen=127.0.0.1:{port}", f"--processors=127.0.0.1:{port + 1}",
            *(self.bus if "--bus=zmq" not in flags else ()),
            f"--journal-dir={folder}/{topic}", "--workers=1", *flags)
        self.state = f"--state-dir={folder}/state-{topic}"
        self.folder = folder
        self.processors = []
        self.start()

    def start(self):
        self.program = Program(self.folder, "downlink-gateway", *self.flags)
        self.program.lines_with("listening")

    def start_processor(self, *flags):
        self.processors.append(Program(
            self.folder, "downlink-processor", f"--port={self.port + 1}", self.state,
            f"--partitions={PARTITIONS}", *(flags or self.bus)))
        return self.processors[-1]

    def is_ready(self):
        return self.call("GET", "/readyz").status == 200

    def lag(self):
        return sum(one["lagMessages"] for one in self.stats()["routing"])

    def call(self, *words, **fields):
        with Client(self.port) as client:
            return client.call(*words, **fields)

    def post(self, *messages, **fields):
        return self.call("POST", "/messages", json.dumps(messages), **fields)

    def stats(self):
        return self.call("GET", "/stats").json()

    def await_known(self):
        until(lambda: self.stats()["partitions"] > 0, what="the partitions of the topic")
        return self


@pytest.fixture
def start(folder, cluster):
    gateways = []

    def start_one(topic, *flags, config=None):
        gateways.append(Gateway(folder, config or cluster.config(), topic, *flags))
        return gateways[-1]
    yield start_one
    for one in gateways:
        for program in one.program, *one.processors:
            program.stop(signal.SIGKILL)


def test_each_message_is_a_record_that_anybody_can_read(start, cluster, topic):
    gateway = start(topic).await_known()
    assert gateway.stats()["partitions"] == PARTITIONS
    sent = [message(channel(), number, by=number) for number in range(1, 51)]
    assert gateway.post(*sent).status == 202
    until(lambda: gateway.stats()["buffered"] == 0, what="the brokers")
    records = cluster.consume(topic)
    assert len(records) == len(sent)
    by_channel = {one["metadata"]["channel"]: one for one in sent}
    for record in records:
        key = record.key().decode()
        value = json.loads(record.value())
        assert record.partition() == partition_of(key, PARTITIONS)
        assert value["message"] == by_channel[key]["message"]
        assert value["metadata"]["messageTime"].endswith("Z")
        assert {**value["metadata"], "messageTime": 0} == {**by_channel[key]["metadata"], "messageTime": 0}
    headers = [record.headers() for record in records if record.headers()]
    assert 1 <= len(headers) <= PARTITIONS
    assert all(name == "downlink-frame" and len(value) == 32 for [(name, value)] in headers)
    bus = gateway.stats()["bus"]
    assert (bus["kind"], bus["isAway"], bus["records"], bus["failedRecords"]) == ("kafka", False, 50, 0)
    assert sum(one["lagMessages"] for one in gateway.stats()["routing"]) == 0  # no processor, no routing
    metrics = gateway.call("GET", "/metrics").body.decode()
    assert "downlink_gateway_bus_records_total 50" in metrics
    assert "downlink_gateway_buffered_messages 0" in metrics


def test_messages_wait_in_the_journal_while_the_broker_is_away(start, cluster, topic):
    gateway = start(topic, "--buffer=100", "--wait=0s").await_known()
    cluster.stop()
    until(lambda: gateway.stats()["bus"]["isAway"], what="the gateway to notice")
    one = channel()
    for number in range(1, 101):
        assert gateway.post(message(one, number, by=1)).status == 202
    refused = gateway.post(message(one, 101, by=1))
    assert refused.status == 503 and refused.json()["type"].endswith("buffer-full")
    assert gateway.stats()["buffered"] == 100
    assert "downlink_gateway_bus_away_workers 1" in gateway.call("GET", "/metrics").body.decode()
    assert len(gateway.program.lines_with("the bus is away")) == 1
    gateway.program.stop(signal.SIGKILL)
    cluster.start()
    gateway.start()
    until(lambda: gateway.await_known().stats()["buffered"] == 0, what="the brokers")
    assert {json.loads(record.value())["metadata"]["messageNumber"] for record in cluster.consume(topic)} == \
        set(range(1, 101))


def test_without_a_journal_an_answer_waits_for_the_broker(start, cluster, topic):
    gateway = start(topic, "--journal=off", "--wait=0s").await_known()
    one = channel()
    assert gateway.post(message(one, 1, by=1)).status == 202
    assert len(cluster.consume(topic)) == 1
    cluster.pause()
    try:
        late = gateway.post(message(one, 2, by=1))
        assert late.status == 503 and late.json()["type"].endswith("bus-away")
        assert gateway.call("GET", "/readyz").status == 503
    finally:
        cluster.resume()
    until(lambda: gateway.stats()["buffered"] == 0, what="the broker")
    assert gateway.post(message(one, 2, by=1)).status == 202
    assert len(gateway.program.lines_with("the bus is back")) == 1


def test_a_stop_flushes(start, cluster, topic):
    gateway = start(topic).await_known()
    one = channel()
    assert gateway.post(*[message(one, number, by=1) for number in range(1, 5001)]).status == 202
    assert gateway.program.stop() == 0
    assert len(cluster.consume(topic)) == 5000


def test_who_waits_is_told_and_the_lag_is_that_of_the_processors(start, topic):
    gateway = start(topic)
    processor = gateway.start_processor()
    until(gateway.is_ready, what="the pair")
    one = channel()
    assert gateway.post(message(one, 1, by=1), Prefer="wait=20").json() == {"status": "applied", "accepted": 1}
    assert gateway.stats()["saved"] == 1 and gateway.lag() == 0
    processor.send(signal.SIGSTOP)
    assert gateway.post(message(one, 2, by=1), Prefer="wait=1").status == 202
    assert gateway.stats()["buffered"] == 0 and gateway.lag() == 1
    until(lambda: max(part["lagSeconds"] for part in gateway.stats()["routing"]) > 1, what="the lag")
    processor.send(signal.SIGCONT)
    until(lambda: gateway.lag() == 0, what="the ack")
    until(lambda: gateway.stats()["saved"] == 2, what="the ack")
    processor.stop(signal.SIGKILL)
    assert gateway.post(message(one, 3, by=1)).status == 202
    until(lambda: gateway.lag() == 1, what="the lag")
    gateway.start_processor()
    until(lambda: gateway.lag() == 0, what="the ack of the next owner")
    assert gateway.stats()["saved"] == 3


@pytest.mark.parametrize("gateway_bus, processor_bus", [
    ("kafka", "kafka --topic=another"), ("kafka", "zmq --partitioner=murmur2"), ("zmq", "kafka")])
def test_a_gateway_sends_nothing_past_its_processors(start, cluster, topic, gateway_bus, processor_bus):
    """Processors that read elsewhere would never get the messages: they wait, and the gateway says why."""
    gateway = start(topic, f"--bus={gateway_bus}")
    gateway.start_processor(*(gateway.bus if "kafka" in processor_bus else ()), *f"--bus={processor_bus}".split())
    words = f"reads from --bus={processor_bus.split()[0]}"
    fault = until(lambda: gateway.stats()["bus"]["fault"], what="the fault")
    assert words in fault and "start this gateway with the bus of the processors" in fault
    until(lambda: gateway.call("GET", "/readyz").json()["detail"] == fault, what="owners, and the fault")
    assert gateway.program.lines_with("a processor reads from another bus")
    assert gateway.post(message(channel(), 1, by=1)).status == 202
    assert gateway.stats()["buffered"] == 1


def test_a_fault_in_the_settings_is_named_and_a_secret_is_not(folder, cluster):
    for line, words in (("sasl.pasword=" + SECRET, "line=2 setting=sasl.pasword"),
                        ("sasl.mechanisms " + SECRET, "line=2"), ("linger.ms=" + SECRET, "line=2 setting=linger.ms")):
        path = cluster.config()
        path.write_text(f"bootstrap.servers={cluster.bootstrap}\n{line}\n", encoding="utf-8")
        program = Program(folder, "downlink-gateway", "--bus=kafka", f"--kafka-config={path}",
                          f"--listen=127.0.0.1:{free_ports(1)}", "--journal=off")
        assert program.process.wait(10) == 1
        assert words in program.text() and SECRET not in program.text()


def test_a_gateway_with_the_bus_needs_its_settings(folder):
    program = Program(folder, "downlink-gateway", "--bus=kafka")
    assert program.process.wait(10) == 2
    assert "--kafka-config" in program.text()
