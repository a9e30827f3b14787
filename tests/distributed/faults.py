"""Hosts and database servers that fail while messages flow: nothing is lost, nothing counts twice (G9)."""
import time

from campaign import Campaign, show
from datacentre import DataCentre
from host_nemesis import (CUTS, EVERYTHING, FAILOVERS, KAFKA_CUTS, KAFKA_KILLS, KILLS, LAGGING, MOVES, PAUSES,
                          limited_to)
from load import Load
from scenario import Fault

ROUND_SECONDS = 60
PAUSE = 0.7  # seconds between two faults, on average
#  Of kills: how many faults of the other kinds over Kafka.
CUTS_SHARE, MOVES_SHARE, FAILOVERS_SHARE, LAGGING_SHARE = 5, 5, 10, 20
LOAD = {"pause": 0.02, "patience": 4}  # a client gives a dead host up, and asks another gateway


def repeat(campaign, chances, limited, size):
    """Faults until size of those that are counted, in rounds that are checked."""
    campaign.nemesis = limited_to(limited)
    campaign.cluster.await_shared()
    done = 0
    while done < size:
        done += campaign.round(ROUND_SECONDS, chances, size - done, PAUSE, **LOAD).kills()


def rounds(run, chances, limited):
    """Faults until run.size of those that are counted."""
    with DataCentre(run.folder) as centre:
        campaign = Campaign(centre, run.seed, run.say)
        repeat(campaign, chances, limited, run.size)
    return f"{campaign.total} | {show(campaign.counts)}"


def host_kills(run):
    """run.size hosts of gateways and processors die, one or two at a time, and come back."""
    return rounds(run, KILLS, "host kills")


def cuts(run):
    """run.size times a host is cut off, or reaches only some of the others."""
    return rounds(run, CUTS, "cuts")


def host_pauses(run):
    """run.size times everything on a host stands still."""
    return rounds(run, PAUSES, "pauses")


def restarts(run):
    """run.size restarts of the database server, with and without recovery."""
    return rounds(run, {"restart_database": 1}, "server restarts")


def promotions(run):
    """run.size promotions of the synchronous replica; the old primary comes back as the replica."""
    return rounds(run, {"promote": 1}, "promotions")


def over_kafka(run, store):
    """run.size kills over Kafka, then the other faults; a foreign producer writes beside the gateways."""
    with DataCentre(run.folder, store=store, bus="kafka") as centre:
        campaign = Campaign(centre, run.seed, run.say,
                            beside=lambda history: centre.brokers.foreign(history, run.seed))
        repeat(campaign, KAFKA_KILLS, "host kills", run.size)
        repeat(campaign, KAFKA_CUTS, "cuts", -(-run.size // CUTS_SHARE))
        repeat(campaign, MOVES, "moves", -(-run.size // MOVES_SHARE))
        repeat(campaign, FAILOVERS, "failovers", -(-run.size // FAILOVERS_SHARE))
        if centre.database:
            repeat(campaign, LAGGING, "promotions", -(-run.size // LAGGING_SHARE))
    return f"{campaign.total} | {show(campaign.counts)}"


def over_one_server(run, bus, store):
    """run.size kills over a bus with one server, and as many of each other fault; another program writes beside the
    gateways."""
    with DataCentre(run.folder, store=store, bus=bus) as centre:
        campaign = Campaign(centre, run.seed, run.say,
                            beside=lambda history: centre.brokers.foreign(history, run.seed))
        for chances, limited in ((KAFKA_KILLS, "host kills"), (KAFKA_CUTS, "cuts"), (MOVES, "moves"),
                                 (FAILOVERS, "failovers")):
            repeat(campaign, chances, limited, run.size)
    return f"{campaign.total} | {show(campaign.counts)}"


def rabbitmq_with_sqlite(run):
    """Three processors share files on one host."""
    return over_one_server(run, "rabbitmq", "sqlite")


def rabbitmq_with_postgres(run):
    """Three processors have a host each."""
    return over_one_server(run, "rabbitmq", "postgres")


def sqs_with_sqlite(run):
    """Three processors share files on one host."""
    return over_one_server(run, "sqs", "sqlite")


def sqs_with_postgres(run):
    """Three processors have a host each."""
    return over_one_server(run, "sqs", "postgres")


def kafka_with_sqlite(run):
    """Three processors share files on one host."""
    return over_kafka(run, "sqlite")


def kafka_with_postgres(run):
    """Three processors have a host each; the database's replica is behind when it takes over."""
    return over_kafka(run, "postgres")


def everything(run):
    """All kinds of faults for run.size seconds."""
    with DataCentre(run.folder) as centre:
        campaign = Campaign(centre, run.seed, run.say, limited_to("host kills"))
        ends = time.monotonic() + run.size
        while (left := ends - time.monotonic()) > 0:
            campaign.round(min(ROUND_SECONDS, max(1, left)), EVERYTHING, None, PAUSE, **LOAD)
    return f"{campaign.total} | {show(campaign.counts)}"


def absence(run):
    """The database is away for run.size seconds: gateways go on accepting, processors go on answering."""
    with DataCentre(run.folder) as centre:
        campaign = Campaign(centre, run.seed, run.say, limited_to("absences"))
        centre.await_shared()
        history = campaign.new_history()
        with Load(history, centre.addresses, run.seed, **LOAD):
            time.sleep(1)
            centre.database.primary.stop("fast")
            time.sleep(run.size)
            centre.database.primary.start()
        campaign.conclude(history, f"{run.size} s without a database", {"absences": 1})
        if set(history.statuses) != {202}:
            raise Fault(f"writes failed: {show(history.statuses)}")
    return f"{campaign.total} | answers {show(history.statuses)}"
