"""--bus=kafka, rabbitmq and sqs beside --bus=zmq, with their brokers on the same cores and the same disk; and how fast a
processor reads a topic that was filled before it started.

A broker takes a good part of the cores. So a row also tells what each program took of them for a message, and how that
compares with ZeroMQ without the broker's part: as if the broker had a host of its own. In bulk, and for a filled topic, the
limit is librdkafka alone: as many records of that size written, or read, beside the same broker in the same round.
"""
import contextlib
import json
import os
import resource
import subprocess
import time

import harness
import sqs
from kafka import Kafka
from rabbitmq import RabbitMQ
from rows import ndjson
from server_process import Missing

RATIO_TARGET, BULK_TARGET, BACKLOG_TARGET = 0.8, 300_000, 500_000
LIMIT, LIMIT_TARGET = "librdkafka alone", 0.65
BULK_SECOND = 200_000  # messages for each second of a run
WARM_SECONDS = 6  # of load over each bus: Java brokers compile what they do often while they do it
PARTITIONS = 16
BUDGET = "us of a core a message: "
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


def enter_sqs(stack):
    broker = sqs.Sqs()
    stack.callback(broker.close)
    broker.flags_of_java.extend(JAVA)
    os.environ.update(sqs.KEY)
    return broker.create()


ENTER = {"kafka": enter_broker, "rabbitmq": lambda stack: stack.enter_context(RabbitMQ()).create(), "sqs": enter_sqs}


def over(broker, topic, *gateway):
    """Return the flags of a system."""
    flags = broker.flags(topic)
    return {"gateway": (*flags, *gateway), "processor": flags}


def enter_systems(row, stack, buses):
    """Start a system over ZeroMQ, and over each of the buses whose broker is installed; the others are noted. Returns
    pairs by name, the system and the process of its broker or None; and the brokers by bus."""
    processes, brokers, kinds = {}, {}, {"zmq": {}}
    for bus in buses:
        try:
            broker = ENTER[bus](stack)
        except (harness.Skip, Missing) as why:
            row.note(f"without {bus}: {why}")
            continue
        kinds.update({bus: over(broker, "a"), f"{bus}, journal=off": over(broker, "b", "--journal", "off")})
        brokers[bus] = broker
        processes[bus] = broker.brokers[0].process if bus == "kafka" else broker.process
    return {name: (stack.enter_context(harness.System(stack.enter_context(harness.folder()), **flags)),
                   processes.get(name.partition(",")[0])) for name, flags in kinds.items()}, brokers


def begin_alone(broker, topic, what, count):
    """Let librdkafka alone read or write records."""
    return subprocess.Popen([harness.BIN / "bench-records", broker.bootstrap, topic, what, str(count)])


def await_alone(*processes):
    for one in processes:
        assert one.wait() == 0


def measure_alone(row, broker, number, count):
    """Write records and read them at the same time, over a topic of this round."""
    topic = f"alone-{number}"
    broker.make_topic(topic, PARTITIONS)
    started = time.monotonic()
    await_alone(*(begin_alone(broker, topic, what, count) for what in ("write", "read")))
    row.add(LIMIT, "messages/s", count / (time.monotonic() - started))


def core_seconds(system, broker):
    """Return the core time of each program so far. The load is the programs that were run and have ended."""
    load = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"gateway": sum(harness.cpu_seconds(system.gateway.process.pid)),
            "processor": sum(harness.cpu_seconds(system.processors[0].process.pid)),
            "broker": harness.tree_seconds(broker.pid) if broker else 0,
            "load": load.ru_utime + load.ru_stime}


def note_cores(row, name, before, after, messages):
    """Keep the core time of a message."""
    row.detail(BUDGET + name, {part: round((after[part] - before[part]) / messages * 1e6, 2) for part in before})


def note_budget(row, systems):
    """Show the core time of a message in the table, the median of the rounds."""
    own = {}
    for name in systems:
        rounds = row.details[BUDGET + name]
        parts = {part: harness.median([one[part] for one in rounds]) for part in rounds[0]}
        own[name] = sum(parts.values()) - parts["broker"]
        row.note(f"{name}: us of a core a message: " + ", ".join(f"{part} {us:.1f}" for part, us in parts.items())
                 + f"; x zmq without the broker's time: {own['zmq'] / own[name]:.2f}")


def measure_post(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        systems, _ = enter_systems(row, stack, ENTER)
        for system, _ in systems.values():
            harness.wrk("post.lua", system.url, WARM_SECONDS, harness.salt())
            system.settle()
        for _ in range(rounds):
            for name, (system, broker) in systems.items():
                before = core_seconds(system, broker)
                harness.measure_posts(row, {name: system}, 1, seconds)
                note_cores(row, name, before, core_seconds(system, broker), row.details[name][-1]["requests"])
    note_budget(row, systems)
    for name in systems:
        if name != "zmq":
            row.check_ratio(name, "zmq", ">=", RATIO_TARGET)


def measure_bulk(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        systems, brokers = enter_systems(row, stack, ("kafka", "rabbitmq"))
        for number in range(rounds):
            for name, (system, broker) in systems.items():
                before = core_seconds(system, broker)
                result = ndjson.run(system, BULK_SECOND * seconds)
                row.add(name, "messages/s", result["applied"])
                row.detail(name, result)
                note_cores(row, name, before, core_seconds(system, broker), BULK_SECOND * seconds)
            if "kafka" in brokers:
                measure_alone(row, brokers["kafka"], number, BULK_SECOND * seconds)
    note_budget(row, systems)
    for name in systems:
        if name.startswith("kafka"):
            row.check_series(name, ">=", BULK_TARGET)
            row.check_ratio(name, LIMIT, ">=", LIMIT_TARGET)


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
            await_alone(begin_alone(broker, "backlog", "read", count))
            row.add(LIMIT, "messages/s", count / (time.monotonic() - started))
            started = time.monotonic()
            with harness.folder() as folder, harness.System(folder, **over(broker, "backlog")) as system:
                row.add("kafka", "messages/s", count / (system.await_applied(count) - started))
                assert system.applied() == count and system.rockets() == BACKLOG_ROCKETS
    row.check_series("kafka", ">=", BACKLOG_TARGET)
    row.check_ratio("kafka", LIMIT, ">=", LIMIT_TARGET)


ROWS = {"buses": ("POST one message, 64 connections, by bus", measure_post),
        "buses-bulk": ("POST NDJSON, 1,000 messages a request, applied, by bus", measure_bulk),
        "buses-backlog": ("1,000,000 messages of a foreign producer, read by a new processor", measure_backlog)}
