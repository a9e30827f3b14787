"""One, two and four processors on the same cores: what more of them cost when there is no more room."""
import harness
from rows import ndjson

COUNTS = (1, 2, 4)
KEPT = 0.9


def measure(row, rounds, seconds):
    counts = list(COUNTS)
    for _ in range(rounds):
        for count in list(counts):
            try:
                with harness.folder() as folder, \
                        harness.System(folder, processors=count) as system:
                    result = harness.wrk("post.lua", system.url, seconds, harness.salt())
                    system.settle()
                    row.add(f"POST, {count} processors", "messages/s", result["rate"])
                    bulk = ndjson.run(system, ndjson.MESSAGES_A_SECOND * seconds)
                    row.add(f"NDJSON, {count} processors", "messages/s", bulk["applied"])
            except harness.Skip as reason:
                row.note(f"{count} processors: {reason}")
                counts.remove(count)
    for what in ("POST", "NDJSON"):
        for count in counts[1:]:
            one, more = (row.series[f"{what}, {number} processors"]["values"]
                         for number in (1, count))
            row.check(f"{what}: {count} to 1", [b / a for a, b in zip(one, more)], ">=", KEPT)


ROWS = {"scaling": ("1, 2, 4 processors on the same cores", measure)}
