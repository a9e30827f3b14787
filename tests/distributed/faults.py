"""Hosts and database servers that fail while messages flow: nothing is lost, nothing counts twice (G9)."""
import time

from campaign import Campaign, show
from datacentre import DataCentre
from host_nemesis import CUTS, EVERYTHING, KILLS, PAUSES, limited_to
from load import Load
from scenario import Fault

ROUND_SECONDS = 60
PAUSE = 0.7  # seconds between two faults, on average
LOAD = {"pause": 0.02, "patience": 4}  # a client gives a dead host up, and asks another gateway


def rounds(run, chances, limited):
    """Faults until run.size of those that are counted, in rounds that are checked."""
    with DataCentre(run.folder) as centre:
        campaign = Campaign(centre, run.seed, run.say, limited_to(limited))
        centre.await_shared()
        done = 0
        while done < run.size:
            done += campaign.round(ROUND_SECONDS, chances, run.size - done, PAUSE, **LOAD).kills()
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
