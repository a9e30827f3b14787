"""Files: for their user alone, a directory that others may write to is refused, and a start that fails
says what is wrong: full, read-only, not allowed, too many open files, or damaged."""
import contextlib
import os
import pathlib
import resource
import signal
import stat
import subprocess
import sys

import pytest

from downlink import BIN, DISK_SHIM, READY_SECONDS, Pair, Program, free_ports, message, until

PROGRAMS = [("downlink-gateway", "--journal-dir"), ("downlink-processor", "--state-dir")]


def start(folder, program, flag, directory, *flags, **settings):
    where = (["--listen", f"127.0.0.1:{free_ports(1)}", "--workers", 1] if "gateway" in program else
             ["--port", free_ports(3)])
    return Program(folder, program, flag, directory, *where, *flags, **settings)


def is_up(program):
    assert program.process.poll() is None, program.text()
    return "listening" in program.text() or " ready " in program.text()


def refused(program):
    assert program.process.wait(READY_SECONDS) == 1, program.text()
    return program.text()


def test_everything_is_for_its_user_alone_whatever_the_umask_is(folder):
    before = os.umask(0)
    try:
        both = Pair(folder)
    finally:
        os.umask(before)
    assert both.post([message(f"vostok-{number}", 1) for number in range(100)]).status == 202
    both.rocket_when("vostok-99", lambda rocket: True)
    seen = 0
    for top in (both.journal, both.state):
        for path in [top, *top.rglob("*")]:
            with contextlib.suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                assert stat.S_IMODE(mode) == (0o700 if stat.S_ISDIR(mode) else 0o600), path
                seen += 1
    assert seen > 40 and any(top.rglob("*-wal") for top in (both.journal, both.state))
    both.stop()


@pytest.mark.parametrize("program, flag", PROGRAMS)
def test_what_others_may_read_is_closed_to_them_at_the_start(program, flag, tmp_path):
    directory = tmp_path / "kept"
    first = start(tmp_path, program, flag, directory)
    until(lambda: is_up(first), what="the first start")
    first.send(signal.SIGKILL)
    first.process.wait()
    kept = [path for path in directory.rglob("*") if path.is_file()]
    directory.chmod(0o755)
    for path in kept:
        path.chmod(0o644)
    second = start(tmp_path, program, flag, directory)
    until(lambda: is_up(second), what="the second start")
    assert second.lines_with("may not look into a directory any more")
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for path in kept:
        with contextlib.suppress(FileNotFoundError):
            if path.suffix in (".sqlite", ".lock"):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert second.stop() == 0


@pytest.mark.parametrize("program, flag", PROGRAMS)
def test_a_directory_of_somebody_else_is_refused_and_left_as_it_is(program, flag, tmp_path):
    """A wrong flag made /etc or a home unreadable for everybody else."""
    directory = tmp_path / "somebodys"
    directory.mkdir(mode=0o755)
    (directory / "passwd").touch()
    (directory / ".hidden").touch()
    said = refused(start(tmp_path, program, flag, directory))
    assert "files of others and none of ours" in said and "found=passwd" in said
    assert sorted(path.name for path in directory.iterdir()) == [".hidden", "passwd"]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o755


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o775, 0o1777])
@pytest.mark.parametrize("program, flag", PROGRAMS)
def test_a_directory_that_others_may_write_to_is_refused(program, flag, mode, tmp_path):
    directory = tmp_path / "open"
    directory.mkdir()
    directory.chmod(mode)
    said = refused(start(tmp_path, program, flag, directory))
    assert "other users may write to it" in said and "chmod go-w" in said and str(directory) in said
    assert list(directory.iterdir()) == []


def hold(path):
    """Another process that holds the lock of a file. Return it."""
    script = ("import fcntl, sys, time\n"
              "file = open(sys.argv[1], 'rb')\n"
              "fcntl.flock(file, fcntl.LOCK_EX)\n"
              "print('held', flush=True)\n"
              "time.sleep(1000)\n")
    holder = subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    return holder


@pytest.mark.parametrize("program, flag", PROGRAMS)
def test_the_holder_of_a_lock_that_does_not_come_free_is_named(program, flag, tmp_path):
    directory = tmp_path / "kept"
    directory.mkdir(mode=0o700)
    (directory / "lock").touch()
    holder = hold(directory / "lock")
    try:
        said = refused(start(tmp_path, program, flag, directory))
    finally:
        holder.kill()
        holder.wait()
    name = pathlib.Path(sys.executable).resolve().name[:15]
    assert f"pid {holder.pid} (" in said and name[:6] in said
    assert "another process uses it" in said


def test_the_holder_of_a_partition_that_does_not_come_free_is_named(tmp_path):
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    (directory / "partition-0003.lock").touch()
    holder = hold(directory / "partition-0003.lock")
    processor = start(tmp_path, "downlink-processor", "--state-dir", directory)
    try:
        until(lambda: f"pid {holder.pid} (" in processor.text(), what="the holder's name")
        assert "partition-0003.lock" in processor.text()
    finally:
        holder.kill()
        holder.wait()
    until(lambda: is_up(processor), what="the lock")
    assert processor.stop() == 0


FULL = "disk is full"


def shimmed(directory, fault):
    if not DISK_SHIM.exists():
        pytest.skip("this build has no disk shim")
    return {"LD_PRELOAD": str(DISK_SHIM), "DISK_SHIM_UNDER": str(directory), "DISK_SHIM_FAULT": fault}


@pytest.mark.parametrize("fault, advice", [("pwrite:ENOSPC:1:always", FULL),
                                           ("write:ENOSPC:1:always", FULL),
                                           ("open:EMFILE:3:always", "too many files are open"),
                                           ("open:EMFILE:4:always", "too many files are open"),
                                           ("pwrite:EIO:1:always", "reports an error")])
@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("program, flag", PROGRAMS)
def test_a_start_says_what_is_wrong_and_calls_nothing_damaged(program, flag, is_new, fault, advice,
                                                              tmp_path):
    directory = tmp_path / "kept"
    if not is_new:
        first = start(tmp_path, program, flag, directory)
        until(lambda: is_up(first), what="the first start")
        first.send(signal.SIGKILL)
        first.process.wait()
    later = start(tmp_path, program, flag, directory, environment=shimmed(directory, fault))
    until(lambda: advice in later.text() or later.process.poll() is not None or
          " ready " in later.text(), what="what is wrong")
    if later.process.poll() is None:
        later.process.kill()
        later.process.wait()
    said = later.text()
    assert advice in said or "cannot" not in said, said
    for wrong in ("damaged", "move it away", "restore", "without it"):
        assert wrong not in said, said


def test_more_partitions_than_files_may_be_open_are_refused_before_anything_is_made(tmp_path):
    directory = tmp_path / "state"
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))  # noqa: E731
    done = subprocess.run(
        [BIN / "downlink-processor", "--partitions", "512", "--state-dir", directory, "--port",
         str(free_ports(3))], capture_output=True, text=True, timeout=60, preexec_fn=limit)
    assert done.returncode == 1
    assert "limit=1024" in done.stderr and "partitions=512" in done.stderr
    assert "raise the limit" in done.stderr
    assert not (directory / "partitions").exists()


def as_root_with_mounts(folder, options):
    """A wrapper: the folder is a file system of its own with these options; skips where that is not
    allowed."""
    script = f'mount -t tmpfs -o {options} none "$0" && shift 0 && exec "$@"'
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder)]
    if subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")
    return words


@pytest.mark.parametrize("program, flag", PROGRAMS)
def test_a_disk_that_is_full_for_real_is_called_full(program, flag, tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    wrapper = as_root_with_mounts(place, "size=12k,mode=0700")
    program = start(tmp_path, program, flag, place / "kept", wrapper=wrapper)
    until(lambda: FULL in program.text(), what="what is wrong")
    if program.process.poll() is None:
        program.process.kill()
        program.process.wait()
    assert "damaged" not in program.text() and "move it" not in program.text()


@pytest.mark.parametrize("program, flag", PROGRAMS)
def test_a_file_system_that_is_read_only_is_called_that(program, flag, tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    wrapper = as_root_with_mounts(place, "ro,mode=0700")
    said = refused(start(tmp_path, program, flag, place / "kept", wrapper=wrapper))
    assert "read-only" in said and "damaged" not in said


@pytest.mark.parametrize("program, flag", PROGRAMS)
def test_a_very_small_limit_of_open_files_is_a_sentence(program, flag, tmp_path):
    """A library ended the process by an assertion."""
    for limit in (20, 127):
        said = refused(start(tmp_path, program, flag, tmp_path / "kept",
                             wrapper=["prlimit", f"--nofile={limit}"]))
        assert "too few files and sockets are allowed" in said and f"limit={limit}" in said
        assert "Assertion" not in said and "needed=128" in said
    least = start(tmp_path, program, flag, tmp_path / "kept", wrapper=["prlimit", "--nofile=128"])
    until(lambda: is_up(least), what="the start")
    assert least.stop() == 0
