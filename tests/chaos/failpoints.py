"""End or delay a process at each named failpoint (common/process/failpoint.h), and check that nothing is lost.

The process reaches each failpoint while messages flow; the test starts it again, as a supervisor would.
"""
import random
import time

from campaign import Campaign, show
from cluster import Cluster
from load import Load
from scenario import Fault

#  By the process that passes them.
GATEWAY = ["journal-before-commit", "journal-after-commit", "journal-before-checkpoint",
           "journal-after-checkpoint", "answer-before", "answer-after", "push-before", "push-after",
           "take-over"]
PROCESSOR = ["save-before", "save-after", "ack-before", "ack-after", "store-before-checkpoint",
             "store-after-checkpoint"]
SLEEPS = {"journal-before-commit": "sleep:300@3", "journal-after-commit": "sleep:20",
          "answer-before": "sleep:100@5", "push-before": "sleep:50@4", "push-after": "sleep:2",
          "save-before": "sleep:50", "save-after": "sleep:300@2", "ack-before": "sleep:2500@3",
          "store-before-checkpoint": "sleep:500@1"}
ONCE = "take-over"  # when it starts again, for what it has left
HIT_SECONDS = 120
# SQLite checkpoints a journal at 16 MB, a partition at 4 MB, which takes large batches of many rockets.
MUCH = {"clients": 2, "channels": 6000, "batches": 1, "batch": (2000, 4000), "pause": 0}


def is_checkpoint(name):
    return name.endswith("-checkpoint")


def exit_at(campaign, name, rng):
    """Arm the process, post until it has died there, start it again, and check."""
    cluster = campaign.cluster
    member = cluster.gateways[0] if name in GATEWAY else cluster.processor
    history = campaign.new_history()
    passes = 1 if is_checkpoint(name) or name == ONCE else rng.randint(1, 8)
    load = MUCH if is_checkpoint(name) else {}
    with Load(history, cluster.addresses, f"{campaign.seed}/{name}", **load):
        member.kill(DOWNLINK_FAILPOINTS=f"{name}=exit@{passes}")
        if not member.await_exit(137, HIT_SECONDS):
            raise Fault(f"failpoint never hit: {name}")
        member.start()
        time.sleep(0.2)
    campaign.conclude(history, f"{name}=exit@{passes}", {"failpoint exits": 1})


def sleep_at(campaign, name, action, seconds=1.5):
    """The process is slow at that place; then it is killed there, or wherever it is."""
    cluster = campaign.cluster
    member = cluster.gateways[0] if name in GATEWAY else cluster.processor
    history = campaign.new_history()
    load = MUCH if is_checkpoint(name) else {}
    with Load(history, cluster.addresses, f"{campaign.seed}/{name}", **load):
        member.kill(DOWNLINK_FAILPOINTS=f"{name}={action}")
        time.sleep(seconds)
        member.kill()
    campaign.conclude(history, f"{name}={action}", {"failpoint sleeps": 1})


def failpoints(run):
    """Exit at every name and sleep at some; with more than run.size of them, choose at random."""
    rng = random.Random(run.seed)
    every = [(name, None) for name in GATEWAY + PROCESSOR] + list(SLEEPS.items())
    chosen = every if run.size >= len(every) else rng.sample(every, run.size)
    with Cluster(run.folder) as cluster:
        campaign = Campaign(cluster, run.seed, run.say)
        for name, sleep in chosen:
            if sleep:
                sleep_at(campaign, name, sleep)
            else:
                exit_at(campaign, name, rng)
    return f"{len({name for name, _ in chosen})} failpoints: {campaign.total} | {show(campaign.counts)}"
