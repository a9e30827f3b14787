"""Describe the machine, without which the figures mean nothing."""
import os
import pathlib
import platform
import subprocess

from harness import ROOT


def first_line(*command):
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             cwd=ROOT, check=False)
        return run.stdout.strip().splitlines()[0] if run.stdout.strip() else ""
    except OSError:
        return ""


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def describe():
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    packages = ("libmicrohttpd12", "libzmq5", "libsqlite3-0", "libsimdjson14", "wrk", "valgrind")
    versions = {name: first_line("dpkg-query", "--show", "--showformat", "${Version}", name)
                for name in packages}
    versions["go"] = first_line("go", "version").removeprefix("go version ")
    versions["compiler"] = first_line("cc", "--version")
    versions["python"] = platform.python_version()
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "memory_mib": memory >> 20,
            "kernel": platform.release(), "load_before": round(os.getloadavg()[0], 2),
            "commit": first_line("git", "rev-parse", "HEAD"),
            "changed": bool(first_line("git", "status", "--porcelain", "--untracked-files=no")),
            "versions": versions}
