"""--bus=rabbitmq against a real broker: the state is right, also with messages that others publish, and nothing is lost
or counts twice while processes die and the broker is away or takes no messages."""
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import json
import re
import signal
import subprocess
import time

import pytest

import oracle
from downlink import BIN, Client, Program, channel, free_ports, message, until
from partitioners import partition_of
from posters import under_load
from rabbitmq import RabbitMQ
from tls import Authority
from test_oracle import expect, post_from_many_sides, post_lines

PARTITIONS = 4  # fewer than usual: queues are made for each test
SECRET = "very-secret"


@pytest.fixture(scope="module")
def broker():
    """A broker for all tests of this file; each uses queues of its own."""
    with RabbitMQ().create() as one:
        yield one


@pytest.fixture(scope="module")
def victim(tmp_path_factory):
    """A broker that tests harm, and that speaks TLS as well."""
    with RabbitMQ(authority=Authority(tmp_path_factory.mktemp("authority"))).create() as one:
        yield one


@pytest.fixture
def topic():
    """The beginning of names of queues that no other test uses; processors make them."""
    return f"t{time.monotonic_ns()}"


@pytest.fixture
def over(start, broker, topic):
    """Start pairs that use the broker and the queues."""
    def start_over(gateway=(), processor=(), on=broker):
        flags = on.flags(topic)
        return start(gateway=(*flags, *gateway), processor=(*flags, "--partitions", PARTITIONS, *processor))
    return start_over


def queue_of(topic, of):
    return f"{topic}.{partition_of(of, PARTITIONS)}"


def in_batches(topic, messages, size=20):
    """Return the messages as bodies of lines, each with its queue, in their order in each queue."""
    batches, found = {}, []
    for one in messages:
        queue = queue_of(topic, one["metadata"]["channel"])
        batches.setdefault(queue, []).append(json.dumps(one))
        if len(batches[queue]) == size:
            found.append((queue, "\n".join(batches.pop(queue))))
    return found + [(queue, "\n".join(lines)) for queue, lines in batches.items()]


def stats(both):
    return both.call("GET", "/stats").json()


def is_saved(both):
    return stats(both)["buffered"] == 0


def is_away(both):
    return stats(both)["bus"]["isAway"]


def owners(both):
    return {one["owner"] for one in stats(both)["routing"] if one["owner"]}


def lag(both):
    return sum(one["lagMessages"] for one in stats(both)["routing"])


def await_speed(both, of, speed, applied):
    both.rocket_when(of, lambda rocket: (rocket["speed"], rocket["messagesApplied"]) == (speed, applied))


def await_empty(broker, topic):
    """Until everything is acknowledged: nothing is left for a next owner."""
    until(lambda: "messages" not in broker.control("list_queues", "name", "messages", "--no-table-headers") and not [
        line for line in broker.control("list_queues", "name", "messages", "--no-table-headers").splitlines()
        if line.startswith(topic + ".") and not line.endswith("\t0")], what="empty queues")


def processor_stats(both):
    """The statistics of the processor, once it answers."""
    question = [BIN / "downlink-query", "--json", "--processors", f"127.0.0.1:{both.port}", "stats"]
    done = until(lambda: (one := subprocess.run(question, capture_output=True, text=True, check=False)).returncode == 0
                 and one, what="statistics")
    return json.loads(done.stdout.splitlines()[0])


@pytest.mark.parametrize("ordering", ["converge", "latest"])
def test_the_state_is_that_of_the_oracle_whoever_publishes(over, broker, topic, ordering):
    """Half of the messages come through a gateway, and half from a foreign program at the same time."""
    arrived = oracle.make(60, 50, seed=5, shuffle=300, duplicates=0.05)
    expected = oracle.states(arrived, ordering)
    if ordering == "converge":  # each rocket's from both sides, in any order
        ours, theirs = arrived[::2], arrived[1::2]
    else:
        some = set(list(expected)[::2])
        ours = [one for one in arrived if one["metadata"]["channel"] in some]
        theirs = [one for one in arrived if one["metadata"]["channel"] not in some]
    both = over(gateway=("--journal", "off"), processor=("--ordering", ordering))
    foreign = in_batches(topic, theirs)
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        done = beside.submit(broker.publish, foreign)
        (post_from_many_sides if ordering == "converge" else post_lines)(both, ours)
        done.result()
    expect(both, expected)
    await_empty(broker, topic)
    until(lambda: lag(both) == 0, what="all acks")
    assert both.processor.stop() == 0
    both.processor = both.start_processor()
    expect(both, expected)
    both.stop()


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
    both.processor = both.start_processor()
    both.stop()


@pytest.mark.parametrize("journal", ["fsync", "off"])
def test_kills_lose_nothing(over, journal):
    both = over(gateway=("--journal", journal))

    def kill_both():
        for name in ("gateway", "processor", "gateway", "processor"):
            program = getattr(both, name)
            program.process.kill()
            program.process.wait()
            setattr(both, name, getattr(both, "start_" + name)())
            time.sleep(0.3)
        until(lambda: "listening" in both.gateway.text(), what="the gateway")
    under_load(both, kill_both)
    assert both.await_ready()
    both.stop()


def test_partitions_move_between_processors_and_nothing_is_held_back(over, topic, broker):
    both = over()
    port = free_ports(3)
    assert both.gateway.stop() == 0
    both.gateway_flags = (*both.gateway_flags, "--processors", f"127.0.0.1:{both.port},127.0.0.1:{port}")
    both.gateway = both.start_gateway()
    assert both.await_ready()

    def come_and_go():
        other = Program(both.folder, "downlink-processor", "--port", port, "--state-dir", both.state,
                        *broker.flags(topic))
        until(lambda: len(owners(both)) == 2, what="a share for the other")
        assert other.stop() == 0
        until(lambda: len(owners(both)) == 1, what="all of them again")
    under_load(both, come_and_go)
    until(lambda: lag(both) == 0, what="all acks")
    await_empty(broker, topic)
    both.stop()


def test_an_outage_of_the_broker_delays_and_loses_nothing(over, victim, topic):
    """With a journal a gateway goes on accepting; without one a client gets its answer when the broker is back."""
    both = over(on=victim)
    other, port = both.start_gateway_beside(*victim.flags(topic), "--journal", "off", "--wait", "30s")
    early = channel()

    def post_without_journal():
        with Client(port) as client:
            return client.call("POST", "/messages", json.dumps(message(early, 2, by=1))).status
    assert both.post(message(early, 1, by=7), Prefer="wait=10").status == 200

    def stop_and_start():
        victim.kill()
        until(lambda: is_away(both), 15, "the word that the broker is away")
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            held = beside.submit(post_without_journal)
            assert both.rocket(early)["speed"] == 7, "queries are answered"
            assert not held.done()
            victim.start()
            assert held.result() == 202
        until(lambda: not is_away(both), 15, "the end of it")
        await_speed(both, early, 8, 2)
    assert under_load(both, stop_and_start) == {202}

    def pause():
        victim.pause()
        time.sleep(1.5)
        victim.resume()
    assert under_load(both, pause) == {202}
    until(lambda: is_saved(both), what="the confirms")
    assert other.stop() == 0
    both.stop()


def test_tls_shows_and_checks_certificates(start, folder, victim, topic, tmp_path):
    def flags(**properties):
        return victim.flags(topic, **{"url": f"amqps://localhost:{victim.tls_port}/", "tls.ca": victim.authority.certificate,
                                      **properties})
    certificate, key = victim.authority.sign("client", usage="clientAuth")
    shown = {"tls.cert": certificate, "tls.key": key}
    both = start(gateway=flags(**shown), processor=(*flags(**shown), "--partitions", PARTITIONS))
    assert both.post(message(channel(), 1, by=1), Prefer="wait=10").status == 200
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


def test_a_broker_that_takes_no_messages_is_told_and_waited_for(over, victim, topic):
    """Flow control: with a journal messages wait until it is full; without one the gateway answers 503."""
    both = over(gateway=("--buffer", "100", "--wait", "0s"), on=victim)
    other, port = both.start_gateway_beside(*victim.flags(topic), "--journal", "off", "--wait", "0s")
    of = channel()
    assert both.post(message(of, 1, by=1), Prefer="wait=10").status == 200
    victim.block()
    both.post(message(of, 2, by=1))  # the broker blocks a connection when it publishes next
    until(lambda: is_away(both), 15, "the word that the broker takes nothing")
    assert "memory" in stats(both)["bus"]["reason"]
    for number in range(3, 102):
        assert both.post(message(of, number, by=1)).status == 202
    refused = both.post(message(of, 102, by=1))
    assert refused.status == 503 and refused.json()["type"].endswith("buffer-full")
    assert refused.headers["Retry-After"]
    with Client(port) as client:
        refused = client.call("POST", "/messages", json.dumps(message(of, 103, by=1)))
        assert refused.status == 503 and refused.json()["type"].endswith("bus-away")
        assert refused.headers["Retry-After"]
        until(lambda: client.call("GET", "/readyz").status == 503, what="not ready")
    victim.unblock()
    until(lambda: not is_away(both), 15, "the end of it")
    until(lambda: is_saved(both), what="the confirms")
    assert both.post(message(of, 102, by=1)).status == 202
    with Client(port) as client:
        assert client.call("POST", "/messages", json.dumps(message(of, 103, by=1))).status == 202
    await_speed(both, of, 103, 103)
    assert other.stop() == 0
    both.stop()


def test_wait_is_answered_when_the_message_is_saved(over):
    both = over(gateway=("--journal", "off"))
    answer = both.post(message(channel(), 1), Prefer="wait=10")
    assert (answer.status, answer.json()["status"]) == (200, "applied")
    both.processor.send(signal.SIGSTOP)
    assert both.post(message(channel(), 1), Prefer="wait=1").status == 202
    assert (stats(both)["buffered"], lag(both)) == (0, 1)
    until(lambda: max(part["lagSeconds"] for part in stats(both)["routing"]) > 1, what="the lag")
    both.processor.send(signal.SIGCONT)
    until(lambda: lag(both) == 0, what="the ack")
    both.stop()


def test_a_processor_tells_how_far_it_is_behind(over, broker, topic):
    both = over()
    assert both.processor.stop() == 0
    of = channel()
    broker.publish([(queue_of(topic, of), json.dumps(message(of, number, by=1))) for number in range(1, 21)])
    both.processor = Program(both.folder, "downlink-processor", "--port", both.port, "--state-dir", both.state,
                             *both.processor_flags, environment={"DOWNLINK_FAILPOINTS": "save-before=sleep:3000"})
    lags = until(lambda: [row for row in processor_stats(both)["bus"]["lag"] if row[1] == 20], what="the lag")
    assert lags[0][0] == partition_of(of, PARTITIONS)
    until(lambda: not any(row[1] for row in processor_stats(both)["bus"]["lag"]), what="its end")
    await_speed(both, of, 20, 20)
    both.stop()


def test_bad_messages_are_put_aside_and_hold_nobody_up(over, broker, topic):
    aside = topic + "-dead"
    both = over(processor=("--dead-letter", aside))
    of = channel()
    place = partition_of(of, PARTITIONS)
    good = json.dumps(message(of, 1, by=3))
    elsewhere = f"{topic}.{(place + 1) % PARTITIONS}"
    half = json.dumps(message(of, 5, by=100)) + "\njunk"
    bad = [(f"{topic}.0", '{"metadata":'), (f"{topic}.1", ""), (elsewhere, good), (queue_of(topic, of), half),
           (queue_of(topic, of), good.replace('"by": 3', '"by": -3'))]
    lines = "\n".join([good, json.dumps(message(of, 2, by=4)), ""])
    broker.publish([*bad, (queue_of(topic, of), lines), (queue_of(topic, of), lines)])
    await_speed(both, of, 7, 2)
    until(lambda: broker.depth(aside) == len(bad), what="the dead letters")
    letters = {body.decode(): properties.headers for properties, body in broker.messages(aside)}
    assert set(letters) == {body for _, body in bad}
    assert "another partitioner" in letters[good]["reason"] and letters[good]["queue"] == elsewhere
    assert letters[half]["reason"].startswith("line 2: ")
    both.processor.lines_with("record refused")
    await_empty(broker, topic)
    both.stop()


def test_bad_messages_wait_for_their_letters(over, broker, topic):
    """The queue of the letters takes none: they are sent again until it does."""
    aside = topic + "-dead"
    both = over(processor=("--dead-letter", aside))
    of = channel()
    broker.remove_queue(aside)
    broker.publish([(queue_of(topic, of), "junk"), (queue_of(topic, of), json.dumps(message(of, 1, by=3)))])
    await_speed(both, of, 3, 1)
    until(lambda: broker.depth(aside) == 1, what="the letter, in a queue that was made again")
    await_empty(broker, topic)
    both.stop()


def test_a_queue_that_is_gone_is_made_again(over, broker, topic):
    both = over()
    of = channel()
    assert both.post(message(of, 1, by=1), Prefer="wait=10").status == 200
    broker.remove_queue(queue_of(topic, of))
    assert both.post(message(of, 2, by=1)).status == 202
    await_speed(both, of, 2, 2)
    both.stop()


def log_of_refusal(folder, *flags):
    """Start a processor that must refuse to run; return its log."""
    program = Program(folder, "downlink-processor", "--port", free_ports(3), "--state-dir",
                      f"{folder}/refused-{time.monotonic_ns()}", "--partitions", PARTITIONS, *flags)
    assert program.process.wait(30) == 1, program.text()
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
    assert "NOT_ALLOWED" in fault and both.call("GET", "/readyz").json()["detail"] == fault
    assert gateway.stop() == 0
    both.gateway = both.start_gateway()
    assert both.await_ready()
    both.stop()


@pytest.mark.parametrize("gateway_topic, bus", [("other", "rabbitmq"), (None, "zmq")])
def test_a_gateway_sends_nothing_past_its_processors(over, broker, topic, gateway_topic, bus):
    both = over()
    assert both.gateway.stop() == 0
    both.gateway_flags = broker.flags(topic + gateway_topic) if gateway_topic else ()
    both.gateway = both.start_gateway()
    until(lambda: "listening" in both.gateway.text(), what="the gateway")
    fault = until(lambda: stats(both)["bus"]["fault"], what="the fault")
    assert f"reads from --bus=rabbitmq --topic={topic} and this gateway sends over --bus={bus}" in fault
    assert both.post(message("a", 1)).status == 202
    assert stats(both)["buffered"] == 1
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
