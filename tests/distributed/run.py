#!/usr/bin/python3
"""`make test-distributed`: scenarios of faults of hosts, database servers and brokers, one after another.

Runs itself in namespaces of its own. tests/chaos/runner.py explains the arguments. Without names all
run, and take about 50 minutes.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
INSIDE = "DOWNLINK_TEST_IN_NAMESPACES"  # set for the process that is in them
if INSIDE not in os.environ and "--list" not in sys.argv:
    os.execve(HERE / "in_namespaces.sh", ["in_namespaces.sh", sys.executable, *sys.argv],
              {**os.environ, INSIDE: "1"})
sys.path[1:1] = [str(HERE.parent / "chaos"), str(HERE.parent / "support")]

from faults import (absence, cuts, everything, host_kills, host_pauses, kafka_with_postgres,  # noqa: E402
                    kafka_with_sqlite, promotions, rabbitmq_with_postgres, rabbitmq_with_sqlite, restarts,
                    sqs_with_postgres, sqs_with_sqlite)
from pairs import pairs_with_postgres  # noqa: E402
from runner import Scenario, run_all  # noqa: E402
from takeovers import kill_takeovers, stop_takeovers  # noqa: E402

SCENARIOS = {
    "kills": Scenario(host_kills, 100, 3, "kills of hosts of gateways and processors"),
    "cuts": Scenario(cuts, 50, 2, "cut-offs"),
    "pauses": Scenario(host_pauses, 20, 1, "pauses of hosts"),
    "restarts": Scenario(restarts, 20, 1, "restarts of the database server"),
    "promotions": Scenario(promotions, 20, 1, "promotions of the synchronous replica"),
    "absence": Scenario(absence, 60, 3, "seconds without a database"),
    "takeover": Scenario(kill_takeovers, 100, 1, "kills of a processor's host, each until it is taken over"),
    "handover": Scenario(stop_takeovers, 50, 1, "clean stops of a processor, each until it is taken over"),
    "kafka-sqlite": Scenario(kafka_with_sqlite, 100, 2, "kills over Kafka, and fewer of the other faults"),
    "kafka-postgres": Scenario(kafka_with_postgres, 100, 2, "kills over Kafka, and fewer of the other faults"),
    "rabbitmq-sqlite": Scenario(rabbitmq_with_sqlite, 20, 1, "kills over RabbitMQ, and as many of the other faults"),
    "rabbitmq-postgres": Scenario(rabbitmq_with_postgres, 20, 1,
                                  "kills over RabbitMQ, and as many of the other faults"),
    "sqs-sqlite": Scenario(sqs_with_sqlite, 20, 1, "kills over SQS, and as many of the other faults"),
    "sqs-postgres": Scenario(sqs_with_postgres, 20, 1, "kills over SQS, and as many of the other faults"),
    "pairs": Scenario(pairs_with_postgres, 3, 1, "rounds of the oracle's test for every bus with PostgreSQL"),
    "everything": Scenario(everything, 300, 20, "seconds of everything"),
}

if __name__ == "__main__":
    sys.exit(run_all(SCENARIOS))
