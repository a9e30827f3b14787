#!/usr/bin/python3
"""Real PostgreSQL servers for tests, from Debian's package, each in a folder of its own under /tmp.

A server runs as user postgres if the test is root. fsync is on; everything else is small and quick. A
server is a primary or a replica (is_replica); `promote`, `copy` and `rewind` change that.

    postgres.py [--replica] [--no-fsync] COMMAND...

runs a command beside a server, with DOWNLINK_POSTGRES=postgres://… in its environment. Without fsync a commit does not
wait for the disk, which others may use: enough for a command that kills no server.
"""
# SPDX-License-Identifier: Apache-2.0
import csv
import io
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from bound_process import BoundProcess
from downlink import free_ports, until
from kernel import children, is_alive, is_stopped
from server_process import SKIPPED, START_SECONDS, Failed, Missing, ServerProcess

INSTALLED = pathlib.Path("/usr/lib/postgresql")
USER = "postgres"  # of the system, and the superuser of each server
ROLE = DATABASE = "downlink"
#  Small and quick; --wal-segsize keeps a new server and a copy of one small as well.
INITDB = ("--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync",
          "--data-checksums", "--wal-segsize", "4")
SETTINGS = {
    "shared_buffers": "32MB", "max_connections": "100", "jit": "off", "min_wal_size": "32MB",
    "max_wal_size": "256MB", "wal_keep_size": "128MB", "wal_log_hints": "on", "hot_standby": "on",
    "max_wal_senders": "8", "wal_retrieve_retry_interval": "100ms", "wal_sender_timeout": "5s",
    "wal_receiver_timeout": "5s", "wal_receiver_status_interval": "1s", "autovacuum_naptime": "5s",
    "dynamic_shared_memory_type": "mmap", "log_line_prefix": "'%m [%p] %a '",
    #  Its own answer to a dead client: without it a dead host's session lives for hours.
    "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}
ACCESS = ("local all,replication {user} trust\nhost all,replication {user} all trust\n"
          "host all {role} all {method}\n")


def binaries():
    """Return the folder of the newest installed server."""
    found = [folder / "bin" for folder in INSTALLED.glob("*") if (folder / "bin" / "initdb").exists()]
    if not found:
        raise Missing("no PostgreSQL server is installed (Debian package postgresql)")
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(USER)
        except KeyError:
            raise Missing(f"root cannot run a PostgreSQL server, and there is no user {USER}") from None
    return max(found, key=lambda folder: int(folder.parent.name))


def as_server_user():
    """Return the command that runs another one as the user of the servers."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--"]


def own_folder(prefix):
    """Make a folder that belongs to the user of the servers, and that it can reach."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
    return folder


def run(*command, seconds=START_SECONDS, folder="/", stdin=None):
    """Run a program to its end as the user of the servers. Return its output, or fail with it."""
    done = subprocess.run([*as_server_user(), *map(str, command)], cwd=folder, text=True, input=stdin,
                          capture_output=True, timeout=seconds, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} ended with status {done.returncode}\n"
                     f"{done.stdout}{done.stderr}")
    return done.stdout


class Postgres(ServerProcess):
    """A server. It is made with a database and a role `downlink` in it, and started by `start`."""

    def __init__(self, address="127.0.0.1", port=None, name="server", wrapper=(), settings=None,
                 password=None, folder=None):
        """wrapper: a command to run the server under, for example in a network namespace.
        settings: more of them, as in postgresql.conf. password: of role downlink; None: it needs none.
        folder: made by own_folder; `close` removes it."""
        self.bin = binaries()
        self.address, self.port, self.name = address, port or free_ports(1), name
        self.wrapper, self.password = wrapper, password
        self.settings = {**SETTINGS, **(settings or {})}
        self.folder = folder or own_folder("downlink-postgres-")
        self.data, self.log = self.folder / "data", self.folder / "log"
        self.process = None
        self.primary = None  # the server that it follows

    #  Making one

    def create(self):
        """Make a new, empty server: a primary. Leaves it running."""
        run(self.bin / "initdb", *INITDB, "--pgdata", self.data)
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
        method = "trust" if self.password is None else "scram-sha-256"
        access = ACCESS.format(user=USER, role=ROLE, method=method)
        (self.data / "pg_hba.conf").write_text(access, encoding="utf-8")
        self.start()
        secret = "" if self.password is None else f" PASSWORD '{self.password}'"
        self.query(f"CREATE ROLE {ROLE} LOGIN{secret}", USER)
        self.query(f"CREATE DATABASE {DATABASE} OWNER {ROLE}", USER)
        return self

    def copy(self, primary):
        """Make this server a new replica of another, from a base backup, in place of its old data. Leaves it
        running."""
        assert not self.is_running()
        shutil.rmtree(self.data, ignore_errors=True)
        run(self.bin / "pg_basebackup", "--host", primary.folder, "--port", primary.port, "--username",
            USER, "--pgdata", self.data, "--wal-method", "stream", "--checkpoint", "fast", "--no-sync")
        return self._follow(primary)

    def rewind(self, primary):
        """Make this server, which was the primary before, a replica of its successor. Leaves it running."""
        assert not self.is_running()
        primary.query("CHECKPOINT", USER)  # which puts the new timeline where pg_rewind looks
        source = f"host={primary.folder} port={primary.port} user={USER} dbname=postgres"
        run(self.bin / "pg_rewind", "--target-pgdata", self.data, "--source-server", source, "--no-sync",
            "--config-file", self.data / "postgresql.conf")
        return self._follow(primary)

    def _follow(self, primary):
        self.primary = primary
        run("touch", self.data / "standby.signal")
        self.start()
        return self

    #  Its life

    def start(self, seconds=START_SECONDS):
        """Start it, and wait until it answers."""
        self.begin_to_start()
        self.await_answer(seconds)

    def begin_to_start(self):
        assert not self.is_running()
        own = {"listen_addresses": self.address, "port": self.port, "cluster_name": self.name,
               "unix_socket_directories": self.folder}
        if self.primary:
            own["primary_conninfo"] = (f"host={self.primary.address} port={self.primary.port} "
                                       f"user={USER} application_name={self.name} connect_timeout=2 "
                                       "keepalives_idle=2 keepalives_interval=1 keepalives_count=3")
        flags = [word for name, value in own.items() for word in ("-c", f"{name}={value}")]
        with open(self.log, "ab") as log:
            self.process = BoundProcess(
                [*self.wrapper, *as_server_user(), self.bin / "postgres", "-D", self.data, *flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")

    def await_answer(self, seconds=START_SECONDS):
        def answers():
            if not self.is_running():
                raise Failed(f"the server {self.name} ended\n{self.text()}")
            try:
                return self.query("SELECT 1", USER)
            except Failed:
                time.sleep(0.05)
                return None
        until(answers, seconds, f"an answer of the server {self.name}")

    def stop(self, mode="fast", seconds=START_SECONDS):
        """Stop it: "smart" waits for the clients, "fast" ends their sessions, "immediate" leaves recovery to
        the next start."""
        number = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode]
        if self.is_running():
            self.resume()
            self.process.send_signal(number)
            self.process.wait(seconds)

    def kill(self):
        """kill -9 of every process of the server."""
        if self.is_running():
            self.process.send_signal(signal.SIGSTOP)  # so that it starts no further ones
            processes = [self.process.pid, *children(self.process.pid)]
            for process in processes:
                self._signal(process, signal.SIGKILL)
            self.process.wait()
            until(lambda: not any(map(is_alive, processes)), what=f"the end of {self.name}")
        #  All of its processes are gone, and another one may have got its number.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def pause(self):
        """Stop every process of the server where it is. When this returns, the first one does nothing any
        more, so no others begin."""
        self.process.send_signal(signal.SIGSTOP)
        until(lambda: is_stopped(self.process.pid), what="a server that is stopped")
        for process in children(self.process.pid):
            self._signal(process, signal.SIGSTOP)

    def resume(self):
        for process in [*children(self.process.pid), self.process.pid]:
            self._signal(process, signal.SIGCONT)

    def restart(self, mode="fast"):
        """Stop it, "kill" included, and start it again."""
        if mode == "kill":
            self.kill()
        else:
            self.stop(mode)
        self.start()

    @staticmethod
    def _signal(process, number):
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass

    def close(self):
        """End it at once, and remove its folder."""
        try:
            self.stop("immediate", 10)
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    #  Its role

    @property
    def is_replica(self):
        return self.query("SELECT pg_is_in_recovery()", USER) == [["t"]]

    def promote(self):
        """Make a replica the primary. Return when it takes writes."""
        run(self.bin / "pg_ctl", "promote", "--pgdata", self.data, "--wait")
        self.primary = None
        assert not self.is_replica, f"{self.name} is not a primary after its promotion"

    def set(self, **settings):
        """Change settings while it runs; None: back to the one in postgresql.conf."""
        for name, value in settings.items():
            self.query(f"ALTER SYSTEM RESET {name}" if value is None else
                       f"ALTER SYSTEM SET {name} = '{value}'", USER)
        self.query("SELECT pg_reload_conf()", USER)

    def wait_for_replica(self, replica, is_synchronous=True, seconds=START_SECONDS):
        """Have each commit wait for this replica, if is_synchronous; return when it has caught up."""
        if is_synchronous:
            self.set(synchronous_standby_names=f'"{replica.name}"')
        wanted = "sync" if is_synchronous else "async"
        until(lambda: [replica.name, "streaming", wanted] in self.query(
            "SELECT application_name, state, sync_state FROM pg_stat_replication", USER),
              seconds, f"{replica.name} as a replica ({wanted}) of {self.name}")

    def go_on_alone(self):
        """Let commits wait for no replica."""
        self.set(synchronous_standby_names=None)

    #  Asking it

    def query(self, sql, database=DATABASE, seconds=30):
        """Run SQL as superuser, past the network. Return rows of texts; NULL is ''."""
        text = run("psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--set", "ON_ERROR_STOP=1",
                   "--host", self.folder, "--port", self.port, "--username", USER, "--dbname",
                   USER if database is USER else database, "--file", "-", stdin=sql, seconds=seconds)
        return list(csv.reader(io.StringIO(text)))

    def url(self, *others, database=DATABASE, role=ROLE, **parameters):
        """Return a URL of this server, or of this and others of which libpq finds the primary."""
        places = ",".join(f"{server.address}:{server.port}" for server in (self, *others))
        if others:
            parameters.setdefault("target_session_attrs", "read-write")
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgres://{role}@{places}/{database}{'?' + query if query else ''}"


class SmallDisk:
    """A folder for a server on a disk of its own that can be filled. It needs root, to mount a tmpfs."""

    def __init__(self, mebibytes=200):
        if os.geteuid() != 0:
            raise Missing("only root can mount a small disk to fill")
        self.folder = own_folder("downlink-postgres-")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,uid={USER},gid={USER},"
                               "mode=0700", "tmpfs", self.folder], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            self.folder.rmdir()
            raise Missing(f"this machine does not let us mount a small disk: {done.stderr.strip()}")
        self.ballast = self.folder / "ballast"

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass

    def empty(self):
        self.ballast.unlink()

    def close(self):
        """Unmount it, after the server has been closed."""
        subprocess.run(["umount", "--lazy", self.folder], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)


class Pooler:
    """pgbouncer in front of a server: mode "session", "transaction" or "statement"."""

    def __init__(self, server, mode="session"):
        if not shutil.which("pgbouncer"):
            raise Missing("pgbouncer is not installed (Debian package pgbouncer)")
        self.address, self.port = "127.0.0.1", free_ports(1)
        self.server, self.folder = server, own_folder("downlink-pooler-")
        self.log = self.folder / "log"
        (self.folder / "users").write_text(f'"{ROLE}" "{server.password or ""}"\n', encoding="utf-8")
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={server.address} port={server.port}\n[pgbouncer]\n"
            f"listen_addr = {self.address}\nlisten_port = {self.port}\nunix_socket_dir = \n"
            f"auth_type = trust\nauth_file = {self.folder}/users\npool_mode = {mode}\n",
            encoding="utf-8")
        with open(self.log, "wb") as log:
            self.process = BoundProcess(
                [*as_server_user(), shutil.which("pgbouncer"), self.folder / "pgbouncer.ini"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        until(lambda: "process up" in self.log.read_text(errors="replace"), what="pgbouncer")

    def url(self, **parameters):
        return Postgres.url(self, **parameters)

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    """Run a command beside a server that is new."""
    flags = list(itertools.takewhile(lambda word: word in ("--replica", "--no-fsync"), sys.argv[1:]))
    command = sys.argv[1 + len(flags):]
    if not command:
        sys.exit(__doc__)
    settings = {"fsync": "off"} if "--no-fsync" in flags else {}
    try:
        server = Postgres(name="first", settings=settings).create()
    except Missing as why:
        print(f"SKIPPED: {why}")
        sys.exit(SKIPPED)
    with server:
        servers = [server]
        environment = {**os.environ, "DOWNLINK_POSTGRES": server.url()}
        try:
            if "--replica" in flags:
                servers.append(Postgres(name="second", settings=settings))
                servers[1].copy(server)
                server.wait_for_replica(servers[1])
                environment["DOWNLINK_POSTGRES"] = server.url(servers[1])
            status = subprocess.run(command, env=environment, check=False).returncode
        finally:
            for one in servers[1:]:
                one.close()
    sys.exit(status)


if __name__ == "__main__":
    main()
