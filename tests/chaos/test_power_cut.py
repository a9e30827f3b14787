"""The contents of a disk after a power cut, from traces made by hand."""
import random
import struct

from power_cut import HEAD, Disk, cut_power, read_trace


def record(kind, path, offset=0, data=b""):
    return HEAD.pack(kind.encode(), len(path), offset, len(data)) + path.encode() + data


def contents(tmp_path, *records):
    """All that may be left after these, from many cuts."""
    trace = tmp_path / "trace"
    trace.write_bytes(b"".join(records))
    rng = random.Random(7)
    left = [cut_power(trace, Disk([]), [], rng) for _ in range(300)]
    return {tuple(sorted(files.items())) for files in left}


def test_what_was_synced_is_there(tmp_path):
    assert contents(tmp_path, record("C", "/a"), record("W", "/a", 0, b"one"), record("S", "/a")) == {
        (("/a", b"one"),)}


def test_what_was_not_synced_may_be_there_or_not(tmp_path):
    left = contents(tmp_path, record("C", "/a"), record("S", "/a"), record("W", "/a", 0, b"one"),
                    record("W", "/a", 3, b"two"))
    assert {(("/a", content),) for content in (b"", b"one", b"\0\0\0two", b"onetwo")} == left


def test_a_write_is_torn_between_sectors(tmp_path):
    left = contents(tmp_path, record("C", "/a"), record("S", "/a"),
                    record("W", "/a", 0, b"x" * 512 + b"y" * 512))
    assert (("/a", bytes(512) + b"y" * 512),) in left and (("/a", b"x" * 512),) in left


def test_a_name_is_sure_once_its_folder_was_synced(tmp_path):
    assert contents(tmp_path, record("C", "/f/a"), record("S", "/f")) == {(("/f/a", b""),)}
    assert contents(tmp_path, record("C", "/f/a")) == {(), (("/f/a", b""),)}
    made = [record("C", "/f/a"), record("S", "/f/a"), record("U", "/f/a")]
    assert contents(tmp_path, *made) == {(), (("/f/a", b""),)}
    assert contents(tmp_path, *made, record("S", "/f")) == {()}


def test_a_renamed_file_keeps_its_content(tmp_path):
    assert contents(tmp_path, record("C", "/f/new"), record("W", "/f/new", 0, b"1"),
                    record("S", "/f/new"), record("R", "/f/new", 0, b"/f/a")) == {(("/f/a", b"1"),)}


def test_a_record_that_was_cut_off_is_left_out(tmp_path):
    (tmp_path / "trace").write_bytes(record("C", "/a") + record("W", "/a", 0, b"one")[:-1])
    assert [kind for kind, *_ in read_trace(tmp_path / "trace")] == ["C"]
    assert HEAD.size == struct.calcsize("<c3xIQQ") == 24
