"""Arms faults in programs that run with the fault shim (fault_shim.c), through the file that both map."""
import mmap
import pathlib
import struct

from downlink import BIN

FAULT_SHIM = BIN.parent / "tests" / "libfault-shim.so"
CALLS_MAX, NAME_SIZE, WHERE_SIZE = 48, 24, 1024
ARMED, ERROR, HITS, TARGET, COUNTS = 0, 4, 8, 16, 24
NAMES = COUNTS + 8 * CALLS_MAX
WHERE = NAMES + NAME_SIZE * CALLS_MAX
SIZE = WHERE + WHERE_SIZE


class FaultControl:
    """The faults of one program. Give `environment` to it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(SIZE))
        with open(self.path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), SIZE)
        self.environment = {"LD_PRELOAD": str(FAULT_SHIM), "FAULT_SHIM_CONTROL": str(self.path)}

    def _text(self, place, size):
        return self._map[place:place + size].split(b"\0")[0].decode(errors="replace")

    def _number(self, place, form="I"):
        return struct.unpack_from(form, self._map, place)[0]

    def names(self):
        return [self._text(NAMES + NAME_SIZE * index, NAME_SIZE) for index in range(CALLS_MAX)]

    def counts(self):
        """How many calls of each function there were so far."""
        return {name: self._number(COUNTS + 8 * index, "Q") for index, name in enumerate(self.names()) if name}

    def arm(self, call, number, error):
        """Let the number-th call from now on fail with this error."""
        place = self.names().index(call)
        count = self._number(COUNTS + 8 * place, "Q")
        struct.pack_into("i", self._map, ERROR, error)
        struct.pack_into("Q", self._map, TARGET, count + number)
        struct.pack_into("I", self._map, ARMED, place + 1)

    def disarm(self):
        struct.pack_into("I", self._map, ARMED, 0)

    def hits(self):
        """How many calls have failed so far."""
        return self._number(HITS)

    def where(self):
        """Who made the call that failed last."""
        return self._text(WHERE, WHERE_SIZE)
