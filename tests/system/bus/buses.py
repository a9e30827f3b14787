"""The buses, as the contracts of links and sources need them. To test a further one, add a class, and a row at the end.

A class starts a real server, and knows how programs of others use it, how to count what it keeps, and how to harm it.
"""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import tempfile

import zmq

from downlink import Client, Program, free_ports
from kafka import Kafka
from partitioners import partition_of
from rabbitmq import RabbitMQ
from sqs import KEY, Sqs
from sqs_gate import Gate
from tls import Authority

PARTITIONS = 4  # fewer than usual, as topics and queues are made for each test
REFUSALS = 10000  # more than a test has time for


class Bus:
    """The functions without a body are those of a bus without a broker. An entry is a record or a message of the bus,
    of one line of JSON or more. `both` is the pair that uses the bus."""
    partitioner = "xxh3"
    has_broker = True
    orderings = ("converge", "latest")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()

    def flags(self, topic, ordering="converge", may_fail=False):
        """Return the flags of a gateway or a processor. Processors make the topic. may_fail: the test harms the bus."""
        return self.server.flags(topic)

    def partition_of(self, of):
        return partition_of(of, PARTITIONS, self.partitioner)

    def in_partitions(self, messages, lines):
        """Return the messages as entries: (partition, text), with up to so many lines each, in their order."""
        waiting, entries = {}, []
        for one in messages:
            number = self.partition_of(one["metadata"]["channel"])
            waiting.setdefault(number, []).append(json.dumps(one))
            if len(waiting[number]) == lines:
                entries.append((number, "\n".join(waiting.pop(number))))
        return entries + [(number, "\n".join(some)) for number, some in waiting.items()]

    #  Other programs, and the entries that the bus keeps

    def serve(self, folder, topic, processors):
        """Let messages get to these processors (their ports)."""

    def write(self, topic, messages):
        """Write messages as other programs do. Return the number of entries, when the bus keeps them."""
        entries = self.in_partitions(messages, 7)
        self.write_entries(topic, entries)
        return len(entries)

    def write_entries(self, topic, entries):
        """Write texts to partitions, when the bus has a processor."""
        raise NotImplementedError

    def unread(self, topic):
        """Return the number of entries that are not acknowledged, as far as the bus tells while a processor has them."""
        raise NotImplementedError

    def texts(self, topic):
        """Return the text of every entry that a topic keeps, those of a partition in their order."""
        raise NotImplementedError

    def letters(self, aside):
        """Return the reason of each dead letter, by its text."""
        raise NotImplementedError

    #  Harm

    def leave(self, both):
        """Nobody reaches it."""
        self.server.kill()

    def come_back(self, both):
        self.server.start()

    def refuse(self, both):
        """It takes no more messages."""
        self.server.pause()

    def accept(self, both):
        self.server.resume()

    def harm_letters(self, aside):
        """It does not take the next dead letters."""
        raise NotImplementedError

    def mend_letters(self, aside):
        """It does."""


class OverZmq(Bus):
    """Over ZeroMQ only gateways write messages. So here a gateway plays the other program, and the processor plays
    the broker that fails."""
    has_broker = False

    def __init__(self):
        self.gateways = {}  # program and port, by topic
        self.ports = {}  # of the first processor

    def __exit__(self, *_):
        for gateway, _ in self.gateways.values():
            gateway.stop()

    def flags(self, topic, ordering="converge", may_fail=False):
        return ()

    def serve(self, folder, topic, processors):
        port = free_ports(1)
        self.gateways[topic] = (Program(
            folder, "downlink-gateway", "--journal-dir", f"{folder}/journal-{topic}", "--listen", f"127.0.0.1:{port}",
            "--processors", ",".join(f"127.0.0.1:{one}" for one in processors)), port)
        self.ports[topic] = processors[0]
        self.gateways[topic][0].lines_with("listening")

    def call(self, topic, *words, **fields):
        with Client(self.gateways[topic][1]) as client:
            return client.call(*words, **fields)

    def write(self, topic, messages):
        answer = self.call(topic, "POST", "/messages", "\n".join(map(json.dumps, messages)),
                           Content_Type="application/x-ndjson")
        assert answer.status == 202
        return len(messages)

    def write_entries(self, topic, entries):
        """Straight to the processor, as frames."""
        with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
            socket.linger = 10000
            socket.connect(f"tcp://127.0.0.1:{self.ports[topic]}")
            for _, text in entries:
                socket.send(text.encode())

    def unread(self, topic):
        return self.call(topic, "GET", "/stats").json()["buffered"]

    def leave(self, both):
        both.processor.process.kill()
        both.processor.process.wait()

    def come_back(self, both):
        both.processor = both.start_processor()

    def refuse(self, both):
        both.processor.send(signal.SIGSTOP)

    def accept(self, both):
        both.processor.send(signal.SIGCONT)


class OverKafka(Bus):
    partitioner = "murmur2"

    def __init__(self):
        self.server = Kafka().create()

    def write(self, topic, messages):
        self.server.produce(topic, [(one["metadata"]["channel"], json.dumps(one)) for one in messages])
        return len(messages)

    def write_entries(self, topic, entries):
        self.server.produce(topic, [(None, text, number) for number, text in entries])

    def unread(self, topic):
        committed = self.server.committed(f"downlink-{topic}", topic)
        return sum(after - committed.get(number, first) for number, (first, after) in self.server.bounds(topic).items())

    def texts(self, topic):
        return [one.value().decode() for one in self.server.consume(topic)]

    def letters(self, aside):
        return {(one.value() or b"").decode(): dict(one.headers())["reason"].decode() for one in self.server.consume(aside)}

    def harm_letters(self, aside):
        """They are too large for the topic."""
        self.server.set_topic(aside, max__message__bytes=1)

    def mend_letters(self, aside):
        self.server.set_topic(aside)


class OverRabbitMQ(Bus):
    """The broker speaks TLS as well, for tests of its own."""

    def __init__(self):
        self.keys = tempfile.TemporaryDirectory(prefix="downlink-keys-")
        self.server = RabbitMQ(authority=Authority(self.keys.name)).create()

    def __exit__(self, *_):
        self.server.close()
        self.keys.cleanup()

    def write_entries(self, topic, entries):
        self.server.publish([(f"{topic}.{number}", text) for number, text in entries])

    def unread(self, topic):
        return sum(self.server.depth(f"{topic}.{number}") for number in range(PARTITIONS))

    def texts(self, topic):
        return [body.decode() for number in range(PARTITIONS) for _, body in self.server.messages(f"{topic}.{number}")]

    def letters(self, aside):
        return {body.decode(): properties.headers["reason"] for properties, body in self.server.messages(aside)}

    def refuse(self, both):
        self.server.block()

    def accept(self, both):
        self.server.unblock()

    def harm_letters(self, aside):
        self.server.remove_queue(aside)


class OverSqs(Bus):
    """The server keeps its messages in memory, so a gate before it fails instead."""

    def __init__(self):
        os.environ.update(KEY, AWS_SHARED_CREDENTIALS_FILE="/dev/null")
        self.server = Sqs().create()
        self.gate = Gate(self.server)
        self.gate.keys[KEY["AWS_ACCESS_KEY_ID"]] = (KEY["AWS_SECRET_ACCESS_KEY"], None)
        self.suffixes = {}  # of queues, by topic

    def __exit__(self, *_):
        self.gate.__exit__()
        self.server.close()

    def flags(self, topic, ordering="converge", may_fail=False):
        """Only a queue with an order has a latest message."""
        is_fifo = ordering == "latest"
        self.suffixes[topic] = ".fifo" if is_fifo else ""
        return (self.gate if may_fail else self.server).flags(topic, fifo="yes" if is_fifo else "no", visibility_seconds=2)

    def queues(self, topic):
        return [f"{topic}-{number}{self.suffixes[topic]}" for number in range(PARTITIONS)]

    def write_entries(self, topic, entries):
        for number, queue in enumerate(self.queues(topic)):
            self.server.send(queue, [text for place, text in entries if place == number],
                             "others" if self.suffixes[topic] else None)

    def unread(self, topic):
        return sum(sum(self.server.waiting(queue)) for queue in self.queues(topic))

    def texts(self, topic):
        return [one["Body"] for queue in self.queues(topic) for one in self.server.take(queue)]

    def letters(self, aside):
        return {one["Body"]: one["MessageAttributes"]["reason"]["StringValue"] for one in self.server.take(aside)}

    def leave(self, both):
        self.gate.is_away = True

    def come_back(self, both):
        self.gate.is_away = False

    def refuse(self, both):
        self.gate.faults["SendMessageBatch"].extend([(400, "RequestThrottled")] * REFUSALS)

    def accept(self, both):
        self.gate.faults.clear()

    def harm_letters(self, aside):
        self.server.call("DeleteQueue", QueueUrl=self.server.url(aside))


BUSES = {"zmq": OverZmq, "kafka": OverKafka, "rabbitmq": OverRabbitMQ, "sqs": OverSqs}
