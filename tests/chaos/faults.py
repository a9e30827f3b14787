"""Let the Nth call of a function fail, for every N on the path of a message and at a start: memory, files, sockets,
threads, SQLite, ZeroMQ, GnuTLS, libpq and librdkafka. The program goes on, or ends with status 1 and a line that names
the fault. Afterwards no accepted message is lost, and none counts twice.

One pair of programs runs all the time. The test arms a fault in a program (fault_control), posts a message and asks
for its rocket, and then the program must serve again. The test starts a program again only if it ended.
"""
import contextlib
import errno
import http.client
import random
import re
import ssl
import time

import tls
from checker import Figures
from cluster import Cluster
from downlink import free_ports
from fault_control import FAULT_SHIM, FaultControl
from history import ACCEPTED, REFUSED, UNKNOWN, History
from kafka import Kafka
from keys import Keys
from postgres import Postgres
from scenario import Fault, Skipped
from server_process import Missing
from settle import settle

SERVE_SECONDS = 60  # for a program to serve again after a fault
ANSWER_SECONDS = 4
HIT_SECONDS = 0.1
SHOW_SECONDS = 2  # for a message that was accepted to be shown
SOME, SOME_SECONDS = 40, 7  # when few are wanted
FATAL_LINES = re.compile(r"^\S+Z error ")
# The text of a library that has no memory; the program's own line follows.
RAW_LINES = re.compile(r"OUT OF MEMORY|FATAL ERROR|Cannot allocate memory|std::bad_alloc|"
                       r"terminate called|rd_[a-z]+: Assertion `p' failed|"
                       r"\(src/[a-z_]+\.cpp:\d+\)|^$")

SQLITE = {"NOMEM": 7, "IOERR_WRITE": 778, "IOERR_FSYNC": 1034, "FULL": 13}
GNUTLS = {"MEMORY_ERROR": -25, "PUSH_ERROR": -53, "PULL_ERROR": -54}
KAFKA = {"QUEUE_FULL": -184, "TRANSPORT": -195, "FAIL": -196}
# By function: the errors that it can have in practice.
ERRORS = {
    "malloc": ["ENOMEM"], "calloc": ["ENOMEM"], "realloc": ["ENOMEM"], "memalign": ["ENOMEM"],
    "write": ["EIO", "ENOSPC"], "pwrite": ["EIO", "ENOSPC"],
    "writev": ["ECONNRESET", "EPIPE"], "send": ["ECONNRESET", "EPIPE"], "sendmsg": ["ECONNRESET", "EPIPE"],
    "recv": ["ECONNRESET", "EINTR"],
    "fsync": ["EIO"], "fdatasync": ["EIO", "ENOSPC"], "ftruncate": ["EIO"],
    "accept4": ["EMFILE", "ECONNABORTED", "ENOMEM"], "open": ["EMFILE", "EIO"],
    "sqlite3_prepare": ["NOMEM", "IOERR_WRITE"], "sqlite3_step": list(SQLITE),
    "connect": ["ECONNREFUSED", "EADDRNOTAVAIL"], "pthread_create": ["EAGAIN"],
    "zmq_socket": ["EMFILE"], "zmq_connect": ["EMFILE", "ENOMEM"],
    "zmq_send": ["EAGAIN", "ENOMEM", "EINTR"], "zmq_msg_send": ["EAGAIN", "ENOMEM", "EINTR"],
    "zmq_msg_recv": ["EAGAIN", "EINTR"],
    "gnutls_init": ["MEMORY_ERROR"], "gnutls_handshake": ["MEMORY_ERROR", "PULL_ERROR"],
    "gnutls_record_send": ["MEMORY_ERROR", "PUSH_ERROR"], "gnutls_record_recv": ["MEMORY_ERROR", "PULL_ERROR"],
    "pq_connect": ["ENOMEM"], "pq_send": ["ENOMEM"], "pq_consume": ["ENOMEM"], "pq_result": ["ENOMEM"],
    "rd_kafka_produce": ["QUEUE_FULL", "FAIL"], "rd_kafka_consume": ["FAIL"], "rd_kafka_commit": ["TRANSPORT"],
}


def number_of(error):
    return SQLITE.get(error) or GNUTLS.get(error) or KAFKA.get(error) or getattr(errno, error)


def evenly(count, size):
    """Return numbers from 1 to count: all, or so many of them, evenly spread."""
    if count <= size:
        return list(range(1, count + 1))
    return sorted({1 + index * (count - 1) // max(1, size - 1) for index in range(size)})


#  Functions that fail while a program starts.
AT_START = ("malloc", "calloc", "realloc", "open", "sqlite3_prepare", "sqlite3_step", "zmq_socket", "zmq_connect",
            "connect", "pthread_create", "pq_connect", "pq_send", "pq_consume", "pq_result")


class Victim:
    """A program that runs with the fault shim, and the gateway through which the test reaches it."""

    def __init__(self, name, member, address, context=None):
        self.name, self.member, self.address, self.context = name, member, address, context
        self.control = FaultControl(member.folder / f"{name}.control")
        self.start()

    def start(self):
        self.member.start(**self.control.environment)

    def connection(self):
        host, port = self.address
        if self.context:
            return http.client.HTTPSConnection(host, port, timeout=ANSWER_SECONDS, context=self.context)
        return http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)

    def has_ended(self):
        return self.member.process.poll() is not None

    def log(self):
        return self.member.program.text()


class Faults:
    """A cluster, the history of its messages, and how the faults came out."""

    def __init__(self, run, gateway=(), processor=(), is_secure=False):
        """gateway, processor: further flags; is_secure: with a second gateway, which speaks TLS."""
        self.folder, self.seed, self.say = run.folder, run.seed, run.say
        self.rng = random.Random(run.seed)
        self.history = History("faults")
        self.cluster = Cluster(run.folder, gateway=("--workers", 1, *gateway), processor=processor)
        self.tried = self.hit = self.ended = 0
        self.total = Figures()
        address = self.cluster.addresses[0]
        self.victims = [Victim("processor", self.cluster.processor, address),
                        Victim("gateway", self.cluster.gateways[0], address)]
        if is_secure:
            self.victims.append(self._new_secure())
        for victim in self.victims:
            self._await_service(victim)

    def _new_secure(self):
        """A second gateway on the same journals, which speaks TLS."""
        authority = tls.Authority(self.folder)
        plain = self.cluster.gateways[0]
        port = free_ports(1)
        flags = [*plain.flags, *tls.files(*authority.sign("server"))]
        flags[flags.index("--listen") + 1] = f"127.0.0.1:{port}"
        return Victim("secure-gateway", type(plain)(self.folder, "downlink-gateway", *flags), ("localhost", port),
                      ssl.create_default_context(cafile=authority.certificate))

    def close(self):
        for member in (victim.member for victim in self.victims):
            if member.program and member.process.poll() is None:
                member.process.kill()
                member.process.wait()

    def post(self, victim):
        """Post a message of a new rocket, and ask for it. Return true if both went well."""
        channel = self.history.new_channel()
        number = channel.add(self.rng)
        answer, status = UNKNOWN, "broken"
        connection = victim.connection()
        try:
            connection.connect()
        except OSError as error:
            self.history.log([(channel, number)], 0, f"unreached {type(error).__name__}")
            return False
        try:
            connection.request("POST", "/messages", channel.text(number),
                               {"Prefer": "wait=1", "Content-Type": "application/json"})
            status = connection.getresponse().status
            answer = ACCEPTED if status in (200, 202) else REFUSED
        except (OSError, http.client.HTTPException) as error:
            status = f"broken {type(error).__name__}"
        finally:
            self.history.log([(channel, number)], answer, status)
            connection.close()
        ends = time.monotonic() + (SHOW_SECONDS if status == 202 else 0)
        while status in (200, 202):
            if self._ask(victim, channel.name):
                return True
            if time.monotonic() > ends:
                break
        return False

    def _ask(self, victim, name):
        connection = victim.connection()
        try:
            connection.request("GET", f"/rockets/{name}")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _await_service(self, victim):
        """Post until a message is applied and shown. Return false if the victim has ended."""
        deadline = time.monotonic() + SERVE_SECONDS
        while not victim.has_ended() and not self.post(victim):
            if time.monotonic() > deadline:
                raise Fault(f"{victim.name} does not serve\n{victim.log()[-3000:]}")
            time.sleep(0.02)
        return not victim.has_ended()

    def counts(self, victim):
        """Return how many calls of each function one message takes: the most of several messages."""
        most = {}
        for _ in range(3):
            before = victim.control.counts()
            if not self._await_service(victim):
                raise Fault(f"{victim.name} does not serve\n{victim.log()[-3000:]}")
            for name, count in victim.control.counts().items():
                most[name] = max(most.get(name, 0), count - before[name])
        return most

    def _judge_end(self, victim, what):
        """It ended: with status 1, an error in the log, and no words of an assertion. Before the log begins,
        GLib's own words about memory are all that there can be."""
        status = victim.member.process.wait()
        text = victim.log()
        if "starting" not in text and "failed to allocate" in text:
            self.ended += 1
            return
        words = f"{what}: ended with status {status} at {victim.control.where()}\n{text[-3000:]}"
        errors = [line for line in text.splitlines() if FATAL_LINES.match(line)]
        strange = [line for line in text.splitlines()
                   if not re.match(r"^\S+Z (debug|info|warn|error) ", line) and not RAW_LINES.search(line)]
        if status != 1 or not errors or strange:
            raise Fault(words)
        self.ended += 1

    def one(self, victim, call, error, number):
        what = f"{victim.name}, {call}:{error}:{number}"
        before = victim.control.hits()
        self.tried += 1
        victim.control.arm(call, number, number_of(error))
        self.post(victim)
        ends = time.monotonic() + HIT_SECONDS
        while victim.control.hits() == before and time.monotonic() < ends:
            time.sleep(0.005)
        victim.control.disarm()
        self.hit += victim.control.hits() > before
        self._go_on(victim, what)

    def _go_on(self, victim, what):
        """Wait until it serves again; start it again if it ended."""
        try:
            if not self._await_service(victim):
                victim.control.disarm()
                self._judge_end(victim, what)
                victim.start()
                if not self._await_service(victim):
                    raise Fault(f"it does not start again\n{victim.log()[-3000:]}")
        except Fault as fault:
            raise Fault(f"{what}, at {victim.control.where()}\n{fault}") from None

    def start_counts(self, victim):
        """Return how many calls of each function a start takes, until the program serves."""
        self._stop(victim)
        before = victim.control.counts()
        victim.start()
        self._await_service(victim)
        return {name: count - before[name] for name, count in victim.control.counts().items()}

    def _stop(self, victim):
        victim.member.process.kill()
        victim.member.process.wait()

    def one_start(self, victim, call, error, number):
        """Start the program with a fault before it."""
        what = f"start of {victim.name}, {call}:{error}:{number}"
        self._stop(victim)
        before = victim.control.hits()
        self.tried += 1
        victim.control.arm(call, number, number_of(error))
        victim.start()
        self._go_on(victim, what)
        victim.control.disarm()
        self.hit += victim.control.hits() > before

    def settle(self):
        """Start all programs again, then check all messages."""
        for victim in self.victims:
            self._stop(victim)
        for victim in self.victims:
            victim.member.start()
        for victim in self.victims:
            self._await_service(victim)
        for victim in self.victims[2:]:
            victim.member.leave()  # its journal goes with it, so that no slot is left but the other gateway's
        figures, _ = settle(self.cluster, self.history)
        self.total.add(figures)


def cases(faults, what, counts, calls, size):
    """(function, error, N) for these functions, by how often they are called."""
    shown = " ".join(f"{name}={count}" for name, count in counts.items() if count)
    faults.say(f"{what}: {shown}")
    for call in calls:
        numbers = evenly(counts.get(call, 0), size)
        if len(numbers) < counts.get(call, 0):
            faults.say(f"{what}: of {counts[call]} calls of {call} these fail: {numbers}")
        for error in ERRORS[call]:
            for number in numbers:
                yield call, error, number


def all_cases(trial, size):
    """Run every case: first on the path of a message, then at starts."""
    for victim in trial.victims:
        for case in cases(trial, f"a message through {victim.name}", trial.counts(victim), ERRORS, size):
            trial.one(victim, *case)
    for victim in trial.victims[:2]:
        counts = trial.start_counts(victim)
        for case in cases(trial, f"a start of {victim.name}", counts, AT_START, size // 2):
            trial.one_start(victim, *case)


def some_cases(trial, seconds):
    """Run cases that are chosen at random, until the time is over."""
    ends = time.monotonic() + seconds
    every = [(victim, *case) for victim in trial.victims for case in
             cases(trial, f"a message through {victim.name}", trial.counts(victim), ERRORS, SOME)]
    trial.rng.shuffle(every)
    for case in every:
        if time.monotonic() > ends:
            break
        trial.one(*case)


def inject(run, **flags):
    """Up to run.size calls of each function on the path of a message; 0: some, for a few seconds."""
    trial = Faults(run, **flags)
    try:
        if run.size:
            all_cases(trial, run.size)
        else:
            some_cases(trial, SOME_SECONDS)
        trial.settle()
    finally:
        trial.close()
    return f"{trial.tried} tried, {trial.hit} hit, {trial.ended} ended a program; {trial.total}"


@contextlib.contextmanager
def server(make):
    """A server that is new; skip where it cannot run."""
    if not FAULT_SHIM.exists():
        raise Skipped("a sanitizer's runtime wants to be first itself")
    try:
        one = make()
    except Missing as why:
        raise Skipped(str(why)) from None
    with one:
        one.create()
        yield one


def faults(run):
    """The state in SQLite, and a second gateway that speaks TLS."""
    if not FAULT_SHIM.exists():
        raise Skipped("a sanitizer's runtime wants to be first itself")
    return inject(run, is_secure=True)


def faults_postgres(run):
    """Links with keys, and the state in PostgreSQL."""
    with server(Postgres) as database:
        keys = ("--curve-dir", Keys(run.folder / "keys").path)
        return inject(run, gateway=keys, processor=(*keys, "--store", database.url()))


def faults_kafka(run):
    """Messages that travel over a topic."""
    with server(Kafka) as kafka:
        flags = kafka.flags(kafka.make_topic("faults"))
        return inject(run, gateway=flags, processor=flags)
