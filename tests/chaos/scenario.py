"""The input of a scenario: its size, a seed, a folder of its own, and a function for progress."""
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
    """This build lacks something that the scenario needs."""


class Fault(AssertionError):
    """A promise was broken."""
