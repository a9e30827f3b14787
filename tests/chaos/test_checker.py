"""The checker finds planted faults, and none in a good history."""
import random

import pytest

from checker import Check, applied_numbers, expected_rocket
from history import ACCEPTED, REFUSED, UNKNOWN, History


def gaps(numbers):
    missing, expected = [], 1
    for number in sorted(numbers):
        if number > expected:
            missing.append([expected, number - 1])
        expected = number + 1
    return missing


def show(channel, numbers):
    """Return the rocket that the API would show after these numbers."""
    return {**expected_rocket(channel, numbers), "lastMessageNumber": max(numbers),
            "missing": gaps(numbers)}


@pytest.fixture
def story():
    """A history with all three answers, and the rockets it led to; every second unknown arrived."""
    history, rng = History("test"), random.Random(5)
    rockets = {}
    for _ in range(20):
        channel, applied = history.new_channel(), set()
        for _ in range(200):
            number = channel.add(rng)
            answer = rng.choice([ACCEPTED, ACCEPTED, ACCEPTED, UNKNOWN, REFUSED, 0,
                                 UNKNOWN | ACCEPTED, REFUSED | ACCEPTED, REFUSED | UNKNOWN])
            history.log([(channel, number)], answer, "test")
            if answer & ACCEPTED or (answer & UNKNOWN and rng.random() < 0.5):
                applied.add(number)
        rockets[channel.name] = show(channel, applied)
    return history, rockets


def pick(history, answer):
    channel = next(iter(history.channels.values()))
    return channel, min(channel.numbers(answer))


def replant(rockets, channel, change):
    numbers = applied_numbers(rockets[channel.name])
    change(numbers)
    rockets[channel.name] = show(channel, numbers)


def test_a_good_history_passes(story):
    check = Check(*story)
    assert check.faults == []
    assert check.figures.lost == check.figures.twice == check.figures.phantom == 0
    assert check.figures.accepted + check.figures.unknown >= check.figures.applied > 0
    assert check.figures.refused > 0


def test_a_loss_is_found(story):
    history, rockets = story
    channel, number = pick(history, ACCEPTED)
    replant(rockets, channel, lambda numbers: numbers.discard(number))
    check = Check(history, rockets)
    assert check.figures.lost == 1 and "not applied" in check.faults[0]


def test_a_lost_rocket_is_found(story):
    history, rockets = story
    channel, _ = pick(history, ACCEPTED)
    del rockets[channel.name]
    assert Check(history, rockets).figures.lost == len(channel.numbers(ACCEPTED))


def test_a_refused_message_that_counts_is_found(story):
    history, rockets = story
    channel, number = pick(history, REFUSED)
    replant(rockets, channel, lambda numbers: numbers.add(number))
    check = Check(history, rockets)
    assert check.figures.phantom == 1 and len(check.faults) == 1


def test_a_rocket_that_nobody_sent_is_found(story):
    history, rockets = story
    channel, _ = pick(history, ACCEPTED)
    rockets["ghost"] = {**rockets[channel.name], "id": "ghost"}
    assert Check(history, rockets).figures.phantom > 0
    assert Check(history, rockets, others={"ghost"}).faults == []


def test_a_number_that_nobody_made_is_found(story):
    history, rockets = story
    channel, _ = pick(history, ACCEPTED)
    rockets[channel.name]["lastMessageNumber"] += 1000
    assert Check(history, rockets).faults


def test_a_double_count_is_found(story):
    history, rockets = story
    channel, number = pick(history, ACCEPTED)
    rockets[channel.name]["messagesApplied"] += 1
    rockets[channel.name]["speed"] += channel.deltas[number - 1]
    check = Check(history, rockets)
    assert check.figures.twice == 1 and len(check.faults) >= 1


@pytest.mark.parametrize("field, value", [
    ("speed", 1), ("mission", "other"), ("type", "other"), ("status", "lost"), ("conflicts", 1),
    ("lastMessageTime", "2022-02-02T18:00:00.000000Z"), ("explosionReason", "other")])
def test_a_wrong_field_is_found(story, field, value):
    history, rockets = story
    channel, _ = pick(history, ACCEPTED)
    rockets[channel.name][field] = value
    check = Check(history, rockets)
    assert len(check.faults) == 1 and field in check.faults[0]
