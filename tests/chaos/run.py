"""`make chaos`: scenarios one after another, each with a cluster of its own; a summary at the end.
`runner` explains the arguments. Without names all run, and take about an hour and a half."""
import sys

from damage import damage
from disk_errors import disk_errors
from failpoints import failpoints
from faults import faults, faults_kafka, faults_postgres
from kills import kills, mixed
from overload import overload
from owners import many, scaling, takeover
from power_cuts import power_cuts
from replay import replay
from rolling import pauses, rolling
from room import room
from runner import Scenario, run_all
from stops import stops

SCENARIOS = {
    "kills": Scenario(kills, 1000, 20, "kill -9 of gateway or processor"),
    "failpoints": Scenario(failpoints, 100, 4, "failpoints at most"),
    "stops": Scenario(stops, 200, 8, "graceful stops"),
    "power": Scenario(power_cuts, 200, 4, "power cuts"),
    "overload": Scenario(overload, 600, 10, "seconds with a stopped processor"),
    "damage": Scenario(damage, 300, 8, "bits flipped"),
    "disk": Scenario(disk_errors, 10, 0, "calls of each kind of which every one fails"),
    "faults": Scenario(faults, 40, 0, "calls of each function of which every one fails once"),
    "faults-postgres": Scenario(faults_postgres, 40, 0, "calls of each function, with keys and PostgreSQL"),
    "faults-kafka": Scenario(faults_kafka, 40, 0, "calls of each function, with Kafka"),
    "room": Scenario(room, 10, 6, "seconds of each trouble with a disk"),
    "replay": Scenario(replay, 1_000_000, 20_000, "messages in the journal"),
    "scaling": Scenario(scaling, 10, 1, "times from 1 to 4 to 1 processors"),
    "takeover": Scenario(takeover, 100, 2, "kill -9 of one of three processors"),
    "rolling": Scenario(rolling, 30, 3, "restarts of three processors, one after the other"),
    "pauses": Scenario(pauses, 20, 1, "times that some of three processors are paused"),
    "many": Scenario(many, 600, 10, "seconds of two gateways and three processors"),
    "mixed": Scenario(mixed, 600, 10, "seconds of everything"),
}

if __name__ == "__main__":
    sys.exit(run_all(SCENARIOS))
