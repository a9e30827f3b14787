"""Compare the answers of the API with the history: nothing lost, nothing twice, nothing made up.

The checker only computes: it starts no program and makes no request.
"""
import dataclasses

from history import ACCEPTED, EXPLODED, LAUNCHED, REFUSED, UNKNOWN, time_of

FAULTS_MAX = 50  # that are spelled out


@dataclasses.dataclass
class Figures:
    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    applied: int = 0
    lost: int = 0
    twice: int = 0
    phantom: int = 0

    def add(self, other):
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def __str__(self):
        return " ".join(f"{name}={value}" for name, value in vars(self).items())


def applied_numbers(rocket):
    """Return the numbers that the rocket has counted."""
    applied = set(range(1, rocket["lastMessageNumber"] + 1))
    for first, last in rocket["missing"]:
        applied.difference_update(range(first, last + 1))
    return applied


def expected_rocket(channel, applied):
    """Return the state that exactly these messages give: the highest number sets each register."""
    state = {"id": channel.name, "type": None, "mission": None, "status": "unknown",
             "explosionReason": None, "conflicts": 0, "messagesApplied": len(applied),
             "speed": sum(channel.deltas[number - 1] for number in applied),
             "lastMessageTime": time_of(max(applied))}
    for number in sorted(applied & channel.specials.keys()):
        kind, values = channel.specials[number]
        if kind == LAUNCHED:
            state["type"], _, state["mission"] = values
            if state["status"] == "unknown":
                state["status"] = "flying"
        elif kind == EXPLODED:
            state["status"], state["explosionReason"] = "exploded", values[0]
        else:
            state["mission"] = values[0]
    return state


def some(numbers):
    numbers = sorted(numbers)
    return str(numbers[:10]) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")


class Check:
    """One comparison: figures, and its faults in words."""

    def __init__(self, history, rockets, others=()):
        """rockets: as the API shows them, by id. others: ids that this history need not know."""
        self.figures = Figures()
        self.faults = []
        for channel in history.channels.values():
            self._channel(channel, rockets.get(channel.name))
        for name in rockets.keys() - history.channels.keys() - set(others):
            self.figures.phantom += rockets[name]["messagesApplied"]
            self._blame(name, "nobody sent this rocket")

    def _blame(self, name, fault):
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(f"{name}: {fault}")
        elif len(self.faults) == FAULTS_MAX:
            self.faults.append("and further faults")

    def _channel(self, channel, rocket):
        accepted, unknown = channel.numbers(ACCEPTED), channel.numbers(UNKNOWN)
        applied = applied_numbers(rocket) if rocket else set()
        lost, phantom = accepted - applied, applied - accepted - unknown
        self.figures.add(Figures(
            accepted=len(accepted), unknown=len(unknown), refused=len(channel.numbers(REFUSED)),
            applied=len(applied), lost=len(lost), phantom=len(phantom)))
        if lost:
            self._blame(channel.name, f"accepted, not applied: {some(lost)}")
        if phantom:
            self._blame(channel.name, f"applied, but refused or never sent: {some(phantom)}")
        if rocket:
            self._rocket(channel, rocket, applied)

    def _rocket(self, channel, rocket, applied):
        self.figures.twice += max(0, rocket["messagesApplied"] - len(applied))
        if not applied or max(applied) > len(channel.deltas):
            self._blame(channel.name, f"numbers that nobody made, or none: {rocket}")
            return
        for field, value in expected_rocket(channel, applied).items():
            if rocket[field] != value:
                self._blame(channel.name,
                            f"{field} is {rocket[field]!r}, its messages give {value!r}")
