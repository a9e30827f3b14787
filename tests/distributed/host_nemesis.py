"""Faults of hosts, picked at random: killed, cut off, cut from some others, paused, stopped cleanly."""
import time

from nemesis import Nemesis

KILLS = {"kill_host": 7, "kill_two_hosts": 3}
CUTS = {"cut_host": 4, "cut_database": 1, "cut_replica": 1, "cut_from_database": 3, "cut_from_processors": 1}
PAUSES = {"pause_host": 3, "pause_database": 1}
#  As many kinds as there are, for a while; in the short run too.
EVERYTHING = {**KILLS, **CUTS, **PAUSES, "stop_processor": 2, "stop_gateway": 1, "restart_database": 2,
              "promote": 2}


#  Over Kafka.
KAFKA_KILLS = {"kill_host": 7, "kill_two_hosts": 3}
KAFKA_CUTS = {"cut_host": 3, "cut_from_brokers": 4}
MOVES = {"move_partitions": 1}
FAILOVERS = {"fail_broker": 1}
LAGGING = {"lose_lagging_replica": 1}


class HostNemesis(Nemesis):
    """Harms the hosts of a data centre. `limited` is the count that a limit is about."""
    limited = "host kills"

    def kills(self):
        return self.counts.get(self.limited, 0)

    @property
    def members(self):
        return [*self.cluster.processors, *self.cluster.gateways]

    def _kill(self, victims):
        for victim in victims:
            victim.fall()
        #  Shorter and longer than a lease.
        time.sleep(self.rng.choice([self.rng.uniform(0, 1), self.rng.uniform(1, 4)]))
        for victim in victims:
            victim.rise()
        self.count(*["host kills"] * len(victims))

    def kill_host(self):
        self._kill([self.rng.choice(self.members)])

    def kill_two_hosts(self):
        self._kill(self.rng.sample(self.members, 2))

    def _seconds(self):
        return self.rng.choice([self.rng.uniform(0.1, 1.5), self.rng.uniform(1.5, 5)])

    def _cut(self, host):
        host.cut(is_unplugged=self.rng.random() < 0.5)
        time.sleep(self._seconds())
        host.mend()
        self.count("cuts")

    def cut_host(self):
        self._cut(self.rng.choice(self.members).host)

    def cut_database(self):
        self._cut(self.cluster.database.primary.host)
        self.count("of these the primary's")

    def cut_replica(self):
        self._cut(self.cluster.database.replica.host)
        self.count("of these the replica's")

    def _cut_from(self, host, others):
        host.cut_from(others)
        time.sleep(self._seconds())
        host.mend_to(others)
        self.count("cuts", "of these one-sided")

    def cut_from_database(self):
        """A processor loses its database while gateways reach it."""
        database = self.cluster.database
        self._cut_from(self.rng.choice(self.cluster.processors).host,
                       [database.primary.host, database.replica.host])

    def cut_from_processors(self):
        """A gateway loses some processors, which others reach."""
        some = self.rng.sample(self.cluster.processors, self.rng.randint(1, 2))
        self._cut_from(self.rng.choice(self.cluster.gateways).host, [one.host for one in some])

    def cut_from_brokers(self):
        """A gateway or a processor loses some brokers or all, while the rest is reached."""
        brokers = self.cluster.brokers.hosts
        self._cut_from(self.rng.choice(self.members).host, self.rng.sample(brokers, self.rng.randint(1, len(brokers))))

    def move_partitions(self):
        """A processor stops, and starts again: others get its partitions, and it gets them back."""
        owners = self.cluster.await_shared()
        self.rng.choice(self.cluster.processors).restart()
        self.cluster.await_shared(former=owners)
        self.count("moves")

    def fail_broker(self):
        self.count("failovers", self.cluster.brokers.fail_over_somehow(self.rng))

    def lose_lagging_replica(self):
        """The replica that takes over lacks the last seconds."""
        self.cluster.database.lose_primary_before_a_lagging_replica(self.rng)
        self.count("promotions")

    def _pause_host(self, host):
        host.pause()
        time.sleep(self._seconds())
        host.resume()
        self.count("pauses")

    def pause_host(self):
        self._pause_host(self.rng.choice(self.members).host)

    def pause_database(self):
        self._pause_host(self.cluster.database.primary.host)

    def stop_processor(self):
        self.rng.choice(self.cluster.processors).restart()
        self.count("processor stops")

    def stop_gateway(self):
        self.rng.choice(self.cluster.gateways).restart()
        self.count("gateway stops")

    def restart_database(self):
        self.cluster.database.restart(self.rng.choice(["fast", "immediate", "kill"]))
        self.count("server restarts")

    def promote(self):
        self.count("promotions", self.cluster.database.promote_somehow(self.rng))


def limited_to(name):
    """Return the nemesis that stops after so many of these."""
    return type("HostNemesis", (HostNemesis,), {"limited": name})
