"""--bus=kafka and --bus=rabbitmq beside --bus=zmq, with their brokers on the same cores and the same disk; and how fast a
processor reads a topic that was filled before it started."""
import contextlib
import json
import time

import harness
from kafka import Kafka
from rabbitmq import RabbitMQ
from rows import ndjson
from server_process import Missing

RATIO_TARGET, BULK_TARGET, BACKLOG_TARGET = 0.8, 300_000, 500_000
BULK_SECOND = 200_000  # messages for each second of a run
WARM_SECONDS = 6  # of load over each bus: Java brokers compile what they do often while they do it
PARTITIONS = 16
BACKLOG, BACKLOG_ROCKETS = 1_000_000, 8000
#  As a broker that is to be quick: with its better compiler, and more memory.
JAVA = ("-Xmx1g", "-XX:TieredStopAtLevel=4")


def enter_broker(stack):
    try:
        broker = stack.enter_context(Kafka())
    except Missing as why:
        raise harness.Skip(str(why)) from None
    broker.brokers[0].flags.extend(JAVA)
    return broker.create()


def over(broker, topic, *gateway):
    """Return the flags of a system."""
    flags = broker.flags(topic)
    return {"gateway": (*flags, *gateway), "processor": flags}


def enter_systems(row, stack):
    """Start a system over each bus whose broker is installed; the others are noted."""
    kinds = {"zmq": {}}
    try:
        broker = enter_broker(stack)
        kinds.update({"kafka": over(broker, "a"), "kafka, journal=off": over(broker, "b", "--journal", "off")})
    except harness.Skip as why:
        row.note(f"without Kafka: {why}")
    try:
        broker = stack.enter_context(RabbitMQ()).create()
        kinds.update({"rabbitmq": over(broker, "a"), "rabbitmq, journal=off": over(broker, "b", "--journal", "off")})
    except Missing as why:
        row.note(f"without RabbitMQ: {why}")
    return {name: stack.enter_context(harness.System(stack.enter_context(harness.folder()), **flags))
            for name, flags in kinds.items()}


def measure_post(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        systems = enter_systems(row, stack)
        for system in systems.values():
            harness.wrk("post.lua", system.url, WARM_SECONDS, harness.salt())
            system.settle()
        harness.measure_posts(row, systems, rounds, seconds)
    for name in systems:
        if name != "zmq":
            row.check_ratio(name, "zmq", ">=", RATIO_TARGET)


def measure_bulk(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        systems = enter_systems(row, stack)
        for _ in range(rounds):
            for name, system in systems.items():
                result = ndjson.run(system, BULK_SECOND * seconds)
                row.add(name, "messages/s", result["applied"])
                row.detail(name, result)
    for name in systems:
        if name.startswith("kafka"):
            row.check_series(name, ">=", BULK_TARGET)


def backlog():
    """Messages as a program of somebody else writes them."""
    template = json.dumps(harness.message("ROCKET", 4711, by=100))
    for index in range(harness.setting("BACKLOG", BACKLOG)):
        channel = f"193270a9-c9cf-404a-8f83-{index % BACKLOG_ROCKETS:012d}"
        text = template.replace("4711", str(1 + index // BACKLOG_ROCKETS)).replace("ROCKET", channel)
        yield channel, text


def measure_backlog(row, rounds, seconds):
    del seconds
    with contextlib.ExitStack() as stack:
        broker = enter_broker(stack)
        broker.make_topic("backlog", PARTITIONS)
        broker.produce("backlog", backlog(), linger__ms=50)
        count = harness.setting("BACKLOG", BACKLOG)
        for _ in range(rounds):
            started = time.monotonic()
            with harness.folder() as folder, harness.System(folder, **over(broker, "backlog")) as system:
                row.add("kafka", "messages/s", count / (system.await_applied(count) - started))
                assert system.applied() == count and system.rockets() == BACKLOG_ROCKETS
    row.check_series("kafka", ">=", BACKLOG_TARGET)


ROWS = {"buses": ("POST one message, 64 connections, by bus", measure_post),
        "buses-bulk": ("POST NDJSON, 1,000 messages a request, applied, by bus", measure_bulk),
        "buses-backlog": ("1,000,000 messages of a foreign producer, read by a new processor", measure_backlog)}
