"""The Kafka brokers of the tests do what the tests rely on."""
import threading
import time

from downlink import until
from kafka import Kafka, partition_of


def check_partitioners(broker):
    """The default of Java, and that of the other clients."""
    placed = {}
    for name in ("murmur2_random", "consistent_random"):
        broker.make_topic(name, 16)
        broker.produce(name, [("r" * index + "é", "x") for index in range(20)], name)
        placed[name] = {one.key(): one.partition() for one in broker.consume(name)}
    ours = {key: partition_of(key, 16) for key in placed["murmur2_random"]}
    assert placed["murmur2_random"] == ours != placed["consistent_random"]


def values(broker, topic):
    return [one.value() for one in broker.consume(topic)]


def test_a_broker_keeps_its_records_over_a_kill_a_stop_and_a_pause():
    with Kafka(1) as broker:
        broker.create()
        check_partitioners(broker)
        broker.make_topic("t", 2)
        wanted = [(f"k{index}", f"v{index}") for index in range(100)]
        broker.produce("t", wanted)
        broker.kill()
        broker.start()
        assert sorted(values(broker, "t")) == sorted(value.encode() for _, value in wanted)
        broker.pause()
        later = threading.Timer(0.5, broker.resume)
        begin = time.monotonic()
        later.start()
        broker.produce("t", [("k", "late", 1)])
        assert time.monotonic() - begin >= 0.4
        later.join()
        broker.stop()
        broker.start()
        assert values(broker, "t")[-1] == b"late"
        first = broker.bounds("t")[1][1] - 1
        broker.remove_records("t", {1: first})
        assert broker.bounds("t")[1] == (first, first + 1)


def test_three_brokers_lose_nothing_when_the_leader_of_a_partition_dies():
    with Kafka(3) as brokers:
        brokers.create().make_topic("t", 3)
        brokers.produce("t", [("k", "before", 0)])
        victim = brokers.brokers[brokers.leaders("t")[0] - 1]
        victim.kill()
        brokers.produce("t", [("k", "during", 0)])
        until(lambda: brokers.leaders("t").get(0, victim.number) != victim.number, what="another leader")
        victim.start()
        assert values(brokers, "t") == [b"before", b"during"]
