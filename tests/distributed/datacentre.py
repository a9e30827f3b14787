"""Gateways and processors on a host each, and a database on two more."""
from cluster import KILLED, Fleet, Member
from database import Database
from network import Host, make_network, remove_network

HTTP_PORT, FRAMES_PORT = 8088, 5561
FIRST = {"database": 1, "processor": 11, "gateway": 31}  # numbers of hosts, by role


class HostMember(Member):
    """A gateway or a processor, and the host that it is alone on."""

    def __init__(self, host, name, *flags):
        super().__init__(host.folder, name, *flags, wrapper=host.wrapper)
        self.host = host

    def fall(self):
        """Its host dies. Whether its process had ended before is seen."""
        self.check()
        self.host.kill()
        status = self.process.wait(10)
        if status != KILLED:
            raise self.fault(f"ended by itself with status {status}")
        self.is_away = True

    def rise(self):
        """Its host is back, with the disk that it had."""
        self.host.boot()
        self.start()


class DataCentre(Fleet):
    """Everything that runs. store: "postgres" or the memory of a single processor, to try the hosts."""

    def __init__(self, folder, gateways=2, processors=3, store="postgres", processor=(), gateway=()):
        make_network()
        hosts = {role: [Host(first + index, f"{role}{index + 1}", folder) for index in range(count)]
                 for (role, first), count in zip(FIRST.items(), (2, processors, gateways))}
        self.hosts = [host for hosts_of_role in hosts.values() for host in hosts_of_role]
        self.database = Database(hosts["database"]) if store == "postgres" else None
        address = self.database.url if self.database else store
        owners = [HostMember(host, "downlink-processor", "--bind", host.address, "--port", FRAMES_PORT,
                             "--store", address, *processor) for host in hosts["processor"]]
        found_at = ",".join(f"{host.address}:{FRAMES_PORT}" for host in hosts["processor"])
        takers = [HostMember(host, "downlink-gateway", "--listen", f"{host.address}:{HTTP_PORT}",
                             "--processors", found_at, "--journal-dir", host.folder / "journal", *gateway)
                  for host in hosts["gateway"]]
        super().__init__(owners, takers, [(taker.host.address, HTTP_PORT) for taker in takers],
                         [taker.host.folder / "journal" for taker in takers])

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        if self.database:
            for server in (self.database.primary, self.database.replica):
                if server.log.exists():  # kept with the other logs if there was a fault
                    (server.host.folder / "server.log").write_bytes(server.log.read_bytes())
            self.database.close()
        for host in self.hosts:
            if host.is_up():
                host.kill()
        remove_network()

    def check(self):
        super().check()
        if self.database:
            self.database.check()
