"""A PostgreSQL primary and its synchronous replica, each on a host, which change places."""
import time

from postgres import Postgres

PORT = 5432


class Database:
    """`primary` and `replica` are servers; each knows its `host`."""

    def __init__(self, hosts):
        self.primary, self.replica = (self._server(host) for host in hosts)
        try:
            self.primary.create()
            self.replica.copy(self.primary)
            self.primary.wait_for_replica(self.replica)
        except BaseException:
            self.close()
            raise
        self.url = self.primary.url(self.replica)
        self.promotions = 0

    @staticmethod
    def _server(host):
        server = Postgres(host.address, PORT, host.name, host.wrapper)
        server.host = host
        return server

    def close(self):
        self.primary.close()
        self.replica.close()

    def check(self):
        """Both servers must be running."""
        for server in (self.primary, self.replica):
            assert server.is_running(), f"the server {server.name} ended\n{server.text()}"

    def restart(self, mode):
        """Stop the primary ("fast", "immediate", "kill"), and start it again."""
        self.primary.restart(mode)
        self.primary.wait_for_replica(self.replica)

    def kill_primary_host(self):
        self.primary.host.kill()
        self.primary.kill()  # its processes are gone already

    def promote(self, is_rewound=True):
        """Make the replica the primary. The old one, which has ended, becomes its synchronous replica; until
        it is, commits wait for no replica."""
        old, new = self.primary, self.replica
        new.promote()
        new.go_on_alone()
        self.primary, self.replica = new, old
        self.promotions += 1
        if not old.host.is_up():
            old.host.boot()
        if is_rewound:
            old.rewind(new)
        else:
            old.copy(new)
        new.wait_for_replica(old)

    #  The ways to a promotion

    def lose_primary(self, _):
        """The primary's host dies."""
        self.kill_primary_host()
        self.promote()

    def switch_over(self, _):
        """The primary stops cleanly."""
        self.primary.stop("fast")
        self.promote()

    def lose_primary_behind_a_lost_replica(self, rng):
        """Commits wait for a replica that is cut off, when the primary's host dies."""
        self.replica.host.cut()
        time.sleep(rng.uniform(0.5, 3))
        self.kill_primary_host()
        self.replica.host.mend()
        self.promote(is_rewound=False)

    def lose_primary_before_a_lagging_replica(self, rng):
        """Let commits wait for no replica, cut the replica off, and promote it when the primary's host has died: it
        lacks all commits of this time."""
        self.primary.go_on_alone()
        self.replica.host.cut()
        time.sleep(rng.uniform(1, 4))
        self.kill_primary_host()
        self.replica.host.mend()
        self.promote(is_rewound=False)

    def come_back_from_the_dead(self, rng):
        """The primary is cut off, and still believes to be the primary when it is connected again."""
        old = self.primary
        old.host.cut(is_unplugged=False)
        time.sleep(rng.uniform(0, 2))
        self.replica.promote()
        self.replica.go_on_alone()
        old.host.mend()
        time.sleep(rng.uniform(0.5, 2))
        old.kill()
        self.primary, self.replica = self.replica, old
        self.promotions += 1
        old.rewind(self.primary)
        self.primary.wait_for_replica(old)

    WAYS = (lose_primary, switch_over, lose_primary_behind_a_lost_replica, come_back_from_the_dead)

    def promote_somehow(self, rng):
        """Promote in the next one of the ways. Return its name."""
        way = self.WAYS[self.promotions % len(self.WAYS)]
        way(self, rng)
        return way.__name__.replace("_", " ")
