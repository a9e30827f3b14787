"""Kills (G1, G2): gateway and processor are killed again and again while messages flow; links are cut,
processes paused and restarted in between."""
import time

from campaign import Campaign, show
from cluster import Cluster
from nemesis import KILLS, MIXED

ROUND_SECONDS = 45
KILL_PAUSE = 0.2  # seconds between two faults, on average: enough for messages to get through


def kills(run):
    """As many kill -9 as run.size says."""
    with Cluster(run.folder, proxied=True) as cluster:
        campaign = Campaign(cluster, run.seed, run.say)
        killed = 0
        while killed < run.size:
            killed += campaign.round(ROUND_SECONDS, KILLS, run.size - killed, KILL_PAUSE).kills()
    return f"{campaign.total} | {show(campaign.counts)}"


def mixed(run):
    """All kinds of faults for run.size seconds, two gateways."""
    with Cluster(run.folder, gateways=2, proxied=True) as cluster:
        campaign = Campaign(cluster, run.seed, run.say)
        ends = time.monotonic() + run.size
        while (left := ends - time.monotonic()) > 0:
            campaign.round(min(ROUND_SECONDS, max(1, left)), MIXED)
    return f"{campaign.total} | {show(campaign.counts)}"
