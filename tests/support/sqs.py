#!/usr/bin/python3
"""A real server that speaks SQS (ElasticMQ) for tests, in a folder of its own under /tmp, with the limits of AWS.

It keeps its messages in memory; with is_kept also in a database, of which a kill or a stop may still lose some. It
checks no signatures: sqs_gate.py does.

    sqs.py COMMAND...

runs a command beside a server, with DOWNLINK_SQS=http://host:port in its environment.

    sqs.py --prepare

lets later servers start in half of the time: it keeps the classes of one that ran, beside the jars.
"""
# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from bound_process import BoundProcess
from downlink import free_ports
from java_server import archive_flag, has_archive, java, keep_archive, newest_jars
from server_process import Failed, ServerProcess, run_beside

HEAP = "256m"
KEY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
BATCH = 10
SETTINGS = """include classpath("application.conf")
node-address {{ host = "*", port = {port} }}
rest-sqs {{ enabled = true, bind-hostname = "{address}", bind-port = {port}, sqs-limits = strict }}
rest-stats {{ enabled = false }}
queues-storage {{ enabled = {is_kept}, path = "{folder}/queues.conf" }}
messages-storage {{ enabled = {is_kept}, uri = "jdbc:h2:{folder}/messages;WRITE_DELAY=0", username = "sa" }}
"""


def jars():
    """Return the class path of the newest server that scripts/install-elasticmq.sh got."""
    return newest_jars("elasticmq-*/elasticmq-server_*.jar", "no ElasticMQ is installed (scripts/install-elasticmq.sh)")


class Sqs(ServerProcess):
    """A server. `create` starts it; `close` ends it and removes its folder. wrapper: a command to run it under. It
    keeps messages in memory only, unless is_kept."""

    def __init__(self, address="127.0.0.1", port=None, wrapper=(), is_kept=False):
        jars()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="downlink-sqs-", dir="/tmp"))
        self.address, self.port, self.wrapper = address, port or free_ports(1), wrapper
        self.log = self.folder / "log"
        self.flags_of_java = []
        self.is_kept = is_kept
        (self.folder / "server.conf").write_text(SETTINGS.format(
            address=address, port=self.port, folder=self.folder, is_kept="true" if is_kept else "false"),
            encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    #  Its life

    def create(self):
        self.start()
        return self

    def begin_to_start(self):
        assert not self.is_running()
        with open(self.log, "ab") as log:
            self.process = BoundProcess(
                [*self.wrapper, *java(jars(), f"-Xmx{HEAP}", *self.flags_of_java,
                                      f"-Dconfig.file={self.folder}/server.conf"), "org.elasticmq.server.Main"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)

    def start(self):
        self.begin_to_start()
        known = set(re.findall(r"Creating queue CreateQueueData\(([^,]+),", self.log.read_text())) if self.is_kept else set()

        def has_started():
            try:
                return self.queues() >= known  # those that it kept come a moment later than the server
            except OSError:
                return False
        self.wait_until_started(has_started)

    def close(self):
        """End it at once, and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    #  How to reach it

    @property
    def endpoint(self):
        return f"http://{self.address}:{self.port}"

    def config(self, **settings):
        """Write a file for --sqs-config, with short times. Return its path."""
        path = self.folder / f"client-{time.monotonic_ns()}.properties"
        lines = {"region": "elasticmq", "endpoint": self.endpoint, "visibility_seconds": 3, "wait_seconds": 1, **settings}
        path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
        return path

    def flags(self, topic, **settings):
        """Return the flags of a gateway or a processor that uses this server. They need KEY in the environment."""
        return ("--bus", "sqs", "--sqs-config", self.config(**settings), "--topic", topic)

    #  Calls

    def call(self, action, seconds=30, **body):
        """Call an action of SQS; return the answer."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=seconds)
        try:
            connection.request("POST", "/", json.dumps(body), {
                "X-Amz-Target": f"AmazonSQS.{action}", "Content-Type": "application/x-amz-json-1.0",
                "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/elasticmq/sqs/aws4_request, "
                                 "SignedHeaders=host, Signature=0"})
            answer = connection.getresponse()
            text = answer.read()
        except http.client.HTTPException as why:
            raise OSError(str(why)) from why
        finally:
            connection.close()
        if answer.status != 200:
            raise Failed(f"{action}: {answer.status} {text.decode(errors='replace')}")
        return json.loads(text or b"{}")

    def url(self, name):
        return self.call("GetQueueUrl", QueueName=name)["QueueUrl"]

    def queues(self):
        """Return the names of all queues."""
        return {url.rsplit("/", 1)[1] for url in self.call("ListQueues").get("QueueUrls", [])}

    def make_queue(self, name, **attributes):
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        return self.call("CreateQueue", QueueName=name, Attributes={**fifo, **attributes})["QueueUrl"]

    def attributes(self, name):
        return self.call("GetQueueAttributes", QueueUrl=self.url(name), AttributeNames=["All"])["Attributes"]

    def waiting(self, name):
        """Return the number of messages in a queue: those that can be received, and hidden ones."""
        found = self.attributes(name)
        return (int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"]))

    def send(self, name, bodies, group=None):
        """Write messages as other programs do."""
        url, bodies = self.url(name), list(bodies)
        for first in range(0, len(bodies), BATCH):
            entries = [{"Id": str(index), "MessageBody": body}
                       for index, body in enumerate(bodies[first:first + BATCH], first)]
            for one in entries if group else ():
                one.update(MessageGroupId=group, MessageDeduplicationId=f"{one['Id']}-{time.monotonic_ns()}")
            answer = self.call("SendMessageBatch", QueueUrl=url, Entries=entries)
            assert not answer.get("Failed"), answer

    def take(self, name):
        """Receive and delete all messages of a queue that can be received."""
        url, found = self.url(name), []
        while True:
            some = self.call("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=BATCH,
                             MessageAttributeNames=["All"]).get("Messages", [])
            if not some:
                return found
            found += some
            self.call("DeleteMessageBatch", QueueUrl=url, Entries=[
                {"Id": str(index), "ReceiptHandle": one["ReceiptHandle"]} for index, one in enumerate(some)])


def prepare():
    """Have a server write the archive of its classes when it ends, unless there is one."""
    if has_archive(jars()):
        return
    with Sqs() as server:
        server.flags_of_java.append(archive_flag(server.folder))
        server.create()
        server.make_queue("q")
        server.send("q", ["a"])
        server.take("q")
        server.stop()
        keep_archive(jars(), server.folder)


def main():
    """Run a command beside a server that is new."""
    if sys.argv[1:] == ["--prepare"]:
        prepare()
    else:
        run_beside(Sqs, lambda server: {**KEY, "DOWNLINK_SQS": server.endpoint}, sys.argv[1:], __doc__)


if __name__ == "__main__":
    main()
