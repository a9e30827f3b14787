"""Compute the state to which a rocket's messages must lead, by a slow and plain implementation of the rules in Python.

It shares no code with the programs. Numbers are taken in order under "converge", and in the order
of arrival under "latest".
"""
import datetime
import random


def make(rockets, messages, seed, shuffle, duplicates):
    """Messages of many rockets in the order of arrival, mixed, some of them twice."""
    rng = random.Random(seed)
    arrivals = []
    for _ in range(rockets):
        of, start = "%032x" % rng.getrandbits(128), rng.uniform(0, messages)
        for number in range(1, messages + 1):
            kind, body = rng.choice([
                ("RocketSpeedIncreased", {"by": rng.randrange(4000)}),
                ("RocketSpeedDecreased", {"by": rng.randrange(3000)}),
                ("RocketMissionChanged", {"newMission": rng.choice("ABCDEFG")})])
            if number == 1:
                kind, body = "RocketLaunched", {
                    "type": rng.choice("XYZ"), "launchSpeed": rng.randrange(2000), "mission": "A"}
            elif number == messages and rng.random() < 0.2:
                kind, body = "RocketExploded", {"reason": rng.choice("PQR")}
            one = {"metadata": {"channel": of, "messageNumber": number,
                                "messageTime": f"2022-02-02T19:{number % 60:02}:05.5+01:00",
                                "messageType": kind}, "message": body}
            place = (start + number) * rockets + rng.uniform(-shuffle, shuffle)
            arrivals.append((place, one))
            if rng.random() < duplicates:
                arrivals.append((place + rng.uniform(0, 3 * shuffle), one))
    arrivals.sort(key=lambda arrival: arrival[0])
    return [one for _, one in arrivals]


def counted(arrived, ordering):
    """The messages that count, in the order in which they do."""
    counts, highest = {}, 0
    for one in arrived:
        number = one["metadata"]["messageNumber"]
        if ordering == "converge" or number > highest:
            counts.setdefault(number, one)
        highest = max(highest, number)
    return [counts[number] for number in sorted(counts)]


def gaps(numbers):
    missing, expected = [], 1
    for number in numbers:
        if number > expected:
            missing.append([expected, number - 1])
        expected = number + 1
    return missing


def rocket(of, arrived, ordering):
    state = {"id": of, "type": None, "speed": 0, "mission": None, "status": "unknown",
             "explosionReason": None, "conflicts": 0}
    messages = counted(arrived, ordering)
    for one in messages:
        kind, body = one["metadata"]["messageType"], one["message"]
        state["speed"] += body.get("launchSpeed", 0)
        state["speed"] += body.get("by", 0) * (-1 if kind == "RocketSpeedDecreased" else 1)
        state["type"] = body.get("type", state["type"])
        state["mission"] = body.get("mission", body.get("newMission", state["mission"]))
        state["explosionReason"] = body.get("reason", state["explosionReason"])
        if kind == "RocketLaunched" and state["status"] == "unknown":
            state["status"] = "flying"
        if kind == "RocketExploded":
            state["status"] = "exploded"
    numbers = [one["metadata"]["messageNumber"] for one in messages]
    when = datetime.datetime.fromisoformat(messages[-1]["metadata"]["messageTime"])
    when = when.astimezone(datetime.timezone.utc)
    state.update(lastMessageNumber=numbers[-1], messagesApplied=len(numbers),
                 lastMessageTime=when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                 missing=gaps(numbers) if ordering == "converge" else [])
    return state


def states(arrived, ordering):
    by_rocket = {}
    for one in arrived:
        by_rocket.setdefault(one["metadata"]["channel"], []).append(one)
    return {of: rocket(of, messages, ordering) for of, messages in by_rocket.items()}


def expect(both, expected):
    """Every rocket gets the state of the oracle, and no other rocket exists."""
    for one, state in expected.items():
        rocket = both.rocket_when(
            one, lambda r, s=state: r["messagesApplied"] >= s["messagesApplied"])
        assert {key: rocket[key] for key in state} == state
    page = both.call("GET", "/rockets?limit=1000").json()
    assert {r["id"] for r in page["rockets"]} == set(expected)
