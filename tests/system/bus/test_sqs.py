"""--bus=sqs beside a real server: its peculiarities. Signatures and keys that expire, messages that stay hidden, and
messages that SQS refuses."""
# SPDX-License-Identifier: Apache-2.0
import datetime
import json
import time

import pytest

from downlink import Client, Program, channel, free_ports, message, until
from lone_processor import LoneProcessor
from partitioners import partition_of
from sqs_gate import CONTAINER_TOKEN, Gate, signature

PARTITIONS = 2  # fewer than usual: queues are made for each test
NO_KEY = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
          "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def queues(buses):
    return buses("sqs").server


@pytest.fixture
def over(start, queues, topic):
    """Start pairs that use the server and the topic."""
    def start_over(gateway=(), processor=(), environment=None, through=queues, **settings):
        flags = through.flags(topic, **settings)
        return start(gateway=(*flags, *gateway), processor=(*flags, "--partitions", PARTITIONS, *processor),
                     environment={name: environment or {} for name in ("gateway", "processor")})
    return start_over


def stats(both):
    return both.call("GET", "/stats").json()


def await_speed(both, of, speed, applied):
    both.rocket_when(of, lambda rocket: (rocket["speed"], rocket["messagesApplied"]) == (speed, applied))


def await_empty(queues, topic):
    """Wait until SQS has no message any more, hidden or not."""
    until(lambda: all(queues.waiting(f"{topic}-{number}") == (0, 0) for number in range(PARTITIONS)), what="empty queues")


def of_partition(number):
    """Return a new channel of a partition."""
    return next(one for one in iter(channel, None) if partition_of(one, PARTITIONS) == number)


def test_any_valid_message_goes_through(over, queues, topic):
    """Characters that SQS refuses, and a request that is larger than its messages; also a dead letter as large as one."""
    both = over(gateway=("--journal", "off", "--wait", "60s"), processor=("--dead-letter", topic + "-dead"))
    strange = "\u0000\u0001\u007f\ufffe\uffff\ufdd0\U0001f680\U0001ffff é\\\"\n"
    of = channel()
    sent = [message(of, 1, "RocketLaunched", type=strange, launchSpeed=1, mission=strange)]
    assert both.post(sent, Prefer="wait=60").status == 200
    rocket = both.rocket(of)
    assert (rocket["type"], rocket["mission"]) == (strange, strange)
    many = [message(of, number, "RocketMissionChanged", newMission="\u0001" * 256) for number in range(2, 1002)]
    answer = both.post(many, Prefer="wait=60")
    assert (answer.status, answer.json()["status"]) == (200, "applied"), answer.json()
    await_speed(both, of, 1, 1001)
    assert stats(both)["bus"]["records"] > 4, "the frame came in pieces"
    largest = "é" * 131072  # a batch takes 256 KiB
    queues.send(f"{topic}-0", [largest])
    until(lambda: queues.waiting(topic + "-dead") == (1, 0), what="the letter")
    [letter] = queues.take(topic + "-dead")
    assert letter["Body"] == largest and "MessageAttributes" not in letter
    await_empty(queues, topic)
    both.stop()


@pytest.mark.parametrize("partitions", [16, 48])
def test_every_queue_is_read_at_once_although_reads_of_empty_ones_wait_for_long(over, partitions):
    both = over(processor=("--partitions", partitions), wait_seconds=20)
    channels = {partition_of(one, partitions): one for one in (channel() for _ in range(20 * partitions))}
    assert len(channels) == partitions
    answer = both.post([message(one, 1) for one in channels.values()], Prefer="wait=15")
    assert answer.status == 200, "a queue was not read"
    both.stop()


def test_messages_of_a_processor_that_stops_are_shown_to_the_next_at_once(over, queues, topic):
    """It deletes what is saved; hidden messages would come only after an hour."""
    both = over(visibility_seconds=3600)
    for number in range(1, 4):
        assert both.post([message(f"r{one}", number, by=1) for one in range(20)]).status == 202
        assert both.processor.stop() == 0
        both.processor = both.start_processor()
        both.processor.lines_with("ready")
    for one in range(20):
        await_speed(both, f"r{one}", 3, 3)
    await_empty(queues, topic)
    both.stop()


def test_the_signature_is_that_of_aws():
    """The gate computes it as the published example has it."""
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    found = signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "GET", "/", headers, ["host", "x-amz-date"], b"",
                      ("20150830", "us-east-1", "service"))
    assert found == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


def soon(seconds):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def post_and_save(both):
    """A message that was on its way to a processor with a key that ran out is hidden for some time."""
    of = channel()
    assert both.post(message(of, 1, by=1)).status == 202
    until(lambda: both.call("GET", f"/rockets/{of}").status == 200, 60, "the rocket")


def test_requests_are_signed_with_the_key_of_the_role_which_runs_out(over, queues, topic):
    """A machine's role: its key is renewed before its end, and also when it is refused."""
    with Gate(queues) as gate:
        gate.keys = {"ROLE1": ("first+/", "token=1"), "ROLE2": ("second", "token2"), "ROLE3": ("third", "token3")}
        gate.role = ("ROLE1", "first+/", "token=1", soon(302))  # two seconds before the time of renewal
        both = over(through=gate, gateway=("--journal", "off", "--wait", "60s", "--workers", "1"), environment={
            **NO_KEY, "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": gate.endpoint})
        post_and_save(both)
        gate.role = ("ROLE2", "second", "token2", soon(3600))
        until(lambda: all(log.text().count("signed with a key") == 2 for log in (both.gateway, both.processor)),
              what="the next key")
        until(lambda: gate.is_unused("ROLE1"), what="the end of requests with the first key")
        del gate.keys["ROLE1"]
        post_and_save(both)
        assert not gate.refused
        gate.role = ("ROLE3", "third", "token3", soon(3600))
        gate.keys["ROLE2"] = ("second", "another token")
        post_and_save(both)
        assert set(gate.refused) == {"ExpiredToken"}
        for log in (both.gateway, both.processor):
            assert not any(secret in log.text() for secret in ("first+/", "second", "token=1", "token2", "ROLE"))
        both.stop()


@pytest.mark.parametrize("place", ["environment", "file", "container"])
def test_the_key_comes_from_the_usual_places(over, queues, topic, folder, place):
    with Gate(queues) as gate:
        gate.keys = {"AKID": ("secret/+=", "token" if place != "file" else None)}
        environment = dict(NO_KEY)
        settings = {}
        if place == "environment":
            environment.update(AWS_ACCESS_KEY_ID="AKID", AWS_SECRET_ACCESS_KEY="secret/+=", AWS_SESSION_TOKEN="token")
        elif place == "file":
            path = f"{folder}/credentials"
            with open(path, "w", encoding="utf-8") as file:
                file.write("[default]\naws_access_key_id = other\naws_secret_access_key = other\n"
                           "[rocket]\naws_access_key_id = AKID\naws_secret_access_key = secret/+=\n")
            environment.update(AWS_SHARED_CREDENTIALS_FILE=path, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y")
            settings = {"profile": "rocket"}
        else:
            gate.role = ("AKID", "secret/+=", "token", soon(3600))
            environment.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=gate.endpoint + "/container",
                               AWS_CONTAINER_AUTHORIZATION_TOKEN=CONTAINER_TOKEN)
        both = over(through=gate, environment=environment, **settings)
        post_and_save(both)
        assert not gate.refused and gate.calls["SendMessageBatch"]
        both.stop()


def test_a_wrong_key_is_told_in_words_and_a_right_one_heals(start, queues, topic, folder):
    with Gate(queues) as gate:
        path = f"{folder}/changing"

        def write(secret):
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"[default]\naws_access_key_id=AKID\naws_secret_access_key={secret}\n")
        write("wr0ng")
        flags = gate.flags(topic)
        environment = {**NO_KEY, "AWS_SHARED_CREDENTIALS_FILE": path}
        processor = Program(folder, "downlink-processor", "--port", free_ports(3), "--state-dir", f"{folder}/s-{topic}",
                            *flags, "--log-level", "debug", environment=environment)
        processor.lines_with("SQS refuses the key or a right")
        assert "SignatureDoesNotMatch" in processor.text() and "wr0ng" not in processor.text()
        write("secret/+=")
        processor.lines_with("ready")
        assert processor.stop() == 0
        assert "secret/+=" not in processor.text()


def test_what_sqs_does_not_take_now_is_sent_again(over, queues, topic):
    """Too many requests, faults of the service, and of single messages of a batch."""
    with Gate(queues) as gate:
        both = over(through=gate, gateway=("--journal", "off", "--wait", "60s"), environment={
            "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret/+="})
        post_and_save(both)
        gate.faults["SendMessageBatch"].extend([(400, "RequestThrottled"), (503, "ServiceUnavailable"), (500, "X")])
        gate.faults["DeleteMessageBatch"].extend([(400, "RequestThrottled")] * 2)
        gate.faults["ReceiveMessage"].extend([(400, "OverLimit")] * 2)
        of = channel()
        assert both.post(message(of, 1, by=1)).status == 202
        await_speed(both, of, 1, 1)
        assert stats(both)["bus"]["failedRecords"] == 3
        await_empty(queues, topic)
        until(lambda: not any(gate.faults.values()), what="all faults")
        both.stop()


def test_a_message_stays_hidden_while_its_save_waits(tmp_path, queues, topic):
    """A save takes longer than SQS hides a message: no other processor gets it."""
    hidden_seconds, save_seconds = 3, 6
    processor = LoneProcessor(tmp_path, *queues.flags(topic, visibility_seconds=hidden_seconds), partitions=PARTITIONS,
                              failpoints=f"save-before=sleep:{1000 * save_seconds}")
    processor.await_owned()
    sent_at = time.monotonic()
    queues.send(f"{topic}-0", [json.dumps(message(of_partition(0), 1, by=5))])
    until(lambda: queues.waiting(f"{topic}-0") == (0, 1), what="a message that is hidden")
    while (found := queues.waiting(f"{topic}-0")) != (0, 0):
        assert found == (0, 1), "it is shown before it is saved"
        time.sleep(0.1)
    assert time.monotonic() - sent_at >= save_seconds
    await_empty(queues, topic)
    assert processor.stats()["records"] == 1
    processor.stop()


def test_what_does_not_fit_is_refused_in_a_sentence(folder, queues, topic):
    def log_of(*more, **settings):
        program = Program(folder, "downlink-processor", "--port", free_ports(3), *queues.flags(topic, **settings),
                          "--state-dir", f"{folder}/x-{topic}", "--partitions", PARTITIONS, *more)
        assert program.process.wait(60) == 1, program.text()
        return program.text()
    queues.make_queue(f"{topic}-0.fifo")
    assert "set fifo=yes" in log_of()
    queues.call("DeleteQueue", QueueUrl=queues.url(f"{topic}-0.fifo"))
    queues.make_queue(f"{topic}-{PARTITIONS}")
    assert "more queues in SQS than the state has partitions" in log_of()
    assert "yes or no" in log_of(fifo="maybe")
    assert "no such setting" in log_of(secret="abc") and "abc" not in log_of(secret="abc")
    assert "http://HOST:PORT" in log_of(endpoint="ftp://x")
    assert "from 1 to 20" in log_of(wait_seconds=21)
    assert "no queue of SQS can have this name" in log_of("--topic", "a.b")
    assert not {name for name in queues.queues() if name.startswith(topic)} - {f"{topic}-{PARTITIONS}"}


def test_a_gateway_of_the_other_kind_of_queues_sends_nothing_and_says_why(over, queues, topic):
    both = over()
    other, port = both.start_gateway_beside(*queues.flags(topic, fifo="yes"))
    with Client(port) as client:
        assert client.call("POST", "/messages", json.dumps(message(channel(), 1))).status == 202
        other.lines_with("a processor reads from another bus")
        fault = until(lambda: client.call("GET", "/stats").json()["bus"]["fault"], what="the fault")
        assert f"--topic={topic}.fifo" in fault
    other.stop()
    both.stop()
