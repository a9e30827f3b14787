"""Kill the gateway and the processor again and again while messages flow (G1, G2); in between cut links, and pause and
restart processes."""
import time

from campaign import Campaign, show
from cluster import Cluster
from nemesis import KILLS, MIXED

ROUND_SECONDS = 45
KILL_PAUSE = 0.2  # seconds between two faults, on average: enough for messages to get through


def kills(run):
    """Make run.size kills (kill -9)."""
    with Cluster(run.folder, proxied=True) as cluster:
        campaign = Campaign(cluster, run.seed, run.say)
        killed = 0
        while killed < run.size:
            killed += campaign.round(ROUND_SECONDS, KILLS, run.size - killed, KILL_PAUSE).kills()
    return f"{campaign.total} | {show(campaign.counts)}"


def mixed(run):
    """Make all kinds of faults for run.size seconds, with two gateways."""
    with Cluster(run.folder, gateways=2, proxied=True) as cluster:
        campaign = Campaign(cluster, run.seed, run.say)
        ends = time.monotonic() + run.size
        while (left := ends - time.monotonic()) > 0:
            campaign.round(min(ROUND_SECONDS, max(1, left)), MIXED)
    return f"{campaign.total} | {show(campaign.counts)}"
