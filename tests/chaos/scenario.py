"""What a scenario is given: how much of it, a seed, a folder of its own, somewhere to tell how it goes."""
import dataclasses
import pathlib
import typing


@dataclasses.dataclass
class Run:
    seed: str
    size: int  # in the scenario's own unit
    folder: pathlib.Path  # removed afterwards, if all was well
    say: typing.Callable[[str], None] = print


class Skipped(Exception):
    """This build has not what the scenario needs."""


class Fault(AssertionError):
    """A promise was broken."""
