#!/usr/bin/python3
"""A real RabbitMQ broker for tests, in a folder of its own under /tmp.

    rabbitmq.py COMMAND...

runs a command beside a broker, with DOWNLINK_RABBITMQ=amqp://… in its environment.
"""
# SPDX-License-Identifier: Apache-2.0
import contextlib
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

from bound_process import BoundProcess
from downlink import free_ports
from server_process import START_SECONDS, Failed, Missing, ServerProcess, run_beside

PROGRAMS = pathlib.Path("/usr/lib/rabbitmq/bin")
USER, PASSWORD = "downlink", "very-secret"
STARTED = b"Server startup complete"
LIMIT = 2147483647  # of deliveries, as our programs make their queues


def client_library():
    """Return the module that speaks AMQP."""
    try:
        import pika
    except ImportError:
        raise Missing("no AMQP client is installed (Debian package python3-pika)") from None
    return pika


def check():
    """Raise Missing where no broker can run."""
    client_library()
    if not (PROGRAMS / "rabbitmq-server").exists():
        raise Missing("no RabbitMQ is installed (scripts/install-stopped.sh rabbitmq)")
    if not shutil.which("epmd"):
        raise Missing("the Erlang port mapper epmd is not installed (Debian package erlang-base)")


class RabbitMQ(ServerProcess):
    """A broker. `create` starts it; `close` ends it and removes its folder. wrapper: a command to run it under, for
    example in a network namespace, where its address and port are. authority: a tls.Authority; then it speaks TLS as
    well, with clients that show a certificate of that one."""

    def __init__(self, address="127.0.0.1", port=None, wrapper=(), authority=None):
        self.pika = client_library()
        check()
        self.address, self.wrapper = address, wrapper  # of a host, which changes it as it boots
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="downlink-rabbitmq-", dir="/tmp"))
        ports = free_ports(4)
        self.port, self.mapper_port, self.nodes_port = port or ports, ports + 1, ports + 2
        self.log = self.folder / "log"
        self.mapper = None
        self.log_begins = 0  # where its present life begins in the log
        self.settings = {
            "listeners.tcp.1": f"{address}:{self.port}", "loopback_users": "none", "default_user": USER,
            "default_pass": PASSWORD, "disk_free_limit.absolute": "1MB", "log.console": "true",
            "log.console.level": "info", "log.file": "false", "num_acceptors.tcp": 2,
            "raft.wal_max_size_bytes": 16777216, "heartbeat": 60}
        self.authority, self.tls_port = authority, ports + 3
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            "HOME": str(self.folder), "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_NODENAME": f"t{self.nodes_port}@localhost", "RABBITMQ_DIST_PORT": str(self.nodes_port),
            "ERL_EPMD_PORT": str(self.mapper_port), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "no-env"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"), "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    #  Its life

    def create(self):
        """Make a new, empty broker. Leaves it running."""
        if self.authority:
            certificate, key = self.authority.sign("broker")
            self.settings.update({
                "listeners.ssl.1": f"{self.address}:{self.tls_port}", "ssl_options.verify": "verify_peer",
                "ssl_options.fail_if_no_peer_cert": "true", "ssl_options.certfile": certificate,
                "ssl_options.keyfile": key, "ssl_options.cacertfile": self.authority.certificate})
        (self.folder / "rabbitmq.conf").write_text(
            "".join(f"{name} = {value}\n" for name, value in self.settings.items()), encoding="utf-8")
        (self.folder / "plugins").write_text("[].\n", encoding="utf-8")
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(10), encoding="ascii")
        cookie.chmod(0o400)
        self.start()
        return self

    def start(self):
        """Start it, and wait until it takes connections."""
        assert not self.is_running()
        with open(self.log, "ab") as log:
            self.log_begins = log.tell()
            if not self.mapper or self.mapper.poll() is not None:  # its host has died
                self.mapper = BoundProcess(
                    [*self.wrapper, "epmd", "-port", str(self.mapper_port), "-address", "127.0.0.1"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
            self.process = BoundProcess(
                [*self.wrapper, PROGRAMS / "rabbitmq-server"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=self.environment)
        self.wait_until_started(lambda: STARTED in self.log.read_bytes()[self.log_begins:])

    def close(self):
        """End it at once, and remove its folder."""
        self.kill()
        if self.mapper and self.mapper.poll() is None:
            self.mapper.kill()
            self.mapper.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def control(self, *words, seconds=START_SECONDS):
        """Run rabbitmqctl. Return its output."""
        done = subprocess.run(
            [*self.wrapper, PROGRAMS / "rabbitmqctl", "--quiet", *map(str, words)], env=self.environment,
            capture_output=True, text=True, timeout=seconds, check=False)
        if done.returncode != 0:
            raise Failed(f"rabbitmqctl {words} ended with status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def block(self):
        """Have it take no messages any more, as if its memory were used up."""
        self.control("set_vm_memory_high_watermark", "0.000001")

    def unblock(self):
        self.control("set_vm_memory_high_watermark", "0.6")

    #  How to reach it

    @property
    def url(self):
        return f"amqp://{self.address}:{self.port}/"

    def config(self, **properties):
        """Write a file for --rabbitmq-config; `__` in a name stands for a dot. Return its path."""
        path = self.folder / f"client-{time.monotonic_ns()}.properties"
        lines = {"url": self.url, "user": USER, "password": PASSWORD, "heartbeat": 2,
                 **{name.replace("__", "."): value for name, value in properties.items()}}
        path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
        return path

    def flags(self, topic, **properties):
        """Return the flags of a gateway or a processor that uses this broker."""
        return ("--bus", "rabbitmq", "--rabbitmq-config", self.config(**properties), "--topic", topic)

    @contextlib.contextmanager
    def channel(self):
        """A channel of a connection of the test's own."""
        parameters = self.pika.ConnectionParameters(
            self.address, self.port, credentials=self.pika.PlainCredentials(USER, PASSWORD),
            socket_timeout=10, connection_attempts=5, retry_delay=0.5)
        connection = self.pika.BlockingConnection(parameters)
        try:
            yield connection.channel()
        finally:
            if connection.is_open:
                connection.close()

    #  Queues

    def make_queue(self, name, **arguments):
        """Make a durable queue; without arguments it is one as our programs make it. `__` in a name: a hyphen."""
        wanted = {key.replace("__", "-"): value for key, value in arguments.items()} or {
            "x-queue-type": "quorum", "x-delivery-limit": LIMIT}
        with self.channel() as channel:
            channel.queue_declare(name, durable=True, arguments=wanted)

    def depth(self, name):
        """Return the number of messages that wait in a queue; None: there is no such queue."""
        with self.channel() as channel:
            try:
                return channel.queue_declare(name, passive=True).method.message_count
            except self.pika.exceptions.ChannelClosedByBroker:
                return None

    def remove_queue(self, name):
        with self.channel() as channel:
            channel.queue_delete(name)

    def publish(self, messages, **properties):
        """Publish messages as other programs do: (queue, body) each. Return when the broker has
        all of them; it is asked for each, so many small ones take long."""
        with self.channel() as channel:
            channel.confirm_delivery()
            kept = self.pika.BasicProperties(delivery_mode=2, **properties)
            for queue, body in messages:
                channel.basic_publish("", queue, body, kept, mandatory=True)

    def messages(self, name, seconds=START_SECONDS):
        """Take all messages of a queue: (properties, body) each."""
        found = []
        deadline = time.monotonic() + seconds
        with self.channel() as channel:
            while time.monotonic() < deadline:
                method, properties, body = channel.basic_get(name, auto_ack=True)
                if method is None:
                    return found
                found.append((properties, body))
        raise Failed(f"{name} was not read to its end within {seconds} s")


def main():
    """Run a command beside a broker that is new."""
    run_beside(RabbitMQ, lambda broker: {
        "DOWNLINK_RABBITMQ": f"amqp://{USER}:{PASSWORD}@{broker.address}:{broker.port}/"}, sys.argv[1:], __doc__)


if __name__ == "__main__":
    main()
