"""Gateways and processors on a host each, a database on two more, and with another bus than ZeroMQ its brokers on more."""
from brokers import Brokers
from cluster import KILLED, Fleet, Member
from database import Database
from network import STOP_SECONDS, Host, make_network, remove_network
from queues import Queues
from rabbits import Rabbits

HTTP_PORT, FRAMES_PORT = 8088, 5561
FIRST = {"database": 1, "processor": 11, "gateway": 31, "broker": 51}  # numbers of hosts, by role
BUSES = {"zmq": (None, 0), "kafka": (Brokers, 3), "rabbitmq": (Rabbits, 1), "sqs": (Queues, 1)}  # their brokers, and hosts of them


class HostMember(Member):
    """A gateway or a processor, and its host. is_alone: nothing else is on that host."""

    def __init__(self, host, name, *flags, is_alone=True):
        super().__init__(host.folder, name, *flags, wrapper=host.wrapper)
        self.host, self.is_alone = host, is_alone

    def fall(self):
        """Its host dies, or on a host of many the process. Whether it had ended before is seen."""
        self.check()
        if self.is_alone:
            self.host.kill()
        else:
            self.process.kill()
        status = self.process.wait(STOP_SECONDS)
        if status != KILLED:
            raise self.fault(f"ended by itself with status {status}")
        self.is_away = True

    def rise(self):
        """Its host is back, with the disk that it had."""
        if self.is_alone:
            self.host.boot()
        self.start()


class DataCentre(Fleet):
    """Everything that runs. store: "postgres"; "sqlite", with all processors on one host; or the memory of a
    single processor, to try the hosts. bus: one of BUSES. With brokers the first gateway has a journal, the others have none."""

    def __init__(self, folder, gateways=2, processors=3, store="postgres", bus="zmq", processor=(), gateway=()):
        make_network()
        counts = {"database": 2 if store == "postgres" else 0, "processor": 1 if store == "sqlite" else processors,
                  "gateway": gateways, "broker": BUSES[bus][1]}
        self.hosts_of = {role: [Host(FIRST[role] + index, f"{role}{index + 1}", folder) for index in range(count)]
                         for role, count in counts.items()}
        self.hosts = [host for hosts in self.hosts_of.values() for host in hosts]
        self.database = Database(self.hosts_of["database"]) if store == "postgres" else None
        self.brokers = None
        if BUSES[bus][0]:
            try:
                self.brokers = BUSES[bus][0](self.hosts_of["broker"])
            except BaseException:
                self._close_servers()
                raise
        flags = self.brokers.flags() if self.brokers else ()
        owners = self._owners(store, processors, (*flags, *processor))
        found_at = ",".join(f"{one.host.address}:{one.port}" for one in owners)
        takers = [HostMember(host, "downlink-gateway", "--listen", f"{host.address}:{HTTP_PORT}",
                             "--insecure", "--processors", found_at, "--journal-dir", host.folder / "journal", *flags,
                             *(("--journal", "off") if self.brokers and place else ()), *gateway)
                  for place, host in enumerate(self.hosts_of["gateway"])]
        super().__init__(owners, takers, [(taker.host.address, HTTP_PORT) for taker in takers],
                         [taker.host.folder / "journal" for taker in takers])

    def _owners(self, store, count, flags):
        """Return the processors; on one host if they share files."""
        hosts = self.hosts_of["processor"]
        owners = []
        for index in range(count):
            host = hosts[index % len(hosts)]
            port = FRAMES_PORT + 3 * (index // len(hosts))
            where = ("--state-dir", host.folder / "state") if store == "sqlite" else (
                "--store", self.database.url if self.database else store)
            owners.append(HostMember(host, "downlink-processor", "--bind", host.address, "--insecure",
                                     "--port", port, *where,
                                     *flags, is_alone=len(hosts) == count))
            owners[-1].port = port
        return owners

    def _close_servers(self):
        if self.database:
            for server in (self.database.primary, self.database.replica):
                if server.log.exists():  # kept with the other logs if there was a fault
                    (server.host.folder / "server.log").write_bytes(server.log.read_bytes())
            self.database.close()
        if self.brokers:
            for host, log in self.brokers.logs():
                (host.folder / "server.log").write_bytes(log.read_bytes())
            self.brokers.close()

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        self._close_servers()
        for host in self.hosts:
            if host.is_up():
                host.kill()
        remove_network()

    def check(self):
        super().check()
        for servers in (self.database, self.brokers):
            if servers:
                servers.check()
