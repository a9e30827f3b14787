#!/usr/bin/python3
"""Real Kafka brokers for tests, in a folder of their own under /tmp.

A cluster has one broker, or three with replication 3. Each is a process and a controller too (KRaft).
They keep acknowledged records in the kernel's memory, so a kill loses nothing, and a power cut may.

    kafka.py [--three] COMMAND...

runs a command beside a cluster, with DOWNLINK_KAFKA=host:port,… in its environment.

    kafka.py --prepare

lets later brokers start in half of the time: it keeps the classes of one that ran, beside the jars.
"""
# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import uuid

import java_server
from bound_process import BoundProcess
from downlink import BIN, free_ports, until
from java_server import archive_flag, has_archive, keep_archive, newest_jars
from server_process import START_SECONDS, Failed, Missing, ServerProcess, run_beside

HEAP = "256m"
#  Small and quick: a broker that died is replaced after 2 s.
SETTINGS = {
    "process.roles": "broker,controller", "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false", "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "2", "transaction.state.log.num.partitions": "2",
    "log.index.size.max.bytes": "1048576", "log.cleaner.enable": "false",
    "num.network.threads": "2", "num.io.threads": "4", "background.threads": "2",
    "broker.heartbeat.interval.ms": "500", "broker.session.timeout.ms": "2000",
    "controller.quorum.election.timeout.ms": "500", "controller.quorum.fetch.timeout.ms": "1500",
    "replica.lag.time.max.ms": "3000"}
LOG = """log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %m (%c)%n
log4j.logger.kafka=WARN
log4j.logger.org.apache=WARN
log4j.logger.kafka.server.KafkaRaftServer=INFO
"""


def client_library():
    """Return the module that reads and writes topics."""
    try:
        import confluent_kafka.admin
    except ImportError:
        raise Missing("no Kafka client is installed (Debian package python3-confluent-kafka)") from None
    return confluent_kafka


def jars():
    """Return the class path of the newest Kafka that scripts/install-kafka.sh got."""
    program = BIN / "downlink-processor"
    if program.exists() and b"__tsan_init" in program.read_bytes():
        raise Missing("ThreadSanitizer ends programs with threads of ISO C, such as those of librdkafka")
    return newest_jars("kafka-*/kafka-server-*.jar", "no Kafka is installed (scripts/install-kafka.sh)")


def partition_of(key, partitions):
    """Return the partition that Kafka's own clients give a key: murmur2, without its sign."""
    def mixed(word):
        word = word * 0x5bd1e995 & 0xffffffff
        return (word ^ word >> 24) * 0x5bd1e995 & 0xffffffff
    data = key.encode() if isinstance(key, str) else key
    whole = len(data) & ~3
    value = 0x9747b28c ^ len(data)
    for index in range(0, whole, 4):
        value = value * 0x5bd1e995 & 0xffffffff ^ mixed(int.from_bytes(data[index:index + 4], "little"))
    if data[whole:]:
        value = (value ^ int.from_bytes(data[whole:], "little")) * 0x5bd1e995 & 0xffffffff
    value = (value ^ value >> 13) * 0x5bd1e995 & 0xffffffff
    return ((value ^ value >> 15) & 0x7fffffff) % partitions


def java(*flags):
    """Return the beginning of a command that runs a class of Kafka's."""
    return java_server.java(jars(), *flags)


class Broker(ServerProcess):
    """One process of a cluster. wrapper: a command to run it under, for example in a network namespace."""

    def __init__(self, folder, number, address, port, wrapper=()):
        self.number, self.address, self.port, self.wrapper = number, address, port, wrapper
        self.name = f"broker{number}"
        self.folder = folder / self.name
        self.data, self.log = self.folder / "data", self.folder / "log"
        self.flags = []  # more for Java
        self.log_begins = 0  # where its present life begins in the log

    def create(self, cluster_id, settings):
        """Write its files. settings: those that all brokers share."""
        self.data.mkdir(parents=True)
        (self.data / "meta.properties").write_text(
            f"version=1\ncluster.id={cluster_id}\nnode.id={self.number}\n", encoding="utf-8")
        own = {**settings, "node.id": self.number, "log.dirs": self.data,
               "listeners": f"PLAINTEXT://{self.address}:{self.port},"
                            f"CONTROLLER://{self.address}:{self.port + 1}"}
        (self.folder / "server.properties").write_text(
            "".join(f"{name}={value}\n" for name, value in own.items()), encoding="utf-8")
        (self.folder / "log4j.properties").write_text(LOG, encoding="utf-8")

    def begin_to_start(self):
        assert not self.is_running()
        with open(self.log, "ab") as log:
            self.log_begins = log.tell()
            self.process = BoundProcess(
                [*self.wrapper, *java(f"-Xmx{HEAP}", *self.flags),
                 f"-Dlog4j.configuration=file:{self.folder}/log4j.properties", "kafka.Kafka",
                 self.folder / "server.properties"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)

    def await_start(self, seconds=START_SECONDS):
        self.wait_until_started(lambda: b"Kafka Server started" in self.log.read_bytes()[self.log_begins:], seconds)

    def start(self):
        """Start it, and wait until it takes requests."""
        self.begin_to_start()
        self.await_start()


class Kafka:
    """A cluster of one broker or three. `create` starts it; `close` ends it and removes its folder."""

    def __init__(self, count=1, addresses=None, ports=None, wrappers=None, settings=None):
        """addresses, ports and wrappers: of each broker. settings: more of them, as in server.properties."""
        self.client = client_library()
        jars()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="downlink-kafka-", dir="/tmp"))
        first = free_ports(2 * count)
        self.brokers = [
            Broker(self.folder, index + 1, (addresses or ["127.0.0.1"] * count)[index],
                   (ports or range(first, first + 2 * count, 2))[index], (wrappers or [()] * count)[index])
            for index in range(count)]
        copies = {"default.replication.factor": count, "offsets.topic.replication.factor": count,
                  "transaction.state.log.replication.factor": count,
                  "transaction.state.log.min.isr": min(count, 2), "min.insync.replicas": min(count, 2)}
        voters = ",".join(f"{one.number}@{one.address}:{one.port + 1}" for one in self.brokers)
        self.settings = {**SETTINGS, **copies, "controller.quorum.voters": voters, **(settings or {})}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    #  Its life

    def create(self):
        """Make a new, empty cluster. Leaves it running."""
        cluster_id = uuid.uuid4().hex[:22]
        for one in self.brokers:
            one.create(cluster_id, self.settings)
        self.start()
        return self

    def start(self):
        """Start all of its brokers, and wait until they take requests."""
        for one in self.brokers:
            one.begin_to_start()
        for one in self.brokers:
            one.await_start()

    def stop(self):
        """Stop all of its brokers cleanly; the last ones of three have no broker to which they could hand over."""
        for one in self.brokers[1:]:
            one.kill()
        self.brokers[0].stop()

    def kill(self):
        for one in self.brokers:
            one.kill()

    def pause(self):
        for one in self.brokers:
            one.pause()

    def resume(self):
        for one in self.brokers:
            one.resume()

    def close(self):
        """End it at once, and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    #  How to reach it

    @property
    def bootstrap(self):
        return ",".join(f"{one.address}:{one.port}" for one in self.brokers)

    def config(self, **properties):
        """Write a file for --kafka-config; `__` in a name stands for a dot. Return its path."""
        path = self.folder / f"client-{time.monotonic_ns()}.properties"
        lines = {"bootstrap.servers": self.bootstrap,
                 **{name.replace("__", "."): value for name, value in properties.items()}}
        path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
        return path

    def flags(self, topic, **properties):
        """Return the flags of a gateway or a processor that uses this cluster."""
        return ("--bus", "kafka", "--kafka-config", self.config(**properties), "--topic", topic)

    def _own(self, **settings):
        """Return the settings of a client of ours, which logs nothing."""
        return {"bootstrap.servers": self.bootstrap, "log_level": 0, **settings}

    def tool(self, name, *words, seconds=START_SECONDS):
        """Run one of Kafka's tools, for example "consumer.group.ConsumerGroupCommand". Return its output."""
        done = subprocess.run(
            [*java("-Xmx128m"), f"-Dlog4j.configuration=file:{self.brokers[0].folder}/log4j.properties",
             f"org.apache.kafka.tools.{name}", "--bootstrap-server", self.bootstrap, *map(str, words)],
            capture_output=True, text=True, timeout=seconds, check=False)
        if done.returncode != 0:
            raise Failed(f"{name} ended with status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    #  Topics

    def make_topic(self, name, partitions=16, **config):
        """Make a topic, and return its name when every partition has a leader. `__` in config: a dot."""
        topic = self.client.admin.NewTopic(
            name, partitions, len(self.brokers),
            config={key.replace("__", "."): value for key, value in config.items()})
        timed_out = 0

        def make():
            #  A client that asked while the brokers knew no controller may not ask for one again: take a new one.
            nonlocal timed_out
            admin = self.client.admin.AdminClient(self._own())
            try:
                admin.create_topics([topic], request_timeout=10)[name].result(START_SECONDS)
            except self.client.KafkaException as failure:
                code = failure.args[0].code()
                is_made = timed_out > 0 and code == self.client.KafkaError.TOPIC_ALREADY_EXISTS
                if code != self.client.KafkaError._TIMED_OUT and not is_made:
                    raise
                timed_out += not is_made
                return is_made
            return True
        until(make, START_SECONDS, what=f"the topic {name}")
        until(lambda: len(self.leaders(name)) == partitions, what=f"the leaders of {name}")
        return name

    def remove_topic(self, name):
        admin = self.client.admin.AdminClient(self._own())
        admin.delete_topics([name])[name].result(START_SECONDS)
        until(lambda: not self.leaders(name), what=f"the end of {name}")

    def set_topic(self, name, **config):
        """Set the configuration of a topic to this one, and the defaults. `__` in config: a dot."""
        admin = self.client.admin.AdminClient(self._own())
        resource = self.client.admin.ConfigResource(
            "topic", name, set_config={key.replace("__", "."): str(value) for key, value in config.items()})
        admin.alter_configs([resource])[resource].result(START_SECONDS)

    def topics(self):
        """Return the names of all topics."""
        return set(self.client.admin.AdminClient(self._own()).list_topics(timeout=START_SECONDS).topics)

    def leaders(self, topic):
        """Return the number of the leading broker of each partition that has one."""
        found = self.client.admin.AdminClient(self._own()).list_topics(timeout=START_SECONDS).topics.get(topic)
        return {} if found is None else {number: one.leader for number, one in found.partitions.items()
                                         if one.leader > 0}

    def is_in_sync(self, topic):
        """Every partition has all its replicas in sync, as far as the cluster knows."""
        try:
            found = self.client.admin.AdminClient(self._own()).list_topics(timeout=5).topics.get(topic)
        except self.client.KafkaException:
            return False
        return found is not None and all(len(one.isrs) == len(self.brokers) and one.leader > 0
                                         for one in found.partitions.values())

    def partition(self, topic, number, offset=-1001):
        return self.client.TopicPartition(topic, number, offset)

    def _reader(self, group="downlink-test", **settings):
        return self.client.Consumer(self._own(**{
            "group.id": group, "enable.auto.commit": False, "isolation.level": "read_committed", **settings}))

    def bounds(self, topic):
        """Return the first offset, and the one after the last, of each partition."""
        reader = self._reader()

        def bounds_of(number):
            try:
                return reader.get_watermark_offsets(self.partition(topic, number), START_SECONDS)
            except self.client.KafkaException:  # as long as its leader starts
                return None
        found = {number: until(lambda number=number: bounds_of(number), START_SECONDS, f"an answer from {topic}")
                 for number in self.leaders(topic)}
        reader.close()
        return found

    def committed(self, group, topic):
        """Return the offset that a group committed for each partition; none for those where it did not."""
        reader = self._reader(group)
        found = reader.committed([self.partition(topic, number) for number in self.leaders(topic)], START_SECONDS)
        reader.close()
        return {one.partition: one.offset for one in found if one.offset >= 0}

    def remove_records(self, topic, offsets):
        """Have retention take the records before these offsets, by partition."""
        path = self.folder / f"offsets-{time.monotonic_ns()}.json"
        wanted = [{"topic": topic, "partition": number, "offset": offset} for number, offset in offsets.items()]
        path.write_text(json.dumps({"partitions": wanted, "version": 1}), encoding="utf-8")
        self.tool("DeleteRecordsCommand", "--offset-json-file", path)

    #  Records

    def produce(self, topic, records, partitioner="murmur2_random", **settings):
        """Write records as other programs do: (key, value) or (key, value, partition) each.
        partitioner: murmur2_random is that of Java, consistent_random that of most other clients. `__` in
        settings: a dot. Return when all of them are acknowledged."""
        producer = self.client.Producer(self._own(**{
            "partitioner": partitioner, "acks": "all", "linger.ms": 5,
            "queue.buffering.max.messages": 2000000,
            **{name.replace("__", "."): value for name, value in settings.items()}}))
        left = records
        deadline = time.monotonic() + START_SECONDS
        while left := self._produce_once(producer, topic, left):
            assert time.monotonic() < deadline, f"no partition of {topic} is known for {left[:3]}"
            time.sleep(0.1)

    def _produce_once(self, producer, topic, records):
        """Write records. Return those that the client did not send: the broker that it asked about the topic has
        not heard of all partitions."""
        unsent, failed = [], []

        def note(error, record):
            if error.code() == self.client.KafkaError._UNKNOWN_PARTITION:
                unsent.append(record)
            else:
                failed.append(str(error))
        for index, record in enumerate(records):
            key, value, *partition = record
            options = {"partition": partition[0]} if partition else {}
            producer.produce(topic, value, key, **options,
                             on_delivery=lambda error, _, record=record: error and note(error, record))
            if index % 1000 == 0:
                producer.poll(0)
        assert producer.flush(START_SECONDS) == 0 and not failed, f"not written to {topic}: {failed[:3]}"
        return unsent

    def consume(self, topic, seconds=START_SECONDS):
        """Return all records of a topic, partition by partition, as the client library has them."""
        found = []
        reader = self._reader(**{"enable.partition.eof": True, "fetch.wait.max.ms": 20})
        wanted = {number: first for number, (first, after) in self.bounds(topic).items() if after > first}
        reader.assign([self.partition(topic, number, first) for number, first in wanted.items()])
        deadline = time.monotonic() + seconds
        while wanted:
            assert time.monotonic() < deadline, f"{topic} was not read to its end within {seconds} s"
            for one in reader.consume(10000, 0.02):
                if one.error() is None:
                    found.append(one)
                elif one.error().code() == self.client.KafkaError._PARTITION_EOF:
                    wanted.pop(one.partition(), None)
                else:
                    raise Failed(f"{topic} cannot be read: {one.error()}")
        reader.close()
        return sorted(found, key=lambda one: (one.partition(), one.offset()))


def prepare():
    """Have a broker write the archive of its classes when it ends, unless there is one."""
    if has_archive(jars()):
        return
    with Kafka() as cluster:
        cluster.brokers[0].flags.append(archive_flag(cluster.folder))
        cluster.create()
        cluster.make_topic("t", 1)
        cluster.produce("t", [("k", "v")])
        cluster.consume("t")
        cluster.stop()
        keep_archive(jars(), cluster.folder)


def main():
    """Run a command beside a cluster that is new."""
    arguments = sys.argv[1:]
    count = 3 if arguments[:1] == ["--three"] else 1
    command = arguments[1:] if count == 3 else arguments
    if command == ["--prepare"]:
        prepare()
    else:
        run_beside(lambda: Kafka(count), lambda cluster: {"DOWNLINK_KAFKA": cluster.bootstrap}, command, __doc__)


if __name__ == "__main__":
    main()
