"""Claims and acks of untrusted peers and of faulty processors, and the ones that a gateway believes."""
import concurrent.futures
import os
import signal
import struct
import threading
import time

import msgpack
import pytest
import xxhash
import zmq

from downlink import Program, channel, free_ports, message, until
from pretenders import Impostor, Relay
from zmtp import Server, frame

PARTITIONS = 16
TIME = 1643827145863370


@pytest.fixture(scope="module")
def context():
    with zmq.Context() as one:
        yield one


def partition(of):
    return xxhash.xxh3_64_intdigest(of.encode()) % PARTITIONS


def channel_of(partitions):
    return next(one for one in iter(channel, None) if partition(one) in partitions)


def stats(both):
    return both.call("GET", "/stats").json()


def gauge(both, name):
    text = both.call("GET", "/metrics").body.decode()
    [value] = [line.split()[1] for line in text.splitlines() if line.startswith(f"downlink_gateway_{name} ")]
    return float(value)


def problem(both):
    answer = both.call("GET", "/readyz")
    return answer.json()["detail"] if answer.status == 503 else None


@pytest.fixture
def impostor(context):
    started = []

    def start(**announced):
        started.append(Impostor(context, PARTITIONS, **announced))
        return started[-1]
    yield start
    for one in started:
        one.stop()


@pytest.fixture
def through_a_relay(start):
    """Start a pair whose gateway reaches the processor through a relay only. Return both."""
    relays = []

    def start_both():
        both = start()
        relay = Relay(both.port)
        relays.append(relay)
        both.gateway_flags = ("--workers", 1, "--processors", f"127.0.0.1:{relay.port}")
        both.gateway.stop()
        both.gateway = both.start_gateway()
        assert both.await_ready()
        return both, relay
    yield start_both
    for relay in relays:
        relay.stop()


@pytest.fixture
def program(folder):
    started = []

    def start(name, *flags):
        started.append(Program(folder, name, *flags))
        return started[-1]
    yield start
    for one in started:
        one.stop()


def gateway_for(both, *others):
    """Start the pair's gateway again, for other processors as well. Its port is the pair's."""
    both.gateway.stop()
    ports = [both.port, *others]
    both.gateway_flags = (*both.gateway_flags, "--workers", 1, "--processors",
                          ",".join(f"127.0.0.1:{port}" for port in ports))
    both.gateway = both.start_gateway()
    until(lambda: "listening" in both.gateway.text(), what="the gateway")


def owned_by(both):
    """Partitions by the address of their owner."""
    told = stats(both)
    addresses = {one["id"]: int(one["address"].split(":")[1]) for one in told["processors"]}
    owned = {}
    for route in told["routing"]:
        owned.setdefault(addresses.get(route["owner"]), set()).add(route["partition"])
    return owned


def test_acks_for_frames_that_a_stranger_sent_count_for_nothing(context, start, program):
    """The stranger hears a source at one processor, and has it acknowledge sequences that are on their way
    to another one, which is paused. What waits for that one must come through."""
    both = start(gateway=("--workers", 1))
    other = free_ports(3)
    second = program("downlink-processor", "--port", other, "--state-dir", both.state)
    gateway_for(both, other)
    owned = until(lambda: (lambda o: o if {both.port, other} == set(o) else None)(owned_by(both)),
                  what="two owners")
    events, push = context.socket(zmq.SUB), context.socket(zmq.PUSH)
    events.subscribe(b"ack/")
    events.connect(f"tcp://127.0.0.1:{both.port + 2}")
    push.connect(f"tcp://127.0.0.1:{both.port}")
    of_first, of_second = channel_of(owned[both.port]), channel_of(owned[other])

    def hear():
        both.post(message(of_first, hear.number))
        hear.number += 1
        return events.poll(100) and events.recv_multipart()
    hear.number = 1
    topic, payload = until(hear, what="an ack")
    source = bytes.fromhex(topic[4:].decode())
    second.send(signal.SIGSTOP)
    for number in range(1, 51):
        assert both.post(message(of_second, number)).status == 202
    last = msgpack.unpackb(payload)["ranges"][-1][1]
    mine = channel_of({partition(of_first)})
    for sequence in range(last + 1, last + 200):
        for messages in ([], [[mine, sequence, TIME, 2, 1]]):
            push.send(msgpack.packb([1, source, sequence, partition(mine), messages]))
    until(lambda: both.rocket(mine) and both.rocket(mine)["messagesApplied"] == 199, what="its frames")
    until(lambda: stats(both)["foreignAcks"] > 0, what="the forged acks")
    assert stats(both)["buffered"] >= 50
    second.process.kill()  # what it had not read is gone with it
    rocket = both.rocket_when(of_second, lambda r: r["messagesApplied"] == 50)
    assert rocket["missing"] == []
    assert both.gateway.lines_with("an ack does not count")
    events.close(linger=0)
    push.close(linger=0)


def test_an_ack_for_another_frame_of_the_same_name_counts_for_nothing(context, through_a_relay):
    """The processor does not get the gateway's frame, which a relay swallows, but a stranger's, which has
    the same source and sequence and a message of the same partition. That it acknowledges."""
    both, relay = through_a_relay()
    events, push = context.socket(zmq.SUB), context.socket(zmq.PUSH)
    events.subscribe(b"ack/")
    events.connect(f"tcp://127.0.0.1:{both.port + 2}")
    push.connect(f"tcp://127.0.0.1:{both.port}")
    one = channel()

    def hear():
        both.post(message(one, hear.number))
        hear.number += 1
        return events.poll(100) and events.recv_multipart()
    hear.number = 1
    topic, _ = until(hear, what="an ack")
    until(lambda: stats(both)["buffered"] == 0, what="rest")
    relay.is_swallowing = True
    assert both.post(message(one, hear.number)).status == 202
    until(lambda: relay.swallowed > 0, what="the loss")
    mine = channel_of({partition(one)})
    for sequence in range(1, 500):
        push.send(msgpack.packb([1, bytes.fromhex(topic[4:].decode()), sequence, partition(mine),
                                 [[mine, sequence, TIME, 2, 1]]]))
    until(lambda: stats(both)["foreignAcks"] > 0, what="the forged ack")
    assert stats(both)["buffered"] == 1
    relay.break_links()
    assert both.rocket_when(one, lambda r: r["messagesApplied"] == hear.number)["missing"] == []
    for socket_ in (events, push):
        socket_.close(linger=0)


def test_an_empty_frame_is_refused_and_not_acknowledged(context, pair):
    source = os.urandom(16)
    events, push, ask = context.socket(zmq.SUB), context.socket(zmq.PUSH), context.socket(zmq.REQ)
    events.subscribe(b"ack/" + source.hex().encode())
    events.connect(f"tcp://127.0.0.1:{pair.port + 2}")
    push.connect(f"tcp://127.0.0.1:{pair.port}")
    ask.connect(f"tcp://127.0.0.1:{pair.port + 1}")

    def refused():
        ask.send(msgpack.packb({"op": "stats"}))
        return msgpack.unpackb(ask.recv())["stats"]["framesRefused"]
    before, one = refused(), channel()
    push.send(msgpack.packb([1, source, 1, 3, []]))
    push.send(msgpack.packb([1, source, 3, partition(one), [[one, 1, TIME, 2, 1]]]))
    until(lambda: refused() == before + 1, what="the refusal")
    acked = set()
    while 3 not in acked:  # the last one is acknowledged again and again
        assert events.poll(10000)
        for first, last in msgpack.unpackb(events.recv_multipart()[1])["ranges"]:
            acked |= set(range(first, last + 1))
    assert acked == {3}
    for one in (events, push, ask):
        one.close(linger=0)


@pytest.fixture
def beside_a_rogue(start, impostor):
    """Start a pair whose gateway also hears an impostor, which says the pair's state and owns nothing yet.
    Return the pair, the impostor, and the routes to the true owner."""
    def start_both():
        both = start()
        told = stats(both)
        rogue = impostor(state=bytes.fromhex(told["state"].replace("-", "")), owned=[])
        gateway_for(both, rogue.port)
        until(lambda: both.call("GET", "/readyz").status == 200, what="the owner")
        return both, rogue, told["routing"]
    return start_both


@pytest.mark.parametrize("epoch", [2**63, 2**64 - 1, 1_000_000])
def test_a_claim_under_an_epoch_that_cannot_be_is_not_believed(beside_a_rogue, epoch):
    both, rogue, _ = beside_a_rogue()
    rogue.announced["owned"] = [[one, epoch] for one in range(PARTITIONS)]
    until(lambda: stats(both)["alarms"]["implausibleClaims"] == PARTITIONS, what="the alarm")
    one = channel()
    assert both.post(message(one, 1), Prefer="wait=60").status == 200
    assert both.rocket(one)["messagesApplied"] == 1 and rogue.taken == 0
    assert gauge(both, "implausible_claims") == PARTITIONS
    assert both.gateway.lines_with("ALARM: a processor claims a partition under an epoch that is impossibly high")


def test_two_claimants_under_one_epoch_are_an_alarm_and_the_owner_stays(beside_a_rogue):
    both, rogue, routing = beside_a_rogue()
    rogue.announced["owned"] = [[one["partition"], one["epoch"]] for one in routing]
    until(lambda: stats(both)["alarms"]["contestedPartitions"] == PARTITIONS, what="the alarm")
    assert both.post(message(channel(), 1), Prefer="wait=60").status == 200 and rogue.taken == 0
    assert gauge(both, "contested_partitions") == PARTITIONS
    assert both.gateway.lines_with("ALARM: two processors claim the same partition")


def test_the_next_epoch_is_believed_and_is_an_alarm_while_the_owner_goes_on(beside_a_rogue):
    both, rogue, routing = beside_a_rogue()
    rogue.announced["owned"] = [[one["partition"], one["epoch"] + 1] for one in routing]
    until(lambda: stats(both)["alarms"]["contestedPartitions"] == PARTITIONS, what="the alarm")
    assert set(owned_by(both)) == {rogue.port}


def test_a_processor_of_another_state_is_refused(start, program, folder):
    """The first one restarts; the second one, which keeps another state, must not take its place."""
    both = start()
    other = free_ports(3)
    program("downlink-processor", "--port", other, "--state-dir", f"{folder}/state-{other}")
    both.gateway_flags = ("--workers", 1, "--processors", f"127.0.0.1:{both.port},127.0.0.1:{other}")
    one = channel()
    assert both.post(message(one, 1), Prefer="wait=60").status == 200
    both.gateway.stop()
    both.processor.stop()
    both.gateway = both.start_gateway()
    served = until(lambda: "listening" in both.gateway.text() and stats(both)["state"], what="a state")
    assert served
    until(lambda: both.call("GET", "/readyz").status == 200, what="the other's readiness: it was heard first")
    both.processor = both.start_processor()
    until(lambda: stats(both)["alarms"]["refusedProcessors"] == 1, what="the refusal")
    told = stats(both)
    [refused] = [each for each in told["processors"] if each["isRefused"]]
    assert refused["address"].endswith(str(both.port)) and refused["state"] != served == told["state"]
    assert set(owned_by(both)) == {other} and gauge(both, "refused_processors") == 1
    assert both.gateway.lines_with("a processor of another state is refused")
    assert both.gateway.lines_with(served) and both.gateway.lines_with(refused["state"])
    both.processor.stop()
    both.processor = both.start_processor()
    until(lambda: stats(both)["alarms"]["refusedProcessors"] == 1, what="the refusal")
    assert set(owned_by(both)) == {other} and stats(both)["state"] == served


def test_a_gateway_that_hears_two_states_at_first_serves_none(start, program, folder):
    both = start()
    other = free_ports(3)
    second = program("downlink-processor", "--port", other, "--state-dir", f"{folder}/state-{other}")
    until(lambda: " ready" in second.text(), what="the second one")

    def is_in_doubt():
        """A gateway that hears one of them much earlier serves that one: then start it again."""
        gateway_for(both, other)
        until(lambda: stats(both)["state"] or (problem(both) or "").startswith("processors of two states"),
              what="a state, or two")
        return not stats(both)["state"] and problem(both)
    detail = until(is_in_doubt, what="the doubt")
    states = {one["state"] for one in stats(both)["processors"]}
    assert len(states) == 2 and all(state in detail for state in states)
    assert stats(both)["state"] is None
    assert both.call("GET", "/rockets").status == 503 and both.post(message(channel(), 1)).status == 503
    second.stop()
    until(lambda: both.call("GET", "/readyz").status == 200, what="the one that is left")
    assert stats(both)["state"] in states


def test_a_processor_that_says_no_state_is_served_only_while_none_is_known(start, impostor):
    both = start()
    older = impostor(owned=[[one, 1_000] for one in range(PARTITIONS)])
    both.processor.stop()
    gateway_for(both, older.port)
    until(lambda: both.call("GET", "/readyz").status == 200, what="the older one")
    assert stats(both)["state"] is None
    assert both.post(message(channel(), 1), Prefer="wait=60").status == 200 and older.taken == 1
    both.processor = both.start_processor()
    until(lambda: set(owned_by(both)) == {both.port}, what="the one with a state")
    until(lambda: stats(both)["alarms"]["refusedProcessors"] == 1, what="the refusal of the older one")


def test_a_processor_that_the_gateway_was_not_given_is_an_alarm_that_names_it(start, program):
    """It takes over partitions, whose messages then have no owner; this must not look like a short change."""
    both = start(gateway=("--workers", 1))
    other = free_ports(3)
    second = program("downlink-processor", "--port", other, "--state-dir", both.state)
    address = f"127.0.0.1:{other}"
    until(lambda: stats(both)["alarms"]["unlistedProcessors"] == 1, what="the alarm")
    assert gauge(both, "unlisted_processors") == 1
    assert f"a processor at {address} shares the state but is not in --processors" in problem(both)
    [line] = both.gateway.lines_with("not in --processors")[:1]
    assert f'advice="add {address} to --processors' in line
    one = next(one for one in iter(channel, None)
               if stats(both)["routing"][partition(one)]["owner"] is None)
    assert both.post(message(one, 1)).status == 202
    both.gateway.stop()
    both.gateway_flags = (*both.gateway_flags, "--processors", f"127.0.0.1:{both.port},{address}")
    both.gateway = both.start_gateway()
    assert both.await_ready()
    both.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 1)
    assert stats(both)["alarms"]["unlistedProcessors"] == 0
    second.stop()
    both.stop()


def test_a_frame_that_is_always_refused_is_set_aside_and_holds_up_no_other(start, impostor):
    """A processor of another version may refuse an accepted frame. The gateway keeps it for one that takes it."""
    both = start()
    refuser = impostor(owned=[[one, 1_000] for one in range(PARTITIONS)])
    both.processor.stop()
    gateway_for(both, refuser.port)
    until(lambda: both.call("GET", "/readyz").status == 200, what="the refuser")
    refuser.refuses = channel()
    beside = channel_of({partition(refuser.refuses)})
    assert both.post(message(refuser.refuses, 1)).status == 202

    def pass_over():
        assert both.post(message(beside, 1), Prefer="wait=60").status == 200
        return stats(both)["setAsideFrames"] == 1
    until(pass_over, what="the frame to be set aside")
    before = refuser.refused
    for _ in range(20):
        pass_over()
    assert refuser.refused == before and stats(both)["buffered"] == 1
    assert gauge(both, "set_aside_frames") == 1
    assert len(both.gateway.lines_with("a processor refuses frames that were accepted")) == 1
    refuser.refuses = None
    refuser.announced["owned"] = [[one, 1_001] for one in range(PARTITIONS)]
    until(lambda: stats(both)["buffered"] == 0, what="the ack of the next owner")
    until(lambda: stats(both)["setAsideFrames"] == 0, what="nothing set aside")


def test_a_reply_counts_only_from_the_processor_that_was_asked(start):
    """A stranger at the address of a stopped processor replies to every query that may be under way."""
    both = start(gateway=("--workers", 1))
    one, other = channel(), free_ports(3)
    assert both.post(message(one, 1), Prefer="wait=60").status == 200
    gateway_for(both, other)
    until(lambda: both.call("GET", f"/rockets/{one}").status == 200, what="the owner")
    forged = [b"\1\10" + struct.pack("=Q", number) + b"\1\0" + frame(msgpack.packb({"status": 404}))
              for number in range(1, 2000)]
    begun = threading.Event()

    def serve(connection):
        begun.wait(30)
        for _ in range(50):
            connection.sendall(b"".join(forged))
            time.sleep(0.01)

    with Server(other + 1, b"ROUTER", serve), concurrent.futures.ThreadPoolExecutor(1) as pool:
        time.sleep(2)  # longer than the gateway takes to connect again
        both.processor.send(signal.SIGSTOP)
        answer = pool.submit(both.call, "GET", f"/rockets/{one}")
        begun.set()
        time.sleep(0.3)  # less than a query may wait
        both.processor.send(signal.SIGCONT)
        assert answer.result().status == 200


def test_another_ordering_is_refused(start):
    both = start(processor=("--ordering", "latest"))
    both.processor.stop()
    both.processor_flags = ("--ordering", "converge")
    refused = both.start_processor()
    assert refused.process.wait(60) == 1
    assert "made with another ordering" in refused.text() and "its=latest" in refused.text()
    both.processor_flags = ("--ordering", "latest")
    both.processor = both.start_processor()
    assert both.await_ready()
    both.stop()


def test_the_last_frames_come_again_when_their_link_has_broken(through_a_relay):
    """The link of the frames loses them and breaks; that of the events stands all the while."""
    both, relay = through_a_relay()
    one = channel()
    assert both.post(message(one, 1), Prefer="wait=60").status == 200
    relay.is_swallowing = True
    assert both.post(message(one, 2)).status == 202
    until(lambda: relay.swallowed > 0, what="the loss")
    relay.break_links()
    assert both.rocket_when(one, lambda r: r["messagesApplied"] == 2)["missing"] == []
    assert stats(both)["resent"] == 1


def test_a_slow_processor_gets_nothing_twice(start):
    """Its first save takes longer than any time-out that a gateway could have for acks."""
    both = start(environment={"processor": {"DOWNLINK_FAILPOINTS": "save-before=sleep:4000@1"}})
    salt = channel()[:8]
    for batch in range(20):
        assert both.post([message(f"{salt}-{batch}-{index}", 1) for index in range(1000)]).status == 202
    until(lambda: stats(both)["buffered"] == 0, what="the acks")
    assert stats(both)["resent"] == 0 and stats(both)["saved"] == 20_000


def test_a_gateway_that_missed_acks_hears_them_again(through_a_relay):
    """Acks are lost while both links stand."""
    both, relay = through_a_relay()
    one = channel()
    relay.are_events_swallowed = True
    assert both.post(message(one, 1)).status == 202
    until(lambda: both.rocket(one), what="the effect")
    until(lambda: relay.events_swallowed > 100, what="the loss of the ack")
    relay.are_events_swallowed = False
    until(lambda: stats(both)["buffered"] == 0, what="the ack")
    assert both.rocket(one)["messagesApplied"] == 1
