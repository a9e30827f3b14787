"""The contract of a link, for every bus: the state gets each accepted message once, in whatever order and however
often the gateway sends it; the bus may be away or refuse messages; and a client gets a true answer."""
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import json
import signal
import time

import pytest

import oracle
from buses import PARTITIONS
from downlink import Client, channel, free_ports, message, until
from posters import post_from_many_sides, post_lines, under_load


PATIENCE_SECONDS = 60  # the longest --wait


def stats(both):
    return both.call("GET", "/stats").json()


def lag(both):
    return sum(one["lagMessages"] for one in stats(both)["routing"])


def is_away(both):
    return stats(both)["bus"]["isAway"]


def post_to(port, *messages):
    with Client(port, timeout=2 * PATIENCE_SECONDS) as client:
        return client.call("POST", "/messages", json.dumps(messages))


def post_patiently(port, one):
    """Post until the bus takes the message: a broker may need longer for its start than a request may wait. Return the
    last answer."""
    while True:
        began = time.monotonic()
        answer = post_to(port, one)
        if answer.status == 202:
            return answer
        assert answer.json()["type"].endswith("bus-away") and time.monotonic() - began > PATIENCE_SECONDS - 1


def await_speed(both, of, *speeds):
    both.rocket_when(of, lambda rocket: rocket["speed"] in speeds)


def restart(both, name):
    """Kill a program of the pair, and start it again."""
    program = getattr(both, name)
    program.process.kill()
    program.process.wait()
    setattr(both, name, getattr(both, f"start_{name}")())


@pytest.mark.parametrize("ordering", ["converge", "latest"])
def test_the_state_is_that_of_the_oracle_whoever_writes(over, bus, topic, ordering):
    """Half of the messages come through a gateway, and at the same time half from another program."""
    arrived = oracle.make(60, 50, seed=5, shuffle=300, duplicates=0.05)
    expected = oracle.states(arrived, ordering)
    rockets = set(list(expected)[::2])  # those whose messages come through the gateway
    if not bus.has_broker:
        ours, theirs = arrived, []
    elif ordering == "converge":  # each rocket's from both sides, in any order
        ours, theirs = arrived[::2], arrived[1::2]
    else:
        ours = [one for one in arrived if one["metadata"]["channel"] in rockets]
        theirs = [one for one in arrived if one["metadata"]["channel"] not in rockets]
    both = over(gateway=("--journal", "off", "--wait", "60s"), ordering=ordering)
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        done = beside.submit(bus.write, topic, theirs) if theirs else None
        (post_from_many_sides if ordering == "converge" else post_lines)(both, ours)
        assert done is None or done.result() > 0
    oracle.expect(both, expected)
    until(lambda: lag(both) == 0, what="all acks")
    both.stop()


def test_carried_is_not_saved(over, bus, topic):
    """What the bus has leaves the buffer, and is a lag until it is saved; only then is it applied. A stop of the gateway
    delivers."""
    both = over()
    of = channel()
    sent = [message(of, number, time_text="2022-02-02T18:39:05.863370Z", by=number) for number in range(1, 501)]
    assert both.post(sent[0], Prefer="wait=60").json() == {"status": "applied", "accepted": 1}
    assert (stats(both)["saved"], lag(both)) == (1, 0)
    both.processor.send(signal.SIGSTOP)
    assert both.post(sent[1], Prefer="wait=1").status == 202
    if bus.has_broker:
        until(lambda: stats(both)["buffered"] == 0, what="the broker's word")
    assert (stats(both)["buffered"], lag(both)) == (0 if bus.has_broker else 1, 1)
    until(lambda: max(part["lagSeconds"] for part in stats(both)["routing"]) > 1, what="the lag")
    both.processor.send(signal.SIGCONT)
    until(lambda: stats(both)["saved"] == 2 and lag(both) == 0, what="the ack")
    assert both.processor.stop() == 0
    if bus.has_broker:
        bus.texts(topic)
        assert both.post(sent).status == 202
        assert both.gateway.stop() == 0
        lines = [json.loads(line) for text in bus.texts(topic) for line in text.splitlines()]
        lines = sorted(lines[-len(sent):], key=lambda one: one["metadata"]["messageNumber"])
        assert lines == sent, "the form is that of POST /messages"


def test_kills_lose_nothing(over, bus, topic):
    """Of gateways and processors, while clients post to a gateway with a journal, and over a broker to one without."""
    both = over()
    flags = (*both.gateway_flags, "--journal", "off")
    other, port = both.start_gateway_beside(*flags) if bus.has_broker else (None, both.http)

    def kill_all():
        nonlocal other
        for name in ("gateway", "processor", "gateway"):
            restart(both, name)
            time.sleep(0.3)
        if bus.has_broker:
            other.process.kill()
            other.process.wait()
            other, _ = both.start_gateway_beside(*flags, port=port)
        until(lambda: "listening" in both.gateway.text(), what="the gateway")
    under_load(both, kill_all, ports=(both.http, port))
    assert both.await_ready()
    assert other is None or other.stop() == 0
    both.stop()


def test_an_outage_delays_and_loses_nothing(over, bus):
    """With a journal a gateway goes on accepting."""
    admin = free_ports(1)
    both = over(processor=("--admin", f"127.0.0.1:{admin}"), may_fail=True)
    of = channel()
    assert both.post(message(of, 1, by=7), Prefer="wait=60").status == 200

    def leave_and_return():
        if bus.has_broker:
            sit_out(both, of, admin, bus)
        else:
            bus.leave(both)
            bus.come_back(both)
    assert under_load(both, leave_and_return) == {202}
    until(lambda: not is_away(both), what="the end of the outage")
    until(lambda: stats(both)["buffered"] == 0, what="the end of the journal")
    both.stop()


def sit_out(both, of, admin, bus):
    """While the broker is away: without a journal a client is answered when it is back, or with 503. A processor answers
    queries, stops, and waits for the broker when it starts."""
    def probe(target, port=admin):
        with Client(port) as client:
            return client.call("GET", target)
    flags = (*both.gateway_flags, "--journal", "off", "--wait")
    patient, patient_port = both.start_gateway_beside(*flags, f"{PATIENCE_SECONDS}s")
    hasty, hasty_port = both.start_gateway_beside(*flags, "0s")
    for port in (patient_port, hasty_port):
        until(lambda port=port: probe("/readyz", port).status == 200, what="a gateway without a journal")
    bus.leave(both)
    with concurrent.futures.ThreadPoolExecutor(2) as beside:
        refused = beside.submit(post_to, hasty_port, message(of, 2, by=1))
        until(lambda: probe("/stats", hasty_port).json()["buffered"] == 1, what="the message that is refused in the end")
        hasty.send(signal.SIGTERM)
        held = beside.submit(post_patiently, patient_port, message(of, 3, by=1))
        until(lambda: is_away(both), what="the word that the bus is away")
        until(lambda: b"downlink_processor_bus_away 1" in probe("/metrics").body, what="the word of the processor")
        assert both.rocket(of)["speed"] == 7, "queries are answered"
        start = time.monotonic()
        assert both.processor.stop() == 0
        assert time.monotonic() - start < 5, "it waits for no broker at its end"
        both.processor = both.start_processor()
        both.processor.lines_with("waiting for")
        assert probe("/readyz").status == 503
        answer = refused.result()
        assert answer.status == 503 and answer.json()["type"].endswith("bus-away")
        assert hasty.process.wait(60) == 0
        assert 'messages=1 are="refused with 503"' in hasty.text()
        assert not held.done()
        bus.come_back(both)
        assert held.result().status == 202
    await_speed(both, of, 8)
    until(lambda: probe("/readyz").status == 200, what="a processor that is ready")
    assert patient.stop() == 0


def test_a_bus_that_takes_nothing_is_told_and_waited_for(over, bus):
    """Messages wait until the buffer is full; each worker has its own."""
    both = over(gateway=("--buffer", "100", "--wait", "0s", "--workers", "1"), may_fail=True)
    of = channel()
    assert both.post(message(of, 1, by=1), Prefer="wait=60").status == 200
    bus.refuse(both)
    for number in range(2, 102):
        assert both.post(message(of, number, by=1)).status == 202
    refused = both.post(message(of, 102, by=1))
    assert refused.status == 503 and refused.json()["type"].endswith("buffer-full") and refused.headers["Retry-After"]
    if bus.has_broker:
        until(lambda: is_away(both), what="the word that the bus takes nothing")
        assert b"downlink_gateway_bus_away_workers 0" not in both.call("GET", "/metrics").body
    assert stats(both)["buffered"] == 100
    bus.accept(both)
    until(lambda: both.post(message(of, 102, by=1)).status == 202, what="room for the next message")
    await_speed(both, of, 102)
    until(lambda: not is_away(both), what="the end of it")
    both.stop()


def test_a_gateway_sends_nothing_past_its_processors(over, bus, topic, start):
    """Processors that read elsewhere would never get the messages: they wait, and the gateway says why."""
    if not bus.has_broker:
        pytest.skip("the tests of the other buses hold this for both sides")
    both = over()
    others = start(processor=("--partitioner", bus.partitioner, "--partitions", PARTITIONS))
    cases = ((both, bus.flags(topic + "x"), f"reads from --bus={both.gateway_flags[1]} --topic={topic}"),
             (both, (), "and this gateway sends over --bus=zmq"), (others, bus.flags(topic), "reads from --bus=zmq"))
    for pair, flags, words in cases:
        of = channel()
        wrong, port = pair.start_gateway_beside(*flags)
        with Client(port) as client:
            fault = until(lambda client=client: client.call("GET", "/stats").json()["bus"]["fault"], what="the fault")
            assert words in fault and "start this gateway with the bus of the processors" in fault
            until(lambda client=client, fault=fault: client.call("GET", "/readyz").json().get("detail") == fault,
                  what="the fault in the probe")
            assert client.call("POST", "/messages", json.dumps(message(of, 1, by=7))).status == 202
            assert client.call("GET", "/stats").json()["buffered"] == 1
        assert wrong.lines_with("a processor reads from another bus")
        wrong.stop(signal.SIGKILL)
        assert pair.gateway.stop() == 0
        pair.gateway = pair.start_gateway()  # it takes over what the other one accepted
        assert pair.await_ready()
        await_speed(pair, of, 7)
    both.stop()
    others.stop()
