"""Make the possible contents of a disk after a power cut, from a trace of the writes of programs.

Synced bytes are on the disk. Of later writes any sectors of 512 bytes may be there: none, all, or some in any order,
so torn and reordered writes occur too. A new or removed name is certain once its file or its folder was synced.
tests/support/disk_shim.c writes the traces.
"""
import pathlib
import struct

HEAD = struct.Struct("<c3xIQQ")  # kind, size of the path, offset, size of the bytes
SECTOR = 512


def read_trace(path):
    """(kind, path, offset, bytes) of each record; the last may be cut off."""
    trace, at = memoryview(pathlib.Path(path).read_bytes()), 0
    while at + HEAD.size <= len(trace):
        kind, path_size, offset, size = HEAD.unpack_from(trace, at)
        at += HEAD.size
        if at + path_size + size > len(trace):
            return
        name = bytes(trace[at:at + path_size]).decode()
        at += path_size
        yield kind.decode(), name, offset, bytes(trace[at:at + size])
        at += size


class File:
    """One file: the bytes that are certainly on the disk, and the writes after them."""

    def __init__(self, content=b"", is_named=False):
        self.content = bytearray(content)
        self.is_named = is_named  # the name is on disk
        self.is_removed = False  # but that may not be on disk
        self.later = []  # (offset, bytes), or (size, None) for a change of size

    def sync(self):
        for change in self.later:
            apply(self.content, *change)
        self.later = []
        self.is_named = True

    def survive(self, rng):
        """Return its contents after the power cut; None: its name is gone too."""
        if self.is_removed and rng.random() < 0.5:
            return None
        if not self.is_named and rng.random() < 0.5:
            return None
        content, chance = bytearray(self.content), rng.choice([0, 1, 0.5, 0.9])
        for offset, data in self.later:
            if data is None:
                if rng.random() < chance:
                    apply(content, offset, None)
                continue
            for start in range(0, len(data), SECTOR):
                if rng.random() < chance:
                    apply(content, offset + start, data[start:start + SECTOR])
        return bytes(content)


def apply(content, offset, data):
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset:offset + len(data)] = data


class Disk:
    """The files of some folders, changed by a trace."""

    def __init__(self, folders):
        self.files = {}
        self.renamed = []  # (from, to) that no sync has made sure
        for folder in folders:
            for path in pathlib.Path(folder).rglob("*"):
                if path.is_file():
                    self.files[str(path)] = File(path.read_bytes(), is_named=True)

    def change(self, kind, path, offset, data):
        file = self.files.get(path)
        if kind == "C" or (file and file.is_removed and kind in "WT"):
            self.files[path] = file = File()
        elif kind in "WT" and not file:
            self.files[path] = file = File()
        if kind == "W":
            file.later.append((offset, data))
        elif kind == "T":
            file.later.append((offset, None))
        elif kind == "S" and file:
            file.sync()
        elif kind == "S":
            self._sync_folder(path)
        elif kind == "U" and file:
            file.is_removed = True
        elif kind == "R" and file:
            self._rename(path, data.decode())

    def _sync_folder(self, folder):
        for path, file in list(self.files.items()):
            if str(pathlib.Path(path).parent) == folder:
                file.is_named = True
                if file.is_removed:
                    del self.files[path]

    def _rename(self, old, new):
        """Move the name; if it replaces a file, one of both files is there after a power cut."""
        file, replaced = self.files.pop(old), self.files.get(new)
        file.is_named = file.is_named and (replaced is None or replaced.is_named)
        self.files[new] = file

    def cut(self, rng):
        """path: content, of every file that is left."""
        left = {path: file.survive(rng) for path, file in sorted(self.files.items())}
        return {path: content for path, content in left.items() if content is not None}


def cut_power(trace, before, folders, rng):
    """The files of `folders` after a power cut at the end of the trace. `before` is a copy of them
    (same paths) as they were when the trace began: a Disk made then."""
    for record in read_trace(trace):
        before.change(*record)
    return before.cut(rng)


def put_back(files, folders):
    """Make the folders hold these files and nothing else."""
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    for path, content in files.items():
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_bytes(content)
