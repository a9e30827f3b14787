"""The contract of a source, for every bus: a processor takes in records in any order and again; it acknowledges, or moves
its position, only after the save; and neither a bad record nor a partition that leaves holds up the others."""
# SPDX-License-Identifier: Apache-2.0
import contextlib
import signal
import time

import zmq

import oracle
from buses import PARTITIONS
from downlink import channel, message, until
from kernel import memory_of

SLOW_SAVES = "save-before=sleep:"  # ms


def expect(processor, expected):
    """Every rocket has the state of the oracle, and no other rocket exists."""
    found = processor.rockets()
    assert {one: {key: found[one][key] for key in state} for one, state in expected.items()} == expected
    assert set(found) == set(expected)


def messages_of(stats):
    """The messages that a processor took in."""
    return stats["messagesApplied"] + stats["duplicates"]


def lag_of(stats):
    """The lag, or None if it is not known for every partition."""
    lags = [messages for _, messages, _ in stats["bus"]["lag"]]
    return sum(lags) if len(lags) == PARTITIONS else None


def push(port, frames):
    """Send frames, as far as the processor takes them within a moment."""
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.linger = 0
        socket.sndtimeo = 100
        socket.connect(f"tcp://127.0.0.1:{port}")
        with contextlib.suppress(zmq.Again):
            for frame in frames:
                socket.send(frame)
        time.sleep(0.3)


def stop(processor, bus, topic):
    """Stop a processor when everything is acknowledged, also what others had and come again later."""
    until(lambda: bus.unread(topic) == 0, what="all acknowledgements")
    processor.stop()
    until(lambda: bus.unread(topic) == 0, what="all acknowledgements after the stop")


def of_partition(bus, number):
    """Return a new channel of a partition."""
    return next(one for one in iter(channel, None) if bus.partition_of(one) == number)


def test_what_is_not_saved_comes_again_and_counts_once(alone, bus, topic, tmp_path):
    """Records come in any order and twice, and the processor is killed while it saves none of them, some, and more."""
    arrived = oracle.make(40, 25, seed=6, shuffle=300, duplicates=0.05)
    first, second, third = arrived[:300], arrived[250:700], arrived[600:]
    processor = alone(failpoints=SLOW_SAVES + "60000")
    bus.serve(tmp_path, topic, [processor.port])
    processor.await_owned()
    entries = bus.write(topic, first)
    stats = processor.await_stats("the records", lambda stats: messages_of(stats) == len(first))
    if bus.has_broker:
        lags = []
        until(lambda: lags.append(lag_of(processor.stats())) or lags[-1] == len(first), what=f"the lag, in {lags}")
    processor.kill()
    until(lambda: bus.unread(topic) == entries, what="all entries, without an acknowledgement")
    processor.start()
    bus.write(topic, second)
    processor.await_stats("some of them", lambda stats: messages_of(stats) > len(first))
    processor.restart(signal.SIGKILL)
    bus.write(topic, third)
    expected = oracle.states(arrived, "converge")
    total = sum(state["messagesApplied"] for state in expected.values())
    until(lambda: sum(one["messagesApplied"] for one in processor.rockets().values()) == total, what="all messages")
    expect(processor, expected)
    if bus.has_broker:
        processor.await_stats("the end of the lag", lambda stats: lag_of(stats) == 0)
    stop(processor, bus, topic)
    processor.start().await_owned()
    expect(processor, expected)
    time.sleep(0.3)
    stats = processor.stats()
    assert messages_of(stats) == 0, "what is saved does not come again after a clean stop"
    processor.stop()


def test_a_bad_record_is_put_aside_and_holds_up_no_other(alone, bus, topic, tmp_path):
    aside = topic + "-dead"
    processor = alone(*(("--dead-letter", aside) if bus.has_broker else ()))
    bus.serve(tmp_path, topic, [processor.port])
    processor.await_owned()
    of, stray = of_partition(bus, 0), of_partition(bus, 1)
    _, half = bus.in_partitions([message(of, 9, by=100)], 1)[0]
    reasons = {'{"metadata":': "JSON", half.replace('"by": 100', '"by": -3'): "", half + "\njunk": "line 2: ",
               bus.in_partitions([message(stray, 1)], 1)[0][1]: "another partitioner"}
    bus.write(topic, [message(of, 1, by=3)])
    bus.write_entries(topic, [(0, text) for text in reasons])
    bus.write(topic, [message(of, 2, by=4)])
    refused = "recordsRefused" if bus.has_broker else "framesRefused"
    processor.await_stats("the refusals", lambda stats: stats[refused] == len(reasons) and stats["messagesApplied"] == 2)
    assert [(one["id"], one["speed"]) for one in processor.rockets().values()] == [(of, 7)]
    assert processor.program.lines_with("record refused" if bus.has_broker else "frame refused")
    if bus.has_broker:
        before = memory_of(processor.program)
        push(processor.port, 100 * [bytes(1 << 20)])
        assert memory_of(processor.program) - before < 20 << 20, "nobody reads frames, so it takes none"
        processor.await_stats("the letters", lambda stats: stats["deadLetters"] == len(reasons))
        letters = bus.letters(aside)
        assert letters.keys() == reasons.keys()
        for text, words in reasons.items():
            assert words in letters[text], letters[text]
        bus.harm_letters(aside)
        bus.write_entries(topic, [(0, "junk")])
        bus.write(topic, [message(of, 3, by=5)])
        processor.await_stats("the record behind it", lambda stats: stats["messagesApplied"] == 3)
        bus.mend_letters(aside)
        processor.await_stats("the last letter", lambda stats: stats["deadLetters"] == len(reasons) + 1)
        until(lambda: "junk" in bus.letters(aside), what="the letter")
    stop(processor, bus, topic)


def test_partitions_that_leave_before_their_records_are_saved_lose_none(alone, bus, topic, tmp_path):
    """A second processor takes its share while records come and the saves of the first one wait, and gives it back."""
    rockets = [f"r{index}" for index in range(40)]
    first = alone(failpoints=SLOW_SAVES + "400")
    first.await_owned()
    second = alone()
    bus.serve(tmp_path, topic, [first.port, second.port])
    count = 0

    def write():
        nonlocal count
        count += 1
        bus.write(topic, [message(one, count, by=1) for one in rockets])

    def has_share():
        write()
        stats = second.stats()
        return len(stats["owned"]) == PARTITIONS // 2 and stats["messagesApplied"] > 0
    until(has_share, what="a share, and records of it")
    second.stop()
    write()
    first.await_owned()

    def are_whole():
        found = first.rockets()
        return len(found) == len(rockets) and all(
            (one["speed"], one["messagesApplied"], one["conflicts"]) == (count, count, 0) for one in found.values())
    until(are_whole, what="all messages, once")
    stop(first, bus, topic)
