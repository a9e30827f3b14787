"""Waits until a cluster is at rest, and compares its state with the history."""
import time

from checker import Check
from scenario import Fault

SETTLE_SECONDS = 60


def settle(cluster, history, others=(), seconds=SETTLE_SECONDS):
    """Everything is up, every accepted message applied, every journal taken over; then check.
    others: ids of rockets that other histories know."""
    cluster.await_ready(SETTLE_SECONDS)
    deadline = time.monotonic() + seconds
    before = None
    while True:
        late = time.monotonic() > deadline
        rockets = cluster.rockets()
        if rockets is not None:
            check = Check(history, rockets, others)
            at_rest = (check.figures.lost == 0 and rockets == before
                       and cluster.are_slots_taken_over())
            if at_rest or late:
                break
        elif late:
            raise Fault(f"no list of rockets within {seconds} s")
        before = rockets
        time.sleep(0.2)
    cluster.check()
    if not cluster.are_slots_taken_over():
        check.faults.append("a journal that was left has not been taken over")
    if check.faults:
        raise Fault(f"{check.figures}\n" + "\n".join(check.faults))
    return check.figures, rockets
