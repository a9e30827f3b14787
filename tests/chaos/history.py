"""Keep the sent messages and their answers: every message of every channel, in a few bytes each.

A message is a pair (channel, number); the history keeps its effect once, when the message is made.
"""
import array
import random
import threading

ACCEPTED, UNKNOWN, REFUSED = 1, 2, 4  # of all attempts of a message, as bits
NUMBERS_MAX = 2000  # of a channel: at most 1,000 gaps, and a processor keeps 1,024
BY_MAX = 1 << 36  # the sum of a channel stays below 2^53; no two sets have the same sum by accident

LAUNCHED, EXPLODED, MISSION = "RocketLaunched", "RocketExploded", "RocketMissionChanged"
FASTER, SLOWER = "RocketSpeedIncreased", "RocketSpeedDecreased"
SPECIAL_TEXTS = {LAUNCHED: '{"type":"%s","launchSpeed":%d,"mission":"%s"}',
                 EXPLODED: '{"reason":"%s"}', MISSION: '{"newMission":"%s"}'}


def time_of(number):
    """Return a time for each message; all differ, so a rocket's time tells its last message."""
    return f"2022-02-02T18:{number // 60 % 60:02}:{number % 60:02}.{number:06}Z"


class Channel:
    """One rocket: the effect of its messages, and their answers. Index 0 is number 1."""

    def __init__(self, name):
        self.name = name
        self.deltas = array.array("q")  # what each number adds to the speed
        self.answers = bytearray()
        self.specials = {}  # number: (messageType, values of the text)

    def add(self, rng):
        """Make the next message; return its number."""
        number = len(self.deltas) + 1
        chance = rng.random()
        delta = rng.randrange(1, BY_MAX)
        if chance < 0.004 or (number == 1 and chance < 0.9):
            self.specials[number] = (LAUNCHED, (rng.choice("XYZ"), delta, f"M{delta}"))
        elif chance < 0.006:
            self.specials[number] = (EXPLODED, (f"R{delta}",))
            delta = 0
        elif chance < 0.02:
            self.specials[number] = (MISSION, (f"M{delta}",))
            delta = 0
        elif chance < 0.5:
            delta = -delta
        self.deltas.append(delta)
        self.answers.append(0)
        return number

    def text(self, number):
        """Return the message as JSON."""
        delta = self.deltas[number - 1]
        kind, body = (SLOWER, '{"by":%d}' % -delta) if delta < 0 else (FASTER, '{"by":%d}' % delta)
        if number in self.specials:
            kind, values = self.specials[number]
            body = SPECIAL_TEXTS[kind] % values
        return ('{"metadata":{"channel":"%s","messageNumber":%d,"messageTime":"%s",'
                '"messageType":"%s"},"message":%s}' % (self.name, number, time_of(number), kind, body))

    def numbers(self, answer):
        """Return the numbers with this result: accepted; unknown and not accepted; or refused and neither."""
        below = answer - 1  # the bits that come first: one acceptance is enough
        return {index + 1 for index, bits in enumerate(self.answers)
                if bits & answer and not bits & below}


class Source:
    """Makes messages of many channels, in an order that is shuffled within a window."""

    def __init__(self, history, seed, channels, window=300):
        self.history = history
        self.rng = random.Random(seed)
        self.open = [history.new_channel() for _ in range(channels)]
        self.window = [self._make() for _ in range(window)]

    def _make(self):
        place = self.rng.randrange(len(self.open))
        channel = self.open[place]
        number = channel.add(self.rng)
        if number == NUMBERS_MAX:
            self.open[place] = self.history.new_channel()
        return channel, number

    def take(self, count):
        taken = []
        for _ in range(count):
            place = self.rng.randrange(len(self.window))
            taken.append(self.window[place])
            self.window[place] = self._make()
        return taken


class History:
    """All channels of a round. Threads log every attempt into it, once it has come to its end."""

    def __init__(self, name):
        self.name = name
        self.channels = {}
        self.lock = threading.Lock()
        self.statuses = {}  # HTTP's number, or what went wrong: how often

    def new_channel(self):
        with self.lock:
            name = f"{self.name}-{len(self.channels):05}"
            return self.channels.setdefault(name, Channel(name))

    def log(self, messages, answer, status):
        """answer: one of the three, or 0 if the request did not leave."""
        with self.lock:
            for channel, number in messages:
                channel.answers[number - 1] |= answer
            self.statuses[status] = self.statuses.get(status, 0) + 1

    def count(self, answer):
        return sum(len(channel.numbers(answer)) for channel in self.channels.values())
